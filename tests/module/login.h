/* One login through libpam, and whether it came out as it must. */
#ifndef MODULE_LOGIN_H
#define MODULE_LOGIN_H

#include "module/client.h"
#include "module/stack.h"

struct login {
	/* Set before login_open() where it is to differ from {0}. */
	const char *service;     /* NULL: "nitro" */
	const char *auth_info;   /* NULL: the stack's; "": none */
	const char *rhost;       /* NULL: "192.0.2.7" */
	const char *fingerprint; /* NULL: the stack's; what K has to be */
	const char *user_shown;  /* NULL: the user; what U has to be */
	const char *workload, *version; /* NULL: billing, 1.4.2 */
	int flags;
	bool is_patient;      /* the module itself waits before it refuses */
	struct client client; /* pki and key: NULL is the stack's */

	/* Filled. */
	const struct stack *stack;
	const char *user;
	unsigned
	    wait_us; /* what the module left to wait; 0 when it did itself */
	pam_handle_t *pamh;
	int result; /* of pam_authenticate(3) */
};

/* pam_start(3) and what sshd sets: PAM_RHOST and SSH_AUTH_INFO_0. */
void login_open(
    struct login *login, const struct stack *stack, const char *user);

/* pam_putenv(3). */
void login_put(const struct login *login, const char *name, const char *value);

/* Forget the log and what the client saw, then pam_authenticate(3). */
int login_authenticate(struct login *login);

/* For NITRO_DROP(); harmless on {0}. */
void login_close(struct login *login);

/*
 * Judge a login of the service "nitro" or another where the module is alone:
 * the PAM code that belongs to the reason, exactly one line in the log with
 * the reason and the reference of the challenge, printable and not too long,
 * one sentence to the client, PAM_NITRO_* in the environment only after
 * NITRO_OK, PAM_USER as it was.
 *
 * 0 where all is as it must be; else 1, and lines that say what is not.
 */
unsigned login_differs(
    const struct login *login, const char *row, nitro_err expected);

/* Open, authenticate, judge, close. */
unsigned login_once(struct login *login, const struct stack *stack,
    const char *user, nitro_err expected);

/* The PAM code of the auth stage for a reason. */
int login_code(nitro_err err);

/*
 * Judge the only line of the log: "pam_nitro(SERVICE:STAGE): result=RESULT
 * reason=REASON ref=REFERENCE" and more, printable ASCII, at most 512 bytes.
 * reference  NULL where any will do.
 */
unsigned login_line_differs(
    const char *row, const char *stage, nitro_err err, const char *reference);

#endif
