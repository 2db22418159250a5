/* The folder of the evidence store. Needs root; skipped without. */
#include "policy/evidence_store.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "policy/evidence_folder.h"
#include "policy/secure_file.h"
#include "unit/scratch.h"
#include "unit/unit.h"

#define DAY_MS INT64_C(86400000)
#define NOW_MS INT64_C(1793534645123) /* 2026-11-01T12:04:05.123Z */
#define MIB INT64_C(1048576)

/* A store in a folder of its own, and the settings for it. */
struct store {
	struct scratch scratch;
	char directory[SCRATCH_PATH_MAX];
	struct nitro_evidence_settings settings;
};

static void
drop_store(struct store *store)
{
	scratch_drop(&store->scratch);
}

static void
make_store(struct store *store)
{
	if (!scratch_make(&store->scratch))
		skip();
	(void)snprintf(store->directory, sizeof store->directory, "%s",
	    scratch_path(&store->scratch, "evidence"));
	store->settings = (struct nitro_evidence_settings){
	    store->directory, 30 * DAY_MS, MIB, false};
}

/* Number n of a series, its document of document_len bytes. */
static nitro_err
keep_and_say(const struct store *store, unsigned n, int64_t time_ms,
    nitro_err err, size_t document_len, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf document = {0};
	struct nitro_evidence_record record = {
	    .time_ms = time_ms, .err = err, .user = "deploy"};
	nitro_err result;

	for (unsigned i = 0; i < 4; i++)
		record.nonce[i] = (uint8_t)(n >> (24 - 8 * i));
	unit_fill(&document, (uint8_t)n, document_len);
	record.document = document;
	result = nitro_evidence_store_keep(&store->settings, &record, fault);
	assert_err(fault->err, result);
	if (result != NITRO_OK)
		assert_true(fault->file[0] != '\0' && fault->text[0] != '\0');
	return result;
}

static nitro_err
keep(const struct store *store, unsigned n, int64_t time_ms, nitro_err err,
    size_t document_len)
{
	struct nitro_fault fault = {0};

	return keep_and_say(store, n, time_ms, err, document_len, &fault);
}

static void
list(const struct store *store, struct nitro_evidence_list *found)
{
	struct nitro_fault fault = {0};

	*found = (struct nitro_evidence_list){0};
	assert_err(nitro_evidence_store_list(store->directory, found, &fault),
	    NITRO_OK);
}

static int64_t
total(const struct nitro_evidence_list *found)
{
	int64_t bytes = found->unfinished_bytes;

	for (size_t i = 0; i < found->count; i++)
		bytes += nitro_evidence_list_at(found, i)->size;
	return bytes;
}

