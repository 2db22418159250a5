/*
 * No input may cost more than in proportion to its length: twice the bytes,
 * at most two and a half times the CPU time, from 1 to 16 KiB, for random
 * bytes and for what parsers have stumbled over. (R10)
 */
#include <string.h>
#include <time.h>

#include "evidence/verifier.h"
#include "sim/sim.h"
#include "ssh/answer.h"
#include "unit/chain.h"
#include "unit/unit.h"

#define SHORTEST 1024
#define DOUBLINGS 4 /* to 16 KiB */
#define ROUNDS 40
#define RUNS 20
/* What a clock and a first touch of memory may take off or add, per run. */
#define NOISE_US 3.0

static double
cpu_us(void)
{
	struct timespec t = {0};

	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Fill out to len bytes. */
typedef void fill(struct nitro_buf *out, size_t len);

static void
repeat(struct nitro_buf *out, size_t len, const char *unit, size_t unit_len)
{
	while (out->len < len)
		unit_fill(out, (uint8_t)unit[out->len % unit_len], 1);
}

static void
fill_random(struct nitro_buf *out, size_t len)
{
	uint32_t state = 1;

	while (out->len < len) {
		state = state * 1664525u + 1013904223u;
		unit_fill(out, (uint8_t)(state >> 24), 1);
	}
}

static void
fill_arrays(struct nitro_buf *out, size_t len)
{
	repeat(out, len, "\x81", 1);
}

static void
fill_huge_counts(struct nitro_buf *out, size_t len)
{
	repeat(out, len, "\x9a\x0f\xff\xff\xff", 5);
}

static void
fill_indefinite(struct nitro_buf *out, size_t len)
{
	repeat(out, len, "\xbf\x9f", 2);
}

static void
fill_chunks(struct nitro_buf *out, size_t len)
{
	unit_append(out, UNIT_BYTES("\x84\x5f"));
	repeat(out, len, "\x41", 1);
}

/* A message whose payload is what put() makes of the bytes that are left. */
static void
wrap(struct nitro_buf *out, size_t len, fill *put)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};
	static const uint8_t signature[96] = {1};
	const struct sim_envelope envelope = {
	    .signature = {signature, sizeof signature}};

	put(&payload, len - 110);
	assert_true(
	    sim_seal(&envelope, nitro_bytes_of_buf(&payload), NULL, out));
}

static void
put_text_keys(struct nitro_buf *out, size_t len)
{
	unit_append(out, UNIT_BYTES("\xbf"));
	/* 60 keys that nobody knows, the values share what there is. */
	for (unsigned i = 0; i < 60; i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf value = {0};

		unit_fill(&value, 'v', len / 60 - 8);
		unit_append(out, UNIT_BYTES("\x63k"));
		unit_fill(out, (uint8_t)('0' + i / 10), 1);
		unit_fill(out, (uint8_t)('0' + i % 10), 1);
		assert_true(sim_cbor_bytes(out, nitro_bytes_of_buf(&value)));
	}
	unit_append(out, UNIT_BYTES("\xff"));
}

static void
fill_unknown_keys(struct nitro_buf *out, size_t len)
{
	wrap(out, len, put_text_keys);
}

/* One unknown key whose value is an array of as many small things as fit. */
static void
put_small_things(struct nitro_buf *out, size_t len)
{
	unit_append(out, UNIT_BYTES("\xbf\x61k\x9f"));
	repeat(out, len - 2, "\x00", 1);
	unit_append(out, UNIT_BYTES("\xff\xff"));
}

static void
fill_small_things(struct nitro_buf *out, size_t len)
{
	wrap(out, len, put_small_things);
}

/* Long text in UTF-8, which is checked byte by byte. */
static void
put_utf8(struct nitro_buf *out, size_t len)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};

	repeat(&text, (len - 8) / 4 * 4, "\xf0\x9f\x94\x91", 4);
	unit_append(out, UNIT_BYTES("\xbf\x61k"));
	assert_true(sim_cbor_head(out, 3, text.len));
	unit_append(out, nitro_bytes_of_buf(&text));
	unit_append(out, UNIT_BYTES("\xff"));
}

