/* The path from an anchor to the signing certificate; what each certificate must
 * be is cert_x509_test.c's, anchors are trust_anchors_test.c's. */
#include "evidence/cert_chain.h"

#include <openssl/ec.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "unit/certs.h"
#include "unit/chain.h"
#include "unit/ec.h"
#include "unit/unit.h"

#define BC NID_basic_constraints

/* X01 */
static void
test_a_chain_as_aws_has_it_gives_the_leafs_key(void **state)
{
	NITRO_DROP(ec_drop_key) EVP_PKEY *key = NULL;
	struct nitro_document doc = chain_document(&chain_trusted);

	(void)state;
	assert_err(
	    nitro_cert_chain_verify(chain_anchors, &doc, CHAIN_TIME_S, &key),
	    NITRO_OK);
	assert_int_equal(EVP_PKEY_eq(key, chain_trusted.cert[SIM_LEAF].key), 1);
}

/* X23: AWS's leaf has neither key identifier; a strict check would refuse it. */
static void
test_a_leaf_without_key_identifiers_is_aws_own(void **state)
{
	const uint8_t *at = chain_trusted.cert[SIM_LEAF].der.ptr;
	X509 *leaf = d2i_X509(
	    NULL, &at, (long)chain_trusted.cert[SIM_LEAF].der.len);

	(void)state;
	assert_non_null(leaf);
	assert_int_equal(
	    X509_get_ext_by_NID(leaf, NID_authority_key_identifier, -1), -1);
	assert_int_equal(
	    X509_get_ext_by_NID(leaf, NID_subject_key_identifier, -1), -1);
	X509_free(leaf);
	assert_err(chain_verify_pki(&chain_trusted), NITRO_OK);
}

/* X11: regional has 2, zonal 1, instance 0 intermediates below it. */
static const struct chain_row path_lengths[] = {
    {"regional 3", SIM_REGIONAL, STEPS({BC, "critical,CA:TRUE,pathlen:3"}),
	NITRO_OK, 0},
    {"X11 regional 1", SIM_REGIONAL, STEPS({BC, "critical,CA:TRUE,pathlen:1"}),
	NITRO_E_CERT_CA, 0},
    {"X11 regional 0", SIM_REGIONAL, STEPS({BC, "critical,CA:TRUE,pathlen:0"}),
	NITRO_E_CERT_CA, 0},
    {"X11 zonal 0", SIM_ZONAL, STEPS({BC, "critical,CA:TRUE,pathlen:0"}),
	NITRO_E_CERT_CA, 0},
};

static void
test_path_lengths_are_honoured(void **state)
{
	(void)state;
	chain_check(path_lengths, NITRO_COUNT_OF(path_lengths));
}

/* X15 X16: each in turn valid from CHAIN_TIME_S - 10 to CHAIN_TIME_S + 10, the others longer. */
static void
test_every_certificate_must_be_valid_at_that_time(void **state)
{
	static const struct {
		int64_t offset_s;
		nitro_err want;
	} times[] = {
	    {-3600, NITRO_E_CERT_TIME},
	    {-11, NITRO_E_CERT_TIME},
	    {-10, NITRO_OK},
	    {-5, NITRO_OK},
	    {0, NITRO_OK},
	    {9, NITRO_OK},
	    {10, NITRO_E_CERT_TIME}, /* libcrypto counts notAfter as past */
	    {11, NITRO_E_CERT_TIME},
	    {3600, NITRO_E_CERT_TIME},
	};
	unsigned wrong = 0;

	(void)state;
	for (unsigned at = SIM_REGIONAL; at <= SIM_LEAF; at++) {
		NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
		struct sim_options options = {
		    .time_s = CHAIN_TIME_S, .same_root = &chain_trusted};
		struct nitro_document doc;

		/* Two hours around for the leaf, or it would be the first. */
		options.cert[SIM_LEAF].not_before_s = CHAIN_TIME_S - 7200;
		options.cert[at].not_before_s = CHAIN_TIME_S - 10;
		options.cert[at].not_after_s = CHAIN_TIME_S + 10;
		assert_true(sim_pki_make(&options, &pki));
		doc = chain_document(&pki);
		for (size_t i = 0; i < NITRO_COUNT_OF(times); i++)
			wrong += unit_differs("X15",
			    chain_verify_at(
				&doc, CHAIN_TIME_S + times[i].offset_s),
			    times[i].want);
	}
	assert_int_equal(wrong, 0);
}

