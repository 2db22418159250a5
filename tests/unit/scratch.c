#include "unit/scratch.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/unit.h"

bool
scratch_make(struct scratch *scratch)
{
	*scratch = (struct scratch){"/run/pam_nitro-test-XXXXXX"};
	if (geteuid() != 0) {
		print_message("# needs root\n");
		return false;
	}
	if (mkdtemp(scratch->folder) == NULL)
		fail_msg("mkdtemp in /run");
	assert_int_equal(chmod(scratch->folder, 0755), 0);
	return true;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
scratch_drop(struct scratch *scratch)
{
	if (geteuid() == 0 && scratch->folder[0] != '\0')
		(void)nftw(
		    scratch->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	*scratch = (struct scratch){0};
}

const char *
scratch_path(const struct scratch *scratch, const char *name)
{
	static char paths[4][2 * SCRATCH_PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof paths[0], "%s/%s", scratch->folder, name);
	return path;
}

void
scratch_file(const struct scratch *scratch, const char *name, mode_t mode,
    struct nitro_bytes content)
{
	const char *path = scratch_path(scratch, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	size_t done = 0;

	assert_true(fd >= 0);
	while (done < content.len) {
		struct nitro_bytes left = nitro_bytes_slice(
		    content, done, SIZE_MAX);
		ssize_t n = write(fd, left.ptr, left.len);

		assert_true(n > 0);
		done += (size_t)n;
	}
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

void
scratch_folder(const struct scratch *scratch, const char *name, mode_t mode)
{
	const char *path = scratch_path(scratch, name);

	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, mode), 0);
}
