#include "evidence/cert_chain.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "evidence/cert_x509.h"
#include "evidence/crypto_error.h"
#include "evidence/crypto_library.h"

struct nitro_trust_anchors {
	struct nitro_crypto_library *library;
	size_t count;
	struct {
		X509 *cert;
		struct nitro_buf der;
	} root[NITRO_TRUST_ANCHORS_MAX];
};

static void
drop_bio(BIO **bio)
{
	BIO_free_all(*bio);
}

static void
drop_store(X509_STORE **store)
{
	X509_STORE_free(*store);
}

static void
drop_store_ctx(X509_STORE_CTX **ctx)
{
	X509_STORE_CTX_free(*ctx);
}

static void
drop_certs(STACK_OF(X509) * *certs)
{
	sk_X509_pop_free(*certs, X509_free);
}

void
nitro_trust_anchors_free(struct nitro_trust_anchors *anchors)
{
	if (anchors == NULL)
		return;
	for (size_t i = 0; i < NITRO_TRUST_ANCHORS_MAX; i++) {
		X509_free(anchors->root[i].cert);
		nitro_buf_drop(&anchors->root[i].der);
	}
	nitro_crypto_library_free(anchors->library);
	nitro_free(anchors);
}

void
nitro_trust_anchors_drop(struct nitro_trust_anchors **anchors)
{
	nitro_trust_anchors_free(*anchors);
	*anchors = NULL;
}

static nitro_err
add_root(struct nitro_trust_anchors *anchors, struct nitro_bytes der)
{
	NITRO_DROP(nitro_x509_drop) X509 *cert = NULL;
	nitro_err err;

	if (anchors->count == NITRO_TRUST_ANCHORS_MAX)
		return NITRO_E_TRUST_ANCHORS;
	for (size_t i = 0; i < anchors->count; i++)
		if (nitro_bytes_equal(
			nitro_bytes_of_buf(&anchors->root[i].der), der))
			return NITRO_E_TRUST_ANCHORS;
	err = nitro_cert_parse(der, nitro_trust_anchors_lib(anchors), &cert);
	if (err == NITRO_E_MEMORY)
		return err;
	if (err != NITRO_OK || nitro_cert_check_common(cert) != NITRO_OK ||
	    nitro_cert_check_ca(cert) != NITRO_OK ||
	    X509_self_signed(cert, 0) != 1)
		return NITRO_E_TRUST_ANCHORS;
	err = nitro_buf_append(&anchors->root[anchors->count].der, der);
	if (err != NITRO_OK)
		return err;
	anchors->root[anchors->count++].cert = cert;
	cert = NULL;
	return NITRO_OK;
}

/* One PEM block, which must be a certificate. *is_end where there is none left. */
static nitro_err
read_root(struct nitro_trust_anchors *anchors, BIO *bio, bool *is_end)
{
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long len = 0;
	nitro_err err = NITRO_E_TRUST_ANCHORS;

	if (PEM_read_bio(bio, &name, &header, &der, &len) != 1) {
		if (ERR_GET_REASON(ERR_peek_last_error()) !=
		    PEM_R_NO_START_LINE)
			return NITRO_E_TRUST_ANCHORS;
		*is_end = true;
		return NITRO_OK;
	}
	if (nitro_bytes_equal_text(
		nitro_bytes_of_text(name), PEM_STRING_X509) &&
	    header[0] == '\0' && len > 0)
		err = add_root(anchors, (struct nitro_bytes){der, (size_t)len});
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	return err;
}

static nitro_err
read_all_roots(struct nitro_trust_anchors *anchors, struct nitro_bytes pem)
{
	NITRO_DROP(drop_bio) BIO *bio = NULL;
	bool is_end = false;
	nitro_err err;

	if (pem.len == 0 || pem.len > INT32_MAX)
		return NITRO_E_TRUST_ANCHORS;
	if ((bio = BIO_new_mem_buf(pem.ptr, (int)pem.len)) == NULL)
		return NITRO_E_MEMORY;
	while (!is_end)
		if ((err = read_root(anchors, bio, &is_end)) != NITRO_OK)
			return err;
	return anchors->count > 0 ? NITRO_OK : NITRO_E_TRUST_ANCHORS;
}

