#include "admin/provenance/timestamp.h"

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>

#include "admin/provenance/signature.h"
#include "base/time_text.h"

#define STEP "timestamp"

/* OpenSSL 3.4 names them by who frees, and calls the old names deprecated. */
#if OPENSSL_VERSION_PREREQ(3, 4)
#define TAKE_STORE TS_VERIFY_CTX_set0_store
#define TAKE_CERTS TS_VERIFY_CTX_set0_certs
#define TAKE_DATA TS_VERIFY_CTX_set0_data
#else
#define TAKE_STORE TS_VERIFY_CTX_set_store
#define TAKE_CERTS TS_VERIFY_CTX_set_certs
#define TAKE_DATA TS_VERIFY_CTX_set_data
#endif

enum { GRANTED = 0, AUTH_LEVEL = 2, CMS_VERSION = 3, SIGNER_VERSION = 1 };

static void
drop_response(TS_RESP **response)
{
	TS_RESP_free(*response);
}

static void
drop_verify_ctx(TS_VERIFY_CTX **ctx)
{
	TS_VERIFY_CTX_free(*ctx);
}

static void
drop_stack(STACK_OF(X509) * *stack)
{
	sk_X509_free(*stack);
}

static void
drop_generalized(ASN1_GENERALIZEDTIME **time)
{
	ASN1_GENERALIZEDTIME_free(*time);
}

static TS_RESP *
parse(struct nitro_bytes token)
{
	const unsigned char *at = token.ptr;
	TS_RESP *response = d2i_TS_RESP(NULL, &at, (long)token.len);

	if (response != NULL && (size_t)(at - token.ptr) == token.len)
		return response;
	TS_RESP_free(response);
	return NULL;
}

/* Versions are not signed, but there is one value that they may have. */
static bool
has_one_signer(PKCS7 *token)
{
	STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(token);

	return PKCS7_type_is_signed(token) &&
	       ASN1_INTEGER_get(token->d.sign->version) == CMS_VERSION &&
	       sk_PKCS7_SIGNER_INFO_num(signers) == 1 &&
	       ASN1_INTEGER_get(
		   sk_PKCS7_SIGNER_INFO_value(signers, 0)->version) ==
		   SIGNER_VERSION;
}

/* Whole seconds and fractions as RFC 3161 has them, in UTC. */
static bool
time_of(TS_TST_INFO *info, int64_t *time_ms)
{
	NITRO_DROP(drop_generalized)
	ASN1_GENERALIZEDTIME *epoch = ASN1_GENERALIZEDTIME_set(NULL, 0);
	const ASN1_GENERALIZEDTIME *at = TS_TST_INFO_get_time(info);
	int days = 0, seconds = 0;

	if (epoch == NULL || at == NULL ||
	    ASN1_TIME_diff(&days, &seconds, epoch, at) != 1 || days < 0 ||
	    seconds < 0)
		return false;
	*time_ms = 1000 * (INT64_C(86400) * days + seconds);
	return true;
}

