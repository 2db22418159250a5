/*
 * P-384 by hand: keys, signatures over any bytes, and signatures whose r and
 * s are chosen first and the key afterwards. Everything fails the test where
 * libcrypto fails.
 */
#ifndef UNIT_EC_H
#define UNIT_EC_H

#include <openssl/bn.h>
#include <openssl/evp.h>

#include "base/bytes.h"

#define EC_SIG_LEN 96 /* r || s */

EVP_PKEY *ec_key_make(void);

/* ECDSA with that digest over tbs, as r || s. */
void ec_sign(EVP_PKEY *key, const char *digest, struct nitro_bytes tbs,
    uint8_t out[EC_SIG_LEN]);

/* r || s of two numbers below 2^384. */
void ec_join(const BIGNUM *r, const BIGNUM *s, uint8_t out[EC_SIG_LEN]);

/* Order of the group and prime of the field; owned by the caller. */
BIGNUM *ec_order(void);
BIGNUM *ec_prime(void);

/*
 * A key under which (x mod n, s) is a signature over tbs, where x is the
 * first x-coordinate of a point that is not below *x; *x becomes it.
 *
 * Any point R with that x will do: Q = r^-1 (s R - e G), SEC 1 section 4.1.6.
 */
EVP_PKEY *ec_key_for_signature(
    struct nitro_bytes tbs, BIGNUM *x, const BIGNUM *s);

/* For NITRO_DROP(). */
void ec_drop_key(EVP_PKEY **key);
void ec_drop_number(BIGNUM **number);

#endif
