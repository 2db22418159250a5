#include "admin/provenance/bundle.h"

#include <openssl/err.h>
#include <string.h>

#include "admin/provenance/strict_json.h"
#include "evidence/cert_x509.h"

#define STEP "bundle"
#define MEDIA "application/vnd.dev.sigstore.bundle"

enum {
	DER_MAX = 16384,
	SIGNATURE_MAX = 1024,
	BODY_MAX = 1024 * 1024,
	TIMESTAMP_MAX = 64 * 1024,
	PAYLOAD_MAX = 3 * 1024 * 1024
};

static const char *const bundle_keys[] = {"mediaType", "verificationMaterial",
    "messageSignature", "dsseEnvelope", NULL};
static const char *const material_keys[] = {"certificate",
    "x509CertificateChain", "publicKey", "tlogEntries",
    "timestampVerificationData", NULL};
static const char *const entry_keys[] = {"logIndex", "logId", "kindVersion",
    "integratedTime", "inclusionPromise", "inclusionProof", "canonicalizedBody",
    NULL};
static const char *const proof_keys[] = {
    "logIndex", "rootHash", "treeSize", "hashes", "checkpoint", NULL};
static const char *const raw_keys[] = {"rawBytes", NULL};

#define REFUSE(trail, expected, ...) \
	nitro_trail_refuse(trail, STEP, expected, __VA_ARGS__)

void
nitro_dsse_drop(struct nitro_dsse *dsse)
{
	nitro_buf_drop(&dsse->payload);
	nitro_buf_drop(&dsse->signature);
}

void
nitro_bundle_drop(struct nitro_bundle *bundle)
{
	for (size_t i = 0; i < bundle->entry_count; i++) {
		nitro_buf_drop(&bundle->entries[i].promise);
		nitro_buf_drop(&bundle->entries[i].body);
	}
	nitro_free(bundle->entries);
	for (size_t i = 0; i < NITRO_BUNDLE_TIMESTAMPS_MAX; i++)
		nitro_buf_drop(&bundle->timestamps[i]);
	nitro_buf_drop(&bundle->leaf);
	nitro_buf_drop(&bundle->signature);
	nitro_buf_drop(&bundle->payload);
	json_decref(bundle->json);
	*bundle = (struct nitro_bundle){0};
}

static bool
read_version(struct nitro_bundle *bundle, struct nitro_trail *trail)
{
	static const struct {
		const char *media;
		unsigned version;
	} known[] = {{MEDIA "+json;version=0.1", 1},
	    {MEDIA "+json;version=0.2", 2}, {MEDIA "+json;version=0.3", 3},
	    {MEDIA ".v0.3+json", 3}};
	const char *media = nitro_strict_text(bundle->json, "mediaType");

	for (size_t i = 0; media != NULL && i < NITRO_COUNT_OF(known); i++)
		if (strcmp(media, known[i].media) == 0)
			bundle->version = known[i].version;
	if (bundle->version != 0)
		return true;
	return REFUSE(trail, MEDIA ", version 0.1 to 0.3", "%s",
	    media != NULL ? media : "no mediaType");
}

/* protobuf-specs: the chain has no root, and what is behind the leaf is no trust. */
static bool
check_chain(const json_t *list, struct nitro_trail *trail)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf der = {0};
	const size_t count = json_array_size(list);

	if (count == 0 || count > NITRO_BUNDLE_CHAIN_MAX)
		return REFUSE(
		    trail, "1 to 8 certificates", "%zu of them", count);
	for (size_t i = 0; i < count; i++) {
		NITRO_DROP(nitro_x509_drop) X509 *cert = NULL;
		const json_t *at = json_array_get(list, i);

		if (!nitro_strict_only(at, raw_keys) ||
		    !nitro_strict_base64(at, "rawBytes", DER_MAX, &der) ||
		    nitro_cert_parse(nitro_bytes_of_buf(&der), NULL, &cert) !=
			NITRO_OK)
			return REFUSE(trail, "a certificate in base64",
			    "certificate %zu of the chain is none", i + 1);
		if (X509_NAME_cmp(X509_get_subject_name(cert),
			X509_get_issuer_name(cert)) == 0)
			return REFUSE(trail, "no root certificate in the chain",
			    "certificate %zu is self-signed", i + 1);
	}
	return true;
}

