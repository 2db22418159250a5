/*
 * What secure_file.c, secure_folder.c and who replaces such a file share: a
 * path walked from "/" down, every folder judged on the way.
 */
#ifndef NITRO_POLICY_SECURE_PATH_H
#define NITRO_POLICY_SECURE_PATH_H

#include <sys/stat.h>

#include "base/bytes.h"
#include "policy/secure_file.h"

/* NITRO_DROP(nitro_fd_drop) for descriptors; -1 is none. */
void nitro_fd_drop(int *fd);

/* A fault for a failed call: its reason by errno, what and errno as text. */
NITRO_MUST_CHECK nitro_err nitro_secure_refuse_errno(
    struct nitro_fault *fault, const char *path, const char *what, int error);

/* No symbolic link, owned by root, not writable by group or others. */
NITRO_MUST_CHECK nitro_err nitro_secure_judge_owner(
    const struct stat *st, const char *path, struct nitro_fault *fault);

/* The same, and a folder. */
NITRO_MUST_CHECK nitro_err nitro_secure_judge_folder(
    const struct stat *st, const char *path, struct nitro_fault *fault);

/*
 * Walk down to the folder that holds path, judging each on the way: a name
 * that is looked up in a folder which only root can change stays what it is.
 *
 * *parent  that folder, opened by O_PATH; the caller closes it.
 * name     the last component of path.
 */
NITRO_MUST_CHECK nitro_err nitro_secure_open_parent(const char *path,
    int *parent, char name[NITRO_PATH_MAX + 1], struct nitro_fault *fault);

#endif