static void
fill_utf8(struct nitro_buf *out, size_t len)
{
	wrap(out, len, put_utf8);
}

static nitro_err
verify(struct nitro_bytes in)
{
	const struct nitro_expectation expectation = {
	    .nonce = {NITRO_CHECK_REQUIRED, UNIT_BYTES("nonce")},
	    .audience = {NITRO_CHECK_REQUIRED, UNIT_BYTES("audience")},
	    .public_key = {NITRO_CHECK_WAIVED, {0}},
	    .age = NITRO_CHECK_REQUIRED,
	    .now_ms = CHAIN_TIME_S * 1000,
	    .max_age_ms = 60000,
	};
	struct nitro_evidence_facts facts;
	struct nitro_verified *verified = NULL;

	return nitro_evidence_verify(
	    in, &expectation, chain_anchors, &facts, &verified);
}

/* The same bytes as base64, strict to the last character. */
static nitro_err
answer(struct nitro_bytes base64)
{
	NITRO_DROP(nitro_answer_drop) struct nitro_answer collected = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	bool is_complete = false;
	nitro_err err;

	if ((err = nitro_answer_add(&collected, base64, &is_complete)) !=
	    NITRO_OK)
		return err;
	return nitro_answer_decode(&collected, &evidence);
}

static void
fill_base64(struct nitro_buf *out, size_t len)
{
	repeat(out, len / 4 * 4, "QUJD", 4);
}

/* Right but for the end. */
static void
fill_bad_base64(struct nitro_buf *out, size_t len)
{
	repeat(out, len / 4 * 4 - 1, "QUJD", 4);
	unit_fill(out, '-', 1);
}

static const struct {
	const char *name;
	fill *fill;
	nitro_err (*judge)(struct nitro_bytes in);
} inputs[] = {
    {"random bytes", fill_random, verify},
    {"arrays in arrays", fill_arrays, verify},
    {"counts of 2^28", fill_huge_counts, verify},
    {"indefinite maps in arrays", fill_indefinite, verify},
    {"chunks", fill_chunks, verify},
    {"unknown keys", fill_unknown_keys, verify},
    {"an array of small things", fill_small_things, verify},
    {"UTF-8", fill_utf8, verify},
    {"base64", fill_base64, answer},
    {"bad base64", fill_bad_base64, answer},
};

/* The least of some rounds, for one run. */
static double
cost_us(size_t i, struct nitro_bytes in)
{
	double least = 1e12;

	for (unsigned round = 0; round < ROUNDS; round++) {
		const double before = cpu_us();
		double each;

		for (unsigned run = 0; run < RUNS; run++)
			if (inputs[i].judge(in) == NITRO_OK)
				assert_ptr_equal(inputs[i].judge, answer);
		each = (cpu_us() - before) / RUNS;
		if (each < least)
			least = each;
	}
	return least;
}

static unsigned
is_not_linear(size_t i)
{
	double before = 0, now = 0;
	unsigned wrong = 0;

	print_message("# %s:", inputs[i].name);
	for (unsigned step = 0; step <= DOUBLINGS; step++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};

		inputs[i].fill(&in, (size_t)SHORTEST << step);
		assert_int_in_range(
		    in.len, (SHORTEST << step) - 600, SHORTEST << step);
		now = cost_us(i, nitro_bytes_of_buf(&in));
		print_message(" %.1f", now);
		wrong += step > 0 && now > 2.5 * before + NOISE_US;
		before = now;
	}
	print_message(" us%s\n", wrong > 0 ? ": NOT LINEAR" : "");
	return wrong;
}

/* R10 C02 C04 C05 */
static void
test_twice_the_bytes_cost_twice_the_time(void **state)
{
	unsigned wrong = 0;

	(void)state;
	if (UNIT_IS_SANITIZED)
		skip(); /* times mean nothing then */
	/* A neighbour on the machine may spoil one measurement, not six. */
	for (size_t i = 0; i < NITRO_COUNT_OF(inputs); i++) {
		unsigned tries = 6;

		while (tries > 0 && is_not_linear(i) > 0)
			tries--;
		wrong += tries == 0;
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_twice_the_bytes_cost_twice_the_time),
	};

	return cmocka_run_group_tests(tests, chain_make, chain_drop);
}
