/* What each certificate of the chain must be by itself. */
#include "evidence/cert_x509.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "unit/certs.h"
#include "unit/chain.h"
#include "unit/unit.h"

#define BC NID_basic_constraints
#define KU NID_key_usage

/* X05 X08 X09 X11 X30 */
static const struct chain_row leaves[] = {
    {"as AWS has it", SIM_LEAF, {0}, NITRO_OK, 0},
    {"basicConstraints not critical", SIM_LEAF, STEPS({BC, "CA:FALSE"}),
	NITRO_OK, 0},
    {"digitalSignature alone", SIM_LEAF, STEPS({KU, "digitalSignature"}),
	NITRO_OK, 0},
    {"X05 signed by itself", SIM_LEAF, {.signed_by = 1 + SIM_LEAF},
	NITRO_E_CERT_CHAIN, 0},
    {"X08 CA:TRUE", SIM_LEAF, STEPS({BC, "critical,CA:TRUE"}),
	NITRO_E_CERT_LEAF, 0},
    {"X08 CA:TRUE, pathlen 0, keyCertSign", SIM_LEAF,
	STEPS({BC, "critical,CA:TRUE,pathlen:0"},
	    {KU, "critical,digitalSignature,keyCertSign"}),
	NITRO_E_CERT_LEAF, 0},
    {"keyCertSign without CA", SIM_LEAF,
	STEPS({KU, "critical,digitalSignature,keyCertSign"}), NITRO_E_CERT_LEAF,
	0},
    {"X09 no basicConstraints", SIM_LEAF, STEPS({BC, NULL}), NITRO_E_CERT_LEAF,
	0},
    {"X09 no keyUsage", SIM_LEAF, STEPS({KU, NULL}), NITRO_E_CERT_LEAF, 0},
    {"X09 neither", SIM_LEAF, STEPS({BC, NULL}, {KU, NULL}), NITRO_E_CERT_LEAF,
	0},
    {"X09 no digitalSignature", SIM_LEAF, STEPS({KU, "nonRepudiation"}),
	NITRO_E_CERT_LEAF, 0},
    {"X09 keyAgreement", SIM_LEAF, STEPS({KU, "critical,keyAgreement"}),
	NITRO_E_CERT_LEAF, 0},
    {"X11 pathlen without CA", SIM_LEAF,
	STEPS({BC, "critical,CA:FALSE,pathlen:0"}), NITRO_E_CERT_LEAF,
	NITRO_E_CERT},
    {"X30 serverAuth", SIM_LEAF, STEPS({NID_ext_key_usage, "serverAuth"}),
	NITRO_E_CERT_LEAF, 0},
    {"X30 serverAuth, critical", SIM_LEAF,
	STEPS({NID_ext_key_usage, "critical,serverAuth"}), NITRO_E_CERT_LEAF,
	0},
    {"X30 anyExtendedKeyUsage", SIM_LEAF,
	STEPS({NID_ext_key_usage, "2.5.29.37.0"}), NITRO_E_CERT_LEAF, 0},
};

static void
test_a_leaf_is_an_end_entity_that_signs(void **state)
{
	(void)state;
	chain_check(leaves, NITRO_COUNT_OF(leaves));
}

