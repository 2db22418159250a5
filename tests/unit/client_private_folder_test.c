#include "client/private_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/unit.h"

static void
make(struct nitro_private_folder *folder)
{
	struct nitro_complaint why = {0};

	if (!nitro_private_folder_make(NULL, folder, &why))
		fail_msg("%s", why.text);
}

static unsigned
mode_of(const struct nitro_private_folder *folder, const char *name)
{
	struct stat st = {0};

	assert_int_equal(
	    fstatat(folder->fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return (unsigned)st.st_mode & 07777u;
}

static void
test_folder_and_files_are_for_this_user_alone(void **state)
{
	struct nitro_private_folder folder = {0};
	struct nitro_complaint why = {0};
	mode_t before = umask(0);

	(void)state;
	make(&folder);
	assert_true(nitro_private_folder_write(
	    &folder, "file", UNIT_BYTES("content"), &why));
	(void)umask(before);
	assert_int_equal(mode_of(&folder, "."), 0700);
	assert_int_equal(mode_of(&folder, "file"), 0600);
	assert_true((fcntl(folder.fd, F_GETFD) & FD_CLOEXEC) != 0);
	nitro_private_folder_remove(&folder);
}

static void
test_what_was_written_is_read_within_its_limit(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf content = {0}, large = {0};
	struct nitro_private_folder folder = {0};
	struct nitro_complaint why = {0};

	(void)state;
	make(&folder);
	unit_fill(&large, 'x', 10000);
	assert_true(nitro_private_folder_write(
	    &folder, "file", nitro_bytes_of_buf(&large), &why));
	assert_false(
	    nitro_private_folder_read(&folder, "file", 9999, &content));
	assert_int_equal(content.len, 0);
	assert_true(
	    nitro_private_folder_read(&folder, "file", 10000, &content));
	assert_int_equal(content.len, 10000);
	assert_false(nitro_private_folder_read(&folder, "none", 10, &content));
	nitro_private_folder_forget(&folder, "file");
	assert_false(
	    nitro_private_folder_read(&folder, "file", 10000, &content));
	nitro_private_folder_remove(&folder);
}

static void
test_nothing_that_is_there_is_written_over_or_followed(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf content = {0};
	struct nitro_private_folder folder = {0};
	struct nitro_complaint why = {0};

	(void)state;
	make(&folder);
	assert_true(
	    nitro_private_folder_write(&folder, "a", UNIT_BYTES("1"), &why));
	assert_false(
	    nitro_private_folder_write(&folder, "a", UNIT_BYTES("2"), &why));
	assert_non_null(strstr(why.text, strerror(EEXIST)));
	assert_int_equal(symlinkat("a", folder.fd, "link"), 0);
	assert_int_equal(symlinkat("new", folder.fd, "dangling"), 0);
	assert_false(
	    nitro_private_folder_write(&folder, "link", UNIT_BYTES("2"), &why));
	assert_false(nitro_private_folder_write(
	    &folder, "dangling", UNIT_BYTES("2"), &why));
	assert_false(nitro_private_folder_read(&folder, "link", 10, &content));
	assert_true(nitro_private_folder_read(&folder, "a", 10, &content));
	assert_true(nitro_bytes_equal_text(nitro_bytes_of_buf(&content), "1"));
	nitro_private_folder_remove(&folder);
}

static void
test_removal_takes_everything_and_follows_nothing(void **state)
{
	struct nitro_private_folder other = {0}, folder = {0}, inner = {0};
	struct nitro_complaint why = {0};
	char path[PATH_MAX];

	(void)state;
	make(&other);
	make(&folder);
	assert_true(
	    nitro_private_folder_write(&other, "stays", UNIT_BYTES("1"), &why));
	assert_true(nitro_private_folder_make(&folder, &inner, &why));
	assert_true(
	    nitro_private_folder_write(&inner, "a", UNIT_BYTES("1"), &why));
	assert_true(
	    nitro_private_folder_write(&folder, "b", UNIT_BYTES("1"), &why));
	assert_int_equal(symlinkat(other.path, folder.fd, "link"), 0);
	assert_true(nitro_private_folder_path(&folder, "", path));
	nitro_private_folder_close(&inner);
	nitro_private_folder_remove(&folder);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mode_of(&other, "stays"), 0600);
	nitro_private_folder_remove(&other);
	nitro_private_folder_remove(&other); /* harmless */
}

static void
test_a_folder_of_another_form_is_not_opened(void **state)
{
	struct nitro_private_folder folder = {0}, opened = {0};
	struct nitro_complaint why = {0};
	char path[PATH_MAX];

	(void)state;
	make(&folder);
	assert_true(nitro_private_folder_open(folder.path, &opened, &why));
	nitro_private_folder_close(&opened);
	assert_int_equal(symlinkat(".", folder.fd, "link"), 0);
	assert_true(nitro_private_folder_path(&folder, "link", path));
	assert_false(nitro_private_folder_open(path, &opened, &why));
	assert_int_equal(fchmod(folder.fd, 0710), 0);
	assert_false(nitro_private_folder_open(folder.path, &opened, &why));
	assert_non_null(strstr(why.text, "open to others"));
	assert_int_equal(fchmod(folder.fd, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(fchown(folder.fd, 12345, (gid_t)-1), 0);
		assert_false(
		    nitro_private_folder_open(folder.path, &opened, &why));
	}
	assert_false(opened.is_open);
	nitro_private_folder_remove(&folder);
}

/* Paths go into ssh's options and the shell's words as they are. */
static void
test_a_base_that_needs_quoting_is_passed_over(void **state)
{
	static const char *const bad[] = {"relative", "/tmp/with blank",
	    "/tmp/%h", "/tmp/$HOME", "/tmp/a\"b", "/tmp/a;b", "/nowhere", ""};
	struct nitro_private_folder outer = {0}, folder = {0};
	char base[PATH_MAX],
	    *before = getenv("TMPDIR") != NULL
			  ? nitro_text_copy(
				nitro_bytes_of_text(getenv("TMPDIR")))
			  : NULL;

	(void)state;
	make(&outer);
	assert_int_equal(setenv("TMPDIR", outer.path, 1), 0);
	make(&folder);
	assert_memory_equal(folder.path, outer.path, strlen(outer.path));
	nitro_private_folder_remove(&folder);
	assert_int_equal(mkdirat(outer.fd, "%h", 0700), 0);
	assert_true(nitro_private_folder_path(&outer, "%h", base));
	assert_int_equal(setenv("TMPDIR", base, 1), 0);
	make(&folder);
	assert_null(strchr(folder.path, '%'));
	nitro_private_folder_remove(&folder);
	for (size_t i = 0; i < NITRO_COUNT_OF(bad); i++) {
		assert_int_equal(setenv("TMPDIR", bad[i], 1), 0);
		make(&folder);
		assert_int_equal(folder.path[0], '/');
		nitro_private_folder_remove(&folder);
	}
	assert_int_equal(
	    before != NULL ? setenv("TMPDIR", before, 1) : unsetenv("TMPDIR"),
	    0);
	nitro_private_folder_remove(&outer);
	nitro_free(before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_folder_and_files_are_for_this_user_alone),
	    cmocka_unit_test(test_what_was_written_is_read_within_its_limit),
	    cmocka_unit_test(
		test_nothing_that_is_there_is_written_over_or_followed),
	    cmocka_unit_test(test_removal_takes_everything_and_follows_nothing),
	    cmocka_unit_test(test_a_folder_of_another_form_is_not_opened),
	    cmocka_unit_test(test_a_base_that_needs_quoting_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
