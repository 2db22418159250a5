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

/* A name, value or mark; first is its first byte, 0 at the end of the text. */
struct nitro_config_token {
	uint8_t first;
	size_t begin, end; /* offsets in the text */
	unsigned line;
};

/* One token after the other. Private but for the two functions. */
struct nitro_config_scan {
	const struct nitro_config_source *source;
	struct nitro_fault *fault;
	size_t at;
	unsigned line;
	size_t token_count;
	uint8_t last; /* how the token before began; 0 for none */
	size_t depth; /* brackets that are open */
	struct {
		uint8_t bracket;
		unsigned line;
	} opened[NITRO_CONFIG_DEPTH_MAX];
};

/*
 * Begin, and take the next token. A text whose last token was given has
 * nothing but
 *  - printable ASCII, TAB, LF and CR LF; any byte above 127 in comments,
 *  - comments that end, and no "@include" at all,
 *  - strings that end on their line, with no escapes but \" and \\, where a
 *    value may stand, and no two side by side,
 *  - whole numbers of 1 to 9 decimal digits without sign or leading zero,
 *  - names, brackets that close, and  = : , ;
 *
 * source and fault are borrowed. source->err with the line, after which
 * nothing more may be taken.
 */
NITRO_MUST_CHECK nitro_err nitro_config_scan_open(struct nitro_config_scan *s,
    const struct nitro_config_source *source, struct nitro_fault *fault);
NITRO_MUST_CHECK nitro_err nitro_config_scan_next(
    struct nitro_config_scan *s, struct nitro_config_token *token);

/*
 * All of them at once.
 * token_count  names, values and marks, comments left out; untouched on error.
 */
NITRO_MUST_CHECK nitro_err nitro_config_text_check(
    const struct nitro_config_source *source, size_t *token_count,
    struct nitro_fault *fault);

#endif
