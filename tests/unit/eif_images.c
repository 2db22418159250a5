#include "unit/eif_images.h"

#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "sim/sim.h"
#include "unit/unit.h"

void
eif_put(struct nitro_buf *image, size_t at, uint64_t value, size_t width)
{
	assert_true(at + width <= image->len);
	for (size_t i = 0; i < width; i++)
		image->ptr[at + i] = (uint8_t)(value >> (8 * (width - 1 - i)));
}

void
eif_seal(struct nitro_buf *image)
{
	uLong crc = crc32(0, NULL, 0);

	crc = crc32(crc, image->ptr, EIF_CRC_AT);
	if (image->len > EIF_HEADER_LEN)
		crc = crc32(crc, image->ptr + EIF_HEADER_LEN,
		    (uInt)(image->len - EIF_HEADER_LEN));
	eif_put(image, EIF_CRC_AT, crc, 4);
}

void
eif_append(struct nitro_buf *image, const struct eif_section *section)
{
	const size_t at = image->len;
	const unsigned i = (unsigned)image->ptr[EIF_COUNT_AT] << 8 |
			   image->ptr[EIF_COUNT_AT + 1];

	unit_fill(image, 0, EIF_SECTION_HEADER_LEN);
	eif_put(image, at, section->type, 2);
	eif_put(image, at + 4, section->content.len, 8);
	unit_append(image, section->content);
	eif_put(image, EIF_COUNT_AT, i + 1, 2);
	if (i >= 32)
		return;
	eif_put(image, EIF_OFFSETS_AT + 8 * i, at, 8);
	eif_put(image, EIF_LENGTHS_AT + 8 * i, section->content.len, 8);
}

void
eif_make(unsigned version, const struct eif_section *sections, size_t count,
    struct nitro_buf *out)
{
	unit_fill(out, 0, EIF_HEADER_LEN);
	memcpy(out->ptr, ".eif", 4);
	eif_put(out, 4, version, 2);
	for (size_t i = 0; i < count; i++)
		eif_append(out, &sections[i]);
	eif_seal(out);
}

int
eif_open(struct nitro_bytes image)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, image.ptr, image.len), image.len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static X509 *
certify(EVP_PKEY *key)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_NAME_new();

	assert_non_null(cert);
	assert_non_null(name);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
			     (const unsigned char *)"image signer", -1, -1, 0),
	    1);
	assert_int_equal(X509_set_subject_name(cert, name), 1);
	assert_int_equal(X509_set_issuer_name(cert, name), 1);
	X509_NAME_free(name);
	assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 1), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 3600));
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, key, EVP_sha384()) > 0);
	return cert;
}

void
eif_signer_make(const char *curve, struct eif_signer *signer)
{
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned char *der = NULL;
	char *pem = NULL;
	X509 *cert;
	long len;

	signer->key = strcmp(curve, "RSA") == 0 ? EVP_RSA_gen(2048)
						: EVP_EC_gen(curve);
	assert_non_null(signer->key);
	cert = certify(signer->key);
	len = i2d_X509(cert, &der);
	assert_true(len > 0);
	unit_append(&signer->der, (struct nitro_bytes){der, (size_t)len});
	assert_non_null(bio);
	assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
	len = BIO_get_mem_data(bio, &pem);
	unit_append(&signer->pem,
	    (struct nitro_bytes){(const uint8_t *)pem, (size_t)len});
	OPENSSL_free(der);
	BIO_free(bio);
	X509_free(cert);
}

void
eif_signer_drop(struct eif_signer *signer)
{
	EVP_PKEY_free(signer->key);
	nitro_buf_drop(&signer->pem);
	nitro_buf_drop(&signer->der);
	*signer = (struct eif_signer){0};
}

static void
put_numbers(struct nitro_buf *out, struct nitro_bytes in)
{
	assert_true(sim_cbor_head(out, 4, in.len));
	for (size_t i = 0; i < in.len; i++)
		assert_true(sim_cbor_head(out, 0, in.ptr[i]));
}

static size_t
integer_len(const struct eif_signer *signer)
{
	return ((size_t)EVP_PKEY_get_bits(signer->key) + 7) / 8;
}

static const char *
protected_header(const struct eif_signing *signing)
{
	if (signing->protected_header != NULL)
		return signing->protected_header;
	switch (integer_len(signing->signer)) {
	case 32:
		return "\xa1\x01\x26";
	case 66:
		return "\xa1\x01\x38\x23";
	}
	return "\xa1\x01\x38\x22";
}

