/* Hexadecimal text (RFC 4648 section 8), both cases read, lower case written. */
#ifndef NITRO_BASE_HEX_H
#define NITRO_BASE_HEX_H

#include "base/bytes.h"

/*
 * Read exactly out_len bytes from exactly 2 * out_len hex digits.
 * False, and out untouched, for any other length or character: no blanks, no
 * "0x", no colons.
 */
NITRO_MUST_CHECK bool nitro_hex_decode(
    struct nitro_bytes text, uint8_t *out, size_t out_len);

/*
 * Write in as hex digits and a NUL.
 * out has room for out_size >= 2 * in.len + 1; with less, out is the empty text.
 */
void nitro_hex_encode(struct nitro_bytes in, char *out, size_t out_size);

#endif
