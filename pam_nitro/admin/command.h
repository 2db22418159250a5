/*
 * The subcommands of pam-nitro. Each is one file that defines one
 * struct nitro_command; main.c has the table of them.
 */
#ifndef NITRO_ADMIN_COMMAND_H
#define NITRO_ADMIN_COMMAND_H

#include <getopt.h>

#include "base/bytes.h"

enum nitro_exit {
	NITRO_EXIT_YES = 0,
	NITRO_EXIT_REFUSED = 1, /* refused, or findings */
	NITRO_EXIT_USAGE = 2    /* usage, configuration, or the host */
};

struct nitro_command {
	const char *name;
	const char *arguments; /* what stands after the name in the synopsis */
	const char *summary;   /* one line */
	const char *help;      /* the rest of --help, lines that end in LF */
	/* argv[0] is the name. */
	enum nitro_exit (*run)(int argc, char **argv);
};

extern const struct nitro_command nitro_command_allow;
extern const struct nitro_command nitro_command_authorized_keys;
extern const struct nitro_command nitro_command_check;
extern const struct nitro_command nitro_command_evidence;
extern const struct nitro_command nitro_command_explain;
extern const struct nitro_command nitro_command_import;
extern const struct nitro_command nitro_command_inspect;
extern const struct nitro_command nitro_command_list;
extern const struct nitro_command nitro_command_measure;
extern const struct nitro_command nitro_command_pcr;
extern const struct nitro_command nitro_command_provenance;
extern const struct nitro_command nitro_command_revoke;
extern const struct nitro_command nitro_command_sync;
extern const struct nitro_command nitro_command_test;
extern const struct nitro_command nitro_command_trace;
extern const struct nitro_command nitro_command_verify;

/* What nitro_command_option() gives besides the val of an option, which is above 0. */
#define NITRO_OPTION_END (-1)
#define NITRO_OPTION_BAD (-2)  /* the complaint has been made */
#define NITRO_OPTION_HELP (-3) /* the help has been printed */

/*
 * The next option, by getopt_long(3) with our own words; its argument is in
 * optarg. --help and -h are there without being in options.
 *
 * options  ends with {0}; val of each is above 0 and not 'h', ':' or '?'.
 */
int nitro_command_option(const struct nitro_command *command, int argc,
    char **argv, const struct option *options);

/*
 * The operands behind the options, where there are exactly count of them;
 * else NULL, and the complaint has been made.
 */
char **nitro_command_operands(
    const struct nitro_command *command, int argc, char **argv, int count);

void nitro_command_help(const struct nitro_command *command);

/* Print "pam-nitro: ..." to stderr as one line of printable ASCII. */
__attribute__((format(printf, 1, 2))) void nitro_complain(
    const char *format, ...);

/* The same for a fault: where it is, what is wrong, what to do. */
void nitro_complain_fault(const struct nitro_fault *fault);

#endif