/* X16: and so must the root. */
static void
test_an_expired_root_is_no_anchor(void **state)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	NITRO_DROP(nitro_trust_anchors_drop)
	struct nitro_trust_anchors *own = NULL;
	struct sim_options options = {.time_s = CHAIN_TIME_S};
	struct nitro_document doc;
	EVP_PKEY *key = NULL;

	(void)state;
	options.cert[SIM_ROOT].not_before_s = CHAIN_TIME_S - 1000;
	options.cert[SIM_ROOT].not_after_s = CHAIN_TIME_S + 1000;
	assert_true(sim_pki_make(&options, &pki));
	own = chain_anchors_of(&pki);
	doc = chain_document(&pki);
	assert_err(nitro_cert_chain_verify(own, &doc, CHAIN_TIME_S + 999, &key),
	    NITRO_OK);
	EVP_PKEY_free(key);
	key = NULL;
	assert_err(
	    nitro_cert_chain_verify(own, &doc, CHAIN_TIME_S + 1000, &key),
	    NITRO_E_CERT_TIME);
	assert_null(key);
}

/* X25: no leaf may have a country of US below this one. */
static void
edit_name_constraints(X509 *cert, void *context)
{
	NAME_CONSTRAINTS *constraints = NAME_CONSTRAINTS_new();
	GENERAL_SUBTREE *subtree = GENERAL_SUBTREE_new();
	X509_NAME *name = X509_NAME_new();
	const char *country = context;

	assert_int_equal(
	    X509_NAME_add_entry_by_NID(name, NID_countryName, MBSTRING_UTF8,
		(const unsigned char *)country, -1, -1, 0),
	    1);
	subtree->base->type = GEN_DIRNAME;
	subtree->base->d.directoryName = name;
	constraints->excludedSubtrees = sk_GENERAL_SUBTREE_new_null();
	assert_true(sk_GENERAL_SUBTREE_push(
			constraints->excludedSubtrees, subtree) > 0);
	assert_int_equal(
	    X509_add1_ext_i2d(cert, NID_name_constraints, constraints, 1, 0),
	    1);
	NAME_CONSTRAINTS_free(constraints);
}

static void
test_name_constraints_are_honoured(void **state)
{
	const struct chain_row rows[] = {
	    {"another country", SIM_INSTANCE,
		{.edit = edit_name_constraints, .context = (char[]){"DE"}},
		NITRO_OK, 0},
	    {"X25 the leaf's country", SIM_INSTANCE,
		{.edit = edit_name_constraints, .context = (char[]){"US"}},
		NITRO_E_CERT_CHAIN, 0},
	};

	(void)state;
	chain_check(rows, NITRO_COUNT_OF(rows));
}

/* X02 X33 */
static void
test_another_root_of_the_same_name_is_not_trusted(void **state)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki forged = {0};

	(void)state;
	assert_true(sim_pki_make(
	    &(struct sim_options){.time_s = CHAIN_TIME_S}, &forged));
	assert_err(chain_verify_pki(&forged), NITRO_E_ROOT);
}

