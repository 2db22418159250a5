#include "admin/record/record_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "admin/printable.h"
#include "base/time_text.h"

enum { LABEL_WIDTH = 14 };

void
nitro_record_print_field(const char *label, const char *value)
{
	char shown[1200];

	if (value == NULL || value[0] == '\0')
		return;
	nitro_printable(nitro_bytes_of_text(value), shown, sizeof shown);
	printf("%-*s%s\n", LABEL_WIDTH, label, shown);
}

void
nitro_record_workload(
    const struct nitro_evidence_record *record, char *out, size_t out_size)
{
	(void)snprintf(out, out_size, "%s%s%s", record->workload,
	    record->version[0] != '\0' ? "/" : "", record->version);
}

void
nitro_record_age_text(
    const struct nitro_evidence_record *record, char *out, size_t out_size)
{
	if (record->age_ms >= 0)
		(void)snprintf(out, out_size,
		    "judged %" PRId64 " ms after the document's own time; up "
		    "to %" PRId64 " s were allowed",
		    record->age_ms, record->max_age_ms / 1000);
	else
		(void)snprintf(out, out_size,
		    "this host's clock was %" PRId64 " ms behind the "
		    "document's; up to %" PRId64 " s were allowed",
		    -record->age_ms, record->clock_skew_ms / 1000);
}

static void
pcr_names(uint32_t mask, char *out, size_t out_size)
{
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX && used < out_size; i++)
		if ((mask >> i & 1) != 0)
			used += (size_t)snprintf(&out[used], out_size - used,
			    "%sPCR%u", used > 0 ? ", " : "", i);
}

static void
print_decision(const struct nitro_evidence_record *record)
{
	char workload[2 * NITRO_NAME_MAX + 2], pcrs[8 * NITRO_PCR_COUNT_MAX];
	char at[NITRO_EVIDENCE_TEXT_MAX + 32] = "";

	nitro_record_workload(record, workload, sizeof workload);
	nitro_record_print_field(
	    record->err == NITRO_OK ? "workload" : "nearest entry", workload);
	if (record->entry_file[0] != '\0')
		(void)snprintf(at, sizeof at, "%s:%" PRId64, record->entry_file,
		    record->entry_line);
	nitro_record_print_field(
	    record->revoked[0] != '\0' ? "revoked at" : "which is at", at);
	nitro_record_print_field("revoked for", record->revoked);
	pcr_names(record->differs_mask, pcrs, sizeof pcrs);
	nitro_record_print_field("differs in", pcrs);
}

static void
print_result(const struct nitro_evidence_record *record)
{
	bool allows = record->err == NITRO_OK;

	printf("%-*s", LABEL_WIDTH, "result");
	nitro_print_word(allows ? NITRO_TONE_GOOD : NITRO_TONE_BAD, 0,
	    allows ? "allow" : "deny");
	printf("%s\n", record->mode == NITRO_MODE_OBSERVE
			   ? " (observe mode: nothing was enforced)"
			   : "");
	if (allows)
		return;
	printf("%-*s%s: %s\n", LABEL_WIDTH, "reason",
	    nitro_err_token(record->err), nitro_err_sentence(record->err));
	printf("%-*s%s\n", LABEL_WIDTH, "stage",
	    nitro_stage_name(nitro_err_stage(record->err)));
}

void
nitro_record_print(const struct nitro_evidence_record *record)
{
	char time[NITRO_TIME_TEXT_LEN + 1], clock[160];
	char reference[NITRO_REFERENCE_LEN + 1];

	nitro_challenge_reference(record->nonce, reference);
	nitro_time_format(record->time_ms, time);
	nitro_record_print_field("reference", reference);
	nitro_record_print_field("time", time);
	nitro_record_print_field("user", record->user);
	nitro_record_print_field("from", record->rhost);
	print_result(record);
	print_decision(record);
	nitro_record_print_field("document", nitro_kind_name(record->kind));
	nitro_record_print_field("module", record->module_id);
	nitro_record_age_text(record, clock, sizeof clock);
	nitro_record_print_field("clock", clock);
	nitro_record_print_field("key",
	    record->binds_ssh_key ? record->key : "not bound (binding none)");
	nitro_record_print_field("audience",
	    record->wants_audience ? record->audience
				   : "not demanded (audience false)");
}

static json_t *
pcrs_json(uint32_t mask)
{
	json_auto_t *array = json_array();
	char name[8];

	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++) {
		(void)snprintf(name, sizeof name, "pcr%u", i);
		if ((mask >> i & 1) != 0 &&
		    json_array_append_new(array, json_string(name)) != 0)
			return NULL;
	}
	return json_incref(array);
}

/* Absent is null. */
static void
set_text(struct nitro_json *json, const char *key, const char *text)
{
	nitro_json_set_text(json, key, text[0] != '\0' ? text : NULL);
}

static void
set_settings(
    struct nitro_json *json, const struct nitro_evidence_record *record)
{
	nitro_json_set_text(json, "mode",
	    record->mode == NITRO_MODE_OBSERVE ? "observe" : "enforce");
	nitro_json_set_bool(json, "binds_ssh_key", record->binds_ssh_key);
	nitro_json_set_bool(json, "wants_audience", record->wants_audience);
	nitro_json_set_int(json, "max_age_ms", record->max_age_ms);
	nitro_json_set_int(json, "clock_skew_ms", record->clock_skew_ms);
}

void
nitro_record_set_json(
    struct nitro_json *json, const struct nitro_evidence_record *record)
{
	char reference[NITRO_REFERENCE_LEN + 1];

	nitro_challenge_reference(record->nonce, reference);
	nitro_json_set_text(json, "reference", reference);
	nitro_json_set_moment(json, "time", (uint64_t)record->time_ms);
	nitro_json_set_int(json, "time_ms", record->time_ms);
	nitro_json_set_text(
	    json, "result", record->err == NITRO_OK ? "allow" : "deny");
	nitro_json_set_text(json, "reason", nitro_err_token(record->err));
	nitro_json_set_text(
	    json, "stage", nitro_stage_name(nitro_err_stage(record->err)));
	set_text(json, "user", record->user);
	set_text(json, "rhost", record->rhost);
	set_settings(json, record);
	nitro_json_set_text(json, "kind", nitro_kind_name(record->kind));
	set_text(json, "module_id", record->module_id);
	nitro_json_set_int(json, "age_ms", record->age_ms);
	set_text(json, "workload", record->workload);
	set_text(json, "version", record->version);
	set_text(json, "entry_file", record->entry_file);
	nitro_json_set_int(json, "entry_line", record->entry_line);
	nitro_json_set(json, "differs", pcrs_json(record->differs_mask));
	set_text(json, "revoked", record->revoked);
	nitro_json_set_hex(json, "nonce",
	    (struct nitro_bytes){record->nonce, sizeof record->nonce});
	set_text(json, "key", record->key);
	set_text(json, "audience", record->audience);
	nitro_json_set_hex(
	    json, "key_blob", nitro_bytes_of_buf(&record->key_blob));
}
