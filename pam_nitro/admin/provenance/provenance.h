/*
 * Who built this file, and from what: the verdict over a Sigstore bundle, or a
 * signature by a pinned key. Offline; no file is opened here, and no clock
 * read.
 */
#ifndef NITRO_ADMIN_PROVENANCE_PROVENANCE_H
#define NITRO_ADMIN_PROVENANCE_PROVENANCE_H

#include "admin/provenance/certificate.h"
#include "admin/provenance/pinned_key.h"
#include "admin/provenance/strict_json.h"

#define NITRO_PROVENANCE_BUNDLE_MAX NITRO_STRICT_JSON_MAX /* bytes */

/*
 * What must hold, all of it by exact comparison. Either identity and issuer,
 * or key; texts are never empty. NULL elsewhere is "any".
 */
struct nitro_provenance_policy {
	const char *identity, *issuer;
	const struct nitro_pinned_key *key;
	const char *namespace; /* of SSHSIG */
	const char *source_repository, *source_digest, *repository_id;
	const char *predicate_type;
	bool allows_no_log; /* a trusted root that lists no log will do */
};

struct nitro_provenance_request {
	struct nitro_bytes bundle; /* the file's text */
	struct nitro_bytes
	    trusted_root; /* likewise; empty with key: no log, no time */
	const struct nitro_artifact *artifact;
	const struct nitro_provenance_policy *policy;
	int64_t now_ms; /* only to refuse times in the future */
};

enum nitro_provenance_form {
	NITRO_PROVENANCE_SIGSTORE,
	NITRO_PROVENANCE_DSSE,
	NITRO_PROVENANCE_SSHSIG,
	NITRO_PROVENANCE_MINISIGN,
	NITRO_PROVENANCE_PLAIN /* base64 of a signature: cosign --key, openssl dgst */
};

/* What was verified. Texts are NULL where there is nothing to say. */
struct nitro_provenance {
	enum nitro_provenance_form form;
	struct nitro_claimant claimant;       /* keyless */
	char key[NITRO_PINNED_KEY_TEXT_SIZE]; /* pinned; "" else */
	json_t *statement;                    /* NULL without DSSE */
	const char *predicate_type;           /* of statement */
	int64_t time_ms;   /* the first verified one; 0 for none */
	int64_t log_index; /* -1 for none */
	char log_name[NITRO_LOG_NAME_SIZE];
	uint8_t bundle_sha256[NITRO_SHA256_LEN];
	uint8_t root_sha256[NITRO_SHA256_LEN]; /* zero without a root */
};

/*
 * provenance  {0} before; always to be dropped, and of no use unless this
 *             returned true.
 */
NITRO_MUST_CHECK bool nitro_provenance_verify(
    const struct nitro_provenance_request *request,
    struct nitro_provenance *provenance, struct nitro_trail *trail);

void nitro_provenance_drop(struct nitro_provenance *provenance);

/* "Sigstore bundle", "DSSE", ... */
const char *nitro_provenance_form_name(enum nitro_provenance_form form);

#endif
