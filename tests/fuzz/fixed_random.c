#include "fuzz/fixed_random.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "sim/internal.h"

#define NAME "FIXED-RANDOM"
#define STRENGTH 256
#define REQUEST_MAX INT32_MAX

static uint64_t state;

/* splitmix64, of which nobody here wants more than that it does not repeat. */
static uint8_t
next_byte(void)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint8_t)(z ^ z >> 31);
}

static void *
new_ctx(void *provider, void *parent, const OSSL_DISPATCH *parent_calls)
{
	(void)provider, (void)parent, (void)parent_calls;
	return &state;
}

static void
free_ctx(void *ctx)
{
	(void)ctx;
}

static int
instantiate(void *ctx, unsigned strength, int prediction_resistance,
    const unsigned char *text, size_t text_len, const OSSL_PARAM params[])
{
	(void)ctx, (void)strength, (void)prediction_resistance;
	(void)text, (void)text_len, (void)params;
	return 1;
}

static int
uninstantiate(void *ctx)
{
	(void)ctx;
	return 1;
}

static int
generate(void *ctx, unsigned char *out, size_t out_len, unsigned strength,
    int prediction_resistance, const unsigned char *addition,
    size_t addition_len)
{
	(void)ctx, (void)strength, (void)prediction_resistance;
	(void)addition, (void)addition_len;
	for (size_t i = 0; i < out_len; i++)
		out[i] = next_byte();
	return 1;
}

static int
enable_locking(void *ctx)
{
	(void)ctx;
	return 1;
}

static const OSSL_PARAM *
gettable(void *ctx, void *provider)
{
	static const OSSL_PARAM params[] = {
	    OSSL_PARAM_int(OSSL_RAND_PARAM_STATE, NULL),
	    OSSL_PARAM_uint(OSSL_RAND_PARAM_STRENGTH, NULL),
	    OSSL_PARAM_size_t(OSSL_RAND_PARAM_MAX_REQUEST, NULL),
	    OSSL_PARAM_END,
	};

	(void)ctx, (void)provider;
	return params;
}

static int
get_params(void *ctx, OSSL_PARAM params[])
{
	OSSL_PARAM *p;

	(void)ctx;
	p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE);
	if (p != NULL && OSSL_PARAM_set_int(p, EVP_RAND_STATE_READY) != 1)
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH);
	if (p != NULL && OSSL_PARAM_set_uint(p, STRENGTH) != 1)
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST);
	return p == NULL || OSSL_PARAM_set_size_t(p, REQUEST_MAX) == 1;
}

typedef void call(void);

static const OSSL_DISPATCH rand_calls[] = {
    {OSSL_FUNC_RAND_NEWCTX, (call *)new_ctx},
    {OSSL_FUNC_RAND_FREECTX, (call *)free_ctx},
    {OSSL_FUNC_RAND_INSTANTIATE, (call *)instantiate},
    {OSSL_FUNC_RAND_UNINSTANTIATE, (call *)uninstantiate},
    {OSSL_FUNC_RAND_GENERATE, (call *)generate},
    {OSSL_FUNC_RAND_ENABLE_LOCKING, (call *)enable_locking},
    {OSSL_FUNC_RAND_GETTABLE_CTX_PARAMS, (call *)gettable},
    {OSSL_FUNC_RAND_GET_CTX_PARAMS, (call *)get_params},
    {0, NULL},
};

static const OSSL_ALGORITHM *
query(void *provider, int operation, int *no_cache)
{
	static const OSSL_ALGORITHM algorithms[] = {
	    {NAME, "provider=fixed-random", rand_calls, NULL},
	    {NULL, NULL, NULL, NULL},
	};

	(void)provider;
	*no_cache = 0;
	return operation == OSSL_OP_RAND ? algorithms : NULL;
}

static int
start(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core,
    const OSSL_DISPATCH **calls, void **provider)
{
	static const OSSL_DISPATCH provider_calls[] = {
	    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (call *)query},
	    {0, NULL},
	};

	(void)handle, (void)core;
	*calls = provider_calls;
	*provider = &state;
	return 1;
}

void
fuzz_random_fix(void)
{
	OSSL_LIB_CTX *library = sim_library();

	FUZZ_CHECK(library != NULL);
	FUZZ_CHECK(
	    OSSL_PROVIDER_add_builtin(library, "fixed-random", start) == 1);
	/* With a provider named, the built-in one is no longer there by itself. */
	FUZZ_CHECK(OSSL_PROVIDER_load(library, "default") != NULL);
	FUZZ_CHECK(OSSL_PROVIDER_load(library, "fixed-random") != NULL);
	FUZZ_CHECK(RAND_set_DRBG_type(library, NAME, NULL, NULL, NULL) == 1);
	fuzz_random_restart();
}

void
fuzz_random_restart(void)
{
	state = 0;
}
