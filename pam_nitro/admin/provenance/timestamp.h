/* A timestamp of an authority of the trusted root (RFC 3161). */
#ifndef NITRO_ADMIN_PROVENANCE_TIMESTAMP_H
#define NITRO_ADMIN_PROVENANCE_TIMESTAMP_H

#include "admin/provenance/trail.h"
#include "admin/provenance/trusted_root.h"

/*
 * Verify one TimeStampResp over the bytes of a signature: granted, imprint by
 * SHA-2, signed by chain[0] of exactly one authority, whose path and validFor
 * hold at the time that it says. Step "timestamp".
 *
 * *tsa      number of the authority in root.
 * *time_ms  genTime.
 */
NITRO_MUST_CHECK bool nitro_timestamp_verify(struct nitro_bytes token,
    struct nitro_bytes signature, const struct nitro_trusted_root *root,
    size_t *tsa, int64_t *time_ms, struct nitro_trail *trail);

#endif
