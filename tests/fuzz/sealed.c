#include "fuzz/sealed.h"

#include "fuzz/documents.h"
#include "fuzz/fixed_random.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutator.h"

void
fuzz_sealed_drop(struct fuzz_sealed *sealed)
{
	nitro_buf_drop(&sealed->payload);
	nitro_buf_drop(&sealed->evidence);
}

/* 96 bytes of signature over the document that this world admits. */
static struct nitro_bytes
old_signature(void)
{
	static struct nitro_buf evidence;
	struct sim_document doc;

	if (evidence.len == 0) {
		fuzz_random_restart();
		fuzz_world_document(&doc);
		FUZZ_CHECK(sim_attest(&fuzz_world()->pki, &doc, &evidence));
	}
	return nitro_bytes_slice(nitro_bytes_of_buf(&evidence),
	    evidence.len - NITRO_ES384_SIG_LEN, NITRO_ES384_SIG_LEN);
}

void
fuzz_sealed_read(struct nitro_bytes in, struct fuzz_sealed *sealed)
{
	static const uint8_t tag[] = {0xd2};
	struct sim_envelope envelope = {.context = NULL};
	const struct sim_pki *pki = &fuzz_world()->pki;

	sealed->seal = fuzz_take_byte(&in) & FUZZ_SEAL_ALL;
	sealed->mask = fuzz_take_byte(&in);
	sealed->now_ms = FUZZ_NOW_MS +
			 1000 * (int64_t)(int8_t)fuzz_take_byte(&in);
	if ((sealed->seal & FUZZ_SEAL_RAW) != 0) {
		fuzz_append(&sealed->evidence, in);
		return;
	}
	fuzz_payload_expand(in, sealed->mask, &sealed->payload);
	if ((sealed->seal & FUZZ_SEAL_TAG) != 0)
		envelope.before = (struct nitro_bytes){tag, 1};
	if ((sealed->seal & FUZZ_SEAL_OLD) != 0)
		envelope.signature = old_signature();
	fuzz_random_restart();
	FUZZ_CHECK(sim_seal(&envelope, nitro_bytes_of_buf(&sealed->payload),
	    (sealed->seal & FUZZ_SEAL_OTHER) != 0 ? pki->cert[SIM_INSTANCE].key
						  : pki->cert[SIM_LEAF].key,
	    &sealed->evidence));
}

static bool
is_own_payload(struct nitro_bytes payload)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf own = {0};
	struct sim_document doc;

	fuzz_world_document(&doc);
	FUZZ_CHECK(sim_payload(&doc, &own));
	return nitro_bytes_equal(payload, nitro_bytes_of_buf(&own));
}

static void
check_claims(const struct nitro_document *doc, int64_t now_ms, bool is_bound)
{
	const struct nitro_expectation *want = &fuzz_world()->expectation;
	const int64_t age_ms = now_ms - (int64_t)doc->timestamp_ms;

	FUZZ_CHECK(nitro_bytes_equal(doc->nonce, want->nonce.value));
	FUZZ_CHECK(
	    age_ms >= -want->clock_skew_ms && age_ms <= want->max_age_ms);
	if (!is_bound)
		return;
	FUZZ_CHECK(nitro_bytes_equal(doc->user_data, want->audience.value));
	FUZZ_CHECK(nitro_bytes_equal(doc->public_key, want->public_key.value));
}

void
fuzz_sealed_check_admitted(const struct fuzz_sealed *sealed, bool is_bound)
{
	struct nitro_document doc = {0};
	struct nitro_bytes certs[NITRO_CABUNDLE_MAX + 1];

	FUZZ_CHECK((sealed->seal & FUZZ_SEAL_RAW) == 0);
	FUZZ_CHECK((sealed->seal & (FUZZ_SEAL_OTHER | FUZZ_SEAL_OLD)) !=
		   FUZZ_SEAL_OTHER);
	if ((sealed->seal & FUZZ_SEAL_OLD) != 0)
		FUZZ_CHECK(
		    is_own_payload(nitro_bytes_of_buf(&sealed->payload)));
	FUZZ_CHECK(nitro_document_parse(
		       nitro_bytes_of_buf(&sealed->payload), &doc) == NITRO_OK);
	check_claims(&doc, sealed->now_ms, is_bound);
	for (size_t i = 0; i < doc.cabundle_count; i++)
		certs[i] = doc.cabundle[i];
	certs[doc.cabundle_count] = doc.certificate;
	FUZZ_CHECK(fuzz_chain_is_good(
	    certs, doc.cabundle_count + 1, (int64_t)(doc.timestamp_ms / 1000)));
}

size_t
fuzz_sealed_mutate(
    uint8_t *data, size_t size, size_t max_size, unsigned seed, size_t skip)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0}, payload = {0};
	struct nitro_bytes in = {data, size}, head;
	struct fuzz_dice dice = {seed};

	if (fuzz_dice_roll(&dice, 4) == 0 ||
	    !nitro_bytes_take(&in, skip + 3, &head))
		return fuzz_mutate(data, size, max_size);
	fuzz_append(&out, head);
	if (fuzz_dice_roll(&dice, 8) == 0)
		out.ptr[fuzz_dice_roll(&dice, (unsigned)skip + 3)] = (uint8_t)
		    fuzz_dice_roll(&dice, 256);
	fuzz_append(&payload, in);
	fuzz_mutate_cbor(&payload, &dice);
	fuzz_append(&out, nitro_bytes_of_buf(&payload));
	return fuzz_mutated(&out, data, size, max_size);
}

static void (*give)(struct nitro_bytes sealed);

static void
seed_as(struct nitro_bytes payload, uint8_t seal, uint8_t mask, int8_t seconds)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};

	fuzz_append_byte(&out, seal);
	fuzz_append_byte(&out, mask);
	fuzz_append_byte(&out, (uint8_t)seconds);
	fuzz_append(&out, payload);
	give(nitro_bytes_of_buf(&out));
}

static void
seed_payload(struct nitro_bytes payload)
{
	seed_as(payload, 0, 0, 0);
}

void
fuzz_each_sealed(void (*each)(struct nitro_bytes sealed))
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf own = {0}, brief = {0};
	struct nitro_bytes payload;
	struct sim_document doc;

	give = each;
	fuzz_each_payload(seed_payload);
	fuzz_world_document(&doc);
	FUZZ_CHECK(sim_payload(&doc, &own));
	fuzz_payload_shorten(nitro_bytes_of_buf(&own), &brief);
	payload = nitro_bytes_of_buf(&brief);
	for (unsigned bit = 1; bit < FUZZ_SEAL_ALL; bit <<= 1)
		seed_as(payload, (uint8_t)bit, 0, 0);
	for (unsigned bit = 0; bit < SIM_POSITIONS; bit++)
		seed_as(payload, 0, (uint8_t)(1u << bit), 0);
	seed_as(payload, 0, 0, 61);
	seed_as(payload, 0, 0, -6);
}
