/*
 * Views of bytes, buffers that own bytes, and the only allocator.
 *
 * A view (struct nitro_bytes) borrows: it is valid while whatever it points
 * into lives. A buffer (struct nitro_buf) owns: release it with
 * nitro_buf_drop(), best by declaring it NITRO_DROP(nitro_buf_drop).
 * Pointer arithmetic on untrusted bytes happens in bytes.c and nowhere else.
 */
#ifndef NITRO_BASE_BYTES_H
#define NITRO_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define NITRO_MUST_CHECK __attribute__((warn_unused_result))
#define NITRO_DROP(fn) __attribute__((cleanup(fn)))
#define NITRO_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct nitro_bytes {
	const uint8_t *ptr; /* may be NULL where len is 0 */
	size_t len;
};

struct nitro_buf {
	uint8_t *ptr;
	size_t len; /* bytes in use */
	size_t cap; /* bytes allocated */
};

/* A view of the text without its NUL; of nothing where text is NULL. */
struct nitro_bytes nitro_bytes_of_text(const char *text);

/* A view of what the buffer holds now; growing the buffer ends the view. */
struct nitro_bytes nitro_bytes_of_buf(const struct nitro_buf *buf);

/*
 * Cut the first n bytes off *in and hand them out.
 * False, and nothing changed, where *in has fewer than n.
 */
NITRO_MUST_CHECK bool nitro_bytes_take(
    struct nitro_bytes *in, size_t n, struct nitro_bytes *out);

/*
 * Cut off everything before the first separator, and the separator with it.
 * False, and nothing changed, where there is none.
 */
NITRO_MUST_CHECK bool nitro_bytes_take_until(
    struct nitro_bytes *in, uint8_t separator, struct nitro_bytes *out);

/* At most n bytes from offset on; shorter, or empty, at the end. */
struct nitro_bytes nitro_bytes_slice(
    struct nitro_bytes in, size_t offset, size_t n);

/* Same length and same bytes. Time depends on the lengths only. */
bool nitro_bytes_equal(struct nitro_bytes a, struct nitro_bytes b);

/* Same as the text, which ends at its NUL. */
bool nitro_bytes_equal_text(struct nitro_bytes a, const char *text);

/* The same, where capital letters of ASCII count as small ones. */
bool nitro_bytes_equal_caseless(struct nitro_bytes a, const char *text);

/* True where a begins with the text. */
bool nitro_bytes_has_prefix(struct nitro_bytes a, const char *text);

/* True where every byte is 0; an empty view is all zero. */
bool nitro_bytes_is_zero(struct nitro_bytes a);

/*
 * Decimal number, 1 to 9 digits, no sign, no leading zero (but "0" itself).
 * False, and *value untouched, for anything else.
 */
NITRO_MUST_CHECK bool nitro_bytes_to_number(
    struct nitro_bytes text, unsigned *value);

/*
 * Copy into a fixed array that ends in NUL.
 * False, and dst untouched, where it does not fit or holds a NUL itself.
 */
NITRO_MUST_CHECK bool nitro_bytes_to_text(
    struct nitro_bytes in, char *dst, size_t dst_size);

/* Copy the bytes to where there is room for all of them. */
void nitro_bytes_copy(void *to, struct nitro_bytes from);

/* Zeroed memory for count objects of size bytes; NULL where there is none. */
NITRO_MUST_CHECK void *nitro_alloc(size_t count, size_t size);

/* Counterpart of nitro_alloc() and nitro_text_copy(); NULL is ignored. */
void nitro_free(void *ptr);

/* A copy of the bytes as text with a NUL. NULL without memory or with a NUL in it. */
NITRO_MUST_CHECK char *nitro_text_copy(struct nitro_bytes in);

/* NITRO_DROP(nitro_text_drop) for char * made by nitro_text_copy(). */
void nitro_text_drop(char **text);

/*
 * Make room for cap bytes in all; what is there stays.
 * NITRO_E_MEMORY; the buffer is then as it was.
 */
NITRO_MUST_CHECK nitro_err nitro_buf_reserve(struct nitro_buf *buf, size_t cap);

/* Append bytes, text, or one byte. NITRO_E_MEMORY; then nothing was appended. */
NITRO_MUST_CHECK nitro_err nitro_buf_append(
    struct nitro_buf *buf, struct nitro_bytes in);
NITRO_MUST_CHECK nitro_err nitro_buf_append_text(
    struct nitro_buf *buf, const char *text);
NITRO_MUST_CHECK nitro_err nitro_buf_append_byte(
    struct nitro_buf *buf, uint8_t byte);

/* Release and zero the handle; harmless on {0} and when called twice. */
void nitro_buf_drop(struct nitro_buf *buf);

#endif
