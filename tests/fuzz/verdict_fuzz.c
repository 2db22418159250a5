/*
 * What a sandbox that a stranger has taken over may say: whatever it says,
 * it is no verdict for another nonce, audience, key or time, and what comes
 * of it has every length and number in its limits. M14
 *
 * Input: changes of what an honest sandbox says of the world's document,
 * each an offset in two bytes, big-endian, a count, and so many bytes.
 */
#include <string.h>

#include "evidence/verified_fields.h"
#include "fuzz/fuzz.h"
#include "fuzz/policy.h"
#include "fuzz/world.h"
#include "sandbox/verdict_said.h"

/* What the sandbox says where all is well. */
static const struct nitro_verdict_said *
honest(void)
{
	static struct nitro_verdict_said said;
	const struct fuzz_world *world = fuzz_world();
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	struct nitro_evidence_facts facts;
	struct sim_document doc;

	if (said.evidence_len > 0)
		return &said;
	fuzz_world_document(&doc);
	FUZZ_CHECK(sim_attest(&world->pki, &doc, &evidence));
	FUZZ_CHECK(nitro_evidence_verify(nitro_bytes_of_buf(&evidence),
		       &world->expectation, world->anchors, &facts,
		       &verified) == NITRO_OK);
	nitro_verified_write(verified, &said.verified);
	memcpy(said.nonce, world->nonce, sizeof said.nonce);
	said.kind = (uint32_t)facts.kind;
	said.evidence_len = facts.evidence_len;
	said.payload_len = facts.payload_len;
	said.is_age_known = facts.is_age_known;
	said.age_ms = facts.age_ms;
	return &said;
}

static void
change(struct nitro_bytes in, struct nitro_verdict_said *said)
{
	struct nitro_bytes head, bytes;
	size_t at;

	while (nitro_bytes_take(&in, 3, &head)) {
		at = (size_t)head.ptr[0] << 8 | head.ptr[1];
		if (!nitro_bytes_take(&in, head.ptr[2], &bytes) ||
		    at >= sizeof *said || bytes.len > sizeof *said - at)
			return;
		memcpy((uint8_t *)said + at, bytes.ptr, bytes.len);
	}
}

static void
check_field(
    const struct nitro_verified_field *field, const struct nitro_expected *want)
{
	FUZZ_CHECK(field->len == want->value.len);
	FUZZ_CHECK(memcmp(field->value, want->value.ptr, want->value.len) == 0);
}

static void
check_accepted(const struct nitro_verdict_said *said,
    const struct nitro_verified *verified)
{
	const struct nitro_expectation *want = &fuzz_world()->expectation;
	const int64_t age_ms = want->now_ms -
			       (int64_t)nitro_verified_timestamp_ms(verified);
	const struct nitro_bytes id = nitro_verified_module_id(verified);

	FUZZ_CHECK(
	    memcmp(said->nonce, fuzz_world()->nonce, sizeof said->nonce) == 0);
	FUZZ_CHECK(said->err == NITRO_OK);
	check_field(&verified->nonce, &want->nonce);
	check_field(&verified->user_data, &want->audience);
	check_field(&verified->public_key, &want->public_key);
	FUZZ_CHECK(
	    age_ms <= want->max_age_ms && age_ms >= -want->clock_skew_ms);
	FUZZ_CHECK(nitro_verified_kind(verified) == NITRO_KIND_ENCLAVE ||
		   nitro_verified_kind(verified) == NITRO_KIND_NITROTPM);
	FUZZ_CHECK(id.len >= 1 && id.len <= NITRO_MODULE_ID_MAX);
	FUZZ_CHECK(nitro_verified_pcr_mask(verified) != 0);
	/* To whom it lies, it can lie about PCRs; the rest is policy's. */
	fuzz_check_decision(verified);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nitro_verdict_said said = *honest();
	struct nitro_verdict verdict = {.verified = NULL};
	struct nitro_fault fault = {0};
	nitro_err err;

	change((struct nitro_bytes){data, size}, &said);
	err = nitro_verdict_take(
	    &said, &fuzz_world()->expectation, &verdict, &fault);
	FUZZ_CHECK((err == NITRO_OK) == (verdict.verified != NULL));
	if (err == NITRO_OK)
		check_accepted(&said, verdict.verified);
	else
		FUZZ_CHECK(nitro_err_class(err) == NITRO_CLASS_EVIDENCE ||
			   nitro_err_class(err) == NITRO_CLASS_SYSTEM);
	FUZZ_CHECK(verdict.facts.evidence_len <= NITRO_EVIDENCE_MAX);
	FUZZ_CHECK(verdict.facts.payload_len <= verdict.facts.evidence_len);
	nitro_verified_free(verdict.verified);
	return 0;
}

static void
seed_change(size_t at, size_t len, uint8_t byte)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};

	fuzz_append_byte(&out, (uint8_t)(at >> 8));
	fuzz_append_byte(&out, (uint8_t)at);
	fuzz_append_byte(&out, (uint8_t)len);
	for (size_t i = 0; i < len; i++)
		fuzz_append_byte(&out, byte);
	fuzz_seed(nitro_bytes_of_buf(&out));
}

#define SAID(member) offsetof(struct nitro_verdict_said, member)
#define MADE(member) (SAID(verified) + offsetof(struct nitro_verified, member))

void
fuzz_seeds(void)
{
	static const size_t places[] = {SAID(nonce), SAID(err), SAID(kind),
	    SAID(evidence_len), SAID(payload_len), SAID(is_age_known),
	    SAID(age_ms), MADE(kind), MADE(pcr_mask), MADE(timestamp_ms),
	    MADE(module_id_len), MADE(module_id), MADE(pcr), MADE(digest),
	    MADE(nonce.len), MADE(nonce.value), MADE(user_data.len),
	    MADE(user_data.value), MADE(public_key.len),
	    MADE(public_key.value)};

	for (size_t i = 0; i < NITRO_COUNT_OF(places); i++) {
		seed_change(places[i], 1, 1);
		seed_change(places[i], 4, 0xff);
		seed_change(places[i], 8, 0);
	}
	seed_change(MADE(pcr), 48, 0);
}
