/* evidence/crypto_library.c: what a verdict needs is there, and nothing else. */
#include "evidence/crypto_library.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>

#include "unit/chain.h"
#include "unit/unit.h"

static void
drop(struct nitro_crypto_library **library)
{
	nitro_crypto_library_free(*library);
}

static bool
has_digest(OSSL_LIB_CTX *lib, const char *name)
{
	EVP_MD *found = EVP_MD_fetch(lib, name, NULL);

	EVP_MD_free(found);
	return found != NULL;
}

static bool
has_key(OSSL_LIB_CTX *lib, const char *name)
{
	EVP_KEYMGMT *found = EVP_KEYMGMT_fetch(lib, name, NULL);

	EVP_KEYMGMT_free(found);
	return found != NULL;
}

static bool
has_signature(OSSL_LIB_CTX *lib, const char *name)
{
	EVP_SIGNATURE *found = EVP_SIGNATURE_fetch(lib, name, NULL);

	EVP_SIGNATURE_free(found);
	return found != NULL;
}

static bool
has_cipher(OSSL_LIB_CTX *lib, const char *name)
{
	EVP_CIPHER *found = EVP_CIPHER_fetch(lib, name, NULL);

	EVP_CIPHER_free(found);
	return found != NULL;
}

static void
test_other_algorithms_are_not_there(void **state)
{
	NITRO_DROP(drop) struct nitro_crypto_library *library = NULL;
	OSSL_LIB_CTX *lib;

	(void)state;
	assert_err(nitro_crypto_library_make(&library), NITRO_OK);
	lib = nitro_crypto_library_context(library);
	assert_true(has_digest(lib, "SHA384"));
	assert_true(has_digest(lib, "SHA1"));
	assert_true(has_key(lib, "EC"));
	assert_true(has_signature(lib, "ECDSA"));
	/* That they can be had at all is what makes the refusals mean something. */
	assert_true(has_digest(NULL, "SHA256") && !has_digest(lib, "SHA256"));
	assert_true(has_digest(NULL, "SHA512") && !has_digest(lib, "SHA512"));
	assert_true(has_key(NULL, "RSA") && !has_key(lib, "RSA"));
	assert_true(has_key(NULL, "ED25519") && !has_key(lib, "ED25519"));
	assert_true(has_key(NULL, "X25519") && !has_key(lib, "X25519"));
	assert_true(has_signature(NULL, "RSA") && !has_signature(lib, "RSA"));
	assert_true(
	    has_cipher(NULL, "AES-128-CBC") && !has_cipher(lib, "AES-128-CBC"));
	assert_int_equal(OSSL_PROVIDER_available(lib, "default"), 0);
	ERR_clear_error();
}

static bool
reads_key(OSSL_LIB_CTX *lib, struct nitro_bytes der)
{
	const uint8_t *at = der.ptr;
	EVP_PKEY *key = NULL;

	key = d2i_PUBKEY_ex(NULL, &at, (long)der.len, lib, NULL);
	ERR_clear_error();
	EVP_PKEY_free(key);
	return key != NULL;
}

static void
test_keys_of_other_kinds_are_not_read(void **state)
{
	EVP_PKEY *const keys[] = {EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"),
	    EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048),
	    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
	    EVP_PKEY_Q_keygen(NULL, NULL, "X448")};
	NITRO_DROP(drop) struct nitro_crypto_library *library = NULL;

	(void)state;
	assert_err(nitro_crypto_library_make(&library), NITRO_OK);
	for (size_t i = 0; i < NITRO_COUNT_OF(keys); i++) {
		uint8_t *der = NULL;
		const int len = i2d_PUBKEY(keys[i], &der);
		const struct nitro_bytes view = {der, (size_t)len};

		assert_true(len > 0);
		assert_true(reads_key(NULL, view));
		assert_int_equal(
		    reads_key(nitro_crypto_library_context(library), view),
		    i == 0);
		OPENSSL_free(der);
		EVP_PKEY_free(keys[i]);
	}
}

static void *
make_and_verify(void *context)
{
	struct nitro_document doc = chain_document(&chain_trusted);
	size_t *bad = context;

	for (unsigned i = 0; i < 20; i++) {
		struct nitro_trust_anchors *anchors = chain_anchors_of(
		    &chain_trusted);
		EVP_PKEY *key = NULL;

		if (nitro_cert_chain_verify(
			anchors, &doc, CHAIN_TIME_S, &key) != NITRO_OK)
			(*bad)++;
		EVP_PKEY_free(key);
		nitro_trust_anchors_free(anchors);
	}
	return NULL;
}

static void
test_threads_have_libraries_of_their_own(void **state)
{
	pthread_t thread[8];
	size_t bad[NITRO_COUNT_OF(thread)] = {0};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(thread); i++)
		assert_int_equal(
		    pthread_create(&thread[i], NULL, make_and_verify, &bad[i]),
		    0);
	for (size_t i = 0; i < NITRO_COUNT_OF(thread); i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		assert_int_equal(bad[i], 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_other_algorithms_are_not_there),
	    cmocka_unit_test(test_keys_of_other_kinds_are_not_read),
	    cmocka_unit_test(test_threads_have_libraries_of_their_own),
	};

	return cmocka_run_group_tests(tests, chain_make, chain_drop);
}
