/* What the host knows of a user: the names of its groups (NSS). */
#ifndef NITRO_POLICY_ACCOUNT_H
#define NITRO_POLICY_ACCOUNT_H

#include <sys/types.h>

#include "base/bytes.h"

struct nitro_account {
	char **groups; /* group_count names; none for an unknown user */
	size_t group_count;
	bool exists;
	gid_t *gids; /* theirs, and of those that have no name */
	size_t gid_count;
};

/*
 * Look the user up: primary group and every group that lists it.
 * An unknown user is no error: it exists not and has no groups.
 * account  filled on success, released by nitro_account_drop(); untouched on error.
 * NITRO_E_ACCOUNT_LOOKUP, NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_account_lookup(
    const char *user, struct nitro_account *account);

/*
 * Ask for a group by its name: does the user belong to it, by its list of
 * members, or by the numbers of his groups? A name service that fails for a
 * moment shows as a shorter list of groups, as a number without a name, or as
 * a group that is not there.
 *
 * account  of that user.
 * NITRO_OK, or NITRO_E_ACCOUNT_LOOKUP where it is not there or cannot be
 * looked up; NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_account_find_group(
    const struct nitro_account *account, const char *user, const char *name,
    bool *is_member);

void nitro_account_drop(struct nitro_account *account);

#endif
