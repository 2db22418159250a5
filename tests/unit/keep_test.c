/* module/keep.c, beside a sandbox that speaks of another document. */
#include "module/keep.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "policy/evidence_store.h"
#include "unit/chain.h"
#include "unit/scratch.h"
#include "unit/unit.h"

#define STAMP_MS (CHAIN_TIME_S * 1000)

static struct scratch scratch;
static char store[SCRATCH_PATH_MAX + 16];

static int
set_up(void **state)
{
	(void)state;
	scratch = (struct scratch){0};
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	scratch_drop(&scratch);
	return 0;
}

/* A document of that time; what the login would have answered with, if wanted. */
static struct nitro_verified *
verify(uint64_t stamp_ms, struct nitro_answer *answer)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0}, text = {0};
	struct nitro_verified *made = chain_verified(stamp_ms, &evidence);
	bool is_complete = false;

	if (answer == NULL)
		return made;
	assert_err(nitro_base64_encode(nitro_bytes_of_buf(&evidence), &text),
	    NITRO_OK);
	assert_err(
	    nitro_answer_add(answer, nitro_bytes_of_buf(&text), &is_complete),
	    NITRO_OK);
	assert_true(is_complete);
	return made;
}

static size_t
count_kept(void)
{
	NITRO_DROP(nitro_evidence_list_drop)
	struct nitro_evidence_list list = {0};
	struct nitro_fault fault = {0};

	assert_err(nitro_evidence_store_list(store, &list, &fault), NITRO_OK);
	return list.count;
}

static void
open_attempt(struct nitro_attempt *attempt)
{
	/* The store looks at the times of its files. */
	*attempt = (struct nitro_attempt){.now_ms = (int64_t)time(NULL) * 1000};
	attempt->user = nitro_text_copy(UNIT_BYTES("deploy"));
	attempt->rhost = nitro_text_copy(UNIT_BYTES("192.0.2.7"));
	attempt->policy.settings.evidence = (struct nitro_evidence_settings){
	    .directory = nitro_text_copy(nitro_bytes_of_text(store)),
	    .keep_ms = INT64_C(86400000),
	    .max_bytes = 1 << 20,
	    .is_required = true};
	attempt->verdict.verified = verify(STAMP_MS, &attempt->answer);
}

static void
test_a_verdict_about_another_document_is_not_kept(void **state)
{
	NITRO_DROP(nitro_attempt_drop) struct nitro_attempt attempt;
	nitro_err err;

	(void)state;
	if (!scratch_make(&scratch))
		skip();
	scratch_folder(&scratch, "store", 0700);
	(void)snprintf(
	    store, sizeof store, "%s", scratch_path(&scratch, "store"));
	open_attempt(&attempt);
	attempt.nonce[0] = 1;
	err = nitro_keep_evidence(&attempt, NITRO_OK);
	if (err != NITRO_OK)
		fail_msg("%s: %s", attempt.fault.file, attempt.fault.text);
	assert_false(attempt.is_evidence_lost);
	assert_int_equal(count_kept(), 1);

	nitro_verified_drop(&attempt.verdict.verified);
	attempt.verdict.verified = verify(STAMP_MS + 1, NULL);
	attempt.nonce[0] = 2;
	assert_err(
	    nitro_keep_evidence(&attempt, NITRO_OK), NITRO_E_EVIDENCE_NOT_KEPT);
	assert_true(attempt.is_evidence_lost);
	assert_err(attempt.fault.err, NITRO_E_SANDBOX_ANSWER);
	assert_non_null(strstr(
	    attempt.fault.text, nitro_err_sentence(NITRO_E_SANDBOX_ANSWER)));
	assert_int_equal(count_kept(), 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_a_verdict_about_another_document_is_not_kept, set_up,
		tear_down),
	};

	return cmocka_run_group_tests(tests, chain_make, chain_drop);
}
