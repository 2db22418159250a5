#include "admin/check/check_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_MAX = 1024 * 1024, SECONDS_MAX = 20, CHUNK = 4096 };

void
nitro_process_output_drop(struct nitro_process_output *output)
{
	nitro_buf_drop(&output->out);
	nitro_buf_drop(&output->err);
}

struct pipes {
	int out[2], err[2];
};

static void
drop_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void
drop_pipes(struct pipes *pipes)
{
	for (size_t i = 0; i < 2; i++) {
		drop_fd(&pipes->out[i]);
		drop_fd(&pipes->err[i]);
	}
}

/* posix_spawnp(3) does not change what it is given. */
static char *const *
as_argv(const char *const *argv)
{
	union {
		const char *const *in;
		char *const *out;
	} both = {.in = argv};

	return both.out;
}

static bool
spawn(const char *const *argv, const struct pipes *pipes, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	bool is_good;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return false;
	is_good = posix_spawn_file_actions_addopen(
		      &actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
		  posix_spawn_file_actions_adddup2(
		      &actions, pipes->out[1], STDOUT_FILENO) == 0 &&
		  posix_spawn_file_actions_adddup2(
		      &actions, pipes->err[1], STDERR_FILENO) == 0 &&
		  posix_spawnp(pid, argv[0], &actions, NULL, as_argv(argv),
		      environ) == 0;
	(void)posix_spawn_file_actions_destroy(&actions);
	return is_good;
}

/* False at the end of the stream. */
static bool
read_some(int fd, struct nitro_buf *to)
{
	uint8_t chunk[CHUNK];
	ssize_t n = read(fd, chunk, sizeof chunk);

	if (n < 0)
		return errno == EINTR;
	if (n == 0 || to->len + (size_t)n > OUTPUT_MAX)
		return false;
	return nitro_buf_append(to, (struct nitro_bytes){chunk, (size_t)n}) ==
	       NITRO_OK;
}

static time_t
seconds(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* False where time ran out first. */
static bool
read_both(const struct pipes *pipes, struct nitro_process_output *output)
{
	struct pollfd fds[2] = {{.fd = pipes->out[0], .events = POLLIN},
	    {.fd = pipes->err[0], .events = POLLIN}};
	struct nitro_buf *const to[2] = {&output->out, &output->err};
	time_t end = seconds() + SECONDS_MAX;

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (seconds() >= end)
			return false;
		if (poll(fds, 2, 1000) < 0 && errno != EINTR)
			return false;
		for (size_t i = 0; i < 2; i++)
			if (fds[i].fd >= 0 && fds[i].revents != 0 &&
			    !read_some(fds[i].fd, to[i]))
				fds[i].fd = -1;
	}
	return true;
}

static bool
await(pid_t pid, int *status)
{
	int raw = 0;

	while (waitpid(pid, &raw, 0) < 0)
		if (errno != EINTR)
			return false;
	if (!WIFEXITED(raw))
		return false;
	*status = WEXITSTATUS(raw);
	return true;
}

bool
nitro_process_run(const char *const *argv, struct nitro_process_output *output)
{
	NITRO_DROP(drop_pipes) struct pipes pipes = {{-1, -1}, {-1, -1}};
	bool is_good;
	pid_t pid;

	output->status = 127;
	if (pipe2(pipes.out, O_CLOEXEC) != 0 ||
	    pipe2(pipes.err, O_CLOEXEC) != 0 || !spawn(argv, &pipes, &pid))
		return false;
	drop_fd(&pipes.out[1]);
	drop_fd(&pipes.err[1]);
	is_good = read_both(&pipes, output);
	if (!is_good)
		(void)kill(pid, SIGKILL);
	return await(pid, &output->status) && is_good &&
	       nitro_buf_append_byte(&output->out, '\0') == NITRO_OK &&
	       nitro_buf_append_byte(&output->err, '\0') == NITRO_OK;
}
