/* policy/account.c beside a name service that does as it is told. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "policy/account.h"
#include "unit/unit.h"

#define CALLS_MAX 16

/* --- the name service --- */

/* What a call gives: an errno, with or without a record. */
struct step {
	int error;
	bool is_found;
};

#define FOUND \
	{ \
		0, true \
	}
#define FAILS(error) \
	{ \
		(error), false \
	}

/* One of the functions that find a record: its steps, and the room it was given. */
struct finder {
	const struct step *steps;
	size_t count; /* the last is repeated */
	size_t calls;
	size_t rooms[CALLS_MAX];
};

static struct finder users, groups_by_gid, groups_by_name;

/* What getgrouplist(3) gives, and how many there are then. */
struct list_step {
	int result, n;
};

static const struct list_step *lists;
static size_t list_count, list_calls;
static int list_rooms[CALLS_MAX];

static char group_name[] = "staff", member_name[] = "deploy";
static char *members[] = {member_name, NULL}, *nobody[] = {NULL};
static char **group_members = nobody;

static const struct step found_steps[] = {FOUND};
static const struct list_step one_group[] = {{1, 1}};

static void
script(struct finder *finder, const struct step *steps, size_t count)
{
	*finder = (struct finder){.steps = steps, .count = count};
}

static void
script_lists(const struct list_step *steps, size_t count)
{
	lists = steps;
	list_count = count;
	list_calls = 0;
}

/* An account in one group, until a test wants it otherwise. */
static void
begin(void)
{
	script(&users, found_steps, 1);
	script(&groups_by_gid, found_steps, 1);
	script(&groups_by_name, found_steps, 1);
	script_lists(one_group, 1);
	group_members = nobody;
}

static struct step
next(struct finder *finder, size_t room)
{
	const size_t at = finder->calls < finder->count ? finder->calls
							: finder->count - 1;

	if (finder->calls < CALLS_MAX)
		finder->rooms[finder->calls] = room;
	else if (finder->steps[at].error == ERANGE) /* one record, still */
		fail_msg("asked again and again");
	finder->calls++;
	return finder->steps[at];
}

int
getpwnam_r(const char *name, struct passwd *entry, char *buf, size_t size,
    struct passwd **result)
{
	const struct step step = next(&users, size);

	(void)name;
	(void)buf;
	*entry = (struct passwd){.pw_gid = 100};
	*result = step.is_found ? entry : NULL;
	return step.error;
}

static int
give_group(struct finder *finder, struct group *entry, size_t size,
    struct group **result)
{
	const struct step step = next(finder, size);

	*entry = (struct group){
	    .gr_name = group_name, .gr_gid = 100, .gr_mem = group_members};
	*result = step.is_found ? entry : NULL;
	return step.error;
}

int
getgrgid_r(gid_t gid, struct group *entry, char *buf, size_t size,
    struct group **result)
{
	(void)gid;
	(void)buf;
	return give_group(&groups_by_gid, entry, size, result);
}

int
getgrnam_r(const char *name, struct group *entry, char *buf, size_t size,
    struct group **result)
{
	(void)name;
	(void)buf;
	return give_group(&groups_by_name, entry, size, result);
}

int
getgrouplist(const char *user, gid_t gid, gid_t *list, int *n)
{
	const struct list_step step =
	    lists[list_calls < list_count ? list_calls : list_count - 1];

	(void)user;
	if (list_calls == CALLS_MAX)
		fail_msg("asked again and again");
	list_rooms[list_calls++] = *n;
	for (int i = 0; step.result >= 0 && i < step.n && i < *n; i++)
		list[i] = gid;
	*n = step.n;
	return step.result;
}

/* --- the tests --- */

struct row {
	const char *name;
	struct step steps[4];
	size_t count;
	nitro_err want;
	bool is_found;
};

#define STEPS(...) \
	{__VA_ARGS__}, NITRO_COUNT_OF(((const struct step[]){__VA_ARGS__}))

static const struct row rows[] = {
    {"found", STEPS(FOUND), NITRO_OK, true},
    {"interrupted, then found", STEPS(FAILS(EINTR), FOUND), NITRO_OK, true},
    {"too little room, then found", STEPS(FAILS(ERANGE), FOUND), NITRO_OK,
	true},
    {"both, then found", STEPS(FAILS(EINTR), FAILS(ERANGE), FOUND), NITRO_OK,
	true},
    {"absent", STEPS(FAILS(0)), NITRO_OK, false},
    {"absent by ENOENT", STEPS(FAILS(ENOENT)), NITRO_OK, false},
    {"absent by ESRCH", STEPS(FAILS(ESRCH)), NITRO_OK, false},
    {"absent by EBADF", STEPS(FAILS(EBADF)), NITRO_OK, false},
    {"absent by EPERM", STEPS(FAILS(EPERM)), NITRO_OK, false},
    {"out of order", STEPS(FAILS(EIO)), NITRO_E_ACCOUNT_LOOKUP, false},
    {"out of order a little later", STEPS(FAILS(EINTR), FAILS(EIO)),
	NITRO_E_ACCOUNT_LOOKUP, false},
    {"without memory", STEPS(FAILS(ENOMEM)), NITRO_E_MEMORY, false},
    {"never enough room", STEPS(FAILS(ERANGE)), NITRO_E_ACCOUNT_LOOKUP, false},
};

