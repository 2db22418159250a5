#include "policy/account.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/scratch.h"
#include "unit/unit.h"

static bool
has_group(const struct nitro_account *account, const char *name)
{
	for (size_t i = 0; i < account->group_count; i++)
		if (strcmp(account->groups[i], name) == 0)
			return true;
	return false;
}

static void
test_root_exists_and_is_in_its_group(void **state)
{
	struct nitro_account account = {0};

	(void)state;
	assert_err(nitro_account_lookup("root", &account), NITRO_OK);
	assert_true(account.exists);
	assert_true(has_group(&account, "root"));
	nitro_account_drop(&account);
	assert_null(account.groups);
	nitro_account_drop(&account);
}

/* A name service that failed for a moment has left the account without groups. */
static void
test_a_group_knows_its_members_by_name_and_by_number(void **state)
{
	NITRO_DROP(nitro_account_drop) struct nitro_account root = {0};
	const struct nitro_account bare = {0};
	bool is_member = false;

	(void)state;
	assert_err(nitro_account_lookup("root", &root), NITRO_OK);
	assert_err(nitro_account_find_group(&root, "root", "root", &is_member),
	    NITRO_OK);
	assert_true(is_member);
	assert_err(nitro_account_find_group(&bare, "no", "root", &is_member),
	    NITRO_OK);
	assert_false(is_member);
	assert_err(nitro_account_find_group(
		       &root, "root", "no-such-group", &is_member),
	    NITRO_E_ACCOUNT_LOOKUP);
}

static void
test_an_unknown_user_is_no_error_and_in_no_group(void **state)
{
	static const char *const unknown[] = {"no-such-user-here", "", "root ",
	    "Root", "root\n", "../root", "%s%n"};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(unknown); i++) {
		NITRO_DROP(nitro_account_drop)
		struct nitro_account account = {.group_count = 0};

		assert_err(
		    nitro_account_lookup(unknown[i], &account), NITRO_OK);
		assert_false(account.exists);
		assert_int_equal(account.group_count, 0);
	}
}

static void
test_a_group_is_found_or_not(void **state)
{
	NITRO_DROP(nitro_account_drop) struct nitro_account account = {0};
	bool is_member = false;

	(void)state;
	assert_err(nitro_account_lookup("root", &account), NITRO_OK);
	assert_err(
	    nitro_account_find_group(&account, "root", "root", &is_member),
	    NITRO_OK);
	assert_true(is_member);
	assert_err(nitro_account_find_group(
		       &account, "root", "no-such-group-here", &is_member),
	    NITRO_E_ACCOUNT_LOOKUP);
	assert_err(nitro_account_find_group(&account, "root", "", &is_member),
	    NITRO_E_ACCOUNT_LOOKUP);
}

#define MANY 300

static void
write_accounts(const struct scratch *scratch)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf group = {0};
	char line[64];

	scratch_file(scratch, "passwd", 0644,
	    UNIT_BYTES("root:x:0:0::/:/bin/sh\n"
		       "deploy:x:2000:2000::/:/bin/sh\n"
		       "alone:x:2001:2999::/:/bin/sh\n"
		       "busy:x:2002:2000::/:/bin/sh\n"));
	unit_append(&group, UNIT_BYTES("root:x:0:\n"
				       "deploy:x:2000:\n"
				       "enclaves:x:2100:deploy,busy\n"
				       "staff:x:2101:busy,deployer\n"
				       "crowd:x:2102:"));
	/* A record far above the first buffer. */
	for (unsigned i = 0; i < 4000; i++) {
		(void)snprintf(line, sizeof line, "user%u,", i);
		unit_append(&group, nitro_bytes_of_text(line));
	}
	unit_append(&group, UNIT_BYTES("deploy\n"));
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(
		    line, sizeof line, "g%u:x:%u:busy\n", i, 3000 + i);
		unit_append(&group, nitro_bytes_of_text(line));
	}
	scratch_file(scratch, "group", 0644, nitro_bytes_of_buf(&group));
}

/* In a mount namespace of its own, where the host has these accounts. */
static bool
enter_host(const struct scratch *scratch)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount(scratch_path(scratch, "passwd"), "/etc/passwd", NULL,
		   MS_BIND, NULL) == 0 &&
	       mount(scratch_path(scratch, "group"), "/etc/group", NULL,
		   MS_BIND, NULL) == 0;
}

#define CANNOT_ENTER 99

static bool
is_member_of(const char *user, const char *group)
{
	const struct nitro_account bare = {0};
	bool is_member = false;

	return nitro_account_find_group(&bare, user, group, &is_member) ==
		   NITRO_OK &&
	       is_member;
}

/* By name, of an account whose groups are not known. */
static int
check_members(void)
{
	NITRO_DROP(nitro_account_drop) struct nitro_account account = {0};
	bool is_member = false;

	if (!is_member_of("deploy", "enclaves") ||
	    !is_member_of("busy", "enclaves") ||
	    !is_member_of("deploy", "crowd"))
		return 7;
	if (is_member_of("alone", "enclaves") ||
	    is_member_of("deploye", "staff"))
		return 8;
	/* By number, and of the groups that it is in alone. */
	if (nitro_account_lookup("deploy", &account) != NITRO_OK ||
	    nitro_account_find_group(&account, "deploy", "staff", &is_member) !=
		NITRO_OK ||
	    is_member ||
	    nitro_account_find_group(
		&account, "deploy", "deploy", &is_member) != NITRO_OK ||
	    !is_member)
		return 9;
	return 0;
}

/* The number of the first claim that does not hold; 0 where all hold. */
static int
check_accounts(void)
{
	struct nitro_account account = {0};
	char name[16];

	if (nitro_account_lookup("deploy", &account) != NITRO_OK ||
	    !account.exists)
		return 1;
	if (account.group_count != 3 || !has_group(&account, "deploy") ||
	    !has_group(&account, "enclaves") || !has_group(&account, "crowd"))
		return 2;
	nitro_account_drop(&account);

	/* Its group has a number and no name: it is in none. */
	if (nitro_account_lookup("alone", &account) != NITRO_OK ||
	    !account.exists || account.group_count != 0)
		return 3;
	nitro_account_drop(&account);

	if (nitro_account_lookup("busy", &account) != NITRO_OK ||
	    account.group_count != MANY + 3 || !has_group(&account, "staff"))
		return 4;
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof name, "g%u", i);
		if (!has_group(&account, name))
			return 5;
	}
	nitro_account_drop(&account);

	if (nitro_account_lookup("deployer", &account) != NITRO_OK ||
	    account.exists || account.group_count != 0)
		return 6;
	return check_members();
}

static void
test_primary_and_listing_groups_are_found_however_many(void **state)
{
	struct scratch scratch;
	int status = 0;
	pid_t pid;

	(void)state;
	if (!scratch_make(&scratch))
		skip();
	write_accounts(&scratch);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(enter_host(&scratch) ? check_accounts() : CANNOT_ENTER);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	scratch_drop(&scratch);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CANNOT_ENTER) {
		print_message("# no mount namespace allowed here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_root_exists_and_is_in_its_group),
	    cmocka_unit_test(
		test_a_group_knows_its_members_by_name_and_by_number),
	    cmocka_unit_test(test_an_unknown_user_is_no_error_and_in_no_group),
	    cmocka_unit_test(test_a_group_is_found_or_not),
	    cmocka_unit_test(
		test_primary_and_listing_groups_are_found_however_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
