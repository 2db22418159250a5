/*
 * The system calls that a verdict needs, and no other. libseccomp is used
 * here and nowhere else.
 */
#ifndef NITRO_SANDBOX_SYSCALL_FILTER_H
#define NITRO_SANDBOX_SYSCALL_FILTER_H

#include "base/bytes.h"

/* Does this kernel have seccomp filters, and may this process set one? */
NITRO_MUST_CHECK bool nitro_syscall_filter_is_possible(void);

/*
 * From now on, and for ever: memory without PROT_EXEC and without files, locks,
 * clocks, random bytes, write(2) to descriptor 0, and the end of the process.
 * Whatever else is called kills the process with SIGSYS.
 *
 * PR_SET_NO_NEW_PRIVS has been set. 0, or an errno.
 */
NITRO_MUST_CHECK int nitro_syscall_filter_load(void);

#endif