static void
test_a_record_comes_back_as_it_was_kept(void **state)
{
	NITRO_DROP(drop_store) struct store store = {0};
	NITRO_DROP(nitro_evidence_list_drop) struct nitro_evidence_list found;
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record record = {0};
	struct nitro_fault fault = {0};
	const struct nitro_evidence_entry *entry;
	struct stat st;
	char path[512];

	(void)state;
	make_store(&store);
	assert_err(keep(&store, 0x3f9a12c0, NOW_MS, NITRO_OK, 5000), NITRO_OK);
	list(&store, &found);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.unfinished_bytes, 0);
	entry = nitro_evidence_list_at(&found, 0);
	assert_string_equal(
	    entry->name, "20261101T120405.123Z-3f9a12c0-allow.evidence");
	assert_string_equal(entry->reference, "3f9a12c0");
	assert_true(entry->time_ms == NOW_MS);
	assert_true(entry->is_allowed);
	assert_err(nitro_evidence_store_read(
		       store.directory, entry->name, &record, &fault),
	    NITRO_OK);
	assert_string_equal(record.user, "deploy");
	assert_int_equal(record.document.len, 5000);

	/* Nobody but root looks into it, whatever the umask. */
	assert_int_equal(stat(store.directory, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	(void)snprintf(
	    path, sizeof path, "%s/%s", store.directory, entry->name);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
test_names_sort_by_time(void **state)
{
	NITRO_DROP(drop_store) struct store store = {0};
	NITRO_DROP(nitro_evidence_list_drop) struct nitro_evidence_list found;

	(void)state;
	make_store(&store);
	assert_err(keep(&store, 1, NOW_MS + DAY_MS, NITRO_OK, 9), NITRO_OK);
	assert_err(keep(&store, 9, NOW_MS, NITRO_E_PCR, 9), NITRO_OK);
	assert_err(keep(&store, 5, NOW_MS + 1, NITRO_OK, 9), NITRO_OK);
	list(&store, &found);
	assert_int_equal(found.count, 3);
	assert_string_equal(
	    nitro_evidence_list_at(&found, 0)->reference, "00000009");
	assert_false(nitro_evidence_list_at(&found, 0)->is_allowed);
	assert_string_equal(
	    nitro_evidence_list_at(&found, 1)->reference, "00000005");
	assert_string_equal(
	    nitro_evidence_list_at(&found, 2)->reference, "00000001");
}

static void
test_a_record_is_never_replaced(void **state)
{
	NITRO_DROP(drop_store) struct store store = {0};
	NITRO_DROP(nitro_evidence_list_drop) struct nitro_evidence_list found;

	(void)state;
	make_store(&store);
	assert_err(keep(&store, 1, NOW_MS, NITRO_OK, 9), NITRO_OK);
	assert_err(keep(&store, 1, NOW_MS, NITRO_OK, 10), NITRO_E_FILE_READ);
	list(&store, &found);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.unfinished_bytes, 0);
}

static void
test_the_writer_keeps_the_bound_in_mib(void **state)
{
	NITRO_DROP(drop_store) struct store store = {0};

	(void)state;
	make_store(&store);
	/* 24 KiB each: 42 of them are 1 MiB. */
	for (unsigned n = 1; n <= 100; n++) {
		NITRO_DROP(nitro_evidence_list_drop)
		struct nitro_evidence_list found;

		assert_err(
		    keep(&store, n, NOW_MS + n, NITRO_OK, 16384), NITRO_OK);
		list(&store, &found);
		assert_true(total(&found) <= MIB);
		/* The newest are there, without a gap: the oldest have gone. */
		for (size_t i = 0; i < found.count; i++)
			assert_true(
			    nitro_evidence_list_at(&found, i)->time_ms ==
			    NOW_MS + n - (int64_t)(found.count - 1 - i));
		if (n >= 42)
			assert_int_in_range(found.count, 38, 43);
		else
			assert_int_equal(found.count, n);
	}
}

static void
test_refused_logins_push_out_no_more_than_half(void **state)
{
	NITRO_DROP(drop_store) struct store store = {0};
	NITRO_DROP(nitro_evidence_list_drop) struct nitro_evidence_list found;
	size_t allowed = 0, refused = 0;

	(void)state;
	make_store(&store);
	for (unsigned n = 1; n <= 40; n++)
		assert_err(
		    keep(&store, n, NOW_MS + n, NITRO_OK, 16384), NITRO_OK);
	for (unsigned n = 100; n <= 300; n++)
		assert_err(
		    keep(&store, n, NOW_MS + n, NITRO_E_PCR, 16384), NITRO_OK);
	list(&store, &found);
	assert_true(total(&found) <= MIB);
	for (size_t i = 0; i < found.count; i++)
		if (nitro_evidence_list_at(&found, i)->is_allowed)
			allowed++;
		else
			refused++;
	/* 7 of 16 parts of 42 at least. */
	assert_int_in_range(allowed, 18, 40);
	assert_int_in_range(refused, 10, 24);
}

static void
test_the_writer_keeps_the_bound_in_days(void **state)
{
	NITRO_DROP(drop_store) struct store store = {0};
	NITRO_DROP(nitro_evidence_list_drop)
	struct nitro_evidence_list before, after;

	(void)state;
	make_store(&store);
	store.settings.keep_ms = DAY_MS;
	assert_err(keep(&store, 1, NOW_MS, NITRO_OK, 9), NITRO_OK);
	assert_err(keep(&store, 2, NOW_MS + 1000, NITRO_OK, 9), NITRO_OK);
	assert_err(keep(&store, 3, NOW_MS + DAY_MS, NITRO_OK, 9), NITRO_OK);
	list(&store, &before);
	assert_int_equal(before.count, 3);
	assert_err(
	    keep(&store, 4, NOW_MS + DAY_MS + 7200000, NITRO_OK, 9), NITRO_OK);
	list(&store, &after);
	assert_int_equal(after.count, 2);
	assert_string_equal(
	    nitro_evidence_list_at(&after, 0)->reference, "00000003");
}

static void
test_smaller_bounds_hold_from_the_next_login_on(void **state)
{
	NITRO_DROP(drop_store) struct store store = {0};
	NITRO_DROP(nitro_evidence_list_drop) struct nitro_evidence_list found;

	(void)state;
	make_store(&store);
	store.settings.max_bytes = 2 * MIB;
	for (unsigned n = 1; n <= 60; n++)
		assert_err(
		    keep(&store, n, NOW_MS + n, NITRO_OK, 16384), NITRO_OK);
	store.settings.max_bytes = MIB;
	assert_err(keep(&store, 99, NOW_MS + 99, NITRO_OK, 16384), NITRO_OK);
	list(&store, &found);
	assert_true(total(&found) <= MIB);
}

static void
test_prune_applies_the_bounds_now_or_says_what_it_would(void **state)
{
	NITRO_DROP(drop_store) struct store store = {0};
	NITRO_DROP(nitro_evidence_list_drop)
	struct nitro_evidence_list dry = {0}, wet = {0}, left;
	struct nitro_fault fault = {0};
	size_t doomed = 0;

	(void)state;
	make_store(&store);
	for (unsigned n = 1; n <= 10; n++)
		assert_err(
		    keep(&store, n, NOW_MS + n, NITRO_OK, 16384), NITRO_OK);
	store.settings.keep_ms = DAY_MS;
	assert_err(nitro_evidence_store_prune(&store.settings,
		       NOW_MS + DAY_MS + 4, true, &dry, &fault),
	    NITRO_OK);
	for (size_t i = 0; i < dry.count; i++)
		doomed += nitro_evidence_list_at(&dry, i)->is_doomed ? 1 : 0;
	assert_int_equal(dry.count, 10);
	assert_int_equal(doomed, 3);
	list(&store, &left);
	assert_int_equal(left.count, 10);
	nitro_evidence_list_drop(&left);
	assert_err(nitro_evidence_store_prune(&store.settings,
		       NOW_MS + DAY_MS + 4, false, &wet, &fault),
	    NITRO_OK);
	list(&store, &left);
	assert_int_equal(left.count, 7);
}

static void
test_what_a_crash_has_left_counts_and_goes_after_an_hour(void **state)
{
	NITRO_DROP(drop_store) struct store store = {0};
	NITRO_DROP(nitro_evidence_list_drop) struct nitro_evidence_list found;
	struct timespec old[2] = {
	    {.tv_sec = NOW_MS / 1000 - 3602}, {.tv_sec = NOW_MS / 1000 - 3602}};
	const char *path;

	(void)state;
	make_store(&store);
	assert_err(keep(&store, 1, NOW_MS, NITRO_OK, 9), NITRO_OK);
	scratch_file(
	    &store.scratch, "evidence/.new-abc", 0600, UNIT_BYTES("half a re"));
	scratch_file(&store.scratch, "evidence/notes.txt", 0600,
	    UNIT_BYTES("the administrator's own"));
	list(&store, &found);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.unfinished_bytes, 4096);
	nitro_evidence_list_drop(&found);
	path = scratch_path(&store.scratch, "evidence/.new-abc");
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	/* Another bound, so that the folder is looked at. */
	store.settings.max_bytes = 2 * MIB;
	assert_err(keep(&store, 2, NOW_MS, NITRO_OK, 9), NITRO_OK);
	assert_int_equal(access(path, F_OK), -1);
	path = scratch_path(&store.scratch, "evidence/notes.txt");
	assert_int_equal(access(path, F_OK), 0);
}

