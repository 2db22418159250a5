#include "policy/evidence_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "policy/secure_path.h"

#define BLOCK 4096
#define LOCK_NAME ".lock"
#define LOCK_TRIES 50 /* of LOCK_PAUSE_NS each: a quarter of a second */
#define LOCK_PAUSE_NS 5000000
#define HOUR_MS INT64_C(3600000)
#define REMOVED_MAX 512 /* by one login, which should not wait for more */
#define MAGIC INT64_C(0x316c6c79746e7061)

/*
 * What the lock file holds, so that most logins need not look at the folder:
 * how many bytes may still be added before somebody counts again. It is
 * only ever too low, but for what is put into the folder by hand. Of this
 * host alone, so in its own byte order.
 */
struct tally {
	int64_t magic;
	int64_t max_bytes, keep_ms; /* the settings that it holds for */
	int64_t room;
	int64_t counted_ms; /* when */
};

static void
drop_dir(DIR **dir)
{
	if (*dir != NULL)
		(void)closedir(*dir);
	*dir = NULL;
}

int64_t
nitro_evidence_disk_size(int64_t size)
{
	return (size + BLOCK - 1) / BLOCK * BLOCK;
}

struct nitro_evidence_entry *
nitro_evidence_list_at(const struct nitro_evidence_list *list, size_t i)
{
	return &((struct nitro_evidence_entry *)(void *)list->entries.ptr)[i];
}

void
nitro_evidence_list_drop(struct nitro_evidence_list *list)
{
	nitro_buf_drop(&list->entries);
	*list = (struct nitro_evidence_list){0};
}

static nitro_err
make_folder(const char *path, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop) int parent = -1;
	char name[NITRO_PATH_MAX + 1];
	nitro_err err;

	err = nitro_secure_open_parent(path, &parent, name, fault);
	if (err != NITRO_OK)
		return err;
	if (mkdirat(parent, name, 0700) != 0 && errno != EEXIST)
		return nitro_secure_refuse_errno(
		    fault, path, "cannot be made", errno);
	return NITRO_OK;
}

/* The folder above, where that alone may be missing too. */
static nitro_err
make_both(const char *directory, struct nitro_fault *fault)
{
	char above[NITRO_PATH_MAX + 1];
	const char *end = strrchr(directory, '/');
	struct nitro_fault first = {0};
	nitro_err err;

	err = make_folder(directory, &first);
	if (err != NITRO_E_FILE_MISSING || end == NULL || end == directory ||
	    !nitro_bytes_to_text(
		(struct nitro_bytes){
		    (const uint8_t *)directory, (size_t)(end - directory)},
		above, sizeof above)) {
		*fault = first;
		return err;
	}
	if ((err = make_folder(above, fault)) != NITRO_OK)
		return err;
	return make_folder(directory, fault);
}

static nitro_err
judge_folder(int fd, const char *directory, struct nitro_fault *fault)
{
	struct stat st;
	nitro_err err;

	if (fstat(fd, &st) != 0)
		return nitro_secure_refuse_errno(
		    fault, directory, "fstat", errno);
	err = nitro_secure_judge_folder(&st, directory, fault);
	if (err != NITRO_OK)
		return err;
	if ((st.st_mode & 077) != 0)
		return nitro_fault_set(fault, NITRO_E_FILE_UNSAFE, directory, 0,
		    "is open to group or others (mode %04o): chmod 0700",
		    (unsigned)(st.st_mode & 07777));
	return NITRO_OK;
}

static nitro_err
open_folder(const char *directory, int *fd, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop) int parent = -1;
	char name[NITRO_PATH_MAX + 1];
	nitro_err err;

	err = nitro_secure_open_parent(directory, &parent, name, fault);
	if (err != NITRO_OK)
		return err;
	*fd = openat(
	    parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0)
		return nitro_secure_refuse_errno(
		    fault, directory, "cannot be opened as a folder", errno);
	return NITRO_OK;
}

