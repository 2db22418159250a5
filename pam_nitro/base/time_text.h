/* Points in time as RFC 3339 text, always in UTC. No locale, no time zone. */
#ifndef NITRO_BASE_TIME_TEXT_H
#define NITRO_BASE_TIME_TEXT_H

#include "base/bytes.h"

#define NITRO_TIME_TEXT_LEN 24 /* "2026-11-01T00:00:00.000Z" */

/*
 * Read "YYYY-MM-DDTHH:MM:SSZ" or "YYYY-MM-DDTHH:MM:SS.fffZ" (RFC 3339 section
 * 5.6, upper case, no offset), years 1970 to 9999, as milliseconds since 1970.
 *
 * The day must exist; second 60 does not.
 * False, and *time_ms untouched, for anything else.
 */
NITRO_MUST_CHECK bool nitro_time_parse(
    struct nitro_bytes text, int64_t *time_ms);

/*
 * Write the longer of these forms, with a NUL.
 * The empty text for a time before 1970 or after 9999.
 */
void nitro_time_format(int64_t time_ms, char text[NITRO_TIME_TEXT_LEN + 1]);

#endif
