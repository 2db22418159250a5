#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/command.h"
#include "admin/image/eif.h"
#include "admin/image/import.h"
#include "admin/input.h"
#include "admin/printable.h"
#include "admin/provenance/kept.h"
#include "admin/record/evidence.h"
#include "admin/record/trace_build.h"

enum { JSON = 1, DOT, IMAGE, TRUST_ANCHORS };

static const struct option options[] = {
    NITRO_PLACE_OPTIONS,
    {"image", required_argument, NULL, IMAGE},
    {"trust-anchors", required_argument, NULL, TRUST_ANCHORS},
    {"dot", no_argument, NULL, DOT},
    {"json", no_argument, NULL, JSON},
    {0},
};

struct request {
	struct nitro_place place;
	const char *operand; /* NULL: every entry */
	const char *image;
	bool wants_dot, wants_json;
	struct nitro_inquiry inquiry;
	struct nitro_grounds grounds;
	struct nitro_document_file file;
	struct nitro_judgement judgement;
	struct nitro_evidence_record record;
	struct nitro_record_verdict record_verdict;
	struct nitro_eif eif;
	struct nitro_import import;
	/* The entries that the operand names, or all; those without a
	 * recorded login come first in the end. */
	const struct nitro_entry **entries;
	size_t entry_count;
	char builder[200], kept[NITRO_KEPT_PATH_SIZE];
	struct nitro_trace_parts parts;
};

static void
drop_request(struct request *request)
{
	nitro_free(request->entries);
	nitro_eif_drop(&request->eif);
	nitro_evidence_record_drop(&request->record);
	nitro_document_file_drop(&request->file);
	nitro_grounds_drop(&request->grounds);
	nitro_place_drop(&request->place);
}

static enum nitro_exit
fail(const struct nitro_fault *fault)
{
	nitro_complain_fault(fault);
	return NITRO_EXIT_USAGE;
}

/* Policy is not asked here: whose login it would be is another question. */
static void
judge(struct request *request)
{
	const bool has_policy = request->grounds.has_policy;

	request->grounds.has_policy = false;
	nitro_judge(&request->file, &request->inquiry, &request->grounds,
	    &request->judgement);
	request->grounds.has_policy = has_policy;
	request->parts.judgement = &request->judgement;
}

/* The record becomes the document that is traced. */
static nitro_err
take_record(struct request *request)
{
	nitro_err err;

	err = nitro_buf_append(&request->file.evidence,
	    nitro_bytes_of_buf(&request->record.document));
	if (err != NITRO_OK)
		return err;
	nitro_record_judge(&request->record, request->grounds.anchors,
	    &request->record_verdict);
	request->parts.record = &request->record;
	request->parts.record_verdict = &request->record_verdict;
	judge(request);
	return NITRO_OK;
}

/* True for "workload" and "workload/version" of the entry. */
static bool
is_named(const struct nitro_entry *entry, const char *name)
{
	struct nitro_bytes left = nitro_bytes_of_text(name), workload;

	if (!nitro_bytes_take_until(&left, '/', &workload))
		return strcmp(entry->workload, name) == 0;
	return nitro_bytes_equal_text(workload, entry->workload) &&
	       entry->version != NULL &&
	       nitro_bytes_equal_text(left, entry->version);
}

/* The entries of that name; all where it is NULL. */
static nitro_err
find_entries(struct request *request, const char *name)
{
	const struct nitro_measurements *m =
	    &request->grounds.policy.measurements;

	nitro_free(request->entries);
	request->entry_count = 0;
	request->entries = nitro_alloc(
	    m->entry_count, sizeof request->entries[0]);
	if (request->entries == NULL)
		return NITRO_E_MEMORY;
	for (size_t i = 0; i < m->entry_count; i++)
		if (name == NULL || is_named(&m->entries[i], name))
			request->entries[request->entry_count++] =
			    &m->entries[i];
	return NITRO_OK;
}

static void
forget_login(struct request *request)
{
	nitro_evidence_record_drop(&request->record);
	nitro_document_file_drop(&request->file);
	request->parts.judgement = NULL;
	request->parts.record = NULL;
}

