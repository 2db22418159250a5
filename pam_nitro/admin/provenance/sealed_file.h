/*
 * A file copied once into memory that nobody can change any more: what was
 * hashed is what is then read, whatever happens to the file meanwhile.
 */
#ifndef NITRO_ADMIN_PROVENANCE_SEALED_FILE_H
#define NITRO_ADMIN_PROVENANCE_SEALED_FILE_H

#include "base/bytes.h"

#define NITRO_SEALED_FILE_MAX (UINT64_C(4) << 30) /* bytes: an image */

struct nitro_sealed_file {
	int fd; /* of a sealed memfd, at its begin; -1 for none */
	struct nitro_bytes content;
};

#define NITRO_SEALED_FILE_NONE \
	{ \
		.fd = -1 \
	}

/*
 * path  a regular file, of anybody; a link to one is followed.
 * file  NITRO_SEALED_FILE_NONE before; always to be dropped.
 *
 * NITRO_E_FILE_MISSING, NITRO_E_FILE_READ with a fault that says why.
 */
NITRO_MUST_CHECK nitro_err nitro_sealed_file_read(const char *path,
    struct nitro_sealed_file *file, struct nitro_fault *fault);

void nitro_sealed_file_drop(struct nitro_sealed_file *file);

/*
 * Append the whole of a small regular file of at most max bytes: no link, no
 * FIFO, no device. Errors as above; out is then as it was.
 */
NITRO_MUST_CHECK nitro_err nitro_plain_file_read(const char *path, size_t max,
    struct nitro_buf *out, struct nitro_fault *fault);

#endif
