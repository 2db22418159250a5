/*
 * What the sandbox says, and what is made of it. Private to sandbox/ and its
 * tests.
 */
#ifndef NITRO_SANDBOX_VERDICT_SAID_H
#define NITRO_SANDBOX_VERDICT_SAID_H

#include "sandbox/verdict.h"

/* Of one size, whatever the verdict is, and without padding. */
struct nitro_verdict_said {
	uint8_t nonce[NITRO_NONCE_LEN]; /* which login this is about */
	uint32_t err;
	uint32_t kind;
	uint64_t evidence_len, payload_len;
	uint64_t is_age_known;
	int64_t age_ms;
	struct nitro_verified_image verified; /* zero but for NITRO_OK */
};

/*
 * Judge any bytes. verdict is {0} before; its verified is made on NITRO_OK
 * alone, and only for the nonce, audience, key and age that are expected.
 *
 * NITRO_E_SANDBOX_ANSWER, with a fault, for what no honest sandbox says; the
 * reason that it gives, of class EVIDENCE or one of a host that is short of
 * something; NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_verdict_take(
    const struct nitro_verdict_said *said,
    const struct nitro_expectation *expectation, struct nitro_verdict *verdict,
    struct nitro_fault *fault);

#endif
