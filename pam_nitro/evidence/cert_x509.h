/*
 * One X.509 certificate in libcrypto's form, and what a certificate of the
 * chain must be. For the cert_*.c files alone.
 */
#ifndef NITRO_EVIDENCE_CERT_X509_H
#define NITRO_EVIDENCE_CERT_X509_H

#include <openssl/x509.h>

#include "base/bytes.h"

/*
 * Parse one certificate in DER to its last byte.
 * lib    the library context that its key will belong to.
 * *cert  made on success, released by X509_free(); untouched on error.
 * NITRO_E_CERT, NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_cert_parse(
    struct nitro_bytes der, OSSL_LIB_CTX *lib, X509 **cert);

/*
 * X.509 v3, positive serial number of at most 20 bytes (RFC 5280 section
 * 4.1.2.2), issuer and subject not empty, ecdsa-with-SHA384, an uncompressed point on
 * the named curve P-384, no broken or duplicate extension.
 * NITRO_E_CERT, NITRO_E_CERT_ALG.
 */
NITRO_MUST_CHECK nitro_err nitro_cert_check_common(X509 *cert);

/*
 * Critical basicConstraints with CA:TRUE and no absurd pathLen, keyUsage
 * with keyCertSign. NITRO_E_CERT_CA.
 */
NITRO_MUST_CHECK nitro_err nitro_cert_check_ca(X509 *cert);

/*
 * basicConstraints with CA:FALSE, keyUsage with digitalSignature and
 * without keyCertSign, no extended key usage. NITRO_E_CERT_LEAF.
 */
NITRO_MUST_CHECK nitro_err nitro_cert_check_leaf(X509 *cert);

/*
 * notBefore <= time_s < notAfter, as X509_verify_cert() has it, and both in the one
 * form that RFC 5280 section 4.1.2.5 allows, from 1970 on.
 *
 * Not libcrypto's own check: that one goes through gmtime_r(3), which opens
 * the host's time zone and takes a lock, and there is neither a file nor a
 * thread to release the lock in the sandbox.
 *
 * NITRO_E_CERT_TIME.
 */
NITRO_MUST_CHECK nitro_err nitro_cert_check_time(
    const X509 *cert, int64_t time_s);

/* For NITRO_DROP(). */
void nitro_x509_drop(X509 **cert);

#endif
