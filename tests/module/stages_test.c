/* What the stages of one login know of each other, and of nobody else's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "module/captured_log.h"
#include "module/login.h"
#include "unit/unit.h"

static int
account(const struct login *login)
{
	captured_clear();
	return pam_acct_mgmt(login->pamh, 0);
}

/* Refused, with one line that says why. */
static void
assert_not_attested(const struct login *login, const char *row)
{
	assert_int_equal(account(login), PAM_PERM_DENIED);
	assert_int_equal(
	    login_line_differs(row, "account", NITRO_E_NOT_ATTESTED, NULL), 0);
}

static void
test_an_attested_login_passes_the_account_stage_in_silence(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};

	login_open(&login, stack, "deploy");
	assert_int_equal(login_authenticate(&login), PAM_SUCCESS);
	assert_int_equal(account(&login), PAM_SUCCESS);
	assert_int_equal(captured_count(), 0);
	/* Once more is no harm. */
	assert_int_equal(account(&login), PAM_SUCCESS);
}

/* M06 */
static void
test_a_login_by_key_alone_is_refused_for_listed_users(void **state)
{
	struct stack *stack = stack_need(state);
	static const char *const users[] = {"deploy", "instance", "root"};

	for (size_t i = 0; i < NITRO_COUNT_OF(users); i++) {
		NITRO_DROP(login_close) struct login login = {0};

		login_open(&login, stack, users[i]);
		/* As sshd does it for a publickey login. */
		assert_int_equal(
		    pam_setcred(login.pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
		assert_not_attested(&login, users[i]);
	}
}

static void
test_an_unlisted_user_is_ignored_by_the_account_stage(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login person = {0};

	/* Only PAM_IGNORE comes out as permit's success here and ... */
	stack_service(stack, "nitro",
	    "account required @\naccount required pam_permit.so\n");
	login_open(&person, stack, "nobody");
	assert_int_equal(account(&person), PAM_SUCCESS);
	assert_int_equal(captured_count(), 0);
	login_close(&person);
	/* ... as a refusal where nothing else says yes. */
	stack_service(stack, "nitro", "account required @\n");
	login_open(&person, stack, "nobody");
	assert_int_equal(account(&person), PAM_PERM_DENIED);
	assert_int_equal(captured_count(), 0);
}

/* Its name service may be down, and then nobody knows who is a member. */
static void
test_nobody_is_unlisted_while_a_listed_group_is_not_known(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};

	stack_write(stack, "pam_nitro.conf",
	    "measurements = \"~/measurements.conf\";\n"
	    "trust_anchors = \"~/root.pem\";\n"
	    "users = ({ group = \"no-such-group\"; workloads = "
	    "[\"billing\"]; });\n");
	stack_service(stack, "nitro",
	    "account required @\naccount required pam_permit.so\n");
	login_open(&login, stack, "nobody");
	assert_int_equal(account(&login), PAM_SYSTEM_ERR);
	assert_int_equal(captured_count(), 1);
	assert_non_null(
	    strstr(captured_line(0), "reason=account_lookup_failed"));
	assert_non_null(strstr(captured_line(0), "no-such-group"));
}

/* F02 */
/* Who is listed by name needs nobody's group. */
static void
test_a_group_that_is_not_known_hinders_no_listed_user(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};

	stack_write(stack, "pam_nitro.conf",
	    "server_name = \"" STACK_SERVER_NAME "\";\n"
	    "measurements = \"~/measurements.conf\";\n"
	    "trust_anchors = \"~/root.pem\";\n"
	    "users = ({ user = \"deploy\"; workloads = [\"billing\"]; },\n"
	    "{ group = \"no-such-group\"; workloads = [\"billing\"]; });\n");
	login_open(&login, stack, "deploy");
	assert_int_equal(login_authenticate(&login), PAM_SUCCESS);
	assert_int_equal(account(&login), PAM_SUCCESS);
}

