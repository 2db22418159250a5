/*
 * What a writer does to keep the evidence store within its bounds: the tally
 * in .lock, what is counted and removed, and what happens where the folder
 * cannot be made, listed or written. Needs root; skipped without.
 */
#include "policy/evidence_folder.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/scratch.h"
#include "unit/unit.h"

#define HOUR_MS INT64_C(3600000)
#define NOW_MS INT64_C(1793534645000) /* 2026-11-01T12:04:05Z */
#define KEEP_MS (30 * 24 * HOUR_MS)
#define BLOCK INT64_C(4096)
#define MAX_BYTES (272 * BLOCK) /* whose 16th and 17th part differ by a block */
#define FULL "20261101T120000.000Z-00000000-allow.evidence"

/* The five numbers of .lock, as policy/evidence_folder.c has them. */
enum { MAGIC, MAX, KEEP, ROOM, COUNTED, NUMBERS };

struct folder {
	struct scratch scratch;
	char path[SCRATCH_PATH_MAX];
	struct nitro_evidence_settings settings;
	int fd;
};

static void
drop_folder(struct folder *folder)
{
	if (folder->fd > 0)
		(void)close(folder->fd);
	scratch_drop(&folder->scratch);
}

static void
make_folder(struct folder *folder)
{
	if (!scratch_make(&folder->scratch))
		skip();
	scratch_folder(&folder->scratch, "evidence", 0700);
	(void)snprintf(folder->path, sizeof folder->path, "%s",
	    scratch_path(&folder->scratch, "evidence"));
	folder->settings = (struct nitro_evidence_settings){
	    folder->path, KEEP_MS, MAX_BYTES, false};
	folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(folder->fd > 0);
}

static const char *
inside(const struct folder *folder, const char *name)
{
	char path[SCRATCH_PATH_MAX];

	(void)snprintf(path, sizeof path, "evidence/%s", name);
	return scratch_path(&folder->scratch, path);
}

static void
put(const struct folder *folder, const char *name, size_t len)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf bytes = {0};
	char path[SCRATCH_PATH_MAX];

	unit_fill(&bytes, 'x', len);
	(void)snprintf(path, sizeof path, "evidence/%s", name);
	scratch_file(&folder->scratch, path, 0600, nitro_bytes_of_buf(&bytes));
}

static void
age(const struct folder *folder, const char *name, int64_t time_s)
{
	const struct timespec times[2] = {
	    {.tv_sec = time_s}, {.tv_sec = time_s}};

	assert_int_equal(
	    utimensat(AT_FDCWD, inside(folder, name), times, 0), 0);
}

static bool
is_there(const struct folder *folder, const char *name)
{
	return faccessat(AT_FDCWD, inside(folder, name), F_OK,
		   AT_SYMLINK_NOFOLLOW) == 0;
}

static nitro_err
reserve(const struct folder *folder, int64_t size, int64_t now_ms)
{
	struct nitro_fault fault = {0};
	nitro_err err = nitro_evidence_folder_reserve(
	    folder->fd, &folder->settings, size, now_ms, &fault);

	assert_err(fault.err, err);
	return err;
}

static void
read_tally(const struct folder *folder, int64_t tally[NUMBERS])
{
	int fd = open(inside(folder, ".lock"), O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, tally, NUMBERS * sizeof tally[0]),
	    NUMBERS * sizeof tally[0]);
	assert_int_equal(close(fd), 0);
}

static void
write_tally(
    const struct folder *folder, const int64_t tally[NUMBERS], size_t len)
{
	scratch_file(&folder->scratch, "evidence/.lock", 0600,
	    (struct nitro_bytes){(const uint8_t *)tally, len});
}

