#include "policy/evidence_store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/time_text.h"
#include "policy/evidence_folder.h"
#include "policy/secure_path.h"

#define STAMP_LEN 20 /* "20261101T000000.000Z" */
#define UNFINISHED_SIZE (sizeof NITRO_EVIDENCE_UNFINISHED + 2 * NITRO_NONCE_LEN)

static const char allowed_end[] = "-allow.evidence";
static const char refused_end[] = "-deny.evidence";

void
nitro_evidence_name(const struct nitro_evidence_record *record,
    char name[NITRO_EVIDENCE_NAME_SIZE])
{
	char time[NITRO_TIME_TEXT_LEN + 1], stamp[NITRO_TIME_TEXT_LEN + 1];
	char reference[NITRO_REFERENCE_LEN + 1];
	size_t n = 0;

	nitro_time_format(record->time_ms, time);
	for (size_t i = 0; time[i] != '\0'; i++)
		if (time[i] != '-' && time[i] != ':')
			stamp[n++] = time[i];
	stamp[n] = '\0';
	nitro_challenge_reference(record->nonce, reference);
	(void)snprintf(name, NITRO_EVIDENCE_NAME_SIZE, "%s-%s%s", stamp,
	    reference, record->err == NITRO_OK ? allowed_end : refused_end);
}

/* "20261101T000000.000Z" as "2026-11-01T00:00:00.000Z". */
static bool
parse_stamp(struct nitro_bytes stamp, int64_t *time_ms)
{
	static const size_t widths[] = {4, 2, 5, 2, 7};
	static const char *const marks[] = {"-", "-", ":", ":", ""};
	char text[NITRO_TIME_TEXT_LEN + 1], part[8];
	struct nitro_bytes field;
	size_t used = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(widths); i++) {
		if (!nitro_bytes_take(&stamp, widths[i], &field) ||
		    !nitro_bytes_to_text(field, part, sizeof part))
			return false;
		used += (size_t)snprintf(
		    &text[used], sizeof text - used, "%s%s", part, marks[i]);
	}
	return nitro_time_parse(nitro_bytes_of_text(text), time_ms);
}

bool
nitro_evidence_name_parse(const char *name, struct nitro_evidence_entry *entry)
{
	struct nitro_bytes left = nitro_bytes_of_text(name), ref = {0};
	struct nitro_bytes stamp, mark;
	struct nitro_evidence_entry found = {0};
	uint8_t bytes[NITRO_REFERENCE_LEN / 2] = {0};

	if (!nitro_bytes_to_text(left, found.name, sizeof found.name) ||
	    !nitro_bytes_take(&left, STAMP_LEN, &stamp) ||
	    !parse_stamp(stamp, &found.time_ms) ||
	    !nitro_bytes_has_prefix(left, "-") ||
	    !nitro_bytes_take(&left, 1, &mark) ||
	    !nitro_bytes_take(&left, NITRO_REFERENCE_LEN, &ref) ||
	    !nitro_hex_decode(ref, bytes, sizeof bytes))
		return false;
	nitro_hex_encode((struct nitro_bytes){bytes, sizeof bytes},
	    found.reference, sizeof found.reference);
	if (!nitro_bytes_equal_text(ref, found.reference))
		return false;
	found.is_allowed = nitro_bytes_equal_text(left, allowed_end);
	if (!found.is_allowed && !nitro_bytes_equal_text(left, refused_end))
		return false;
	*entry = found;
	return true;
}

static nitro_err
write_all(int fd, struct nitro_bytes text, const char *directory,
    struct nitro_fault *fault)
{
	struct nitro_bytes done;
	ssize_t n;

	while (text.len > 0) {
		n = write(fd, text.ptr, text.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || !nitro_bytes_take(&text, (size_t)n, &done))
			return nitro_secure_refuse_errno(fault, directory,
			    "a record cannot be written", n < 0 ? errno : EIO);
	}
	return NITRO_OK;
}

/* A new file with the text, on the disk. */
static nitro_err
write_unfinished(int folder, const char *name, struct nitro_bytes text,
    const char *directory, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop)
	int fd = openat(folder, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	nitro_err err;

	if (fd < 0)
		return nitro_secure_refuse_errno(
		    fault, directory, "a record cannot be made", errno);
	if ((err = write_all(fd, text, directory, fault)) != NITRO_OK)
		return err;
	if (fsync(fd) != 0)
		return nitro_secure_refuse_errno(
		    fault, directory, "fsync of a record", errno);
	return NITRO_OK;
}

