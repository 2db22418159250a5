#include "policy/policy.h"

#include <string.h>
#include <sys/stat.h>

#include "evidence/cert_facts.h"
#include "policy/reach.h"
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
refuse_anchors(nitro_err err, const char *path, struct nitro_fault *fault)
{
	return err == NITRO_OK ? NITRO_OK
			       : nitro_fault_set(fault, err, path, 0, "%s",
				     nitro_err_sentence(err));
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
	return refuse_anchors(err, path, fault);
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
	struct nitro_reach *reach;       /* or NULL: every entry */
	struct nitro_measurements *measurements;
	struct nitro_fault *fault;
};

static nitro_err
load_text(
    const struct loading *loading, const char *path, struct nitro_bytes text)
{
	if (loading->reach == NULL)
		return nitro_measurements_parse(text, path, read_certificate,
		    NULL, loading->measurements, loading->fault);
	return nitro_measurements_parse_reachable(text, path, read_certificate,
	    NULL, loading->reach, loading->measurements, loading->fault);
}

static nitro_err
load_file(const char *path, void *context)
{
	const struct loading *loading = context;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	nitro_err err;

	if (loading->draft != NULL && strcmp(loading->draft->path, path) == 0)
		return load_text(loading, path, loading->draft->text);
	err = nitro_secure_file_read(path, &text, loading->fault);
	if (err != NITRO_OK)
		return err;
	return load_text(loading, path, nitro_bytes_of_buf(&text));
}

static nitro_err
load_files(const char *path, struct loading *loading)
{
	struct stat st = {0};

	/* Only to choose; what is then read is judged by its own descriptor. */
	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return nitro_secure_folder_walk(
		    path, load_file, loading, loading->fault);
	return load_file(path, loading);
}

static nitro_err
refuse_no_entry(const char *path, struct nitro_fault *fault)
{
	return nitro_fault_set(fault, NITRO_E_MEASUREMENTS, path, 0,
	    "no entry in measurements yet, so nothing is allowed in: "
	    "add one, see pam_nitro_measurements(5)");
}

nitro_err
nitro_policy_load_measurements(const char *path,
    const struct nitro_draft *draft, struct nitro_measurements *measurements,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements loaded = {0};
	struct loading loading = {
	    .draft = draft, .measurements = &loaded, .fault = fault};
	nitro_err err;

	if ((err = load_files(path, &loading)) != NITRO_OK)
		return err;
	if (loaded.entry_count == 0)
		return refuse_no_entry(path, fault);
	*measurements = loaded;
	loaded = (struct nitro_measurements){0};
	return NITRO_OK;
}

static unsigned
line_of_rule(const struct nitro_settings *settings, const char *workload)
{
	for (size_t i = 0; i < settings->rule_count; i++)
		for (size_t j = 0; j < settings->rules[i].workload_count; j++)
			if (strcmp(settings->rules[i].workloads[j], workload) ==
			    0)
				return settings->rules[i].line;
	return 0;
}

/* A slip in a workload's name must show at once, and not at its login. */
static nitro_err
check_workloads(const char *path, const struct nitro_policy *policy,
    struct nitro_reach *reach, struct nitro_fault *fault)
{
	const struct nitro_measurements *measurements = &policy->measurements;
	const char *missing;

	for (size_t i = 0; i < measurements->entry_count; i++)
		(void)nitro_reach_note(reach,
		    nitro_bytes_of_text(measurements->entries[i].workload));
	if ((missing = nitro_reach_missing(reach)) == NULL)
		return NITRO_OK;
	return nitro_fault_set(fault, NITRO_E_SETTINGS, path,
	    line_of_rule(&policy->settings, missing),
	    "workload \"%s\" has no entry in %s", missing,
	    policy->settings.measurements);
}

static nitro_err
make_reach(const char *path, const struct nitro_settings *settings,
    const struct nitro_login *login, struct nitro_reach *reach,
    struct nitro_fault *fault)
{
	const nitro_err err = nitro_reach_make(settings, login, reach);

	return err == NITRO_OK ? NITRO_OK
			       : nitro_fault_set(fault, err, path, 0,
				     "no memory to look up its workloads");
}

nitro_err
nitro_policy_load_reachable(const char *path, const struct nitro_login *login,
    struct nitro_policy *policy, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_reach_drop) struct nitro_reach reach = {0};
	struct loading loading = {.reach = &reach,
	    .measurements = &policy->measurements,
	    .fault = fault};
	nitro_err err;

	if ((err = make_reach(path, &policy->settings, login, &reach, fault)) !=
		NITRO_OK ||
	    (err = load_files(policy->settings.measurements, &loading)) !=
		NITRO_OK)
		return err;
	if (policy->measurements.entry_count == 0 && reach.entry_count == 0)
		return refuse_no_entry(policy->settings.measurements, fault);
	return check_workloads(path, policy, &reach, fault);
}

nitro_err
nitro_policy_load_base(
    const char *path, struct nitro_policy *policy, struct nitro_fault *fault)
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
	*policy = loaded;
	loaded = (struct nitro_policy){0};
	return NITRO_OK;
}

nitro_err
nitro_policy_load_draft(const char *path, const struct nitro_draft *draft,
    struct nitro_policy *policy, struct nitro_fault *fault)
{
	static const struct nitro_login nobody = {0};
	NITRO_DROP(nitro_policy_drop) struct nitro_policy loaded = {0};
	NITRO_DROP(nitro_reach_drop) struct nitro_reach reach = {0};
	nitro_err err;

	*policy = (struct nitro_policy){0};
	if ((err = nitro_policy_load_base(path, &loaded, fault)) != NITRO_OK ||
	    (err = refuse_anchors(
		 nitro_trust_anchors_check_signatures(loaded.anchors),
		 loaded.settings.trust_anchors, fault)) != NITRO_OK ||
	    (err = nitro_policy_load_measurements(loaded.settings.measurements,
		 draft, &loaded.measurements, fault)) != NITRO_OK ||
	    (err = make_reach(
		 path, &loaded.settings, &nobody, &reach, fault)) != NITRO_OK ||
	    (err = check_workloads(path, &loaded, &reach, fault)) != NITRO_OK)
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
