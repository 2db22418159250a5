/*
 * Every PAM code that a stage of pam_nitro.so returns, in every form of
 * control that stacks have, and what the application gets of it: only
 * PAM_SUCCESS may let somebody in, and PAM_IGNORE leaves it to the rest.
 */
#include <stdio.h>
#include <string.h>

#include "module/captured_log.h"
#include "module/login.h"
#include "unit/unit.h"

#define JUMP_OVER_DENY(stage, module) \
	stage " [success=1 default=ignore] " module "\n" stage \
	      " requisite pam_deny.so\n" stage " required pam_permit.so\n"

/* What libpam makes of a stage's codes; '!' is the stage's name. */
struct form {
	const char *name, *text;
	/* 0: the code that the module gave; else this one. */
	int of_refusal, of_ignore;
};

/* PAM_PERM_DENIED where nothing but PAM_IGNORE came; PAM_AUTH_ERR is pam_deny's. */
/* M03 */
static const struct form forms[] = {
    {"required", "! required @\n", 0, PAM_PERM_DENIED},
    {"required, permit", "! required @\n! required pam_permit.so\n", 0,
	PAM_SUCCESS},
    {"requisite", "! requisite @\n", 0, PAM_PERM_DENIED},
    {"requisite, permit", "! requisite @\n! required pam_permit.so\n", 0,
	PAM_SUCCESS},
    {"sufficient, deny", "! sufficient @\n! required pam_deny.so\n",
	PAM_AUTH_ERR, PAM_AUTH_ERR},
    {"success=1, deny, permit", JUMP_OVER_DENY("!", "@"), PAM_AUTH_ERR,
	PAM_AUTH_ERR},
    {"default=die, permit",
	"! [success=ok default=die] @\n! required pam_permit.so\n", 0,
	PAM_PERM_DENIED},
    {"default=bad, permit",
	"! [success=ok ignore=ignore default=bad] @\n"
	"! required pam_permit.so\n",
	0, PAM_SUCCESS},
    {"unknown and unavailable are ignored, permit",
	"! [success=ok new_authtok_reqd=ok ignore=ignore user_unknown=ignore "
	"authinfo_unavail=ignore cred_unavail=ignore default=bad] @\n"
	"! required pam_permit.so\n",
	0, PAM_SUCCESS},
    {"success=done, deny",
	"! [success=done ignore=ignore default=die] @\n"
	"! requisite pam_deny.so\n",
	0, PAM_AUTH_ERR},
    {"permit, required", "! required pam_permit.so\n! required @\n", 0,
	PAM_SUCCESS},
};

/* Write the service: the form for one stage, this module alone for auth. */
static void
write_service(
    const struct stack *stack, const struct form *form, const char *stage)
{
	char text[1024] = "";
	size_t used = 0;

	if (strcmp(stage, "auth") != 0)
		used = (size_t)snprintf(text, sizeof text,
		    "auth [success=ok ignore=ignore default=die] @\n"
		    "auth required pam_permit.so\n");
	for (const char *c = form->text; *c != '\0'; c++)
		used += (size_t)(*c == '!'
				     ? snprintf(&text[used], sizeof text - used,
					   "%s", stage)
				     : snprintf(&text[used], sizeof text - used,
					   "%c", *c));
	assert_int_in_range(used, 1, sizeof text - 1);
	stack_service(stack, "nitro", text);
}

static unsigned
result_differs(
    const struct form *form, const char *input, int result, int returned)
{
	const int expected = returned == PAM_SUCCESS  ? PAM_SUCCESS
			     : returned == PAM_IGNORE ? form->of_ignore
			     : form->of_refusal != 0  ? form->of_refusal
						      : returned;

	if (result == expected)
		return 0;
	print_message("# form '%s', %s: PAM code %d, must be %d\n", form->name,
	    input, result, expected);
	return 1;
}

static void
other_code(struct client *client, struct sim_document *doc)
{
	(void)client;
	doc->pcr[0][0] ^= 1;
}

static const char *const no_document[] = {"QUJD", NULL};

/* One input for each class of reason, and both verdicts while observing. */
static const struct input {
	const char *name;
	const char *settings; /* added to the good ones */
	struct client client;
	int returned; /* by the auth stage */
} inputs[] = {
    {"a good document", "", {0}, PAM_SUCCESS},
    {"no document", "", {.script = client_lines, .lines = no_document},
	PAM_MAXTRIES},
    {"other code", "", {.edit = other_code}, PAM_MAXTRIES},
    {"a client that leaves", "", {.script = client_fails, .code = PAM_CONV_ERR},
	PAM_AUTH_ERR},
    {"no answer", "", {.script = client_null_text}, PAM_AUTH_ERR},
    {"broken settings", "max_age_s = 0;\n", {0}, PAM_SYSTEM_ERR},
    {"a broken application", "", {.script = client_null_array}, PAM_SYSTEM_ERR},
    {"a good document, observed", "mode = \"observe\";\n", {0}, PAM_IGNORE},
    {"no document, observed", "mode = \"observe\";\n",
	{.script = client_lines, .lines = no_document}, PAM_IGNORE},
};

