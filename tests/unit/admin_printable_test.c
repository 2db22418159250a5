/* What a terminal gets: printable ASCII whatever a stranger wrote. */
#include "unit/unit.h"

#include <string.h>

#include "admin/printable.h"

static void
hostile_bytes_are_escaped(void **state)
{
	/* O01 O02 O03 */
	static const struct {
		struct nitro_bytes in;
		const char *out;
	} rows[] = {
	    {{(const uint8_t *)"i-0-enc0", 8}, "i-0-enc0"},
	    {{(const uint8_t *)"", 0}, ""},
	    {{NULL, 0}, ""},
	    {{(const uint8_t *)"a\nb\r\tc", 6}, "a\\x0ab\\x0d\\x09c"},
	    {{(const uint8_t *)"\033[2J", 4}, "\\x1b[2J"},
	    {{(const uint8_t *)"a\0b", 3}, "a\\x00b"},
	    {{(const uint8_t *)"\x7f\x9b", 2}, "\\x7f\\x9b"},
	    {{(const uint8_t *)"\xe2\x80\xae", 3}, "\\xe2\\x80\\xae"},
	    {{(const uint8_t *)"%s%n", 4}, "%s%n"},
	    {{(const uint8_t *)"\\x41", 4}, "\\x5cx41"},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		nitro_printable(rows[i].in, out, sizeof out);
		assert_string_equal(out, rows[i].out);
		assert_int_equal(nitro_is_printable(rows[i].in),
		    strlen(rows[i].out) == rows[i].in.len);
	}
}

static void
what_does_not_fit_is_cut_and_marked(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"123456789", "123456789"},  /* exactly */
	    {"1234567890", "123456..."}, /* one more */
	    {"12345678\n", "123456..."}, /* an escape is never cut in two */
	    {"12345\n", "12345\\x0a"},
	    {"123456\n", "123456..."},
	    {"\n\n", "\\x0a\\x0a"},
	    {"\n\n\n", "\\x0a..."},
	};
	char out[10];

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		memset(out, '!', sizeof out);
		nitro_printable(
		    nitro_bytes_of_text(rows[i].in), out, sizeof out);
		assert_string_equal(out, rows[i].out);
	}
}

static void
nothing_is_written_beyond_the_end(void **state)
{
	char in[40], out[48];
	struct nitro_bytes view = {(const uint8_t *)in, 0};

	(void)state;
	memset(in, '\n', sizeof in);
	for (view.len = 0; view.len <= sizeof in; view.len++)
		for (size_t size = 8; size < sizeof out; size++) {
			memset(out, '!', sizeof out);
			nitro_printable(view, out, size);
			assert_true(strlen(out) < size);
			assert_int_equal(out[size], '!');
		}
}

static void
an_age_is_told_in_the_unit_that_people_would_take(void **state)
{
	static const struct {
		int64_t ms;
		const char *out;
	} rows[] = {
	    {0, "0 ms ago"},
	    {412, "412 ms ago"},
	    {999, "999 ms ago"},
	    {1000, "1 s ago"},
	    {119999, "119 s ago"},
	    {120000, "2 min ago"},
	    {INT64_C(120) * 60000, "2 h ago"},
	    {INT64_C(48) * 3600000, "2 days ago"},
	    {INT64_C(1815) * 86400000, "1815 days ago"},
	    {-3000, "in 3 s"},
	    {-1, "in 1 ms"},
	    {INT64_MIN, "in 106751991167 days"},
	    {INT64_MAX, "106751991167 days ago"},
	};
	char out[NITRO_AGE_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		nitro_age_text(rows[i].ms, out);
		assert_string_equal(out, rows[i].out);
	}
}

static void
a_moment_that_is_no_date_stays_a_number(void **state)
{
	char out[NITRO_MOMENT_TEXT_SIZE];

	(void)state;
	nitro_moment_text(UINT64_C(1616018515685), out);
	assert_string_equal(out, "2021-03-17T22:01:55.685Z");
	nitro_moment_text(UINT64_C(253402300799999), out);
	assert_string_equal(out, "9999-12-31T23:59:59.999Z");
	nitro_moment_text(UINT64_C(253402300800000), out);
	assert_string_equal(out, "253402300800000 ms");
	nitro_moment_text(UINT64_MAX, out);
	assert_string_equal(out, "18446744073709551615 ms");
}

static void
a_fingerprint_reads_as_openssl_prints_it(void **state)
{
	char out[NITRO_FINGERPRINT_TEXT_SIZE];
	uint8_t sha256[NITRO_SHA256_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof sha256; i++)
		sha256[i] = (uint8_t)(i * 9);
	nitro_fingerprint_text(sha256, out);
	assert_string_equal(out,
	    "00:09:12:1B:24:2D:36:3F:48:51:5A:63:6C:75:7E:87:"
	    "90:99:A2:AB:B4:BD:C6:CF:D8:E1:EA:F3:FC:05:0E:17");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hostile_bytes_are_escaped),
	    cmocka_unit_test(what_does_not_fit_is_cut_and_marked),
	    cmocka_unit_test(nothing_is_written_beyond_the_end),
	    cmocka_unit_test(an_age_is_told_in_the_unit_that_people_would_take),
	    cmocka_unit_test(a_moment_that_is_no_date_stays_a_number),
	    cmocka_unit_test(a_fingerprint_reads_as_openssl_prints_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
