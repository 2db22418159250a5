/*
 * A Sigstore trusted root: the authorities and logs of one trust domain. It
 * is the administrator's file; several domains are never merged, because a
 * stranger could then choose an authority without a log.
 */
#ifndef NITRO_ADMIN_PROVENANCE_TRUSTED_ROOT_H
#define NITRO_ADMIN_PROVENANCE_TRUSTED_ROOT_H

#include <openssl/x509.h>

#include "admin/provenance/signature.h"
#include "admin/provenance/trail.h"
#include "evidence/digest.h"

#define NITRO_TRUSTED_MAX 32 /* of each kind */
#define NITRO_TRUSTED_CHAIN_MAX 8
#define NITRO_LOG_ID_LEN 32
#define NITRO_LOG_NAME_SIZE 256

/* Both ends are within (protobuf-specs TimeRange); end INT64_MAX is open. */
struct nitro_period {
	int64_t start_ms, end_ms;
};

/* A certificate or timestamp authority; chain[0] signs, the last is the root. */
struct nitro_authority {
	X509 *chain[NITRO_TRUSTED_CHAIN_MAX];
	size_t count;
	struct nitro_period period;
};

/* A transparency log, of entries or of certificates. */
struct nitro_trusted_log {
	uint8_t id[NITRO_LOG_ID_LEN];
	EVP_PKEY *key;
	char name[NITRO_LOG_NAME_SIZE]; /* host of its URL; "" for none */
	struct nitro_period period;
};

struct nitro_trusted_root {
	struct nitro_authority cas[NITRO_TRUSTED_MAX], tsas[NITRO_TRUSTED_MAX];
	size_t ca_count, tsa_count;
	struct nitro_trusted_log logs[NITRO_TRUSTED_MAX];
	struct nitro_trusted_log ct_logs[NITRO_TRUSTED_MAX];
	size_t log_count, ct_log_count;
	uint8_t sha256[NITRO_SHA256_LEN]; /* of the file's bytes */
};

/*
 * Parse the text of the file.
 * root  {0} before; always to be dropped. Refusals are of the step
 *       "trusted root".
 */
NITRO_MUST_CHECK bool nitro_trusted_root_parse(struct nitro_bytes text,
    struct nitro_trusted_root *root, struct nitro_trail *trail);

void nitro_trusted_root_drop(struct nitro_trusted_root *root);

bool nitro_period_has(const struct nitro_period *period, int64_t time_ms);

/* The log of that id; NULL where the list has none. */
const struct nitro_trusted_log *nitro_trusted_log_find(
    const struct nitro_trusted_log *logs, size_t count, struct nitro_bytes id);

#endif
