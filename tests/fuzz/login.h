/*
 * What stands around the module in a login: in place of the real ones, by the
 * linker's --wrap, the clock, the random nonce, the log, the data of the
 * handle (libpam gives it only to a module that it has called itself), the
 * files (by the same parsers, from memory) and the fork of the sandbox: its
 * work is done here, and it may lie. Then the application, and the client
 * behind it.
 */
#ifndef FUZZ_LOGIN_H
#define FUZZ_LOGIN_H

#include <security/pam_appl.h>
#include <security/pam_modules.h>

#include "fuzz/policy.h"
#include "fuzz/sealed.h"

#define FUZZ_LINE_END 0xff

enum fuzz_how {
	FUZZ_HOW_POLICY = 3,    /* enum fuzz_policy; 3 is the first, too */
	FUZZ_HOW_LINES = 4,     /* lines, no document */
	FUZZ_HOW_PARTS = 8,     /* the document in parts */
	FUZZ_HOW_SILENT = 16,   /* PAM_SILENT */
	FUZZ_HOW_LATE = 32,     /* half a minute at each look at the clock */
	FUZZ_HOW_STRANGER = 64, /* a user in no rule */
	FUZZ_HOW_LIES = 128     /* the sandbox lies */
};

/* One login, as everything around the module sees it; {0} before. */
struct fuzz_login {
	/* Set before. */
	unsigned how;
	enum fuzz_policy policy;
	struct fuzz_sealed sealed;
	struct nitro_buf base64;  /* of the document */
	struct nitro_bytes lines; /* FUZZ_LINE_END between two */
	struct nitro_bytes lie;   /* the first bytes that the sandbox says */

	/* What happened. */
	unsigned prompts, messages, logged;
	char message[1024], line[1024]; /* the last one */

	void *data; /* of the handle */
	void (*free_data)(pam_handle_t *pamh, void *data, int status);
	int64_t monotonic_ms;
};

/* There is one at a time: the replaced functions have no other way to it. */
extern struct fuzz_login fuzz_login;

/* For struct pam_conv. */
int fuzz_login_converse(int count, const struct pam_message **messages,
    struct pam_response **responses, void *context);

/* As libpam does it at the end of a handle. */
void fuzz_login_end(pam_handle_t *pamh);

#endif
