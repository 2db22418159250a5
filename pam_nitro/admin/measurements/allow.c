#include <stdio.h>
#include <string.h>

#include "admin/image/candidate_report.h"
#include "admin/judge/judgement.h"
#include "admin/measurements/allow_input.h"
#include "admin/measurements/change_report.h"
#include "admin/measurements/entry_state.h"
#include "admin/printable.h"
#include "base/time_text.h"

enum { CONFIG = 1, FILE_NAME, NOTE, NOT_BEFORE, NOT_AFTER, DRY_RUN, JSON };

static const struct option options[] = {
    NITRO_CANDIDATE_OPTIONS,
    {"note", required_argument, NULL, NOTE},
    {"not-before", required_argument, NULL, NOT_BEFORE},
    {"not-after", required_argument, NULL, NOT_AFTER},
    {"config", required_argument, NULL, CONFIG},
    {"file", required_argument, NULL, FILE_NAME},
    {"dry-run", no_argument, NULL, DRY_RUN},
    {"json", no_argument, NULL, JSON},
    {0},
};

struct request {
	const char *path;
	bool wants_json;
	/* By the options: each replaces what the input says. */
	char *workload, *version, *source, *builder, *note;
	int64_t not_before_ms, not_after_ms;
};

/* An entry on its way, with what is to be said of it. */
struct allowing {
	struct request request;
	struct nitro_allow_input input;
	struct nitro_measurements
	    wanted; /* one entry, as the module reads it */
	struct nitro_change change;
	int64_t now_ms;
};

static void
drop_allowing(struct allowing *allowing)
{
	nitro_allow_input_drop(&allowing->input);
	nitro_measurements_drop(&allowing->wanted);
	nitro_change_drop(&allowing->change);
}

static enum nitro_exit
refuse(const char *what, enum nitro_exit status)
{
	nitro_complain("allow: %s", what);
	return status;
}

static enum nitro_exit
complain_input(const struct nitro_fault *fault)
{
	const bool is_refusal = fault->err == NITRO_E_MEASUREMENTS;

	nitro_complain("allow: %s: %s", fault->file,
	    fault->text[0] != '\0' ? fault->text
				   : nitro_err_sentence(fault->err));
	return is_refusal ? NITRO_EXIT_REFUSED : NITRO_EXIT_USAGE;
}

static void
replace_text(char **at, char *by)
{
	if (by != NULL)
		*at = by;
}

/* The input's entry under the options, in the form in which it will stand there. */
static enum nitro_exit
settle_entry(struct allowing *allowing)
{
	const struct request *request = &allowing->request;
	/* A copy that borrows; the input still owns what is not replaced. */
	struct nitro_entry entry = allowing->input.parsed.entries[0];
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_fault fault = {0};

	if (allowing->input.lacks_workload && request->workload == NULL)
		return refuse("name the workload by --workload, as users in "
			      "pam_nitro.conf(5) does",
		    NITRO_EXIT_USAGE);
	replace_text(&entry.workload, request->workload);
	replace_text(&entry.version, request->version);
	replace_text(&entry.source, request->source);
	replace_text(&entry.builder, request->builder);
	replace_text(&entry.note, request->note);
	if (request->not_before_ms != INT64_MIN)
		entry.not_before_ms = request->not_before_ms;
	if (request->not_after_ms != INT64_MAX)
		entry.not_after_ms = request->not_after_ms;
	if (nitro_edit_append_element(&entry, &text) != NITRO_OK)
		return refuse("names and texts must be printable ASCII",
		    NITRO_EXIT_USAGE);
	if (nitro_allow_parse(nitro_bytes_of_buf(&text), &allowing->wanted,
		&fault) == NITRO_OK)
		return NITRO_EXIT_YES;
	nitro_complain("allow: %s: %s", fault.file, fault.text);
	return NITRO_EXIT_USAGE;
}

static enum nitro_exit
print_json(const struct allowing *allowing, const char *result)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	const struct nitro_entry *entry = &allowing->wanted.entries[0];

	nitro_json_begin(&json);
	nitro_change_set_json(&json, &allowing->change, result);
	nitro_json_set_text(&json, "workload", entry->workload);
	nitro_json_set_text(&json, "version", entry->version);
	nitro_json_set_text(&json, "kind", nitro_kind_name(entry->kind));
	nitro_json_set_bool(
	    &json, "circular", allowing->input.circular != NULL);
	if (nitro_json_print(&json))
		return NITRO_EXIT_YES;
	return nitro_change_complain_report(
	    &nitro_command_allow, &allowing->change);
}

