/*
 * A PAM configuration of its own: service files, the module's files and the
 * PKI that they trust, in a folder that only root can write. The host's
 * /etc/pam.d and /etc/pam_nitro are neither read nor changed.
 */
#ifndef MODULE_STACK_H
#define MODULE_STACK_H

#include <limits.h>

#include "sim/sim.h"

#define STACK_SERVER_NAME "test.example"
#define STACK_FOLDER_SIZE 64

struct stack {
	char folder[STACK_FOLDER_SIZE]; /* /run/pam_nitro-test.XXXXXX */
	char module[PATH_MAX];          /* $BUILD/pam_nitro.so */
	struct sim_pki pki;             /* trusted; leaf made just now */
	struct sim_pki nitrotpm;        /* the same root */
	/* An SSH key that a connection has proved. */
	struct nitro_buf key;
	char auth_info[256]; /* as sshd writes it */
	char fingerprint[64];
};

/*
 * For cmocka: make and remove all that for a group of tests, and write the
 * files anew before each test:
 *
 *	nitro (service)    all four stages, this module alone, required
 *	other (service)    refuses
 *	pam_nitro.conf     deploy and the group root may log in as billing,
 *	                   instance as ledger
 *	measurements.conf  billing 1.4.2 (what sim_document_default() makes),
 *	                   ledger 2.0 (NitroTPM)
 *	root.pem           the root of pki
 */
int stack_setup(void **state);
int stack_reset(void **state);
int stack_teardown(void **state);

#define STACK_TEST(fn) \
	{ \
#fn, fn, stack_reset, NULL, NULL \
	}
#define stack_run(tests) \
	cmocka_run_group_tests(tests, stack_setup, stack_teardown)

/* What the tests run on; skips the test where that cannot be had. */
struct stack *stack_need(void **state);

/*
 * Write a file into the folder, mode 0644, by rename(2). In its text '~' is
 * the folder, '&' the module's path, '@' the module with its argument
 * config=~/pam_nitro.conf.
 */
void stack_write(const struct stack *stack, const char *name, const char *text);

/* The same without a meaning of '~', '&' and '@'. */
void stack_write_bytes(
    const struct stack *stack, const char *name, struct nitro_bytes bytes);

/* The service file NAME. */
void stack_service(
    const struct stack *stack, const char *name, const char *text);

/* pam_nitro.conf as above with other lines added, e.g. "max_age_s = 1;". */
void stack_settings(const struct stack *stack, const char *lines);

#define FOUR(x) x x x x
#define BYTES_48(x) FOUR(FOUR(x x x)) /* the hex of a PCR of equal bytes */

/* The default text of these two files. */
extern const char stack_settings_text[], stack_measurements_text[];

/* FOLDER/NAME. */
void stack_path(
    const struct stack *stack, const char *name, char path[PATH_MAX]);

/* A PKI under the same root whose leaf was made s seconds from now. */
void stack_pki_at(const struct stack *stack, int64_t s, struct sim_pki *pki);

/*
 * Run a program to its end, with its output in the file at path out (NULL:
 * nowhere); true for exit status 0.
 */
bool stack_execute(const char *const argv[], const char *out);

#endif
