#include "admin/image/import.h"

#include <stdio.h>

#include "admin/command.h"
#include "admin/image/candidate_report.h"
#include "admin/input.h"
#include "policy/settings.h"

enum { JSON = 1, FROM_DOCUMENT, TRUST_ANCHORS, ENCLAVE };

static const struct option options[] = {
    NITRO_CANDIDATE_OPTIONS,
    {"from-document", no_argument, NULL, FROM_DOCUMENT},
    {"trust-anchors", required_argument, NULL, TRUST_ANCHORS},
    {"enclave", required_argument, NULL, ENCLAVE},
    {"json", no_argument, NULL, JSON},
    {0},
};

struct request {
	const char *path, *trust_anchors, *enclave;
	bool is_document, wants_json;
	struct nitro_candidate described; /* by the options */
};

/* What is wrong with the input is a refusal, what is wrong here is not. */
static enum nitro_exit
complain(const struct request *request, nitro_err err,
    const struct nitro_fault *fault)
{
	const enum nitro_class class = nitro_err_class(err);
	const bool is_refusal = class == NITRO_CLASS_EVIDENCE ||
				class == NITRO_CLASS_POLICY ||
				err == NITRO_E_MEASUREMENTS;
	const char *what = fault->text[0] != '\0' ? fault->text
						  : nitro_err_sentence(err);
	const char *path = fault->file[0] != '\0' ? fault->file : request->path;

	nitro_complain("import: %s: %s", path, what);
	if (is_refusal && err != NITRO_E_MEASUREMENTS)
		nitro_complain("what to do: %s", nitro_err_advice(err));
	return is_refusal ? NITRO_EXIT_REFUSED : NITRO_EXIT_USAGE;
}

static enum nitro_exit
complain_entry(nitro_err err, const struct nitro_fault *fault)
{
	nitro_complain("import: %s",
	    fault->text[0] != '\0' ? fault->text : nitro_err_sentence(err));
	return NITRO_EXIT_USAGE;
}

static nitro_err
read_json(const struct request *request, struct nitro_import *import,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	nitro_err err;

	err = nitro_input_read(
	    request->path, NITRO_IMPORT_TEXT_MAX, &text, fault);
	if (err != NITRO_OK)
		return err;
	return nitro_import_json(
	    nitro_bytes_of_buf(&text), request->enclave, import, fault);
}

static const char *
signature_sentence(enum nitro_import_signature signature)
{
	switch (signature) {
	case NITRO_IMPORT_NOT_SIGNED:
		return "none: nothing here proves where it comes from";
	case NITRO_IMPORT_UNVERIFIED:
		return "NOT VERIFIED";
	case NITRO_IMPORT_VERIFIED:
		return "verified against the trust anchors, at its own time";
	}
	return "unknown";
}

static void
print(const struct nitro_import *import, struct nitro_bytes entry)
{
	printf("%-*s%s\n", NITRO_LABEL_WIDTH, "input", import->form);
	nitro_print_field("document", nitro_bytes_of_text(import->subject));
	printf("%-*s%s\n", NITRO_LABEL_WIDTH, "signature",
	    signature_sentence(import->signature));
	for (size_t i = 0; i < import->warning_count; i++)
		printf("%-*s%s\n", NITRO_LABEL_WIDTH, "warning",
		    import->warning[i]);
	nitro_candidate_print(&import->candidate, entry);
	if (import->others.pcr_mask == 0)
		return;
	printf("\nNot in the entry, because they are of that one machine or "
	       "of its run:\n\n");
	nitro_candidate_print_pcrs(&import->others);
}

