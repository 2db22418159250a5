#include "evidence/verifier.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/hex.h"
#include "ssh/answer.h"
#include "unit/chain.h"
#include "unit/ec.h"
#include "unit/ssh_keys.h"
#include "unit/unit.h"
#include "unit/vectors.h"

#define STAMP_MS (CHAIN_TIME_S * 1000 + 250) /* of the document */
#define NOW_MS (STAMP_MS + 412)
#define AUDIENCE "pam_nitro/1 nonce=N key=K host=web-1 user=deploy"

/* One login: what the server waits for. */
static uint8_t nonce[32];
static struct nitro_buf blob; /* the SSH key of this connection */

static int
make_login(void **state)
{
	for (size_t i = 0; i < sizeof nonce; i++)
		nonce[i] = (uint8_t)(i * 7 + 1);
	ssh_key_blob(ssh_key_fixtures[0].plain, &blob);
	return chain_make(state);
}

static int
drop_login(void **state)
{
	nitro_buf_drop(&blob);
	return chain_drop(state);
}

static struct nitro_expectation
expectation_of_login(void)
{
	return (struct nitro_expectation){
	    .nonce = {NITRO_CHECK_REQUIRED, {nonce, sizeof nonce}},
	    .audience = {NITRO_CHECK_REQUIRED, UNIT_BYTES(AUDIENCE)},
	    .public_key = {NITRO_CHECK_REQUIRED, nitro_bytes_of_buf(&blob)},
	    .age = NITRO_CHECK_REQUIRED,
	    .now_ms = NOW_MS,
	    .max_age_ms = 60000,
	    .clock_skew_ms = 5000,
	};
}

static struct sim_document
document_of_login(const struct sim_pki *pki)
{
	struct sim_document doc;

	sim_document_default(pki, STAMP_MS, &doc);
	doc.nonce = (struct nitro_bytes){nonce, sizeof nonce};
	doc.user_data = UNIT_BYTES(AUDIENCE);
	doc.public_key = nitro_bytes_of_buf(&blob);
	return doc;
}

/* The verdict; a verified document comes out on NITRO_OK and only then. */
static nitro_err
verify_with(struct nitro_bytes evidence,
    const struct nitro_expectation *expectation,
    struct nitro_evidence_facts *facts)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *made = NULL;
	nitro_err err;

	err = nitro_evidence_verify(
	    evidence, expectation, chain_anchors, facts, &made);
	assert_int_equal(made != NULL, err == NITRO_OK);
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(facts->evidence_len, evidence.len);
	return err;
}

static nitro_err
verify(struct nitro_bytes evidence)
{
	const struct nitro_expectation expectation = expectation_of_login();
	struct nitro_evidence_facts facts;

	return verify_with(evidence, &expectation, &facts);
}

static nitro_err
verify_document(const struct sim_document *doc)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};

	assert_true(sim_attest(&chain_trusted, doc, &evidence));
	return verify(nitro_bytes_of_buf(&evidence));
}

static void
test_the_document_of_this_login_verifies(void **state)
{
	struct sim_document doc = document_of_login(&chain_trusted);

	(void)state;
	assert_err(verify_document(&doc), NITRO_OK);
}

static void
test_what_was_verified_is_what_the_document_says(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *made = NULL;
	const struct nitro_expectation expectation = expectation_of_login();
	struct sim_document doc = document_of_login(&chain_trusted);
	struct nitro_evidence_facts facts;
	uint8_t digest[48];

	(void)state;
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	assert_int_equal(EVP_Q_digest(NULL, "SHA384", NULL, evidence.ptr,
			     evidence.len, digest, NULL),
	    1);
	assert_err(nitro_evidence_verify(nitro_bytes_of_buf(&evidence),
		       &expectation, chain_anchors, &facts, &made),
	    NITRO_OK);
	/* It owns its bytes: the document may go. */
	memset(evidence.ptr, 0xee, evidence.len);
	nitro_buf_drop(&evidence);
	assert_int_equal(nitro_verified_kind(made), NITRO_KIND_ENCLAVE);
	assert_true(nitro_bytes_equal_text(
	    nitro_verified_module_id(made), SIM_MODULE_ID_ENCLAVE));
	assert_true(nitro_verified_timestamp_ms(made) == (uint64_t)STAMP_MS);
	assert_int_equal(nitro_verified_pcr_mask(made), 0xffff);
	for (unsigned i = 0; i < 40; i++) {
		struct nitro_bytes pcr = nitro_verified_pcr(made, i);

		assert_int_equal(pcr.len, i < 16 ? 48 : 0);
		if (i < 16)
			assert_memory_equal(pcr.ptr, doc.pcr[i], 48);
	}
	assert_true(nitro_bytes_equal(nitro_verified_digest(made),
	    (struct nitro_bytes){digest, sizeof digest}));
	assert_true(facts.is_age_known);
	assert_true(facts.age_ms == 412);
	assert_int_equal(facts.kind, NITRO_KIND_ENCLAVE);
	nitro_verified_free(NULL);
}

/* D19: the kind is the document's own, and policy sees it. */
static void
test_a_nitrotpm_document_verifies_as_such(void **state)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *made = NULL;
	struct sim_options options = {.kind = NITRO_KIND_NITROTPM,
	    .time_s = CHAIN_TIME_S,
	    .same_root = &chain_trusted};
	const struct nitro_expectation expectation = expectation_of_login();
	struct nitro_evidence_facts facts;
	struct sim_document doc;

	(void)state;
	assert_true(sim_pki_make(&options, &pki));
	doc = document_of_login(&pki);
	assert_true(sim_attest(&pki, &doc, &evidence));
	assert_err(nitro_evidence_verify(nitro_bytes_of_buf(&evidence),
		       &expectation, chain_anchors, &facts, &made),
	    NITRO_OK);
	assert_int_equal(nitro_verified_kind(made), NITRO_KIND_NITROTPM);
	assert_int_equal(facts.kind, NITRO_KIND_NITROTPM);
	assert_int_equal(nitro_verified_pcr_mask(made), 0xffffff);
}

/* What a field holds: ptr NULL is null, and none is left out. */
struct field {
	const char *name;
	struct nitro_bytes value;
	nitro_err want;
};

enum bound { NONCE, USER_DATA, PUBLIC_KEY };