static void
test_an_unsafe_folder_takes_nothing(void **state)
{
	static const mode_t modes[] = {0701, 0750, 0770, 0777, 01777};
	NITRO_DROP(drop_store) struct store store = {0};
	const char *other;

	(void)state;
	make_store(&store);
	for (size_t i = 0; i < NITRO_COUNT_OF(modes); i++) {
		(void)rmdir(store.directory);
		scratch_folder(&store.scratch, "evidence", modes[i]);
		assert_err(
		    keep(&store, 1, NOW_MS, NITRO_OK, 9), NITRO_E_FILE_UNSAFE);
	}
	assert_int_equal(chmod(store.directory, 0700), 0);
	assert_int_equal(chown(store.directory, 65534, 0), 0);
	assert_err(keep(&store, 1, NOW_MS, NITRO_OK, 9), NITRO_E_FILE_UNSAFE);
	/* The twin. */
	assert_int_equal(chown(store.directory, 0, 0), 0);
	assert_err(keep(&store, 1, NOW_MS, NITRO_OK, 9), NITRO_OK);
	/* A link, and a file in place of the folder. */
	other = scratch_path(&store.scratch, "link");
	assert_int_equal(symlink(store.directory, other), 0);
	(void)snprintf(store.directory, sizeof store.directory, "%s", other);
	assert_true(keep(&store, 2, NOW_MS, NITRO_OK, 9) != NITRO_OK);
	scratch_file(&store.scratch, "file", 0600, UNIT_BYTES(""));
	(void)snprintf(store.directory, sizeof store.directory, "%s",
	    scratch_path(&store.scratch, "file"));
	assert_true(keep(&store, 2, NOW_MS, NITRO_OK, 9) != NITRO_OK);
}

