/* Where sshd takes the keys of an account from. */
#ifndef NITRO_ADMIN_CHECK_SSHD_KEYS_H
#define NITRO_ADMIN_CHECK_SSHD_KEYS_H

#include "admin/check/check_sshd_view.h"

/* True where AuthorizedKeysCommand is pam-nitro authorized-keys. */
bool nitro_sshd_offers_any_key(struct nitro_bytes text);

/* AuthorizedKeysCommand, its user, and keys that are enrolled. */
void nitro_check_sshd_keys(const struct nitro_sshd_view *view);

#endif
