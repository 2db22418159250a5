/*
 * What an attestation document claims. Nothing in here is trusted: that is
 * struct nitro_verified, which only the verifier makes.
 *
 * Source: "Verifying the root of trust", AWS Nitro Enclaves user guide, and
 * the limits that real documents have (AWS's text gives lower ones).
 */
#ifndef NITRO_EVIDENCE_DOCUMENT_H
#define NITRO_EVIDENCE_DOCUMENT_H

#include "base/bytes.h"
#include "evidence/digest.h"

#define NITRO_PCR_COUNT_MAX 32
#define NITRO_PCR_LEN NITRO_SHA384_LEN
#define NITRO_MODULE_ID_MAX 256
#define NITRO_CERT_MAX 1024 /* bytes of DER */
#define NITRO_CABUNDLE_MIN 2
#define NITRO_CABUNDLE_MAX 8
#define NITRO_OPTIONAL_FIELD_MAX 1024 /* public_key, user_data, nonce */
#define NITRO_TOP_KEYS_MAX 64         /* entries of the payload map */

enum nitro_kind {
	NITRO_KIND_NONE = 0,
	NITRO_KIND_ENCLAVE, /* pcrs: a Nitro Enclave */
	NITRO_KIND_NITROTPM /* nitrotpm_pcrs: an EC2 instance with NitroTPM */
};

/* All views point into the payload. */
struct nitro_document {
	enum nitro_kind kind;
	struct nitro_bytes module_id; /* 1..256 bytes of UTF-8, hostile */
	uint64_t timestamp_ms;        /* since 1970, UTC */
	uint32_t pcr_mask;            /* bit i is set where PCR i is there */
	struct nitro_bytes pcr[NITRO_PCR_COUNT_MAX]; /* 48 bytes, or none */
	struct nitro_bytes certificate; /* DER of the signing certificate */
	struct nitro_bytes cabundle[NITRO_CABUNDLE_MAX]; /* DER, root first */
	size_t cabundle_count;
	struct nitro_bytes public_key; /* absent, null and empty are len 0 */
	struct nitro_bytes user_data;
	struct nitro_bytes nonce;
};

/*
 * Parse the payload of a COSE_Sign1 message.
 *
 * payload  untrusted bytes.
 * doc      views into payload; untouched on error.
 *
 * The payload map and its collections may be indefinite. Unknown text keys at
 * the top are skipped. Duplicate keys, duplicate PCR indices and bytes after the map are
 * errors.
 *
 * NITRO_E_CBOR*, NITRO_E_FIELD_*, NITRO_E_DIGEST, NITRO_E_KIND,
 * NITRO_E_PCR_*, NITRO_E_CABUNDLE.
 */
NITRO_MUST_CHECK nitro_err nitro_document_parse(
    struct nitro_bytes payload, struct nitro_document *doc);

/* "enclave", "nitrotpm"; "none" for any other value. */
const char *nitro_kind_name(enum nitro_kind kind);

#endif
