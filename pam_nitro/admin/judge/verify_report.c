#include "admin/judge/verify_report.h"

#include <stdio.h>

#include "admin/json_text.h"
#include "admin/judge/cert_text.h"
#include "base/hex.h"

enum { OUTCOME_WIDTH = 13, NAME_WIDTH = 11 };

static enum nitro_tone
tone_of(enum nitro_outcome outcome)
{
	switch (outcome) {
	case NITRO_OUTCOME_PASSED:
		return NITRO_TONE_GOOD;
	case NITRO_OUTCOME_FAILED:
		return NITRO_TONE_BAD;
	case NITRO_OUTCOME_NOT_REACHED:
	case NITRO_OUTCOME_NOT_CHECKED:
		return NITRO_TONE_DIM;
	}
	return NITRO_TONE_PLAIN;
}

static void
print_step(const struct nitro_step *step)
{
	nitro_print_word(tone_of(step->outcome), OUTCOME_WIDTH,
	    nitro_outcome_name(step->outcome));
	printf("%-*sexpected  %s\n", NAME_WIDTH, step->name, step->expected);
	if (step->actual[0] != '\0')
		printf("%*sactual    %s\n", OUTCOME_WIDTH + NAME_WIDTH, "",
		    step->actual);
}

static void
print_head(const struct nitro_judgement *judgement)
{
	const struct nitro_document *doc = &judgement->claims.doc;
	char module[300];

	if (!judgement->claims.has_document)
		return;
	nitro_printable(doc->module_id, module, sizeof module);
	printf("%s document of %s%s\n\n", nitro_kind_name(doc->kind), module,
	    judgement->is_verified ? "" : " (so it says)");
}

static void
print_value(const char *word, struct nitro_bytes value)
{
	char hex[2 * NITRO_PCR_LEN + 1];

	nitro_hex_encode(value, hex, sizeof hex);
	printf("%-8s  %s\n", word, value.len == 0 ? "missing" : hex);
}

static void
print_pcr(const struct nitro_judgement *judgement, unsigned pcr)
{
	const struct nitro_entry *entry = judgement->decision.nearest;
	bool differs = (judgement->decision.differs_mask >> pcr & 1) != 0;

	printf("PCR%-4u  ", pcr);
	nitro_print_word(differs ? NITRO_TONE_BAD : NITRO_TONE_GOOD, 9,
	    differs ? "DIFFERS" : "ok");
	print_value("actual", judgement->claims.doc.pcr[pcr]);
	for (size_t i = 0; i < entry->pin_count; i++) {
		if (entry->pins[i].pcr != pcr)
			continue;
		printf("%*s", 18, "");
		print_value("allowed",
		    (struct nitro_bytes){entry->pins[i].value, NITRO_PCR_LEN});
	}
}

/* The PCRs that the nearest entry pins; what it does not pin decides nothing. */
static void
print_pcrs(const struct nitro_judgement *judgement)
{
	const struct nitro_entry *entry = judgement->decision.nearest;
	char name[300];

	if (!judgement->has_decision || entry == NULL ||
	    judgement->decision.err == NITRO_OK)
		return;
	nitro_entry_name(entry, name, sizeof name);
	printf("\nagainst the nearest entry, %s\n", name);
	for (unsigned pcr = 0; pcr < NITRO_PCR_COUNT_MAX; pcr++)
		if ((entry->pinned_mask >> pcr & 1) != 0)
			print_pcr(judgement, pcr);
}

static void
print_notes(const struct nitro_verify_report *report)
{
	const struct nitro_decision *decision = &report->judgement->decision;
	nitro_err err = report->judgement->err;
	char text[300];

	if (nitro_err_stage(err) == NITRO_STAGE_AGE &&
	    report->inquiry->at == NITRO_AT_NOW)
		printf("note     --at document judges everything else, at the "
		       "document's own time\n");
	if (decision->revoked_by != NULL &&
	    decision->revoked_by->reason != NULL) {
		nitro_printable(
		    nitro_bytes_of_text(decision->revoked_by->reason), text,
		    sizeof text);
		printf("note     revoked because: %s\n", text);
	}
	if (!report->grounds->has_policy)
		return;
	nitro_printable(
	    nitro_bytes_of_text(report->inquiry->user), text, sizeof text);
	if (!report->grounds->account.exists)
		printf("note     this host has no user %s: sshd refuses such a "
		       "login whatever the document says\n",
		    text);
	if (report->grounds->policy.settings.mode == NITRO_MODE_OBSERVE)
		printf("note     the mode is observe: pam_nitro.so logs this "
		       "verdict and leaves the decision to the rest of the "
		       "stack\n");
}

static void
print_verdict(const struct nitro_verify_report *report)
{
	const struct nitro_judgement *judgement = report->judgement;
	bool allows = judgement->err == NITRO_OK;

	printf("\n");
	print_notes(report);
	printf("result   ");
	nitro_print_word(allows ? NITRO_TONE_GOOD : NITRO_TONE_BAD, 0,
	    allows ? "allow" : "deny");
	if (!allows) {
		printf("\nreason   %s: %s\n", nitro_err_token(judgement->err),
		    nitro_err_sentence(judgement->err));
		printf("to do    %s\n", nitro_err_advice(judgement->err));
	} else if (judgement->has_decision)
		printf(", the policy admits this document\n");
	else
		printf(", the evidence is genuine; no policy was applied: this "
		       "says nothing about which code it is\n");
}

