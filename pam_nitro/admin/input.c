#include "admin/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static nitro_err
read_all(int fd, size_t max, struct nitro_buf *out)
{
	uint8_t chunk[4096];
	size_t start = out->len, want;
	ssize_t n;
	nitro_err err;

	while (out->len - start <= max) {
		want = max + 1 - (out->len - start);
		n = read(fd, chunk, want < sizeof chunk ? want : sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return NITRO_E_FILE_READ;
		if (n == 0)
			return NITRO_OK;
		err = nitro_buf_append(
		    out, (struct nitro_bytes){chunk, (size_t)n});
		if (err != NITRO_OK)
			return err;
	}
	return NITRO_OK;
}

nitro_err
nitro_input_read(const char *path, size_t max, struct nitro_buf *out,
    struct nitro_fault *fault)
{
	bool is_stdin = strcmp(path, "-") == 0;
	size_t start = out->len;
	int fd = STDIN_FILENO, reason;
	nitro_err err;

	if (!is_stdin && (fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
		return nitro_fault_set(fault, NITRO_E_FILE_MISSING, path, 0,
		    "cannot be opened: %s", strerror(errno));
	err = read_all(fd, max, out);
	reason = errno;
	if (!is_stdin)
		(void)close(fd);
	if (err == NITRO_OK)
		return NITRO_OK;
	out->len = start;
	if (err == NITRO_E_FILE_READ)
		return nitro_fault_set(fault, err,
		    is_stdin ? "standard input" : path, 0, "cannot be read: %s",
		    strerror(reason));
	return nitro_fault_set(
	    fault, err, path, 0, "%s", nitro_err_sentence(err));
}