/* Where the filesystem cannot refuse to replace, a look before must do. */
static int
rename_new(int folder, const char *from, const char *to)
{
	struct stat st;

	if (renameat2(folder, from, folder, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (fstatat(folder, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
		errno = EEXIST;
	if (errno != ENOENT)
		return -1;
	return renameat(folder, from, folder, to);
}

/* From here on the record is there, or again is not. */
static nitro_err
finish(int folder, const char *from, const char *to, const char *directory,
    struct nitro_fault *fault)
{
	int reason;

	if (rename_new(folder, from, to) != 0)
		return nitro_secure_refuse_errno(
		    fault, directory, "rename of a record", errno);
	if (fsync(folder) == 0)
		return NITRO_OK;
	reason = errno;
	(void)unlinkat(folder, to, 0);
	return nitro_secure_refuse_errno(fault, directory, "fsync", reason);
}

static nitro_err
keep_text(const struct nitro_evidence_settings *settings,
    const struct nitro_evidence_record *record, struct nitro_bytes text,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop) int folder = -1;
	const char *directory = settings->directory;
	char unfinished[UNFINISHED_SIZE], name[NITRO_EVIDENCE_NAME_SIZE];
	char nonce[2 * NITRO_NONCE_LEN + 1];
	nitro_err err;

	err = nitro_evidence_folder_open(directory, true, &folder, fault);
	if (err != NITRO_OK)
		return err;
	nitro_hex_encode(
	    (struct nitro_bytes){record->nonce, sizeof record->nonce}, nonce,
	    sizeof nonce);
	(void)snprintf(unfinished, sizeof unfinished, "%s%s",
	    NITRO_EVIDENCE_UNFINISHED, nonce);
	nitro_evidence_name(record, name);
	err = write_unfinished(folder, unfinished, text, directory, fault);
	if (err == NITRO_OK)
		err = nitro_evidence_folder_reserve(folder, settings,
		    nitro_evidence_disk_size((int64_t)text.len),
		    record->time_ms, fault);
	if (err == NITRO_OK)
		err = finish(folder, unfinished, name, directory, fault);
	if (err != NITRO_OK)
		(void)unlinkat(folder, unfinished, 0);
	return err;
}

/*
 * A file that grows above RLIMIT_FSIZE ends the process by SIGXFSZ, whosever
 * process it is, where EFBIG would do. So the signal is held back
 * meanwhile, and what came of it is taken.
 */
struct held_signal {
	sigset_t signal, before;
	bool is_held;
};

static void
hold_signal(struct held_signal *held)
{
	sigset_t pending;

	/* One that waits already is not ours to take. */
	held->is_held = sigemptyset(&held->signal) == 0 &&
			sigaddset(&held->signal, SIGXFSZ) == 0 &&
			sigpending(&pending) == 0 &&
			sigismember(&pending, SIGXFSZ) == 0 &&
			pthread_sigmask(
			    SIG_BLOCK, &held->signal, &held->before) == 0;
}

static void
release_signal(struct held_signal *held)
{
	const struct timespec at_once = {0};

	if (!held->is_held)
		return;
	while (
	    sigtimedwait(&held->signal, NULL, &at_once) < 0 && errno == EINTR)
		continue;
	(void)pthread_sigmask(SIG_SETMASK, &held->before, NULL);
}

nitro_err
nitro_evidence_store_keep(const struct nitro_evidence_settings *settings,
    const struct nitro_evidence_record *record, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	NITRO_DROP(release_signal) struct held_signal held = {0};
	nitro_err err;

	hold_signal(&held);
	err = nitro_evidence_record_format(record, &text);
	if (err != NITRO_OK)
		return nitro_fault_set(fault, err, settings->directory, 0,
		    "no memory for a record");
	return keep_text(settings, record, nitro_bytes_of_buf(&text), fault);
}

nitro_err
nitro_evidence_store_list(const char *directory,
    struct nitro_evidence_list *list, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop) int folder = -1;
	nitro_err err;

	err = nitro_evidence_folder_open(directory, false, &folder, fault);
	if (err != NITRO_OK)
		return err;
	return nitro_evidence_folder_scan(folder, directory, list, fault);
}

static nitro_err
check_name(const char *path, const char *name,
    const struct nitro_evidence_record *record, struct nitro_fault *fault)
{
	char wanted[NITRO_EVIDENCE_NAME_SIZE];

	nitro_evidence_name(record, wanted);
	if (strcmp(name, wanted) == 0)
		return NITRO_OK;
	return nitro_fault_set(fault, NITRO_E_FILE_READ, path, 0,
	    "is the record that was written as %s", wanted);
}

nitro_err
nitro_evidence_store_read(const char *directory, const char *name,
    struct nitro_evidence_record *record, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record read = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	char path[NITRO_PATH_MAX + 1];
	nitro_err err;
	int n = snprintf(path, sizeof path, "%s/%s", directory, name);

	if ((size_t)n >= sizeof path)
		return nitro_fault_set(fault, NITRO_E_FILE_READ, directory, 0,
		    "its path is too long");
	if ((err = nitro_secure_file_read(path, &text, fault)) != NITRO_OK)
		return err;
	err = nitro_evidence_record_parse(
	    nitro_bytes_of_buf(&text), path, &read, fault);
	if (err != NITRO_OK)
		return err;
	if ((err = check_name(path, name, &read, fault)) != NITRO_OK)
		return err;
	*record = read;
	read = (struct nitro_evidence_record){0};
	return NITRO_OK;
}

nitro_err
nitro_evidence_store_prune(const struct nitro_evidence_settings *settings,
    int64_t now_ms, bool is_dry_run, struct nitro_evidence_list *list,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop) int folder = -1;
	nitro_err err;

	err = nitro_evidence_folder_open(
	    settings->directory, false, &folder, fault);
	if (err != NITRO_OK)
		return err;
	return nitro_evidence_folder_sweep(
	    folder, settings, now_ms, is_dry_run, list, fault);
}
