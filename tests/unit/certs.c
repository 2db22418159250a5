#include "unit/certs.h"

#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "unit/unit.h"

void
certs_edit(X509 *cert, void *context)
{
	for (const struct certs_step *step = context; step->nid != 0; step++)
		if (step->value != NULL)
			sim_cert_extend(cert, step->nid, step->value);
		else
			sim_cert_remove(cert, step->nid);
}

static void
add_extension(X509 *cert, const ASN1_OBJECT *oid, bool is_critical,
    struct nitro_bytes value)
{
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;

	assert_int_equal(
	    ASN1_OCTET_STRING_set(octets, value.ptr, (int)value.len), 1);
	extension = X509_EXTENSION_create_by_OBJ(
	    NULL, oid, is_critical, octets);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
}

void
certs_add_raw(X509 *cert, int nid, bool is_critical, struct nitro_bytes value)
{
	add_extension(cert, OBJ_nid2obj(nid), is_critical, value);
}

void
certs_add_unknown(X509 *cert, const char *oid, bool is_critical)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);

	assert_non_null(object);
	add_extension(cert, object, is_critical, UNIT_BYTES("\x05\x00"));
	ASN1_OBJECT_free(object);
}

void
certs_set_serial(X509 *cert, const char *hex)
{
	BIGNUM *number = NULL;

	assert_true(BN_hex2bn(&number, hex) > 0);
	assert_non_null(
	    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)));
	BN_free(number);
}

X509_PUBKEY *
certs_public_key(X509 *cert)
{
	return (X509_PUBKEY *)(uintptr_t)X509_get_X509_PUBKEY(cert);
}

void
certs_set_point(X509 *cert, struct nitro_bytes point)
{
	unsigned char *copy = OPENSSL_memdup(point.ptr, point.len);

	assert_non_null(copy);
	assert_int_equal(
	    X509_PUBKEY_set0_param(certs_public_key(cert),
		OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
		OBJ_nid2obj(NID_secp384r1), copy, (int)point.len),
	    1);
}

void
certs_patch(
    struct nitro_buf *der, struct nitro_bytes what, struct nitro_bytes by)
{
	uint8_t *at = memmem(der->ptr, der->len, what.ptr, what.len);

	assert_non_null(at);
	assert_int_equal(what.len, by.len);
	memcpy(at, by.ptr, by.len);
}

/* Cut one element with its head off; lengths of one to three bytes. */
static struct nitro_bytes
take_element(struct nitro_bytes *in, struct nitro_bytes *content)
{
	size_t head = 2, len;
	struct nitro_bytes element = {0};

	assert_true(in->len >= 4);
	len = in->ptr[1];
	if (len == 0x81) {
		len = in->ptr[2];
		head = 3;
	} else if (len == 0x82) {
		len = (size_t)in->ptr[2] << 8 | in->ptr[3];
		head = 4;
	}
	assert_true(nitro_bytes_take(in, head + len, &element));
	*content = nitro_bytes_slice(element, head, len);
	return element;
}

void
certs_split(struct nitro_bytes der, struct nitro_bytes parts[3])
{
	struct nitro_bytes inside, ignored;

	(void)take_element(&der, &inside);
	assert_int_equal(der.len, 0);
	for (size_t i = 0; i < 3; i++)
		parts[i] = take_element(&inside, &ignored);
	assert_int_equal(inside.len, 0);
}

void
certs_put(struct nitro_buf *out, uint8_t tag, struct nitro_bytes content)
{
	unit_fill(out, tag, 1);
	assert_true(content.len <= UINT16_MAX);
	if (content.len > 255) {
		unit_fill(out, 0x82, 1);
		unit_fill(out, (uint8_t)(content.len >> 8), 1);
	} else if (content.len > 127) {
		unit_fill(out, 0x81, 1);
	}
	unit_fill(out, (uint8_t)content.len, 1);
	unit_append(out, content);
}

void
certs_sign_anew(struct nitro_buf *der, EVP_PKEY *key)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf inside = {0}, bits = {0};
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct nitro_bytes parts[3];
	uint8_t signature[128];
	size_t len = sizeof signature;

	certs_split(nitro_bytes_of_buf(der), parts);
	assert_int_equal(
	    EVP_DigestSignInit_ex(ctx, NULL, "SHA384", NULL, NULL, key, NULL),
	    1);
	assert_int_equal(
	    EVP_DigestSign(ctx, signature, &len, parts[0].ptr, parts[0].len),
	    1);
	EVP_MD_CTX_free(ctx);
	unit_append(&inside, parts[0]);
	unit_append(&inside, parts[1]);
	unit_fill(&bits, 0, 1);
	unit_append(&bits, (struct nitro_bytes){signature, len});
	certs_put(&inside, 0x03, nitro_bytes_of_buf(&bits));
	der->len = 0;
	certs_put(der, 0x30, nitro_bytes_of_buf(&inside));
}

void
certs_remake(struct nitro_buf *der, void (*edit)(X509 *, void *), void *context,
    EVP_PKEY *key)
{
	const unsigned char *at = der->ptr;
	X509 *cert = d2i_X509(NULL, &at, (long)der->len);
	unsigned char *bytes = NULL;
	int len;

	assert_non_null(cert);
	edit(cert, context);
	/* So that i2d_X509() does not write what it has read. */
	assert_true(i2d_re_X509_tbs(cert, NULL) > 0);
	len = i2d_X509(cert, &bytes);
	X509_free(cert);
	assert_true(len > 0);
	der->len = 0;
	unit_append(der, (struct nitro_bytes){bytes, (size_t)len});
	OPENSSL_free(bytes);
	certs_sign_anew(der, key);
}

static void
put_pem(struct nitro_buf *out, const char *label, const char *header,
    struct nitro_bytes der)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len;

	assert_non_null(bio);
	assert_true(
	    PEM_write_bio(bio, label, header, der.ptr, (long)der.len) > 0);
	len = BIO_get_mem_data(bio, &text);
	assert_true(len > 0);
	unit_append(
	    out, (struct nitro_bytes){(const uint8_t *)text, (size_t)len});
	BIO_free(bio);
}

void
certs_put_pem(struct nitro_buf *out, const char *label, struct nitro_bytes der)
{
	put_pem(out, label, "", der);
}

void
certs_put_pem_with_header(
    struct nitro_buf *out, const char *header, struct nitro_bytes der)
{
	put_pem(out, "CERTIFICATE", header, der);
}