/* X10 X11 X24: each for each of the three. */
static const struct {
	const char *name;
	struct sim_cert_options options;
	nitro_err want, or_want;
} authorities[] = {
    {"as AWS has it", {0}, NITRO_OK, 0},
    {"no pathlen", STEPS({BC, "critical,CA:TRUE"}), NITRO_OK, 0},
    {"pathlen 64", STEPS({BC, "critical,CA:TRUE,pathlen:64"}), NITRO_OK, 0},
    {"pathlen 65", STEPS({BC, "critical,CA:TRUE,pathlen:65"}), NITRO_E_CERT_CA,
	0},
    {"keyCertSign alone", STEPS({KU, "critical,keyCertSign"}), NITRO_OK, 0},
    {"X10 CA:FALSE", STEPS({BC, "critical,CA:FALSE"}), NITRO_E_CERT_CA, 0},
    {"X24 a leaf's extensions",
	STEPS({BC, "critical,CA:FALSE"}, {KU, "digitalSignature"}),
	NITRO_E_CERT_CA, 0},
    {"X10 no basicConstraints", STEPS({BC, NULL}), NITRO_E_CERT_CA, 0},
    {"X10 basicConstraints not critical", STEPS({BC, "CA:TRUE"}),
	NITRO_E_CERT_CA, 0},
    {"X10 no keyUsage", STEPS({KU, NULL}), NITRO_E_CERT_CA, 0},
    {"X10 no keyCertSign", STEPS({KU, "critical,digitalSignature,cRLSign"}),
	NITRO_E_CERT_CA, 0},
    {"X11 pathlen of 2^64",
	STEPS({BC, "critical,CA:TRUE,pathlen:18446744073709551616"}),
	NITRO_E_CERT_CA, NITRO_E_CERT},
    {"X11 pathlen of 2^63",
	STEPS({BC, "critical,CA:TRUE,pathlen:9223372036854775808"}),
	NITRO_E_CERT_CA, NITRO_E_CERT},
    {"X11 pathlen of 2^32", STEPS({BC, "critical,CA:TRUE,pathlen:4294967296"}),
	NITRO_E_CERT_CA, NITRO_E_CERT},
    {"X11 pathlen of -1", STEPS({BC, "critical,CA:TRUE,pathlen:-1"}),
	NITRO_E_CERT_CA, NITRO_E_CERT},
};

static void
test_an_authority_may_issue(void **state)
{
	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(authorities); i++)
		for (unsigned at = SIM_REGIONAL; at <= SIM_INSTANCE; at++) {
			const struct chain_row row = {authorities[i].name,
			    (enum sim_position)at, authorities[i].options,
			    authorities[i].want, authorities[i].or_want};

			chain_check(&row, 1);
		}
}

/* X18 X19 */
static void
test_keys_are_p384_and_signatures_ecdsa_with_sha384(void **state)
{
	static const char *const keys[] = {"P-256", "P-521", "secp256k1",
	    "brainpoolP384r1", "RSA-2048", "Ed25519"};
	static const char *const digests[] = {
	    "SHA1", "SHA224", "SHA256", "SHA512", "SHA3-384"};

	(void)state;
	for (unsigned at = SIM_REGIONAL; at <= SIM_LEAF; at++) {
		for (size_t i = 0; i < NITRO_COUNT_OF(keys); i++) {
			const struct chain_row row = {keys[i],
			    (enum sim_position)at, {.key = keys[i]},
			    NITRO_E_CERT_ALG, 0};

			chain_check(&row, 1);
		}
		for (size_t i = 0; i < NITRO_COUNT_OF(digests); i++) {
			const struct chain_row row = {digests[i],
			    (enum sim_position)at, {.digest = digests[i]},
			    NITRO_E_CERT_ALG, 0};

			chain_check(&row, 1);
		}
	}
}

/* The object identifier of ecdsa-with-SHA384, and of ecdsa-with-SHA256. */
#define WITH_SHA384 UNIT_BYTES("\x2a\x86\x48\xce\x3d\x04\x03\x03")
#define WITH_SHA256 UNIT_BYTES("\x2a\x86\x48\xce\x3d\x04\x03\x02")

/* X19: what the TBSCertificate says and what stands outside must agree. */
static void
test_both_algorithms_of_a_certificate_agree(void **state)
{
	(void)state;
	for (unsigned at = SIM_REGIONAL; at <= SIM_LEAF; at++)
		for (unsigned inside = 0; inside < 2; inside++) {
			NITRO_DROP(nitro_buf_drop) struct nitro_buf der = {0};
			struct nitro_document doc = chain_document(
			    &chain_trusted);
			struct nitro_bytes parts[3];

			unit_append(&der, chain_der(&chain_trusted, at));
			certs_split(nitro_bytes_of_buf(&der), parts);
			if (inside == 1) {
				certs_patch(&der, WITH_SHA384, WITH_SHA256);
				certs_sign_anew(
				    &der, chain_trusted.cert[at - 1].key);
			} else {
				memcpy(der.ptr + (parts[1].ptr - der.ptr) + 4,
				    WITH_SHA256.ptr, WITH_SHA256.len);
			}
			if (at == SIM_LEAF)
				doc.certificate = nitro_bytes_of_buf(&der);
			else
				doc.cabundle[at] = nitro_bytes_of_buf(&der);
			assert_int_equal(
			    unit_differs2(inside == 1 ? "inside" : "outside",
				chain_verify_at(&doc, CHAIN_TIME_S),
				NITRO_E_CERT_ALG, NITRO_E_CERT_CHAIN),
			    0);
		}
}

