#include "policy/config_text.h"

#include <string.h>

static nitro_err
refuse(const struct nitro_config_scan *s, const char *what)
{
	return nitro_fault_set(
	    s->fault, s->source->err, s->source->path, s->line, "%s", what);
}

static nitro_err
refuse_byte(const struct nitro_config_scan *s, uint8_t byte, const char *where)
{
	return nitro_fault_set(s->fault, s->source->err, s->source->path,
	    s->line, "byte 0x%02x %s", byte, where);
}

/* The next byte, or 0, which check_bytes() has refused. */
static uint8_t
peek(const struct nitro_config_scan *s, size_t ahead)
{
	const struct nitro_bytes *text = &s->source->text;

	return ahead < text->len - s->at ? text->ptr[s->at + ahead] : 0;
}

static bool
is_at_end(const struct nitro_config_scan *s)
{
	return s->at == s->source->text.len;
}

/* One byte, of which there is one. */
static void
advance(struct nitro_config_scan *s)
{
	if (s->source->text.ptr[s->at] == '\n')
		s->line++;
	s->at++;
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
is_word(uint8_t c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '*' ||
	       c == '.' || c == '+' || c == '-';
}

/* Nearly every byte of a file is such a byte of a string. */
static bool
is_plain(uint8_t c)
{
	return (c >= ' ') & (c <= '~') & (c != '"') & (c != '\\');
}

/* The offset of a byte that no part of the text may have, or the text's length. */
static size_t
find_control_byte(struct nitro_bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.ptr[i];

		if (c >= ' ' && c != 0x7f)
			continue;
		if (!is_blank(c) || (c == '\r' && (i + 1 == text.len ||
						      text.ptr[i + 1] != '\n')))
			return i;
	}
	return text.len;
}

static size_t
find_include(struct nitro_bytes text)
{
	static const char word[] = "@include";
	const uint8_t *found = NULL;

	if (text.len > 0)
		found = memmem(text.ptr, text.len, word, sizeof word - 1);
	return found != NULL ? (size_t)(found - text.ptr) : text.len;
}

static void
go_to(struct nitro_config_scan *s, size_t offset)
{
	while (s->at < offset)
		advance(s);
}

/*
 * What no part of the text may have, and the marks of other encodings. The
 * scan moves to what is wrong, and otherwise stays where it is.
 */
static nitro_err
check_bytes(struct nitro_config_scan *s)
{
	const struct nitro_bytes text = s->source->text;
	size_t control, include;

	if (nitro_bytes_has_prefix(text, "\xff\xfe") ||
	    nitro_bytes_has_prefix(text, "\xfe\xff"))
		return refuse(s, "the file is UTF-16; save it as UTF-8");
	if (nitro_bytes_has_prefix(text, "\xef\xbb\xbf"))
		return refuse(s, "the file begins with a byte order mark; "
				 "save it without one");
	control = find_control_byte(text);
	if (control < text.len) {
		go_to(s, control);
		return peek(s, 0) == '\r'
			   ? refuse_byte(s, '\r',
				 "(CR) without LF; lines end in LF or CR LF")
			   : refuse_byte(s, peek(s, 0), "is a control byte");
	}
	include = find_include(text);
	if (include == text.len)
		return NITRO_OK;
	go_to(s, include);
	return refuse(s, "\"@include\" is not allowed, not even in a comment");
}

static void
skip_line(struct nitro_config_scan *s)
{
	const struct nitro_bytes text = s->source->text;
	size_t at = s->at;

	while (at < text.len && text.ptr[at] != '\n')
		at++;
	s->at = at;
}

static void
skip_plain(struct nitro_config_scan *s)
{
	const struct nitro_bytes text = s->source->text;
	size_t at = s->at;

	while (at < text.len && is_plain(text.ptr[at]))
		at++;
	s->at = at;
}

static nitro_err
skip_long_comment(struct nitro_config_scan *s)
{
	const unsigned opened = s->line;

	s->at += 2;
	while (!is_at_end(s) && (peek(s, 0) != '*' || peek(s, 1) != '/'))
		advance(s);
	if (is_at_end(s)) {
		s->line = opened;
		return refuse(s, "this /* comment does not end");
	}
	s->at += 2;
	return NITRO_OK;
}

/* Behind a name and its mark, or as an element of a list. */
static bool
string_may_begin(const struct nitro_config_scan *s)
{
	const uint8_t last = s->last;

	if (last == ',')
		return s->depth > 0 && s->opened[s->depth - 1].bracket != '{';
	return last == '=' || last == ':' || last == '(' || last == '[';
}

