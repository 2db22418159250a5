/*
 * A whole login: pam_sm_authenticate() and the account stage behind it, with
 * a real handle of libpam. Whatever the client says: admitted is only whom
 * the policy allows, the PAM code belongs to the one reason in the one log
 * line, and the client learns one sentence. T01-T24 M01 M05-M07 M14 O01 O06
 *
 * Input: one byte (enum fuzz_how); where the sandbox lies, what it says, up
 * to 0xff; then a sealed document (sealed.h), or lines, 0xff between two; a
 * line that begins with 0xfe is a failure of the application.
 */
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "fuzz/fuzz.h"
#include "fuzz/login.h"
#include "fuzz/mutator.h"
#include "module/report.h"

#define PAM_FOLDER "tests/fuzz/pam.d" /* not the host's */

static int
code_of(nitro_err err)
{
	switch (nitro_err_class(err)) {
	case NITRO_CLASS_OK:
		return PAM_SUCCESS;
	case NITRO_CLASS_EVIDENCE:
	case NITRO_CLASS_POLICY:
		return PAM_MAXTRIES;
	case NITRO_CLASS_CONVERSATION:
		return PAM_AUTH_ERR;
	case NITRO_CLASS_CONFIGURATION:
	case NITRO_CLASS_SYSTEM:
		break;
	}
	return PAM_SYSTEM_ERR;
}

/* The reason in the only line of the log. */
static nitro_err
logged_reason(void)
{
	const char *line = fuzz_login.line, *at;
	nitro_err err = NITRO_ERR_COUNT;
	char token[64];

	FUZZ_CHECK(fuzz_login.logged == 1);
	FUZZ_CHECK(strlen(line) <= NITRO_LOG_LINE_MAX);
	FUZZ_CHECK(fuzz_is_printable(line));
	FUZZ_CHECK((at = strstr(line, " reason=")) != NULL);
	at += strlen(" reason=");
	(void)snprintf(token, sizeof token, "%.*s", (int)strcspn(at, " "), at);
	FUZZ_CHECK(nitro_err_find(token, &err));
	FUZZ_CHECK(
	    (strstr(line, "result=allow ") == line) == (err == NITRO_OK));
	return err;
}

/* Reasons that a login can have whose files are in order. */
static void
check_reason(nitro_err err)
{
	FUZZ_CHECK(nitro_err_class(err) != NITRO_CLASS_CONFIGURATION);
	FUZZ_CHECK(nitro_err_stage(err) != NITRO_STAGE_ACCOUNT);
	FUZZ_CHECK(err != NITRO_E_PAM && err != NITRO_E_RANDOM);
	/* Of memory an application may run out, and a liar may say what he likes. */
	if (fuzz_login.lie.len > 0)
		return;
	FUZZ_CHECK(
	    err != NITRO_E_MEMORY || (fuzz_login.how & FUZZ_HOW_LINES) != 0);
	FUZZ_CHECK(err != NITRO_E_CRYPTO && err != NITRO_E_CLOCK &&
		   err != NITRO_E_INTERNAL && err != NITRO_E_SANDBOX_ANSWER);
}

/* A document that a stranger sealed is judged by sealed.c. */
static void
check_admitted(void)
{
	struct nitro_document doc = {.kind = NITRO_KIND_NONE};

	FUZZ_CHECK(
	    (fuzz_login.how & (FUZZ_HOW_LINES | FUZZ_HOW_STRANGER)) == 0);
	fuzz_sealed_check_admitted(
	    &fuzz_login.sealed, fuzz_login.policy != FUZZ_POLICY_UNBOUND);
	FUZZ_CHECK(
	    nitro_document_parse(nitro_bytes_of_buf(&fuzz_login.sealed.payload),
		&doc) == NITRO_OK);
	FUZZ_CHECK(doc.kind == NITRO_KIND_ENCLAVE);
	FUZZ_CHECK(fuzz_policy_allows(doc.pcr[0]));
}

static void
check_client(nitro_err err, int result)
{
	const bool is_told = result != PAM_SUCCESS && result != PAM_IGNORE &&
			     (fuzz_login.how & FUZZ_HOW_SILENT) == 0 &&
			     err != NITRO_E_CONVERSATION &&
			     err != NITRO_E_CONVERSATION_BROKEN;

	FUZZ_CHECK(fuzz_login.messages == (is_told ? 1 : 0));
	FUZZ_CHECK(!is_told || strcmp(fuzz_login.message,
				   "pam_nitro: login refused (reference "
				   "00010203)") == 0);
}

/* The account stage of the same handle knows what came before. */
static void
check_account(pam_handle_t *pamh, int result)
{
	int want = PAM_PERM_DENIED;

	if (fuzz_login.policy == FUZZ_POLICY_OBSERVE ||
	    (fuzz_login.how & FUZZ_HOW_STRANGER) != 0)
		want = PAM_IGNORE;
	else if (result == PAM_SUCCESS)
		want = PAM_SUCCESS;
	fuzz_login.logged = 0;
	FUZZ_CHECK(pam_sm_acct_mgmt(pamh, 0, 0, NULL) == want);
	if (want == PAM_PERM_DENIED)
		FUZZ_CHECK(logged_reason() == NITRO_E_NOT_ATTESTED);
}