static bool
print_json(const struct request *request, const struct nitro_import *import,
    struct nitro_bytes entry)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	json_t *warnings = json_array();

	nitro_json_begin(&json);
	nitro_json_set_text(&json, "file", request->path);
	nitro_json_set_text(&json, "form", import->form);
	nitro_candidate_set_report(&json, &import->candidate, entry);
	nitro_json_set(&json, "verified",
	    import->signature == NITRO_IMPORT_NOT_SIGNED
		? json_null()
		: json_boolean(import->signature == NITRO_IMPORT_VERIFIED));
	for (size_t i = 0; i < import->warning_count; i++)
		if (json_array_append_new(
			warnings, json_string(import->warning[i])) != 0)
			json.has_failed = true;
	nitro_json_set(&json, "warnings", warnings);
	return nitro_json_print(&json);
}

static enum nitro_exit
import_file(const struct request *request)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf entry = {0};
	struct nitro_import import = {0};
	struct nitro_fault fault = {0};
	nitro_err err;

	err = request->is_document
		  ? nitro_import_document(
			request->path, request->trust_anchors, &import, &fault)
		  : read_json(request, &import, &fault);
	if (err != NITRO_OK)
		return complain(request, err, &fault);
	import.candidate.workload = request->described.workload;
	import.candidate.version = request->described.version;
	import.candidate.source = request->described.source;
	import.candidate.builder = request->described.builder;
	err = nitro_candidate_checked_entry(&import.candidate, &entry, &fault);
	if (err != NITRO_OK)
		return complain_entry(err, &fault);
	if (!request->wants_json)
		print(&import, nitro_bytes_of_buf(&entry));
	else if (!print_json(request, &import, nitro_bytes_of_buf(&entry)))
		return complain_entry(NITRO_E_MEMORY, &fault);
	return NITRO_EXIT_YES;
}

static bool
take_option(struct request *request, int option)
{
	if (option == JSON)
		request->wants_json = true;
	else if (option == FROM_DOCUMENT)
		request->is_document = true;
	else if (option == TRUST_ANCHORS)
		request->trust_anchors = optarg;
	else if (option == ENCLAVE)
		request->enclave = optarg;
	else
		return nitro_candidate_option(
		    &request->described, option, optarg);
	return true;
}

static enum nitro_exit
run(int argc, char **argv)
{
	struct request request = {0};
	char **operands;
	int option;

	while ((option = nitro_command_option(&nitro_command_import, argc, argv,
		    options)) != NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == NITRO_OPTION_BAD ||
		    !take_option(&request, option))
			return NITRO_EXIT_USAGE;
	}
	operands = nitro_command_operands(&nitro_command_import, argc, argv, 1);
	if (operands == NULL)
		return NITRO_EXIT_USAGE;
	request.path = operands[0];
	if (request.is_document ? request.enclave != NULL
				: request.trust_anchors != NULL) {
		nitro_complain("import: --trust-anchors goes with "
			       "--from-document, --enclave goes without");
		return NITRO_EXIT_USAGE;
	}
	return import_file(&request);
}

const struct nitro_command nitro_command_import = {
    .name = "import",
    .arguments = NITRO_CANDIDATE_ARGUMENTS
    " [--enclave ID] [--json]\n"
    "           [--from-document [--trust-anchors PEM]] FILE|-",
    .summary = "Take over measurements that a build tool or a document states",
    .help =
	"FILE is what nitro-cli build-enclave, describe-eif or "
	"describe-enclaves, a\n"
	"nix builder, nitro-tpm-pcr-compute, or pam-nitro measure --json "
	"printed, or the\n"
	"predicate of an in-toto attestation. Text before the JSON is passed "
	"over.\n\n" NITRO_CANDIDATE_HELP
	"  --enclave ID  which one of describe-enclaves, by EnclaveID or "
	"EnclaveName\n"
	"  --from-document  FILE is an attestation document, raw or in base64\n"
	"  --trust-anchors PEM  verify it against these roots; else against "
	"those of\n"
	"                " NITRO_TRUST_ANCHORS_PATH " where they are\n"
	"  --json        for programs\n\n"
	"Exit status: 0 imported, 1 the input is refused, 2 usage.\n",
    .run = run,
};
