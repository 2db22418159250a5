/*
 * The evidence store: a folder that only root can read, one file for each
 * login whose document verified (policy/evidence_record.h).
 *
 * A record is called TIME-REFERENCE-RESULT.evidence, so that names sort by
 * time. It is there whole or not at all. The writer itself keeps the folder
 * within its bounds: what is older than keep_ms goes (looked at once an
 * hour), and above max_bytes the oldest go, those of refused logins first
 * while they hold more than half: documents of strangers, which may be
 * genuine and as many as they like, never push out admitted logins below
 * that half.
 *
 * Other files in the folder are neither counted nor touched, but for those
 * that begin with ".new-": records in the making, removed when they are an
 * hour old. ".lock" says who counts.
 */
#ifndef NITRO_POLICY_EVIDENCE_STORE_H
#define NITRO_POLICY_EVIDENCE_STORE_H

#include "policy/evidence_record.h"
#include "policy/settings.h"

#define NITRO_EVIDENCE_NAME_SIZE 64 /* with NUL */

/*
 * Keep one record.
 *
 * settings  directory is set. A missing directory and its missing parent are
 *           made. It must be root's, of mode 0700, and every folder above as
 *           in policy/secure_path.h.
 *
 * On NITRO_OK the record is on the disk. Waits for another writer's count a
 * quarter of a second at most, and otherwise for the disk alone. RLIMIT_FSIZE
 * is a full disk, not a SIGXFSZ.
 *
 * NITRO_E_FILE_MISSING, NITRO_E_FILE_UNSAFE, NITRO_E_FILE_READ with a fault that
 * says why; NITRO_E_MEMORY. Nothing has then been kept.
 */
NITRO_MUST_CHECK nitro_err nitro_evidence_store_keep(
    const struct nitro_evidence_settings *settings,
    const struct nitro_evidence_record *record, struct nitro_fault *fault);

struct nitro_evidence_entry {
	char name[NITRO_EVIDENCE_NAME_SIZE];
	char reference[NITRO_REFERENCE_LEN + 1];
	int64_t time_ms;
	int64_t size; /* bytes on the disk, in blocks of 4 KiB */
	bool is_allowed;
	bool is_doomed; /* to be removed, see nitro_evidence_store_prune() */
};

/* {0}, then filled; released by nitro_evidence_list_drop(). */
struct nitro_evidence_list {
	struct nitro_buf entries; /* see nitro_evidence_list_at() */
	size_t count;
	int64_t unfinished_bytes; /* of records in the making */
};

/* Entry i, 0..count - 1: the oldest first. */
struct nitro_evidence_entry *nitro_evidence_list_at(
    const struct nitro_evidence_list *list, size_t i);

void nitro_evidence_list_drop(struct nitro_evidence_list *list);

/* The names of all records. Errors as above; the folder is judged as above, and not made. */
NITRO_MUST_CHECK nitro_err nitro_evidence_store_list(const char *directory,
    struct nitro_evidence_list *list, struct nitro_fault *fault);

/*
 * Read one record: a regular file of root's, not writable by others, whose
 * name is that of its content.
 */
NITRO_MUST_CHECK nitro_err nitro_evidence_store_read(const char *directory,
    const char *name, struct nitro_evidence_record *record,
    struct nitro_fault *fault);

/*
 * Bring the folder within its bounds now, and to the last byte.
 *
 * is_dry_run  only say what would be removed.
 * list        all records as they were; is_doomed says which of them are
 *             gone, or would be.
 */
NITRO_MUST_CHECK nitro_err nitro_evidence_store_prune(
    const struct nitro_evidence_settings *settings, int64_t now_ms,
    bool is_dry_run, struct nitro_evidence_list *list,
    struct nitro_fault *fault);

/* The name of a record in the store. */
void nitro_evidence_name(const struct nitro_evidence_record *record,
    char name[NITRO_EVIDENCE_NAME_SIZE]);

/* Fill name, reference, time and result; false for any other name. */
NITRO_MUST_CHECK bool nitro_evidence_name_parse(
    const char *name, struct nitro_evidence_entry *entry);

#endif
