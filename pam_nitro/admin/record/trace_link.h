/* The chain of trust as a tree of links, and three ways to show it. */
#ifndef NITRO_ADMIN_TRACE_LINK_H
#define NITRO_ADMIN_TRACE_LINK_H

#include "admin/json_text.h"

/* How a link to what stands above it is known. */
enum nitro_mark {
	NITRO_MARK_VERIFIED, /* by cryptography */
	NITRO_MARK_COMPUTED, /* here, from what is at hand */
	NITRO_MARK_DECLARED, /* by the administrator */
	NITRO_MARK_MISSING,  /* nobody has said */
	NITRO_MARK_BROKEN    /* it does not hold */
};

#define NITRO_NO_LINK SIZE_MAX

struct nitro_link {
	size_t parent; /* index of another one; NITRO_NO_LINK: the top */
	enum nitro_mark mark;
	const char *what; /* "root", "document", "image", ... */
	char text[300];   /* printable */
	char note[300];   /* printable; why the mark is what it is */
};

/* {0} is the empty tree; released by nitro_trace_drop(). */
struct nitro_trace {
	struct nitro_buf links;
	size_t count;
	bool has_failed; /* memory ran out: it is not complete */
};

void nitro_trace_drop(struct nitro_trace *trace);

/* Add a link below parent; its index. */
size_t nitro_trace_add(struct nitro_trace *trace, size_t parent,
    const char *what, enum nitro_mark mark);

/* Fill text or note of link i; what is not printable is escaped. */
__attribute__((format(printf, 3, 4))) void nitro_trace_text(
    struct nitro_trace *trace, size_t i, const char *format, ...);
__attribute__((format(printf, 3, 4))) void nitro_trace_note(
    struct nitro_trace *trace, size_t i, const char *format, ...);

/* True where a link does not hold. */
bool nitro_trace_is_broken(const struct nitro_trace *trace);

/* A tree for people; a graph in the language of Graphviz; one JSON object. */
void nitro_trace_print(const struct nitro_trace *trace);
void nitro_trace_print_dot(const struct nitro_trace *trace);
NITRO_MUST_CHECK bool nitro_trace_print_json(const struct nitro_trace *trace);

#endif
