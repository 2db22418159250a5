#include "evidence/verifier.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#define TIME_MAX_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

/* Flat and of one size, so that it can be handed on whole. */
struct nitro_verified {
	enum nitro_kind kind;
	size_t module_id_len;
	uint8_t module_id[NITRO_MODULE_ID_MAX];
	uint64_t timestamp_ms;
	uint32_t pcr_mask;
	uint8_t pcr[NITRO_PCR_COUNT_MAX][NITRO_PCR_LEN];
	uint8_t digest[NITRO_SHA384_LEN];
};

static void
drop_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static nitro_err
check_expected(const struct nitro_expected *expected, struct nitro_bytes actual,
    nitro_err mismatch)
{
	switch (expected->check) {
	case NITRO_CHECK_UNDECIDED:
		return NITRO_E_INTERNAL;
	case NITRO_CHECK_WAIVED:
		return NITRO_OK;
	case NITRO_CHECK_REQUIRED:
		if (expected->value.len == 0)
			return NITRO_E_INTERNAL;
		return nitro_bytes_equal(expected->value, actual) ? NITRO_OK
								  : mismatch;
	}
	return NITRO_E_INTERNAL;
}

static nitro_err
check_binding(const struct nitro_expectation *expectation,
    const struct nitro_document *doc)
{
	nitro_err err;

	if ((err = check_expected(
		 &expectation->nonce, doc->nonce, NITRO_E_NONCE)) != NITRO_OK ||
	    (err = check_expected(&expectation->audience, doc->user_data,
		 NITRO_E_AUDIENCE)) != NITRO_OK)
		return err;
	return check_expected(
	    &expectation->public_key, doc->public_key, NITRO_E_KEY);
}

static bool
time_is_sane(int64_t ms)
{
	return ms >= 0 && ms <= TIME_MAX_MS;
}

/* age_ms is now minus timestamp, which no two sane times can overflow. */
static nitro_err
check_age(const struct nitro_expectation *expectation, int64_t age_ms)
{
	switch (expectation->age) {
	case NITRO_CHECK_UNDECIDED:
		return NITRO_E_INTERNAL;
	case NITRO_CHECK_WAIVED:
		return NITRO_OK;
	case NITRO_CHECK_REQUIRED:
		if (!time_is_sane(expectation->now_ms))
			return NITRO_E_CLOCK;
		if (!time_is_sane(expectation->max_age_ms) ||
		    !time_is_sane(expectation->clock_skew_ms))
			return NITRO_E_INTERNAL;
		if (age_ms > expectation->max_age_ms)
			return NITRO_E_TOO_OLD;
		if (age_ms < -expectation->clock_skew_ms)
			return NITRO_E_FROM_FUTURE;
		return NITRO_OK;
	}
	return NITRO_E_INTERNAL;
}

static void
note_facts(struct nitro_evidence_facts *facts, const struct nitro_document *doc,
    int64_t now_ms)
{
	facts->kind = doc->kind;
	if (!time_is_sane(now_ms))
		return;
	facts->is_age_known = true;
	facts->age_ms = now_ms - (int64_t)doc->timestamp_ms;
}

/* Chain first: it yields the key that the signature must be of. */
static nitro_err
check_signatures(const struct nitro_trust_anchors *anchors,
    const struct nitro_document *doc, const struct nitro_cose_sign1 *msg)
{
	NITRO_DROP(drop_key) EVP_PKEY *key = NULL;
	const int64_t time_s = (int64_t)(doc->timestamp_ms / 1000);
	nitro_err err;

	if ((err = nitro_cert_chain_verify(anchors, doc, time_s, &key)) !=
	    NITRO_OK)
		return err;
	return nitro_cose_verify(msg, key, nitro_trust_anchors_lib(anchors));
}

static void
copy(uint8_t *to, struct nitro_bytes from)
{
	for (size_t i = 0; i < from.len; i++)
		to[i] = from.ptr[i];
}

