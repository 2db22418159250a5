#include "policy/secure_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy/secure_path.h"
#include "unit/scratch.h"
#include "unit/unit.h"

#define STRANGER 65534 /* a uid that is not root */

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

/* Read path; on refusal the fault must name file and words, on success content. */
static void
assert_read(
    const char *path, nitro_err want, const char *file, const char *words)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	struct nitro_fault fault = {0};
	nitro_err err;

	unit_append(&out, UNIT_BYTES("before"));
	err = nitro_secure_file_read(path, &out, &fault);
	if (err != want)
		fail_msg("%s: %s: %s %s", path, nitro_err_token(err),
		    fault.file, fault.text);
	if (err == NITRO_OK) {
		assert_string_equal(words, "");
		return;
	}
	assert_int_equal(out.len, 6);
	assert_err(fault.err, want);
	assert_string_equal(fault.file, file);
	if (strstr(fault.text, words) == NULL)
		fail_msg("%s: says: %s", path, fault.text);
}

static void
assert_refused(const char *name, nitro_err want, const char *words)
{
	assert_read(at(name), want, at(name), words);
}

static void
assert_good(const char *name)
{
	assert_read(at(name), NITRO_OK, "", "");
}

static void
test_a_path_says_the_same_to_everybody(void **state)
{
	static const struct {
		const char *path;
		bool is_valid;
	} rows[] = {
	    {"/etc/pam_nitro/a.conf", true},
	    {"/a", true},
	    {"/a b", true},
	    {"/...", true},
	    {"/.a/..b", true},
	    {"", false},
	    {"/", false},
	    {"a", false},
	    {"./a", false},
	    {"../a", false},
	    {"~/a", false},
	    {"//a", false},
	    {"/a//b", false},
	    {"/a/", false},
	    {"/.", false},
	    {"/..", false},
	    {"/a/./b", false},
	    {"/a/../b", false},
	    {"/a/..", false},
	    {"/a\nb", false},
	    {"/a\x7f", false},
	    {"/a\x1f", false},
	    {"/a~", true},
	    {"/\xc3\xa4", false},
	};
	char longest[NITRO_PATH_MAX + 2];
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		wrong += unit_is_not(rows[i].path,
		    nitro_secure_path_is_valid(rows[i].path), rows[i].is_valid);
	wrong += unit_is_not("NULL", nitro_secure_path_is_valid(NULL), false);
	memset(longest, 'a', sizeof longest);
	longest[0] = '/';
	longest[NITRO_PATH_MAX + 1] = '\0';
	wrong += unit_is_not(
	    "256 bytes", nitro_secure_path_is_valid(longest), false);
	longest[NITRO_PATH_MAX] = '\0';
	wrong += unit_is_not(
	    "255 bytes", nitro_secure_path_is_valid(longest), true);
	assert_int_equal(wrong, 0);
}

/* root is refused by no permission, so the rest is told by the number alone. */
static void
test_an_errno_says_what_is_wrong_with_a_file(void **state)
{
	static const struct {
		const char *name;
		int error;
		nitro_err want;
	} rows[] = {
	    {"ENOMEM", ENOMEM, NITRO_E_MEMORY},
	    {"ENOENT", ENOENT, NITRO_E_FILE_MISSING},
	    {"ENOTDIR", ENOTDIR, NITRO_E_FILE_MISSING},
	    {"EACCES", EACCES, NITRO_E_FILE_MISSING},
	    {"ELOOP", ELOOP, NITRO_E_FILE_UNSAFE},
	    {"EIO", EIO, NITRO_E_FILE_READ},
	    {"EMFILE", EMFILE, NITRO_E_FILE_READ},
	    {"0", 0, NITRO_E_FILE_READ},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		struct nitro_fault fault = {0};

		wrong += unit_differs(rows[i].name,
		    nitro_secure_refuse_errno(
			&fault, "/a", "read", rows[i].error),
		    rows[i].want);
		wrong += unit_differs(rows[i].name, fault.err, rows[i].want);
		wrong += unit_is_not(
		    rows[i].name, strncmp(fault.text, "read: ", 6) == 0, true);
	}
	assert_int_equal(wrong, 0);
}

