/* What the administrator asks of a bundle, by options: for verify and import. */
#ifndef NITRO_ADMIN_PROVENANCE_QUESTION_H
#define NITRO_ADMIN_PROVENANCE_QUESTION_H

#include <getopt.h>

#include "admin/provenance/provenance.h"

enum {
	NITRO_QUESTION_BUNDLE = 1100,
	NITRO_QUESTION_ROOT,
	NITRO_QUESTION_IDENTITY,
	NITRO_QUESTION_ISSUER,
	NITRO_QUESTION_REPOSITORY,
	NITRO_QUESTION_DIGEST,
	NITRO_QUESTION_REPOSITORY_ID,
	NITRO_QUESTION_PREDICATE,
	NITRO_QUESTION_KEY,
	NITRO_QUESTION_NAMESPACE,
	NITRO_QUESTION_NO_LOG
};

/* For the table of options, before {0}. */
#define NITRO_QUESTION_OPTIONS \
	{"provenance", required_argument, NULL, NITRO_QUESTION_BUNDLE}, \
	    {"trusted-root", required_argument, NULL, NITRO_QUESTION_ROOT}, \
	    {"identity", required_argument, NULL, NITRO_QUESTION_IDENTITY}, \
	    {"issuer", required_argument, NULL, NITRO_QUESTION_ISSUER}, \
	    {"source-repository", required_argument, NULL, \
		NITRO_QUESTION_REPOSITORY}, \
	    {"source-digest", required_argument, NULL, NITRO_QUESTION_DIGEST}, \
	    {"source-repository-id", required_argument, NULL, \
		NITRO_QUESTION_REPOSITORY_ID}, \
	    {"predicate-type", required_argument, NULL, \
		NITRO_QUESTION_PREDICATE}, \
	    {"provenance-key", required_argument, NULL, NITRO_QUESTION_KEY}, \
	    {"namespace", required_argument, NULL, NITRO_QUESTION_NAMESPACE}, \
	{ \
		"allow-no-log", no_argument, NULL, NITRO_QUESTION_NO_LOG \
	}

#define NITRO_QUESTION_HELP \
	"  --trusted-root JSON  authorities and logs of one trust domain\n" \
	"  --identity SAN  who signed, as the certificate has it, exactly\n" \
	"  --issuer URL    who vouches for that identity, exactly\n" \
	"  --source-repository URL  what it was built from, exactly\n" \
	"  --source-digest COMMIT  and from which commit\n" \
	"  --source-repository-id ID  the repository's number, which " \
	"outlives " \
	"names\n" \
	"  --predicate-type T  the kind of statement, exactly\n" \
	"  --provenance-key KEY  a pinned public key in place of identity " \
	"and " \
	"issuer:\n" \
	"                  PEM, OpenSSH or minisign\n" \
	"  --namespace NS  of an SSH signature, else " NITRO_SSHSIG_NAMESPACE \
	"\n" \
	"  --allow-no-log  the trusted root may be one that lists no log\n"

/* Paths and texts, borrowed; NULL where none was given. */
struct nitro_question {
	const char *bundle, *trusted_root, *key;
	struct nitro_provenance_policy policy; /* .key is set by loading */
};

/* Take over optarg where the option is one of these; else false. */
bool nitro_question_option(
    struct nitro_question *question, int option, const char *value);

/*
 * What is wrong with the options together, in words: something is missing,
 * contradicts, or is empty. NULL where nothing is.
 */
const char *nitro_question_fault(const struct nitro_question *question);

/* The files that it names, in memory. */
struct nitro_question_files {
	struct nitro_buf bundle, trusted_root, key;
	struct nitro_pinned_key pinned;
};

/* NITRO_E_FILE_* with a fault; files is {0} before, always to be dropped. */
NITRO_MUST_CHECK nitro_err nitro_question_load(
    const struct nitro_question *question, struct nitro_question_files *files,
    struct nitro_fault *fault);

void nitro_question_files_drop(struct nitro_question_files *files);

/* nitro_provenance_verify() of that artifact, with the clock of this host. */
NITRO_MUST_CHECK bool nitro_question_ask(const struct nitro_question *question,
    struct nitro_question_files *files, const struct nitro_artifact *artifact,
    struct nitro_provenance *provenance, struct nitro_trail *trail);

#endif
