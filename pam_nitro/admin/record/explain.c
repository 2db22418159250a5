#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/command.h"
#include "admin/judge/comparison.h"
#include "admin/judge/judgement.h"
#include "admin/printable.h"
#include "admin/provenance/kept.h"
#include "admin/record/evidence.h"
#include "admin/record/log_line.h"
#include "admin/record/provenance_link.h"
#include "admin/record/record_text.h"

enum { JSON = 1, LOG };

static const struct option options[] = {
    NITRO_PLACE_OPTIONS,
    {"log", required_argument, NULL, LOG},
    {"json", no_argument, NULL, JSON},
    {0},
};

/* Where distributions let syslog put what sshd says, and the file before. */
static const char *const usual_logs[] = {"/var/log/auth.log",
    "/var/log/auth.log.1", "/var/log/secure", "/var/log/messages",
    "/var/log/syslog"};

struct request {
	struct nitro_place place;
	const char *log; /* NULL: the usual ones */
	char reference[NITRO_REFERENCE_LEN + 1];
	bool wants_json;
	/* What was found. */
	struct nitro_evidence_record record;
	struct nitro_log_line line;
	const char *found_in; /* the log; NULL: the store */
};

static void
drop_request(struct request *request)
{
	nitro_evidence_record_drop(&request->record);
	nitro_place_drop(&request->place);
}

/* The same document held against the files of today. */
struct today {
	struct nitro_document_file file;
	struct nitro_inquiry inquiry;
	struct nitro_grounds grounds;
	struct nitro_judgement judgement;
	bool is_judged;
	struct nitro_fault fault; /* why not */
};

static void
drop_today(struct today *today)
{
	nitro_document_file_drop(&today->file);
	nitro_grounds_drop(&today->grounds);
}

static void
judge_today(const struct request *request, struct today *today)
{
	const struct nitro_evidence_record *record = &request->record;

	today->inquiry = (struct nitro_inquiry){.at = NITRO_AT_TIME,
	    .at_ms = record->time_ms,
	    .config = request->place.config,
	    .user = record->user,
	    .nonce = {record->nonce, sizeof record->nonce}};
	if (nitro_grounds_load(
		&today->inquiry, &today->grounds, &today->fault) != NITRO_OK)
		return;
	if (nitro_buf_append(&today->file.evidence,
		nitro_bytes_of_buf(&record->document)) != NITRO_OK)
		return;
	nitro_judge(
	    &today->file, &today->inquiry, &today->grounds, &today->judgement);
	today->is_judged = true;
}

/* The entry that the record names, if it is still there. */
static const struct nitro_entry *
find_entry(const struct nitro_evidence_record *record,
    const struct nitro_measurements *measurements)
{
	const struct nitro_entry *entry;

	for (size_t i = 0; i < measurements->entry_count; i++) {
		entry = &measurements->entries[i];
		if (strcmp(entry->workload, record->workload) == 0 &&
		    strcmp(entry->version != NULL ? entry->version : "",
			record->version) == 0 &&
		    entry->kind == record->kind)
			return entry;
	}
	return NULL;
}

/* How the entry's provenance stands today, which is what counts for the next login. */
static void
stand(const struct request *request, const struct nitro_entry *entry,
    struct nitro_standing *standing)
{
	char folder[NITRO_KEPT_PATH_SIZE];
	int64_t now_ms = request->record.time_ms;

	if (nitro_clock_ms(&now_ms) != NITRO_OK)
		now_ms = request->record.time_ms;
	nitro_kept_folder(request->place.config != NULL ? request->place.config
							: NITRO_SETTINGS_PATH,
	    folder);
	nitro_standing_of(entry, folder, now_ms, standing);
}

static void
print_today(const struct request *request, const struct today *today)
{
	const struct nitro_entry *entry = find_entry(
	    &request->record, &today->grounds.policy.measurements);
	struct nitro_standing standing;
	nitro_err err = today->judgement.err;

	printf("\n");
	if (!today->is_judged) {
		printf("%s: today's files cannot be read, so nothing is "
		       "compared: %s\n",
		    today->fault.file, today->fault.text);
		return;
	}
	if (entry != NULL && today->judgement.claims.has_document) {
		printf("%s%s%s as it is today, beside this document\n",
		    entry->workload, entry->version != NULL ? "/" : "",
		    entry->version != NULL ? entry->version : "");
		nitro_comparison_print_pcrs(
		    entry, &today->judgement.claims.doc);
		stand(request, entry, &standing);
		nitro_standing_print(entry, &standing);
	} else if (request->record.workload[0] != '\0')
		printf("the entry is no longer in the measurements\n");
	printf("with today's files the same login would be %s%s%s\n",
	    err == NITRO_OK ? "admitted" : "refused: ",
	    err == NITRO_OK ? "" : nitro_err_token(err),
	    err == request->record.err ? ", as it was" : "");
}

