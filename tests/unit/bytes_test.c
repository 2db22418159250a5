#include "base/bytes.h"

#include <string.h>

#include "unit/unit.h"

static void
test_a_view_of_text_ends_before_the_nul(void **state)
{
	(void)state;
	assert_int_equal(nitro_bytes_of_text("abc").len, 3);
	assert_int_equal(nitro_bytes_of_text("").len, 0);
	assert_int_equal(nitro_bytes_of_text(NULL).len, 0);
}

static void
test_take_gives_n_bytes_or_changes_nothing(void **state)
{
	struct nitro_bytes in = UNIT_BYTES("abcdef"), out = {0};

	(void)state;
	assert_true(nitro_bytes_take(&in, 2, &out));
	assert_true(nitro_bytes_equal_text(out, "ab"));
	assert_true(nitro_bytes_equal_text(in, "cdef"));
	assert_true(nitro_bytes_take(&in, 0, &out));
	assert_int_equal(out.len, 0);
	assert_true(nitro_bytes_take(&in, 4, &out));
	assert_true(nitro_bytes_equal_text(out, "cdef"));
	assert_int_equal(in.len, 0);
}

static void
test_take_refuses_one_byte_too_many(void **state)
{
	struct nitro_bytes in = UNIT_BYTES("abc"), out = UNIT_BYTES("x");
	const uint8_t *start = in.ptr;

	(void)state;
	assert_false(nitro_bytes_take(&in, 4, &out));
	assert_false(nitro_bytes_take(&in, SIZE_MAX, &out));
	assert_ptr_equal(in.ptr, start);
	assert_int_equal(in.len, 3);
	assert_true(nitro_bytes_equal_text(out, "x"));
}

static void
test_nothing_can_be_taken_from_an_empty_view(void **state)
{
	struct nitro_bytes in = {0}, out = UNIT_BYTES("x");

	(void)state;
	assert_true(nitro_bytes_take(&in, 0, &out));
	assert_int_equal(out.len, 0);
	assert_false(nitro_bytes_take(&in, 1, &out));
}

static void
test_take_until_cuts_at_the_first_separator(void **state)
{
	struct nitro_bytes in = UNIT_BYTES("a:bc:"), out = {0};

	(void)state;
	assert_true(nitro_bytes_take_until(&in, ':', &out));
	assert_true(nitro_bytes_equal_text(out, "a"));
	assert_true(nitro_bytes_take_until(&in, ':', &out));
	assert_true(nitro_bytes_equal_text(out, "bc"));
	assert_int_equal(in.len, 0);
	assert_false(nitro_bytes_take_until(&in, ':', &out));
}

static void
test_take_until_without_separator_changes_nothing(void **state)
{
	struct nitro_bytes in = UNIT_BYTES("abc"), out = UNIT_BYTES("x");

	(void)state;
	assert_false(nitro_bytes_take_until(&in, ':', &out));
	assert_true(nitro_bytes_equal_text(in, "abc"));
	assert_true(nitro_bytes_equal_text(out, "x"));
}

static void
test_a_slice_stays_inside(void **state)
{
	static const struct {
		size_t offset, n;
		const char *want;
	} rows[] = {
	    {0, 3, "abc"},
	    {0, 0, ""},
	    {1, 2, "bc"},
	    {1, 3, "bcd"},
	    {1, 4, "bcd"},
	    {1, SIZE_MAX, "bcd"},
	    {4, 1, ""},
	    {5, 1, ""},
	    {SIZE_MAX, SIZE_MAX, ""},
	};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		assert_true(
		    nitro_bytes_equal_text(nitro_bytes_slice(UNIT_BYTES("abcd"),
					       rows[i].offset, rows[i].n),
			rows[i].want));
}

