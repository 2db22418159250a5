#include "admin/check/check_sshd_keys.h"

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "admin/check/check_sshd_text.h"

#define COMMAND \
	"AuthorizedKeysCommand /usr/bin/pam-nitro authorized-keys %u %t %k"

static const struct nitro_finding_kind no_keys = {"sshd_no_keys",
    NITRO_SEVERITY_NOTE,
    "sshd takes no key of such an account, so no login comes as far as the "
    "challenge"};
static const struct nitro_finding_kind command_user = {"sshd_keys_command_user",
    NITRO_SEVERITY_ERROR,
    "sshd does not run the command without a user that exists, and takes no "
    "key then"};
static const struct nitro_finding_kind command_root = {"sshd_keys_command_root",
    NITRO_SEVERITY_WARNING,
    "the command reads what strangers send before they have proved anything; "
    "it needs no right at all"};
static const struct nitro_finding_kind command_file = {"sshd_keys_command_file",
    NITRO_SEVERITY_ERROR,
    "sshd runs only a program that root alone can change, and takes no key "
    "otherwise"};
static const struct nitro_finding_kind command_words = {"sshd_keys_command",
    NITRO_SEVERITY_ERROR,
    "pam-nitro is told another user, key or settings file than it should be: "
    "no key is offered, or to the wrong accounts"};
static const struct nitro_finding_kind unreadable = {
    "sshd_keys_command_settings", NITRO_SEVERITY_ERROR,
    "the command cannot read which accounts are listed, and offers no key"};

/* The next word, of those that blanks separate. */
static bool
next_word(struct nitro_bytes *left, struct nitro_bytes *word)
{
	while (nitro_bytes_take_until(left, ' ', word))
		if (word->len > 0)
			return true;
	*word = *left;
	left->len = 0;
	return word->len > 0;
}

static bool
ends_with(struct nitro_bytes text, const char *tail)
{
	size_t len = strlen(tail);

	return text.len >= len &&
	       nitro_bytes_equal_text(
		   nitro_bytes_slice(text, text.len - len, len), tail);
}

bool
nitro_sshd_offers_any_key(struct nitro_bytes text)
{
	char value[NITRO_SSHD_VALUE_SIZE];
	struct nitro_bytes left, program, name;

	nitro_sshd_value(text, "authorizedkeyscommand", value);
	left = nitro_bytes_of_text(value);
	return next_word(&left, &program) && ends_with(program, "/pam-nitro") &&
	       next_word(&left, &name) &&
	       nitro_bytes_equal_text(name, "authorized-keys");
}

/* What the quotes of sshd_config(5) keep together is one word. */
static bool
skip_value(struct nitro_bytes *left, struct nitro_bytes word)
{
	const uint8_t *quote = NULL;

	for (;;) {
		for (size_t i = 0; i < word.len; i++) {
			uint8_t c = word.ptr[i];

			if (c == '\\')
				i++;
			else if (quote == NULL && (c == '"' || c == '\''))
				quote = &word.ptr[i];
			else if (quote != NULL && c == *quote)
				quote = NULL;
		}
		if (quote == NULL)
			return true;
		if (!next_word(left, &word))
			return false;
	}
}

/* Options, then %u %t %k and nothing else. */
static bool
are_words_good(const struct nitro_checkup *check, struct nitro_bytes left)
{
	static const char *const operands[] = {"%u", "%t", "%k"};
	struct nitro_bytes config = nitro_bytes_of_text(NITRO_SETTINGS_PATH);
	struct nitro_bytes word = {0}, before;
	size_t count = 0;

	/* The program and the subcommand have been looked at. */
	if (!next_word(&left, &word) || !next_word(&left, &word))
		return false;
	while (next_word(&left, &word)) {
		if (nitro_bytes_equal_text(word, "--verbose"))
			continue;
		if (nitro_bytes_equal_text(word, "--options")) {
			if (!next_word(&left, &word) ||
			    !skip_value(&left, word))
				return false;
		} else if (nitro_bytes_has_prefix(word, "--options=")) {
			if (!skip_value(&left, word))
				return false;
		} else if (nitro_bytes_equal_text(word, "--config")) {
			if (!next_word(&left, &config))
				return false;
		} else if (nitro_bytes_has_prefix(word, "--config=")) {
			config = word;
			if (!nitro_bytes_take_until(&config, '=', &before))
				return false;
		} else if (count == NITRO_COUNT_OF(operands) ||
			   !nitro_bytes_equal_text(word, operands[count++])) {
			return false;
		}
	}
	return count == NITRO_COUNT_OF(operands) &&
	       nitro_bytes_equal_text(config, check->config);
}

/* May that user read the file, by the last three bits of its way? */
static bool
is_readable(const char *path, const struct passwd *user)
{
	char folder[PATH_MAX];
	struct stat st;
	char *slash;

	if (stat(path, &st) != 0)
		return false;
	if ((st.st_mode & S_IROTH) == 0 &&
	    !(st.st_gid == user->pw_gid && (st.st_mode & S_IRGRP) != 0))
		return false;
	(void)snprintf(folder, sizeof folder, "%s", path);
	while ((slash = strrchr(folder, '/')) != NULL && slash != folder) {
		*slash = '\0';
		if (stat(folder, &st) != 0 ||
		    ((st.st_mode & S_IXOTH) == 0 &&
			!(st.st_gid == user->pw_gid &&
			    (st.st_mode & S_IXGRP) != 0)))
			return false;
	}
	return true;
}

