/*
 * `pam-nitro check`: what the parsers let pass and a careful colleague would
 * not. Each function below adds to the findings; none of them fails.
 */
#ifndef NITRO_ADMIN_CHECK_H
#define NITRO_ADMIN_CHECK_H

#include "admin/check/check_accounts.h"
#include "admin/check/check_findings.h"
#include "policy/policy.h"

struct nitro_checkup {
	const char *config; /* the settings file */
	/* What of the host is looked at. */
	const char *sshd;        /* the program */
	const char *sshd_config; /* NULL: sshd's own default */
	const char *pam_folder;
	const char *pam_service;
	const char *pam_modules; /* a folder; NULL: where libpam looks */
	const char *address;     /* that logins come from */
	int64_t now_ms;
	/* What has been loaded of the policy: its settings first. */
	bool has_settings, has_policy;
	struct nitro_policy policy;
	struct nitro_listed_accounts accounts;
	struct nitro_findings findings;
	struct nitro_looked_at looked_at;
};

/* Load settings, anchors and measurements as the module does. */
void nitro_check_load(struct nitro_checkup *check);

/* Options and rules of the settings; needs has_settings. */
void nitro_check_settings(struct nitro_checkup *check);

/* Entries of the measurements; needs has_policy. */
void nitro_check_entries(struct nitro_checkup *check);

/*
 * What require_provenance demands, and every kept bundle verified again;
 * needs has_policy.
 */
void nitro_check_provenance(struct nitro_checkup *check);

/* Roots, signing certificates; needs has_policy. */
void nitro_check_certificates(struct nitro_checkup *check);

/* The evidence store, where the settings have one; needs has_settings. */
void nitro_check_evidence(struct nitro_checkup *check);

void nitro_check_clock(struct nitro_checkup *check);

/* The sandbox in which documents are verified: can it be had, and whole? */
void nitro_check_sandbox(struct nitro_checkup *check);

/* What sshd does with each listed account; needs has_settings. */
void nitro_check_sshd(struct nitro_checkup *check);

/* The PAM stack of sshd, for each listed account; needs has_settings. */
void nitro_check_pam(struct nitro_checkup *check);

/*
 * Judge owner and mode of a file of the host and of every folder above it, the way
 * to it over symbolic links included. A finding of that kind where somebody but
 * root may change it. False where it cannot be found.
 */
bool nitro_check_owner(struct nitro_checkup *check,
    const struct nitro_finding_kind *kind, const char *path);

#endif
