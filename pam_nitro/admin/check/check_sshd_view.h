/* One account and what sshd makes of it. */
#ifndef NITRO_ADMIN_CHECK_SSHD_VIEW_H
#define NITRO_ADMIN_CHECK_SSHD_VIEW_H

#include "admin/check/check.h"

struct nitro_sshd_view {
	struct nitro_checkup *check;
	const struct nitro_listed_account *account;
	struct nitro_bytes text; /* of sshd -T */
	const char *file;        /* where sshd is configured */
};

/* Add a finding in view->file for the account. */
void nitro_sshd_add(const struct nitro_sshd_view *view,
    const struct nitro_finding_kind *kind, const char *what,
    const char *change);

#endif
