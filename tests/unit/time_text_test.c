#include "base/time_text.h"

#include <stdlib.h>
#include <time.h>

#include "unit/unit.h"

struct row {
	const char *text;
	int64_t time_ms;
};

/* Values from date -u -d TEXT +%s. */
static const struct row good[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"1970-01-01T00:00:00.001Z", 1},
    {"1972-02-29T12:00:00Z", 68212800000},
    {"1999-12-31T23:59:59.999Z", 946684799999},
    {"2000-02-29T00:00:00Z", 951782400000},
    {"2000-03-01T00:00:00Z", 951868800000},
    {"2026-11-01T00:00:00Z", 1793491200000},
    {"2027-05-01T00:00:00.000Z", 1809129600000},
    {"2038-01-19T03:14:08Z", 2147483648000},
    {"2100-03-01T00:00:00Z", 4107542400000},
    {"9999-12-31T23:59:59.999Z", 253402300799999},
};

static const char *const bad[] = {
    "",
    "Z",
    "2026-11-01",
    "2026-11-01T00:00Z",
    "2026-11-01T00:00:00",
    "2026/11-01T00:00:00Z",
    "2026-11/01T00:00:00Z",
    "2026-11-01 00:00:00Z",
    "2026-11-01T00.00:00Z",
    "2026-11-01T00:00.00Z",
    "2026-11-01T00:00:00,500Z",
    "2026-11-01T00:00:00z",
    "2026-11-01t00:00:00z",
    "2026-11-01T00:00:00+00:00",
    "2026-11-01T00:00:00.Z",
    "2026-11-01T00:00:00.5Z",
    "2026-11-01T00:00:00.5000Z",
    "2026-11-01T00:00:00.5-0Z",
    "2026-11-01T00:00:00ZZ",
    "2026-11-01T00:00:00.500ZZ",
    "2026-11-01T00:00:00Z ",
    " 2026-11-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-11-00T00:00:00Z",
    "2026-11-31T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "2026-11-01T24:00:00Z",
    "2026-11-01T00:60:00Z",
    "2016-12-31T23:59:60Z",
    "1969-12-31T23:59:59Z",
    "0000-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "2026-1-1T0:0:0Z",
    "+026-11-01T00:00:00Z",
    "2026-11-01T-1:00:00Z",
};

static void
test_utc_with_or_without_milliseconds_is_read(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(good); i++) {
		int64_t time_ms = -1;

		wrong += unit_is_not(good[i].text,
		    nitro_time_parse(
			nitro_bytes_of_text(good[i].text), &time_ms),
		    true);
		wrong += unit_is_not(
		    good[i].text, time_ms == good[i].time_ms, true);
	}
	assert_int_equal(wrong, 0);
}

static void
test_nothing_else_is_read_and_nothing_written(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(bad); i++) {
		int64_t time_ms = 4711;

		wrong += unit_is_not(bad[i],
		    nitro_time_parse(nitro_bytes_of_text(bad[i]), &time_ms),
		    false);
		wrong += unit_is_not(bad[i], time_ms == 4711, true);
	}
	assert_int_equal(wrong, 0);
}

static void
test_what_is_written_is_read_again(void **state)
{
	char text[NITRO_TIME_TEXT_LEN + 1];
	int64_t back;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(good); i++) {
		nitro_time_format(good[i].time_ms, text);
		assert_true(nitro_time_parse(nitro_bytes_of_text(text), &back));
		assert_true(back == good[i].time_ms);
	}
	nitro_time_format(1793491200250, text);
	assert_string_equal(text, "2026-11-01T00:00:00.250Z");
}

static void
test_years_before_1970_and_after_9999_have_no_text(void **state)
{
	char text[NITRO_TIME_TEXT_LEN + 1] = "old";

	(void)state;
	nitro_time_format(-1, text);
	assert_string_equal(text, "");
	nitro_time_format(253402300800000, text);
	assert_string_equal(text, "");
	nitro_time_format(INT64_MAX, text);
	assert_string_equal(text, "");
	nitro_time_format(INT64_MIN, text);
	assert_string_equal(text, "");
}

/* Every day of 130 years against gmtime(3), an implementation of its own. */
static void
test_the_calendar_is_that_of_the_c_library(void **state)
{
	char text[NITRO_TIME_TEXT_LEN + 1], want[64];
	struct tm tm;

	(void)state;
	for (int64_t day = 0; day < 130 * 366; day++) {
		time_t t = (time_t)(day * 86400 + day % 86400);

		assert_non_null(gmtime_r(&t, &tm));
		assert_true(strftime(want, sizeof want,
				"%Y-%m-%dT%H:%M:%S.000Z", &tm) > 0);
		nitro_time_format((int64_t)t * 1000, text);
		assert_string_equal(text, want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_utc_with_or_without_milliseconds_is_read),
	    cmocka_unit_test(test_nothing_else_is_read_and_nothing_written),
	    cmocka_unit_test(test_what_is_written_is_read_again),
	    cmocka_unit_test(
		test_years_before_1970_and_after_9999_have_no_text),
	    cmocka_unit_test(test_the_calendar_is_that_of_the_c_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
