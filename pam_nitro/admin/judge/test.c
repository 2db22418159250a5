
#include "admin/command.h"
#include "admin/judge/comparison.h"
#include "admin/judge/verify_report.h"

enum { AT = 1, USER, CONFIG, JSON };

static const struct option options[] = {
    {"at", required_argument, NULL, AT},
    {"user", required_argument, NULL, USER},
    {"config", required_argument, NULL, CONFIG},
    {"json", no_argument, NULL, JSON},
    {0},
};

struct request {
	struct nitro_inquiry inquiry;
	bool wants_json;
};

static bool
set_option(int option, struct request *request)
{
	switch (option) {
	case AT:
		return nitro_inquiry_set_at("test", optarg, &request->inquiry);
	case USER:
		request->inquiry.user = optarg;
		return true;
	case CONFIG:
		request->inquiry.config = optarg;
		return true;
	case JSON:
		request->wants_json = true;
		return true;
	}
	return false;
}

static enum nitro_exit
fail(const struct nitro_fault *fault)
{
	nitro_complain_fault(fault);
	return NITRO_EXIT_USAGE;
}

/* "At the document" asks for the entries that were valid then. */
static struct nitro_comparison
compare(const struct request *request, const struct nitro_grounds *grounds,
    const struct nitro_judgement *judgement)
{
	const struct nitro_document *doc = &judgement->claims.doc;
	struct nitro_comparison comparison = {
	    .settings = &grounds->policy.settings,
	    .measurements = &grounds->policy.measurements,
	    .account = &grounds->account,
	    .user = request->inquiry.user,
	    .doc = doc,
	    .now_ms = judgement->now_ms};

	if (request->inquiry.at == NITRO_AT_DOCUMENT &&
	    doc->timestamp_ms <= INT64_MAX)
		comparison.now_ms = (int64_t)doc->timestamp_ms;
	return comparison;
}

static bool
print_json(const struct nitro_verify_report *report,
    const struct nitro_comparison *comparison)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};

	nitro_json_begin(&json);
	nitro_verify_set_json(&json, report);
	nitro_json_set(&json, "entries",
	    report->judgement->claims.has_document
		? nitro_comparison_json(comparison)
		: json_null());
	return nitro_json_print(&json);
}

static enum nitro_exit
report(const struct request *request, const struct nitro_document_file *file,
    const struct nitro_grounds *grounds,
    const struct nitro_judgement *judgement)
{
	const struct nitro_comparison comparison = compare(
	    request, grounds, judgement);
	struct nitro_verify_report report = {
	    file, &request->inquiry, grounds, judgement, {{0}}};
	struct nitro_fault fault = {.err = judgement->err};

	if (nitro_err_class(judgement->err) == NITRO_CLASS_SYSTEM)
		return fail(&fault);
	nitro_steps_tell(
	    file, &request->inquiry, grounds, judgement, report.steps);
	if (!request->wants_json) {
		/* First what there is, last the verdict. */
		if (judgement->claims.has_document)
			nitro_comparison_print(&comparison);
		nitro_verify_print(&report);
	} else if (!print_json(&report, &comparison)) {
		fault.err = NITRO_E_MEMORY;
		return fail(&fault);
	}
	return judgement->err == NITRO_OK ? NITRO_EXIT_YES : NITRO_EXIT_REFUSED;
}

static enum nitro_exit
test(const struct request *request, const char *path)
{
	NITRO_DROP(nitro_document_file_drop)
	struct nitro_document_file file = {0};
	NITRO_DROP(nitro_grounds_drop) struct nitro_grounds grounds = {0};
	struct nitro_judgement judgement;
	struct nitro_fault fault = {0};

	if (nitro_grounds_load(&request->inquiry, &grounds, &fault) != NITRO_OK)
		return fail(&fault);
	if (nitro_document_file_read(path, &file, &fault) != NITRO_OK) {
		nitro_document_file_complain(&fault);
		return NITRO_EXIT_USAGE;
	}
	nitro_judge(&file, &request->inquiry, &grounds, &judgement);
	return report(request, &file, &grounds, &judgement);
}

static enum nitro_exit
run(int argc, char **argv)
{
	struct request request = {.inquiry.config = NITRO_SETTINGS_PATH};
	const struct nitro_command *self = &nitro_command_test;
	char **operands;
	int option;

	while ((option = nitro_command_option(self, argc, argv, options)) !=
	       NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == NITRO_OPTION_BAD || !set_option(option, &request))
			return NITRO_EXIT_USAGE;
	}
	if ((operands = nitro_command_operands(self, argc, argv, 1)) == NULL)
		return NITRO_EXIT_USAGE;
	if (request.inquiry.user == NULL) {
		nitro_complain("test: --user NAME is missing: policy says who "
			       "may log in as whom");
		return NITRO_EXIT_USAGE;
	}
	return test(&request, operands[0]);
}

const struct nitro_command nitro_command_test = {
    .name = "test",
    .arguments = "--user NAME [--at now|document|TIME] [--config FILE] "
		 "[--json] FILE|-",
    .summary = "Would this document let that user in?",
    .help = "The same decision as in a login, with every entry that could "
	    "admit\nthe user beside the document. FILE is a document as it is "
	    "or in\nbase64; - is standard input.\n\n"
	    "  --user NAME             log in as NAME\n"
	    "  --at now|document|TIME  now: as if it had come in now (the "
	    "default)\n"
	    "                          document: at its own time, whatever its "
	    "age\n"
	    "                          TIME: as if now were e.g. "
	    "2026-11-01T12:00:00Z\n"
	    "  --config FILE           settings; default " NITRO_SETTINGS_PATH
	    "\n"
	    "  --json                  print one JSON object\n\n"
	    "Nonce, audience and SSH key belong to a login and are shown, not "
	    "checked.\n\n"
	    "Exit status: 0 it would, 1 it would not, 2 usage or "
	    "configuration.\n",
    .run = run,
};
