#include "fuzz/der.h"

#include "fuzz/fuzz.h"

#define LONG 0x80 /* the length is in so many bytes that follow */

bool
fuzz_der_take(struct nitro_bytes *in, struct fuzz_der *item)
{
	struct nitro_bytes rest = *in, part;
	struct fuzz_der found;
	size_t len;

	if (!nitro_bytes_take(&rest, 2, &part))
		return false;
	found.tag = part.ptr[0];
	len = part.ptr[1];
	if (len == LONG || len > LONG + 2)
		return false;
	if (len > LONG) {
		if (!nitro_bytes_take(&rest, len - LONG, &part))
			return false;
		len = part.len == 1 ? part.ptr[0]
				    : (size_t)part.ptr[0] << 8 | part.ptr[1];
	}
	if (!nitro_bytes_take(&rest, len, &found.content) ||
	    !nitro_bytes_take(in, in->len - rest.len, &found.whole))
		return false;
	*item = found;
	return true;
}

void
fuzz_der_put(struct nitro_buf *out, uint8_t tag, struct nitro_bytes content)
{
	fuzz_append_byte(out, tag);
	if (content.len >= LONG) {
		fuzz_append_byte(out, content.len > 0xff ? LONG + 2 : LONG + 1);
		if (content.len > 0xff)
			fuzz_append_byte(out, (uint8_t)(content.len >> 8));
	}
	fuzz_append_byte(out, (uint8_t)content.len);
	fuzz_append(out, content);
}
