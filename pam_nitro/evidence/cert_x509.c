#include "evidence/cert_x509.h"

#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/time_text.h"

#define SERIAL_MAX 20     /* bytes, RFC 5280 section 4.1.2.2 */
#define P384_POINT_LEN 97 /* 04 || x || y, SEC 1 section 2.3.3 */
#define POINT_UNCOMPRESSED 4
#define UTC_TIME_LEN 13         /* YYMMDDHHMMSSZ */
#define GENERALIZED_TIME_LEN 15 /* YYYYMMDDHHMMSSZ */
#define PATH_LEN_MAX 64         /* AWS has 0, 1 and 2 */

void
nitro_x509_drop(X509 **cert)
{
	X509_free(*cert);
}

static void
drop_basic_constraints(BASIC_CONSTRAINTS **constraints)
{
	BASIC_CONSTRAINTS_free(*constraints);
}

nitro_err
nitro_cert_parse(struct nitro_bytes der, OSSL_LIB_CTX *lib, X509 **cert)
{
	X509 *parsed = X509_new_ex(lib, NULL);
	const uint8_t *at = der.ptr;

	if (parsed == NULL)
		return NITRO_E_MEMORY;
	/* Refuses lengths below 1, and releases what it was given when it fails. */
	if (d2i_X509(&parsed, &at, (long)der.len) == NULL)
		return NITRO_E_CERT;
	if ((size_t)(at - der.ptr) != der.len) {
		X509_free(parsed);
		return NITRO_E_CERT;
	}
	*cert = parsed;
	return NITRO_OK;
}

static bool
serial_is_valid(const X509 *cert)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	struct nitro_bytes digits;

	if (serial == NULL || ASN1_STRING_type(serial) != V_ASN1_INTEGER)
		return false;
	digits = (struct nitro_bytes){
	    ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial)};
	return digits.ptr != NULL && digits.len <= SERIAL_MAX &&
	       !nitro_bytes_is_zero(digits);
}

/*
 * The curve by name and not by parameters (CVE-2020-0601), the point
 * uncompressed: X509_verify_cert() takes compressed points, and the point at
 * infinity too.
 */
static bool
key_is_p384(X509 *cert)
{
	ASN1_OBJECT *algorithm = NULL;
	const unsigned char *point = NULL;
	const ASN1_OBJECT *parameter = NULL;
	const void *value = NULL;
	X509_ALGOR *algor = NULL;
	const X509_PUBKEY *key = X509_get_X509_PUBKEY(cert);
	int point_len = 0, type = V_ASN1_UNDEF;

	if (key == NULL || X509_PUBKEY_get0_param(&algorithm, &point,
			       &point_len, &algor, key) != 1)
		return false;
	X509_ALGOR_get0(&parameter, &type, &value, algor);
	return OBJ_obj2nid(algorithm) == NID_X9_62_id_ecPublicKey &&
	       type == V_ASN1_OBJECT && OBJ_obj2nid(value) == NID_secp384r1 &&
	       point_len == P384_POINT_LEN && point[0] == POINT_UNCOMPRESSED;
}

/*
 * The kind of extension i; NULL where libcrypto cannot tell, also for an
 * extension that it does not give. (Not const before OpenSSL 4, const since.)
 */
static const ASN1_OBJECT *
extension_kind(X509 *cert, int i)
{
	return X509_EXTENSION_get_object(X509_get_ext(cert, i));
}

/* RFC 5280 section 4.2. libcrypto tells only of the extensions that it knows. */
static bool
has_extension_twice(X509 *cert)
{
	const int count = X509_get_ext_count(cert);

	for (int i = 0; i < count; i++)
		for (int k = i + 1; k < count; k++) {
			const ASN1_OBJECT *one = extension_kind(cert, i);
			const ASN1_OBJECT *other = extension_kind(cert, k);

			if (one == NULL || other == NULL ||
			    OBJ_cmp(one, other) == 0)
				return true;
		}
	return false;
}

