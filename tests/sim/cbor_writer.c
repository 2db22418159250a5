#include "sim/sim.h"

bool
sim_cbor_byte(struct nitro_buf *out, uint8_t byte)
{
	return nitro_buf_append_byte(out, byte) == NITRO_OK;
}

bool
sim_cbor_long_head(
    struct nitro_buf *out, unsigned major, uint64_t value, unsigned size)
{
	uint8_t bytes[9] = {0};
	uint8_t code = size == 1 ? 24 : size == 2 ? 25 : size == 4 ? 26 : 27;

	if (major > 7 || (size != 1 && size != 2 && size != 4 && size != 8))
		return false;
	if (size < 8 && value >> (8 * size) != 0)
		return false;
	bytes[0] = (uint8_t)(major << 5 | code);
	for (unsigned i = 0; i < size; i++)
		bytes[size - i] = (uint8_t)(value >> (8 * i));
	return nitro_buf_append(out, (struct nitro_bytes){bytes, 1 + size}) ==
	       NITRO_OK;
}

bool
sim_cbor_head(struct nitro_buf *out, unsigned major, uint64_t value)
{
	if (major > 7)
		return false;
	if (value < 24)
		return sim_cbor_byte(out, (uint8_t)(major << 5 | value));
	return sim_cbor_long_head(out, major, value,
	    value <= UINT8_MAX    ? 1
	    : value <= UINT16_MAX ? 2
	    : value <= UINT32_MAX ? 4
				  : 8);
}

static bool
write_string(struct nitro_buf *out, unsigned major, struct nitro_bytes in)
{
	size_t start = out->len;

	if (sim_cbor_head(out, major, in.len) &&
	    nitro_buf_append(out, in) == NITRO_OK)
		return true;
	out->len = start;
	return false;
}

bool
sim_cbor_text(struct nitro_buf *out, const char *text)
{
	return write_string(out, 3, nitro_bytes_of_text(text));
}

bool
sim_cbor_bytes(struct nitro_buf *out, struct nitro_bytes in)
{
	return write_string(out, 2, in);
}
