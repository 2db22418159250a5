/*
 * What every unit test begins with: cmocka with the headers that it needs
 * before it, rows that name themselves when they fail, and bytes as hex text.
 */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"

#if defined(__SANITIZE_ADDRESS__)
#define UNIT_FINDS_LEAKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNIT_FINDS_LEAKS 1
#endif
#endif
#ifndef UNIT_FINDS_LEAKS
#define UNIT_FINDS_LEAKS 0
#endif
/* Slow, or with other memory than usual; so is a build that counts lines. */
#ifndef UNIT_IS_SANITIZED
#define UNIT_IS_SANITIZED UNIT_FINDS_LEAKS
#endif

/*
 * cmocka 2 wants to know the sign. An older one has no such name, and here it
 * has no other either.
 */
#ifndef assert_int_in_range
#define assert_int_in_range(value, least, most) \
	_assert_in_range(cast_to_largest_integral_type(value), \
	    cast_to_largest_integral_type(least), \
	    cast_to_largest_integral_type(most), __FILE__, __LINE__)
#undef assert_in_range
#endif

/* Compare outcomes by their tokens, so that a failure prints both. */
#define assert_err(actual, expected) \
	assert_string_equal(nitro_err_token(actual), nitro_err_token(expected))

/*
 * A literal of bytes as a view. Where it may have been made from another
 * type than char, say what is meant with unit_view() instead.
 */
#define UNIT_BYTES(literal) \
	((struct nitro_bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

/*
 * 0 where the row came out as it must; else 1, after a line that names the
 * row. Tables add these up, so that one run shows every row that is wrong.
 */
unsigned unit_differs(const char *row, nitro_err actual, nitro_err expected);

/* The same for rows where the contract leaves the choice between two reasons. */
unsigned unit_differs2(const char *row, nitro_err actual, nitro_err expected,
    nitro_err or_expected);

/* The same for anything that is true or false. */
unsigned unit_is_not(const char *row, bool actual, bool expected);

/* The same for bytes. */
unsigned unit_bytes_differ(
    const char *row, struct nitro_bytes actual, struct nitro_bytes expected);

/* Append bytes from hex text, where blanks may stand between bytes. Fails the test on anything else. */
void unit_hex(const char *hex, struct nitro_buf *out);

/* Append; fail the test without memory. */
void unit_append(struct nitro_buf *out, struct nitro_bytes in);
void unit_fill(struct nitro_buf *out, uint8_t byte, size_t count);

/*
 * Peak resident size of this process in KiB, and whether it has grown by more
 * than 4 MiB since. (A sanitizer keeps what was freed: never, then.)
 */
long unit_peak_kib(void);
bool unit_peak_grew(long since_kib);

#endif