nitro_err
nitro_cert_check_common(X509 *cert)
{
	if (X509_get_version(cert) != X509_VERSION_3)
		return NITRO_E_CERT_ALG;
	if (X509_get_signature_nid(cert) != NID_ecdsa_with_SHA384 ||
	    !key_is_p384(cert))
		return NITRO_E_CERT_ALG;
	if (X509_get0_pubkey(cert) == NULL)
		return NITRO_E_CERT;
	if ((X509_get_extension_flags(cert) & EXFLAG_INVALID) != 0 ||
	    has_extension_twice(cert))
		return NITRO_E_CERT;
	if (!serial_is_valid(cert) ||
	    X509_NAME_entry_count(X509_get_issuer_name(cert)) < 1 ||
	    X509_NAME_entry_count(X509_get_subject_name(cert)) < 1)
		return NITRO_E_CERT;
	return NITRO_OK;
}

nitro_err
nitro_cert_check_ca(X509 *cert)
{
	NITRO_DROP(drop_basic_constraints)
	BASIC_CONSTRAINTS *constraints = NULL;
	int critical = 0;
	int64_t path_len = 0;

	constraints = X509_get_ext_d2i(
	    cert, NID_basic_constraints, &critical, NULL);
	if (constraints == NULL || critical != 1 || constraints->ca == 0)
		return NITRO_E_CERT_CA;
	/* libcrypto reads a pathLen that does not fit a long as none at all. */
	if (constraints->pathlen != NULL &&
	    (ASN1_INTEGER_get_int64(&path_len, constraints->pathlen) != 1 ||
		path_len < 0 || path_len > PATH_LEN_MAX))
		return NITRO_E_CERT_CA;
	if ((X509_get_extension_flags(cert) & EXFLAG_KUSAGE) == 0 ||
	    (X509_get_key_usage(cert) & KU_KEY_CERT_SIGN) == 0)
		return NITRO_E_CERT_CA;
	return NITRO_OK;
}

nitro_err
nitro_cert_check_leaf(X509 *cert)
{
	const uint32_t flags = X509_get_extension_flags(cert);
	const uint32_t usage = X509_get_key_usage(cert);

	if ((flags & EXFLAG_BCONS) == 0 || (flags & EXFLAG_CA) != 0 ||
	    X509_get_pathlen(cert) != -1)
		return NITRO_E_CERT_LEAF;
	if ((flags & EXFLAG_KUSAGE) == 0 ||
	    (usage & KU_DIGITAL_SIGNATURE) == 0 ||
	    (usage & KU_KEY_CERT_SIGN) != 0)
		return NITRO_E_CERT_LEAF;
	if ((flags & EXFLAG_XKUSAGE) != 0)
		return NITRO_E_CERT_LEAF;
	return NITRO_OK;
}

/* As RFC 3339 text first, so that one parser judges all dates. */
static bool
time_of(const ASN1_TIME *time, int64_t *time_ms)
{
	const char *digits, *century = "";
	char text[NITRO_TIME_TEXT_LEN + 1];
	int type, len;

	if (time == NULL ||
	    (digits = (const char *)ASN1_STRING_get0_data(time)) == NULL)
		return false;
	type = ASN1_STRING_type(time);
	len = ASN1_STRING_length(time);
	if (type == V_ASN1_UTCTIME && len == UTC_TIME_LEN)
		century = digits[0] < '5' ? "20" : "19";
	else if (type != V_ASN1_GENERALIZEDTIME || len != GENERALIZED_TIME_LEN)
		return false;
	if (digits[len - 1] != 'Z')
		return false;
	(void)snprintf(text, sizeof text,
	    "%s%.*s-%.2s-%.2s"
	    "T%.2s:%.2s:%.2sZ",
	    century, len - 11, digits, &digits[len - 11], &digits[len - 9],
	    &digits[len - 7], &digits[len - 5], &digits[len - 3]);
	return nitro_time_parse(nitro_bytes_of_text(text), time_ms);
}

nitro_err
nitro_cert_check_time(const X509 *cert, int64_t time_s)
{
	int64_t from_ms, until_ms;

	if (!time_of(X509_get0_notBefore(cert), &from_ms) ||
	    !time_of(X509_get0_notAfter(cert), &until_ms) ||
	    time_s < from_ms / 1000 || time_s >= until_ms / 1000)
		return NITRO_E_CERT_TIME;
	return NITRO_OK;
}
