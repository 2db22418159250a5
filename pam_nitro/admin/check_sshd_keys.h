/* Where sshd takes the keys of an account from. */
#ifndef NITRO_ADMIN_CHECK_SSHD_KEYS_H
#define NITRO_ADMIN_CHECK_SSHD_KEYS_H

#include "admin/check.h"

/* True where AuthorizedKeysCommand is pam-nitro authorized-keys. */
bool nitro_sshd_offers_any_key(struct nitro_bytes text);

/*
 * AuthorizedKeysCommand, its user, and keys that are enrolled.
 * text  what sshd -T says of the account.
 * file  where sshd is configured, for the findings.
 */
void nitro_check_sshd_keys(struct nitro_checkup *check,
    const struct nitro_listed_account *account, struct nitro_bytes text,
    const char *file);

#endif