/* The same certificate signed anew is as good as before: the control of those that patch. */
static void
test_a_certificate_signed_anew_verifies(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf der = {0};
	struct nitro_document doc = chain_document(&chain_trusted);

	(void)state;
	unit_append(&der, chain_der(&chain_trusted, SIM_LEAF));
	certs_sign_anew(&der, chain_trusted.cert[SIM_INSTANCE].key);
	assert_false(nitro_bytes_equal(
	    nitro_bytes_of_buf(&der), chain_der(&chain_trusted, SIM_LEAF)));
	doc.certificate = nitro_bytes_of_buf(&der);
	assert_err(chain_verify_at(&doc, CHAIN_TIME_S), NITRO_OK);
}

static void
edit_explicit(X509 *cert, void *context)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_secp384r1);
	EC_POINT *doubled = EC_POINT_new(group);
	ASN1_STRING *parameters = ASN1_STRING_new();
	unsigned char *der = NULL;
	X509_PUBKEY *spki = certs_public_key(cert);
	const unsigned char *point;
	int der_len, point_len;

	if (context != NULL) { /* CVE-2020-0601: a generator of one's own */
		assert_int_equal(EC_POINT_dbl(group, doubled,
				     EC_GROUP_get0_generator(group), NULL),
		    1);
		assert_int_equal(EC_GROUP_set_generator(group, doubled,
				     EC_GROUP_get0_order(group),
				     EC_GROUP_get0_cofactor(group)),
		    1);
	}
	EC_GROUP_set_asn1_flag(group, OPENSSL_EC_EXPLICIT_CURVE);
	der_len = i2d_ECPKParameters(group, &der);
	assert_true(der_len > 100);
	assert_int_equal(ASN1_STRING_set(parameters, der, der_len), 1);
	assert_int_equal(
	    X509_PUBKEY_get0_param(NULL, &point, &point_len, NULL, spki), 1);
	assert_int_equal(
	    X509_PUBKEY_set0_param(spki, OBJ_nid2obj(NID_X9_62_id_ecPublicKey),
		V_ASN1_SEQUENCE, parameters,
		OPENSSL_memdup(point, (size_t)point_len), point_len),
	    1);
	OPENSSL_free(der);
	EC_POINT_free(doubled);
	EC_GROUP_free(group);
}

static void
edit_point_form(X509 *cert, point_conversion_form_t form)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_secp384r1);
	EC_POINT *point = EC_POINT_new(group);
	const unsigned char *old;
	uint8_t bytes[97];
	int old_len;
	size_t len;

	assert_int_equal(X509_PUBKEY_get0_param(NULL, &old, &old_len, NULL,
			     X509_get_X509_PUBKEY(cert)),
	    1);
	assert_int_equal(
	    EC_POINT_oct2point(group, point, old, (size_t)old_len, NULL), 1);
	len = EC_POINT_point2oct(group, point, form, bytes, sizeof bytes, NULL);
	assert_true(len > 0);
	certs_set_point(cert, (struct nitro_bytes){bytes, len});
	EC_POINT_free(point);
	EC_GROUP_free(group);
}

static void
edit_compressed(X509 *cert, void *context)
{
	(void)context;
	edit_point_form(cert, POINT_CONVERSION_COMPRESSED);
}

static void
edit_hybrid(X509 *cert, void *context)
{
	(void)context;
	edit_point_form(cert, POINT_CONVERSION_HYBRID);
}

static void
edit_infinity(X509 *cert, void *context)
{
	(void)context;
	certs_set_point(cert, UNIT_BYTES("\0"));
}

static void
edit_zero_point(X509 *cert, void *context)
{
	uint8_t point[97] = {4};

	(void)context;
	certs_set_point(cert, (struct nitro_bytes){point, sizeof point});
}

