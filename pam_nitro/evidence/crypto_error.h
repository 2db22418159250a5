/* What libcrypto's queue of errors adds to a reason of ours. */
#ifndef NITRO_EVIDENCE_CRYPTO_ERROR_H
#define NITRO_EVIDENCE_CRYPTO_ERROR_H

#include "base/bytes.h"

/*
 * The reason itself, or NITRO_E_MEMORY in place of a failure in whose course
 * libcrypto found no memory: the document is not to blame for that, nor is
 * the file. Leaves the queue empty, as it belongs to the host.
 */
NITRO_MUST_CHECK nitro_err nitro_crypto_reason(nitro_err err);

#endif
