/*
 * What a document says of itself, as far as it can be read. Nothing in here
 * has been verified: it is shown to people beside what was expected, and
 * never decides anything.
 */
#ifndef NITRO_ADMIN_CLAIMS_H
#define NITRO_ADMIN_CLAIMS_H

#include "evidence/cose_sign1.h"
#include "evidence/document.h"

struct nitro_claims {
	nitro_err err; /* NITRO_OK, or why not all of it could be read */
	size_t evidence_len;
	bool has_tag;  /* tag 18 before the array */
	bool has_cose; /* cose is filled */
	struct nitro_cose_sign1 cose;
	bool has_document; /* doc is filled */
	struct nitro_document doc;
};

/* claims has views into evidence and is filled whatever that is. */
void nitro_claims_read(
    struct nitro_bytes evidence, struct nitro_claims *claims);

/* As policy has it: an enclave's PCR0, 1 or 2, or a NitroTPM's PCR0, is missing or zero. */
bool nitro_claims_are_debug(const struct nitro_document *doc);

/* doc's timestamp in the past of now_ms, saturated; negative in the future. */
int64_t nitro_claims_age_ms(const struct nitro_document *doc, int64_t now_ms);

#endif
