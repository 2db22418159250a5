/*
 * From the text of a prompt to the line that answers it. Answers a pam_nitro
 * challenge and nothing else.
 */
#ifndef NITRO_CLIENT_RESPONDER_H
#define NITRO_CLIENT_RESPONDER_H

#include "client/document_source.h"
#include "client/own_keys.h"

struct nitro_responder {
	const struct nitro_own_keys *keys;
	const struct nitro_document_source *source;
	const struct nitro_private_folder *folder;
};

/*
 * The line for the part that the prompt asks for, appended without a line
 * end. All parts of a challenge come from one document, kept in the folder
 * from the first part to the last.
 *
 * Refused: a prompt that is not exactly one challenge, a challenge that names
 * a key which is not among the own ones, a later part whose first part was
 * never asked for.
 */
NITRO_MUST_CHECK bool nitro_responder_part(
    const struct nitro_responder *responder, struct nitro_bytes prompt,
    struct nitro_buf *line, struct nitro_complaint *why);

/* The answer in one piece; the prompt must be that of part 1. */
NITRO_MUST_CHECK bool nitro_responder_whole(
    const struct nitro_responder *responder, struct nitro_bytes prompt,
    struct nitro_buf *line, struct nitro_complaint *why);

#endif
