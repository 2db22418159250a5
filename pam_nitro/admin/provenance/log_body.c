#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "admin/provenance/log.h"
#include "admin/provenance/strict_json.h"
#include "base/base64.h"
#include "base/hex.h"
#include "evidence/cert_facts.h"

#define STEP "log entry"

enum { BLOB_MAX = 16384 };

#define REFUSE(trail, expected, ...) \
	nitro_trail_refuse(trail, STEP, expected, __VA_ARGS__)

bool
nitro_log_entry_is_v2(const struct nitro_log_entry *entry)
{
	return strcmp(entry->kind, "hashedrekord") == 0 &&
	       strcmp(entry->version, "0.0.2") == 0;
}

static void
drop_bio(BIO **bio)
{
	BIO_free(*bio);
}

static bool
is_bytes(const json_t *object, const char *key, struct nitro_bytes expected)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf bytes = {0};

	return nitro_strict_base64(object, key, BLOB_MAX, &bytes) &&
	       nitro_bytes_equal(nitro_bytes_of_buf(&bytes), expected);
}

static bool
is_text(const json_t *object, const char *key, const char *expected)
{
	const char *text = nitro_strict_text(object, key);

	return text != NULL && strcmp(text, expected) == 0;
}

static EVP_PKEY *
key_of_pem(const struct nitro_buf *pem)
{
	NITRO_DROP(drop_bio) BIO *bio = NULL;
	EVP_PKEY *key = NULL;

	if (pem->len <= BLOB_MAX)
		bio = BIO_new_mem_buf(pem->ptr, (int)pem->len);
	if (bio != NULL)
		key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	ERR_clear_error();
	return key;
}

/* Base64 of PEM: the leaf itself, or the pinned key. */
static bool
is_signer(const json_t *object, const char *key,
    const struct nitro_log_subject *subject)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0}, der = {0};
	NITRO_DROP(nitro_key_drop) EVP_PKEY *found = NULL;

	if (!nitro_strict_base64(object, key, BLOB_MAX, &pem))
		return false;
	if (subject->bundle->leaf.len > 0)
		return nitro_cert_from_pem(nitro_bytes_of_buf(&pem), &der) ==
			   NITRO_OK &&
		       nitro_bytes_equal(nitro_bytes_of_buf(&der),
			   nitro_bytes_of_buf(&subject->bundle->leaf));
	found = key_of_pem(&pem);
	return found != NULL && nitro_key_equal(found, subject->key);
}

/* {"algorithm": "sha256", "value": HEX} is that digest. */
static bool
is_hash(const json_t *at, const struct nitro_hash_value *expected)
{
	uint8_t found[NITRO_HASH_LEN_MAX];
	const char *hex = nitro_strict_text(at, "value");
	const size_t len = expected != NULL ? nitro_hash_len(expected->hash)
					    : 0;

	return expected != NULL &&
	       is_text(at, "algorithm", nitro_hash_name(expected->hash)) &&
	       hex != NULL &&
	       nitro_hex_decode(nitro_bytes_of_text(hex), found, len) &&
	       nitro_bytes_equal((struct nitro_bytes){found, len},
		   nitro_hash_bytes(expected));
}

static bool
is_payload_hash(const json_t *at, const struct nitro_bundle *bundle)
{
	struct nitro_hash_value payload = {0};

	return nitro_hash_of(NITRO_HASH_SHA256,
		   nitro_bytes_of_buf(&bundle->payload),
		   &payload) == NITRO_OK &&
	       is_hash(at, &payload);
}

static bool
bind_hashedrekord(const json_t *spec, const struct nitro_log_subject *subject,
    struct nitro_trail *trail)
{
	const json_t *signature = json_object_get(spec, "signature");
	const json_t *hash = json_object_get(
	    json_object_get(spec, "data"), "hash");
	const char *name = nitro_strict_text(hash, "algorithm");

	if (subject->bundle->is_dsse)
		return REFUSE(trail, "an entry of kind dsse or intoto",
		    "hashedrekord 0.0.1, which logs no DSSE");
	if (!is_bytes(signature, "content",
		nitro_bytes_of_buf(&subject->bundle->signature)))
		return REFUSE(
		    trail, "the signature of the bundle", "another one");
	if (!is_signer(
		json_object_get(signature, "publicKey"), "content", subject))
		return REFUSE(
		    trail, "the certificate or key of the bundle", "another");
	if (name == NULL ||
	    !is_hash(hash, nitro_artifact_digest(
			       subject->artifact, nitro_hash_find(name))))
		return REFUSE(
		    trail, "the digest of the artifact", "another one");
	return true;
}

static bool
bind_dsse(const json_t *spec, const struct nitro_log_subject *subject,
    struct nitro_trail *trail)
{
	const json_t *list = json_object_get(spec, "signatures");
	const json_t *at = json_array_get(list, 0);

	if (!subject->bundle->is_dsse || json_array_size(list) != 1)
		return REFUSE(trail, "one DSSE signature in bundle and log",
		    "something else");
	if (!is_bytes(at, "signature",
		nitro_bytes_of_buf(&subject->bundle->signature)))
		return REFUSE(
		    trail, "the signature of the bundle", "another one");
	if (!is_signer(at, "verifier", subject))
		return REFUSE(
		    trail, "the certificate or key of the bundle", "another");
	if (!is_payload_hash(
		json_object_get(spec, "payloadHash"), subject->bundle))
		return REFUSE(trail, "the digest of the payload", "another");
	return true;
}

