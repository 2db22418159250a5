/*
 * Work on a stranger's bytes, done by a process that has nothing to lose: it
 * may read its own copy of the memory, and say one thing of one size.
 */
#ifndef NITRO_SANDBOX_SANDBOX_H
#define NITRO_SANDBOX_SANDBOX_H

#include "sandbox/confine.h"

/* A verdict takes 5 ms. */
#define NITRO_SANDBOX_LIMITS \
	((struct nitro_sandbox_limits){ \
	    .answer_ms = 10000, .cpu_s = 2, .memory = 16u << 20})

/*
 * The work. Runs in the child and writes its result to answer, which has the
 * size and the content that the caller's has. What else it writes is lost.
 */
typedef void nitro_sandbox_work(void *answer, void *context);

struct nitro_sandbox_task {
	struct nitro_sandbox_limits limits;
	nitro_sandbox_work *work;
	void *context;
	/*
	 * answer_len bytes; after NITRO_OK what the work made of them, else as
	 * they were. They come from a process that a stranger may have taken
	 * over: any bytes are possible.
	 */
	void *answer;
	size_t answer_len;
	bool is_filtered; /* by seccomp; filled on NITRO_OK */
};

/*
 * Fork, give up everything (sandbox/confine.h), work, bring the answer back.
 *
 * No child, no descriptor and no changed signal is left behind. In a process
 * of one thread SIGCHLD has its default action meanwhile, so that no handler
 * of the host's meets a child that it does not know (as pam_unix does it). In
 * one of several threads it is left alone, as it belongs to all of them; a
 * child that the host reaps or ignores is no trouble, since what it said counts.
 *
 * With a fault that says why: NITRO_E_SANDBOX_FAILED; NITRO_E_SANDBOX_DIED;
 * NITRO_E_SANDBOX_LATE; NITRO_E_SANDBOX_ANSWER (of another size than
 * answer_len). NITRO_E_CLOCK, NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_sandbox_run(
    struct nitro_sandbox_task *task, struct nitro_fault *fault);

#endif
