#include "policy/config_text.h"

#include <string.h>

struct scan {
	const struct nitro_config_source *source;
	struct nitro_fault *fault;
	struct nitro_bytes left;
	unsigned line;
	size_t token_count;
	uint8_t last; /* how the token before began; 0 for none */
	size_t depth;
	struct {
		uint8_t bracket;
		unsigned line;
	} opened[NITRO_CONFIG_DEPTH_MAX];
};

static nitro_err
refuse(const struct scan *s, const char *what)
{
	return nitro_fault_set(
	    s->fault, s->source->err, s->source->path, s->line, "%s", what);
}

static nitro_err
refuse_byte(const struct scan *s, uint8_t byte, const char *where)
{
	return nitro_fault_set(s->fault, s->source->err, s->source->path,
	    s->line, "byte 0x%02x %s", byte, where);
}

/* The next byte, or 0, which check_bytes() has refused. */
static uint8_t
peek(const struct scan *s, size_t ahead)
{
	return ahead < s->left.len ? s->left.ptr[ahead] : 0;
}

static void
advance(struct scan *s, size_t n)
{
	struct nitro_bytes skipped;

	if (!nitro_bytes_take(&s->left, n, &skipped))
		s->left = (struct nitro_bytes){0};
	else if (skipped.ptr[0] == '\n') /* alone: no token begins so */
		s->line++;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_letter(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool
is_in(uint8_t c, const char *set)
{
	return c != 0 && strchr(set, c) != NULL;
}

static bool
is_word(uint8_t c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || is_in(c, "_*.+-");
}

/* What no part of the text may have, and the marks of other encodings. */
static nitro_err
check_bytes(struct scan *s)
{
	uint8_t c;

	if (nitro_bytes_has_prefix(s->left, "\xff\xfe") ||
	    nitro_bytes_has_prefix(s->left, "\xfe\xff"))
		return refuse(s, "the file is UTF-16; save it as UTF-8");
	if (nitro_bytes_has_prefix(s->left, "\xef\xbb\xbf"))
		return refuse(s, "the file begins with a byte order mark; "
				 "save it without one");
	for (; s->left.len > 0; advance(s, 1)) {
		c = peek(s, 0);
		if (c == '\r' && peek(s, 1) != '\n')
			return refuse_byte(
			    s, c, "(CR) without LF; lines end in LF or CR LF");
		if ((c < ' ' && !is_blank(c)) || c == 0x7f)
			return refuse_byte(s, c, "is a control byte");
		if (nitro_bytes_has_prefix(s->left, "@include"))
			return refuse(s, "\"@include\" is not allowed, not "
					 "even in a comment");
	}
	return NITRO_OK;
}

static void
skip_line(struct scan *s)
{
	while (s->left.len > 0 && peek(s, 0) != '\n')
		advance(s, 1);
}

static nitro_err
skip_long_comment(struct scan *s)
{
	unsigned opened = s->line;

	advance(s, 2);
	while (s->left.len > 0 && !nitro_bytes_has_prefix(s->left, "*/"))
		advance(s, 1);
	if (s->left.len == 0) {
		s->line = opened;
		return refuse(s, "this /* comment does not end");
	}
	advance(s, 2);
	return NITRO_OK;
}

/* Behind a name and its mark, or as an element of a list. */
static bool
string_may_begin(const struct scan *s)
{
	if (s->last == ',')
		return s->depth > 0 &&
		       is_in(s->opened[s->depth - 1].bracket, "([");
	return is_in(s->last, "=:([");
}

static nitro_err
take_string(struct scan *s)
{
	uint8_t c;

	if (s->last == '"')
		return refuse(s, "two strings side by side; is a comma or "
				 "semicolon missing?");
	/* libconfig never releases a string that it does not expect. */
	if (!string_may_begin(s))
		return refuse(s, "a string where a name must stand; is "
				 "\"name =\" or a comma missing?");
	advance(s, 1);
	while ((c = peek(s, 0)) != '"') {
		if (s->left.len == 0 || c == '\n' || c == '\r')
			return refuse(
			    s, "this string does not end on its line");
		if (c < ' ' || c > '~')
			return refuse_byte(s, c,
			    "in a string; only printable ASCII is allowed");
		if (c == '\\' && !is_in(peek(s, 1), "\"\\"))
			return refuse(s, "only \\\" and \\\\ may follow a "
					 "backslash in a string");
		advance(s, c == '\\' ? 2 : 1);
	}
	advance(s, 1);
	return NITRO_OK;
}

static nitro_err
take_word(struct scan *s)
{
	struct nitro_bytes word = s->left;
	size_t len = 0;
	bool is_name = is_letter(peek(s, 0)) || peek(s, 0) == '*',
	     is_plain = true;
	unsigned value;

	for (; is_word(peek(s, len)); len++)
		if (is_in(peek(s, len), ".+"))
			is_plain = false;
	word = nitro_bytes_slice(s->left, 0, len);
	if (is_name && !is_plain)
		return nitro_fault_set(s->fault, s->source->err,
		    s->source->path, s->line,
		    "\"%.*s\" is no name of a setting; text stands in quotes",
		    len > 40 ? 40 : (int)len, (const char *)word.ptr);
	if (!is_name && !nitro_bytes_to_number(word, &value))
		return nitro_fault_set(s->fault, s->source->err,
		    s->source->path, s->line,
		    "\"%.*s\" is not a whole number of 1 to 9 decimal digits",
		    len > 40 ? 40 : (int)len, (const char *)word.ptr);
	advance(s, len);
	return NITRO_OK;
}

static nitro_err
take_mark(struct scan *s, uint8_t c)
{
	if (is_in(c, "([{")) {
		if (s->depth == NITRO_CONFIG_DEPTH_MAX)
			return refuse(s, "brackets are nested too deep");
		s->opened[s->depth].bracket = c;
		s->opened[s->depth++].line = s->line;
	} else if (is_in(c, ")]}")) {
		if (s->depth == 0)
			return refuse(s, "a bracket closes that none opens");
		s->depth--;
	} else if (!is_in(c, "=:,;")) {
		return refuse_byte(
		    s, c, "does not belong here; text stands in quotes");
	}
	advance(s, 1);
	return NITRO_OK;
}

static nitro_err
take_token(struct scan *s, uint8_t c)
{
	nitro_err err;

	if (c == '"')
		err = take_string(s);
	else if (is_word(c))
		err = take_word(s);
	else
		err = take_mark(s, c);
	s->last = c;
	s->token_count++;
	return err;
}

static nitro_err
take_next(struct scan *s)
{
	uint8_t c = peek(s, 0);

	if (is_blank(c)) {
		advance(s, 1);
		return NITRO_OK;
	}
	if (c == '#' || nitro_bytes_has_prefix(s->left, "//")) {
		skip_line(s);
		return NITRO_OK;
	}
	if (nitro_bytes_has_prefix(s->left, "/*"))
		return skip_long_comment(s);
	return take_token(s, c);
}

nitro_err
nitro_config_text_check(const struct nitro_config_source *source,
    size_t *token_count, struct nitro_fault *fault)
{
	struct scan s = {
	    .source = source, .fault = fault, .left = source->text, .line = 1};
	nitro_err err;

	if ((err = check_bytes(&s)) != NITRO_OK)
		return err;
	s.left = source->text;
	s.line = 1;
	while (s.left.len > 0)
		if ((err = take_next(&s)) != NITRO_OK)
			return err;
	if (s.depth > 0) {
		s.line = s.opened[s.depth - 1].line;
		return refuse(&s, "the bracket that this line opens is never "
				  "closed");
	}
	*token_count = s.token_count;
	return NITRO_OK;
}
