#include "admin/provenance/signature.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

enum { RSA_BITS_MIN = 2048 };

static const struct {
	const char *name, *openssl;
	size_t len;
} hashes[NITRO_HASH_COUNT] = {
    [NITRO_HASH_NONE] = {"", "", 0},
    [NITRO_HASH_SHA256] = {"sha256", "SHA256", 32},
    [NITRO_HASH_SHA384] = {"sha384", "SHA384", 48},
    [NITRO_HASH_SHA512] = {"sha512", "SHA512", 64},
};

static void
drop_md_ctx(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

static void
drop_key_ctx(EVP_PKEY_CTX **ctx)
{
	EVP_PKEY_CTX_free(*ctx);
}

void
nitro_key_drop(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

const char *
nitro_hash_name(enum nitro_hash hash)
{
	return hashes[hash].name;
}

size_t
nitro_hash_len(enum nitro_hash hash)
{
	return hashes[hash].len;
}

enum nitro_hash
nitro_hash_find(const char *name)
{
	for (size_t i = NITRO_HASH_SHA256; i < NITRO_HASH_COUNT; i++)
		if (strcmp(hashes[i].name, name) == 0)
			return (enum nitro_hash)i;
	return NITRO_HASH_NONE;
}

struct nitro_bytes
nitro_hash_bytes(const struct nitro_hash_value *value)
{
	return (struct nitro_bytes){value->bytes, hashes[value->hash].len};
}

nitro_err
nitro_hash_of(
    enum nitro_hash hash, struct nitro_bytes in, struct nitro_hash_value *value)
{
	struct nitro_hash_value made = {.hash = hash};
	size_t len = 0;

	if (hash == NITRO_HASH_NONE ||
	    EVP_Q_digest(NULL, hashes[hash].openssl, NULL, in.ptr, in.len,
		made.bytes, &len) != 1 ||
	    len != hashes[hash].len)
		return NITRO_E_CRYPTO;
	*value = made;
	return NITRO_OK;
}

static const char *
curve_of(const EVP_PKEY *key, char name[32])
{
	size_t len = 0;

	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
	    EVP_PKEY_get_group_name(key, name, 32, &len) != 1)
		return "";
	return name;
}

bool
nitro_key_is_ed25519(const EVP_PKEY *key)
{
	return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
}

enum nitro_hash
nitro_key_hash(const EVP_PKEY *key)
{
	char name[32] = "";
	const char *curve = curve_of(key, name);

	if (strcmp(curve, "prime256v1") == 0)
		return NITRO_HASH_SHA256;
	if (strcmp(curve, "secp384r1") == 0)
		return NITRO_HASH_SHA384;
	if (strcmp(curve, "secp521r1") == 0)
		return NITRO_HASH_SHA512;
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
	    EVP_PKEY_get_bits(key) >= RSA_BITS_MIN)
		return NITRO_HASH_SHA256;
	return NITRO_HASH_NONE;
}

bool
nitro_key_is_supported(const EVP_PKEY *key)
{
	return nitro_key_is_ed25519(key) ||
	       nitro_key_hash(key) != NITRO_HASH_NONE;
}

bool
nitro_key_equal(const EVP_PKEY *a, const EVP_PKEY *b)
{
	return EVP_PKEY_eq(a, b) == 1;
}

EVP_PKEY *
nitro_key_from_der(struct nitro_bytes der)
{
	NITRO_DROP(nitro_key_drop) EVP_PKEY *key = NULL;
	const unsigned char *at = der.ptr;
	EVP_PKEY *made;

	if (der.len == 0 || der.len > LONG_MAX)
		return NULL;
	if ((key = d2i_PUBKEY(NULL, &at, (long)der.len)) == NULL) {
		at = der.ptr;
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)der.len);
	}
	ERR_clear_error();
	if (key == NULL || (size_t)(at - der.ptr) != der.len ||
	    !nitro_key_is_supported(key))
		return NULL;
	made = key;
	key = NULL;
	return made;
}

bool
nitro_signature_verify(
    EVP_PKEY *key, struct nitro_bytes message, struct nitro_bytes signature)
{
	NITRO_DROP(drop_md_ctx) EVP_MD_CTX *md = EVP_MD_CTX_new();
	const enum nitro_hash hash = nitro_key_hash(key);
	bool is_good;

	if (md == NULL || signature.len == 0 || !nitro_key_is_supported(key))
		return false;
	is_good = EVP_DigestVerifyInit_ex(md, NULL,
		      hash == NITRO_HASH_NONE ? NULL : hashes[hash].openssl,
		      NULL, NULL, key, NULL) == 1 &&
		  EVP_DigestVerify(md, signature.ptr, signature.len,
		      message.ptr, message.len) == 1;
	ERR_clear_error();
	return is_good;
}

bool
nitro_signature_verify_digest(EVP_PKEY *key,
    const struct nitro_hash_value *digest, struct nitro_bytes signature)
{
	NITRO_DROP(drop_key_ctx)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	const EVP_MD *md = EVP_get_digestbyname(hashes[digest->hash].openssl);
	bool is_good;

	if (ctx == NULL || md == NULL || signature.len == 0 ||
	    nitro_key_hash(key) == NITRO_HASH_NONE)
		return false;
	is_good = EVP_PKEY_verify_init(ctx) == 1 &&
		  (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA ||
		      EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) ==
			  1) &&
		  EVP_PKEY_CTX_set_signature_md(ctx, md) == 1 &&
		  EVP_PKEY_verify(ctx, signature.ptr, signature.len,
		      digest->bytes, hashes[digest->hash].len) == 1;
	ERR_clear_error();
	return is_good;
}
