#include "admin/image/candidate_report.h"

#include <stdio.h>

#include "admin/printable.h"
#include "base/hex.h"
#include "policy/measurements.h"

bool
nitro_candidate_option(
    struct nitro_candidate *candidate, int option, const char *value)
{
	switch (option) {
	case NITRO_CANDIDATE_WORKLOAD:
		candidate->workload = value;
		return true;
	case NITRO_CANDIDATE_VERSION:
		candidate->version = value;
		return true;
	case NITRO_CANDIDATE_SOURCE:
		candidate->source = value;
		return true;
	case NITRO_CANDIDATE_BUILDER:
		candidate->builder = value;
		return true;
	}
	return false;
}

static nitro_err
no_certificate(const char *path, struct nitro_buf *der,
    struct nitro_fault *fault, void *context)
{
	(void)der;
	(void)context;
	return nitro_fault_set(fault, NITRO_E_INTERNAL, path, 0,
	    "a candidate names no certificate");
}

/* What is printed as ready must be ready. */
static nitro_err
check_entry(struct nitro_bytes entry, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements measurements = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf file = {0};
	nitro_err err;

	if ((err = nitro_buf_append_text(&file, "measurements = (\n")) !=
		NITRO_OK ||
	    (err = nitro_buf_append(&file, entry)) != NITRO_OK ||
	    (err = nitro_buf_append_text(&file, ");\n")) != NITRO_OK)
		return err;
	return nitro_measurements_parse(nitro_bytes_of_buf(&file), "the entry",
	    no_certificate, NULL, &measurements, fault);
}

nitro_err
nitro_candidate_checked_entry(const struct nitro_candidate *candidate,
    struct nitro_buf *text, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf entry = {0};
	nitro_err err;

	err = nitro_candidate_entry(candidate, &entry);
	if (err == NITRO_E_SETTINGS)
		return nitro_fault_set(fault, err, NULL, 0,
		    "--workload, --version, --source and --builder take "
		    "printable text without quotes and backslashes");
	if (err != NITRO_OK)
		return err;
	err = check_entry(nitro_bytes_of_buf(&entry), fault);
	if (err != NITRO_OK)
		return err;
	return nitro_buf_append(text, nitro_bytes_of_buf(&entry));
}

const char *
nitro_pcr_meaning(enum nitro_kind kind, unsigned i)
{
	static const char *const enclave[NITRO_PCR_COUNT_MAX] = {
	    [0] = "kernel, command line, ramdisks: the whole image",
	    [1] = "kernel, command line, first ramdisk",
	    [2] = "the other ramdisks: the application",
	    [3] = "IAM role of the parent instance",
	    [4] = "the parent instance",
	    [8] = "signing certificate"};
	static const char *const nitrotpm[NITRO_PCR_COUNT_MAX] = {
	    [4] = "boot loader and kernel image",
	    [7] = "Secure Boot policy",
	    [12] = "command line given to the kernel image"};
	const char *meaning = NULL;

	if (i >= NITRO_PCR_COUNT_MAX)
		return "no PCR";
	meaning = kind == NITRO_KIND_NITROTPM ? nitrotpm[i] : enclave[i];
	if (meaning != NULL)
		return meaning;
	return kind == NITRO_KIND_NITROTPM ? "see the UEFI specification"
					   : "extended by the application";
}

const char *
nitro_pcr_weakness(
    enum nitro_kind kind, unsigned i, const uint8_t value[NITRO_PCR_LEN])
{
	static const struct {
		enum nitro_kind kind;
		unsigned pcr;
		const char *hex, *why;
	} known[] = {
	    /* the SHA-384 of nothing, extended once */
	    {NITRO_KIND_ENCLAVE, 2,
		"21b9efbc184807662e966d34f390821309eeac6802309798826296bf3e8bec"
		"7c10edb30948c90ba67310f7b964fc500a",
		"there is no second ramdisk: this value identifies nothing"},
	    {NITRO_KIND_ENCLAVE, 1,
		"bcdf05fefccaa8e55bf2c8d6dee9e79bbff31e34bf28a99aa19e6b29c37ee8"
		"0b214a414b7607236edf26fcb78654e63f",
		"AWS's kernel and init, in unrelated images: this value "
		"identifies nothing"},
	    {NITRO_KIND_ENCLAVE, 1,
		"4b4d5b3661b3efc12920900c80e126e4ce783c522de6c02a2a5bf7af3a2b93"
		"27b86776f188e4be1c1c404a129dbda493",
		"AWS's kernel and init, in unrelated images: this value "
		"identifies nothing"},
	    {NITRO_KIND_NITROTPM, 7,
		"98441c7f7625d10058c47683aec486ce311c633235eb555593a7ee791121e3"
		"578ae72d04ecef661f272d59058b77af35",
		"an instance without Secure Boot keys: this value identifies "
		"nothing"},
	};
	char hex[2 * NITRO_PCR_LEN + 1];

