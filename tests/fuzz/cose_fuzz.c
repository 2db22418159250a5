/*
 * COSE_Sign1: what is taken, written anew by the simulator, is the input to
 * its last byte, and what would be signed is what RFC 9052 says. S01-S17
 */
#include "evidence/cose_sign1.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutator.h"
#include "sim/sim.h"

static void
check_written_anew(const struct nitro_cose_sign1 *msg, struct nitro_bytes in)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	static const uint8_t tag[] = {0xd2};
	struct sim_envelope envelope = {
	    .protected_header = msg->protected_header,
	    .signature = msg->signature,
	};
	static const uint8_t empty[][2] = {{0xa0}, {0xbf, 0xff}};
	bool is_same = false;

	if (in.ptr[0] == tag[0])
		envelope.before = (struct nitro_bytes){tag, 1};
	for (size_t i = 0; i < 2; i++) {
		out.len = 0;
		envelope.unprotected = (struct nitro_bytes){empty[i], i + 1};
		FUZZ_CHECK(sim_seal(&envelope, msg->payload, NULL, &out));
		is_same |= nitro_bytes_equal(in, nitro_bytes_of_buf(&out));
	}
	FUZZ_CHECK(is_same);
}

static void
check_sig_structure(const struct nitro_cose_sign1 *msg)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf ours = {0}, theirs = {0};

	FUZZ_CHECK(nitro_cose_sig_structure(msg, &ours) == NITRO_OK);
	FUZZ_CHECK(sim_cbor_head(&theirs, 4, 4));
	FUZZ_CHECK(sim_cbor_text(&theirs, "Signature1"));
	FUZZ_CHECK(sim_cbor_bytes(&theirs, msg->protected_header));
	FUZZ_CHECK(sim_cbor_bytes(&theirs, (struct nitro_bytes){0}));
	FUZZ_CHECK(sim_cbor_bytes(&theirs, msg->payload));
	FUZZ_CHECK(nitro_bytes_equal(
	    nitro_bytes_of_buf(&ours), nitro_bytes_of_buf(&theirs)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nitro_bytes in = {data, size};
	struct nitro_cose_sign1 msg = {0};
	nitro_err err;

	err = nitro_cose_parse(in, &msg);
	if (err != NITRO_OK) {
		FUZZ_CHECK(
		    err == NITRO_E_EVIDENCE_SIZE ||
		    fuzz_is_of_stages(err, NITRO_STAGE_COSE, NITRO_STAGE_COSE));
		FUZZ_CHECK(msg.payload.ptr == NULL && msg.signature.len == 0);
		return 0;
	}
	FUZZ_CHECK(size >= 1 && size <= NITRO_EVIDENCE_MAX);
	FUZZ_CHECK(msg.signature.len == NITRO_ES384_SIG_LEN);
	FUZZ_CHECK(
	    nitro_bytes_equal_text(msg.protected_header, "\xa1\x01\x38\x22"));
	FUZZ_CHECK(fuzz_is_within(msg.payload, in));
	FUZZ_CHECK(fuzz_is_within(msg.signature, in));
	check_written_anew(&msg, in);
	check_sig_structure(&msg);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(
    uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	struct fuzz_dice dice = {seed};

	if (fuzz_dice_roll(&dice, 2) == 0)
		return fuzz_mutate(data, size, max_size);
	fuzz_append(&out, (struct nitro_bytes){data, size});
	fuzz_mutate_cbor(&out, &dice);
	return fuzz_mutated(&out, data, size, max_size);
}

#define VIEW(text) \
	{ \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}
#define SIGNATURE \
	"0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef"

void
fuzz_seeds(void)
{
	static const struct sim_envelope envelopes[] = {
	    {.before = VIEW("")},
	    {.before = VIEW("\xd2")},
	    {.before = VIEW("\xd8\x12")},
	    {.before = VIEW("\xd2\xd2")},
	    {.before = VIEW("\xd8\x62")},
	    {.unprotected = VIEW("\xbf\xff")},
	    {.unprotected = VIEW("\xa1\x04\x41\x61")},
	    {.unprotected = VIEW("\x80")},
	    {.protected_header = VIEW("\xa1\x01\x26")},
	    {.protected_header = VIEW("\xa1\x01\x38\x22\x00")},
	    {.protected_header = VIEW("")},
	    {.after = VIEW("\x00")},
	    {.signature = VIEW("0123456789")},
	};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	struct nitro_bytes payload = nitro_bytes_of_text("\xa0 payload");

	for (size_t i = 0; i < NITRO_COUNT_OF(envelopes); i++) {
		struct sim_envelope envelope = envelopes[i];

		if (envelope.signature.ptr == NULL)
			envelope.signature = (struct nitro_bytes)VIEW(
			    SIGNATURE);
		out.len = 0;
		FUZZ_CHECK(sim_seal(&envelope, payload, NULL, &out));
		fuzz_seed(nitro_bytes_of_buf(&out));
	}
	fuzz_seed_text("\x84");
	fuzz_seed_text("\x83\x40\x40\x40");
	fuzz_seed_text("\x9f\x44\xa1\x01\x38\x22\xa0\x40\x40\xff");
}