/* Each row by that finder; there is an account, unless it is absent or unknown. */
static void
check_lookups(struct finder *finder)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_account_drop)
		struct nitro_account account = {0};

		begin();
		script(finder, rows[i].steps, rows[i].count);
		wrong += unit_differs(rows[i].name,
		    nitro_account_lookup("deploy", &account), rows[i].want);
		wrong += unit_is_not(rows[i].name, account.exists,
		    finder == &users ? rows[i].is_found
				     : rows[i].want == NITRO_OK);
		wrong += unit_is_not(
		    rows[i].name, account.group_count == 1, rows[i].is_found);
	}
	assert_int_equal(wrong, 0);
}

/* What is not found is nobody; what cannot be asked is a refusal. */
static void
test_users_are_found_absent_or_not_known(void **state)
{
	(void)state;
	check_lookups(&users);
}

/* A number without a name is in no rule; one that cannot be asked may be. */
static void
test_names_of_groups_are_found_absent_or_not_known(void **state)
{
	(void)state;
	check_lookups(&groups_by_gid);
}

/* A rule's group must be there. */
static void
test_groups_of_a_rule_are_found_or_not_known(void **state)
{
	const struct nitro_account account = {0};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		const nitro_err want = rows[i].want == NITRO_OK &&
					       !rows[i].is_found
					   ? NITRO_E_ACCOUNT_LOOKUP
					   : rows[i].want;
		bool is_member = false;

		begin();
		group_members = members;
		script(&groups_by_name, rows[i].steps, rows[i].count);
		wrong += unit_differs(rows[i].name,
		    nitro_account_find_group(
			&account, "deploy", "staff", &is_member),
		    want);
		wrong += unit_is_not(rows[i].name, is_member, rows[i].is_found);
	}
	assert_int_equal(wrong, 0);
}

/* Whatever asks that finder. */
static nitro_err
ask(const struct finder *finder)
{
	NITRO_DROP(nitro_account_drop) struct nitro_account account = {0};
	bool is_member;

	return finder == &groups_by_name
		   ? nitro_account_find_group(
			 &account, "deploy", "staff", &is_member)
		   : nitro_account_lookup("deploy", &account);
}

/* Twice as much each time, to 4 MiB; an interruption asks for no more. */
static void
test_room_grows_to_its_end(void **state)
{
	static const struct step never[] = {FAILS(ERANGE)};
	static const struct step interrupted[] = {
	    FAILS(EINTR), FAILS(EINTR), FOUND};
	struct finder *const finders[] = {
	    &users, &groups_by_gid, &groups_by_name};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(finders); i++) {
		struct finder *finder = finders[i];

		begin();
		script(finder, never, 1);
		assert_err(ask(finder), NITRO_E_ACCOUNT_LOOKUP);
		assert_int_equal(finder->calls, 11);
		for (size_t call = 0; call < finder->calls; call++)
			assert_int_equal(
			    finder->rooms[call], (size_t)4096 << call);

		script(finder, interrupted, NITRO_COUNT_OF(interrupted));
		assert_err(ask(finder), NITRO_OK);
		assert_int_equal(finder->calls, 3);
		assert_int_equal(finder->rooms[2], 4096);
	}
}

/* getgrouplist(3) says how many there are, or does not. */
static void
test_as_many_groups_as_linux_allows(void **state)
{
	static const struct {
		const char *name;
		struct list_step steps[2];
		size_t calls;
		int last_room;
		nitro_err want;
		size_t count;
	} cases[] = {
	    {"one", {{1, 1}}, 1, 64, NITRO_OK, 1},
	    {"none", {{0, 0}}, 1, 64, NITRO_OK, 0},
	    {"65", {{-1, 65}, {65, 65}}, 2, 65, NITRO_OK, 65},
	    {"as many as there was room for", {{-1, 64}, {64, 64}}, 2, 65536,
		NITRO_OK, 64},
	    {"a number that is none", {{-1, -1}, {2, 2}}, 2, 65536, NITRO_OK,
		2},
	    {"a success that is none", {{1, -1}, {2, 2}}, 2, 65536, NITRO_OK,
		2},
	    {"65536", {{-1, 65536}, {65536, 65536}}, 2, 65536, NITRO_OK, 65536},
	    {"one more", {{-1, 65537}, {-1, 65537}}, 2, 65536,
		NITRO_E_ACCOUNT_LOOKUP, 0},
	    {"never enough", {{-1, 70000}, {-1, 70000}}, 2, 65536,
		NITRO_E_ACCOUNT_LOOKUP, 0},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(cases); i++) {
		static const struct step absent[] = {FAILS(0)};
		NITRO_DROP(nitro_account_drop)
		struct nitro_account account = {0};

		begin();
		script(&groups_by_gid, absent, 1);
		script_lists(cases[i].steps, 2);
		wrong += unit_differs(cases[i].name,
		    nitro_account_lookup("deploy", &account), cases[i].want);
		wrong += unit_is_not(cases[i].name,
		    list_calls == cases[i].calls &&
			list_rooms[list_calls - 1] == cases[i].last_room,
		    true);
		wrong += unit_is_not(
		    cases[i].name, account.gid_count == cases[i].count, true);
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_users_are_found_absent_or_not_known),
	    cmocka_unit_test(
		test_names_of_groups_are_found_absent_or_not_known),
	    cmocka_unit_test(test_groups_of_a_rule_are_found_or_not_known),
	    cmocka_unit_test(test_room_grows_to_its_end),
	    cmocka_unit_test(test_as_many_groups_as_linux_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