static enum nitro_exit
tell_already(const struct allowing *allowing, const struct nitro_entry *there)
{
	const struct nitro_entry *entry = &allowing->wanted.entries[0];
	char name[NITRO_ENTRY_TITLE_SIZE];

	if (allowing->request.wants_json)
		return print_json(allowing, "already_allowed");
	nitro_entry_title(there, name);
	printf("%s with these values is there already: %s line %u.\n"
	       "Nothing was changed.\n",
	    name, there->file, there->line);
	if (!nitro_entry_is_identical(there, entry))
		printf("It differs in its validity or in its texts: edit that "
		       "line, where they are to change.\n");
	return NITRO_EXIT_YES;
}

/* An entry that nobody could ever log in by is a slip. */
static enum nitro_exit
check_useful(struct allowing *allowing)
{
	const struct nitro_entry *entry = &allowing->wanted.entries[0], *by;
	const struct nitro_provenance_rule *rule;

	if (nitro_clock_ms(&allowing->now_ms) != NITRO_OK)
		return refuse(
		    nitro_err_sentence(NITRO_E_CLOCK), NITRO_EXIT_USAGE);
	rule = allowing->change.has_settings
		   ? nitro_settings_provenance_rule(
			 &allowing->change.settings, entry->workload)
		   : NULL;
	if (rule != NULL &&
	    !nitro_provenance_rule_holds(rule, &entry->provenance)) {
		nitro_complain("allow: %s requires provenance, and this entry "
			       "%s",
		    entry->workload,
		    nitro_entry_provenance_is_there(&entry->provenance)
			? "has another one"
			: "has none");
		nitro_complain("what to do: pam-nitro import --provenance "
			       "verifies it; see require_provenance in "
			       "pam_nitro.conf(5)");
		return NITRO_EXIT_REFUSED;
	}
	switch (nitro_entry_state(
	    entry, &allowing->change.before, allowing->now_ms, &by)) {
	case NITRO_ENTRY_REVOKED:
		nitro_complain("allow: these values are revoked, in %s line "
			       "%u: %s",
		    by->file, by->line,
		    by->reason != NULL ? by->reason : "no reason given");
		nitro_complain("what to do: if they are good after all, remove "
			       "that item first");
		return NITRO_EXIT_REFUSED;
	case NITRO_ENTRY_EXPIRED:
		return refuse("not_after is in the past: nobody could log in "
			      "by this entry",
		    NITRO_EXIT_REFUSED);
	case NITRO_ENTRY_ACTIVE:
	case NITRO_ENTRY_EXPIRING:
	case NITRO_ENTRY_NOT_YET:
		break;
	}
	return NITRO_EXIT_YES;
}

static void
print_advice(const struct allowing *allowing)
{
	const struct nitro_entry *entry = &allowing->wanted.entries[0], *other;
	const struct nitro_change *change = &allowing->change;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf users = {0};
	char name[NITRO_ENTRY_TITLE_SIZE];
	enum nitro_entry_state state;

	for (size_t i = 0; i < change->before.entry_count; i++) {
		other = &change->before.entries[i];
		state = nitro_entry_state(
		    other, &change->before, allowing->now_ms, NULL);
		if (strcmp(other->workload, entry->workload) != 0 ||
		    state == NITRO_ENTRY_REVOKED ||
		    state == NITRO_ENTRY_EXPIRED)
			continue;
		nitro_entry_title(other, name);
		printf("Still allowed as well: %s, %s line %u.\n", name,
		    other->file, other->line);
	}
	if (!change->has_settings || nitro_workload_users(&change->settings,
					 entry->workload, &users) != NITRO_OK)
		return;
	if (users.len > 0)
		printf("%s lets in: %.*s.\n", entry->workload, (int)users.len,
		    (const char *)users.ptr);
	else
		printf("%s lets in nobody yet: no rule of users in "
		       "pam_nitro.conf(5) names it.\n",
		    entry->workload);
}

static enum nitro_exit
report(const struct allowing *allowing)
{
	const struct nitro_allow_input *input = &allowing->input;

	for (size_t i = 0; i < input->warning_count; i++)
		nitro_complain("allow: warning: %s", input->warning[i]);
	if (input->circular != NULL)
		nitro_complain(
		    "allow: warning: the values were %s", input->circular);
	if (allowing->request.wants_json)
		return print_json(allowing, "allowed");
	nitro_change_print(&allowing->change);
	print_advice(allowing);
	nitro_change_print_remaining(&allowing->change);
	return NITRO_EXIT_YES;
}

static enum nitro_exit
change_file(struct allowing *allowing)
{
	struct nitro_change *change = &allowing->change;
	const struct nitro_entry *entry = &allowing->wanted.entries[0];
	struct nitro_fault fault = {0};
	enum nitro_exit status;

	if (nitro_change_begin(change, &fault) != NITRO_OK)
		return nitro_change_complain(
		    &nitro_command_allow, change, &fault);
	for (size_t i = 0; i < change->before.entry_count; i++)
		if (nitro_entry_is_equal(&change->before.entries[i], entry))
			return tell_already(
			    allowing, &change->before.entries[i]);
	if ((status = check_useful(allowing)) != NITRO_EXIT_YES)
		return status;
	if (nitro_change_make(change, NITRO_EDIT_MEASUREMENTS, entry, 1,
		&fault) != NITRO_OK ||
	    nitro_change_commit(change, &fault) != NITRO_OK)
		return nitro_change_complain(
		    &nitro_command_allow, change, &fault);
	return report(allowing);
}