static void
test_missing_folders_are_made_two_deep_at_most(void **state)
{
	NITRO_DROP(drop_store) struct store store = {0};

	(void)state;
	make_store(&store);
	(void)snprintf(store.directory, sizeof store.directory, "%s",
	    scratch_path(&store.scratch, "a/b"));
	assert_err(keep(&store, 1, NOW_MS, NITRO_OK, 9), NITRO_OK);
	(void)snprintf(store.directory, sizeof store.directory, "%s",
	    scratch_path(&store.scratch, "c/d/e"));
	assert_err(keep(&store, 1, NOW_MS, NITRO_OK, 9), NITRO_E_FILE_MISSING);
}

/* A full disk, at every length that a write may come to. */
static void
test_a_disk_that_is_full_keeps_nothing_of_a_record(void **state)
{
	NITRO_DROP(drop_store) struct store store = {0};
	NITRO_DROP(nitro_evidence_list_drop) struct nitro_evidence_list found;
	struct nitro_fault fault = {0};
	struct rlimit saved, limit;

	(void)state;
	make_store(&store);
	assert_err(keep(&store, 1, NOW_MS, NITRO_OK, 5000), NITRO_OK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &saved), 0);
	limit = saved;
	for (limit.rlim_cur = 0; limit.rlim_cur < 7000;
	     limit.rlim_cur += 1000) {
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		assert_err(
		    keep_and_say(&store, 2, NOW_MS + 1, NITRO_OK, 5000, &fault),
		    NITRO_E_FILE_READ);
		assert_non_null(strstr(fault.text, strerror(EFBIG)));
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &saved), 0);
	list(&store, &found);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.unfinished_bytes, 0);
	assert_err(keep(&store, 2, NOW_MS + 1, NITRO_OK, 5000), NITRO_OK);
}

