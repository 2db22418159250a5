#include "admin/record/log_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE "pam_nitro("

static void
copy_printable(struct nitro_bytes in, char *out, size_t out_size)
{
	size_t n = 0;

	for (; n < in.len && n + 1 < out_size; n++)
		out[n] = in.ptr[n] >= ' ' && in.ptr[n] <= '~' ? (char)in.ptr[n]
							      : '?';
	out[n] = '\0';
}

/* Cut "Nov 24 02:50:44 host sshd[123]: " off, where it is. */
static struct nitro_bytes
take_head(struct nitro_bytes *text)
{
	struct nitro_bytes head = {0}, skipped;

	if (nitro_bytes_has_prefix(*text, MESSAGE))
		return head;
	for (size_t i = 0; i + 1 < text->len; i++)
		if (text->ptr[i] == ':' && text->ptr[i + 1] == ' ') {
			if (!nitro_bytes_take(text, i, &head) ||
			    !nitro_bytes_take(text, 2, &skipped))
				return head;
			break;
		}
	return head;
}

/* One "key=value" or "key=\"some words\"" with the blank behind it. */
static bool
take_field(struct nitro_bytes *text, struct nitro_log_field *field)
{
	struct nitro_bytes key, value, quote;

	if (!nitro_bytes_take_until(text, '=', &key))
		return false;
	if (nitro_bytes_has_prefix(*text, "\"")) {
		if (!nitro_bytes_take(text, 1, &quote) ||
		    !nitro_bytes_take_until(text, '"', &value))
			return false;
		if (nitro_bytes_has_prefix(*text, " ") &&
		    !nitro_bytes_take(text, 1, &quote))
			return false;
	} else if (!nitro_bytes_take_until(text, ' ', &value)) {
		value = *text;
		*text = (struct nitro_bytes){0};
	}
	copy_printable(key, field->key, sizeof field->key);
	copy_printable(value, field->value, sizeof field->value);
	return true;
}

bool
nitro_log_line_parse(struct nitro_bytes text, struct nitro_log_line *line)
{
	struct nitro_log_line parsed = {0};
	struct nitro_bytes head = take_head(&text), skipped;

	if (!nitro_bytes_has_prefix(text, MESSAGE) ||
	    !nitro_bytes_take_until(&text, ' ', &skipped))
		return false;
	copy_printable(head, parsed.head, sizeof parsed.head);
	while (text.len > 0 && parsed.count < NITRO_LOG_FIELDS_MAX &&
	       take_field(&text, &parsed.field[parsed.count]))
		parsed.count++;
	/* Each line of the module begins so. */
	if (parsed.count < 3 || strcmp(parsed.field[0].key, "result") != 0 ||
	    strcmp(parsed.field[1].key, "reason") != 0 ||
	    strcmp(parsed.field[2].key, "ref") != 0)
		return false;
	*line = parsed;
	return true;
}

const char *
nitro_log_line_get(const struct nitro_log_line *line, const char *key)
{
	for (size_t i = 0; i < line->count; i++)
		if (strcmp(line->field[i].key, key) == 0)
			return line->field[i].value;
	return NULL;
}

static bool
is_wanted(const char *text, const char *reference, struct nitro_log_line *line)
{
	struct nitro_log_line parsed;
	const char *found;

	/* Most lines of a log are somebody else's. */
	if (strstr(text, reference) == NULL ||
	    !nitro_log_line_parse(nitro_bytes_of_text(text), &parsed))
		return false;
	found = nitro_log_line_get(&parsed, "ref");
	if (found == NULL || strcmp(found, reference) != 0)
		return false;
	*line = parsed;
	return true;
}

static void
search(FILE *file, const char *reference, struct nitro_log_line *line,
    size_t *count)
{
	char text[NITRO_LOG_LINE_SIZE];
	bool is_begin = true, ends;
	size_t len;

	/* What is longer than the module's lines is read in pieces; only the
	 * first of them can be one. */
	while (fgets(text, sizeof text, file) != NULL) {
		len = strlen(text);
		ends = len > 0 && text[len - 1] == '\n';
		if (ends)
			text[len - 1] = '\0';
		if (is_begin && is_wanted(text, reference, line))
			(*count)++;
		is_begin = ends;
	}
}

nitro_err
nitro_log_search(const char *path, const char *reference,
    struct nitro_log_line *line, size_t *count, struct nitro_fault *fault)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	bool has_failed;

	*count = 0;
	if (file == NULL)
		return nitro_fault_set(fault, NITRO_E_FILE_MISSING, path, 0,
		    "cannot be opened: %s", strerror(errno));
	search(file, reference, line, count);
	has_failed = ferror(file) != 0;
	if (!is_stdin)
		(void)fclose(file);
	if (has_failed)
		return nitro_fault_set(
		    fault, NITRO_E_FILE_READ, path, 0, "cannot be read");
	return NITRO_OK;
}
