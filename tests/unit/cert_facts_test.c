#include "evidence/cert_facts.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "unit/certs.h"
#include "unit/chain.h"
#include "unit/unit.h"
#include "unit/vectors.h"

static void
edit_name(X509 *cert, void *context)
{
	const struct nitro_bytes *text = context;
	X509_NAME *name = X509_NAME_new();

	if (text->len > 0) {
		/* By hand: libcrypto's own limit is 64 characters. */
		X509_NAME_ENTRY *entry = X509_NAME_ENTRY_new();

		assert_int_equal(X509_NAME_ENTRY_set_object(
				     entry, OBJ_nid2obj(NID_commonName)),
		    1);
		assert_int_equal(
		    X509_NAME_ENTRY_set_data(
			entry, V_ASN1_UTF8STRING, text->ptr, (int)text->len),
		    1);
		assert_int_equal(X509_NAME_add_entry(name, entry, -1, 0), 1);
		X509_NAME_ENTRY_free(entry);
	}
	assert_int_equal(X509_set_subject_name(cert, name), 1);
	X509_NAME_free(name);
}

static struct nitro_cert_facts
facts_of(enum sim_position at, const struct sim_cert_options *options)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	struct sim_options all = {.time_s = CHAIN_TIME_S};
	struct nitro_cert_facts facts = {0};

	all.cert[at] = *options;
	assert_true(sim_pki_make(&all, &pki));
	assert_err(nitro_cert_facts(chain_der(&pki, at), &facts), NITRO_OK);
	return facts;
}

static void
test_the_facts_of_the_aws_root(void **state)
{
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf pem = {0}, der = {0}, sha256 = {0};
	struct nitro_cert_facts facts = {0};

	(void)state;
	if (!vectors_load("conf/aws-nitro-root.pem", &pem))
		fail_msg("no conf/aws-nitro-root.pem");
	assert_err(
	    nitro_cert_from_pem(nitro_bytes_of_buf(&pem), &der), NITRO_OK);
	assert_err(
	    nitro_cert_facts(nitro_bytes_of_buf(&der), &facts), NITRO_OK);
	assert_string_equal(facts.subject, "aws.nitro-enclaves");
	assert_string_equal(facts.issuer, "aws.nitro-enclaves");
	assert_true(facts.not_before_s == INT64_C(1572269285));
	assert_true(facts.not_after_s == INT64_C(2519044085));
	assert_true(facts.is_ca);
	assert_int_equal(facts.path_len, -1);
	assert_string_equal(facts.key, "P-384");
	unit_hex(
	    "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b",
	    &sha256);
	assert_memory_equal(facts.sha256, sha256.ptr, sizeof facts.sha256);
}

static void
test_the_facts_of_each_position(void **state)
{
	static const struct {
		long path_len;
		bool is_ca;
	} want[] = {{-1, true}, {2, true}, {1, true}, {0, true}, {-1, false}};
	struct nitro_cert_facts above = {0};

	(void)state;
	for (unsigned at = SIM_ROOT; at <= SIM_LEAF; at++) {
		struct nitro_cert_facts facts = {0};

		assert_err(
		    nitro_cert_facts(chain_der(&chain_trusted, at), &facts),
		    NITRO_OK);
		assert_int_equal(facts.path_len, want[at].path_len);
		assert_int_equal(facts.is_ca, want[at].is_ca);
		assert_string_equal(facts.key, "P-384");
		if (at > SIM_ROOT)
			assert_string_equal(facts.issuer, above.subject);
		assert_true(facts.not_before_s < CHAIN_TIME_S);
		assert_true(facts.not_after_s > CHAIN_TIME_S);
		above = facts;
	}
	assert_true(above.not_before_s == CHAIN_TIME_S - 3);
	assert_true(above.not_after_s == CHAIN_TIME_S + 3 * 3600);
}

static void
test_keys_are_named_as_people_know_them(void **state)
{
	static const struct {
		const char *key, *want;
	} rows[] = {
	    {"P-256", "P-256"},
	    {"P-384", "P-384"},
	    {"P-521", "P-521"},
	    {"secp256k1", "secp256k1"},
	    {"brainpoolP384r1", "brainpoolP384r1"},
	    {"RSA-2048", "RSA 2048"},
	};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		assert_string_equal(
		    facts_of(SIM_LEAF,
			&(struct sim_cert_options){.key = rows[i].key})
			.key,
		    rows[i].want);
	assert_true(nitro_bytes_has_prefix(
	    nitro_bytes_of_text(
		facts_of(SIM_LEAF, &(struct sim_cert_options){.key = "Ed25519"})
		    .key),
	    "ED25519"));
}