static void
check_field(enum bound bound, const struct field *rows, size_t count)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < count; i++) {
		struct sim_document doc = document_of_login(&chain_trusted);

		if (bound == NONCE)
			doc.nonce = rows[i].value;
		else if (bound == USER_DATA)
			doc.user_data = rows[i].value;
		else
			doc.public_key = rows[i].value;
		wrong += unit_differs(
		    rows[i].name, verify_document(&doc), rows[i].want);
	}
	assert_int_equal(wrong, 0);
}

static nitro_err
verify_without(const char *key)
{
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf payload = {0}, evidence = {0};
	struct sim_document doc = document_of_login(&chain_trusted);
	struct sim_edit edit = {.key = key};

	assert_true(sim_payload_edited(&doc, &edit, 1, &payload));
	assert_true(sim_sign(nitro_bytes_of_buf(&payload),
	    chain_trusted.cert[SIM_LEAF].key, &evidence));
	return verify(nitro_bytes_of_buf(&evidence));
}

/* T10 T11 F03 F04 F05 F06 F07 */
static void
test_the_nonce_is_the_one_of_this_login(void **state)
{
	char hex[65], padded[64] = "";
	NITRO_DROP(nitro_buf_drop) struct nitro_buf base64 = {0};
	uint8_t last_bit[32], long_one[256] = {0}, other[32];
	struct nitro_bytes mine = {nonce, 32};

	(void)state;
	memcpy(last_bit, nonce, 32);
	last_bit[31] ^= 1;
	memcpy(long_one, nonce, 32);
	memcpy(long_one + 32, nonce, 32);
	for (size_t i = 0; i < sizeof other; i++)
		other[i] = (uint8_t)(255 - nonce[i]);
	nitro_hex_encode(mine, hex, sizeof hex);
	assert_err(nitro_base64url_encode(mine, &base64), NITRO_OK);
	assert_true(nitro_bytes_to_text(
	    nitro_bytes_of_buf(&base64), padded, sizeof padded));
	const struct field rows[] = {
	    {"mine", mine, NITRO_OK},
	    {"F03 null", {0}, NITRO_E_NONCE},
	    {"F03 empty", UNIT_BYTES(""), NITRO_E_NONCE},
	    {"F04 31 bytes", {nonce, 31}, NITRO_E_NONCE},
	    {"F04 the first byte", {nonce, 1}, NITRO_E_NONCE},
	    {"F04 one byte more", {long_one, 33}, NITRO_E_NONCE},
	    {"F04 twice", {long_one, 64}, NITRO_E_NONCE},
	    {"F05 as hex", nitro_bytes_of_text(hex), NITRO_E_NONCE},
	    {"F05 as base64", nitro_bytes_of_text(padded), NITRO_E_NONCE},
	    {"F06 last bit", {last_bit, 32}, NITRO_E_NONCE},
	    {"F07 256 bytes that begin with mine", {long_one, 256},
		NITRO_E_NONCE},
	    {"T10 of another session", {other, 32}, NITRO_E_NONCE},
	    {"T11 of the try before", {last_bit, 32}, NITRO_E_NONCE},
	};

	check_field(NONCE, rows, NITRO_COUNT_OF(rows));
	assert_err(verify_without("nonce"), NITRO_E_NONCE);
}

/* F03: the right bytes in another field. */
static void
test_a_nonce_in_user_data_is_no_nonce(void **state)
{
	struct sim_document doc = document_of_login(&chain_trusted);

	(void)state;
	doc.user_data = doc.nonce;
	doc.nonce = (struct nitro_bytes){0};
	assert_err(verify_document(&doc), NITRO_E_NONCE);
}

/* F01 F18: one document, two logins. */
static void
test_a_document_is_good_for_one_login_only(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	struct sim_document doc = document_of_login(&chain_trusted);
	struct nitro_expectation other = expectation_of_login();
	struct nitro_evidence_facts facts;
	uint8_t other_nonce[32] = {9};

	(void)state;
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	assert_err(verify(nitro_bytes_of_buf(&evidence)), NITRO_OK);
	other.nonce.value = (struct nitro_bytes){other_nonce, 32};
	other.now_ms += 1000;
	assert_err(verify_with(nitro_bytes_of_buf(&evidence), &other, &facts),
	    NITRO_E_NONCE);
}

/* F17: a document of the same enclave for KMS, for TLS, or for another host. */
static void
test_the_audience_is_the_one_of_this_login(void **state)
{
	static const struct field rows[] = {
	    {"mine", {(const uint8_t *)AUDIENCE, sizeof AUDIENCE - 1},
		NITRO_OK},
	};
	const struct field bad[] = {
	    {"F17 null", {0}, NITRO_E_AUDIENCE},
	    {"F17 empty", UNIT_BYTES(""), NITRO_E_AUDIENCE},
	    {"F17 for something else", UNIT_BYTES("kms"), NITRO_E_AUDIENCE},
	    {"another user",
		UNIT_BYTES("pam_nitro/1 nonce=N key=K host=web-1 user=root"),
		NITRO_E_AUDIENCE},
	    {"another host",
		UNIT_BYTES("pam_nitro/1 nonce=N key=K host=web-2 user=deploy"),
		NITRO_E_AUDIENCE},
	    {"the whole prompt", UNIT_BYTES(AUDIENCE " part=1: "),
		NITRO_E_AUDIENCE},
	    {"a NUL behind it", UNIT_BYTES(AUDIENCE "\0"), NITRO_E_AUDIENCE},
	    {"cut", UNIT_BYTES("pam_nitro/1"), NITRO_E_AUDIENCE},
	};

	(void)state;
	check_field(USER_DATA, rows, NITRO_COUNT_OF(rows));
	check_field(USER_DATA, bad, NITRO_COUNT_OF(bad));
	assert_err(verify_without("user_data"), NITRO_E_AUDIENCE);
}