/* X03: and the real root beside it, anywhere in the bundle, does not help. */
static void
test_the_real_root_beside_a_forged_chain_does_not_help(void **state)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki forged = {0};
	struct nitro_document doc;

	(void)state;
	assert_true(sim_pki_make(
	    &(struct sim_options){.time_s = CHAIN_TIME_S}, &forged));
	doc = chain_document(&forged);
	doc.cabundle[0] = chain_der(&chain_trusted, SIM_ROOT);
	assert_err(chain_verify_at(&doc, CHAIN_TIME_S), NITRO_E_CERT_CHAIN);
	doc = chain_document(&forged);
	for (unsigned i = SIM_LEAF; i > 0; i--)
		doc.cabundle[i] = doc.cabundle[i - 1];
	doc.cabundle_count = SIM_LEAF + 1;
	doc.cabundle[0] = chain_der(&chain_trusted, SIM_ROOT);
	assert_err(chain_verify_at(&doc, CHAIN_TIME_S), NITRO_E_CERT_CHAIN);
	doc.cabundle[0] = doc.cabundle[1];
	doc.cabundle[1] = chain_der(&chain_trusted, SIM_ROOT);
	assert_err(chain_verify_at(&doc, CHAIN_TIME_S), NITRO_E_ROOT);
	doc = chain_document(&forged);
	doc.cabundle[doc.cabundle_count++] = chain_der(
	    &chain_trusted, SIM_ROOT);
	assert_err(chain_verify_at(&doc, CHAIN_TIME_S), NITRO_E_ROOT);
}

/* X06 */
static void
test_no_certificate_of_the_bundle_is_a_leaf(void **state)
{
	(void)state;
	for (unsigned at = SIM_ROOT; at <= SIM_INSTANCE; at++) {
		struct nitro_document doc = chain_document(&chain_trusted);

		doc.certificate = chain_der(&chain_trusted, at);
		assert_err(
		    chain_verify_at(&doc, CHAIN_TIME_S), NITRO_E_CERT_LEAF);
		/* And as the end of the path that leads to it. */
		doc.cabundle_count = at < 2 ? 2 : at;
		assert_err(
		    chain_verify_at(&doc, CHAIN_TIME_S), NITRO_E_CERT_LEAF);
	}
}

/* X07: a leaf by a certificate that stands further up. */
static void
test_the_bundle_is_the_path_to_the_leaf(void **state)
{
	(void)state;
	for (unsigned by = SIM_ROOT; by <= SIM_INSTANCE; by++) {
		NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
		struct sim_options options = {
		    .time_s = CHAIN_TIME_S, .same_root = &chain_trusted};
		struct nitro_document doc;

		options.cert[SIM_LEAF].signed_by = 1 + by;
		assert_true(sim_pki_make(&options, &pki));
		doc = chain_document(&pki);
		assert_err(chain_verify_at(&doc, CHAIN_TIME_S),
		    by == SIM_INSTANCE ? NITRO_OK : NITRO_E_CERT_CHAIN);
		/* A bundle of one certificate is none. */
		doc.cabundle_count = by + 1;
		assert_err(chain_verify_at(&doc, CHAIN_TIME_S),
		    by == SIM_ROOT ? NITRO_E_CABUNDLE : NITRO_OK);
		doc.cabundle_count = 2;
		assert_err(chain_verify_at(&doc, CHAIN_TIME_S),
		    by == SIM_REGIONAL ? NITRO_OK : NITRO_E_CERT_CHAIN);
	}
}

/* X12: an enclave's own certificate issues nothing. */
static void
test_a_leaf_issues_no_further_leaf(void **state)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf der = {0};
	struct nitro_document doc = chain_document(&chain_trusted);
	const uint8_t *at = chain_trusted.cert[SIM_LEAF].der.ptr;
	unsigned char *bytes = NULL;
	X509 *child = d2i_X509(
	    NULL, &at, (long)chain_trusted.cert[SIM_LEAF].der.len);
	int len;

	(void)state;
	/* The child is the leaf again, with a key of its own, by the leaf. */
	assert_true(
	    sim_pki_make(&(struct sim_options){.time_s = CHAIN_TIME_S}, &pki));
	assert_int_equal(X509_set_pubkey(child, pki.cert[SIM_LEAF].key), 1);
	assert_int_equal(
	    X509_set_issuer_name(child, X509_get_subject_name(child)), 1);
	certs_set_serial(child, "77");
	assert_true(X509_sign(child, chain_trusted.cert[SIM_LEAF].key,
			EVP_sha384()) > 0);
	len = i2d_X509(child, &bytes);
	assert_true(len > 0);
	unit_append(&der, (struct nitro_bytes){bytes, (size_t)len});
	OPENSSL_free(bytes);
	X509_free(child);
	doc.cabundle[doc.cabundle_count++] = doc.certificate;
	doc.certificate = nitro_bytes_of_buf(&der);
	assert_err(chain_verify_at(&doc, CHAIN_TIME_S), NITRO_E_CERT_CA);
	/* Nor as a mere guest of the instance's. */
	doc.cabundle_count--;
	assert_err(chain_verify_at(&doc, CHAIN_TIME_S), NITRO_E_CERT_CHAIN);
}

