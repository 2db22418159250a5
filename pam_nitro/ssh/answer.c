#include "ssh/answer.h"

#include <stdio.h>

#include "base/base64.h"
#include "evidence/limits.h"
#include "ssh/challenge.h"

/*
 * What sshd hands to PAM in place of each answer of a user whom it refuses
 * (auth-pam.c, fake_password).
 */
static const char mask[] = "\b\n\r\177INCORRECT";

/* A masked line this long can be a part of nitro-ssh's, so another may follow. */
#define MASKED_PART_MIN 900

static bool
line_is_masked(struct nitro_bytes line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.ptr[i] != (uint8_t)mask[i % (sizeof mask - 1)])
			return false;
	return line.len > 0;
}

/* Nobody can read a masked line: its length alone tells whether it was the last. */
static nitro_err
add_masked(
    struct nitro_answer *answer, struct nitro_bytes line, bool *is_complete)
{
	if (answer->next_part == 0) {
		answer->is_masked = true;
		answer->masked_line_len = line.len;
	}
	answer->next_part++;
	if (line.len < MASKED_PART_MIN || line.len > NITRO_ANSWER_LINE_MAX ||
	    line.len != answer->masked_line_len ||
	    answer->next_part >= NITRO_PARTS_MAX)
		return NITRO_E_MASKED;
	*is_complete = false;
	return NITRO_OK;
}

static struct nitro_bytes
without_line_end(struct nitro_bytes line)
{
	if (line.len > 0 && line.ptr[line.len - 1] == '\n')
		line = nitro_bytes_slice(line, 0, line.len - 1);
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line = nitro_bytes_slice(line, 0, line.len - 1);
	return line;
}

static nitro_err
add_whole(
    struct nitro_answer *answer, struct nitro_bytes line, bool *is_complete)
{
	nitro_err err;

	if (answer->next_part != 0)
		return NITRO_E_ANSWER_FRAMING;
	if (line.len > NITRO_ANSWER_WHOLE_MAX)
		return NITRO_E_ANSWER_SIZE;
	if ((err = nitro_buf_append(&answer->base64, line)) != NITRO_OK)
		return err;
	answer->part_count = 1;
	answer->next_part = 1;
	*is_complete = true;
	return NITRO_OK;
}

static bool
take_number(struct nitro_bytes *line, uint8_t separator, unsigned *value)
{
	struct nitro_bytes text;

	return nitro_bytes_take_until(line, separator, &text) &&
	       nitro_bytes_to_number(text, value);
}

/* Cut "<k>/<n>/<len>:" off and hold it against what must stand there. */
static bool
take_part_head(const struct nitro_answer *answer, struct nitro_bytes *line,
    unsigned *part_count)
{
	unsigned part = 0, count = 0, len = 0;

	if (!take_number(line, '/', &part) || !take_number(line, '/', &count) ||
	    !take_number(line, ':', &len))
		return false;
	if (part != answer->next_part + 1 || count < 2 ||
	    count > NITRO_PARTS_MAX || part > count || len != line->len ||
	    len == 0)
		return false;
	if (answer->part_count != 0 && answer->part_count != count)
		return false;
	*part_count = count;
	return true;
}

static nitro_err
add_part(
    struct nitro_answer *answer, struct nitro_bytes line, bool *is_complete)
{
	unsigned part_count;
	nitro_err err;

	if (line.len > NITRO_ANSWER_LINE_MAX ||
	    !take_part_head(answer, &line, &part_count))
		return NITRO_E_ANSWER_FRAMING;
	if (line.len > NITRO_ANSWER_WHOLE_MAX - answer->base64.len)
		return NITRO_E_ANSWER_SIZE;
	if ((err = nitro_buf_append(&answer->base64, line)) != NITRO_OK)
		return err;
	answer->part_count = part_count;
	answer->next_part++;
	*is_complete = answer->next_part == part_count;
	return NITRO_OK;
}

static bool
has_colon(struct nitro_bytes line)
{
	struct nitro_bytes before;

	return nitro_bytes_take_until(&line, ':', &before);
}

