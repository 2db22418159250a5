/* What the sandbox says of an answer, and what a lying one may not say. */
#include "sandbox/verdict.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/base64.h"
#include "evidence/verified_fields.h"
#include "sandbox/verdict_said.h"
#include "unit/chain.h"
#include "unit/unit.h"

#define STAMP_MS (CHAIN_TIME_S * 1000 + 250) /* of the document */
#define NOW_MS (STAMP_MS + 412)
#define AUDIENCE "pam_nitro/1 nonce=N key=K host=web-1 user=deploy"
#define KEY "the blob of a key"

static uint8_t nonce[NITRO_NONCE_LEN] = {1, 2, 3};

static struct nitro_expectation
expectation_of_login(void)
{
	return (struct nitro_expectation){
	    .nonce = {NITRO_CHECK_REQUIRED, {nonce, sizeof nonce}},
	    .audience = {NITRO_CHECK_REQUIRED, UNIT_BYTES(AUDIENCE)},
	    .public_key = {NITRO_CHECK_REQUIRED, UNIT_BYTES(KEY)},
	    .age = NITRO_CHECK_REQUIRED,
	    .now_ms = NOW_MS,
	    .max_age_ms = 60000,
	    .clock_skew_ms = 5000,
	};
}

static struct sim_document
document_of_login(void)
{
	struct sim_document doc;

	sim_document_default(&chain_trusted, STAMP_MS, &doc);
	doc.nonce = (struct nitro_bytes){nonce, sizeof nonce};
	doc.user_data = UNIT_BYTES(AUDIENCE);
	doc.public_key = UNIT_BYTES(KEY);
	return doc;
}

/* An answer in one piece. */
static void
answer_with(struct nitro_bytes text, struct nitro_answer *answer)
{
	bool is_complete = false;

	assert_err(nitro_answer_add(answer, text, &is_complete), NITRO_OK);
	assert_true(is_complete);
}

static void
answer_of(const struct sim_document *doc, struct nitro_answer *answer)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0}, text = {0};

	assert_true(sim_attest(&chain_trusted, doc, &evidence));
	assert_err(nitro_base64_encode(nitro_bytes_of_buf(&evidence), &text),
	    NITRO_OK);
	answer_with(nitro_bytes_of_buf(&text), answer);
}

static void
drop_verdict(struct nitro_verdict *verdict)
{
	nitro_verified_drop(&verdict->verified);
}

static void
test_a_good_answer_comes_back_verified(void **state)
{
	NITRO_DROP(nitro_answer_drop) struct nitro_answer answer = {0};
	NITRO_DROP(drop_verdict) struct nitro_verdict verdict = {0};
	const struct nitro_expectation expectation = expectation_of_login();
	struct sim_document doc = document_of_login();
	struct nitro_fault fault = {0};

	(void)state;
	answer_of(&doc, &answer);
	assert_err(nitro_verdict_reach(
		       &answer, &expectation, chain_anchors, &verdict, &fault),
	    NITRO_OK);
	assert_non_null(verdict.verified);
	assert_int_equal(
	    nitro_verified_kind(verdict.verified), NITRO_KIND_ENCLAVE);
	assert_int_equal(
	    nitro_verified_timestamp_ms(verdict.verified), STAMP_MS);
	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++)
		assert_int_equal(
		    unit_bytes_differ("pcr",
			nitro_verified_pcr(verdict.verified, i),
			i < doc.pcr_count ? (struct nitro_bytes){doc.pcr[i],
						sizeof doc.pcr[i]}
					  : (struct nitro_bytes){0}),
		    0);
	assert_int_equal(
	    unit_bytes_differ("module_id",
		nitro_verified_module_id(verdict.verified), doc.module_id),
	    0);
	assert_int_equal(verdict.facts.age_ms, 412);
	assert_true(verdict.facts.is_age_known);
	assert_int_equal(fault.err, NITRO_OK);
}

static void
test_a_bad_answer_has_the_reason_of_the_verifier(void **state)
{
	const struct nitro_expectation expectation = expectation_of_login();
	struct sim_document docs[3];
	static const nitro_err want[] = {
	    NITRO_E_NONCE, NITRO_E_TOO_OLD, NITRO_E_KEY};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(docs); i++)
		docs[i] = document_of_login();
	docs[0].nonce = UNIT_BYTES("another");
	docs[1].timestamp_ms -= 3600000;
	docs[2].public_key = UNIT_BYTES("another key");
	for (size_t i = 0; i < NITRO_COUNT_OF(docs); i++) {
		NITRO_DROP(nitro_answer_drop) struct nitro_answer answer = {0};
		struct nitro_verdict verdict = {0};
		struct nitro_fault fault = {0};

		answer_of(&docs[i], &answer);
		assert_err(nitro_verdict_reach(&answer, &expectation,
			       chain_anchors, &verdict, &fault),
		    want[i]);
		assert_null(verdict.verified);
		assert_true(verdict.facts.evidence_len > 4000);
		assert_int_equal(fault.err, NITRO_OK);
	}
}

