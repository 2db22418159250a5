#include "evidence/crypto_library.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <string.h>

/*
 * A provider of our own, in a context of its own, lends a few algorithms of
 * libcrypto's default provider, which is in another context.
 */
struct nitro_crypto_library {
	OSSL_LIB_CTX *whole, *narrow;
	OSSL_PROVIDER *lender, *borrower;
};

#define NAME "pam_nitro"
#define DECODERS 2

/*
 * One row for each operation, and the end. They have no room for what belongs
 * to one library, and need none: libcrypto has one table of its algorithms
 * for all contexts of a process.
 */
static struct {
	pthread_mutex_t lock;
	bool is_filled;
	OSSL_PROVIDER *lender; /* of the library that is being made */
	OSSL_ALGORITHM digests[3], signatures[2], keys[2],
	    decoders[DECODERS + 1];
} lent = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct wanted {
	int operation;
	const char *name, *properties; /* the first name, and a part of these */
	OSSL_ALGORITHM *at;
};

static bool
is_wanted(const OSSL_ALGORITHM *algorithm, const struct wanted *wanted)
{
	const size_t len = strlen(wanted->name);
	const char *names = algorithm->algorithm_names;

	return strncmp(names, wanted->name, len) == 0 &&
	       (names[len] == ':' || names[len] == '\0') &&
	       strstr(algorithm->property_definition, wanted->properties) !=
		   NULL;
}

static bool
borrow(OSSL_PROVIDER *lender, const struct wanted *wanted)
{
	const OSSL_ALGORITHM *algorithm;
	bool is_found = false;
	int no_cache = 0;

	algorithm = OSSL_PROVIDER_query_operation(
	    lender, wanted->operation, &no_cache);
	for (; !is_found && algorithm != NULL &&
	       algorithm->algorithm_names != NULL;
	     algorithm++)
		if ((is_found = is_wanted(algorithm, wanted)))
			*wanted->at = *algorithm;
	return is_found;
}

/* Under the lock. */
static bool
fill(OSSL_PROVIDER *lender)
{
	const struct wanted wanted[] = {
	    {OSSL_OP_DIGEST, "SHA2-384", "", &lent.digests[0]},
	    {OSSL_OP_DIGEST, "SHA1", "", &lent.digests[1]},
	    {OSSL_OP_SIGNATURE, "ECDSA", "", &lent.signatures[0]},
	    {OSSL_OP_KEYMGMT, "EC", "", &lent.keys[0]},
	    {OSSL_OP_DECODER, "EC", "input=der,structure=SubjectPublicKeyInfo",
		&lent.decoders[0]},
	    {OSSL_OP_DECODER, "DER", "structure=SubjectPublicKeyInfo",
		&lent.decoders[1]},
	};
	size_t i = 0;

	if (lent.is_filled)
		return true;
	while (i < NITRO_COUNT_OF(wanted) && borrow(lender, &wanted[i]))
		i++;
	lent.is_filled = i == NITRO_COUNT_OF(wanted);
	return lent.is_filled;
}

static const OSSL_ALGORITHM *
query(void *context, int operation, int *no_cache)
{
	(void)context;
	*no_cache = 0;
	switch (operation) {
	case OSSL_OP_DIGEST:
		return lent.digests;
	case OSSL_OP_SIGNATURE:
		return lent.signatures;
	case OSSL_OP_KEYMGMT:
		return lent.keys;
	case OSSL_OP_DECODER:
		return lent.decoders;
	default:
		return NULL;
	}
}

/* Under the lock. The algorithms expect the context of their own provider. */
static int
start(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core,
    const OSSL_DISPATCH **functions, void **context)
{
	static const OSSL_DISPATCH table[] = {
	    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
	    {0, NULL}};

	(void)handle;
	(void)core;
	*functions = table;
	*context = OSSL_PROVIDER_get0_provider_ctx(lent.lender);
	return 1;
}

static OSSL_PROVIDER *
load_borrower(OSSL_LIB_CTX *narrow, OSSL_PROVIDER *lender)
{
	OSSL_PROVIDER *borrower = NULL;

	if (pthread_mutex_lock(&lent.lock) != 0)
		return NULL;
	lent.lender = lender;
	if (fill(lender) && OSSL_PROVIDER_add_builtin(narrow, NAME, start) == 1)
		borrower = OSSL_PROVIDER_load(narrow, NAME);
	lent.lender = NULL;
	(void)pthread_mutex_unlock(&lent.lock);
	return borrower;
}

/*
 * Keys are blinded while they are used. Of the generators for that, the one by
 * a hash needs no cipher to be looked up.
 */
static bool
open_library(struct nitro_crypto_library *made)
{
	return (made->whole = OSSL_LIB_CTX_new()) != NULL &&
	       (made->narrow = OSSL_LIB_CTX_new()) != NULL &&
	       RAND_set_DRBG_type(
		   made->whole, "HASH-DRBG", NULL, NULL, "SHA2-256") == 1 &&
	       (made->lender = OSSL_PROVIDER_load(made->whole, "default")) !=
		   NULL &&
	       (made->borrower = load_borrower(made->narrow, made->lender)) !=
		   NULL;
}

nitro_err
nitro_crypto_library_make(struct nitro_crypto_library **library)
{
	struct nitro_crypto_library *made;

	if ((made = nitro_alloc(1, sizeof *made)) == NULL)
		return NITRO_E_MEMORY;
	if (!open_library(made)) {
		nitro_crypto_library_free(made);
		return NITRO_E_CRYPTO;
	}
	*library = made;
	return NITRO_OK;
}

void
nitro_crypto_library_free(struct nitro_crypto_library *library)
{
	if (library == NULL)
		return;
	if (library->borrower != NULL)
		(void)OSSL_PROVIDER_unload(library->borrower);
	OSSL_LIB_CTX_free(library->narrow);
	if (library->lender != NULL)
		(void)OSSL_PROVIDER_unload(library->lender);
	OSSL_LIB_CTX_free(library->whole);
	nitro_free(library);
}

OSSL_LIB_CTX *
nitro_crypto_library_context(const struct nitro_crypto_library *library)
{
	return library->narrow;
}