/* X31: names are hostile; what comes out can be printed. */
static void
test_names_come_out_printable_and_cut(void **state)
{
	struct nitro_bytes hostile = UNIT_BYTES(
	    "a\0b\n\r\x1b[2J\x7f\xc2\x9b\xe2\x80\xaez%n");
	struct nitro_bytes edges = UNIT_BYTES("\x1f !}~\x7f");
	struct nitro_bytes none = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_bytes longest;
	struct nitro_cert_facts facts;

	(void)state;
	facts = facts_of(SIM_LEAF,
	    &(struct sim_cert_options){.edit = edit_name, .context = &hostile});
	assert_string_equal(facts.subject, "a?b???[2J??????z%n");
	facts = facts_of(SIM_LEAF,
	    &(struct sim_cert_options){.edit = edit_name, .context = &edges});
	assert_string_equal(facts.subject, "? !}~?");
	facts = facts_of(SIM_LEAF,
	    &(struct sim_cert_options){.edit = edit_name, .context = &none});
	assert_string_equal(facts.subject, "");
	unit_fill(&text, 'x', 1000);
	longest = nitro_bytes_of_buf(&text);
	facts = facts_of(SIM_LEAF,
	    &(struct sim_cert_options){.edit = edit_name, .context = &longest});
	assert_int_equal(strlen(facts.subject), sizeof facts.subject - 1);
}

static void
test_what_is_no_certificate_has_no_facts(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf longer = {0};
	const struct nitro_bytes der = chain_der(&chain_trusted, SIM_LEAF);
	struct nitro_cert_facts facts = {.path_len = 77};

	(void)state;
	assert_err(
	    nitro_cert_facts((struct nitro_bytes){0}, &facts), NITRO_E_CERT);
	assert_err(nitro_cert_facts(UNIT_BYTES("no certificate"), &facts),
	    NITRO_E_CERT);
	for (size_t n = 0; n < der.len; n++)
		assert_err(
		    nitro_cert_facts(nitro_bytes_slice(der, 0, n), &facts),
		    NITRO_E_CERT);
	unit_append(&longer, der);
	unit_fill(&longer, 0, 1);
	assert_err(nitro_cert_facts(nitro_bytes_of_buf(&longer), &facts),
	    NITRO_E_CERT);
	assert_int_equal(facts.path_len, 77);
}

static void
edit_bad_date(X509 *cert, void *context)
{
	const bool *is_end = context;
	ASN1_TIME *date = *is_end ? X509_getm_notAfter(cert)
				  : X509_getm_notBefore(cert);

	assert_int_equal(ASN1_STRING_set(date, "271301000000Z", -1), 1);
}

static void
test_a_date_that_is_none_has_no_facts(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
		struct sim_options options = {.time_s = CHAIN_TIME_S};
		struct nitro_cert_facts facts = {.path_len = 77};
		bool is_end = i == 1;

		options.cert[SIM_LEAF].edit = edit_bad_date;
		options.cert[SIM_LEAF].context = &is_end;
		assert_true(sim_pki_make(&options, &pki));
		assert_err(nitro_cert_facts(chain_der(&pki, SIM_LEAF), &facts),
		    NITRO_E_CERT);
		assert_int_equal(facts.path_len, 77);
		assert_int_equal(ERR_peek_error(), 0);
	}
}

static void
edit_point_off_curve(X509 *cert, void *context)
{
	uint8_t point[97] = {4};

	(void)context;
	certs_set_point(cert, (struct nitro_bytes){point, sizeof point});
}

static void
test_a_key_that_is_none_is_said_to_be_unreadable(void **state)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	struct sim_options options = {.time_s = CHAIN_TIME_S};
	struct nitro_cert_facts facts = {0};
	EVP_PKEY *key = NULL;

	(void)state;
	options.cert[SIM_LEAF].edit = edit_point_off_curve;
	assert_true(sim_pki_make(&options, &pki));
	assert_err(
	    nitro_cert_facts(chain_der(&pki, SIM_LEAF), &facts), NITRO_OK);
	assert_string_equal(facts.key, "unreadable");
	assert_err(nitro_cert_public_key(chain_der(&pki, SIM_LEAF), &key),
	    NITRO_E_CERT);
	assert_null(key);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
test_the_public_key_is_the_certificates(void **state)
{
	const struct nitro_bytes der = chain_der(&chain_trusted, SIM_LEAF);
	EVP_PKEY *key = NULL;

	(void)state;
	assert_err(nitro_cert_public_key(der, &key), NITRO_OK);
	assert_int_equal(EVP_PKEY_eq(key, chain_trusted.cert[SIM_LEAF].key), 1);
	EVP_PKEY_free(key);
	key = NULL;
	for (size_t n = 0; n < der.len; n += 7)
		assert_err(
		    nitro_cert_public_key(nitro_bytes_slice(der, 0, n), &key),
		    NITRO_E_CERT);
	assert_null(key);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
test_one_certificate_comes_out_of_pem(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0}, der = {0};

	(void)state;
	unit_append(&pem, UNIT_BYTES("Signer of the release\n"));
	certs_put_pem(&pem, "CERTIFICATE", chain_der(&chain_trusted, 1));
	unit_append(&pem, UNIT_BYTES("\n"));
	unit_append(&der, UNIT_BYTES("kept"));
	assert_err(
	    nitro_cert_from_pem(nitro_bytes_of_buf(&pem), &der), NITRO_OK);
	assert_true(nitro_bytes_equal(
	    nitro_bytes_slice(nitro_bytes_of_buf(&der), 4, der.len),
	    chain_der(&chain_trusted, 1)));
	assert_memory_equal(der.ptr, "kept", 4);
}

