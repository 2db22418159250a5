#include "admin/image/eif_cose.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "evidence/cbor_reader.h"
#include "evidence/cose_sign1.h"

#define TAG_COSE_SIGN1 0xd2 /* tag 18 in its one byte, RFC 9052 section 4.2 */

struct algorithm {
	const char *protected_header; /* {1: -7} and so on, whole */
	const char *digest;
	const char *group;  /* as libcrypto names the curve */
	size_t integer_len; /* of r and of s */
};

static const struct algorithm algorithms[] = {
    {"\xa1\x01\x26", "SHA256", "prime256v1", 32},
    {"\xa1\x01\x38\x22", "SHA384", "secp384r1", 48},
    {"\xa1\x01\x38\x23", "SHA512", "secp521r1", 66},
};

static void
drop_ecdsa_sig(ECDSA_SIG **sig)
{
	ECDSA_SIG_free(*sig);
}

static void
drop_bignum(BIGNUM **number)
{
	BN_free(*number);
}

static void
drop_md_ctx(EVP_MD_CTX **md)
{
	EVP_MD_CTX_free(*md);
}

static void
drop_der(uint8_t **der)
{
	OPENSSL_free(*der);
}

static void
demand_element(struct nitro_cbor *r)
{
	if (!nitro_cbor_more(r))
		nitro_cbor_fail(r, NITRO_E_COSE_SHAPE);
}

static nitro_err
read_elements(struct nitro_bytes in, struct nitro_cose_sign1 *msg)
{
	struct nitro_cbor r;

	nitro_cbor_open(&r, in);
	nitro_cbor_enter_array(&r, 4);
	if (nitro_cbor_is_indefinite(&r))
		nitro_cbor_fail(&r, NITRO_E_COSE_SHAPE);
	demand_element(&r);
	msg->protected_header = nitro_cbor_bytes(&r);
	demand_element(&r);
	nitro_cbor_enter_map(&r, UINT32_MAX);
	if (nitro_cbor_more(&r))
		nitro_cbor_fail(&r, NITRO_E_COSE_UNPROTECTED);
	demand_element(&r);
	msg->payload = nitro_cbor_bytes(&r);
	demand_element(&r);
	msg->signature = nitro_cbor_bytes(&r);
	if (nitro_cbor_more(&r))
		nitro_cbor_fail(&r, NITRO_E_COSE_SHAPE);
	return nitro_cbor_finish(&r);
}

static const struct algorithm *
find_algorithm(struct nitro_bytes protected_header)
{
	for (size_t i = 0; i < NITRO_COUNT_OF(algorithms); i++)
		if (nitro_bytes_equal_text(
			protected_header, algorithms[i].protected_header))
			return &algorithms[i];
	return NULL;
}

static nitro_err
parse(struct nitro_bytes in, struct nitro_cose_sign1 *msg,
    const struct algorithm **algorithm)
{
	struct nitro_bytes tag;
	nitro_err err;

	if (in.len < 1 || in.len > NITRO_EVIDENCE_MAX)
		return NITRO_E_EVIDENCE_SIZE;
	if (in.ptr[0] == TAG_COSE_SIGN1 && !nitro_bytes_take(&in, 1, &tag))
		return NITRO_E_COSE_SHAPE;
	if ((err = read_elements(in, msg)) != NITRO_OK)
		return err;
	if ((*algorithm = find_algorithm(msg->protected_header)) == NULL)
		return NITRO_E_COSE_ALG;
	if (msg->signature.len != 2 * (*algorithm)->integer_len)
		return NITRO_E_COSE_SIG_LEN;
	return NITRO_OK;
}

/* r || s to the DER that libcrypto wants. *der is released by OPENSSL_free(). */
static nitro_err
signature_to_der(struct nitro_bytes signature, uint8_t **der, size_t *der_len)
{
	NITRO_DROP(drop_ecdsa_sig) ECDSA_SIG *sig = ECDSA_SIG_new();
	NITRO_DROP(drop_bignum) BIGNUM *r = NULL;
	NITRO_DROP(drop_bignum) BIGNUM *s = NULL;
	struct nitro_bytes half;
	int len;

	if (!nitro_bytes_take(&signature, signature.len / 2, &half))
		return NITRO_E_COSE_SIG_LEN;
	r = BN_bin2bn(half.ptr, (int)half.len, NULL);
	s = BN_bin2bn(signature.ptr, (int)signature.len, NULL);
	if (sig == NULL || r == NULL || s == NULL ||
	    ECDSA_SIG_set0(sig, r, s) != 1)
		return NITRO_E_CRYPTO;
	r = s = NULL; /* now the signature's */
	if ((len = i2d_ECDSA_SIG(sig, der)) <= 0)
		return NITRO_E_CRYPTO;
	*der_len = (size_t)len;
	return NITRO_OK;
}

static bool
is_of_group(EVP_PKEY *key, const char *group)
{
	char name[32] = "";

	return EVP_PKEY_get_group_name(key, name, sizeof name, NULL) == 1 &&
	       strcmp(name, group) == 0;
}

static nitro_err
verify(const struct nitro_cose_sign1 *msg, const struct algorithm *algorithm,
    EVP_PKEY *key)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf tbs = {0};
	NITRO_DROP(drop_der) uint8_t *der = NULL;
	NITRO_DROP(drop_md_ctx) EVP_MD_CTX *md = NULL;
	size_t der_len;
	nitro_err err;

	if (!is_of_group(key, algorithm->group))
		return NITRO_E_COSE_ALG;
	if ((err = signature_to_der(msg->signature, &der, &der_len)) !=
		NITRO_OK ||
	    (err = nitro_cose_sig_structure(msg, &tbs)) != NITRO_OK)
		return err;
	if ((md = EVP_MD_CTX_new()) == NULL)
		return NITRO_E_MEMORY;
	if (EVP_DigestVerifyInit_ex(
		md, NULL, algorithm->digest, NULL, NULL, key, NULL) != 1)
		return NITRO_E_CRYPTO;
	if (EVP_DigestVerify(md, der, der_len, tbs.ptr, tbs.len) != 1)
		return NITRO_E_COSE_SIG;
	return NITRO_OK;
}

nitro_err
nitro_eif_cose_verify(
    struct nitro_bytes in, EVP_PKEY *key, struct nitro_bytes *payload)
{
	const struct algorithm *algorithm = NULL;
	struct nitro_cose_sign1 msg = {0};
	nitro_err err;

	if ((err = parse(in, &msg, &algorithm)) != NITRO_OK)
		return err;
	ERR_clear_error();
	err = verify(&msg, algorithm, key);
	ERR_clear_error();
	if (err != NITRO_OK)
		return err;
	*payload = msg.payload;
	return NITRO_OK;
}
