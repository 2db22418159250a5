#include "ssh/answer.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "evidence/cose_sign1.h"
#include "unit/unit.h"

#define NITRO_DROP_ANSWER NITRO_DROP(nitro_answer_drop) struct nitro_answer

/* What sshd puts in place of the answer of a user that it refuses. */
static void
put_mask(struct nitro_buf *line, size_t len)
{
	static const char mask[] = "\b\n\r\177INCORRECT";

	for (size_t i = 0; i < len; i++)
		unit_fill(line, (uint8_t)mask[i % 13], 1);
}

static nitro_err
add_text(struct nitro_answer *answer, const char *line, bool *is_complete)
{
	return nitro_answer_add(answer, nitro_bytes_of_text(line), is_complete);
}

static void
test_a_whole_answer_is_complete_at_once(void **state)
{
	static const char *const lines[] = {
	    "QUJD", "QUJD\n", "QUJD\r", "QUJD\r\n"};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(lines); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
		NITRO_DROP_ANSWER answer = {0};
		bool is_complete = false;

		assert_err(add_text(&answer, lines[i], &is_complete), NITRO_OK);
		assert_true(is_complete);
		assert_err(nitro_answer_decode(&answer, &out), NITRO_OK);
		assert_true(
		    nitro_bytes_equal_text(nitro_bytes_of_buf(&out), "ABC"));
	}
}

static void
test_parts_are_joined_before_they_are_decoded(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	NITRO_DROP_ANSWER answer = {0};
	bool is_complete = true;

	(void)state;
	assert_int_equal(answer.next_part, 0);
	assert_err(add_text(&answer, "1/3/5:QUJDR", &is_complete), NITRO_OK);
	assert_false(is_complete);
	assert_int_equal(answer.next_part, 1);
	assert_err(add_text(&answer, "2/3/2:EV\n", &is_complete), NITRO_OK);
	assert_false(is_complete);
	assert_err(add_text(&answer, "3/3/1:G\r\n", &is_complete), NITRO_OK);
	assert_true(is_complete);
	assert_int_equal(answer.part_count, 3);
	assert_err(nitro_answer_decode(&answer, &out), NITRO_OK);
	assert_true(nitro_bytes_equal_text(nitro_bytes_of_buf(&out), "ABCDEF"));
}

/* One answer: lines to their NULL. The last one gives want, all before it pass. */
struct row {
	const char *name;
	const char *lines[4];
	nitro_err want;
	nitro_err decoded; /* what nitro_answer_decode() then gives */
};

#define ECHO \
	"pam_nitro/1 nonce=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHv8 key=- " \
	"host=h user=u part=1: "

