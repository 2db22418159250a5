/* What a change adds to a text, as a unified diff for people. */
#ifndef NITRO_ADMIN_TEXT_DIFF_H
#define NITRO_ADMIN_TEXT_DIFF_H

#include "base/bytes.h"

/*
 * Append how new differs from old in one hunk with three lines around it, as
 * diff -u would, in printable ASCII: tabs are expanded and other bytes are
 * escaped. Nothing where they are the same. The change is taken to be one of
 * nitro_edit_insert(): any other comes out right, but not as short as it could
 * be.
 *
 * NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_text_diff(const char *name,
    struct nitro_bytes old, struct nitro_bytes new, struct nitro_buf *out);

/* Print such a diff to stdout, in colour where nitro_print_word() has any. */
void nitro_text_diff_print(struct nitro_bytes diff);

#endif
