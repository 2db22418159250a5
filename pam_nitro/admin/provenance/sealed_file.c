#include "admin/provenance/sealed_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/secure_path.h"

enum { CHUNK = 64 * 1024 };

static nitro_err
open_regular(const char *path, int flags, int *fd, struct nitro_fault *fault)
{
	struct stat st;
	int opened;

	/* Nonblocking: a FIFO without a writer is refused, not waited for. */
	opened = open(
	    path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
	if (opened < 0)
		return nitro_fault_set(fault, NITRO_E_FILE_MISSING, path, 0,
		    "cannot be opened: %s",
		    errno == ELOOP ? "it is a symbolic link" : strerror(errno));
	if (fstat(opened, &st) == 0 && S_ISREG(st.st_mode)) {
		*fd = opened;
		return NITRO_OK;
	}
	(void)close(opened);
	return nitro_fault_set(
	    fault, NITRO_E_FILE_READ, path, 0, "is no regular file");
}

static bool
write_all(int fd, const uint8_t *bytes, size_t len)
{
	ssize_t n;

	for (size_t done = 0; done < len; done += (size_t)n) {
		n = write(fd, bytes + done, len - done);
		if (n < 0 && errno == EINTR)
			n = 0;
		if (n < 0)
			return false;
	}
	return true;
}

static bool
copy(int from, int to, uint64_t *total)
{
	uint8_t chunk[CHUNK];
	ssize_t n;

	*total = 0;
	for (;;) {
		n = read(from, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		*total += (uint64_t)n;
		if (*total > NITRO_SEALED_FILE_MAX) {
			errno = EFBIG;
			return false;
		}
		if (!write_all(to, chunk, (size_t)n))
			return false;
	}
}

static bool
seal(int fd, uint64_t len, struct nitro_bytes *content)
{
	void *map;

	if (fcntl(fd, F_ADD_SEALS,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) !=
		0 ||
	    lseek(fd, 0, SEEK_SET) != 0)
		return false;
	if (len == 0)
		return true;
	map = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return false;
	*content = (struct nitro_bytes){map, (size_t)len};
	return true;
}

nitro_err
nitro_sealed_file_read(
    const char *path, struct nitro_sealed_file *file, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop) int from = -1;
	uint64_t len = 0;
	nitro_err err;

	if ((err = open_regular(path, 0, &from, fault)) != NITRO_OK)
		return err;
	file->fd = memfd_create("artifact", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (file->fd >= 0 && copy(from, file->fd, &len) &&
	    seal(file->fd, len, &file->content))
		return NITRO_OK;
	return nitro_fault_set(fault, NITRO_E_FILE_READ, path, 0,
	    "cannot be copied into memory: %s", strerror(errno));
}

void
nitro_sealed_file_drop(struct nitro_sealed_file *file)
{
	union {
		const uint8_t *in;
		void *out;
	} map = {.in = file->content.ptr};

	if (file->content.len > 0)
		(void)munmap(map.out, file->content.len);
	if (file->fd >= 0)
		(void)close(file->fd);
	*file = (struct nitro_sealed_file)NITRO_SEALED_FILE_NONE;
}

static nitro_err
read_up_to(int fd, size_t max, struct nitro_buf *out)
{
	const size_t start = out->len;
	uint8_t chunk[4096];
	nitro_err err;
	ssize_t n;

	for (;;) {
		n = read(fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return NITRO_E_FILE_READ;
		if (n == 0)
			return NITRO_OK;
		if ((size_t)n > max - (out->len - start)) {
			errno = EFBIG;
			return NITRO_E_FILE_READ;
		}
		err = nitro_buf_append(
		    out, (struct nitro_bytes){chunk, (size_t)n});
		if (err != NITRO_OK)
			return err;
	}
}

nitro_err
nitro_plain_file_read(const char *path, size_t max, struct nitro_buf *out,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop) int fd = -1;
	const size_t start = out->len;
	nitro_err err;

	if ((err = open_regular(path, O_NOFOLLOW, &fd, fault)) != NITRO_OK)
		return err;
	if ((err = read_up_to(fd, max, out)) == NITRO_OK)
		return NITRO_OK;
	out->len = start;
	return nitro_fault_set(fault, err, path, 0, "cannot be read: %s",
	    err == NITRO_E_FILE_READ ? strerror(errno)
				     : nitro_err_sentence(err));
}
