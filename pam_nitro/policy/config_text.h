/*
 * A look at the raw text of a file before libconfig sees it. Private to
 * policy/.
 *
 * libconfig 1.5 is lenient, and so this is not: it ends the process on
 * @include of a folder, drops what follows a NUL or an unterminated comment
 * or string, joins "aa" "bb", drops \x00, reads 010 as 10, 4294967296 as 0
 * and 99999999999 as something else.
 */
#ifndef NITRO_POLICY_CONFIG_TEXT_H
#define NITRO_POLICY_CONFIG_TEXT_H

#include "base/bytes.h"

#define NITRO_CONFIG_DEPTH_MAX 8 /* brackets within brackets */

struct nitro_config_source {
	struct nitro_bytes text;
	const char *path; /* for messages */
	nitro_err err;    /* the reason of whatever is wrong with the text */
};

/*
 * Check that the text has nothing but
 *  - printable ASCII, TAB, LF and CR LF; any byte above 127 in comments,
 *  - comments that end, and no "@include" at all,
 *  - strings that end on their line, with no escapes but \" and \\, where a
 *    value may stand, and no two side by side,
 *  - whole numbers of 1 to 9 decimal digits without sign or leading zero,
 *  - names, brackets that close, and  = : , ;
 *
 * token_count  names, values and marks, comments left out.
 * source->err with the line; token_count is then untouched.
 */
NITRO_MUST_CHECK nitro_err nitro_config_text_check(
    const struct nitro_config_source *source, size_t *token_count,
    struct nitro_fault *fault);

#endif
