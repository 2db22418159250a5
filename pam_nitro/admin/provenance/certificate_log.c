#include <openssl/ct.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "admin/provenance/certificate.h"
#include "evidence/cert_x509.h"

#define STEP "certificate log"

static void
drop_scts(STACK_OF(SCT) * *scts)
{
	SCT_LIST_free(*scts);
}

static void
drop_bytes(unsigned char **bytes)
{
	OPENSSL_free(*bytes);
}

static bool
append_number(struct nitro_buf *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0;)
		if (nitro_buf_append_byte(out, (uint8_t)(value >> (8 * i))) !=
		    NITRO_OK)
			return false;
	return true;
}

/* The certificate as the log saw it: without the list of timestamps. */
static bool
append_tbs(X509 *leaf, struct nitro_buf *out)
{
	NITRO_DROP(nitro_x509_drop) X509 *copy = X509_dup(leaf);
	NITRO_DROP(drop_bytes) unsigned char *tbs = NULL;
	X509_EXTENSION *gone;
	int at, len;

	if (copy == NULL)
		return false;
	at = X509_get_ext_by_NID(copy, NID_ct_precert_scts, -1);
	gone = at >= 0 ? X509_delete_ext(copy, at) : NULL;
	X509_EXTENSION_free(gone);
	if (gone == NULL || (len = i2d_re_X509_tbs(copy, &tbs)) <= 0)
		return false;
	return append_number(out, (uint64_t)len, 3) &&
	       nitro_buf_append(out, (struct nitro_bytes){tbs, (size_t)len}) ==
		   NITRO_OK;
}

static bool
append_issuer(X509 *issuer, struct nitro_buf *out)
{
	NITRO_DROP(drop_bytes) unsigned char *spki = NULL;
	uint8_t hash[NITRO_SHA256_LEN];
	const int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(issuer), &spki);

	return len > 0 &&
	       nitro_sha256((struct nitro_bytes){spki, (size_t)len}, hash) ==
		   NITRO_OK &&
	       nitro_buf_append(out, (struct nitro_bytes){hash, sizeof hash}) ==
		   NITRO_OK;
}

/* RFC 6962 section 3.2: version 0, certificate_timestamp, precert_entry. */
static bool
signed_data(const SCT *sct, X509 *leaf, X509 *issuer, struct nitro_buf *out)
{
	enum { VERSION = 0, SIGNATURE_TYPE = 0, PRECERT_ENTRY = 1 };
	unsigned char *extensions = NULL;
	const size_t len = SCT_get0_extensions(sct, &extensions);

	return append_number(out, VERSION, 1) &&
	       append_number(out, SIGNATURE_TYPE, 1) &&
	       append_number(out, SCT_get_timestamp(sct), 8) &&
	       append_number(out, PRECERT_ENTRY, 2) &&
	       append_issuer(issuer, out) && append_tbs(leaf, out) &&
	       append_number(out, len, 2) &&
	       nitro_buf_append(out, (struct nitro_bytes){extensions, len}) ==
		   NITRO_OK;
}

static const struct nitro_trusted_log *
log_of(const SCT *sct, const struct nitro_trusted_root *root)
{
	unsigned char *id = NULL;
	const size_t len = SCT_get0_log_id(sct, &id);

	return nitro_trusted_log_find(
	    root->ct_logs, root->ct_log_count, (struct nitro_bytes){id, len});
}

static bool
check_sct(const SCT *sct, const struct nitro_trusted_log *log, X509 *leaf,
    X509 *issuer)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf data = {0};
	unsigned char *signature = NULL;
	const size_t len = SCT_get0_signature(sct, &signature);
	const uint64_t time_ms = SCT_get_timestamp(sct);

	return SCT_get_version(sct) == SCT_VERSION_V1 && time_ms <= INT64_MAX &&
	       nitro_period_has(&log->period, (int64_t)time_ms) &&
	       signed_data(sct, leaf, issuer, &data) &&
	       nitro_signature_verify(log->key, nitro_bytes_of_buf(&data),
		   (struct nitro_bytes){signature, len});
}

bool
nitro_certificate_log(X509 *leaf, X509 *issuer,
    const struct nitro_trusted_root *root, struct nitro_trail *trail)
{
	NITRO_DROP(drop_scts) STACK_OF(SCT) *scts = NULL;
	const struct nitro_trusted_log *log;
	const struct nitro_trusted_log *good = NULL;

	if (root->ct_log_count == 0) {
		nitro_trail_pass(
		    trail, STEP, "the trusted root has no such log");
		return true;
	}
	scts = X509_get_ext_d2i(leaf, NID_ct_precert_scts, NULL, NULL);
	ERR_clear_error();
	for (int i = 0; i < sk_SCT_num(scts); i++) {
		log = log_of(sk_SCT_value(scts, i), root);
		if (log == NULL)
			continue;
		if (!check_sct(sk_SCT_value(scts, i), log, leaf, issuer))
			return nitro_trail_refuse(trail, STEP,
			    "a timestamp signed by the certificate log",
			    "one that does not verify");
		good = log;
	}
	if (good == NULL)
		return nitro_trail_refuse(trail, STEP,
		    "a timestamp of a certificate log of the trusted root",
		    "none");
	nitro_trail_pass(trail, STEP, "timestamp of %s", good->name);
	return true;
}
