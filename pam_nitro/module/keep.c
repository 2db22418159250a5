#include "module/keep.h"

#include "policy/evidence_store.h"

#define SET(array, value) nitro_evidence_record_set(array, sizeof(array), value)
#define SET_TEXT(array, text) SET(array, nitro_bytes_of_text(text))

static void
fill_decision(
    const struct nitro_decision *decision, struct nitro_evidence_record *record)
{
	const struct nitro_entry *entry = decision->entry != NULL
					      ? decision->entry
					      : decision->nearest;
	/* The entry that revokes is the one to look at. */
	const struct nitro_entry *at = decision->revoked_by != NULL
					   ? decision->revoked_by
					   : entry;

	record->differs_mask = decision->differs_mask;
	if (entry != NULL) {
		SET_TEXT(record->workload, entry->workload);
		SET_TEXT(record->version, entry->version);
	}
	if (at != NULL) {
		SET_TEXT(record->entry_file, at->file);
		record->entry_line = at->line;
	}
	if (decision->revoked_by != NULL)
		SET_TEXT(record->revoked, decision->revoked_by->reason);
}

/* Everything but the two buffers, which stay the attempt's. */
static void
fill(const struct nitro_attempt *attempt, nitro_err verdict,
    struct nitro_evidence_record *record)
{
	const struct nitro_settings *settings = &attempt->policy.settings;

	record->time_ms = attempt->now_ms;
	record->err = verdict;
	record->mode = settings->mode;
	record->binds_ssh_key = settings->binds_ssh_key;
	record->wants_audience = settings->wants_audience;
	record->max_age_ms = settings->max_age_ms;
	record->clock_skew_ms = settings->clock_skew_ms;
	record->kind = nitro_verified_kind(attempt->verdict.verified);
	record->age_ms = attempt->verdict.facts.age_ms;
	for (size_t i = 0; i < NITRO_NONCE_LEN; i++)
		record->nonce[i] = attempt->nonce[i];
	SET_TEXT(record->user, attempt->user);
	SET_TEXT(record->rhost, attempt->rhost);
	SET(record->module_id,
	    nitro_verified_module_id(attempt->verdict.verified));
	SET_TEXT(record->key, attempt->challenge.key);
	SET_TEXT(record->audience, attempt->challenge.audience);
	fill_decision(&attempt->decision, record);
}

/* What is kept is what the sandbox has verified, and nothing else. */
static nitro_err
decode(const struct nitro_attempt *attempt, struct nitro_buf *document,
    struct nitro_fault *fault)
{
	uint8_t digest[NITRO_SHA384_LEN];
	nitro_err err;

	if ((err = nitro_answer_decode(&attempt->answer, document)) == NITRO_OK)
		err = nitro_sha384(nitro_bytes_of_buf(document), digest);
	/* Another document's verdict, or another document. */
	if (err == NITRO_OK &&
	    !nitro_bytes_equal((struct nitro_bytes){digest, sizeof digest},
		nitro_verified_digest(attempt->verdict.verified)))
		err = NITRO_E_SANDBOX_ANSWER;
	if (err != NITRO_OK)
		(void)nitro_fault_set(
		    fault, err, NULL, 0, "%s", nitro_err_sentence(err));
	return err;
}

nitro_err
nitro_keep_evidence(struct nitro_attempt *attempt, nitro_err verdict)
{
	const struct nitro_evidence_settings *settings =
	    &attempt->policy.settings.evidence;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf document = {0};
	struct nitro_evidence_record record = {0};
	struct nitro_fault fault = {0};
	nitro_err err;

	if (settings->directory == NULL || attempt->verdict.verified == NULL)
		return verdict;
	fill(attempt, verdict, &record);
	record.key_blob = attempt->key_blob;
	if ((err = decode(attempt, &document, &fault)) == NITRO_OK) {
		record.document = document;
		err = nitro_evidence_store_keep(settings, &record, &fault);
	}
	if (err == NITRO_OK)
		return verdict;
	attempt->is_evidence_lost = true;
	/* No "file" of its own: that is the entry's, where one revokes. */
	(void)nitro_fault_set(&attempt->fault, err, NULL, 0, "%.120s: %.120s",
	    fault.file, fault.text);
	if (verdict == NITRO_OK && settings->is_required)
		return NITRO_E_EVIDENCE_NOT_KEPT;
	return verdict;
}
