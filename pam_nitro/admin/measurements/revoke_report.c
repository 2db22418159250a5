#include <stdio.h>
#include <string.h>

#include "admin/measurements/change_report.h"
#include "admin/measurements/entry_state.h"
#include "admin/measurements/revoke.h"

/* What the change does to one entry. */
enum effect { STILL_ALLOWED, REFUSED_NOW, REFUSED_BEFORE };

static enum effect
effect_on(
    const struct nitro_revoking *revoking, const struct nitro_entry *entry)
{
	const struct nitro_measurements *before = &revoking->change.before,
					*wanted = &revoking->wanted;

	if (nitro_entry_is_covered_by(
		entry, before->revoked, before->revoked_count))
		return REFUSED_BEFORE;
	if (nitro_entry_is_covered_by(
		entry, wanted->revoked, wanted->revoked_count))
		return REFUSED_NOW;
	return revoking->now_ms > entry->not_after_ms ? REFUSED_BEFORE
						      : STILL_ALLOWED;
}

/* Entries of a workload that has some refused, or of the one that was named. */
static bool
concerns(const struct nitro_revoking *revoking, const struct nitro_entry *entry)
{
	const struct nitro_measurements *before = &revoking->change.before;
	const struct nitro_entry *other;

	for (size_t i = 0; i < before->entry_count; i++) {
		other = &before->entries[i];
		if (strcmp(other->workload, entry->workload) == 0 &&
		    (effect_on(revoking, other) == REFUSED_NOW ||
			(revoking->target != NULL &&
			    nitro_revoking_is_target(revoking, other))))
			return true;
	}
	return false;
}

static json_t *
names_json(const struct nitro_revoking *revoking, enum effect effect)
{
	const struct nitro_measurements *before = &revoking->change.before;
	char name[NITRO_ENTRY_TITLE_SIZE];
	json_t *names = json_array();

	for (size_t i = 0; i < before->entry_count; i++) {
		if (effect_on(revoking, &before->entries[i]) != effect ||
		    !concerns(revoking, &before->entries[i]))
			continue;
		nitro_entry_title(&before->entries[i], name);
		if (json_array_append_new(names, json_string(name)) != 0) {
			json_decref(names);
			return NULL;
		}
	}
	return names;
}

static enum nitro_exit
print_json(const struct nitro_revoking *revoking, const char *result)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};

	nitro_json_begin(&json);
	nitro_change_set_json(&json, &revoking->change, result);
	nitro_json_set_text(&json, "reason", revoking->reason);
	nitro_json_set_size(&json, "items", revoking->wanted.revoked_count);
	nitro_json_set(&json, "refused", names_json(revoking, REFUSED_NOW));
	nitro_json_set(
	    &json, "still_allowed", names_json(revoking, STILL_ALLOWED));
	if (nitro_json_print(&json))
		return NITRO_EXIT_YES;
	return nitro_change_complain_report(
	    &nitro_command_revoke, &revoking->change);
}

static size_t
print_entries(const struct nitro_revoking *revoking, enum effect effect)
{
	const struct nitro_measurements *before = &revoking->change.before;
	const struct nitro_entry *entry;
	char name[NITRO_ENTRY_TITLE_SIZE];
	const char *also;
	size_t count = 0;

	for (size_t i = 0; i < before->entry_count; i++) {
		entry = &before->entries[i];
		if (effect_on(revoking, entry) != effect ||
		    !concerns(revoking, entry))
			continue;
		nitro_entry_title(entry, name);
		also = effect == REFUSED_NOW && revoking->target != NULL &&
			       !nitro_revoking_is_target(revoking, entry)
			   ? ", which has the same values"
			   : "";
		printf("  %s, %s line %u%s\n", name, entry->file, entry->line,
		    also);
		count++;
	}
	return count;
}

enum nitro_exit
nitro_revoking_report(const struct nitro_revoking *revoking)
{
	size_t count;

	if (revoking->wants_json)
		return print_json(revoking, "revoked");
	nitro_change_print(&revoking->change);
	printf("\nRefused from now on:\n");
	count = print_entries(revoking, REFUSED_NOW);
	if (count == 0)
		printf("  no entry as a whole, but documents that match the "
		       "item, whatever entry allows them\n");
	if (count > 0) {
		printf("Still allowed of the same workloads:\n");
		if (print_entries(revoking, STILL_ALLOWED) == 0)
			printf("  nothing: all their logins are refused until "
			       "pam-nitro allow adds an entry\n");
	}
	printf("Sessions that are open go on.\n");
	nitro_change_print_remaining(&revoking->change);
	return NITRO_EXIT_YES;
}

enum nitro_exit
nitro_revoking_report_already(const struct nitro_revoking *revoking)
{
	if (revoking->wants_json)
		return print_json(revoking, "already_revoked");
	printf("That is revoked already. Nothing was changed.\n");
	return NITRO_EXIT_YES;
}
