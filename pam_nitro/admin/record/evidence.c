#include "admin/record/evidence.h"

#include <stdio.h>
#include <string.h>

static const struct nitro_command *const parts[] = {
    &nitro_command_evidence_list,
    &nitro_command_evidence_show,
    &nitro_command_evidence_verify,
    &nitro_command_evidence_prune,
};

bool
nitro_place_option(struct nitro_place *place, int option, const char *value)
{
	switch (option) {
	case NITRO_PLACE_CONFIG:
		place->config = value;
		return true;
	case NITRO_PLACE_DIRECTORY:
		place->named = value;
		return true;
	}
	return false;
}

/* The advice of base/error.h is for the settings, which these are not. */
enum nitro_exit
nitro_evidence_fail(const struct nitro_fault *fault)
{
	if (nitro_err_class(fault->err) == NITRO_CLASS_CONFIGURATION &&
	    fault->err != NITRO_E_FILE_READ) {
		nitro_complain_fault(fault);
		return NITRO_EXIT_USAGE;
	}
	nitro_complain("%s%s%s", fault->file,
	    fault->file[0] != '\0' ? ": " : "", fault->text);
	return NITRO_EXIT_USAGE;
}

static enum nitro_exit
run(int argc, char **argv)
{
	if (argc < 2) {
		nitro_complain("evidence: something is missing; usage: "
			       "pam-nitro evidence list|show|verify|prune ...");
		return NITRO_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		nitro_command_help(&nitro_command_evidence);
		return NITRO_EXIT_YES;
	}
	/* "evidence list" is the name of the part. */
	for (size_t i = 0; i < NITRO_COUNT_OF(parts); i++)
		if (strcmp(argv[1], strchr(parts[i]->name, ' ') + 1) == 0)
			return parts[i]->run(argc - 1, argv + 1);
	nitro_complain(
	    "evidence: no such part: %s; it has list, show, verify and prune",
	    argv[1]);
	return NITRO_EXIT_USAGE;
}

const struct nitro_command nitro_command_evidence = {
    .name = "evidence",
    .arguments = "list|show|verify|prune ...",
    .summary = "Look at, judge again, or thin out the recorded logins",
    .help = "  list    a table of all records\n"
	    "  show    one record and its document\n"
	    "  verify  judge every record again\n"
	    "  prune   apply keep_days and max_mib now\n\n"
	    "Each takes --help. What is recorded, and where, says evidence in\n"
	    "pam_nitro.conf(5).\n",
    .run = run,
};
