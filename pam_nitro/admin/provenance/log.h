/* An entry of a transparency log (Rekor v1 and v2): what it is about, and the proof. */
#ifndef NITRO_ADMIN_PROVENANCE_LOG_H
#define NITRO_ADMIN_PROVENANCE_LOG_H

#include "admin/provenance/artifact.h"
#include "admin/provenance/bundle.h"

/* What every entry of the bundle must be about. Borrowed. */
struct nitro_log_subject {
	const struct nitro_bundle *bundle;
	const struct nitro_artifact *artifact;
	EVP_PKEY *key;          /* of the leaf, or the pinned one */
	struct nitro_bytes pae; /* DSSE; empty else */
};

/* True for hashedrekord 0.0.2, the entries of Rekor v2. */
bool nitro_log_entry_is_v2(const struct nitro_log_entry *entry);

/*
 * Compare the body of the entry with signature, key and content of the
 * bundle. Step "log entry". Nothing of the entry counts before.
 */
NITRO_MUST_CHECK bool nitro_log_bind(const struct nitro_log_entry *entry,
    const struct nitro_log_subject *subject, struct nitro_trail *trail);

/*
 * The log's promise (SET) over body, index and time. Step "log promise".
 * *time_ms is set only where there is a promise; it is 0 else.
 */
NITRO_MUST_CHECK bool nitro_log_promise(const struct nitro_log_entry *entry,
    const struct nitro_trusted_log *log, int64_t now_ms, int64_t *time_ms,
    struct nitro_trail *trail);

/*
 * RFC 9162 section 2.1.3.2, step "log inclusion"; of the entry's body, or of
 * a leaf whose hash is known.
 */
NITRO_MUST_CHECK bool nitro_log_inclusion(
    const struct nitro_log_entry *entry, struct nitro_trail *trail);
NITRO_MUST_CHECK bool nitro_log_inclusion_of(
    const struct nitro_log_entry *entry, const uint8_t leaf[NITRO_SHA256_LEN],
    struct nitro_trail *trail);

/*
 * The signed note over tree size and root hash (C2SP signed-note and
 * tlog-checkpoint), step "log checkpoint".
 */
NITRO_MUST_CHECK bool nitro_log_checkpoint(const struct nitro_log_entry *entry,
    const struct nitro_trusted_log *log, struct nitro_trail *trail);

#endif
