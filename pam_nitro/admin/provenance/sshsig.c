#include <openssl/ec.h>
#include <openssl/err.h>
#include <string.h>

#include "admin/provenance/pinned_key.h"
#include "base/base64.h"
#include "ssh/ssh_key.h"

#define STEP "signature"
#define MAGIC "SSHSIG"
#define BEGIN "-----BEGIN SSH SIGNATURE-----"
#define END "-----END SSH SIGNATURE-----"

enum { VERSION = 1, ARMOR_MAX = 16384, ED25519_SIGNATURE_LEN = 64 };

#define REFUSE(trail, expected, ...) \
	nitro_trail_refuse(trail, STEP, expected, __VA_ARGS__)

struct sshsig {
	struct nitro_bytes key, namespace, hash, type, signature;
};

static void
drop_ecdsa(ECDSA_SIG **signature)
{
	ECDSA_SIG_free(*signature);
}

static void
drop_bytes(unsigned char **bytes)
{
	OPENSSL_free(*bytes);
}

static nitro_err
append_string(struct nitro_buf *out, struct nitro_bytes in)
{
	const uint8_t head[4] = {(uint8_t)(in.len >> 24),
	    (uint8_t)(in.len >> 16), (uint8_t)(in.len >> 8), (uint8_t)in.len};
	nitro_err err;

	err = nitro_buf_append(out, (struct nitro_bytes){head, sizeof head});
	return err != NITRO_OK ? err : nitro_buf_append(out, in);
}

static bool
unarmor(struct nitro_bytes armor, struct nitro_buf *blob)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_bytes line;

	if (armor.len > ARMOR_MAX ||
	    !nitro_bytes_take_until(&armor, '\n', &line) ||
	    !nitro_bytes_equal_text(line, BEGIN))
		return false;
	while (nitro_bytes_take_until(&armor, '\n', &line)) {
		if (nitro_bytes_equal_text(line, END))
			return armor.len == 0 &&
			       nitro_base64_decode(
				   nitro_bytes_of_buf(&text), blob) == NITRO_OK;
		if (nitro_buf_append(&text, line) != NITRO_OK)
			return false;
	}
	return false;
}

static bool
parse(struct nitro_bytes blob, struct sshsig *sig)
{
	static const uint8_t head[] = {
	    'S', 'S', 'H', 'S', 'I', 'G', 0, 0, 0, VERSION};
	struct nitro_bytes found, reserved, inner;

	return nitro_bytes_take(&blob, sizeof head, &found) &&
	       nitro_bytes_equal(
		   found, (struct nitro_bytes){head, sizeof head}) &&
	       nitro_ssh_string_take(&blob, &sig->key) &&
	       nitro_ssh_string_take(&blob, &sig->namespace) &&
	       nitro_ssh_string_take(&blob, &reserved) && reserved.len == 0 &&
	       nitro_ssh_string_take(&blob, &sig->hash) &&
	       nitro_ssh_string_take(&blob, &inner) && blob.len == 0 &&
	       nitro_ssh_string_take(&inner, &sig->type) &&
	       nitro_ssh_string_take(&inner, &sig->signature) && inner.len == 0;
}

/* A positive mpint in its shortest form (RFC 4251 section 5). */
static BIGNUM *
take_number(struct nitro_bytes *in)
{
	struct nitro_bytes n;

	if (!nitro_ssh_string_take(in, &n) || n.len == 0 || n.len > 67 ||
	    (n.ptr[0] & 0x80) != 0 ||
	    (n.ptr[0] == 0 && (n.len == 1 || (n.ptr[1] & 0x80) == 0)))
		return NULL;
	return BN_bin2bn(n.ptr, (int)n.len, NULL);
}

