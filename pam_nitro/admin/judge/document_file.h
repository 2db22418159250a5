/* An attestation document as people keep it: a file, raw or in base64. */
#ifndef NITRO_ADMIN_DOCUMENT_FILE_H
#define NITRO_ADMIN_DOCUMENT_FILE_H

#include "base/bytes.h"

#define NITRO_DOCUMENT_FILE_MAX 65536 /* bytes, as the file has them */

struct nitro_document_file {
	struct nitro_buf evidence;
	bool is_base64;
	size_t
	    file_len; /* NITRO_DOCUMENT_FILE_MAX + 1 where it is longer still */
	/*
	 * Why there is no evidence in it: NITRO_E_EVIDENCE_SIZE (empty, or too
	 * long), NITRO_E_BASE64; else NITRO_OK. The document is refused then.
	 */
	nitro_err err;
};

/*
 * Tell raw from base64 and decode, into *file ({0} before).
 *
 * Text is what has printable ASCII and white space alone: no document is
 * that, since each begins with 0x84 or 0xd2. Text must be strict base64 but
 * for line breaks, and blanks at the begin and end of a line, as pasting
 * leaves them.
 *
 * NITRO_OK with file->err as above, or NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_document_file_decode(
    struct nitro_bytes in, struct nitro_document_file *file);

/*
 * Read path, or standard input for "-", and decode it.
 * Released by nitro_document_file_drop(), after an error too.
 *
 * NITRO_E_FILE_MISSING, NITRO_E_FILE_READ, NITRO_E_MEMORY with a fault.
 */
NITRO_MUST_CHECK nitro_err nitro_document_file_read(const char *path,
    struct nitro_document_file *file, struct nitro_fault *fault);

/* Print what nitro_document_file_read() found, and what to do, to stderr. */
void nitro_document_file_complain(const struct nitro_fault *fault);

void nitro_document_file_drop(struct nitro_document_file *file);

#endif