nitro_err
nitro_trust_anchors_parse(
    struct nitro_bytes pem, struct nitro_trust_anchors **anchors)
{
	NITRO_DROP(nitro_trust_anchors_drop)
	struct nitro_trust_anchors *made = NULL;
	nitro_err err;

	ERR_clear_error();
	if ((made = nitro_alloc(1, sizeof *made)) == NULL)
		return NITRO_E_MEMORY;
	if ((err = nitro_crypto_library_make(&made->library)) == NITRO_OK)
		err = read_all_roots(made, pem);
	err = nitro_crypto_reason(err);
	if (err != NITRO_OK)
		return err;
	*anchors = made;
	made = NULL;
	return NITRO_OK;
}

nitro_err
nitro_trust_anchors_check_signatures(const struct nitro_trust_anchors *anchors)
{
	nitro_err err = NITRO_OK;

	ERR_clear_error();
	for (size_t i = 0; err == NITRO_OK && i < anchors->count; i++)
		if (X509_self_signed(anchors->root[i].cert, 1) != 1)
			err = NITRO_E_TRUST_ANCHORS;
	return nitro_crypto_reason(err);
}

size_t
nitro_trust_anchors_count(const struct nitro_trust_anchors *anchors)
{
	return anchors->count;
}

bool
nitro_trust_anchors_fingerprint(const struct nitro_trust_anchors *anchors,
    size_t i, uint8_t out[NITRO_SHA256_LEN])
{
	return i < anchors->count &&
	       nitro_sha256(nitro_bytes_of_buf(&anchors->root[i].der), out) ==
		   NITRO_OK;
}

OSSL_LIB_CTX *
nitro_trust_anchors_lib(const struct nitro_trust_anchors *anchors)
{
	return nitro_crypto_library_context(anchors->library);
}

static X509 *
find_anchor(const struct nitro_trust_anchors *anchors, struct nitro_bytes der)
{
	for (size_t i = 0; i < anchors->count; i++)
		if (nitro_bytes_equal(
			nitro_bytes_of_buf(&anchors->root[i].der), der))
			return anchors->root[i].cert;
	return NULL;
}

/* What stands between root and leaf, in the document's order. */
static nitro_err
parse_intermediates(const struct nitro_trust_anchors *anchors,
    const struct nitro_document *doc, int64_t time_s, STACK_OF(X509) * certs)
{
	OSSL_LIB_CTX *lib = nitro_trust_anchors_lib(anchors);

	for (size_t i = 1; i < doc->cabundle_count; i++) {
		NITRO_DROP(nitro_x509_drop) X509 *cert = NULL;
		nitro_err err;

		if ((err = nitro_cert_parse(doc->cabundle[i], lib, &cert)) !=
			NITRO_OK ||
		    (err = nitro_cert_check_common(cert)) != NITRO_OK ||
		    (err = nitro_cert_check_ca(cert)) != NITRO_OK ||
		    (err = nitro_cert_check_time(cert, time_s)) != NITRO_OK)
			return err;
		if (sk_X509_push(certs, cert) <= 0)
			return NITRO_E_MEMORY;
		cert = NULL;
	}
	return NITRO_OK;
}

static nitro_err
parse_leaf(const struct nitro_trust_anchors *anchors,
    const struct nitro_document *doc, int64_t time_s, X509 **leaf)
{
	NITRO_DROP(nitro_x509_drop) X509 *cert = NULL;
	nitro_err err;

	if ((err = nitro_cert_parse(doc->certificate,
		 nitro_trust_anchors_lib(anchors), &cert)) != NITRO_OK ||
	    (err = nitro_cert_check_common(cert)) != NITRO_OK ||
	    (err = nitro_cert_check_leaf(cert)) != NITRO_OK ||
	    (err = nitro_cert_check_time(cert, time_s)) != NITRO_OK)
		return err;
	*leaf = cert;
	cert = NULL;
	return NITRO_OK;
}