static void
test_an_unlisted_user_is_challenged_and_refused(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};
	struct login garbage = {.client.script = client_null_text};

	login_open(&login, stack, "nobody");
	login_authenticate(&login);
	assert_int_equal(login_differs(&login, "nobody", NITRO_E_USER), 0);
	assert_int_equal(login.client.prompt_count, 1);
	assert_int_equal(
	    login_once(&garbage, stack, "nobody", NITRO_E_NO_ANSWER), 0);
}

/* M07 */
static void
test_the_account_stage_of_another_handle_is_refused(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login attested = {0};
	NITRO_DROP(login_close) struct login other = {0};

	login_open(&attested, stack, "deploy");
	login_open(&other, stack, "deploy");
	assert_int_equal(login_authenticate(&attested), PAM_SUCCESS);
	assert_not_attested(&other, "other handle");
	assert_int_equal(account(&attested), PAM_SUCCESS);
}

/* M07 */
static void
test_a_failed_login_takes_an_earlier_one_back(void **state)
{
	struct stack *stack = stack_need(state);
	static client_script *const failures[] = {
	    client_null_text, client_null_array};

	for (size_t i = 0; i < NITRO_COUNT_OF(failures); i++) {
		NITRO_DROP(login_close) struct login login = {0};

		login_open(&login, stack, "deploy");
		assert_int_equal(login_authenticate(&login), PAM_SUCCESS);
		assert_int_equal(account(&login), PAM_SUCCESS);
		login.client.script = failures[i];
		assert_int_not_equal(login_authenticate(&login), PAM_SUCCESS);
		assert_not_attested(&login, "after a failure");
	}
}

/* M07 */
static void
test_broken_settings_take_an_earlier_login_back(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};

	login_open(&login, stack, "deploy");
	assert_int_equal(login_authenticate(&login), PAM_SUCCESS);
	stack_settings(stack, "max_age_s = 0;\n");
	assert_int_equal(login_authenticate(&login), PAM_SYSTEM_ERR);
	stack_settings(stack, "");
	assert_not_attested(&login, "after broken settings");
}

/* M07 */
static void
test_another_user_than_the_attested_one_is_refused(void **state)
{
	struct stack *stack = stack_need(state);
	static const char *const users[] = {"instance", "root"};

	for (size_t i = 0; i < NITRO_COUNT_OF(users); i++) {
		NITRO_DROP(login_close) struct login login = {0};

		login_open(&login, stack, "deploy");
		assert_int_equal(login_authenticate(&login), PAM_SUCCESS);
		assert_int_equal(
		    pam_set_item(login.pamh, PAM_USER, users[i]), PAM_SUCCESS);
		assert_not_attested(&login, users[i]);
	}
}

/* The application, or a module behind its conversation, changes the user. */
static int
change_the_user(struct client *client, struct pam_response **responses)
{
	struct login *login = client->context;

	if (pam_set_item(login->pamh, PAM_USER, "instance") != PAM_SUCCESS ||
	    pam_set_item(login->pamh, PAM_RHOST, "198.51.100.1") != PAM_SUCCESS)
		return PAM_CONV_ERR;
	return client_whole(client, responses);
}

/* M07 */
static void
test_a_user_changed_during_the_dialogue_is_not_admitted(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close)
	struct login login = {.client.script = change_the_user};

	login.client.context = &login;
	login_open(&login, stack, "deploy");
	/* The document is judged for the user in the challenge, or for nobody. */
	if (login_authenticate(&login) == PAM_SUCCESS)
		assert_non_null(strstr(captured_line(0), " user=deploy "));
	assert_int_equal(captured_count(), 1);
	assert_not_attested(&login, "changed during the dialogue");
}

