#include "admin/measurements/entry_state.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

static struct nitro_bytes
value_of(const struct nitro_pin *pin)
{
	return (struct nitro_bytes){pin->value, sizeof pin->value};
}

static bool
has_pin(const struct nitro_entry *entry, const struct nitro_pin *pin)
{
	for (size_t i = 0; i < entry->pin_count; i++)
		if (entry->pins[i].pcr == pin->pcr &&
		    nitro_bytes_equal(value_of(&entry->pins[i]), value_of(pin)))
			return true;
	return false;
}

static bool
is_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Every document that the entry admits has a value of the item in each PCR of it. */
bool
nitro_entry_is_covered(
    const struct nitro_entry *entry, const struct nitro_entry *item)
{
	if ((item->kind != NITRO_KIND_NONE && item->kind != entry->kind) ||
	    (item->workload != NULL &&
		!is_same_text(item->workload, entry->workload)) ||
	    (item->version != NULL &&
		!is_same_text(item->version, entry->version)) ||
	    item->pinned_mask == 0 ||
	    (item->pinned_mask & ~entry->pinned_mask) != 0)
		return false;
	for (size_t i = 0; i < entry->pin_count; i++)
		if ((item->pinned_mask >> entry->pins[i].pcr & 1) != 0 &&
		    !has_pin(item, &entry->pins[i]))
			return false;
	return true;
}

bool
nitro_entry_is_covered_by(const struct nitro_entry *entry,
    const struct nitro_entry *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (nitro_entry_is_covered(entry, &items[i]))
			return true;
	return false;
}

bool
nitro_entry_is_equal(const struct nitro_entry *a, const struct nitro_entry *b)
{
	if (!is_same_text(a->workload, b->workload) ||
	    !is_same_text(a->version, b->version) || a->kind != b->kind ||
	    a->pin_count != b->pin_count)
		return false;
	for (size_t i = 0; i < a->pin_count; i++)
		if (!has_pin(b, &a->pins[i]))
			return false;
	return true;
}

bool
nitro_entry_is_identical(
    const struct nitro_entry *a, const struct nitro_entry *b)
{
	return nitro_entry_is_equal(a, b) &&
	       a->not_before_ms == b->not_before_ms &&
	       a->not_after_ms == b->not_after_ms &&
	       is_same_text(a->iam_role, b->iam_role) &&
	       is_same_text(a->instance_id, b->instance_id) &&
	       is_same_text(a->signing_certificate, b->signing_certificate) &&
	       is_same_text(a->source, b->source) &&
	       is_same_text(a->builder, b->builder) &&
	       is_same_text(a->note, b->note) &&
	       is_same_text(a->reason, b->reason) &&
	       nitro_entry_provenance_is_equal(&a->provenance, &b->provenance);
}

int64_t
nitro_entry_days_left(const struct nitro_entry *entry, int64_t now_ms)
{
	if (entry->not_after_ms == INT64_MAX)
		return -1;
	if (now_ms > entry->not_after_ms)
		return 0;
	return (entry->not_after_ms - now_ms) / DAY_MS;
}

enum nitro_entry_state
nitro_entry_state(const struct nitro_entry *entry,
    const struct nitro_measurements *measurements, int64_t now_ms,
    const struct nitro_entry **revoked_by)
{
	int64_t days = nitro_entry_days_left(entry, now_ms);

	if (revoked_by != NULL)
		*revoked_by = NULL;
	for (size_t i = 0; i < measurements->revoked_count; i++)
		if (nitro_entry_is_covered(entry, &measurements->revoked[i])) {
			if (revoked_by != NULL)
				*revoked_by = &measurements->revoked[i];
			return NITRO_ENTRY_REVOKED;
		}
	if (now_ms > entry->not_after_ms)
		return NITRO_ENTRY_EXPIRED;
	if (now_ms < entry->not_before_ms)
		return NITRO_ENTRY_NOT_YET;
	return days >= 0 && days < NITRO_EXPIRY_NOTICE_DAYS
		   ? NITRO_ENTRY_EXPIRING
		   : NITRO_ENTRY_ACTIVE;
}

const char *
nitro_entry_state_name(enum nitro_entry_state state)
{
	switch (state) {
	case NITRO_ENTRY_ACTIVE:
		return "active";
	case NITRO_ENTRY_EXPIRING:
		return "expiring";
	case NITRO_ENTRY_NOT_YET:
		return "not_yet";
	case NITRO_ENTRY_EXPIRED:
		return "expired";
	case NITRO_ENTRY_REVOKED:
		return "revoked";
	}
	return "unknown";
}

void
nitro_entry_title(
    const struct nitro_entry *entry, char out[NITRO_ENTRY_TITLE_SIZE])
{
	(void)snprintf(out, NITRO_ENTRY_TITLE_SIZE, "%s%s%s",
	    entry->workload != NULL ? entry->workload : "",
	    entry->version != NULL ? "/" : "",
	    entry->version != NULL ? entry->version : "");
}

static bool
names_workload(const struct nitro_user_rule *rule, const char *workload)
{
	for (size_t i = 0; i < rule->workload_count; i++)
		if (strcmp(rule->workloads[i], workload) == 0)
			return true;
	return false;
}

nitro_err
nitro_workload_users(const struct nitro_settings *settings,
    const char *workload, struct nitro_buf *out)
{
	const struct nitro_user_rule *rule;
	bool is_first = true;
	nitro_err err;

	for (size_t i = 0; i < settings->rule_count; i++) {
		rule = &settings->rules[i];
		if (!names_workload(rule, workload))
			continue;
		if ((!is_first &&
			(err = nitro_buf_append_text(out, ", ")) != NITRO_OK) ||
		    (err = nitro_buf_append_text(out,
			 rule->user == NULL ? "group " : "")) != NITRO_OK ||
		    (err = nitro_buf_append_text(
			 out, rule->user == NULL ? rule->group : rule->user)) !=
			NITRO_OK)
			return err;
		is_first = false;
	}
	return NITRO_OK;
}
