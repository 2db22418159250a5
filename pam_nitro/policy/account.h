/* What the host knows of a user: the names of its groups (NSS). */
#ifndef NITRO_POLICY_ACCOUNT_H
#define NITRO_POLICY_ACCOUNT_H

#include "base/bytes.h"

struct nitro_account {
	char **groups; /* group_count names; none for an unknown user */
	size_t group_count;
	bool exists;
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
 * Does the host know this group? A name service that is down shows as a group
 * that is not there, and a user's groups are then no answer either.
 * NITRO_OK, or NITRO_E_ACCOUNT_LOOKUP where it is not there or cannot be
 * looked up; NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_account_find_group(const char *name);

void nitro_account_drop(struct nitro_account *account);

#endif