static bool
read_leaf(const json_t *material, struct nitro_bundle *bundle,
    struct nitro_trail *trail)
{
	static const char *const chain_keys[] = {"certificates", NULL};
	static const char *const hint_keys[] = {"hint", NULL};
	const json_t *leaf = nitro_strict_member(material, "certificate");
	const json_t *chain = nitro_strict_member(
	    material, "x509CertificateChain");
	const json_t *key = nitro_strict_member(material, "publicKey");
	const json_t *list = nitro_strict_member(chain, "certificates");

	if ((leaf != NULL) + (chain != NULL) + (key != NULL) != 1)
		return REFUSE(trail,
		    "one of certificate, x509CertificateChain, publicKey",
		    "%d of them",
		    (leaf != NULL) + (chain != NULL) + (key != NULL));
	if (key != NULL)
		return nitro_strict_only(key, hint_keys) ||
		       REFUSE(trail, "publicKey with a hint", "another field");
	if (chain != NULL && bundle->version == 3)
		return REFUSE(trail, "certificate, in version 0.3",
		    "x509CertificateChain");
	if (chain != NULL) {
		if (!nitro_strict_only(chain, chain_keys) ||
		    !check_chain(list, trail))
			return REFUSE(trail, "a chain", "something else");
		leaf = json_array_get(list, 0);
	}
	if (nitro_strict_only(leaf, raw_keys) &&
	    nitro_strict_base64(leaf, "rawBytes", DER_MAX, &bundle->leaf))
		return true;
	return REFUSE(trail, "a certificate in base64", "something else");
}

static bool
read_fixed(const json_t *object, const char *key, uint8_t out[NITRO_SHA256_LEN])
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf bytes = {0};

	if (!nitro_strict_base64(object, key, NITRO_SHA256_LEN, &bytes) ||
	    bytes.len != NITRO_SHA256_LEN)
		return false;
	memcpy(out, bytes.ptr, NITRO_SHA256_LEN);
	return true;
}

static bool
read_hashes(const json_t *list, struct nitro_log_entry *entry)
{
	NITRO_DROP(nitro_strict_json_drop) json_t *wrapper = NULL;
	const size_t count = json_array_size(list);

	if (list == NULL)
		return true;
	if (!json_is_array(list) || count > NITRO_PROOF_HASHES_MAX ||
	    (wrapper = json_object()) == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (json_object_set(wrapper, "hash", json_array_get(list, i)) !=
			0 ||
		    !read_fixed(wrapper, "hash", entry->hashes[i]))
			return false;
		entry->hash_count++;
	}
	return true;
}

static bool
read_proof(const json_t *at, struct nitro_log_entry *entry)
{
	static const char *const checkpoint_keys[] = {"envelope", NULL};
	const json_t *checkpoint = nitro_strict_member(at, "checkpoint");

	if (at == NULL)
		return true;
	entry->has_proof = true;
	entry->checkpoint = nitro_strict_text(checkpoint, "envelope");
	return nitro_strict_only(at, proof_keys) &&
	       nitro_strict_int64(at, "logIndex", &entry->proof_index) &&
	       nitro_strict_int64(at, "treeSize", &entry->tree_size) &&
	       read_fixed(at, "rootHash", entry->root_hash) &&
	       read_hashes(nitro_strict_member(at, "hashes"), entry) &&
	       (checkpoint == NULL ||
		   (nitro_strict_only(checkpoint, checkpoint_keys) &&
		       entry->checkpoint != NULL &&
		       strlen(entry->checkpoint) <= NITRO_CHECKPOINT_MAX));
}

