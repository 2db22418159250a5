/*
 * COSE_Sign1 as enclave images are signed with it: ES256, ES384 or ES512, by
 * the curve of the signing key (RFC 9053 section 2.1). Attestation documents
 * have ES384 alone and their own reader, evidence/cose_sign1.h.
 */
#ifndef NITRO_ADMIN_EIF_COSE_H
#define NITRO_ADMIN_EIF_COSE_H

#include <openssl/types.h>

#include "base/bytes.h"

/*
 * Verify a message and hand out what was signed.
 *
 * in       1..NITRO_EVIDENCE_MAX bytes, untrusted: the array with or without
 *          tag 18, four elements, definite, protected header exactly {1: -7},
 *          {1: -35} or {1: -36}, unprotected header empty, nothing after it.
 * key      the public key, of the curve that goes with the algorithm.
 * payload  a view into in; untouched on error.
 *
 * NITRO_E_EVIDENCE_SIZE, NITRO_E_CBOR*, NITRO_E_COSE_*, of which
 * NITRO_E_COSE_ALG also where the key is of another curve; NITRO_E_CRYPTO,
 * NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_eif_cose_verify(
    struct nitro_bytes in, EVP_PKEY *key, struct nitro_bytes *payload);

#endif
