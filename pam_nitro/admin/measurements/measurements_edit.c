#include "admin/measurements/measurements_edit.h"

#include <string.h>

#define BRACKETS_MAX 16

#define REFUSE(scan, ...) \
	nitro_fault_set((scan)->fault, NITRO_E_MEASUREMENTS, NULL, \
	    line_at((scan)->text, (scan)->token.at), __VA_ARGS__)

/* What a text of libconfig consists of, comments and blanks left out. */
enum token_type {
	TOKEN_END,
	TOKEN_WORD, /* a name, a number, true */
	TOKEN_STRING,
	TOKEN_MARK, /* brackets and = : , ; */
	TOKEN_BROKEN
};

struct token {
	enum token_type type;
	size_t at, end;
	uint8_t mark; /* TOKEN_MARK */
};

struct scan {
	struct nitro_bytes text;
	struct token token; /* the last one taken */
	struct nitro_fault *fault;
};

/* Where a list ends. */
struct place {
	bool is_there;
	struct token last; /* the token before the closing bracket */
	size_t close;
};

static uint8_t
byte_at(struct nitro_bytes text, size_t at)
{
	return at < text.len ? text.ptr[at] : 0;
}

static bool
is_one_of(uint8_t c, const char *set)
{
	return c != 0 && strchr(set, c) != NULL;
}

static bool
is_blank(uint8_t c)
{
	return is_one_of(c, " \t\r\n");
}

static bool
is_word(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || is_one_of(c, "_*.+-");
}

static unsigned
line_at(struct nitro_bytes text, size_t at)
{
	unsigned line = 1;

	for (size_t i = 0; i < at && i < text.len; i++)
		if (text.ptr[i] == '\n')
			line++;
	return line;
}

static bool
has_at(struct nitro_bytes text, size_t at, const char *word)
{
	return nitro_bytes_has_prefix(
	    nitro_bytes_slice(text, at, text.len), word);
}

/* Behind a comment that begins there; there itself where none does. */
static size_t
skip_comment(struct nitro_bytes text, size_t at)
{
	if (byte_at(text, at) == '#' || has_at(text, at, "//")) {
		while (at < text.len && text.ptr[at] != '\n')
			at++;
		return at;
	}
	if (!has_at(text, at, "/*"))
		return at;
	for (size_t i = at + 2; i + 1 < text.len; i++)
		if (text.ptr[i] == '*' && text.ptr[i + 1] == '/')
			return i + 2;
	return at; /* which makes a broken token of it */
}

static size_t
skip_blanks(struct nitro_bytes text, size_t at)
{
	size_t before;

	do {
		before = at;
		while (is_blank(byte_at(text, at)))
			at++;
		at = skip_comment(text, at);
	} while (at != before);
	return at;
}

/* Behind the closing quote; 0 where the string does not end on its line. */
static size_t
end_of_string(struct nitro_bytes text, size_t at)
{
	uint8_t c;

	for (at++; at < text.len; at++) {
		c = text.ptr[at];
		if (c == '"')
			return at + 1;
		if (c == '\n')
			return 0;
		if (c == '\\')
			at++;
	}
	return 0;
}

static enum token_type
take_token(struct scan *scan)
{
	struct token *token = &scan->token;
	size_t at = skip_blanks(scan->text, token->end);
	uint8_t c = byte_at(scan->text, at);

	*token = (struct token){.type = TOKEN_BROKEN, .at = at, .end = at};
	if (at >= scan->text.len) {
		token->type = TOKEN_END;
	} else if (c == '"') {
		token->end = end_of_string(scan->text, at);
		if (token->end > 0)
			token->type = TOKEN_STRING;
	} else if (is_word(c)) {
		token->type = TOKEN_WORD;
		while (is_word(byte_at(scan->text, token->end)))
			token->end++;
	} else if (is_one_of(c, "()[]{}=:,;")) {
		token->type = TOKEN_MARK;
		token->mark = c;
		token->end = at + 1;
	}
	return token->type;
}

static bool
is_mark(const struct scan *scan, const char *marks)
{
	return scan->token.type == TOKEN_MARK &&
	       is_one_of(scan->token.mark, marks);
}

static uint8_t
closing(uint8_t mark)
{
	if (mark == '(')
		return ')';
	return mark == '[' ? ']' : '}';
}

