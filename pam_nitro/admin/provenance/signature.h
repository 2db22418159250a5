/* Digests, public keys and signatures as provenance has them, by libcrypto. */
#ifndef NITRO_ADMIN_PROVENANCE_SIGNATURE_H
#define NITRO_ADMIN_PROVENANCE_SIGNATURE_H

#include <openssl/evp.h>

#include "base/bytes.h"

#define NITRO_HASH_LEN_MAX 64

enum nitro_hash {
	NITRO_HASH_NONE = 0,
	NITRO_HASH_SHA256,
	NITRO_HASH_SHA384,
	NITRO_HASH_SHA512,
	NITRO_HASH_COUNT
};

struct nitro_hash_value {
	enum nitro_hash hash; /* NITRO_HASH_NONE: no value */
	uint8_t bytes[NITRO_HASH_LEN_MAX];
};

/* "sha256" and so on; "" for none. */
const char *nitro_hash_name(enum nitro_hash hash);

/* Bytes of a value of that hash; 0 for none. */
size_t nitro_hash_len(enum nitro_hash hash);

/* The hash of that name; NITRO_HASH_NONE where there is none. */
enum nitro_hash nitro_hash_find(const char *name);

struct nitro_bytes nitro_hash_bytes(const struct nitro_hash_value *value);

/* NITRO_E_CRYPTO; *value is then untouched. */
NITRO_MUST_CHECK nitro_err nitro_hash_of(enum nitro_hash hash,
    struct nitro_bytes in, struct nitro_hash_value *value);

/*
 * A SubjectPublicKeyInfo in DER, to its last byte, or an RSAPublicKey
 * (PKCS #1): P-256, P-384, P-521, Ed25519, RSA of 2,048 bits or more.
 * NULL for anything else.
 */
NITRO_MUST_CHECK EVP_PKEY *nitro_key_from_der(struct nitro_bytes der);

/* True for what nitro_key_from_der() takes. */
bool nitro_key_is_supported(const EVP_PKEY *key);

bool nitro_key_is_ed25519(const EVP_PKEY *key);

/* The hash that goes with the key; NITRO_HASH_NONE for Ed25519. */
enum nitro_hash nitro_key_hash(const EVP_PKEY *key);

/* True where both are the same public key. */
bool nitro_key_equal(const EVP_PKEY *a, const EVP_PKEY *b);

/*
 * True where the signature over the whole message verifies. ECDSA in DER,
 * RSA PKCS #1 v1.5; the hash is nitro_key_hash(), Ed25519 is pure.
 */
NITRO_MUST_CHECK bool nitro_signature_verify(
    EVP_PKEY *key, struct nitro_bytes message, struct nitro_bytes signature);

/* The same over a digest; false for Ed25519. */
NITRO_MUST_CHECK bool nitro_signature_verify_digest(EVP_PKEY *key,
    const struct nitro_hash_value *digest, struct nitro_bytes signature);

/* For NITRO_DROP(). */
void nitro_key_drop(EVP_PKEY **key);

#endif
