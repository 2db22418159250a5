/* A judgement told step by step, in the order in which the module checks. */
#ifndef NITRO_ADMIN_STEP_H
#define NITRO_ADMIN_STEP_H

#include "admin/judge/document_file.h"
#include "admin/judge/judgement.h"
#include "admin/printable.h"

enum nitro_step_id {
	NITRO_STEP_ANSWER,
	NITRO_STEP_COSE,
	NITRO_STEP_DOCUMENT,
	NITRO_STEP_NONCE,
	NITRO_STEP_AUDIENCE,
	NITRO_STEP_KEY,
	NITRO_STEP_AGE,
	NITRO_STEP_CHAIN,
	NITRO_STEP_SIGNATURE,
	NITRO_STEP_POLICY,
	NITRO_STEP_COUNT
};

enum nitro_outcome {
	NITRO_OUTCOME_NOT_REACHED = 0,
	NITRO_OUTCOME_PASSED,
	NITRO_OUTCOME_FAILED,
	NITRO_OUTCOME_NOT_CHECKED /* waived by the caller, who is told so */
};

#define NITRO_STEP_TEXT_SIZE 400

struct nitro_step {
	const char *name;
	enum nitro_stage stage;
	enum nitro_outcome outcome;
	char expected
	    [NITRO_STEP_TEXT_SIZE]; /* printable; "" where there is nothing to say */
	char actual[NITRO_STEP_TEXT_SIZE]; /* what the document claims */
};

/* "passed", "FAILED", "not reached", "not checked". */
const char *nitro_outcome_name(enum nitro_outcome outcome);

/*
 * Tell every step of a judgement. What a document claims is shown for the
 * steps behind the failure too, as far as it could be read.
 */
void nitro_steps_tell(const struct nitro_document_file *file,
    const struct nitro_inquiry *inquiry, const struct nitro_grounds *grounds,
    const struct nitro_judgement *judgement,
    struct nitro_step steps[NITRO_STEP_COUNT]);

/* "billing/1.4.2 (/etc/pam_nitro/measurements.conf:12)", cut to fit. */
void nitro_entry_name(
    const struct nitro_entry *entry, char *out, size_t out_size);

#endif