	nitro_hex_encode(
	    (struct nitro_bytes){value, NITRO_PCR_LEN}, hex, sizeof hex);
	for (size_t k = 0; k < NITRO_COUNT_OF(known); k++)
		if (known[k].kind == kind && known[k].pcr == i &&
		    nitro_bytes_equal_text(
			nitro_bytes_of_text(hex), known[k].hex))
			return known[k].why;
	return NULL;
}

void
nitro_print_field(const char *label, struct nitro_bytes text)
{
	char line[512];

	nitro_printable(text, line, sizeof line);
	if (text.len > 0)
		printf("%-*s%s\n", NITRO_LABEL_WIDTH, label, line);
}

static void
print_pcr(const struct nitro_candidate *candidate, unsigned i)
{
	const char *weakness = nitro_pcr_weakness(
	    candidate->kind, i, candidate->pcr[i]);
	char name[8], hex[2 * NITRO_PCR_LEN + 1];

	(void)snprintf(name, sizeof name, "PCR%u", i);
	nitro_hex_encode((struct nitro_bytes){candidate->pcr[i], NITRO_PCR_LEN},
	    hex, sizeof hex);
	printf("%-*s%s\n%-*s%s\n", NITRO_LABEL_WIDTH, name, hex,
	    NITRO_LABEL_WIDTH, "", nitro_pcr_meaning(candidate->kind, i));
	if (weakness != NULL)
		printf("%-*snote: %s\n", NITRO_LABEL_WIDTH, "", weakness);
}

void
nitro_candidate_print_pcrs(const struct nitro_candidate *candidate)
{
	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++)
		if ((candidate->pcr_mask >> i & 1) != 0)
			print_pcr(candidate, i);
}

void
nitro_candidate_print(
    const struct nitro_candidate *candidate, struct nitro_bytes entry)
{
	printf("%-*s%s\n\n", NITRO_LABEL_WIDTH, "values",
	    nitro_origin_sentence(candidate->origin));
	nitro_candidate_print_pcrs(candidate);
	printf("\nThe entry for pam_nitro_measurements(5); pam-nitro allow "
	       "writes it:\n\n%.*s",
	    (int)entry.len, (const char *)entry.ptr);
	if (candidate->workload == NULL)
		printf("\nWORKLOAD stands for the name of the workload: give "
		       "it by --workload.\n");
}

static json_t *
weak_json(const struct nitro_candidate *candidate)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json weak = {0};
	const char *why;
	char key[8];

	nitro_json_begin(&weak);
	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++) {
		if ((candidate->pcr_mask >> i & 1) == 0)
			continue;
		why = nitro_pcr_weakness(candidate->kind, i, candidate->pcr[i]);
		(void)snprintf(key, sizeof key, "pcr%u", i);
		if (why != NULL)
			nitro_json_set_text(&weak, key, why);
	}
	return nitro_json_take(&weak);
}

void
nitro_candidate_set_report(struct nitro_json *json,
    const struct nitro_candidate *candidate, struct nitro_bytes entry)
{
	nitro_candidate_set_json(json, candidate);
	nitro_json_set_bool(json, "circular",
	    candidate->origin == NITRO_ORIGIN_HOST ||
		candidate->origin == NITRO_ORIGIN_DOCUMENT);
	nitro_json_set(json, "weak", weak_json(candidate));
	nitro_json_set(json, "entry",
	    entry.len > 0 ? json_stringn((const char *)entry.ptr, entry.len)
			  : json_null());
}