static bool
read_entry(const json_t *at, struct nitro_log_entry *entry)
{
	static const char *const kind_keys[] = {"kind", "version", NULL};
	static const char *const id_keys[] = {"keyId", NULL};
	static const char *const promise_keys[] = {
	    "signedEntryTimestamp", NULL};
	const json_t *kind = nitro_strict_member(at, "kindVersion");
	const json_t *id = nitro_strict_member(at, "logId");
	const json_t *promise = nitro_strict_member(at, "inclusionPromise");

	entry->kind = nitro_strict_text(kind, "kind");
	entry->version = nitro_strict_text(kind, "version");
	return nitro_strict_only(at, entry_keys) &&
	       nitro_strict_only(kind, kind_keys) && entry->kind != NULL &&
	       entry->version != NULL && nitro_strict_only(id, id_keys) &&
	       read_fixed(id, "keyId", entry->log_id) &&
	       nitro_strict_int64(at, "logIndex", &entry->log_index) &&
	       nitro_strict_int64(
		   at, "integratedTime", &entry->integrated_time_s) &&
	       nitro_strict_base64(
		   at, "canonicalizedBody", BODY_MAX, &entry->body) &&
	       (promise == NULL ||
		   (nitro_strict_only(promise, promise_keys) &&
		       nitro_strict_base64(promise, "signedEntryTimestamp",
			   SIGNATURE_MAX, &entry->promise))) &&
	       read_proof(nitro_strict_member(at, "inclusionProof"), entry);
}

static bool
read_entries(
    const json_t *list, struct nitro_bundle *bundle, struct nitro_trail *trail)
{
	const size_t count = json_array_size(list);

	if (list == NULL || (json_is_array(list) && count == 0))
		return true;
	if (count == 0 || count > NITRO_BUNDLE_ENTRIES_MAX)
		return REFUSE(trail, "at most 8 log entries", "%zu", count);
	bundle->entries = nitro_alloc(count, sizeof bundle->entries[0]);
	if (bundle->entries == NULL)
		return nitro_trail_fail(trail, NITRO_E_MEMORY);
	for (size_t i = 0; i < count; i++) {
		bundle->entry_count++;
		if (!read_entry(json_array_get(list, i), &bundle->entries[i]))
			return REFUSE(trail,
			    "a log entry with the fields of its type",
			    "entry %zu of tlogEntries is not so", i + 1);
	}
	return true;
}

static bool
read_timestamps(
    const json_t *at, struct nitro_bundle *bundle, struct nitro_trail *trail)
{
	static const char *const data_keys[] = {"rfc3161Timestamps", NULL};
	static const char *const token_keys[] = {"signedTimestamp", NULL};
	const json_t *list = nitro_strict_member(at, "rfc3161Timestamps");
	const size_t count = json_array_size(list);

	if (at == NULL)
		return true;
	if (!nitro_strict_only(at, data_keys) ||
	    (list != NULL && !json_is_array(list)) ||
	    count > NITRO_BUNDLE_TIMESTAMPS_MAX)
		return REFUSE(
		    trail, "at most 8 rfc3161Timestamps", "%zu", count);
	for (size_t i = 0; i < count; i++) {
		const json_t *token = json_array_get(list, i);

		if (!nitro_strict_only(token, token_keys) ||
		    !nitro_strict_base64(token, "signedTimestamp",
			TIMESTAMP_MAX, &bundle->timestamps[i]))
			return REFUSE(trail, "a timestamp in base64",
			    "timestamp %zu is not so", i + 1);
		bundle->timestamp_count++;
	}
	return true;
}

static bool
read_message_digest(const json_t *at, struct nitro_hash_value *value)
{
	static const char *const keys[] = {"algorithm", "digest", NULL};
	static const struct {
		const char *name;
		enum nitro_hash hash;
	} known[] = {{"SHA2_256", NITRO_HASH_SHA256},
	    {"SHA2_384", NITRO_HASH_SHA384}, {"SHA2_512", NITRO_HASH_SHA512}};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf digest = {0};
	const char *name = nitro_strict_text(at, "algorithm");

	if (at == NULL)
		return true;
	if (!nitro_strict_only(at, keys) || name == NULL ||
	    !nitro_strict_base64(at, "digest", NITRO_HASH_LEN_MAX, &digest))
		return false;
	for (size_t i = 0; i < NITRO_COUNT_OF(known); i++)
		if (strcmp(known[i].name, name) == 0)
			value->hash = known[i].hash;
	if (value->hash == NITRO_HASH_NONE ||
	    digest.len != nitro_hash_len(value->hash))
		return false;
	memcpy(value->bytes, digest.ptr, digest.len);
	return true;
}

static bool
read_message(
    const json_t *at, struct nitro_bundle *bundle, struct nitro_trail *trail)
{
	static const char *const keys[] = {"messageDigest", "signature", NULL};

	if (!nitro_strict_only(at, keys) ||
	    !nitro_strict_base64(
		at, "signature", SIGNATURE_MAX, &bundle->signature))
		return REFUSE(trail, "messageSignature with a signature",
		    "something else");
	if (!read_message_digest(nitro_strict_member(at, "messageDigest"),
		&bundle->message_digest))
		return REFUSE(trail,
		    "messageDigest by SHA2_256, SHA2_384 or SHA2_512",
		    "something else");
	return true;
}

