#include <stdio.h>

#include "admin/command.h"
#include "base/base64.h"
#include "policy/account.h"
#include "policy/policy.h"
#include "policy/settings.h"
#include "ssh/ssh_key.h"

enum { CONFIG = 1, VERBOSE };

static const struct option options[] = {
    {"config", required_argument, NULL, CONFIG},
    {"verbose", no_argument, NULL, VERBOSE},
    {0},
};

/* What sshd asks: %u %t %k. */
struct question {
	const char *config;
	const char *user, *type, *key;
	bool is_verbose;
};

static void
explain(const struct question *question, const char *why)
{
	if (question->is_verbose)
		nitro_complain("authorized-keys: no key is offered: %s", why);
}

static enum nitro_exit
fail(struct nitro_fault *fault, nitro_err err)
{
	fault->err = err;
	nitro_complain_fault(fault);
	return NITRO_EXIT_USAGE;
}

/*
 * A key that nobody enrolled is offered only where the attestation has to
 * vouch for that very key, and where the account stage refuses a login without
 * one.
 */
static bool
may_offer(const struct question *question,
    const struct nitro_settings *settings, const struct nitro_account *account)
{
	if (settings->mode != NITRO_MODE_ENFORCE) {
		explain(question, "the mode is observe");
		return false;
	}
	if (!settings->binds_ssh_key) {
		explain(question,
		    "binding is none, so no document vouches for a key");
		return false;
	}
	if (nitro_settings_lists_user(settings, question->user,
		(const char *const *)account->groups, account->group_count))
		return true;
	explain(question, "no rule of users lists this user");
	return false;
}

static enum nitro_exit
refuse(const char *why)
{
	nitro_complain("authorized-keys: %s; sshd_config(5) must say: "
		       "AuthorizedKeysCommand /usr/bin/pam-nitro "
		       "authorized-keys %%u %%t %%k",
	    why);
	return NITRO_EXIT_REFUSED;
}

/* The line is made of what was decoded, never of the arguments. */
static enum nitro_exit
offer(const struct question *question)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf blob = {0}, plain = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf line = {0};
	struct nitro_fault fault = {0};
	struct nitro_bytes type;
	nitro_err err;

	err = nitro_base64_decode(nitro_bytes_of_text(question->key), &blob);
	if (err == NITRO_E_BASE64)
		return refuse("KEY is not strict base64");
	if (err != NITRO_OK)
		return fail(&fault, err);
	err = nitro_ssh_key_plain(nitro_bytes_of_buf(&blob), &plain);
	if (err == NITRO_E_AUTH_INFO)
		return refuse(
		    "KEY is malformed, or of a type that is not supported");
	if (err != NITRO_OK)
		return fail(&fault, err);
	type = nitro_ssh_key_type(nitro_bytes_of_buf(&blob));
	if (!nitro_bytes_equal_text(type, question->type))
		return refuse("TYPE is not the type that KEY itself names");
	if (!nitro_bytes_equal(
		nitro_bytes_of_buf(&blob), nitro_bytes_of_buf(&plain))) {
		explain(question, "it is a certificate");
		return NITRO_EXIT_YES;
	}
	if ((err = nitro_buf_append(&line, type)) != NITRO_OK ||
	    (err = nitro_buf_append_byte(&line, ' ')) != NITRO_OK ||
	    (err = nitro_base64_encode(nitro_bytes_of_buf(&blob), &line)) !=
		NITRO_OK ||
	    (err = nitro_buf_append_byte(&line, '\n')) != NITRO_OK)
		return fail(&fault, err);
	(void)fwrite(line.ptr, 1, line.len, stdout);
	return NITRO_EXIT_YES;
}

static enum nitro_exit
answer(const struct question *question)
{
	NITRO_DROP(nitro_settings_drop) struct nitro_settings settings = {0};
	NITRO_DROP(nitro_account_drop) struct nitro_account account = {0};
	struct nitro_fault fault = {0};
	nitro_err err;

	err = nitro_policy_load_settings(question->config, &settings, &fault);
	if (err != NITRO_OK)
		return fail(&fault, err);
	if ((err = nitro_account_lookup(question->user, &account)) != NITRO_OK)
		return fail(&fault, err);
	if (!may_offer(question, &settings, &account))
		return NITRO_EXIT_YES;
	return offer(question);
}

static enum nitro_exit
run(int argc, char **argv)
{
	struct question question = {.config = NITRO_SETTINGS_PATH};
	char **operands;
	int option;

	while ((option = nitro_command_option(&nitro_command_authorized_keys,
		    argc, argv, options)) != NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == NITRO_OPTION_BAD)
			return NITRO_EXIT_USAGE;
		if (option == VERBOSE)
			question.is_verbose = true;
		else
			question.config = optarg;
	}
	operands = nitro_command_operands(
	    &nitro_command_authorized_keys, argc, argv, 3);
	if (operands == NULL)
		return NITRO_EXIT_USAGE;
	question.user = operands[0];
	question.type = operands[1];
	question.key = operands[2];
	return answer(&question);
}

const struct nitro_command nitro_command_authorized_keys = {
    .name = "authorized-keys",
    .arguments = "[--config FILE] [--verbose] USER TYPE KEY",
    .summary = "Offer sshd a user's key that nobody enrolled, for the "
	       "attestation to vouch for",
    .help =
	"For sshd_config(5), in a Match block of the users that the settings "
	"list:\n\n"
	"  AuthenticationMethods publickey,keyboard-interactive:pam\n"
	"  AuthorizedKeysCommand /usr/bin/pam-nitro authorized-keys %u %t %k\n"
	"  AuthorizedKeysCommandUser nobody\n\n"
	"  --config FILE  settings, else " NITRO_SETTINGS_PATH "\n"
	"  --verbose      say on stderr why no key is offered\n\n"
	"Exit status: 0 answered, 1 the key is malformed, 2 usage or "
	"configuration.\n",
    .run = run,
};
