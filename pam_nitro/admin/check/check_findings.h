/* What `pam-nitro check` has to say, collected first and printed at the end. */
#ifndef NITRO_ADMIN_CHECK_FINDINGS_H
#define NITRO_ADMIN_CHECK_FINDINGS_H

#include "base/bytes.h"

enum nitro_severity {
	NITRO_SEVERITY_ERROR,   /* a hole, or nobody can log in */
	NITRO_SEVERITY_WARNING, /* weaker or staler than it looks */
	NITRO_SEVERITY_NOTE     /* good to know; does not make it a finding */
};

/* A kind of finding: the same words wherever it is found. */
struct nitro_finding_kind {
	const char *id; /* stable word for --json */
	enum nitro_severity severity;
	const char *why; /* why it matters */
};

#define NITRO_FINDING_ACCOUNTS_MAX 8 /* named in one finding */
#define NITRO_FINDING_PATH_MAX 24    /* lines of a path shown */

struct nitro_finding {
	const struct nitro_finding_kind *kind;
	char file[256]; /* "" where no file is concerned */
	unsigned line;  /* 0 where none is */
	char what[640];
	char change[640];
	/* The accounts that it holds for; none where it holds for all. */
	char *accounts[NITRO_FINDING_ACCOUNTS_MAX];
	size_t account_count;               /* may be more than are named */
	char *path[NITRO_FINDING_PATH_MAX]; /* a way through the PAM stack */
	size_t path_count;
};

/* {0} is the empty list; released by nitro_findings_drop(). */
struct nitro_findings {
	struct nitro_finding *list;
	size_t count, room;
	bool has_failed; /* memory ran out: the list is not complete */
};

void nitro_findings_drop(struct nitro_findings *findings);

/*
 * Add a finding; where and what are cut to fit. NULL where memory ran out,
 * which the list remembers. The result lives until the next one is added.
 */
struct nitro_finding *nitro_finding_add(struct nitro_findings *findings,
    const struct nitro_finding_kind *kind, const char *file, unsigned line);

/* Say what it is, and what to change. finding may be NULL. */
__attribute__((format(printf, 2, 3))) void nitro_finding_what(
    struct nitro_finding *finding, const char *format, ...);
__attribute__((format(printf, 2, 3))) void nitro_finding_change(
    struct nitro_finding *finding, const char *format, ...);
__attribute__((format(printf, 2, 3))) void nitro_finding_path(
    struct nitro_finding *finding, const char *format, ...);

/*
 * Name the account that the newest finding holds for. Where an older one says
 * the same of another account, the newest is merged into that.
 */
void nitro_finding_account(
    struct nitro_findings *findings, const char *account);

size_t nitro_findings_count(
    const struct nitro_findings *findings, enum nitro_severity severity);

/* How much was looked at, for the last line. */
struct nitro_looked_at {
	size_t rules, entries, revoked, anchors;
	bool has_host;
	size_t accounts, pam_files;
};

/* Print for people, or as one JSON object. False where making that failed. */
void nitro_findings_print(const struct nitro_findings *findings,
    const struct nitro_looked_at *looked_at);
NITRO_MUST_CHECK bool nitro_findings_print_json(
    const struct nitro_findings *findings,
    const struct nitro_looked_at *looked_at);

#endif