/* T04 T05 T06 T09 T12 T13 T15 T17 B06 B07 B08 B09 B13 */
static const struct row rows[] = {
    {"two parts", {"1/2/2:QU", "2/2/2:JD"}, NITRO_OK, NITRO_OK},
    {"T04 nothing", {""}, NITRO_E_NO_ANSWER, NITRO_OK},
    {"T04 a line end", {"\n"}, NITRO_E_NO_ANSWER, NITRO_OK},
    {"T04 CR LF", {"\r\n"}, NITRO_E_NO_ANSWER, NITRO_OK},
    {"T05 a blank", {" "}, NITRO_OK, NITRO_E_BASE64},
    {"T05 blanks", {"    "}, NITRO_OK, NITRO_E_BASE64},
    {"T05 tabs", {"\t\t\t\t"}, NITRO_OK, NITRO_E_BASE64},
    {"T06 one byte", {"Q"}, NITRO_OK, NITRO_E_BASE64},
    {"T09 the challenge", {ECHO}, NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"B06 two line ends", {"QUJD\n\n"}, NITRO_OK, NITRO_E_BASE64},
    {"B06 LF CR", {"QUJD\n\r"}, NITRO_OK, NITRO_E_BASE64},
    {"B06 blank before the line end", {"QUJD \n"}, NITRO_OK, NITRO_E_BASE64},
    {"B06 blank in front", {" QUJD"}, NITRO_OK, NITRO_E_BASE64},
    {"B06 two lines", {"QUJD\nQUJD"}, NITRO_OK, NITRO_E_BASE64},
    {"B07 UTF-8", {"QUJD\xc3\xa4QU"}, NITRO_OK, NITRO_E_BASE64},
    {"B08 PEM", {"-----BEGIN X-----"}, NITRO_OK, NITRO_E_BASE64},
    {"B08 data URL", {"data:;base64,QUJD"}, NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"B08 quotes", {"\"QUJDQUJD\""}, NITRO_OK, NITRO_E_BASE64},
    {"T12 a part without its length", {"1/2:QU"}, NITRO_E_ANSWER_FRAMING,
	NITRO_OK},
    {"T12 a slice that was cut", {"1/2/3:QU"}, NITRO_E_ANSWER_FRAMING,
	NITRO_OK},
    {"T12 a second slice that was cut", {"1/2/2:QU", "2/2/2:J"},
	NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"T12 a slice longer than said", {"1/2/1:QU"}, NITRO_E_ANSWER_FRAMING,
	NITRO_OK},
    {"T12 a part left out", {"1/3/2:QU", "3/3/2:JD"}, NITRO_E_ANSWER_FRAMING,
	NITRO_OK},
    {"T12 nothing as second part", {"1/2/2:QU", ""}, NITRO_E_ANSWER_FRAMING,
	NITRO_OK},
    {"T13 second part first", {"2/2/2:JD"}, NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"T13 part 0", {"0/2/2:QU"}, NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"T13 first part again", {"1/2/2:QU", "1/2/2:QU"}, NITRO_E_ANSWER_FRAMING,
	NITRO_OK},
    {"T13 part beyond the last", {"1/2/2:QU", "3/2/2:JD"},
	NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"T13 another count", {"1/2/2:QU", "2/3/2:JD"}, NITRO_E_ANSWER_FRAMING,
	NITRO_OK},
    {"T13 a smaller count", {"1/3/2:QU", "2/2/2:JD"}, NITRO_E_ANSWER_FRAMING,
	NITRO_OK},
    {"T13 whole answer as second part", {"1/2/2:QU", "JD"},
	NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"T13 one part of one", {"1/1/4:QUJD"}, NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"T13 33 parts", {"1/33/2:QU"}, NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"T13 no parts", {"1/0/2:QU"}, NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"T15 an empty part", {"1/2/2:QU", "2/2/0:"}, NITRO_E_ANSWER_FRAMING,
	NITRO_OK},
    {"T15 an empty part in the middle", {"1/3/2:QU", "2/3/0:"},
	NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"T15 an empty first part", {"1/2/0:"}, NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"number with a zero in front", {"01/2/2:QU"}, NITRO_E_ANSWER_FRAMING,
	NITRO_OK},
    {"number with a sign", {"+1/2/2:QU"}, NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"number that wraps", {"1/4294967298/2:QU"}, NITRO_E_ANSWER_FRAMING,
	NITRO_OK},
    {"length that wraps", {"1/2/4294967298:QU"}, NITRO_E_ANSWER_FRAMING,
	NITRO_OK},
    {"negative length", {"1/2/-2:QU"}, NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"length in hex", {"1/2/0x2:QU"}, NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"blank in the head", {"1/2/ 2:QU"}, NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"blank in front", {" 1/2/2:QU"}, NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"blank after the colon", {"1/2/2: QU"}, NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"colon alone", {":"}, NITRO_E_ANSWER_FRAMING, NITRO_OK},
    {"head alone", {"1/2/2"}, NITRO_OK, NITRO_E_BASE64},
    {"padding inside of a part", {"1/2/4:QQ==", "2/2/4:QQ=="}, NITRO_OK,
	NITRO_E_BASE64},
    {"a slice with a colon", {"1/2/2:Q:", "2/2/2:JD"}, NITRO_OK,
	NITRO_E_BASE64},
};

static void
test_answers_come_as_the_protocol_says_or_not_at_all(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
		NITRO_DROP_ANSWER answer = {0};
		bool is_complete = false;

		for (size_t k = 0; k < 4 && rows[i].lines[k] != NULL; k++) {
			bool is_last = k == 3 || rows[i].lines[k + 1] == NULL;

			wrong += unit_differs(rows[i].name,
			    add_text(&answer, rows[i].lines[k], &is_complete),
			    is_last ? rows[i].want : NITRO_OK);
			wrong += unit_is_not(rows[i].name, is_complete,
			    is_last && rows[i].want == NITRO_OK);
		}
		if (rows[i].want == NITRO_OK)
			wrong += unit_differs(rows[i].name,
			    nitro_answer_decode(&answer, &out),
			    rows[i].decoded);
		else
			wrong += unit_differs(rows[i].name,
			    nitro_answer_decode(&answer, &out),
			    NITRO_E_INTERNAL);
		if (rows[i].want != NITRO_OK || rows[i].decoded != NITRO_OK)
			wrong += unit_is_not(rows[i].name, out.len == 0, true);
	}
	assert_int_equal(wrong, 0);
}

