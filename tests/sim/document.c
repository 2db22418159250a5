#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>

#include "sim/internal.h"

#define SIGNATURE_LEN 96 /* r and s of ES384, 48 bytes each */

/* The pairs of the payload in AWS's order. */
enum field {
	MODULE_ID,
	DIGEST,
	TIMESTAMP,
	PCRS,
	CERTIFICATE,
	CABUNDLE,
	PUBLIC_KEY,
	USER_DATA,
	NONCE,
	FIELDS
};

static const char *const field_names[FIELDS] = {
    [MODULE_ID] = "module_id",
    [DIGEST] = "digest",
    [TIMESTAMP] = "timestamp",
    [PCRS] = "pcrs",
    [CERTIFICATE] = "certificate",
    [CABUNDLE] = "cabundle",
    [PUBLIC_KEY] = "public_key",
    [USER_DATA] = "user_data",
    [NONCE] = "nonce",
};

static const uint8_t es384_header[] = {0xa1, 0x01, 0x38, 0x22};

static void
drop_md_ctx(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

static void
drop_ecdsa(ECDSA_SIG **sig)
{
	ECDSA_SIG_free(*sig);
}

/* PCR4 of an enclave: one extension of a zero PCR by the instance's id. */
static void
measure_instance(struct nitro_bytes id, uint8_t pcr[NITRO_PCR_LEN])
{
	uint8_t input[NITRO_PCR_LEN + NITRO_MODULE_ID_MAX] = {0};

	if (id.len > NITRO_MODULE_ID_MAX)
		abort();
	memcpy(input + NITRO_PCR_LEN, id.ptr, id.len);
	if (EVP_Q_digest(sim_library(), "SHA384", NULL, input,
		NITRO_PCR_LEN + id.len, pcr, NULL) != 1)
		abort();
}

static void
fill_pcrs(struct sim_document *doc, unsigned first, unsigned last, int byte)
{
	for (unsigned i = first; i <= last; i++)
		memset(doc->pcr[i], byte, NITRO_PCR_LEN);
}

void
sim_document_default(
    const struct sim_pki *pki, uint64_t timestamp_ms, struct sim_document *doc)
{
	*doc = (struct sim_document){
	    .kind = pki->kind,
	    .module_id = nitro_bytes_of_text(pki->module_id),
	    .timestamp_ms = timestamp_ms,
	    .certificate = nitro_bytes_of_buf(&pki->cert[SIM_LEAF].der),
	    .cabundle_count = SIM_LEAF,
	};
	for (unsigned i = 0; i < SIM_LEAF; i++)
		doc->cabundle[i] = nitro_bytes_of_buf(&pki->cert[i].der);
	if (pki->kind == NITRO_KIND_NITROTPM) {
		doc->pcr_count = 24;
		for (unsigned i = 0; i <= 10; i++)
			fill_pcrs(doc, i, i, 0xb0 + (int)i);
		fill_pcrs(doc, 17, 22, 0xff);
	} else {
		doc->pcr_count = 16;
		for (unsigned i = 0; i <= 2; i++)
			fill_pcrs(doc, i, i, 0xa0 + (int)i);
		measure_instance(sim_instance_id(doc->module_id), doc->pcr[4]);
	}
}

void
sim_document_debug(struct sim_document *doc)
{
	fill_pcrs(doc, 0, 2, 0);
	fill_pcrs(doc, 3, 3, 0xa3);
	fill_pcrs(doc, 8, 8, 0);
}

/* Begin and end of an array (major 4) or map (5), definite or not. */
static bool
begin(struct nitro_buf *out, unsigned major, bool is_indefinite, size_t count)
{
	if (is_indefinite)
		return sim_cbor_byte(out, (uint8_t)(major << 5 | 31));
	return sim_cbor_head(out, major, count);
}

static bool
end(struct nitro_buf *out, bool is_indefinite)
{
	return !is_indefinite || sim_cbor_byte(out, 0xff);
}

bool
sim_cbor_pcrs(struct nitro_buf *out, const struct sim_document *doc)
{
	if (doc->pcr_count > NITRO_PCR_COUNT_MAX ||
	    !begin(out, 5, doc->has_indefinite_pcrs, doc->pcr_count))
		return false;
	for (unsigned i = 0; i < doc->pcr_count; i++)
		if (!sim_cbor_head(out, 0, i) ||
		    !sim_cbor_bytes(
			out, (struct nitro_bytes){doc->pcr[i], NITRO_PCR_LEN}))
			return false;
	return end(out, doc->has_indefinite_pcrs);
}

static bool
write_cabundle(struct nitro_buf *out, const struct sim_document *doc)
{
	bool is_indefinite = doc->has_indefinite_cabundle;

	if (doc->cabundle_count > NITRO_COUNT_OF(doc->cabundle) ||
	    !begin(out, 4, is_indefinite, doc->cabundle_count))
		return false;
	for (size_t i = 0; i < doc->cabundle_count; i++)
		if (!sim_cbor_bytes(out, doc->cabundle[i]))
			return false;
	return end(out, is_indefinite);
}

static bool
write_optional(struct nitro_buf *out, struct nitro_bytes in)
{
	return in.ptr == NULL ? sim_cbor_byte(out, 0xf6)
			      : sim_cbor_bytes(out, in);
}

static bool
write_value(
    struct nitro_buf *out, const struct sim_document *doc, enum field field)
{
	switch (field) {
	case MODULE_ID:
		return sim_cbor_head(out, 3, doc->module_id.len) &&
		       nitro_buf_append(out, doc->module_id) == NITRO_OK;
	case DIGEST:
		return sim_cbor_text(out, "SHA384");
	case TIMESTAMP:
		return sim_cbor_head(out, 0, doc->timestamp_ms);
	case PCRS:
		return sim_cbor_pcrs(out, doc);
	case CERTIFICATE:
		return sim_cbor_bytes(out, doc->certificate);
	case CABUNDLE:
		return write_cabundle(out, doc);
	case PUBLIC_KEY:
		return write_optional(out, doc->public_key);
	case USER_DATA:
		return write_optional(out, doc->user_data);
	case NONCE:
		return write_optional(out, doc->nonce);
	case FIELDS:
		break;
	}
	return false;
}

/* What is to be done: the document, and the edits by where they apply. */
struct plan {
	const struct sim_document *doc;
	const struct sim_edit *edits;
	size_t edit_count;
	const struct sim_edit *in_place[FIELDS]; /* or NULL */
};

static const char *
field_name(const struct sim_document *doc, unsigned field)
{
	if (field == PCRS && doc->kind == NITRO_KIND_NITROTPM)
		return "nitrotpm_pcrs";
	return field_names[field];
}

static bool
is_in_place(const struct plan *plan, const struct sim_edit *edit)
{
	for (unsigned i = 0; i < FIELDS; i++)
		if (plan->in_place[i] == edit)
			return true;
	return false;
}

static void
make_plan(struct plan *plan)
{
	for (unsigned i = 0; i < FIELDS; i++)
		for (size_t j = plan->edit_count; j > 0; j--)
			if (strcmp(plan->edits[j - 1].key,
				field_name(plan->doc, i)) == 0)
				plan->in_place[i] = &plan->edits[j - 1];
}

static size_t
count_pairs(const struct plan *plan)
{
	size_t count = FIELDS;

	for (size_t j = 0; j < plan->edit_count; j++) {
		if (is_in_place(plan, &plan->edits[j]))
			count -= plan->edits[j].value.ptr == NULL;
		else
			count += plan->edits[j].value.ptr != NULL;
	}
	return count;
}

static bool
write_edit(struct nitro_buf *out, const struct sim_edit *edit)
{
	if (edit->value.ptr == NULL)
		return true;
	return sim_cbor_text(out, edit->key) &&
	       nitro_buf_append(out, edit->value) == NITRO_OK;
}

static bool
write_pair(struct nitro_buf *out, const struct plan *plan, unsigned field)
{
	if (plan->in_place[field] != NULL)
		return write_edit(out, plan->in_place[field]);
	return sim_cbor_text(out, field_name(plan->doc, field)) &&
	       write_value(out, plan->doc, (enum field)field);
}

static bool
write_payload(struct nitro_buf *out, const struct plan *plan)
{
	bool is_indefinite = !plan->doc->is_definite;

	if (!begin(out, 5, is_indefinite, count_pairs(plan)))
		return false;
	for (unsigned i = 0; i < FIELDS; i++)
		if (!write_pair(out, plan, i))
			return false;
	for (size_t j = 0; j < plan->edit_count; j++)
		if (!is_in_place(plan, &plan->edits[j]) &&
		    !write_edit(out, &plan->edits[j]))
			return false;
	return end(out, is_indefinite);
}

bool
sim_payload_edited(const struct sim_document *doc, const struct sim_edit *edits,
    size_t count, struct nitro_buf *payload)
{
	struct plan plan = {.doc = doc, .edits = edits, .edit_count = count};
	size_t start = payload->len;

	make_plan(&plan);
	if (write_payload(payload, &plan))
		return true;
	payload->len = start;
	return false;
}

bool
sim_payload(const struct sim_document *doc, struct nitro_buf *payload)
{
	return sim_payload_edited(doc, NULL, 0, payload);
}

/* Sig_structure of RFC 9052 section 4.4, with an empty external_aad. */
static bool
write_signed(struct nitro_buf *out, const struct sim_envelope *envelope,
    struct nitro_bytes payload)
{
	return sim_cbor_head(out, 4, 4) &&
	       sim_cbor_text(out, envelope->context) &&
	       sim_cbor_bytes(out, envelope->protected_header) &&
	       sim_cbor_bytes(out, (struct nitro_bytes){0}) &&
	       sim_cbor_bytes(out, payload);
}

static bool
split_signature(struct nitro_bytes der, uint8_t out[SIGNATURE_LEN])
{
	const unsigned char *at = der.ptr;
	NITRO_DROP(drop_ecdsa)
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)der.len);

	return sig != NULL &&
	       BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, SIGNATURE_LEN / 2) ==
		   SIGNATURE_LEN / 2 &&
	       BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + SIGNATURE_LEN / 2,
		   SIGNATURE_LEN / 2) == SIGNATURE_LEN / 2;
}

