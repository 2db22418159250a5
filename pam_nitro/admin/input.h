/* Read what the person at the terminal names: any file, or standard input. */
#ifndef NITRO_ADMIN_INPUT_H
#define NITRO_ADMIN_INPUT_H

#include "base/bytes.h"

/*
 * Append the whole file to out; "-" is standard input. Owner and mode do not
 * matter: it is the caller's own choice, not the module's configuration.
 *
 * max  one byte more than this is read at most, so that the caller sees that
 *      the file is longer.
 *
 * NITRO_E_FILE_MISSING, NITRO_E_FILE_READ with a fault that says so in words;
 * NITRO_E_MEMORY. out is then as it was.
 */
NITRO_MUST_CHECK nitro_err nitro_input_read(const char *path, size_t max,
    struct nitro_buf *out, struct nitro_fault *fault);

#endif
