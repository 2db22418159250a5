#include "base/base64.h"

#include <string.h>

static const char standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#define NO_SEXTET 0xff
#define GROUPS_AT_ONCE 256

/* What each byte stands for; comparing would be slow, as nothing is likelier. */
struct sextets {
	uint8_t of[UINT8_MAX + 1];
};

static void
make_sextets(const char *alphabet, struct sextets *sextets)
{
	memset(sextets->of, NO_SEXTET, sizeof sextets->of);
	for (uint8_t i = 0; i < 64; i++)
		sextets->of[(uint8_t)alphabet[i]] = i;
}

/* 2 to 4 characters to 1 to 3 bytes. The bits that are left over must be 0. */
static bool
decode_group(
    struct nitro_bytes group, const struct sextets *sextets, uint8_t out[3])
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		const uint8_t value = i < group.len ? sextets->of[group.ptr[i]]
						    : 0;

		if (value == NO_SEXTET)
			return false;
		bits = bits << 6 | value;
	}
	out[0] = (uint8_t)(bits >> 16);
	out[1] = (uint8_t)(bits >> 8);
	out[2] = (uint8_t)bits;
	return (group.len > 3 || out[2] == 0) && (group.len > 2 || out[1] == 0);
}

/* At most GROUPS_AT_ONCE groups, appended. */
static nitro_err
decode_groups(struct nitro_bytes text, const struct sextets *sextets,
    struct nitro_buf *out)
{
	uint8_t bytes[3 * GROUPS_AT_ONCE];
	size_t len = 0;

	for (size_t at = 0; at < text.len; at += 4) {
		const struct nitro_bytes group = nitro_bytes_slice(text, at, 4);

		if (!decode_group(group, sextets, &bytes[len]))
			return NITRO_E_BASE64;
		len += group.len - 1;
	}
	return nitro_buf_append(out, (struct nitro_bytes){bytes, len});
}

static nitro_err
decode_unpadded(
    struct nitro_bytes text, const char *alphabet, struct nitro_buf *out)
{
	const size_t start = out->len, step = 4 * (size_t)GROUPS_AT_ONCE;
	struct sextets sextets;
	nitro_err err;

	if (text.len % 4 == 1)
		return NITRO_E_BASE64;
	make_sextets(alphabet, &sextets);
	err = nitro_buf_reserve(out, start + text.len / 4 * 3 + 3);
	for (size_t at = 0; err == NITRO_OK && at < text.len; at += step)
		err = decode_groups(
		    nitro_bytes_slice(text, at, step), &sextets, out);
	if (err != NITRO_OK)
		out->len = start;
	return err;
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
	const size_t start = out->len;
	nitro_err err;

	if (in.len > SIZE_MAX / 4 - start)
		return NITRO_E_MEMORY;
	err = nitro_buf_reserve(out, start + NITRO_BASE64_LEN(in.len));
	for (size_t at = 0; err == NITRO_OK && at < in.len; at += 3)
		err = encode_group(
		    nitro_bytes_slice(in, at, 3), alphabet, is_padded, out);
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
