#include "admin/provenance/release.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "admin/image/candidate_report.h"
#include "admin/measurements/allow_input.h"
#include "admin/printable.h"
#include "policy/config_reader.h"

static const char *const bundle_endings[] = {".sigstore.json", ".sigstore",
    ".bundle", ".jsonl", ".dsse.json", ".sig", ".minisig"};
static const char *const file_endings[] = {".eif", ".json"};

void
nitro_releases_drop(struct nitro_releases *releases)
{
	for (size_t i = 0; i < releases->count; i++)
		nitro_measurements_drop(&releases->list[i].entry);
	nitro_free(releases->list);
	*releases = (struct nitro_releases){0};
}

static void
drop_folder(DIR **folder)
{
	if (*folder != NULL)
		(void)closedir(*folder);
}

static bool
ends_with(const char *name, const char *ending)
{
	const size_t len = strlen(name), end = strlen(ending);

	return len > end && strcmp(name + len - end, ending) == 0;
}

static bool
is_bundle(const char *name)
{
	for (size_t i = 0; i < NITRO_COUNT_OF(bundle_endings); i++)
		if (ends_with(name, bundle_endings[i]))
			return true;
	return false;
}

static bool
is_release(const char *name)
{
	if (name[0] == '.' || is_bundle(name))
		return false;
	for (size_t i = 0; i < NITRO_COUNT_OF(file_endings); i++)
		if (ends_with(name, file_endings[i]))
			return true;
	return false;
}

static nitro_err
add(const char *folder, const char *name, struct nitro_releases *releases,
    struct nitro_fault *fault)
{
	struct nitro_release *release;
	struct stat st;

	if (releases->count == NITRO_RELEASES_MAX)
		return nitro_fault_set(fault, NITRO_E_FILE_READ, folder, 0,
		    "has more than %d releases", NITRO_RELEASES_MAX);
	release = &releases->list[releases->count];
	if (snprintf(release->path, sizeof release->path, "%s/%s", folder,
		name) > NITRO_RELEASE_PATH_SIZE - 20)
		return nitro_fault_set(fault, NITRO_E_FILE_READ, folder, 0,
		    "has a name that is too long");
	for (size_t i = 0; i < NITRO_COUNT_OF(bundle_endings); i++) {
		(void)snprintf(release->bundle, sizeof release->bundle,
		    "%.*s%s", NITRO_RELEASE_PATH_SIZE - 20, release->path,
		    bundle_endings[i]);
		if (lstat(release->bundle, &st) == 0)
			break;
		release->bundle[0] = '\0';
	}
	releases->count++;
	return NITRO_OK;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct nitro_release *)a)->path,
	    ((const struct nitro_release *)b)->path);
}

nitro_err
nitro_releases_find(const char *folder, struct nitro_releases *releases,
    struct nitro_fault *fault)
{
	NITRO_DROP(drop_folder) DIR *open = opendir(folder);
	const struct dirent *found;
	nitro_err err;

	if (open == NULL)
		return nitro_fault_set(fault, NITRO_E_FILE_MISSING, folder, 0,
		    "cannot be opened: %s", strerror(errno));
	releases->list = nitro_alloc(
	    NITRO_RELEASES_MAX, sizeof releases->list[0]);
	if (releases->list == NULL)
		return nitro_fault_set(fault, NITRO_E_MEMORY, NULL, 0, "%s",
		    nitro_err_sentence(NITRO_E_MEMORY));
	while (errno = 0, (found = readdir(open)) != NULL) {
		if (!is_release(found->d_name))
			continue;
		err = add(folder, found->d_name, releases, fault);
		if (err != NITRO_OK)
			return err;
	}
	/* What was not found would be neither allowed nor refused. */
	if (errno != 0)
		return nitro_fault_set(fault, NITRO_E_FILE_READ, folder, 0,
		    "cannot be listed: %s", strerror(errno));
	qsort(
	    releases->list, releases->count, sizeof releases->list[0], compare);
	return NITRO_OK;
}

/* "billing-1.4.2" of ".../billing-1.4.2.eif"; "" where it is no name. */
static void
version_of(
    const struct nitro_release *release, char version[NITRO_NAME_MAX + 1])
{
	const char *name = strrchr(release->path, '/') + 1;
	const char *end = strrchr(name, '.');

	(void)snprintf(
	    version, NITRO_NAME_MAX + 1, "%.*s", (int)(end - name), name);
	if ((size_t)(end - name) > NITRO_NAME_MAX ||
	    !nitro_config_is_name(version))
		version[0] = '\0';
}

