/*
 * The part of libcrypto that a verdict needs, and no more: SHA-384, ECDSA,
 * keys on named curves as SubjectPublicKeyInfo, and SHA-1, by which libcrypto
 * tells certificates apart. Other algorithms that a certificate may name are not
 * there to be found, no openssl.cnf and no environment counts, and a key is read at
 * once instead of being tried on every decoder there is.
 */
#ifndef NITRO_EVIDENCE_CRYPTO_LIBRARY_H
#define NITRO_EVIDENCE_CRYPTO_LIBRARY_H

#include <openssl/types.h>

#include "base/bytes.h"

struct nitro_crypto_library;

/*
 * *library is made on success and released by nitro_crypto_library_free();
 * untouched on error. NITRO_E_CRYPTO, NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_crypto_library_make(
    struct nitro_crypto_library **library);

/* After everything that was made in its context. NULL is ignored. */
void nitro_crypto_library_free(struct nitro_crypto_library *library);

/* Lives as long as the library does. */
OSSL_LIB_CTX *nitro_crypto_library_context(
    const struct nitro_crypto_library *library);

#endif