static void
test_an_answer_that_is_no_document_has_its_reason(void **state)
{
	static const struct {
		const char *text;
		nitro_err want;
	} rows[] = {{"QUJD", NITRO_E_COSE_SHAPE}, {"QU*D", NITRO_E_BASE64},
	    {"QUI=QUI=", NITRO_E_BASE64}};
	const struct nitro_expectation expectation = expectation_of_login();
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_answer_drop) struct nitro_answer answer = {0};
		struct nitro_verdict verdict = {0};
		struct nitro_fault fault = {0};

		answer_with(nitro_bytes_of_text(rows[i].text), &answer);
		wrong += unit_differs2(rows[i].text,
		    nitro_verdict_reach(
			&answer, &expectation, chain_anchors, &verdict, &fault),
		    rows[i].want, NITRO_E_CBOR);
		assert_null(verdict.verified);
	}
	assert_int_equal(wrong, 0);
}

static void
test_without_a_nonce_nothing_is_asked(void **state)
{
	struct nitro_expectation expectations[2] = {
	    expectation_of_login(), expectation_of_login()};

	(void)state;
	expectations[0].nonce.check = NITRO_CHECK_WAIVED;
	expectations[1].nonce.value.len = NITRO_NONCE_LEN - 1;
	for (size_t i = 0; i < NITRO_COUNT_OF(expectations); i++) {
		NITRO_DROP(nitro_answer_drop) struct nitro_answer answer = {0};
		struct sim_document doc = document_of_login();
		struct nitro_verdict verdict = {0};
		struct nitro_fault fault = {0};

		answer_of(&doc, &answer);
		assert_err(nitro_verdict_reach(&answer, &expectations[i],
			       chain_anchors, &verdict, &fault),
		    NITRO_E_INTERNAL);
		assert_null(verdict.verified);
	}
}

/* --- a sandbox that lies --- */

/* What an honest one says of the document of this login. */
static void
say_honestly(struct nitro_verdict_said *said)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *made = NULL;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	const struct nitro_expectation expectation = expectation_of_login();
	struct sim_document doc = document_of_login();
	struct nitro_evidence_facts facts = {0};

	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	assert_err(nitro_evidence_verify(nitro_bytes_of_buf(&evidence),
		       &expectation, chain_anchors, &facts, &made),
	    NITRO_OK);
	*said = (struct nitro_verdict_said){.err = NITRO_OK,
	    .kind = NITRO_KIND_ENCLAVE,
	    .evidence_len = facts.evidence_len,
	    .payload_len = facts.payload_len,
	    .is_age_known = 1,
	    .age_ms = facts.age_ms};
	memcpy(said->nonce, nonce, sizeof said->nonce);
	nitro_verified_write(made, &said->verified);
}

struct lie {
	struct nitro_verdict_said *said;
	struct nitro_verified *fields; /* a view into said->verified */
};

typedef void lie_tell(struct lie *lie);

#define LIE(name, statement) \
	static void name(struct lie *lie) \
	{ \
		statement; \
	}