static bool
verify_ecdsa(EVP_PKEY *key, struct nitro_bytes message, struct nitro_bytes in)
{
	NITRO_DROP(drop_ecdsa) ECDSA_SIG *signature = ECDSA_SIG_new();
	NITRO_DROP(drop_bytes) unsigned char *der = NULL;
	BIGNUM *r = take_number(&in), *s = take_number(&in);
	int len;

	if (signature == NULL || in.len != 0 ||
	    ECDSA_SIG_set0(signature, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return false;
	}
	len = i2d_ECDSA_SIG(signature, &der);
	return len > 0 && nitro_signature_verify(key, message,
			      (struct nitro_bytes){der, (size_t)len});
}

static bool
verify_rsa(EVP_PKEY *key, enum nitro_hash hash, struct nitro_bytes message,
    struct nitro_bytes signature)
{
	struct nitro_hash_value digest;

	return nitro_hash_of(hash, message, &digest) == NITRO_OK &&
	       nitro_signature_verify_digest(key, &digest, signature);
}

/* The type of the signature must be one of that key; ssh-rsa is SHA-1. */
static bool
verify_blob(const struct sshsig *sig, const struct nitro_pinned_key *key,
    struct nitro_bytes message)
{
	const bool is_rsa = nitro_bytes_equal_text(
	    nitro_ssh_key_type(sig->key), "ssh-rsa");

	if (is_rsa && nitro_bytes_equal_text(sig->type, "rsa-sha2-512"))
		return verify_rsa(
		    key->key, NITRO_HASH_SHA512, message, sig->signature);
	if (is_rsa && nitro_bytes_equal_text(sig->type, "rsa-sha2-256"))
		return verify_rsa(
		    key->key, NITRO_HASH_SHA256, message, sig->signature);
	if (is_rsa ||
	    !nitro_bytes_equal(sig->type, nitro_ssh_key_type(sig->key)))
		return false;
	if (!nitro_key_is_ed25519(key->key))
		return verify_ecdsa(key->key, message, sig->signature);
	return sig->signature.len == ED25519_SIGNATURE_LEN &&
	       nitro_signature_verify(key->key, message, sig->signature);
}

static bool
append_message(const struct sshsig *sig, const struct nitro_hash_value *digest,
    struct nitro_buf *message)
{
	return nitro_buf_append_text(message, MAGIC) == NITRO_OK &&
	       append_string(message, sig->namespace) == NITRO_OK &&
	       append_string(message, (struct nitro_bytes){0}) == NITRO_OK &&
	       append_string(message, sig->hash) == NITRO_OK &&
	       append_string(message, nitro_hash_bytes(digest)) == NITRO_OK;
}

static bool
check(const struct sshsig *sig, const struct nitro_pinned_key *key,
    const struct nitro_artifact *artifact, struct nitro_trail *trail)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf message = {0};
	const struct nitro_hash_value *digest = NULL;

	if (!nitro_bytes_equal(sig->key, nitro_bytes_of_buf(&key->ssh_blob)))
		return REFUSE(trail, key->text, "another key made it");
	if (nitro_bytes_equal_text(sig->hash, "sha512"))
		digest = nitro_artifact_digest(artifact, NITRO_HASH_SHA512);
	else if (nitro_bytes_equal_text(sig->hash, "sha256"))
		digest = nitro_artifact_digest(artifact, NITRO_HASH_SHA256);
	else
		return REFUSE(trail, "sha512 or sha256", "another hash");
	if (digest == NULL)
		return REFUSE(trail,
		    "the digest that the signature names, or the file",
		    "another digest");
	if (!append_message(sig, digest, &message))
		return nitro_trail_fail(trail, NITRO_E_MEMORY);
	if (!verify_blob(sig, key, nitro_bytes_of_buf(&message)))
		return REFUSE(trail, "a signature of the artifact",
		    "one that does not verify");
	return true;
}

bool
nitro_sshsig_verify(struct nitro_bytes armor,
    const struct nitro_pinned_key *key, const char *namespace,
    const struct nitro_artifact *artifact, struct nitro_trail *trail)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf blob = {0};
	struct sshsig sig = {.key = {0}};
	bool is_good;

	if (key->form != NITRO_PINNED_SSH)
		return REFUSE(trail, "an OpenSSH public key for SSHSIG",
		    "a key of another form");
	if (!unarmor(armor, &blob) || !parse(nitro_bytes_of_buf(&blob), &sig))
		return REFUSE(
		    trail, "an SSH signature, version 1", "something else");
	if (!nitro_bytes_equal_text(sig.namespace, namespace))
		return REFUSE(trail, namespace, "namespace %.*s",
		    (int)(sig.namespace.len < 200 ? sig.namespace.len : 200),
		    (const char *)sig.namespace.ptr);
	is_good = check(&sig, key, artifact, trail);
	ERR_clear_error();
	if (is_good)
		nitro_trail_pass(
		    trail, STEP, "SSHSIG, namespace %s", namespace);
	return is_good;
}