static void
edit_point_off_curve(X509 *cert, void *context)
{
	const unsigned char *old;
	uint8_t point[97];
	int old_len;

	(void)context;
	assert_int_equal(X509_PUBKEY_get0_param(NULL, &old, &old_len, NULL,
			     X509_get_X509_PUBKEY(cert)),
	    1);
	assert_int_equal(old_len, sizeof point);
	memcpy(point, old, sizeof point);
	point[96] ^= 1;
	certs_set_point(cert, (struct nitro_bytes){point, sizeof point});
}

/* x + p is the same x modulo p, but no coordinate. */
static void
edit_point_not_reduced(X509 *cert, void *context)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf point = {0};

	(void)context;
	unit_fill(&point, 4, 1);
	unit_fill(&point, 0xff, 96);
	certs_set_point(cert, nitro_bytes_of_buf(&point));
}

static void
edit_point_longer(X509 *cert, void *context)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf point = {0};
	const unsigned char *old;
	int old_len;

	(void)context;
	assert_int_equal(X509_PUBKEY_get0_param(NULL, &old, &old_len, NULL,
			     X509_get_X509_PUBKEY(cert)),
	    1);
	unit_append(&point, (struct nitro_bytes){old, (size_t)old_len});
	unit_fill(&point, 0, 1);
	certs_set_point(cert, nitro_bytes_of_buf(&point));
}

/* X20 X21 X22: a key is a point of the named curve in its one form. */
static const struct {
	const char *name;
	struct sim_cert_options options;
	nitro_err want, or_want;
} points[] = {
    {"X20 explicit parameters of P-384", {.edit = edit_explicit},
	NITRO_E_CERT_ALG, 0},
    {"X20 explicit parameters, another generator",
	{.edit = edit_explicit, .context = &chain_trusted}, NITRO_E_CERT_ALG,
	0},
    {"X21 compressed", {.edit = edit_compressed}, NITRO_E_CERT_ALG, 0},
    {"X21 hybrid", {.edit = edit_hybrid}, NITRO_E_CERT_ALG, 0},
    {"X21 infinity", {.edit = edit_infinity}, NITRO_E_CERT_ALG, 0},
    {"X22 (0, 0)", {.edit = edit_zero_point}, NITRO_E_CERT, NITRO_E_CERT_ALG},
    {"X22 not on the curve", {.edit = edit_point_off_curve}, NITRO_E_CERT,
	NITRO_E_CERT_ALG},
    {"X22 coordinates not below p", {.edit = edit_point_not_reduced},
	NITRO_E_CERT, NITRO_E_CERT_ALG},
    {"X14 a byte after the point", {.edit = edit_point_longer},
	NITRO_E_CERT_ALG, 0},
};

static void
test_a_key_is_an_uncompressed_point_of_the_named_curve(void **state)
{
	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(points); i++)
		for (unsigned at = SIM_REGIONAL; at <= SIM_LEAF; at++) {
			const struct chain_row row = {points[i].name,
			    (enum sim_position)at, points[i].options,
			    points[i].want, points[i].or_want};

			chain_check(&row, 1);
		}
}

static void
edit_unknown_critical(X509 *cert, void *context)
{
	(void)context;
	certs_add_unknown(cert, "1.3.6.1.4.1.99999.1", true);
}

static void
edit_unknown(X509 *cert, void *context)
{
	(void)context;
	certs_add_unknown(cert, "1.3.6.1.4.1.99999.1", false);
}

static void
edit_unknown_twice(X509 *cert, void *context)
{
	certs_add_unknown(cert, "1.3.6.1.4.1.99999.1", false);
	edit_unknown(cert, context);
}

/* A second copy of whatever there is of that kind. */
static void
duplicate(X509 *cert, int nid)
{
	int at = X509_get_ext_by_NID(cert, nid, -1);

	assert_true(at >= 0);
	assert_int_equal(X509_add_ext(cert, X509_get_ext(cert, at), -1), 1);
}

static void
edit_two_basic_constraints(X509 *cert, void *context)
{
	(void)context;
	duplicate(cert, BC);
}

static void
edit_two_key_usages(X509 *cert, void *context)
{
	(void)context;
	duplicate(cert, KU);
}

static void
edit_broken_constraints(X509 *cert, void *context)
{
	(void)context;
	sim_cert_remove(cert, BC);
	certs_add_raw(cert, BC, true, UNIT_BYTES("\x30\x05\x01\x01\xff"));
}

