/* Start the stock ssh as this call wants it and stay as its parent. */
#ifndef NITRO_CLIENT_SSH_COMMAND_H
#define NITRO_CLIENT_SSH_COMMAND_H

#include <limits.h>

#include "client/complaint.h"

struct nitro_ssh_command {
	const char *program;          /* a name for PATH, or a path */
	const char *const *arguments; /* the user's, untouched; ends in NULL */
	const char *ephemeral_key;    /* private file to offer; NULL for none */
	const char *vsock;            /* "CID:PORT" to go through, or NULL */
	bool keeps_preferred;       /* the user set PreferredAuthentications */
	const char *askpass;        /* path of the askpass program */
	const char *source;         /* for NITRO_SSH_SOURCE */
	bool knows_askpass_require; /* OpenSSH 8.4 and later */
};

/* Room for words that are put together; it must live as long as they do. */
struct nitro_ssh_command_room {
	char key[PATH_MAX + 32], proxy[PATH_MAX + 64];
};

/*
 * The words of the command, NULL at their end; ours stand before the user's
 * because ssh takes the first value of an option. The array is released by
 * nitro_free(), its words belong to command. NULL without memory.
 *
 * room  written to.
 */
NITRO_MUST_CHECK const char **nitro_ssh_command_words(
    const struct nitro_ssh_command *command,
    struct nitro_ssh_command_room *room);

/*
 * Run it to its end: pass signals on, stop and go on with it. The signals
 * must be held (nitro_process_hold_signals()).
 *
 * *status  ssh's exit status, or 128 + signal where one ended it.
 * An ssh before 8.4 runs in a session of its own: it asks SSH_ASKPASS only
 * where it has no controlling terminal. Its standard input stays what it is,
 * so that an interactive shell still works.
 */
NITRO_MUST_CHECK bool nitro_ssh_command_run(
    const struct nitro_ssh_command *command, int *status,
    struct nitro_complaint *why);

/* Replace this process by ssh with the user's own arguments and nothing else. */
__attribute__((noreturn)) void nitro_ssh_command_become(
    const char *program, const char *const arguments[]);

#endif
