/* The four parts of pam-nitro evidence. */
#ifndef NITRO_ADMIN_EVIDENCE_H
#define NITRO_ADMIN_EVIDENCE_H

#include "admin/command.h"
#include "admin/record/evidence_place.h"

extern const struct nitro_command nitro_command_evidence_list;
extern const struct nitro_command nitro_command_evidence_show;
extern const struct nitro_command nitro_command_evidence_verify;
extern const struct nitro_command nitro_command_evidence_prune;

/* The options that all four have, for the table before {0}. */
enum { NITRO_PLACE_CONFIG = 2000, NITRO_PLACE_DIRECTORY };
#define NITRO_PLACE_OPTIONS \
	{"config", required_argument, NULL, NITRO_PLACE_CONFIG}, \
	{ \
		"directory", required_argument, NULL, NITRO_PLACE_DIRECTORY \
	}
#define NITRO_PLACE_HELP \
	"  --config FILE    settings that name the store; default " \
	"/etc/pam_nitro/pam_nitro.conf\n" \
	"  --directory DIR  this store, without any settings\n"

/* Take over optarg where the option is one of these; else false. */
bool nitro_place_option(
    struct nitro_place *place, int option, const char *value);

/* Say what a fault of the store is, and what to do: NITRO_EXIT_USAGE. */
enum nitro_exit nitro_evidence_fail(const struct nitro_fault *fault);

#endif