/* X26: 0 root, 1 regional, 2 zonal, 3 instance, 4 leaf, 5 a stranger's zonal. */
static const struct {
	const char *name, *order;
	nitro_err want, or_want;
} orders[] = {
    {"root to issuer", "0123", NITRO_OK, 0},
    {"X26 reversed", "3210", NITRO_E_ROOT, 0},
    {"X26 regional and zonal swapped", "0213", NITRO_E_CERT_CHAIN, 0},
    {"X26 zonal and instance swapped", "0132", NITRO_E_CERT_CHAIN, 0},
    {"X26 all but the root reversed", "0321", NITRO_E_CERT_CHAIN, 0},
    {"X26 root last", "1230", NITRO_E_ROOT, 0},
    {"X26 regional missing", "023", NITRO_E_CERT_CHAIN, 0},
    {"X26 zonal missing", "013", NITRO_E_CERT_CHAIN, 0},
    {"X26 instance missing", "012", NITRO_E_CERT_CHAIN, 0},
    {"X26 root missing", "123", NITRO_E_ROOT, 0},
    {"X26 root twice", "00123", NITRO_E_CERT_CHAIN, 0},
    {"X26 regional twice", "01123", NITRO_E_CERT_CHAIN, 0},
    {"X26 instance twice", "01233", NITRO_E_CERT_CHAIN, 0},
    {"X26 instance five times", "01233333", NITRO_E_CERT_CHAIN, 0},
    {"X26 a stranger last", "01235", NITRO_E_CERT_CHAIN, 0},
    {"X26 a stranger in the middle", "01523", NITRO_E_CERT_CHAIN, 0},
    {"X26 a stranger in place of zonal", "0153", NITRO_E_CERT_CHAIN, 0},
    {"X26 the leaf in the bundle", "01234", NITRO_E_CERT_CA, 0},
    {"X26 the leaf in place of the instance", "0124", NITRO_E_CERT_CA, 0},
};

static void
test_the_bundle_stands_in_order_and_nothing_else_in_it(void **state)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki stranger = {0};
	struct sim_options options = {
	    .time_s = CHAIN_TIME_S, .same_root = &chain_trusted};
	unsigned wrong = 0;

	(void)state;
	assert_true(sim_pki_make(&options, &stranger));
	for (size_t i = 0; i < NITRO_COUNT_OF(orders); i++) {
		struct nitro_document doc = chain_document(&chain_trusted);

		doc.cabundle_count = strlen(orders[i].order);
		for (size_t k = 0; k < doc.cabundle_count; k++)
			doc.cabundle[k] =
			    orders[i].order[k] == '5'
				? chain_der(&stranger, SIM_ZONAL)
				: chain_der(&chain_trusted,
				      (unsigned)(orders[i].order[k] - '0'));
		wrong += unit_differs(orders[i].name,
		    chain_verify_at(&doc, CHAIN_TIME_S), orders[i].want);
	}
	assert_int_equal(wrong, 0);
}

/* One certificate of the chain by a sibling of the one that it names. */
static void
test_every_signature_of_the_path_is_verified(void **state)
{
	(void)state;
	for (unsigned at = SIM_REGIONAL; at <= SIM_LEAF; at++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf der = {0};
		struct nitro_document doc = chain_document(&chain_trusted);

		unit_append(&der, chain_der(&chain_trusted, at));
		certs_sign_anew(&der, chain_trusted.cert[SIM_LEAF].key);
		if (at == SIM_LEAF)
			doc.certificate = nitro_bytes_of_buf(&der);
		else
			doc.cabundle[at] = nitro_bytes_of_buf(&der);
		assert_err(
		    chain_verify_at(&doc, CHAIN_TIME_S), NITRO_E_CERT_CHAIN);
	}
}

