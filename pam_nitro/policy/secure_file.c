#include "policy/secure_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "policy/secure_path.h"

#define READ_ATTEMPTS 5
#define READ_CHUNK 16384

static nitro_err
judge_file(const struct stat *st, const char *path, struct nitro_fault *fault)
{
	nitro_err err;

	if (!S_ISREG(st->st_mode) && !S_ISLNK(st->st_mode))
		return nitro_fault_set(fault, NITRO_E_FILE_UNSAFE, path, 0,
		    "is not a regular file");
	if ((err = nitro_secure_judge_owner(st, path, fault)) != NITRO_OK)
		return err;
	if (st->st_nlink > 1)
		return nitro_fault_set(fault, NITRO_E_FILE_UNSAFE, path, 0,
		    "has %lu names (hard links); copy it to a file of its own",
		    (unsigned long)st->st_nlink);
	if (st->st_size > (off_t)NITRO_FILE_MAX)
		return nitro_fault_set(fault, NITRO_E_FILE_READ, path, 0,
		    "has %lld bytes; at most %u are read",
		    (long long)st->st_size, NITRO_FILE_MAX);
	return NITRO_OK;
}

/* Both of one descriptor. */
static bool
is_unchanged(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mode == b->st_mode &&
	       a->st_uid == b->st_uid && a->st_nlink == b->st_nlink &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Append what there is, but never more than one chunk above the size limit. */
static nitro_err
read_to_end(
    int fd, const char *path, struct nitro_buf *out, struct nitro_fault *fault)
{
	uint8_t chunk[READ_CHUNK];
	size_t total = 0;
	ssize_t n;
	nitro_err err;

	while (total <= NITRO_FILE_MAX) {
		n = read(fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return nitro_secure_refuse_errno(
			    fault, path, "read", errno);
		if (n == 0)
			break;
		err = nitro_buf_append(
		    out, (struct nitro_bytes){chunk, (size_t)n});
		if (err != NITRO_OK)
			return nitro_fault_set(
			    fault, err, path, 0, "no memory for its content");
		total += (size_t)n;
	}
	return NITRO_OK;
}

/* *is_stable is false where the file changed meanwhile: then try again. */
static nitro_err
read_once(int parent, const char *name, const char *path, struct nitro_buf *out,
    bool *is_stable, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop) int fd = -1;
	struct stat before, after;
	size_t start = out->len;
	nitro_err err;

	*is_stable = true;
	if (fstatat(parent, name, &before, AT_SYMLINK_NOFOLLOW) != 0)
		return nitro_secure_refuse_errno(
		    fault, path, "cannot be opened", errno);
	if ((err = judge_file(&before, path, fault)) != NITRO_OK)
		return err;
	fd = openat(parent, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return nitro_secure_refuse_errno(
		    fault, path, "cannot be opened", errno);
	if (fstat(fd, &before) != 0)
		return nitro_secure_refuse_errno(fault, path, "fstat", errno);
	if ((err = judge_file(&before, path, fault)) != NITRO_OK)
		return err;
	if ((err = read_to_end(fd, path, out, fault)) != NITRO_OK)
		return err;
	if (fstat(fd, &after) != 0)
		return nitro_secure_refuse_errno(fault, path, "fstat", errno);
	*is_stable = is_unchanged(&before, &after) && before.st_nlink == 1 &&
		     (off_t)(out->len - start) == before.st_size;
	return NITRO_OK;
}

nitro_err
nitro_secure_file_read(
    const char *path, struct nitro_buf *out, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop) int parent = -1;
	char name[NITRO_PATH_MAX + 1];
	size_t start = out->len;
	bool is_stable = false;
	nitro_err err;

	if ((err = nitro_secure_open_parent(path, &parent, name, fault)) !=
	    NITRO_OK)
		return err;
	for (int i = 0; i < READ_ATTEMPTS; i++) {
		err = read_once(parent, name, path, out, &is_stable, fault);
		if (err == NITRO_OK && is_stable)
			return NITRO_OK;
		out->len = start;
		if (err != NITRO_OK)
			return err;
	}
	return nitro_fault_set(fault, NITRO_E_FILE_READ, path, 0,
	    "changed while it was read, %d times in a row", READ_ATTEMPTS);
}