static void
print_advice(nitro_err err)
{
	if (err == NITRO_OK)
		printf("\nto do         nothing; pam_nitro admitted this "
		       "login. If the user still did not get in, look at "
		       "what sshd logged behind this line\n");
	else
		printf("\nto do         %s\n", nitro_err_advice(err));
}

static void
set_outcome(struct nitro_json *json, const char *found, nitro_err err)
{
	nitro_json_set_text(json, "found", found);
	nitro_json_set_text(json, "result", err == NITRO_OK ? "allow" : "deny");
	nitro_json_set_text(json, "reason", nitro_err_token(err));
	nitro_json_set_text(
	    json, "stage", nitro_stage_name(nitro_err_stage(err)));
	nitro_json_set_text(json, "sentence", nitro_err_sentence(err));
	nitro_json_set_text(json, "advice", nitro_err_advice(err));
}

static bool
print_record_json(const struct request *request, const struct today *today)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	NITRO_DROP(nitro_json_drop) struct nitro_json record = {0};
	const struct nitro_entry *entry = find_entry(
	    &request->record, &today->grounds.policy.measurements);
	struct nitro_standing standing = {.is_there = false};
	nitro_err err = today->judgement.err;

	nitro_json_begin(&json);
	nitro_json_set_text(&json, "reference", request->reference);
	set_outcome(&json, "store", request->record.err);
	nitro_json_begin(&record);
	nitro_record_set_json(&record, &request->record);
	nitro_json_set(&json, "record", nitro_json_take(&record));
	nitro_json_set_text(&json, "today",
	    !today->is_judged ? NULL
	    : err == NITRO_OK ? "allow"
			      : "deny");
	nitro_json_set_text(&json, "today_reason",
	    today->is_judged ? nitro_err_token(err) : NULL);
	if (entry != NULL)
		stand(request, entry, &standing);
	nitro_standing_set_json(&json, entry, &standing);
	return nitro_json_print(&json);
}

static enum nitro_exit
tell_record(const struct request *request)
{
	NITRO_DROP(drop_today) struct today today = {0};

	judge_today(request, &today);
	if (request->wants_json) {
		if (print_record_json(request, &today))
			return NITRO_EXIT_YES;
		nitro_complain("%s", nitro_err_sentence(NITRO_E_MEMORY));
		return NITRO_EXIT_USAGE;
	}
	nitro_record_print(&request->record);
	print_today(request, &today);
	print_advice(request->record.err);
	return NITRO_EXIT_YES;
}

/* What people call the fields of the log. */
static const struct {
	const char *key, *label;
} labels[] = {{"user", "user"}, {"rhost", "from"}, {"mode", "mode"},
    {"kind", "document"}, {"module_id", "module"}, {"document_len", "bytes"},
    {"workload", "workload"}, {"version", "version"},
    {"nearest", "nearest entry"}, {"differs", "differs in"},
    {"revoked", "revoked for"}, {"file", "file"}, {"line", "line"},
    {"why", "why"}, {"key", "key"}, {"sha384", "sha384"},
    {"evidence", "evidence"}, {"sandbox", "sandbox"}};

/* Values of the log are escaped already. */
static void
print_log_fields(const struct nitro_log_line *line)
{
	const char *value, *age = nitro_log_line_get(line, "age_ms");

	for (size_t i = 0; i < NITRO_COUNT_OF(labels); i++)
		if ((value = nitro_log_line_get(line, labels[i].key)) != NULL)
			printf("%-14s%s\n", labels[i].label, value);
	if (age == NULL)
		return;
	if (age[0] == '-')
		printf("%-14sthis host's clock was %s ms behind the "
		       "document's\n",
		    "clock", age + 1);
	else
		printf("%-14sjudged %s ms after the document's own time\n",
		    "clock", age);
}

static bool
print_line_json(const struct request *request, nitro_err err)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	NITRO_DROP(nitro_json_drop) struct nitro_json fields = {0};

	nitro_json_begin(&json);
	nitro_json_set_text(&json, "reference", request->reference);
	set_outcome(&json, "log", err);
	nitro_json_set_text(&json, "log", request->found_in);
	nitro_json_begin(&fields);
	for (size_t i = 0; i < request->line.count; i++)
		nitro_json_set_text(&fields, request->line.field[i].key,
		    request->line.field[i].value);
	nitro_json_set(&json, "fields", nitro_json_take(&fields));
	return nitro_json_print(&json);
}

