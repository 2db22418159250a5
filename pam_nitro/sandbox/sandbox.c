#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/single_threaded.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How often to ask whether the child has ended, where the pipe does not say. */
#define ASK_MS 20
#define ASK_NS 50000

/* What the child says before its answer. */
struct preface {
	struct nitro_confine_fault fault;
	uint32_t is_filtered;
};

enum end {
	END_NOT_YET,
	END_KNOWN,  /* status says how */
	END_UNKNOWN /* the host has reaped it, or ignores its children */
};

/* The parent's view of one child. */
struct child {
	pid_t pid;
	int pipe;               /* read end, never blocks */
	struct nitro_buf heard; /* cap: preface, answer, and one byte more */
	bool is_pipe_closed;
	enum end end;
	int status;
};

static nitro_err
monotonic_ms(int64_t *ms)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return NITRO_E_CLOCK;
	*ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	return NITRO_OK;
}

static nitro_err
fail(struct nitro_fault *fault, const char *step, int error)
{
	return nitro_fault_set(fault, NITRO_E_SANDBOX_FAILED, NULL, 0,
	    "%.32s: %.120s", step, strerror(error));
}

/* --- the child --- */

static void
say(struct nitro_bytes text)
{
	struct nitro_bytes said;

	while (text.len > 0) {
		ssize_t n = write(0, text.ptr, text.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || !nitro_bytes_take(&text, (size_t)n, &said))
			_exit(1);
	}
}

/* A child that could not be confined says so instead of working. */
__attribute__((noreturn)) static void
be_child(struct nitro_sandbox_task *task, int descriptor, pid_t parent)
{
	struct preface preface = {0};
	bool is_filtered = false;

	if (descriptor != 0 && dup2(descriptor, 0) != 0)
		_exit(1);
	if (nitro_confine(parent, &task->limits, &is_filtered, &preface.fault))
		task->work(task->answer, task->context);
	preface.is_filtered = is_filtered;
	say((struct nitro_bytes){(const uint8_t *)&preface, sizeof preface});
	say((struct nitro_bytes){task->answer, task->answer_len});
	_exit(0);
}

/* --- the parent --- */

/* The host's handlers must not run in the child. */
static nitro_err
fork_child(struct nitro_sandbox_task *task, int descriptor, struct child *child,
    struct nitro_fault *fault)
{
	const pid_t self = getpid();
	sigset_t all, before;
	int error;

	(void)sigfillset(&all);
	if ((error = pthread_sigmask(SIG_SETMASK, &all, &before)) != 0)
		return fail(fault, "sigmask", error);
	if ((child->pid = fork()) == 0)
		be_child(task, descriptor, self);
	error = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (child->pid < 0)
		return fail(fault, "fork", error);
	return NITRO_OK;
}

static nitro_err
start(struct nitro_sandbox_task *task, struct child *child,
    struct nitro_fault *fault)
{
	int ends[2];
	nitro_err err;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return fail(fault, "pipe2", errno);
	child->pipe = ends[0];
	err = fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0
		  ? fork_child(task, ends[1], child, fault)
		  : fail(fault, "fcntl", errno);
	(void)close(ends[1]);
	return err;
}

/* Take what the pipe has now, and never more than fits. */
static void
hear(struct child *child)
{
	struct nitro_buf *heard = &child->heard;

	while (!child->is_pipe_closed && heard->len < heard->cap) {
		ssize_t n = read(child->pipe, &heard->ptr[heard->len],
		    heard->cap - heard->len);

		if (n > 0)
			heard->len += (size_t)n;
		else if (n == 0)
			child->is_pipe_closed = true;
		else if (errno != EINTR)
			return;
	}
}

/* Until it says more or ends, but not for long: somebody may hold its pipe. */
static void
wait_a_little(const struct child *child)
{
	struct pollfd from = {.fd = child->pipe, .events = POLLIN};
	const struct timespec moment = {.tv_nsec = ASK_NS};

	if (child->is_pipe_closed || child->heard.len == child->heard.cap)
		(void)nanosleep(&moment, NULL);
	else
		(void)poll(&from, 1, ASK_MS);
}

/* flags  WNOHANG, or 0 to wait. */
static void
reap(struct child *child, int flags)
{
	pid_t pid;

	do
		pid = waitpid(child->pid, &child->status, flags);
	while (pid < 0 && errno == EINTR);
	if (pid == child->pid)
		child->end = END_KNOWN;
	else if (pid < 0)
		child->end = END_UNKNOWN;
}

