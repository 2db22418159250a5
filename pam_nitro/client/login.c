#include "client/login.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/document_source.h"
#include "client/ephemeral_key.h"
#include "client/own_keys.h"
#include "client/process.h"
#include "client/program.h"
#include "client/ssh_command.h"
#include "client/ssh_config.h"

/*
 * ssh starts the askpass program by path alone, so the path tells it that it
 * is one, and in which folder to look: a link in the run's folder. (An
 * environment variable would also reach a nitro-ssh in ProxyCommand.) With
 * --vsock the same link is the ProxyCommand: its path needs no quoting.
 */
static bool
link_askpass(const struct nitro_private_folder *folder, char path[PATH_MAX],
    struct nitro_complaint *why)
{
	char self[PATH_MAX];

	if (!nitro_program_self(self, why))
		return false;
	if (!nitro_private_folder_path(folder, NITRO_ASKPASS_NAME, path) ||
	    symlinkat(self, folder->fd, NITRO_ASKPASS_NAME) != 0)
		return nitro_client_complain(why,
		    "cannot make a link in %s: %s", folder->path,
		    strerror(errno));
	return true;
}

/* The keys that this ssh would log in with. */
static void
collect_keys(const struct nitro_ssh_config *config, struct nitro_own_keys *keys)
{
	const char *files[NITRO_IDENTITY_FILES_MAX + 1] = {0};

	for (size_t i = 0; i < config->identity_file_count; i++) {
		files[i] = config->identity_files[i];
		if (!nitro_own_keys_add_file(keys, files[i]))
			nitro_client_debug("no key in %s", files[i]);
	}
	if (!config->has_no_agent)
		nitro_own_keys_add_agent(keys, config->identity_agent,
		    config->is_identities_only ? files : NULL);
}

/* An ephemeral key where it is wanted, or where there is no other. */
static bool
add_ephemeral_key(const struct nitro_login *login,
    const struct nitro_private_folder *folder, struct nitro_own_keys *keys,
    char path[PATH_MAX], struct nitro_complaint *why)
{
	path[0] = '\0';
	if (keys->count > 0 && !login->wants_ephemeral_key)
		return true;
	if (!nitro_ephemeral_key_make(folder, path, why))
		return false;
	if (nitro_own_keys_add_file(keys, path))
		return true;
	return nitro_client_complain(why,
	    "ssh-keygen cannot read the ephemeral key it made in %s",
	    folder->path);
}

/* A signal that came while nothing but preparations ran; 0 for none. */
static int
pending_signal(void)
{
	const struct timespec at_once = {0};
	sigset_t ending;
	int caught;

	(void)sigemptyset(&ending);
	(void)sigaddset(&ending, SIGHUP);
	(void)sigaddset(&ending, SIGINT);
	(void)sigaddset(&ending, SIGQUIT);
	(void)sigaddset(&ending, SIGTERM);
	caught = sigtimedwait(&ending, NULL, &at_once);
	return caught > 0 ? caught : 0;
}

static bool
run_in(const struct nitro_login *login, const struct nitro_ssh_config *config,
    const char *program, int *status, struct nitro_complaint *why)
{
	NITRO_DROP(nitro_private_folder_remove)
	struct nitro_private_folder folder = {0};
	NITRO_DROP(nitro_own_keys_drop) struct nitro_own_keys keys = {0};
	char askpass[PATH_MAX], ephemeral[PATH_MAX];
	struct nitro_ssh_command command = {.program = program,
	    .arguments = login->arguments,
	    .askpass = askpass,
	    .keeps_preferred = config->has_preferred_authentications,
	    .vsock = login->vsock,
	    .source = login->source};

	if (!nitro_private_folder_make(NULL, &folder, why) ||
	    !link_askpass(&folder, askpass, why))
		return false;
	collect_keys(config, &keys);
	if (!add_ephemeral_key(login, &folder, &keys, ephemeral, why) ||
	    !nitro_own_keys_save(&keys, &folder, why))
		return false;
	if (ephemeral[0] != '\0')
		command.ephemeral_key = ephemeral;
	command.knows_askpass_require = nitro_ssh_knows_askpass_require(
	    program);
	if ((*status = pending_signal()) != 0) {
		*status += 128;
		return true;
	}
	return nitro_ssh_command_run(&command, status, why);
}

static bool
run(const struct nitro_login *login, int *status, struct nitro_complaint *why)
{
	NITRO_DROP(nitro_ssh_config_drop) struct nitro_ssh_config config = {0};
	struct nitro_document_source source;
	struct nitro_login effective = *login;
	char program[PATH_MAX];

	if (!nitro_program_ssh(program, why) ||
	    !nitro_document_source_parse(login->source, &source, why))
		return false;
	if (nitro_ssh_arguments_are_query(login->arguments) ||
	    !nitro_ssh_config_read(program, login->arguments, &config))
		nitro_ssh_command_become(program, login->arguments);
	/* Before anybody is called: without a source the login must fail. */
	if (!nitro_document_source_check(&source, why))
		return false;
	if (effective.source == NULL || effective.source[0] == '\0')
		effective.source = NITRO_SOURCE_DEFAULT;
	return run_in(&effective, &config, program, status, why);
}

int
nitro_login_run(const struct nitro_login *login)
{
	struct nitro_complaint why;
	int status = NITRO_STATUS_OWN_FAILURE;

	nitro_process_hold_signals();
	if (run(login, &status, &why))
		return status;
	nitro_client_say(&why);
	return NITRO_STATUS_OWN_FAILURE;
}