/* T17: nothing is taken after the last part, so nothing is smuggled in. */
static void
test_nothing_is_taken_after_the_last_part(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	NITRO_DROP_ANSWER answer = {0}, whole = {0};
	bool is_complete = false;

	(void)state;
	assert_err(add_text(&answer, "1/2/2:QU", &is_complete), NITRO_OK);
	assert_err(add_text(&answer, "2/2/2:JD", &is_complete), NITRO_OK);
	assert_true(is_complete);
	assert_err(add_text(&answer, "3/2/4:QUJD", &is_complete),
	    NITRO_E_ANSWER_FRAMING);
	assert_err(add_text(&whole, "QUJD", &is_complete), NITRO_OK);
	assert_err(add_text(&whole, "2/2/4:QUJD", &is_complete),
	    NITRO_E_ANSWER_FRAMING);
	assert_err(
	    add_text(&whole, "QUJD", &is_complete), NITRO_E_ANSWER_FRAMING);
	assert_err(nitro_answer_decode(&whole, &out), NITRO_OK);
	assert_true(nitro_bytes_equal_text(nitro_bytes_of_buf(&out), "ABC"));
}

/* T07 T08: too long is refused by its length, before anything is decoded. */
static void
test_a_whole_answer_has_22000_characters_at_most(void **state)
{
	static const struct {
		size_t len;
		nitro_err want;
	} sizes[] = {
	    {NITRO_ANSWER_WHOLE_MAX, NITRO_OK},
	    {NITRO_ANSWER_WHOLE_MAX + 1, NITRO_E_ANSWER_SIZE},
	    {NITRO_ANSWER_WHOLE_MAX + 4, NITRO_E_ANSWER_SIZE},
	    {256 * 1024, NITRO_E_ANSWER_SIZE},
	};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(sizes); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf line = {0};
		NITRO_DROP_ANSWER answer = {0};
		bool is_complete = false;

		unit_fill(&line, 'A', sizes[i].len);
		assert_err(nitro_answer_add(&answer, nitro_bytes_of_buf(&line),
			       &is_complete),
		    sizes[i].want);
		assert_int_equal(is_complete, sizes[i].want == NITRO_OK);
		if (sizes[i].want != NITRO_OK)
			assert_null(answer.base64.ptr); /* no copy either */
	}
}

/* T07: and by its length alone, whatever the characters are. */
static void
test_what_is_too_long_for_a_document_is_not_decoded(void **state)
{
	static const struct {
		size_t len;
		nitro_err want;
	} sizes[] = {
	    {21848, NITRO_E_BASE64},
	    {21849, NITRO_E_EVIDENCE_SIZE},
	    {21852, NITRO_E_EVIDENCE_SIZE},
	    {NITRO_ANSWER_WHOLE_MAX, NITRO_E_EVIDENCE_SIZE},
	};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(sizes); i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf line = {0}, out = {0};
		NITRO_DROP_ANSWER answer = {0};
		bool is_complete = false;

		unit_fill(&line, '*', sizes[i].len);
		assert_err(nitro_answer_add(&answer, nitro_bytes_of_buf(&line),
			       &is_complete),
		    NITRO_OK);
		assert_err(nitro_answer_decode(&answer, &out), sizes[i].want);
	}
}

/* The head of a part ends long before that. */
static void
test_a_colon_makes_a_part_within_1000_characters(void **state)
{
	static const struct {
		size_t before;
		nitro_err want;
	} colons[] = {
	    {NITRO_ANSWER_LINE_MAX - 1, NITRO_E_ANSWER_FRAMING},
	    {NITRO_ANSWER_LINE_MAX, NITRO_OK},
	};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(colons); i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf line = {0}, out = {0};
		NITRO_DROP_ANSWER answer = {0};
		bool is_complete = false;

		unit_fill(&line, 'A', colons[i].before);
		unit_append(&line, UNIT_BYTES(":AAA"));
		assert_err(nitro_answer_add(&answer, nitro_bytes_of_buf(&line),
			       &is_complete),
		    colons[i].want);
		if (colons[i].want == NITRO_OK)
			assert_err(
			    nitro_answer_decode(&answer, &out), NITRO_E_BASE64);
	}
}

