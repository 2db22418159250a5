#include "admin/check/check_pam_results.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SUCCESS NITRO_PAM_RESULT(NITRO_PAM_SUCCESS)
#define AUTH_ERR NITRO_PAM_RESULT(NITRO_PAM_AUTH_ERR)
#define SERVICE_ERR NITRO_PAM_RESULT(NITRO_PAM_SERVICE_ERR)
#define UNKNOWN (SUCCESS | AUTH_ERR | SERVICE_ERR)

/* One condition of pam_succeed_if(8): attribute, qualifier, value. */
struct condition {
	const char *attribute, *qualifier, *value;
};

static uint32_t
result_of(bool holds)
{
	return holds ? SUCCESS : AUTH_ERR;
}

/* False where the text is no number for strtoll(3), which the module uses. */
static bool
to_number(const char *text, long long *value)
{
	char *end = NULL;

	errno = 0;
	*value = strtoll(text, &end, 0);
	return end != NULL && *end == '\0' && errno == 0;
}

/* "lt", "<" and so on; SERVICE_ERR where the qualifier is none of numbers. */
static uint32_t
compare_numbers(const char *left, const char *qualifier, const char *right)
{
	static const struct {
		const char *name, *sign;
		bool if_less, if_equal, if_more;
	} rows[] = {
	    {"lt", "<", true, false, false},
	    {"le", "<=", true, true, false},
	    {"gt", ">", false, false, true},
	    {"ge", ">=", false, true, true},
	    {"eq", "eq", false, true, false},
	    {"ne", "ne", true, false, true},
	};
	long long a, b;

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		if (strcasecmp(qualifier, rows[i].name) != 0 &&
		    strcmp(qualifier, rows[i].sign) != 0)
			continue;
		if (!to_number(left, &a) || !to_number(right, &b))
			return SERVICE_ERR;
		return result_of(a < b    ? rows[i].if_less
				 : a == b ? rows[i].if_equal
					  : rows[i].if_more);
	}
	return SERVICE_ERR;
}

/* One of the names between colons. */
static bool
is_in_list(const char *list, const char *name)
{
	struct nitro_bytes left = nitro_bytes_of_text(list), item;

	while (nitro_bytes_take_until(&left, ':', &item))
		if (nitro_bytes_equal_text(item, name))
			return true;
	return nitro_bytes_equal_text(left, name);
}

/* The module takes a list of groups since Linux-PAM 1.3.1. */
static bool
is_in_group(const struct nitro_account *account, const char *groups)
{
	for (size_t i = 0; i < account->group_count; i++)
		if (is_in_list(groups, account->groups[i]))
			return true;
	return false;
}

static bool
is_any(const char *word, const char *a, const char *b)
{
	return strcasecmp(word, a) == 0 || strcasecmp(word, b) == 0;
}

static uint32_t
compare_texts(const struct condition *condition, const char *left,
    const struct nitro_listed_account *account)
{
	const char *qualifier = condition->qualifier;
	const char *value = condition->value;

	if (strcmp(qualifier, "=") == 0)
		return result_of(strcmp(left, value) == 0);
	if (strcmp(qualifier, "!=") == 0)
		return result_of(strcmp(left, value) != 0);
	if (is_any(qualifier, "=~", "glob"))
		return result_of(fnmatch(value, left, 0) == 0);
	if (is_any(qualifier, "!~", "noglob"))
		return result_of(fnmatch(value, left, 0) != 0);
	if (strcasecmp(qualifier, "in") == 0)
		return result_of(is_in_list(value, left));
	if (strcasecmp(qualifier, "notin") == 0)
		return result_of(!is_in_list(value, left));
	if (strcasecmp(qualifier, "ingroup") == 0)
		return result_of(is_in_group(&account->account, value));
	if (strcasecmp(qualifier, "notingroup") == 0)
		return result_of(!is_in_group(&account->account, value));
	if (is_any(qualifier, "innetgr", "notinnetgr"))
		return UNKNOWN;
	return compare_numbers(left, qualifier, value);
}