static void
test_such_a_path_is_read_and_no_other(void **state)
{
	(void)state;
	assert_read(
	    "etc/passwd", NITRO_E_FILE_UNSAFE, "etc/passwd", "absolute path");
	assert_read("/etc/../etc/passwd", NITRO_E_FILE_UNSAFE,
	    "/etc/../etc/passwd", "absolute path");
	assert_read("", NITRO_E_FILE_UNSAFE, "", "absolute path");
}

static void
test_a_file_of_root_is_appended_whole(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0}, want = {0};
	struct nitro_fault fault = {0};

	(void)state;
	NEEDS_ROOT();
	unit_append(&want, UNIT_BYTES("before"));
	unit_fill(&want, 'x', 100000);
	scratch_file(&scratch, "a", 0644,
	    nitro_bytes_slice(nitro_bytes_of_buf(&want), 6, SIZE_MAX));
	unit_append(&out, UNIT_BYTES("before"));
	assert_err(nitro_secure_file_read(at("a"), &out, &fault), NITRO_OK);
	assert_true(nitro_bytes_equal(
	    nitro_bytes_of_buf(&out), nitro_bytes_of_buf(&want)));

	/* L02: an empty file is a file; what it says is for the parsers. */
	scratch_file(&scratch, "empty", 0600, (struct nitro_bytes){0});
	assert_good("empty");
}

/* L01 */
static void
test_what_cannot_be_opened_is_missing(void **state)
{
	(void)state;
	NEEDS_ROOT();
	scratch_file(&scratch, "a", 0600, UNIT_BYTES("x"));
	assert_good("a");
	assert_refused("b", NITRO_E_FILE_MISSING, "No such file");
	assert_read(at("c/b"), NITRO_E_FILE_MISSING, at("c"), "No such file");
	assert_read(at("a/b"), NITRO_E_FILE_UNSAFE, at("a"), "not a folder");

	assert_int_equal(seteuid(STRANGER), 0);
	assert_refused("a", NITRO_E_FILE_MISSING, "Permission denied");
	assert_int_equal(seteuid(0), 0);
}

/* L01: a file whose content cannot be read, or is not what its size says. */
static void
test_what_cannot_be_read_whole_is_refused(void **state)
{
	char path[64];

	(void)state;
	NEEDS_ROOT();
	(void)snprintf(path, sizeof path, "/proc/%ld/mem", (long)getpid());
	assert_read(path, NITRO_E_FILE_READ, path, "Input/output error");
	(void)snprintf(path, sizeof path, "/proc/%ld/limits", (long)getpid());
	assert_read(path, NITRO_E_FILE_READ, path, "changed while it was read");
	/* Has no end that anybody would wait for, where the kernel has it. */
	(void)snprintf(path, sizeof path, "/proc/%ld/pagemap", (long)getpid());
	if (access(path, F_OK) == 0)
		assert_read(
		    path, NITRO_E_FILE_READ, path, "changed while it was read");
}

/* L01 */
static void
test_no_descriptor_left_is_a_refusal_and_none_is_kept(void **state)
{
	struct rlimit limit, none;
	int fd = dup(2);

	(void)state;
	NEEDS_ROOT();
	scratch_file(&scratch, "a", 0600, UNIT_BYTES("x"));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	/* Room for 0, 1, 2 ... further descriptors, until it is enough. */
	for (rlim_t n = 0; n < 4; n++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
		struct nitro_fault fault = {0};
		nitro_err err;

		none = limit;
		none.rlim_cur = (rlim_t)fd + n;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		close(fd);
		err = nitro_secure_file_read(at("a"), &out, &fault);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		assert_err(err, n < 2 ? NITRO_E_FILE_READ : NITRO_OK);
		if (n < 2) {
			assert_string_equal(fault.file, "/");
			assert_non_null(strstr(fault.text, strerror(EMFILE)));
		}
		/* The lowest free one is still the same: nothing leaked. */
		assert_int_equal(dup(2), fd);
	}
	close(fd);
}

