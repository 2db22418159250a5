#include <stdio.h>
#include <string.h>

#include "admin/judge/cert_text.h"
#include "admin/printable.h"
#include "admin/record/evidence.h"
#include "admin/record/record_text.h"
#include "base/base64.h"
#include "base/hex.h"

enum { JSON = 1, DOCUMENT, BASE64_LINE = 76 };

static const struct option options[] = {
    NITRO_PLACE_OPTIONS,
    {"document", no_argument, NULL, DOCUMENT},
    {"json", no_argument, NULL, JSON},
    {0},
};

struct request {
	struct nitro_place place;
	bool wants_json, wants_document;
	char reference[NITRO_REFERENCE_LEN + 1];
};

static void
drop_request(struct request *request)
{
	nitro_place_drop(&request->place);
}

static bool
print_document(const struct nitro_buf *document)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_bytes line;

	if (nitro_base64_encode(nitro_bytes_of_buf(document), &text) !=
	    NITRO_OK)
		return false;
	for (size_t i = 0; i < text.len; i += BASE64_LINE) {
		line = nitro_bytes_slice(
		    nitro_bytes_of_buf(&text), i, BASE64_LINE);
		printf("%.*s\n", (int)line.len, (const char *)line.ptr);
	}
	return true;
}

static void
print_facts(const struct nitro_evidence_record *record)
{
	struct nitro_claims claims;
	char hex[2 * NITRO_PCR_LEN + 1], made[NITRO_MOMENT_TEXT_SIZE];

	nitro_claims_read(nitro_bytes_of_buf(&record->document), &claims);
	if (!claims.has_document) {
		printf("\nthe document cannot be read: %s\n",
		    nitro_err_sentence(claims.err));
		return;
	}
	nitro_moment_text(claims.doc.timestamp_ms, made);
	printf(
	    "\nthe document, made %s, %zu bytes\n", made, claims.evidence_len);
	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++) {
		if (nitro_bytes_is_zero(claims.doc.pcr[i]))
			continue;
		nitro_hex_encode(claims.doc.pcr[i], hex, sizeof hex);
		printf("  PCR%-2u %s\n", i, hex);
	}
	nitro_print_certs(&claims.doc);
}

static bool
print_json(const struct nitro_evidence_record *record)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	NITRO_DROP(nitro_json_drop) struct nitro_json document = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_claims claims;

	nitro_claims_read(nitro_bytes_of_buf(&record->document), &claims);
	nitro_json_begin(&json);
	nitro_record_set_json(&json, record);
	nitro_json_begin(&document);
	nitro_json_set_claims(&document, &claims, record->time_ms);
	if (nitro_base64_encode(nitro_bytes_of_buf(&record->document), &text) !=
	    NITRO_OK)
		return false;
	nitro_json_set(&document, "base64",
	    json_stringn((const char *)text.ptr, text.len));
	nitro_json_set(&json, "document", nitro_json_take(&document));
	return nitro_json_print(&json);
}

static enum nitro_exit
print_found(const struct request *request,
    const struct nitro_evidence_record *record, size_t count)
{
	bool is_done = true;

	if (count > 1)
		nitro_complain("%zu records have this reference; this is the "
			       "newest, see pam-nitro evidence list",
		    count);
	if (request->wants_document)
		is_done = print_document(&record->document);
	else if (request->wants_json)
		is_done = print_json(record);
	else {
		nitro_record_print(record);
		print_facts(record);
	}
	if (!is_done)
		nitro_complain("%s", nitro_err_sentence(NITRO_E_MEMORY));
	return is_done ? NITRO_EXIT_YES : NITRO_EXIT_USAGE;
}

static enum nitro_exit
show(struct request *request)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record record = {0};
	struct nitro_fault fault = {0};
	size_t count = 0;

	if (nitro_place_load(&request->place, &fault) != NITRO_OK ||
	    nitro_place_find(&request->place, request->reference, &record,
		&count, &fault) != NITRO_OK)
		return nitro_evidence_fail(&fault);
	if (count > 0)
		return print_found(request, &record, count);
	nitro_complain("evidence show: no record has the reference %s; what "
		       "did not verify is not recorded: try pam-nitro explain "
		       "%s, which reads the log too",
	    request->reference, request->reference);
	return NITRO_EXIT_REFUSED;
}

static bool
set_option(int option, struct request *request)
{
	switch (option) {
	case JSON:
		request->wants_json = true;
		return true;
	case DOCUMENT:
		request->wants_document = true;
		return true;
	}
	return nitro_place_option(&request->place, option, optarg);
}

static enum nitro_exit
run(int argc, char **argv)
{
	NITRO_DROP(drop_request) struct request request = {0};
	const struct nitro_command *self = &nitro_command_evidence_show;
	char **operands;
	int option;

	while ((option = nitro_command_option(self, argc, argv, options)) !=
	       NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (!set_option(option, &request))
			return NITRO_EXIT_USAGE;
	}
	if ((operands = nitro_command_operands(self, argc, argv, 1)) == NULL)
		return NITRO_EXIT_USAGE;
	if (!nitro_reference_parse(operands[0], request.reference)) {
		nitro_complain("evidence show: %s is no reference: it has %d "
			       "hex digits",
		    operands[0], NITRO_REFERENCE_LEN);
		return NITRO_EXIT_USAGE;
	}
	return show(&request);
}

const struct nitro_command nitro_command_evidence_show = {
    .name = "evidence show",
    .arguments = "[--config FILE | --directory DIR] [--document | --json] "
		 "REFERENCE",
    .summary = "Show one recorded login and its document",
    .help =
	"REFERENCE is what the client was told, ref= in the "
	"log.\n\n" NITRO_PLACE_HELP
	"  --document       print the document in base64 and nothing else,\n"
	"                   e.g. for pam-nitro verify --at document -\n"
	"  --json           print one JSON object\n\n"
	"Exit status: 0 shown, 1 no such record, 2 usage, configuration "
	"or an unsafe store.\n",
    .run = run,
};
