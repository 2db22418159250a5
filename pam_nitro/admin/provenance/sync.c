#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/command.h"
#include "admin/judge/judgement.h"
#include "admin/measurements/change_report.h"
#include "admin/measurements/entry_state.h"
#include "admin/printable.h"
#include "admin/provenance/release.h"
#include "base/time_text.h"

enum { JSON = 1, CONFIG, FILE_NAME, DRY_RUN, WORKLOAD };

enum { STATE_WIDTH = 10 };

static const struct option options[] = {
    {"trusted-root", required_argument, NULL, NITRO_QUESTION_ROOT},
    {"provenance-key", required_argument, NULL, NITRO_QUESTION_KEY},
    {"namespace", required_argument, NULL, NITRO_QUESTION_NAMESPACE},
    {"allow-no-log", no_argument, NULL, NITRO_QUESTION_NO_LOG},
    {"workload", required_argument, NULL, WORKLOAD},
    {"config", required_argument, NULL, CONFIG},
    {"file", required_argument, NULL, FILE_NAME},
    {"dry-run", no_argument, NULL, DRY_RUN},
    {"json", no_argument, NULL, JSON},
    {0},
};

struct syncing {
	const char *folder;
	bool wants_json;
	struct nitro_release_rules rules;
	char kept[NITRO_KEPT_PATH_SIZE];
	struct nitro_change change;
	struct nitro_releases releases;
	int64_t now_ms;
	bool has_refused;
};

static void
drop_syncing(struct syncing *syncing)
{
	nitro_releases_drop(&syncing->releases);
	nitro_change_drop(&syncing->change);
}

static enum nitro_exit
fail(const struct nitro_fault *fault)
{
	nitro_complain("sync: %s%s%s", fault->file,
	    fault->file[0] != '\0' ? ": " : "",
	    fault->text[0] != '\0' ? fault->text
				   : nitro_err_sentence(fault->err));
	return NITRO_EXIT_USAGE;
}

static const char *
state_name(const struct nitro_release *release)
{
	switch (release->state) {
	case NITRO_RELEASE_REFUSED:
		return "refused";
	case NITRO_RELEASE_NEW:
		return "allowed";
	case NITRO_RELEASE_KNOWN:
		return "known";
	case NITRO_RELEASE_REVOKED:
		return "revoked";
	}
	return "refused";
}

/* The newest time that the provenance of an entry of that workload has. */
static int64_t
newest_of(const struct nitro_measurements *measurements, const char *workload)
{
	int64_t newest = 0, time_ms;

	for (size_t i = 0; i < measurements->entry_count; i++) {
		const struct nitro_entry *entry = &measurements->entries[i];
		const char *text =
		    entry->provenance.text[NITRO_PROVENANCE_TIME];

		if (text != NULL && strcmp(entry->workload, workload) == 0 &&
		    nitro_time_parse(nitro_bytes_of_text(text), &time_ms) &&
		    time_ms > newest)
			newest = time_ms;
	}
	return newest;
}

static bool
is_same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* By its values, or by the bundle that it came with. */
static bool
is_known(const struct nitro_measurements *measurements,
    const struct nitro_entry *entry)
{
	for (size_t i = 0; i < measurements->entry_count; i++) {
		const struct nitro_entry *other = &measurements->entries[i];

		if (nitro_entry_is_equal(other, entry) ||
		    (strcmp(other->workload, entry->workload) == 0 &&
			is_same(other->provenance.text[NITRO_PROVENANCE_BUNDLE],
			    entry->provenance.text[NITRO_PROVENANCE_BUNDLE]) &&
			is_same(
			    other->provenance.text[NITRO_PROVENANCE_ARTIFACT],
			    entry->provenance.text[NITRO_PROVENANCE_ARTIFACT])))
			return true;
	}
	return false;
}

/* Two files of one release, app.eif and app.json, are one entry. */
static bool
is_twice(const struct syncing *syncing, const struct nitro_release *release)
{
	const struct nitro_release *other = syncing->releases.list;

	for (; other != release; other++)
		if (other->state == NITRO_RELEASE_NEW &&
		    nitro_entry_is_equal(
			&other->entry.entries[0], &release->entry.entries[0]))
			return true;
	return false;
}

static void
settle(struct syncing *syncing, struct nitro_release *release)
{
	const struct nitro_measurements *before = &syncing->change.before;
	const struct nitro_entry *entry, *by = NULL;

	if (release->state != NITRO_RELEASE_NEW) {
		syncing->has_refused = true;
		return;
	}
	entry = &release->entry.entries[0];
	if (is_known(before, entry) || is_twice(syncing, release))
		release->state = NITRO_RELEASE_KNOWN;
	else if (nitro_entry_state(entry, before, syncing->now_ms, &by) ==
		 NITRO_ENTRY_REVOKED) {
		release->state = NITRO_RELEASE_REVOKED;
		(void)snprintf(release->why, sizeof release->why,
		    "%.200s line %u: %.150s", by->file, by->line,
		    by->reason != NULL ? by->reason : "no reason given");
		syncing->has_refused = true;
	} else
		release->is_rollback = release->time_ms != 0 &&
				       release->time_ms <
					   newest_of(before, entry->workload);
}

