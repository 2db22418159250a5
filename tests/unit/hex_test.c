#include "base/hex.h"

#include <stdio.h>
#include <string.h>

#include "unit/unit.h"

/* P11: both cases are read. */
static void
test_both_cases_are_read(void **state)
{
	uint8_t out[8] = {0};

	(void)state;
	assert_true(nitro_hex_decode(UNIT_BYTES("0123456789abcDEF"), out, 8));
	assert_memory_equal(out, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
	assert_true(nitro_hex_decode(UNIT_BYTES(""), out, 0));
	assert_memory_equal(out, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
}

static void
test_every_byte_is_read_and_written_as_printf_writes_it(void **state)
{
	char want[3], got[3];
	uint8_t byte, back;

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		byte = (uint8_t)i;
		back = (uint8_t)~i;
		(void)snprintf(want, sizeof want, "%02x", i);
		nitro_hex_encode(
		    (struct nitro_bytes){&byte, 1}, got, sizeof got);
		assert_string_equal(got, want);
		assert_true(
		    nitro_hex_decode(nitro_bytes_of_text(want), &back, 1));
		assert_int_equal(back, i);
	}
}

static void
test_another_length_or_character_is_refused(void **state)
{
	static const char *const bad[] = {"", "a", "0", "abc", "abcdef", "0xab",
	    "ab c", " abc", "ab:c", "abcg", "gabc", "abc ", "ab\n1", "abc\n",
	    "ab-1", "AB/1", "ab:1", "abG1", "ab@1", "ab`1"};
	uint8_t out[2] = {7, 7};

	(void)state;
	assert_true(nitro_hex_decode(UNIT_BYTES("0707"), out, 2));
	for (size_t i = 0; i < NITRO_COUNT_OF(bad); i++) {
		if (nitro_hex_decode(nitro_bytes_of_text(bad[i]), out, 2))
			fail_msg("'%s' passed as two bytes of hex", bad[i]);
		assert_memory_equal(out, "\7\7", 2);
	}
	assert_false(nitro_hex_decode(UNIT_BYTES("ab\0c"), out, 2));
	assert_false(nitro_hex_decode(UNIT_BYTES("\xef\xbc\x91"
						 "1"),
	    out, 2));
	assert_false(nitro_hex_decode(UNIT_BYTES("ab"), out, SIZE_MAX / 2 + 2));
	assert_memory_equal(out, "\7\7", 2);
}

static void
test_all_other_characters_are_refused(void **state)
{
	uint8_t text[2] = {'0', 0}, out = 7;
	unsigned accepted = 0;

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		text[1] = (uint8_t)c;
		if (nitro_hex_decode((struct nitro_bytes){text, 2}, &out, 1))
			accepted++;
	}
	assert_int_equal(accepted, 22);
}

static void
test_text_that_does_not_fit_becomes_empty(void **state)
{
	char out[8];

	(void)state;
	memset(out, 'z', sizeof out);
	nitro_hex_encode(UNIT_BYTES("\x12\x34"), out, 5);
	assert_string_equal(out, "1234");
	assert_int_equal(out[5], 'z');
	memset(out, 'z', sizeof out);
	nitro_hex_encode(UNIT_BYTES("\x12\x34"), out, 4);
	assert_string_equal(out, "");
	assert_int_equal(out[1], 'z');
	nitro_hex_encode(UNIT_BYTES("\x12"), out, 0);
	assert_string_equal(out, "");
	nitro_hex_encode(UNIT_BYTES(""), out, 1);
	assert_string_equal(out, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_cases_are_read),
	    cmocka_unit_test(
		test_every_byte_is_read_and_written_as_printf_writes_it),
	    cmocka_unit_test(test_another_length_or_character_is_refused),
	    cmocka_unit_test(test_all_other_characters_are_refused),
	    cmocka_unit_test(test_text_that_does_not_fit_becomes_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
