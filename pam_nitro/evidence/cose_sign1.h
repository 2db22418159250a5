/* COSE_Sign1 with ES384 (RFC 9052 section 4.2, RFC 9053 section 2.1). */
#ifndef NITRO_EVIDENCE_COSE_SIGN1_H
#define NITRO_EVIDENCE_COSE_SIGN1_H

#include <openssl/types.h>

#include "base/bytes.h"
#include "evidence/limits.h"

#define NITRO_ES384_SIG_LEN 96 /* r || s, 48 bytes each */

struct nitro_cose_sign1 {
	struct nitro_bytes protected_header; /* content of the byte string */
	struct nitro_bytes payload;          /* content of the byte string */
	struct nitro_bytes signature;        /* NITRO_ES384_SIG_LEN bytes */
};

/*
 * Parse one COSE_Sign1 message.
 *
 * in   1..NITRO_EVIDENCE_MAX bytes from the client, untrusted.
 * msg  views into in: valid while in's bytes live; untouched on error.
 *
 * Takes the array with or without the one-byte tag 18, four elements,
 * definite, protected header exactly {1: -35}, unprotected header empty, and no byte
 * after the array. Verifies nothing.
 *
 * NITRO_E_EVIDENCE_SIZE, NITRO_E_CBOR*, NITRO_E_COSE_*.
 */
NITRO_MUST_CHECK nitro_err nitro_cose_parse(
    struct nitro_bytes in, struct nitro_cose_sign1 *msg);

/*
 * Append the Sig_structure ["Signature1", protected, h'', payload] over the
 * bytes as they were received (RFC 9052 section 4.4).
 * NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_cose_sig_structure(
    const struct nitro_cose_sign1 *msg, struct nitro_buf *out);

/*
 * Verify the signature with a P-384 public key.
 * lib  the library context of nitro_trust_anchors_lib().
 * NITRO_OK, NITRO_E_COSE_SIG, NITRO_E_COSE_SIG_LEN, NITRO_E_CRYPTO,
 * NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_cose_verify(
    const struct nitro_cose_sign1 *msg, EVP_PKEY *key, OSSL_LIB_CTX *lib);

#endif
