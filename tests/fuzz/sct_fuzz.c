/*
 * A certificate of a keyless signature: what it says of who signed, and the
 * timestamps of certificate logs in it. Nobody has signed one here.
 */
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "admin/provenance/certificate.h"
#include "evidence/cert_x509.h"
#include "fuzz/fuzz.h"
#include "fuzz/provenance_signer.h"

static void
judge_claimant(X509 *leaf)
{
	NITRO_DROP(nitro_claimant_drop)
	struct nitro_claimant claimant = {.identity = NULL};
	struct nitro_trail trail = {.count = 0};

	if (nitro_certificate_claimant(leaf, &claimant, &trail)
		? claimant.identity == NULL || claimant.issuer == NULL
		: trail.refused_at == NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct nitro_trusted_root root;
	NITRO_DROP(nitro_x509_drop) X509 *leaf = NULL;
	const struct nitro_times times = {.ms = {0}, .count = 1};
	struct nitro_trail trail = {.count = 0};
	X509 *issuer = NULL;

	root.ct_log_count = 1;
	root.ct_logs[0].key = provenance_signer();
	root.ct_logs[0].period.end_ms = INT64_MAX;
	if (!nitro_certificate_parse(
		(struct nitro_bytes){data, size}, &leaf, &trail))
		return 0;
	judge_claimant(leaf);
	if (nitro_certificate_chain(leaf, &root, &times, &issuer, &trail))
		abort();
	trail = (struct nitro_trail){.count = 0};
	if (nitro_certificate_log(leaf, leaf, &root, &trail))
		abort();
	return 0;
}

static void
add(X509 *cert, const char *oid, const char *value, bool is_text)
{
	ASN1_OBJECT *name = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	unsigned char raw[128] = {0x0c, (unsigned char)strlen(value)};
	size_t len = strlen(value), head = is_text ? 2 : 0;
	X509_EXTENSION *extension;

	memcpy(raw + head, value, len);
	if (name == NULL || octets == NULL ||
	    ASN1_OCTET_STRING_set(octets, raw, (int)(len + head)) != 1 ||
	    (extension = X509_EXTENSION_create_by_OBJ(NULL, name, 0, octets)) ==
		NULL ||
	    X509_add_ext(cert, extension, -1) != 1)
		abort();
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(name);
}

/* One timestamp of the log whose id is all zero, over nothing. */
static void
add_timestamp(X509 *cert)
{
	enum { SCT_LEN = 1 + 32 + 8 + 2 + 2 + 2 + 4 };
	unsigned char der[2 + 2 + 2 + SCT_LEN] = {
	    0x04, 4 + SCT_LEN, 0, 2 + SCT_LEN, 0, SCT_LEN};
	ASN1_OBJECT *name = OBJ_nid2obj(NID_ct_precert_scts);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;

	der[6 + 41 + 2] = 4; /* SHA-256, ECDSA, four bytes */
	der[6 + 41 + 3] = 3;
	der[6 + 41 + 5] = 4;
	if (octets == NULL ||
	    ASN1_OCTET_STRING_set(octets, der, sizeof der) != 1 ||
	    (extension = X509_EXTENSION_create_by_OBJ(NULL, name, 0, octets)) ==
		NULL ||
	    X509_add_ext(cert, extension, -1) != 1)
		abort();
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
}

void
fuzz_seeds(void)
{
	NITRO_DROP(nitro_x509_drop) X509 *cert = X509_new();
	unsigned char *der = NULL;
	X509_EXTENSION *names;
	int len;

	names = X509V3_EXT_conf_nid(
	    NULL, NULL, NID_subject_alt_name, "critical,URI:https://a/b@c");
	if (cert == NULL || names == NULL ||
	    X509_set_version(cert, X509_VERSION_3) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) != 1 ||
	    ASN1_TIME_set(X509_getm_notBefore(cert), 0) == NULL ||
	    ASN1_TIME_set(X509_getm_notAfter(cert), 1000) == NULL ||
	    X509_set_pubkey(cert, provenance_signer()) != 1 ||
	    X509_add_ext(cert, names, -1) != 1)
		abort();
	X509_EXTENSION_free(names);
	add(cert, "1.3.6.1.4.1.57264.1.1", "https://issuer", false);
	add(cert, "1.3.6.1.4.1.57264.1.8", "https://issuer", true);
	add(cert, "1.3.6.1.4.1.57264.1.12", "https://source", true);
	add_timestamp(cert);
	if (X509_sign(cert, provenance_signer(), NULL) <= 0 ||
	    (len = i2d_X509(cert, &der)) <= 0)
		abort();
	fuzz_seed((struct nitro_bytes){der, (size_t)len});
	OPENSSL_free(der);
}
