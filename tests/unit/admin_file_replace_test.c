#include "admin/measurements/file_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "unit/scratch.h"
#include "unit/unit.h"

#define STRANGER 65534
#define OLD "the old one\n"
#define NEW "the new one, which is longer\n"
#define KILLED 77 /* exit status of a child that stopped between two steps */

static struct scratch scratch;

static int
set_up(void **state)
{
	(void)state;
	scratch = (struct scratch){0};
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	scratch_drop(&scratch);
	return 0;
}

#define NEEDS_ROOT() \
	do { \
		if (!scratch_make(&scratch)) \
			skip(); \
	} while (0)

static const char *
at(const char *name)
{
	return scratch_path(&scratch, name);
}

static void
assert_content(const char *name, const char *content)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	struct nitro_fault fault = {0};

	if (nitro_secure_file_read(at(name), &out, &fault) != NITRO_OK)
		fail_msg("%s: %s", fault.file, fault.text);
	unit_fill(&out, 0, 1);
	assert_string_equal((const char *)out.ptr, content);
}

static bool
is_there(const char *name)
{
	struct stat st;

	return lstat(at(name), &st) == 0;
}

static nitro_err
replace_by(const char *path, struct nitro_bytes text, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_file_replace_drop)
	struct nitro_file_replace replace = NITRO_FILE_REPLACE_INIT;
	nitro_err err;

	err = nitro_file_replace_begin(path, &replace, fault);
	if (err != NITRO_OK)
		return err;
	return nitro_file_replace_write(&replace, text, fault);
}

