/* What a certificate says of itself, for people to read. Nothing is verified. */
#ifndef NITRO_EVIDENCE_CERT_FACTS_H
#define NITRO_EVIDENCE_CERT_FACTS_H

#include <openssl/types.h>

#include "base/bytes.h"
#include "evidence/digest.h"

struct nitro_cert_facts {
	char subject[160]; /* common name; printable ASCII, cut, "" if none */
	char issuer[160];
	int64_t not_before_s; /* since 1970 */
	int64_t not_after_s;
	bool is_ca;
	long path_len;                    /* -1 where there is none */
	char key[32];                     /* "P-384", "RSA 2048", ... */
	uint8_t sha256[NITRO_SHA256_LEN]; /* over the DER */
};

/* NITRO_E_CERT, NITRO_E_CRYPTO, NITRO_E_MEMORY; facts is then untouched. */
NITRO_MUST_CHECK nitro_err nitro_cert_facts(
    struct nitro_bytes der, struct nitro_cert_facts *facts);

/*
 * The DER of the one certificate in a PEM file, appended to der.
 * NITRO_E_CERT where the file has none, two, or something else.
 */
NITRO_MUST_CHECK nitro_err nitro_cert_from_pem(
    struct nitro_bytes pem, struct nitro_buf *der);

/*
 * The public key of a certificate in DER, in the default library context.
 * *key is made on success and released by EVP_PKEY_free(); untouched on error.
 * NITRO_E_CERT, NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_cert_public_key(
    struct nitro_bytes der, EVP_PKEY **key);

#endif
