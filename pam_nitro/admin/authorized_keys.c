#include <stdio.h>

#include "admin/command.h"
#include "base/base64.h"
#include "policy/account.h"
#include "policy/policy.h"
#include "policy/settings.h"
#include "ssh/ssh_key.h"

enum { CONFIG = 1, OPTIONS, VERBOSE, LINE_OPTIONS_MAX = 4096 };

/* No forwarding, agent, X11 or user rc, whatever sshd_config says. */
#define LINE_OPTIONS "restrict,pty"

static const struct option options[] = {
    {"config", required_argument, NULL, CONFIG},
    {"options", required_argument, NULL, OPTIONS},
    {"verbose", no_argument, NULL, VERBOSE},
    {0},
};

/* What sshd asks: %u %t %k. */
struct question {
	const char *config;
	const char *line_options; /* before the key; "" for none */
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

/*
 * True for what sshd reads as the options of one line: a blank outside of
 * double quotes ends them, and what follows would be read as the key.
 */
static bool
are_line_options(const char *text)
{
	struct nitro_bytes left = nitro_bytes_of_text(text), c;
	bool is_quoted = false, is_escaped = false;

	if (left.len > LINE_OPTIONS_MAX || text[0] == '#')
		return false;
	while (nitro_bytes_take(&left, 1, &c)) {
		if (c.ptr[0] < ' ' || c.ptr[0] > '~' ||
		    (c.ptr[0] == ' ' && !is_quoted))
			return false;
		if (c.ptr[0] == '"' && !is_escaped)
			is_quoted = !is_quoted;
		is_escaped = c.ptr[0] == '\\' &&
			     nitro_bytes_has_prefix(left, "\"");
	}
	return !is_quoted;
}

static nitro_err
append_line(const struct question *question, struct nitro_bytes type,
    struct nitro_bytes blob, struct nitro_buf *line)
{
	nitro_err err;

	if (question->line_options[0] != '\0' &&
	    ((err = nitro_buf_append(line,
		  nitro_bytes_of_text(question->line_options))) != NITRO_OK ||
		(err = nitro_buf_append_byte(line, ' ')) != NITRO_OK))
		return err;
	if ((err = nitro_buf_append(line, type)) != NITRO_OK ||
	    (err = nitro_buf_append_byte(line, ' ')) != NITRO_OK ||
	    (err = nitro_base64_encode(blob, line)) != NITRO_OK)
		return err;
	return nitro_buf_append_byte(line, '\n');
}

/* The key is made of what was decoded, never of the arguments. */
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
	err = append_line(question, type, nitro_bytes_of_buf(&blob), &line);
	if (err != NITRO_OK)
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

static bool
set_option(int option, struct question *question)
{
	if (option == VERBOSE)
		question->is_verbose = true;
	else if (option == CONFIG)
		question->config = optarg;
	else
		question->line_options = optarg;
	if (option != OPTIONS || are_line_options(optarg))
		return true;
	nitro_complain("authorized-keys: --options %s: must be options as "
		       "sshd(8) has them in authorized_keys: printable, %d "
		       "bytes at most, quotes in pairs, no blank outside of "
		       "quotes",
	    optarg, LINE_OPTIONS_MAX);
	return false;
}

static enum nitro_exit
run(int argc, char **argv)
{
	struct question question = {
	    .config = NITRO_SETTINGS_PATH, .line_options = LINE_OPTIONS};
	char **operands;
	int option;

	while ((option = nitro_command_option(&nitro_command_authorized_keys,
		    argc, argv, options)) != NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == NITRO_OPTION_BAD ||
		    !set_option(option, &question))
			return NITRO_EXIT_USAGE;
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
    .arguments = "[--config FILE] [--options TEXT] [--verbose] USER TYPE KEY",
    .summary = "Offer sshd a user's key that nobody enrolled, for the "
	       "attestation to vouch for",
    .help =
	"For sshd_config(5), in a Match block of the users that the settings "
	"list:\n\n"
	"  AuthenticationMethods publickey,keyboard-interactive:pam\n"
	"  AuthorizedKeysCommand /usr/bin/pam-nitro authorized-keys %u %t %k\n"
	"  AuthorizedKeysCommandUser nobody\n\n"
	"  --config FILE   settings, else " NITRO_SETTINGS_PATH "\n"
	"  --options TEXT  what stands before the key, else " LINE_OPTIONS
	"; '' for nothing\n"
	"  --verbose       say on stderr why no key is offered\n\n"
	"Exit status: 0 answered, 1 the key is malformed, 2 usage or "
	"configuration.\n",
    .run = run,
};