static const char *
digest(const struct eif_signing *signing)
{
	if (signing->digest != NULL)
		return signing->digest;
	switch (integer_len(signing->signer)) {
	case 32:
		return "SHA256";
	case 66:
		return "SHA512";
	}
	return "SHA384";
}

/* r || s, or for RSA whatever comes out. */
static void
put_signature(const struct eif_signing *signing, struct nitro_bytes tbs,
    struct nitro_buf *out)
{
	const size_t n = integer_len(signing->signer);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t der[512], half[132];
	const uint8_t *at = der;
	size_t len = sizeof der;
	ECDSA_SIG *sig;

	assert_non_null(md);
	assert_int_equal(EVP_DigestSignInit_ex(md, NULL, digest(signing), NULL,
			     NULL, signing->signer->key, NULL),
	    1);
	assert_int_equal(EVP_DigestSign(md, der, &len, tbs.ptr, tbs.len), 1);
	EVP_MD_CTX_free(md);
	sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
	if (sig ==
	    NULL) { /* RSA: 96 bytes of it, so that the length is right */
		unit_append(out, (struct nitro_bytes){der, 96});
		return;
	}
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), half, (int)n), n);
	unit_append(out, (struct nitro_bytes){half, n});
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), half, (int)n), n);
	unit_append(out, (struct nitro_bytes){half, n});
	ECDSA_SIG_free(sig);
}

static void
put_payload(const struct eif_signing *signing, struct nitro_buf *out)
{
	assert_true(sim_cbor_head(out, 5, 2));
	assert_true(sim_cbor_text(out, "register_index"));
	assert_true(sim_cbor_head(out, 0, signing->register_index));
	assert_true(sim_cbor_text(out, "register_value"));
	put_numbers(out, signing->pcr0);
}

static void
put_cose(const struct eif_signing *signing, struct nitro_buf *out)
{
	const struct nitro_bytes header = nitro_bytes_of_text(
	    protected_header(signing));
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf payload = {0}, tbs = {0}, signature = {0};

	put_payload(signing, &payload);
	assert_true(sim_cbor_head(&tbs, 4, 4));
	assert_true(sim_cbor_text(&tbs, "Signature1"));
	assert_true(sim_cbor_bytes(&tbs, header));
	assert_true(sim_cbor_bytes(&tbs, (struct nitro_bytes){0}));
	assert_true(sim_cbor_bytes(&tbs, nitro_bytes_of_buf(&payload)));
	put_signature(signing, nitro_bytes_of_buf(&tbs), &signature);
	if (signing->is_flipped)
		signature.ptr[signature.len - 1] ^= 1;
	if (signing->is_long)
		unit_fill(&signature, 0, 2);

	if (signing->has_tag)
		unit_fill(out, 0xd2, 1);
	assert_true(sim_cbor_head(out, 4, 4));
	assert_true(sim_cbor_bytes(out, header));
	assert_true(sim_cbor_head(out, 5, signing->has_unprotected ? 1 : 0));
	if (signing->has_unprotected) {
		assert_true(sim_cbor_head(out, 0, 4));
		assert_true(sim_cbor_bytes(out, UNIT_BYTES("kid")));
	}
	assert_true(sim_cbor_bytes(out, nitro_bytes_of_buf(&payload)));
	assert_true(sim_cbor_bytes(out, nitro_bytes_of_buf(&signature)));
	if (signing->has_rest)
		unit_fill(out, 0, 1);
}

void
eif_sign(const struct eif_signing *signing, struct nitro_buf *section)
{
	const unsigned count = signing->is_twice ? 2 : 1;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf cose = {0};

	put_cose(signing, &cose);
	assert_true(sim_cbor_head(section, 4, count));
	for (unsigned i = 0; i < count; i++) {
		assert_true(sim_cbor_head(section, 5, 2));
		assert_true(sim_cbor_text(section, "signing_certificate"));
		put_numbers(
		    section, signing->certificate.len > 0
				 ? signing->certificate
				 : nitro_bytes_of_buf(&signing->signer->pem));
		assert_true(sim_cbor_text(section, "signature"));
		put_numbers(section, nitro_bytes_of_buf(&cose));
	}
}