static bool
make_signature(const struct sim_envelope *envelope, struct nitro_bytes payload,
    EVP_PKEY *key, uint8_t out[SIGNATURE_LEN])
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf tbs = {0};
	NITRO_DROP(drop_md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char der[128];
	size_t len = sizeof(der);

	if (EVP_PKEY_is_a(key, "EC") != 1 || EVP_PKEY_get_bits(key) > 384) {
		memset(out, 1, SIGNATURE_LEN);
		return true;
	}
	return write_signed(&tbs, envelope, payload) && ctx != NULL &&
	       EVP_DigestSignInit_ex(ctx, NULL, envelope->digest, sim_library(),
		   NULL, key, NULL) == 1 &&
	       EVP_DigestSign(ctx, der, &len, tbs.ptr, tbs.len) == 1 &&
	       split_signature((struct nitro_bytes){der, len}, out);
}

static bool
write_envelope(struct nitro_buf *out, const struct sim_envelope *envelope,
    struct nitro_bytes payload)
{
	return nitro_buf_append(out, envelope->before) == NITRO_OK &&
	       sim_cbor_head(out, 4, 4) &&
	       sim_cbor_bytes(out, envelope->protected_header) &&
	       nitro_buf_append(out, envelope->unprotected) == NITRO_OK &&
	       sim_cbor_bytes(out, payload) &&
	       sim_cbor_bytes(out, envelope->signature) &&
	       nitro_buf_append(out, envelope->after) == NITRO_OK;
}