/* K09 K10 K11 K12 K13 K14 K15 F14 F16 */
static void
test_the_key_is_the_one_of_this_connection(void **state)
{
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf trailing = {0}, others = {0}, text = {0}, x25519 = {0},
			 pem = {0};
	const struct nitro_bytes mine = nitro_bytes_of_buf(&blob);

	(void)state;
	unit_append(&trailing, mine);
	unit_fill(&trailing, 0, 1);
	ssh_key_blob(ssh_key_fixtures[1].plain, &others);
	unit_append(&text, UNIT_BYTES("ssh-ed25519 "));
	unit_append(&text, nitro_bytes_of_text(ssh_key_fixtures[0].plain));
	ssh_put_text(&x25519, "x25519");
	ssh_put_string(&x25519, nitro_bytes_slice(mine, 19, 32));
	certs_put_pem(&pem, "PUBLIC KEY", mine);
	const struct field rows[] = {
	    {"mine", mine, NITRO_OK},
	    {"K09 null", {0}, NITRO_E_KEY},
	    {"K09 empty", UNIT_BYTES(""), NITRO_E_KEY},
	    {"K10 a byte behind it", nitro_bytes_of_buf(&trailing),
		NITRO_E_KEY},
	    {"K10 PEM", nitro_bytes_of_buf(&pem), NITRO_E_KEY},
	    {"K10 the line of a .pub file", nitro_bytes_of_buf(&text),
		NITRO_E_KEY},
	    {"K10 its base64", nitro_bytes_of_text(ssh_key_fixtures[0].plain),
		NITRO_E_KEY},
	    {"K12 X25519 with the same bytes", nitro_bytes_of_buf(&x25519),
		NITRO_E_KEY},
	    {"K12 the bare 32 bytes", nitro_bytes_slice(mine, 19, 32),
		NITRO_E_KEY},
	    {"K13 its fingerprint",
		nitro_bytes_of_text(ssh_key_fixtures[0].fingerprint),
		NITRO_E_KEY},
	    {"K13 all but the last byte",
		nitro_bytes_slice(mine, 0, mine.len - 1), NITRO_E_KEY},
	    {"K15 another user's key", nitro_bytes_of_buf(&others),
		NITRO_E_KEY},
	    {"F14 F16 the key of the enclave that a relay asked",
		nitro_bytes_of_buf(&others), NITRO_E_KEY},
	};

	check_field(PUBLIC_KEY, rows, NITRO_COUNT_OF(rows));
	assert_err(verify_without("public_key"), NITRO_E_KEY);
}

/* K14 */
static void
test_a_key_in_user_data_is_no_key(void **state)
{
	struct nitro_expectation expectation = expectation_of_login();
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	struct sim_document doc = document_of_login(&chain_trusted);
	struct nitro_evidence_facts facts;

	(void)state;
	doc.user_data = doc.public_key;
	doc.public_key = (struct nitro_bytes){0};
	expectation.audience.check = NITRO_CHECK_WAIVED;
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	assert_err(
	    verify_with(nitro_bytes_of_buf(&evidence), &expectation, &facts),
	    NITRO_E_KEY);
}

/* An ECDSA key of that curve with that point (RFC 5656 section 3.1). */
static void
put_ecdsa(const char *curve, struct nitro_bytes point, struct nitro_buf *out)
{
	char type[32];

	(void)snprintf(type, sizeof type, "ecdsa-sha2-%s", curve);
	ssh_put_text(out, type);
	ssh_put_text(out, curve);
	ssh_put_string(out, point);
}

/* K12: one curve is not another, and a point has one form: the bytes count. */
static void
test_the_same_point_in_another_form_is_another_key(void **state)
{
	static const uint8_t point[65] = {0x04, 0xe5, 0x6d}; /* 04 X Y */
	static const uint8_t compressed[33] = {0x02, 0xe5, 0x6d};
	static const uint8_t longer[97] = {0x04, 0xe5, 0x6d};
	struct nitro_expectation expectation = expectation_of_login();
	struct sim_document doc = document_of_login(&chain_trusted);
	struct nitro_buf forms[3] = {0};
	unsigned wrong = 0;

	(void)state;
	put_ecdsa("nistp256", (struct nitro_bytes){point, 65}, &forms[0]);
	put_ecdsa("nistp256", (struct nitro_bytes){compressed, 33}, &forms[1]);
	put_ecdsa("nistp384", (struct nitro_bytes){longer, 97}, &forms[2]);
	expectation.public_key.value = nitro_bytes_of_buf(&forms[0]);
	for (size_t i = 0; i < NITRO_COUNT_OF(forms); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
		struct nitro_evidence_facts facts;

		doc.public_key = nitro_bytes_of_buf(&forms[i]);
		assert_true(sim_attest(&chain_trusted, &doc, &evidence));
		wrong += unit_differs("K12",
		    verify_with(
			nitro_bytes_of_buf(&evidence), &expectation, &facts),
		    i == 0 ? NITRO_OK : NITRO_E_KEY);
	}
	for (size_t i = 0; i < NITRO_COUNT_OF(forms); i++)
		nitro_buf_drop(&forms[i]);
	assert_int_equal(wrong, 0);
}

/* K11: the same modulus with another exponent. */
static void
test_an_rsa_key_is_modulus_and_exponent(void **state)
{
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf of_3 = {0}, of_65537 = {0}, modulus = {0},
			 evidence = {0};
	struct nitro_expectation expectation = expectation_of_login();
	struct sim_document doc = document_of_login(&chain_trusted);
	struct nitro_evidence_facts facts;

	(void)state;
	unit_fill(&modulus, 0x5b, 256);
	ssh_put_text(&of_3, "ssh-rsa");
	ssh_put_string(&of_3, UNIT_BYTES("\3"));
	ssh_put_string(&of_3, nitro_bytes_of_buf(&modulus));
	ssh_put_text(&of_65537, "ssh-rsa");
	ssh_put_string(&of_65537, UNIT_BYTES("\1\0\1"));
	ssh_put_string(&of_65537, nitro_bytes_of_buf(&modulus));
	doc.public_key = nitro_bytes_of_buf(&of_65537);
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	expectation.public_key.value = nitro_bytes_of_buf(&of_65537);
	assert_err(
	    verify_with(nitro_bytes_of_buf(&evidence), &expectation, &facts),
	    NITRO_OK);
	expectation.public_key.value = nitro_bytes_of_buf(&of_3);
	assert_err(
	    verify_with(nitro_bytes_of_buf(&evidence), &expectation, &facts),
	    NITRO_E_KEY);
}

/* F14 F15: without binding a relayed document passes, and so does one whose
 * enclave attests any key that it is given: both are written in the manual. */
