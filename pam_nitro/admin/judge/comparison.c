#include "admin/judge/comparison.h"

#include <stdio.h>

#include "admin/printable.h"
#include "base/hex.h"

uint32_t
nitro_entry_differs(
    const struct nitro_entry *entry, const struct nitro_document *doc)
{
	uint32_t differs = entry->pinned_mask;
	const struct nitro_pin *pin;

	for (size_t i = 0; i < entry->pin_count; i++) {
		pin = &entry->pins[i];
		if (nitro_bytes_equal(doc->pcr[pin->pcr],
			(struct nitro_bytes){pin->value, NITRO_PCR_LEN}))
			differs &= ~(UINT32_C(1) << pin->pcr);
	}
	return differs;
}

static void
print_value(const char *word, struct nitro_bytes value)
{
	char hex[2 * NITRO_PCR_LEN + 1];

	nitro_hex_encode(value, hex, sizeof hex);
	printf("%-8s %s\n", word, value.len == 0 ? "missing" : hex);
}

void
nitro_comparison_print_pcrs(
    const struct nitro_entry *entry, const struct nitro_document *doc)
{
	uint32_t differs = nitro_entry_differs(entry, doc);
	bool is_other;

	for (unsigned pcr = 0; pcr < NITRO_PCR_COUNT_MAX; pcr++) {
		if ((entry->pinned_mask >> pcr & 1) == 0)
			continue;
		is_other = (differs >> pcr & 1) != 0;
		printf("    PCR%-3u ", pcr);
		nitro_print_word(is_other ? NITRO_TONE_BAD : NITRO_TONE_GOOD, 8,
		    is_other ? "DIFFERS" : "ok");
		print_value("actual", doc->pcr[pcr]);
		for (size_t i = 0; is_other && i < entry->pin_count; i++) {
			if (entry->pins[i].pcr != pcr)
				continue;
			printf("%19s", "");
			print_value("allowed",
			    (struct nitro_bytes){
				entry->pins[i].value, NITRO_PCR_LEN});
		}
	}
}

/* What an entry says of the document, apart from revocation. */
static const char *
judge_entry(const struct nitro_comparison *c, const struct nitro_entry *entry)
{
	if (entry->kind != c->doc->kind)
		return "other kind";
	if (nitro_entry_differs(entry, c->doc) != 0)
		return "differs";
	if (c->now_ms < entry->not_before_ms)
		return "not yet valid";
	if (c->now_ms > entry->not_after_ms)
		return "expired";
	return "matches";
}

static bool
is_allowed(const struct nitro_comparison *c, const struct nitro_entry *entry)
{
	return nitro_settings_allow(c->settings, c->user,
	    (const char *const *)c->account->groups, c->account->group_count,
	    entry->workload);
}

static void
print_entry(const struct nitro_comparison *c, const struct nitro_entry *entry)
{
	const char *word = judge_entry(c, entry);
	char file[200];

	nitro_printable(nitro_bytes_of_text(entry->file), file, sizeof file);
	printf("  %s%s%s, %s, %s:%u: %s\n", entry->workload,
	    entry->version != NULL ? "/" : "",
	    entry->version != NULL ? entry->version : "",
	    nitro_kind_name(entry->kind), file, entry->line, word);
	if (entry->kind == c->doc->kind)
		nitro_comparison_print_pcrs(entry, c->doc);
}

void
nitro_comparison_print(const struct nitro_comparison *comparison)
{
	const struct nitro_entry *entry;
	char user[100];
	size_t count = 0;

	nitro_printable(
	    nitro_bytes_of_text(comparison->user), user, sizeof user);
	printf("entries of the workloads that may log in as %s\n", user);
	for (size_t i = 0; i < comparison->measurements->entry_count; i++) {
		entry = &comparison->measurements->entries[i];
		if (!is_allowed(comparison, entry))
			continue;
		print_entry(comparison, entry);
		count++;
	}
	if (count == 0)
		printf("  none: no rule of users lists %s\n", user);
	printf("\n");
}

static json_t *
pcr_json(const struct nitro_entry *entry, const struct nitro_document *doc,
    unsigned pcr)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	json_auto_t *allowed = json_array();
	char hex[2 * NITRO_PCR_LEN + 1];

	for (size_t i = 0; i < entry->pin_count; i++) {
		if (entry->pins[i].pcr != pcr)
			continue;
		nitro_hex_encode(
		    (struct nitro_bytes){entry->pins[i].value, NITRO_PCR_LEN},
		    hex, sizeof hex);
		if (json_array_append_new(allowed, json_string(hex)) != 0)
			return NULL;
	}
	nitro_json_begin(&json);
	nitro_json_set_int(&json, "pcr", pcr);
	nitro_json_set_bool(&json, "differs",
	    (nitro_entry_differs(entry, doc) >> pcr & 1) != 0);
	nitro_json_set_hex(&json, "actual", doc->pcr[pcr]);
	nitro_json_set(&json, "allowed", json_incref(allowed));
	return nitro_json_take(&json);
}

static json_t *
entry_json(const struct nitro_comparison *c, const struct nitro_entry *entry)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	json_auto_t *pcrs = json_array();

	for (unsigned pcr = 0; pcr < NITRO_PCR_COUNT_MAX; pcr++)
		if ((entry->pinned_mask >> pcr & 1) != 0 &&
		    json_array_append_new(pcrs, pcr_json(entry, c->doc, pcr)) !=
			0)
			return NULL;
	nitro_json_begin(&json);
	nitro_json_set_text(&json, "workload", entry->workload);
	nitro_json_set_text(&json, "version", entry->version);
	nitro_json_set_text(&json, "kind", nitro_kind_name(entry->kind));
	nitro_json_set_text(&json, "file", entry->file);
	nitro_json_set_int(&json, "line", entry->line);
	nitro_json_set_text(&json, "outcome", judge_entry(c, entry));
	nitro_json_set(&json, "pcrs", json_incref(pcrs));
	return nitro_json_take(&json);
}

json_t *
nitro_comparison_json(const struct nitro_comparison *comparison)
{
	json_auto_t *array = json_array();
	const struct nitro_entry *entry;

	for (size_t i = 0; i < comparison->measurements->entry_count; i++) {
		entry = &comparison->measurements->entries[i];
		if (is_allowed(comparison, entry) &&
		    json_array_append_new(
			array, entry_json(comparison, entry)) != 0)
			return NULL;
	}
	return json_incref(array);
}
