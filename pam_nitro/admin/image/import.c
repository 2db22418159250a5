#include "admin/image/import.h"

#include <stdio.h>

#include "admin/command.h"
#include "admin/image/candidate_report.h"
#include "admin/input.h"
#include "admin/provenance/proof.h"
#include "admin/provenance/provenance_report.h"
#include "policy/settings.h"

enum {
	JSON = 1,
	FROM_DOCUMENT,
	TRUST_ANCHORS,
	ENCLAVE,
	DIGEST,
	OCI_MANIFEST,
	KEEP
};

static const struct option options[] = {
    NITRO_CANDIDATE_OPTIONS,
    {"from-document", no_argument, NULL, FROM_DOCUMENT},
    {"trust-anchors", required_argument, NULL, TRUST_ANCHORS},
    {"enclave", required_argument, NULL, ENCLAVE},
    NITRO_QUESTION_OPTIONS,
    {"digest", required_argument, NULL, DIGEST},
    {"oci-manifest", required_argument, NULL, OCI_MANIFEST},
    {"keep", required_argument, NULL, KEEP},
    {"json", no_argument, NULL, JSON},
    {0},
};

struct request {
	const char *path, *trust_anchors, *enclave;
	bool is_document, wants_json;
	struct nitro_candidate described; /* by the options */
	struct nitro_question question; /* --provenance and what goes with it */
	const char *digest, *oci_manifest, *keep;
	bool is_proof; /* the question, or a part of it, was given */
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
	case NITRO_IMPORT_PROVENANCE:
		return "of the builder, verified as told above";
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
		: json_boolean(import->signature != NITRO_IMPORT_UNVERIFIED));
	for (size_t i = 0; i < import->warning_count; i++)
		if (json_array_append_new(
			warnings, json_string(import->warning[i])) != 0)
			json.has_failed = true;
	nitro_json_set(&json, "warnings", warnings);
	return nitro_json_print(&json);
}

/* What the options say of the entry, over what was found. */
static void
describe(const struct request *request, struct nitro_candidate *candidate)
{
	candidate->workload = request->described.workload;
	candidate->version = request->described.version;
	if (request->described.source != NULL)
		candidate->source = request->described.source;
	if (request->described.builder != NULL)
		candidate->builder = request->described.builder;
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
	describe(request, &import.candidate);
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
take_own_option(struct request *request, int option)
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
refuse_proof(const struct request *request, const struct nitro_proof *proof,
    nitro_err err, const struct nitro_fault *fault)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};

	if (err != NITRO_E_PROVENANCE) {
		nitro_complain("import: %s%s%s", fault->file,
		    fault->file[0] != '\0' ? ": " : "", fault->text);
		return NITRO_EXIT_USAGE;
	}
	if (!request->wants_json) {
		nitro_trail_print(&proof->trail);
		return NITRO_EXIT_REFUSED;
	}
	nitro_json_begin(&json);
	nitro_json_set_text(&json, "file", request->path);
	nitro_trail_set_json(&json, &proof->trail);
	return nitro_json_print(&json) ? NITRO_EXIT_REFUSED
				       : complain_entry(NITRO_E_MEMORY, fault);
}

static bool
print_proof_json(const struct request *request, const struct nitro_proof *proof,
    struct nitro_bytes entry)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};

	nitro_json_begin(&json);
	nitro_json_set_text(&json, "file",
	    request->path != NULL ? request->path : request->digest);
	nitro_json_set_text(&json, "form", proof->import.form);
	nitro_candidate_set_report(&json, &proof->import.candidate, entry);
	nitro_trail_set_json(&json, &proof->trail);
	nitro_json_set_text(
	    &json, "binding", nitro_binding_name(proof->binding));
	nitro_json_set_bool(
	    &json, "builders_claim", nitro_binding_is_claim(proof->binding));
	return nitro_json_print(&json);
}

