#include <stdio.h>

#include "admin/json_text.h"
#include "admin/judge/judgement.h"
#include "admin/record/evidence.h"

enum { JSON = 1, DRY_RUN };

static const struct option options[] = {
    NITRO_PLACE_OPTIONS,
    {"dry-run", no_argument, NULL, DRY_RUN},
    {"json", no_argument, NULL, JSON},
    {0},
};

struct request {
	struct nitro_place place;
	bool is_dry_run, wants_json;
};

static void
drop_request(struct request *request)
{
	nitro_place_drop(&request->place);
}

struct counted {
	size_t removed, kept;
	int64_t removed_bytes, kept_bytes;
};

static struct counted
count(const struct nitro_evidence_list *list)
{
	struct counted counted = {0};
	const struct nitro_evidence_entry *entry;

	for (size_t i = 0; i < list->count; i++) {
		entry = nitro_evidence_list_at(list, i);
		if (entry->is_doomed) {
			counted.removed++;
			counted.removed_bytes += entry->size;
		} else {
			counted.kept++;
			counted.kept_bytes += entry->size;
		}
	}
	return counted;
}

static void
print_text(
    const struct request *request, const struct nitro_evidence_list *list)
{
	const struct counted counted = count(list);
	const struct nitro_evidence_entry *entry;

	for (size_t i = 0; i < list->count; i++) {
		entry = nitro_evidence_list_at(list, i);
		if (entry->is_doomed)
			printf("%s %s\n",
			    request->is_dry_run ? "would remove" : "removed",
			    entry->name);
	}
	printf("%zu records, %.1f MiB %s; %zu records, %.1f MiB %s\n",
	    counted.removed, (double)counted.removed_bytes / 1048576.0,
	    request->is_dry_run ? "would go" : "removed", counted.kept,
	    (double)counted.kept_bytes / 1048576.0,
	    request->is_dry_run ? "would stay" : "kept");
}

static bool
print_json(
    const struct request *request, const struct nitro_evidence_list *list)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	const struct counted counted = count(list);
	json_auto_t *names = json_array();
	const struct nitro_evidence_entry *entry;

	nitro_json_begin(&json);
	for (size_t i = 0; i < list->count; i++) {
		entry = nitro_evidence_list_at(list, i);
		if (entry->is_doomed &&
		    json_array_append_new(names, json_string(entry->name)) != 0)
			return false;
	}
	nitro_json_set_bool(&json, "dry_run", request->is_dry_run);
	nitro_json_set(&json, "removed", json_incref(names));
	nitro_json_set_int(&json, "removed_bytes", counted.removed_bytes);
	nitro_json_set_size(&json, "kept_count", counted.kept);
	nitro_json_set_int(&json, "kept_bytes", counted.kept_bytes);
	return nitro_json_print(&json);
}

static enum nitro_exit
prune(struct request *request)
{
	NITRO_DROP(nitro_evidence_list_drop)
	struct nitro_evidence_list list = {0};
	struct nitro_fault fault = {0};
	int64_t now_ms;

	if (nitro_clock_ms(&now_ms) != NITRO_OK) {
		nitro_complain("%s", nitro_err_sentence(NITRO_E_CLOCK));
		return NITRO_EXIT_USAGE;
	}
	if (nitro_place_load(&request->place, &fault) != NITRO_OK ||
	    nitro_evidence_store_prune(&request->place.evidence, now_ms,
		request->is_dry_run, &list, &fault) != NITRO_OK)
		return nitro_evidence_fail(&fault);
	if (!request->wants_json)
		print_text(request, &list);
	else if (!print_json(request, &list)) {
		nitro_complain("%s", nitro_err_sentence(NITRO_E_MEMORY));
		return NITRO_EXIT_USAGE;
	}
	return NITRO_EXIT_YES;
}

static enum nitro_exit
run(int argc, char **argv)
{
	NITRO_DROP(drop_request) struct request request = {0};
	const struct nitro_command *self = &nitro_command_evidence_prune;
	int option;

	while ((option = nitro_command_option(self, argc, argv, options)) !=
	       NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == JSON)
			request.wants_json = true;
		else if (option == DRY_RUN)
			request.is_dry_run = true;
		else if (!nitro_place_option(&request.place, option, optarg))
			return NITRO_EXIT_USAGE;
	}
	if (nitro_command_operands(self, argc, argv, 0) == NULL)
		return NITRO_EXIT_USAGE;
	/* Without settings there are no bounds that somebody has chosen. */
	if (request.place.named != NULL) {
		nitro_complain("evidence prune: the bounds are those of the "
			       "settings: give --config, not --directory");
		return NITRO_EXIT_USAGE;
	}
	return prune(&request);
}

const struct nitro_command nitro_command_evidence_prune = {
    .name = "evidence prune",
    .arguments = "[--config FILE] [--dry-run] [--json]",
    .summary = "Apply keep_days and max_mib of the settings now",
    .help =
	"Each login that is recorded does this by itself; prune is for hosts\n"
	"where nobody logs in for long, and after the bounds were lowered.\n\n"
	"  --config FILE  settings; default /etc/pam_nitro/pam_nitro.conf\n"
	"  --dry-run      only say what would be removed\n"
	"  --json         print one JSON object\n\n"
	"Exit status: 0 done, 2 usage, configuration or an unsafe store.\n",
    .run = run,
};