void
nitro_verify_print(const struct nitro_verify_report *report)
{
	const struct nitro_judgement *judgement = report->judgement;

	print_head(judgement);
	for (size_t i = 0; i < NITRO_STEP_COUNT; i++)
		print_step(&report->steps[i]);
	if (nitro_err_stage(judgement->err) == NITRO_STAGE_CHAIN &&
	    judgement->claims.has_document) {
		printf("\n");
		nitro_print_certs(&judgement->claims.doc);
	}
	print_pcrs(judgement);
	print_verdict(report);
}

static json_t *
steps_json(const struct nitro_step steps[NITRO_STEP_COUNT])
{
	static const char *const outcomes[] = {
	    [NITRO_OUTCOME_NOT_REACHED] = "not_reached",
	    [NITRO_OUTCOME_PASSED] = "passed",
	    [NITRO_OUTCOME_FAILED] = "failed",
	    [NITRO_OUTCOME_NOT_CHECKED] = "not_checked"};
	json_auto_t *array = json_array();

	for (size_t i = 0; i < NITRO_STEP_COUNT; i++) {
		NITRO_DROP(nitro_json_drop) struct nitro_json step = {0};

		nitro_json_begin(&step);
		nitro_json_set_text(&step, "step", steps[i].name);
		nitro_json_set_text(
		    &step, "stage", nitro_stage_name(steps[i].stage));
		nitro_json_set_text(
		    &step, "outcome", outcomes[steps[i].outcome]);
		nitro_json_set_text(&step, "expected", steps[i].expected);
		nitro_json_set_text(&step, "actual", steps[i].actual);
		if (json_array_append_new(array, nitro_json_take(&step)) != 0)
			return NULL;
	}
	return json_incref(array);
}

/* "pcr0", "pcr4": as the log line has them. */
static json_t *
differs_json(uint32_t mask)
{
	json_auto_t *array = json_array();
	char name[8];

	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++) {
		(void)snprintf(name, sizeof name, "pcr%u", i);
		if ((mask >> i & 1) != 0 &&
		    json_array_append_new(array, json_string(name)) != 0)
			return NULL;
	}
	return json_incref(array);
}

static json_t *
entry_json(const struct nitro_entry *entry)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};

	if (entry == NULL)
		return json_null();
	nitro_json_begin(&json);
	nitro_json_set_text(&json, "workload", entry->workload);
	nitro_json_set_text(&json, "version", entry->version);
	nitro_json_set_text(&json, "file", entry->file);
	nitro_json_set_int(&json, "line", entry->line);
	nitro_json_set_text(&json, "reason", entry->reason);
	return nitro_json_take(&json);
}

static void
set_policy(struct nitro_json *json, const struct nitro_verify_report *report)
{
	const struct nitro_grounds *grounds = report->grounds;
	const struct nitro_decision *decision = &report->judgement->decision;
	const struct nitro_entry *entry = decision->entry;
	bool observes = grounds->policy.settings.mode == NITRO_MODE_OBSERVE;

	nitro_json_set_bool(
	    json, "policy_applied", report->judgement->has_decision);
	nitro_json_set_text(json, "mode",
	    !grounds->has_policy ? NULL
	    : observes           ? "observe"
				 : "enforce");
	nitro_json_set_text(json, "user", report->inquiry->user);
	nitro_json_set_text(
	    json, "workload", entry != NULL ? entry->workload : NULL);
	nitro_json_set_text(
	    json, "version", entry != NULL ? entry->version : NULL);
	nitro_json_set(json, "nearest", entry_json(decision->nearest));
	nitro_json_set(json, "revoked_by", entry_json(decision->revoked_by));
	nitro_json_set(json, "differs", differs_json(decision->differs_mask));
}

void
nitro_verify_set_json(
    struct nitro_json *json, const struct nitro_verify_report *report)
{
	const struct nitro_judgement *judgement = report->judgement;
	nitro_err err = judgement->err;

	nitro_json_set_text(json, "result", err == NITRO_OK ? "allow" : "deny");
	nitro_json_set_text(json, "reason", nitro_err_token(err));
	nitro_json_set_text(
	    json, "stage", nitro_stage_name(nitro_err_stage(err)));
	nitro_json_set_text(json, "sentence", nitro_err_sentence(err));
	nitro_json_set_text(json, "advice", nitro_err_advice(err));
	nitro_json_set_bool(json, "verified", judgement->is_verified);
	set_policy(json, report);
	nitro_json_set_claims(json, &judgement->claims, judgement->now_ms);
	nitro_json_set(json, "steps", steps_json(report->steps));
}

bool
nitro_verify_print_json(const struct nitro_verify_report *report)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};

	nitro_json_begin(&json);
	nitro_verify_set_json(&json, report);
	return nitro_json_print(&json);
}