static void
test_equal_needs_the_same_length_and_every_byte(void **state)
{
	struct nitro_bytes none = {0}, empty = UNIT_BYTES("");

	(void)state;
	assert_true(nitro_bytes_equal(UNIT_BYTES("abc"), UNIT_BYTES("abc")));
	assert_false(nitro_bytes_equal(UNIT_BYTES("abc"), UNIT_BYTES("Abc")));
	assert_false(nitro_bytes_equal(UNIT_BYTES("abc"), UNIT_BYTES("abC")));
	assert_false(nitro_bytes_equal(UNIT_BYTES("abc"), UNIT_BYTES("ab")));
	assert_false(nitro_bytes_equal(UNIT_BYTES("ab"), UNIT_BYTES("abc")));
	assert_true(nitro_bytes_equal(UNIT_BYTES("a\0b"), UNIT_BYTES("a\0b")));
	assert_false(nitro_bytes_equal(UNIT_BYTES("a\0b"), UNIT_BYTES("a\0c")));
	assert_true(nitro_bytes_equal(none, empty));
	assert_false(nitro_bytes_equal(none, UNIT_BYTES("a")));
}

static void
test_equal_sees_a_difference_in_any_bit(void **state)
{
	uint8_t a[48] = {0}, b[48] = {0};

	(void)state;
	for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
		b[bit / 8] = (uint8_t)(1u << bit % 8);
		assert_false(
		    nitro_bytes_equal((struct nitro_bytes){a, sizeof a},
			(struct nitro_bytes){b, sizeof b}));
		b[bit / 8] = 0;
	}
	assert_true(nitro_bytes_equal((struct nitro_bytes){a, sizeof a},
	    (struct nitro_bytes){b, sizeof b}));
}

static void
test_text_with_a_nul_in_it_equals_no_text(void **state)
{
	(void)state;
	assert_true(nitro_bytes_equal_text(UNIT_BYTES("nonce"), "nonce"));
	assert_false(nitro_bytes_equal_text(UNIT_BYTES("nonce\0"), "nonce"));
	assert_false(nitro_bytes_equal_text(UNIT_BYTES("nonc\0e"), "nonc"));
	assert_false(nitro_bytes_equal_text(UNIT_BYTES("nonc"), "nonce"));
	assert_true(nitro_bytes_equal_text(UNIT_BYTES(""), ""));
}

static void
test_capitals_may_count_as_small_letters(void **state)
{
	static const struct {
		const char *one, *other;
		bool is_equal;
	} rows[] = {{"azAZ09", "azAZ09", true}, {"AzUsePAM", "aZusepam", true},
	    {"usepam", "UsePAM", true}, {"usepa", "usepam", false},
	    {"usepamx", "usepam", false}, {"usepan", "usepam", false},
	    {"@", "`", false}, {"[", "{", false}, {"\xc4", "\xe4", false},
	    {"", "", true}};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		wrong += unit_is_not(rows[i].one,
		    nitro_bytes_equal_caseless(
			nitro_bytes_of_text(rows[i].one), rows[i].other),
		    rows[i].is_equal);
	assert_int_equal(wrong, 0);
	assert_false(nitro_bytes_equal_caseless(UNIT_BYTES("a\0"), "a"));
	/* What stands behind it is not its own. */
	assert_true(nitro_bytes_equal_caseless(
	    nitro_bytes_slice(UNIT_BYTES("abcdef"), 0, 3), "ABC"));
}

static void
test_prefix(void **state)
{
	(void)state;
	assert_true(nitro_bytes_has_prefix(UNIT_BYTES("publickey x"), "pub"));
	assert_true(nitro_bytes_has_prefix(UNIT_BYTES("pub"), "pub"));
	assert_true(nitro_bytes_has_prefix(UNIT_BYTES("x"), ""));
	assert_false(nitro_bytes_has_prefix(UNIT_BYTES("pu"), "pub"));
	assert_false(nitro_bytes_has_prefix(UNIT_BYTES(" pub"), "pub"));
	assert_false(nitro_bytes_has_prefix(UNIT_BYTES(""), "p"));
}