static void
test_without_binding_any_key_passes(void **state)
{
	struct nitro_expectation expectation = expectation_of_login();
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	struct sim_document doc = document_of_login(&chain_trusted);
	struct nitro_evidence_facts facts;

	(void)state;
	doc.public_key = UNIT_BYTES("the key of somebody else");
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	assert_err(
	    verify_with(nitro_bytes_of_buf(&evidence), &expectation, &facts),
	    NITRO_E_KEY);
	expectation.public_key.check = NITRO_CHECK_WAIVED;
	assert_err(
	    verify_with(nitro_bytes_of_buf(&evidence), &expectation, &facts),
	    NITRO_OK);
}

/* Fail closed: a check that nobody decided about, or that has nothing to compare with. */
static void
test_a_check_that_is_undecided_or_empty_is_refused(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	const struct nitro_expectation nothing = {0};
	struct sim_document doc;
	struct nitro_evidence_facts facts;

	(void)state;
	sim_document_default(&chain_trusted, STAMP_MS, &doc);
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	assert_err(verify_with(nitro_bytes_of_buf(&evidence), &nothing, &facts),
	    NITRO_E_INTERNAL);
	for (unsigned i = 0; i < 8; i++) {
		struct nitro_expectation expectation = vectors_expectation(
		    NOW_MS);
		struct nitro_expected *const fields[] = {&expectation.nonce,
		    &expectation.audience, &expectation.public_key};

		assert_err(verify_with(nitro_bytes_of_buf(&evidence),
			       &expectation, &facts),
		    NITRO_OK);
		if (i < 3) /* required, and nothing to compare with: F04 K17 */
			*fields[i] = (struct nitro_expected){
			    NITRO_CHECK_REQUIRED, {nonce, 0}};
		else if (i < 6)
			fields[i - 3]->check = NITRO_CHECK_UNDECIDED;
		else if (i == 6)
			expectation.age = NITRO_CHECK_UNDECIDED;
		else
			expectation.age = (enum nitro_check)9;
		assert_err(verify_with(nitro_bytes_of_buf(&evidence),
			       &expectation, &facts),
		    NITRO_E_INTERNAL);
	}
}

/* Also where what is there would do. */
static void
test_what_is_undecided_is_no_match(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	const struct sim_document doc = document_of_login(&chain_trusted);
	struct nitro_evidence_facts facts;

	(void)state;
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	for (unsigned i = 0; i < 3; i++) {
		struct nitro_expectation expectation = expectation_of_login();
		struct nitro_expected *const fields[] = {&expectation.nonce,
		    &expectation.audience, &expectation.public_key};

		fields[i]->check = NITRO_CHECK_UNDECIDED;
		assert_err(verify_with(nitro_bytes_of_buf(&evidence),
			       &expectation, &facts),
		    NITRO_E_INTERNAL);
	}
}

static void
test_an_error_of_an_earlier_call_is_none_of_this_one(void **state)
{
	(void)state;
	ERR_raise(ERR_LIB_X509, ERR_R_MALLOC_FAILURE);
	assert_err(verify(UNIT_BYTES("x")), NITRO_E_CBOR);
}

/* D16: what is waived may be absent, null, empty, or anything. */
static void
test_what_is_waived_is_not_looked_at(void **state)
{
	const struct nitro_expectation expectation = vectors_expectation(
	    NOW_MS);
	static const struct nitro_bytes values[] = {
	    {0}, {(const uint8_t *)"", 0}, {(const uint8_t *)"x", 1}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
		struct nitro_evidence_facts facts;
		struct sim_document doc;

		sim_document_default(&chain_trusted, STAMP_MS, &doc);
		doc.nonce = doc.user_data = doc.public_key = values[i];
		assert_true(sim_attest(&chain_trusted, &doc, &evidence));
		assert_err(verify_with(nitro_bytes_of_buf(&evidence),
			       &expectation, &facts),
		    NITRO_OK);
	}
}

#define S INT64_C(1000)
#define HOUR (3600 * S)
#define YEAR (365 * 24 * HOUR)

/* F08 F09 F11: the clock is so much ahead of the document. */
static const struct {
	const char *name;
	int64_t age_ms;
	nitro_err want;
} ages[] = {
    {"same time", 0, NITRO_OK},
    {"F08 60 s", 60 * S, NITRO_OK},
    {"F08 60.001 s", 60 * S + 1, NITRO_E_TOO_OLD},
    {"F08 61 s", 61 * S, NITRO_E_TOO_OLD},
    {"F08 5 s ahead", -5 * S, NITRO_OK},
    {"F08 5.001 s ahead", -5 * S - 1, NITRO_E_FROM_FUTURE},
    {"F08 6 s ahead", -6 * S, NITRO_E_FROM_FUTURE},
    {"F09 an hour", HOUR, NITRO_E_TOO_OLD},
    {"F09 an hour ahead", -HOUR, NITRO_E_FROM_FUTURE},
    {"F09 a day", 24 * HOUR, NITRO_E_TOO_OLD},
    {"F09 a day ahead", -24 * HOUR, NITRO_E_FROM_FUTURE},
    {"F09 clock at 1970", -STAMP_MS, NITRO_E_FROM_FUTURE},
    {"F09 clock after 2038", 12 * YEAR, NITRO_E_TOO_OLD},
    {"F09 clock after 2106", 80 * YEAR, NITRO_E_TOO_OLD},
    {"F11 made two minutes before the nonce", 120 * S, NITRO_E_TOO_OLD},
};

static void
test_the_age_is_within_its_limits(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	struct sim_document doc = document_of_login(&chain_trusted);
	unsigned wrong = 0;

	(void)state;
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	for (size_t i = 0; i < NITRO_COUNT_OF(ages); i++) {
		struct nitro_expectation expectation = expectation_of_login();
		struct nitro_evidence_facts facts;

		expectation.now_ms = STAMP_MS + ages[i].age_ms;
		wrong += unit_differs(ages[i].name,
		    verify_with(
			nitro_bytes_of_buf(&evidence), &expectation, &facts),
		    ages[i].want);
		/* F09: the log can say by how much the clocks differ. */
		wrong += unit_is_not(ages[i].name,
		    facts.is_age_known && facts.age_ms == ages[i].age_ms, true);
	}
	assert_int_equal(wrong, 0);
}

