#include <stdio.h>
#include <string.h>

#include "admin/check/check.h"
#include "admin/image/candidate_report.h"
#include "base/time_text.h"

#define BIT(pcr) (UINT32_C(1) << (pcr))
#define DAY_MS INT64_C(86400000)

enum { SOON_DAYS = 30, NAME_SIZE = 200 };

static const struct nitro_finding_kind signer_only = {"entry_signer_only",
    NITRO_SEVERITY_WARNING,
    "it admits whatever the same key has ever signed and will ever sign: an "
    "old image with a known hole stays allowed"};
static const struct nitro_finding_kind no_command_line = {"entry_without_pcr12",
    NITRO_SEVERITY_WARNING,
    "whoever starts the instance may give the kernel another command line "
    "behind the same PCR4 (GHSA-xrv8-2pf5-f3q7)"};
static const struct nitro_finding_kind no_keys_alone = {"entry_pcr7_no_keys",
    NITRO_SEVERITY_WARNING,
    "every instance without Secure Boot keys has it, whatever it runs: the "
    "entry admits them all"};
static const struct nitro_finding_kind no_keys_beside = {"entry_pcr7_no_keys",
    NITRO_SEVERITY_NOTE,
    "every instance without Secure Boot keys has it: PCR4 alone says what "
    "runs there"};
static const struct nitro_finding_kind duplicate = {"entry_duplicate",
    NITRO_SEVERITY_WARNING,
    "revoking or removing one of them changes nothing, and the log names "
    "whichever comes first"};
static const struct nitro_finding_kind shadowed = {"entry_shadowed",
    NITRO_SEVERITY_WARNING,
    "the wider entry admits all that this one does, so what it pins beyond "
    "protects nothing"};
static const struct nitro_finding_kind expired = {"entry_expired",
    NITRO_SEVERITY_WARNING, "no entry of this workload admits it any more"};
static const struct nitro_finding_kind expired_rest = {"entry_expired_unused",
    NITRO_SEVERITY_NOTE,
    "it admits nothing; another entry of this workload still does"};
static const struct nitro_finding_kind expiring = {"entry_expires_soon",
    NITRO_SEVERITY_WARNING, "after that no entry of this workload admits it"};
static const struct nitro_finding_kind unnamed = {"entry_without_rule",
    NITRO_SEVERITY_WARNING,
    "no rule of users names this workload, so the entry never admits "
    "anything: perhaps a name is misspelt"};
static const struct nitro_finding_kind revoked_entry = {"entry_revoked",
    NITRO_SEVERITY_WARNING,
    "what is revoked is refused whatever an entry says: it never admits "
    "anything"};
static const struct nitro_finding_kind kinds_mixed = {"kinds_mixed",
    NITRO_SEVERITY_NOTE,
    "an enclave and a whole instance are let in under one name; they are "
    "protected differently"};

static const char *
name_of(const struct nitro_entry *entry, char out[NAME_SIZE])
{
	(void)snprintf(out, NAME_SIZE, "%s%s%s",
	    entry->workload != NULL ? entry->workload : "",
	    entry->version != NULL ? "/" : "",
	    entry->version != NULL ? entry->version : "");
	return out;
}

static struct nitro_finding *
add(struct nitro_checkup *check, const struct nitro_finding_kind *kind,
    const struct nitro_entry *entry)
{
	return nitro_finding_add(
	    &check->findings, kind, entry->file, entry->line);
}

static bool
has_pin(const struct nitro_entry *entry, const struct nitro_pin *pin)
{
	for (size_t i = 0; i < entry->pin_count; i++)
		if (entry->pins[i].pcr == pin->pcr &&
		    nitro_bytes_equal((struct nitro_bytes){entry->pins[i].value,
					  NITRO_PCR_LEN},
			(struct nitro_bytes){pin->value, NITRO_PCR_LEN}))
			return true;
	return false;
}

/*
 * True where every document that has the pins of narrow has those of wide: each PCR
 * that wide pins is pinned in narrow, to values that wide allows.
 */
static bool
covers(const struct nitro_entry *wide, const struct nitro_entry *narrow)
{
	if ((wide->pinned_mask & ~narrow->pinned_mask) != 0)
		return false;
	for (size_t i = 0; i < narrow->pin_count; i++)
		if ((wide->pinned_mask & BIT(narrow->pins[i].pcr)) != 0 &&
		    !has_pin(wide, &narrow->pins[i]))
			return false;
	return true;
}

