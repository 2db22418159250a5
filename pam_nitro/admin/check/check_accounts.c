#include "admin/check/check_accounts.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

enum { ENUMERATED_MAX = 200000 }; /* a directory of millions is not walked */

static void
drop_account(struct nitro_listed_account *account)
{
	nitro_text_drop(&account->name);
	nitro_text_drop(&account->home);
	nitro_text_drop(&account->shell);
	nitro_account_drop(&account->account);
}

void
nitro_listed_accounts_drop(struct nitro_listed_accounts *accounts)
{
	for (size_t i = 0; i < accounts->count; i++)
		drop_account(&accounts->list[i]);
	*accounts = (struct nitro_listed_accounts){0};
}

static bool
is_known(const struct nitro_listed_accounts *accounts, const char *name)
{
	for (size_t i = 0; i < accounts->count; i++)
		if (strcmp(accounts->list[i].name, name) == 0)
			return true;
	return false;
}

static nitro_err
fill(const struct passwd *entry, struct nitro_listed_account *account)
{
	account->uid = entry->pw_uid;
	account->gid = entry->pw_gid;
	account->name = nitro_text_copy(nitro_bytes_of_text(entry->pw_name));
	account->home = nitro_text_copy(nitro_bytes_of_text(entry->pw_dir));
	account->shell = nitro_text_copy(nitro_bytes_of_text(entry->pw_shell));
	if (account->name == NULL || account->home == NULL ||
	    account->shell == NULL)
		return NITRO_E_MEMORY;
	return nitro_account_lookup(account->name, &account->account);
}

static nitro_err
add(struct nitro_listed_accounts *accounts, const char *name, unsigned line)
{
	struct nitro_listed_account *account;
	const struct passwd *entry;

	if (is_known(accounts, name))
		return NITRO_OK;
	/* One thread; and what is unknown or broken here is a finding elsewhere. */
	if ((entry = getpwnam(name)) == NULL)
		return NITRO_OK;
	if (accounts->count == NITRO_ACCOUNTS_MAX) {
		accounts->left_out++;
		return NITRO_OK;
	}
	account = &accounts->list[accounts->count++];
	account->line = line;
	return fill(entry, account);
}

/* The names first: the next call to the name service overwrites the record. */
static nitro_err
copy_members(const struct group *group, struct nitro_buf *names)
{
	nitro_err err = NITRO_OK;

	for (char *const *member = group->gr_mem;
	     err == NITRO_OK && *member != NULL; member++)
		if ((err = nitro_buf_append_text(names, *member)) == NITRO_OK)
			err = nitro_buf_append_byte(names, '\0');
	return err;
}

static nitro_err
copy_primary_members(gid_t gid, struct nitro_buf *names)
{
	const struct passwd *entry;
	nitro_err err = NITRO_OK;

	setpwent();
	for (unsigned i = 0; err == NITRO_OK && i < ENUMERATED_MAX; i++) {
		if ((entry = getpwent()) == NULL)
			break;
		if (entry->pw_gid != gid)
			continue;
		err = nitro_buf_append_text(names, entry->pw_name);
		if (err == NITRO_OK)
			err = nitro_buf_append_byte(names, '\0');
	}
	endpwent();
	return err;
}

static nitro_err
add_members(
    struct nitro_listed_accounts *accounts, const struct nitro_user_rule *rule)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf names = {0};
	const struct group *group = getgrnam(rule->group);
	struct nitro_bytes left, name;
	nitro_err err;
	gid_t gid;

	if (group == NULL)
		return NITRO_OK;
	gid = group->gr_gid;
	if ((err = copy_members(group, &names)) != NITRO_OK ||
	    (err = copy_primary_members(gid, &names)) != NITRO_OK)
		return err;
	left = nitro_bytes_of_buf(&names);
	while (err == NITRO_OK && nitro_bytes_take_until(&left, '\0', &name))
		err = add(accounts, (const char *)name.ptr, rule->line);
	return err;
}

nitro_err
nitro_listed_accounts_find(const struct nitro_settings *settings,
    struct nitro_listed_accounts *accounts)
{
	nitro_err err = NITRO_OK;

	for (size_t i = 0; err == NITRO_OK && i < settings->rule_count; i++) {
		const struct nitro_user_rule *rule = &settings->rules[i];

		if (rule->user != NULL)
			err = add(accounts, rule->user, rule->line);
		else
			err = add_members(accounts, rule);
	}
	return err;
}
