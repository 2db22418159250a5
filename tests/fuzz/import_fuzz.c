/*
 * Measurements that somebody else computed, as JSON: what is taken is read
 * the same twice, has no zero where a zero identifies nothing, and stands in
 * a measurements file. First byte: an enclave is named, or not.
 */
#include <string.h>

#include "admin/image/import.h"
#include "fuzz/fuzz.h"
#include "policy/measurements.h"

static nitro_err
no_certificate(const char *path, struct nitro_buf *der,
    struct nitro_fault *fault, void *context)
{
	(void)der, (void)context;
	return nitro_fault_set(fault, NITRO_E_FILE_MISSING, path, 0, "none");
}

/* Enough of the right values for an entry; else a signer's, say, would do. */
static bool
is_sufficient(const struct nitro_candidate *candidate)
{
	const uint32_t wanted = candidate->kind == NITRO_KIND_ENCLAVE
				    ? 1u << 0 | 1u << 8
				    : 1u << 4 | 1u << 7;

	return (candidate->pcr_mask & wanted) != 0;
}

static void
check_entry(const struct nitro_candidate *candidate)
{
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements measurements = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_fault fault = {.err = NITRO_OK};
	struct nitro_candidate named = *candidate;
	nitro_err err;

	named.workload = "workload";
	fuzz_append_text(&text, "measurements = (\n");
	FUZZ_CHECK(nitro_candidate_entry(&named, &text) == NITRO_OK);
	fuzz_append_text(&text, ");\n");
	err = nitro_measurements_parse(nitro_bytes_of_buf(&text), "/fuzz/m",
	    no_certificate, NULL, &measurements, &fault);
	FUZZ_CHECK((err == NITRO_OK) == is_sufficient(candidate));
	if (err != NITRO_OK)
		return;
	FUZZ_CHECK(measurements.entry_count == 1);
	FUZZ_CHECK(measurements.entries[0].kind == candidate->kind);
	FUZZ_CHECK(measurements.entries[0].pinned_mask == candidate->pcr_mask);
}

static void
check_values(const struct nitro_candidate *candidate)
{
	FUZZ_CHECK(candidate->kind == NITRO_KIND_ENCLAVE ||
		   candidate->kind == NITRO_KIND_NITROTPM);
	FUZZ_CHECK(candidate->pcr_mask != 0);
	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++)
		FUZZ_CHECK((candidate->pcr_mask >> i & 1) == 0 ||
			   !nitro_bytes_is_zero((struct nitro_bytes){
			       candidate->pcr[i], NITRO_PCR_LEN}) ||
			   (i == 12 && candidate->kind == NITRO_KIND_NITROTPM));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nitro_import first = {0}, second = {0};
	struct nitro_bytes in = {data, size};
	struct nitro_fault fault = {.err = NITRO_OK};
	const char *enclave = fuzz_take_byte(&in) % 2 == 1 ? "name" : NULL;
	nitro_err err;

	err = nitro_import_json(in, enclave, &first, &fault);
	FUZZ_CHECK(nitro_import_json(in, enclave, &second, &fault) == err);
	if (err != NITRO_OK) {
		FUZZ_CHECK(err == NITRO_E_MEASUREMENTS);
		fuzz_check_fault(&fault, err);
		return 0;
	}
	FUZZ_CHECK(first.candidate.kind == second.candidate.kind);
	FUZZ_CHECK(first.candidate.pcr_mask == second.candidate.pcr_mask);
	FUZZ_CHECK(memcmp(first.candidate.pcr, second.candidate.pcr,
		       sizeof first.candidate.pcr) == 0);
	FUZZ_CHECK(first.warning_count <= NITRO_IMPORT_WARNINGS_MAX);
	FUZZ_CHECK(fuzz_is_printable(first.subject));
	FUZZ_CHECK(first.signature == NITRO_IMPORT_NOT_SIGNED);
	check_values(&first.candidate);
	check_entry(&first.candidate);
	return 0;
}

#define A4 "a1b2c3d4a1b2c3d4a1b2c3d4"
#define A "\"" A4 A4 A4 A4 "\""
#define ZERO4 "000000000000000000000000"
#define ZERO "\"" ZERO4 ZERO4 ZERO4 ZERO4 "\""

void
fuzz_seeds(void)
{
	static const char *const texts[] = {"", "\x01", " {", "\x02[]",
	    " {\"Measurements\": {\"HashAlgorithm\": \"Sha384 { ... }\", "
	    "\"PCR0\": " A ", \"PCR1\": " A ", \"PCR2\": " A "}}",
	    " Start building\n{\"Measurements\": {\"PCR0\": " A ", \"PCR1\": " A
	    ", \"PCR2\": " A ", \"PCR8\": " ZERO "}}\n",
	    "\x01[{\"EnclaveName\": \"name\", \"EnclaveID\": \"i-1-enc1\", "
	    "\"Flags\": \"NONE\", \"Measurements\": {\"PCR0\": " A
	    ", \"PCR1\": " A ", \"PCR2\": " A "}}]",
	    " [{\"EnclaveName\": \"name\", \"Flags\": \"DEBUG_MODE\"}]",
	    " {\"PCR4\": " A ", \"PCR7\": " A ", \"PCR12\": " ZERO "}",
	    " {\"Measurements\": {\"HashAlgorithm\": \"SHA384\", \"PCR4\": " A
	    ", \"PCR7\": " A "}}",
	    " {\"_type\": \"https://in-toto.io/Statement/v1\", \"predicate\": "
	    "{\"pcr0\": " A ", \"pcr1\": " A ", \"pcr2\": " A "}}",
	    " {\"pcr0\": " A ", \"PCR0\": " A "}", " {\"pcr0\": \"a1\"}",
	    " {\"PCR0\": " ZERO "}", " {\"PCR32\": " A "}"};

	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++)
		fuzz_seed_text(texts[i]);
}
