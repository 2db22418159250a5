/* SHA-2 of bytes, and the PCR value that one extension of a zero PCR gives. */
#ifndef NITRO_EVIDENCE_DIGEST_H
#define NITRO_EVIDENCE_DIGEST_H

#include "base/bytes.h"

#define NITRO_SHA256_LEN 32
#define NITRO_SHA384_LEN 48

/* NITRO_E_CRYPTO, NITRO_E_MEMORY; out is then untouched. */
NITRO_MUST_CHECK nitro_err nitro_sha256(
    struct nitro_bytes in, uint8_t out[NITRO_SHA256_LEN]);
NITRO_MUST_CHECK nitro_err nitro_sha384(
    struct nitro_bytes in, uint8_t out[NITRO_SHA384_LEN]);

/*
 * SHA-384(48 zero bytes || in): what PCR3 holds for in = the role's ARN and
 * PCR4 for in = the instance id ("Where to get an enclave's measurements",
 * AWS Nitro Enclaves user guide). PCR8 is the same over in = SHA-384 of the
 * signing certificate in DER.
 */
NITRO_MUST_CHECK nitro_err nitro_pcr_of(
    struct nitro_bytes in, uint8_t out[NITRO_SHA384_LEN]);

#endif
