/*
 * A document beside entries of the measurements, PCR by PCR: for people to
 * read. What decides is nitro_decide() alone.
 */
#ifndef NITRO_ADMIN_COMPARISON_H
#define NITRO_ADMIN_COMPARISON_H

#include "admin/json_text.h"
#include "policy/account.h"
#include "policy/measurements.h"

/* The PCRs that the entry pins and of whose values the document has none. */
uint32_t nitro_entry_differs(
    const struct nitro_entry *entry, const struct nitro_document *doc);

/* One line a pinned PCR with its actual value, and the allowed ones where it differs. */
void nitro_comparison_print_pcrs(
    const struct nitro_entry *entry, const struct nitro_document *doc);

/* Who asks, for what, and when. */
struct nitro_comparison {
	const struct nitro_settings *settings;
	const struct nitro_measurements *measurements;
	const struct nitro_account *account;
	const char *user;
	const struct nitro_document *doc;
	int64_t now_ms;
};

/* Every entry of the workloads that may log in as the user. */
void nitro_comparison_print(const struct nitro_comparison *comparison);

/* The same as an array of objects; NULL without memory. */
json_t *nitro_comparison_json(const struct nitro_comparison *comparison);

#endif
