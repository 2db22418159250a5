/* Which file this program is, and which one ssh is. */
#ifndef NITRO_CLIENT_PROGRAM_H
#define NITRO_CLIENT_PROGRAM_H

#include <limits.h>

#include "client/complaint.h"

#define NITRO_ASKPASS_NAME "nitro-ssh-askpass"

/* Absolute path of this program; also where no /proc is mounted. */
NITRO_MUST_CHECK bool nitro_program_self(
    char out[PATH_MAX], struct nitro_complaint *why);

/*
 * The stock ssh: $NITRO_SSH_PROGRAM, else the first ssh in PATH that is not
 * this program (somebody may have linked it there).
 */
NITRO_MUST_CHECK bool nitro_program_ssh(
    char out[PATH_MAX], struct nitro_complaint *why);

/* The name behind the last "/". */
const char *nitro_program_name(const char *path);

#endif