static uint32_t
evaluate(const struct condition *condition, const char *service,
    const struct nitro_listed_account *account)
{
	const char *attribute = condition->attribute;
	char number[24];

	if (is_any(attribute, "user", "login") ||
	    strcasecmp(attribute, "name") == 0)
		return compare_texts(condition, account->name, account);
	if (is_any(attribute, "uid", "gid")) {
		(void)snprintf(number, sizeof number, "%lu",
		    (unsigned long)(strcasecmp(attribute, "uid") == 0
					? account->uid
					: account->gid));
		return compare_texts(condition, number, account);
	}
	if (strcasecmp(attribute, "shell") == 0)
		return compare_texts(condition, account->shell, account);
	if (is_any(attribute, "home", "dir") ||
	    strcasecmp(attribute, "homedir") == 0)
		return compare_texts(condition, account->home, account);
	if (strcasecmp(attribute, "service") == 0)
		return compare_texts(condition, service, account);
	if (is_any(attribute, "ruser", "rhost") ||
	    strcasecmp(attribute, "tty") == 0)
		return UNKNOWN;
	return SERVICE_ERR;
}

static bool
is_flag(const char *argument)
{
	static const char *const flags[] = {
	    "debug", "quiet", "quiet_fail", "quiet_success", "audit"};

	for (size_t i = 0; i < NITRO_COUNT_OF(flags); i++)
		if (strcmp(argument, flags[i]) == 0)
			return true;
	return false;
}

/* All conditions must hold; the first that does not gives the result. */
static uint32_t
succeed_if(const struct nitro_pam_line *line, const char *service,
    const struct nitro_listed_account *account)
{
	const char *word[3] = {0};
	uint32_t results = SUCCESS, one;
	size_t count = 0;

	for (size_t i = 0; i < line->argument_count; i++)
		if (strcmp(line->argument[i], "use_uid") == 0)
			return UNKNOWN;
	for (size_t i = 0; i < line->argument_count; i++) {
		if (is_flag(line->argument[i]))
			continue;
		word[count++] = line->argument[i];
		if (count < NITRO_COUNT_OF(word))
			continue;
		count = 0;
		one = evaluate(&(struct condition){word[0], word[1], word[2]},
		    service, account);
		results = (results & ~SUCCESS) | one;
		if ((one & SUCCESS) == 0)
			return results;
	}
	return count == 0 ? results : (results & ~SUCCESS) | SERVICE_ERR;
}

uint32_t
nitro_pam_results(const struct nitro_pam_line *line, enum nitro_pam_stage stage,
    const char *service, const struct nitro_listed_account *account)
{
	if (line->type == NITRO_PAM_BROKEN)
		return NITRO_PAM_RESULT(NITRO_PAM_PERM_DENIED);
	if (nitro_pam_line_is(line, "pam_permit.so"))
		return SUCCESS;
	if (nitro_pam_line_is(line, "pam_deny.so"))
		return stage == NITRO_PAM_AUTH
			   ? AUTH_ERR
			   : AUTH_ERR | NITRO_PAM_RESULT(NITRO_PAM_PERM_DENIED);
	if (nitro_pam_line_is(line, "pam_succeed_if.so"))
		return succeed_if(line, service, account);
	/* It asks who runs sshd, and that is root. */
	if (nitro_pam_line_is(line, "pam_rootok.so"))
		return SUCCESS;
	return NITRO_PAM_ANY;
}

bool
nitro_pam_asks_a_person(const struct nitro_pam_line *line)
{
	static const char *const modules[] = {"pam_unix.so", "pam_sss.so",
	    "pam_ldap.so", "pam_krb5.so", "pam_winbind.so", "pam_u2f.so",
	    "pam_google_authenticator.so", "pam_oath.so", "pam_duo.so",
	    "pam_radius_auth.so", "pam_pkcs11.so"};

	for (size_t i = 0; i < NITRO_COUNT_OF(modules); i++)
		if (nitro_pam_line_is(line, modules[i]))
			return true;
	return false;
}