static void
edit_broken_key_usage(X509 *cert, void *context)
{
	(void)context;
	sim_cert_remove(cert, KU);
	certs_add_raw(cert, KU, true, UNIT_BYTES("\x04\x01\x80"));
}

static void
edit_empty_key_usage(X509 *cert, void *context)
{
	(void)context;
	sim_cert_remove(cert, KU);
	certs_add_raw(cert, KU, true, UNIT_BYTES("\x03\x01\x00"));
}

/* X13 X14 */
static const struct {
	const char *name;
	struct sim_cert_options options;
	nitro_err want, or_want;
} extensions[] = {
    {"an unknown extension", EDIT(edit_unknown), NITRO_OK, 0},
    {"X13 an unknown critical extension", EDIT(edit_unknown_critical),
	NITRO_E_CERT_CHAIN, NITRO_E_CERT},
    {"X14 basicConstraints twice", EDIT(edit_two_basic_constraints),
	NITRO_E_CERT, 0},
    {"X14 keyUsage twice", EDIT(edit_two_key_usages), NITRO_E_CERT, 0},
    {"X14 an unknown extension twice", EDIT(edit_unknown_twice), NITRO_E_CERT,
	0},
    {"X14 basicConstraints cut off", EDIT(edit_broken_constraints),
	NITRO_E_CERT, 0},
    {"X14 keyUsage of another type", EDIT(edit_broken_key_usage), NITRO_E_CERT,
	0},
};

static void
test_extensions_are_known_or_not_critical_and_there_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(extensions); i++)
		for (unsigned at = SIM_REGIONAL; at <= SIM_LEAF; at++) {
			const struct chain_row row = {extensions[i].name,
			    (enum sim_position)at, extensions[i].options,
			    extensions[i].want, extensions[i].or_want};

			chain_check(&row, 1);
		}
}

static void
test_a_key_usage_without_a_bit_allows_nothing(void **state)
{
	static const struct chain_row rows[] = {
	    {"leaf", SIM_LEAF, EDIT(edit_empty_key_usage), NITRO_E_CERT_LEAF,
		NITRO_E_CERT},
	    {"instance", SIM_INSTANCE, EDIT(edit_empty_key_usage),
		NITRO_E_CERT_CA, NITRO_E_CERT},
	};

	(void)state;
	chain_check(rows, NITRO_COUNT_OF(rows));
}

/* X14: BOOLEAN TRUE is ff in DER. Here it is 01, within the signature. */
static void
test_a_boolean_of_01_does_not_make_an_authority_of_a_leaf(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf der = {0};
	struct nitro_document doc = chain_document(&chain_trusted);
	nitro_err err;

	(void)state;
	unit_append(&der, chain_der(&chain_trusted, SIM_INSTANCE));
	/* basicConstraints, critical */
	certs_patch(&der, UNIT_BYTES("\x55\x1d\x13\x01\x01\xff"),
	    UNIT_BYTES("\x55\x1d\x13\x01\x01\x01"));
	certs_sign_anew(&der, chain_trusted.cert[SIM_ZONAL].key);
	doc.cabundle[SIM_INSTANCE] = nitro_bytes_of_buf(&der);
	err = chain_verify_at(&doc, CHAIN_TIME_S);
	/* Signed by its issuer, so harmless where libcrypto takes it. */
	assert_true(
	    err == NITRO_OK || err == NITRO_E_CERT || err == NITRO_E_CERT_CA);
	der.len = 0;
	unit_append(&der, chain_der(&chain_trusted, SIM_LEAF));
	/* CA:FALSE is the empty sequence; there is no room to say TRUE. */
	certs_patch(&der,
	    UNIT_BYTES("\x55\x1d\x13\x01\x01\xff\x04\x02\x30\x00"),
	    UNIT_BYTES("\x55\x1d\x13\x01\x01\x01\x04\x02\x30\x00"));
	certs_sign_anew(&der, chain_trusted.cert[SIM_INSTANCE].key);
	doc = chain_document(&chain_trusted);
	doc.certificate = nitro_bytes_of_buf(&der);
	err = chain_verify_at(&doc, CHAIN_TIME_S);
	assert_true(
	    err == NITRO_OK || err == NITRO_E_CERT || err == NITRO_E_CERT_LEAF);
}

