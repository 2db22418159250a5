#include "admin/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "admin/printable.h"

enum { HELP = 'h', UNKNOWN = '?', NO_ARGUMENT = ':' };

/* getopt_long(3) wants --help in the table of each command. */
enum { OPTIONS_MAX = 32 };

static size_t
with_help(const struct option *options, struct option out[OPTIONS_MAX + 2])
{
	size_t n = 0;

	while (n < OPTIONS_MAX && options[n].name != NULL) {
		out[n] = options[n];
		n++;
	}
	out[n++] = (struct option){"help", no_argument, NULL, HELP};
	out[n] = (struct option){0};
	return n;
}

int
nitro_command_option(const struct nitro_command *command, int argc, char **argv,
    const struct option *options)
{
	struct option all[OPTIONS_MAX + 2];
	int option;

	(void)with_help(options, all);
	opterr = 0;
	option = getopt_long(argc, argv, ":h", all, NULL);
	switch (option) {
	case HELP:
		nitro_command_help(command);
		return NITRO_OPTION_HELP;
	case NO_ARGUMENT:
		nitro_complain(
		    "%s: option %s needs a value; see pam-nitro %s --help",
		    command->name, argv[optind - 1], command->name);
		return NITRO_OPTION_BAD;
	case UNKNOWN:
		nitro_complain("%s: no such option, or an option with a value "
			       "too many: %s; see pam-nitro %s --help",
		    command->name, argv[optind - 1], command->name);
		return NITRO_OPTION_BAD;
	case -1:
		return NITRO_OPTION_END;
	}
	return option;
}

char **
nitro_command_operands(
    const struct nitro_command *command, int argc, char **argv, int count)
{
	if (argc - optind == count)
		return argv + optind;
	nitro_complain("%s: %s; usage: pam-nitro %s %s", command->name,
	    argc - optind < count ? "something is missing"
				  : "too many arguments",
	    command->name, command->arguments);
	return NULL;
}

void
nitro_command_help(const struct nitro_command *command)
{
	size_t len = strlen(command->summary);
	bool is_question = len > 0 && command->summary[len - 1] == '?';

	printf("usage: pam-nitro %s %s\n\n%s%s\n\n%s", command->name,
	    command->arguments, command->summary, is_question ? "" : ".",
	    command->help);
}

void
nitro_complain(const char *format, ...)
{
	char text[1024], line[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	nitro_printable(nitro_bytes_of_text(text), line, sizeof line);
	(void)fprintf(stderr, "pam-nitro: %s\n", line);
}

void
nitro_complain_fault(const struct nitro_fault *fault)
{
	const char *what = fault->text[0] != '\0'
			       ? fault->text
			       : nitro_err_sentence(fault->err);

	if (fault->line > 0)
		nitro_complain("%s:%u: %s", fault->file, fault->line, what);
	else if (fault->file[0] != '\0')
		nitro_complain("%s: %s", fault->file, what);
	else
		nitro_complain("%s", what);
	nitro_complain("what to do: %s", nitro_err_advice(fault->err));
}
