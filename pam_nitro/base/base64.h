/*
 * Base64 as strict as it can be written down: one text for one sequence of
 * bytes. libcrypto's decoders take blanks, missing padding and non-zero
 * trailing bits, so this one is our own.
 */
#ifndef NITRO_BASE_BASE64_H
#define NITRO_BASE_BASE64_H

#include "base/bytes.h"

/* Characters of padded base64 for n bytes, without NUL; n <= SIZE_MAX / 2. */
#define NITRO_BASE64_LEN(n) (((n) + 2) / 3 * 4)
/* Characters of unpadded base64 for n bytes, without NUL. */
#define NITRO_BASE64_UNPADDED_LEN(n) (((n)*4 + 2) / 3)

/*
 * Decode padded base64 (RFC 4648 section 4) and append it to out.
 *
 * No blanks, no line ends, no missing or surplus padding, no non-zero
 * trailing bits (RFC 4648 section 3.5). The empty text gives no bytes.
 *
 * NITRO_E_BASE64, NITRO_E_MEMORY; out is then as it was.
 */
NITRO_MUST_CHECK nitro_err nitro_base64_decode(
    struct nitro_bytes text, struct nitro_buf *out);

/* The same for base64url without padding (RFC 4648 section 5). */
NITRO_MUST_CHECK nitro_err nitro_base64url_decode(
    struct nitro_bytes text, struct nitro_buf *out);

/* Append padded base64, unpadded base64, or unpadded base64url of in. */
NITRO_MUST_CHECK nitro_err nitro_base64_encode(
    struct nitro_bytes in, struct nitro_buf *out);
NITRO_MUST_CHECK nitro_err nitro_base64_encode_unpadded(
    struct nitro_bytes in, struct nitro_buf *out);
NITRO_MUST_CHECK nitro_err nitro_base64url_encode(
    struct nitro_bytes in, struct nitro_buf *out);

#endif
