/* nitro-ssh(1): the stock ssh for attested workloads. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/askpass.h"
#include "client/document_source.h"
#include "client/login.h"
#include "client/program.h"
#include "client/vsock.h"

#define STATUS_USAGE 2

static const char usage[] =
    "usage: nitro-ssh [--source SOURCE] [--ephemeral] [--vsock CID:PORT]\n"
    "                 [ssh arguments]\n"
    "       nitro-ssh [--source SOURCE] answer [--key FILE]... PROMPT\n"
    "       nitro-ssh --vsock CID:PORT\n"
    "       nitro-ssh --help | --version\n"
    "\n"
    "Logs in by the stock ssh where pam_nitro asks for attestation.\n"
    "  --source SOURCE  where documents come from: nsm:/dev/nsm (default) or\n"
    "                   exec:COMMAND, as exec:nitro-tpm-attest\n"
    "  --ephemeral      make a new SSH key for this call (done anyway where\n"
    "                   ssh would find no key)\n"
    "  --vsock CID:PORT reach the host through that vsock; from an enclave\n"
    "                   the parent instance is CID 3. Alone: carry standard\n"
    "                   input and output there, as ssh's ProxyCommand\n"
    "  answer PROMPT    print the answer to one prompt, for other SSH clients\n"
    "Environment: NITRO_SSH_SOURCE, NITRO_SSH_PROGRAM, NITRO_SSH_DEBUG=1.\n"
    "See nitro-ssh(1).\n";

/*
 * ssh has no long options, so what begins with "--" and stands in front of
 * ssh's arguments is ours; "--" itself is ssh's. NULL where words[*i] is not
 * this option with a value; else the value, and *i is behind it.
 */
static const char *
take_value(const char *const words[], size_t *i, const char *option)
{
	size_t len = strlen(option);
	const char *word = words[*i];

	if (strncmp(word, option, len) != 0)
		return NULL;
	if (word[len] == '=') {
		*i += 1;
		return &word[len + 1];
	}
	if (word[len] != '\0' || words[*i + 1] == NULL)
		return NULL;
	*i += 2;
	return words[*i - 1];
}

static bool
take_option(const char *const words[], size_t *i, struct nitro_login *login)
{
	const char *value;

	if (strcmp(words[*i], "--ephemeral") == 0) {
		login->wants_ephemeral_key = true;
		*i += 1;
	} else if ((value = take_value(words, i, "--source")) != NULL)
		login->source = value;
	else if ((value = take_value(words, i, "--vsock")) != NULL)
		login->vsock = value;
	else
		return false;
	return true;
}

static int
become_proxy(const struct nitro_vsock_address *address)
{
	struct nitro_complaint why;

	/* A reader that has gone is the end of a connection, not a failure. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (nitro_vsock_run(address, &why))
		return 0;
	nitro_client_say(&why);
	return NITRO_STATUS_OWN_FAILURE;
}

static int
run(const char *const words[])
{
	struct nitro_login login = {.source = getenv(NITRO_SOURCE_VARIABLE)};
	struct nitro_vsock_address address = {0};
	struct nitro_complaint why;
	size_t i = 0;

	while (words[i] != NULL && strncmp(words[i], "--", 2) == 0 &&
	       words[i][2] != '\0') {
		if (strcmp(words[i], "--help") == 0)
			return fputs(usage, stdout) < 0;
		if (strcmp(words[i], "--version") == 0)
			return puts("nitro-ssh " NITRO_VERSION) < 0;
		if (!take_option(words, &i, &login)) {
			(void)fputs(usage, stderr);
			return STATUS_USAGE;
		}
	}
	if (login.vsock != NULL &&
	    !nitro_vsock_parse(login.vsock, &address, &why)) {
		nitro_client_say(&why);
		return STATUS_USAGE;
	}
	if (words[i] == NULL && login.vsock != NULL)
		return become_proxy(&address);
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
