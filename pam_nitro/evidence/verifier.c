#include "evidence/verifier.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "evidence/crypto_error.h"
#include "evidence/verified_fields.h"

#define TIME_MAX_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

static void
drop_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static nitro_err
check_expected(const struct nitro_expected *expected, struct nitro_bytes actual,
    nitro_err mismatch)
{
	if (expected->check == NITRO_CHECK_WAIVED)
		return NITRO_OK;
	if (expected->check != NITRO_CHECK_REQUIRED || expected->value.len == 0)
		return NITRO_E_INTERNAL;
	return nitro_bytes_equal(expected->value, actual) ? NITRO_OK : mismatch;
}

/* What a document has of the three values that bind it to a login. */
struct bound {
	struct nitro_bytes nonce, user_data, public_key;
};

static nitro_err
check_binding(
    const struct nitro_expectation *expectation, const struct bound *bound)
{
	nitro_err err;

	if ((err = check_expected(&expectation->nonce, bound->nonce,
		 NITRO_E_NONCE)) != NITRO_OK ||
	    (err = check_expected(&expectation->audience, bound->user_data,
		 NITRO_E_AUDIENCE)) != NITRO_OK)
		return err;
	return check_expected(
	    &expectation->public_key, bound->public_key, NITRO_E_KEY);
}

static bool
time_is_sane(int64_t ms)
{
	return ms >= 0 && ms <= TIME_MAX_MS;
}

/* 0 for a clock that is not sane, so that nothing overflows; see check_age(). */
static int64_t
age_of(int64_t now_ms, uint64_t timestamp_ms)
{
	return time_is_sane(now_ms) ? now_ms - (int64_t)timestamp_ms : 0;
}

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
	facts->is_age_known = time_is_sane(now_ms);
	facts->age_ms = age_of(now_ms, doc->timestamp_ms);
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

static bool
keep_field(struct nitro_verified_field *field, struct nitro_bytes value)
{
	const bool fits = value.len <= sizeof field->value;

	if (fits) {
		field->len = (uint32_t)value.len;
		nitro_bytes_copy(field->value, value);
	}
	return fits;
}

/* False where the document is none that nitro_document_parse() gives. */
static bool
keep_fields(struct nitro_verified *made, const struct nitro_document *doc)
{
	const struct nitro_bytes module_id = nitro_bytes_slice(
	    doc->module_id, 0, sizeof made->module_id);

	made->kind = doc->kind;
	made->timestamp_ms = doc->timestamp_ms;
	made->module_id_len = (uint32_t)module_id.len;
	nitro_bytes_copy(made->module_id, module_id);
	made->pcr_mask = doc->pcr_mask;
	for (size_t i = 0; i < NITRO_PCR_COUNT_MAX; i++)
		nitro_bytes_copy(made->pcr[i],
		    nitro_bytes_slice(doc->pcr[i], 0, NITRO_PCR_LEN));
	return module_id.len == doc->module_id.len &&
	       keep_field(&made->nonce, doc->nonce) &&
	       keep_field(&made->user_data, doc->user_data) &&
	       keep_field(&made->public_key, doc->public_key);
}

/* Called once everything has verified, and by nobody else. */
static nitro_err
make_verified(struct nitro_bytes evidence, const struct nitro_document *doc,
    struct nitro_verified **verified)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *made = NULL;
	nitro_err err;

	if ((made = nitro_alloc(1, sizeof *made)) == NULL)
		return NITRO_E_MEMORY;
	err = keep_fields(made, doc) ? nitro_sha384(evidence, made->digest)
				     : NITRO_E_INTERNAL;
	if (err != NITRO_OK)
		return err;
	*verified = made;
	made = NULL;
	return NITRO_OK;
}

static nitro_err
verify(struct nitro_bytes evidence, const struct nitro_expectation *expectation,
    const struct nitro_trust_anchors *anchors,
    struct nitro_evidence_facts *facts, struct nitro_verified **verified)
{
	struct nitro_cose_sign1 msg = {0};
	struct nitro_document doc = {0};
	struct bound bound;
	nitro_err err;

	facts->evidence_len = evidence.len;
	if ((err = nitro_cose_parse(evidence, &msg)) != NITRO_OK)
		return err;
	facts->payload_len = msg.payload.len;
	if ((err = nitro_document_parse(msg.payload, &doc)) != NITRO_OK)
		return err;
	note_facts(facts, &doc, expectation->now_ms);
	bound = (struct bound){doc.nonce, doc.user_data, doc.public_key};
	if ((err = check_binding(expectation, &bound)) != NITRO_OK ||
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
	return nitro_crypto_reason(err);
}

static struct nitro_bytes
view_of(const struct nitro_verified_field *field)
{
	return (struct nitro_bytes){field->value, field->len};
}

/* As the document's own limits are, so that no view of it can be wrong. */
static bool
is_possible(const struct nitro_verified *made)
{
	return (made->kind == NITRO_KIND_ENCLAVE ||
		   made->kind == NITRO_KIND_NITROTPM) &&
	       made->pcr_mask != 0 && made->timestamp_ms <= TIME_MAX_MS &&
	       made->module_id_len >= 1 &&
	       made->module_id_len <= sizeof made->module_id &&
	       made->nonce.len <= sizeof made->nonce.value &&
	       made->user_data.len <= sizeof made->user_data.value &&
	       made->public_key.len <= sizeof made->public_key.value;
}

static nitro_err
check_reopened(const struct nitro_verified *made,
    const struct nitro_expectation *expectation)
{
	struct bound bound;
	nitro_err err;

	if (!is_possible(made))
		return NITRO_E_SANDBOX_ANSWER;
	bound = (struct bound){view_of(&made->nonce), view_of(&made->user_data),
	    view_of(&made->public_key)};
	if ((err = check_binding(expectation, &bound)) == NITRO_OK)
		err = check_age(expectation,
		    age_of(expectation->now_ms, made->timestamp_ms));
	/* These checks were held in the other process: it lies. */
	return nitro_err_class(err) == NITRO_CLASS_EVIDENCE
		   ? NITRO_E_SANDBOX_ANSWER
		   : err;
}

nitro_err
nitro_evidence_reopen(const struct nitro_verified_image *image,
    const struct nitro_expectation *expectation,
    struct nitro_verified **verified)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *made = NULL;
	nitro_err err;

	if ((made = nitro_alloc(1, sizeof *made)) == NULL)
		return NITRO_E_MEMORY;
	nitro_bytes_copy(
	    made, (struct nitro_bytes){image->bytes, sizeof image->bytes});
	if ((err = check_reopened(made, expectation)) != NITRO_OK)
		return err;
	*verified = made;
	made = NULL;
	return NITRO_OK;
}
