#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/hex.h"
#include "sim/internal.h"

#define HOUR 3600
#define DAY (24 * HOUR)
#define NAME_MAX_LEN 64 /* ub-common-name, RFC 5280 appendix A */

/* What AWS's root says: 2019-10-28T13:28:05Z, 2049-10-28T14:28:05Z. */
#define ROOT_NOT_BEFORE_S 1572269285
#define ROOT_NOT_AFTER_S 2519044085

#define CRL_OF_ROOT \
	"URI:http://aws-nitro-enclaves-crl.s3.amazonaws.com/crl/" \
	"00000000-0000-4000-8000-000000000000.crl"
#define CRL_OF_REGION \
	"URI:http://crl-" SIM_REGION "-aws-nitro-enclaves.s3." SIM_REGION \
	".amazonaws.com/crl/00000000-0000-4000-8000-000000000000.crl"

struct extension {
	int nid; /* 0 ends the list */
	const char *value;
};

struct rdn {
	int nid;           /* 0 ends the list */
	const char *value; /* NULL: the common name */
};

/* AWS's shape of one position, in AWS's order. */
struct shape {
	int64_t before_s, after_s; /* time_s - before_s to time_s + after_s */
	unsigned serial_len;
	struct rdn subject[7];
	struct extension extensions[6];
};