/* D14 X14: a certificate is parsed to its last byte. */
static void
test_bytes_behind_a_certificate_are_refused(void **state)
{
	(void)state;
	for (unsigned at = SIM_REGIONAL; at <= SIM_LEAF; at++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf longer = {0}, twice = {0}, pem = {0};
		const struct nitro_bytes der = chain_der(&chain_trusted, at);
		struct nitro_buf *const bad[] = {&longer, &twice, &pem};

		unit_append(&longer, der);
		unit_fill(&longer, 0, 1);
		unit_append(&twice, der);
		unit_append(&twice, der);
		certs_put_pem(&pem, "CERTIFICATE", der);
		for (size_t i = 0; i < 3; i++) {
			struct nitro_document doc = chain_document(
			    &chain_trusted);

			if (at == SIM_LEAF)
				doc.certificate = nitro_bytes_of_buf(bad[i]);
			else
				doc.cabundle[at] = nitro_bytes_of_buf(bad[i]);
			assert_err(
			    chain_verify_at(&doc, CHAIN_TIME_S), NITRO_E_CERT);
		}
	}
}

/* C08: a certificate cut anywhere. */
static void
test_a_certificate_that_is_cut_is_refused(void **state)
{
	struct nitro_document doc = chain_document(&chain_trusted);

	(void)state;
	for (size_t n = 0; n < chain_der(&chain_trusted, SIM_LEAF).len; n++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf cut = {0};

		unit_append(
		    &cut, nitro_bytes_slice(
			      chain_der(&chain_trusted, SIM_LEAF), 0, n));
		doc.certificate = nitro_bytes_of_buf(&cut);
		assert_err(chain_verify_at(&doc, CHAIN_TIME_S), NITRO_E_CERT);
	}
}

/* The text of a date as it stands in the certificate. */
struct date {
	bool is_generalized;
	const char *text;
};

static void
set_date(ASN1_TIME *time, const struct date *date)
{
	ASN1_TIME *other = ASN1_STRING_type_new(
	    date->is_generalized ? V_ASN1_GENERALIZEDTIME : V_ASN1_UTCTIME);

	assert_int_equal(ASN1_STRING_set(other, date->text, -1), 1);
	assert_int_equal(ASN1_STRING_copy(time, other), 1);
	ASN1_STRING_free(other);
}

static void
edit_not_before(X509 *cert, void *context)
{
	set_date(X509_getm_notBefore(cert), context);
}

static void
edit_not_after(X509 *cert, void *context)
{
	set_date(X509_getm_notAfter(cert), context);
}

