/*
 * From the bytes of a stranger to a verified attestation, or to the reason
 * why not. Pure: bytes, time and anchors in, verdict out.
 */
#ifndef NITRO_EVIDENCE_VERIFIER_H
#define NITRO_EVIDENCE_VERIFIER_H

#include "base/bytes.h"
#include "evidence/cert_chain.h"
#include "evidence/cose_sign1.h"
#include "evidence/document.h"
#include "evidence/verified.h"

/* A check that nobody decided about is a refusal, so 0 is not "waived". */
enum nitro_check {
	NITRO_CHECK_UNDECIDED = 0, /* NITRO_E_INTERNAL */
	NITRO_CHECK_REQUIRED,
	NITRO_CHECK_WAIVED
};

struct nitro_expected {
	enum nitro_check check;
	struct nitro_bytes value; /* 1 byte or more where required */
};

struct nitro_expectation {
	struct nitro_expected nonce;      /* the challenge, raw */
	struct nitro_expected audience;   /* user_data */
	struct nitro_expected public_key; /* SSH public key blob */
	enum nitro_check age;
	int64_t now_ms; /* since 1970, UTC */
	int64_t max_age_ms;
	int64_t clock_skew_ms;
};

/*
 * What may be told of a document that did not verify: lengths and times,
 * never its text.
 */
struct nitro_evidence_facts {
	size_t evidence_len;
	size_t payload_len; /* 0 where the COSE shape was not reached */
	enum nitro_kind
	    kind; /* NITRO_KIND_NONE where the fields were not reached */
	bool is_age_known;
	int64_t age_ms; /* now minus timestamp; negative: from the future */
};

/*
 * Verify one document, in this order; the first failure is the result:
 * COSE_Sign1 shape, fields, nonce, audience, key, age, chain, signature.
 *
 * evidence  untrusted bytes, any length.
 * facts     filled as far as the checks came, whatever the result.
 * *verified made on NITRO_OK alone, released by nitro_verified_free();
 *           untouched otherwise.
 *
 * Every error but those of classes CONFIGURATION and CONVERSATION.
 */
NITRO_MUST_CHECK nitro_err nitro_evidence_verify(struct nitro_bytes evidence,
    const struct nitro_expectation *expectation,
    const struct nitro_trust_anchors *anchors,
    struct nitro_evidence_facts *facts, struct nitro_verified **verified);

/*
 * Open an image of what another process has verified (sandbox/), and judge
 * again whatever needs no signature: every length and number, nonce,
 * audience, key, age.
 *
 * *verified  made on NITRO_OK alone, as above.
 *
 * NITRO_E_SANDBOX_ANSWER for what nitro_evidence_verify() could not have
 * made, NITRO_E_INTERNAL, NITRO_E_CLOCK, NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_evidence_reopen(
    const struct nitro_verified_image *image,
    const struct nitro_expectation *expectation,
    struct nitro_verified **verified);

#endif