/* keyid is not authenticated, so it is not looked at. */
bool
nitro_dsse_parse(
    const json_t *envelope, struct nitro_dsse *dsse, struct nitro_trail *trail)
{
	static const char *const keys[] = {
	    "payload", "payloadType", "signatures", NULL};
	static const char *const signature_keys[] = {"sig", "keyid", NULL};
	const json_t *list = nitro_strict_member(envelope, "signatures");
	const json_t *at = json_array_get(list, 0);

	dsse->payload_type = nitro_strict_text(envelope, "payloadType");
	if (!nitro_strict_only(envelope, keys) || dsse->payload_type == NULL ||
	    !nitro_strict_base64(
		envelope, "payload", PAYLOAD_MAX, &dsse->payload))
		return REFUSE(
		    trail, "payload and payloadType of DSSE", "something else");
	if (json_array_size(list) != 1)
		return REFUSE(trail, "one signature in the DSSE envelope",
		    "%zu", json_array_size(list));
	if (!nitro_strict_only(at, signature_keys) ||
	    !nitro_strict_base64(at, "sig", SIGNATURE_MAX, &dsse->signature))
		return REFUSE(trail, "a signature in base64", "something else");
	return true;
}

static bool
read_dsse(
    const json_t *at, struct nitro_bundle *bundle, struct nitro_trail *trail)
{
	NITRO_DROP(nitro_dsse_drop) struct nitro_dsse dsse = {0};

	if (!nitro_dsse_parse(at, &dsse, trail))
		return false;
	bundle->is_dsse = true;
	bundle->payload_type = dsse.payload_type;
	bundle->payload = dsse.payload;
	bundle->signature = dsse.signature;
	dsse = (struct nitro_dsse){0};
	return true;
}

static bool
read_content(struct nitro_bundle *bundle, struct nitro_trail *trail)
{
	const json_t *message = nitro_strict_member(
	    bundle->json, "messageSignature");
	const json_t *dsse = nitro_strict_member(bundle->json, "dsseEnvelope");

	if ((message != NULL) == (dsse != NULL))
		return REFUSE(trail, "one of messageSignature, dsseEnvelope",
		    message != NULL ? "both" : "none");
	return message != NULL ? read_message(message, bundle, trail)
			       : read_dsse(dsse, bundle, trail);
}

static bool
read_all(struct nitro_bundle *bundle, struct nitro_trail *trail)
{
	const json_t *material = nitro_strict_member(
	    bundle->json, "verificationMaterial");

	if (!read_version(bundle, trail))
		return false;
	if (!nitro_strict_only(bundle->json, bundle_keys) ||
	    !nitro_strict_only(material, material_keys))
		return REFUSE(trail, "only the fields that a bundle has",
		    "another one, or no verificationMaterial");
	return read_leaf(material, bundle, trail) &&
	       read_entries(nitro_strict_member(material, "tlogEntries"),
		   bundle, trail) &&
	       read_timestamps(
		   nitro_strict_member(material, "timestampVerificationData"),
		   bundle, trail) &&
	       read_content(bundle, trail);
}

bool
nitro_bundle_parse(struct nitro_bytes text, struct nitro_bundle *bundle,
    struct nitro_trail *trail)
{
	char why[NITRO_STRICT_JSON_WHY_SIZE];
	bool is_good;

	if (!nitro_strict_json_parse(text, &bundle->json, why))
		return REFUSE(
		    trail, "one Sigstore bundle in JSON to a file", "%s", why);
	is_good = read_all(bundle, trail);
	ERR_clear_error();
	if (!is_good)
		return false;
	nitro_trail_pass(trail, STEP,
	    "Sigstore bundle v0.%u, %s, %s, %zu log entries, %zu timestamps",
	    bundle->version,
	    bundle->is_dsse ? "DSSE envelope" : "message signature",
	    bundle->leaf.len > 0 ? "certificate" : "managed key",
	    bundle->entry_count, bundle->timestamp_count);
	return true;
}