static void
test_limits_of_zero_mean_the_very_millisecond(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	struct sim_document doc = document_of_login(&chain_trusted);
	struct nitro_expectation expectation = expectation_of_login();
	struct nitro_evidence_facts facts;

	(void)state;
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	expectation.max_age_ms = expectation.clock_skew_ms = 0;
	expectation.now_ms = STAMP_MS;
	assert_err(
	    verify_with(nitro_bytes_of_buf(&evidence), &expectation, &facts),
	    NITRO_OK);
	expectation.now_ms = STAMP_MS + 1;
	assert_err(
	    verify_with(nitro_bytes_of_buf(&evidence), &expectation, &facts),
	    NITRO_E_TOO_OLD);
	expectation.now_ms = STAMP_MS - 1;
	assert_err(
	    verify_with(nitro_bytes_of_buf(&evidence), &expectation, &facts),
	    NITRO_E_FROM_FUTURE);
}

#define END_OF_TIME_MS INT64_C(253402300799999)

/* D18: no clock and no limit of the caller's makes the arithmetic wrap. */
static void
test_times_at_the_ends_of_their_type_are_refused(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	struct sim_document doc = document_of_login(&chain_trusted);
	static const int64_t odd[] = {
	    INT64_MIN, -1, END_OF_TIME_MS + 1, INT64_MAX};

	(void)state;
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	for (size_t i = 0; i < NITRO_COUNT_OF(odd); i++)
		for (unsigned k = 0; k < 3; k++) {
			struct nitro_expectation expectation =
			    expectation_of_login();
			struct nitro_evidence_facts facts;
			int64_t *const fields[] = {&expectation.now_ms,
			    &expectation.max_age_ms,
			    &expectation.clock_skew_ms};
			nitro_err err;

			*fields[k] = odd[i];
			err = verify_with(nitro_bytes_of_buf(&evidence),
			    &expectation, &facts);
			assert_int_equal(
			    nitro_err_class(err), NITRO_CLASS_SYSTEM);
		}
}

/* Where the age is waived the clock does not matter; only, no age is told by it. */
static void
test_no_age_is_told_by_a_clock_that_is_none(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	static const int64_t clocks[] = {
	    INT64_MIN, -1, END_OF_TIME_MS + 1, INT64_MAX};
	struct sim_document doc = document_of_login(&chain_trusted);

	(void)state;
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	for (size_t i = 0; i < NITRO_COUNT_OF(clocks); i++) {
		struct nitro_expectation expectation = expectation_of_login();
		struct nitro_evidence_facts facts;

		expectation.age = NITRO_CHECK_WAIVED;
		expectation.now_ms = clocks[i];
		assert_err(verify_with(nitro_bytes_of_buf(&evidence),
			       &expectation, &facts),
		    NITRO_OK);
		assert_false(facts.is_age_known);
		assert_true(facts.age_ms == 0);
	}
}

/* 9999-12-31T23:59:59.999Z is the last time that an X.509 date has. */
static void
test_the_end_of_time_is_a_time(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	struct sim_document doc = document_of_login(&chain_trusted);
	struct nitro_expectation expectation = expectation_of_login();
	struct nitro_evidence_facts facts;

	(void)state;
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	expectation.now_ms = END_OF_TIME_MS;
	assert_err(
	    verify_with(nitro_bytes_of_buf(&evidence), &expectation, &facts),
	    NITRO_E_TOO_OLD);
	assert_true(facts.is_age_known);
	assert_true(facts.age_ms == END_OF_TIME_MS - STAMP_MS);
	expectation.max_age_ms = END_OF_TIME_MS;
	expectation.clock_skew_ms = END_OF_TIME_MS;
	assert_err(
	    verify_with(nitro_bytes_of_buf(&evidence), &expectation, &facts),
	    NITRO_OK);
}

/* D18: timestamps that are no time of today. */
static void
test_odd_timestamps_are_refused(void **state)
{
	static const struct {
		const char *name;
		uint64_t timestamp_ms;
		nitro_err want;
	} rows[] = {
	    {"D18 0", 0, NITRO_E_FIELD_LIMIT},
	    {"D18 in seconds", CHAIN_TIME_S, NITRO_E_TOO_OLD},
	    {"D18 in microseconds", (uint64_t)STAMP_MS * 1000,
		NITRO_E_FIELD_LIMIT},
	    {"D18 2^53", UINT64_C(1) << 53, NITRO_E_FIELD_LIMIT},
	    {"D18 2^63", UINT64_C(1) << 63, NITRO_E_FIELD_LIMIT},
	    {"D18 2^64-1", UINT64_MAX, NITRO_E_FIELD_LIMIT},
	    {"D18 2^64-1-skew", UINT64_MAX - 5000, NITRO_E_FIELD_LIMIT},
	    {"end of the year 9999", UINT64_C(253402300799999),
		NITRO_E_FROM_FUTURE},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		struct sim_document doc = document_of_login(&chain_trusted);

		doc.timestamp_ms = rows[i].timestamp_ms;
		wrong += unit_differs(
		    rows[i].name, verify_document(&doc), rows[i].want);
	}
	assert_int_equal(wrong, 0);
}

/* F10: the leaf begins 3 s after the server's now and before the timestamp. */
static void
test_a_leaf_from_the_future_of_a_slow_server_is_good(void **state)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	struct sim_options options = {
	    .time_s = CHAIN_TIME_S, .same_root = &chain_trusted};
	struct nitro_expectation expectation = expectation_of_login();
	struct nitro_evidence_facts facts;
	struct sim_document doc;

	(void)state;
	options.cert[SIM_LEAF].not_before_s = CHAIN_TIME_S;
	assert_true(sim_pki_make(&options, &pki));
	doc = document_of_login(&pki);
	expectation.now_ms = CHAIN_TIME_S * 1000 - 3000;
	assert_true(sim_attest(&pki, &doc, &evidence));
	assert_err(
	    verify_with(nitro_bytes_of_buf(&evidence), &expectation, &facts),
	    NITRO_OK);
	/* A document made before its own leaf is not. */
	evidence.len = 0;
	doc.timestamp_ms = (uint64_t)(CHAIN_TIME_S * 1000 - 1);
	assert_true(sim_attest(&pki, &doc, &evidence));
	assert_err(
	    verify_with(nitro_bytes_of_buf(&evidence), &expectation, &facts),
	    NITRO_E_CERT_TIME);
}