/*
 * From the opening bracket, which has been taken, to its closing one. *last
 * is the token before that.
 */
static nitro_err
take_brackets(struct scan *scan, struct token *last)
{
	uint8_t expected[BRACKETS_MAX];
	size_t depth = 0;

	for (;;) {
		if (is_mark(scan, "([{")) {
			if (depth == BRACKETS_MAX)
				return REFUSE(
				    scan, "brackets are nested too deep");
			expected[depth++] = closing(scan->token.mark);
		} else if (is_mark(scan, ")]}")) {
			if (depth == 0 ||
			    scan->token.mark != expected[depth - 1])
				return REFUSE(scan, "a bracket is closed by "
						    "one of another kind");
			depth--;
		}
		if (depth == 0)
			return NITRO_OK;
		*last = scan->token;
		if (take_token(scan) == TOKEN_BROKEN)
			return REFUSE(scan, "this cannot be read: a string or "
					    "comment that does not end, or a "
					    "character out of place");
		if (scan->token.type == TOKEN_END)
			return REFUSE(scan, "a bracket is never closed");
	}
}

/* One "name = value;" whose name has been taken. */
static nitro_err
take_setting(struct scan *scan, const char *name, struct place *place)
{
	const bool is_wanted = nitro_bytes_equal_text(
	    nitro_bytes_slice(
		scan->text, scan->token.at, scan->token.end - scan->token.at),
	    name);
	struct token last = {0};
	nitro_err err;

	if (is_wanted && place->is_there)
		return REFUSE(scan, "%s is there twice", name);
	(void)take_token(scan);
	if (!is_mark(scan, "=:"))
		return REFUSE(scan, "a name without = behind it");
	(void)take_token(scan);
	if (is_wanted && !is_mark(scan, "("))
		return REFUSE(scan,
		    "%s must be a list of groups: ( { ... }, { ... } )", name);
	if (is_mark(scan, "([{")) {
		if ((err = take_brackets(scan, &last)) != NITRO_OK)
			return err;
	} else if (scan->token.type != TOKEN_WORD &&
		   scan->token.type != TOKEN_STRING) {
		return REFUSE(scan, "a name without a value behind it");
	}
	if (is_wanted)
		*place = (struct place){true, last, scan->token.at};
	return NITRO_OK;
}

/* Only what stands at the top counts, never what is within something else. */
static nitro_err
find_list(struct scan *scan, const char *name, struct place *place)
{
	nitro_err err;

	(void)take_token(scan);
	while (scan->token.type != TOKEN_END) {
		if (scan->token.type != TOKEN_WORD)
			return REFUSE(scan, "this is not where a setting "
					    "begins: \"name = value;\"");
		if ((err = take_setting(scan, name, place)) != NITRO_OK)
			return err;
		(void)take_token(scan);
		if (is_mark(scan, ";,"))
			(void)take_token(scan);
	}
	return NITRO_OK;
}

/* The last line as well where it has no end. */
static const char *
line_end_of(struct nitro_bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == '\n')
			return i > 0 && text.ptr[i - 1] == '\r' ? "\r\n" : "\n";
	return "\n";
}

static nitro_err
append_lines(struct nitro_buf *out, struct nitro_bytes lines, const char *end)
{
	struct nitro_bytes line;
	nitro_err err;

	while (nitro_bytes_take_until(&lines, '\n', &line))
		if ((err = nitro_buf_append(out, line)) != NITRO_OK ||
		    (err = nitro_buf_append_text(out, end)) != NITRO_OK)
			return err;
	return NITRO_OK;
}

static bool
is_all_blank(struct nitro_bytes text, size_t from, size_t to)
{
	while (from < to && is_blank(text.ptr[from]))
		from++;
	return from >= to;
}

/*
 * Elements stand in lines of their own. In front of the closing bracket where
 * that has a line of its own, so that comments stay with what they follow.
 */
static nitro_err
insert_at_end(struct nitro_bytes text, const struct place *place,
    struct nitro_bytes elements, struct nitro_buf *out)
{
	const char *end = line_end_of(text);
	const size_t last = place->last.end;
	size_t start = place->close;
	bool has_own_line, needs_comma = place->last.type != TOKEN_MARK ||
					 !is_one_of(place->last.mark, "(,");
	nitro_err err;

