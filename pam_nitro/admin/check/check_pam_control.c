#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/check/check_pam_stack.h"

/* In the order of their numbers; libpam takes the first that fits. */
static const char *const result_names[NITRO_PAM_RESULTS] = {"success",
    "open_err", "symbol_err", "service_err", "system_err", "buf_err",
    "perm_denied", "auth_err", "cred_insufficient", "authinfo_unavail",
    "user_unknown", "maxtries", "new_authtok_reqd", "acct_expired",
    "session_err", "cred_unavail", "cred_expired", "cred_err", "no_module_data",
    "conv_err", "authtok_err", "authtok_recover_err", "authtok_lock_busy",
    "authtok_disable_aging", "try_again", "ignore", "abort", "authtok_expired",
    "module_unknown", "bad_item", "conv_again", "incomplete"};

/* In the order of NITRO_PAM_DO_*, downwards from 0. */
static const char *const action_names[] = {
    "ignore", "ok", "done", "bad", "die", "reset"};

enum { JUMP_MAX = 100000 }; /* more lines than any stack has */

const char *
nitro_pam_result_name(unsigned result)
{
	return result < NITRO_PAM_RESULTS ? result_names[result] : "?";
}

static void
set_rest(int action[NITRO_PAM_RESULTS], int value)
{
	for (unsigned i = 0; i < NITRO_PAM_RESULTS; i++)
		if (action[i] == NITRO_PAM_DO_UNSET)
			action[i] = value;
}

static bool
is_keyword(const char *control, int action[NITRO_PAM_RESULTS])
{
	static const struct {
		const char *name;
		int on_success, on_ignore, otherwise;
	} rows[] = {
	    {"required", NITRO_PAM_DO_OK, NITRO_PAM_DO_IGNORE,
		NITRO_PAM_DO_BAD},
	    {"requisite", NITRO_PAM_DO_OK, NITRO_PAM_DO_IGNORE,
		NITRO_PAM_DO_DIE},
	    {"optional", NITRO_PAM_DO_OK, NITRO_PAM_DO_IGNORE,
		NITRO_PAM_DO_IGNORE},
	    {"sufficient", NITRO_PAM_DO_DONE, NITRO_PAM_DO_IGNORE,
		NITRO_PAM_DO_IGNORE},
	};

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		if (strcasecmp(control, rows[i].name) != 0)
			continue;
		action[NITRO_PAM_SUCCESS] = rows[i].on_success;
		action[NITRO_PAM_NEW_AUTHTOK_REQD] = rows[i].on_success;
		action[NITRO_PAM_IGNORE] = rows[i].on_ignore;
		set_rest(action, rows[i].otherwise);
		return true;
	}
	return false;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void
skip_blanks(struct nitro_bytes *text)
{
	struct nitro_bytes c;

	while (text->len > 0 && is_blank(text->ptr[0]))
		if (!nitro_bytes_take(text, 1, &c))
			return;
}

/* The first of the names that the text begins with, which is cut off; or count. */
static size_t
take_name(struct nitro_bytes *text, const char *const *names, size_t count)
{
	struct nitro_bytes name;

	for (size_t i = 0; i < count; i++)
		if (nitro_bytes_has_prefix(*text, names[i]) &&
		    nitro_bytes_take(text, strlen(names[i]), &name))
			return i;
	return count;
}

/* A decimal number above 0; libpam takes as many digits as there are. */
static bool
take_jump(struct nitro_bytes *text, int *jump)
{
	struct nitro_bytes digit;
	int value = 0;

	while (text->len > 0 && text->ptr[0] >= '0' && text->ptr[0] <= '9' &&
	       nitro_bytes_take(text, 1, &digit)) {
		value = 10 * value + (digit.ptr[0] - '0');
		if (value > JUMP_MAX)
			value = JUMP_MAX;
	}
	*jump = value;
	return value > 0;
}

static bool
take_pair(struct nitro_bytes *text, int action[NITRO_PAM_RESULTS])
{
	static const char *const otherwise = "default";
	struct nitro_bytes sign;
	size_t result, found;
	int value;

	result = take_name(text, result_names, NITRO_PAM_RESULTS);
	if (result == NITRO_PAM_RESULTS && take_name(text, &otherwise, 1) != 0)
		return false;
	skip_blanks(text);
	if (!nitro_bytes_take(text, 1, &sign) || sign.ptr[0] != '=')
		return false;
	skip_blanks(text);
	found = take_name(text, action_names, NITRO_COUNT_OF(action_names));
	value = -(int)found;
	if (found == NITRO_COUNT_OF(action_names) && !take_jump(text, &value))
		return false;
	if (result < NITRO_PAM_RESULTS)
		action[result] = value;
	else
		set_rest(action, value);
	return true;
}

bool
nitro_pam_control_parse(const char *control, int action[NITRO_PAM_RESULTS])
{
	struct nitro_bytes text = nitro_bytes_of_text(control);
	bool is_good = true;

	for (unsigned i = 0; i < NITRO_PAM_RESULTS; i++)
		action[i] = NITRO_PAM_DO_UNSET;
	if (is_keyword(control, action))
		return true;
	skip_blanks(&text);
	while (is_good && text.len > 0) {
		is_good = take_pair(&text, action);
		skip_blanks(&text);
	}
	if (!is_good)
		for (unsigned i = 0; i < NITRO_PAM_RESULTS; i++)
			action[i] = NITRO_PAM_DO_UNSET;
	set_rest(action, NITRO_PAM_DO_BAD);
	return is_good;
}

static bool
is_separator(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* "[...]" up to the first "]" that has no backslash before it. */
static bool
take_bracketed(struct nitro_bytes *text, struct nitro_buf *out)
{
	struct nitro_bytes c;
	nitro_err err = NITRO_OK;

	if (!nitro_bytes_take(text, 1, &c))
		return false;
	while (err == NITRO_OK && nitro_bytes_take(text, 1, &c)) {
		if (c.ptr[0] == ']')
			return true;
		if (c.ptr[0] == '\\' && text->len > 0 && text->ptr[0] == ']' &&
		    !nitro_bytes_take(text, 1, &c))
			return false;
		err = nitro_buf_append_byte(out, c.ptr[0]);
	}
	return err == NITRO_OK;
}

bool
nitro_pam_word(struct nitro_bytes *text, char **word)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	struct nitro_bytes c;
	bool is_good = true;

	while (text->len > 0 && is_separator(text->ptr[0]))
		if (!nitro_bytes_take(text, 1, &c))
			return false;
	if (text->len == 0)
		return false;
	if (text->ptr[0] == '[')
		is_good = take_bracketed(text, &out);
	else
		while (is_good && text->len > 0 &&
		       !is_separator(text->ptr[0]) &&
		       nitro_bytes_take(text, 1, &c))
			is_good = nitro_buf_append_byte(&out, c.ptr[0]) ==
				  NITRO_OK;
	*word = is_good ? nitro_text_copy(nitro_bytes_of_buf(&out)) : NULL;
	return true;
}