static bool
is_same_text(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool
always_revokes(const struct nitro_entry *item, const struct nitro_entry *entry)
{
	if (item->kind != NITRO_KIND_NONE && item->kind != entry->kind)
		return false;
	if (item->workload != NULL &&
	    !is_same_text(item->workload, entry->workload))
		return false;
	if (item->version != NULL &&
	    !is_same_text(item->version, entry->version))
		return false;
	return covers(item, entry);
}

/* True where it pins PCR7 to what an instance without Secure Boot keys has. */
static bool
has_no_keys(const struct nitro_entry *entry)
{
	for (size_t i = 0; i < entry->pin_count; i++)
		if (entry->pins[i].pcr == 7 &&
		    nitro_pcr_weakness(entry->kind, 7, entry->pins[i].value) !=
			NULL)
			return true;
	return false;
}

static void
check_boot(struct nitro_checkup *check, const struct nitro_entry *entry)
{
	bool pins_code = (entry->pinned_mask & BIT(4)) != 0;
	struct nitro_finding *finding;
	char name[NAME_SIZE];

	if (entry->kind != NITRO_KIND_NITROTPM)
		return;
	if (pins_code && (entry->pinned_mask & BIT(12)) == 0) {
		finding = add(check, &no_command_line, entry);
		nitro_finding_what(finding,
		    "%s pins PCR4, the boot manager and kernel, and not PCR12, "
		    "the command line",
		    name_of(entry, name));
		nitro_finding_change(finding,
		    "add pcr12 = \"...\" of the same build "
		    "(nitro-tpm-pcr-compute 1.1.0 and later gives it)");
	}
	if (!has_no_keys(entry))
		return;
	finding = add(
	    check, pins_code ? &no_keys_beside : &no_keys_alone, entry);
	nitro_finding_what(finding,
	    "%s pins PCR7 to the value of an instance without Secure Boot keys",
	    name_of(entry, name));
	nitro_finding_change(finding,
	    pins_code ? "remove pcr7, or enrol keys into the image"
		      : "add pcr4 = \"...\" and pcr12 = \"...\" of each build");
}

static void
check_signer(struct nitro_checkup *check, const struct nitro_entry *entry)
{
	bool is_enclave = entry->kind == NITRO_KIND_ENCLAVE;
	unsigned code = is_enclave ? 0 : 4, signer = is_enclave ? 8 : 7;
	struct nitro_finding *finding;
	char name[NAME_SIZE];

	if ((entry->pinned_mask & BIT(code)) != 0 ||
	    (!is_enclave && has_no_keys(entry)))
		return;
	finding = add(check, &signer_only, entry);
	nitro_finding_what(finding,
	    "%s pins PCR%u, who signed the code, and not PCR%u, which code it "
	    "is",
	    name_of(entry, name), signer, code);
	nitro_finding_change(finding, "add pcr%u = \"...\" of each build%s",
	    code, is_enclave ? " (pam-nitro measure IMAGE.eif)" : "");
}

/* Does it leave the narrow one nothing to do, as long as that lasts? */
static bool
outlasts(const struct nitro_checkup *check, const struct nitro_entry *wide,
    const struct nitro_entry *narrow)
{
	int64_t from = narrow->not_before_ms > check->now_ms
			   ? narrow->not_before_ms
			   : check->now_ms;

	return wide->not_before_ms <= from &&
	       wide->not_after_ms >= narrow->not_after_ms &&
	       narrow->not_after_ms >= check->now_ms;
}

/* Of two that pin the same the second one is the surplus one. */
static void
check_shadow(struct nitro_checkup *check, size_t i)
{
	const struct nitro_measurements *all = &check->policy.measurements;
	const struct nitro_entry *entry = &all->entries[i];
	struct nitro_finding *finding;
	char name[NAME_SIZE], other[NAME_SIZE];

	for (size_t j = 0; j < all->entry_count; j++) {
		const struct nitro_entry *wide = &all->entries[j];
		bool is_same;

		if (j == i || wide->kind != entry->kind ||
		    strcmp(wide->workload, entry->workload) != 0 ||
		    !covers(wide, entry) || !outlasts(check, wide, entry))
			continue;
		is_same = covers(entry, wide);
		if (is_same && j > i && outlasts(check, entry, wide))
			continue;
		finding = add(check, is_same ? &duplicate : &shadowed, entry);
		nitro_finding_what(finding,
		    is_same ? "%s pins the same as %s in %s:%u"
			    : "%s is covered by %s in %s:%u, which pins less",
		    name_of(entry, name), name_of(wide, other), wide->file,
		    wide->line);
		nitro_finding_change(finding,
		    is_same
			? "remove one of the two"
			: "remove the wider entry, or pin there what this one "
			  "pins");
		return;
	}
}

/* True where another entry of the workload is good for longer than until_ms. */
static bool
has_heir(const struct nitro_checkup *check, const struct nitro_entry *entry,
    int64_t until_ms)
{
	const struct nitro_measurements *all = &check->policy.measurements;

	for (size_t i = 0; i < all->entry_count; i++)
		if (&all->entries[i] != entry &&
		    all->entries[i].not_after_ms > until_ms &&
		    strcmp(all->entries[i].workload, entry->workload) == 0)
			return true;
	return false;
}

static void
check_time(struct nitro_checkup *check, const struct nitro_entry *entry)
{
	int64_t soon_ms = check->now_ms + SOON_DAYS * DAY_MS;
	char name[NAME_SIZE], when[NITRO_TIME_TEXT_LEN + 1];
	struct nitro_finding *finding;
	bool is_over = entry->not_after_ms < check->now_ms;

	if (entry->not_after_ms > soon_ms)
		return;
	nitro_time_format(entry->not_after_ms, when);
	if (is_over) {
		finding = add(check,
		    has_heir(check, entry, check->now_ms) ? &expired_rest
							  : &expired,
		    entry);
		nitro_finding_what(
		    finding, "%s expired at %s", name_of(entry, name), when);
		nitro_finding_change(
		    finding, "remove it, or set another not_after");
	} else if (!has_heir(check, entry, soon_ms)) {
		finding = add(check, &expiring, entry);
		nitro_finding_what(finding, "%s expires at %s, in %lld days",
		    name_of(entry, name), when,
		    (long long)((entry->not_after_ms - check->now_ms) /
				DAY_MS));
		nitro_finding_change(finding,
		    "add the entry of the next build, or set another "
		    "not_after");
	}
}

static void
check_named(struct nitro_checkup *check, const struct nitro_entry *entry)
{
	const struct nitro_settings *settings = &check->policy.settings;
	struct nitro_finding *finding;
	char name[NAME_SIZE];

	for (size_t i = 0; i < settings->rule_count; i++)
		for (size_t j = 0; j < settings->rules[i].workload_count; j++)
			if (strcmp(settings->rules[i].workloads[j],
				entry->workload) == 0)
				return;
	finding = add(check, &unnamed, entry);
	nitro_finding_what(finding, "no rule in %s names the workload of %s",
	    check->config, name_of(entry, name));
	nitro_finding_change(finding,
	    "workloads = [\"%s\"]; in a rule of users, or remove the entry",
	    entry->workload);
}

static void
check_revoked(struct nitro_checkup *check, const struct nitro_entry *entry)
{
	const struct nitro_measurements *all = &check->policy.measurements;
	struct nitro_finding *finding;
	char name[NAME_SIZE];

	for (size_t i = 0; i < all->revoked_count; i++) {
		const struct nitro_entry *item = &all->revoked[i];

		if (!always_revokes(item, entry))
			continue;
		finding = add(check, &revoked_entry, entry);
		nitro_finding_what(finding,
		    "%s is always refused by the revoked item in %s:%u%s%s",
		    name_of(entry, name), item->file, item->line,
		    item->reason != NULL ? ": " : "",
		    item->reason != NULL ? item->reason : "");
		nitro_finding_change(
		    finding, "remove the entry; keep the revoked item");
		return;
	}
}

/* Told once for each workload, at its first entry of the second kind. */
static void
check_kinds(struct nitro_checkup *check, size_t i)
{
	const struct nitro_measurements *all = &check->policy.measurements;
	const struct nitro_entry *entry = &all->entries[i];
	struct nitro_finding *finding;
	bool differs = false;

	for (size_t j = 0; j < i; j++) {
		if (strcmp(all->entries[j].workload, entry->workload) != 0)
			continue;
		if (all->entries[j].kind == entry->kind)
			return;
		differs = true;
	}
	if (!differs)
		return;
	finding = add(check, &kinds_mixed, entry);
	nitro_finding_what(finding,
	    "the workload %s has entries of both kinds, enclave and nitrotpm",
	    entry->workload);
	nitro_finding_change(finding,
	    "give the two names of their own, if rules should tell them "
	    "apart");
}

void
nitro_check_entries(struct nitro_checkup *check)
{
	const struct nitro_measurements *all = &check->policy.measurements;

	check->looked_at.entries = all->entry_count;
	check->looked_at.revoked = all->revoked_count;
	for (size_t i = 0; i < all->entry_count; i++) {
		const struct nitro_entry *entry = &all->entries[i];

		check_named(check, entry);
		check_signer(check, entry);
		check_boot(check, entry);
		check_shadow(check, i);
		check_time(check, entry);
		check_revoked(check, entry);
		check_kinds(check, i);
	}
}