/* CHAIN_TIME_S is 2027-01-15T08:00:00Z. */
static struct {
	const char *name;
	struct date date;
	bool is_not_after;
	nitro_err want;
} dates[] = {
    {"UTCTime", {false, "270115000000Z"}, false, NITRO_OK},
    {"GeneralizedTime", {true, "20270115000000Z"}, false, NITRO_OK},
    {"end in UTCTime", {false, "270116000000Z"}, true, NITRO_OK},
    {"end in 2049", {false, "491231235959Z"}, true, NITRO_OK},
    {"X17 ends in 1950 (UTCTime 50)", {false, "500116000000Z"}, true,
	NITRO_E_CERT_TIME},
    {"end in GeneralizedTime", {true, "20510116000000Z"}, true, NITRO_OK},
    {"no end, RFC 5280 section 4.1.2.5", {true, "99991231235959Z"}, true,
	NITRO_OK},
    {"X17 month 13", {false, "261301000000Z"}, false, NITRO_E_CERT_TIME},
    {"X17 month 0", {false, "260001000000Z"}, false, NITRO_E_CERT_TIME},
    {"X17 February 30", {false, "260230000000Z"}, false, NITRO_E_CERT_TIME},
    {"X17 day 0", {false, "270100000000Z"}, false, NITRO_E_CERT_TIME},
    {"X17 hour 24", {false, "270114240000Z"}, false, NITRO_E_CERT_TIME},
    {"X17 minute 60", {false, "270114006000Z"}, false, NITRO_E_CERT_TIME},
    {"X17 second 60", {false, "270114000060Z"}, false, NITRO_E_CERT_TIME},
    {"X17 no seconds", {false, "2701140000Z"}, false, NITRO_E_CERT_TIME},
    {"X17 no Z", {false, "270114000000"}, false, NITRO_E_CERT_TIME},
    {"X17 offset", {false, "270114000000+0100"}, false, NITRO_E_CERT_TIME},
    {"X17 letters", {false, "2701140000x0Z"}, false, NITRO_E_CERT_TIME},
    {"X17 empty", {false, ""}, false, NITRO_E_CERT_TIME},
    {"X17 fraction", {true, "20270114000000.5Z"}, false, NITRO_E_CERT_TIME},
    {"X17 13 bytes", {true, "202701140000Z"}, false, NITRO_E_CERT_TIME},
    {"X17 GeneralizedTime with an offset", {true, "20270114000000+0100"}, false,
	NITRO_E_CERT_TIME},
    {"X17 UTCTime's digits as GeneralizedTime", {true, "270114000000Z"}, false,
	NITRO_E_CERT_TIME},
    {"X17 begins in the year 9999", {true, "99991231235959Z"}, false,
	NITRO_E_CERT_TIME},
    {"X17 ends in the year 0", {true, "00000101000000Z"}, true,
	NITRO_E_CERT_TIME},
    {"X17 ends in 1927 (UTCTime 27 is 2027)", {true, "19270116000000Z"}, true,
	NITRO_E_CERT_TIME},
    {"X17 end in month 13", {false, "271301000000Z"}, true, NITRO_E_CERT_TIME},
    {"X17 end on February 30", {false, "280230000000Z"}, true,
	NITRO_E_CERT_TIME},
    {"X17 end with an offset", {false, "280101000000+0100"}, true,
	NITRO_E_CERT_TIME},
};

static void
test_a_date_has_the_form_of_rfc_5280(void **state)
{
	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(dates); i++)
		for (unsigned at = SIM_REGIONAL; at <= SIM_LEAF; at++) {
			const struct chain_row row = {dates[i].name,
			    (enum sim_position)at,
			    {.edit = dates[i].is_not_after ? edit_not_after
							   : edit_not_before,
				.context = &dates[i].date},
			    dates[i].want,
			    dates[i].want == NITRO_OK ? NITRO_OK
						      : NITRO_E_CERT};

			chain_check_remade(&row, 1);
		}
}

static void
edit_serial(X509 *cert, void *context)
{
	certs_set_serial(cert, context);
}

static void
edit_version_1(X509 *cert, void *context)
{
	(void)context;
	assert_int_equal(X509_set_version(cert, X509_VERSION_1), 1);
}

static void
edit_version_2(X509 *cert, void *context)
{
	(void)context;
	assert_int_equal(X509_set_version(cert, X509_VERSION_2), 1);
}

static void
edit_version_3(X509 *cert, void *context)
{
	(void)context;
	assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
}

static void
edit_version_4(X509 *cert, void *context)
{
	(void)context;
	assert_int_equal(X509_set_version(cert, 3), 1);
}

static void
edit_no_subject(X509 *cert, void *context)
{
	X509_NAME *name = X509_NAME_new();

	(void)context;
	assert_int_equal(X509_set_subject_name(cert, name), 1);
	X509_NAME_free(name);
}

static void
edit_no_issuer(X509 *cert, void *context)
{
	X509_NAME *name = X509_NAME_new();

	(void)context;
	assert_int_equal(X509_set_issuer_name(cert, name), 1);
	X509_NAME_free(name);
}

#define F20 "7fffffffffffffffffffffffffffffffffffffff"

/* X29 */
static struct {
	const char *name;
	struct sim_cert_options options;
	nitro_err want, or_want;
} odd_ones[] = {
    {"serial 1", {.edit = edit_serial, .context = (char[]){"1"}}, NITRO_OK, 0},
    {"serial of 20 bytes", {.edit = edit_serial, .context = (char[]){F20}},
	NITRO_OK, 0},
    {"X29 serial 0", {.edit = edit_serial, .context = (char[]){"0"}},
	NITRO_E_CERT, 0},
    {"X29 serial -1", {.edit = edit_serial, .context = (char[]){"-1"}},
	NITRO_E_CERT, 0},
    {"X29 serial of 21 bytes",
	{.edit = edit_serial, .context = (char[]){F20 "ff"}}, NITRO_E_CERT, 0},
    {"X29 no issuer", EDIT(edit_no_issuer), NITRO_E_CERT, NITRO_E_CERT_CHAIN},
    {"X29 no subject", EDIT(edit_no_subject), NITRO_E_CERT, NITRO_E_CERT_CHAIN},
};

