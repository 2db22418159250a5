#include <stdio.h>

#include "admin/json_text.h"
#include "admin/printable.h"
#include "admin/record/evidence.h"
#include "admin/record/record_text.h"
#include "base/time_text.h"

enum { JSON = 1, MODULE_SHOWN = 24, NAME_SHOWN = 20 };

static const struct option options[] = {
    NITRO_PLACE_OPTIONS,
    {"json", no_argument, NULL, JSON},
    {0},
};

static void
print_cut(const char *text, size_t width)
{
	char shown[64];

	nitro_printable(nitro_bytes_of_text(text), shown,
	    width + 1 < sizeof shown ? width + 1 : sizeof shown);
	printf("%-*s  ", (int)width, shown);
}

static void
print_row(const struct nitro_evidence_entry *entry,
    const struct nitro_evidence_record *record)
{
	char time[NITRO_TIME_TEXT_LEN + 1], workload[2 * NITRO_NAME_MAX + 2];

	nitro_time_format(entry->time_ms, time);
	printf("%s  %s  ", time, entry->reference);
	nitro_print_word(entry->is_allowed ? NITRO_TONE_GOOD : NITRO_TONE_BAD,
	    5, entry->is_allowed ? "allow" : "deny");
	printf("  ");
	if (record == NULL) {
		printf("cannot be read: see pam-nitro evidence verify\n");
		return;
	}
	nitro_record_workload(record, workload, sizeof workload);
	print_cut(record->user, 16);
	print_cut(workload[0] != '\0' ? workload : "-", NAME_SHOWN);
	print_cut(record->module_id, MODULE_SHOWN);
	printf("%6zu\n", record->document.len);
}

static void
print_table(
    const struct nitro_place *place, const struct nitro_evidence_list *list)
{
	struct nitro_evidence_entry *entry;
	int64_t bytes = 0;

	if (list->count > 0)
		printf("%-*s  %-9s %-6s %-16s  %-*s  %-*s  %6s\n",
		    NITRO_TIME_TEXT_LEN, "TIME", "REFERENCE", "RESULT", "USER",
		    NAME_SHOWN, "WORKLOAD", MODULE_SHOWN, "MODULE", "BYTES");
	for (size_t i = 0; i < list->count; i++) {
		NITRO_DROP(nitro_evidence_record_drop)
		struct nitro_evidence_record record = {0};
		struct nitro_fault fault = {0};
		nitro_err err;

		entry = nitro_evidence_list_at(list, i);
		bytes += entry->size;
		err = nitro_evidence_store_read(
		    place->evidence.directory, entry->name, &record, &fault);
		print_row(entry, err == NITRO_OK ? &record : NULL);
	}
	printf("%zu records, %.1f of at most %.0f MiB\n", list->count,
	    (double)bytes / 1048576.0,
	    (double)place->evidence.max_bytes / 1048576.0);
}

static json_t *
row_json(
    const struct nitro_place *place, const struct nitro_evidence_entry *entry)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record record = {0};
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	struct nitro_fault fault = {0};
	bool is_readable;

	is_readable = nitro_evidence_store_read(place->evidence.directory,
			  entry->name, &record, &fault) == NITRO_OK;
	nitro_json_begin(&json);
	nitro_json_set_text(&json, "file", entry->name);
	nitro_json_set_bool(&json, "readable", is_readable);
	if (is_readable) {
		nitro_record_set_json(&json, &record);
		nitro_json_set_size(&json, "document_len", record.document.len);
	} else {
		nitro_json_set_text(&json, "reference", entry->reference);
		nitro_json_set_text(&json, "fault", fault.text);
	}
	return nitro_json_take(&json);
}

static bool
print_json(
    const struct nitro_place *place, const struct nitro_evidence_list *list)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	json_auto_t *records = json_array();

	nitro_json_begin(&json);
	nitro_json_set_text(&json, "directory", place->evidence.directory);
	for (size_t i = 0; i < list->count; i++)
		if (json_array_append_new(records,
			row_json(place, nitro_evidence_list_at(list, i))) != 0)
			return false;
	nitro_json_set(&json, "records", json_incref(records));
	return nitro_json_print(&json);
}

static enum nitro_exit
list_store(struct nitro_place *place, bool wants_json)
{
	NITRO_DROP(nitro_evidence_list_drop)
	struct nitro_evidence_list list = {0};
	struct nitro_fault fault = {.err = NITRO_E_MEMORY};

	if (nitro_place_load(place, &fault) != NITRO_OK ||
	    nitro_evidence_store_list(
		place->evidence.directory, &list, &fault) != NITRO_OK)
		return nitro_evidence_fail(&fault);
	if (!wants_json)
		print_table(place, &list);
	else if (!print_json(place, &list))
		return nitro_evidence_fail(&fault);
	return NITRO_EXIT_YES;
}

static enum nitro_exit
run(int argc, char **argv)
{
	NITRO_DROP(nitro_place_drop) struct nitro_place place = {0};
	const struct nitro_command *self = &nitro_command_evidence_list;
	bool wants_json = false;
	int option;

	while ((option = nitro_command_option(self, argc, argv, options)) !=
	       NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == JSON)
			wants_json = true;
		else if (!nitro_place_option(&place, option, optarg))
			return NITRO_EXIT_USAGE;
	}
	if (nitro_command_operands(self, argc, argv, 0) == NULL)
		return NITRO_EXIT_USAGE;
	return list_store(&place, wants_json);
}

const struct nitro_command nitro_command_evidence_list = {
    .name = "evidence list",
    .arguments = "[--config FILE | --directory DIR] [--json]",
    .summary = "Show a table of all recorded logins, the oldest first",
    .help = NITRO_PLACE_HELP
    "  --json           print one JSON object\n\n"
    "Exit status: 0 shown, 2 usage, configuration or an unsafe store.\n",
    .run = run,
};
