#include "policy/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define RECORD_START 4096             /* bytes for one record of NSS */
#define RECORD_MAX (4u * 1024 * 1024) /* a group can have many members */
#define GROUPS_START 64
#define GROUPS_MAX 65536 /* NGROUPS_MAX of Linux */

/* getpwnam_r(3): several errnos say no more than "not found". */
static bool
is_absence(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH ||
	       error == EBADF || error == EPERM;
}

/* More room after ERANGE; NITRO_E_ACCOUNT_LOOKUP where the limit is reached. */
static nitro_err
grow_record(struct nitro_buf *record)
{
	size_t cap = record->cap == 0 ? RECORD_START : 2 * record->cap;

	if (cap > RECORD_MAX)
		return NITRO_E_ACCOUNT_LOOKUP;
	return nitro_buf_reserve(record, cap);
}

static nitro_err
find_user(const char *user, gid_t *gid, bool *exists)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf record = {0};
	struct passwd entry, *found = NULL;
	int error = ERANGE;
	nitro_err err;

	while (error == ERANGE || error == EINTR) {
		if (error == ERANGE && (err = grow_record(&record)) != NITRO_OK)
			return err;
		error = getpwnam_r(
		    user, &entry, (char *)record.ptr, record.cap, &found);
	}
	if (found == NULL && !is_absence(error))
		return error == ENOMEM ? NITRO_E_MEMORY
				       : NITRO_E_ACCOUNT_LOOKUP;
	*exists = found != NULL;
	if (found != NULL)
		*gid = entry.pw_gid;
	return NITRO_OK;
}

/* *name stays NULL for a number without a name: no rule can list it. */
static nitro_err
name_group(gid_t gid, char **name)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf record = {0};
	struct group entry, *found = NULL;
	int error = ERANGE;
	nitro_err err;

	while (error == ERANGE || error == EINTR) {
		if (error == ERANGE && (err = grow_record(&record)) != NITRO_OK)
			return err;
		error = getgrgid_r(
		    gid, &entry, (char *)record.ptr, record.cap, &found);
	}
	if (found == NULL && !is_absence(error))
		return error == ENOMEM ? NITRO_E_MEMORY
				       : NITRO_E_ACCOUNT_LOOKUP;
	if (found == NULL)
		return NITRO_OK;
	*name = nitro_text_copy(nitro_bytes_of_text(entry.gr_name));
	return *name != NULL ? NITRO_OK : NITRO_E_MEMORY;
}

static void
drop_gids(gid_t **gids)
{
	nitro_free(*gids);
	*gids = NULL;
}

static nitro_err
list_gids(const char *user, gid_t gid, gid_t **gids, size_t *count)
{
	NITRO_DROP(drop_gids) gid_t *list = NULL;
	int room = GROUPS_START, n = room;

	for (;;) {
		if ((list = nitro_alloc((size_t)room, sizeof list[0])) == NULL)
			return NITRO_E_MEMORY;
		if (getgrouplist(user, gid, list, &n) >= 0 && n >= 0)
			break;
		if (room >= GROUPS_MAX)
			return NITRO_E_ACCOUNT_LOOKUP;
		room = n > room && n <= GROUPS_MAX ? n : GROUPS_MAX;
		n = room;
		drop_gids(&list);
	}
	*gids = list;
	*count = (size_t)n;
	list = NULL;
	return NITRO_OK;
}

static nitro_err
fill_groups(const char *user, gid_t gid, struct nitro_account *account)
{
	nitro_err err;

	err = list_gids(user, gid, &account->gids, &account->gid_count);
	if (err != NITRO_OK)
		return err;
	account->groups = nitro_alloc(
	    account->gid_count + 1, sizeof account->groups[0]);
	if (account->groups == NULL)
		return NITRO_E_MEMORY;
	for (size_t i = 0; i < account->gid_count; i++) {
		char **name = &account->groups[account->group_count];

		if ((err = name_group(account->gids[i], name)) != NITRO_OK)
			return err;
		if (*name != NULL)
			account->group_count++;
	}
	return NITRO_OK;
}

nitro_err
nitro_account_lookup(const char *user, struct nitro_account *account)
{
	NITRO_DROP(nitro_account_drop) struct nitro_account found = {0};
	gid_t gid = 0;
	nitro_err err;

	if ((err = find_user(user, &gid, &found.exists)) != NITRO_OK)
		return err;
	if (found.exists && (err = fill_groups(user, gid, &found)) != NITRO_OK)
		return err;
	*account = found;
	found = (struct nitro_account){0};
	return NITRO_OK;
}

static bool
has_member(const struct group *entry, const struct nitro_account *account,
    const char *user)
{
	for (char **member = entry->gr_mem; *member != NULL; member++)
		if (strcmp(*member, user) == 0)
			return true;
	for (size_t i = 0; i < account->gid_count; i++)
		if (account->gids[i] == entry->gr_gid)
			return true;
	return false;
}

nitro_err
nitro_account_find_group(const struct nitro_account *account, const char *user,
    const char *name, bool *is_member)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf record = {0};
	struct group entry, *found = NULL;
	int error = ERANGE;
	nitro_err err;

	while (error == ERANGE || error == EINTR) {
		if (error == ERANGE && (err = grow_record(&record)) != NITRO_OK)
			return err;
		error = getgrnam_r(
		    name, &entry, (char *)record.ptr, record.cap, &found);
	}
	if (error == ENOMEM)
		return NITRO_E_MEMORY;
	if (found == NULL)
		return NITRO_E_ACCOUNT_LOOKUP;
	*is_member = has_member(&entry, account, user);
	return NITRO_OK;
}

void
nitro_account_drop(struct nitro_account *account)
{
	for (size_t i = 0; i < account->group_count; i++)
		nitro_free(account->groups[i]);
	nitro_free(account->groups);
	nitro_free(account->gids);
	*account = (struct nitro_account){0};
}
