/*
 * A folder that only this user can enter, for the time of one call: the
 * ephemeral key, the list of own keys, the document between two prompts.
 */
#ifndef NITRO_CLIENT_PRIVATE_FOLDER_H
#define NITRO_CLIENT_PRIVATE_FOLDER_H

#include <limits.h>

#include "client/complaint.h"

struct nitro_private_folder {
	int fd; /* open while is_open */
	bool is_open;
	char path[PATH_MAX]; /* absolute; [A-Za-z0-9/._+,@:-] only */
};

/*
 * Make a new folder, mode 0700, in the first of $TMPDIR, $XDG_RUNTIME_DIR,
 * /tmp, /dev/shm and /run where that works; or in parent where it is not
 * NULL. Folders whose name needs quoting for ssh or the shell are passed over.
 *
 * folder  start with {0}; end with nitro_private_folder_remove().
 */
NITRO_MUST_CHECK bool nitro_private_folder_make(
    const struct nitro_private_folder *parent,
    struct nitro_private_folder *folder, struct nitro_complaint *why);

/*
 * Open a folder that another process of this call has made. Refused where it
 * is a symbolic link, another user's, or open to others.
 * folder  end with nitro_private_folder_close().
 */
NITRO_MUST_CHECK bool nitro_private_folder_open(const char *path,
    struct nitro_private_folder *folder, struct nitro_complaint *why);

/* Write a new file, mode 0600. Never follows a link or opens what is there. */
NITRO_MUST_CHECK bool nitro_private_folder_write(
    const struct nitro_private_folder *folder, const char *name,
    struct nitro_bytes content, struct nitro_complaint *why);

/*
 * Append a whole file of at most max bytes to content.
 * False, and nothing appended, where there is none; no complaint then.
 */
NITRO_MUST_CHECK bool nitro_private_folder_read(
    const struct nitro_private_folder *folder, const char *name, size_t max,
    struct nitro_buf *content);

/*
 * Append all that the descriptor gives, at most max bytes.
 * False, and nothing appended, where it gives more or fails.
 */
NITRO_MUST_CHECK bool nitro_descriptor_read(
    int fd, size_t max, struct nitro_buf *content);

/* Remove one file; harmless where there is none. */
void nitro_private_folder_forget(
    const struct nitro_private_folder *folder, const char *name);

/* Path of a file in it; false where it does not fit. */
NITRO_MUST_CHECK bool nitro_private_folder_path(
    const struct nitro_private_folder *folder, const char *name,
    char out[PATH_MAX]);

/* Close and leave it there, or remove it with all that is in it. */
void nitro_private_folder_close(struct nitro_private_folder *folder);
void nitro_private_folder_remove(struct nitro_private_folder *folder);

#endif