/* The newest login that was admitted by the entry, if any is recorded. */
static nitro_err
take_newest(struct request *request, const struct nitro_entry *entry,
    const struct nitro_evidence_list *list, bool *is_found)
{
	const char *version = entry->version != NULL ? entry->version : "";
	const struct nitro_evidence_entry *at;
	struct nitro_fault fault = {0};

	*is_found = false;
	for (size_t i = list->count; i-- > 0;) {
		NITRO_DROP(nitro_evidence_record_drop)
		struct nitro_evidence_record record = {0};

		at = nitro_evidence_list_at(list, i);
		if (!at->is_allowed ||
		    nitro_evidence_store_read(request->place.evidence.directory,
			at->name, &record, &fault) != NITRO_OK ||
		    strcmp(record.workload, entry->workload) != 0 ||
		    strcmp(record.version, version) != 0 ||
		    record.kind != entry->kind)
			continue;
		request->record = record;
		record = (struct nitro_evidence_record){0};
		*is_found = true;
		return take_record(request);
	}
	return NITRO_OK;
}

/* A tree for each entry with a login, and one for all that have none. */
static nitro_err
trace_entries(struct request *request, struct nitro_trace *trace)
{
	NITRO_DROP(nitro_evidence_list_drop)
	struct nitro_evidence_list list = {0};
	struct nitro_fault fault = {0};
	size_t without = 0;
	bool is_found;
	nitro_err err;

	/* What cannot be read is as good as absent: the trace says so. */
	if (request->place.evidence.directory != NULL &&
	    nitro_evidence_store_list(
		request->place.evidence.directory, &list, &fault) != NITRO_OK)
		nitro_complain("the evidence store is passed over: %s: %s",
		    fault.file, fault.text);
	for (size_t i = 0; i < request->entry_count; i++) {
		err = take_newest(
		    request, request->entries[i], &list, &is_found);
		if (err != NITRO_OK)
			return err;
		request->parts.entries = &request->entries[i];
		request->parts.entry_count = 1;
		if (is_found)
			nitro_trace_build(&request->parts, trace);
		else
			request->entries[without++] = request->entries[i];
		forget_login(request);
	}
	request->parts.entries = request->entries;
	request->parts.entry_count = without;
	if (without > 0)
		nitro_trace_build(&request->parts, trace);
	return NITRO_OK;
}

static nitro_err
take_reference(
    struct request *request, bool *is_found, struct nitro_fault *fault)
{
	char reference[NITRO_REFERENCE_LEN + 1];
	size_t count = 0;
	nitro_err err;

	*is_found = false;
	if (request->place.evidence.directory == NULL ||
	    !nitro_reference_parse(request->operand, reference))
		return NITRO_OK;
	err = nitro_place_find(
	    &request->place, reference, &request->record, &count, fault);
	if (err != NITRO_OK || count == 0)
		return err;
	*is_found = true;
	return take_record(request);
}

/* A tree for the one document that the operand leads to. */
static nitro_err
trace_document(struct request *request, bool is_path, struct nitro_trace *trace,
    struct nitro_fault *fault)
{
	bool is_found = false;
	nitro_err err;

	if (!is_path &&
	    (err = take_reference(request, &is_found, fault)) != NITRO_OK)
		return err;
	if (!is_found) {
		err = nitro_document_file_read(
		    request->operand, &request->file, fault);
		if (err != NITRO_OK)
			return err;
		judge(request);
	}
	if ((err = find_entries(request, NULL)) != NITRO_OK)
		return err;
	request->parts.entries = request->entries;
	request->parts.entry_count = request->entry_count;
	nitro_trace_build(&request->parts, trace);
	return NITRO_OK;
}

/* A path is one for sure where it begins like one; names go before references. */
static nitro_err
trace_operand(struct request *request, struct nitro_trace *trace,
    struct nitro_fault *fault)
{
	const char *operand = request->operand;
	bool is_path = operand != NULL && strchr("/.-", operand[0]) != NULL;
	nitro_err err;

	if (!is_path) {
		if ((err = find_entries(request, operand)) != NITRO_OK)
			return err;
		if (request->entry_count > 0)
			return trace_entries(request, trace);
	}
	return trace_document(request, is_path, trace, fault);
}

