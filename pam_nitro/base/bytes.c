#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

struct nitro_bytes
nitro_bytes_of_text(const char *text)
{
	if (text == NULL)
		return (struct nitro_bytes){0};
	return (struct nitro_bytes){(const uint8_t *)text, strlen(text)};
}

struct nitro_bytes
nitro_bytes_of_buf(const struct nitro_buf *buf)
{
	return (struct nitro_bytes){buf->ptr, buf->len};
}

bool
nitro_bytes_take(struct nitro_bytes *in, size_t n, struct nitro_bytes *out)
{
	if (n > in->len)
		return false;
	*out = (struct nitro_bytes){in->ptr, n};
	if (n > 0)
		in->ptr += n;
	in->len -= n;
	return true;
}

bool
nitro_bytes_take_until(
    struct nitro_bytes *in, uint8_t separator, struct nitro_bytes *out)
{
	struct nitro_bytes skipped;
	size_t n = 0;

	while (n < in->len && in->ptr[n] != separator)
		n++;
	if (n == in->len)
		return false;
	return nitro_bytes_take(in, n, out) &&
	       nitro_bytes_take(in, 1, &skipped);
}

struct nitro_bytes
nitro_bytes_slice(struct nitro_bytes in, size_t offset, size_t n)
{
	struct nitro_bytes skipped;

	if (!nitro_bytes_take(&in, offset, &skipped))
		return (struct nitro_bytes){0};
	in.len = n < in.len ? n : in.len;
	return in;
}

bool
nitro_bytes_equal(struct nitro_bytes a, struct nitro_bytes b)
{
	volatile uint64_t differs = 0;
	uint64_t x, y;
	size_t i = 0;

	if (a.len != b.len)
		return false;
	for (; a.len - i >= sizeof x; i += sizeof x) {
		memcpy(&x, &a.ptr[i], sizeof x);
		memcpy(&y, &b.ptr[i], sizeof y);
		differs |= x ^ y;
	}
	for (; i < a.len; i++)
		differs |= (uint64_t)(a.ptr[i] ^ b.ptr[i]);
	return differs == 0;
}

bool
nitro_bytes_equal_text(struct nitro_bytes a, const char *text)
{
	return nitro_bytes_equal(a, nitro_bytes_of_text(text));
}

static uint8_t
small_letter(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 'a' - 'A') : byte;
}

bool
nitro_bytes_equal_caseless(struct nitro_bytes a, const char *text)
{
	struct nitro_bytes b = nitro_bytes_of_text(text);

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (small_letter(a.ptr[i]) != small_letter(b.ptr[i]))
			return false;
	return true;
}

bool
nitro_bytes_has_prefix(struct nitro_bytes a, const char *text)
{
	struct nitro_bytes head;

	return nitro_bytes_take(&a, strlen(text), &head) &&
	       nitro_bytes_equal_text(head, text);
}

bool
nitro_bytes_is_zero(struct nitro_bytes a)
{
	uint8_t seen = 0;

	for (size_t i = 0; i < a.len; i++)
		seen = (uint8_t)(seen | a.ptr[i]);
	return seen == 0;
}

bool
nitro_bytes_to_number(struct nitro_bytes text, unsigned *value)
{
	unsigned n = 0;

	if (text.len < 1 || text.len > 9)
		return false;
	if (text.ptr[0] == '0' && text.len > 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		n = n * 10 + (unsigned)(text.ptr[i] - '0');
	}
	*value = n;
	return true;
}

bool
nitro_bytes_to_text(struct nitro_bytes in, char *dst, size_t dst_size)
{
	if (in.len >= dst_size)
		return false;
	if (in.len > 0 && memchr(in.ptr, '\0', in.len) != NULL)
		return false;
	if (in.len > 0)
		memcpy(dst, in.ptr, in.len);
	dst[in.len] = '\0';
	return true;
}

void
nitro_bytes_copy(void *to, struct nitro_bytes from)
{
	uint8_t *bytes = to;

	for (size_t i = 0; i < from.len; i++)
		bytes[i] = from.ptr[i];
}

void *
nitro_alloc(size_t count, size_t size)
{
	return calloc(count, size);
}

void
nitro_free(void *ptr)
{
	free(ptr);
}

char *
nitro_text_copy(struct nitro_bytes in)
{
	char *text;

	if (in.len == SIZE_MAX || (text = nitro_alloc(in.len + 1, 1)) == NULL)
		return NULL;
	if (!nitro_bytes_to_text(in, text, in.len + 1)) {
		nitro_free(text);
		return NULL;
	}
	return text;
}

void
nitro_text_drop(char **text)
{
	nitro_free(*text);
	*text = NULL;
}

nitro_err
nitro_buf_reserve(struct nitro_buf *buf, size_t cap)
{
	uint8_t *grown;

	if (cap <= buf->cap)
		return NITRO_OK;
	if ((grown = realloc(buf->ptr, cap)) == NULL)
		return NITRO_E_MEMORY;
	buf->ptr = grown;
	buf->cap = cap;
	return NITRO_OK;
}

nitro_err
nitro_buf_append(struct nitro_buf *buf, struct nitro_bytes in)
{
	size_t need, cap;
	nitro_err err;

	if (in.len == 0)
		return NITRO_OK;
	if (in.len > SIZE_MAX / 2 - buf->len)
		return NITRO_E_MEMORY;
	need = buf->len + in.len;
	cap = need > buf->cap && need < 2 * buf->cap ? 2 * buf->cap : need;
	if ((err = nitro_buf_reserve(buf, cap)) != NITRO_OK)
		return err;
	memcpy(buf->ptr + buf->len, in.ptr, in.len);
	buf->len = need;
	return NITRO_OK;
}

nitro_err
nitro_buf_append_text(struct nitro_buf *buf, const char *text)
{
	return nitro_buf_append(buf, nitro_bytes_of_text(text));
}

nitro_err
nitro_buf_append_byte(struct nitro_buf *buf, uint8_t byte)
{
	return nitro_buf_append(buf, (struct nitro_bytes){&byte, 1});
}

void
nitro_buf_drop(struct nitro_buf *buf)
{
	free(buf->ptr);
	*buf = (struct nitro_buf){0};
}
