#include "base/time_text.h"

#include <stdio.h>

#define DAY_S INT64_C(86400)
#define YEAR_MIN 1970
#define YEAR_MAX 9999

struct civil {
	unsigned year, month, day, hour, minute, second, millisecond;
};

static bool
is_leap(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned
days_in_month(unsigned year, unsigned month)
{
	static const unsigned days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* Days from 1970-01-01 to the first of January of a year from 1970 on. */
static int64_t
days_before_year(unsigned year)
{
	int64_t y = (int64_t)year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 - 719162;
}

/* Exactly digits decimal digits; leading zeros are normal here. */
static bool
take_digits(struct nitro_bytes *in, size_t digits, unsigned *value)
{
	struct nitro_bytes field;
	unsigned n = 0;

	if (!nitro_bytes_take(in, digits, &field))
		return false;
	for (size_t i = 0; i < field.len; i++) {
		if (field.ptr[i] < '0' || field.ptr[i] > '9')
			return false;
		n = n * 10 + (unsigned)(field.ptr[i] - '0');
	}
	*value = n;
	return true;
}

static bool
take_char(struct nitro_bytes *in, char c)
{
	struct nitro_bytes field;

	return nitro_bytes_take(in, 1, &field) && field.ptr[0] == (uint8_t)c;
}

static bool
take_civil(struct nitro_bytes *in, struct civil *t)
{
	return take_digits(in, 4, &t->year) && take_char(in, '-') &&
	       take_digits(in, 2, &t->month) && take_char(in, '-') &&
	       take_digits(in, 2, &t->day) && take_char(in, 'T') &&
	       take_digits(in, 2, &t->hour) && take_char(in, ':') &&
	       take_digits(in, 2, &t->minute) && take_char(in, ':') &&
	       take_digits(in, 2, &t->second);
}

static bool
exists(const struct civil *t)
{
	return t->year >= YEAR_MIN && t->month >= 1 && t->month <= 12 &&
	       t->day >= 1 && t->day <= days_in_month(t->year, t->month) &&
	       t->hour <= 23 && t->minute <= 59 && t->second <= 59;
}

bool
nitro_time_parse(struct nitro_bytes text, int64_t *time_ms)
{
	struct civil t = {0};
	int64_t days;

	if (!take_civil(&text, &t))
		return false;
	if (text.len > 1 &&
	    (!take_char(&text, '.') || !take_digits(&text, 3, &t.millisecond)))
		return false;
	if (!take_char(&text, 'Z') || text.len != 0 || !exists(&t))
		return false;

	days = days_before_year(t.year) + t.day - 1;
	for (unsigned month = 1; month < t.month; month++)
		days += days_in_month(t.year, month);
	*time_ms = (days * DAY_S + t.hour * INT64_C(3600) +
		       t.minute * INT64_C(60) + t.second) *
		       1000 +
		   t.millisecond;
	return true;
}

void
nitro_time_format(int64_t time_ms, char text[NITRO_TIME_TEXT_LEN + 1])
{
	struct civil t = {.month = 1};
	int64_t days, second;

	text[0] = '\0';
	if (time_ms < 0 ||
	    time_ms >= days_before_year(YEAR_MAX + 1) * DAY_S * 1000)
		return;
	days = time_ms / 1000 / DAY_S;
	second = time_ms / 1000 % DAY_S;

	t.year = YEAR_MIN + (unsigned)(days / 366);
	while (days_before_year(t.year + 1) <= days)
		t.year++;
	days -= days_before_year(t.year);
	while (days >= days_in_month(t.year, t.month))
		days -= days_in_month(t.year, t.month++);

	(void)snprintf(text, NITRO_TIME_TEXT_LEN + 1,
	    "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", t.year % 10000,
	    t.month % 100, (unsigned)(days % 100) + 1,
	    (unsigned)(second / 3600 % 100), (unsigned)(second / 60 % 60),
	    (unsigned)(second % 60), (unsigned)(time_ms % 1000));
}
