/*
 * One change of the measurements on its way from the command line to the disk:
 * which file, locked, edited, checked as the module would, shown, replaced.
 */
#ifndef NITRO_ADMIN_MEASUREMENTS_CHANGE_H
#define NITRO_ADMIN_MEASUREMENTS_CHANGE_H

#include "admin/measurements/file_replace.h"
#include "admin/measurements/measurements_edit.h"
#include "policy/policy.h"

struct nitro_change {
	/* What the administrator asks; set before nitro_change_begin(). */
	const char *config; /* path of settings, or NULL: the usual ones */
	const char *file;   /* which file to change, or NULL */
	bool is_dry_run;    /* locks and writes nothing */
	/* What is there now. */
	char *path;        /* of the file that is changed */
	bool has_settings; /* and they name that file */
	struct nitro_settings settings;
	bool has_before; /* false: the measurements do not pass, see fault */
	struct nitro_measurements before;
	struct nitro_fault before_fault;
	struct nitro_file_replace replace;
	/* What will be there. */
	struct nitro_measurements after;
	struct nitro_buf text, diff;
	/* Why the settings as a whole still do not pass; .err NITRO_OK if they do. */
	struct nitro_fault remaining;
};

#define NITRO_CHANGE_INIT \
	{ \
		.replace = NITRO_FILE_REPLACE_INIT \
	}

/*
 * Find the file, lock it and read what is there.
 *
 * It is the one that the settings name; in a folder of them the one that
 * change->file says, by its name or whole path. A file that no settings name
 * is taken where change->config is NULL.
 *
 * change  NITRO_CHANGE_INIT with the request before; released by
 *         nitro_change_drop(), after an error too.
 *
 * Errors of class CONFIGURATION, NITRO_E_MEMORY, NITRO_E_CRYPTO; fault says
 * which file and why. NITRO_E_MODULE_ARGUMENT where change->file is missing or
 * wrong.
 */
NITRO_MUST_CHECK nitro_err nitro_change_begin(
    struct nitro_change *change, struct nitro_fault *fault);

/*
 * Add elements to a list, check the result, and fill text, diff and after.
 *
 * wanted  the count elements, as the module must read them afterwards.
 *
 * The new text must pass the module's parser and have exactly the old entries
 * and items and the wanted ones. Where the settings and all that they name
 * pass now, they must pass with it; where they do not, remaining says what is
 * still missing, e.g. another workload's first entry.
 *
 * NITRO_E_MEASUREMENTS and other errors as above, with a fault; nothing is
 * changed on the disk in any case.
 */
NITRO_MUST_CHECK nitro_err nitro_change_make(struct nitro_change *change,
    enum nitro_edit_list list, const struct nitro_entry *wanted, size_t count,
    struct nitro_fault *fault);

/* Put the new text in place, unless it is a dry run. As nitro_file_replace_write(). */
NITRO_MUST_CHECK nitro_err nitro_change_commit(
    struct nitro_change *change, struct nitro_fault *fault);

void nitro_change_drop(struct nitro_change *change);

#endif
