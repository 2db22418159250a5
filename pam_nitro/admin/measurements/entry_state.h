/* What an entry of the measurements stands for today, and for whom. */
#ifndef NITRO_ADMIN_ENTRY_STATE_H
#define NITRO_ADMIN_ENTRY_STATE_H

#include "policy/measurements.h"
#include "policy/settings.h"

#define NITRO_EXPIRY_NOTICE_DAYS 30
#define NITRO_ENTRY_TITLE_SIZE (2 * (NITRO_NAME_MAX + 1))

enum nitro_entry_state {
	NITRO_ENTRY_ACTIVE,
	NITRO_ENTRY_EXPIRING, /* active for fewer than NITRO_EXPIRY_NOTICE_DAYS */
	NITRO_ENTRY_NOT_YET,
	NITRO_ENTRY_EXPIRED,
	NITRO_ENTRY_REVOKED
};

/*
 * revoked_by  the item of revoked that holds for all that the entry admits;
 *             NULL where there is none. May be NULL itself.
 */
enum nitro_entry_state nitro_entry_state(const struct nitro_entry *entry,
    const struct nitro_measurements *measurements, int64_t now_ms,
    const struct nitro_entry **revoked_by);

/* "active", "expiring", "not_yet", "expired", "revoked": for --json. */
const char *nitro_entry_state_name(enum nitro_entry_state state);

/* Whole days until the entry expires, 0 where it has; -1 where it never does. */
int64_t nitro_entry_days_left(const struct nitro_entry *entry, int64_t now_ms);

/* True where the item refuses whatever the entry admits. */
bool nitro_entry_is_covered(
    const struct nitro_entry *entry, const struct nitro_entry *item);

/* True where one of count items does. */
bool nitro_entry_is_covered_by(const struct nitro_entry *entry,
    const struct nitro_entry *items, size_t count);

/* The same workload, version, kind and pins. */
bool nitro_entry_is_equal(
    const struct nitro_entry *a, const struct nitro_entry *b);

/* True where a and b do not differ at all but in file and line. */
bool nitro_entry_is_identical(
    const struct nitro_entry *a, const struct nitro_entry *b);

/* "workload/version", or "workload". */
void nitro_entry_title(
    const struct nitro_entry *entry, char out[NITRO_ENTRY_TITLE_SIZE]);

/*
 * Append "deploy, group enclaves": whom the rules let in with that workload.
 * Nothing where no rule names it. NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_workload_users(
    const struct nitro_settings *settings, const char *workload,
    struct nitro_buf *out);

#endif