/* M03 */
static void
test_every_code_of_the_auth_stage_in_every_form(void **state)
{
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(forms); i++) {
		write_service(stack, &forms[i], "auth");
		for (size_t j = 0; j < NITRO_COUNT_OF(inputs); j++) {
			NITRO_DROP(login_close)
			struct login login = {.client = inputs[j].client};

			stack_settings(stack, inputs[j].settings);
			login_open(&login, stack, "deploy");
			login_authenticate(&login);
			differences += result_differs(&forms[i], inputs[j].name,
			    login.result, inputs[j].returned);
			assert_int_equal(captured_count(), 1);
		}
	}
	assert_int_equal(differences, 0);
}

/* How the account stage is reached, and what it has to return. */
static const struct account_input {
	const char *name, *user;
	const char *settings; /* during auth */
	const char *then;     /* settings in front of the account stage */
	bool is_attested;
	int returned;
} account_inputs[] = {
    {"attested", "deploy", "", "", true, PAM_SUCCESS},
    {"never attested", "deploy", "", "", false, PAM_PERM_DENIED},
    {"a member of a listed group", "root", "", "", false, PAM_PERM_DENIED},
    {"unlisted", "nobody", "", "", false, PAM_IGNORE},
    {"attested, then broken settings", "deploy", "", "max_age_s = 0;\n", true,
	PAM_SYSTEM_ERR},
    {"unlisted, and broken settings", "nobody", "", "max_age_s = 0;\n", false,
	PAM_SYSTEM_ERR},
    {"attested, observed", "deploy", "mode = \"observe\";\n",
	"mode = \"observe\";\n", true, PAM_IGNORE},
    {"never attested, observed", "deploy", "", "mode = \"observe\";\n", false,
	PAM_IGNORE},
    /* Attested all the same, or not at all. */
    {"observed, then enforced", "deploy", "mode = \"observe\";\n", "", true,
	PAM_SUCCESS},
    {"never attested, then enforced", "root", "mode = \"observe\";\n", "",
	false, PAM_PERM_DENIED},
};

/* M03 M06 */
static void
test_every_code_of_the_account_stage_in_every_form(void **state)
{
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(forms); i++) {
		write_service(stack, &forms[i], "account");
		for (size_t j = 0; j < NITRO_COUNT_OF(account_inputs); j++) {
			const struct account_input *input = &account_inputs[j];
			NITRO_DROP(login_close) struct login login = {0};

			stack_settings(stack, input->settings);
			login_open(&login, stack, input->user);
			if (input->is_attested)
				assert_int_equal(
				    login_authenticate(&login), PAM_SUCCESS);
			stack_settings(stack, input->then);
			differences += result_differs(&forms[i], input->name,
			    pam_acct_mgmt(login.pamh, 0), input->returned);
		}
	}
	assert_int_equal(differences, 0);
}

/* M03 M05 */
static void
test_setcred_and_session_succeed_in_every_form(void **state)
{
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(forms); i++) {
		NITRO_DROP(login_close) struct login by_key = {0};
		NITRO_DROP(login_close) struct login attested = {0};
		NITRO_DROP(login_close) struct login session = {0};

		write_service(stack, &forms[i], "auth");
		/* sshd calls it after a publickey login, too. */
		login_open(&by_key, stack, "deploy");
		differences += result_differs(&forms[i], "setcred alone",
		    pam_setcred(by_key.pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
		login_open(&attested, stack, "deploy");
		assert_int_equal(login_authenticate(&attested), PAM_SUCCESS);
		differences += result_differs(&forms[i], "setcred",
		    pam_setcred(attested.pamh, PAM_ESTABLISH_CRED),
		    PAM_SUCCESS);
		write_service(stack, &forms[i], "session");
		login_open(&session, stack, "deploy");
		differences += result_differs(&forms[i], "open",
		    pam_open_session(session.pamh, 0), PAM_SUCCESS);
		differences += result_differs(&forms[i], "close",
		    pam_close_session(session.pamh, 0), PAM_SUCCESS);
	}
	assert_int_equal(differences, 0);
}

/* M04 */
static void
test_a_module_that_is_missing_lets_nobody_in(void **state)
{
	static const char *const services[] = {
	    "auth required ~/none.so\n",
	    "auth required ~/none.so\nauth required pam_permit.so\n",
	    "auth requisite ~/none.so\nauth required pam_permit.so\n",
	    "auth sufficient ~/none.so\nauth required pam_deny.so\n",
	    JUMP_OVER_DENY("auth", "~/none.so"),
	};
	struct stack *stack = stack_need(state);

	for (size_t i = 0; i < NITRO_COUNT_OF(services); i++) {
		NITRO_DROP(login_close) struct login login = {0};

		stack_service(stack, "nitro", services[i]);
		login_open(&login, stack, "deploy");
		assert_int_not_equal(login_authenticate(&login), PAM_SUCCESS);
		assert_int_equal(captured_count(), 0);
	}
}

/* M04 */
static void
test_a_stage_that_no_line_names_is_refused_by_other(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};

	stack_service(stack, "nitro", "auth required @\n");
	login_open(&login, stack, "deploy");
	assert_int_equal(login_authenticate(&login), PAM_SUCCESS);
	assert_int_not_equal(pam_acct_mgmt(login.pamh, 0), PAM_SUCCESS);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STACK_TEST(test_every_code_of_the_auth_stage_in_every_form),
	    STACK_TEST(test_every_code_of_the_account_stage_in_every_form),
	    STACK_TEST(test_setcred_and_session_succeed_in_every_form),
	    STACK_TEST(test_a_module_that_is_missing_lets_nobody_in),
	    STACK_TEST(test_a_stage_that_no_line_names_is_refused_by_other),
	};

	return stack_run(tests);
}
