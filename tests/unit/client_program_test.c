#include "client/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/private_folder.h"
#include "unit/unit.h"

static void
make_program(
    const struct nitro_private_folder *folder, const char *name, mode_t mode)
{
	struct nitro_complaint why = {0};

	assert_true(nitro_private_folder_write(
	    folder, name, UNIT_BYTES("#!/bin/sh\n"), &why));
	assert_int_equal(fchmodat(folder->fd, name, mode, 0), 0);
}

static void
set_path(const struct nitro_private_folder *first,
    const struct nitro_private_folder *second)
{
	char path[2 * PATH_MAX + 16];

	(void)snprintf(
	    path, sizeof path, "/nowhere::%s:%s", first->path, second->path);
	assert_int_equal(setenv("PATH", path, 1), 0);
}

static void
test_ssh_is_the_first_in_path_that_is_not_this_program(void **state)
{
	struct nitro_private_folder first = {0}, second = {0};
	struct nitro_complaint why = {0};
	char self[PATH_MAX], want[PATH_MAX], found[PATH_MAX];

	(void)state;
	assert_int_equal(unsetenv("NITRO_SSH_PROGRAM"), 0);
	assert_true(nitro_private_folder_make(NULL, &first, &why));
	assert_true(nitro_private_folder_make(NULL, &second, &why));
	assert_true(nitro_program_self(self, &why));
	make_program(&second, "ssh", 0700);
	set_path(&first, &second);
	assert_true(nitro_private_folder_path(&second, "ssh", want));

	assert_true(nitro_program_ssh(found, &why));
	assert_string_equal(found, want);
	assert_int_equal(symlinkat(self, first.fd, "ssh"), 0);
	assert_true(nitro_program_ssh(found, &why));
	assert_string_equal(found, want);
	nitro_private_folder_forget(&first, "ssh");
	make_program(&first, "ssh", 0600);
	assert_true(nitro_program_ssh(found, &why));
	assert_string_equal(found, want);
	nitro_private_folder_forget(&first, "ssh");
	make_program(&first, "ssh", 0700);
	assert_true(nitro_program_ssh(found, &why));
	assert_true(strncmp(found, first.path, strlen(first.path)) == 0);

	nitro_private_folder_remove(&first);
	nitro_private_folder_remove(&second);
	assert_false(nitro_program_ssh(found, &why));
	assert_non_null(strstr(why.text, "no ssh in PATH"));
}

static void
test_a_named_program_is_taken_as_it_is(void **state)
{
	struct nitro_complaint why = {0};
	char found[PATH_MAX];

	(void)state;
	assert_int_equal(setenv("NITRO_SSH_PROGRAM", "/opt/ssh", 1), 0);
	assert_true(nitro_program_ssh(found, &why));
	assert_string_equal(found, "/opt/ssh");
	assert_int_equal(unsetenv("NITRO_SSH_PROGRAM"), 0);
}

static void
test_a_name_is_what_follows_the_last_slash(void **state)
{
	(void)state;
	assert_string_equal(nitro_program_name("/a/b"), "b");
	assert_string_equal(nitro_program_name("b"), "b");
	assert_string_equal(nitro_program_name("b/"), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_ssh_is_the_first_in_path_that_is_not_this_program),
	    cmocka_unit_test(test_a_named_program_is_taken_as_it_is),
	    cmocka_unit_test(test_a_name_is_what_follows_the_last_slash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
