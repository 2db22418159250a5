#include "module/five_signatures.h"

#include <openssl/evp.h>

#include "unit/unit.h"

#define TEXT_LEN 450 /* bytes of AWS's certificates that are signed */

static struct {
	EVP_PKEY *key;
	uint8_t text[TEXT_LEN], signature[128];
	size_t signature_len;
} made;

static void
make(void)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	made.key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	made.signature_len = sizeof made.signature;
	assert_int_equal(
	    EVP_DigestSignInit(md, NULL, EVP_sha384(), NULL, made.key), 1);
	assert_int_equal(EVP_DigestSign(md, made.signature, &made.signature_len,
			     made.text, sizeof made.text),
	    1);
	EVP_MD_CTX_free(md);
}

/* The keys of a login are as new. */
static void
verify_once(void)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	assert_int_equal(
	    EVP_DigestVerifyInit(md, NULL, EVP_sha384(), NULL, made.key), 1);
	assert_int_equal(EVP_DigestVerify(md, made.signature,
			     made.signature_len, made.text, sizeof made.text),
	    1);
	EVP_MD_CTX_free(md);
}

void
verify_five_signatures(void)
{
	if (made.key == NULL)
		make();
	for (unsigned i = 0; i < 5; i++)
		verify_once();
}