/* L03 */
static void
test_nobody_but_root_may_own_or_write_the_file(void **state)
{
	static const mode_t bad[] = {0666, 0664, 0646, 0620, 0602, 0777, 01666};
	static const mode_t good[] = {
	    0644, 0600, 0400, 0444, 0640, 0755, 04755};

	(void)state;
	NEEDS_ROOT();
	for (size_t i = 0; i < NITRO_COUNT_OF(bad); i++) {
		scratch_file(&scratch, "a", bad[i], UNIT_BYTES("x"));
		assert_refused(
		    "a", NITRO_E_FILE_UNSAFE, "writable by group or others");
	}
	for (size_t i = 0; i < NITRO_COUNT_OF(good); i++) {
		scratch_file(&scratch, "a", good[i], UNIT_BYTES("x"));
		assert_good("a");
	}
	assert_int_equal(chown(at("a"), STRANGER, 0), 0);
	assert_refused("a", NITRO_E_FILE_UNSAFE, "owned by uid 65534");
	assert_int_equal(chown(at("a"), 0, STRANGER), 0);
	assert_good("a");
}

/* L03 */
static void
test_nobody_but_root_may_own_or_write_a_folder_above(void **state)
{
	(void)state;
	NEEDS_ROOT();
	scratch_folder(&scratch, "d", 0755);
	scratch_folder(&scratch, "d/e", 0755);
	scratch_file(&scratch, "d/e/a", 0644, UNIT_BYTES("x"));
	assert_good("d/e/a");

	assert_int_equal(chmod(at("d/e"), 0775), 0);
	assert_read(at("d/e/a"), NITRO_E_FILE_UNSAFE, at("d/e"), "mode 0775");
	assert_int_equal(chmod(at("d/e"), 0755), 0);
	assert_int_equal(chmod(at("d"), 01777), 0);
	assert_read(at("d/e/a"), NITRO_E_FILE_UNSAFE, at("d"), "mode 1777");
	assert_int_equal(chmod(at("d"), 0755), 0);
	assert_int_equal(chown(at("d"), STRANGER, 0), 0);
	assert_read(
	    at("d/e/a"), NITRO_E_FILE_UNSAFE, at("d"), "owned by uid 65534");
	assert_int_equal(chown(at("d"), 0, 0), 0);
	assert_good("d/e/a");
}

/* L04 */
static void
test_no_symbolic_link_anywhere_and_no_second_name(void **state)
{
	(void)state;
	NEEDS_ROOT();
	scratch_folder(&scratch, "d", 0755);
	scratch_file(&scratch, "d/a", 0644, UNIT_BYTES("x"));
	assert_good("d/a");

	assert_int_equal(symlink(at("d/a"), at("link")), 0);
	assert_refused("link", NITRO_E_FILE_UNSAFE, "is a symbolic link");
	assert_int_equal(symlink("nowhere", at("dangling")), 0);
	assert_refused("dangling", NITRO_E_FILE_UNSAFE, "is a symbolic link");
	assert_int_equal(symlink("d", at("e")), 0);
	assert_read(
	    at("e/a"), NITRO_E_FILE_UNSAFE, at("e"), "is a symbolic link");

	assert_int_equal(link(at("d/a"), at("b")), 0);
	assert_refused("d/a", NITRO_E_FILE_UNSAFE, "2 names");
	assert_refused("b", NITRO_E_FILE_UNSAFE, "2 names");
	assert_int_equal(unlink(at("b")), 0);
	assert_good("d/a");
}

