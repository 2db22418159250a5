/*
 * Trust anchors, and the X.509 path from one of them to the certificate that
 * signed a document. X.509 is parsed here and in cert_facts.c, nowhere else.
 */
#ifndef NITRO_EVIDENCE_CERT_CHAIN_H
#define NITRO_EVIDENCE_CERT_CHAIN_H

#include <openssl/types.h>

#include "base/bytes.h"
#include "evidence/digest.h"
#include "evidence/document.h"

#define NITRO_TRUST_ANCHORS_MAX 8

/* The configured roots, with a library of their own (evidence/crypto_library.h). */
struct nitro_trust_anchors;

/*
 * Read 1..NITRO_TRUST_ANCHORS_MAX certificates in PEM.
 *
 * Each must be self-issued, CA:TRUE with keyCertSign, X.509 v3,
 * P-384 uncompressed, ecdsa-with-SHA384; no two equal; nothing else in the
 * file but text between the PEM blocks.
 *
 * *anchors is made on success and released by nitro_trust_anchors_free();
 * untouched on error.
 *
 * NITRO_E_TRUST_ANCHORS, NITRO_E_CRYPTO, NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_trust_anchors_parse(
    struct nitro_bytes pem, struct nitro_trust_anchors **anchors);

/*
 * Each must be signed by its own key. That a root is what the administrator put
 * there is told by its bytes, which a document must repeat, so a login does
 * not pay for this; whoever loads a file to judge it does.
 * NITRO_E_TRUST_ANCHORS, NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_trust_anchors_check_signatures(
    const struct nitro_trust_anchors *anchors);

void nitro_trust_anchors_free(struct nitro_trust_anchors *anchors);
void nitro_trust_anchors_drop(struct nitro_trust_anchors **anchors);

size_t nitro_trust_anchors_count(const struct nitro_trust_anchors *anchors);

/*
 * SHA-256 over the DER of root i, as openssl x509 -fingerprint -sha256 has it.
 * False where there is no root i.
 */
NITRO_MUST_CHECK bool nitro_trust_anchors_fingerprint(
    const struct nitro_trust_anchors *anchors, size_t i,
    uint8_t out[NITRO_SHA256_LEN]);

OSSL_LIB_CTX *nitro_trust_anchors_lib(
    const struct nitro_trust_anchors *anchors);

/*
 * Verify the path from the anchor that is byte-equal to cabundle[0], over the other
 * certificates of the cabundle in their order, to the signing certificate.
 *
 * time_s  seconds since 1970 at which every certificate must be valid.
 * *key    the signing certificate's P-384 public key, made on success and
 *         released by EVP_PKEY_free(); untouched on error.
 *
 * Nothing from the document is ever an anchor. No CRL is looked at: AWS
 * says that there is none for this chain ("Verifying the root of trust").
 *
 * NITRO_E_ROOT, NITRO_E_CERT*, NITRO_E_CRYPTO, NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_cert_chain_verify(
    const struct nitro_trust_anchors *anchors, const struct nitro_document *doc,
    int64_t time_s, EVP_PKEY **key);

#endif
