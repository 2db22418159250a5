/* Items of DER (X.690 section 10), as certificates have them: up to 64 KiB. */
#ifndef FUZZ_DER_H
#define FUZZ_DER_H

#include "base/bytes.h"

struct fuzz_der {
	uint8_t tag;
	struct nitro_bytes whole, content;
};

/* Cut one item off; false, and nothing changed, where there is none. */
NITRO_MUST_CHECK bool fuzz_der_take(
    struct nitro_bytes *in, struct fuzz_der *item);

/* Append an item, its length in the shortest form. */
void fuzz_der_put(
    struct nitro_buf *out, uint8_t tag, struct nitro_bytes content);

#endif