static enum nitro_exit
allow(struct allowing *allowing)
{
	struct nitro_fault fault = {0};
	enum nitro_exit status;

	if (nitro_allow_input_read(
		allowing->request.path, &allowing->input, &fault) != NITRO_OK)
		return complain_input(&fault);
	if ((status = settle_entry(allowing)) != NITRO_EXIT_YES)
		return status;
	return change_file(allowing);
}

/* A whole time, or a date: from its first second, or up to its last one. */
static bool
take_time(
    const char *option, const char *text, const char *of_day, int64_t *time_ms)
{
	char full[NITRO_TIME_TEXT_LEN + 8];

	if (nitro_time_parse(nitro_bytes_of_text(text), time_ms))
		return true;
	(void)snprintf(full, sizeof full, "%.10s%s", text, of_day);
	if (strlen(text) == 10 &&
	    nitro_time_parse(nitro_bytes_of_text(full), time_ms))
		return true;
	nitro_complain("allow: --%s must be a date like 2027-05-01 or a time "
		       "in UTC like 2027-05-01T00:00:00Z",
	    option);
	return false;
}

static bool
take_option(struct allowing *allowing, int option)
{
	struct request *request = &allowing->request;

	if (option == NITRO_CANDIDATE_WORKLOAD)
		request->workload = optarg;
	else if (option == NITRO_CANDIDATE_VERSION)
		request->version = optarg;
	else if (option == NITRO_CANDIDATE_SOURCE)
		request->source = optarg;
	else if (option == NITRO_CANDIDATE_BUILDER)
		request->builder = optarg;
	else if (option == NOTE)
		request->note = optarg;
	else if (option == NOT_BEFORE)
		return take_time("not-before", optarg, "T00:00:00Z",
		    &request->not_before_ms);
	else if (option == NOT_AFTER)
		return take_time(
		    "not-after", optarg, "T23:59:59Z", &request->not_after_ms);
	else if (option == CONFIG)
		allowing->change.config = optarg;
	else if (option == FILE_NAME)
		allowing->change.file = optarg;
	else if (option == DRY_RUN)
		allowing->change.is_dry_run = true;
	else
		request->wants_json = true;
	return true;
}

static enum nitro_exit
run(int argc, char **argv)
{
	NITRO_DROP(drop_allowing)
	struct allowing allowing = {.change = NITRO_CHANGE_INIT,
	    .request = {.not_before_ms = INT64_MIN, .not_after_ms = INT64_MAX}};
	char **operands;
	int option;

	while ((option = nitro_command_option(&nitro_command_allow, argc, argv,
		    options)) != NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == NITRO_OPTION_BAD ||
		    !take_option(&allowing, option))
			return NITRO_EXIT_USAGE;
	}
	operands = nitro_command_operands(&nitro_command_allow, argc, argv, 1);
	if (operands == NULL)
		return NITRO_EXIT_USAGE;
	allowing.request.path = operands[0];
	return allow(&allowing);
}

const struct nitro_command nitro_command_allow = {
    .name = "allow",
    .arguments = "[--workload W] [--version V] [--source S] [--builder B] "
		 "[--note N]\n"
		 "           [--not-before T] [--not-after T] [--config FILE] "
		 "[--file FILE]\n"
		 "           [--dry-run] [--json] IMAGE.eif|FILE|-",
    .summary = "Add an entry to the measurements: this code may log in",
    .help =
	"FILE is what pam-nitro measure or import printed, in words or by "
	"--json, or what\n"
	"import takes. Comments and order of the measurements file stay.\n\n"
	"  --workload W    name of the workload, as users in "
	"pam_nitro.conf(5) has it\n"
	"  --version V     its version\n"
	"  --source S, --builder B, --note N\n"
	"                  where the value comes from, for people\n"
	"  --not-before T, --not-after T\n"
	"                  when the entry counts: 2027-05-01, or "
	"2027-05-01T12:00:00Z\n"
	"  --config FILE   settings, else " NITRO_SETTINGS_PATH "\n"
	"  --file FILE     the measurements file; must be said where the "
	"settings\n"
	"                  name a folder\n"
	"  --dry-run       show the change and leave everything as it is\n"
	"  --json          for programs\n\n"
	"Exit status: 0 allowed, now or before, 1 refused, 2 usage or "
	"configuration.\n",
    .run = run,
};
