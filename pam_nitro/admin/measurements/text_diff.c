#include "admin/measurements/text_diff.h"

#include <stdio.h>

#include "admin/printable.h"

#define CONTEXT 3
#define LINE_SHOWN_MAX 400 /* characters of a line; more are cut */
#define TAB 8

struct lines {
	struct nitro_bytes *line; /* each with its LF, where it has one */
	size_t count;
};

static void
drop_lines(struct lines *lines)
{
	nitro_free(lines->line);
	*lines = (struct lines){0};
}

static nitro_err
split(struct nitro_bytes text, struct lines *lines)
{
	struct nitro_bytes left = text, line;
	size_t count = 1, at = 0;

	while (nitro_bytes_take_until(&left, '\n', &line))
		count++;
	if ((lines->line = nitro_alloc(count, sizeof line)) == NULL)
		return NITRO_E_MEMORY;
	left = text;
	while (nitro_bytes_take_until(&left, '\n', &line)) {
		lines->line[lines->count++] = nitro_bytes_slice(
		    text, at, line.len + 1);
		at += line.len + 1;
	}
	if (left.len > 0)
		lines->line[lines->count++] = left;
	return NITRO_OK;
}

struct diff {
	struct lines old, new;
	size_t i, j; /* the next line of each */
	struct nitro_buf *out;
	nitro_err err;
};

static void
put(struct diff *diff, const char *text)
{
	if (diff->err == NITRO_OK)
		diff->err = nitro_buf_append_text(diff->out, text);
}

/* The text without its line end, but with a carriage return shown. */
static void
put_line(struct diff *diff, char sign, struct nitro_bytes line)
{
	char shown[LINE_SHOWN_MAX], piece[8];
	size_t column = 0;
	const bool has_end = line.len > 0 && line.ptr[line.len - 1] == '\n';
	struct nitro_bytes left = nitro_bytes_slice(
	    line, 0, line.len - (has_end ? 1 : 0));

	for (size_t i = 0; i < left.len && column < sizeof shown - TAB; i++) {
		const bool is_tab = left.ptr[i] == '\t',
			   is_plain = left.ptr[i] == '\\';

		if (left.ptr[i] == '\r' && i + 1 == left.len)
			break;
		nitro_printable(
		    nitro_bytes_slice(left, i, 1), piece, sizeof piece);
		if (is_tab || is_plain)
			(void)snprintf(
			    piece, sizeof piece, "%s", is_tab ? " " : "\\");
		do
			column += (size_t)snprintf(
			    shown + column, sizeof shown - column, "%s", piece);
		while (is_tab && column % TAB != 0);
	}
	shown[column] = '\0';
	(void)snprintf(piece, sizeof piece, "%c", sign);
	put(diff, piece);
	put(diff, shown);
	put(diff, has_end ? "\n" : "\n\\ No newline at end of file\n");
}

static void
put_both(struct diff *diff, size_t until)
{
	for (; diff->i < until; diff->i++, diff->j++)
		put_line(diff, ' ', diff->old.line[diff->i]);
}

static void
put_old(struct diff *diff, size_t until)
{
	for (; diff->i < until; diff->i++)
		put_line(diff, '-', diff->old.line[diff->i]);
}

static void
put_new(struct diff *diff, size_t until)
{
	for (; diff->j < until; diff->j++)
		put_line(diff, '+', diff->new.line[diff->j]);
}

static bool
is_same(const struct diff *diff, size_t i, size_t j)
{
	return nitro_bytes_equal(diff->old.line[i], diff->new.line[j]);
}

/*
 * Between what is the same before and behind, an insertion has at most one line
 * that got a comma, lines that stay, and new lines.
 */
static void
put_middle(struct diff *diff, size_t old_end, size_t new_end)
{
	if (diff->i < old_end && diff->j < new_end) {
		put_old(diff, diff->i + 1);
		put_new(diff, diff->j + 1);
	}
	while (diff->i < old_end && diff->j < new_end &&
	       is_same(diff, diff->i, diff->j))
		put_both(diff, diff->i + 1);
	put_old(diff, old_end);
	put_new(diff, new_end);
}

static void
put_hunk(struct diff *diff, const char *name, size_t before, size_t behind)
{
	const size_t from = before > CONTEXT ? before - CONTEXT : 0,
		     shown = behind > CONTEXT ? CONTEXT : behind,
		     old_end = diff->old.count - behind,
		     new_end = diff->new.count - behind,
		     old_shown = old_end + shown - from,
		     new_shown = new_end + shown - from;
	char head[128];

	put(diff, "--- ");
	put(diff, name);
	put(diff, "\n+++ ");
	put(diff, name);
	(void)snprintf(head, sizeof head, "\n@@ -%zu,%zu +%zu,%zu @@\n",
	    old_shown > 0 ? from + 1 : from, old_shown,
	    new_shown > 0 ? from + 1 : from, new_shown);
	put(diff, head);
	diff->i = diff->j = from;
	put_both(diff, before);
	put_middle(diff, old_end, new_end);
	put_both(diff, old_end + shown);
}

nitro_err
nitro_text_diff(const char *name, struct nitro_bytes old,
    struct nitro_bytes new, struct nitro_buf *out)
{
	struct diff diff = {.out = out};
	size_t before = 0, behind = 0, shorter;

	if ((diff.err = split(old, &diff.old)) == NITRO_OK)
		diff.err = split(new, &diff.new);
	if (diff.err == NITRO_OK && !nitro_bytes_equal(old, new)) {
		shorter = diff.old.count < diff.new.count ? diff.old.count
							  : diff.new.count;
		while (before < shorter && is_same(&diff, before, before))
			before++;
		while (behind < shorter - before &&
		       is_same(&diff, diff.old.count - behind - 1,
			   diff.new.count - behind - 1))
			behind++;
		put_hunk(&diff, name, before, behind);
	}
	drop_lines(&diff.old);
	drop_lines(&diff.new);
	return diff.err;
}

void
nitro_text_diff_print(struct nitro_bytes diff)
{
	struct nitro_bytes line;
	char text[LINE_SHOWN_MAX + 16];

	while (nitro_bytes_take_until(&diff, '\n', &line)) {
		enum nitro_tone tone = NITRO_TONE_PLAIN;

		if (nitro_bytes_has_prefix(line, "+"))
			tone = NITRO_TONE_GOOD;
		else if (nitro_bytes_has_prefix(line, "-"))
			tone = NITRO_TONE_BAD;
		else if (nitro_bytes_has_prefix(line, "@@"))
			tone = NITRO_TONE_DIM;
		if (!nitro_bytes_to_text(line, text, sizeof text))
			continue;
		nitro_print_word(tone, 0, text);
		(void)putchar('\n');
	}
}
