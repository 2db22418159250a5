/* The accounts that the rules of the settings list, as this host knows them. */
#ifndef NITRO_ADMIN_CHECK_ACCOUNTS_H
#define NITRO_ADMIN_CHECK_ACCOUNTS_H

#include <sys/types.h>

#include "policy/account.h"
#include "policy/settings.h"

#define NITRO_ACCOUNTS_MAX 50 /* looked at one by one */

struct nitro_listed_account {
	char *name, *home, *shell;
	uid_t uid;
	gid_t gid;
	struct nitro_account account; /* its groups */
	unsigned line;                /* of the first rule that lists it */
};

struct nitro_listed_accounts {
	struct nitro_listed_account list[NITRO_ACCOUNTS_MAX];
	size_t count;
	size_t left_out; /* found beyond the limit */
};

/*
 * Look up every user that a rule names, and every member of the groups that
 * rules name, primary groups included as far as the name service enumerates
 * accounts. Unknown names are left out.
 *
 * accounts  {0} before; released by nitro_listed_accounts_drop(), after an
 *           error too.
 * NITRO_E_ACCOUNT_LOOKUP, NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_listed_accounts_find(
    const struct nitro_settings *settings,
    struct nitro_listed_accounts *accounts);

void nitro_listed_accounts_drop(struct nitro_listed_accounts *accounts);

#endif
