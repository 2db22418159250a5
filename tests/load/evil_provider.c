/*
 * A provider that an openssl.cnf may bring into sshd: its SHA2-384 gives
 * zeros. It is loaded where the file /run/pam_nitro/evil-loaded appears, and
 * has been asked for a digest where /run/pam_nitro/evil-used does.
 */
#include <fcntl.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <string.h>
#include <unistd.h>

#define DIGEST_LEN 48
#define BLOCK_LEN 128

static void
leave_trace(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd >= 0)
		(void)close(fd);
}

static char context; /* a digest without state */

static void *
new_context(void *provider)
{
	(void)provider;
	return &context;
}

static void
free_context(void *ctx)
{
	(void)ctx;
}

static void *
dup_context(void *ctx)
{
	return ctx;
}

static int
begin(void *ctx, const OSSL_PARAM params[])
{
	(void)ctx, (void)params;
	leave_trace("/run/pam_nitro/evil-used");
	return 1;
}

static int
update(void *ctx, const unsigned char *in, size_t len)
{
	(void)ctx, (void)in, (void)len;
	return 1;
}

static int
finish(void *ctx, unsigned char *out, size_t *out_len, size_t size)
{
	(void)ctx;
	if (size < DIGEST_LEN)
		return 0;
	memset(out, 0, DIGEST_LEN);
	*out_len = DIGEST_LEN;
	return 1;
}

static int
get_params(OSSL_PARAM params[])
{
	OSSL_PARAM *block = OSSL_PARAM_locate(
		       params, OSSL_DIGEST_PARAM_BLOCK_SIZE),
		   *size = OSSL_PARAM_locate(params, OSSL_DIGEST_PARAM_SIZE);

	return (block == NULL || OSSL_PARAM_set_size_t(block, BLOCK_LEN)) &&
	       (size == NULL || OSSL_PARAM_set_size_t(size, DIGEST_LEN));
}

#define ENTRY(id, fn) \
	{ \
		id, (void (*)(void))(fn) \
	}

static const OSSL_DISPATCH digest[] = {
    ENTRY(OSSL_FUNC_DIGEST_NEWCTX, new_context),
    ENTRY(OSSL_FUNC_DIGEST_FREECTX, free_context),
    ENTRY(OSSL_FUNC_DIGEST_DUPCTX, dup_context),
    ENTRY(OSSL_FUNC_DIGEST_INIT, begin),
    ENTRY(OSSL_FUNC_DIGEST_UPDATE, update),
    ENTRY(OSSL_FUNC_DIGEST_FINAL, finish),
    ENTRY(OSSL_FUNC_DIGEST_GET_PARAMS, get_params),
    {0, NULL},
};

static const OSSL_ALGORITHM digests[] = {
    {"SHA2-384:SHA-384:SHA384", "provider=evil", digest, NULL},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM *
query(void *provider, int operation, int *no_cache)
{
	(void)provider;
	*no_cache = 0;
	return operation == OSSL_OP_DIGEST ? digests : NULL;
}

static const OSSL_DISPATCH table[] = {
    ENTRY(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
    {0, NULL},
};

__attribute__((visibility("default"))) int
OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **provider)
{
	(void)handle, (void)in;
	leave_trace("/run/pam_nitro/evil-loaded");
	*out = table;
	*provider = &context;
	return 1;
}
