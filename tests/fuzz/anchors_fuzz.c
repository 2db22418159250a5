/*
 * The file of trust anchors: nobody but the holder of a root's key makes
 * one, so what is taken and signs itself is the root of the world or
 * nothing, and the fingerprint is of its bytes. X33-X35
 */
#include <openssl/evp.h>
#include <string.h>

#include "evidence/cert_facts.h"
#include "fuzz/fuzz.h"
#include "fuzz/world.h"

/*
 * The root of the corpus. The world is made with fixed random numbers, which
 * OpenSSL 3.0 turned into this root; other versions make other keys of them.
 */
static const uint8_t root_of_corpus[NITRO_SHA256_LEN] = {0x76, 0xdc, 0x02, 0x99,
    0x1f, 0x73, 0xe8, 0x00, 0x04, 0xe0, 0x25, 0x6a, 0x18, 0x6e, 0x7b, 0xf7,
    0x79, 0x25, 0x64, 0xa3, 0x7e, 0xb8, 0x19, 0x79, 0xf8, 0x79, 0x5c, 0xbc,
    0xf3, 0x14, 0x7a, 0xf1};

/* Signed once for all. */
static bool
is_of_world(const uint8_t fingerprint[NITRO_SHA256_LEN])
{
	const struct nitro_buf *root = &fuzz_world()->pki.cert[SIM_ROOT].der;
	unsigned char want[EVP_MAX_MD_SIZE];

	FUZZ_CHECK(EVP_Q_digest(NULL, "SHA256", NULL, root->ptr, root->len,
		       want, NULL) == 1);
	return memcmp(want, fingerprint, NITRO_SHA256_LEN) == 0 ||
	       memcmp(root_of_corpus, fingerprint, NITRO_SHA256_LEN) == 0;
}

static void
check_anchors(const struct nitro_trust_anchors *anchors)
{
	uint8_t fingerprint[NITRO_SHA256_LEN];

	/* No two equal, and only one that is self-signed is known here. */
	FUZZ_CHECK(nitro_trust_anchors_count(anchors) == 1);
	FUZZ_CHECK(nitro_trust_anchors_fingerprint(anchors, 0, fingerprint));
	FUZZ_CHECK(is_of_world(fingerprint));
	FUZZ_CHECK(!nitro_trust_anchors_fingerprint(anchors, 1, fingerprint));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	NITRO_DROP(nitro_trust_anchors_drop)
	struct nitro_trust_anchors *anchors = NULL;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf der = {0};
	const struct nitro_bytes in = {data, size};
	nitro_err err;

	(void)fuzz_world();
	err = nitro_trust_anchors_parse(in, &anchors);
	FUZZ_CHECK((err == NITRO_OK) == (anchors != NULL));
	FUZZ_CHECK(err == NITRO_OK || err == NITRO_E_TRUST_ANCHORS);
	if (err == NITRO_OK &&
	    nitro_trust_anchors_check_signatures(anchors) == NITRO_OK)
		check_anchors(anchors);
	err = nitro_cert_from_pem(in, &der);
	FUZZ_CHECK((err == NITRO_OK) == (der.len > 0));
	return 0;
}

static void
seed_with(const char *before, struct nitro_bytes pem, const char *after)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};

	fuzz_append_text(&out, before);
	fuzz_append(&out, pem);
	fuzz_append_text(&out, after);
	fuzz_seed(nitro_bytes_of_buf(&out));
}

void
fuzz_seeds(void)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf twice = {0};
	const struct nitro_bytes pem = nitro_bytes_of_buf(
	    &fuzz_world()->root_pem);

	seed_with("", pem, "");
	seed_with("# a comment\r\n", pem, "text");
	fuzz_append(&twice, pem);
	fuzz_append(&twice, pem);
	seed_with("", nitro_bytes_of_buf(&twice), "");
	seed_with("", pem,
	    "-----BEGIN EC PRIVATE KEY-----\nAAAA\n"
	    "-----END EC PRIVATE KEY-----\n");
	seed_with("", nitro_bytes_slice(pem, 0, pem.len / 2), "");
	fuzz_seed_text("");
}