/* B11 T07 */
static void
test_a_document_has_1_to_16384_bytes(void **state)
{
	static const struct {
		size_t len;
		nitro_err want;
	} sizes[] = {
	    {1, NITRO_OK},
	    {NITRO_EVIDENCE_MAX - 1, NITRO_OK},
	    {NITRO_EVIDENCE_MAX, NITRO_OK},
	    {NITRO_EVIDENCE_MAX + 1, NITRO_E_EVIDENCE_SIZE},
	    {NITRO_EVIDENCE_MAX + 2, NITRO_E_EVIDENCE_SIZE},
	    {16500, NITRO_E_EVIDENCE_SIZE},
	};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(sizes); i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf bytes = {0}, line = {0}, out = {0};
		NITRO_DROP_ANSWER answer = {0};
		bool is_complete = false;

		unit_fill(&bytes, 0xa5, sizes[i].len);
		assert_err(
		    nitro_base64_encode(nitro_bytes_of_buf(&bytes), &line),
		    NITRO_OK);
		unit_append(&out, UNIT_BYTES("kept"));
		assert_err(nitro_answer_add(&answer, nitro_bytes_of_buf(&line),
			       &is_complete),
		    NITRO_OK);
		assert_err(nitro_answer_decode(&answer, &out), sizes[i].want);
		assert_int_equal(out.len,
		    4 + (sizes[i].want == NITRO_OK ? sizes[i].len : 0));
	}
}

/* A part of exactly len characters in all: the slice takes what the head leaves. */
static void
put_part(struct nitro_buf *line, unsigned part, unsigned count, size_t len)
{
	char head[32];
	int n;

	n = snprintf(head, sizeof head, "%u/%u/%zu:", part, count,
	    len - (part < 10 ? 7 : 8) - (count < 10 ? 1 : 2));
	assert_int_in_range(n, 1, sizeof head - 1);
	unit_append(line, nitro_bytes_of_text(head));
	unit_fill(line, 'A', len - line->len);
}

static void
test_a_part_has_1000_characters_at_most(void **state)
{
	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf line = {0};
		NITRO_DROP_ANSWER answer = {0};
		bool is_complete = true;

		put_part(&line, 1, 2, NITRO_ANSWER_LINE_MAX + extra);
		assert_int_equal(line.len, NITRO_ANSWER_LINE_MAX + extra);
		assert_err(nitro_answer_add(&answer, nitro_bytes_of_buf(&line),
			       &is_complete),
		    extra == 0 ? NITRO_OK : NITRO_E_ANSWER_FRAMING);
	}
}

/* T14 T16: every part is legal, their sum is not. */
static void
test_parts_that_go_on_for_ever_end(void **state)
{
	NITRO_DROP_ANSWER answer = {0};
	bool is_complete = false;
	nitro_err err = NITRO_OK;
	unsigned taken = 0;

	(void)state;
	while (err == NITRO_OK && taken < 100) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf line = {0};

		put_part(
		    &line, taken + 1, NITRO_PARTS_MAX, NITRO_ANSWER_LINE_MAX);
		err = nitro_answer_add(
		    &answer, nitro_bytes_of_buf(&line), &is_complete);
		assert_false(is_complete);
		if (err == NITRO_OK)
			taken++;
	}
	assert_err(err, NITRO_E_ANSWER_SIZE);
	assert_int_equal(taken, 22); /* 22 * 991 <= 22,000 < 23 * 990 */
	assert_true(answer.base64.len <= NITRO_ANSWER_WHOLE_MAX);
}

