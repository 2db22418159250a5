/*
 * An SSH signature: accepted only with the namespace and the file that were
 * signed, and then in one form, but for the lengths of its lines.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/provenance/pinned_key.h"
#include "base/base64.h"
#include "fuzz/fuzz.h"
#include "fuzz/provenance_signer.h"

#define CONTENT "the file"

static void
append(struct nitro_buf *out, const void *bytes, size_t len)
{
	if (nitro_buf_append(out, (struct nitro_bytes){bytes, len}) != NITRO_OK)
		abort();
}

static void
append_string(struct nitro_buf *out, const void *bytes, size_t len)
{
	const uint8_t head[4] = {0, 0, 0, (uint8_t)len};

	append(out, head, sizeof head);
	append(out, bytes, len);
}

static void
append_key(struct nitro_buf *out)
{
	uint8_t raw[32];
	size_t len = sizeof raw;

	if (EVP_PKEY_get_raw_public_key(provenance_signer(), raw, &len) != 1)
		abort();
	append_string(out, "ssh-ed25519", strlen("ssh-ed25519"));
	append_string(out, raw, len);
}

static struct nitro_artifact
artifact(void)
{
	struct nitro_artifact made;

	if (nitro_artifact_of_bytes(nitro_bytes_of_text(CONTENT), &made) !=
	    NITRO_OK)
		abort();
	return made;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nitro_pinned_key key = {
	    .form = NITRO_PINNED_SSH, .key = provenance_signer()};
	const struct nitro_artifact file = artifact();
	struct nitro_trail trail = {.count = 0}, other = {.count = 0};
	const struct nitro_bytes in = {data, size};
	bool is_good;

	append_key(&key.ssh_blob);
	is_good = nitro_sshsig_verify(
	    in, &key, NITRO_SSHSIG_NAMESPACE, &file, &trail);
	FUZZ_CHECK(is_good == (trail.refused_at == NULL));
	FUZZ_CHECK(!nitro_sshsig_verify(in, &key, "another", &file, &other));
	nitro_buf_drop(&key.ssh_blob);
	return 0;
}

static void
seed(const char *namespace)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf key = {0}, message = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf sig = {0}, blob = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	const struct nitro_artifact file = artifact();
	const struct nitro_bytes digest = nitro_hash_bytes(
	    &file.digests[NITRO_HASH_SHA512]);
	uint8_t signature[PROVENANCE_SIGNATURE_LEN];

	append_key(&key);
	append(&message, "SSHSIG", 6);
	append_string(&message, namespace, strlen(namespace));
	append_string(&message, "", 0);
	append_string(&message, "sha512", 6);
	append_string(&message, digest.ptr, digest.len);
	provenance_sign(nitro_bytes_of_buf(&message), signature);
	append_string(&sig, "ssh-ed25519", strlen("ssh-ed25519"));
	append_string(&sig, signature, sizeof signature);
	append(&blob, "SSHSIG\0\0\0\1", 10);
	append_string(&blob, key.ptr, key.len);
	append_string(&blob, namespace, strlen(namespace));
	append_string(&blob, "", 0);
	append_string(&blob, "sha512", 6);
	append_string(&blob, sig.ptr, sig.len);
	append(&out, "-----BEGIN SSH SIGNATURE-----\n", 30);
	if (nitro_base64_encode(nitro_bytes_of_buf(&blob), &out) != NITRO_OK)
		abort();
	append(&out, "\n-----END SSH SIGNATURE-----\n", 30);
	fuzz_seed_text((const char *)out.ptr);
}

void
fuzz_seeds(void)
{
	seed(NITRO_SSHSIG_NAMESPACE);
	seed("file");
	fuzz_seed_text("-----BEGIN SSH SIGNATURE-----\n"
		       "-----END SSH SIGNATURE-----\n");
}
