#include "policy/secure_path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void
nitro_fd_drop(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static bool
is_component(struct nitro_bytes name)
{
	return name.len > 0 && !nitro_bytes_equal_text(name, ".") &&
	       !nitro_bytes_equal_text(name, "..");
}

bool
nitro_secure_path_is_valid(const char *path)
{
	struct nitro_bytes left = nitro_bytes_of_text(path), part;

	if (left.len > NITRO_PATH_MAX)
		return false;
	for (size_t i = 0; i < left.len; i++)
		if (left.ptr[i] < ' ' || left.ptr[i] > '~')
			return false;
	if (!nitro_bytes_has_prefix(left, "/") ||
	    !nitro_bytes_take(&left, 1, &part))
		return false;
	while (nitro_bytes_take_until(&left, '/', &part))
		if (!is_component(part))
			return false;
	return is_component(left);
}

nitro_err
nitro_secure_refuse_errno(
    struct nitro_fault *fault, const char *path, const char *what, int error)
{
	nitro_err err = NITRO_E_FILE_READ;

	if (error == ENOMEM)
		err = NITRO_E_MEMORY;
	else if (error == ENOENT || error == ENOTDIR || error == EACCES)
		err = NITRO_E_FILE_MISSING;
	else if (error == ELOOP)
		err = NITRO_E_FILE_UNSAFE;
	return nitro_fault_set(
	    fault, err, path, 0, "%s: %s", what, strerror(error));
}

static nitro_err
refuse_path(struct nitro_fault *fault, const char *path)
{
	return nitro_fault_set(fault, NITRO_E_FILE_UNSAFE, path, 0,
	    "must be an absolute path of at most %d printable characters, "
	    "without \"//\", \".\" and \"..\"",
	    NITRO_PATH_MAX);
}

/* An ACL that lets somebody else write shows in the group bits. */
nitro_err
nitro_secure_judge_owner(
    const struct stat *st, const char *path, struct nitro_fault *fault)
{
	if (S_ISLNK(st->st_mode))
		return nitro_fault_set(fault, NITRO_E_FILE_UNSAFE, path, 0,
		    "is a symbolic link; name the real path");
	if (st->st_uid != 0)
		return nitro_fault_set(fault, NITRO_E_FILE_UNSAFE, path, 0,
		    "is owned by uid %lu, not by root",
		    (unsigned long)st->st_uid);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return nitro_fault_set(fault, NITRO_E_FILE_UNSAFE, path, 0,
		    "is writable by group or others (mode %04o)",
		    (unsigned)(st->st_mode & 07777));
	return NITRO_OK;
}

nitro_err
nitro_secure_judge_folder(
    const struct stat *st, const char *path, struct nitro_fault *fault)
{
	nitro_err err;

	if ((err = nitro_secure_judge_owner(st, path, fault)) != NITRO_OK)
		return err;
	if (!S_ISDIR(st->st_mode))
		return nitro_fault_set(
		    fault, NITRO_E_FILE_UNSAFE, path, 0, "is not a folder");
	return NITRO_OK;
}

/* Go from the folder *fd to the one below it, which is the end of path so far. */
static nitro_err
enter_folder(
    int *fd, const char *name, const char *path, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop) int next = -1;
	struct stat st;
	nitro_err err;

	/* O_PATH needs no permission to list, and opens no device. */
	next = openat(*fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0)
		return nitro_secure_refuse_errno(
		    fault, path, "cannot be opened", errno);
	if (fstat(next, &st) != 0)
		return nitro_secure_refuse_errno(fault, path, "fstat", errno);
	if ((err = nitro_secure_judge_folder(&st, path, fault)) != NITRO_OK)
		return err;
	nitro_fd_drop(fd);
	*fd = next;
	next = -1;
	return NITRO_OK;
}

nitro_err
nitro_secure_open_parent(const char *path, int *parent,
    char name[NITRO_PATH_MAX + 1], struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop) int fd = -1;
	struct nitro_bytes left = nitro_bytes_of_text(path), part;
	char so_far[NITRO_PATH_MAX + 1] = "/";
	nitro_err err;

	if (!nitro_secure_path_is_valid(path) ||
	    !nitro_bytes_take(&left, 1, &part))
		return refuse_path(fault, path);
	fd = open("/", O_PATH | O_CLOEXEC);
	if (fd < 0)
		return nitro_secure_refuse_errno(
		    fault, so_far, "cannot be opened", errno);
	if ((err = enter_folder(&fd, ".", so_far, fault)) != NITRO_OK)
		return err;
	while (nitro_bytes_take_until(&left, '/', &part)) {
		struct nitro_bytes upto = {
		    (const uint8_t *)path, strlen(path) - left.len - 1};

		if (!nitro_bytes_to_text(part, name, NITRO_PATH_MAX + 1) ||
		    !nitro_bytes_to_text(upto, so_far, sizeof so_far))
			return refuse_path(fault, path);
		if ((err = enter_folder(&fd, name, so_far, fault)) != NITRO_OK)
			return err;
	}
	if (!nitro_bytes_to_text(left, name, NITRO_PATH_MAX + 1))
		return refuse_path(fault, path);
	*parent = fd;
	fd = -1;
	return NITRO_OK;
}
