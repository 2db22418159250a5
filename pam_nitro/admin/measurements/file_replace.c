#include "admin/measurements/file_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "admin/command.h"
#include "policy/secure_path.h"

#define LOCK_WAIT_MS 15000
#define LOCK_POLL_MS 20
#define NAME_SIZE (NITRO_PATH_MAX + 16)
#define XATTR_MAX 65536 /* XATTR_SIZE_MAX of Linux */

static nitro_err
refuse_errno(const struct nitro_file_replace *replace,
    struct nitro_fault *fault, const char *what, int error)
{
	const char *advice = "";

	if (error == EACCES || error == EPERM)
		advice = "; are you root?";
	else if (error == ENOSPC || error == EDQUOT)
		advice = "; it stays as it was. Make room on its file system";
	return nitro_fault_set(fault, NITRO_E_FILE_READ, replace->path, 0,
	    "%s: %s%s", what, strerror(error), advice);
}

/* The name of the file with something in front of it and behind it. */
static void
name_beside(const struct nitro_file_replace *replace, char out[NAME_SIZE],
    const char *front, const char *behind)
{
	(void)snprintf(out, NAME_SIZE, "%s%s%s", front, replace->name, behind);
}

static void
tell_step(struct nitro_file_replace *replace)
{
	replace->step++;
	if (replace->after_step != NULL)
		replace->after_step(replace->step, replace->context);
}

static nitro_err
wait_for_lock(
    const struct nitro_file_replace *replace, struct nitro_fault *fault)
{
	const struct timespec pause = {.tv_nsec = LOCK_POLL_MS * 1000000L};

	for (int waited_ms = 0; flock(replace->lock, LOCK_EX | LOCK_NB) != 0;
	     waited_ms += LOCK_POLL_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return refuse_errno(
			    replace, fault, "cannot be locked", errno);
		if (waited_ms >= LOCK_WAIT_MS)
			return nitro_fault_set(fault, NITRO_E_FILE_READ,
			    replace->path, 0,
			    "somebody else is changing it, for %d seconds "
			    "now: see lslocks(8)",
			    LOCK_WAIT_MS / 1000);
		if (waited_ms == 1000)
			nitro_complain("somebody else is changing %s; waiting",
			    replace->path);
		(void)nanosleep(&pause, NULL);
	}
	return NITRO_OK;
}