/* X29 */
static struct {
	const char *name;
	struct sim_cert_options options;
	nitro_err want, or_want;
} versions[] = {
    {"version 3", EDIT(edit_version_3), NITRO_OK, 0},
    {"X29 version 1", EDIT(edit_version_1), NITRO_E_CERT_ALG, NITRO_E_CERT},
    {"X29 version 2", EDIT(edit_version_2), NITRO_E_CERT_ALG, NITRO_E_CERT},
    {"X29 version 4", EDIT(edit_version_4), NITRO_E_CERT_ALG, NITRO_E_CERT},
};

static void
test_serial_version_and_names_are_those_of_rfc_5280(void **state)
{
	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(versions); i++)
		for (unsigned at = SIM_REGIONAL; at <= SIM_LEAF; at++) {
			const struct chain_row row = {versions[i].name,
			    (enum sim_position)at, versions[i].options,
			    versions[i].want, versions[i].or_want};

			chain_check_remade(&row, 1);
		}
	for (size_t i = 0; i < NITRO_COUNT_OF(odd_ones); i++)
		for (unsigned at = SIM_REGIONAL; at <= SIM_LEAF; at++) {
			const struct chain_row row = {odd_ones[i].name,
			    (enum sim_position)at, odd_ones[i].options,
			    odd_ones[i].want, odd_ones[i].or_want};

			chain_check(&row, 1);
		}
}

static void
edit_hostile_name(X509 *cert, void *context)
{
	static const unsigned char text[] = "a\0b\n\x1b[2J\xe2\x80\xae";
	X509_NAME *name = X509_NAME_new();

	(void)context;
	assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_commonName,
			     V_ASN1_UTF8STRING, text, sizeof text - 1, -1, 0),
	    1);
	assert_int_equal(X509_set_subject_name(cert, name), 1);
	X509_NAME_free(name);
}

/* X31: nobody decides by a name, so a hostile one changes nothing. */
static void
test_names_decide_nothing(void **state)
{
	const struct chain_row rows[] = {
	    {"X31 leaf", SIM_LEAF, EDIT(edit_hostile_name), NITRO_OK, 0},
	    {"X31 zonal", SIM_ZONAL, EDIT(edit_hostile_name), NITRO_OK, 0},
	    {"X31 subjectAltName", SIM_LEAF,
		STEPS({NID_subject_alt_name, "DNS:evil.example,IP:127.0.0.1"}),
		NITRO_OK, 0},
	};

	(void)state;
	chain_check(rows, NITRO_COUNT_OF(rows));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_leaf_is_an_end_entity_that_signs),
	    cmocka_unit_test(test_an_authority_may_issue),
	    cmocka_unit_test(
		test_keys_are_p384_and_signatures_ecdsa_with_sha384),
	    cmocka_unit_test(test_both_algorithms_of_a_certificate_agree),
	    cmocka_unit_test(test_a_certificate_signed_anew_verifies),
	    cmocka_unit_test(
		test_a_key_is_an_uncompressed_point_of_the_named_curve),
	    cmocka_unit_test(
		test_extensions_are_known_or_not_critical_and_there_once),
	    cmocka_unit_test(test_a_key_usage_without_a_bit_allows_nothing),
	    cmocka_unit_test(
		test_a_boolean_of_01_does_not_make_an_authority_of_a_leaf),
	    cmocka_unit_test(test_bytes_behind_a_certificate_are_refused),
	    cmocka_unit_test(test_a_certificate_that_is_cut_is_refused),
	    cmocka_unit_test(test_a_date_has_the_form_of_rfc_5280),
	    cmocka_unit_test(
		test_serial_version_and_names_are_those_of_rfc_5280),
	    cmocka_unit_test(test_names_decide_nothing),
	};

	return cmocka_run_group_tests(tests, chain_make, chain_drop);
}
