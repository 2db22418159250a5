/* Run a program without a shell, feed it, and keep what it says. */
#ifndef NITRO_CLIENT_PROCESS_H
#define NITRO_CLIENT_PROCESS_H

#include "client/complaint.h"

struct nitro_process_options {
	struct nitro_bytes input; /* standard input; /dev/null where empty */
	int64_t deadline_ms; /* from the start; the program is then killed */
	size_t output_max;   /* more on standard output and it is killed */
	/*
	 * In a process group of its own, which is then killed as a whole. Not
	 * for what Ctrl-C at the terminal should end.
	 */
	bool has_own_group;
	/* name, value, name, value, NULL: put into its environment; or NULL */
	const char *const *environment;
};

struct nitro_process_result {
	int status;        /* exit status, or 128 + signal, as a shell has it */
	bool is_late;      /* killed at the deadline */
	bool is_too_large; /* killed for too much output */
	struct nitro_buf output;
	struct nitro_buf errors; /* the first 4,096 bytes of standard error */
};

/*
 * Run argv[0] (looked up in PATH) and wait for its end.
 *
 * argv    ends in NULL.
 * result  filled where the program was started, whatever became of it;
 *         released by nitro_process_result_drop(). Start with {0}.
 *
 * False, with why filled, where it could not be run at all. A program that
 * does not exist is one that ends with status 127 and says so on standard
 * error.
 */
NITRO_MUST_CHECK bool nitro_process_run(const char *const argv[],
    const struct nitro_process_options *options,
    struct nitro_process_result *result, struct nitro_complaint *why);

void nitro_process_result_drop(struct nitro_process_result *result);

/* It ran, in time and within its size, and ended with status 0. */
bool nitro_process_succeeded(const struct nitro_process_result *result);

/*
 * "ended with status 3: <first line of its standard error>", "did not end
 * within its time", ...: what a complaint says after the program's name.
 */
void nitro_process_describe(
    const struct nitro_process_result *result, char out[NITRO_ESCAPED_MAX]);

/*
 * For the child between fork() and exec(): take no held signals along and
 * become argv[0]. Does not return; ends with status 127 where there is no
 * such program.
 */
__attribute__((noreturn)) void nitro_process_become(
    const char *const argv[], const char *const *environment);

/*
 * Hold the signals that end a program (and SIGCHLD, SIGWINCH), so that they
 * wait for sigwaitinfo(2); programs run from here on get the mask of before.
 */
void nitro_process_hold_signals(void);

#endif