/* Called once everything has verified, and by nobody else. */
static nitro_err
make_verified(struct nitro_bytes evidence, const struct nitro_document *doc,
    struct nitro_verified **verified)
{
	struct nitro_verified *made;
	nitro_err err;

	if (doc->module_id.len > sizeof made->module_id)
		return NITRO_E_INTERNAL;
	if ((made = nitro_alloc(1, sizeof *made)) == NULL)
		return NITRO_E_MEMORY;
	if ((err = nitro_sha384(evidence, made->digest)) != NITRO_OK) {
		nitro_free(made);
		return err;
	}
	made->kind = doc->kind;
	made->timestamp_ms = doc->timestamp_ms;
	made->module_id_len = doc->module_id.len;
	copy(made->module_id, doc->module_id);
	made->pcr_mask = doc->pcr_mask;
	for (size_t i = 0; i < NITRO_PCR_COUNT_MAX; i++)
		if (doc->pcr[i].len == NITRO_PCR_LEN)
			copy(made->pcr[i], doc->pcr[i]);
	*verified = made;
	return NITRO_OK;
}

static nitro_err
verify(struct nitro_bytes evidence, const struct nitro_expectation *expectation,
    const struct nitro_trust_anchors *anchors,
    struct nitro_evidence_facts *facts, struct nitro_verified **verified)
{
	struct nitro_cose_sign1 msg = {0};
	struct nitro_document doc = {0};
	nitro_err err;

	facts->evidence_len = evidence.len;
	if ((err = nitro_cose_parse(evidence, &msg)) != NITRO_OK)
		return err;
	facts->payload_len = msg.payload.len;
	if ((err = nitro_document_parse(msg.payload, &doc)) != NITRO_OK)
		return err;
	note_facts(facts, &doc, expectation->now_ms);
	if ((err = check_binding(expectation, &doc)) != NITRO_OK ||
	    (err = check_age(expectation, facts->age_ms)) != NITRO_OK ||
	    (err = check_signatures(anchors, &doc, &msg)) != NITRO_OK)
		return err;
	return make_verified(evidence, &doc, verified);
}

nitro_err
nitro_evidence_verify(struct nitro_bytes evidence,
    const struct nitro_expectation *expectation,
    const struct nitro_trust_anchors *anchors,
    struct nitro_evidence_facts *facts, struct nitro_verified **verified)
{
	nitro_err err;

	*facts = (struct nitro_evidence_facts){0};
	if (anchors == NULL)
		return NITRO_E_TRUST_ANCHORS;
	ERR_clear_error();
	err = verify(evidence, expectation, anchors, facts, verified);
	ERR_clear_error();
	return err;
}

void
nitro_verified_free(struct nitro_verified *verified)
{
	nitro_free(verified);
}

void
nitro_verified_drop(struct nitro_verified **verified)
{
	nitro_verified_free(*verified);
	*verified = NULL;
}

enum nitro_kind
nitro_verified_kind(const struct nitro_verified *verified)
{
	return verified->kind;
}

struct nitro_bytes
nitro_verified_module_id(const struct nitro_verified *verified)
{
	return (struct nitro_bytes){
	    verified->module_id, verified->module_id_len};
}

uint64_t
nitro_verified_timestamp_ms(const struct nitro_verified *verified)
{
	return verified->timestamp_ms;
}

uint32_t
nitro_verified_pcr_mask(const struct nitro_verified *verified)
{
	return verified->pcr_mask;
}

struct nitro_bytes
nitro_verified_pcr(const struct nitro_verified *verified, unsigned i)
{
	if (i >= NITRO_PCR_COUNT_MAX || (verified->pcr_mask >> i & 1) == 0)
		return (struct nitro_bytes){0};
	return (struct nitro_bytes){verified->pcr[i], NITRO_PCR_LEN};
}

struct nitro_bytes
nitro_verified_digest(const struct nitro_verified *verified)
{
	return (struct nitro_bytes){verified->digest, sizeof verified->digest};
}