/* The leaf is good until three hours after the document; the age judges first. */
static void
test_an_old_document_is_old_even_if_its_chain_has_expired(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	struct sim_document doc = document_of_login(&chain_trusted);
	struct nitro_expectation expectation = expectation_of_login();
	struct nitro_evidence_facts facts;

	(void)state;
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	expectation.now_ms = STAMP_MS + 5 * HOUR;
	assert_err(
	    verify_with(nitro_bytes_of_buf(&evidence), &expectation, &facts),
	    NITRO_E_TOO_OLD);
	expectation.age = NITRO_CHECK_WAIVED;
	assert_err(
	    verify_with(nitro_bytes_of_buf(&evidence), &expectation, &facts),
	    NITRO_OK);
}

/* G06 G07: whose signature it is. */
static void
test_the_signature_is_by_the_certificate_of_the_document(void **state)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki sibling = {0};
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf payload = {0}, evidence = {0};
	struct sim_options options = {
	    .time_s = CHAIN_TIME_S, .same_root = &chain_trusted};
	struct sim_document doc = document_of_login(&chain_trusted);

	(void)state;
	assert_true(sim_pki_make(&options, &sibling));
	assert_true(sim_payload(&doc, &payload));
	for (unsigned at = SIM_ROOT; at < SIM_POSITIONS; at++) {
		evidence.len = 0;
		assert_true(sim_sign(nitro_bytes_of_buf(&payload),
		    chain_trusted.cert[at].key, &evidence));
		assert_err(verify(nitro_bytes_of_buf(&evidence)),
		    at == SIM_LEAF ? NITRO_OK : NITRO_E_COSE_SIG);
	}
	evidence.len = 0;
	assert_true(sim_sign(nitro_bytes_of_buf(&payload),
	    sibling.cert[SIM_LEAF].key, &evidence));
	assert_err(verify(nitro_bytes_of_buf(&evidence)), NITRO_E_COSE_SIG);
	/* The sibling's own document is as good as ours. */
	doc = document_of_login(&sibling);
	evidence.len = 0;
	assert_true(sim_attest(&sibling, &doc, &evidence));
	assert_err(verify(nitro_bytes_of_buf(&evidence)), NITRO_OK);
}

/* G09: the bytes that were received are what counts, not what they mean. */
static void
test_a_payload_encoded_otherwise_is_another_payload(void **state)
{
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf evidence = {0}, payload = {0}, other = {0};
	struct sim_document doc = document_of_login(&chain_trusted);
	struct sim_envelope envelope = {0};

	(void)state;
	doc.is_definite = true;
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	assert_err(verify(nitro_bytes_of_buf(&evidence)), NITRO_OK);
	envelope.signature = nitro_bytes_slice(
	    nitro_bytes_of_buf(&evidence), evidence.len - 96, 96);
	doc.is_definite = false;
	assert_true(sim_payload(&doc, &payload));
	assert_true(sim_seal(&envelope, nitro_bytes_of_buf(&payload),
	    chain_trusted.cert[SIM_LEAF].key, &other));
	assert_err(verify(nitro_bytes_of_buf(&other)), NITRO_E_COSE_SIG);
}

/* G10 S16 */
static void
test_a_signature_over_anything_else_does_not_verify(void **state)
{
	static const struct {
		const char *name;
		struct sim_envelope envelope;
		nitro_err want;
	} rows[] = {
	    {"as AWS signs", {.digest = NULL}, NITRO_OK},
	    {"G10 SHA-256", {.digest = "SHA256"}, NITRO_E_COSE_SIG},
	    {"G10 SHA-512", {.digest = "SHA512"}, NITRO_E_COSE_SIG},
	    {"S16 Signature", {.context = "Signature"}, NITRO_E_COSE_SIG},
	    {"S16 CounterSignature", {.context = "CounterSignature"},
		NITRO_E_COSE_SIG},
	    {"S16 MAC0", {.context = "MAC0"}, NITRO_E_COSE_SIG},
	};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};
	struct sim_document doc = document_of_login(&chain_trusted);
	unsigned wrong = 0;

	(void)state;
	assert_true(sim_payload(&doc, &payload));
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};

		assert_true(
		    sim_seal(&rows[i].envelope, nitro_bytes_of_buf(&payload),
			chain_trusted.cert[SIM_LEAF].key, &evidence));
		wrong += unit_differs(rows[i].name,
		    verify(nitro_bytes_of_buf(&evidence)), rows[i].want);
	}
	assert_int_equal(wrong, 0);
}

/* G08: the twin verifies, so neither signature nor document may serve to
 * recognise a document that was seen before: the nonce does that. */
static void
test_the_twin_of_a_signature_verifies_and_has_another_digest(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *a = NULL;
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *b = NULL;
	NITRO_DROP(ec_drop_number) BIGNUM *n = ec_order();
	NITRO_DROP(ec_drop_number) BIGNUM *s = NULL;
	struct nitro_expectation expectation = expectation_of_login();
	struct sim_document doc = document_of_login(&chain_trusted);
	struct nitro_evidence_facts facts;
	uint8_t *half, other_nonce[32] = {9};

	(void)state;
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	assert_err(nitro_evidence_verify(nitro_bytes_of_buf(&evidence),
		       &expectation, chain_anchors, &facts, &a),
	    NITRO_OK);
	half = evidence.ptr + evidence.len - 48;
	s = BN_bin2bn(half, 48, NULL);
	assert_int_equal(BN_sub(s, n, s), 1);
	assert_int_equal(BN_bn2binpad(s, half, 48), 48);
	assert_err(nitro_evidence_verify(nitro_bytes_of_buf(&evidence),
		       &expectation, chain_anchors, &facts, &b),
	    NITRO_OK);
	assert_false(nitro_bytes_equal(
	    nitro_verified_digest(a), nitro_verified_digest(b)));
	expectation.nonce.value = (struct nitro_bytes){other_nonce, 32};
	assert_err(
	    verify_with(nitro_bytes_of_buf(&evidence), &expectation, &facts),
	    NITRO_E_NONCE);
}

