/*
 * One login, from the administrator's files to the verdict. Everything that
 * the log line tells stands in struct nitro_attempt.
 */
#ifndef NITRO_MODULE_ATTEMPT_H
#define NITRO_MODULE_ATTEMPT_H

#include <security/pam_modules.h>
#include <time.h>

#include "policy/decision.h"
#include "policy/policy.h"
#include "sandbox/verdict.h"
#include "ssh/challenge.h"

struct nitro_attempt {
	/* Copies: the application may set the items while a prompt is open. */
	char *user;  /* PAM_USER, or ""; NULL until it was read */
	char *rhost; /* PAM_RHOST, or ""; likewise */
	uint8_t nonce[NITRO_NONCE_LEN]; /* zero until it was drawn */
	enum nitro_mode mode; /* enforce until the settings were read */
	struct nitro_policy policy;
	struct nitro_challenge challenge; /* key is "" until it was made */
	struct nitro_buf key_blob;        /* what was proved; empty for none */
	struct nitro_answer answer;       /* as far as it came */
	struct timespec
	    answered;   /* CLOCK_MONOTONIC: its last line; {0} before */
	int64_t now_ms; /* when it was judged; 0 before */
	struct nitro_verdict verdict;
	struct nitro_decision decision;
	struct nitro_fault fault; /* of files, sandbox, or evidence store */
	bool is_evidence_lost;    /* see module/keep.h */
};

/*
 * The only argument is config=/absolute/path, at most once; *path is a view into
 * argv, or NITRO_SETTINGS_PATH.
 * NITRO_E_MODULE_ARGUMENT; fault names the argument.
 */
NITRO_MUST_CHECK nitro_err nitro_attempt_config_path(
    int argc, const char **argv, const char **path, struct nitro_fault *fault);

/*
 * The auth stage: read the files, challenge, collect, verify, decide.
 * attempt  {0} before; filled as far as it came; released by nitro_attempt_drop().
 * NITRO_OK admits, once; everything else refuses.
 */
NITRO_MUST_CHECK nitro_err nitro_attempt_login(pam_handle_t *pamh, int argc,
    const char **argv, struct nitro_attempt *attempt);

/*
 * The account stage: is this user one that a rule lists, or in observe mode?
 * *is_governed  written on NITRO_OK.
 */
NITRO_MUST_CHECK nitro_err nitro_attempt_account(pam_handle_t *pamh, int argc,
    const char **argv, struct nitro_attempt *attempt, bool *is_governed);

void nitro_attempt_drop(struct nitro_attempt *attempt);

#endif
