#include <stdio.h>

#include "admin/check/check.h"
#include "admin/measurements/entry_state.h"
#include "admin/provenance/proof.h"

static const struct nitro_finding_kind missing = {"provenance_missing",
    NITRO_SEVERITY_ERROR,
    "require_provenance demands more of this workload, so the entry admits "
    "nobody"};
static const struct nitro_finding_kind broken = {"provenance_broken",
    NITRO_SEVERITY_ERROR,
    "what the entry says of its origin can no longer be shown: its values "
    "are worth as much as those of an entry that anybody typed"};
static const struct nitro_finding_kind needs_image = {"provenance_needs_image",
    NITRO_SEVERITY_NOTE,
    "this kind of signature is over the bytes of the image, which is not "
    "kept"};
static const struct nitro_finding_kind unused = {"provenance_rule_unused",
    NITRO_SEVERITY_WARNING,
    "no entry has that workload, so the rule protects nothing: perhaps a "
    "name is misspelt"};

static struct nitro_finding *
add(struct nitro_checkup *check, const struct nitro_finding_kind *kind,
    const struct nitro_entry *entry)
{
	return nitro_finding_add(
	    &check->findings, kind, entry->file, entry->line);
}

static void
check_required(struct nitro_checkup *check, const struct nitro_entry *entry)
{
	const struct nitro_provenance_rule *rule =
	    nitro_settings_provenance_rule(
		&check->policy.settings, entry->workload);
	char name[NITRO_ENTRY_TITLE_SIZE];
	struct nitro_finding *finding;

	if (rule == NULL ||
	    nitro_provenance_rule_holds(rule, &entry->provenance))
		return;
	nitro_entry_title(entry, name);
	finding = add(check, &missing, entry);
	nitro_finding_what(finding, "%s has %s", name,
	    nitro_entry_provenance_is_there(&entry->provenance)
		? "another provenance than is required"
		: "no provenance");
	nitro_finding_change(finding,
	    "import it with pam-nitro import --provenance, and allow that; "
	    "or revoke it");
}

static void
check_kept(struct nitro_checkup *check, const struct nitro_entry *entry,
    const char *folder)
{
	char name[NITRO_ENTRY_TITLE_SIZE];
	struct nitro_fault fault = {.err = NITRO_OK};
	struct nitro_finding *finding;
	bool is_left_out = false;
	nitro_err err;

	if (!nitro_entry_provenance_is_there(&entry->provenance))
		return;
	err = nitro_proof_check_entry(
	    entry, folder, check->now_ms, &is_left_out, &fault);
	if (err == NITRO_OK && !is_left_out)
		return;
	nitro_entry_title(entry, name);
	finding = add(check, is_left_out ? &needs_image : &broken, entry);
	if (is_left_out) {
		nitro_finding_what(finding,
		    "the provenance of %s was not verified again", name);
		nitro_finding_change(finding,
		    "pam-nitro provenance verify, with the image, where it "
		    "is");
		return;
	}
	nitro_finding_what(finding,
	    "the provenance of %s no longer stands: "
	    "%s%s%s",
	    name, fault.file, fault.file[0] != '\0' ? ": " : "", fault.text);
	nitro_finding_change(finding,
	    "import it anew with pam-nitro import --provenance; if that "
	    "refuses it, revoke the entry");
}

void
nitro_check_provenance(struct nitro_checkup *check)
{
	const struct nitro_measurements *measurements =
	    &check->policy.measurements;
	const struct nitro_settings *settings = &check->policy.settings;
	char folder[NITRO_KEPT_PATH_SIZE];
	struct nitro_finding *finding;
	bool is_used;

	nitro_kept_folder(check->config, folder);
	for (size_t i = 0; i < measurements->entry_count; i++) {
		check_required(check, &measurements->entries[i]);
		check_kept(check, &measurements->entries[i], folder);
	}
	for (size_t k = 0; k < settings->provenance_rule_count; k++) {
		const struct nitro_provenance_rule *rule =
		    &settings->provenance_rules[k];

		is_used = false;
		for (size_t i = 0; i < measurements->entry_count; i++)
			is_used |= nitro_settings_provenance_rule(settings,
				       measurements->entries[i].workload) ==
				   rule;
		if (is_used)
			continue;
		finding = nitro_finding_add(
		    &check->findings, &unused, check->config, rule->line);
		nitro_finding_what(finding,
		    "require_provenance names workload %s", rule->workload);
		nitro_finding_change(
		    finding, "the name of a workload that has entries");
	}
}
