#include "admin/record/trace_link.h"

#include <stdarg.h>
#include <stdio.h>

#include "admin/printable.h"

static struct nitro_link *
link_at(const struct nitro_trace *trace, size_t i)
{
	return &((struct nitro_link *)(void *)trace->links.ptr)[i];
}

void
nitro_trace_drop(struct nitro_trace *trace)
{
	nitro_buf_drop(&trace->links);
	*trace = (struct nitro_trace){0};
}

size_t
nitro_trace_add(struct nitro_trace *trace, size_t parent, const char *what,
    enum nitro_mark mark)
{
	const struct nitro_link link = {
	    .parent = parent, .what = what, .mark = mark};

	if (nitro_buf_append(&trace->links,
		(struct nitro_bytes){(const uint8_t *)&link, sizeof link}) !=
	    NITRO_OK) {
		trace->has_failed = true;
		return NITRO_NO_LINK;
	}
	return trace->count++;
}

void
nitro_trace_text(struct nitro_trace *trace, size_t i, const char *format, ...)
{
	char raw[1024];
	va_list args;

	if (i >= trace->count)
		return;
	va_start(args, format);
	(void)vsnprintf(raw, sizeof raw, format, args);
	va_end(args);
	nitro_printable(nitro_bytes_of_text(raw), link_at(trace, i)->text,
	    sizeof link_at(trace, i)->text);
}

void
nitro_trace_note(struct nitro_trace *trace, size_t i, const char *format, ...)
{
	char raw[1024];
	va_list args;

	if (i >= trace->count)
		return;
	va_start(args, format);
	(void)vsnprintf(raw, sizeof raw, format, args);
	va_end(args);
	nitro_printable(nitro_bytes_of_text(raw), link_at(trace, i)->note,
	    sizeof link_at(trace, i)->note);
}

bool
nitro_trace_is_broken(const struct nitro_trace *trace)
{
	for (size_t i = 0; i < trace->count; i++)
		if (link_at(trace, i)->mark == NITRO_MARK_BROKEN)
			return true;
	return false;
}

static const char *
mark_sentence(enum nitro_mark mark)
{
	switch (mark) {
	case NITRO_MARK_VERIFIED:
		return "verified by cryptography";
	case NITRO_MARK_COMPUTED:
		return "computed here";
	case NITRO_MARK_DECLARED:
		return "declared by the administrator";
	case NITRO_MARK_MISSING:
		return "missing";
	case NITRO_MARK_BROKEN:
		return "DOES NOT HOLD";
	}
	return "missing";
}

static const char *
mark_token(enum nitro_mark mark)
{
	switch (mark) {
	case NITRO_MARK_VERIFIED:
		return "verified";
	case NITRO_MARK_COMPUTED:
		return "computed";
	case NITRO_MARK_DECLARED:
		return "declared";
	case NITRO_MARK_MISSING:
		return "missing";
	case NITRO_MARK_BROKEN:
		return "broken";
	}
	return "missing";
}

static enum nitro_tone
mark_tone(enum nitro_mark mark)
{
	switch (mark) {
	case NITRO_MARK_VERIFIED:
	case NITRO_MARK_COMPUTED:
		return NITRO_TONE_GOOD;
	case NITRO_MARK_DECLARED:
		return NITRO_TONE_PLAIN;
	case NITRO_MARK_MISSING:
		return NITRO_TONE_DIM;
	case NITRO_MARK_BROKEN:
		return NITRO_TONE_BAD;
	}
	return NITRO_TONE_PLAIN;
}

static unsigned
depth_of(const struct nitro_trace *trace, size_t i)
{
	unsigned depth = 0;

	while ((i = link_at(trace, i)->parent) != NITRO_NO_LINK)
		depth++;
	return depth;
}

static const char *
branch(const struct nitro_trace *trace, size_t i)
{
	if (link_at(trace, i)->parent == NITRO_NO_LINK)
		return "";
	for (size_t k = i + 1; k < trace->count; k++)
		if (link_at(trace, k)->parent == link_at(trace, i)->parent)
			return "|-";
	return "`-";
}

/* Links are added in the order of a walk through the tree, so no recursion. */
void
nitro_trace_print(const struct nitro_trace *trace)
{
	const struct nitro_link *link;
	int indent;

	for (size_t i = 0; i < trace->count; i++) {
		link = link_at(trace, i);
		indent = 2 * (int)depth_of(trace, i);
		if (i > 0 && indent == 0)
			printf("\n");
		printf("%*s%s%-9s %s\n", indent, "", branch(trace, i),
		    link->what, link->text);
		printf("%*s", indent + (indent > 0 ? 12 : 10), "");
		nitro_print_word(
		    mark_tone(link->mark), 0, mark_sentence(link->mark));
		printf("%s%s\n", link->note[0] != '\0' ? ": " : "", link->note);
	}
}

/* Within double quotes of the DOT language: they and the backslash escaped. */
static void
print_quoted(const char *text)
{
	for (; *text != '\0'; text++)
		printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
}

static const char *
mark_colour(enum nitro_mark mark)
{
	switch (mark) {
	case NITRO_MARK_VERIFIED:
		return "darkgreen";
	case NITRO_MARK_COMPUTED:
		return "blue";
	case NITRO_MARK_DECLARED:
		return "darkorange";
	case NITRO_MARK_MISSING:
		return "gray";
	case NITRO_MARK_BROKEN:
		return "red";
	}
	return "gray";
}

void
nitro_trace_print_dot(const struct nitro_trace *trace)
{
	const struct nitro_link *link;

	printf("digraph pam_nitro {\n  rankdir=TB;\n"
	       "  node [shape=box, fontname=\"monospace\"];\n");
	for (size_t i = 0; i < trace->count; i++) {
		link = link_at(trace, i);
		printf("  n%zu [label=\"%s\\n", i, link->what);
		print_quoted(link->text);
		printf("\\n%s\", color=%s%s];\n", mark_sentence(link->mark),
		    mark_colour(link->mark),
		    link->mark == NITRO_MARK_MISSING ? ", style=dashed" : "");
	}
	for (size_t i = 0; i < trace->count; i++) {
		link = link_at(trace, i);
		if (link->parent == NITRO_NO_LINK)
			continue;
		printf("  n%zu -> n%zu [color=%s, tooltip=\"", link->parent, i,
		    mark_colour(link->mark));
		print_quoted(link->note);
		printf("\"];\n");
	}
	printf("}\n");
}

static json_t *
link_json(const struct nitro_trace *trace, size_t i)
{
	const struct nitro_link *link = link_at(trace, i);
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};

	nitro_json_begin(&json);
	nitro_json_set_size(&json, "id", i);
	nitro_json_set(&json, "parent",
	    link->parent == NITRO_NO_LINK
		? json_null()
		: json_integer((json_int_t)link->parent));
	nitro_json_set_text(&json, "what", link->what);
	nitro_json_set_text(&json, "text", link->text);
	nitro_json_set_text(&json, "mark", mark_token(link->mark));
	nitro_json_set_text(&json, "note", link->note);
	return nitro_json_take(&json);
}

bool
nitro_trace_print_json(const struct nitro_trace *trace)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	json_auto_t *links = json_array();

	for (size_t i = 0; i < trace->count; i++)
		if (json_array_append_new(links, link_json(trace, i)) != 0)
			return false;
	nitro_json_begin(&json);
	nitro_json_set_text(
	    &json, "result", nitro_trace_is_broken(trace) ? "findings" : "ok");
	nitro_json_set(&json, "links", json_incref(links));
	return nitro_json_print(&json);
}
