#include "admin/judge/judgement.h"

#include <string.h>
#include <time.h>

#include "admin/command.h"
#include "admin/input.h"
#include "base/time_text.h"
#include "policy/secure_file.h"

static nitro_err
load_policy(const struct nitro_inquiry *inquiry, struct nitro_grounds *grounds,
    struct nitro_fault *fault)
{
	nitro_err err;

	err = nitro_policy_load(inquiry->config, &grounds->policy, fault);
	if (err != NITRO_OK)
		return err;
	grounds->has_policy = true;
	grounds->anchors = grounds->policy.anchors;
	grounds->anchors_path = grounds->policy.settings.trust_anchors;
	grounds->max_age_ms = grounds->policy.settings.max_age_ms;
	grounds->clock_skew_ms = grounds->policy.settings.clock_skew_ms;
	err = nitro_account_lookup(inquiry->user, &grounds->account);
	if (err != NITRO_OK)
		return nitro_fault_set(
		    fault, err, NULL, 0, "%s", nitro_err_sentence(err));
	return NITRO_OK;
}

static nitro_err
load_anchors(const struct nitro_inquiry *inquiry, struct nitro_grounds *grounds,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
	const char *path = inquiry->trust_anchors;
	nitro_err err;

	if (path != NULL)
		err = nitro_input_read(path, NITRO_FILE_MAX, &pem, fault);
	else {
		path = NITRO_TRUST_ANCHORS_PATH;
		err = nitro_secure_file_read(path, &pem, fault);
	}
	if (err != NITRO_OK)
		return err;
	err = nitro_trust_anchors_parse(
	    nitro_bytes_of_buf(&pem), &grounds->own_anchors);
	if (err != NITRO_OK)
		return nitro_fault_set(
		    fault, err, path, 0, "%s", nitro_err_sentence(err));
	grounds->anchors = grounds->own_anchors;
	grounds->anchors_path = path;
	return NITRO_OK;
}

nitro_err
nitro_grounds_load(const struct nitro_inquiry *inquiry,
    struct nitro_grounds *grounds, struct nitro_fault *fault)
{
	nitro_err err;

	*grounds = (struct nitro_grounds){
	    .max_age_ms = NITRO_MAX_AGE_DEFAULT_MS,
	    .clock_skew_ms = NITRO_CLOCK_SKEW_DEFAULT_MS};
	if (inquiry->config != NULL &&
	    (err = load_policy(inquiry, grounds, fault)) != NITRO_OK)
		return err;
	if (inquiry->trust_anchors == NULL && grounds->has_policy)
		return NITRO_OK;
	return load_anchors(inquiry, grounds, fault);
}

void
nitro_grounds_drop(struct nitro_grounds *grounds)
{
	nitro_trust_anchors_drop(&grounds->own_anchors);
	nitro_account_drop(&grounds->account);
	nitro_policy_drop(&grounds->policy);
	*grounds = (struct nitro_grounds){0};
}

nitro_err
nitro_clock_ms(int64_t *now_ms)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return NITRO_E_CLOCK;
	*now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	return NITRO_OK;
}

static nitro_err
verify(struct nitro_bytes evidence, const struct nitro_inquiry *inquiry,
    const struct nitro_grounds *grounds, int64_t now_ms,
    struct nitro_verified **verified)
{
	bool has_nonce = inquiry->nonce.len > 0;
	bool has_age = inquiry->at != NITRO_AT_DOCUMENT;
	struct nitro_evidence_facts facts = {0};
	struct nitro_expectation expectation = {
	    .nonce = {.check = has_nonce ? NITRO_CHECK_REQUIRED
					 : NITRO_CHECK_WAIVED,
		.value = inquiry->nonce},
	    .audience = {.check = NITRO_CHECK_WAIVED},
	    .public_key = {.check = NITRO_CHECK_WAIVED},
	    .age = has_age ? NITRO_CHECK_REQUIRED : NITRO_CHECK_WAIVED,
	    .now_ms = now_ms,
	    .max_age_ms = grounds->max_age_ms,
	    .clock_skew_ms = grounds->clock_skew_ms};

	return nitro_evidence_verify(
	    evidence, &expectation, grounds->anchors, &facts, verified);
}

/* "At the document" asks for the entries that were valid then. */
static nitro_err
decide(const struct nitro_verified *verified,
    const struct nitro_inquiry *inquiry, const struct nitro_grounds *grounds,
    struct nitro_judgement *judgement)
{
	struct nitro_login login = {.user = inquiry->user,
	    .groups = (const char *const *)grounds->account.groups,
	    .group_count = grounds->account.group_count,
	    .now_ms = judgement->now_ms};

	if (inquiry->at == NITRO_AT_DOCUMENT)
		login.now_ms = (int64_t)nitro_verified_timestamp_ms(verified);
	judgement->has_decision = true;
	return nitro_decide(verified, &grounds->policy.settings,
	    &grounds->policy.measurements, &login, &judgement->decision);
}

void
nitro_judge(const struct nitro_document_file *file,
    const struct nitro_inquiry *inquiry, const struct nitro_grounds *grounds,
    struct nitro_judgement *judgement)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	struct nitro_bytes evidence = nitro_bytes_of_buf(&file->evidence);

	*judgement = (struct nitro_judgement){
	    .err = file->err, .now_ms = inquiry->at_ms};
	if (judgement->err != NITRO_OK)
		return;
	nitro_claims_read(evidence, &judgement->claims);
	if (inquiry->at != NITRO_AT_TIME)
		judgement->err = nitro_clock_ms(&judgement->now_ms);
	if (judgement->err != NITRO_OK)
		return;
	judgement->err = verify(
	    evidence, inquiry, grounds, judgement->now_ms, &verified);
	judgement->is_verified = judgement->err == NITRO_OK;
	if (judgement->is_verified && grounds->has_policy)
		judgement->err = decide(verified, inquiry, grounds, judgement);
}

bool
nitro_inquiry_set_at(
    const char *command, const char *text, struct nitro_inquiry *inquiry)
{
	inquiry->at = NITRO_AT_NOW;
	if (strcmp(text, "now") == 0)
		return true;
	inquiry->at = NITRO_AT_DOCUMENT;
	if (strcmp(text, "document") == 0)
		return true;
	inquiry->at = NITRO_AT_TIME;
	if (nitro_time_parse(nitro_bytes_of_text(text), &inquiry->at_ms))
		return true;
	nitro_complain("%s: --at %s is not now, document or a time like "
		       "2026-11-01T12:00:00Z",
	    command, text);
	return false;
}
