/*
 * A document from a command that takes what nitro-tpm-attest takes:
 * COMMAND --nonce FILE --user-data FILE [--public-key FILE], and the document
 * on standard output.
 */
#ifndef NITRO_CLIENT_EXEC_SOURCE_H
#define NITRO_CLIENT_EXEC_SOURCE_H

#include "client/nsm_message.h"
#include "client/private_folder.h"

#define NITRO_EXEC_DEADLINE_MS 60000

struct nitro_exec_source {
	const char *command; /* for /bin/sh -c; the options are appended */
	int64_t deadline_ms;
	/* The three files go into a folder of their own within this one. */
	const struct nitro_private_folder *folder;
};

/*
 * Run the command and append the document, 1..NITRO_EVIDENCE_MAX bytes.
 * The files are gone when this returns.
 */
NITRO_MUST_CHECK bool nitro_exec_source_attest(
    const struct nitro_exec_source *source,
    const struct nitro_document_request *request, struct nitro_buf *document,
    struct nitro_complaint *why);

/*
 * Does the shell know the command's first word? True also where that word is
 * no plain name, so that only running it can tell.
 */
NITRO_MUST_CHECK bool nitro_exec_source_check(
    const char *command, struct nitro_complaint *why);

#endif
