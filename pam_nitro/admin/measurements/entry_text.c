#include <stdio.h>

#include "admin/measurements/measurements_edit.h"
#include "base/hex.h"
#include "base/time_text.h"

/* An element under construction; the first failure stays. */
struct writer {
	struct nitro_buf *out;
	bool is_begun;
	nitro_err err;
};

static void
write_text(struct writer *writer, const char *text)
{
	if (writer->err == NITRO_OK)
		writer->err = nitro_buf_append_text(writer->out, text);
}

static void
write_quoted(struct writer *writer, const char *value)
{
	struct nitro_bytes in = nitro_bytes_of_text(value);

	write_text(writer, "\"");
	for (size_t i = 0; i < in.len && writer->err == NITRO_OK; i++) {
		if (in.ptr[i] < ' ' || in.ptr[i] > '~')
			writer->err = NITRO_E_MEASUREMENTS;
		if (in.ptr[i] == '"' || in.ptr[i] == '\\')
			write_text(writer, "\\");
		if (writer->err == NITRO_OK)
			writer->err = nitro_buf_append_byte(
			    writer->out, in.ptr[i]);
	}
	write_text(writer, "\"");
}

/* The names share the first line; everything else has one of its own. */
static void
write_key(struct writer *writer, const char *key, bool is_name)
{
	write_text(writer, !writer->is_begun || is_name ? " " : "\n    ");
	write_text(writer, key);
	write_text(writer, " = ");
	writer->is_begun = true;
}

static void
write_setting(
    struct writer *writer, const char *key, const char *value, bool is_name)
{
	if (value == NULL)
		return;
	write_key(writer, key, is_name);
	write_quoted(writer, value);
	write_text(writer, ";");
}

/* The values of the pins from number i on that are of one PCR; behind them. */
static size_t
write_pcr(struct writer *writer, const struct nitro_entry *entry, size_t i)
{
	const unsigned pcr = entry->pins[i].pcr;
	size_t end = i;
	char key[8], hex[2 * NITRO_PCR_LEN + 1];

	while (end < entry->pin_count && entry->pins[end].pcr == pcr)
		end++;
	(void)snprintf(key, sizeof key, "pcr%u", pcr);
	write_key(writer, key, false);
	write_text(writer, end - i > 1 ? "[" : "");
	for (size_t k = i; k < end; k++) {
		nitro_hex_encode(
		    (struct nitro_bytes){entry->pins[k].value, NITRO_PCR_LEN},
		    hex, sizeof hex);
		write_text(writer, k > i ? ",\n      " : "");
		write_quoted(writer, hex);
	}
	write_text(writer, end - i > 1 ? "];" : ";");
	return end;
}

static bool
is_computed(const struct nitro_entry *entry, unsigned pcr)
{
	return (pcr == 3 && entry->iam_role != NULL) ||
	       (pcr == 4 && entry->instance_id != NULL) ||
	       (pcr == 8 && entry->signing_certificate != NULL);
}

static void
write_pins(struct writer *writer, const struct nitro_entry *entry)
{
	size_t i = 0;

	while (i < entry->pin_count)
		if (is_computed(entry, entry->pins[i].pcr))
			i++;
		else
			i = write_pcr(writer, entry, i);
	write_setting(writer, "iam_role", entry->iam_role, false);
	write_setting(writer, "instance_id", entry->instance_id, false);
	write_setting(
	    writer, "signing_certificate", entry->signing_certificate, false);
}

static void
write_time(
    struct writer *writer, const char *key, int64_t time_ms, int64_t absent)
{
	char text[NITRO_TIME_TEXT_LEN + 1];

	if (time_ms == absent)
		return;
	nitro_time_format(time_ms, text);
	/* Whole seconds need no fraction. */
	if (time_ms % 1000 == 0 && text[0] != '\0')
		(void)snprintf(text + NITRO_TIME_TEXT_LEN - 5, 2, "Z");
	write_setting(writer, key, text, false);
}

/* One text to a line, in braces of their own. */
static void
write_provenance(
    struct writer *writer, const struct nitro_entry_provenance *provenance)
{
	if (!nitro_entry_provenance_is_there(provenance))
		return;
	write_text(writer, "\n    provenance = {");
	for (size_t i = 0; i < NITRO_PROVENANCE_TEXTS; i++) {
		if (provenance->text[i] == NULL)
			continue;
		write_text(writer, "\n      ");
		write_text(writer,
		    nitro_provenance_key((enum nitro_provenance_text)i));
		write_text(writer, " = ");
		write_quoted(writer, provenance->text[i]);
		write_text(writer, ";");
	}
	write_text(writer, " };");
}

nitro_err
nitro_edit_append_element(
    const struct nitro_entry *entry, struct nitro_buf *out)
{
	struct writer writer = {.out = out};
	const char *kind = entry->kind != NITRO_KIND_NONE
			       ? nitro_kind_name(entry->kind)
			       : NULL;

	/* The line end of the element before goes behind the comma. */
	if (out->len > 0) {
		out->len--;
		write_text(&writer, ",\n");
	}
	write_text(&writer, "  {");
	write_setting(&writer, "workload", entry->workload, true);
	write_setting(&writer, "version", entry->version, true);
	write_setting(&writer, "kind", kind, true);
	write_pins(&writer, entry);
	write_time(&writer, "not_before", entry->not_before_ms, INT64_MIN);
	write_time(&writer, "not_after", entry->not_after_ms, INT64_MAX);
	write_setting(&writer, "source", entry->source, false);
	write_setting(&writer, "builder", entry->builder, false);
	write_setting(&writer, "note", entry->note, false);
	write_setting(&writer, "reason", entry->reason, false);
	write_provenance(&writer, &entry->provenance);
	write_text(&writer, " }\n");
	return writer.err;
}