static void
test_none_two_or_something_else_in_pem_is_refused(void **state)
{
	static const char *const texts[] = {"", "no certificate\n",
	    "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\nQUJD\n"};
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf two = {0}, key = {0}, longer = {0}, der = {0},
			 out = {0};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++)
		assert_err(
		    nitro_cert_from_pem(nitro_bytes_of_text(texts[i]), &out),
		    NITRO_E_CERT);
	certs_put_pem(&two, "CERTIFICATE", chain_der(&chain_trusted, 1));
	assert_err(
	    nitro_cert_from_pem(nitro_bytes_of_buf(&two), &der), NITRO_OK);
	certs_put_pem(&two, "CERTIFICATE", chain_der(&chain_trusted, 1));
	assert_err(
	    nitro_cert_from_pem(nitro_bytes_of_buf(&two), &out), NITRO_E_CERT);
	two.len /= 2; /* the second one is cut */
	unit_append(&two, UNIT_BYTES("-----BEGIN CERTIFICATE-----\nQUJD\n"));
	assert_err(
	    nitro_cert_from_pem(nitro_bytes_of_buf(&two), &out), NITRO_E_CERT);
	two.len = 0;
	certs_put_pem_with_header(
	    &two, "Comment: none\n", chain_der(&chain_trusted, 1));
	assert_err(
	    nitro_cert_from_pem(nitro_bytes_of_buf(&two), &out), NITRO_E_CERT);
	certs_put_pem(&key, "PRIVATE KEY", chain_der(&chain_trusted, 1));
	assert_err(
	    nitro_cert_from_pem(nitro_bytes_of_buf(&key), &out), NITRO_E_CERT);
	certs_put_pem(&key, "CERTIFICATE", chain_der(&chain_trusted, 1));
	assert_err(
	    nitro_cert_from_pem(nitro_bytes_of_buf(&key), &out), NITRO_E_CERT);
	unit_fill(&der, 0, 1);
	certs_put_pem(&longer, "CERTIFICATE", nitro_bytes_of_buf(&der));
	assert_err(nitro_cert_from_pem(nitro_bytes_of_buf(&longer), &out),
	    NITRO_E_CERT);
	assert_int_equal(out.len, 0);
	assert_int_equal(ERR_peek_error(), 0);
	/* What was wrong before is not this text's fault. */
	ERR_raise(ERR_LIB_PEM, ERR_R_MALLOC_FAILURE);
	assert_err(
	    nitro_cert_from_pem(UNIT_BYTES("none\n"), &out), NITRO_E_CERT);
	assert_int_equal(ERR_peek_error(), 0);
}

/* libcrypto takes lengths as int, and a negative one for "up to the NUL". */
static void
test_a_length_that_no_int_holds_is_refused(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0}, out = {0};

	(void)state;
	certs_put_pem(&pem, "CERTIFICATE", chain_der(&chain_trusted, 1));
	unit_fill(&pem, '\0', 1);
	assert_err(
	    nitro_cert_from_pem(
		(struct nitro_bytes){pem.ptr, (size_t)INT32_MAX + 1}, &out),
	    NITRO_E_CERT);
	assert_err(
	    nitro_cert_from_pem((struct nitro_bytes){0}, &out), NITRO_E_CERT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_facts_of_the_aws_root),
	    cmocka_unit_test(test_the_facts_of_each_position),
	    cmocka_unit_test(test_keys_are_named_as_people_know_them),
	    cmocka_unit_test(test_names_come_out_printable_and_cut),
	    cmocka_unit_test(test_what_is_no_certificate_has_no_facts),
	    cmocka_unit_test(test_a_date_that_is_none_has_no_facts),
	    cmocka_unit_test(test_a_key_that_is_none_is_said_to_be_unreadable),
	    cmocka_unit_test(test_the_public_key_is_the_certificates),
	    cmocka_unit_test(test_one_certificate_comes_out_of_pem),
	    cmocka_unit_test(test_none_two_or_something_else_in_pem_is_refused),
	    cmocka_unit_test(test_a_length_that_no_int_holds_is_refused),
	};

	return cmocka_run_group_tests(tests, chain_make, chain_drop);
}
