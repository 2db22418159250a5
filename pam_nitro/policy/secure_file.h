/* Read a file that only root can have written. */
#ifndef NITRO_POLICY_SECURE_FILE_H
#define NITRO_POLICY_SECURE_FILE_H

#include "base/bytes.h"

#define NITRO_FILE_MAX (16u * 1024 * 1024) /* bytes */
#define NITRO_FOLDER_FILES_MAX 256
#define NITRO_PATH_MAX 255 /* bytes: what fits into struct nitro_fault */

/*
 * True for a path that says the same to everybody: absolute, without empty,
 * "." and ".." components, printable ASCII, at most NITRO_PATH_MAX bytes.
 */
bool nitro_secure_path_is_valid(const char *path);

/*
 * Read the whole file, once, from one descriptor, and append it to out.
 *
 * path  valid by nitro_secure_path_is_valid(). The file is regular, has this
 *       one name, is owned by root and not writable by group or others, and
 *       so is every folder above it up to "/"; no component is a symbolic
 *       link. Two fstat(2)s around the read agree; a file that is being
 *       replaced is read anew, a few times.
 *
 * On error fault names the file (or folder), what is wrong with it and the
 * errno; out is then as it was. Never blocks on a FIFO or a device, and
 * opens neither.
 *
 * NITRO_E_FILE_MISSING, NITRO_E_FILE_UNSAFE, NITRO_E_FILE_READ,
 * NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_secure_file_read(
    const char *path, struct nitro_buf *out, struct nitro_fault *fault);

/*
 * The *.conf files of a folder with the same guarantees, sorted by name:
 * calls each(path, context) until it returns something else than NITRO_OK,
 * and returns that; fault is then for each to fill.
 * At most NITRO_FOLDER_FILES_MAX files; names that begin with "." are passed
 * over.
 */
NITRO_MUST_CHECK nitro_err nitro_secure_folder_walk(const char *path,
    nitro_err (*each)(const char *path, void *context), void *context,
    struct nitro_fault *fault);

#endif