/* X32: another signature value, or another encoding, of the same certificate is
 * the same key by the same issuer: no list of certificates by their bytes may rely on it. */
static void
test_a_twin_of_a_certificate_gives_the_same_key(void **state)
{
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf twin = {0}, inside = {0}, bits = {0}, ber = {0};
	NITRO_DROP(ec_drop_key) EVP_PKEY *key = NULL;
	struct nitro_document doc = chain_document(&chain_trusted);
	struct nitro_bytes parts[3];
	const uint8_t *at;
	unsigned char *bytes = NULL;
	ECDSA_SIG *sig;
	BIGNUM *n = ec_order(), *r, *s = BN_new();
	int len;

	(void)state;
	certs_split(doc.certificate, parts);
	at = parts[2].ptr + 3; /* tag, length, unused bits */
	sig = d2i_ECDSA_SIG(NULL, &at, (long)parts[2].len - 3);
	assert_non_null(sig);
	r = BN_dup(ECDSA_SIG_get0_r(sig));
	assert_int_equal(BN_sub(s, n, ECDSA_SIG_get0_s(sig)), 1);
	assert_int_equal(ECDSA_SIG_set0(sig, r, s), 1);
	len = i2d_ECDSA_SIG(sig, &bytes);
	unit_fill(&bits, 0, 1);
	unit_append(&bits, (struct nitro_bytes){bytes, (size_t)len});
	unit_append(&inside, parts[0]);
	unit_append(&inside, parts[1]);
	certs_put(&inside, 0x03, nitro_bytes_of_buf(&bits));
	certs_put(&twin, 0x30, nitro_bytes_of_buf(&inside));
	doc.certificate = nitro_bytes_of_buf(&twin);
	assert_err(
	    nitro_cert_chain_verify(chain_anchors, &doc, CHAIN_TIME_S, &key),
	    NITRO_OK);
	assert_int_equal(EVP_PKEY_eq(key, chain_trusted.cert[SIM_LEAF].key), 1);
	/* BER: the outer sequence of indefinite length. */
	unit_hex("3080", &ber);
	for (size_t i = 0; i < 3; i++)
		unit_append(&ber, parts[i]);
	unit_hex("0000", &ber);
	doc.certificate = nitro_bytes_of_buf(&ber);
	assert_int_equal(
	    unit_differs2("BER", chain_verify_at(&doc, CHAIN_TIME_S),
		NITRO_E_CERT, NITRO_OK),
	    0);
	OPENSSL_free(bytes);
	ECDSA_SIG_free(sig);
	BN_free(n);
}

static double
cpu_ms(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void
edit_same_name(X509 *cert, void *context)
{
	X509_NAME *name = X509_NAME_new();

	(void)context;
	assert_int_equal(
	    X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
		(const unsigned char *)"loop", -1, -1, 0),
	    1);
	assert_int_equal(X509_set_subject_name(cert, name), 1);
	assert_int_equal(X509_set_issuer_name(cert, name), 1);
	X509_NAME_free(name);
	sim_cert_remove(cert, NID_authority_key_identifier);
	sim_cert_remove(cert, NID_subject_key_identifier);
}

/* X27: seven authorities that all name each other, which is as many as a
 * document can hold. */
