#include "client/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin"

/*
 * Which entry of /proc leads to this program, whatever becomes of its file.
 * getpid() would not tell: /proc may be that of another namespace. Where the
 * process may not be dumped (a file that may be run, not read), no other
 * process may follow that link.
 */
static bool
find_in_proc(char out[PATH_MAX])
{
	char number[16];
	ssize_t len = readlink("/proc/self", number, sizeof number - 1);

	if (len <= 0 || prctl(PR_GET_DUMPABLE) != 1)
		return false;
	number[len] = '\0';
	(void)snprintf(out, PATH_MAX, "/proc/%s/exe", number);
	return access(out, X_OK) == 0;
}

bool
nitro_program_self(char out[PATH_MAX], struct nitro_complaint *why)
{
	unsigned long started_as = getauxval(AT_EXECFN);
	ssize_t len;

	if (find_in_proc(out))
		return true;
	if ((len = readlink("/proc/self/exe", out, PATH_MAX - 1)) > 0) {
		out[len] = '\0';
		return true;
	}
	if (started_as != 0 && realpath((const char *)started_as, out) != NULL)
		return true;
	return nitro_client_complain(
	    why, "cannot tell this program's own path: %s", strerror(errno));
}

static bool
is_program(const char *path, const struct stat *self)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(path, X_OK) == 0 &&
	       (st.st_dev != self->st_dev || st.st_ino != self->st_ino);
}

bool
nitro_program_ssh(char out[PATH_MAX], struct nitro_complaint *why)
{
	const char *chosen = getenv("NITRO_SSH_PROGRAM"),
		   *path = getenv("PATH");
	struct nitro_bytes left, folder;
	struct stat self = {0};
	char own[PATH_MAX];

	if (chosen != NULL && chosen[0] != '\0') {
		(void)snprintf(out, PATH_MAX, "%s", chosen);
		return true;
	}
	if (!nitro_program_self(own, why) || stat(own, &self) != 0)
		self = (struct stat){0};
	left = nitro_bytes_of_text(path != NULL ? path : PATH_DEFAULT);
	while (left.len > 0) {
		if (!nitro_bytes_take_until(&left, ':', &folder)) {
			folder = left;
			left = (struct nitro_bytes){0};
		}
		if (folder.len == 0 || folder.len > PATH_MAX - sizeof "/ssh")
			continue;
		(void)snprintf(out, PATH_MAX, "%.*s/ssh", (int)folder.len,
		    (const char *)folder.ptr);
		if (is_program(out, &self))
			return true;
	}
	return nitro_client_complain(why,
	    "no ssh in PATH: install the OpenSSH client, or name it in "
	    "NITRO_SSH_PROGRAM");
}

const char *
nitro_program_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? &slash[1] : path;
}
