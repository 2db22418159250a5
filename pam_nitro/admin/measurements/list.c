#include "admin/measurements/list.h"

#include <stdio.h>
#include <string.h>

#include "admin/command.h"
#include "admin/json_text.h"
#include "admin/judge/judgement.h"
#include "admin/measurements/entry_state.h"
#include "base/hex.h"
#include "policy/policy.h"

enum { CONFIG = 1, JSON };

static const struct option options[] = {
    {"config", required_argument, NULL, CONFIG},
    {"json", no_argument, NULL, JSON},
    {0},
};

static void
drop_listing(struct nitro_listing *listing)
{
	nitro_settings_drop(&listing->settings);
	nitro_measurements_drop(&listing->measurements);
}

/* "pcr0": ["...", ...] */
static json_t *
pins_json(const struct nitro_entry *entry)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json pins = {0};
	char key[8], hex[2 * NITRO_PCR_LEN + 1];
	json_t *values;

	nitro_json_begin(&pins);
	for (size_t i = 0; i < entry->pin_count; i++) {
		(void)snprintf(
		    key, sizeof key, "pcr%u", entry->pins[i].pcr % 32);
		nitro_hex_encode(
		    (struct nitro_bytes){entry->pins[i].value, NITRO_PCR_LEN},
		    hex, sizeof hex);
		values = json_object_get(pins.object, key);
		if (values == NULL) {
			nitro_json_set(&pins, key, json_array());
			values = json_object_get(pins.object, key);
		}
		if (json_array_append_new(values, json_string(hex)) != 0)
			pins.has_failed = true;
	}
	return nitro_json_take(&pins);
}

static void
set_common(struct nitro_json *json, const struct nitro_entry *entry)
{
	nitro_json_set_text(json, "workload", entry->workload);
	nitro_json_set_text(json, "version", entry->version);
	nitro_json_set_text(json, "kind",
	    entry->kind != NITRO_KIND_NONE ? nitro_kind_name(entry->kind)
					   : NULL);
	nitro_json_set(json, "pins", pins_json(entry));
	nitro_json_set_text(json, "iam_role", entry->iam_role);
	nitro_json_set_text(json, "instance_id", entry->instance_id);
	nitro_json_set_text(
	    json, "signing_certificate", entry->signing_certificate);
	nitro_json_set_text(json, "file", entry->file);
	nitro_json_set_int(json, "line", entry->line);
}

static json_t *
revoked_json(const struct nitro_entry *item)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};

	nitro_json_begin(&json);
	set_common(&json, item);
	nitro_json_set_text(&json, "reason", item->reason);
	return nitro_json_take(&json);
}

/* The names of one kind of rule that lets the workload in. */
static json_t *
rules_json(
    const struct nitro_listing *listing, const char *workload, bool is_group)
{
	const struct nitro_settings *settings = &listing->settings;
	const struct nitro_user_rule *rule;
	const char *name;
	json_t *names = json_array();

	for (size_t i = 0; i < settings->rule_count; i++) {
		rule = &settings->rules[i];
		name = is_group ? rule->group : rule->user;
		for (size_t k = 0; name != NULL && k < rule->workload_count;
		     k++)
			if (strcmp(rule->workloads[k], workload) == 0 &&
			    json_array_append_new(names, json_string(name)) !=
				0) {
				json_decref(names);
				return NULL;
			}
	}
	return names;
}

static void
set_time(struct nitro_json *json, const char *key, int64_t time_ms)
{
	if (time_ms < 0 || time_ms == INT64_MAX)
		nitro_json_set(json, key, json_null());
	else
		nitro_json_set_moment(json, key, (uint64_t)time_ms);
}

static json_t *
entry_json(const struct nitro_listing *listing, const struct nitro_entry *entry)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	const struct nitro_entry *revoked_by = NULL;
	const enum nitro_entry_state state = nitro_entry_state(
	    entry, &listing->measurements, listing->now_ms, &revoked_by);
	const int64_t days = nitro_entry_days_left(entry, listing->now_ms);

	nitro_json_begin(&json);
	set_common(&json, entry);
	nitro_json_set_text(&json, "state", nitro_entry_state_name(state));
	set_time(&json, "not_before", entry->not_before_ms);
	set_time(&json, "not_after", entry->not_after_ms);
	nitro_json_set(&json, "days_left",
	    days >= 0 ? json_integer((json_int_t)days) : json_null());
	nitro_json_set_text(&json, "source", entry->source);
	nitro_json_set_text(&json, "builder", entry->builder);
	nitro_json_set_text(&json, "note", entry->note);
	nitro_json_set(
	    &json, "users", rules_json(listing, entry->workload, false));
	nitro_json_set(
	    &json, "groups", rules_json(listing, entry->workload, true));
	nitro_json_set(&json, "revoked_by",
	    revoked_by != NULL ? revoked_json(revoked_by) : json_null());
	return nitro_json_take(&json);
}