static const struct shape shapes[SIM_POSITIONS] = {
    [SIM_ROOT] = {0, 0, 16,
	{{NID_countryName, "US"}, {NID_organizationName, "Amazon"},
	    {NID_organizationalUnitName, "AWS"}, {NID_commonName, NULL}},
	{{NID_basic_constraints, "critical,CA:TRUE"},
	    {NID_subject_key_identifier, "hash"},
	    {NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign"}}},
    [SIM_REGIONAL] = {4 * DAY, 16 * DAY + HOUR, 16,
	{{NID_countryName, "US"}, {NID_organizationName, "Amazon"},
	    {NID_organizationalUnitName, "AWS"}, {NID_commonName, NULL}},
	{{NID_basic_constraints, "critical,CA:TRUE,pathlen:2"},
	    {NID_authority_key_identifier, NULL},
	    {NID_subject_key_identifier, "hash"},
	    {NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign"},
	    {NID_crl_distribution_points, CRL_OF_ROOT}}},
    [SIM_ZONAL] = {16 * HOUR, 122 * HOUR, 16,
	{{NID_commonName, NULL}, {NID_organizationalUnitName, "AWS"},
	    {NID_organizationName, "Amazon"}, {NID_countryName, "US"},
	    {NID_stateOrProvinceName, "WA"}, {NID_localityName, "Seattle"}},
	{{NID_basic_constraints, "critical,CA:TRUE,pathlen:1"},
	    {NID_authority_key_identifier, NULL},
	    {NID_subject_key_identifier, "hash"},
	    {NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign"},
	    {NID_crl_distribution_points, CRL_OF_REGION}}},
    [SIM_INSTANCE] = {10 * HOUR, 14 * HOUR, 20,
	{{NID_countryName, "US"}, {NID_stateOrProvinceName, "Washington"},
	    {NID_localityName, "Seattle"}, {NID_organizationName, "Amazon"},
	    {NID_organizationalUnitName, "AWS"}, {NID_commonName, NULL}},
	{{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
	    {NID_key_usage, "critical,keyCertSign"},
	    {NID_subject_key_identifier, "hash"},
	    {NID_authority_key_identifier, NULL}}},
    [SIM_LEAF] = {3, 3 * HOUR, 0,
	{{NID_countryName, "US"}, {NID_stateOrProvinceName, "Washington"},
	    {NID_localityName, "Seattle"}, {NID_organizationName, "Amazon"},
	    {NID_organizationalUnitName, "AWS"}, {NID_commonName, NULL}},
	{{NID_basic_constraints, "critical,CA:FALSE"},
	    {NID_key_usage, "digitalSignature,nonRepudiation"}}},
};

static void
drop_cert(X509 **cert)
{
	X509_free(*cert);
}

static void
drop_extension(X509_EXTENSION **extension)
{
	X509_EXTENSION_free(*extension);
}

static void
drop_key_id(AUTHORITY_KEYID **id)
{
	AUTHORITY_KEYID_free(*id);
}

static void
drop_name(X509_NAME **name)
{
	X509_NAME_free(*name);
}

static void
drop_octets(ASN1_OCTET_STRING **octets)
{
	ASN1_OCTET_STRING_free(*octets);
}

static void
drop_number(BIGNUM **number)
{
	BN_free(*number);
}

static EVP_PKEY *
make_key(const char *name)
{
	if (strcmp(name, "RSA-2048") == 0)
		return EVP_PKEY_Q_keygen(
		    sim_library(), NULL, "RSA", (size_t)2048);
	if (strcmp(name, "Ed25519") == 0)
		return EVP_PKEY_Q_keygen(sim_library(), NULL, "ED25519");
	return EVP_PKEY_Q_keygen(sim_library(), NULL, "EC", name);
}

/* Names in the manner of AWS's; the hex is the key's own. */
static bool
common_name(const struct sim_pki *pki, enum sim_position at,
    char name[NAME_MAX_LEN + 1])
{
	struct nitro_bytes id = sim_instance_id(
	    nitro_bytes_of_text(pki->module_id));
	uint8_t number[8];
	char hex[17] = "";
	int len = -1;

	if (RAND_bytes_ex(sim_library(), number, sizeof(number), 0) != 1)
		return false;
	nitro_hex_encode((struct nitro_bytes){number, 8}, hex, sizeof(hex));
	switch (at) {
	case SIM_ROOT:
		len = snprintf(name, NAME_MAX_LEN + 1, "aws.nitro-enclaves");
		break;
	case SIM_REGIONAL:
		len = snprintf(name, NAME_MAX_LEN + 1,
		    "%s." SIM_REGION ".aws.nitro-enclaves", hex);
		break;
	case SIM_ZONAL:
		len = snprintf(name, NAME_MAX_LEN + 1,
		    "%s.zonal." SIM_REGION ".aws.nitro-enclaves", hex);
		break;
	case SIM_INSTANCE:
		len = snprintf(name, NAME_MAX_LEN + 1,
		    "%.*s." SIM_REGION ".aws.nitro-enclaves", (int)id.len,
		    (const char *)id.ptr);
		break;
	case SIM_LEAF:
		len = snprintf(name, NAME_MAX_LEN + 1, "%s." SIM_REGION ".aws",
		    pki->module_id);
		break;
	case SIM_POSITIONS:
		break;
	}
	return len > 0;
}

static bool
set_subject(X509 *cert, enum sim_position at, const char *name)
{
	NITRO_DROP(drop_name) X509_NAME *subject = X509_NAME_new();
	const struct rdn *rdn = shapes[at].subject;
	const char *value;

	for (; rdn->nid != 0; rdn++) {
		value = rdn->value == NULL ? name : rdn->value;
		/* MBSTRING: PrintableString for the country, UTF8String for
		 * the rest, as AWS has them. */
		if (X509_NAME_add_entry_by_NID(subject, rdn->nid, MBSTRING_UTF8,
			(const unsigned char *)value, -1, -1, 0) != 1)
			return false;
	}
	return X509_set_subject_name(cert, subject) == 1;
}

/* The leaf's is the enclave's number and the time; the others' are random. */
static bool
set_serial(
    X509 *cert, const struct sim_pki *pki, enum sim_position at, int64_t time_s)
{
	NITRO_DROP(drop_number) BIGNUM *number = NULL;
	uint8_t bytes[20] = {0};
	unsigned len = shapes[at].serial_len;
	uint64_t id = sim_enclave_number(nitro_bytes_of_text(pki->module_id));

	if (len > 0) {
		if (RAND_bytes_ex(sim_library(), bytes, len, 0) != 1)
			return false;
		bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);
	} else {
		len = 16;
		for (unsigned i = 0; i < 8; i++) {
			bytes[i] = (uint8_t)(id >> (56 - 8 * i));
			bytes[8 + i] = (uint8_t)((uint64_t)time_s >>
						 (56 - 8 * i));
		}
	}
	if ((number = BN_bin2bn(bytes, (int)len, NULL)) == NULL)
		return false;
	return BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
}

static bool
set_validity(
    X509 *cert, const struct sim_options *options, enum sim_position at)
{
	const struct sim_cert_options *wish = &options->cert[at];
	int64_t from = options->time_s - shapes[at].before_s;
	int64_t until = options->time_s + shapes[at].after_s;

	if (at == SIM_ROOT) {
		from = ROOT_NOT_BEFORE_S;
		until = ROOT_NOT_AFTER_S;
		if (options->time_s < from || options->time_s > until) {
			from = options->time_s - (int64_t)6 * 365 * DAY;
			until = from + (int64_t)30 * 365 * DAY;
		}
	}
	if (wish->not_before_s != 0)
		from = wish->not_before_s;
	if (wish->not_after_s != 0)
		until = wish->not_after_s;
	return ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)from) != NULL &&
	       ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)until) != NULL;
}

/* By hand, because "hash" takes SHA-1 from the process's default library. */
static bool
add_subject_key_id(X509 *cert)
{
	NITRO_DROP(drop_octets)
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(cert);
	unsigned char digest[20];

	return id != NULL && key != NULL &&
	       EVP_Q_digest(sim_library(), "SHA1", NULL,
		   ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key),
		   digest, NULL) == 1 &&
	       ASN1_OCTET_STRING_set(id, digest, sizeof digest) == 1 &&
	       X509_add1_ext_i2d(cert, NID_subject_key_identifier, id, 0,
		   X509V3_ADD_APPEND) == 1;
}