static void
test_a_loop_of_names_costs_no_more_than_a_chain(void **state)
{
	struct sim_pki loops[3] = {{0}};
	struct nitro_document doc = chain_document(&chain_trusted);
	double spent;

	(void)state;
	doc.cabundle_count = 1;
	for (size_t i = 0; i < 3; i++) {
		struct sim_options options = {
		    .time_s = CHAIN_TIME_S, .same_root = &chain_trusted};

		for (unsigned at = SIM_REGIONAL; at <= SIM_LEAF; at++)
			options.cert[at].edit = edit_same_name;
		assert_true(sim_pki_make(&options, &loops[i]));
		for (unsigned at = SIM_REGIONAL;
		     at <= SIM_INSTANCE && doc.cabundle_count < 8; at++)
			doc.cabundle[doc.cabundle_count++] = chain_der(
			    &loops[i], at);
	}
	doc.certificate = chain_der(&loops[0], SIM_LEAF);
	assert_int_equal(doc.cabundle_count, 8);
	spent = cpu_ms();
	assert_err(chain_verify_at(&doc, CHAIN_TIME_S), NITRO_E_CERT_CHAIN);
	spent = cpu_ms() - spent;
	if (!UNIT_IS_SANITIZED)
		assert_true(spent <= 25.0);
	for (size_t i = 0; i < 3; i++)
		sim_pki_drop(&loops[i]);
}

/* X28: policies, a long object identifier and many names, in every certificate. */
static void
edit_heavy(X509 *cert, void *context)
{
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf one = {0}, all = {0}, value = {0};

	(void)context;
	for (unsigned i = 0; i < 18; i++) {
		one.len = 0;
		unit_hex("06 03 2a03", &one); /* 1.2.3.i */
		unit_fill(&one, (uint8_t)i, 1);
		certs_put(&all, 0x30, nitro_bytes_of_buf(&one));
	}
	one.len = 0;
	value.len = 0;
	unit_fill(&value, 0x2a, 1);
	unit_fill(&value, 0xff, 150); /* one arc of 1,050 bits */
	unit_fill(&value, 0x7f, 1);
	certs_put(&one, 0x06, nitro_bytes_of_buf(&value));
	certs_put(&all, 0x30, nitro_bytes_of_buf(&one));
	value.len = 0;
	certs_put(&value, 0x30, nitro_bytes_of_buf(&all));
	certs_add_raw(
	    cert, NID_certificate_policies, false, nitro_bytes_of_buf(&value));
}

static void
test_heavy_certificates_cost_no_more_than_light_ones(void **state)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	struct sim_options options = {
	    .time_s = CHAIN_TIME_S, .same_root = &chain_trusted};
	double spent;

	(void)state;
	for (unsigned at = SIM_REGIONAL; at <= SIM_LEAF; at++)
		options.cert[at].edit = edit_heavy;
	assert_true(sim_pki_make(&options, &pki));
	assert_int_in_range(
	    pki.cert[SIM_REGIONAL].der.len, 900, NITRO_CERT_MAX);
	spent = cpu_ms();
	assert_err(chain_verify_pki(&pki), NITRO_OK);
	spent = cpu_ms() - spent;
	if (!UNIT_IS_SANITIZED)
		assert_true(spent <= 25.0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_chain_as_aws_has_it_gives_the_leafs_key),
	    cmocka_unit_test(test_a_leaf_without_key_identifiers_is_aws_own),
	    cmocka_unit_test(test_path_lengths_are_honoured),
	    cmocka_unit_test(test_every_certificate_must_be_valid_at_that_time),
	    cmocka_unit_test(test_an_expired_root_is_no_anchor),
	    cmocka_unit_test(test_name_constraints_are_honoured),
	    cmocka_unit_test(test_another_root_of_the_same_name_is_not_trusted),
	    cmocka_unit_test(
		test_the_real_root_beside_a_forged_chain_does_not_help),
	    cmocka_unit_test(test_no_certificate_of_the_bundle_is_a_leaf),
	    cmocka_unit_test(test_the_bundle_is_the_path_to_the_leaf),
	    cmocka_unit_test(test_a_leaf_issues_no_further_leaf),
	    cmocka_unit_test(
		test_the_bundle_stands_in_order_and_nothing_else_in_it),
	    cmocka_unit_test(test_every_signature_of_the_path_is_verified),
	    cmocka_unit_test(test_a_twin_of_a_certificate_gives_the_same_key),
	    cmocka_unit_test(test_a_loop_of_names_costs_no_more_than_a_chain),
	    cmocka_unit_test(
		test_heavy_certificates_cost_no_more_than_light_ones),
	};

	return cmocka_run_group_tests(tests, chain_make, chain_drop);
}