/* A copy that borrows: what is new, for one change of the file. */
static nitro_err
commit(struct syncing *syncing, size_t *count, struct nitro_fault *fault)
{
	struct nitro_change *change = &syncing->change;
	struct nitro_entry *wanted;
	nitro_err err = NITRO_OK;

	*count = 0;
	wanted = nitro_alloc(syncing->releases.count + 1, sizeof wanted[0]);
	if (wanted == NULL)
		return nitro_fault_set(fault, NITRO_E_MEMORY, NULL, 0, "%s",
		    nitro_err_sentence(NITRO_E_MEMORY));
	for (size_t i = 0; i < syncing->releases.count; i++)
		if (syncing->releases.list[i].state == NITRO_RELEASE_NEW)
			wanted[(*count)++] =
			    syncing->releases.list[i].entry.entries[0];
	if (*count > 0) {
		err = nitro_change_make(
		    change, NITRO_EDIT_MEASUREMENTS, wanted, *count, fault);
		if (err == NITRO_OK)
			err = nitro_change_commit(change, fault);
	}
	nitro_free(wanted);
	return err;
}

static void
warn(const struct syncing *syncing)
{
	for (size_t i = 0; i < syncing->releases.count; i++) {
		const struct nitro_release *release =
		    &syncing->releases.list[i];

		if (release->is_rollback)
			nitro_complain("sync: warning: %s is older than a "
				       "release of %s that is allowed "
				       "already: a rollback? revoke what "
				       "must not come back",
			    release->path, release->entry.entries[0].workload);
	}
}

static void
print(const struct syncing *syncing)
{
	char title[NITRO_ENTRY_TITLE_SIZE], path[300];

	for (size_t i = 0; i < syncing->releases.count; i++) {
		const struct nitro_release *release =
		    &syncing->releases.list[i];
		const bool is_good = release->state == NITRO_RELEASE_NEW ||
				     release->state == NITRO_RELEASE_KNOWN;

		nitro_printable(
		    nitro_bytes_of_text(release->path), path, sizeof path);
		nitro_print_word(is_good ? NITRO_TONE_GOOD : NITRO_TONE_BAD,
		    STATE_WIDTH, state_name(release));
		if (release->entry.entry_count == 0) {
			printf("%s: %s\n", path, release->why);
			continue;
		}
		nitro_entry_title(&release->entry.entries[0], title);
		printf("%s: %s%s%s\n", path, title,
		    release->why[0] != '\0' ? ": " : "", release->why);
	}
	if (syncing->releases.count == 0)
		printf("no release in %s\n", syncing->folder);
	if (syncing->change.text.len > 0) {
		printf("\n");
		nitro_change_print(&syncing->change);
	}
}

static json_t *
releases_json(const struct syncing *syncing)
{
	json_t *list = json_array();
	bool is_made = list != NULL;

	for (size_t i = 0; i < syncing->releases.count && is_made; i++) {
		NITRO_DROP(nitro_json_drop) struct nitro_json one = {0};
		const struct nitro_release *release =
		    &syncing->releases.list[i];
		const struct nitro_entry *entry =
		    release->entry.entry_count > 0 ? &release->entry.entries[0]
						   : NULL;

		nitro_json_begin(&one);
		nitro_json_set_text(&one, "file", release->path);
		nitro_json_set_text(&one, "state", state_name(release));
		nitro_json_set_text(
		    &one, "why", release->why[0] != '\0' ? release->why : NULL);
		nitro_json_set_text(
		    &one, "workload", entry != NULL ? entry->workload : NULL);
		nitro_json_set_text(
		    &one, "version", entry != NULL ? entry->version : NULL);
		nitro_json_set_bool(&one, "rollback", release->is_rollback);
		is_made = json_array_append_new(list, nitro_json_take(&one)) ==
			  0;
	}
	if (is_made)
		return list;
	json_decref(list);
	return NULL;
}

static enum nitro_exit
report(const struct syncing *syncing, size_t count)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	const enum nitro_exit status = syncing->has_refused ? NITRO_EXIT_REFUSED
							    : NITRO_EXIT_YES;

	warn(syncing);
	if (!syncing->wants_json) {
		print(syncing);
		nitro_change_print_remaining(&syncing->change);
		return status;
	}
	nitro_json_begin(&json);
	nitro_change_set_json(
	    &json, &syncing->change, count > 0 ? "allowed" : "unchanged");
	nitro_json_set(&json, "releases", releases_json(syncing));
	if (nitro_json_print(&json))
		return status;
	return nitro_change_complain_report(
	    &nitro_command_sync, &syncing->change);
}

