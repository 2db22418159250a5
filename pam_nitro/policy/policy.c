#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "evidence/cert_facts.h"
#include "policy/secure_file.h"

nitro_err
nitro_policy_load_settings(const char *path, struct nitro_settings *settings,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	nitro_err err;

	if ((err = nitro_secure_file_read(path, &text, fault)) != NITRO_OK)
		return err;
	return nitro_settings_parse(
	    nitro_bytes_of_buf(&text), path, settings, fault);
}

static nitro_err
load_anchors(const char *path, struct nitro_trust_anchors **anchors,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
	nitro_err err;

	if ((err = nitro_secure_file_read(path, &pem, fault)) != NITRO_OK)
		return err;
	err = nitro_trust_anchors_parse(nitro_bytes_of_buf(&pem), anchors);
	if (err != NITRO_OK)
		return nitro_fault_set(
		    fault, err, path, 0, "%s", nitro_err_sentence(err));
	return NITRO_OK;
}

/* A nitro_certificate_source: "signing_certificate" of an entry. */
static nitro_err
read_certificate(const char *path, struct nitro_buf *der,
    struct nitro_fault *fault, void *context)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
	nitro_err err;

	(void)context;
	if ((err = nitro_secure_file_read(path, &pem, fault)) != NITRO_OK)
		return err;
	err = nitro_cert_from_pem(nitro_bytes_of_buf(&pem), der);
	if (err == NITRO_E_CERT)
		return nitro_fault_set(fault, NITRO_E_MEASUREMENTS, path, 0,
		    "is not exactly one certificate in PEM");
	if (err != NITRO_OK)
		return nitro_fault_set(
		    fault, err, path, 0, "%s", nitro_err_sentence(err));
	return NITRO_OK;
}

struct loading {
	const struct nitro_draft *draft; /* or NULL */
	struct nitro_measurements *measurements;
	struct nitro_fault *fault;
};

static nitro_err
load_file(const char *path, void *context)
{
	const struct loading *loading = context;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	nitro_err err;

	if (loading->draft != NULL && strcmp(loading->draft->path, path) == 0)
		return nitro_measurements_parse(loading->draft->text, path,
		    read_certificate, NULL, loading->measurements,
		    loading->fault);
	err = nitro_secure_file_read(path, &text, loading->fault);
	if (err != NITRO_OK)
		return err;
	return nitro_measurements_parse(nitro_bytes_of_buf(&text), path,
	    read_certificate, NULL, loading->measurements, loading->fault);
}

static nitro_err
load_measurements(const char *path, const struct nitro_draft *draft,
    struct nitro_measurements *measurements, struct nitro_fault *fault)
{
	struct loading loading = {draft, measurements, fault};
	struct stat st;
	nitro_err err;

	/* Only to choose; what is then read is judged by its own descriptor. */
	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
		err = nitro_secure_folder_walk(
		    path, load_file, &loading, fault);
	else
		err = load_file(path, &loading);
	if (err != NITRO_OK)
		return err;
	if (measurements->entry_count == 0)
		return nitro_fault_set(fault, NITRO_E_MEASUREMENTS, path, 0,
		    "no entry in measurements yet, so nothing is allowed in: "
		    "add one, see pam_nitro_measurements(5)");
	return NITRO_OK;
}

nitro_err
nitro_policy_load_measurements(const char *path,
    const struct nitro_draft *draft, struct nitro_measurements *measurements,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements loaded = {0};
	nitro_err err;

	err = load_measurements(path, draft, &loaded, fault);
	if (err != NITRO_OK)
		return err;
	*measurements = loaded;
	loaded = (struct nitro_measurements){0};
	return NITRO_OK;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *
find_missing(
    const struct nitro_user_rule *rule, const char *const *names, size_t count)
{
	for (size_t i = 0; i < rule->workload_count; i++)
		if (bsearch(&rule->workloads[i], names, count, sizeof names[0],
			compare_names) == NULL)
			return rule->workloads[i];
	return NULL;
}

/* A slip in a workload's name must show at once, and not at its login. */
static nitro_err
check_workloads(const char *path, const struct nitro_policy *policy,
    struct nitro_fault *fault)
{
	const struct nitro_measurements *measurements = &policy->measurements;
	const struct nitro_settings *settings = &policy->settings;
	const char **names, *missing = NULL;
	nitro_err err = NITRO_OK;

	names = nitro_alloc(measurements->entry_count, sizeof names[0]);
	if (names == NULL)
		return nitro_fault_set(fault, NITRO_E_MEMORY, path, 0,
		    "no memory to look up its workloads");
	for (size_t i = 0; i < measurements->entry_count; i++)
		names[i] = measurements->entries[i].workload;
	qsort(names, measurements->entry_count, sizeof names[0], compare_names);
	for (size_t i = 0; err == NITRO_OK && i < settings->rule_count; i++) {
		missing = find_missing(
		    &settings->rules[i], names, measurements->entry_count);
		if (missing != NULL)
			err = nitro_fault_set(fault, NITRO_E_SETTINGS, path,
			    settings->rules[i].line,
			    "workload \"%s\" has no entry in %s", missing,
			    settings->measurements);
	}
	nitro_free(names);
	return err;
}

nitro_err
nitro_policy_load_draft(const char *path, const struct nitro_draft *draft,
    struct nitro_policy *policy, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_policy_drop) struct nitro_policy loaded = {0};
	nitro_err err;

	*policy = (struct nitro_policy){0};
	err = nitro_policy_load_settings(path, &loaded.settings, fault);
	if (err != NITRO_OK)
		return err;
	err = load_anchors(
	    loaded.settings.trust_anchors, &loaded.anchors, fault);
	if (err != NITRO_OK)
		return err;
	err = load_measurements(
	    loaded.settings.measurements, draft, &loaded.measurements, fault);
	if (err != NITRO_OK)
		return err;
	if ((err = check_workloads(path, &loaded, fault)) != NITRO_OK)
		return err;
	*policy = loaded;
	loaded = (struct nitro_policy){0};
	return NITRO_OK;
}

nitro_err
nitro_policy_load(
    const char *path, struct nitro_policy *policy, struct nitro_fault *fault)
{
	return nitro_policy_load_draft(path, NULL, policy, fault);
}

void
nitro_policy_drop(struct nitro_policy *policy)
{
	nitro_settings_drop(&policy->settings);
	nitro_measurements_drop(&policy->measurements);
	nitro_trust_anchors_drop(&policy->anchors);
}