/* S13 S14 C11: signed, and still no payload. */
static void
test_a_signature_does_not_make_a_payload_good(void **state)
{
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf good = {0}, wrapped = {0}, trailing = {0};
	struct sim_document doc = document_of_login(&chain_trusted);

	(void)state;
	assert_true(sim_payload(&doc, &good));
	assert_true(sim_cbor_bytes(&wrapped, nitro_bytes_of_buf(&good)));
	unit_append(&trailing, nitro_bytes_of_buf(&good));
	unit_fill(&trailing, 0xf6, 1);
	const struct field rows[] = {
	    {"good", nitro_bytes_of_buf(&good), NITRO_OK},
	    {"S13 empty", UNIT_BYTES(""), NITRO_E_CBOR},
	    {"S13 text", UNIT_BYTES("\x61x"), NITRO_E_CBOR_TYPE},
	    {"S14 in bytes once more", nitro_bytes_of_buf(&wrapped),
		NITRO_E_CBOR_TYPE},
	    {"C11 an item behind the map", nitro_bytes_of_buf(&trailing),
		NITRO_E_CBOR_TRAILING},
	};

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};

		assert_true(sim_sign(rows[i].value,
		    chain_trusted.cert[SIM_LEAF].key, &evidence));
		assert_int_equal(
		    unit_differs(rows[i].name,
			verify(nitro_bytes_of_buf(&evidence)), rows[i].want),
		    0);
	}
}

/* The first failure is the reason. Of everything that can be wrong, more and
 * more is put right, from the front. */
static void
test_checks_come_in_the_order_of_the_protocol(void **state)
{
	static const nitro_err want[] = {NITRO_E_COSE_ALG, NITRO_E_DIGEST,
	    NITRO_E_NONCE, NITRO_E_AUDIENCE, NITRO_E_KEY, NITRO_E_TOO_OLD,
	    NITRO_E_ROOT, NITRO_E_COSE_SIG, NITRO_OK};
	NITRO_DROP(sim_pki_drop) struct sim_pki forged = {0};

	(void)state;
	assert_true(sim_pki_make(
	    &(struct sim_options){.time_s = CHAIN_TIME_S}, &forged));
	for (unsigned right = 0; right <= 8; right++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf payload = {0}, evidence = {0};
		struct nitro_expectation expectation = expectation_of_login();
		struct nitro_evidence_facts facts;
		struct sim_edit edit = {"digest", UNIT_BYTES("\x66SHA256")};
		struct sim_envelope envelope = {0};
		struct sim_document doc = document_of_login(
		    right > 6 ? &chain_trusted : &forged);

		if (right <= 0)
			envelope.protected_header = UNIT_BYTES("\xa1\x01\x26");
		if (right <= 2)
			doc.nonce = UNIT_BYTES("x");
		if (right <= 3)
			doc.user_data = UNIT_BYTES("x");
		if (right <= 4)
			doc.public_key = UNIT_BYTES("x");
		if (right <= 5)
			expectation.now_ms += HOUR;
		assert_true(sim_payload_edited(
		    &doc, &edit, right <= 1 ? 1 : 0, &payload));
		assert_true(sim_seal(&envelope, nitro_bytes_of_buf(&payload),
		    right <= 7 ? forged.cert[SIM_ZONAL].key
			       : chain_trusted.cert[SIM_LEAF].key,
		    &evidence));
		assert_err(verify_with(nitro_bytes_of_buf(&evidence),
			       &expectation, &facts),
		    want[right]);
		/* What may be told, as far as the checks came. */
		assert_int_equal(
		    facts.payload_len, right == 0 ? 0 : payload.len);
		assert_int_equal(facts.kind,
		    right <= 1 ? NITRO_KIND_NONE : NITRO_KIND_ENCLAVE);
		assert_int_equal(facts.is_age_known, right > 1);
	}
}

/* X04 */
static void
test_without_anchors_nothing_verifies(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	const struct nitro_expectation expectation = expectation_of_login();
	struct sim_document doc = document_of_login(&chain_trusted);
	struct nitro_verified *made = NULL;
	struct nitro_evidence_facts facts;

	(void)state;
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	assert_int_not_equal(
	    nitro_evidence_verify(nitro_bytes_of_buf(&evidence), &expectation,
		NULL, &facts, &made),
	    NITRO_OK);
	assert_null(made);
}

/* X33: a root of one's own counts where the administrator has listed it, and
 * nowhere else. */
static void
test_a_root_of_ones_own_is_not_aws(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0}, pem = {0};
	NITRO_DROP(nitro_trust_anchors_drop)
	struct nitro_trust_anchors *aws = NULL;
	const struct nitro_expectation expectation = expectation_of_login();
	struct sim_document doc = document_of_login(&chain_trusted);
	struct nitro_verified *made = NULL;
	struct nitro_evidence_facts facts;

	(void)state;
	assert_true(vectors_load("conf/aws-nitro-root.pem", &pem));
	assert_err(nitro_trust_anchors_parse(nitro_bytes_of_buf(&pem), &aws),
	    NITRO_OK);
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	assert_err(nitro_evidence_verify(nitro_bytes_of_buf(&evidence),
		       &expectation, aws, &facts, &made),
	    NITRO_E_ROOT);
	assert_null(made);
	assert_err(verify(nitro_bytes_of_buf(&evidence)), NITRO_OK);
}

/* What others left in libcrypto's queue changes nothing, and nothing is left there. */
static void
test_stale_errors_of_libcrypto_change_nothing(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf good = {0}, bad = {0};
	struct sim_document doc = document_of_login(&chain_trusted);

	(void)state;
	assert_true(sim_attest(&chain_trusted, &doc, &good));
	unit_append(&bad, nitro_bytes_of_buf(&good));
	bad.ptr[bad.len - 1] ^= 1;
	ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
	assert_err(verify(nitro_bytes_of_buf(&good)), NITRO_OK);
	ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
	assert_err(verify(nitro_bytes_of_buf(&bad)), NITRO_E_COSE_SIG);
}

