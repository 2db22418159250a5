/* Real documents: everything that AWS has signed, and what must not pass for it. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "evidence/verifier.h"
#include "unit/chain.h"
#include "unit/unit.h"
#include "unit/vectors.h"

/* Fails unless every row of documents.tsv was handed over. */
static void
for_each_document(void (*look)(const struct vectors_table *table,
    struct nitro_bytes evidence, const struct nitro_trust_anchors *aws))
{
	NITRO_DROP(nitro_trust_anchors_drop)
	struct nitro_trust_anchors *aws = NULL;
	struct vectors_table table;

	vectors_need();
	aws = vectors_aws_anchors();
	vectors_table_open(&table, "documents.tsv");
	while (vectors_table_next(&table)) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};

		vectors_load_from(
		    "documents", vectors_column(&table, "file"), &evidence);
		look(&table, nitro_bytes_of_buf(&evidence), aws);
	}
	assert_true(table.row_count >= 60);
	vectors_table_drop(&table);
}

static int64_t
timestamp_of(const struct vectors_table *table)
{
	return (int64_t)vectors_number(vectors_column(table, "timestamp_ms"));
}

static char *
name_of(const struct vectors_table *table)
{
	static char name[256];

	assert_true(nitro_bytes_to_text(
	    vectors_column(table, "file"), name, sizeof name));
	return name;
}

static void
look_at_digest(const struct vectors_table *table, struct nitro_bytes evidence,
    const struct nitro_trust_anchors *aws)
{
	uint8_t digest[32];
	char hex[65];

	(void)aws;
	assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, evidence.ptr,
			     evidence.len, digest, NULL),
	    1);
	nitro_hex_encode((struct nitro_bytes){digest, 32}, hex, sizeof hex);
	if (!nitro_bytes_equal_text(vectors_column(table, "sha256"), hex))
		fail_msg("%s is not the file of the table", name_of(table));
}

static void
test_the_documents_are_those_of_the_table(void **state)
{
	(void)state;
	for_each_document(look_at_digest);
}

/* PCR i as the table has it in column pcr<i>: hex, or empty where it is absent. */
static void
compare_pcr(const struct vectors_table *table,
    const struct nitro_verified *verified, unsigned i)
{
	const struct nitro_bytes pcr = nitro_verified_pcr(verified, i);
	char column[8], hex[97] = "";

	(void)snprintf(column, sizeof column, "pcr%u", i);
	nitro_hex_encode(pcr, hex, sizeof hex);
	if (!nitro_bytes_equal_text(vectors_column(table, column), hex))
		if (vectors_column(table, column).len > 0)
			fail_msg("%s: %s differs", name_of(table), column);
}

static void
look_at_own_time(const struct vectors_table *table, struct nitro_bytes evidence,
    const struct nitro_trust_anchors *aws)
{
	static const unsigned pcrs[] = {0, 1, 2, 3, 4, 7, 8};
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *made = NULL;
	const struct nitro_expectation expectation = vectors_expectation(
	    timestamp_of(table));
	struct nitro_evidence_facts facts;
	nitro_err err;

	err = nitro_evidence_verify(evidence, &expectation, aws, &facts, &made);
	assert_int_equal(unit_differs(name_of(table), err, NITRO_OK), 0);
	assert_true(nitro_bytes_equal(nitro_verified_module_id(made),
	    vectors_column(table, "module_id")));
	assert_true(nitro_verified_timestamp_ms(made) ==
		    vectors_number(vectors_column(table, "timestamp_ms")));
	/* enclave and NitroTPM, and nothing but these words */
	assert_true(nitro_bytes_equal_text(vectors_column(table, "kind"),
	    nitro_kind_name(nitro_verified_kind(made))));
	for (size_t i = 0; i < NITRO_COUNT_OF(pcrs); i++)
		compare_pcr(table, made, pcrs[i]);
	assert_int_equal(nitro_bytes_is_zero(nitro_verified_pcr(made, 0)),
	    nitro_bytes_equal_text(
		vectors_column(table, "pcr0_all_zero"), "yes"));
	assert_true(facts.is_age_known && facts.age_ms == 0);
}

/* X01 X23 */
static void
test_every_document_verifies_at_its_own_time(void **state)
{
	(void)state;
	for_each_document(look_at_own_time);
}

#define NONCE_SHOWN 64 /* bytes of a nonce that the table has at most */

static size_t
len_of(const struct vectors_table *table, const char *column)
{
	const struct nitro_bytes text = vectors_column(table, column);

	return nitro_bytes_equal_text(text, "null")
		   ? 0
		   : (size_t)vectors_number(text);
}