nitro_err
nitro_evidence_folder_open(
    const char *directory, bool wants_make, int *fd, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop) int opened = -1;
	struct nitro_fault first = {0};
	nitro_err err;

	err = open_folder(directory, &opened, &first);
	if (err == NITRO_E_FILE_MISSING && wants_make) {
		if ((err = make_both(directory, fault)) != NITRO_OK ||
		    (err = open_folder(directory, &opened, fault)) != NITRO_OK)
			return err;
	} else if (err != NITRO_OK) {
		*fault = first;
		return err;
	}
	if ((err = judge_folder(opened, directory, fault)) != NITRO_OK)
		return err;
	*fd = opened;
	opened = -1;
	return NITRO_OK;
}

/*
 * One name of the folder into the list, where it is a record. What cannot be
 * looked at would not be counted, and the folder would grow past its bounds.
 */
static nitro_err
add_name(int fd, const char *name, struct nitro_evidence_list *list)
{
	struct nitro_evidence_entry entry = {0};
	bool is_unfinished = nitro_bytes_has_prefix(
	    nitro_bytes_of_text(name), NITRO_EVIDENCE_UNFINISHED);
	struct stat st;
	nitro_err err;

	if (!is_unfinished && !nitro_evidence_name_parse(name, &entry))
		return NITRO_OK;
	/* Another writer may have finished or removed it meanwhile. */
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? NITRO_OK : NITRO_E_FILE_READ;
	if (!S_ISREG(st.st_mode))
		return NITRO_OK;
	entry.size = nitro_evidence_disk_size(st.st_size);
	if (is_unfinished) {
		list->unfinished_bytes += entry.size;
		return NITRO_OK;
	}
	err = nitro_buf_append(&list->entries,
	    (struct nitro_bytes){(const uint8_t *)&entry, sizeof entry});
	if (err == NITRO_OK)
		list->count++;
	return err;
}

