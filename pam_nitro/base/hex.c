#include "base/hex.h"

static int
digit_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
nitro_hex_decode(struct nitro_bytes text, uint8_t *out, size_t out_len)
{
	if (out_len > SIZE_MAX / 2 || text.len != 2 * out_len)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (digit_value(text.ptr[i]) < 0)
			return false;
	for (size_t i = 0; i < out_len; i++)
		out[i] = (uint8_t)((unsigned)digit_value(text.ptr[2 * i]) << 4 |
				   (unsigned)digit_value(text.ptr[2 * i + 1]));
	return true;
}

void
nitro_hex_encode(struct nitro_bytes in, char *out, size_t out_size)
{
	static const char digits[] = "0123456789abcdef";

	if (out_size == 0)
		return;
	out[0] = '\0';
	if (in.len > (out_size - 1) / 2)
		return;
	for (size_t i = 0; i < in.len; i++) {
		out[2 * i] = digits[in.ptr[i] >> 4];
		out[2 * i + 1] = digits[in.ptr[i] & 15];
	}
	out[2 * in.len] = '\0';
}
