/* The functions whose wrappers do not fit the table. */
#include <stdarg.h>
#include <string.h>
#include <syslog.h>

#include "fault/internal.h"

/* Call the real function of that name with the type of the wrapper. */
#define FIND(name) \
	static __typeof__(&(name)) real; \
	if (real == NULL) { \
		void *found = fault_real(#name); \
		memcpy(&real, &found, sizeof real); \
	}

/* The result of a failure by a value and errno. */
static intptr_t
fail(const struct fault_mode *mode)
{
	if (mode->error != 0)
		errno = mode->error;
	return mode->value;
}

/* How many bytes are asked for where the answer is to be short. */
static size_t
shorten(const struct fault_mode *mode, size_t n)
{
	return mode != NULL && n > 1 ? n / 2 : n;
}

static bool
is_failure(const struct fault_mode *mode)
{
	return mode != NULL && (mode->flags & FAULT_SHORT) == 0;
}

SHOWN struct cbor_decoder_result
cbor_stream_decode(cbor_data source, size_t size,
    const struct cbor_callbacks *callbacks, void *context)
{
	struct cbor_decoder_result result = {0};
	bool is_ours;
	const struct fault_mode *mode = fault_enter(
	    NUMBER(cbor_stream_decode), CALLER, &is_ours);

	FIND(cbor_stream_decode)
	if (mode == NULL)
		result = real(source, size, callbacks, context);
	else
		result.status = (enum cbor_decoder_status)mode->value;
	fault_leave(is_ours);
	return result;
}

/* What it was given goes when it fails. */
SHOWN X509 *
d2i_X509(X509 **a, const unsigned char **in, long len)
{
	X509 *result = NULL;
	bool is_ours;
	const struct fault_mode *mode = fault_enter(
	    NUMBER(d2i_X509), CALLER, &is_ours);

	FIND(d2i_X509)
	if (mode == NULL) {
		result = real(a, in, len);
	} else if (a != NULL) {
		X509_free(*a);
		*a = NULL;
	}
	fault_leave(is_ours);
	return result;
}

#define LOOKUP(name, key_type, entry_type) \
	SHOWN int name(key_type key, struct entry_type *entry, char *buf, \
	    size_t size, struct entry_type **result) \
	{ \
		int error; \
		bool is_ours; \
		const struct fault_mode *mode = fault_enter( \
		    NUMBER(name), CALLER, &is_ours); \
\
		FIND(name) \
		if (mode == NULL) { \
			error = real(key, entry, buf, size, result); \
		} else { \
			*result = NULL; \
			error = (int)mode->value; \
		} \
		fault_leave(is_ours); \
		return error; \
	}
LOOKUP(getpwnam_r, const char *, passwd)
LOOKUP(getgrnam_r, const char *, group)
LOOKUP(getgrgid_r, gid_t, group)

/* It says so where there is no room, and not where a name service is down. */
SHOWN int
getgrouplist(const char *user, gid_t gid, gid_t *groups, int *count)
{
	int result;
	bool is_ours;
	const struct fault_mode *mode = fault_enter(
	    NUMBER(getgrouplist), CALLER, &is_ours);

	FIND(getgrouplist)
	result = mode != NULL ? (int)mode->value
			      : real(user, gid, groups, count);
	if (mode != NULL && result == 1) {
		groups[0] = gid;
		*count = 1;
	}
	fault_leave(is_ours);
	return result;
}

#define TRANSFER(name, type) \
	SHOWN ssize_t name(int fd, type buf, size_t n) \
	{ \
		ssize_t result; \
		bool is_ours; \
		const struct fault_mode *mode = fault_enter( \
		    NUMBER(name), CALLER, &is_ours); \
\
		FIND(name) \
		result = is_failure(mode) ? (ssize_t)fail(mode) \
					  : real(fd, buf, shorten(mode, n)); \
		fault_leave(is_ours); \
		return result; \
	}
TRANSFER(read, void *)
TRANSFER(write, const void *)

SHOWN ssize_t
getrandom(void *buf, size_t n, unsigned flags)
{
	ssize_t result;
	bool is_ours;
	const struct fault_mode *mode = fault_enter(
	    NUMBER(getrandom), CALLER, &is_ours);

	FIND(getrandom)
	result = is_failure(mode) ? (ssize_t)fail(mode)
				  : real(buf, shorten(mode, n), flags);
	fault_leave(is_ours);
	return result;
}

SHOWN int
open(const char *path, int flags, ...)
{
	int result;
	mode_t permissions = 0;
	va_list args;
	bool is_ours;
	const struct fault_mode *mode = fault_enter(
	    NUMBER(open), CALLER, &is_ours);

	FIND(open)
	va_start(args, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		permissions = va_arg(args, mode_t);
	va_end(args);
	result = mode != NULL ? (int)fail(mode)
			      : real(path, flags, permissions);
	fault_leave(is_ours);
	return result;
}

SHOWN int
openat(int folder, const char *path, int flags, ...)
{
	int result;
	mode_t permissions = 0;
	va_list args;
	bool is_ours;
	const struct fault_mode *mode = fault_enter(
	    NUMBER(openat), CALLER, &is_ours);

	FIND(openat)
	va_start(args, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		permissions = va_arg(args, mode_t);
	va_end(args);
	result = mode != NULL ? (int)fail(mode)
			      : real(folder, path, flags, permissions);
	fault_leave(is_ours);
	return result;
}

SHOWN struct dirent *
readdir(DIR *folder)
{
	struct dirent *result = NULL;
	bool is_ours;
	const struct fault_mode *mode = fault_enter(
	    NUMBER(readdir), CALLER, &is_ours);

	FIND(readdir)
	if (mode == NULL)
		result = real(folder);
	else
		(void)fail(mode);
	fault_leave(is_ours);
	return result;
}

SHOWN pid_t
fork(void)
{
	pid_t result;
	bool is_ours;
	const struct fault_mode *mode = fault_enter(
	    NUMBER(fork), CALLER, &is_ours);

	FIND(fork)
	result = mode != NULL ? (pid_t)fail(mode) : real();
	if (result == 0 && is_ours)
		fault_child_begins();
	fault_leave(is_ours);
	return result;
}

SHOWN int
fcntl(int fd, int command, ...)
{
	int result;
	void *argument;
	va_list args;
	bool is_ours;
	const struct fault_mode *mode = fault_enter(
	    NUMBER(fcntl), CALLER, &is_ours);

	FIND(fcntl)
	va_start(args, command);
	argument = va_arg(args, void *);
	va_end(args);
	result = mode != NULL ? (int)fail(mode) : real(fd, command, argument);
	fault_leave(is_ours);
	return result;
}

SHOWN int
prctl(int option, ...)
{
	int result;
	unsigned long word[4];
	va_list args;
	bool is_ours;
	const struct fault_mode *mode = fault_enter(
	    NUMBER(prctl), CALLER, &is_ours);

	FIND(prctl)
	va_start(args, option);
	for (int i = 0; i < 4; i++)
		word[i] = va_arg(args, unsigned long);
	va_end(args);
	result = mode != NULL
		     ? (int)fail(mode)
		     : real(option, word[0], word[1], word[2], word[3]);
	fault_leave(is_ours);
	return result;
}

/* Under the name of the system call, as they are tolerated differently. */
SHOWN long
syscall(long number, ...)
{
	const enum function function = number == SYS_capset
					   ? NUMBER(syscall_capset)
					   : NUMBER(syscall_seccomp);
	const struct fault_mode *mode;
	long result, word[6];
	va_list args;
	bool is_ours;

	mode = fault_enter(function, CALLER, &is_ours);
	FIND(syscall)
	va_start(args, number);
	for (int i = 0; i < 6; i++)
		word[i] = va_arg(args, long);
	va_end(args);
	result = mode != NULL ? (long)fail(mode)
			      : real(number, word[0], word[1], word[2], word[3],
				    word[4], word[5]);
	fault_leave(is_ours);
	return result;
}

/* The comparisons come as an array to its other form. */
SHOWN int
seccomp_rule_add(
    scmp_filter_ctx filter, uint32_t action, int number, unsigned count, ...)
{
	struct scmp_arg_cmp comparison[6];
	int result;
	va_list args;
	bool is_ours;
	const struct fault_mode *mode = fault_enter(
	    NUMBER(seccomp_rule_add), CALLER, &is_ours);

	va_start(args, count);
	for (unsigned i = 0; i < count && i < 6; i++)
		comparison[i] = va_arg(args, struct scmp_arg_cmp);
	va_end(args);
	result = mode != NULL ? (int)fail(mode)
			      : seccomp_rule_add_array(
				    filter, action, number, count, comparison);
	fault_leave(is_ours);
	return result;
}

__attribute__((format(printf, 3, 4))) SHOWN void
pam_syslog(const pam_handle_t *pamh, int priority, const char *format, ...)
{
	va_list args;
	bool is_ours;

	(void)fault_enter(NUMBER(pam_syslog), CALLER, &is_ours);
	va_start(args, format);
	pam_vsyslog(pamh, priority, format, args);
	va_end(args);
	fault_leave(is_ours);
}
