/* Which file this program is, and which one ssh is. */
#ifndef NITRO_CLIENT_PROGRAM_H
#define NITRO_CLIENT_PROGRAM_H

#include <limits.h>

#include "client/complaint.h"

#define NITRO_ASKPASS_NAME "nitro-ssh-askpass"

/*
 * A path that leads to this program while this process lives, also when its
 * file is replaced by that of another version; without a /proc, or where the
 * file may not be read, the path of its file.
 */
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