/* T16: 22 parts of 968 characters, and one that fills up or goes one too far. */
static void
test_all_parts_have_22000_characters_at_most(void **state)
{
	(void)state;
	for (unsigned extra = 0; extra < 2; extra++) {
		NITRO_DROP_ANSWER answer = {0};
		bool is_complete = false;
		nitro_err err = NITRO_OK;

		for (unsigned k = 1; k <= 23; k++) {
			NITRO_DROP(nitro_buf_drop) struct nitro_buf line = {0};
			const size_t slice = k < 23 ? 968 : 704 + extra;

			assert_err(err, NITRO_OK);
			put_part(&line, k, 23, slice + (k < 10 ? 9 : 10));
			err = nitro_answer_add(
			    &answer, nitro_bytes_of_buf(&line), &is_complete);
		}
		assert_err(err, extra == 0 ? NITRO_OK : NITRO_E_ANSWER_SIZE);
		assert_int_equal(is_complete, extra == 0);
	}
}

/* T14: 32 small parts are complete; there is no part 33. */
static void
test_the_32nd_part_is_the_last(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	NITRO_DROP_ANSWER answer = {0};
	bool is_complete = false;
	char line[32];

	(void)state;
	for (unsigned k = 1; k <= NITRO_PARTS_MAX; k++) {
		assert_false(is_complete);
		(void)snprintf(line, sizeof line, "%u/%u/4:QUJD", k,
		    (unsigned)NITRO_PARTS_MAX);
		assert_err(add_text(&answer, line, &is_complete), NITRO_OK);
	}
	assert_true(is_complete);
	assert_err(add_text(&answer, "33/32/4:QUJD", &is_complete),
	    NITRO_E_ANSWER_FRAMING);
	assert_err(nitro_answer_decode(&answer, &out), NITRO_OK);
	assert_int_equal(out.len, 96);
}

static void
test_an_answer_that_is_not_complete_is_not_decoded(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	NITRO_DROP_ANSWER answer = {0};
	bool is_complete = false;

	(void)state;
	assert_err(nitro_answer_decode(&answer, &out), NITRO_E_INTERNAL);
	assert_err(add_text(&answer, "1/2/4:QUJD", &is_complete), NITRO_OK);
	assert_err(nitro_answer_decode(&answer, &out), NITRO_E_INTERNAL);
	assert_int_equal(out.len, 0);
}

/* T20: a line that cannot be a full part ends the dialogue at once. */
static void
test_a_masked_answer_of_another_length_than_a_part_ends_at_once(void **state)
{
	static const size_t lengths[] = {
	    1, 2, 3, 4, 5, 12, 13, 14, 26, 899, 1001, 1023, 5900, 22000, 30000};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(lengths); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf line = {0};
		NITRO_DROP_ANSWER answer = {0};
		bool is_complete = false;

		put_mask(&line, lengths[i]);
		assert_err(nitro_answer_add(&answer, nitro_bytes_of_buf(&line),
			       &is_complete),
		    NITRO_E_MASKED);
	}
}

/* T20: as many prompts as a valid user gets. */
static void
test_masked_parts_are_asked_for_until_one_is_shorter(void **state)
{
	(void)state;
	for (size_t len = 900; len <= 1000; len++)
		for (size_t last = len - 14; last < len; last++) {
			NITRO_DROP(nitro_buf_drop)
			struct nitro_buf line = {0}, end = {0};
			NITRO_DROP_ANSWER answer = {0};
			bool is_complete = true;

			put_mask(&line, len);
			put_mask(&end, last);
			for (int k = 0; k < 6; k++) {
				is_complete = true;
				assert_err(nitro_answer_add(&answer,
					       nitro_bytes_of_buf(&line),
					       &is_complete),
				    NITRO_OK);
				assert_false(is_complete);
			}
			assert_err(nitro_answer_add(&answer,
				       nitro_bytes_of_buf(&end), &is_complete),
			    NITRO_E_MASKED);
		}
}

static void
test_masked_parts_end_at_the_32nd(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf line = {0}, out = {0};
	NITRO_DROP_ANSWER answer = {0};
	bool is_complete = false;

	(void)state;
	put_mask(&line, 1000);
	for (int k = 1; k < NITRO_PARTS_MAX; k++)
		assert_err(nitro_answer_add(&answer, nitro_bytes_of_buf(&line),
			       &is_complete),
		    NITRO_OK);
	assert_false(is_complete);
	assert_err(
	    nitro_answer_add(&answer, nitro_bytes_of_buf(&line), &is_complete),
	    NITRO_E_MASKED);
	assert_err(nitro_answer_decode(&answer, &out), NITRO_E_INTERNAL);
	assert_int_equal(out.len, 0);
}