static void
test_zero_means_every_byte(void **state)
{
	struct nitro_bytes none = {0};

	(void)state;
	assert_true(nitro_bytes_is_zero(none));
	assert_true(nitro_bytes_is_zero(UNIT_BYTES("\0\0\0")));
	assert_false(nitro_bytes_is_zero(UNIT_BYTES("\1\0\0")));
	assert_false(nitro_bytes_is_zero(UNIT_BYTES("\0\0\200")));
}

static void
test_a_number_has_one_spelling(void **state)
{
	static const struct {
		const char *text;
		unsigned want;
	} good[] = {
	    {"0", 0},
	    {"1", 1},
	    {"32", 32},
	    {"999999999", 999999999},
	};
	static const char *const bad[] = {"", "00", "01", "+1", "-1", " 1",
	    "1 ", "1.0", "0x1", "1e3", "a", "1a", "1000000000",
	    "99999999999999999999", "\xc2\xb2", ":", "/"};
	unsigned value;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(good); i++) {
		value = 77;
		assert_true(nitro_bytes_to_number(
		    nitro_bytes_of_text(good[i].text), &value));
		assert_int_equal(value, good[i].want);
	}
	for (size_t i = 0; i < NITRO_COUNT_OF(bad); i++) {
		value = 77;
		if (nitro_bytes_to_number(nitro_bytes_of_text(bad[i]), &value))
			fail_msg("'%s' passed as a number", bad[i]);
		assert_int_equal(value, 77);
	}
	assert_false(nitro_bytes_to_number(UNIT_BYTES("1\0"), &value));
}

static void
test_text_that_fits_to_the_last_byte_is_copied(void **state)
{
	char out[4] = "zzz";

	(void)state;
	assert_true(nitro_bytes_to_text(UNIT_BYTES("abc"), out, sizeof out));
	assert_string_equal(out, "abc");
	assert_true(nitro_bytes_to_text(UNIT_BYTES(""), out, sizeof out));
	assert_string_equal(out, "");
	assert_true(nitro_bytes_to_text(UNIT_BYTES(""), out, 1));
}

static void
test_text_that_does_not_fit_or_has_a_nul_is_refused(void **state)
{
	char out[4] = "zzz";

	(void)state;
	assert_false(nitro_bytes_to_text(UNIT_BYTES("abcd"), out, sizeof out));
	assert_false(nitro_bytes_to_text(UNIT_BYTES("a\0b"), out, sizeof out));
	assert_false(nitro_bytes_to_text(UNIT_BYTES("\0"), out, sizeof out));
	assert_false(nitro_bytes_to_text(UNIT_BYTES(""), out, 0));
	assert_string_equal(out, "zzz");
}

static void
test_a_copy_of_text_is_owned(void **state)
{
	NITRO_DROP(nitro_text_drop) char *text = NULL;

	(void)state;
	text = nitro_text_copy(UNIT_BYTES("abc"));
	assert_non_null(text);
	assert_string_equal(text, "abc");
	assert_null(nitro_text_copy(UNIT_BYTES("a\0c")));
	nitro_text_drop(&text);
	assert_null(text);
	text = nitro_text_copy(UNIT_BYTES(""));
	assert_non_null(text);
	assert_string_equal(text, "");
}

/* B14 */
static void
test_sizes_that_overflow_are_no_memory(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf buf = {0};
	struct nitro_bytes huge = {(const uint8_t *)"x", SIZE_MAX};
	struct nitro_bytes half = {(const uint8_t *)"x", SIZE_MAX / 2 + 1};
	void *objects;

	(void)state;
	unit_append(&buf, UNIT_BYTES("kept"));
	assert_err(nitro_buf_append(&buf, huge), NITRO_E_MEMORY);
	assert_err(nitro_buf_append(&buf, half), NITRO_E_MEMORY);
	assert_true(nitro_bytes_equal_text(nitro_bytes_of_buf(&buf), "kept"));
	if (!UNIT_IS_SANITIZED) { /* a sanitizer aborts on such a request */
		assert_err(nitro_buf_reserve(&buf, SIZE_MAX), NITRO_E_MEMORY);
		objects = nitro_alloc(SIZE_MAX / 2, 4);
		assert_null(objects);
		assert_null(nitro_text_copy(huge));
	}
	assert_true(nitro_bytes_equal_text(nitro_bytes_of_buf(&buf), "kept"));
}

