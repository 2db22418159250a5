#include "admin/printable.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time_text.h"

enum { ESCAPE_LEN = 4, CUT_LEN = 3 }; /* "\xNN", "..." */

static bool
is_plain(uint8_t c)
{
	return c >= ' ' && c <= '~' && c != '\\';
}

static size_t
printable_len(struct nitro_bytes in)
{
	size_t len = 0;

	for (size_t i = 0; i < in.len; i++)
		len += is_plain(in.ptr[i]) ? 1 : ESCAPE_LEN;
	return len;
}

void
nitro_printable(struct nitro_bytes in, char *out, size_t out_size)
{
	static const char digits[] = "0123456789abcdef";
	bool fits = printable_len(in) < out_size;
	size_t room = fits ? out_size - 1 : out_size - 1 - CUT_LEN, n = 0;
	uint8_t c;

	for (size_t i = 0; i < in.len; i++) {
		c = in.ptr[i];
		if (n + (is_plain(c) ? 1 : ESCAPE_LEN) > room)
			break;
		if (is_plain(c)) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = digits[c >> 4];
		out[n++] = digits[c & 15];
	}
	(void)snprintf(out + n, out_size - n, "%s", fits ? "" : "...");
}

bool
nitro_is_printable(struct nitro_bytes in)
{
	for (size_t i = 0; i < in.len; i++)
		if (!is_plain(in.ptr[i]))
			return false;
	return true;
}

void
nitro_age_text(int64_t age_ms, char out[NITRO_AGE_TEXT_SIZE])
{
	static const struct {
		uint64_t ms, below_ms;
		const char *name;
	} units[] = {
	    {1, 1000, "ms"},
	    {1000, 120 * 1000, "s"},
	    {60 * 1000, INT64_C(120) * 60 * 1000, "min"},
	    {60 * 60 * 1000, INT64_C(48) * 60 * 60 * 1000, "h"},
	    {24 * 60 * 60 * 1000, UINT64_MAX, "days"},
	};
	uint64_t ms = age_ms < 0 ? 0 - (uint64_t)age_ms : (uint64_t)age_ms;
	size_t i = 0;

	while (ms >= units[i].below_ms && i + 1 < NITRO_COUNT_OF(units))
		i++;
	(void)snprintf(out, NITRO_AGE_TEXT_SIZE, "%s%" PRIu64 " %s%s",
	    age_ms < 0 ? "in " : "", ms / units[i].ms, units[i].name,
	    age_ms < 0 ? "" : " ago");
}

void
nitro_moment_text(uint64_t ms, char out[NITRO_MOMENT_TEXT_SIZE])
{
	char text[NITRO_TIME_TEXT_LEN + 1] = "";

	if (ms <= INT64_MAX)
		nitro_time_format((int64_t)ms, text);
	if (text[0] != '\0')
		(void)snprintf(out, NITRO_MOMENT_TEXT_SIZE, "%s", text);
	else
		(void)snprintf(
		    out, NITRO_MOMENT_TEXT_SIZE, "%" PRIu64 " ms", ms);
}

void
nitro_fingerprint_text(const uint8_t sha256[NITRO_SHA256_LEN],
    char out[NITRO_FINGERPRINT_TEXT_SIZE])
{
	for (size_t i = 0; i < NITRO_SHA256_LEN; i++)
		(void)snprintf(out + 3 * i, 4,
		    i + 1 < NITRO_SHA256_LEN ? "%02X:" : "%02X", sha256[i]);
}

static bool
wants_colour(void)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no_colour != NULL && no_colour[0] != '\0')
		return false;
	return term != NULL && strcmp(term, "dumb") != 0 &&
	       isatty(STDOUT_FILENO) == 1;
}

static const char *
colour_of(enum nitro_tone tone)
{
	switch (tone) {
	case NITRO_TONE_PLAIN:
		return "";
	case NITRO_TONE_GOOD:
		return "\033[32m";
	case NITRO_TONE_BAD:
		return "\033[1;31m";
	case NITRO_TONE_DIM:
		return "\033[2m";
	}
	return "";
}

void
nitro_print_word(enum nitro_tone tone, int width, const char *word)
{
	if (tone == NITRO_TONE_PLAIN || !wants_colour())
		printf("%-*s", width, word);
	else
		printf("%s%-*s\033[0m", colour_of(tone), width, word);
}