static enum nitro_exit
report_proof(const struct request *request, struct nitro_proof *proof)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf entry = {0};
	struct nitro_candidate *candidate = &proof->import.candidate;
	struct nitro_fault fault = {0};
	nitro_err err;

	candidate->provenance = &proof->entry;
	candidate->source = (const char *)proof->source.ptr;
	candidate->builder = (const char *)proof->builder.ptr;
	describe(request, candidate);
	err = nitro_candidate_checked_entry(candidate, &entry, &fault);
	if (err != NITRO_OK)
		return complain_entry(err, &fault);
	err = nitro_proof_keep(proof,
	    request->keep != NULL ? request->keep : NITRO_PROVENANCE_PATH,
	    &fault);
	if (err != NITRO_OK)
		return refuse_proof(request, proof, err, &fault);
	proof->import.signature = NITRO_IMPORT_PROVENANCE;
	if (request->wants_json)
		return print_proof_json(
			   request, proof, nitro_bytes_of_buf(&entry))
			   ? NITRO_EXIT_YES
			   : complain_entry(NITRO_E_MEMORY, &fault);
	nitro_trail_print(&proof->trail);
	printf("\n%-*s%s: %s\n", NITRO_LABEL_WIDTH, "binding",
	    nitro_binding_name(proof->binding),
	    nitro_binding_sentence(proof->binding));
	print(&proof->import, nitro_bytes_of_buf(&entry));
	return NITRO_EXIT_YES;
}

static enum nitro_exit
import_proof(const struct request *request)
{
	NITRO_DROP(nitro_proof_drop)
	struct nitro_proof proof = NITRO_PROOF_INIT;
	struct nitro_fault fault = {0};
	nitro_err err;

	proof.question = &request->question;
	proof.path = request->path;
	proof.digest = request->digest;
	proof.oci_manifest = request->oci_manifest;
	if ((err = nitro_proof_make(&proof, &fault)) != NITRO_OK)
		return refuse_proof(request, &proof, err, &fault);
	return report_proof(request, &proof);
}

/* NULL where the options for provenance go together. */
static const char *
proof_fault(const struct request *request)
{
	const char *what = nitro_question_fault(&request->question);

	if (what != NULL)
		return what;
	if (request->question.key == NULL &&
	    request->question.policy.source_repository == NULL)
		return "--source-repository is needed: the identity alone "
		       "does not name the source";
	if (request->is_document || request->enclave != NULL)
		return "--provenance goes without --from-document and "
		       "--enclave";
	if (request->digest != NULL && request->oci_manifest != NULL)
		return "--oci-manifest goes with a file";
	return NULL;
}

static bool
take_option(struct request *request, int option)
{
	if (nitro_question_option(&request->question, option, optarg))
		return request->is_proof = true;
	if (option == DIGEST)
		request->digest = optarg;
	else if (option == OCI_MANIFEST)
		request->oci_manifest = optarg;
	else if (option == KEEP)
		request->keep = optarg;
	else
		return take_own_option(request, option);
	return request->is_proof = true;
}

static enum nitro_exit
run(int argc, char **argv)
{
	struct request request = {0};
	const char *what;
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
	operands = nitro_command_operands(
	    &nitro_command_import, argc, argv, request.digest != NULL ? 0 : 1);
	if (operands == NULL)
		return NITRO_EXIT_USAGE;
	request.path = request.digest != NULL ? NULL : operands[0];
	if (request.is_proof && (what = proof_fault(&request)) != NULL) {
		nitro_complain("import: %s", what);
		return NITRO_EXIT_USAGE;
	}
	if (request.is_document ? request.enclave != NULL
				: request.trust_anchors != NULL) {
		nitro_complain("import: --trust-anchors goes with "
			       "--from-document, --enclave goes without");
		return NITRO_EXIT_USAGE;
	}
	return request.is_proof ? import_proof(&request)
				: import_file(&request);
}

const struct nitro_command nitro_command_import = {
    .name = "import",
    .arguments = NITRO_CANDIDATE_ARGUMENTS
    " [--enclave ID] [--json]\n"
    "           [--from-document [--trust-anchors PEM]] FILE|-\n"
    "           [--provenance BUNDLE --trusted-root JSON --identity SAN\n"
    "           --issuer URL --source-repository URL [--source-digest "
    "COMMIT]\n"
    "           [--source-repository-id ID] [--predicate-type T] "
    "[--allow-no-log]\n"
    "           | --provenance-key KEY [--namespace NS]]\n"
    "           [--oci-manifest JSON] [--keep DIR] [--digest sha256:HEX]",
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
	"With --provenance the file is an image or a file of PCRs, and BUNDLE "
	"proves who\n"
	"built it; see pam-nitro-provenance(7):\n\n" NITRO_QUESTION_HELP
	"  --oci-manifest JSON  what BUNDLE is of; it names FILE as a layer\n"
	"  --digest sha256:HEX  of the image, in place of FILE: the values are "
	"those that\n"
	"                  the statement claims\n"
	"  --keep DIR      where to keep BUNDLE and what it was verified "
	"with, else\n"
	"                  " NITRO_PROVENANCE_PATH "\n\n"
	"Exit status: 0 imported, 1 the input is refused, 2 usage.\n",
    .run = run,
};
