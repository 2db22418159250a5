#include "policy/settings.h"

#include <stdlib.h>
#include <string.h>

#include "policy/config_reader.h"
#include "policy/entry_provenance_reader.h"

#define COUNT_AND(array) (array), NITRO_COUNT_OF(array)

static const char *const known_keys[] = {"mode", "measurements",
    "trust_anchors", "server_name", "binding", "audience", "max_age_s",
    "clock_skew_s", "evidence", "require_provenance", "users"};
static const char *const known_evidence_keys[] = {
    "directory", "keep_days", "max_mib", "required"};
static const char *const known_rule_keys[] = {"user", "group", "workloads"};

static void
drop_rule(struct nitro_user_rule *rule)
{
	for (size_t i = 0; i < rule->workload_count; i++)
		nitro_free(rule->workloads[i]);
	nitro_free(rule->workloads);
	nitro_free(rule->user);
	nitro_free(rule->group);
	*rule = (struct nitro_user_rule){0};
}

void
nitro_settings_drop(struct nitro_settings *settings)
{
	for (size_t i = 0; i < settings->rule_count; i++)
		drop_rule(&settings->rules[i]);
	nitro_free(settings->rules);
	for (size_t i = 0; i < settings->provenance_rule_count; i++)
		nitro_provenance_rule_drop(&settings->provenance_rules[i]);
	nitro_free(settings->provenance_rules);
	nitro_free(settings->measurements);
	nitro_free(settings->trust_anchors);
	nitro_free(settings->server_name);
	nitro_free(settings->evidence.directory);
	*settings = (struct nitro_settings){0};
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, so that a list or file of any length is cheap to check. */
static const char *
find_duplicate(const char **names, size_t count)
{
	qsort(names, count, sizeof names[0], compare_names);
	for (size_t i = 1; i < count; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			return names[i];
	return NULL;
}

static nitro_err
parse_workloads(const struct nitro_config *config, const config_setting_t *at,
    struct nitro_user_rule *rule)
{
	const char *sorted[NITRO_CONFIG_NAMES_MAX], *twice;
	struct nitro_config_value value;
	size_t count = 0;
	nitro_err err;

	if ((err = nitro_config_count(config, at, &count)) != NITRO_OK)
		return err;
	rule->workloads = nitro_alloc(count, sizeof rule->workloads[0]);
	if (rule->workloads == NULL)
		return nitro_config_no_memory(config, at);
	for (size_t i = 0; i < count; i++) {
		if ((err = nitro_config_value(config, at, i, &value)) !=
		    NITRO_OK)
			return err;
		if (!nitro_config_is_name(value.text))
			return nitro_config_refuse(config, value.at,
			    "a workload must be a name: 1 to %d letters, "
			    "digits or . _ @ + -",
			    NITRO_NAME_MAX);
		rule->workloads[i] = nitro_text_copy(
		    nitro_bytes_of_text(value.text));
		if (rule->workloads[i] == NULL)
			return nitro_config_no_memory(config, at);
		rule->workload_count = i + 1;
		sorted[i] = rule->workloads[i];
	}
	if ((twice = find_duplicate(sorted, count)) != NULL)
		return nitro_config_refuse(config, at,
		    "workload \"%s\" stands twice in this rule", twice);
	return NITRO_OK;
}

static nitro_err
parse_rule(const struct nitro_config *config, const config_setting_t *at,
    struct nitro_user_rule *rule)
{
	const config_setting_t *workloads;
	nitro_err err;

	err = nitro_config_check_group(config, at, COUNT_AND(known_rule_keys));
	if (err != NITRO_OK)
		return err;
	rule->line = config_setting_source_line(at);
	if ((err = nitro_config_name(config, at, "user", &rule->user)) !=
		NITRO_OK ||
	    (err = nitro_config_name(config, at, "group", &rule->group)) !=
		NITRO_OK)
		return err;
	if ((rule->user == NULL) == (rule->group == NULL))
		return nitro_config_refuse(config, at,
		    "a rule of users must have either user or group");
	workloads = config_setting_get_member(at, "workloads");
	if (workloads == NULL)
		return nitro_config_refuse(config, at,
		    "a rule of users must have workloads: the names that may "
		    "log in as %s",
		    rule->user != NULL ? rule->user : rule->group);
	return parse_workloads(config, workloads, rule);
}

/* A user, or a group, that stands in two rules is a slip of somebody's. */
static nitro_err
check_rules(const struct nitro_config *config, const config_setting_t *at,
    const struct nitro_settings *settings)
{
	const char **names, *twice;
	size_t count;

	names = nitro_alloc(settings->rule_count, sizeof names[0]);
	if (names == NULL)
		return nitro_config_no_memory(config, at);
	for (int is_group = 0; is_group <= 1; is_group++) {
		count = 0;
		for (size_t i = 0; i < settings->rule_count; i++) {
			const char *name = is_group ? settings->rules[i].group
						    : settings->rules[i].user;
			if (name != NULL)
				names[count++] = name;
		}
		if ((twice = find_duplicate(names, count)) != NULL) {
			nitro_free(names);
			return nitro_config_refuse(config, at,
			    "%s \"%s\" has two rules; put its workloads into "
			    "one",
			    is_group ? "group" : "user", twice);
		}
	}
	nitro_free(names);
	return NITRO_OK;
}

static nitro_err
parse_users(const struct nitro_config *config, struct nitro_settings *settings)
{
	const config_setting_t *list = NULL, *at = NULL;
	size_t count;
	nitro_err err;

	if ((err = nitro_config_list(config, "users", &list)) != NITRO_OK)
		return err;
	if (list == NULL || config_setting_length(list) == 0)
		return nitro_config_refuse(config, list,
		    "users has no rule yet: name the accounts that log in by "
		    "attestation and their workloads, see pam_nitro.conf(5)");
	count = (size_t)config_setting_length(list);
	settings->rules = nitro_alloc(count, sizeof settings->rules[0]);
	if (settings->rules == NULL)
		return nitro_config_no_memory(config, list);
	for (size_t i = 0; i < count; i++) {
		settings->rule_count = i + 1;
		at = nitro_config_element(config, list, i, &err);
		if (at == NULL || (err = parse_rule(config, at,
				       &settings->rules[i])) != NITRO_OK)
			return err;
	}
	return check_rules(config, list, settings);
}

static nitro_err
parse_choices(
    const struct nitro_config *config, struct nitro_settings *settings)
{
	static const char *const modes[] = {"enforce", "observe", NULL};
	static const char *const bindings[] = {"ssh-key", "none", NULL};
	const config_setting_t *root = nitro_config_root(config);
	unsigned mode = 0, binding = 0;
	nitro_err err;

	settings->wants_audience = true;
	if ((err = nitro_config_choice(config, root, "mode", modes, &mode)) !=
		NITRO_OK ||
	    (err = nitro_config_choice(
		 config, root, "binding", bindings, &binding)) != NITRO_OK ||
	    (err = nitro_config_bool(config, root, "audience",
		 &settings->wants_audience)) != NITRO_OK)
		return err;
	settings->mode = mode == 1 ? NITRO_MODE_OBSERVE : NITRO_MODE_ENFORCE;
	settings->binds_ssh_key = binding == 0;
	return NITRO_OK;
}

static nitro_err
parse_times(const struct nitro_config *config, struct nitro_settings *settings)
{
	const config_setting_t *root = nitro_config_root(config);
	int max_age_s = NITRO_MAX_AGE_DEFAULT_MS / 1000;
	int clock_skew_s = NITRO_CLOCK_SKEW_DEFAULT_MS / 1000;
	nitro_err err;

	err = nitro_config_number(config, root, "max_age_s",
	    (struct nitro_config_range){1, 600}, &max_age_s);
	if (err != NITRO_OK)
		return err;
	err = nitro_config_number(config, root, "clock_skew_s",
	    (struct nitro_config_range){0, 60}, &clock_skew_s);
	if (err != NITRO_OK)
		return err;
	settings->max_age_ms = max_age_s * INT64_C(1000);
	settings->clock_skew_ms = clock_skew_s * INT64_C(1000);
	return NITRO_OK;
}

static nitro_err
parse_evidence_bounds(const struct nitro_config *config,
    const config_setting_t *at, struct nitro_evidence_settings *evidence)
{
	int keep_days = NITRO_EVIDENCE_KEEP_DAYS;
	int max_mib = NITRO_EVIDENCE_MAX_MIB;
	nitro_err err;

	err = nitro_config_number(config, at, "keep_days",
	    (struct nitro_config_range){1, 3650}, &keep_days);
	if (err != NITRO_OK)
		return err;
	err = nitro_config_number(config, at, "max_mib",
	    (struct nitro_config_range){1, 65536}, &max_mib);
	if (err != NITRO_OK)
		return err;
	evidence->keep_ms = keep_days * (INT64_C(24) * 60 * 60 * 1000);
	evidence->max_bytes = max_mib * (INT64_C(1024) * 1024);
	return nitro_config_bool(
	    config, at, "required", &evidence->is_required);
}

/* Off where it is absent; "evidence = {}" is on with every default. */
static nitro_err
parse_evidence(
    const struct nitro_config *config, struct nitro_evidence_settings *evidence)
{
	const config_setting_t *at = config_setting_get_member(
	    nitro_config_root(config), "evidence");
	nitro_err err;

	if (at == NULL)
		return NITRO_OK;
	err = nitro_config_check_group(
	    config, at, COUNT_AND(known_evidence_keys));
	if (err != NITRO_OK)
		return err;
	err = nitro_config_path(config, at, "directory", &evidence->directory);
	if (err != NITRO_OK)
		return err;
	if (evidence->directory == NULL)
		evidence->directory = nitro_text_copy(
		    nitro_bytes_of_text(NITRO_EVIDENCE_PATH));
	if (evidence->directory == NULL)
		return nitro_config_no_memory(config, at);
	return parse_evidence_bounds(config, at, evidence);
}

static nitro_err
parse_provenance_rules(
    const struct nitro_config *config, struct nitro_settings *settings)
{
	const config_setting_t *list = NULL;
	struct nitro_provenance_rule *rule;
	size_t count;
	nitro_err err;

	err = nitro_config_list(config, "require_provenance", &list);
	if (list == NULL)
		return err;
	count = (size_t)config_setting_length(list);
	if (count == 0)
		return nitro_config_refuse(config, list,
		    "require_provenance has no rule; leave it out");
	settings->provenance_rules = nitro_alloc(
	    count, sizeof settings->provenance_rules[0]);
	if (settings->provenance_rules == NULL)
		return nitro_config_no_memory(config, list);
	for (size_t i = 0; i < count; i++) {
		rule = &settings->provenance_rules[i];
		settings->provenance_rule_count = i + 1;
		err = nitro_provenance_rule_read(
		    config, config_setting_get_elem(list, (unsigned)i), rule);
		if (err != NITRO_OK)
			return err;
		if (nitro_settings_provenance_rule(settings, rule->workload) !=
		    rule)
			return nitro_config_refuse(config, list,
			    "workload \"%s\" has two rules of "
			    "require_provenance",
			    rule->workload);
	}
	return NITRO_OK;
}

static nitro_err
parse_server_name(
    const struct nitro_config *config, struct nitro_settings *settings)
{
	struct nitro_config_value value;
	struct nitro_bytes name;
	nitro_err err;

	err = nitro_config_string(
	    config, nitro_config_root(config), "server_name", &value);
	if (err != NITRO_OK)
		return err;
	name = nitro_bytes_of_text(value.text);
	if (name.len > 0 && !nitro_server_name_is_valid(name))
		return nitro_config_refuse(config, value.at,
		    "server_name must be 1 to %d letters, digits or . : _ -, "
		    "or empty for the host's name",
		    NITRO_SERVER_NAME_MAX);
	settings->server_name = nitro_text_copy(name);
	return settings->server_name != NULL
		   ? NITRO_OK
		   : nitro_config_no_memory(config, value.at);
}

static nitro_err
parse_path(const struct nitro_config *config, const char *key,
    const char *fallback, char **path)
{
	nitro_err err;

	err = nitro_config_path(config, nitro_config_root(config), key, path);
	if (err != NITRO_OK || *path != NULL)
		return err;
	*path = nitro_text_copy(nitro_bytes_of_text(fallback));
	return *path != NULL ? NITRO_OK : nitro_config_no_memory(config, NULL);
}

static nitro_err
parse_all(const struct nitro_config *config, struct nitro_settings *settings)
{
	nitro_err err;

	err = nitro_config_check_group(
	    config, nitro_config_root(config), COUNT_AND(known_keys));
	if (err != NITRO_OK)
		return err;
	if ((err = parse_choices(config, settings)) != NITRO_OK ||
	    (err = parse_times(config, settings)) != NITRO_OK ||
	    (err = parse_server_name(config, settings)) != NITRO_OK)
		return err;
	err = parse_path(config, "measurements", NITRO_MEASUREMENTS_PATH,
	    &settings->measurements);
	if (err != NITRO_OK)
		return err;
	err = parse_path(config, "trust_anchors", NITRO_TRUST_ANCHORS_PATH,
	    &settings->trust_anchors);
	if (err != NITRO_OK)
		return err;
	err = parse_evidence(config, &settings->evidence);
	if (err != NITRO_OK)
		return err;
	err = parse_provenance_rules(config, settings);
	if (err != NITRO_OK)
		return err;
	return parse_users(config, settings);
}

nitro_err
nitro_settings_parse(struct nitro_bytes text, const char *path,
    struct nitro_settings *settings, struct nitro_fault *fault)
{
	const struct nitro_config_source source = {
	    text, path, NITRO_E_SETTINGS};
	NITRO_DROP(nitro_config_close) struct nitro_config config = {0};
	NITRO_DROP(nitro_settings_drop) struct nitro_settings parsed = {0};
	nitro_err err;

	if ((err = nitro_config_open(&source, fault, &config)) != NITRO_OK)
		return err;
	if ((err = parse_all(&config, &parsed)) != NITRO_OK)
		return err;
	*settings = parsed;
	parsed = (struct nitro_settings){0};
	return NITRO_OK;
}

const struct nitro_provenance_rule *
nitro_settings_provenance_rule(
    const struct nitro_settings *settings, const char *workload)
{
	for (size_t i = 0; i < settings->provenance_rule_count; i++)
		if (strcmp(settings->provenance_rules[i].workload, workload) ==
		    0)
			return &settings->provenance_rules[i];
	return NULL;
}

bool
nitro_user_rule_lists(const struct nitro_user_rule *rule, const char *user,
    const char *const *groups, size_t group_count)
{
	if (rule->user != NULL)
		return strcmp(rule->user, user) == 0;
	for (size_t i = 0; i < group_count; i++)
		if (strcmp(rule->group, groups[i]) == 0)
			return true;
	return false;
}

bool
nitro_settings_lists_user(const struct nitro_settings *settings,
    const char *user, const char *const *groups, size_t group_count)
{
	for (size_t i = 0; i < settings->rule_count; i++)
		if (nitro_user_rule_lists(
			&settings->rules[i], user, groups, group_count))
			return true;
	return false;
}

bool
nitro_settings_allow(const struct nitro_settings *settings, const char *user,
    const char *const *groups, size_t group_count, const char *workload)
{
	const struct nitro_user_rule *rule;

	for (size_t i = 0; i < settings->rule_count; i++) {
		rule = &settings->rules[i];
		if (!nitro_user_rule_lists(rule, user, groups, group_count))
			continue;
		for (size_t j = 0; j < rule->workload_count; j++)
			if (strcmp(rule->workloads[j], workload) == 0)
				return true;
	}
	return false;
}
