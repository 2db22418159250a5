/*
 * A PAM module that asks what pam_nitro asks, and takes any answer: what a
 * login costs without a verdict.
 */
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdlib.h>

/* As long as a challenge is. */
#define PROMPT \
	"pam_nitro/0 nonce=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA " \
	"key=SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA " \
	"host=demo.example user=deploy part=1: "

__attribute__((visibility("default"))) int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	char *answer = NULL;
	const int result = pam_prompt(
	    pamh, PAM_PROMPT_ECHO_OFF, &answer, "%s", PROMPT);

	(void)flags, (void)argc, (void)argv;
	free(answer);
	return result;
}

__attribute__((visibility("default"))) int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags, (void)argc, (void)argv;
	return PAM_SUCCESS;
}

__attribute__((visibility("default"))) int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags, (void)argc, (void)argv;
	return PAM_SUCCESS;
}
