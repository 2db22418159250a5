/*
 * Linux-PAM's control flow (libpam/pam_dispatch.c) over every result that
 * modules may give: is there a way through a stack that ends well?
 */
#ifndef NITRO_ADMIN_CHECK_PAM_FLOW_H
#define NITRO_ADMIN_CHECK_PAM_FLOW_H

#include "admin/check/check_pam_stack.h"

/* A set of results: bit i is result i. */
#define NITRO_PAM_RESULT(i) (UINT32_C(1) << (i))
/* All but "incomplete", with which libpam gives up and nothing ends well. */
#define NITRO_PAM_ANY (UINT32_MAX & ~NITRO_PAM_RESULT(NITRO_PAM_INCOMPLETE))

struct nitro_pam_step {
	size_t line; /* index in the list */
	unsigned result;
};

struct nitro_pam_path {
	struct nitro_pam_step step[NITRO_PAM_LINES_MAX];
	size_t count;
	unsigned
	    status; /* what pam_authenticate() or pam_acct_mgmt() returns */
};

enum nitro_pam_answer {
	NITRO_PAM_NO_PATH,
	NITRO_PAM_PATH,
	NITRO_PAM_TOO_COMPLEX /* a limit was reached: unknown */
};

/*
 * Search all combinations for one whose final status is in wanted.
 *
 * results  of each line the set of results that its module may give; a line
 *          with the empty set ends the way there.
 * path     the shortest such way, on NITRO_PAM_PATH alone.
 *
 * NITRO_E_MEMORY; *answer is then untouched.
 */
NITRO_MUST_CHECK nitro_err nitro_pam_search(const struct nitro_pam_list *list,
    const uint32_t *results, uint32_t wanted, enum nitro_pam_answer *answer,
    struct nitro_pam_path *path);

#endif