static bool
has_strong_imprint(TS_TST_INFO *info)
{
	const X509_ALGOR *algorithm = TS_MSG_IMPRINT_get_algo(
	    TS_TST_INFO_get_msg_imprint(info));
	const ASN1_OBJECT *name = NULL;
	int nid;

	X509_ALGOR_get0(&name, NULL, NULL, algorithm);
	nid = OBJ_obj2nid(name);
	return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

static X509_STORE *
make_store(const struct nitro_authority *tsa, int64_t time_ms)
{
	X509_STORE *store = X509_STORE_new();
	X509_VERIFY_PARAM *param = X509_VERIFY_PARAM_new();
	bool is_made = false;

	if (store != NULL && param != NULL) {
		X509_VERIFY_PARAM_set_time(param, (time_t)(time_ms / 1000));
		X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
		is_made = X509_STORE_set1_param(store, param) == 1 &&
			  X509_STORE_add_cert(
			      store, tsa->chain[tsa->count - 1]) == 1;
	}
	X509_VERIFY_PARAM_free(param);
	if (is_made)
		return store;
	X509_STORE_free(store);
	return NULL;
}

/* TS_VERIFY_CTX takes over what it is given, with a reference to each. */
static bool
set_trust(
    TS_VERIFY_CTX *ctx, const struct nitro_authority *tsa, int64_t time_ms)
{
	X509_STORE *store = make_store(tsa, time_ms);
	STACK_OF(X509) *chain = sk_X509_new_null();

	if (store != NULL)
		(void)TAKE_STORE(ctx, store);
	if (chain != NULL)
		(void)TAKE_CERTS(ctx, chain);
	if (store == NULL || chain == NULL)
		return false;
	for (size_t i = 0; i < tsa->count; i++) {
		if (X509_up_ref(tsa->chain[i]) != 1)
			return false;
		if (sk_X509_push(chain, tsa->chain[i]) <= 0) {
			X509_free(tsa->chain[i]);
			return false;
		}
	}
	return true;
}

static bool
set_data(TS_VERIFY_CTX *ctx, struct nitro_bytes signature)
{
	BIO *data = BIO_new_mem_buf(signature.ptr, (int)signature.len);

	if (data == NULL)
		return false;
	(void)TAKE_DATA(ctx, data);
	(void)TS_VERIFY_CTX_set_flags(ctx,
	    TS_VFY_SIGNATURE | TS_VFY_VERSION | TS_VFY_DATA | TS_VFY_SIGNER);
	return true;
}

/* RFC 3161 section 2.3: the key that signs does nothing else; here it is pinned, too. */
static bool
is_signed_by_first(PKCS7 *token, const struct nitro_authority *tsa)
{
	NITRO_DROP(drop_stack) STACK_OF(X509) *chain = sk_X509_new_null();
	NITRO_DROP(drop_stack) STACK_OF(X509) *signers = NULL;

	if (chain == NULL || sk_X509_push(chain, tsa->chain[0]) <= 0)
		return false;
	signers = PKCS7_get0_signers(token, chain, 0);
	return sk_X509_num(signers) == 1 &&
	       X509_cmp(sk_X509_value(signers, 0), tsa->chain[0]) == 0;
}

/* Certificates in the token are no trust, and may be no others than are known. */
static bool
has_only_known_certs(PKCS7 *token, const struct nitro_authority *tsa)
{
	const STACK_OF(X509) *certs = token->d.sign->cert;
	bool is_known;

	for (int i = 0; i < sk_X509_num(certs); i++) {
		is_known = false;
		for (size_t k = 0; k < tsa->count; k++)
			is_known |= X509_cmp(sk_X509_value(certs, i),
					tsa->chain[k]) == 0;
		if (!is_known)
			return false;
	}
	return true;
}

static bool
verifies_by(TS_RESP *response, struct nitro_bytes signature,
    const struct nitro_authority *tsa, int64_t time_ms)
{
	NITRO_DROP(drop_verify_ctx) TS_VERIFY_CTX *ctx = TS_VERIFY_CTX_new();

	return ctx != NULL &&
	       is_signed_by_first(TS_RESP_get_token(response), tsa) &&
	       has_only_known_certs(TS_RESP_get_token(response), tsa) &&
	       set_trust(ctx, tsa, time_ms) && set_data(ctx, signature) &&
	       TS_RESP_verify_response(ctx, response) == 1;
}

static bool
check_shape(TS_RESP *response, int64_t *time_ms, struct nitro_trail *trail)
{
	TS_STATUS_INFO *status = response != NULL
				     ? TS_RESP_get_status_info(response)
				     : NULL;

	if (status == NULL ||
	    ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(status)) != GRANTED)
		return nitro_trail_refuse(trail, STEP,
		    "a TimeStampResp that was granted", "something else");
	if (TS_RESP_get_token(response) == NULL ||
	    !has_one_signer(TS_RESP_get_token(response)) ||
	    !time_of(TS_RESP_get_tst_info(response), time_ms) ||
	    !has_strong_imprint(TS_RESP_get_tst_info(response)))
		return nitro_trail_refuse(trail, STEP,
		    "a token of one signer, with a time and a SHA-2 imprint",
		    "something else");
	return true;
}

static bool
find_authority(TS_RESP *response, struct nitro_bytes signature,
    const struct nitro_trusted_root *root, int64_t time_ms, size_t *tsa)
{
	bool is_found = false;

	for (size_t i = 0; i < root->tsa_count && !is_found; i++) {
		is_found = nitro_period_has(&root->tsas[i].period, time_ms) &&
			   verifies_by(
			       response, signature, &root->tsas[i], time_ms);
		if (is_found)
			*tsa = i;
	}
	ERR_clear_error();
	return is_found;
}

bool
nitro_timestamp_verify(struct nitro_bytes token, struct nitro_bytes signature,
    const struct nitro_trusted_root *root, size_t *tsa, int64_t *time_ms,
    struct nitro_trail *trail)
{
	NITRO_DROP(drop_response) TS_RESP *response = parse(token);
	char moment[NITRO_TIME_TEXT_LEN + 1];
	int64_t at_ms = 0;

	ERR_clear_error();
	if (!check_shape(response, &at_ms, trail))
		return false;
	nitro_time_format(at_ms, moment);
	if (!find_authority(response, signature, root, at_ms, tsa))
		return nitro_trail_refuse(trail, STEP,
		    "one of this signature, by a timestamp authority of the "
		    "trusted root that was valid then",
		    "none; the token says %s", moment);
	nitro_trail_pass(trail, STEP, "%s", moment);
	*time_ms = at_ms;
	return true;
}
