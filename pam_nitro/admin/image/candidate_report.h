/*
 * What measure and import have in common: the options that describe an entry,
 * and a candidate told to people and in JSON.
 */
#ifndef NITRO_ADMIN_CANDIDATE_REPORT_H
#define NITRO_ADMIN_CANDIDATE_REPORT_H

#include <getopt.h>

#include "admin/image/candidate.h"

enum {
	NITRO_CANDIDATE_WORKLOAD = 1000,
	NITRO_CANDIDATE_VERSION,
	NITRO_CANDIDATE_SOURCE,
	NITRO_CANDIDATE_BUILDER,
	NITRO_LABEL_WIDTH = 13
};

/* For the table of options, before {0}. */
#define NITRO_CANDIDATE_OPTIONS \
	{"workload", required_argument, NULL, NITRO_CANDIDATE_WORKLOAD}, \
	    {"version", required_argument, NULL, NITRO_CANDIDATE_VERSION}, \
	    {"source", required_argument, NULL, NITRO_CANDIDATE_SOURCE}, \
	{ \
		"builder", required_argument, NULL, NITRO_CANDIDATE_BUILDER \
	}

#define NITRO_CANDIDATE_ARGUMENTS \
	"[--workload W] [--version V] [--source S] [--builder B]"

#define NITRO_CANDIDATE_HELP \
	"  --workload W  name of the workload, for the entry\n" \
	"  --version V   its version\n" \
	"  --source S    where the source is, e.g. git+https://...@<commit>\n" \
	"  --builder B   what built the image\n"

/* Take over optarg where the option is one of these; else false. */
bool nitro_candidate_option(
    struct nitro_candidate *candidate, int option, const char *value);

/*
 * The entry by nitro_candidate_entry(), appended to text, after the parser of
 * pam_nitro_measurements(5) that the module runs has taken it.
 *
 * NITRO_E_SETTINGS where one of the options could not stand in the file,
 * NITRO_E_MEASUREMENTS where the parser refuses it, both with a fault that
 * says why; NITRO_E_MEMORY, NITRO_E_CRYPTO.
 */
NITRO_MUST_CHECK nitro_err nitro_candidate_checked_entry(
    const struct nitro_candidate *candidate, struct nitro_buf *text,
    struct nitro_fault *fault);

/* What PCR i of that kind is over, in a word or two. */
const char *nitro_pcr_meaning(enum nitro_kind kind, unsigned i);

/* Why the value says less than it seems to; NULL for any other value. */
const char *nitro_pcr_weakness(
    enum nitro_kind kind, unsigned i, const uint8_t value[NITRO_PCR_LEN]);

/* "label        text", hostile text escaped; nothing for an empty one. */
void nitro_print_field(const char *label, struct nitro_bytes text);

/* The table of PCRs, what they are, and what they are not. */
void nitro_candidate_print_pcrs(const struct nitro_candidate *candidate);

/* The same with a headline, and the entry below. */
void nitro_candidate_print(
    const struct nitro_candidate *candidate, struct nitro_bytes entry);

/*
 * nitro_candidate_set_json(), and "circular", "weak" (an object, PCR to
 * sentence) and "entry" (null for an empty one).
 */
void nitro_candidate_set_report(struct nitro_json *json,
    const struct nitro_candidate *candidate, struct nitro_bytes entry);

#endif