	while (start > last && text.ptr[start - 1] != '\n')
		start--;
	has_own_line = start > last && is_all_blank(text, start, place->close);
	if (!has_own_line)
		start = is_all_blank(text, last, place->close) ? last
							       : place->close;
	if ((err = nitro_buf_append(out, nitro_bytes_slice(text, 0, last))) !=
		NITRO_OK ||
	    (needs_comma &&
		(err = nitro_buf_append_byte(out, ',')) != NITRO_OK) ||
	    (err = nitro_buf_append(out,
		 nitro_bytes_slice(text, last, start - last))) != NITRO_OK ||
	    (!has_own_line &&
		(err = nitro_buf_append_text(out, end)) != NITRO_OK) ||
	    (err = append_lines(out, elements, end)) != NITRO_OK)
		return err;
	return nitro_buf_append(out, nitro_bytes_slice(text, start, text.len));
}

static nitro_err
append_list(struct nitro_bytes text, const char *name,
    struct nitro_bytes elements, struct nitro_buf *out)
{
	const char *end = line_end_of(text);
	const bool is_empty = text.len == 0,
		   has_end = is_empty || text.ptr[text.len - 1] == '\n';
	nitro_err err;

	if ((err = nitro_buf_append(out, text)) != NITRO_OK ||
	    (!has_end && (err = nitro_buf_append_text(out, end)) != NITRO_OK) ||
	    (!is_empty &&
		(err = nitro_buf_append_text(out, end)) != NITRO_OK) ||
	    (err = nitro_buf_append_text(out, name)) != NITRO_OK ||
	    (err = nitro_buf_append_text(out, " = (")) != NITRO_OK ||
	    (err = nitro_buf_append_text(out, end)) != NITRO_OK ||
	    (err = append_lines(out, elements, end)) != NITRO_OK ||
	    (err = nitro_buf_append_text(out, ");")) != NITRO_OK)
		return err;
	return nitro_buf_append_text(out, end);
}

nitro_err
nitro_edit_insert(struct nitro_bytes text, enum nitro_edit_list list,
    struct nitro_bytes elements, struct nitro_buf *out,
    struct nitro_fault *fault)
{
	const char *name = list == NITRO_EDIT_REVOKED ? "revoked"
						      : "measurements";
	struct scan scan = {.text = text, .fault = fault};
	struct place place = {0};
	size_t before = out->len;
	nitro_err err;

	if ((err = find_list(&scan, name, &place)) != NITRO_OK)
		return err;
	err = place.is_there ? insert_at_end(text, &place, elements, out)
			     : append_list(text, name, elements, out);
	if (err == NITRO_OK)
		return NITRO_OK;
	out->len = before;
	return nitro_fault_set(
	    fault, err, NULL, 0, "%s", nitro_err_sentence(err));
}

/* "{ workload" at the begin of a line, as the printed entry has it. */
static bool
begins_element(struct nitro_bytes text, size_t at)
{
	if (byte_at(text, at) != '{')
		return false;
	for (at++; is_one_of(byte_at(text, at), " \t"); at++)
		;
	return has_at(text, at, "workload");
}

/* *start is where the last of them begins. */
static size_t
count_elements(struct nitro_bytes text, size_t *start)
{
	size_t at = 0, count = 0;

	while (at < text.len) {
		while (is_one_of(byte_at(text, at), " \t"))
			at++;
		if (begins_element(text, at)) {
			*start = at;
			count++;
		}
		while (at < text.len && text.ptr[at++] != '\n')
			;
	}
	return count;
}

size_t
nitro_edit_count_elements(struct nitro_bytes text)
{
	size_t start = 0;

	return count_elements(text, &start);
}

nitro_err
nitro_edit_find_element(struct nitro_bytes text, struct nitro_bytes *element,
    struct nitro_fault *fault)
{
	struct scan scan = {.text = text, .fault = fault};
	struct token last = {0};
	size_t start = 0, count = count_elements(text, &start);
	nitro_err err;

	if (count != 1)
		return nitro_fault_set(fault, NITRO_E_MEASUREMENTS, NULL, 0,
		    count == 0 ? "has no entry in it"
			       : "has several entries; give one of them");
	scan.token.end = start;
	(void)take_token(&scan);
	if ((err = take_brackets(&scan, &last)) != NITRO_OK)
		return err;
	*element = nitro_bytes_slice(text, start, scan.token.end - start);
	return NITRO_OK;
}
