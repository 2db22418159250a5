#include "admin/check/check_sshd_access.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PATTERN_SIZE = 300 };

static const struct nitro_finding_kind shut_out = {"sshd_shuts_out",
    NITRO_SEVERITY_ERROR,
    "sshd then hides every answer of such an account from pam_nitro and "
    "refuses the login; the log says user_masked_by_sshd"};

/* "*" and "?" alone are special, as sshd has it. */
static bool
matches(const char *pattern, const char *name)
{
	return fnmatch(pattern, name, FNM_NOESCAPE) == 0;
}

/*
 * USER or USER@HOST. Of networks nothing is known here: they are taken for
 * what shuts nobody out.
 */
static bool
matches_user(const struct nitro_sshd_view *view, char *pattern, bool of_network)
{
	char *host = strchr(pattern, '@');

	if (host != NULL)
		*host++ = '\0';
	if (!matches(pattern, view->account->name))
		return false;
	if (host == NULL)
		return true;
	if (strchr(host, '/') != NULL)
		return of_network;
	return matches(host, view->check->address);
}

static bool
matches_group(const struct nitro_sshd_view *view, const char *pattern)
{
	const struct nitro_account *account = &view->account->account;

	for (size_t i = 0; i < account->group_count; i++)
		if (matches(pattern, account->groups[i]))
			return true;
	return false;
}

struct list {
	const char *key, *name;
	bool is_of_groups, is_denial;
};

static void
tell_denial(const struct nitro_sshd_view *view, const struct list *list,
    const char *pattern)
{
	struct nitro_finding *finding = nitro_finding_add(
	    &view->check->findings, &shut_out, view->file, 0);

	nitro_finding_what(finding, "%s has %s, which is %s", list->name,
	    pattern,
	    list->is_of_groups ? "a group of the account" : "the account");
	nitro_finding_change(finding, "%s without %s", list->name, pattern);
	nitro_finding_account(&view->check->findings, view->account->name);
}

static void
tell_absence(const struct nitro_sshd_view *view, const struct list *list)
{
	struct nitro_finding *finding = nitro_finding_add(
	    &view->check->findings, &shut_out, view->file, 0);

	if (list->is_of_groups)
		nitro_finding_what(finding,
		    "%s is set and has no group of the account", list->name);
	else
		nitro_finding_what(finding,
		    "%s is set and does not have the account for a login from "
		    "%s",
		    list->name, view->check->address);
	nitro_finding_change(finding, "%s with %s as well%s", list->name,
	    list->is_of_groups ? "a group of the account" : "the account",
	    list->is_of_groups ? "" : "; --from says where logins come from");
	nitro_finding_account(&view->check->findings, view->account->name);
}

/* sshd -T prints a line for each pattern. */
static void
check_list(const struct nitro_sshd_view *view, const struct list *list)
{
	struct nitro_bytes left = view->text, line, key;
	char pattern[PATTERN_SIZE], copy[PATTERN_SIZE];
	bool is_set = false;

	while (nitro_bytes_take_until(&left, '\n', &line)) {
		bool is_match;

		if (!nitro_bytes_take_until(&line, ' ', &key) ||
		    !nitro_bytes_equal_caseless(key, list->key) ||
		    !nitro_bytes_to_text(line, pattern, sizeof pattern))
			continue;
		is_set = true;
		(void)snprintf(copy, sizeof copy, "%s", pattern);
		is_match = list->is_of_groups
			       ? matches_group(view, pattern)
			       : matches_user(view, copy, !list->is_denial);
		if (is_match && list->is_denial)
			tell_denial(view, list, pattern);
		if (is_match)
			return;
	}
	if (is_set && !list->is_denial)
		tell_absence(view, list);
}

static void
check_shell(const struct nitro_sshd_view *view)
{
	const char *shell = view->account->shell;
	struct nitro_finding *finding;
	struct stat st;

	if (shell == NULL || shell[0] == '\0')
		shell = "/bin/sh";
	if (stat(shell, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0)
		return;
	finding = nitro_finding_add(
	    &view->check->findings, &shut_out, "/etc/passwd", 0);
	nitro_finding_what(
	    finding, "the login shell %s is no program here", shell);
	nitro_finding_change(finding, "usermod -s /bin/sh ACCOUNT");
	nitro_finding_account(&view->check->findings, view->account->name);
}

void
nitro_check_sshd_access(const struct nitro_sshd_view *view)
{
	static const struct list lists[] = {
	    {"denyusers", "DenyUsers", false, true},
	    {"allowusers", "AllowUsers", false, false},
	    {"denygroups", "DenyGroups", true, true},
	    {"allowgroups", "AllowGroups", true, false},
	};

	for (size_t i = 0; i < NITRO_COUNT_OF(lists); i++)
		check_list(view, &lists[i]);
	check_shell(view);
}
