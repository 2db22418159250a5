#include <stdio.h>
#include <string.h>

#include "admin/command.h"
#include "admin/judge/document_file.h"
#include "admin/judge/judgement.h"
#include "admin/judge/verify_report.h"
#include "base/hex.h"

struct request {
	struct nitro_inquiry inquiry;
	uint8_t nonce[NITRO_OPTIONAL_FIELD_MAX];
	bool wants_json;
	const char *path;
};

enum { AT = 1, NONCE, TRUST_ANCHORS, CONFIG, USER, JSON };

static const struct option options[] = {
    {"at", required_argument, NULL, AT},
    {"nonce", required_argument, NULL, NONCE},
    {"trust-anchors", required_argument, NULL, TRUST_ANCHORS},
    {"config", required_argument, NULL, CONFIG},
    {"user", required_argument, NULL, USER},
    {"json", no_argument, NULL, JSON},
    {0},
};

static bool
set_nonce(const char *text, struct request *request)
{
	size_t len = strlen(text) / 2;

	if (len >= 1 && len <= sizeof request->nonce &&
	    nitro_hex_decode(nitro_bytes_of_text(text), request->nonce, len)) {
		request->inquiry.nonce = (struct nitro_bytes){
		    request->nonce, len};
		return true;
	}
	nitro_complain(
	    "verify: --nonce takes 1 to %d bytes as pairs of hex digits",
	    NITRO_OPTIONAL_FIELD_MAX);
	return false;
}

static bool
set_option(int option, struct request *request)
{
	switch (option) {
	case AT:
		return nitro_inquiry_set_at(
		    "verify", optarg, &request->inquiry);
	case NONCE:
		return set_nonce(optarg, request);
	case TRUST_ANCHORS:
		request->inquiry.trust_anchors = optarg;
		return true;
	case CONFIG:
		request->inquiry.config = optarg;
		return true;
	case USER:
		request->inquiry.user = optarg;
		return true;
	case JSON:
		request->wants_json = true;
		return true;
	}
	return false;
}

/* A verdict without a policy must not be taken for one with it. */
static bool
is_consistent(const struct nitro_inquiry *inquiry)
{
	if (inquiry->config != NULL && inquiry->user == NULL)
		nitro_complain("verify: --config needs --user NAME: policy "
			       "says who may log in as whom; leave both out to "
			       "judge the evidence only");
	else if (inquiry->config == NULL && inquiry->user != NULL)
		nitro_complain(
		    "verify: --user needs --config FILE, e.g. --config %s",
		    NITRO_SETTINGS_PATH);
	else
		return true;
	return false;
}

static enum nitro_exit
fail(const struct nitro_fault *fault)
{
	nitro_complain_fault(fault);
	return NITRO_EXIT_USAGE;
}

static enum nitro_exit
fail_grounds(
    const struct nitro_inquiry *inquiry, const struct nitro_fault *fault)
{
	nitro_complain_fault(fault);
	if (inquiry->trust_anchors == NULL && inquiry->config == NULL)
		nitro_complain(
		    "or: name the roots to trust with --trust-anchors PEM");
	return NITRO_EXIT_USAGE;
}

static enum nitro_exit
report(const struct request *request, const struct nitro_document_file *file,
    const struct nitro_grounds *grounds,
    const struct nitro_judgement *judgement)
{
	struct nitro_verify_report report = {
	    file, &request->inquiry, grounds, judgement, {{0}}};
	struct nitro_fault fault = {.err = judgement->err};

	if (nitro_err_class(judgement->err) == NITRO_CLASS_SYSTEM)
		return fail(&fault);
	nitro_steps_tell(
	    file, &request->inquiry, grounds, judgement, report.steps);
	fault.err = NITRO_E_MEMORY;
	if (!request->wants_json)
		nitro_verify_print(&report);
	else if (!nitro_verify_print_json(&report))
		return fail(&fault);
	return judgement->err == NITRO_OK ? NITRO_EXIT_YES : NITRO_EXIT_REFUSED;
}

static enum nitro_exit
verify(const struct request *request)
{
	NITRO_DROP(nitro_document_file_drop)
	struct nitro_document_file file = {0};
	NITRO_DROP(nitro_grounds_drop) struct nitro_grounds grounds = {0};
	struct nitro_judgement judgement;
	struct nitro_fault fault = {0};

	if (nitro_grounds_load(&request->inquiry, &grounds, &fault) != NITRO_OK)
		return fail_grounds(&request->inquiry, &fault);
	if (nitro_document_file_read(request->path, &file, &fault) !=
	    NITRO_OK) {
		nitro_document_file_complain(&fault);
		return NITRO_EXIT_USAGE;
	}
	nitro_judge(&file, &request->inquiry, &grounds, &judgement);
	return report(request, &file, &grounds, &judgement);
}

static enum nitro_exit
run(int argc, char **argv)
{
	struct request request = {0};
	char **operands;
	int option;

	while ((option = nitro_command_option(&nitro_command_verify, argc, argv,
		    options)) != NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == NITRO_OPTION_BAD || !set_option(option, &request))
			return NITRO_EXIT_USAGE;
	}
	operands = nitro_command_operands(&nitro_command_verify, argc, argv, 1);
	if (operands == NULL || !is_consistent(&request.inquiry))
		return NITRO_EXIT_USAGE;
	request.path = operands[0];
	return verify(&request);
}

const struct nitro_command nitro_command_verify = {
    .name = "verify",
    .arguments = "[--at now|document|TIME] [--nonce HEX] [--trust-anchors PEM] "
		 "[--config FILE --user NAME] [--json] FILE|-",
    .summary = "Judge an attestation document as pam_nitro.so would",
    .help = "FILE is a document as it is or in base64; - is standard input.\n\n"
	    "  --at now|document|TIME  now: as if it had come in now (the "
	    "default)\n"
	    "                          document: at its own time, whatever its "
	    "age\n"
	    "                          TIME: as if now were e.g. "
	    "2026-11-01T12:00:00Z\n"
	    "  --nonce HEX             the document must hold this nonce\n"
	    "  --trust-anchors PEM     roots, else those of --config, else\n"
	    "                          " NITRO_TRUST_ANCHORS_PATH "\n"
	    "  --config FILE           apply the policy of these settings ...\n"
	    "  --user NAME             ... to a login as NAME\n"
	    "  --json                  print one JSON object\n\n"
	    "Exit status: 0 allow, 1 deny, 2 usage or configuration.\n",
    .run = run,
};
