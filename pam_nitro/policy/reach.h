/*
 * The workloads that rules of "users" name, which of them one login can
 * reach, and which of them have an entry. Private to policy/.
 */
#ifndef NITRO_POLICY_REACH_H
#define NITRO_POLICY_REACH_H

#include "policy/decision.h"

struct nitro_reach_workload {
	const char *name; /* of a rule; borrowed */
	bool is_reachable, has_entry;
};

/* Sorted by name, no two of the same name. */
struct nitro_reach {
	struct nitro_reach_workload *workloads;
	size_t count;
	size_t entry_count; /* noted, of any workload */
};

/*
 * reach  filled on success, released by nitro_reach_drop(); it borrows the
 *        names of settings. Untouched on error.
 * NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_reach_make(
    const struct nitro_settings *settings, const struct nitro_login *login,
    struct nitro_reach *reach);
void nitro_reach_drop(struct nitro_reach *reach);

/*
 * Note that there is an entry of that workload.
 * True where the login can reach it.
 */
bool nitro_reach_note(struct nitro_reach *reach, struct nitro_bytes workload);

/* The first workload that has no entry; NULL where each has one. */
const char *nitro_reach_missing(const struct nitro_reach *reach);

#endif