/* C10 S02: around the whole. */
static void
test_tag_18_passes_and_trailing_bytes_do_not(void **state)
{
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf bare = {0}, tagged = {0}, longer = {0}, twice = {0};
	struct sim_document doc = document_of_login(&chain_trusted);

	(void)state;
	assert_true(sim_attest(&chain_trusted, &doc, &bare));
	unit_fill(&tagged, 0xd2, 1);
	unit_append(&tagged, nitro_bytes_of_buf(&bare));
	assert_err(verify(nitro_bytes_of_buf(&tagged)), NITRO_OK);
	unit_append(&longer, nitro_bytes_of_buf(&bare));
	unit_fill(&longer, 0, 1);
	assert_err(verify(nitro_bytes_of_buf(&longer)), NITRO_E_CBOR_TRAILING);
	unit_append(&twice, nitro_bytes_of_buf(&bare));
	unit_append(&twice, nitro_bytes_of_buf(&bare));
	assert_err(verify(nitro_bytes_of_buf(&twice)), NITRO_E_CBOR_TRAILING);
}

/* From the text of an answer to the verdict. */
static nitro_err
verify_answer(struct nitro_bytes text)
{
	NITRO_DROP(nitro_answer_drop) struct nitro_answer answer = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	bool is_complete = false;
	nitro_err err;

	if ((err = nitro_answer_add(&answer, text, &is_complete)) != NITRO_OK)
		return err;
	assert_true(is_complete);
	if ((err = nitro_answer_decode(&answer, &evidence)) != NITRO_OK)
		return err;
	return verify(nitro_bytes_of_buf(&evidence));
}

/* B09 B12 B13 */
static void
test_only_the_base64_of_the_document_verifies(void **state)
{
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf evidence = {0}, once = {0}, twice = {0}, more = {0};
	struct sim_document doc = document_of_login(&chain_trusted);
	static char hex[40000];

	(void)state;
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	/* To a multiple of three, so that a quantum can follow. */
	while (evidence.len % 3 != 0) {
		evidence.len = 0;
		doc.module_id = nitro_bytes_slice(
		    doc.module_id, 0, doc.module_id.len - 1);
		assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	}
	assert_err(nitro_base64_encode(nitro_bytes_of_buf(&evidence), &once),
	    NITRO_OK);
	assert_err(verify_answer(nitro_bytes_of_buf(&once)), NITRO_OK);
	assert_err(
	    nitro_base64_encode(nitro_bytes_of_buf(&once), &twice), NITRO_OK);
	assert_err(
	    verify_answer(nitro_bytes_of_buf(&twice)), NITRO_E_COSE_SHAPE);
	unit_append(&more, nitro_bytes_of_buf(&once));
	unit_append(&more, UNIT_BYTES("9vb2"));
	assert_err(
	    verify_answer(nitro_bytes_of_buf(&more)), NITRO_E_CBOR_TRAILING);
	nitro_hex_encode(nitro_bytes_of_buf(&evidence), hex, sizeof hex);
	assert_int_not_equal(verify_answer(nitro_bytes_of_text(hex)), NITRO_OK);
}

/* C08: the whole, cut at every place. */
static void
test_a_document_that_is_cut_is_refused(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	struct sim_document doc = document_of_login(&chain_trusted);

	(void)state;
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	for (size_t n = 0; n < evidence.len; n++)
		assert_int_not_equal(
		    verify((struct nitro_bytes){evidence.ptr, n}), NITRO_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_document_of_this_login_verifies),
	    cmocka_unit_test(test_what_was_verified_is_what_the_document_says),
	    cmocka_unit_test(test_a_nitrotpm_document_verifies_as_such),
	    cmocka_unit_test(test_the_nonce_is_the_one_of_this_login),
	    cmocka_unit_test(test_a_nonce_in_user_data_is_no_nonce),
	    cmocka_unit_test(test_a_document_is_good_for_one_login_only),
	    cmocka_unit_test(test_the_audience_is_the_one_of_this_login),
	    cmocka_unit_test(test_the_key_is_the_one_of_this_connection),
	    cmocka_unit_test(test_a_key_in_user_data_is_no_key),
	    cmocka_unit_test(
		test_the_same_point_in_another_form_is_another_key),
	    cmocka_unit_test(test_an_rsa_key_is_modulus_and_exponent),
	    cmocka_unit_test(test_without_binding_any_key_passes),
	    cmocka_unit_test(
		test_a_check_that_is_undecided_or_empty_is_refused),
	    cmocka_unit_test(test_what_is_undecided_is_no_match),
	    cmocka_unit_test(
		test_an_error_of_an_earlier_call_is_none_of_this_one),
	    cmocka_unit_test(test_what_is_waived_is_not_looked_at),
	    cmocka_unit_test(test_the_age_is_within_its_limits),
	    cmocka_unit_test(test_limits_of_zero_mean_the_very_millisecond),
	    cmocka_unit_test(test_times_at_the_ends_of_their_type_are_refused),
	    cmocka_unit_test(test_no_age_is_told_by_a_clock_that_is_none),
	    cmocka_unit_test(test_the_end_of_time_is_a_time),
	    cmocka_unit_test(test_odd_timestamps_are_refused),
	    cmocka_unit_test(
		test_a_leaf_from_the_future_of_a_slow_server_is_good),
	    cmocka_unit_test(
		test_an_old_document_is_old_even_if_its_chain_has_expired),
	    cmocka_unit_test(
		test_the_signature_is_by_the_certificate_of_the_document),
	    cmocka_unit_test(
		test_a_payload_encoded_otherwise_is_another_payload),
	    cmocka_unit_test(
		test_a_signature_over_anything_else_does_not_verify),
	    cmocka_unit_test(
		test_the_twin_of_a_signature_verifies_and_has_another_digest),
	    cmocka_unit_test(test_a_signature_does_not_make_a_payload_good),
	    cmocka_unit_test(test_checks_come_in_the_order_of_the_protocol),
	    cmocka_unit_test(test_without_anchors_nothing_verifies),
	    cmocka_unit_test(test_a_root_of_ones_own_is_not_aws),
	    cmocka_unit_test(test_stale_errors_of_libcrypto_change_nothing),
	    cmocka_unit_test(test_tag_18_passes_and_trailing_bytes_do_not),
	    cmocka_unit_test(test_only_the_base64_of_the_document_verifies),
	    cmocka_unit_test(test_a_document_that_is_cut_is_refused),
	};

	return cmocka_run_group_tests(tests, make_login, drop_login);
}
