#include "client/ssh_command.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/document_source.h"
#include "client/process.h"

/*
 * These hold whatever the user's files say. nitro-ssh never asks anybody, so
 * BatchMode, which would switch keyboard-interactive off, has no meaning here.
 * One attempt is one login: a second would have no better document.
 */
static const char *const always[] = {"-oBatchMode=no",
    "-oKbdInteractiveAuthentication=yes", "-oNumberOfPasswordPrompts=1"};

#define PREFERRED "-oPreferredAuthentications=publickey,keyboard-interactive"
#define OPTIONAL 4 /* words that may stand behind always[] */

static size_t
count_words(const char *const words[])
{
	size_t n = 0;

	while (words[n] != NULL)
		n++;
	return n;
}

const char **
nitro_ssh_command_words(const struct nitro_ssh_command *command,
    struct nitro_ssh_command_room *room)
{
	size_t count = count_words(command->arguments), n = 0;
	const char **words = nitro_alloc(
	    1 + NITRO_COUNT_OF(always) + OPTIONAL + count + 1, sizeof *words);

	if (words == NULL)
		return NULL;
	words[n++] = command->program;
	for (size_t i = 0; i < NITRO_COUNT_OF(always); i++)
		words[n++] = always[i];
	if (!command->keeps_preferred)
		words[n++] = PREFERRED;
	if (command->ephemeral_key != NULL) {
		(void)snprintf(room->key, sizeof room->key, "-oIdentityFile=%s",
		    command->ephemeral_key);
		words[n++] = "-oIdentitiesOnly=yes";
		words[n++] = room->key;
	}
	if (command->vsock != NULL) {
		(void)snprintf(room->proxy, sizeof room->proxy,
		    "-oProxyCommand=%s --vsock %s", command->askpass,
		    command->vsock);
		words[n++] = room->proxy;
	}
	for (size_t i = 0; i < count; i++)
		words[n++] = command->arguments[i];
	return words;
}

static void
become_ssh(const struct nitro_ssh_command *command, const char *const words[])
{
	const char *display = getenv("DISPLAY");
	const char *environment[] = {"SSH_ASKPASS", command->askpass,
	    NITRO_SOURCE_VARIABLE, command->source, "SSH_ASKPASS_REQUIRE",
	    "force", NULL, NULL, NULL};

	if (!command->knows_askpass_require) {
		/* Before 8.4 it wants a display, whichever, and no terminal. */
		environment[6] = "DISPLAY";
		environment[7] = display != NULL && display[0] != '\0'
				     ? display
				     : "nitro-ssh:0";
		(void)setsid();
	}
	nitro_process_become(words, environment);
}

static pid_t
start(const struct nitro_ssh_command *command)
{
	struct nitro_ssh_command_room room;
	const char **words = nitro_ssh_command_words(command, &room);
	pid_t pid;

	if (words == NULL)
		return -1;
	(void)fflush(NULL);
	if ((pid = fork()) == 0)
		become_ssh(command, words);
	nitro_free(words);
	return pid;
}

/*
 * The terminal sends its signals to ssh too, unless ssh sits in a session of
 * its own; what a process sends to us alone must be passed on.
 */
static void
pass_on(const siginfo_t *info, pid_t pid, bool is_own_session)
{
	if (info->si_code == SI_KERNEL && !is_own_session)
		return;
	if (info->si_signo == SIGWINCH && !is_own_session)
		return;
	(void)kill(pid, info->si_signo);
}

/* ssh stopped itself ("~^Z"): stop as well, so that the shell sees it. */
static void
stop_with(pid_t pid)
{
	(void)raise(SIGSTOP);
	(void)kill(pid, SIGCONT);
}

static bool
has_ended(pid_t pid, int *status)
{
	int state;
	pid_t found = waitpid(pid, &state, WNOHANG | WUNTRACED);

	if (found < 0 && errno != EINTR) {
		*status = 255; /* nothing is known of it */
		return true;
	}
	if (found != pid)
		return false;
	if (WIFSTOPPED(state)) {
		stop_with(pid);
		return false;
	}
	*status = WIFSIGNALED(state) ? 128 + WTERMSIG(state)
				     : WEXITSTATUS(state);
	return true;
}

bool
nitro_ssh_command_run(const struct nitro_ssh_command *command, int *status,
    struct nitro_complaint *why)
{
	pid_t pid = start(command);
	siginfo_t info;
	sigset_t held;

	if (pid < 0)
		return nitro_client_complain(why, "cannot start %s: %s",
		    command->program, strerror(errno));
	(void)sigprocmask(SIG_BLOCK, NULL, &held);
	while (!has_ended(pid, status)) {
		if (sigwaitinfo(&held, &info) < 0)
			continue;
		if (info.si_signo != SIGCHLD)
			pass_on(&info, pid, !command->knows_askpass_require);
	}
	return true;
}

void
nitro_ssh_command_become(const char *program, const char *const arguments[])
{
	size_t count = count_words(arguments);
	const char **words = nitro_alloc(count + 2, sizeof *words);

	if (words == NULL)
		_exit(255);
	words[0] = program;
	for (size_t i = 0; i < count; i++)
		words[i + 1] = arguments[i];
	nitro_process_become(words, NULL);
}
