#include "evidence/cert_facts.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <time.h>

#include "evidence/cert_x509.h"
#include "evidence/crypto_error.h"

static void
drop_bio(BIO **bio)
{
	BIO_free_all(*bio);
}

/* The common name as printable ASCII; every other byte becomes '?'. */
static void
describe_name(const X509_NAME *name, char *out, size_t out_size)
{
	const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	const ASN1_STRING *value;
	struct nitro_bytes text;
	size_t used = 0;

	out[0] = '\0';
	if (at < 0)
		return;
	value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	text = (struct nitro_bytes){
	    ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)};
	for (; used < text.len && used < out_size - 1; used++)
		out[used] = text.ptr[used] >= ' ' && text.ptr[used] <= '~'
				? (char)text.ptr[used]
				: '?';
	out[used] = '\0';
}

static bool
describe_time(const ASN1_TIME *time, int64_t *out)
{
	struct tm parts = {0};

	if (ASN1_TIME_to_tm(time, &parts) != 1)
		return false;
	*out = (int64_t)timegm(&parts);
	return true;
}

static void
describe_key(X509 *cert, char *out, size_t out_size)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);
	char group[32] = "";
	const char *type;

	if (key == NULL) {
		(void)snprintf(out, out_size, "unreadable");
		return;
	}
	if (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1) {
		const char *nist = EC_curve_nid2nist(OBJ_sn2nid(group));

		(void)snprintf(
		    out, out_size, "%s", nist != NULL ? nist : group);
		return;
	}
	type = EVP_PKEY_get0_type_name(key);
	(void)snprintf(out, out_size, "%s %d", type != NULL ? type : "unknown",
	    EVP_PKEY_get_bits(key));
}

static nitro_err
describe(struct nitro_bytes der, X509 *cert, struct nitro_cert_facts *facts)
{
	struct nitro_cert_facts found = {0};
	nitro_err err;

	describe_name(
	    X509_get_subject_name(cert), found.subject, sizeof found.subject);
	describe_name(
	    X509_get_issuer_name(cert), found.issuer, sizeof found.issuer);
	if (!describe_time(X509_get0_notBefore(cert), &found.not_before_s) ||
	    !describe_time(X509_get0_notAfter(cert), &found.not_after_s))
		return NITRO_E_CERT;
	found.is_ca = (X509_get_extension_flags(cert) & EXFLAG_CA) != 0;
	found.path_len = X509_get_pathlen(cert);
	describe_key(cert, found.key, sizeof found.key);
	if ((err = nitro_sha256(der, found.sha256)) == NITRO_OK)
		*facts = found;
	return err;
}

nitro_err
nitro_cert_facts(struct nitro_bytes der, struct nitro_cert_facts *facts)
{
	NITRO_DROP(nitro_x509_drop) X509 *cert = NULL;
	nitro_err err;

	ERR_clear_error();
	if ((err = nitro_cert_parse(der, NULL, &cert)) == NITRO_OK)
		err = describe(der, cert, facts);
	ERR_clear_error();
	return err;
}

/* One block of PEM. NITRO_E_CERT for anything but a certificate. */
static nitro_err
read_block(BIO *bio, struct nitro_buf *der, bool *is_end)
{
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	long len = 0;
	nitro_err err = NITRO_E_CERT;

	if (PEM_read_bio(bio, &name, &header, &data, &len) != 1) {
		*is_end = ERR_GET_REASON(ERR_peek_last_error()) ==
			  PEM_R_NO_START_LINE;
		return *is_end ? NITRO_OK : NITRO_E_CERT;
	}
	if (nitro_bytes_equal_text(
		nitro_bytes_of_text(name), PEM_STRING_X509) &&
	    header[0] == '\0' && len > 0)
		err = nitro_buf_append(
		    der, (struct nitro_bytes){data, (size_t)len});
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	return err;
}

static nitro_err
read_one_certificate(struct nitro_bytes pem, struct nitro_buf *der)
{
	NITRO_DROP(drop_bio) BIO *bio = NULL;
	NITRO_DROP(nitro_x509_drop) X509 *cert = NULL;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf first = {0}, second = {0};
	bool is_end = false;
	nitro_err err;

	if (pem.len == 0 || pem.len > INT32_MAX)
		return NITRO_E_CERT;
	if ((bio = BIO_new_mem_buf(pem.ptr, (int)pem.len)) == NULL)
		return NITRO_E_MEMORY;
	if ((err = read_block(bio, &first, &is_end)) != NITRO_OK)
		return err;
	if ((err = read_block(bio, &second, &is_end)) != NITRO_OK)
		return err;
	if (!is_end)
		return NITRO_E_CERT;
	if ((err = nitro_cert_parse(nitro_bytes_of_buf(&first), NULL, &cert)) !=
	    NITRO_OK)
		return err;
	return nitro_buf_append(der, nitro_bytes_of_buf(&first));
}

nitro_err
nitro_cert_from_pem(struct nitro_bytes pem, struct nitro_buf *der)
{
	nitro_err err;

	ERR_clear_error();
	err = read_one_certificate(pem, der);
	return nitro_crypto_reason(err);
}

nitro_err
nitro_cert_public_key(struct nitro_bytes der, EVP_PKEY **key)
{
	NITRO_DROP(nitro_x509_drop) X509 *cert = NULL;
	EVP_PKEY *found = NULL;
	nitro_err err;

	ERR_clear_error();
	if ((err = nitro_cert_parse(der, NULL, &cert)) == NITRO_OK &&
	    (found = X509_get_pubkey(cert)) == NULL)
		err = NITRO_E_CERT;
	ERR_clear_error();
	if (err != NITRO_OK)
		return err;
	*key = found;
	return NITRO_OK;
}