static bool
is_blocked(int number)
{
	sigset_t mask;

	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
	return sigismember(&mask, number) == 1;
}

static bool
is_pending(int number)
{
	sigset_t pending;

	assert_int_equal(sigpending(&pending), 0);
	return sigismember(&pending, number) == 1;
}

/* Whoever calls finds its signals as they were, and one that waited waiting. */
static void
test_a_full_disk_leaves_the_signals_of_the_process_alone(void **state)
{
	NITRO_DROP(drop_store) struct store store = {0};
	struct rlimit saved, limit;
	sigset_t mask;

	(void)state;
	make_store(&store);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &saved), 0);
	limit = saved;
	limit.rlim_cur = 1000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_err(keep(&store, 1, NOW_MS, NITRO_OK, 5000), NITRO_E_FILE_READ);
	assert_false(is_blocked(SIGXFSZ));
	assert_false(is_pending(SIGXFSZ));

	assert_int_equal(sigemptyset(&mask), 0);
	assert_int_equal(sigaddset(&mask, SIGXFSZ), 0);
	assert_int_equal(sigprocmask(SIG_BLOCK, &mask, NULL), 0);
	assert_err(keep(&store, 1, NOW_MS, NITRO_OK, 5000), NITRO_E_FILE_READ);
	assert_true(is_blocked(SIGXFSZ));
	assert_false(is_pending(SIGXFSZ));
	assert_int_equal(raise(SIGXFSZ), 0);
	assert_err(keep(&store, 1, NOW_MS, NITRO_OK, 5000), NITRO_E_FILE_READ);
	assert_true(is_blocked(SIGXFSZ));
	assert_true(is_pending(SIGXFSZ));

	assert_int_equal(sigwaitinfo(&mask, NULL), SIGXFSZ);
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &mask, NULL), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &saved), 0);
}

/* What stands in the way of a record in the making does not become one. */
static void
test_a_leftover_of_the_same_nonce_is_no_record(void **state)
{
	static const char name[] =
	    "evidence/.new-00000001" /* and the rest of the nonce */
	    "00000000000000000000000000000000000000000000000000000000";
	NITRO_DROP(drop_store) struct store store = {0};
	NITRO_DROP(nitro_evidence_list_drop) struct nitro_evidence_list found;
	struct nitro_fault fault = {0};

	(void)state;
	make_store(&store);
	scratch_folder(&store.scratch, "evidence", 0700);
	scratch_file(&store.scratch, name, 0600, UNIT_BYTES("x"));
	assert_err(keep_and_say(&store, 1, NOW_MS, NITRO_OK, 9, &fault),
	    NITRO_E_FILE_READ);
	assert_non_null(strstr(fault.text, "cannot be made"));
	list(&store, &found);
	assert_int_equal(found.count, 0);
	assert_err(keep(&store, 1, NOW_MS, NITRO_OK, 9), NITRO_OK);
}

#define CANNOT_FILTER 99

/* The number of the first claim that does not hold; 0 where all hold. */
static int
keep_where_rename_is_plain(const struct store *store, int number)
{
	const struct scmp_arg_cmp flags = {4, SCMP_CMP_EQ, RENAME_NOREPLACE, 0};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	struct nitro_fault fault = {0};

	if (filter == NULL ||
	    seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint16_t)number),
		SCMP_SYS(renameat2), 1, flags) != 0 ||
	    seccomp_load(filter) != 0)
		return CANNOT_FILTER;
	seccomp_release(filter);
	if (keep(store, 2, NOW_MS, NITRO_OK, 9) != NITRO_OK)
		return 2;
	if (keep_and_say(store, 1, NOW_MS, NITRO_OK, 10, &fault) == NITRO_OK)
		return 3;
	return strstr(fault.text, strerror(EEXIST)) != NULL ? 0 : 4;
}