static void
a_file_is_replaced_and_the_old_one_kept(void **state)
{
	struct nitro_fault fault = {0};
	struct stat st;

	(void)state;
	NEEDS_ROOT();
	scratch_file(&scratch, "m.conf", 0640, UNIT_BYTES(OLD));
	assert_int_equal(chown(at("m.conf"), 0, STRANGER), 0);
	scratch_file(&scratch, "m.conf.bak", 0600, UNIT_BYTES("older"));
	assert_err(replace_by(at("m.conf"), UNIT_BYTES(NEW), &fault), NITRO_OK);
	assert_content("m.conf", NEW);
	assert_content("m.conf.bak", OLD);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    stat(at(i == 0 ? "m.conf" : "m.conf.bak"), &st), 0);
		assert_int_equal(st.st_mode & 07777, 0640);
		assert_int_equal(st.st_uid, 0);
		assert_int_equal(st.st_gid, STRANGER);
	}
	assert_false(is_there(".m.conf.new"));
	assert_false(is_there(".m.conf.bak.new"));
	assert_int_equal(stat(at(".m.conf.lock"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* One more user who may read: user::rw- user:65534:r-- group::r-- mask::r-- other::--- */
static const uint8_t acl[] = {2, 0, 0, 0, 1, 0, 6, 0, 0xff, 0xff, 0xff, 0xff, 2,
    0, 4, 0, 0xfe, 0xff, 0, 0, 4, 0, 4, 0, 0xff, 0xff, 0xff, 0xff, 16, 0, 4, 0,
    0xff, 0xff, 0xff, 0xff, 32, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};

static void
who_else_may_read_it_stays(void **state)
{
	struct nitro_fault fault = {0};
	uint8_t now[sizeof acl + 1];

	(void)state;
	NEEDS_ROOT();
	scratch_file(&scratch, "m.conf", 0640, UNIT_BYTES(OLD));
	if (setxattr(at("m.conf"), "system.posix_acl_access", acl, sizeof acl,
		0) != 0) {
		print_message("# no access control lists here\n");
		skip();
	}
	assert_err(replace_by(at("m.conf"), UNIT_BYTES(NEW), &fault), NITRO_OK);
	assert_int_equal(
	    getxattr(at("m.conf"), "system.posix_acl_access", now, sizeof now),
	    sizeof acl);
	assert_memory_equal(now, acl, sizeof acl);
}

static void
exit_after(unsigned step, void *context)
{
	const unsigned *last = context;

	if (step == *last)
		_exit(KILLED);
}

/* The child's exit status. */
static int
replace_until(unsigned last)
{
	struct nitro_file_replace replace = NITRO_FILE_REPLACE_INIT;
	struct nitro_fault fault = {0};
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		replace.after_step = exit_after;
		replace.context = &last;
		if (nitro_file_replace_begin(at("m.conf"), &replace, &fault) !=
		    NITRO_OK)
			_exit(2);
		_exit(nitro_file_replace_write(
			  &replace, UNIT_BYTES(NEW), &fault) != NITRO_OK);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
killed_after_any_step_the_old_or_the_new_one_is_there(void **state)
{
	struct nitro_fault fault = {0};
	bool was_replaced = false;

	(void)state;
	NEEDS_ROOT();
	scratch_file(&scratch, "m.conf", 0644, UNIT_BYTES(OLD));
	for (unsigned last = 1; last <= NITRO_FILE_REPLACE_STEPS; last++) {
		assert_int_equal(replace_until(last), KILLED);
		/* Renaming it is the last step but the sync. */
		was_replaced = last >= NITRO_FILE_REPLACE_STEPS - 1;
		assert_content("m.conf", was_replaced ? NEW : OLD);
		if (last >= NITRO_FILE_REPLACE_STEPS - 2)
			assert_content("m.conf.bak", OLD);
		/* The next one finds no lock held, and leaves nothing behind. */
		assert_err(replace_by(at("m.conf"), UNIT_BYTES(OLD), &fault),
		    NITRO_OK);
		assert_content("m.conf", OLD);
		assert_content("m.conf.bak", was_replaced ? NEW : OLD);
		assert_false(is_there(".m.conf.new"));
		assert_false(is_there(".m.conf.bak.new"));
		assert_int_equal(unlink(at("m.conf.bak")), 0);
	}
	assert_true(was_replaced);
	assert_int_equal(replace_until(NITRO_FILE_REPLACE_STEPS + 1), 0);
}

static void
what_secure_file_refuses_is_refused_and_gets_no_lock(void **state)
{
	static const struct {
		const char *name, *words;
	} rows[] = {{"missing", "cannot be opened"}, {"link", "symbolic link"},
	    {"writable", "writable by group"}, {"twice", "2 names"},
	    {"strange", "owned by uid 65534"}, {"folder", "not a regular"},
	    {"open/m.conf", "writable by group"}};
	char lock[64];

	(void)state;
	NEEDS_ROOT();
	scratch_file(&scratch, "real", 0644, UNIT_BYTES(OLD));
	assert_int_equal(symlink(at("real"), at("link")), 0);
	scratch_file(&scratch, "writable", 0664, UNIT_BYTES(OLD));
	scratch_file(&scratch, "twice", 0644, UNIT_BYTES(OLD));
	assert_int_equal(link(at("twice"), at("second")), 0);
	scratch_file(&scratch, "strange", 0644, UNIT_BYTES(OLD));
	assert_int_equal(chown(at("strange"), STRANGER, 0), 0);
	scratch_folder(&scratch, "folder", 0755);
	scratch_folder(&scratch, "open", 0777);
	scratch_file(&scratch, "open/m.conf", 0644, UNIT_BYTES(OLD));
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		struct nitro_fault fault = {0};

		assert_true(replace_by(at(rows[i].name), UNIT_BYTES(NEW),
				&fault) != NITRO_OK);
		if (strstr(fault.text, rows[i].words) == NULL)
			fail_msg("%s: %s", rows[i].name, fault.text);
		(void)snprintf(lock, sizeof lock, ".%s.lock", rows[i].name);
		assert_false(is_there(lock));
	}
	assert_false(is_there("open/.m.conf.lock"));
	assert_content("real", OLD);
}

static void
a_lock_that_is_no_file_of_root_is_refused(void **state)
{
	struct nitro_fault fault = {0};

	(void)state;
	NEEDS_ROOT();
	scratch_file(&scratch, "m.conf", 0644, UNIT_BYTES(OLD));
	scratch_file(&scratch, "other", 0644, UNIT_BYTES(OLD));
	assert_int_equal(symlink(at("other"), at(".m.conf.lock")), 0);
	assert_err(replace_by(at("m.conf"), UNIT_BYTES(NEW), &fault),
	    NITRO_E_FILE_READ);
	assert_int_equal(unlink(at(".m.conf.lock")), 0);
	assert_int_equal(mkfifo(at(".m.conf.lock"), 0600), 0);
	assert_err(replace_by(at("m.conf"), UNIT_BYTES(NEW), &fault),
	    NITRO_E_FILE_UNSAFE);
	assert_int_equal(unlink(at(".m.conf.lock")), 0);
	scratch_file(&scratch, ".m.conf.lock", 0644, UNIT_BYTES(""));
	assert_int_equal(chown(at(".m.conf.lock"), STRANGER, 0), 0);
	assert_err(replace_by(at("m.conf"), UNIT_BYTES(NEW), &fault),
	    NITRO_E_FILE_UNSAFE);
	assert_content("m.conf", OLD);
}

static void
what_an_editor_wrote_meanwhile_is_not_lost(void **state)
{
	NITRO_DROP(nitro_file_replace_drop)
	struct nitro_file_replace replace = NITRO_FILE_REPLACE_INIT;
	struct nitro_fault fault = {0};

	(void)state;
	NEEDS_ROOT();
	scratch_file(&scratch, "m.conf", 0644, UNIT_BYTES(OLD));
	assert_err(
	    nitro_file_replace_begin(at("m.conf"), &replace, &fault), NITRO_OK);
	scratch_file(&scratch, "edited", 0644, UNIT_BYTES("by an editor"));
	assert_int_equal(rename(at("edited"), at("m.conf")), 0);
	assert_err(nitro_file_replace_write(&replace, UNIT_BYTES(NEW), &fault),
	    NITRO_E_FILE_READ);
	assert_non_null(strstr(fault.text, "changed by somebody else"));
	assert_content("m.conf", "by an editor");
	assert_false(is_there(".m.conf.new"));
	assert_false(is_there("m.conf.bak"));
}

/* Whoever holds the lock has the only word; the rest is what begin() reads. */
static void
the_lock_is_held_from_reading_to_writing(void **state)
{
	NITRO_DROP(nitro_file_replace_drop)
	struct nitro_file_replace replace = NITRO_FILE_REPLACE_INIT;
	struct nitro_fault fault = {0};
	int fd;

	(void)state;
	NEEDS_ROOT();
	scratch_file(&scratch, "m.conf", 0644, UNIT_BYTES(OLD));
	assert_err(
	    nitro_file_replace_begin(at("m.conf"), &replace, &fault), NITRO_OK);
	fd = open(at(".m.conf.lock"), O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	assert_err(nitro_file_replace_write(&replace, UNIT_BYTES(NEW), &fault),
	    NITRO_OK);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
	nitro_file_replace_drop(&replace);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(close(fd), 0);
}

#define WRITERS 20

/* Each adds its letter to what is there. */
static int
add_letter(char letter)
{
	struct nitro_file_replace replace = NITRO_FILE_REPLACE_INIT;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_fault fault = {0};

	if (nitro_file_replace_begin(at("m.conf"), &replace, &fault) !=
		NITRO_OK ||
	    nitro_buf_append(&text, nitro_bytes_of_buf(&replace.text)) !=
		NITRO_OK ||
	    nitro_buf_append_byte(&text, (uint8_t)letter) != NITRO_OK ||
	    nitro_file_replace_write(
		&replace, nitro_bytes_of_buf(&text), &fault) != NITRO_OK) {
		print_message("# %s\n", fault.text);
		return 1;
	}
	nitro_file_replace_drop(&replace);
	return 0;
}

static void
twenty_at_once_lose_nothing(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	struct nitro_fault fault = {0};
	pid_t pids[WRITERS];
	int status;

	(void)state;
	NEEDS_ROOT();
	scratch_file(&scratch, "m.conf", 0644, UNIT_BYTES(""));
	for (int i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(add_letter((char)('a' + i)));
	}
	for (int i = 0; i < WRITERS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_err(
	    nitro_secure_file_read(at("m.conf"), &out, &fault), NITRO_OK);
	assert_int_equal(out.len, WRITERS);
	for (int i = 0; i < WRITERS; i++)
		assert_non_null(memchr(out.ptr, 'a' + i, out.len));
}

/* In a file system of its own that has room for the old file and little more. */
static int
replace_on_full_disk(void)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf big = {0};
	struct nitro_fault fault = {0};

	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", scratch.folder, "tmpfs", 0, "mode=0755,size=16k") !=
		0)
		return KILLED;
	scratch_file(&scratch, "m.conf", 0644, UNIT_BYTES(OLD));
	unit_fill(&big, 'x', (size_t)64 * 1024);
	if (replace_by(at("m.conf"), nitro_bytes_of_buf(&big), &fault) !=
	    NITRO_E_FILE_READ)
		return 2;
	if (strstr(fault.text, "Make room") == NULL)
		return 3;
	if (is_there(".m.conf.new") || is_there(".m.conf.bak.new") ||
	    is_there("m.conf.bak"))
		return 4;
	assert_content("m.conf", OLD);
	/* What fits goes through. */
	return replace_by(at("m.conf"), UNIT_BYTES(NEW), &fault) != NITRO_OK;
}

static void
a_full_disk_leaves_the_old_one_and_nothing_else(void **state)
{
	int status = 0;
	pid_t pid;

	(void)state;
	NEEDS_ROOT();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(replace_on_full_disk());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == KILLED) {
		print_message("# no mount namespace here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_file_is_replaced_and_the_old_one_kept),
	    TEST(who_else_may_read_it_stays),
	    TEST(killed_after_any_step_the_old_or_the_new_one_is_there),
	    TEST(what_secure_file_refuses_is_refused_and_gets_no_lock),
	    TEST(a_lock_that_is_no_file_of_root_is_refused),
	    TEST(what_an_editor_wrote_meanwhile_is_not_lost),
	    TEST(the_lock_is_held_from_reading_to_writing),
	    TEST(twenty_at_once_lose_nothing),
	    TEST(a_full_disk_leaves_the_old_one_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