static bool
print_json(const struct nitro_listing *listing)
{
	const struct nitro_measurements *all = &listing->measurements;
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	json_t *entries = json_array(), *revoked = json_array();

	nitro_json_begin(&json);
	nitro_json_set_text(&json, "config", listing->config);
	nitro_json_set_text(
	    &json, "measurements", listing->settings.measurements);
	nitro_json_set_bool(
	    &json, "passes", listing->remaining.err == NITRO_OK);
	for (size_t i = 0; i < all->entry_count; i++)
		if (json_array_append_new(
			entries, entry_json(listing, &all->entries[i])) != 0)
			json.has_failed = true;
	for (size_t i = 0; i < all->revoked_count; i++)
		if (json_array_append_new(
			revoked, revoked_json(&all->revoked[i])) != 0)
			json.has_failed = true;
	nitro_json_set(&json, "entries", entries);
	nitro_json_set(&json, "revoked", revoked);
	return nitro_json_print(&json);
}

static nitro_err
load(struct nitro_listing *listing, struct nitro_fault *fault)
{
	struct nitro_policy policy = {0};
	nitro_err err;

	err = nitro_policy_load_settings(
	    listing->config, &listing->settings, fault);
	if (err != NITRO_OK)
		return err;
	err = nitro_policy_load_measurements(listing->settings.measurements,
	    NULL, &listing->measurements, fault);
	if (err != NITRO_OK)
		return err;
	if ((err = nitro_clock_ms(&listing->now_ms)) != NITRO_OK)
		return nitro_fault_set(
		    fault, err, NULL, 0, "%s", nitro_err_sentence(err));
	if (nitro_policy_load(listing->config, &policy, &listing->remaining) ==
	    NITRO_OK)
		nitro_policy_drop(&policy);
	return NITRO_OK;
}

static enum nitro_exit
list(struct nitro_listing *listing, bool wants_json)
{
	struct nitro_fault fault = {0};
	nitro_err err;

	if (load(listing, &fault) != NITRO_OK) {
		nitro_complain_fault(&fault);
		return NITRO_EXIT_USAGE;
	}
	err = NITRO_OK;
	if (!wants_json)
		err = nitro_listing_print(listing);
	else if (!print_json(listing))
		err = NITRO_E_MEMORY;
	if (err != NITRO_OK) {
		nitro_complain("list: %s", nitro_err_sentence(err));
		return NITRO_EXIT_USAGE;
	}
	if (listing->remaining.err == NITRO_OK)
		return NITRO_EXIT_YES;
	nitro_complain("every login is refused, whatever the table says:");
	nitro_complain_fault(&listing->remaining);
	return NITRO_EXIT_REFUSED;
}

static enum nitro_exit
run(int argc, char **argv)
{
	NITRO_DROP(drop_listing)
	struct nitro_listing listing = {.config = NITRO_SETTINGS_PATH};
	bool wants_json = false;
	int option;

	while ((option = nitro_command_option(&nitro_command_list, argc, argv,
		    options)) != NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == NITRO_OPTION_BAD)
			return NITRO_EXIT_USAGE;
		if (option == JSON)
			wants_json = true;
		else
			listing.config = optarg;
	}
	if (nitro_command_operands(&nitro_command_list, argc, argv, 0) == NULL)
		return NITRO_EXIT_USAGE;
	return list(&listing, wants_json);
}

const struct nitro_command nitro_command_list = {
    .name = "list",
    .arguments = "[--config FILE] [--json]",
    .summary = "Show what is allowed and revoked, until when, and for whom",
    .help =
	"  --config FILE  settings, else " NITRO_SETTINGS_PATH "\n"
	"  --json         for programs\n\n"
	"Exit status: 0 shown, 1 shown, but the settings do not pass, 2 usage "
	"or\nconfiguration.\n",
    .run = run,
};
