/*
 * What a process gives up before it looks at a stranger's bytes. It cannot be
 * taken back.
 */
#ifndef NITRO_SANDBOX_CONFINE_H
#define NITRO_SANDBOX_CONFINE_H

#include <sys/types.h>

#include "base/bytes.h"

/* The kernel's overflow uid and gid: owns no file, needs no account. */
#define NITRO_SANDBOX_ID 65534

struct nitro_sandbox_limits {
	int64_t answer_ms; /* from the start to the answer */
	unsigned cpu_s;    /* of processor time */
	size_t memory;     /* bytes above what the process has mapped before */
};

/* A step of nitro_confine() that failed; {0} where none has. */
struct nitro_confine_fault {
	uint32_t step; /* from 1 */
	int32_t error; /* errno */
};

/* "dup2", "setresuid", ...; "none" for what is no step. */
const char *nitro_confine_step_name(uint32_t step);

/*
 * In this order: every descriptor but 0 is closed; signals have their default
 * action and none is blocked; limits that cannot be raised; as root: no groups, NITRO_SANDBOX_ID, no capability; no new privileges, no
 * core, no tracing by others; dies with the parent; no system call but those of
 * sandbox/syscall_filter.h.
 *
 * parent       the process that waits for the answer.
 * *is_filtered whether the last step was possible in this kernel.
 *
 * False with *fault where a step failed: the process must then do nothing
 * but say so.
 */
NITRO_MUST_CHECK bool nitro_confine(pid_t parent,
    const struct nitro_sandbox_limits *limits, bool *is_filtered,
    struct nitro_confine_fault *fault);

#endif
