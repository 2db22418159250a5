/* The signature section of an enclave image. */
#ifndef NITRO_ADMIN_EIF_SIGNATURE_H
#define NITRO_ADMIN_EIF_SIGNATURE_H

#include "admin/image/eif.h"

/*
 * Read the section and judge it against the image's PCR0.
 *
 * section  its content: a CBOR array of {"signing_certificate": PEM,
 *          "signature": COSE_Sign1}, both as arrays of numbers; exactly one.
 * eif      pcr0 is read; signature, signature_fault, certificate and pcr8 are
 *          written on success, and of no use after an error.
 *
 * NITRO_E_CBOR*, NITRO_E_CERT: the section cannot be read. A signature that
 * can be read and does not verify is no error but
 * NITRO_EIF_SIGNATURE_INVALID. NITRO_E_CRYPTO, NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_eif_signature_judge(
    struct nitro_bytes section, struct nitro_eif *eif);

#endif
