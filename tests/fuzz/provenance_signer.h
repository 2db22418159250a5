/*
 * One signer for the harnesses of provenance: an Ed25519 key that is the same
 * everywhere, whose signatures are, too. Only what it has signed may be
 * accepted, and it signs in fuzz_seeds() alone.
 */
#ifndef FUZZ_PROVENANCE_SIGNER_H
#define FUZZ_PROVENANCE_SIGNER_H

#include <openssl/evp.h>

#include "base/bytes.h"

/* Made by the first call, and never released. */
EVP_PKEY *provenance_signer(void);

#define PROVENANCE_SIGNATURE_LEN 64
void provenance_sign(
    struct nitro_bytes message, uint8_t signature[PROVENANCE_SIGNATURE_LEN]);

#endif