LIE(other_nonce, lie->said->nonce[31] ^= 1)
LIE(no_nonce, memset(lie->said->nonce, 0, sizeof lie->said->nonce))
LIE(no_reason, lie->said->err = NITRO_ERR_COUNT)
LIE(huge_reason, lie->said->err = UINT32_MAX)
LIE(reason_of_files, lie->said->err = NITRO_E_SETTINGS)
LIE(reason_of_talk, lie->said->err = NITRO_E_CONVERSATION)
LIE(reason_of_policy, lie->said->err = NITRO_E_REVOKED)
LIE(reason_of_sandbox, lie->said->err = NITRO_E_SANDBOX_DIED)
LIE(odd_kind, lie->said->kind = 3)
LIE(odd_bool, lie->said->is_age_known = 2)
LIE(long_document, lie->said->evidence_len = NITRO_EVIDENCE_MAX + 1)
LIE(long_payload, lie->said->payload_len = lie->said->evidence_len + 1)
LIE(kind_none, lie->fields->kind = NITRO_KIND_NONE)
LIE(kind_three, lie->fields->kind = (enum nitro_kind)3)
LIE(no_pcrs, lie->fields->pcr_mask = 0)
LIE(late_time, lie->fields->timestamp_ms = UINT64_MAX)
LIE(no_module_id, lie->fields->module_id_len = 0)
LIE(long_module_id, lie->fields->module_id_len = NITRO_MODULE_ID_MAX + 1)
LIE(long_nonce, lie->fields->nonce.len = NITRO_OPTIONAL_FIELD_MAX + 1)
LIE(long_user_data, lie->fields->user_data.len = UINT32_MAX)
LIE(long_key, lie->fields->public_key.len = NITRO_OPTIONAL_FIELD_MAX + 1)
LIE(bound_to_another_nonce, lie->fields->nonce.value[0] ^= 1)
LIE(bound_to_no_nonce, lie->fields->nonce.len = 0)
LIE(bound_to_another_user, lie->fields->user_data.value[5] ^= 1)
LIE(bound_to_another_key, lie->fields->public_key.value[0] ^= 1)
LIE(bound_to_a_longer_key, lie->fields->public_key.len++)
LIE(too_old, lie->fields->timestamp_ms -= 60001)
LIE(from_future, lie->fields->timestamp_ms += 6000)
LIE(zero_image, memset(&lie->said->verified, 0, sizeof lie->said->verified))

static void
say_with(lie_tell *tell, struct nitro_verdict_said *said)
{
	struct lie lie = {.said = said, .fields = (void *)&said->verified};

	say_honestly(said);
	tell(&lie);
}

static nitro_err
take(const struct nitro_verdict_said *said)
{
	NITRO_DROP(drop_verdict) struct nitro_verdict verdict = {0};
	const struct nitro_expectation expectation = expectation_of_login();
	struct nitro_fault fault = {0};
	nitro_err err = nitro_verdict_take(
	    said, &expectation, &verdict, &fault);

	assert_int_equal(
	    fault.err, err == NITRO_E_SANDBOX_ANSWER ? err : NITRO_OK);
	assert_int_equal(verdict.verified != NULL, err == NITRO_OK);
	return err;
}

static void
test_a_verdict_that_cannot_be_is_refused(void **state)
{
	static const struct {
		const char *name;
		lie_tell *tell;
	} rows[] = {{"other nonce", other_nonce}, {"no nonce", no_nonce},
	    {"no such reason", no_reason}, {"a huge reason", huge_reason},
	    {"a reason of files", reason_of_files},
	    {"a reason of the conversation", reason_of_talk},
	    {"a reason of policy", reason_of_policy},
	    {"a reason of the sandbox", reason_of_sandbox},
	    {"kind 3", odd_kind}, {"bool 2", odd_bool},
	    {"a long document", long_document},
	    {"a long payload", long_payload}, {"image: no kind", kind_none},
	    {"image: kind 3", kind_three}, {"image: no PCRs", no_pcrs},
	    {"image: time", late_time}, {"image: no module_id", no_module_id},
	    {"image: long module_id", long_module_id},
	    {"image: long nonce", long_nonce},
	    {"image: long user_data", long_user_data},
	    {"image: long key", long_key},
	    {"image: other nonce", bound_to_another_nonce},
	    {"image: no nonce", bound_to_no_nonce},
	    {"image: other audience", bound_to_another_user},
	    {"image: other key", bound_to_another_key},
	    {"image: longer key", bound_to_a_longer_key},
	    {"image: too old", too_old}, {"image: from future", from_future},
	    {"image: zero", zero_image}};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		struct nitro_verdict_said said;

		say_with(rows[i].tell, &said);
		wrong += unit_differs(
		    rows[i].name, take(&said), NITRO_E_SANDBOX_ANSWER);
	}
	assert_int_equal(wrong, 0);
}

/* An expectation as `pam-nitro verify` may have it, which holds nothing against it. */
static nitro_err
reopen(const struct nitro_verdict_said *said)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *made = NULL;
	const struct nitro_expectation waived = {
	    .nonce = {.check = NITRO_CHECK_WAIVED},
	    .audience = {.check = NITRO_CHECK_WAIVED},
	    .public_key = {.check = NITRO_CHECK_WAIVED},
	    .age = NITRO_CHECK_WAIVED,
	    .now_ms = NOW_MS,
	};

	return nitro_evidence_reopen(&said->verified, &waived, &made);
}