/* M05 */
static void
test_setcred_changes_nothing(void **state)
{
	static const int flags[] = {PAM_ESTABLISH_CRED, PAM_DELETE_CRED,
	    PAM_REINITIALIZE_CRED, PAM_REFRESH_CRED,
	    PAM_DELETE_CRED | PAM_SILENT, 0};
	struct stack *stack = stack_need(state);

	for (size_t i = 0; i < NITRO_COUNT_OF(flags); i++) {
		NITRO_DROP(login_close) struct login login = {0};

		login_open(&login, stack, "deploy");
		captured_clear();
		assert_int_equal(
		    pam_setcred(login.pamh, flags[i]), PAM_SUCCESS);
		assert_not_attested(&login, "setcred is no login");
		assert_int_equal(login_authenticate(&login), PAM_SUCCESS);
		captured_clear();
		assert_int_equal(
		    pam_setcred(login.pamh, flags[i]), PAM_SUCCESS);
		assert_int_equal(pam_open_session(login.pamh, 0), PAM_SUCCESS);
		assert_int_equal(pam_close_session(login.pamh, 0), PAM_SUCCESS);
		assert_int_equal(captured_count(), 0);
		assert_int_equal(account(&login), PAM_SUCCESS);
		assert_string_equal(
		    pam_getenv(login.pamh, "PAM_NITRO_WORKLOAD"), "billing");
	}
}

static size_t
count_environment(const struct login *login)
{
	char **list = pam_getenvlist(login->pamh);
	size_t count = 0;

	assert_non_null(list);
	while (list[count] != NULL)
		free(list[count++]);
	free(list);
	return count;
}

/* M16 */
static void
test_the_session_learns_four_things_and_no_more(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};

	login_open(&login, stack, "deploy");
	assert_int_equal(count_environment(&login), 1);
	assert_int_equal(login_authenticate(&login), PAM_SUCCESS);
	/* Besides SSH_AUTH_INFO_0, which login_open() has put. */
	assert_int_equal(count_environment(&login), 5);
	assert_string_equal(
	    pam_getenv(login.pamh, "PAM_NITRO_WORKLOAD"), "billing");
	assert_string_equal(
	    pam_getenv(login.pamh, "PAM_NITRO_VERSION"), "1.4.2");
	assert_string_equal(
	    pam_getenv(login.pamh, "PAM_NITRO_KIND"), "enclave");
	assert_string_equal(pam_getenv(login.pamh, "PAM_NITRO_MODULE_ID"),
	    SIM_MODULE_ID_ENCLAVE);
}

/* Counts what is asked for without echo, and leaves the rest to the client. */
struct counter {
	struct client *client;
	unsigned hidden;
};

static int
count_hidden(int count, const struct pam_message **messages,
    struct pam_response **responses, void *appdata)
{
	struct counter *counter = appdata;

	if (count == 1 && messages[0]->msg_style == PAM_PROMPT_ECHO_OFF) {
		counter->hidden++;
		*responses = NULL;
		return PAM_CONV_ERR;
	}
	return client_converse(count, messages, responses, counter->client);
}

/*
 * pam_exec(8) asks for a password only where no module before it has left
 * one in PAM_AUTHTOK.
 */
/* M16 */
static void
test_no_password_is_left_for_modules_behind(void **state)
{
	static const char *const lines[] = {"QUJD", NULL};
	struct stack *stack = stack_need(state);

	stack_service(stack, "nitro",
	    "auth required @\n"
	    "auth optional pam_exec.so expose_authtok quiet /bin/cat\n");
	for (unsigned i = 0; i < 2; i++) {
		NITRO_DROP(login_close)
		struct login login = {
		    .client = {.script = i == 0 ? client_whole : client_lines,
			.lines = lines}};
		struct counter counter = {&login.client, 0};
		const struct pam_conv conversation = {count_hidden, &counter};

		login_open(&login, stack, "deploy");
		assert_int_equal(
		    pam_set_item(login.pamh, PAM_CONV, &conversation),
		    PAM_SUCCESS);
		assert_int_equal(login_authenticate(&login),
		    i == 0 ? PAM_SUCCESS : PAM_MAXTRIES);
		assert_int_equal(counter.hidden, 1);
	}
}

