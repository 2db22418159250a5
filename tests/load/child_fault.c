/*
 * Something happens to the next child of a process:
 *
 *	child-fault PID SIGNAL COUNT
 *
 * Says "ready" when it watches PID. The next child that PID forks makes COUNT
 * system calls and then gets SIGNAL before the next one. Says "sent", or
 * "over N" where the child had come to its end after N calls. The program
 * under test is the one that is shipped: ptrace(2) alone stands beside it.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_S 60
#define OPTIONS \
	((unsigned long)(PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | \
			 PTRACE_O_TRACESYSGOOD))
#define SYSCALL_STOP (SIGTRAP | 0x80)

__attribute__((noreturn)) static void
give_up(const char *what)
{
	(void)fprintf(stderr, "child-fault: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

__attribute__((format(printf, 1, 2))) static void
say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vprintf(format, args) < 0 || fflush(stdout) != 0)
		give_up("standard output");
	va_end(args);
}

static int
number_of(const char *text)
{
	char *end = NULL;
	long number = strtol(text, &end, 10);

	if (end == text || *end != '\0' || number < 0 || number > 1 << 22)
		give_up(text);
	return (int)number;
}

/* How far the one child has come that is watched. */
struct watched {
	pid_t parent, child; /* child 0: none yet */
	int signal, wanted, calls;
	bool is_inside; /* of a system call */
};

static void
go_on(pid_t pid, int signal)
{
	if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signal) != 0 &&
	    errno != ESRCH)
		give_up("PTRACE_SYSCALL");
}

/* The child's number, and the parent is left alone from now on. */
static void
meet_child(struct watched *watched)
{
	unsigned long pid = 0;

	if (ptrace(PTRACE_GETEVENTMSG, watched->parent, NULL, &pid) != 0)
		give_up("PTRACE_GETEVENTMSG");
	watched->child = (pid_t)pid;
	if (ptrace(PTRACE_DETACH, watched->parent, NULL, NULL) != 0)
		give_up("PTRACE_DETACH");
}

/* True when the signal has been sent. */
static bool
at_system_call(struct watched *watched)
{
	watched->is_inside = !watched->is_inside;
	if (!watched->is_inside || watched->calls++ < watched->wanted) {
		go_on(watched->child, 0);
		return false;
	}
	/* A stop takes effect where the child is let go. */
	if (kill(watched->child, watched->signal) != 0)
		give_up("kill");
	(void)ptrace(PTRACE_DETACH, watched->child, NULL, NULL);
	return true;
}

/* True when there is nothing more to do. */
static bool
step(struct watched *watched, pid_t pid, int status)
{
	const int stop = WSTOPSIG(status);

	if (pid == watched->parent) {
		if (!WIFSTOPPED(status))
			give_up("PID has ended");
		if (status >> 16 == PTRACE_EVENT_FORK ||
		    status >> 16 == PTRACE_EVENT_CLONE)
			meet_child(watched);
		else if (ptrace(PTRACE_CONT, pid, NULL,
			     (void *)(long)(status >> 16 == 0 ? stop : 0)) != 0)
			give_up("PTRACE_CONT");
		return false;
	}
	if (!WIFSTOPPED(status)) {
		say("over %d\n", watched->calls);
		return true;
	}
	if (stop == SYSCALL_STOP) {
		if (!at_system_call(watched))
			return false;
		say("sent\n");
		return true;
	}
	go_on(pid, status >> 16 == 0 ? stop : 0);
	return false;
}

int
main(int argc, char **argv)
{
	struct watched watched = {0};
	int status = 0;
	pid_t pid;

	if (argc != 4) {
		(void)fputs("usage: child-fault PID SIGNAL COUNT\n", stderr);
		return 2;
	}
	watched.parent = number_of(argv[1]);
	watched.signal = number_of(argv[2]);
	watched.wanted = number_of(argv[3]);
	(void)alarm(PATIENCE_S);
	if (ptrace(PTRACE_SEIZE, watched.parent, NULL, (void *)OPTIONS) != 0)
		give_up("PTRACE_SEIZE");
	say("ready\n");
	do {
		if ((pid = waitpid(-1, &status, __WALL)) < 0)
			give_up("waitpid");
		if (watched.child == 0 && pid != watched.parent)
			watched.child = pid;
	} while (!step(&watched, pid, status));
	return EXIT_SUCCESS;
}
