/*
 * What nitro-ssh tells its user: why something did not work and what to do
 * about it, in one line of printable ASCII.
 *
 * These are the client's own troubles (no device, no key, a foreign prompt);
 * the list of base/error.h is the server's.
 */
#ifndef NITRO_CLIENT_COMPLAINT_H
#define NITRO_CLIENT_COMPLAINT_H

#include "base/bytes.h"

#define NITRO_COMPLAINT_MAX 1200
#define NITRO_ESCAPED_MAX 400 /* room for hostile text within a complaint */

struct nitro_complaint {
	char text[NITRO_COMPLAINT_MAX];
};

/*
 * Fill the complaint (cut to fit, line ends become blanks) and return false,
 * so that a caller complains and fails in one line. The arguments must not
 * point into why.
 */
__attribute__((format(printf, 2, 3))) bool nitro_client_complain(
    struct nitro_complaint *why, const char *format, ...);

/*
 * Write in to out so that it can stand in a terminal or a log: printable
 * ASCII as it is, a backslash doubled, every other byte as \xNN; "..." at the
 * end where it was cut. out_size is at least 16.
 */
void nitro_text_escape(struct nitro_bytes in, char *out, size_t out_size);

/* "nitro-ssh: <text>" and a line end to standard error. */
void nitro_client_say(const struct nitro_complaint *why);

/* The same, where NITRO_SSH_DEBUG is set to anything but "" and "0". */
__attribute__((format(printf, 1, 2))) void nitro_client_debug(
    const char *format, ...);

#endif