static enum nitro_exit
tell_line(const struct request *request)
{
	const char *token = nitro_log_line_get(&request->line, "reason");
	nitro_err err = NITRO_OK;

	if (token == NULL || !nitro_err_find(token, &err)) {
		nitro_complain("explain: the log has the reason %s, which "
			       "this version does not know; see pam_nitro(8) "
			       "of the version that logged it",
		    token != NULL ? token : "(none)");
		return NITRO_EXIT_USAGE;
	}
	if (request->wants_json) {
		if (print_line_json(request, err))
			return NITRO_EXIT_YES;
		nitro_complain("%s", nitro_err_sentence(NITRO_E_MEMORY));
		return NITRO_EXIT_USAGE;
	}
	printf("%-14s%s\n%-14s%s\n%-14s%s\n", "reference", request->reference,
	    "found in", request->found_in, "logged", request->line.head);
	printf("%-14s", "result");
	nitro_print_word(err == NITRO_OK ? NITRO_TONE_GOOD : NITRO_TONE_BAD, 0,
	    err == NITRO_OK ? "allow" : "deny");
	printf("\n%-14s%s: %s\n%-14s%s\n", "reason", nitro_err_token(err),
	    nitro_err_sentence(err), "stage",
	    nitro_stage_name(nitro_err_stage(err)));
	print_log_fields(&request->line);
	print_advice(err);
	return NITRO_EXIT_YES;
}

/* True where the store has it. A store that cannot be read is said to be so. */
static bool
search_store(struct request *request)
{
	struct nitro_fault fault = {0};
	size_t count = 0;

	if (nitro_place_load(&request->place, &fault) == NITRO_OK &&
	    nitro_place_find(&request->place, request->reference,
		&request->record, &count, &fault) == NITRO_OK) {
		if (count > 1)
			nitro_complain("%zu logins have this reference; this "
				       "is the newest",
			    count);
		return count > 0;
	}
	nitro_complain("the evidence store is passed over: %s: %s", fault.file,
	    fault.text);
	return false;
}

static bool
search_log(struct request *request, const char *path, bool is_named)
{
	struct nitro_fault fault = {0};
	size_t count = 0;
	nitro_err err;

	err = nitro_log_search(
	    path, request->reference, &request->line, &count, &fault);
	if (err != NITRO_OK && (is_named || err != NITRO_E_FILE_MISSING))
		nitro_complain("%s: %s", fault.file, fault.text);
	if (count > 0)
		request->found_in = strcmp(path, "-") == 0 ? "standard input"
							   : path;
	return count > 0;
}

static enum nitro_exit
explain(struct request *request)
{
	if (request->log == NULL && search_store(request))
		return tell_record(request);
	if (request->log != NULL) {
		if (search_log(request, request->log, true))
			return tell_line(request);
	} else {
		for (size_t i = 0; i < NITRO_COUNT_OF(usual_logs); i++)
			if (search_log(request, usual_logs[i], false))
				return tell_line(request);
	}
	nitro_complain("explain: neither a record nor a log line of %s was "
		       "found",
	    request->reference);
	nitro_complain("look for the line of sshd with \"ref=%s\" on the host "
		       "that was logged in to, e.g.: journalctl -t sshd -t "
		       "sshd-session | pam-nitro explain --log - %s",
	    request->reference, request->reference);
	return NITRO_EXIT_REFUSED;
}

static enum nitro_exit
run(int argc, char **argv)
{
	NITRO_DROP(drop_request) struct request request = {0};
	const struct nitro_command *self = &nitro_command_explain;
	char **operands;
	int option;

	while ((option = nitro_command_option(self, argc, argv, options)) !=
	       NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == JSON)
			request.wants_json = true;
		else if (option == LOG)
			request.log = optarg;
		else if (!nitro_place_option(&request.place, option, optarg))
			return NITRO_EXIT_USAGE;
	}
	if ((operands = nitro_command_operands(self, argc, argv, 1)) == NULL)
		return NITRO_EXIT_USAGE;
	if (!nitro_reference_parse(operands[0], request.reference)) {
		nitro_complain("explain: %s is no reference: it is the %d hex "
			       "digits that the user saw behind \"login "
			       "refused\"",
		    operands[0], NITRO_REFERENCE_LEN);
		return NITRO_EXIT_USAGE;
	}
	return explain(&request);
}

const struct nitro_command nitro_command_explain = {
    .name = "explain",
    .arguments = "[--log FILE|-] [--config FILE | --directory DIR] [--json] "
		 "REFERENCE",
    .summary = "Why was this login refused, and what is to be done?",
    .help =
	"REFERENCE is what the user saw: \"pam_nitro: login refused\n"
	"(reference 3f9a12c0)\". The evidence store is asked first, where the\n"
	"settings have one, then /var/log/auth.log and its like.\n\n"
	"  --log FILE       search this log and nothing else; - is standard\n"
	"                   input, e.g. journalctl -t sshd | pam-nitro "
	"...\n" NITRO_PLACE_HELP "  --json           print one JSON object\n\n"
	"Exit status: 0 explained, 1 not found, 2 usage or configuration.\n",
    .run = run,
};
