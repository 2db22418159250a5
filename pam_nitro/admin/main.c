#include <stdio.h>
#include <string.h>

#include "admin/command.h"

/* In the order of a first set-up; a new subcommand is one line here. */
static const struct nitro_command *const commands[] = {
    &nitro_command_measure,
    &nitro_command_import,
    &nitro_command_provenance,
    &nitro_command_pcr,
    &nitro_command_allow,
    &nitro_command_sync,
    &nitro_command_list,
    &nitro_command_revoke,
    &nitro_command_inspect,
    &nitro_command_verify,
    &nitro_command_check,
    &nitro_command_test,
    &nitro_command_trace,
    &nitro_command_explain,
    &nitro_command_evidence,
    &nitro_command_authorized_keys,
};

static void
print_usage(FILE *out)
{
	(void)fprintf(out, "usage: pam-nitro COMMAND ...\n\n");
	for (size_t i = 0; i < NITRO_COUNT_OF(commands); i++)
		(void)fprintf(out, "  %-16s %s\n", commands[i]->name,
		    commands[i]->summary);
	(void)fprintf(out,
	    "\n  pam-nitro COMMAND --help    what COMMAND takes\n"
	    "  pam-nitro --version         the version\n"
	    "  man pam-nitro               all of it, with examples\n");
}

static enum nitro_exit
run(int argc, char **argv)
{
	if (argc < 2) {
		print_usage(stderr);
		return NITRO_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_usage(stdout);
		return NITRO_EXIT_YES;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("pam-nitro %s\n", NITRO_VERSION);
		return NITRO_EXIT_YES;
	}
	for (size_t i = 0; i < NITRO_COUNT_OF(commands); i++)
		if (strcmp(argv[1], commands[i]->name) == 0)
			return commands[i]->run(argc - 1, argv + 1);
	nitro_complain("no such command: %s; see pam-nitro --help", argv[1]);
	return NITRO_EXIT_USAGE;
}

/* An answer that did not get out is no answer: a full disk, a closed pipe. */
int
main(int argc, char **argv)
{
	enum nitro_exit status = run(argc, argv);

	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return (int)status;
	nitro_complain(
	    "the output cannot be written: look at what stdout leads to");
	return NITRO_EXIT_USAGE;
}
