/*
 * One document judged as pam_nitro.so would judge it, by the same functions
 * (nitro_evidence_verify(), nitro_decide()), with all that is needed to explain the
 * verdict.
 */
#ifndef NITRO_ADMIN_JUDGEMENT_H
#define NITRO_ADMIN_JUDGEMENT_H

#include "admin/judge/claims.h"
#include "admin/judge/document_file.h"
#include "evidence/verifier.h"
#include "policy/account.h"
#include "policy/decision.h"
#include "policy/policy.h"

/* As if the document had come in ... */
enum nitro_at {
	NITRO_AT_NOW,
	NITRO_AT_DOCUMENT, /* ... at its own time: its age is not judged */
	NITRO_AT_TIME      /* ... at at_ms */
};

/* What the caller asks. Borrowed texts. */
struct nitro_inquiry {
	enum nitro_at at;
	int64_t at_ms;
	struct nitro_bytes nonce;  /* the challenge; len 0: not checked */
	const char *trust_anchors; /* path of any PEM file, or NULL */
	const char *config; /* path of settings, or NULL: evidence only */
	const char *user;   /* set where config is, else NULL */
};

/*
 * Read the value of --at: now, document, or a time in RFC 3339.
 * False where it is none of them, and the complaint of that command has been
 * made.
 */
NITRO_MUST_CHECK bool nitro_inquiry_set_at(
    const char *command, const char *text, struct nitro_inquiry *inquiry);

/* What the verdict rests on; {0} before nitro_grounds_load(). */
struct nitro_grounds {
	bool has_policy;
	struct nitro_policy policy;
	struct nitro_account account;
	struct nitro_trust_anchors *own_anchors;
	const struct nitro_trust_anchors
	    *anchors; /* own_anchors, or the policy's */
	const char *anchors_path;
	int64_t max_age_ms, clock_skew_ms;
};

/*
 * Read the files that the inquiry names.
 *
 * Trust anchors are those of inquiry->trust_anchors, of any owner and mode;
 * else those of the policy; else NITRO_TRUST_ANCHORS_PATH, which like every
 * file of the policy only root may have written.
 *
 * grounds  borrows from inquiry; released by nitro_grounds_drop(), after an
 *          error too.
 *
 * Errors of class CONFIGURATION, NITRO_E_ACCOUNT_LOOKUP, NITRO_E_MEMORY,
 * NITRO_E_CRYPTO; fault says which file, line and why.
 */
NITRO_MUST_CHECK nitro_err nitro_grounds_load(
    const struct nitro_inquiry *inquiry, struct nitro_grounds *grounds,
    struct nitro_fault *fault);

void nitro_grounds_drop(struct nitro_grounds *grounds);

struct nitro_judgement {
	nitro_err err;     /* the verdict: NITRO_OK allows */
	bool is_verified;  /* the evidence stood every check */
	bool has_decision; /* policy was applied: decision is filled */
	int64_t now_ms;    /* this host's clock, or the inquiry's time */
	struct nitro_claims claims; /* unverified unless is_verified */
	struct nitro_decision decision;
};

/*
 * Judge. The verdict stands in judgement->err; a file without a document in
 * it is refused as such an answer would be.
 * judgement  views into file and grounds; needs no release.
 */
void nitro_judge(const struct nitro_document_file *file,
    const struct nitro_inquiry *inquiry, const struct nitro_grounds *grounds,
    struct nitro_judgement *judgement);

/* This host's clock in ms since 1970. NITRO_E_CLOCK. */
NITRO_MUST_CHECK nitro_err nitro_clock_ms(int64_t *now_ms);

#endif
