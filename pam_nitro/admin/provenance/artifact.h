/* The thing whose origin is asked for: its digests, and its bytes where they are here. */
#ifndef NITRO_ADMIN_PROVENANCE_ARTIFACT_H
#define NITRO_ADMIN_PROVENANCE_ARTIFACT_H

#include "admin/provenance/signature.h"

struct nitro_artifact {
	struct nitro_hash_value digests[NITRO_HASH_COUNT];
	struct nitro_bytes content; /* borrowed */
	bool has_content;
};

/* All digests of these bytes. NITRO_E_CRYPTO. */
NITRO_MUST_CHECK nitro_err nitro_artifact_of_bytes(
    struct nitro_bytes content, struct nitro_artifact *artifact);

/*
 * The one digest of "sha256:HEX", "sha384:HEX" or "sha512:HEX", lower case or
 * upper. False for anything else.
 */
NITRO_MUST_CHECK bool nitro_artifact_of_digest(
    const char *text, struct nitro_artifact *artifact);

/* The digest by that hash; NULL where it is not known. */
const struct nitro_hash_value *nitro_artifact_digest(
    const struct nitro_artifact *artifact, enum nitro_hash hash);

/* "sha256:HEX" of the first digest that is known. */
#define NITRO_ARTIFACT_TEXT_SIZE (8 + 2 * NITRO_HASH_LEN_MAX)
void nitro_artifact_text(
    const struct nitro_artifact *artifact, char text[NITRO_ARTIFACT_TEXT_SIZE]);

/* The same of one digest; "not known" for NULL. */
void nitro_hash_text(
    const struct nitro_hash_value *value, char text[NITRO_ARTIFACT_TEXT_SIZE]);

#endif
