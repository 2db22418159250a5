/*
 * A document that stood every check of its expectation, and the only thing
 * that policy accepts. evidence/verifier.h makes one; nobody else can.
 */
#ifndef NITRO_EVIDENCE_VERIFIED_H
#define NITRO_EVIDENCE_VERIFIED_H

#include "base/bytes.h"
#include "evidence/document.h"

/* Owns its bytes; released by nitro_verified_free(). */
struct nitro_verified;

void nitro_verified_free(struct nitro_verified *verified);
void nitro_verified_drop(struct nitro_verified **verified);

/* Views live as long as verified does. */
enum nitro_kind nitro_verified_kind(const struct nitro_verified *verified);
struct nitro_bytes nitro_verified_module_id(
    const struct nitro_verified *verified);
uint64_t nitro_verified_timestamp_ms(const struct nitro_verified *verified);
uint32_t nitro_verified_pcr_mask(const struct nitro_verified *verified);

/* 48 bytes; an empty view where the document has no PCR i. */
struct nitro_bytes nitro_verified_pcr(
    const struct nitro_verified *verified, unsigned i);

/* SHA-384 over the whole document as it was received; for the record only. */
struct nitro_bytes nitro_verified_digest(const struct nitro_verified *verified);

/*
 * Its bytes, of one size for all, to be handed to another process of the
 * same program; nitro_evidence_reopen() takes them there.
 */
#define NITRO_VERIFIED_IMAGE_SIZE 4944

struct nitro_verified_image {
	uint8_t bytes[NITRO_VERIFIED_IMAGE_SIZE];
};

void nitro_verified_write(
    const struct nitro_verified *verified, struct nitro_verified_image *image);

#endif