static nitro_err
late(struct nitro_fault *fault, const struct nitro_sandbox_limits *limits)
{
	return nitro_fault_set(fault, NITRO_E_SANDBOX_LATE, NULL, 0,
	    "no end within %lld ms", (long long)limits->answer_ms);
}

/* To the end of the child, and to the end of what it said. */
static nitro_err
listen(struct child *child, const struct nitro_sandbox_limits *limits,
    struct nitro_fault *fault)
{
	int64_t deadline_ms, now_ms;
	nitro_err err;

	if ((err = monotonic_ms(&now_ms)) != NITRO_OK)
		return err;
	deadline_ms = now_ms + limits->answer_ms;
	for (;;) {
		hear(child);
		reap(child, WNOHANG);
		if (child->end != END_NOT_YET)
			break;
		if ((err = monotonic_ms(&now_ms)) != NITRO_OK)
			return err;
		if (now_ms >= deadline_ms)
			return late(fault, limits);
		wait_a_little(child);
	}
	hear(child);
	return NITRO_OK;
}

/* What has not been reaped keeps its number, which can be nobody else's. */
static void
finish(struct child *child)
{
	if (child->pid > 0 && child->end == END_NOT_YET) {
		(void)kill(child->pid, SIGKILL);
		reap(child, 0);
	}
	if (child->pipe >= 0)
		(void)close(child->pipe);
	nitro_buf_drop(&child->heard);
}

/* How it ended, where that is known, weighs more than what it said. */
static nitro_err
judge_end(const struct child *child, struct nitro_fault *fault)
{
	if (child->end == END_KNOWN && WIFSIGNALED(child->status))
		return nitro_fault_set(fault, NITRO_E_SANDBOX_DIED, NULL, 0,
		    "killed by signal %d (%s)", WTERMSIG(child->status),
		    strsignal(WTERMSIG(child->status)));
	if (child->end == END_KNOWN && child->status != 0)
		return nitro_fault_set(fault, NITRO_E_SANDBOX_DIED, NULL, 0,
		    "exit status %d", WEXITSTATUS(child->status));
	if (child->heard.len == 0)
		return nitro_fault_set(fault, NITRO_E_SANDBOX_DIED, NULL, 0,
		    "ended without a word");
	return NITRO_OK;
}

static nitro_err
take_answer(const struct child *child, struct nitro_sandbox_task *task,
    struct nitro_fault *fault)
{
	struct nitro_bytes rest = nitro_bytes_of_buf(&child->heard), head;
	struct preface preface = {0};
	nitro_err err;

	if ((err = judge_end(child, fault)) != NITRO_OK)
		return err;
	if (rest.len != sizeof preface + task->answer_len ||
	    !nitro_bytes_take(&rest, sizeof preface, &head))
		return nitro_fault_set(fault, NITRO_E_SANDBOX_ANSWER, NULL, 0,
		    "%zu bytes%s, expected %zu", child->heard.len,
		    child->heard.len == child->heard.cap ? " or more" : "",
		    sizeof preface + task->answer_len);
	nitro_bytes_copy(&preface, head);
	if (preface.fault.error != 0)
		return fail(fault, nitro_confine_step_name(preface.fault.step),
		    preface.fault.error);
	nitro_bytes_copy(task->answer, rest);
	task->is_filtered = preface.is_filtered != 0;
	return NITRO_OK;
}

static nitro_err
run(struct nitro_sandbox_task *task, struct nitro_fault *fault)
{
	NITRO_DROP(finish) struct child child = {.pipe = -1};
	nitro_err err;

	/* One byte more than there may be tells who says too much. */
	err = nitro_buf_reserve(
	    &child.heard, sizeof(struct preface) + task->answer_len + 1);
	if (err != NITRO_OK || (err = start(task, &child, fault)) != NITRO_OK ||
	    (err = listen(&child, &task->limits, fault)) != NITRO_OK)
		return err;
	return take_answer(&child, task, fault);
}

nitro_err
nitro_sandbox_run(struct nitro_sandbox_task *task, struct nitro_fault *fault)
{
	const struct sigaction by_default = {.sa_handler = SIG_DFL};
	const bool is_alone = __libc_single_threaded != 0;
	struct sigaction before;
	nitro_err err;

	if (is_alone && sigaction(SIGCHLD, &by_default, &before) != 0)
		return fail(fault, "sigaction", errno);
	err = run(task, fault);
	if (is_alone && sigaction(SIGCHLD, &before, NULL) != 0)
		return fail(fault, "sigaction", errno);
	return err;
}
