/*
 * A file of the administrator replaced so that at every moment the old one or
 * the new one is there, whole, and so that two who do it at once lose nothing.
 */
#ifndef NITRO_ADMIN_FILE_REPLACE_H
#define NITRO_ADMIN_FILE_REPLACE_H

#include <sys/stat.h>

#include "base/bytes.h"
#include "policy/secure_file.h"

/* Calls of after_step() in one nitro_file_replace_write(). */
#define NITRO_FILE_REPLACE_STEPS 9

struct nitro_file_replace {
	/* For tests, set before nitro_file_replace_begin(): called after step 1, 2, ... */
	void (*after_step)(unsigned step, void *context);
	void *context;
	struct nitro_buf text; /* what the file has */
	bool is_replaced;      /* it is the new one, whatever came after that */
	/* Private. */
	const char *path;
	char name[NITRO_PATH_MAX + 1];
	int parent, folder, lock; /* descriptors; -1 is none */
	struct stat seen;
	unsigned step;
};

#define NITRO_FILE_REPLACE_INIT \
	{ \
		.parent = -1, .folder = -1, .lock = -1 \
	}

/*
 * Take the lock of the file at path, remove what a run that was killed has
 * left, and read the file into replace->text.
 *
 * The lock is flock(2) on ".NAME.lock" beside the file, which only root can
 * open and which stays there: anybody could hold a lock on the folder. Where
 * somebody else holds it, this says so on standard error and waits for at most
 * 15 seconds.
 *
 * replace  NITRO_FILE_REPLACE_INIT before; borrows path; released by
 *          nitro_file_replace_drop(), after an error too.
 *
 * Whatever nitro_secure_file_read() gives, which judges owner, mode and
 * names; NITRO_E_FILE_READ where there is no lock to get. With a fault.
 */
NITRO_MUST_CHECK nitro_err nitro_file_replace_begin(const char *path,
    struct nitro_file_replace *replace, struct nitro_fault *fault);

/*
 * Replace the file by one with that text, and of the same owner, mode and
 * access control list. The old one is kept as "NAME.bak".
 *
 * A copy of the old and the new one are written as ".NAME.bak.new" and
 * ".NAME.new" and synced before they are renamed; then the folder is synced.
 *
 * NITRO_E_FILE_READ with a fault that says what failed, and also where
 * somebody without the lock has changed the file since it was read; the file is
 * then the old one. Only where the last sync fails it is the new one, and the
 * fault says so.
 */
NITRO_MUST_CHECK nitro_err nitro_file_replace_write(
    struct nitro_file_replace *replace, struct nitro_bytes text,
    struct nitro_fault *fault);

/* Releases the lock. Harmless when called twice. */
void nitro_file_replace_drop(struct nitro_file_replace *replace);

#endif