static enum nitro_exit
synchronise(struct syncing *syncing)
{
	struct nitro_fault fault = {.err = NITRO_OK};
	size_t count = 0;
	nitro_err err;

	if ((fault.err = nitro_clock_ms(&syncing->now_ms)) != NITRO_OK ||
	    nitro_change_begin(&syncing->change, &fault) != NITRO_OK)
		return nitro_change_complain(
		    &nitro_command_sync, &syncing->change, &fault);
	if (!syncing->change.has_settings ||
	    syncing->change.settings.provenance_rule_count == 0) {
		nitro_complain("sync: the settings have no "
			       "require_provenance, so nothing says who may "
			       "build; see pam_nitro.conf(5)");
		return NITRO_EXIT_USAGE;
	}
	syncing->rules.settings = &syncing->change.settings;
	err = nitro_releases_find(syncing->folder, &syncing->releases, &fault);
	for (size_t i = 0; i < syncing->releases.count && err == NITRO_OK;
	     i++) {
		err = nitro_release_judge(
		    &syncing->releases.list[i], &syncing->rules, &fault);
		if (err == NITRO_OK)
			settle(syncing, &syncing->releases.list[i]);
	}
	if (err != NITRO_OK)
		return fail(&fault);
	if (commit(syncing, &count, &fault) != NITRO_OK)
		return nitro_change_complain(
		    &nitro_command_sync, &syncing->change, &fault);
	return report(syncing, count);
}

static void
take_option(struct syncing *syncing, int option)
{
	if (option == JSON)
		syncing->wants_json = true;
	else if (option == CONFIG)
		syncing->change.config = optarg;
	else if (option == FILE_NAME)
		syncing->change.file = optarg;
	else if (option == DRY_RUN)
		syncing->change.is_dry_run = true;
	else if (option == WORKLOAD)
		syncing->rules.workload = optarg;
	else
		(void)nitro_question_option(
		    &syncing->rules.question, option, optarg);
}

static enum nitro_exit
run(int argc, char **argv)
{
	NITRO_DROP(drop_syncing)
	struct syncing syncing = {.change = NITRO_CHANGE_INIT};
	char **operands;
	int option;

	while ((option = nitro_command_option(&nitro_command_sync, argc, argv,
		    options)) != NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == NITRO_OPTION_BAD)
			return NITRO_EXIT_USAGE;
		take_option(&syncing, option);
	}
	operands = nitro_command_operands(&nitro_command_sync, argc, argv, 1);
	if (operands == NULL)
		return NITRO_EXIT_USAGE;
	if (syncing.rules.question.trusted_root == NULL &&
	    syncing.rules.question.key == NULL) {
		nitro_complain("sync: --trusted-root or --provenance-key is "
			       "needed; see pam-nitro sync --help");
		return NITRO_EXIT_USAGE;
	}
	syncing.folder = operands[0];
	nitro_kept_folder(syncing.change.config != NULL ? syncing.change.config
							: NITRO_SETTINGS_PATH,
	    syncing.kept);
	if (!syncing.change.is_dry_run)
		syncing.rules.keep = syncing.kept;
	return synchronise(&syncing);
}

const struct nitro_command nitro_command_sync = {
    .name = "sync",
    .arguments =
	"[--trusted-root JSON] [--provenance-key KEY [--namespace NS]]\n"
	"           [--allow-no-log] [--workload W] [--config FILE] "
	"[--file FILE]\n"
	"           [--dry-run] [--json] DIR",
    .summary = "Allow every release in a folder that the right builder made",
    .help =
	"DIR has images (*.eif) or files of PCRs (*.json), each with its "
	"bundle or\n"
	"signature beside it: the same name with .sigstore.json, .sigstore, "
	".bundle,\n"
	".jsonl, .dsse.json, .sig or .minisig. What satisfies a rule of\n"
	"require_provenance in pam_nitro.conf(5) is allowed for its workload; "
	"the rest is\n"
	"refused. Nothing is ever removed.\n\n"
	"  --trusted-root JSON  authorities and logs of one trust domain\n"
	"  --provenance-key KEY  the key that a rule names: PEM, OpenSSH or "
	"minisign\n"
	"  --namespace NS  of an SSH signature, else " NITRO_SSHSIG_NAMESPACE
	"\n"
	"  --allow-no-log  the trusted root may be one that lists no log\n"
	"  --workload W    only the rule of that workload\n"
	"  --config FILE   settings, else " NITRO_SETTINGS_PATH "\n"
	"  --file FILE     the measurements file; must be said where the "
	"settings\n"
	"                  name a folder\n"
	"  --dry-run       show the change and leave everything as it is\n"
	"  --json          for programs\n\n"
	"Exit status: 0 all of it is allowed, now or before, 1 some is "
	"refused, 2 usage\n"
	"or configuration.\n",
    .run = run,
};