nitro_err
nitro_answer_add(
    struct nitro_answer *answer, struct nitro_bytes line, bool *is_complete)
{
	if (answer->is_masked ||
	    (answer->next_part == 0 && line_is_masked(line)))
		return add_masked(answer, line, is_complete);
	line = without_line_end(line);
	if (line.len == 0)
		return answer->next_part == 0 ? NITRO_E_NO_ANSWER
					      : NITRO_E_ANSWER_FRAMING;
	/* A colon is no base64, so the two forms cannot be confused. */
	if (has_colon(nitro_bytes_slice(line, 0, NITRO_ANSWER_LINE_MAX)))
		return add_part(answer, line, is_complete);
	return add_whole(answer, line, is_complete);
}

nitro_err
nitro_answer_decode(
    const struct nitro_answer *answer, struct nitro_buf *evidence)
{
	size_t before = evidence->len;
	nitro_err err;

	/* A masked answer has no parts. */
	if (answer->part_count == 0 || answer->next_part != answer->part_count)
		return NITRO_E_INTERNAL;
	if (answer->base64.len > NITRO_BASE64_LEN(NITRO_EVIDENCE_MAX))
		return NITRO_E_EVIDENCE_SIZE;
	err = nitro_base64_decode(
	    nitro_bytes_of_buf(&answer->base64), evidence);
	if (err != NITRO_OK)
		return err;
	if (evidence->len - before > NITRO_EVIDENCE_MAX) {
		evidence->len = before;
		return NITRO_E_EVIDENCE_SIZE;
	}
	return NITRO_OK;
}

void
nitro_answer_drop(struct nitro_answer *answer)
{
	nitro_buf_drop(&answer->base64);
	*answer = (struct nitro_answer){0};
}

/* How a text is cut: every line but the last has line_len characters. */
struct cut {
	size_t line_len;
	unsigned part_count;
};

/* Of the number of a part. */
static size_t
decimal_digits(unsigned n)
{
	return n < 10 ? 1 : 2;
}

/* Characters of the text that a full line of that part carries. */
static size_t
slice_len(const struct cut *cut, unsigned part)
{
	size_t head = decimal_digits(part) + 1 +
		      decimal_digits(cut->part_count) + 1;

	return cut->line_len - head - 3 -
	       1; /* a slice has three digits of length */
}

/* Characters of the text in front of that part. */
static size_t
slice_offset(const struct cut *cut, unsigned part)
{
	size_t sum = 0;

	for (unsigned k = 1; k < part; k++)
		sum += slice_len(cut, k);
	return sum;
}

static bool
cut_fits(const struct cut *cut, size_t base64_len)
{
	size_t before = slice_offset(cut, cut->part_count);

	return base64_len > before &&
	       base64_len - before < slice_len(cut, cut->part_count);
}

/* A shorter line where 1,000 characters would leave the last part full or empty. */
static bool
find_cut(size_t base64_len, struct cut *cut)
{
	for (size_t line_len = NITRO_ANSWER_LINE_MAX;
	     line_len > MASKED_PART_MIN; line_len--)
		for (unsigned n = 2; n <= NITRO_PARTS_MAX; n++) {
			*cut = (struct cut){line_len, n};
			if (cut_fits(cut, base64_len))
				return true;
		}
	return false;
}

unsigned
nitro_answer_part_count(size_t base64_len)
{
	struct cut cut;

	if (base64_len == 0 || base64_len > NITRO_ANSWER_WHOLE_MAX)
		return 0;
	if (base64_len <= NITRO_ANSWER_LINE_MAX)
		return 1;
	return find_cut(base64_len, &cut) ? cut.part_count : 0;
}

nitro_err
nitro_answer_part(
    struct nitro_bytes base64, unsigned part, struct nitro_buf *line)
{
	size_t before = line->len;
	struct nitro_bytes slice;
	struct cut cut;
	char head[32];
	nitro_err err;

	if (nitro_answer_part_count(base64.len) == 0)
		return NITRO_E_ANSWER_SIZE;
	if (part < 1 || part > nitro_answer_part_count(base64.len))
		return NITRO_E_INTERNAL;
	if (base64.len <= NITRO_ANSWER_LINE_MAX)
		return nitro_buf_append(line, base64);
	if (!find_cut(base64.len, &cut))
		return NITRO_E_ANSWER_SIZE;
	slice = nitro_bytes_slice(
	    base64, slice_offset(&cut, part), slice_len(&cut, part));
	(void)snprintf(
	    head, sizeof head, "%u/%u/%zu:", part, cut.part_count, slice.len);
	if ((err = nitro_buf_append_text(line, head)) != NITRO_OK)
		return err;
	if ((err = nitro_buf_append(line, slice)) != NITRO_OK)
		line->len = before;
	return err;
}
