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

void nitro_account_drop(struct nitro_account *account);

#endif