/* T20: only sshd's own text counts; what merely looks like it is judged as any other. */
static void
test_other_text_is_not_taken_for_a_mask(void **state)
{
	static const struct {
		const char *line;
		nitro_err want;
	} lines[] = {
	    {"INCORRECT", NITRO_OK},
	    {"\b\n\r\177INCORRECt", NITRO_OK},
	    {"\b\n\r\177incorrect", NITRO_OK},
	    {"\b\n\r\177INCORRECT\b\n\r\177INCORRECTX", NITRO_OK},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(lines); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
		NITRO_DROP_ANSWER answer = {0};
		bool is_complete = false;

		wrong += unit_differs(lines[i].line,
		    add_text(&answer, lines[i].line, &is_complete),
		    lines[i].want);
		wrong += unit_differs(lines[i].line,
		    nitro_answer_decode(&answer, &out), NITRO_E_BASE64);
	}
	assert_int_equal(wrong, 0);
}

/* A masked line after a good part, and a good part after a masked line. */
static void
test_a_mask_and_a_part_do_not_mix(void **state)
{
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf mask = {0}, part = {0}, out = {0};
	NITRO_DROP_ANSWER first = {0}, second = {0};
	bool is_complete = false;

	(void)state;
	put_mask(&mask, 1000);
	put_part(&part, 2, 2, 600);
	assert_err(add_text(&first, "1/2/4:QUJD", &is_complete), NITRO_OK);
	assert_err(
	    nitro_answer_add(&first, nitro_bytes_of_buf(&mask), &is_complete),
	    NITRO_E_ANSWER_FRAMING);
	assert_err(
	    nitro_answer_add(&second, nitro_bytes_of_buf(&mask), &is_complete),
	    NITRO_OK);
	assert_err(
	    nitro_answer_add(&second, nitro_bytes_of_buf(&part), &is_complete),
	    NITRO_E_MASKED);
	assert_false(is_complete);
	assert_err(nitro_answer_decode(&second, &out), NITRO_E_INTERNAL);
}

/* Send base64 as the client cuts it; the parts that were needed. */
static unsigned
send_in_parts(struct nitro_bytes base64, struct nitro_answer *answer)
{
	unsigned count = nitro_answer_part_count(base64.len);
	size_t first_len = 0;

	assert_int_in_range(count, 1, NITRO_PARTS_MAX);
	for (unsigned k = 1; k <= count; k++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf line = {0};
		bool is_complete = false;

		assert_err(nitro_answer_part(base64, k, &line), NITRO_OK);
		assert_int_in_range(line.len, 1, NITRO_ANSWER_LINE_MAX);
		if (k == 1)
			first_len = line.len;
		else if (k < count)
			assert_int_equal(line.len, first_len);
		else
			assert_true(line.len < first_len);
		if (k < count)
			assert_int_in_range(
			    line.len, 900, NITRO_ANSWER_LINE_MAX);
		assert_err(nitro_answer_add(
			       answer, nitro_bytes_of_buf(&line), &is_complete),
		    NITRO_OK);
		assert_int_equal(is_complete, k == count);
	}
	return count;
}

static void
test_whatever_the_client_cuts_the_server_joins(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf bytes = {0}, text = {0};
	unsigned most = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_EVIDENCE_MAX; i++)
		unit_fill(&bytes, (uint8_t)(i * 89 + i / 251), 1);
	/* Every length up to a few parts, then every 61st, and the longest. */
	for (size_t n = 1; n <= NITRO_EVIDENCE_MAX;
	     n += n < 3000 || n == NITRO_EVIDENCE_MAX ? 1 : 61) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
		NITRO_DROP_ANSWER answer = {0};
		struct nitro_bytes in = {bytes.ptr, n};
		unsigned count;

		if (n + 61 > NITRO_EVIDENCE_MAX)
			n = in.len = NITRO_EVIDENCE_MAX;
		text.len = 0;
		assert_err(nitro_base64_encode(in, &text), NITRO_OK);
		count = send_in_parts(nitro_bytes_of_buf(&text), &answer);
		assert_err(nitro_answer_decode(&answer, &out), NITRO_OK);
		assert_true(nitro_bytes_equal(nitro_bytes_of_buf(&out), in));
		most = count > most ? count : most;
	}
	assert_int_in_range(most, 22, NITRO_PARTS_MAX);
}

