#include "fuzz/provenance_signer.h"

#include <stdlib.h>

enum { SEED_LEN = 32 };

EVP_PKEY *
provenance_signer(void)
{
	static const uint8_t seed[SEED_LEN] = "a key that everybody may have..";
	static EVP_PKEY *key;

	if (key == NULL)
		key = EVP_PKEY_new_raw_private_key(
		    EVP_PKEY_ED25519, NULL, seed, sizeof seed);
	if (key == NULL)
		abort();
	return key;
}

void
provenance_sign(
    struct nitro_bytes message, uint8_t signature[PROVENANCE_SIGNATURE_LEN])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	size_t len = PROVENANCE_SIGNATURE_LEN;

	if (md == NULL ||
	    EVP_DigestSignInit(md, NULL, NULL, NULL, provenance_signer()) !=
		1 ||
	    EVP_DigestSign(md, signature, &len, message.ptr, message.len) !=
		1 ||
	    len != PROVENANCE_SIGNATURE_LEN)
		abort();
	EVP_MD_CTX_free(md);
}
