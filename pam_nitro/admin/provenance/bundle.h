/*
 * A Sigstore bundle (protobuf-specs, v0.1 to v0.3) as a stranger wrote it:
 * parsed to its last field, and nothing verified.
 */
#ifndef NITRO_ADMIN_PROVENANCE_BUNDLE_H
#define NITRO_ADMIN_PROVENANCE_BUNDLE_H

#include <jansson.h>

#include "admin/provenance/signature.h"
#include "admin/provenance/trail.h"
#include "admin/provenance/trusted_root.h"

#define NITRO_BUNDLE_ENTRIES_MAX 8
#define NITRO_BUNDLE_TIMESTAMPS_MAX 8
#define NITRO_BUNDLE_CHAIN_MAX 8
#define NITRO_PROOF_HASHES_MAX 64
#define NITRO_CHECKPOINT_MAX (64u * 1024) /* bytes */

/* One entry of a transparency log. Texts are borrowed from the bundle. */
struct nitro_log_entry {
	int64_t log_index, integrated_time_s;
	uint8_t log_id[NITRO_LOG_ID_LEN];
	const char *kind, *version;
	struct nitro_buf promise; /* signedEntryTimestamp; empty for none */
	struct nitro_buf body;    /* canonicalizedBody, decoded */
	bool has_proof;
	int64_t proof_index, tree_size;
	uint8_t root_hash[NITRO_SHA256_LEN];
	uint8_t hashes[NITRO_PROOF_HASHES_MAX][NITRO_SHA256_LEN];
	size_t hash_count;
	const char *checkpoint; /* NULL for none */
};

struct nitro_bundle {
	json_t *json;          /* owns the texts */
	unsigned version;      /* 1, 2 or 3: of 0.1, 0.2, 0.3 */
	struct nitro_buf leaf; /* DER; empty for a bundle of a managed key */
	struct nitro_log_entry *entries;
	size_t entry_count;
	struct nitro_buf timestamps[NITRO_BUNDLE_TIMESTAMPS_MAX];
	size_t timestamp_count;
	bool is_dsse;
	struct nitro_buf signature;
	struct nitro_hash_value message_digest; /* hash NONE where absent */
	struct nitro_buf payload;               /* DSSE */
	const char *payload_type;               /* DSSE */
};

/*
 * Parse the text of the file, which is that one bundle.
 * bundle  {0} before; always to be dropped. Refusals are of the step
 *         "bundle".
 */
NITRO_MUST_CHECK bool nitro_bundle_parse(struct nitro_bytes text,
    struct nitro_bundle *bundle, struct nitro_trail *trail);

void nitro_bundle_drop(struct nitro_bundle *bundle);

/*
 * Parse one DSSE envelope: a payload and exactly one signature. payload_type
 * is borrowed from envelope.
 */
struct nitro_dsse {
	struct nitro_buf payload, signature;
	const char *payload_type;
};

NITRO_MUST_CHECK bool nitro_dsse_parse(
    const json_t *envelope, struct nitro_dsse *dsse, struct nitro_trail *trail);

void nitro_dsse_drop(struct nitro_dsse *dsse);

#endif