static int
compare_entries(const void *a, const void *b)
{
	const struct nitro_evidence_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* A description of its own: the offset of fd is shared by all who use it. */
static DIR *
open_dir(int fd)
{
	NITRO_DROP(nitro_fd_drop)
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own >= 0 ? fdopendir(own) : NULL;

	if (dir != NULL)
		own = -1;
	return dir;
}

static nitro_err
refuse_listing(const char *directory, struct nitro_fault *fault)
{
	return nitro_secure_refuse_errno(
	    fault, directory, "cannot be listed", errno);
}

static nitro_err
refuse_look(const char *directory, struct nitro_fault *fault)
{
	return nitro_secure_refuse_errno(
	    fault, directory, "a record cannot be looked at", errno);
}

static nitro_err
remove_record(
    int fd, const char *name, const char *directory, struct nitro_fault *fault)
{
	if (unlinkat(fd, name, 0) == 0 || errno == ENOENT)
		return NITRO_OK;
	return nitro_secure_refuse_errno(
	    fault, directory, "an old record cannot be removed", errno);
}

nitro_err
nitro_evidence_folder_scan(int fd, const char *directory,
    struct nitro_evidence_list *list, struct nitro_fault *fault)
{
	NITRO_DROP(drop_dir) DIR *dir = open_dir(fd);
	const struct dirent *found;
	nitro_err err;

	if (dir == NULL)
		return refuse_listing(directory, fault);
	while (errno = 0, (found = readdir(dir)) != NULL) {
		err = add_name(fd, found->d_name, list);
		if (err == NITRO_E_MEMORY)
			return nitro_fault_set(fault, err, directory, 0,
			    "no memory for its list of records");
		if (err != NITRO_OK)
			return refuse_look(directory, fault);
	}
	if (errno != 0)
		return refuse_listing(directory, fault);
	if (list->count > 0)
		qsort(list->entries.ptr, list->count,
		    sizeof(struct nitro_evidence_entry), compare_entries);
	return NITRO_OK;
}

/* What the choice has still to bring down. */
struct burden {
	int64_t total, refused;
	size_t left; /* how many may still be marked */
};

static void
doom(struct nitro_evidence_entry *entry, struct burden *burden)
{
	entry->is_doomed = true;
	burden->total -= entry->size;
	burden->refused -= entry->is_allowed ? 0 : entry->size;
	burden->left--;
}

void
nitro_evidence_choose(struct nitro_evidence_list *list,
    const struct nitro_evidence_settings *settings, int64_t now_ms,
    int64_t goal_bytes, size_t limit)
{
	struct burden burden = {.total = list->unfinished_bytes, .left = limit};
	struct nitro_evidence_entry *entry;

	for (size_t i = 0; i < list->count; i++) {
		entry = nitro_evidence_list_at(list, i);
		burden.total += entry->size;
		burden.refused += entry->is_allowed ? 0 : entry->size;
		if (entry->time_ms < now_ms - settings->keep_ms &&
		    burden.left > 0)
			doom(entry, &burden);
	}
	if (burden.total <= settings->max_bytes)
		return;
	for (size_t i = 0;
	     i < list->count && burden.left > 0 && burden.total > goal_bytes &&
	     burden.refused > settings->max_bytes / 2;
	     i++) {
		entry = nitro_evidence_list_at(list, i);
		if (!entry->is_doomed && !entry->is_allowed)
			doom(entry, &burden);
	}
	for (size_t i = 0;
	     i < list->count && burden.left > 0 && burden.total > goal_bytes;
	     i++) {
		entry = nitro_evidence_list_at(list, i);
		if (!entry->is_doomed)
			doom(entry, &burden);
	}
}

static nitro_err
remove_doomed(int fd, const char *directory,
    const struct nitro_evidence_list *list, struct nitro_fault *fault)
{
	const struct nitro_evidence_entry *entry;
	nitro_err err;

	for (size_t i = 0; i < list->count; i++) {
		entry = nitro_evidence_list_at(list, i);
		if (!entry->is_doomed)
			continue;
		err = remove_record(fd, entry->name, directory, fault);
		if (err != NITRO_OK)
			return err;
	}
	return NITRO_OK;
}

/* What a writer that was stopped has left. */
static nitro_err
remove_leftover(int fd, const char *name, const char *directory, int64_t now_ms,
    struct nitro_fault *fault)
{
	struct stat st;

	if (!nitro_bytes_has_prefix(
		nitro_bytes_of_text(name), NITRO_EVIDENCE_UNFINISHED))
		return NITRO_OK;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? NITRO_OK
				       : refuse_look(directory, fault);
	if (!S_ISREG(st.st_mode) ||
	    (int64_t)st.st_mtim.tv_sec >= (now_ms - HOUR_MS) / 1000)
		return NITRO_OK;
	return remove_record(fd, name, directory, fault);
}

static nitro_err
remove_leftovers(
    int fd, const char *directory, int64_t now_ms, struct nitro_fault *fault)
{
	NITRO_DROP(drop_dir) DIR *dir = open_dir(fd);
	const struct dirent *found;
	nitro_err err;

	if (dir == NULL)
		return refuse_listing(directory, fault);
	while (errno = 0, (found = readdir(dir)) != NULL) {
		err = remove_leftover(
		    fd, found->d_name, directory, now_ms, fault);
		if (err != NITRO_OK)
			return err;
	}
	return errno == 0 ? NITRO_OK : refuse_listing(directory, fault);
}

static int64_t
bytes_kept(const struct nitro_evidence_list *list)
{
	int64_t total = list->unfinished_bytes;
	const struct nitro_evidence_entry *entry;

	for (size_t i = 0; i < list->count; i++) {
		entry = nitro_evidence_list_at(list, i);
		total += entry->is_doomed ? 0 : entry->size;
	}
	return total;
}

/* The caller holds the lock. */
static nitro_err
sweep_for_writer(int fd, const struct nitro_evidence_settings *settings,
    int64_t now_ms, struct tally *tally, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_evidence_list_drop)
	struct nitro_evidence_list list = {0};
	const char *directory = settings->directory;
	int64_t room;
	nitro_err err;

	err = remove_leftovers(fd, directory, now_ms, fault);
	if (err != NITRO_OK)
		return err;
	err = nitro_evidence_folder_scan(fd, directory, &list, fault);
	if (err != NITRO_OK)
		return err;
	/* A little more than is needed, so that the next logins need not. */
	nitro_evidence_choose(&list, settings, now_ms,
	    settings->max_bytes - settings->max_bytes / 16, REMOVED_MAX);
	if ((err = remove_doomed(fd, directory, &list, fault)) != NITRO_OK)
		return err;
	room = settings->max_bytes - bytes_kept(&list);
	*tally = (struct tally){MAGIC, settings->max_bytes, settings->keep_ms,
	    room > 0 ? room : 0, now_ms};
	return NITRO_OK;
}

