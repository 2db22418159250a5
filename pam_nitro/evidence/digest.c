/*
 * The one-shot functions fetch their algorithm from the process's default
 * context, which openssl.cnf can bend (default_properties = fips=yes and no
 * such provider), and digests are needed where no context of our own exists
 * yet. The plain SHA-2 functions depend on nothing and cannot fail.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "evidence/digest.h"

#include <openssl/sha.h>

_Static_assert(
    NITRO_SHA256_LEN == SHA256_DIGEST_LENGTH, "SHA-256 has 32 bytes");
_Static_assert(
    NITRO_SHA384_LEN == SHA384_DIGEST_LENGTH, "SHA-384 has 48 bytes");

nitro_err
nitro_sha256(struct nitro_bytes in, uint8_t out[NITRO_SHA256_LEN])
{
	uint8_t digest[NITRO_SHA256_LEN];
	SHA256_CTX ctx;

	if (SHA256_Init(&ctx) != 1 ||
	    SHA256_Update(&ctx, in.ptr, in.len) != 1 ||
	    SHA256_Final(digest, &ctx) != 1)
		return NITRO_E_CRYPTO;
	for (size_t i = 0; i < sizeof digest; i++)
		out[i] = digest[i];
	return NITRO_OK;
}

static nitro_err
sha384_of_two(struct nitro_bytes first, struct nitro_bytes second,
    uint8_t out[NITRO_SHA384_LEN])
{
	uint8_t digest[NITRO_SHA384_LEN];
	SHA512_CTX ctx;

	if (SHA384_Init(&ctx) != 1 ||
	    SHA384_Update(&ctx, first.ptr, first.len) != 1 ||
	    SHA384_Update(&ctx, second.ptr, second.len) != 1 ||
	    SHA384_Final(digest, &ctx) != 1)
		return NITRO_E_CRYPTO;
	for (size_t i = 0; i < sizeof digest; i++)
		out[i] = digest[i];
	return NITRO_OK;
}

nitro_err
nitro_sha384(struct nitro_bytes in, uint8_t out[NITRO_SHA384_LEN])
{
	return sha384_of_two(in, (struct nitro_bytes){0}, out);
}

nitro_err
nitro_pcr_of(struct nitro_bytes in, uint8_t out[NITRO_SHA384_LEN])
{
	static const uint8_t zero[NITRO_SHA384_LEN];

	return sha384_of_two((struct nitro_bytes){zero, sizeof zero}, in, out);
}
