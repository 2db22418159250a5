/* What a module of a PAM stack may return for one account. */
#ifndef NITRO_ADMIN_CHECK_PAM_RESULTS_H
#define NITRO_ADMIN_CHECK_PAM_RESULTS_H

#include "admin/check/check_accounts.h"
#include "admin/check/check_pam_flow.h"

/*
 * The set of results of the line's module for this account: known for
 * pam_permit, pam_deny, pam_rootok and for what pam_succeed_if asks of the
 * account; anything at all for modules that are not known.
 * Not for pam_nitro.so, which is the caller's matter.
 */
uint32_t nitro_pam_results(const struct nitro_pam_line *line,
    enum nitro_pam_stage stage, const char *service,
    const struct nitro_listed_account *account);

/*
 * True for a module that wants something of a person (a password, a token),
 * which no workload has.
 */
bool nitro_pam_asks_a_person(const struct nitro_pam_line *line);

#endif
