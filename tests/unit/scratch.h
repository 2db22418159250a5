/*
 * A folder of its own for tests that need files which only root can write:
 * below /run, removed afterwards. Needs root; skip() where there is none.
 */
#ifndef UNIT_SCRATCH_H
#define UNIT_SCRATCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/bytes.h"

#define SCRATCH_PATH_MAX 256

struct scratch {
	char folder[SCRATCH_PATH_MAX];
};

/* False where this user is not root. Fails the test where no folder can be made. */
bool scratch_make(struct scratch *scratch);

/* Removes the folder and everything in it. */
void scratch_drop(struct scratch *scratch);

/* "<folder>/<name>"; the text lives until the fourth call after this one. */
const char *scratch_path(const struct scratch *scratch, const char *name);

/* Make a file or folder of that mode, whatever the umask; fails the test else. */
void scratch_file(const struct scratch *scratch, const char *name, mode_t mode,
    struct nitro_bytes content);
void scratch_folder(
    const struct scratch *scratch, const char *name, mode_t mode);

#endif
