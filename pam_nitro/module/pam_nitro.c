/* The PAM module: its entry points, and the one map from reasons to PAM codes. */
#include <security/pam_modules.h>

#include "module/attempt.h"
#include "module/conversation.h"
#include "module/keep.h"
#include "module/refusal.h"
#include "module/report.h"

/* The user whom this handle's auth stage admitted, for its account stage. */
#define ADMITTED "pam_nitro.admitted"

#define NITRO_EXPORT __attribute__((visibility("default")))

static void
free_admitted(pam_handle_t *pamh, void *data, int error_status)
{
	(void)pamh;
	(void)error_status;
	nitro_free(data);
}

static nitro_err
forget_admitted(pam_handle_t *pamh)
{
	if (pam_set_data(pamh, ADMITTED, NULL, NULL) != PAM_SUCCESS)
		return NITRO_E_PAM;
	return NITRO_OK;
}

static nitro_err
remember_admitted(pam_handle_t *pamh, const char *user)
{
	char *copy = nitro_text_copy(nitro_bytes_of_text(user));

	if (copy == NULL)
		return NITRO_E_MEMORY;
	if (pam_set_data(pamh, ADMITTED, copy, free_admitted) != PAM_SUCCESS) {
		nitro_free(copy);
		return NITRO_E_PAM;
	}
	return NITRO_OK;
}

static bool
was_admitted(pam_handle_t *pamh, const char *user)
{
	const void *admitted = NULL;

	return pam_get_data(pamh, ADMITTED, &admitted) == PAM_SUCCESS &&
	       admitted != NULL &&
	       nitro_bytes_equal_text(nitro_bytes_of_text(user), admitted);
}

/*
 * Codes that stacks map to "ignore" (PAM_AUTHINFO_UNAVAIL, PAM_USER_UNKNOWN)
 * are not among them. PAM_MAXTRIES ends sshd's dialogue at once.
 */
static int
refusal_code(nitro_err err)
{
	const enum nitro_class class = nitro_err_class(err);

	if (class == NITRO_CLASS_EVIDENCE || class == NITRO_CLASS_POLICY)
		return PAM_MAXTRIES;
	return class == NITRO_CLASS_CONVERSATION ? PAM_AUTH_ERR
						 : PAM_SYSTEM_ERR;
}

/* Not to a client that has left, nor where the application cannot talk. */
static void
tell_client(
    pam_handle_t *pamh, nitro_err err, const struct nitro_attempt *attempt)
{
	char reference[NITRO_REFERENCE_LEN + 1];

	if (err == NITRO_E_CONVERSATION || err == NITRO_E_CONVERSATION_BROKEN)
		return;
	nitro_challenge_reference(attempt->nonce, reference);
	nitro_conversation_refuse(pamh, reference);
}

static nitro_err
login(pam_handle_t *pamh, int argc, const char **argv,
    struct nitro_attempt *attempt)
{
	nitro_err err;

	if ((err = forget_admitted(pamh)) != NITRO_OK ||
	    (err = nitro_keep_evidence(attempt,
		 nitro_attempt_login(pamh, argc, argv, attempt))) != NITRO_OK)
		return err;
	if (attempt->mode == NITRO_MODE_ENFORCE &&
	    (err = nitro_report_environment(pamh, attempt)) != NITRO_OK)
		return err;
	return remember_admitted(pamh, attempt->user);
}

NITRO_EXPORT int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	NITRO_DROP(nitro_attempt_drop)
	struct nitro_attempt attempt = {0};
	nitro_err err = login(pamh, argc, argv, &attempt);

	nitro_report(pamh, err, &attempt);
	if (err != NITRO_OK)
		nitro_refusal_wait(pamh, &attempt.answered);
	if (attempt.mode == NITRO_MODE_OBSERVE)
		return PAM_IGNORE;
	if (err == NITRO_OK)
		return PAM_SUCCESS;
	if (((unsigned)flags & PAM_SILENT) == 0)
		tell_client(pamh, err, &attempt);
	return refusal_code(err);
}

NITRO_EXPORT int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	NITRO_DROP(nitro_attempt_drop)
	struct nitro_attempt attempt = {0};
	bool is_governed = false;
	nitro_err err = nitro_attempt_account(
	    pamh, argc, argv, &attempt, &is_governed);

	(void)flags;
	if (err == NITRO_OK && !is_governed)
		return PAM_IGNORE;
	if (err == NITRO_OK && !was_admitted(pamh, attempt.user))
		err = NITRO_E_NOT_ATTESTED;
	if (attempt.mode == NITRO_MODE_OBSERVE) {
		if (err != NITRO_OK)
			nitro_report(pamh, err, &attempt);
		return PAM_IGNORE;
	}
	if (err == NITRO_OK)
		return PAM_SUCCESS;
	nitro_report(pamh, err, &attempt);
	return err == NITRO_E_NOT_ATTESTED ? PAM_PERM_DENIED : PAM_SYSTEM_ERR;
}

/* Attestation gives no credentials, and sshd calls this for logins by key alone too. */
NITRO_EXPORT int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags, (void)argc, (void)argv;
	return PAM_SUCCESS;
}

NITRO_EXPORT int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags, (void)argc, (void)argv;
	return PAM_SUCCESS;
}

NITRO_EXPORT int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags, (void)argc, (void)argv;
	return PAM_SUCCESS;
}
