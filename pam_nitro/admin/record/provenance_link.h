/* What an entry's provenance says, verified again, for trace and explain. */
#ifndef NITRO_ADMIN_PROVENANCE_LINK_H
#define NITRO_ADMIN_PROVENANCE_LINK_H

#include "admin/record/trace_link.h"
#include "policy/measurements.h"

/* How an entry's provenance stands today. */
struct nitro_standing {
	bool is_there;    /* the entry has one */
	bool stands;      /* and it verified again */
	bool is_left_out; /* that needs the image */
	char why[300];    /* printable, where it does not stand */
};

/* folder  where the files are kept. */
void nitro_standing_of(const struct nitro_entry *entry, const char *folder,
    int64_t now_ms, struct nitro_standing *standing);

/*
 * From the image of an entry to the commit: builder, workflow run, log and
 * source, below parent. Needs standing->is_there.
 */
void nitro_trace_add_provenance(struct nitro_trace *trace, size_t parent,
    const struct nitro_entry *entry, const struct nitro_standing *standing);

/* "binding    eif ..." and so on, a line each; nothing where there is none. */
void nitro_standing_print(
    const struct nitro_entry *entry, const struct nitro_standing *standing);

/* "provenance": null, or the entry's texts and "stands" (null: needs the image). */
void nitro_standing_set_json(struct nitro_json *json,
    const struct nitro_entry *entry, const struct nitro_standing *standing);

#endif