static nitro_err
lock(int fd, const char *directory, int *lock_fd, struct nitro_fault *fault)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
	NITRO_DROP(nitro_fd_drop)
	int opened = openat(fd, LOCK_NAME,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	if (opened < 0)
		return nitro_secure_refuse_errno(
		    fault, directory, "its .lock cannot be opened", errno);
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(opened, LOCK_EX | LOCK_NB) == 0) {
			*lock_fd = opened;
			opened = -1;
			return NITRO_OK;
		}
		if (errno != EWOULDBLOCK && errno != EINTR)
			return nitro_secure_refuse_errno(
			    fault, directory, "flock", errno);
		(void)nanosleep(&pause, NULL);
	}
	return nitro_fault_set(fault, NITRO_E_FILE_READ, directory, 0,
	    "its .lock is held by another process for too long");
}

static bool
is_current(const struct tally *tally,
    const struct nitro_evidence_settings *settings, int64_t now_ms)
{
	return tally->magic == MAGIC &&
	       tally->max_bytes == settings->max_bytes &&
	       tally->keep_ms == settings->keep_ms && tally->room >= 0 &&
	       tally->room <= settings->max_bytes &&
	       tally->counted_ms <= now_ms &&
	       now_ms - tally->counted_ms < HOUR_MS;
}

nitro_err
nitro_evidence_folder_reserve(int fd,
    const struct nitro_evidence_settings *settings, int64_t size,
    int64_t now_ms, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop) int lock_fd = -1;
	struct tally tally = {0};
	nitro_err err;

	err = lock(fd, settings->directory, &lock_fd, fault);
	if (err != NITRO_OK)
		return err;
	if (pread(lock_fd, &tally, sizeof tally, 0) == (ssize_t)sizeof tally &&
	    is_current(&tally, settings, now_ms) && tally.room >= size)
		tally.room -= size;
	else if ((err = sweep_for_writer(
		      fd, settings, now_ms, &tally, fault)) != NITRO_OK)
		return err;
	/* Without a tally the next writer counts for itself. */
	if (pwrite(lock_fd, &tally, sizeof tally, 0) != (ssize_t)sizeof tally)
		(void)!ftruncate(lock_fd, 0);
	return NITRO_OK;
}

nitro_err
nitro_evidence_folder_sweep(int fd,
    const struct nitro_evidence_settings *settings, int64_t now_ms,
    bool is_dry_run, struct nitro_evidence_list *list,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop) int lock_fd = -1;
	const char *directory = settings->directory;
	nitro_err err;

	err = lock(fd, directory, &lock_fd, fault);
	if (err != NITRO_OK)
		return err;
	err = nitro_evidence_folder_scan(fd, directory, list, fault);
	if (err != NITRO_OK)
		return err;
	nitro_evidence_choose(
	    list, settings, now_ms, settings->max_bytes, list->count);
	if (is_dry_run)
		return NITRO_OK;
	/* What is chosen is only ever removed by others too: no lock for that. */
	nitro_fd_drop(&lock_fd);
	return remove_doomed(fd, directory, list, fault);
}