/* One thing is other than when the tally was written. */
static const struct row {
	const char *name;
	size_t number; /* that is other */
	int64_t value, size;
	bool is_believed;
} rows[] = {
    {"as it was", ROOM, BLOCK, 1, true},
    {"just enough room", ROOM, BLOCK, BLOCK, true},
    {"a byte less", ROOM, BLOCK - 1, BLOCK, false},
    {"as much room as there can be", ROOM, MAX_BYTES, 0, true},
    {"more", ROOM, MAX_BYTES + 1, 0, false},
    {"none", ROOM, 0, 0, true},
    {"less than none", ROOM, -1, -2, false},
    {"another magic number", MAGIC, 1, 0, false},
    {"for other max_bytes", MAX, MAX_BYTES - 1, 0, false},
    {"for another keep_ms", KEEP, KEEP_MS + 1, 0, false},
    {"counted just now", COUNTED, NOW_MS, 0, true},
    {"counted in the future", COUNTED, NOW_MS + 1, 0, false},
    {"counted within the hour", COUNTED, NOW_MS - HOUR_MS + 1, 0, true},
    {"counted an hour ago", COUNTED, NOW_MS - HOUR_MS, 0, false},
};

static unsigned
tally_differs(const struct folder *folder, const int64_t good[NUMBERS],
    const struct row *row)
{
	int64_t tally[NUMBERS], after[NUMBERS];
	int64_t room, counted;

	memcpy(tally, good, sizeof tally);
	tally[ROOM] = 7 * BLOCK;
	tally[row->number] = row->value;
	write_tally(folder, tally, sizeof tally);
	assert_err(reserve(folder, row->size, NOW_MS), NITRO_OK);
	read_tally(folder, after);
	room = row->is_believed ? tally[ROOM] - row->size : MAX_BYTES - BLOCK;
	counted = row->is_believed ? tally[COUNTED] : NOW_MS;
	return unit_is_not(row->name,
	    after[MAGIC] == good[MAGIC] && after[MAX] == MAX_BYTES &&
		after[KEEP] == KEEP_MS && after[ROOM] == room &&
		after[COUNTED] == counted,
	    true);
}

static void
test_a_tally_is_believed_where_all_of_it_is_right(void **state)
{
	NITRO_DROP(drop_folder) struct folder folder = {0};
	int64_t good[NUMBERS], after[NUMBERS];
	unsigned wrong = 0;

	(void)state;
	make_folder(&folder);
	put(&folder, FULL, 9);
	assert_err(reserve(&folder, 0, NOW_MS - 1), NITRO_OK);
	read_tally(&folder, good);
	assert_int_equal(good[ROOM], MAX_BYTES - BLOCK);
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		wrong += tally_differs(&folder, good, &rows[i]);
	assert_int_equal(wrong, 0);
	/* Its last byte is zero anyway. */
	good[ROOM] = BLOCK;
	write_tally(&folder, good, sizeof good - 1);
	assert_err(reserve(&folder, 0, NOW_MS), NITRO_OK);
	read_tally(&folder, after);
	assert_int_equal(after[ROOM], MAX_BYTES - BLOCK);
}

