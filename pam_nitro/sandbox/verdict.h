/* The verdict on one answer, reached in the sandbox and held against the login. */
#ifndef NITRO_SANDBOX_VERDICT_H
#define NITRO_SANDBOX_VERDICT_H

#include "evidence/verifier.h"
#include "ssh/answer.h"

struct nitro_verdict {
	bool is_unfiltered; /* the sandbox was one without seccomp */
	struct nitro_evidence_facts facts;
	struct nitro_verified *verified; /* NULL but for NITRO_OK */
};

/*
 * Decode the answer and verify the document, as nitro_evidence_verify() does,
 * in a sandbox (sandbox/sandbox.h). What comes back must carry the nonce of
 * this login; then it is judged again here (nitro_evidence_reopen()).
 *
 * expectation  its nonce is required and has NITRO_NONCE_LEN bytes.
 * verdict      {0} before; filled as far as it came. verified is released by
 *              nitro_verified_free().
 *
 * The errors of nitro_answer_decode(), nitro_evidence_verify() and
 * nitro_sandbox_run(); the last ones with a fault.
 */
NITRO_MUST_CHECK nitro_err nitro_verdict_reach(
    const struct nitro_answer *answer,
    const struct nitro_expectation *expectation,
    const struct nitro_trust_anchors *anchors, struct nitro_verdict *verdict,
    struct nitro_fault *fault);

#endif