static nitro_err
take_lock(struct nitro_file_replace *replace, struct nitro_fault *fault)
{
	char name[NAME_SIZE];
	struct stat st;

	name_beside(replace, name, ".", ".lock");
	replace->lock = openat(replace->parent, name,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (replace->lock < 0)
		return refuse_errno(
		    replace, fault, "its lock cannot be opened", errno);
	if (fstat(replace->lock, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != 0)
		return nitro_fault_set(fault, NITRO_E_FILE_UNSAFE,
		    replace->path, 0,
		    "its lock %s is not a regular file of root", name);
	return wait_for_lock(replace, fault);
}

static nitro_err
remove_leftovers(
    const struct nitro_file_replace *replace, struct nitro_fault *fault)
{
	char name[2][NAME_SIZE];

	name_beside(replace, name[0], ".", ".new");
	name_beside(replace, name[1], ".", ".bak.new");
	for (size_t i = 0; i < NITRO_COUNT_OF(name); i++)
		if (unlinkat(replace->parent, name[i], 0) != 0 &&
		    errno != ENOENT)
			return refuse_errno(replace, fault,
			    "what is left beside it cannot be removed", errno);
	return NITRO_OK;
}

nitro_err
nitro_file_replace_begin(const char *path, struct nitro_file_replace *replace,
    struct nitro_fault *fault)
{
	struct stat st;
	nitro_err err;

	replace->path = path;
	err = nitro_secure_open_parent(
	    path, &replace->parent, replace->name, fault);
	if (err != NITRO_OK)
		return err;
	/* A file that is no good, or not there, needs no lock beside it. */
	if ((err = nitro_secure_file_read(path, &replace->text, fault)) !=
	    NITRO_OK)
		return err;
	replace->text.len = 0;
	/* What was opened by O_PATH cannot be synced. */
	replace->folder = openat(
	    replace->parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (replace->folder < 0)
		return refuse_errno(
		    replace, fault, "its folder cannot be opened", errno);
	if ((err = take_lock(replace, fault)) != NITRO_OK ||
	    (err = remove_leftovers(replace, fault)) != NITRO_OK)
		return err;
	if (fstatat(replace->parent, replace->name, &st, AT_SYMLINK_NOFOLLOW) !=
	    0)
		return refuse_errno(replace, fault, "fstatat", errno);
	replace->seen = st;
	return nitro_secure_file_read(path, &replace->text, fault);
}

static bool
write_all(int fd, struct nitro_bytes text)
{
	struct nitro_bytes done;
	ssize_t n;

	while (text.len > 0) {
		n = write(fd, text.ptr, text.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0 || !nitro_bytes_take(&text, (size_t)n, &done)) {
			errno = EIO;
			return false;
		}
	}
	return true;
}

/* What the file has beside its mode bits: who else may read it, and its label. */
static bool
copy_attributes(const struct nitro_file_replace *replace, int to)
{
	static const char *const names[] = {
	    "system.posix_acl_access", "security.selinux"};
	NITRO_DROP(nitro_fd_drop)
	int from = openat(
	    replace->parent, replace->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	NITRO_DROP(nitro_buf_drop) struct nitro_buf value = {0};
	ssize_t n;

	if (from < 0)
		return false;
	if (nitro_buf_reserve(&value, XATTR_MAX) != NITRO_OK) {
		errno = ENOMEM;
		return false;
	}
	for (size_t i = 0; i < NITRO_COUNT_OF(names); i++) {
		n = fgetxattr(from, names[i], value.ptr, value.cap);
		if (n < 0 && errno != ENODATA && errno != EOPNOTSUPP)
			return false;
		if (n >= 0 &&
		    fsetxattr(to, names[i], value.ptr, (size_t)n, 0) != 0)
			return false;
	}
	return true;
}

/* A new file, complete on the disk, before anything has its name. */
static nitro_err
write_file(struct nitro_file_replace *replace, const char *name,
    struct nitro_bytes text, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop) int fd = -1;

	fd = openat(replace->parent, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return refuse_errno(
		    replace, fault, "nothing can be written beside it", errno);
	tell_step(replace);
	if (!write_all(fd, text))
		return refuse_errno(replace, fault,
		    "the new file beside it cannot be written", errno);
	tell_step(replace);
	if (fchown(fd, replace->seen.st_uid, replace->seen.st_gid) != 0 ||
	    fchmod(fd, replace->seen.st_mode & 07777) != 0 ||
	    !copy_attributes(replace, fd))
		return refuse_errno(replace, fault,
		    "the new file cannot be given its owner and mode", errno);
	if (fsync(fd) != 0)
		return refuse_errno(
		    replace, fault, "the new file cannot be synced", errno);
	tell_step(replace);
	return NITRO_OK;
}

/* Somebody with an editor knows of no lock. */
static nitro_err
check_unchanged(
    const struct nitro_file_replace *replace, struct nitro_fault *fault)
{
	const struct stat *seen = &replace->seen;
	struct stat st;

	if (fstatat(replace->parent, replace->name, &st, AT_SYMLINK_NOFOLLOW) ==
		0 &&
	    st.st_dev == seen->st_dev && st.st_ino == seen->st_ino &&
	    st.st_size == seen->st_size &&
	    st.st_mtim.tv_sec == seen->st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == seen->st_mtim.tv_nsec &&
	    st.st_ctim.tv_sec == seen->st_ctim.tv_sec &&
	    st.st_ctim.tv_nsec == seen->st_ctim.tv_nsec)
		return NITRO_OK;
	return nitro_fault_set(fault, NITRO_E_FILE_READ, replace->path, 0,
	    "was changed by somebody else meanwhile and is left as it is now; "
	    "try again");
}

static nitro_err
rename_to(struct nitro_file_replace *replace, const char *from, const char *to,
    struct nitro_fault *fault)
{
	if (renameat(replace->parent, from, replace->parent, to) != 0)
		return refuse_errno(
		    replace, fault, "cannot be replaced", errno);
	tell_step(replace);
	return NITRO_OK;
}

static nitro_err
replace_files(struct nitro_file_replace *replace, struct nitro_bytes text,
    struct nitro_fault *fault)
{
	char new[NAME_SIZE], backup[NAME_SIZE], new_backup[NAME_SIZE];
	nitro_err err;

	name_beside(replace, new, ".", ".new");
	name_beside(replace, backup, "", ".bak");
	name_beside(replace, new_backup, ".", ".bak.new");
	if ((err = write_file(replace, new, text, fault)) != NITRO_OK ||
	    (err = write_file(replace, new_backup,
		 nitro_bytes_of_buf(&replace->text), fault)) != NITRO_OK ||
	    (err = check_unchanged(replace, fault)) != NITRO_OK ||
	    (err = rename_to(replace, new_backup, backup, fault)) != NITRO_OK)
		return err;
	return rename_to(replace, new, replace->name, fault);
}

nitro_err
nitro_file_replace_write(struct nitro_file_replace *replace,
    struct nitro_bytes text, struct nitro_fault *fault)
{
	struct nitro_fault ignored;
	nitro_err err;

	replace->step = 0;
	if ((err = replace_files(replace, text, fault)) != NITRO_OK) {
		(void)!remove_leftovers(replace, &ignored);
		return err;
	}
	replace->is_replaced = true;
	if (fsync(replace->folder) != 0)
		return refuse_errno(replace, fault,
		    "is the new one, but its folder cannot be synced, so it "
		    "may be the old one again after a crash",
		    errno);
	tell_step(replace);
	return NITRO_OK;
}

void
nitro_file_replace_drop(struct nitro_file_replace *replace)
{
	nitro_fd_drop(&replace->parent);
	nitro_fd_drop(&replace->folder);
	nitro_fd_drop(&replace->lock);
	nitro_buf_drop(&replace->text);
}