/* L05: and none of them hangs. */
static void
test_only_a_regular_file_is_opened(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	NEEDS_ROOT();
	scratch_folder(&scratch, "d", 0755);
	assert_refused("d", NITRO_E_FILE_UNSAFE, "not a regular file");
	assert_int_equal(mkfifo(at("fifo"), 0600), 0);
	assert_refused("fifo", NITRO_E_FILE_UNSAFE, "not a regular file");
	(void)snprintf(
	    address.sun_path, sizeof address.sun_path, "%s", at("socket"));
	assert_int_equal(
	    bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	close(fd);
	assert_refused("socket", NITRO_E_FILE_UNSAFE, "not a regular file");
	assert_read("/dev/zero", NITRO_E_FILE_UNSAFE, "/dev/zero",
	    "not a regular file");
	assert_read("/dev/null", NITRO_E_FILE_UNSAFE, "/dev/null",
	    "not a regular file");
}

/* L06 */
static void
test_16_mib_are_read_and_a_byte_more_is_not(void **state)
{
	(void)state;
	NEEDS_ROOT();
	scratch_file(&scratch, "a", 0600, UNIT_BYTES("x"));
	assert_int_equal(truncate(at("a"), NITRO_FILE_MAX), 0);
	assert_good("a");
	assert_int_equal(truncate(at("a"), (off_t)NITRO_FILE_MAX + 1), 0);
	assert_refused("a", NITRO_E_FILE_READ, "16777217 bytes");
	assert_int_equal(truncate(at("a"), (off_t)1 << 30), 0);
	assert_refused("a", NITRO_E_FILE_READ, "1073741824 bytes");
}

#define SWAP_LEN 65536
#define PAGE 4096

struct swapper {
	atomic_bool is_over;
	bool is_in_place;
};

/*
 * Turn by turn another letter. By rename each version has one of two lengths;
 * in place it is cut first, has a length of its own and fits into a page, so
 * that what is read is of one version or else has another length than fstat(2) said.
 */
static void *
swap_files(void *context)
{
	struct swapper *swapper = context;
	char from[SCRATCH_PATH_MAX + 8], to[SCRATCH_PATH_MAX + 8];
	char content[SWAP_LEN];

	(void)snprintf(from, sizeof from, "%s/new", scratch.folder);
	(void)snprintf(to, sizeof to, "%s/a", scratch.folder);
	for (size_t turn = 0; !atomic_load(&swapper->is_over); turn++) {
		size_t len = turn % 2 == 0 ? SWAP_LEN : SWAP_LEN / 2;
		int fd = open(swapper->is_in_place ? to : from,
		    O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (swapper->is_in_place)
			len = 1 + turn % PAGE;
		memset(content, turn % 2 == 0 ? 'A' : 'B', sizeof content);
		if (fd < 0 || write(fd, content, len) != (ssize_t)len)
			break;
		close(fd);
		if (!swapper->is_in_place && rename(from, to) != 0)
			break;
	}
	return NULL;
}

static bool
is_one_version(struct nitro_bytes in, bool is_in_place)
{
	for (size_t i = 0; i < in.len; i++)
		if (in.ptr[i] != in.ptr[0])
			return false;
	if (is_in_place)
		return in.len <= PAGE;
	return in.len == (in.ptr[0] == 'A' ? SWAP_LEN : SWAP_LEN / 2);
}

static unsigned
read_while_swapping(bool is_in_place)
{
	struct swapper swapper = {.is_in_place = is_in_place};
	pthread_t thread;
	unsigned good = 0;

	assert_int_equal(
	    pthread_create(&thread, NULL, swap_files, &swapper), 0);
	for (int i = 0; i < 400; i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
		struct nitro_fault fault = {0};
		nitro_err err;

		err = nitro_secure_file_read(at("a"), &out, &fault);
		if (err != NITRO_OK) {
			assert_err(err, NITRO_E_FILE_READ);
			assert_int_equal(out.len, 0);
			continue;
		}
		assert_true(
		    is_one_version(nitro_bytes_of_buf(&out), is_in_place));
		good++;
	}
	atomic_store(&swapper.is_over, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	return good;
}

/* L07 */
static void
test_a_file_replaced_by_rename_is_the_old_or_the_new(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf first = {0};

	(void)state;
	NEEDS_ROOT();
	unit_fill(&first, 'A', SWAP_LEN);
	scratch_file(&scratch, "a", 0600, nitro_bytes_of_buf(&first));
	assert_int_in_range(read_while_swapping(false), 1, 400);
}

/* L07 */
static void
test_a_file_written_in_place_is_never_a_mixture(void **state)
{
	(void)state;
	NEEDS_ROOT();
	scratch_file(&scratch, "a", 0600, UNIT_BYTES("A"));
	/* Every reading may have found a change, so none of them need be good. */
	(void)read_while_swapping(true);
}

/*
 * Whoever reads the watched file has it changed under his hands: each read(2)
 * waits for this thread, which writes as many other bytes and sets a time of
 * their own first.
 */
struct meddler {
	int watch, fd;
	unsigned reads, stop_after;
	bool keeps_times; /* but for the one that nobody can set */
};

static bool
change(const struct meddler *meddler)
{
	const struct timespec times[2] = {
	    {meddler->reads, 0}, {meddler->reads, 0}};
	struct stat before, after;

	if (fstat(meddler->fd, &before) != 0)
		return false;
	do {
		const struct timespec same[2] = {
		    before.st_atim, before.st_mtim};

		if (pwrite(meddler->fd, "changed", 7, 0) != 7 ||
		    futimens(meddler->fd,
			meddler->keeps_times ? same : times) != 0 ||
		    fstat(meddler->fd, &after) != 0)
			return false;
	} while (after.st_ctim.tv_sec == before.st_ctim.tv_sec &&
		 after.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
	return true;
}

static void *
meddle(void *context)
{
	struct meddler *meddler = context;
	struct fanotify_event_metadata event;

	while (read(meddler->watch, &event, sizeof event) ==
	       (ssize_t)sizeof event) {
		struct fanotify_response response = {event.fd, FAN_ALLOW};

		if (meddler->reads++ < meddler->stop_after && !change(meddler))
			response.response = FAN_DENY;
		(void)!write(meddler->watch, &response, sizeof response);
		close(event.fd);
	}
	return NULL;
}

/* False where this host does not allow to watch. */
static bool
read_while_meddling(
    unsigned stop_after, bool keeps_times, nitro_err want, unsigned reads)
{
	struct meddler meddler = {
	    .stop_after = stop_after, .keeps_times = keeps_times};
	pthread_t thread;

	scratch_file(&scratch, "a", 0600, UNIT_BYTES("content"));
	meddler.fd = open(at("a"), O_WRONLY | O_CLOEXEC);
	meddler.watch = fanotify_init(
	    FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY);
	if (meddler.watch < 0 || fanotify_mark(meddler.watch, FAN_MARK_ADD,
				     FAN_ACCESS_PERM, AT_FDCWD, at("a")) != 0)
		return false;
	assert_int_equal(pthread_create(&thread, NULL, meddle, &meddler), 0);
	if (want == NITRO_OK)
		assert_good("a");
	else
		assert_refused("a", want, "changed while it was read");
	assert_int_equal(pthread_cancel(thread), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	close(meddler.watch);
	close(meddler.fd);
	assert_int_equal(meddler.reads, reads);
	return true;
}

/* L07: edited in place between two reads, with the same length. */
static void
test_a_file_edited_under_the_reader_is_read_anew_or_refused(void **state)
{
	(void)state;
	NEEDS_ROOT();
	if (!read_while_meddling(2, false, NITRO_OK, 4)) {
		print_message("# no fanotify(7) here\n");
		skip();
	}
	/* Two for each of five attempts. */
	assert_true(read_while_meddling(100, false, NITRO_E_FILE_READ, 10));
	assert_true(read_while_meddling(2, true, NITRO_OK, 4));
}

/* What is done to the file once, when its open(2) is on the way. */
struct ambush {
	int watch;
	bool removes; /* else lets everybody write */
	char path[SCRATCH_PATH_MAX + 8];
};

static void *
wait_in_ambush(void *context)
{
	struct ambush *ambush = context;
	struct fanotify_event_metadata event;

	while (read(ambush->watch, &event, sizeof event) ==
	       (ssize_t)sizeof event) {
		struct fanotify_response response = {event.fd, FAN_ALLOW};

		(void)!(ambush->removes ? unlink(ambush->path)
					: chmod(ambush->path, 0666));
		(void)!write(ambush->watch, &response, sizeof response);
		close(event.fd);
	}
	return NULL;
}

/* False where this host does not allow to watch. */
static bool
read_in_ambush(bool removes, nitro_err want, const char *words)
{
	struct ambush ambush = {.removes = removes};
	pthread_t thread;

	scratch_file(&scratch, "a", 0600, UNIT_BYTES("content"));
	(void)snprintf(ambush.path, sizeof ambush.path, "%s", at("a"));
	ambush.watch = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY);
	if (ambush.watch < 0 || fanotify_mark(ambush.watch, FAN_MARK_ADD,
				    FAN_OPEN_PERM, AT_FDCWD, at("a")) != 0)
		return false;
	assert_int_equal(
	    pthread_create(&thread, NULL, wait_in_ambush, &ambush), 0);
	assert_refused("a", want, words);
	assert_int_equal(pthread_cancel(thread), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	close(ambush.watch);
	return true;
}

/* L07: what was looked at before says nothing of what is opened. */
static void
test_the_file_that_was_opened_is_the_one_that_is_judged(void **state)
{
	(void)state;
	NEEDS_ROOT();
	if (!read_in_ambush(false, NITRO_E_FILE_UNSAFE, "mode 0666")) {
		print_message("# no fanotify(7) here\n");
		skip();
	}
	assert_true(read_in_ambush(true, NITRO_E_FILE_MISSING, "No such file"));
}

struct visits {
	char names[8][32];
	size_t count, stop_at;
};

static nitro_err
visit(const char *path, void *context)
{
	struct visits *visits = context;
	const char *slash = strrchr(path, '/');

	assert_true(visits->count < 8);
	assert_non_null(slash);
	assert_string_equal(at(slash + 1), path);
	(void)snprintf(visits->names[visits->count++], sizeof visits->names[0],
	    "%s", slash + 1);
	return visits->count == visits->stop_at ? NITRO_E_MEASUREMENTS
						: NITRO_OK;
}

static void
test_the_conf_files_of_a_folder_come_in_the_order_of_their_names(void **state)
{
	static const char *const names[] = {"b.conf", "10.conf", "a.conf",
	    "B.conf", ".hidden.conf", "a.conf.bak", "README", ".conf", "conf",
	    "a.conf~"};
	struct visits visits = {0};
	struct nitro_fault fault = {0};

	(void)state;
	NEEDS_ROOT();
	for (size_t i = 0; i < NITRO_COUNT_OF(names); i++)
		scratch_file(&scratch, names[i], 0600, UNIT_BYTES("x"));
	assert_err(
	    nitro_secure_folder_walk(scratch.folder, visit, &visits, &fault),
	    NITRO_OK);
	assert_int_equal(visits.count, 4);
	assert_string_equal(visits.names[0], "10.conf");
	assert_string_equal(visits.names[1], "B.conf");
	assert_string_equal(visits.names[2], "a.conf");
	assert_string_equal(visits.names[3], "b.conf");

	visits = (struct visits){.stop_at = 2};
	assert_err(
	    nitro_secure_folder_walk(scratch.folder, visit, &visits, &fault),
	    NITRO_E_MEASUREMENTS);
	assert_int_equal(visits.count, 2);
}

/* L03 L04 */
static void
test_a_folder_is_as_safe_as_a_file(void **state)
{
	struct visits visits = {0};
	struct nitro_fault fault = {0};

	(void)state;
	NEEDS_ROOT();
	scratch_folder(&scratch, "d", 0775);
	assert_err(nitro_secure_folder_walk(at("d"), visit, &visits, &fault),
	    NITRO_E_FILE_UNSAFE);
	assert_string_equal(fault.file, at("d"));
	assert_int_equal(chmod(at("d"), 0755), 0);
	assert_err(nitro_secure_folder_walk(at("d"), visit, &visits, &fault),
	    NITRO_OK);
	assert_int_equal(chown(at("d"), STRANGER, 0), 0);
	assert_err(nitro_secure_folder_walk(at("d"), visit, &visits, &fault),
	    NITRO_E_FILE_UNSAFE);
	assert_int_equal(chown(at("d"), 0, 0), 0);
	assert_int_equal(symlink("d", at("e")), 0);
	assert_err(nitro_secure_folder_walk(at("e"), visit, &visits, &fault),
	    NITRO_E_FILE_MISSING);
	assert_err(nitro_secure_folder_walk(at("f"), visit, &visits, &fault),
	    NITRO_E_FILE_MISSING);
	scratch_file(&scratch, "g", 0600, UNIT_BYTES("x"));
	assert_err(nitro_secure_folder_walk(at("g"), visit, &visits, &fault),
	    NITRO_E_FILE_MISSING);
	assert_err(nitro_secure_folder_walk("d", visit, &visits, &fault),
	    NITRO_E_FILE_UNSAFE);
	assert_err(nitro_secure_folder_walk(at("f/d"), visit, &visits, &fault),
	    NITRO_E_FILE_MISSING);
	assert_string_equal(fault.file, at("f"));
	assert_int_equal(visits.count, 0);
}

static nitro_err
count_visit(const char *path, void *context)
{
	unsigned *count = context;

	(void)path;
	(*count)++;
	return NITRO_OK;
}

/* Any descriptor may be number 0 then. */
static void
test_a_process_without_standard_input_reads_all_the_same(void **state)
{
	static const char *const folders[] = {"d", "d/e"};
	static const char *const files[] = {"d/a.conf", "d/e/a.conf"};
	int status = 0;

	(void)state;
	NEEDS_ROOT();
	for (size_t i = 0; i < NITRO_COUNT_OF(folders); i++) {
		struct nitro_fault fault = {0};
		unsigned count = 0;
		pid_t pid;

		scratch_folder(&scratch, folders[i], 0755);
		scratch_file(&scratch, files[i], 0600, UNIT_BYTES("x"));
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			(void)close(0);
			assert_good(files[i]);
			assert_err(nitro_secure_folder_walk(at(folders[i]),
				       count_visit, &count, &fault),
			    NITRO_OK);
			_exit(count == 1 ? 0 : 1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

static void
test_256_files_are_walked_and_one_more_is_not(void **state)
{
	struct nitro_fault fault = {0};
	unsigned count = 0;
	char name[16];

	(void)state;
	NEEDS_ROOT();
	for (unsigned i = 0; i < NITRO_FOLDER_FILES_MAX; i++) {
		(void)snprintf(name, sizeof name, "%u.conf", i);
		scratch_file(&scratch, name, 0600, UNIT_BYTES("x"));
	}
	assert_err(nitro_secure_folder_walk(
		       scratch.folder, count_visit, &count, &fault),
	    NITRO_OK);
	assert_int_equal(count, NITRO_FOLDER_FILES_MAX);
	scratch_file(&scratch, "x.conf", 0600, UNIT_BYTES("x"));
	assert_err(nitro_secure_folder_walk(
		       scratch.folder, count_visit, &count, &fault),
	    NITRO_E_FILE_READ);
	assert_int_equal(count, NITRO_FOLDER_FILES_MAX);
	assert_non_null(strstr(fault.text, "more than 256"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_path_says_the_same_to_everybody),
	    TEST(test_an_errno_says_what_is_wrong_with_a_file),
	    TEST(test_such_a_path_is_read_and_no_other),
	    TEST(test_a_file_of_root_is_appended_whole),
	    TEST(test_what_cannot_be_opened_is_missing),
	    TEST(test_what_cannot_be_read_whole_is_refused),
	    TEST(test_no_descriptor_left_is_a_refusal_and_none_is_kept),
	    TEST(test_nobody_but_root_may_own_or_write_the_file),
	    TEST(test_nobody_but_root_may_own_or_write_a_folder_above),
	    TEST(test_no_symbolic_link_anywhere_and_no_second_name),
	    TEST(test_only_a_regular_file_is_opened),
	    TEST(test_16_mib_are_read_and_a_byte_more_is_not),
	    TEST(test_a_file_replaced_by_rename_is_the_old_or_the_new),
	    TEST(test_a_file_written_in_place_is_never_a_mixture),
	    TEST(test_a_file_edited_under_the_reader_is_read_anew_or_refused),
	    TEST(test_the_file_that_was_opened_is_the_one_that_is_judged),
	    TEST(
		test_the_conf_files_of_a_folder_come_in_the_order_of_their_names),
	    TEST(test_a_folder_is_as_safe_as_a_file),
	    TEST(test_a_process_without_standard_input_reads_all_the_same),
	    TEST(test_256_files_are_walked_and_one_more_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
