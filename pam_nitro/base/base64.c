#include "base/base64.h"

static const char standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int
sextet(uint8_t c, const char *alphabet)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (uint8_t)alphabet[62])
		return 62;
	if (c == (uint8_t)alphabet[63])
		return 63;
	return -1;
}

/* 2 to 4 characters to 1 to 3 bytes. The bits that are left over must be 0. */
static bool
decode_group(struct nitro_bytes group, const char *alphabet, uint8_t *out)
{
	uint32_t bits = 0;
	int value;

	for (size_t i = 0; i < 4; i++) {
		value = i < group.len ? sextet(group.ptr[i], alphabet) : 0;
		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
	}
	out[0] = (uint8_t)(bits >> 16);
	out[1] = (uint8_t)(bits >> 8);
	out[2] = (uint8_t)bits;
	return (group.len > 3 || out[2] == 0) && (group.len > 2 || out[1] == 0);
}

static nitro_err
decode_unpadded(
    struct nitro_bytes text, const char *alphabet, struct nitro_buf *out)
{
	size_t start = out->len;
	struct nitro_bytes group;
	uint8_t bytes[3];
	nitro_err err;

	if (text.len % 4 == 1)
		return NITRO_E_BASE64;
	if ((err = nitro_buf_reserve(out, start + text.len / 4 * 3 + 3)) !=
	    NITRO_OK)
		return err;
	while (text.len > 0) {
		if (!nitro_bytes_take(
			&text, text.len < 4 ? text.len : 4, &group) ||
		    !decode_group(group, alphabet, bytes))
			err = NITRO_E_BASE64;
		else
			err = nitro_buf_append(
			    out, (struct nitro_bytes){bytes, group.len - 1});
		if (err != NITRO_OK) {
			out->len = start;
			return err;
		}
	}
	return NITRO_OK;
}

nitro_err
nitro_base64_decode(struct nitro_bytes text, struct nitro_buf *out)
{
	size_t padding = 0;

	if (text.len % 4 != 0)
		return NITRO_E_BASE64;
	while (padding < 2 && padding < text.len &&
	       text.ptr[text.len - 1 - padding] == '=')
		padding++;
	return decode_unpadded(
	    nitro_bytes_slice(text, 0, text.len - padding), standard, out);
}

nitro_err
nitro_base64url_decode(struct nitro_bytes text, struct nitro_buf *out)
{
	return decode_unpadded(text, url_safe, out);
}

static nitro_err
encode_group(struct nitro_bytes group, const char *alphabet, bool is_padded,
    struct nitro_buf *out)
{
	uint32_t bits = 0;
	uint8_t text[4];
	size_t n;

	for (size_t i = 0; i < 3; i++)
		bits = bits << 8 | (i < group.len ? group.ptr[i] : 0u);
	for (size_t i = 0; i < 4; i++)
		text[i] = i <= group.len
			      ? (uint8_t)alphabet[bits >> (18 - 6 * i) & 63]
			      : (uint8_t)'=';
	n = is_padded ? 4 : group.len + 1;
	return nitro_buf_append(out, (struct nitro_bytes){text, n});
}

static nitro_err
encode(struct nitro_bytes in, const char *alphabet, bool is_padded,
    struct nitro_buf *out)
{
	size_t start = out->len;
	struct nitro_bytes group;
	nitro_err err;

	if (in.len > SIZE_MAX / 4 - start)
		return NITRO_E_MEMORY;
	err = nitro_buf_reserve(out, start + NITRO_BASE64_LEN(in.len));
	while (err == NITRO_OK && in.len > 0) {
		if (!nitro_bytes_take(&in, in.len < 3 ? in.len : 3, &group))
			err = NITRO_E_INTERNAL;
		else
			err = encode_group(group, alphabet, is_padded, out);
	}
	if (err != NITRO_OK)
		out->len = start;
	return err;
}

nitro_err
nitro_base64_encode(struct nitro_bytes in, struct nitro_buf *out)
{
	return encode(in, standard, true, out);
}

nitro_err
nitro_base64_encode_unpadded(struct nitro_bytes in, struct nitro_buf *out)
{
	return encode(in, standard, false, out);
}

nitro_err
nitro_base64url_encode(struct nitro_bytes in, struct nitro_buf *out)
{
	return encode(in, url_safe, false, out);
}