/* The one kind that has the signature in base64 twice. */
static bool
is_bytes_twice(
    const json_t *object, const char *key, struct nitro_bytes expected)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf once = {0}, twice = {0};

	return nitro_strict_base64(object, key, BLOB_MAX, &once) &&
	       nitro_base64_decode(nitro_bytes_of_buf(&once), &twice) ==
		   NITRO_OK &&
	       nitro_bytes_equal(nitro_bytes_of_buf(&twice), expected);
}

static bool
bind_intoto(const json_t *spec, const struct nitro_log_subject *subject,
    struct nitro_trail *trail)
{
	const json_t *content = json_object_get(spec, "content");
	const json_t *envelope = json_object_get(content, "envelope");
	const json_t *list = json_object_get(envelope, "signatures");
	const json_t *at = json_array_get(list, 0);

	if (!subject->bundle->is_dsse || json_array_size(list) != 1)
		return REFUSE(trail, "one DSSE signature in bundle and log",
		    "something else");
	if (!is_bytes_twice(
		at, "sig", nitro_bytes_of_buf(&subject->bundle->signature)))
		return REFUSE(
		    trail, "the signature of the bundle", "another one");
	if (!is_signer(at, "publicKey", subject))
		return REFUSE(
		    trail, "the certificate or key of the bundle", "another");
	if (!is_text(envelope, "payloadType", subject->bundle->payload_type) ||
	    !is_payload_hash(
		json_object_get(content, "payloadHash"), subject->bundle))
		return REFUSE(trail, "the digest of the payload", "another");
	return true;
}

static bool
is_v2_signer(const json_t *verifier, const struct nitro_log_subject *subject)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf der = {0};
	NITRO_DROP(nitro_key_drop) EVP_PKEY *found = NULL;

	if (subject->bundle->leaf.len > 0)
		return is_bytes(json_object_get(verifier, "x509Certificate"),
		    "rawBytes", nitro_bytes_of_buf(&subject->bundle->leaf));
	if (!nitro_strict_base64(json_object_get(verifier, "publicKey"),
		"rawBytes", BLOB_MAX, &der))
		return false;
	found = nitro_key_from_der(nitro_bytes_of_buf(&der));
	return found != NULL && nitro_key_equal(found, subject->key);
}

/* The digest of the artifact, or of what DSSE signs. */
static bool
is_v2_digest(const json_t *data, const struct nitro_log_subject *subject)
{
	static const char *const names[NITRO_HASH_COUNT] = {
	    "", "SHA2_256", "SHA2_384", "SHA2_512"};
	struct nitro_hash_value pae = {0};
	const struct nitro_hash_value *expected = &pae;
	enum nitro_hash hash = NITRO_HASH_NONE;

	for (size_t i = NITRO_HASH_SHA256; i < NITRO_HASH_COUNT; i++)
		if (is_text(data, "algorithm", names[i]))
			hash = (enum nitro_hash)i;
	if (hash == NITRO_HASH_NONE)
		return false;
	if (!subject->bundle->is_dsse)
		expected = nitro_artifact_digest(subject->artifact, hash);
	else if (nitro_hash_of(hash, subject->pae, &pae) != NITRO_OK)
		return false;
	return expected != NULL &&
	       is_bytes(data, "digest", nitro_hash_bytes(expected));
}

static bool
bind_hashedrekord_v2(const json_t *spec,
    const struct nitro_log_subject *subject, struct nitro_trail *trail)
{
	const json_t *record = json_object_get(spec, "hashedRekordV002");
	const json_t *signature = json_object_get(record, "signature");

	if (!is_bytes(signature, "content",
		nitro_bytes_of_buf(&subject->bundle->signature)))
		return REFUSE(
		    trail, "the signature of the bundle", "another one");
	if (!is_v2_signer(json_object_get(signature, "verifier"), subject))
		return REFUSE(
		    trail, "the certificate or key of the bundle", "another");
	if (!is_v2_digest(json_object_get(record, "data"), subject))
		return REFUSE(
		    trail, "the digest of what was signed", "another one");
	return true;
}

bool
nitro_log_bind(const struct nitro_log_entry *entry,
    const struct nitro_log_subject *subject, struct nitro_trail *trail)
{
	static const struct {
		const char *kind, *version;
		bool (*bind)(const json_t *spec,
		    const struct nitro_log_subject *subject,
		    struct nitro_trail *trail);
	} kinds[] = {
	    {"hashedrekord", "0.0.1", bind_hashedrekord},
	    {"hashedrekord", "0.0.2", bind_hashedrekord_v2},
	    {"dsse", "0.0.1", bind_dsse},
	    {"intoto", "0.0.2", bind_intoto},
	};
	NITRO_DROP(nitro_strict_json_drop) json_t *body = NULL;
	char why[NITRO_STRICT_JSON_WHY_SIZE];

	if (!nitro_strict_json_parse(
		nitro_bytes_of_buf(&entry->body), &body, why))
		return REFUSE(trail, "a body in JSON", "%s", why);
	if (!is_text(body, "kind", entry->kind) ||
	    !is_text(body, "apiVersion", entry->version))
		return REFUSE(trail, "kind and version as the body has them",
		    "%s %s", entry->kind, entry->version);
	for (size_t i = 0; i < NITRO_COUNT_OF(kinds); i++)
		if (strcmp(kinds[i].kind, entry->kind) == 0 &&
		    strcmp(kinds[i].version, entry->version) == 0)
			return kinds[i].bind(
			    json_object_get(body, "spec"), subject, trail);
	return REFUSE(trail,
	    "hashedrekord 0.0.1 or 0.0.2, dsse 0.0.1, intoto 0.0.2", "%s %s",
	    entry->kind, entry->version);
}
