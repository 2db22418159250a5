#include "sandbox/verdict.h"

#include "sandbox/sandbox.h"
#include "sandbox/verdict_said.h"

struct matter {
	const struct nitro_answer *answer;
	const struct nitro_expectation *expectation;
	const struct nitro_trust_anchors *anchors;
};

/* --- in the sandbox --- */

static nitro_err
verify(const struct matter *matter, struct nitro_evidence_facts *facts,
    struct nitro_verified **verified)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	nitro_err err;

	if ((err = nitro_answer_decode(matter->answer, &evidence)) != NITRO_OK)
		return err;
	return nitro_evidence_verify(nitro_bytes_of_buf(&evidence),
	    matter->expectation, matter->anchors, facts, verified);
}

static void
work(void *answer, void *context)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	const struct matter *matter = context;
	struct nitro_bytes nonce = matter->expectation->nonce.value;
	struct nitro_evidence_facts facts = {0};
	struct nitro_verdict_said *said = answer;

	said->err = (uint32_t)verify(matter, &facts, &verified);
	said->kind = (uint32_t)facts.kind;
	said->evidence_len = facts.evidence_len;
	said->payload_len = facts.payload_len;
	said->is_age_known = facts.is_age_known;
	said->age_ms = facts.age_ms;
	if (verified != NULL)
		nitro_verified_write(verified, &said->verified);
	nitro_bytes_copy(
	    said->nonce, nitro_bytes_slice(nonce, 0, sizeof said->nonce));
}

/* --- in the host --- */

/* Reasons that come of a document, or of a host that is short of something. */
static bool
is_possible_reason(uint32_t err)
{
	return err == NITRO_OK || err == NITRO_E_MEMORY ||
	       err == NITRO_E_CLOCK || err == NITRO_E_CRYPTO ||
	       err == NITRO_E_INTERNAL ||
	       nitro_err_class((nitro_err)err) == NITRO_CLASS_EVIDENCE;
}

static bool
is_possible(const struct nitro_verdict_said *said, struct nitro_bytes nonce)
{
	const struct nitro_bytes echo = {said->nonce, sizeof said->nonce};

	return nitro_bytes_equal(echo, nonce) &&
	       is_possible_reason(said->err) &&
	       said->kind <= NITRO_KIND_NITROTPM && said->is_age_known <= 1 &&
	       said->evidence_len <= NITRO_EVIDENCE_MAX &&
	       said->payload_len <= said->evidence_len;
}

static nitro_err
take(const struct nitro_verdict_said *said,
    const struct nitro_expectation *expectation, struct nitro_verdict *verdict)
{
	if (!is_possible(said, expectation->nonce.value))
		return NITRO_E_SANDBOX_ANSWER;
	verdict->facts = (struct nitro_evidence_facts){
	    .evidence_len = (size_t)said->evidence_len,
	    .payload_len = (size_t)said->payload_len,
	    .kind = (enum nitro_kind)said->kind,
	    .is_age_known = said->is_age_known == 1,
	    .age_ms = said->age_ms,
	};
	if (said->err != NITRO_OK)
		return (nitro_err)said->err;
	return nitro_evidence_reopen(
	    &said->verified, expectation, &verdict->verified);
}

nitro_err
nitro_verdict_take(const struct nitro_verdict_said *said,
    const struct nitro_expectation *expectation, struct nitro_verdict *verdict,
    struct nitro_fault *fault)
{
	nitro_err err = take(said, expectation, verdict);

	if (err == NITRO_E_SANDBOX_ANSWER)
		return nitro_fault_set(fault, err, NULL, 0,
		    "another login's verdict, or one that cannot be");
	return err;
}

nitro_err
nitro_verdict_reach(const struct nitro_answer *answer,
    const struct nitro_expectation *expectation,
    const struct nitro_trust_anchors *anchors, struct nitro_verdict *verdict,
    struct nitro_fault *fault)
{
	struct nitro_verdict_said said = {.err = NITRO_E_INTERNAL};
	struct matter matter = {answer, expectation, anchors};
	struct nitro_sandbox_task task = {
	    .limits = NITRO_SANDBOX_LIMITS,
	    .work = work,
	    .context = &matter,
	    .answer = &said,
	    .answer_len = sizeof said,
	};
	nitro_err err;

	if (expectation->nonce.check != NITRO_CHECK_REQUIRED ||
	    expectation->nonce.value.len != sizeof said.nonce)
		return NITRO_E_INTERNAL;
	if ((err = nitro_sandbox_run(&task, fault)) != NITRO_OK)
		return err;
	verdict->is_unfiltered = !task.is_filtered;
	return nitro_verdict_take(&said, expectation, verdict, fault);
}
