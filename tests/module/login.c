#include "module/login.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/captured_log.h"
#include "unit/unit.h"

#define LOG_LINE_MAX 512

#define REFUSAL "pam_nitro: login refused (reference "

static const char *
or_else(const char *text, const char *other)
{
	return text != NULL ? text : other;
}

void
login_put(const struct login *login, const char *name, const char *value)
{
	char *pair = NULL;

	assert_true(asprintf(&pair, "%s=%s", name, value) > 0);
	assert_int_equal(pam_putenv(login->pamh, pair), PAM_SUCCESS);
	free(pair);
}

/* The application's own way to wait: not at all. */
static void
do_not_wait(int result, unsigned usec, void *appdata)
{
	struct login *login;

	(void)result;
	/* libpam calls it once more, when the whole stack has failed. */
	if (appdata == NULL || usec == 0)
		return;
	login = (void *)((char *)appdata - offsetof(struct login, client));
	login->wait_us = usec;
}

static void
be_impatient(const struct login *login)
{
	const union {
		void (*call)(int result, unsigned usec, void *appdata);
		const void *item;
	} delay = {do_not_wait};

	assert_int_equal(
	    pam_set_item(login->pamh, PAM_FAIL_DELAY, delay.item), PAM_SUCCESS);
}

void
login_open(struct login *login, const struct stack *stack, const char *user)
{
	const struct pam_conv conversation = {client_converse, &login->client};
	const char *auth_info = or_else(login->auth_info, stack->auth_info);
	char folder[PATH_MAX];

	login->stack = stack;
	login->user = user;
	if (login->client.pki == NULL)
		login->client.pki = &stack->pki;
	if (login->client.key.ptr == NULL)
		login->client.key = nitro_bytes_of_buf(&stack->key);
	stack_path(stack, "pam.d", folder);
	assert_int_equal(pam_start_confdir(or_else(login->service, "nitro"),
			     user, &conversation, folder, &login->pamh),
	    PAM_SUCCESS);
	assert_int_equal(pam_set_item(login->pamh, PAM_RHOST,
			     or_else(login->rhost, "192.0.2.7")),
	    PAM_SUCCESS);
	if (!login->is_patient)
		be_impatient(login);
	if (auth_info[0] != '\0')
		login_put(login, "SSH_AUTH_INFO_0", auth_info);
}

int
login_authenticate(struct login *login)
{
	client_forget(&login->client);
	captured_clear();
	login->wait_us = 0;
	login->result = pam_authenticate(login->pamh, login->flags);
	return login->result;
}

void
login_close(struct login *login)
{
	if (login->pamh != NULL)
		(void)pam_end(login->pamh, login->result);
	login->pamh = NULL;
	client_drop(&login->client);
}

int
login_code(nitro_err err)
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
		return PAM_SYSTEM_ERR;
	}
	return -1;
}