/* NFS, and kernels that do not know the call. */
static void
test_no_record_is_replaced_where_the_filesystem_cannot_refuse_to(void **state)
{
	static const int numbers[] = {EINVAL, ENOSYS};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(numbers); i++) {
		NITRO_DROP(drop_store) struct store store = {0};
		NITRO_DROP(nitro_evidence_list_drop)
		struct nitro_evidence_list found;
		int status = 0;
		pid_t pid;

		make_store(&store);
		assert_err(keep(&store, 1, NOW_MS, NITRO_OK, 9), NITRO_OK);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			_exit(keep_where_rename_is_plain(&store, numbers[i]));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == CANNOT_FILTER) {
			print_message("# no seccomp(2) here\n");
			drop_store(&store);
			skip();
		}
		assert_int_equal(WEXITSTATUS(status), 0);
		list(&store, &found);
		assert_int_equal(found.count, 2);
		assert_int_equal(found.unfinished_bytes, 0);
	}
}

/* Any descriptor may be number 0 then. */
static void
test_a_process_without_standard_input_keeps_records(void **state)
{
	static const char *const folders[] = {"evidence", "a/evidence"};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(folders); i++) {
		NITRO_DROP(drop_store) struct store store = {0};
		int status = 0;
		pid_t pid;

		make_store(&store);
		scratch_folder(&store.scratch, "a", 0755);
		(void)snprintf(store.directory, sizeof store.directory, "%s",
		    scratch_path(&store.scratch, folders[i]));
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			(void)close(0);
			_exit(keep(&store, 1, NOW_MS, NITRO_OK, 9) == NITRO_OK
				  ? 0
				  : 1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

static void
test_nothing_is_read_from_a_folder_that_is_not_there(void **state)
{
	NITRO_DROP(drop_store) struct store store = {0};
	NITRO_DROP(nitro_evidence_list_drop)
	struct nitro_evidence_list found = {0};
	struct nitro_fault fault = {0};
	int fd;

	(void)state;
	make_store(&store);
	assert_err(nitro_evidence_store_list(store.directory, &found, &fault),
	    NITRO_E_FILE_MISSING);
	assert_err(nitro_evidence_store_prune(
		       &store.settings, NOW_MS, true, &found, &fault),
	    NITRO_E_FILE_MISSING);
	assert_int_equal(access(store.directory, F_OK), -1);
	/* And nothing is removed while another process counts. */
	assert_err(keep(&store, 1, NOW_MS, NITRO_OK, 9), NITRO_OK);
	fd = open(scratch_path(&store.scratch, "evidence/.lock"), O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_err(nitro_evidence_store_prune(
		       &store.settings, NOW_MS, true, &found, &fault),
	    NITRO_E_FILE_READ);
	assert_int_equal(close(fd), 0);
}

static nitro_err
read_from(const char *directory, const char *name, struct nitro_fault *fault)
{
	struct nitro_evidence_record record = {0};
	nitro_err err = nitro_evidence_store_read(
	    directory, name, &record, fault);

	assert_null(record.document.ptr);
	return err;
}

static void
test_a_file_that_is_no_record_is_refused_under_its_own_name(void **state)
{
	static const char name[] =
	    "20261101T120405.123Z-00000001-allow.evidence";
	NITRO_DROP(drop_store) struct store store = {0};
	struct nitro_fault fault = {0};
	char deep[NITRO_PATH_MAX + 2] = "";

	(void)state;
	make_store(&store);
	scratch_folder(&store.scratch, "evidence", 0700);
	scratch_file(&store.scratch,
	    "evidence/20261101T120405.123Z-"
	    "00000001-allow.evidence",
	    0600, UNIT_BYTES("x"));
	assert_err(read_from(store.directory, name, &fault), NITRO_E_FILE_READ);
	assert_non_null(strstr(fault.text, "is no record of pam_nitro"));
	/* A path one byte longer than any, and one that fits. */
	memset(deep, 'a', sizeof deep - 1);
	for (size_t i = 0; i < sizeof deep - 8; i += 100)
		deep[i] = '/';
	deep[sizeof deep - 3] = '\0';
	assert_err(read_from(deep, "b", &fault), NITRO_E_FILE_READ);
	assert_string_equal(fault.text, "its path is too long");
	deep[sizeof deep - 4] = '\0';
	assert_err(read_from(deep, "b", &fault), NITRO_E_FILE_MISSING);
}

static void
test_writers_at_once_lose_nothing_and_keep_the_bound(void **state)
{
	enum { WRITERS = 8, EACH = 20 };
	NITRO_DROP(drop_store) struct store store = {0};
	NITRO_DROP(nitro_evidence_list_drop) struct nitro_evidence_list found;
	pid_t child[WRITERS];
	int status;

	(void)state;
	make_store(&store);
	store.settings.max_bytes = 4 * MIB;
	for (unsigned w = 0; w < WRITERS; w++)
		if ((child[w] = fork()) == 0) {
			for (unsigned n = 0; n < EACH; n++)
				if (keep(&store, w * 1000 + n, NOW_MS + n,
					NITRO_OK, 16384) != NITRO_OK)
					_exit(1);
			_exit(0);
		}
	for (unsigned w = 0; w < WRITERS; w++) {
		assert_int_equal(waitpid(child[w], &status, 0), child[w]);
		assert_int_equal(status, 0);
	}
	list(&store, &found);
	/* 160 of 24 KiB are 3.75 MiB. */
	assert_int_equal(found.count, WRITERS * EACH);
	assert_int_equal(found.unfinished_bytes, 0);
	assert_true(total(&found) <= 4 * MIB);
}

/* A process that is stopped with the lock in its hand. */
static void
test_a_held_lock_is_waited_for_a_moment_only(void **state)
{
	NITRO_DROP(drop_store) struct store store = {0};
	struct timespec start, end;
	int64_t ms;
	int fd;

	(void)state;
	make_store(&store);
	assert_err(keep(&store, 1, NOW_MS, NITRO_OK, 9), NITRO_OK);
	fd = open(scratch_path(&store.scratch, "evidence/.lock"), O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &start), 0);
	assert_err(keep(&store, 2, NOW_MS, NITRO_OK, 9), NITRO_E_FILE_READ);
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &end), 0);
	ms = (end.tv_sec - start.tv_sec) * INT64_C(1000) +
	     (end.tv_nsec - start.tv_nsec) / 1000000;
	assert_int_in_range(ms, 200, 5000);
	assert_int_equal(close(fd), 0);
	assert_err(keep(&store, 2, NOW_MS, NITRO_OK, 9), NITRO_OK);
}

