#include "admin/record/record_judgement.h"

#include <stdio.h>
#include <string.h>

#include "evidence/verifier.h"
#include "ssh/key_fingerprint.h"

static struct nitro_expectation
expect(const struct nitro_evidence_record *record)
{
	return (struct nitro_expectation){
	    .nonce = {NITRO_CHECK_REQUIRED,
		{record->nonce, sizeof record->nonce}},
	    .audience = {record->wants_audience ? NITRO_CHECK_REQUIRED
						: NITRO_CHECK_WAIVED,
		nitro_bytes_of_text(record->audience)},
	    .public_key = {record->binds_ssh_key ? NITRO_CHECK_REQUIRED
						 : NITRO_CHECK_WAIVED,
		nitro_bytes_of_buf(&record->key_blob)},
	    /* By the clock of then. */
	    .age = NITRO_CHECK_REQUIRED,
	    .now_ms = record->time_ms,
	    .max_age_ms = record->max_age_ms,
	    .clock_skew_ms = record->clock_skew_ms};
}

/* The host in an audience: between "host=" and the blank behind it. */
static bool
find_host(const char *audience, char host[NITRO_SERVER_NAME_MAX + 1])
{
	const char *at = strstr(audience, " host=");
	struct nitro_bytes left, value;

	if (at == NULL)
		return false;
	left = nitro_bytes_of_text(at + strlen(" host="));
	return nitro_bytes_take_until(&left, ' ', &value) &&
	       nitro_bytes_to_text(value, host, NITRO_SERVER_NAME_MAX + 1);
}

/* The audience is made again from what the record says apart from it. */
static bool
audience_contradicts(const struct nitro_evidence_record *record)
{
	struct nitro_challenge again;
	char host[NITRO_SERVER_NAME_MAX + 1];

	return !find_host(record->audience, host) ||
	       nitro_challenge_make(record->nonce, record->key, host,
		   nitro_bytes_of_text(record->user), &again) != NITRO_OK ||
	       strcmp(again.audience, record->audience) != 0;
}

static bool
key_contradicts(const struct nitro_evidence_record *record)
{
	char fingerprint[NITRO_KEY_FINGERPRINT_LEN + 1];

	if (!record->binds_ssh_key)
		return strcmp(record->key, "-") != 0 ||
		       record->key_blob.len != 0;
	return nitro_ssh_key_fingerprint(nitro_bytes_of_buf(&record->key_blob),
		   fingerprint) != NITRO_OK ||
	       strcmp(fingerprint, record->key) != 0;
}

static bool
module_contradicts(const struct nitro_evidence_record *record,
    const struct nitro_verified *verified)
{
	char module_id[NITRO_MODULE_ID_MAX + 1];

	nitro_evidence_record_set(
	    module_id, sizeof module_id, nitro_verified_module_id(verified));
	return strcmp(module_id, record->module_id) != 0;
}

/* What in the record the document, or another part of it, denies; or NULL. */
static const char *
find_contradiction(const struct nitro_evidence_record *record,
    const struct nitro_verified *verified, int64_t age_ms)
{
	if (nitro_verified_kind(verified) != record->kind)
		return "kind";
	if (module_contradicts(record, verified))
		return "module_id";
	if (age_ms != record->age_ms)
		return "age_ms";
	if (key_contradicts(record))
		return "key";
	if (audience_contradicts(record))
		return "audience, user or key";
	return NULL;
}

void
nitro_record_judge(const struct nitro_evidence_record *record,
    const struct nitro_trust_anchors *anchors,
    struct nitro_record_verdict *verdict)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	const struct nitro_expectation expectation = expect(record);
	struct nitro_evidence_facts facts = {0};
	const char *what;
	nitro_err err;

	*verdict = (struct nitro_record_verdict){0};
	err = nitro_evidence_verify(nitro_bytes_of_buf(&record->document),
	    &expectation, anchors, &facts, &verified);
	(void)snprintf(verdict->reason, sizeof verdict->reason, "%s",
	    nitro_err_token(err));
	(void)snprintf(
	    verdict->why, sizeof verdict->why, "%s", nitro_err_sentence(err));
	if (err != NITRO_OK)
		return;
	what = find_contradiction(record, verified, facts.age_ms);
	verdict->stands = what == NULL;
	if (what == NULL)
		return;
	(void)snprintf(verdict->reason, sizeof verdict->reason,
	    NITRO_RECORD_CONTRADICTION);
	(void)snprintf(verdict->why, sizeof verdict->why,
	    "the document is genuine, but %s in the record is not what it "
	    "was made for",
	    what);
}
