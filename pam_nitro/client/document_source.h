/* Where documents come from: nsm:PATH or exec:COMMAND. */
#ifndef NITRO_CLIENT_DOCUMENT_SOURCE_H
#define NITRO_CLIENT_DOCUMENT_SOURCE_H

#include "client/nsm_message.h"
#include "client/private_folder.h"

#define NITRO_SOURCE_VARIABLE "NITRO_SSH_SOURCE"
#define NITRO_SOURCE_DEFAULT "nsm:/dev/nsm"

enum nitro_source_kind {
	NITRO_SOURCE_NONE = 0,
	NITRO_SOURCE_NSM,
	NITRO_SOURCE_EXEC
};

struct nitro_document_source {
	enum nitro_source_kind kind;
	const char *what; /* the device's path or the command, within text */
};

/*
 * Read "nsm:/absolute/path" or "exec:COMMAND"; the source borrows the text.
 * NULL and "" are NITRO_SOURCE_DEFAULT.
 */
NITRO_MUST_CHECK bool nitro_document_source_parse(const char *text,
    struct nitro_document_source *source, struct nitro_complaint *why);

/* Is the device there, does the shell know the command? Asks for nothing. */
NITRO_MUST_CHECK bool nitro_document_source_check(
    const struct nitro_document_source *source, struct nitro_complaint *why);

/*
 * Get one document, 1..NITRO_EVIDENCE_MAX bytes, and append it.
 * folder  for the files of an exec source.
 */
NITRO_MUST_CHECK bool nitro_document_source_attest(
    const struct nitro_document_source *source,
    const struct nitro_private_folder *folder,
    const struct nitro_document_request *request, struct nitro_buf *document,
    struct nitro_complaint *why);

#endif