static void
test_a_tally_that_is_broken_is_not_believed(void **state)
{
	NITRO_DROP(drop_store) struct store store = {0};
	NITRO_DROP(nitro_evidence_list_drop) struct nitro_evidence_list found;

	(void)state;
	make_store(&store);
	for (unsigned n = 1; n <= 60; n++) {
		scratch_file(&store.scratch, n == 1 ? "x" : "evidence/.lock",
		    0600, UNIT_BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff"));
		assert_err(
		    keep(&store, n, NOW_MS + n, NITRO_OK, 16384), NITRO_OK);
	}
	list(&store, &found);
	assert_true(total(&found) <= MIB);
}

static void
test_a_record_under_another_name_is_refused(void **state)
{
	static const char name[] =
	    "20261101T120405.123Z-00000001-allow.evidence";
	static const char other[] =
	    "20261101T120405.123Z-00000002-allow.evidence";
	NITRO_DROP(drop_store) struct store store = {0};
	struct nitro_evidence_record record = {0};
	struct nitro_fault fault = {0};
	char from[512], to[512];

	(void)state;
	make_store(&store);
	assert_err(keep(&store, 1, NOW_MS, NITRO_OK, 9), NITRO_OK);
	(void)snprintf(from, sizeof from, "%s/%s", store.directory, name);
	(void)snprintf(to, sizeof to, "%s/%s", store.directory, other);
	assert_int_equal(rename(from, to), 0);
	assert_err(
	    nitro_evidence_store_read(store.directory, other, &record, &fault),
	    NITRO_E_FILE_READ);
	assert_non_null(strstr(fault.text, name));
	/* Writable by others: nobody knows what it is. */
	assert_int_equal(rename(to, from), 0);
	assert_int_equal(chmod(from, 0602), 0);
	assert_err(
	    nitro_evidence_store_read(store.directory, name, &record, &fault),
	    NITRO_E_FILE_UNSAFE);
}

#define TOO_LONG \
	"20261101T120405.123Z-00000001-allow.evidence01234567890123456789"

static void
test_only_names_of_records_are_names_of_records(void **state)
{
	static const char *const others[] = {"", ".lock", ".new-00",
	    "20261101T120405.123Z", "20261101T120405.123Z-",
	    "20261101T120405.123Z-00000001", "-allow.evidence", TOO_LONG,
	    "20261101T120405.123Z-00000001-allow.evidence~",
	    "20261101T120405.123Z-00000001-ALLOW.evidence",
	    "20261101T120405.123Z-0000000A-allow.evidence",
	    "20261101T120405.123Z-0000001-allow.evidence",
	    "20261101T120405Z-00000001-allow.evidence",
	    "20261131T120405.123Z-00000001-allow.evidence",
	    "20261101T120405.123Z-00000001.evidence",
	    "20261101T120405.123Z_00000001-allow.evidence"};
	struct nitro_evidence_entry entry;

	(void)state;
	assert_true(nitro_evidence_name_parse(
	    "20261101T120405.123Z-0000000a-deny.evidence", &entry));
	assert_true(entry.time_ms == NOW_MS);
	assert_string_equal(entry.reference, "0000000a");
	assert_false(entry.is_allowed);
	for (size_t i = 0; i < NITRO_COUNT_OF(others); i++)
		if (nitro_evidence_name_parse(others[i], &entry))
			fail_msg("%s", others[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_record_comes_back_as_it_was_kept),
	    cmocka_unit_test(test_names_sort_by_time),
	    cmocka_unit_test(test_a_record_is_never_replaced),
	    cmocka_unit_test(test_the_writer_keeps_the_bound_in_mib),
	    cmocka_unit_test(test_refused_logins_push_out_no_more_than_half),
	    cmocka_unit_test(test_the_writer_keeps_the_bound_in_days),
	    cmocka_unit_test(test_smaller_bounds_hold_from_the_next_login_on),
	    cmocka_unit_test(
		test_prune_applies_the_bounds_now_or_says_what_it_would),
	    cmocka_unit_test(
		test_what_a_crash_has_left_counts_and_goes_after_an_hour),
	    cmocka_unit_test(test_an_unsafe_folder_takes_nothing),
	    cmocka_unit_test(test_missing_folders_are_made_two_deep_at_most),
	    cmocka_unit_test(
		test_a_disk_that_is_full_keeps_nothing_of_a_record),
	    cmocka_unit_test(
		test_a_full_disk_leaves_the_signals_of_the_process_alone),
	    cmocka_unit_test(test_a_leftover_of_the_same_nonce_is_no_record),
	    cmocka_unit_test(
		test_no_record_is_replaced_where_the_filesystem_cannot_refuse_to),
	    cmocka_unit_test(
		test_a_process_without_standard_input_keeps_records),
	    cmocka_unit_test(
		test_nothing_is_read_from_a_folder_that_is_not_there),
	    cmocka_unit_test(
		test_a_file_that_is_no_record_is_refused_under_its_own_name),
	    cmocka_unit_test(
		test_writers_at_once_lose_nothing_and_keep_the_bound),
	    cmocka_unit_test(test_a_held_lock_is_waited_for_a_moment_only),
	    cmocka_unit_test(test_a_tally_that_is_broken_is_not_believed),
	    cmocka_unit_test(test_a_record_under_another_name_is_refused),
	    cmocka_unit_test(test_only_names_of_records_are_names_of_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
