/* The line that pam_nitro.so has logged for a login, found and taken apart. */
#ifndef NITRO_ADMIN_LOG_LINE_H
#define NITRO_ADMIN_LOG_LINE_H

#include "base/bytes.h"
#include "ssh/challenge.h"

#define NITRO_LOG_FIELDS_MAX 40
#define NITRO_LOG_LINE_SIZE 2048

struct nitro_log_field {
	char key[24];
	char value[480]; /* printable ASCII, without quotes */
};

struct nitro_log_line {
	char head[200]; /* printable: what stands before "pam_nitro(" */
	struct nitro_log_field field[NITRO_LOG_FIELDS_MAX];
	size_t count;
};

/*
 * Take apart a line of syslog(3), in whatever form it was stored.
 *
 * Only a message that begins with "pam_nitro(" counts: what stands elsewhere in a
 * line, a user's name among it, was somebody else's choice.
 * False, and nothing written, for any other line.
 */
NITRO_MUST_CHECK bool nitro_log_line_parse(
    struct nitro_bytes text, struct nitro_log_line *line);

/* The value of a field, or NULL. */
const char *nitro_log_line_get(
    const struct nitro_log_line *line, const char *key);

/*
 * Search a log for the last line with that reference.
 *
 * path    "-" is standard input.
 * *count  how many there are; line is filled where it is not 0.
 *
 * NITRO_E_FILE_MISSING, NITRO_E_FILE_READ with a fault.
 */
NITRO_MUST_CHECK nitro_err nitro_log_search(const char *path,
    const char *reference, struct nitro_log_line *line, size_t *count,
    struct nitro_fault *fault);

#endif
