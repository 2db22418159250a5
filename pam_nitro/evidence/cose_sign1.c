#include "evidence/cose_sign1.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "evidence/cbor_reader.h"

#define HALF_LEN (NITRO_ES384_SIG_LEN / 2) /* r, and s */
#define TAG_COSE_SIGN1 0xd2 /* tag 18 in its one byte, RFC 9052 section 4.2 */

/* {1: -35}: alg ES384, RFC 9053 section 2.1, and nothing else. */
static const uint8_t protected_es384[] = {0xa1, 0x01, 0x38, 0x22};

/* One more element must stand there, and be a byte string. */
static struct nitro_bytes
take_bytes_element(struct nitro_cbor *r)
{
	if (!nitro_cbor_more(r))
		nitro_cbor_fail(r, NITRO_E_COSE_SHAPE);
	return nitro_cbor_bytes(r);
}

static void
take_empty_map_element(struct nitro_cbor *r)
{
	if (!nitro_cbor_more(r))
		nitro_cbor_fail(r, NITRO_E_COSE_SHAPE);
	nitro_cbor_enter_map(r, UINT32_MAX);
	if (nitro_cbor_more(r))
		nitro_cbor_fail(r, NITRO_E_COSE_UNPROTECTED);
}

static nitro_err
read_elements(struct nitro_bytes in, struct nitro_cose_sign1 *msg)
{
	struct nitro_cbor r;

	nitro_cbor_open(&r, in);
	if (nitro_cbor_peek(&r) != NITRO_CBOR_ARRAY) {
		nitro_cbor_skip(&r);
		nitro_cbor_fail(&r, NITRO_E_COSE_SHAPE);
	}
	nitro_cbor_enter_array(&r, 4);
	if (nitro_cbor_error(&r) == NITRO_E_CBOR_LIMIT ||
	    nitro_cbor_is_indefinite(&r))
		return NITRO_E_COSE_SHAPE;
	msg->protected_header = take_bytes_element(&r);
	take_empty_map_element(&r);
	msg->payload = take_bytes_element(&r);
	msg->signature = take_bytes_element(&r);
	(void)nitro_cbor_more(&r); /* leaves the array, which has no fifth */
	return nitro_cbor_finish(&r);
}

nitro_err
nitro_cose_parse(struct nitro_bytes in, struct nitro_cose_sign1 *msg)
{
	const struct nitro_bytes es384 = {
	    protected_es384, sizeof protected_es384};
	struct nitro_cose_sign1 found = {0};
	nitro_err err;

	if (in.len < 1 || in.len > NITRO_EVIDENCE_MAX)
		return NITRO_E_EVIDENCE_SIZE;
	if (in.ptr[0] == TAG_COSE_SIGN1)
		in = nitro_bytes_slice(in, 1, SIZE_MAX);
	if ((err = read_elements(in, &found)) != NITRO_OK)
		return err;
	if (!nitro_bytes_equal(found.protected_header, es384))
		return NITRO_E_COSE_ALG;
	if (found.signature.len != NITRO_ES384_SIG_LEN)
		return NITRO_E_COSE_SIG_LEN;
	*msg = found;
	return NITRO_OK;
}

/* The head of a byte string in its shortest form (RFC 8949 section 4.2.1). */
static nitro_err
append_bytes_head(struct nitro_buf *out, size_t len)
{
	const unsigned width = len < 24            ? 0
			       : len <= UINT8_MAX  ? 1
			       : len <= UINT16_MAX ? 2
						   : 4;
	const uint8_t major = 2 << 5;
	nitro_err err;

	if (len > UINT32_MAX)
		return NITRO_E_INTERNAL;
	if (width == 0)
		return nitro_buf_append_byte(out, (uint8_t)(major | len));
	err = nitro_buf_append_byte(
	    out, (uint8_t)(major | (width == 1      ? 24
				       : width == 2 ? 25
						    : 26)));
	for (unsigned i = width; i > 0 && err == NITRO_OK; i--)
		err = nitro_buf_append_byte(
		    out, (uint8_t)(len >> (8 * (i - 1))));
	return err;
}

static nitro_err
append_bytes(struct nitro_buf *out, struct nitro_bytes in)
{
	nitro_err err;

	if ((err = append_bytes_head(out, in.len)) != NITRO_OK)
		return err;
	return nitro_buf_append(out, in);
}

nitro_err
nitro_cose_sig_structure(
    const struct nitro_cose_sign1 *msg, struct nitro_buf *out)
{
	size_t before = out->len;
	nitro_err err;

	/* array(4), text(10) "Signature1" */
	if ((err = nitro_buf_append_text(out, "\x84\x6aSignature1")) ==
		NITRO_OK &&
	    (err = append_bytes(out, msg->protected_header)) == NITRO_OK &&
	    (err = append_bytes(out, (struct nitro_bytes){0})) == NITRO_OK &&
	    (err = append_bytes(out, msg->payload)) == NITRO_OK)
		return NITRO_OK;
	out->len = before;
	return err;
}

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

/* r || s to the DER that libcrypto wants. *der is released by OPENSSL_free(). */
static nitro_err
signature_to_der(struct nitro_bytes signature, uint8_t **der, size_t *der_len)
{
	NITRO_DROP(drop_ecdsa_sig) ECDSA_SIG *sig = ECDSA_SIG_new();
	NITRO_DROP(drop_bignum) BIGNUM *r = NULL;
	NITRO_DROP(drop_bignum) BIGNUM *s = NULL;
	struct nitro_bytes half[2];
	int len;

	if (signature.len != NITRO_ES384_SIG_LEN)
		return NITRO_E_COSE_SIG_LEN;
	half[0] = nitro_bytes_slice(signature, 0, HALF_LEN);
	half[1] = nitro_bytes_slice(signature, HALF_LEN, HALF_LEN);
	r = BN_bin2bn(half[0].ptr, (int)half[0].len, NULL);
	s = BN_bin2bn(half[1].ptr, (int)half[1].len, NULL);
	if (sig == NULL || r == NULL || s == NULL ||
	    ECDSA_SIG_set0(sig, r, s) != 1)
		return NITRO_E_CRYPTO;
	r = s = NULL; /* now the signature's */
	if ((len = i2d_ECDSA_SIG(sig, der)) <= 0)
		return NITRO_E_CRYPTO;
	*der_len = (size_t)len;
	return NITRO_OK;
}

nitro_err
nitro_cose_verify(
    const struct nitro_cose_sign1 *msg, EVP_PKEY *key, OSSL_LIB_CTX *lib)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf tbs = {0};
	NITRO_DROP(drop_der) uint8_t *der = NULL;
	NITRO_DROP(drop_md_ctx) EVP_MD_CTX *md = NULL;
	size_t der_len;
	nitro_err err;

	if ((err = signature_to_der(msg->signature, &der, &der_len)) !=
	    NITRO_OK)
		return err;
	if ((err = nitro_cose_sig_structure(msg, &tbs)) != NITRO_OK)
		return err;
	if ((md = EVP_MD_CTX_new()) == NULL)
		return NITRO_E_MEMORY;
	if (EVP_DigestVerifyInit_ex(md, NULL, "SHA384", lib, NULL, key, NULL) !=
	    1)
		return NITRO_E_CRYPTO;
	if (EVP_DigestVerify(md, der, der_len, tbs.ptr, tbs.len) != 1)
		return NITRO_E_COSE_SIG;
	return NITRO_OK;
}
