#include "admin/record/provenance_link.h"

#include <stdio.h>

#include "admin/printable.h"
#include "admin/provenance/proof.h"

enum { LABEL_WIDTH = 14 };

void
nitro_standing_of(const struct nitro_entry *entry, const char *folder,
    int64_t now_ms, struct nitro_standing *standing)
{
	struct nitro_fault fault = {.err = NITRO_OK};
	char text[600];
	nitro_err err;

	*standing = (struct nitro_standing){
	    .is_there = nitro_entry_provenance_is_there(&entry->provenance)};
	if (!standing->is_there)
		return;
	err = nitro_proof_check_entry(
	    entry, folder, now_ms, &standing->is_left_out, &fault);
	standing->stands = err == NITRO_OK && !standing->is_left_out;
	(void)snprintf(text, sizeof text, "%s%s%s", fault.file,
	    fault.file[0] != '\0' ? ": " : "", fault.text);
	nitro_printable(
	    nitro_bytes_of_text(text), standing->why, sizeof standing->why);
}

static enum nitro_mark
mark_of(const struct nitro_standing *standing)
{
	if (standing->stands)
		return NITRO_MARK_VERIFIED;
	return standing->is_left_out ? NITRO_MARK_DECLARED : NITRO_MARK_BROKEN;
}

static void
note(struct nitro_trace *trace, size_t i, const struct nitro_standing *standing,
    const char *good)
{
	if (standing->stands)
		nitro_trace_note(trace, i, "%s", good);
	else if (standing->is_left_out)
		nitro_trace_note(trace, i,
		    "verified at the import; the signature is over the image "
		    "itself, which is not kept");
	else
		nitro_trace_note(trace, i, "%s", standing->why);
}

static size_t
add(struct nitro_trace *trace, size_t parent, const char *what,
    const struct nitro_standing *standing)
{
	return nitro_trace_add(trace, parent, what, mark_of(standing));
}

static size_t
add_builder(struct nitro_trace *trace, size_t parent, char *const *text,
    const struct nitro_standing *standing)
{
	const char *identity = text[NITRO_PROVENANCE_IDENTITY];
	const size_t i = add(trace, parent, "builder", standing);

	nitro_trace_text(trace, i, "%s",
	    identity != NULL ? identity : text[NITRO_PROVENANCE_KEY]);
	note(trace, i, standing,
	    identity != NULL
		? "its certificate signed what was built, valid at the time "
		  "in the log or of a timestamp"
		: "the pinned key signed what was built");
	return i;
}

/* A signature by a key names no run, log or source: the entry may declare one. */
void
nitro_trace_add_provenance(struct nitro_trace *trace, size_t parent,
    const struct nitro_entry *entry, const struct nitro_standing *standing)
{
	char *const *text = entry->provenance.text;
	size_t at = add_builder(trace, parent, text, standing), i;

	if (text[NITRO_PROVENANCE_LOG] != NULL) {
		i = add(trace, at, "log", standing);
		nitro_trace_text(trace, i, "%s, entry %s, %s",
		    text[NITRO_PROVENANCE_LOG],
		    text[NITRO_PROVENANCE_LOG_INDEX] != NULL
			? text[NITRO_PROVENANCE_LOG_INDEX]
			: "unknown",
		    text[NITRO_PROVENANCE_TIME] != NULL
			? text[NITRO_PROVENANCE_TIME]
			: "no time");
		note(trace, i, standing,
		    "promise, inclusion and checkpoint are the log's");
	}
	if (text[NITRO_PROVENANCE_RUN] != NULL) {
		at = add(trace, at, "run", standing);
		nitro_trace_text(trace, at, "%s", text[NITRO_PROVENANCE_RUN]);
		note(trace, at, standing, "named by the certificate");
	}
	if (text[NITRO_PROVENANCE_REPOSITORY] != NULL) {
		i = add(trace, at, "source", standing);
		nitro_trace_text(trace, i, "%s, commit %s",
		    text[NITRO_PROVENANCE_REPOSITORY],
		    text[NITRO_PROVENANCE_DIGEST] != NULL
			? text[NITRO_PROVENANCE_DIGEST]
			: "unknown");
		note(trace, i, standing,
		    "named by the certificate, not by the workflow");
		return;
	}
	i = nitro_trace_add(trace, at, "source",
	    entry->source != NULL ? NITRO_MARK_DECLARED : NITRO_MARK_MISSING);
	nitro_trace_text(
	    trace, i, "%s", entry->source != NULL ? entry->source : "unknown");
}

void
nitro_standing_print(
    const struct nitro_entry *entry, const struct nitro_standing *standing)
{
	char line[400];
	const char *text;

	if (!standing->is_there)
		return;
	printf("%-*s", LABEL_WIDTH, "provenance");
	nitro_print_word(standing->stands || standing->is_left_out
			     ? NITRO_TONE_GOOD
			     : NITRO_TONE_BAD,
	    0,
	    standing->stands        ? "verified again just now"
	    : standing->is_left_out ? "verified at the import"
				    : "NO LONGER STANDS: ");
	printf("%s\n",
	    standing->stands || standing->is_left_out ? "" : standing->why);
	for (size_t i = 0; i < NITRO_PROVENANCE_TEXTS; i++) {
		text = entry->provenance.text[i];
		if (text == NULL)
			continue;
		nitro_printable(nitro_bytes_of_text(text), line, sizeof line);
		printf("  %-20s%s\n",
		    nitro_provenance_key((enum nitro_provenance_text)i), line);
	}
}

void
nitro_standing_set_json(struct nitro_json *json,
    const struct nitro_entry *entry, const struct nitro_standing *standing)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json said = {0};

	if (entry == NULL || !standing->is_there) {
		nitro_json_set(json, "provenance", json_null());
		return;
	}
	nitro_json_begin(&said);
	for (size_t i = 0; i < NITRO_PROVENANCE_TEXTS; i++)
		if (entry->provenance.text[i] != NULL)
			nitro_json_set_text(&said,
			    nitro_provenance_key((enum nitro_provenance_text)i),
			    entry->provenance.text[i]);
	nitro_json_set(&said, "stands",
	    standing->is_left_out ? json_null()
				  : json_boolean(standing->stands));
	nitro_json_set(json, "provenance", nitro_json_take(&said));
}
