#include "admin/provenance/certificate.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "admin/provenance/signature.h"
#include "base/time_text.h"
#include "evidence/cert_x509.h"

#define STEP "certificate chain"

enum { AUTH_LEVEL = 2 }; /* 112 bits: RSA 2048, SHA-256 */

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
drop_stack(STACK_OF(X509) * *stack)
{
	sk_X509_free(*stack);
}

static void
drop_usage(EXTENDED_KEY_USAGE **usage)
{
	sk_ASN1_OBJECT_pop_free(*usage, ASN1_OBJECT_free);
}

bool
nitro_certificate_parse(
    struct nitro_bytes der, X509 **leaf, struct nitro_trail *trail)
{
	NITRO_DROP(nitro_x509_drop) X509 *cert = NULL;
	EVP_PKEY *key;

	if (nitro_cert_parse(der, NULL, &cert) != NITRO_OK ||
	    (X509_get_extension_flags(cert) & EXFLAG_INVALID) != 0)
		return nitro_trail_refuse(trail, "certificate",
		    "one X.509 certificate in DER", "something else");
	key = X509_get0_pubkey(cert);
	if (key == NULL || !nitro_key_is_supported(key))
		return nitro_trail_refuse(trail, "certificate",
		    "a key of P-256, P-384, P-521, Ed25519 or RSA from 2,048 "
		    "bits",
		    "another key");
	*leaf = cert;
	cert = NULL;
	return true;
}

/* libcrypto has no purpose for code signing before 3.2. */
static bool
has_code_signing(X509 *cert, bool is_only)
{
	NITRO_DROP(drop_usage)
	EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(
	    cert, NID_ext_key_usage, NULL, NULL);

	for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++)
		if (OBJ_obj2nid(sk_ASN1_OBJECT_value(usage, i)) ==
		    NID_code_sign)
			return !is_only || sk_ASN1_OBJECT_num(usage) == 1;
	return false;
}

static bool
check_leaf(X509 *leaf, struct nitro_trail *trail)
{
	const uint32_t flags = X509_get_extension_flags(leaf);

	if (X509_check_ca(leaf) != 0)
		return nitro_trail_refuse(
		    trail, STEP, "an end entity", "an authority (CA:TRUE)");
	if ((flags & EXFLAG_KUSAGE) == 0 ||
	    (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0)
		return nitro_trail_refuse(
		    trail, STEP, "keyUsage with digitalSignature", "without");
	if (!has_code_signing(leaf, true))
		return nitro_trail_refuse(trail, STEP,
		    "extendedKeyUsage codeSigning and nothing else",
		    "something else");
	return true;
}

static bool
are_for_code_signing(const struct nitro_authority *ca)
{
	for (size_t i = 0; i < ca->count; i++)
		if ((X509_get_extension_flags(ca->chain[i]) & EXFLAG_XKUSAGE) !=
			0 &&
		    !has_code_signing(ca->chain[i], false))
			return false;
	return true;
}

/* The path by that authority alone; what the bundle brought is no part of it. */
static X509 *
issuer_at(X509 *leaf, const struct nitro_authority *ca, int64_t time_ms)
{
	NITRO_DROP(drop_store) X509_STORE *store = X509_STORE_new();
	NITRO_DROP(drop_stack) STACK_OF(X509) *others = sk_X509_new_null();
	NITRO_DROP(drop_store_ctx)
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	const STACK_OF(X509) * chain;
	const X509 *issuer;

	if (store == NULL || others == NULL || ctx == NULL ||
	    X509_STORE_add_cert(store, ca->chain[ca->count - 1]) != 1)
		return NULL;
	for (size_t i = 0; i + 1 < ca->count; i++)
		if (sk_X509_push(others, ca->chain[i]) <= 0)
			return NULL;
	if (X509_STORE_CTX_init(ctx, store, leaf, others) != 1)
		return NULL;
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)(time_ms / 1000));
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT) != 1 ||
	    X509_verify_cert(ctx) != 1)
		return NULL;
	chain = X509_STORE_CTX_get0_chain(ctx);
	if (sk_X509_num(chain) < 2)
		return NULL;
	issuer = sk_X509_value(chain, 1);
	for (size_t i = 0; i < ca->count; i++)
		if (X509_cmp(issuer, ca->chain[i]) == 0)
			return ca->chain[i];
	return NULL;
}

static X509 *
find_issuer(X509 *leaf, const struct nitro_trusted_root *root, int64_t time_ms)
{
	X509 *issuer = NULL;

	for (size_t i = 0; i < root->ca_count && issuer == NULL; i++)
		if (nitro_period_has(&root->cas[i].period, time_ms) &&
		    are_for_code_signing(&root->cas[i]))
			issuer = issuer_at(leaf, &root->cas[i], time_ms);
	ERR_clear_error();
	return issuer;
}

bool
nitro_certificate_chain(X509 *leaf, const struct nitro_trusted_root *root,
    const struct nitro_times *times, X509 **issuer, struct nitro_trail *trail)
{
	char moment[NITRO_TIME_TEXT_LEN + 1];
	X509 *found = NULL;

	if (!check_leaf(leaf, trail))
		return false;
	for (size_t i = 0; i < times->count; i++) {
		nitro_time_format(times->ms[i], moment);
		found = find_issuer(leaf, root, times->ms[i]);
		if (found == NULL)
			return nitro_trail_refuse(trail, STEP,
			    "a path to an authority of the trusted root, all "
			    "of it valid at each verified time",
			    "none at %s", moment);
	}
	if (found == NULL)
		return nitro_trail_refuse(
		    trail, STEP, "a verified time", "none");
	nitro_trail_pass(trail, STEP, "valid at %s%s", moment,
	    times->count > 1 ? " and every other verified time" : "");
	*issuer = found;
	return true;
}