static void
check_login(pam_handle_t *pamh)
{
	const int flags = (fuzz_login.how & FUZZ_HOW_SILENT) != 0 ? PAM_SILENT
								  : 0;
	const bool is_observing = fuzz_login.policy == FUZZ_POLICY_OBSERVE;
	nitro_err err;
	int result;

	result = pam_sm_authenticate(pamh, flags, 0, NULL);
	err = logged_reason();
	FUZZ_CHECK(result == (is_observing ? PAM_IGNORE : code_of(err)));
	check_reason(err);
	if (err == NITRO_OK && fuzz_login.lie.len == 0)
		check_admitted();
	check_client(err, result);
	FUZZ_CHECK((pam_getenv(pamh, "PAM_NITRO_WORKLOAD") != NULL) ==
		   (result == PAM_SUCCESS));
	check_account(pamh, result);
}

static void
put_auth_info(pam_handle_t *pamh)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pair = {0};

	fuzz_append_text(&pair, "SSH_AUTH_INFO_0=publickey ssh-ed25519 ");
	FUZZ_CHECK(nitro_base64_encode(nitro_bytes_of_buf(&fuzz_world()->key),
		       &pair) == NITRO_OK);
	fuzz_append_byte(&pair, '\n');
	fuzz_append_byte(&pair, '\0');
	FUZZ_CHECK(pam_putenv(pamh, (const char *)pair.ptr) == PAM_SUCCESS);
}

static void
read_login(struct nitro_bytes in)
{
	struct nitro_bytes rest;

	fuzz_login.how = fuzz_take_byte(&in);
	fuzz_login.policy = (fuzz_login.how & FUZZ_HOW_POLICY) % FUZZ_POLICIES;
	fuzz_login.sealed.now_ms = FUZZ_NOW_MS;
	if ((fuzz_login.how & FUZZ_HOW_LIES) != 0) {
		rest = in;
		if (nitro_bytes_take_until(
			&rest, FUZZ_LINE_END, &fuzz_login.lie))
			in = rest;
	}
	if ((fuzz_login.how & FUZZ_HOW_LINES) != 0) {
		fuzz_login.lines = in;
		return;
	}
	fuzz_sealed_read(in, &fuzz_login.sealed);
	FUZZ_CHECK(
	    nitro_base64_encode(nitro_bytes_of_buf(&fuzz_login.sealed.evidence),
		&fuzz_login.base64) == NITRO_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pam_conv conversation = {fuzz_login_converse, NULL};
	pam_handle_t *pamh = NULL;

	(void)fuzz_world();
	memset(&fuzz_login, 0, sizeof fuzz_login);
	read_login((struct nitro_bytes){data, size});
	FUZZ_CHECK(pam_start_confdir("fuzz",
		       (fuzz_login.how & FUZZ_HOW_STRANGER) != 0 ? "stranger"
								 : FUZZ_USER,
		       &conversation, PAM_FOLDER, &pamh) == PAM_SUCCESS);
	put_auth_info(pamh);
	check_login(pamh);
	fuzz_login_end(pamh);
	FUZZ_CHECK(pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(
    uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	if (size > 0 && (data[0] & (FUZZ_HOW_LINES | FUZZ_HOW_LIES)) != 0)
		return fuzz_mutate(data, size, max_size);
	return fuzz_sealed_mutate(data, size, max_size, seed, 1);
}

static void
seed_how(uint8_t how, struct nitro_bytes rest)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};

	fuzz_append_byte(&out, how);
	fuzz_append(&out, rest);
	fuzz_seed(nitro_bytes_of_buf(&out));
}

static void
seed_document(struct nitro_bytes sealed)
{
	seed_how(0, sealed);
}

static void
seed_good(struct nitro_bytes sealed)
{
	static bool is_first = true;

	if (!is_first)
		return;
	is_first = false;
	seed_how(FUZZ_POLICY_UNBOUND, sealed);
	seed_how(FUZZ_POLICY_OBSERVE, sealed);
	seed_how(FUZZ_HOW_PARTS, sealed);
	seed_how(FUZZ_HOW_PARTS | FUZZ_HOW_LATE, sealed);
	seed_how(FUZZ_HOW_STRANGER, sealed);
	seed_how(FUZZ_HOW_LIES, sealed);
}

void
fuzz_seeds(void)
{
	static const char *const texts[] = {"", "QUJD", "\n",
	    "1/2/4:QUJD\xff\x32/2/4:QUJD", "1/2/4:QUJD", "\xfe", "\xfe\x01",
	    "\xfe\x02", "\xfe\x03", "\xfe\x05", "\xfe\x06",
	    "1/2/4:QUJD\xff\xfe\x05", "\b\n\r\177INCORRECT\b\n\r\177INC"};

	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++) {
		seed_how(FUZZ_HOW_LINES, nitro_bytes_of_text(texts[i]));
		seed_how(FUZZ_HOW_LINES | FUZZ_HOW_SILENT,
		    nitro_bytes_of_text(texts[i]));
	}
	fuzz_each_sealed(seed_document);
	fuzz_each_sealed(seed_good);
}