/* By hand, because X509V3_EXT_conf_nid() insists on an issuer with an id. */
static bool
add_authority_key_id(X509 *cert, X509 *issuer)
{
	NITRO_DROP(drop_key_id) AUTHORITY_KEYID *id = NULL;
	const ASN1_OCTET_STRING *key_id = X509_get0_subject_key_id(issuer);

	if (key_id == NULL)
		return true;
	if ((id = AUTHORITY_KEYID_new()) == NULL ||
	    (id->keyid = ASN1_OCTET_STRING_dup(key_id)) == NULL)
		return false;
	return X509_add1_ext_i2d(cert, NID_authority_key_identifier, id, 0,
		   X509V3_ADD_APPEND) == 1;
}

static bool
add_extension(X509 *cert, int nid, const char *value)
{
	NITRO_DROP(drop_extension) X509_EXTENSION *extension = NULL;
	X509V3_CTX ctx;

	if (nid == NID_subject_key_identifier && strcmp(value, "hash") == 0)
		return add_subject_key_id(cert);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	return extension != NULL && X509_add_ext(cert, extension, -1) == 1;
}

static bool
add_extensions(X509 *cert, enum sim_position at, X509 *issuer)
{
	const struct extension *wanted = shapes[at].extensions;

	for (; wanted->nid != 0; wanted++)
		if (wanted->nid == NID_authority_key_identifier
			? !add_authority_key_id(cert, issuer)
			: !add_extension(cert, wanted->nid, wanted->value))
			return false;
	return true;
}

void
sim_cert_remove(X509 *cert, int nid)
{
	int i;

	while ((i = X509_get_ext_by_NID(cert, nid, -1)) >= 0)
		X509_EXTENSION_free(X509_delete_ext(cert, i));
}

void
sim_cert_extend(X509 *cert, int nid, const char *value)
{
	sim_cert_remove(cert, nid);
	if (!add_extension(cert, nid, value)) {
		(void)fprintf(
		    stderr, "sim_cert_extend: cannot make \"%s\"\n", value);
		abort();
	}
}

static bool
sign_cert(X509 *cert, EVP_PKEY *key, const char *digest)
{
	const EVP_MD *md = NULL;

	if (EVP_PKEY_is_a(key, "ED25519") != 1) {
		md = EVP_get_digestbyname(digest == NULL ? "SHA384" : digest);
		if (md == NULL)
			return false;
	}
	return X509_sign(cert, key, md) > 0;
}

static bool
append_der(X509 *cert, struct nitro_buf *der)
{
	unsigned char *bytes = NULL;
	int len = i2d_X509(cert, &bytes);
	bool is_done;

	is_done = len > 0 &&
		  nitro_buf_append(der,
		      (struct nitro_bytes){bytes, (size_t)len}) == NITRO_OK;
	OPENSSL_free(bytes);
	return is_done;
}

X509 *
sim_cert_parse(struct nitro_bytes der)
{
	const unsigned char *at = der.ptr;
	X509 *cert = X509_new_ex(sim_library(), NULL);

	if (cert != NULL && d2i_X509(&cert, &at, (long)der.len) == NULL)
		return NULL;
	return cert;
}

/* Everything but issuer and signature. */
static bool
fill_cert(X509 *cert, const struct sim_options *options,
    const struct sim_pki *pki, enum sim_position at)
{
	char name[NAME_MAX_LEN + 1];

	return common_name(pki, at, name) &&
	       X509_set_version(cert, X509_VERSION_3) == 1 &&
	       set_serial(cert, pki, at, options->time_s) &&
	       set_subject(cert, at, name) && set_validity(cert, options, at) &&
	       X509_set_pubkey(cert, pki->cert[at].key) == 1;
}

bool
sim_cert_make(const struct sim_options *options, struct sim_pki *pki,
    enum sim_position at)
{
	NITRO_DROP(drop_cert) X509 *cert = X509_new_ex(sim_library(), NULL);
	NITRO_DROP(drop_cert) X509 *other = NULL;
	const struct sim_cert_options *wish = &options->cert[at];
	unsigned by = at == SIM_ROOT ? SIM_ROOT : (unsigned)at - 1;
	X509 *issuer = cert;

	if (wish->signed_by != 0)
		by = wish->signed_by - 1;
	if (by > (unsigned)at || cert == NULL)
		return false;
	pki->cert[at].key = make_key(wish->key == NULL ? "P-384" : wish->key);
	if (pki->cert[at].key == NULL || !fill_cert(cert, options, pki, at))
		return false;
	if (by != (unsigned)at) {
		other = sim_cert_parse(nitro_bytes_of_buf(&pki->cert[by].der));
		if ((issuer = other) == NULL)
			return false;
	}
	if (X509_set_issuer_name(cert, X509_get_subject_name(issuer)) != 1 ||
	    !add_extensions(cert, at, issuer))
		return false;
	if (wish->edit != NULL)
		wish->edit(cert, wish->context);
	return sign_cert(cert, pki->cert[by].key, wish->digest) &&
	       append_der(cert, &pki->cert[at].der);
}
