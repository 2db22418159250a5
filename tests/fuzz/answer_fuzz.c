/*
 * The framing of answers: lines as a client gives them, 0xff between two.
 * What was collected is what the client's side would cut anew, and joins
 * to the same. T04-T09 T12-T17 T20
 */
#include <stdio.h>

#include "base/base64.h"
#include "evidence/limits.h"
#include "fuzz/fuzz.h"
#include "ssh/answer.h"

#define LINE_END 0xff

static struct nitro_bytes
take_line(struct nitro_bytes *in)
{
	struct nitro_bytes line;

	if (!nitro_bytes_take_until(in, LINE_END, &line)) {
		line = *in;
		*in = (struct nitro_bytes){0};
	}
	return line;
}

static nitro_err
collect(struct nitro_bytes in, struct nitro_answer *answer)
{
	bool is_complete = false;
	nitro_err err;

	while (!is_complete) {
		const unsigned asked = answer->next_part;

		FUZZ_CHECK(asked < NITRO_PARTS_MAX);
		err = nitro_answer_add(answer, take_line(&in), &is_complete);
		FUZZ_CHECK(answer->base64.len <= NITRO_ANSWER_WHOLE_MAX);
		if (err != NITRO_OK) {
			FUZZ_CHECK(!is_complete);
			return err;
		}
		FUZZ_CHECK(answer->next_part == asked + 1);
	}
	return NITRO_OK;
}

/* Cut as nitro-ssh does it. */
static void
cut(struct nitro_bytes base64, struct nitro_buf *lines)
{
	const unsigned count = nitro_answer_part_count(base64.len);

	FUZZ_CHECK(count >= 1 && count <= NITRO_PARTS_MAX);
	for (unsigned part = 1; part <= count; part++) {
		const size_t before = lines->len;

		FUZZ_CHECK(nitro_answer_part(base64, part, lines) == NITRO_OK);
		FUZZ_CHECK(lines->len - before <= NITRO_ANSWER_LINE_MAX);
		fuzz_append_byte(lines, LINE_END);
	}
	FUZZ_CHECK(nitro_answer_part(base64, count + 1, lines) != NITRO_OK);
	FUZZ_CHECK(nitro_answer_part(base64, 0, lines) != NITRO_OK);
}

static void
check_cut(struct nitro_bytes base64)
{
	NITRO_DROP(nitro_answer_drop) struct nitro_answer again = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf lines = {0};

	cut(base64, &lines);
	FUZZ_CHECK(collect(nitro_bytes_of_buf(&lines), &again) == NITRO_OK);
	FUZZ_CHECK(
	    nitro_bytes_equal(nitro_bytes_of_buf(&again.base64), base64));
}

static bool
holds(struct nitro_bytes text, const char *bytes)
{
	struct nitro_bytes before, rest;

	for (; *bytes != '\0'; bytes++) {
		rest = text;
		if (nitro_bytes_take_until(&rest, (uint8_t)*bytes, &before))
			return true;
	}
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	NITRO_DROP(nitro_answer_drop) struct nitro_answer answer = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	nitro_err err = collect((struct nitro_bytes){data, size}, &answer);
	struct nitro_bytes text = nitro_bytes_of_buf(&answer.base64);

	if (err != NITRO_OK) {
		FUZZ_CHECK(fuzz_is_of_stages(
		    err, NITRO_STAGE_ANSWER, NITRO_STAGE_ANSWER));
		FUZZ_CHECK(nitro_answer_decode(&answer, &evidence) ==
			   NITRO_E_INTERNAL);
		return 0;
	}
	err = nitro_answer_decode(&answer, &evidence);
	if (err != NITRO_OK)
		FUZZ_CHECK(
		    evidence.len == 0 &&
		    (err == NITRO_E_BASE64 || err == NITRO_E_EVIDENCE_SIZE));
	else
		FUZZ_CHECK(evidence.len >= 1 &&
			   evidence.len <= NITRO_EVIDENCE_MAX &&
			   NITRO_BASE64_LEN(evidence.len) == text.len);
	/* A colon, a line's end or a mask in a slice is a line of its own kind. */
	if (!holds(text, ":\n\r\b\xff"))
		check_cut(text);
	return 0;
}

/* The parts of a text of that length, with one byte changed. */
static void
seed_parts(size_t base64_len, size_t at, uint8_t byte)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0}, lines = {0};

	while (text.len < base64_len)
		fuzz_append_text(&text, "QUJD");
	cut(nitro_bytes_of_buf(&text), &lines);
	if (at < lines.len)
		lines.ptr[at] = byte;
	fuzz_seed(nitro_bytes_of_buf(&lines));
}

/* As many and as long as the framing allows, which is more than a document. */
static void
seed_too_long(void)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf lines = {0};
	char head[32];

	for (unsigned part = 1; part <= NITRO_PARTS_MAX; part++) {
		(void)snprintf(head, sizeof head, "%u/32/980:", part);
		fuzz_append_text(&lines, head);
		for (unsigned i = 0; i < 980 / 4; i++)
			fuzz_append_text(&lines, "QUJD");
		fuzz_append_byte(&lines, LINE_END);
	}
	fuzz_seed(nitro_bytes_of_buf(&lines));
}

void
fuzz_seeds(void)
{
	static const char *const texts[] = {"", "QUJD", "QUJD\r\n", "\n", " ",
	    "1/2/4:QUJD\xff\x32/2/4:QUJD", "2/2/4:QUJD\xff\x31/2/4:QUJD",
	    "1/2/4:QUJD\xff\x32/3/4:QUJD", "1/2/0:\xff\x32/2/4:QUJD",
	    "1/33/4:QUJD", "1/2/5:QUJD", "01/2/4:QUJD", "-1/2/4:QUJD",
	    "\b\n\r\177INCORRECT\b\n\r\177INC", "hello: world", "1/1/4:QUJD",
	    "1/2/4:QUJD\xff\x51UJD"};

	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++)
		fuzz_seed_text(texts[i]);
	seed_parts(2000, 10000, 0);
	seed_parts(2000, 0, '2');
	seed_parts(7000, 3, '9');
	seed_parts(3000, 1200, '=');
	seed_parts(21848, 100000, 0);
	seed_parts(22000, 100000, 0);
	seed_too_long();
}
