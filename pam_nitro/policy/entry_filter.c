#include "policy/entry_filter.h"

struct filter {
	struct nitro_config_scan scan;
	struct nitro_config_token token; /* the last that was taken */
	struct nitro_reach *reach;
	struct nitro_buf *reduced;
	size_t copied; /* offset of what is not in reduced yet */
	unsigned line; /* of what will be appended next */
	size_t kept, left_out;
};

/* What stands next is not as expected: the text is for libconfig to judge. */
#define UNEXPECTED NITRO_E_INTERNAL

static nitro_err
take(struct filter *f)
{
	return nitro_config_scan_next(&f->scan, &f->token);
}

static struct nitro_bytes
text_of(const struct filter *f, const struct nitro_config_token *token)
{
	return nitro_bytes_slice(
	    f->scan.source->text, token->begin, token->end - token->begin);
}

static nitro_err
take_mark(struct filter *f, uint8_t mark, uint8_t or_mark)
{
	nitro_err err = take(f);

	if (err != NITRO_OK)
		return err;
	return f->token.first == mark || f->token.first == or_mark ? NITRO_OK
								   : UNEXPECTED;
}

static bool
is_name(const struct nitro_config_token *token)
{
	return (token->first >= 'A' && token->first <= 'Z') ||
	       (token->first >= 'a' && token->first <= 'z') ||
	       token->first == '*';
}

/* A value: text, a word, or whatever brackets hold. */
static nitro_err
take_value(struct filter *f)
{
	const size_t depth = f->scan.depth;
	nitro_err err;

	if ((err = take(f)) != NITRO_OK)
		return err;
	switch (f->token.first) {
	case '=':
	case ':':
	case ',':
	case ';':
	case 0:
		return UNEXPECTED;
	default:
		break;
	}
	/* The bracket that closes was seen to: the depth is as before. */
	while (f->scan.depth > depth)
		if ((err = take(f)) != NITRO_OK)
			return err;
	return f->scan.depth == depth ? NITRO_OK : UNEXPECTED;
}

/* A group behind its "{", to its "}". */
static nitro_err
take_group(struct filter *f, struct nitro_bytes *workload)
{
	nitro_err err = take(f);

	*workload = (struct nitro_bytes){0};
	while (err == NITRO_OK && f->token.first != '}') {
		const struct nitro_config_token name = f->token;

		if (!is_name(&name))
			return UNEXPECTED;
		if ((err = take_mark(f, '=', ':')) != NITRO_OK ||
		    (err = take_value(f)) != NITRO_OK)
			return err;
		if (nitro_bytes_equal_text(text_of(f, &name), "workload")) {
			if (workload->len > 0 || f->token.first != '"')
				return UNEXPECTED;
			*workload = text_of(f, &f->token);
		}
		if ((err = take(f)) == NITRO_OK &&
		    (f->token.first == ';' || f->token.first == ','))
			err = take(f);
	}
	if (err != NITRO_OK)
		return err;
	if (workload->len == 0)
		return UNEXPECTED;
	*workload = nitro_bytes_slice(*workload, 1, workload->len - 2);
	return NITRO_OK;
}

/* Line ends instead of what was left out. */
static nitro_err
catch_up(struct filter *f, unsigned line)
{
	nitro_err err = NITRO_OK;

	for (; err == NITRO_OK && f->line < line; f->line++)
		err = nitro_buf_append_byte(f->reduced, '\n');
	return err;
}

static nitro_err
copy(struct filter *f, size_t end)
{
	const struct nitro_bytes text = f->scan.source->text;
	nitro_err err;

	err = nitro_buf_append(
	    f->reduced, nitro_bytes_slice(text, f->copied, end - f->copied));
	f->copied = end;
	return err;
}

/* An element of the list, whose "{" was taken. */
static nitro_err
filter_element(struct filter *f)
{
	const struct nitro_config_token begin = f->token;
	struct nitro_bytes workload;
	nitro_err err;

	if ((err = take_group(f, &workload)) != NITRO_OK)
		return err;
	if (!nitro_reach_note(f->reach, workload)) {
		f->left_out++;
		return NITRO_OK;
	}
	f->copied = begin.begin;
	if ((f->kept++ > 0 &&
		(err = nitro_buf_append_byte(f->reduced, ',')) != NITRO_OK) ||
	    (err = catch_up(f, begin.line)) != NITRO_OK ||
	    (err = copy(f, f->token.end)) != NITRO_OK)
		return err;
	f->line = f->token.line;
	return NITRO_OK;
}

/* "measurements", whose name was taken, to its ")". */
static nitro_err
filter_list(struct filter *f)
{
	nitro_err err;

	if ((err = take_mark(f, '=', ':')) != NITRO_OK ||
	    (err = take_mark(f, '(', '(')) != NITRO_OK ||
	    (err = copy(f, f->token.end)) != NITRO_OK)
		return err;
	f->line = f->token.line;
	err = take_mark(f, '{', ')');
	while (err == NITRO_OK && f->token.first == '{') {
		if ((err = filter_element(f)) == NITRO_OK &&
		    (err = take_mark(f, ',', ')')) == NITRO_OK &&
		    f->token.first == ',')
			err = take_mark(f, '{', '{');
	}
	if (err != NITRO_OK)
		return err;
	f->copied = f->token.begin;
	return catch_up(f, f->token.line);
}

/* To the end of the text, and through its first list "measurements". */
static nitro_err
filter_text(struct filter *f)
{
	bool is_done = false;
	nitro_err err;

	while ((err = take(f)) == NITRO_OK && f->token.first != 0) {
		if (is_done || f->scan.depth > 0 ||
		    !nitro_bytes_equal_text(
			text_of(f, &f->token), "measurements"))
			continue;
		if ((err = filter_list(f)) != NITRO_OK)
			return err;
		is_done = true;
	}
	return err == NITRO_OK ? copy(f, f->token.end) : err;
}

nitro_err
nitro_entry_filter(const struct nitro_config_source *source,
    struct nitro_reach *reach, struct nitro_buf *reduced, size_t *left_out,
    struct nitro_fault *fault)
{
	struct filter f = {.reach = reach, .reduced = reduced, .line = 1};
	const size_t before = reduced->len;
	nitro_err err;

	if ((err = nitro_config_scan_open(&f.scan, source, fault)) != NITRO_OK)
		return err;
	err = filter_text(&f);
	if (err == UNEXPECTED) {
		f.left_out = 0;
		reduced->len = before;
		while ((err = take(&f)) == NITRO_OK && f.token.first != 0)
			;
		if (err == NITRO_OK)
			err = nitro_buf_append(reduced, source->text);
	}
	if (err == NITRO_E_MEMORY)
		return nitro_fault_set(
		    fault, err, source->path, 0, "no memory to read it");
	*left_out = f.left_out;
	return err;
}
