#include "unit/unit.h"

#include <string.h>
#include <sys/resource.h>

unsigned
unit_differs(const char *row, nitro_err actual, nitro_err expected)
{
	return unit_differs2(row, actual, expected, expected);
}

unsigned
unit_differs2(const char *row, nitro_err actual, nitro_err expected,
    nitro_err or_expected)
{
	if (actual == expected || actual == or_expected)
		return 0;
	print_message("# row '%s': got %s, must be %s\n", row,
	    nitro_err_token(actual), nitro_err_token(expected));
	return 1;
}

unsigned
unit_is_not(const char *row, bool actual, bool expected)
{
	if (actual == expected)
		return 0;
	print_message("# row '%s': got %s, must be %s\n", row,
	    actual ? "true" : "false", expected ? "true" : "false");
	return 1;
}

unsigned
unit_bytes_differ(
    const char *row, struct nitro_bytes actual, struct nitro_bytes expected)
{
	if (actual.len == expected.len &&
	    (actual.len == 0 ||
		memcmp(actual.ptr, expected.ptr, actual.len) == 0))
		return 0;
	print_message("# row '%s': %zu bytes differ from the %zu expected\n",
	    row, actual.len, expected.len);
	return 1;
}

/* The value of a digit, or 16 where there is none. */
static unsigned
digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	unsigned value = 0;

	while (value < 16 && digits[value] != c)
		value++;
	return value;
}

void
unit_hex(const char *hex, struct nitro_buf *out)
{
	while (*hex != '\0') {
		if (*hex == ' ') {
			hex++;
			continue;
		}
		if (digit(hex[0]) > 15 || digit(hex[1]) > 15)
			fail_msg("not hex: %s", hex);
		unit_fill(
		    out, (uint8_t)(digit(hex[0]) * 16 + digit(hex[1])), 1);
		hex += 2;
	}
}

void
unit_append(struct nitro_buf *out, struct nitro_bytes in)
{
	assert_err(nitro_buf_append(out, in), NITRO_OK);
}

void
unit_fill(struct nitro_buf *out, uint8_t byte, size_t count)
{
	assert_err(nitro_buf_reserve(out, out->len + count), NITRO_OK);
	for (size_t i = 0; i < count; i++)
		assert_err(nitro_buf_append_byte(out, byte), NITRO_OK);
}

long
unit_peak_kib(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

bool
unit_peak_grew(long since_kib)
{
	return !UNIT_IS_SANITIZED && unit_peak_kib() - since_kib > 4096;
}