/* M08 T28 */
static void
test_a_user_name_that_is_none_is_refused(void **state)
{
	static char longest[97], too_long[98], kib32[32769];
	static const struct {
		const char *user, *shown;
		nitro_err expected;
	} users[] = {
	    {NULL, "", NITRO_E_USER_NAME},
	    {"", "", NITRO_E_USER_NAME},
	    {kib32, "", NITRO_E_USER_NAME},
	    {too_long, "", NITRO_E_USER_NAME},
	    {longest, longest, NITRO_E_USER},
	    {"a\nb", "a%0Ab", NITRO_E_USER},
	    {"%n%s", "%25n%25s", NITRO_E_USER},
	    {"../deploy", "..%2Fdeploy", NITRO_E_USER},
	    {"deploy\xff", "deploy%FF", NITRO_E_USER},
	    {"-", "-", NITRO_E_USER},
	};
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	memset(longest, 'a', sizeof longest - 1);
	memset(too_long, 'a', sizeof too_long - 1);
	memset(kib32, 'a', sizeof kib32 - 1);
	for (size_t i = 0; i < NITRO_COUNT_OF(users); i++) {
		NITRO_DROP(login_close)
		struct login login = {.user_shown = users[i].shown};

		login_open(&login, stack, users[i].user);
		login_authenticate(&login);
		differences += login_differs(
		    &login, users[i].shown, users[i].expected);
		/* Nobody knows such a user; nobody lets him in, either. */
		assert_int_not_equal(account(&login), PAM_SUCCESS);
	}
	assert_int_equal(differences, 0);
}

/* L18: the account stage reads its own arguments. */
static void
test_an_argument_that_is_none_refuses_in_the_account_stage(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};

	stack_service(stack, "nitro",
	    "account required & debug\naccount required pam_permit.so\n");
	login_open(&login, stack, "deploy");
	assert_int_equal(account(&login), PAM_SYSTEM_ERR);
	assert_int_equal(login_line_differs("account", "account",
			     NITRO_E_MODULE_ARGUMENT, NULL),
	    0);
}

/* Nobody is no user, and no user that the rules do not list. */
static void
test_no_user_is_not_an_unlisted_one(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {.user_shown = ""};

	stack_service(stack, "nitro",
	    "account required @\naccount required pam_permit.so\n");
	login_open(&login, stack, "");
	assert_int_equal(account(&login), PAM_SYSTEM_ERR);
	assert_int_equal(
	    login_line_differs("account", "account", NITRO_E_USER_NAME, NULL),
	    0);
}

/* M09 */
static void
test_flags_change_no_verdict(void **state)
{
	static const unsigned flags[] = {PAM_SILENT, PAM_DISALLOW_NULL_AUTHTOK,
	    PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK, 0x00ffffffu & ~PAM_SILENT,
	    0x40000000u};
	static const char *const lines[] = {"QUJD", NULL};
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(flags); i++) {
		struct login good = {.flags = (int)flags[i]};
		struct login bad = {.flags = (int)flags[i],
		    .client = {.script = client_lines, .lines = lines}};

		differences += login_once(&good, stack, "deploy", NITRO_OK);
		differences += login_once(
		    &bad, stack, "deploy", NITRO_E_COSE_SHAPE);
	}
	assert_int_equal(differences, 0);
}

static void
other_code(struct client *client, struct sim_document *doc)
{
	(void)client;
	doc->pcr[0][0] ^= 1;
}

/* One login in observe mode; the verdict is in the log alone. */
static void
observe(const struct stack *stack,
    void (*edit)(struct client *client, struct sim_document *doc),
    nitro_err verdict, int result)
{
	NITRO_DROP(login_close) struct login login = {.client.edit = edit};

	login_open(&login, stack, "deploy");
	assert_int_equal(login_authenticate(&login), result);
	assert_int_equal(
	    login_line_differs("observed", "auth", verdict, NULL), 0);
	assert_non_null(strstr(captured_line(0), " mode=observe "));
	assert_string_equal(login.client.complaint, "");
	assert_int_equal(login.client.prompt_count, 1);
	assert_int_equal(login.client.message_count, 0);
	assert_int_equal(count_environment(&login), 1);
	assert_int_equal(account(&login), result);
	/* A login that was attested is not told to be none. */
	if (verdict == NITRO_OK)
		assert_string_equal(captured_line(0), "");
	else
		assert_int_equal(login_line_differs("observed", "account",
				     NITRO_E_NOT_ATTESTED, NULL),
		    0);
}