static nitro_err
err_of_x509(int x509_error)
{
	static const struct {
		int x509_error;
		nitro_err err;
	} known[] = {{X509_V_ERR_INVALID_CA, NITRO_E_CERT_CA},
	    {X509_V_ERR_PATH_LENGTH_EXCEEDED, NITRO_E_CERT_CA},
	    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, NITRO_E_CERT_CA},
	    {X509_V_ERR_OUT_OF_MEM, NITRO_E_MEMORY}};

	for (size_t i = 0; i < NITRO_COUNT_OF(known); i++)
		if (known[i].x509_error == x509_error)
			return known[i].err;
	return NITRO_E_CERT_CHAIN;
}

/*
 * libcrypto finds a path in any order and may pass certificates over; the
 * order of the document is the only one that counts here.
 */
static bool
path_is_the_bundle(X509_STORE_CTX *ctx, STACK_OF(X509) * intermediates)
{
	STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(ctx);
	const int count = sk_X509_num(intermediates);

	if (count < 0 || sk_X509_num(path) != count + 2)
		return false;
	for (int i = 0; i < count; i++) {
		const X509 *found = sk_X509_value(path, count - i);
		const X509 *given = sk_X509_value(intermediates, i);

		/* To X509_cmp() nothing equals nothing. */
		if (found == NULL || given == NULL ||
		    X509_cmp(found, given) != 0)
			return false;
	}
	return true;
}

static nitro_err
verify_path(
    OSSL_LIB_CTX *lib, X509 *root, STACK_OF(X509) * intermediates, X509 *leaf)
{
	NITRO_DROP(drop_store) X509_STORE *store = X509_STORE_new();
	NITRO_DROP(drop_store_ctx)
	X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(lib, NULL);
	X509_VERIFY_PARAM *param;
	int result;

	if (store == NULL || ctx == NULL ||
	    X509_STORE_add_cert(store, root) != 1 ||
	    X509_STORE_CTX_init(ctx, store, leaf, intermediates) != 1)
		return NITRO_E_CRYPTO;
	if ((param = X509_STORE_CTX_get0_param(ctx)) == NULL ||
	    X509_VERIFY_PARAM_set_flags(param,
		X509_V_FLAG_SUITEB_192_LOS | X509_V_FLAG_NO_CHECK_TIME) != 1)
		return NITRO_E_CRYPTO;
	result = X509_verify_cert(ctx);
	if (result < 0)
		return NITRO_E_CRYPTO;
	if (result != 1)
		return err_of_x509(X509_STORE_CTX_get_error(ctx));
	return path_is_the_bundle(ctx, intermediates) ? NITRO_OK
						      : NITRO_E_CERT_CHAIN;
}

static nitro_err
verify(const struct nitro_trust_anchors *anchors,
    const struct nitro_document *doc, int64_t time_s, EVP_PKEY **key)
{
	NITRO_DROP(drop_certs) STACK_OF(X509) *intermediates = NULL;
	NITRO_DROP(nitro_x509_drop) X509 *leaf = NULL;
	X509 *root;
	nitro_err err;

	if (doc->cabundle_count < NITRO_CABUNDLE_MIN)
		return NITRO_E_CABUNDLE;
	if ((root = find_anchor(anchors, doc->cabundle[0])) == NULL)
		return NITRO_E_ROOT;
	if ((intermediates = sk_X509_new_null()) == NULL)
		return NITRO_E_MEMORY;
	if ((err = nitro_cert_check_time(root, time_s)) != NITRO_OK ||
	    (err = parse_intermediates(anchors, doc, time_s, intermediates)) !=
		NITRO_OK ||
	    (err = parse_leaf(anchors, doc, time_s, &leaf)) != NITRO_OK ||
	    (err = verify_path(nitro_trust_anchors_lib(anchors), root,
		 intermediates, leaf)) != NITRO_OK)
		return err;
	if ((*key = X509_get_pubkey(leaf)) == NULL)
		return NITRO_E_CRYPTO;
	return NITRO_OK;
}

nitro_err
nitro_cert_chain_verify(const struct nitro_trust_anchors *anchors,
    const struct nitro_document *doc, int64_t time_s, EVP_PKEY **key)
{
	EVP_PKEY *found = NULL;
	nitro_err err;

	ERR_clear_error();
	err = nitro_crypto_reason(verify(anchors, doc, time_s, &found));
	if (err != NITRO_OK)
		return err;
	*key = found;
	return NITRO_OK;
}
