#include "policy/decision.h"

#include <stdlib.h>
#include <string.h>

#define BIT(pcr) (UINT32_C(1) << (pcr))

/* The workloads that the login's rules allow, sorted for bsearch(3). */
struct allowed {
	const char **names;
	size_t count;
};

static void
drop_allowed(struct allowed *allowed)
{
	nitro_free(allowed->names);
	*allowed = (struct allowed){0};
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
is_listed(const struct nitro_user_rule *rule, const struct nitro_login *login)
{
	return login->user != NULL && nitro_user_rule_lists(rule, login->user,
					  login->groups, login->group_count);
}

/* NITRO_E_USER where no rule lists the login. */
static nitro_err
find_allowed(const struct nitro_settings *settings,
    const struct nitro_login *login, struct allowed *allowed)
{
	const struct nitro_user_rule *rule;
	size_t count = 0;

	for (size_t i = 0; i < settings->rule_count; i++)
		if (is_listed(&settings->rules[i], login))
			count += settings->rules[i].workload_count;
	if (count == 0)
		return NITRO_E_USER;
	allowed->names = nitro_alloc(count, sizeof allowed->names[0]);
	if (allowed->names == NULL)
		return NITRO_E_MEMORY;
	for (size_t i = 0; i < settings->rule_count; i++) {
		rule = &settings->rules[i];
		if (!is_listed(rule, login))
			continue;
		for (size_t j = 0; j < rule->workload_count; j++)
			allowed->names[allowed->count++] = rule->workloads[j];
	}
	qsort(allowed->names, allowed->count, sizeof allowed->names[0],
	    compare_names);
	return NITRO_OK;
}

static bool
is_allowed(const struct allowed *allowed, const char *workload)
{
	return bsearch(&workload, allowed->names, allowed->count,
		   sizeof allowed->names[0], compare_names) != NULL;
}

/*
 * The hypervisor writes zeros into PCR0, PCR1 and PCR2 of a debug enclave,
 * whose memory the instance can read.
 */
static bool
is_debug_mode(const struct nitro_verified *verified)
{
	unsigned last = nitro_verified_kind(verified) == NITRO_KIND_NITROTPM
			    ? 0
			    : 2;

	/* An absent PCR is an empty view, and that is all zero too. */
	for (unsigned i = 0; i <= last; i++)
		if (nitro_bytes_is_zero(nitro_verified_pcr(verified, i)))
			return true;
	return false;
}

/* The PCRs that are pinned and have none of the pinned values. */
static uint32_t
find_differences(
    const struct nitro_entry *entry, const struct nitro_verified *verified)
{
	uint32_t differs = entry->pinned_mask;

	for (size_t i = 0; i < entry->pin_count; i++) {
		const struct nitro_pin *pin = &entry->pins[i];
		struct nitro_bytes value = {pin->value, sizeof pin->value};

		if (nitro_bytes_equal(
			nitro_verified_pcr(verified, pin->pcr), value))
			differs &= ~BIT(pin->pcr);
	}
	return differs;
}

/* AWS names a module by its instance: "i-...-enc...", "i-...-tpm...". */
static bool
is_on_instance(const struct nitro_verified *verified, const char *instance_id)
{
	struct nitro_bytes left = nitro_verified_module_id(verified), id;

	return nitro_bytes_take(&left, strlen(instance_id), &id) &&
	       nitro_bytes_equal_text(id, instance_id) &&
	       (left.len == 0 || nitro_bytes_has_prefix(left, "-"));
}

/*
 * A revoked item that names a workload or version holds for the entries of
 * that name alone; entry is NULL to ask for the document as such.
 */
static bool
is_revoked_by(const struct nitro_entry *item,
    const struct nitro_verified *verified, const struct nitro_entry *entry)
{
	uint32_t differs;

	if (item->kind != NITRO_KIND_NONE &&
	    item->kind != nitro_verified_kind(verified))
		return false;
	if (item->workload != NULL &&
	    (entry == NULL || strcmp(item->workload, entry->workload) != 0))
		return false;
	if (item->version != NULL &&
	    (entry == NULL || entry->version == NULL ||
		strcmp(item->version, entry->version) != 0))
		return false;
	differs = find_differences(item, verified);
	/* A NitroTPM has no PCR for its instance; the signed name tells. */
	if (item->instance_id != NULL &&
	    is_on_instance(verified, item->instance_id))
		differs &= ~BIT(4);
	return differs == 0;
}

static nitro_err
find_revoked(const struct nitro_verified *verified,
    const struct nitro_measurements *measurements,
    const struct nitro_entry *entry, struct nitro_decision *decision)
{
	for (size_t i = 0; i < measurements->revoked_count; i++)
		if (is_revoked_by(&measurements->revoked[i], verified, entry)) {
			decision->revoked_by = &measurements->revoked[i];
			decision->nearest = entry;
			decision->differs_mask = 0;
			return NITRO_E_REVOKED;
		}
	return NITRO_OK;
}

static unsigned
count_bits(uint32_t mask)
{
	unsigned count = 0;

	for (; mask != 0; mask &= mask - 1)
		count++;
	return count;
}

static nitro_err
judge_time(const struct nitro_entry *entry, int64_t now_ms)
{
	if (now_ms < entry->not_before_ms)
		return NITRO_E_NOT_YET_VALID;
	if (now_ms > entry->not_after_ms)
		return NITRO_E_EXPIRED;
	return NITRO_OK;
}

/* An entry that lacks what require_provenance demands admits nobody. */
static nitro_err
judge_provenance(
    const struct nitro_entry *entry, const struct nitro_settings *settings)
{
	const struct nitro_provenance_rule *rule =
	    nitro_settings_provenance_rule(settings, entry->workload);

	return rule == NULL ||
		       nitro_provenance_rule_holds(rule, &entry->provenance)
		   ? NITRO_OK
		   : NITRO_E_PROVENANCE;
}

/* What the walk over the entries has found so far. */
struct search {
	const struct nitro_verified *verified;
	const struct nitro_measurements *measurements;
	const struct nitro_settings *settings;
	const struct nitro_login *login;
	struct nitro_decision *decision;
	unsigned fewest;  /* differences of decision->nearest */
	nitro_err result; /* of the best match so far */
};

/* An entry whose pins all hold. */
static nitro_err
take_match(struct search *search, const struct nitro_entry *entry)
{
	struct nitro_decision *decision = search->decision;
	nitro_err err;

	err = find_revoked(
	    search->verified, search->measurements, entry, decision);
	if (err != NITRO_OK)
		return err;
	err = judge_provenance(entry, search->settings);
	if (err == NITRO_OK)
		err = judge_time(entry, search->login->now_ms);
	if (err == NITRO_OK && decision->entry == NULL)
		decision->entry = entry;
	if (search->fewest > 0) {
		decision->nearest = entry;
		decision->differs_mask = 0;
		search->fewest = 0;
		search->result = err;
	}
	return NITRO_OK;
}

static void
take_mismatch(
    struct search *search, const struct nitro_entry *entry, uint32_t differs)
{
	unsigned count = count_bits(differs);

	if (count >= search->fewest)
		return;
	search->decision->nearest = entry;
	search->decision->differs_mask = differs;
	search->fewest = count;
	search->result = NITRO_E_PCR;
}

/* Every entry is looked at, so that a revoked one is found wherever it stands. */
static nitro_err
judge_entries(struct search *search, const struct allowed *allowed)
{
	enum nitro_kind kind = nitro_verified_kind(search->verified);
	const struct nitro_entry *entry;
	uint32_t differs;
	nitro_err err;

	for (size_t i = 0; i < search->measurements->entry_count; i++) {
		entry = &search->measurements->entries[i];
		if (entry->kind != kind || entry->pinned_mask == 0 ||
		    !is_allowed(allowed, entry->workload))
			continue;
		differs = find_differences(entry, search->verified);
		if (differs != 0)
			take_mismatch(search, entry, differs);
		else if ((err = take_match(search, entry)) != NITRO_OK)
			return err;
	}
	return search->decision->entry != NULL ? NITRO_OK : search->result;
}

static nitro_err
decide(const struct nitro_verified *verified,
    const struct nitro_settings *settings, struct search *search)
{
	NITRO_DROP(drop_allowed) struct allowed allowed = {0};
	enum nitro_kind kind = nitro_verified_kind(verified);
	nitro_err err;

	if (kind != NITRO_KIND_ENCLAVE && kind != NITRO_KIND_NITROTPM)
		return NITRO_E_INTERNAL;
	if (is_debug_mode(verified))
		return NITRO_E_DEBUG;
	err = find_allowed(settings, search->login, &allowed);
	if (err != NITRO_OK)
		return err;
	err = find_revoked(
	    verified, search->measurements, NULL, search->decision);
	if (err != NITRO_OK)
		return err;
	return judge_entries(search, &allowed);
}

nitro_err
nitro_decide(const struct nitro_verified *verified,
    const struct nitro_settings *settings,
    const struct nitro_measurements *measurements,
    const struct nitro_login *login, struct nitro_decision *decision)
{
	struct search search = {.verified = verified,
	    .measurements = measurements,
	    .settings = settings,
	    .login = login,
	    .decision = decision,
	    .fewest = NITRO_PCR_COUNT_MAX + 1,
	    .result = NITRO_E_KIND_NOT_ALLOWED};

	*decision = (struct nitro_decision){.err = NITRO_E_INTERNAL};
	if (verified == NULL)
		return decision->err;
	decision->err = decide(verified, settings, &search);
	if (decision->err == NITRO_OK) {
		decision->nearest = NULL;
		decision->differs_mask = 0;
	} else {
		decision->entry = NULL;
	}
	return decision->err;
}
