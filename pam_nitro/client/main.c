/* nitro-ssh(1): the stock ssh for attested workloads. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/askpass.h"
#include "client/document_source.h"
#include "client/login.h"
#include "client/program.h"

#define STATUS_USAGE 2

static const char usage[] =
    "usage: nitro-ssh [--source SOURCE] [--ephemeral] [ssh arguments]\n"
    "       nitro-ssh [--source SOURCE] answer [--key FILE]... PROMPT\n"
    "       nitro-ssh --help | --version\n"
    "\n"
    "Logs in by the stock ssh where pam_nitro asks for attestation.\n"
    "  --source SOURCE  where documents come from: nsm:/dev/nsm (default) or\n"
    "                   exec:COMMAND, as exec:nitro-tpm-attest\n"
    "  --ephemeral      make a new SSH key for this call (done anyway where\n"
    "                   ssh would find no key)\n"
    "  answer PROMPT    print the answer to one prompt, for other SSH clients\n"
    "Environment: NITRO_SSH_SOURCE, NITRO_SSH_PROGRAM, NITRO_SSH_DEBUG=1.\n"
    "See nitro-ssh(1).\n";

/*
 * ssh has no long options, so what begins with "--" and stands in front of
 * ssh's arguments is ours; "--" itself is ssh's. False where it is no option.
 */
static bool
take_source(const char *const words[], size_t *i, struct nitro_login *login)
{
	static const char with_value[] = "--source=";

	if (strncmp(words[*i], with_value, sizeof with_value - 1) == 0) {
		login->source = &words[*i][sizeof with_value - 1];
		*i += 1;
		return true;
	}
	if (strcmp(words[*i], "--source") != 0 || words[*i + 1] == NULL)
		return false;
	login->source = words[*i + 1];
	*i += 2;
	return true;
}

static int
run(const char *const words[])
{
	struct nitro_login login = {.source = getenv(NITRO_SOURCE_VARIABLE)};
	size_t i = 0;

	while (words[i] != NULL && strncmp(words[i], "--", 2) == 0 &&
	       words[i][2] != '\0') {
		if (strcmp(words[i], "--help") == 0)
			return fputs(usage, stdout) < 0;
		if (strcmp(words[i], "--version") == 0)
			return puts("nitro-ssh " NITRO_VERSION) < 0;
		if (strcmp(words[i], "--ephemeral") == 0) {
			login.wants_ephemeral_key = true;
			i++;
		} else if (!take_source(words, &i, &login)) {
			(void)fputs(usage, stderr);
			return STATUS_USAGE;
		}
	}
	if (words[i] != NULL && strcmp(words[i], "answer") == 0)
		return nitro_answer_command(&words[i + 1], login.source);
	login.arguments = &words[i];
	return nitro_login_run(&login);
}

int
main(int argc, char *argv[])
{
	/* Ignored by whoever started us, it would lose exit statuses. */
	(void)signal(SIGCHLD, SIG_DFL);
	if (argc == 2 &&
	    strcmp(nitro_program_name(argv[0]), NITRO_ASKPASS_NAME) == 0)
		return nitro_askpass(argv[0], argv[1]);
	if (argc < 1)
		return STATUS_USAGE;
	return run((const char *const *)&argv[1]);
}