static void
test_nobody_else_may_read_the_tally(void **state)
{
	NITRO_DROP(drop_folder) struct folder folder = {0};
	const mode_t before = umask(0);
	struct stat st;

	(void)state;
	make_folder(&folder);
	assert_err(reserve(&folder, 0, NOW_MS), NITRO_OK);
	(void)umask(before);
	assert_int_equal(stat(inside(&folder, ".lock"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* Nothing that a writer made is anything but a file. */
static void
test_what_no_writer_made_is_neither_counted_nor_touched(void **state)
{
	static const char *const folders[] = {
	    "evidence/20261101T120001.000Z-00000001-allow.evidence",
	    "evidence/.new-folder"};
	NITRO_DROP(drop_folder) struct folder folder = {0};
	int64_t tally[NUMBERS];

	(void)state;
	make_folder(&folder);
	put(&folder, "notes.txt", 9);
	age(&folder, "notes.txt", 1);
	for (size_t i = 0; i < NITRO_COUNT_OF(folders); i++)
		scratch_folder(&folder.scratch, folders[i], 0700);
	age(&folder, ".new-folder", 1);
	assert_int_equal(symlinkat("notes.txt", folder.fd, ".new-link"), 0);
	assert_err(reserve(&folder, 0, NOW_MS), NITRO_OK);
	read_tally(&folder, tally);
	assert_int_equal(tally[ROOM], MAX_BYTES);
	assert_true(is_there(&folder, "notes.txt"));
	assert_true(is_there(&folder, ".new-folder"));
	assert_true(is_there(&folder, ".new-link"));
}

static void
test_a_record_in_the_making_goes_when_it_is_older_than_an_hour(void **state)
{
	NITRO_DROP(drop_folder) struct folder folder = {0};
	int64_t tally[NUMBERS];

	(void)state;
	make_folder(&folder);
	put(&folder, ".new-young", 9);
	put(&folder, ".new-old", 9);
	age(&folder, ".new-young", (NOW_MS - HOUR_MS) / 1000);
	age(&folder, ".new-old", (NOW_MS - HOUR_MS) / 1000 - 1);
	assert_err(reserve(&folder, 0, NOW_MS), NITRO_OK);
	read_tally(&folder, tally);
	assert_int_equal(tally[ROOM], MAX_BYTES - BLOCK);
	assert_true(is_there(&folder, ".new-young"));
	assert_false(is_there(&folder, ".new-old"));
}

static void
name_record(unsigned n, char name[NITRO_EVIDENCE_NAME_SIZE])
{
	struct nitro_evidence_record record = {.time_ms = NOW_MS + n};

	nitro_evidence_name(&record, name);
}

/* A sixteenth of it is free afterwards. */
static void
test_a_writer_makes_more_room_than_it_needs(void **state)
{
	NITRO_DROP(drop_folder) struct folder folder = {0};
	char name[NITRO_EVIDENCE_NAME_SIZE];
	int64_t tally[NUMBERS];

	(void)state;
	make_folder(&folder);
	for (unsigned n = 0; n < MAX_BYTES / BLOCK + 1; n++) {
		name_record(n, name);
		put(&folder, name, 1);
	}
	assert_err(reserve(&folder, 0, NOW_MS), NITRO_OK);
	read_tally(&folder, tally);
	assert_int_equal(tally[ROOM], MAX_BYTES / 16);
	name_record(MAX_BYTES / BLOCK / 16, name);
	assert_false(is_there(&folder, name));
	name_record(MAX_BYTES / BLOCK / 16 + 1, name);
	assert_true(is_there(&folder, name));
}

/* One login waits for so many removals, and the next goes on with them. */
static void
test_one_writer_removes_512_records_at_most(void **state)
{
	NITRO_DROP(drop_folder) struct folder folder = {0};
	NITRO_DROP(nitro_evidence_list_drop)
	struct nitro_evidence_list left = {0};
	struct nitro_fault fault = {0};
	char name[NITRO_EVIDENCE_NAME_SIZE];
	int64_t tally[NUMBERS];

	(void)state;
	make_folder(&folder);
	folder.settings.max_bytes = BLOCK;
	for (unsigned n = 0; n < 512 + 3; n++) {
		name_record(n, name);
		put(&folder, name, 1);
	}
	assert_err(reserve(&folder, 0, NOW_MS), NITRO_OK);
	assert_err(
	    nitro_evidence_folder_scan(folder.fd, folder.path, &left, &fault),
	    NITRO_OK);
	assert_int_equal(left.count, 3);
	read_tally(&folder, tally);
	assert_int_equal(tally[ROOM], 0);
	assert_err(reserve(&folder, 1, NOW_MS), NITRO_OK);
	read_tally(&folder, tally);
	assert_int_equal(tally[ROOM], BLOCK);
}

static int
lowest_free(void)
{
	int fd = dup(STDOUT_FILENO);

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	return fd;
}

/* As many descriptors as there are open, and count more. */
static void
allow_descriptors(int count, struct rlimit *before)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
	limit = *before;
	limit.rlim_cur = (rlim_t)lowest_free() + (rlim_t)count;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* The lock takes one descriptor, the list of names another. */
static void
test_a_folder_that_cannot_be_listed_takes_nothing(void **state)
{
	static const char *const reasons[] = {
	    "its .lock cannot be opened: Too many open files",
	    "cannot be listed: Too many open files"};
	NITRO_DROP(drop_folder) struct folder folder = {0};
	const int free_before = lowest_free();
	struct rlimit before;

	(void)state;
	make_folder(&folder);
	put(&folder, ".lock", 0);
	for (int i = 0; i < 2; i++) {
		NITRO_DROP(nitro_evidence_list_drop)
		struct nitro_evidence_list list = {0};
		struct nitro_fault writer = {0}, admin = {0};
		nitro_err errs[2];
		struct stat st;

		allow_descriptors(i, &before);
		errs[0] = nitro_evidence_folder_reserve(
		    folder.fd, &folder.settings, 1, NOW_MS, &writer);
		errs[1] = nitro_evidence_folder_sweep(
		    folder.fd, &folder.settings, NOW_MS, false, &list, &admin);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_err(errs[0], NITRO_E_FILE_READ);
		assert_err(errs[1], NITRO_E_FILE_READ);
		assert_string_equal(writer.text, reasons[i]);
		assert_string_equal(admin.text, reasons[i]);
		assert_int_equal(stat(inside(&folder, ".lock"), &st), 0);
		assert_int_equal(st.st_size, 0);
	}
	/* The twin. */
	allow_descriptors(2, &before);
	assert_err(reserve(&folder, 1, NOW_MS), NITRO_OK);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(lowest_free(), free_before + 1);
}

/* A disk without room for it: what stood there before says too much. */
static void
test_a_tally_that_cannot_be_written_is_none(void **state)
{
	NITRO_DROP(drop_folder) struct folder folder = {0};
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	struct rlimit before, limit;
	int64_t tally[NUMBERS];
	struct stat st;
	nitro_err err;

	(void)state;
	make_folder(&folder);
	assert_err(reserve(&folder, 0, NOW_MS), NITRO_OK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	err = reserve(&folder, BLOCK, NOW_MS);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, handler);
	assert_err(err, NITRO_OK);
	assert_int_equal(stat(inside(&folder, ".lock"), &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_err(reserve(&folder, 0, NOW_MS), NITRO_OK);
	read_tally(&folder, tally);
	assert_int_equal(tally[ROOM], MAX_BYTES);
}

static void
test_a_lock_that_is_no_file_is_refused(void **state)
{
	NITRO_DROP(drop_folder) struct folder folder = {0};

	(void)state;
	make_folder(&folder);
	scratch_folder(&folder.scratch, "evidence/.lock", 0700);
	assert_err(reserve(&folder, 0, NOW_MS), NITRO_E_FILE_READ);
	assert_int_equal(rmdir(inside(&folder, ".lock")), 0);
	put(&folder, "other", 0);
	assert_int_equal(symlinkat("other", folder.fd, ".lock"), 0);
	assert_err(reserve(&folder, 0, NOW_MS), NITRO_E_FILE_UNSAFE);
	assert_int_equal(unlink(inside(&folder, ".lock")), 0);
	assert_err(reserve(&folder, 0, NOW_MS), NITRO_OK);
}

/* Nobody may make a folder in /sys, which has none of these names. */
static void
test_a_folder_that_cannot_be_made_says_why(void **state)
{
	static const char *const paths[] = {
	    "/sys/pam_nitro", "/sys/pam_nitro/evidence"};
	struct stat st;
	int fd = -1;

	(void)state;
	if (geteuid() != 0 || stat("/sys/kernel", &st) != 0)
		skip();
	for (size_t i = 0; i < NITRO_COUNT_OF(paths); i++) {
		struct nitro_fault fault = {0};
		nitro_err err = nitro_evidence_folder_open(
		    paths[i], true, &fd, &fault);

		assert_err(err, NITRO_E_FILE_READ);
		assert_err(fault.err, err);
		assert_non_null(strstr(fault.text, "cannot be made: "));
		assert_string_equal(fault.file, "/sys/pam_nitro");
		assert_int_equal(fd, -1);
	}
}

static void
test_only_who_writes_makes_the_folder(void **state)
{
	NITRO_DROP(drop_folder) struct folder folder = {0};
	const int free_before = lowest_free();
	struct nitro_fault fault = {0};
	struct stat st;
	int fd = -1;

	(void)state;
	make_folder(&folder);
	assert_int_equal(rmdir(folder.path), 0);
	assert_err(nitro_evidence_folder_open(folder.path, false, &fd, &fault),
	    NITRO_E_FILE_MISSING);
	assert_err(fault.err, NITRO_E_FILE_MISSING);
	assert_int_equal(stat(folder.path, &st), -1);
	/* Made, and there already: each time one descriptor, and no other. */
	for (int i = 0; i < 2; i++) {
		assert_err(
		    nitro_evidence_folder_open(folder.path, true, &fd, &fault),
		    NITRO_OK);
		assert_int_equal(fd, free_before + 1);
		assert_int_equal(lowest_free(), free_before + 2);
		assert_int_equal(close(fd), 0);
	}
	assert_int_equal(stat(folder.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

/* sshd has /dev/null there, and a program may have nothing. */
static void
test_descriptor_0_is_as_good_as_any(void **state)
{
	NITRO_DROP(drop_folder) struct folder folder = {0};
	struct nitro_fault fault = {0};
	const char *paths[2];
	int fd[2] = {-1, -1}, saved = dup(STDIN_FILENO);
	NITRO_DROP(nitro_evidence_list_drop)
	struct nitro_evidence_list list = {0};
	nitro_err opened[2], reserved, listed;
	int64_t tally[NUMBERS];

	(void)state;
	make_folder(&folder);
	scratch_folder(&folder.scratch, "evidence/deeper", 0700);
	paths[0] = folder.path;
	paths[1] = inside(&folder, "deeper");
	(void)close(STDIN_FILENO);
	reserved = nitro_evidence_folder_reserve(
	    folder.fd, &folder.settings, 0, NOW_MS, &fault);
	listed = nitro_evidence_folder_scan(
	    folder.fd, folder.path, &list, &fault);
	/* Of a folder and the next one within, one gets it. */
	for (size_t i = 0; i < 2; i++) {
		opened[i] = nitro_evidence_folder_open(
		    paths[i], false, &fd[i], &fault);
		(void)close(fd[i]);
	}
	(void)dup2(saved, STDIN_FILENO);
	(void)close(saved);
	assert_err(reserved, NITRO_OK);
	assert_err(listed, NITRO_OK);
	assert_err(opened[0], NITRO_OK);
	assert_err(opened[1], NITRO_OK);
	assert_true((fd[0] == 0) != (fd[1] == 0));
	read_tally(&folder, tally);
	assert_int_equal(tally[ROOM], MAX_BYTES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_tally_is_believed_where_all_of_it_is_right),
	    cmocka_unit_test(test_nobody_else_may_read_the_tally),
	    cmocka_unit_test(
		test_what_no_writer_made_is_neither_counted_nor_touched),
	    cmocka_unit_test(
		test_a_record_in_the_making_goes_when_it_is_older_than_an_hour),
	    cmocka_unit_test(test_a_writer_makes_more_room_than_it_needs),
	    cmocka_unit_test(test_one_writer_removes_512_records_at_most),
	    cmocka_unit_test(test_a_folder_that_cannot_be_listed_takes_nothing),
	    cmocka_unit_test(test_a_tally_that_cannot_be_written_is_none),
	    cmocka_unit_test(test_a_lock_that_is_no_file_is_refused),
	    cmocka_unit_test(test_a_folder_that_cannot_be_made_says_why),
	    cmocka_unit_test(test_only_who_writes_makes_the_folder),
	    cmocka_unit_test(test_descriptor_0_is_as_good_as_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
