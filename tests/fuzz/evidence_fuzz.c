/*
 * Whole documents, verified: admitted is only what the world's keys have
 * signed over the challenge of the world, at its time, with a chain that
 * libcrypto's own functions find nothing wrong with. F01-F11 G01-G11
 *
 * Input: sealed.h.
 */
#include "fuzz/fuzz.h"
#include "fuzz/mutator.h"
#include "fuzz/sealed.h"

/* It says what the document says. */
static void
check_verified(
    const struct fuzz_sealed *sealed, const struct nitro_verified *verified)
{
	struct nitro_document doc = {.kind = NITRO_KIND_NONE};

	FUZZ_CHECK(nitro_document_parse(
		       nitro_bytes_of_buf(&sealed->payload), &doc) == NITRO_OK);
	FUZZ_CHECK(nitro_verified_kind(verified) == doc.kind);
	FUZZ_CHECK(nitro_verified_pcr_mask(verified) == doc.pcr_mask);
	FUZZ_CHECK(nitro_verified_timestamp_ms(verified) == doc.timestamp_ms);
	FUZZ_CHECK(nitro_bytes_equal(
	    nitro_verified_module_id(verified), doc.module_id));
	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++)
		FUZZ_CHECK(nitro_bytes_equal(
		    nitro_verified_pcr(verified, i), doc.pcr[i]));
}

/* What was verified can be handed on, and is the same there. */
static void
check_image(const struct fuzz_sealed *sealed,
    const struct nitro_verified *verified, const struct nitro_expectation *want)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *again = NULL;
	struct nitro_verified_image image;

	nitro_verified_write(verified, &image);
	FUZZ_CHECK(nitro_evidence_reopen(&image, want, &again) == NITRO_OK);
	check_verified(sealed, again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	NITRO_DROP(fuzz_sealed_drop) struct fuzz_sealed sealed = {0};
	struct nitro_expectation want = fuzz_world()->expectation;
	struct nitro_evidence_facts facts;
	nitro_err err;

	fuzz_sealed_read((struct nitro_bytes){data, size}, &sealed);
	want.now_ms = sealed.now_ms;
	err = nitro_evidence_verify(nitro_bytes_of_buf(&sealed.evidence), &want,
	    fuzz_world()->anchors, &facts, &verified);
	FUZZ_CHECK((err == NITRO_OK) == (verified != NULL));
	FUZZ_CHECK(facts.evidence_len == sealed.evidence.len);
	if (err == NITRO_OK) {
		fuzz_sealed_check_admitted(&sealed, true);
		check_verified(&sealed, verified);
		check_image(&sealed, verified, &want);
		return 0;
	}
	FUZZ_CHECK(nitro_err_class(err) == NITRO_CLASS_EVIDENCE);
	FUZZ_CHECK(
	    err == NITRO_E_EVIDENCE_SIZE ||
	    fuzz_is_of_stages(err, NITRO_STAGE_COSE, NITRO_STAGE_SIGNATURE));
	return 0;
}

size_t
LLVMFuzzerCustomMutator(
    uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return fuzz_sealed_mutate(data, size, max_size, seed, 0);
}

void
fuzz_seeds(void)
{
	fuzz_each_sealed(fuzz_seed);
}