/* A login by stock ssh takes at most 8 prompts for documents as AWS makes them. */
static void
test_documents_of_aws_need_at_most_8_parts(void **state)
{
	(void)state;
	assert_int_in_range(
	    nitro_answer_part_count(NITRO_BASE64_LEN(4400)), 6, 6);
	assert_int_in_range(
	    nitro_answer_part_count(NITRO_BASE64_LEN(5300)), 7, 8);
}

static void
test_there_are_no_other_parts(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0}, line = {0};

	(void)state;
	assert_int_equal(nitro_answer_part_count(0), 0);
	assert_int_equal(
	    nitro_answer_part_count(NITRO_ANSWER_WHOLE_MAX + 1), 0);
	assert_int_equal(nitro_answer_part_count(SIZE_MAX), 0);
	assert_int_equal(nitro_answer_part_count(NITRO_ANSWER_LINE_MAX), 1);
	assert_int_equal(nitro_answer_part_count(NITRO_ANSWER_LINE_MAX + 1), 2);
	assert_int_equal(nitro_answer_part_count(NITRO_ANSWER_WHOLE_MAX), 23);
	unit_fill(&text, 'A', 5000);
	assert_err(nitro_answer_part(nitro_bytes_of_buf(&text), 0, &line),
	    NITRO_E_INTERNAL);
	assert_err(nitro_answer_part(nitro_bytes_of_buf(&text),
		       nitro_answer_part_count(text.len) + 1, &line),
	    NITRO_E_INTERNAL);
	unit_fill(&text, 'A', NITRO_ANSWER_WHOLE_MAX + 1 - text.len);
	assert_err(nitro_answer_part(nitro_bytes_of_buf(&text), 1, &line),
	    NITRO_E_ANSWER_SIZE);
	assert_int_equal(line.len, 0);
	/* One character more than a line has room for makes two of it. */
	text.len = NITRO_ANSWER_LINE_MAX;
	assert_err(
	    nitro_answer_part(nitro_bytes_of_buf(&text), 1, &line), NITRO_OK);
	assert_int_equal(line.len, NITRO_ANSWER_LINE_MAX);
	text.len++;
	line.len = 0;
	assert_err(
	    nitro_answer_part(nitro_bytes_of_buf(&text), 1, &line), NITRO_OK);
	assert_true(nitro_bytes_has_prefix(nitro_bytes_of_buf(&line), "1/2/"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_whole_answer_is_complete_at_once),
	    cmocka_unit_test(test_parts_are_joined_before_they_are_decoded),
	    cmocka_unit_test(
		test_answers_come_as_the_protocol_says_or_not_at_all),
	    cmocka_unit_test(test_nothing_is_taken_after_the_last_part),
	    cmocka_unit_test(test_a_whole_answer_has_22000_characters_at_most),
	    cmocka_unit_test(test_a_document_has_1_to_16384_bytes),
	    cmocka_unit_test(
		test_what_is_too_long_for_a_document_is_not_decoded),
	    cmocka_unit_test(test_a_colon_makes_a_part_within_1000_characters),
	    cmocka_unit_test(test_a_part_has_1000_characters_at_most),
	    cmocka_unit_test(test_all_parts_have_22000_characters_at_most),
	    cmocka_unit_test(test_parts_that_go_on_for_ever_end),
	    cmocka_unit_test(test_the_32nd_part_is_the_last),
	    cmocka_unit_test(
		test_an_answer_that_is_not_complete_is_not_decoded),
	    cmocka_unit_test(
		test_a_masked_answer_of_another_length_than_a_part_ends_at_once),
	    cmocka_unit_test(
		test_masked_parts_are_asked_for_until_one_is_shorter),
	    cmocka_unit_test(test_masked_parts_end_at_the_32nd),
	    cmocka_unit_test(test_other_text_is_not_taken_for_a_mask),
	    cmocka_unit_test(test_a_mask_and_a_part_do_not_mix),
	    cmocka_unit_test(test_whatever_the_client_cuts_the_server_joins),
	    cmocka_unit_test(test_documents_of_aws_need_at_most_8_parts),
	    cmocka_unit_test(test_there_are_no_other_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