/* 1, after a line that says what differs. */
__attribute__((format(printf, 2, 3))) static unsigned
differs(const char *row, const char *format, ...)
{
	char text[2 * CAPTURED_LINE_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	print_message("# row '%s': %s\n", row, text);
	return 1;
}

static bool
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

unsigned
login_line_differs(
    const char *row, const char *stage, nitro_err err, const char *reference)
{
	const char *line = captured_line(0), *at;
	char want[256];
	unsigned count = 0;

	if (captured_count() != 1)
		count += differs(row, "%zu lines in the log, the last: %s",
		    captured_count(), captured_line(captured_count() - 1));
	if (!is_printable(line) || strlen(line) > LOG_LINE_MAX)
		count += differs(row, "not printable, or too long: %s", line);
	(void)snprintf(want, sizeof want, ":%s): result=%s reason=%s ref=%s",
	    stage, err == NITRO_OK ? "allow" : "deny", nitro_err_token(err),
	    or_else(reference, ""));
	at = strchr(line, ':');
	if (at == NULL || strncmp(at, want, strlen(want)) != 0)
		count += differs(
		    row, "the log must have ...%s and has %s", want, line);
	return count;
}

/* The client is told once, unless it has left or nothing is to be told. */
static unsigned
message_differs(const struct login *login, const char *row, nitro_err expected)
{
	const bool is_told = expected != NITRO_OK &&
			     expected != NITRO_E_CONVERSATION &&
			     expected != NITRO_E_CONVERSATION_BROKEN &&
			     ((unsigned)login->flags & PAM_SILENT) == 0;
	const char *ref = strstr(captured_line(0), " ref=");
	char want[CLIENT_TEXT_MAX] = "";

	if (is_told)
		(void)snprintf(want, sizeof want, REFUSAL "%.8s)",
		    ref != NULL ? ref + strlen(" ref=") : "");
	if (login->client.message_count == (is_told ? 1 : 0) &&
	    strcmp(login->client.message, want) == 0)
		return 0;
	return differs(row, "%u messages, the last '%s', must be '%s'",
	    login->client.message_count, login->client.message, want);
}

static unsigned
variable_differs(const struct login *login, const char *row, const char *name,
    const char *expected)
{
	const char *value = pam_getenv(login->pamh, name);

	if (expected == NULL && value == NULL)
		return 0;
	if (expected != NULL && value != NULL && strcmp(value, expected) == 0)
		return 0;
	return differs(row, "%s is %s, must be %s", name,
	    or_else(value, "(none)"), or_else(expected, "(none)"));
}

static unsigned
environment_differs(
    const struct login *login, const char *row, nitro_err expected)
{
	const struct sim_pki *pki = login->client.pki;
	const bool is_in = expected == NITRO_OK;
	const void *user = NULL;
	unsigned count = 0;

	count += variable_differs(login, row, "PAM_NITRO_WORKLOAD",
	    is_in ? or_else(login->workload, "billing") : NULL);
	count += variable_differs(login, row, "PAM_NITRO_VERSION",
	    is_in ? or_else(login->version, "1.4.2") : NULL);
	count += variable_differs(login, row, "PAM_NITRO_KIND",
	    !is_in                             ? NULL
	    : pki->kind == NITRO_KIND_NITROTPM ? "nitrotpm"
					       : "enclave");
	count += variable_differs(
	    login, row, "PAM_NITRO_MODULE_ID", is_in ? pki->module_id : NULL);
	if (pam_get_item(login->pamh, PAM_USER, &user) != PAM_SUCCESS ||
	    (login->user == NULL) != (user == NULL) ||
	    (user != NULL && strcmp(user, login->user) != 0))
		count += differs(row, "PAM_USER has changed");
	return count;
}

static unsigned
challenge_differs(const struct login *login, const char *row)
{
	const struct client *client = &login->client;
	unsigned count = 0;

	if (client->complaint[0] != '\0')
		count += differs(row, "%s", client->complaint);
	if (client->prompt_count == 0)
		return count;
	if (strcmp(client->host, STACK_SERVER_NAME) != 0)
		count += differs(row, "host=%s", client->host);
	if (strcmp(client->user, or_else(login->user_shown, login->user)) != 0)
		count += differs(row, "user=%s", client->user);
	if (strcmp(client->fingerprint,
		or_else(login->fingerprint, login->stack->fingerprint)) != 0)
		count += differs(row, "key=%s", client->fingerprint);
	return count;
}

unsigned
login_differs(const struct login *login, const char *row, nitro_err expected)
{
	char reference[CLIENT_REFERENCE_SIZE];
	unsigned count = 0;

	if (login->result != login_code(expected))
		count += differs(row, "PAM code %d, must be %d", login->result,
		    login_code(expected));
	client_reference(&login->client, reference);
	count += login_line_differs(row, "auth", expected,
	    login->client.prompt_count > 0 ? reference : NULL);
	count += challenge_differs(login, row);
	count += message_differs(login, row, expected);
	count += environment_differs(login, row, expected);
	return count;
}

unsigned
login_once(struct login *login, const struct stack *stack, const char *user,
    nitro_err expected)
{
	unsigned count;

	login_open(login, stack, user);
	(void)login_authenticate(login);
	count = login_differs(login, or_else(user, "(no user)"), expected);
	login_close(login);
	return count;
}
