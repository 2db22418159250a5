/* The releases that stand in a folder: a file, and the bundle beside it. */
#ifndef NITRO_ADMIN_PROVENANCE_RELEASE_H
#define NITRO_ADMIN_PROVENANCE_RELEASE_H

#include "admin/provenance/proof.h"
#include "policy/settings.h"

#define NITRO_RELEASES_MAX 1024
#define NITRO_RELEASE_PATH_SIZE 1024

enum nitro_release_state {
	NITRO_RELEASE_REFUSED = 0,
	NITRO_RELEASE_NEW,    /* verified, and not allowed yet */
	NITRO_RELEASE_KNOWN,  /* verified, and allowed already */
	NITRO_RELEASE_REVOKED /* verified, and revoked */
};

struct nitro_release {
	char path[NITRO_RELEASE_PATH_SIZE];   /* image or file of PCRs */
	char bundle[NITRO_RELEASE_PATH_SIZE]; /* "" where there is none */
	enum nitro_release_state state;
	char why[NITRO_TRAIL_TEXT_SIZE]; /* printable; why it is refused */
	struct nitro_measurements entry; /* one, where it was verified */
	int64_t time_ms;                 /* of the verdict; 0 for none */
	bool is_rollback; /* older than what is allowed of this workload */
};

struct nitro_releases {
	struct nitro_release *list; /* sorted by path, then by time */
	size_t count;
};

/*
 * Find them: FILE.eif or FILE.json, and beside it the same name with
 * .sigstore.json, .sigstore, .bundle, .jsonl, .dsse.json, .sig or .minisig.
 * releases  {0} before; released by nitro_releases_drop().
 * NITRO_E_FILE_MISSING, NITRO_E_FILE_READ with a fault; NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_releases_find(const char *folder,
    struct nitro_releases *releases, struct nitro_fault *fault);

void nitro_releases_drop(struct nitro_releases *releases);

/* What a release is judged by. */
struct nitro_release_rules {
	const struct nitro_settings *settings;
	const char *workload; /* the one rule that counts; NULL: any */
	struct nitro_question
	    question;     /* root, key, and what else is the same for all */
	const char *keep; /* where to; NULL: nothing is kept */
};

/*
 * Verify a release by each rule of require_provenance. Exactly one must hold:
 * it gives the workload; the version is the file's name without its ending.
 * NITRO_OK, with release->state set to refused or new; else what has nothing
 * to do with the release, with a fault.
 */
NITRO_MUST_CHECK nitro_err nitro_release_judge(struct nitro_release *release,
    const struct nitro_release_rules *rules, struct nitro_fault *fault);

#endif
