#include <stdio.h>
#include <string.h>

#include "admin/command.h"
#include "admin/provenance/provenance_report.h"
#include "admin/provenance/question.h"
#include "admin/provenance/sealed_file.h"

enum { JSON = 1, ARTIFACT, DIGEST };

static const struct nitro_command provenance_verify;

static const struct option options[] = {
    NITRO_QUESTION_OPTIONS,
    {"artifact", required_argument, NULL, ARTIFACT},
    {"digest", required_argument, NULL, DIGEST},
    {"json", no_argument, NULL, JSON},
    {0},
};

struct inquiry {
	struct nitro_question question;
	const char *artifact, *digest;
	bool wants_json;
};

static enum nitro_exit
complain(const char *what)
{
	nitro_complain("provenance verify: %s; see pam-nitro provenance verify "
		       "--help",
	    what);
	return NITRO_EXIT_USAGE;
}

static enum nitro_exit
fail(const struct nitro_fault *fault)
{
	nitro_complain("provenance verify: %s%s%s", fault->file,
	    fault->file[0] != '\0' ? ": " : "",
	    fault->text[0] != '\0' ? fault->text
				   : nitro_err_sentence(fault->err));
	return NITRO_EXIT_USAGE;
}

static enum nitro_exit
tell(const struct inquiry *inquiry, const struct nitro_provenance *provenance,
    const struct nitro_trail *trail)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	const bool is_verified = trail->refused_at == NULL;

	if (trail->err != NITRO_OK)
		return complain(nitro_err_sentence(trail->err));
	if (!inquiry->wants_json) {
		nitro_trail_print(trail);
	} else {
		nitro_json_begin(&json);
		nitro_trail_set_json(&json, trail);
		if (is_verified)
			nitro_provenance_set_json(&json, provenance);
		if (!nitro_json_print(&json))
			return complain(nitro_err_sentence(NITRO_E_MEMORY));
	}
	return is_verified ? NITRO_EXIT_YES : NITRO_EXIT_REFUSED;
}

static nitro_err
find_artifact(const struct inquiry *inquiry, struct nitro_sealed_file *file,
    struct nitro_artifact *artifact, struct nitro_fault *fault)
{
	nitro_err err;

	if (inquiry->digest != NULL)
		return nitro_artifact_of_digest(inquiry->digest, artifact)
			   ? NITRO_OK
			   : nitro_fault_set(fault, NITRO_E_SETTINGS, NULL, 0,
				 "--digest is sha256:, sha384: or sha512: and "
				 "as many hex digits as that has");
	err = nitro_sealed_file_read(inquiry->artifact, file, fault);
	if (err != NITRO_OK)
		return err;
	return nitro_artifact_of_bytes(file->content, artifact);
}

static enum nitro_exit
verify(const struct inquiry *inquiry)
{
	NITRO_DROP(nitro_question_files_drop)
	struct nitro_question_files files = {.bundle = {0}};
	NITRO_DROP(nitro_sealed_file_drop)
	struct nitro_sealed_file file = NITRO_SEALED_FILE_NONE;
	NITRO_DROP(nitro_provenance_drop)
	struct nitro_provenance provenance = {.log_index = -1};
	struct nitro_artifact artifact = {.has_content = false};
	struct nitro_fault fault = {.err = NITRO_OK};
	struct nitro_trail trail = {.count = 0};

	fault.err = find_artifact(inquiry, &file, &artifact, &fault);
	if (fault.err == NITRO_OK)
		fault.err = nitro_question_load(
		    &inquiry->question, &files, &fault);
	if (fault.err != NITRO_OK)
		return fail(&fault);
	if (!nitro_question_ask(
		&inquiry->question, &files, &artifact, &provenance, &trail) &&
	    trail.refused_at == NULL && trail.err == NITRO_OK)
		trail.err = NITRO_E_INTERNAL;
	return tell(inquiry, &provenance, &trail);
}

static void
take_option(struct inquiry *inquiry, int option)
{
	if (option == JSON)
		inquiry->wants_json = true;
	else if (option == ARTIFACT)
		inquiry->artifact = optarg;
	else if (option == DIGEST)
		inquiry->digest = optarg;
	else
		(void)nitro_question_option(&inquiry->question, option, optarg);
}

static enum nitro_exit
run(int argc, char **argv)
{
	struct inquiry inquiry = {.wants_json = false};
	const char *what;
	int option;

	while ((option = nitro_command_option(&provenance_verify, argc, argv,
		    options)) != NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == NITRO_OPTION_BAD)
			return NITRO_EXIT_USAGE;
		take_option(&inquiry, option);
	}
	if (nitro_command_operands(&provenance_verify, argc, argv, 0) == NULL)
		return NITRO_EXIT_USAGE;
	if ((what = nitro_question_fault(&inquiry.question)) != NULL)
		return complain(what);
	if ((inquiry.artifact == NULL) == (inquiry.digest == NULL))
		return complain("one of --artifact and --digest is needed");
	return verify(&inquiry);
}

static const struct nitro_command provenance_verify = {
    .name = "provenance verify",
    .arguments =
	"--provenance BUNDLE --artifact FILE|--digest ALG:HEX\n"
	"           --trusted-root JSON --identity SAN --issuer URL\n"
	"           [--source-repository URL] [--source-digest COMMIT]\n"
	"           [--source-repository-id ID] [--predicate-type T] "
	"[--allow-no-log]\n"
	"           | --provenance-key KEY [--namespace NS] [--json]",
    .summary = "Who built this file, and from what?",
    .help =
	"BUNDLE is a Sigstore bundle, or with --provenance-key also DSSE, "
	"an SSH or\n"
	"minisign signature, or one in base64. Nothing is asked of any "
	"network.\n\n"
	"  --artifact FILE  the file, or\n"
	"  --digest ALG:HEX  its sha256, sha384 or sha512\n" NITRO_QUESTION_HELP
	"  --json          for programs\n\n"
	"Exit status: 0 verified, 1 refused, 2 usage.\n",
    .run = run,
};

static enum nitro_exit
run_provenance(int argc, char **argv)
{
	if (argc >= 2 &&
	    (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		nitro_command_help(&nitro_command_provenance);
		return NITRO_EXIT_YES;
	}
	if (argc >= 2 && strcmp(argv[1], "verify") == 0)
		return run(argc - 1, argv + 1);
	nitro_complain("provenance: %s; usage: pam-nitro provenance verify ...",
	    argc < 2 ? "something is missing" : "no such part");
	return NITRO_EXIT_USAGE;
}

const struct nitro_command nitro_command_provenance = {
    .name = "provenance",
    .arguments = "verify ...",
    .summary = "Verify who built a file, and from what",
    .help = "  verify  judge a bundle or signature beside a file\n\n"
	    "It takes --help. import --provenance does the same and takes the "
	    "measurements\n"
	    "over; see pam-nitro-provenance(7).\n",
    .run = run_provenance,
};