static void
look_at_fields(const struct vectors_table *table, struct nitro_bytes evidence,
    const struct nitro_trust_anchors *aws)
{
	struct nitro_cose_sign1 msg = {0};
	struct nitro_document doc = {0};
	char hex[2 * NONCE_SHOWN + 1];

	(void)aws;
	assert_err(nitro_cose_parse(evidence, &msg), NITRO_OK);
	assert_err(nitro_document_parse(msg.payload, &doc), NITRO_OK);
	assert_int_equal(doc.nonce.len, len_of(table, "nonce_len"));
	assert_int_equal(doc.user_data.len, len_of(table, "user_data_len"));
	assert_int_equal(doc.public_key.len, len_of(table, "public_key_len"));
	nitro_hex_encode(
	    nitro_bytes_slice(doc.nonce, 0, NONCE_SHOWN), hex, sizeof hex);
	assert_true(
	    nitro_bytes_equal_text(vectors_column(table, "nonce_hex"), hex));
	/* C18: both forms are AWS's own. */
	assert_int_equal(msg.payload.ptr[0],
	    nitro_bytes_equal_text(
		vectors_column(table, "payload_map"), "definite")
		? 0xa9
		: 0xbf);
}

static void
test_nonce_user_data_and_key_are_read(void **state)
{
	(void)state;
	for_each_document(look_at_fields);
}

static void
look_at_now(const struct vectors_table *table, struct nitro_bytes evidence,
    const struct nitro_trust_anchors *aws)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *made = NULL;
	struct nitro_expectation expectation = vectors_expectation(
	    (int64_t)time(NULL) * 1000);
	struct nitro_evidence_facts facts;

	assert_int_equal(unit_differs(name_of(table),
			     nitro_evidence_verify(
				 evidence, &expectation, aws, &facts, &made),
			     NITRO_E_TOO_OLD),
	    0);
	expectation.now_ms = timestamp_of(table) + 60001;
	assert_err(
	    nitro_evidence_verify(evidence, &expectation, aws, &facts, &made),
	    NITRO_E_TOO_OLD);
	assert_null(made);
}

/* F01 */
static void
test_every_document_is_too_old_now(void **state)
{
	(void)state;
	for_each_document(look_at_now);
}

static void
look_at_gov_root(const struct vectors_table *table, struct nitro_bytes evidence,
    const struct nitro_trust_anchors *aws)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
	NITRO_DROP(nitro_trust_anchors_drop)
	struct nitro_trust_anchors *gov = NULL;
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *made = NULL;
	const struct nitro_expectation expectation = vectors_expectation(
	    timestamp_of(table));
	struct nitro_evidence_facts facts;

	(void)aws;
	assert_true(vectors_load("conf/aws-us-gov-nitro-root.pem", &pem));
	assert_err(nitro_trust_anchors_parse(nitro_bytes_of_buf(&pem), &gov),
	    NITRO_OK);
	assert_err(
	    nitro_evidence_verify(evidence, &expectation, gov, &facts, &made),
	    NITRO_E_ROOT);
	assert_err(nitro_evidence_verify(
		       evidence, &expectation, chain_anchors, &facts, &made),
	    NITRO_E_ROOT);
	assert_null(made);
}

/* X34 X33 */
static void
test_no_document_verifies_against_another_root(void **state)
{
	(void)state;
	for_each_document(look_at_gov_root);
}

static void
look_at_pcr4(const struct vectors_table *table, struct nitro_bytes evidence,
    const struct nitro_trust_anchors *aws)
{
	const struct nitro_bytes module_id = vectors_column(table, "module_id");
	struct nitro_bytes rest = module_id, instance;
	struct nitro_cose_sign1 msg = {0};
	struct nitro_document doc = {0};
	uint8_t want[NITRO_PCR_LEN];

	(void)aws;
	assert_err(nitro_cose_parse(evidence, &msg), NITRO_OK);
	assert_err(nitro_document_parse(msg.payload, &doc), NITRO_OK);
	if (doc.kind != NITRO_KIND_ENCLAVE)
		return;
	/* "i-078824548edcf6519-enc01784234ec227b58" */
	assert_true(nitro_bytes_take_until(&rest, '-', &instance));
	assert_true(nitro_bytes_take_until(&rest, '-', &instance));
	instance = nitro_bytes_slice(module_id, 0, 2 + instance.len);
	assert_err(nitro_pcr_of(instance, want), NITRO_OK);
	assert_int_equal(unit_bytes_differ(name_of(table), doc.pcr[4],
			     (struct nitro_bytes){want, sizeof want}),
	    0);
}

static void
test_pcr4_of_an_enclave_is_computed_from_its_instance_id(void **state)
{
	(void)state;
	for_each_document(look_at_pcr4);
}

