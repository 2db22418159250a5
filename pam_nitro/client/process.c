#include "client/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ERRORS_MAX 4096 /* bytes of standard error that are kept */

/* The mask that programs start with, once it is known. */
static sigset_t mask_before;
static bool mask_is_known, signals_are_held;

void
nitro_process_hold_signals(void)
{
	static const int held[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1,
	    SIGUSR2, SIGCHLD, SIGWINCH};
	sigset_t mask;

	/* Ignored by whoever started us, it would lose the exit status. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigemptyset(&mask);
	for (size_t i = 0; i < NITRO_COUNT_OF(held); i++)
		(void)sigaddset(&mask, held[i]);
	(void)sigprocmask(SIG_BLOCK, &mask, &mask_before);
	mask_is_known = true;
	signals_are_held = true;
}

void
nitro_process_become(const char *const argv[], const char *const *environment)
{
	/* execvp() takes char *const [] and changes nothing. */
	union {
		const char *const *in;
		char *const *out;
	} words = {argv};

	for (; environment != NULL && environment[0] != NULL; environment += 2)
		if (setenv(environment[0], environment[1], 1) != 0)
			_exit(127);
	if (mask_is_known)
		(void)sigprocmask(SIG_SETMASK, &mask_before, NULL);
	(void)execvp(argv[0], words.out);
	(void)fprintf(stderr, "cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int64_t
now_ms(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One running program, seen from here. */
struct running {
	pid_t pid;
	int output, errors;  /* -1 once at its end */
	int64_t deadline_ms; /* on the monotonic clock */
	bool has_own_group;
};

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* A descriptor that reads as the input; a pipe would need somebody to write. */
static int
open_input(struct nitro_bytes input)
{
	struct nitro_bytes left = input, skipped;
	ssize_t n;
	int fd;

	if (input.len == 0)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	if ((fd = memfd_create("input", MFD_CLOEXEC)) < 0)
		return -1;
	while (left.len > 0) {
		n = write(fd, left.ptr, left.len);
		if (n <= 0 || !nitro_bytes_take(&left, (size_t)n, &skipped)) {
			close_fd(&fd);
			return -1;
		}
	}
	if (lseek(fd, 0, SEEK_SET) != 0)
		close_fd(&fd);
	return fd;
}

static bool
start(const char *const argv[], const struct nitro_process_options *options,
    struct running *child)
{
	int input = open_input(options->input);
	int output[2] = {-1, -1}, errors[2] = {-1, -1};
	pid_t pid = -1;

	if (input >= 0 && pipe2(output, O_CLOEXEC) == 0 &&
	    pipe2(errors, O_CLOEXEC) == 0)
		pid = fork();
	if (pid == 0) {
		if (options->has_own_group)
			(void)setpgid(0, 0);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (dup2(input, 0) < 0 || dup2(output[1], 1) < 0 ||
		    dup2(errors[1], 2) < 0)
			_exit(127);
		nitro_process_become(argv, options->environment);
	}
	close_fd(&input);
	close_fd(&output[1]);
	close_fd(&errors[1]);
	if (pid < 0) {
		close_fd(&output[0]);
		close_fd(&errors[0]);
		return false;
	}
	*child = (struct running){pid, output[0], errors[0],
	    now_ms() + options->deadline_ms, options->has_own_group};
	return true;
}

/* Read once. Closes the descriptor at its end; false on more than max bytes. */
static bool
take_output(int *fd, struct nitro_buf *out, size_t max)
{
	uint8_t chunk[4096];
	ssize_t n = read(*fd, chunk, sizeof chunk);

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0) {
		close_fd(fd);
		return true;
	}
	if ((size_t)n > max - out->len)
		return false;
	return nitro_buf_append(out, (struct nitro_bytes){chunk, (size_t)n}) ==
	       NITRO_OK;
}

static void
take_errors(int *fd, struct nitro_buf *errors)
{
	struct nitro_buf rest = {0};

	if (errors->len < ERRORS_MAX) {
		if (!take_output(fd, errors, 2 * ERRORS_MAX))
			close_fd(fd);
		return;
	}
	/* More than is kept: read it, so that the program can go on. */
	if (!take_output(fd, &rest, ERRORS_MAX))
		close_fd(fd);
	nitro_buf_drop(&rest);
}

/* Until both outputs are at their end; false where it must be killed. */
static bool
collect(struct running *child, size_t output_max,
    struct nitro_process_result *result)
{
	while (child->output >= 0 || child->errors >= 0) {
		struct pollfd fds[2] = {
		    {child->output, POLLIN, 0}, {child->errors, POLLIN, 0}};
		int64_t left_ms = child->deadline_ms - now_ms();

		if (left_ms <= 0) {
			result->is_late = true;
			return false;
		}
		if (poll(fds, 2, (int)left_ms) < 0 && errno != EINTR)
			return false;
		if (fds[0].revents != 0 &&
		    !take_output(&child->output, &result->output, output_max)) {
			result->is_too_large = true;
			return false;
		}
		if (fds[1].revents != 0)
			take_errors(&child->errors, &result->errors);
	}
	return true;
}

/* A program may close its outputs and stay: wait for SIGCHLD, not forever. */
static bool
await_end(const struct running *child, int *status)
{
	sigset_t child_ended;
	pid_t found;

	(void)sigemptyset(&child_ended);
	(void)sigaddset(&child_ended, SIGCHLD);
	for (;;) {
		int64_t left_ms = child->deadline_ms - now_ms();
		struct timespec left = {
		    left_ms / 1000, left_ms % 1000 * 1000000};

		found = waitpid(child->pid, status, WNOHANG);
		/* What is nobody's child has ended; the status says nothing. */
		if (found == child->pid || (found < 0 && errno != EINTR))
			return true;
		if (left_ms <= 0)
			return false;
		(void)sigtimedwait(&child_ended, NULL, &left);
	}
}

static int
shell_status(int status)
{
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

static void
finish(
    struct running *child, bool is_to_end, struct nitro_process_result *result)
{
	int status = 127 << 8; /* should waitpid() have nothing to tell */

	if (is_to_end && !await_end(child, &status)) {
		result->is_late = true;
		is_to_end = false;
	}
	if (!is_to_end) {
		if (child->has_own_group)
			(void)kill(-child->pid, SIGKILL);
		(void)kill(child->pid, SIGKILL);
		while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
			continue;
	}
	result->status = shell_status(status);
	close_fd(&child->output);
	close_fd(&child->errors);
}

bool
nitro_process_run(const char *const argv[],
    const struct nitro_process_options *options,
    struct nitro_process_result *result, struct nitro_complaint *why)
{
	struct running child;
	sigset_t child_ended, before;

	(void)sigemptyset(&child_ended);
	(void)sigaddset(&child_ended, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child_ended, &before);
	if (!signals_are_held) {
		mask_before = before;
		mask_is_known = true;
	}
	if (!start(argv, options, &child)) {
		(void)sigprocmask(SIG_SETMASK, &before, NULL);
		return nitro_client_complain(
		    why, "cannot start %s: %s", argv[0], strerror(errno));
	}
	finish(&child, collect(&child, options->output_max, result), result);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return true;
}

void
nitro_process_result_drop(struct nitro_process_result *result)
{
	nitro_buf_drop(&result->output);
	nitro_buf_drop(&result->errors);
	*result = (struct nitro_process_result){0};
}

bool
nitro_process_succeeded(const struct nitro_process_result *result)
{
	return result->status == 0 && !result->is_late && !result->is_too_large;
}

void
nitro_process_describe(
    const struct nitro_process_result *result, char out[NITRO_ESCAPED_MAX])
{
	struct nitro_bytes errors = nitro_bytes_of_buf(&result->errors), line;
	char said[NITRO_ESCAPED_MAX / 2];

	if (!nitro_bytes_take_until(&errors, '\n', &line))
		line = errors;
	nitro_text_escape(line, said, sizeof said);
	if (result->is_too_large)
		(void)snprintf(out, NITRO_ESCAPED_MAX, "said too much");
	else if (result->is_late)
		(void)snprintf(out, NITRO_ESCAPED_MAX,
		    "did not end in time%s%s", line.len > 0 ? ": " : "", said);
	else
		(void)snprintf(out, NITRO_ESCAPED_MAX,
		    "ended with status %d%s%s", result->status,
		    line.len > 0 ? ": " : "", said);
}