bool
sim_seal(const struct sim_envelope *envelope, struct nitro_bytes payload,
    EVP_PKEY *key, struct nitro_buf *evidence)
{
	static const uint8_t empty_map[] = {0xa0};
	struct sim_envelope full = *envelope;
	uint8_t signature[SIGNATURE_LEN];
	size_t start = evidence->len;

	if (full.protected_header.ptr == NULL)
		full.protected_header = (struct nitro_bytes){
		    es384_header, sizeof(es384_header)};
	if (full.unprotected.ptr == NULL)
		full.unprotected = (struct nitro_bytes){empty_map, 1};
	if (full.context == NULL)
		full.context = "Signature1";
	if (full.digest == NULL)
		full.digest = "SHA384";
	if (full.signature.ptr == NULL) {
		if (!make_signature(&full, payload, key, signature))
			return false;
		full.signature = (struct nitro_bytes){
		    signature, sizeof(signature)};
	}
	if (write_envelope(evidence, &full, payload))
		return true;
	evidence->len = start;
	return false;
}

bool
sim_sign(struct nitro_bytes payload, EVP_PKEY *key, struct nitro_buf *evidence)
{
	return sim_seal(&(struct sim_envelope){0}, payload, key, evidence);
}

bool
sim_attest(const struct sim_pki *pki, const struct sim_document *doc,
    struct nitro_buf *evidence)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};

	return sim_payload(doc, &payload) &&
	       sim_sign(nitro_bytes_of_buf(&payload), pki->cert[SIM_LEAF].key,
		   evidence);
}