static void
check_command_user(const struct nitro_sshd_view *view)
{
	struct nitro_sshd_view of_settings = *view;
	char name[NITRO_SSHD_VALUE_SIZE], what[NITRO_SSHD_VALUE_SIZE + 100];
	const struct passwd *user;

	nitro_sshd_value(view->text, "authorizedkeyscommanduser", name);
	if (strcmp(name, "none") == 0 || (user = getpwnam(name)) == NULL) {
		(void)snprintf(what, sizeof what,
		    "AuthorizedKeysCommandUser is %s, which is no account "
		    "here",
		    name);
		nitro_sshd_add(view, &command_user, what,
		    "AuthorizedKeysCommandUser nobody");
	} else if (user->pw_uid == 0) {
		(void)snprintf(
		    what, sizeof what, "AuthorizedKeysCommandUser is %s", name);
		nitro_sshd_add(view, &command_root, what,
		    "AuthorizedKeysCommandUser nobody");
	} else if (nitro_sshd_offers_any_key(view->text) &&
		   !is_readable(view->check->config, user)) {
		(void)snprintf(what, sizeof what,
		    "%s, which AuthorizedKeysCommandUser names, cannot read "
		    "this file",
		    name);
		of_settings.file = view->check->config;
		nitro_sshd_add(&of_settings, &unreadable, what,
		    "chmod o+r the file, and o+x the folders above it");
	}
}

static void
check_command(const struct nitro_sshd_view *view, const char *value)
{
	struct nitro_bytes left = nitro_bytes_of_text(value), word = {0};
	char program[PATH_MAX], text[PATH_MAX + NITRO_SSHD_VALUE_SIZE];
	const char *config = view->check->config, *change = COMMAND;

	if (!next_word(&left, &word) ||
	    !nitro_bytes_to_text(word, program, sizeof program))
		return;
	if (!nitro_check_owner(view->check, &command_file, program)) {
		(void)snprintf(text, sizeof text,
		    "AuthorizedKeysCommand names %s, which does not exist",
		    program);
		nitro_sshd_add(view, &command_file, text, COMMAND);
	}
	check_command_user(view);
	if (!nitro_sshd_offers_any_key(view->text) ||
	    are_words_good(view->check, nitro_bytes_of_text(value)))
		return;
	if (strcmp(config, NITRO_SETTINGS_PATH) != 0) {
		(void)snprintf(text, sizeof text,
		    "AuthorizedKeysCommand %s authorized-keys --config %s "
		    "%%u %%t %%k",
		    program, config);
		change = text;
	}
	nitro_sshd_add(view, &command_words, value, change);
}

/* sshd_config(5), TOKENS: what may stand in AuthorizedKeysFile. */
static bool
expand(struct nitro_bytes pattern, const struct nitro_listed_account *account,
    char out[PATH_MAX])
{
	size_t len = 0;
	struct nitro_bytes c;
	int n = 0;

	out[0] = '\0';
	if (pattern.len > 0 && pattern.ptr[0] != '/' && pattern.ptr[0] != '%')
		n = snprintf(out, PATH_MAX, "%s/", account->home);
	while (n >= 0 && (len += (size_t)n) < PATH_MAX &&
	       nitro_bytes_take(&pattern, 1, &c)) {
		size_t room = PATH_MAX - len;

		bool is_token = c.ptr[0] == '%' &&
				nitro_bytes_take(&pattern, 1, &c);

		if (is_token && c.ptr[0] == 'h')
			n = snprintf(out + len, room, "%s", account->home);
		else if (is_token && c.ptr[0] == 'u')
			n = snprintf(out + len, room, "%s", account->name);
		else if (is_token && c.ptr[0] == 'U')
			n = snprintf(out + len, room, "%lu",
			    (unsigned long)account->uid);
		else
			n = snprintf(out + len, room, "%c", c.ptr[0]);
	}
	return n >= 0 && len < PATH_MAX;
}

static bool
has_enrolled_keys(
    const struct nitro_listed_account *account, struct nitro_bytes text)
{
	char value[NITRO_SSHD_VALUE_SIZE], path[PATH_MAX];
	struct nitro_bytes left, word;
	struct stat st;

	nitro_sshd_value(text, "authorizedkeysfile", value);
	left = nitro_bytes_of_text(value);
	while (next_word(&left, &word))
		if (!nitro_bytes_equal_text(word, "none") &&
		    expand(word, account, path) && stat(path, &st) == 0 &&
		    st.st_size > 0)
			return true;
	return false;
}

static bool
is_set(struct nitro_bytes text, const char *key)
{
	char value[NITRO_SSHD_VALUE_SIZE];

	nitro_sshd_value(text, key, value);
	return value[0] != '\0' && strcmp(value, "none") != 0;
}

void
nitro_check_sshd_keys(const struct nitro_sshd_view *view)
{
	char value[NITRO_SSHD_VALUE_SIZE];

	if (is_set(view->text, "authorizedkeyscommand")) {
		nitro_sshd_value(view->text, "authorizedkeyscommand", value);
		check_command(view, value);
	} else if (!is_set(view->text, "trustedusercakeys") &&
		   !has_enrolled_keys(view->account, view->text)) {
		nitro_sshd_add(view, &no_keys,
		    "there is no AuthorizedKeysCommand, no TrustedUserCAKeys "
		    "and no file of AuthorizedKeysFile",
		    "enrol keys, or " COMMAND);
	}
}
