/* What pam-nitro verify prints: for people, and as JSON. */
#ifndef NITRO_ADMIN_VERIFY_REPORT_H
#define NITRO_ADMIN_VERIFY_REPORT_H

#include "admin/json_text.h"
#include "admin/judge/step.h"

struct nitro_verify_report {
	const struct nitro_document_file *file;
	const struct nitro_inquiry *inquiry;
	const struct nitro_grounds *grounds;
	const struct nitro_judgement *judgement;
	struct nitro_step steps[NITRO_STEP_COUNT];
};

void nitro_verify_print(const struct nitro_verify_report *report);

/* All members of what verify prints as JSON. */
void nitro_verify_set_json(
    struct nitro_json *json, const struct nitro_verify_report *report);

/* False, and nothing printed, where memory ran out. */
NITRO_MUST_CHECK bool nitro_verify_print_json(
    const struct nitro_verify_report *report);

#endif