static void
test_a_buffer_grows_and_keeps_what_it_has(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf buf = {0};
	size_t reserved;

	(void)state;
	assert_err(nitro_buf_append(&buf, (struct nitro_bytes){0}), NITRO_OK);
	assert_int_equal(buf.len, 0);
	for (unsigned i = 0; i < 5000; i++)
		assert_err(
		    nitro_buf_append_byte(&buf, (uint8_t)(i % 251)), NITRO_OK);
	assert_int_equal(buf.len, 5000);
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal(buf.ptr[i], i % 251);
	assert_true(buf.cap >= buf.len);
	reserved = buf.cap;
	assert_err(nitro_buf_reserve(&buf, 1), NITRO_OK);
	assert_int_equal(buf.cap, reserved);
	assert_err(nitro_buf_append_text(&buf, "end"), NITRO_OK);
	assert_int_equal(buf.len, 5003);
	assert_memory_equal(buf.ptr + 5000, "end", 3);
}

static void
test_drop_zeroes_the_handle_and_may_come_twice(void **state)
{
	struct nitro_buf buf = {0};

	(void)state;
	nitro_buf_drop(&buf);
	unit_append(&buf, UNIT_BYTES("abc"));
	nitro_buf_drop(&buf);
	assert_null(buf.ptr);
	assert_int_equal(buf.len, 0);
	assert_int_equal(buf.cap, 0);
	nitro_buf_drop(&buf);
	nitro_free(NULL);
}

static void
test_memory_is_zeroed(void **state)
{
	uint8_t *memory;

	(void)state;
	memory = nitro_alloc(300, 7);
	assert_non_null(memory);
	for (size_t i = 0; i < 2100; i++)
		assert_int_equal(memory[i], 0);
	nitro_free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_view_of_text_ends_before_the_nul),
	    cmocka_unit_test(test_take_gives_n_bytes_or_changes_nothing),
	    cmocka_unit_test(test_take_refuses_one_byte_too_many),
	    cmocka_unit_test(test_nothing_can_be_taken_from_an_empty_view),
	    cmocka_unit_test(test_take_until_cuts_at_the_first_separator),
	    cmocka_unit_test(test_take_until_without_separator_changes_nothing),
	    cmocka_unit_test(test_a_slice_stays_inside),
	    cmocka_unit_test(test_equal_needs_the_same_length_and_every_byte),
	    cmocka_unit_test(test_equal_sees_a_difference_in_any_bit),
	    cmocka_unit_test(test_text_with_a_nul_in_it_equals_no_text),
	    cmocka_unit_test(test_capitals_may_count_as_small_letters),
	    cmocka_unit_test(test_prefix),
	    cmocka_unit_test(test_zero_means_every_byte),
	    cmocka_unit_test(test_a_number_has_one_spelling),
	    cmocka_unit_test(test_text_that_fits_to_the_last_byte_is_copied),
	    cmocka_unit_test(
		test_text_that_does_not_fit_or_has_a_nul_is_refused),
	    cmocka_unit_test(test_a_copy_of_text_is_owned),
	    cmocka_unit_test(test_sizes_that_overflow_are_no_memory),
	    cmocka_unit_test(test_a_buffer_grows_and_keeps_what_it_has),
	    cmocka_unit_test(test_drop_zeroes_the_handle_and_may_come_twice),
	    cmocka_unit_test(test_memory_is_zeroed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