static void
test_observe_mode_logs_the_verdict_and_leaves_the_decision(void **state)
{
	struct stack *stack = stack_need(state);

	stack_settings(stack, "mode = \"observe\";\n");
	/* PAM_IGNORE alone is no admission ... */
	observe(stack, NULL, NITRO_OK, PAM_PERM_DENIED);
	observe(stack, other_code, NITRO_E_PCR, PAM_PERM_DENIED);
	/* ... and no refusal where the rest of the stack says yes. */
	stack_service(stack, "nitro",
	    "auth required @\nauth required pam_permit.so\n"
	    "account required @\naccount required pam_permit.so\n");
	observe(stack, NULL, NITRO_OK, PAM_SUCCESS);
	observe(stack, other_code, NITRO_E_PCR, PAM_SUCCESS);
}

/* What is observed and refused is no admission once the mode has changed. */
static void
test_a_refusal_in_observe_mode_is_remembered_as_one(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close)
	struct login login = {.client.edit = other_code};

	stack_settings(stack, "mode = \"observe\";\n");
	stack_service(stack, "nitro",
	    "auth required @\nauth required pam_permit.so\n"
	    "account required @\n");
	login_open(&login, stack, "deploy");
	assert_int_equal(login_authenticate(&login), PAM_SUCCESS);
	stack_settings(stack, "");
	assert_not_attested(&login, "observed and refused");
}

static void
test_broken_files_are_told_in_observe_mode_too(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};
	struct login settings = {0};

	stack_settings(stack, "mode = \"observe\";\nmax_age_s = 0;\n");
	assert_int_equal(
	    login_once(&settings, stack, "deploy", NITRO_E_SETTINGS), 0);
	stack_settings(stack, "mode = \"observe\";\n");
	stack_write(stack, "measurements.conf", "");
	stack_service(
	    stack, "nitro", "auth required @\nauth required pam_permit.so\n");
	login_open(&login, stack, "deploy");
	login_authenticate(&login);
	assert_int_equal(login_line_differs("measurements", "auth",
			     NITRO_E_MEASUREMENTS, NULL),
	    0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STACK_TEST(
		test_an_attested_login_passes_the_account_stage_in_silence),
	    STACK_TEST(test_a_login_by_key_alone_is_refused_for_listed_users),
	    STACK_TEST(test_an_unlisted_user_is_ignored_by_the_account_stage),
	    STACK_TEST(
		test_nobody_is_unlisted_while_a_listed_group_is_not_known),
	    STACK_TEST(test_a_group_that_is_not_known_hinders_no_listed_user),
	    STACK_TEST(test_an_unlisted_user_is_challenged_and_refused),
	    STACK_TEST(test_the_account_stage_of_another_handle_is_refused),
	    STACK_TEST(test_a_failed_login_takes_an_earlier_one_back),
	    STACK_TEST(test_broken_settings_take_an_earlier_login_back),
	    STACK_TEST(test_another_user_than_the_attested_one_is_refused),
	    STACK_TEST(test_a_user_changed_during_the_dialogue_is_not_admitted),
	    STACK_TEST(test_setcred_changes_nothing),
	    STACK_TEST(test_the_session_learns_four_things_and_no_more),
	    STACK_TEST(test_no_password_is_left_for_modules_behind),
	    STACK_TEST(test_a_user_name_that_is_none_is_refused),
	    STACK_TEST(
		test_an_argument_that_is_none_refuses_in_the_account_stage),
	    STACK_TEST(test_no_user_is_not_an_unlisted_one),
	    STACK_TEST(test_flags_change_no_verdict),
	    STACK_TEST(
		test_observe_mode_logs_the_verdict_and_leaves_the_decision),
	    STACK_TEST(test_a_refusal_in_observe_mode_is_remembered_as_one),
	    STACK_TEST(test_broken_files_are_told_in_observe_mode_too),
	};

	return stack_run(tests);
}