static nitro_err
take_string(struct nitro_config_scan *s)
{
	uint8_t c;

	if (s->last == '"')
		return refuse(s, "two strings side by side; is a comma or "
				 "semicolon missing?");
	/* libconfig never releases a string that it does not expect. */
	if (!string_may_begin(s))
		return refuse(s, "a string where a name must stand; is "
				 "\"name =\" or a comma missing?");
	s->at++;
	for (skip_plain(s); (c = peek(s, 0)) != '"'; skip_plain(s)) {
		if (is_at_end(s) || c == '\n' || c == '\r')
			return refuse(
			    s, "this string does not end on its line");
		if (c < ' ' || c > '~')
			return refuse_byte(s, c,
			    "in a string; only printable ASCII is allowed");
		if (peek(s, 1) != '"' && peek(s, 1) != '\\')
			return refuse(s, "only \\\" and \\\\ may follow a "
					 "backslash in a string");
		s->at += 2;
	}
	s->at++;
	return NITRO_OK;
}

static nitro_err
take_word(struct nitro_config_scan *s)
{
	struct nitro_bytes word;
	size_t len = 0;
	bool is_name = is_letter(peek(s, 0)) || peek(s, 0) == '*',
	     is_plain = true;
	unsigned value;

	for (; is_word(peek(s, len)); len++)
		if (peek(s, len) == '.' || peek(s, len) == '+')
			is_plain = false;
	word = nitro_bytes_slice(s->source->text, s->at, len);
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
	s->at += len;
	return NITRO_OK;
}

static nitro_err
take_mark(struct nitro_config_scan *s, uint8_t c)
{
	switch (c) {
	case '(':
	case '[':
	case '{':
		if (s->depth == NITRO_CONFIG_DEPTH_MAX)
			return refuse(s, "brackets are nested too deep");
		s->opened[s->depth].bracket = c;
		s->opened[s->depth++].line = s->line;
		break;
	case ')':
	case ']':
	case '}':
		if (s->depth == 0)
			return refuse(s, "a bracket closes that none opens");
		s->depth--;
		break;
	case '=':
	case ':':
	case ',':
	case ';':
		break;
	default:
		return refuse_byte(
		    s, c, "does not belong here; text stands in quotes");
	}
	s->at++;
	return NITRO_OK;
}

static nitro_err
take_token(struct nitro_config_scan *s, struct nitro_config_token *token)
{
	const size_t begin = s->at;
	const uint8_t c = peek(s, 0);
	nitro_err err;

	if (c == '"')
		err = take_string(s);
	else if (is_word(c))
		err = take_word(s);
	else
		err = take_mark(s, c);
	if (err != NITRO_OK)
		return err;
	s->last = c;
	s->token_count++;
	*token = (struct nitro_config_token){c, begin, s->at, s->line};
	return NITRO_OK;
}

/* True, and passed over, where neither a token nor the end stands here. */
static bool
skip(struct nitro_config_scan *s, nitro_err *err)
{
	const uint8_t c = peek(s, 0);

	if (is_blank(c))
		advance(s);
	else if (c == '#' || (c == '/' && peek(s, 1) == '/'))
		skip_line(s);
	else if (c == '/' && peek(s, 1) == '*')
		*err = skip_long_comment(s);
	else
		return false;
	return *err == NITRO_OK;
}

nitro_err
nitro_config_scan_open(struct nitro_config_scan *s,
    const struct nitro_config_source *source, struct nitro_fault *fault)
{
	*s = (struct nitro_config_scan){
	    .source = source, .fault = fault, .line = 1};
	return check_bytes(s);
}

nitro_err
nitro_config_scan_next(
    struct nitro_config_scan *s, struct nitro_config_token *token)
{
	nitro_err err = NITRO_OK;

	while (skip(s, &err))
		;
	if (err != NITRO_OK)
		return err;
	if (!is_at_end(s))
		return take_token(s, token);
	if (s->depth > 0) {
		s->line = s->opened[s->depth - 1].line;
		return refuse(s, "the bracket that this line opens is never "
				 "closed");
	}
	*token = (struct nitro_config_token){0, s->at, s->at, s->line};
	return NITRO_OK;
}

nitro_err
nitro_config_text_check(const struct nitro_config_source *source,
    size_t *token_count, struct nitro_fault *fault)
{
	struct nitro_config_scan s;
	struct nitro_config_token token;
	nitro_err err;

	if ((err = nitro_config_scan_open(&s, source, fault)) != NITRO_OK)
		return err;
	do
		if ((err = nitro_config_scan_next(&s, &token)) != NITRO_OK)
			return err;
	while (token.first != 0);
	*token_count = s.token_count;
	return NITRO_OK;
}