static void
refuse(struct nitro_release *release, const char *why)
{
	release->state = NITRO_RELEASE_REFUSED;
	nitro_printable(
	    nitro_bytes_of_text(why), release->why, sizeof release->why);
}

/* The entry as it will stand in the file, read as the module will. */
static nitro_err
take_entry(struct nitro_release *release, struct nitro_proof *proof,
    const char *workload, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_candidate *candidate = &proof->import.candidate;
	char version[NITRO_NAME_MAX + 1];
	nitro_err err;

	version_of(release, version);
	candidate->workload = workload;
	candidate->version = version[0] != '\0' ? version : NULL;
	candidate->source = (const char *)proof->source.ptr;
	candidate->builder = (const char *)proof->builder.ptr;
	candidate->provenance = &proof->entry;
	err = nitro_candidate_checked_entry(candidate, &text, fault);
	if (err == NITRO_OK)
		err = nitro_allow_parse(
		    nitro_bytes_of_buf(&text), &release->entry, fault);
	candidate->version = NULL;
	if (err == NITRO_E_SETTINGS || err == NITRO_E_MEASUREMENTS) {
		refuse(release, fault->text);
		*fault = (struct nitro_fault){.err = NITRO_OK};
		return NITRO_OK;
	}
	if (err == NITRO_OK) {
		release->state = NITRO_RELEASE_NEW;
		release->why[0] = '\0';
		release->time_ms = proof->provenance.time_ms;
	}
	return err;
}

static void
ask_by_rule(
    struct nitro_question *question, const struct nitro_provenance_rule *rule)
{
	question->policy.identity = rule->identity;
	question->policy.issuer = rule->issuer;
	question->policy.source_repository = rule->source_repository;
	if (rule->key == NULL)
		question->key = NULL;
	else
		question->trusted_root = NULL;
}

/* *holds where the release satisfies that one rule. */
static nitro_err
judge_by(struct nitro_release *release, const struct nitro_release_rules *rules,
    const struct nitro_provenance_rule *rule, bool *holds,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_proof_drop)
	struct nitro_proof proof = NITRO_PROOF_INIT;
	struct nitro_question question = rules->question;
	nitro_err err;

	*holds = false;
	ask_by_rule(&question, rule);
	question.bundle = release->bundle;
	if ((rule->key != NULL ? question.key : question.trusted_root) ==
	    NULL) {
		refuse(release, rule->key != NULL
				    ? "its rule needs --provenance-key"
				    : "its rule needs --trusted-root");
		return NITRO_OK;
	}
	proof.question = &question;
	proof.path = release->path;
	err = nitro_proof_make(&proof, fault);
	if (err == NITRO_E_PROVENANCE || err == NITRO_E_FILE_READ ||
	    err == NITRO_E_FILE_MISSING) {
		refuse(release, fault->text);
		*fault = (struct nitro_fault){.err = NITRO_OK};
		return NITRO_OK;
	}
	if (err != NITRO_OK)
		return err;
	if (!nitro_provenance_rule_holds(rule, &proof.entry)) {
		refuse(release, "another key than its rule names");
		return NITRO_OK;
	}
	*holds = true;
	nitro_measurements_drop(&release->entry);
	err = take_entry(release, &proof, rule->workload, fault);
	if (err == NITRO_OK && release->state == NITRO_RELEASE_NEW &&
	    rules->keep != NULL)
		err = nitro_proof_keep(&proof, rules->keep, fault);
	return err;
}

nitro_err
nitro_release_judge(struct nitro_release *release,
    const struct nitro_release_rules *rules, struct nitro_fault *fault)
{
	const struct nitro_settings *settings = rules->settings;
	const struct nitro_provenance_rule *rule;
	size_t count = 0;
	bool holds;
	nitro_err err;

	if (release->bundle[0] == '\0') {
		refuse(release, "no bundle or signature beside it");
		return NITRO_OK;
	}
	refuse(release, "no rule of require_provenance for it");
	for (size_t i = 0; i < settings->provenance_rule_count; i++) {
		rule = &settings->provenance_rules[i];
		if (rules->workload != NULL &&
		    strcmp(rules->workload, rule->workload) != 0)
			continue;
		/* What one rule took, another one's refusal does not undo. */
		if (count > 0 &&
		    (release->entry.entry_count == 0 ||
			!nitro_provenance_rule_holds(
			    rule, &release->entry.entries[0].provenance)))
			continue;
		err = judge_by(release, rules, rule, &holds, fault);
		if (err != NITRO_OK)
			return err;
		count += holds;
	}
	if (count > 1)
		refuse(release, "the rules of several workloads hold for it; "
				"name one by --workload");
	return NITRO_OK;
}
