#include "client/private_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLAIN_CHARACTERS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/" \
	"._+,@:-"

/* ssh expands %, ~ and ${} in file names, and the shell much more. */
static bool
needs_no_quoting(const char *path)
{
	return path[0] == '/' && path[strspn(path, PLAIN_CHARACTERS)] == '\0';
}

static bool
open_folder(const char *path, struct nitro_private_folder *folder)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return false;
	folder->fd = fd;
	folder->is_open = true;
	(void)snprintf(folder->path, sizeof folder->path, "%s", path);
	return true;
}

static bool
make_in(const char *base, struct nitro_private_folder *folder)
{
	char path[PATH_MAX];
	int len;

	if (base == NULL || !needs_no_quoting(base))
		return false;
	len = snprintf(path, sizeof path, "%s/nitro-ssh.XXXXXX", base);
	if (len < 0 || (size_t)len >= sizeof path || mkdtemp(path) == NULL)
		return false;
	if (open_folder(path, folder))
		return true;
	(void)rmdir(path);
	return false;
}

bool
nitro_private_folder_make(const struct nitro_private_folder *parent,
    struct nitro_private_folder *folder, struct nitro_complaint *why)
{
	const char *bases[] = {getenv("TMPDIR"), getenv("XDG_RUNTIME_DIR"),
	    "/tmp", "/dev/shm", "/run"};

	if (parent != NULL) {
		if (make_in(parent->path, folder))
			return true;
		return nitro_client_complain(why,
		    "cannot make a folder in %s: %s", parent->path,
		    strerror(errno));
	}
	for (size_t i = 0; i < NITRO_COUNT_OF(bases); i++)
		if (make_in(bases[i], folder))
			return true;
	return nitro_client_complain(why,
	    "cannot make a private folder in $TMPDIR, $XDG_RUNTIME_DIR, /tmp, "
	    "/dev/shm or /run (%s): set TMPDIR to a folder that can be written",
	    strerror(errno));
}

bool
nitro_private_folder_open(const char *path, struct nitro_private_folder *folder,
    struct nitro_complaint *why)
{
	struct stat st;

	if (!open_folder(path, folder))
		return nitro_client_complain(why,
		    "cannot open the folder %s: %s", path, strerror(errno));
	if (fstat(folder->fd, &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & 077) == 0)
		return true;
	nitro_private_folder_close(folder);
	return nitro_client_complain(
	    why, "the folder %s is another user's or open to others", path);
}

static bool
write_all(int fd, struct nitro_bytes left)
{
	struct nitro_bytes skipped;
	ssize_t n;

	while (left.len > 0) {
		n = write(fd, left.ptr, left.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || !nitro_bytes_take(&left, (size_t)n, &skipped))
			return false;
	}
	return true;
}

bool
nitro_private_folder_write(const struct nitro_private_folder *folder,
    const char *name, struct nitro_bytes content, struct nitro_complaint *why)
{
	int fd = openat(folder->fd, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool is_written;

	if (fd < 0)
		return nitro_client_complain(why, "cannot make %s/%s: %s",
		    folder->path, name, strerror(errno));
	is_written = write_all(fd, content);
	if (close(fd) == 0 && is_written)
		return true;
	(void)nitro_client_complain(
	    why, "cannot write %s/%s: %s", folder->path, name, strerror(errno));
	nitro_private_folder_forget(folder, name);
	return false;
}

bool
nitro_descriptor_read(int fd, size_t max, struct nitro_buf *content)
{
	uint8_t chunk[4096];
	size_t start = content->len;
	ssize_t n;

	while ((n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || (size_t)n > max - (content->len - start) ||
		    nitro_buf_append(content,
			(struct nitro_bytes){chunk, (size_t)n}) != NITRO_OK) {
			content->len = start;
			return false;
		}
	}
	return true;
}

bool
nitro_private_folder_read(const struct nitro_private_folder *folder,
    const char *name, size_t max, struct nitro_buf *content)
{
	int fd = openat(folder->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool is_read;

	if (fd < 0)
		return false;
	is_read = nitro_descriptor_read(fd, max, content);
	(void)close(fd);
	return is_read;
}

void
nitro_private_folder_forget(
    const struct nitro_private_folder *folder, const char *name)
{
	(void)unlinkat(folder->fd, name, 0);
}

bool
nitro_private_folder_path(const struct nitro_private_folder *folder,
    const char *name, char out[PATH_MAX])
{
	int len = snprintf(out, PATH_MAX, "%s/%s", folder->path, name);

	return len > 0 && len < PATH_MAX;
}

void
nitro_private_folder_close(struct nitro_private_folder *folder)
{
	if (folder->is_open)
		(void)close(folder->fd);
	*folder = (struct nitro_private_folder){0};
}

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Removes what is in the folder; takes fd over. Folders in it to that depth. */
static void
empty_folder(int fd, int depth)
{
	DIR *entries = fdopendir(fd);
	struct dirent *entry;

	if (entries == NULL) {
		(void)close(fd);
		return;
	}
	while ((entry = readdir(entries)) != NULL) {
		int inner;

		if (is_dots(entry->d_name) ||
		    unlinkat(dirfd(entries), entry->d_name, 0) == 0 ||
		    depth == 0)
			continue;
		inner = openat(dirfd(entries), entry->d_name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (inner < 0)
			continue;
		empty_folder(inner, depth - 1);
		(void)unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR);
	}
	(void)closedir(entries);
}

void
nitro_private_folder_remove(struct nitro_private_folder *folder)
{
	int fd;

	if (!folder->is_open)
		return;
	if ((fd = fcntl(folder->fd, F_DUPFD_CLOEXEC, 0)) >= 0)
		empty_folder(fd, 1);
	(void)rmdir(folder->path);
	nitro_private_folder_close(folder);
}