#define LATEST_MS 253402300799999 /* 9999-12-31T23:59:59.999Z */

LIE(latest, lie->fields->timestamp_ms = LATEST_MS)
LIE(later, lie->fields->timestamp_ms = UINT64_C(1) + LATEST_MS)
LIE(full_module_id, lie->fields->module_id_len = NITRO_MODULE_ID_MAX)
LIE(full_nonce, lie->fields->nonce.len = NITRO_OPTIONAL_FIELD_MAX)
LIE(full_user_data, lie->fields->user_data.len = NITRO_OPTIONAL_FIELD_MAX)
LIE(full_key, lie->fields->public_key.len = NITRO_OPTIONAL_FIELD_MAX)

static void
test_an_image_has_the_limits_of_a_document(void **state)
{
	static const struct {
		const char *name;
		lie_tell *tell;
		nitro_err want;
	} rows[] = {{"the latest time", latest, NITRO_OK},
	    {"a later one", later, NITRO_E_SANDBOX_ANSWER},
	    {"module_id", full_module_id, NITRO_OK},
	    {"long module_id", long_module_id, NITRO_E_SANDBOX_ANSWER},
	    {"nonce", full_nonce, NITRO_OK},
	    {"long nonce", long_nonce, NITRO_E_SANDBOX_ANSWER},
	    {"user_data", full_user_data, NITRO_OK},
	    {"long user_data", long_user_data, NITRO_E_SANDBOX_ANSWER},
	    {"key", full_key, NITRO_OK},
	    {"long key", long_key, NITRO_E_SANDBOX_ANSWER}};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		struct nitro_verdict_said said;

		say_with(rows[i].tell, &said);
		wrong += unit_differs(
		    rows[i].name, reopen(&said), rows[i].want);
	}
	assert_int_equal(wrong, 0);
}

static void
test_its_honest_twin_passes(void **state)
{
	static const nitro_err reasons[] = {NITRO_E_NONCE, NITRO_E_CBOR,
	    NITRO_E_COSE_SIG, NITRO_E_MEMORY, NITRO_E_CRYPTO, NITRO_E_CLOCK,
	    NITRO_E_INTERNAL};
	const struct nitro_expectation expectation = expectation_of_login();
	NITRO_DROP(drop_verdict) struct nitro_verdict verdict = {0};
	struct nitro_fault fault = {0};
	struct nitro_verdict_said said;

	(void)state;
	say_honestly(&said);
	assert_err(take(&said), NITRO_OK);
	said.is_age_known = 0;
	assert_err(nitro_verdict_take(&said, &expectation, &verdict, &fault),
	    NITRO_OK);
	assert_false(verdict.facts.is_age_known);
	/* A reason stands, whatever the image beside it is. */
	for (size_t i = 0; i < NITRO_COUNT_OF(reasons); i++) {
		said.err = (uint32_t)reasons[i];
		assert_err(take(&said), reasons[i]);
	}
}

/* Each bit of it: never another nonce, user or key, and never a crash. */
static void
test_no_flipped_bit_changes_what_it_is_bound_to(void **state)
{
	struct nitro_verdict_said said;
	uint8_t *bytes = (uint8_t *)&said;
	unsigned accepted = 0, refused = 0;

	(void)state;
	say_honestly(&said);
	for (size_t bit = 0; bit < 8 * sizeof said; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (take(&said) == NITRO_OK)
			accepted++;
		else
			refused++;
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	/* PCRs, module_id, digest and unused room are the child's to say. */
	assert_int_equal(accepted + refused, 8 * sizeof said);
	assert_int_in_range(
	    refused, 8 * (32 + 4 + 32 + sizeof AUDIENCE - 1), 4000);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_good_answer_comes_back_verified),
	    cmocka_unit_test(test_a_bad_answer_has_the_reason_of_the_verifier),
	    cmocka_unit_test(test_an_answer_that_is_no_document_has_its_reason),
	    cmocka_unit_test(test_without_a_nonce_nothing_is_asked),
	    cmocka_unit_test(test_a_verdict_that_cannot_be_is_refused),
	    cmocka_unit_test(test_an_image_has_the_limits_of_a_document),
	    cmocka_unit_test(test_its_honest_twin_passes),
	    cmocka_unit_test(test_no_flipped_bit_changes_what_it_is_bound_to),
	};

	return cmocka_run_group_tests(tests, chain_make, chain_drop);
}
