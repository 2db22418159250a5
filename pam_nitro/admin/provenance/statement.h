/* DSSE's signed text, and the in-toto statement within. */
#ifndef NITRO_ADMIN_PROVENANCE_STATEMENT_H
#define NITRO_ADMIN_PROVENANCE_STATEMENT_H

#include <jansson.h>

#include "admin/provenance/artifact.h"
#include "admin/provenance/trail.h"

#define NITRO_STATEMENT_SUBJECTS_MAX 1024

/*
 * DSSE's pre-authentication encoding, appended to pae:
 * "DSSEv1 <len> <type> <len> <payload>". NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_dsse_pae(const char *payload_type,
    struct nitro_bytes payload, struct nitro_buf *pae);

/*
 * Read a payload whose signature has verified, and never before: an in-toto
 * statement with a subject of the artifact's digest. Names of subjects never
 * count (CVE-2021-41087). Steps "statement", "artifact", "predicate type".
 *
 * expected_type  of the predicate; NULL for any.
 * *statement     made on success, released by json_decref().
 */
struct nitro_statement_question {
	const char *payload_type;
	struct nitro_bytes payload;
	const struct nitro_artifact *artifact;
	const char *expected_type;
};

NITRO_MUST_CHECK bool nitro_statement_read(
    const struct nitro_statement_question *question, json_t **statement,
    struct nitro_trail *trail);

#endif
