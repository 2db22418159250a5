#include "unit/ec.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>

#include "unit/unit.h"

EVP_PKEY *
ec_key_make(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-384");

	assert_non_null(key);
	return key;
}

void
ec_join(const BIGNUM *r, const BIGNUM *s, uint8_t out[EC_SIG_LEN])
{
	assert_int_equal(BN_bn2binpad(r, out, EC_SIG_LEN / 2), EC_SIG_LEN / 2);
	assert_int_equal(BN_bn2binpad(s, out + EC_SIG_LEN / 2, EC_SIG_LEN / 2),
	    EC_SIG_LEN / 2);
}

void
ec_sign(EVP_PKEY *key, const char *digest, struct nitro_bytes tbs,
    uint8_t out[EC_SIG_LEN])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[128];
	const uint8_t *at = der;
	size_t len = sizeof der;
	ECDSA_SIG *sig;

	assert_non_null(ctx);
	assert_int_equal(
	    EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, key, NULL), 1);
	assert_int_equal(EVP_DigestSign(ctx, der, &len, tbs.ptr, tbs.len), 1);
	sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
	assert_non_null(sig);
	ec_join(ECDSA_SIG_get0_r(sig), ECDSA_SIG_get0_s(sig), out);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
}

static EC_GROUP *
group_make(void)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_secp384r1);

	assert_non_null(group);
	return group;
}

BIGNUM *
ec_order(void)
{
	EC_GROUP *group = group_make();
	BIGNUM *order = BN_dup(EC_GROUP_get0_order(group));

	assert_non_null(order);
	EC_GROUP_free(group);
	return order;
}

BIGNUM *
ec_prime(void)
{
	EC_GROUP *group = group_make();
	BIGNUM *prime = BN_new();

	assert_non_null(prime);
	assert_int_equal(EC_GROUP_get_curve(group, prime, NULL, NULL, NULL), 1);
	EC_GROUP_free(group);
	return prime;
}

static EVP_PKEY *
key_of_point(const EC_GROUP *group, const EC_POINT *point)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;
	uint8_t bytes[97];

	assert_int_equal(
	    EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED,
		bytes, sizeof bytes, NULL),
	    sizeof bytes);
	assert_int_equal(OSSL_PARAM_BLD_push_utf8_string(
			     build, OSSL_PKEY_PARAM_GROUP_NAME, "P-384", 0),
	    1);
	assert_int_equal(OSSL_PARAM_BLD_push_octet_string(build,
			     OSSL_PKEY_PARAM_PUB_KEY, bytes, sizeof bytes),
	    1);
	params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* SHA-384 and the order have the same length, so no bit is cut off. */
static BIGNUM *
hash_number(struct nitro_bytes tbs)
{
	uint8_t digest[48];
	BIGNUM *e;

	assert_int_equal(
	    EVP_Q_digest(NULL, "SHA384", NULL, tbs.ptr, tbs.len, digest, NULL),
	    1);
	e = BN_bin2bn(digest, sizeof digest, NULL);
	assert_non_null(e);
	return e;
}

EVP_PKEY *
ec_key_for_signature(struct nitro_bytes tbs, BIGNUM *x, const BIGNUM *s)
{
	EC_GROUP *group = group_make();
	EC_POINT *point = EC_POINT_new(group);
	BIGNUM *e = hash_number(tbs), *r = BN_new(), *a = BN_new(),
	       *b = BN_new();
	const BIGNUM *n = EC_GROUP_get0_order(group);
	BN_CTX *ctx = BN_CTX_new();
	EVP_PKEY *key;

	while (
	    EC_POINT_set_compressed_coordinates(group, point, x, 0, ctx) != 1)
		assert_int_equal(BN_add_word(x, 1), 1);
	assert_int_equal(BN_nnmod(r, x, n, ctx), 1);
	assert_non_null(BN_mod_inverse(r, r, n, ctx));
	assert_int_equal(BN_mod_mul(a, r, s, n, ctx), 1); /* of R */
	assert_int_equal(BN_mod_mul(b, r, e, n, ctx), 1);
	assert_int_equal(BN_mod_sub(b, n, b, n, ctx), 1); /* of G */
	assert_int_equal(EC_POINT_mul(group, point, b, point, a, ctx), 1);
	key = key_of_point(group, point);
	BN_CTX_free(ctx);
	BN_free(b);
	BN_free(a);
	BN_free(r);
	BN_free(e);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return key;
}

void
ec_drop_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

void
ec_drop_number(BIGNUM **number)
{
	BN_free(*number);
}
