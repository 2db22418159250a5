/* Accounts that sshd shuts out before it asks anybody. */
#ifndef NITRO_ADMIN_CHECK_SSHD_ACCESS_H
#define NITRO_ADMIN_CHECK_SSHD_ACCESS_H

#include "admin/check/check_sshd_view.h"

/* DenyUsers, AllowUsers, DenyGroups, AllowGroups, and the login shell. */
void nitro_check_sshd_access(const struct nitro_sshd_view *view);

#endif
