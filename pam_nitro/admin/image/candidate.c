#include "admin/image/candidate.h"

#include <stdio.h>

#include "admin/printable.h"
#include "base/hex.h"

void
nitro_candidate_set_pcr(struct nitro_candidate *candidate, unsigned i,
    const uint8_t value[NITRO_PCR_LEN])
{
	for (size_t k = 0; k < NITRO_PCR_LEN; k++)
		candidate->pcr[i][k] = value[k];
	candidate->pcr_mask |= UINT32_C(1) << i;
}

void
nitro_candidate_of_eif(
    const struct nitro_eif *eif, struct nitro_candidate *candidate)
{
	candidate->origin = NITRO_ORIGIN_IMAGE;
	candidate->kind = NITRO_KIND_ENCLAVE;
	nitro_candidate_set_pcr(candidate, 0, eif->pcr0);
	nitro_candidate_set_pcr(candidate, 1, eif->pcr1);
	nitro_candidate_set_pcr(candidate, 2, eif->pcr2);
	if (eif->signature == NITRO_EIF_SIGNED)
		nitro_candidate_set_pcr(candidate, 8, eif->pcr8);
}

const char *
nitro_origin_sentence(enum nitro_origin origin)
{
	switch (origin) {
	case NITRO_ORIGIN_IMAGE:
		return "computed here from the image file";
	case NITRO_ORIGIN_BUILD:
		return "declared by the build tool, not computed here";
	case NITRO_ORIGIN_HOST:
		return "read off the host that runs it: circular, trust it "
		       "only as far as that host";
	case NITRO_ORIGIN_DOCUMENT:
		return "read out of an attestation document: circular, trust "
		       "it only as far as the machine it came from";
	}
	return "of unknown origin";
}

/* A string that libconfig reads back as it is: no quote, no backslash, no control byte. */
static bool
can_stand_in_file(const char *text)
{
	struct nitro_bytes bytes = nitro_bytes_of_text(text);

	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.ptr[i] < ' ' || bytes.ptr[i] > '~' ||
		    bytes.ptr[i] == '"' || bytes.ptr[i] == '\\')
			return false;
	return bytes.len > 0;
}

static nitro_err
append_line(struct nitro_buf *text, const char *head, const char *key,
    const char *value)
{
	nitro_err err;

	if (!can_stand_in_file(value))
		return NITRO_E_SETTINGS;
	if ((err = nitro_buf_append_text(text, head)) != NITRO_OK ||
	    (err = nitro_buf_append_text(text, key)) != NITRO_OK ||
	    (err = nitro_buf_append_text(text, " = \"")) != NITRO_OK ||
	    (err = nitro_buf_append_text(text, value)) != NITRO_OK)
		return err;
	return nitro_buf_append_text(text, "\";\n");
}

static nitro_err
append_pcrs(struct nitro_buf *text, const struct nitro_candidate *candidate)
{
	char key[8], hex[2 * NITRO_PCR_LEN + 1];
	nitro_err err;

	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++) {
		if ((candidate->pcr_mask >> i & 1) == 0)
			continue;
		(void)snprintf(key, sizeof key, "pcr%u", i);
		nitro_hex_encode(
		    (struct nitro_bytes){candidate->pcr[i], NITRO_PCR_LEN}, hex,
		    sizeof hex);
		if ((err = append_line(text, "    ", key, hex)) != NITRO_OK)
			return err;
	}
	return NITRO_OK;
}

static nitro_err
append_provenance(
    struct nitro_buf *text, const struct nitro_entry_provenance *provenance)
{
	nitro_err err;

	if (provenance == NULL || !nitro_entry_provenance_is_there(provenance))
		return NITRO_OK;
	err = nitro_buf_append_text(text, "    provenance = {\n");
	for (size_t i = 0; i < NITRO_PROVENANCE_TEXTS && err == NITRO_OK; i++)
		if (provenance->text[i] != NULL)
			err = append_line(text, "      ",
			    nitro_provenance_key((enum nitro_provenance_text)i),
			    provenance->text[i]);
	return err != NITRO_OK ? err : nitro_buf_append_text(text, "    };\n");
}

nitro_err
nitro_candidate_entry(
    const struct nitro_candidate *candidate, struct nitro_buf *text)
{
	const struct {
		const char *key, *value;
	} words[] = {{"version", candidate->version},
	    {"kind", nitro_kind_name(candidate->kind)}},
	  origin[] = {{"source", candidate->source},
	      {"builder", candidate->builder}, {"note", candidate->note}};
	const char *workload = candidate->workload;
	size_t before = text->len;
	nitro_err err;

	err = append_line(
	    text, "  { ", "workload", workload != NULL ? workload : "WORKLOAD");
	for (size_t i = 0; i < NITRO_COUNT_OF(words) && err == NITRO_OK; i++)
		if (words[i].value != NULL)
			err = append_line(
			    text, "    ", words[i].key, words[i].value);
	if (err == NITRO_OK)
		err = append_pcrs(text, candidate);
	for (size_t i = 0; i < NITRO_COUNT_OF(origin) && err == NITRO_OK; i++)
		if (origin[i].value != NULL)
			err = append_line(
			    text, "    ", origin[i].key, origin[i].value);
	if (err == NITRO_OK)
		err = append_provenance(text, candidate->provenance);
	if (err == NITRO_OK &&
	    (err = nitro_buf_append_text(text, "  }\n")) == NITRO_OK)
		return NITRO_OK;
	text->len = before;
	return err;
}

static json_t *
provenance_json(const struct nitro_candidate *candidate)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};

	if (candidate->provenance == NULL)
		return json_null();
	nitro_json_begin(&json);
	for (size_t i = 0; i < NITRO_PROVENANCE_TEXTS; i++)
		if (candidate->provenance->text[i] != NULL)
			nitro_json_set_text(&json,
			    nitro_provenance_key((enum nitro_provenance_text)i),
			    candidate->provenance->text[i]);
	return nitro_json_take(&json);
}

void
nitro_candidate_set_json(
    struct nitro_json *json, const struct nitro_candidate *candidate)
{
	char key[8];

	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++) {
		const bool is_there = (candidate->pcr_mask >> i & 1) != 0;

		if (!is_there && i > 2 && i != 8)
			continue;
		(void)snprintf(key, sizeof key, "pcr%u", i);
		nitro_json_set_hex(json, key,
		    (struct nitro_bytes){candidate->pcr[i],
			is_there ? (size_t)NITRO_PCR_LEN : 0});
	}
	nitro_json_set_text(json, "kind", nitro_kind_name(candidate->kind));
	nitro_json_set_text(json, "workload", candidate->workload);
	nitro_json_set_text(json, "version", candidate->version);
	nitro_json_set_text(json, "source", candidate->source);
	nitro_json_set_text(json, "builder", candidate->builder);
	nitro_json_set_text(
	    json, "origin", nitro_origin_sentence(candidate->origin));
	nitro_json_set(json, "provenance", provenance_json(candidate));
}