static void
drop_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static void
add_words(const json_t *of, const char *key, char *out, size_t out_size)
{
	const char *text = json_string_value(json_object_get(of, key));
	size_t used = strlen(out);

	if (text != NULL)
		(void)snprintf(out + used, out_size - used, "%s%.60s",
		    used > 0 ? " " : "", text);
}

/* What the image's metadata says of its making; no PCR covers that. */
static void
read_builder(struct request *request)
{
	json_auto_t *metadata = json_loadb(
	    (const char *)request->eif.metadata.ptr, request->eif.metadata.len,
	    0, NULL);
	const json_t *build = json_object_get(metadata, "BuildMetadata");

	add_words(
	    build, "BuildTool", request->builder, sizeof request->builder);
	add_words(build, "BuildToolVersion", request->builder,
	    sizeof request->builder);
	add_words(
	    build, "BuildTime", request->builder, sizeof request->builder);
}

static nitro_err
read_eif(struct request *request, struct nitro_fault *fault)
{
	NITRO_DROP(drop_fd)
	int fd = open(request->image, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	nitro_err err;

	if (fd < 0)
		return nitro_fault_set(fault, NITRO_E_FILE_MISSING,
		    request->image, 0, "cannot be opened: %s", strerror(errno));
	err = nitro_eif_read(
	    fd, request->image, NULL, NULL, &request->eif, fault);
	if (err != NITRO_OK)
		return err;
	nitro_candidate_of_eif(&request->eif, &request->import.candidate);
	if (request->eif.metadata.len > 0)
		read_builder(request);
	return NITRO_OK;
}

/* An EIF begins with ".eif"; anything else is what a build tool has printed. */
static nitro_err
take_image(struct request *request, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	nitro_err err;

	if (request->image == NULL)
		return NITRO_OK;
	err = nitro_input_read(
	    request->image, NITRO_IMPORT_TEXT_MAX, &text, fault);
	if (err != NITRO_OK)
		return err;
	if (nitro_bytes_has_prefix(nitro_bytes_of_buf(&text), ".eif"))
		err = read_eif(request, fault);
	else if (text.len > NITRO_IMPORT_TEXT_MAX)
		err = nitro_fault_set(fault, NITRO_E_FILE_READ, request->image,
		    0, "is neither an EIF nor the output of a build tool");
	else
		err = nitro_import_json(
		    nitro_bytes_of_buf(&text), NULL, &request->import, fault);
	if (err != NITRO_OK)
		return err;
	request->parts.image = &request->import.candidate;
	request->parts.image_path = request->image;
	request->parts.image_builder = request->builder;
	return NITRO_OK;
}

/* All that the administrator wrote; nobody's account is looked up. */
static nitro_err
load(struct request *request, struct nitro_fault *fault)
{
	struct nitro_grounds *grounds = &request->grounds;
	const char *config = request->place.config != NULL
				 ? request->place.config
				 : NITRO_SETTINGS_PATH;
	nitro_err err;

	if (request->inquiry.trust_anchors != NULL &&
	    (err = nitro_grounds_load(&request->inquiry, grounds, fault)) !=
		NITRO_OK)
		return err;
	err = nitro_policy_load(config, &grounds->policy, fault);
	if (err != NITRO_OK)
		return err;
	grounds->has_policy = true;
	if (grounds->anchors == NULL) {
		grounds->anchors = grounds->policy.anchors;
		grounds->anchors_path = grounds->policy.settings.trust_anchors;
	}
	request->inquiry.at = NITRO_AT_DOCUMENT;
	/* The store of these settings, unless another one is named. */
	if (request->place.named != NULL ||
	    grounds->policy.settings.evidence.directory != NULL) {
		err = nitro_place_load(&request->place, fault);
		if (err != NITRO_OK)
			return err;
	}
	request->parts.anchors = grounds->anchors;
	request->parts.anchors_path = grounds->anchors_path;
	nitro_kept_folder(config, request->kept);
	request->parts.kept = request->kept;
	return nitro_clock_ms(&request->parts.now_ms);
}

static enum nitro_exit
complain(const struct request *request, const struct nitro_fault *fault)
{
	if (fault->err == NITRO_E_FILE_MISSING && request->operand != NULL &&
	    strcmp(fault->file, request->operand) == 0)
		nitro_complain("trace: %s is neither a workload of the "
			       "measurements, nor the reference of a recorded "
			       "login, nor a file",
		    request->operand);
	else
		nitro_complain("trace: %s%s%s", fault->file,
		    fault->file[0] != '\0' ? ": " : "",
		    fault->text[0] != '\0' ? fault->text
					   : nitro_err_sentence(fault->err));
	return NITRO_EXIT_USAGE;
}

static enum nitro_exit
print(const struct request *request, const struct nitro_trace *found)
{
	const struct nitro_fault fault = {.err = NITRO_E_MEMORY};

	if (found->has_failed)
		return fail(&fault);
	if (request->wants_dot)
		nitro_trace_print_dot(found);
	else if (!request->wants_json)
		nitro_trace_print(found);
	else if (!nitro_trace_print_json(found))
		return fail(&fault);
	return nitro_trace_is_broken(found) ? NITRO_EXIT_REFUSED
					    : NITRO_EXIT_YES;
}

static enum nitro_exit
trace(struct request *request)
{
	NITRO_DROP(nitro_trace_drop) struct nitro_trace found = {0};
	struct nitro_fault fault = {0};
	nitro_err err;

	if ((err = load(request, &fault)) != NITRO_OK)
		return fail(&fault);
	if ((err = take_image(request, &fault)) != NITRO_OK ||
	    (err = trace_operand(request, &found, &fault)) != NITRO_OK) {
		fault.err = err;
		return complain(request, &fault);
	}
	return print(request, &found);
}

static bool
set_option(int option, struct request *request)
{
	switch (option) {
	case JSON:
		request->wants_json = true;
		return true;
	case DOT:
		request->wants_dot = true;
		return true;
	case IMAGE:
		request->image = optarg;
		return true;
	case TRUST_ANCHORS:
		request->inquiry.trust_anchors = optarg;
		return true;
	}
	return nitro_place_option(&request->place, option, optarg);
}

static enum nitro_exit
run(int argc, char **argv)
{
	NITRO_DROP(drop_request) struct request request = {0};
	const struct nitro_command *self = &nitro_command_trace;
	char **operands;
	int option;

	while ((option = nitro_command_option(self, argc, argv, options)) !=
	       NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (!set_option(option, &request))
			return NITRO_EXIT_USAGE;
	}
	if (request.wants_dot && request.wants_json) {
		nitro_complain("trace: --dot or --json, not both");
		return NITRO_EXIT_USAGE;
	}
	if (argc > optind) {
		operands = nitro_command_operands(self, argc, argv, 1);
		if (operands == NULL)
			return NITRO_EXIT_USAGE;
		request.operand = operands[0];
	}
	return trace(&request);
}

const struct nitro_command nitro_command_trace = {
    .name = "trace",
    .arguments = "[--image FILE] [--config FILE] [--directory DIR] "
		 "[--trust-anchors PEM] [--dot | --json] "
		 "[WORKLOAD[/VERSION] | DOCUMENT | REFERENCE]",
    .summary = "Show the chain of trust, from AWS's root to the source code",
    .help =
	"Each link says how it is known: verified by cryptography, computed\n"
	"here, declared by the administrator, or missing. Of a WORKLOAD the\n"
	"newest recorded login is shown; without an operand, all entries. A\n"
	"file whose name could be a workload's is given as ./FILE.\n\n"
	"  --image FILE     compute the PCRs of this EIF, or take those that "
	"a\n"
	"                   build tool has printed (see pam-nitro "
	"import)\n" NITRO_PLACE_HELP
	"  --trust-anchors PEM  roots, else those of the settings\n"
	"  --dot            print a graph for Graphviz: | dot -Tsvg\n"
	"  --json           print one JSON object\n\n"
	"Exit status: 0 no link is broken, 1 one is, 2 usage or\n"
	"configuration.\n",
    .run = run,
};