/* S02 S06 S10 S11 S13 S15 G02 G05 C08 C10 C19 X02: why each is refused. */
static const struct {
	const char *file;
	nitro_err want;
} invalid[] = {
    {"peer-veracruz-bad-sig-lastbyte.cbor", NITRO_E_COSE_SIG},
    {"peer-eternis-invalid-attestation.cbor", NITRO_E_COSE_SIG},
    /* A root of its own, alone in the cabundle: the count comes first. */
    {"peer-marlin-custom-root.cbor", NITRO_E_CABUNDLE},
    {"peer-marlin-custom-root-pcr16.cbor", NITRO_E_CABUNDLE},
    {"peer-blocky-selfsigned-cabundle-null.cbor", NITRO_E_CBOR_TYPE},
    {"bad-trailing-byte.cbor", NITRO_E_CBOR_TRAILING},
    {"bad-sig-95.cbor", NITRO_E_COSE_SIG_LEN},
    {"bad-sig-zero.cbor", NITRO_E_COSE_SIG},
    {"bad-sig-der.cbor", NITRO_E_COSE_SIG_LEN},
    {"bad-alg-es256.cbor", NITRO_E_COSE_ALG},
    {"bad-alg-es512.cbor", NITRO_E_COSE_ALG},
    {"bad-prot-empty.cbor", NITRO_E_COSE_ALG},
    {"bad-unprot-alg.cbor", NITRO_E_COSE_UNPROTECTED},
    {"bad-payload-flip.cbor", NITRO_E_COSE_SIG},
    {"bad-truncated.cbor", NITRO_E_CBOR},
    {"bad-tag-17.cbor", NITRO_E_CBOR_TYPE},
    {"bad-double-tag.cbor", NITRO_E_CBOR_TYPE},
    {"bad-5-elements.cbor", NITRO_E_COSE_SHAPE},
    {"bad-payload-nil.cbor", NITRO_E_CBOR_TYPE},
    {"bad-indef-no-break.cbor", NITRO_E_CBOR},
};

static nitro_err
reason_for(struct nitro_bytes file)
{
	for (size_t i = 0; i < NITRO_COUNT_OF(invalid); i++)
		if (nitro_bytes_equal_text(file, invalid[i].file))
			return invalid[i].want;
	fail_msg("no reason is known for %.*s", (int)file.len,
	    (const char *)file.ptr);
	return NITRO_OK;
}

/* At the document's own time, so that nothing but its defect can be the reason. */
static nitro_err
verify_at_own_time(struct nitro_bytes evidence)
{
	NITRO_DROP(nitro_trust_anchors_drop)
	struct nitro_trust_anchors *aws = vectors_aws_anchors();
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *made = NULL;
	struct nitro_expectation expectation = vectors_expectation(0);
	struct nitro_evidence_facts facts;

	expectation.age = NITRO_CHECK_WAIVED;
	return nitro_evidence_verify(
	    evidence, &expectation, aws, &facts, &made);
}

static void
test_invalid_documents_are_refused_for_their_reason(void **state)
{
	struct vectors_table table;
	unsigned wrong = 0;

	(void)state;
	vectors_need();
	vectors_table_open(&table, "invalid.tsv");
	while (vectors_table_next(&table)) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};

		vectors_load_from(
		    "invalid", vectors_column(&table, "file"), &evidence);
		wrong += unit_differs(name_of(&table),
		    verify_at_own_time(nitro_bytes_of_buf(&evidence)),
		    reason_for(vectors_column(&table, "file")));
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(table.row_count, NITRO_COUNT_OF(invalid));
	vectors_table_drop(&table);
}

/* S02 G08 */
static void
test_variants_are_accepted(void **state)
{
	static const char *const files[] = {
	    "ok-tagged18.cbor", "ok-malleable-twin.cbor"};

	(void)state;
	vectors_need();
	for (size_t i = 0; i < NITRO_COUNT_OF(files); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};

		vectors_load_from(
		    "variants", nitro_bytes_of_text(files[i]), &evidence);
		assert_int_equal(
		    unit_differs(files[i],
			verify_at_own_time(nitro_bytes_of_buf(&evidence)),
			NITRO_OK),
		    0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_documents_are_those_of_the_table),
	    cmocka_unit_test(test_every_document_verifies_at_its_own_time),
	    cmocka_unit_test(test_nonce_user_data_and_key_are_read),
	    cmocka_unit_test(test_every_document_is_too_old_now),
	    cmocka_unit_test(test_no_document_verifies_against_another_root),
	    cmocka_unit_test(
		test_pcr4_of_an_enclave_is_computed_from_its_instance_id),
	    cmocka_unit_test(
		test_invalid_documents_are_refused_for_their_reason),
	    cmocka_unit_test(test_variants_are_accepted),
	};

	return cmocka_run_group_tests(tests, chain_make, chain_drop);
}
