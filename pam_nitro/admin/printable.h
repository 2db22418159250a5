/* Text for people: printable ASCII whatever a stranger wrote, aligned, sized, dated. */
#ifndef NITRO_ADMIN_PRINTABLE_H
#define NITRO_ADMIN_PRINTABLE_H

#include <stdio.h>

#include "base/bytes.h"
#include "evidence/digest.h"

#define NITRO_AGE_TEXT_SIZE 40
#define NITRO_FINGERPRINT_TEXT_SIZE (3 * NITRO_SHA256_LEN)
#define NITRO_MOMENT_TEXT_SIZE 40

/*
 * Write in as printable ASCII and a NUL: bytes outside 0x20..0x7e and the
 * backslash become \xNN. What does not fit is cut, and "..." says so.
 * out_size is 8 or more.
 */
void nitro_printable(struct nitro_bytes in, char *out, size_t out_size);

/* True where nitro_printable() would change nothing; an empty view is. */
bool nitro_is_printable(struct nitro_bytes in);

/* "412 ms ago", "in 3 s", "17 min ago", "5.2 years ago"; age_ms below 0 is the future. */
void nitro_age_text(int64_t age_ms, char out[NITRO_AGE_TEXT_SIZE]);

/* RFC 3339 with milliseconds, or the bare number where it is no date. */
void nitro_moment_text(uint64_t ms, char out[NITRO_MOMENT_TEXT_SIZE]);

/* "64:1A:03:...", as openssl x509 -fingerprint prints it. */
void nitro_fingerprint_text(const uint8_t sha256[NITRO_SHA256_LEN],
    char out[NITRO_FINGERPRINT_TEXT_SIZE]);

enum nitro_tone {
	NITRO_TONE_PLAIN,
	NITRO_TONE_GOOD,
	NITRO_TONE_BAD,
	NITRO_TONE_DIM
};

/*
 * Print the word to stdout, padded to width. Colour only where stdout is a
 * terminal, TERM is not "dumb" and NO_COLOR is unset or empty.
 */
void nitro_print_word(enum nitro_tone tone, int width, const char *word);

#endif
