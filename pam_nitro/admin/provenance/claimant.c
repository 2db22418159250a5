#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "admin/provenance/certificate.h"

#define FULCIO "1.3.6.1.4.1.57264.1."
#define USER_NAME FULCIO "7" /* otherName of subjectAltName */
#define RELEASES "https://dotcom.releases.github.com"

enum { TEXT_MAX = 1024, OID_TEXT_SIZE = 64 };

static void
drop_names(GENERAL_NAMES **names)
{
	GENERAL_NAMES_free(*names);
}

void
nitro_claimant_drop(struct nitro_claimant *claimant)
{
	char *const texts[] = {claimant->identity, claimant->issuer,
	    claimant->source_repository, claimant->source_digest,
	    claimant->source_ref, claimant->repository_id, claimant->runner,
	    claimant->build_signer, claimant->trigger, claimant->run};

	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++)
		nitro_free(texts[i]);
	*claimant = (struct nitro_claimant){0};
}

/* NULL for an empty one, a long one, and one with a NUL. */
static char *
copy_text(struct nitro_bytes text)
{
	return text.len > 0 && text.len <= TEXT_MAX ? nitro_text_copy(text)
						    : NULL;
}

static struct nitro_bytes
bytes_of(const ASN1_STRING *text)
{
	return (struct nitro_bytes){
	    ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text)};
}

static char *
name_text(const GENERAL_NAME *name)
{
	const ASN1_TYPE *value;
	char oid[OID_TEXT_SIZE];

	if (name->type == GEN_URI || name->type == GEN_EMAIL)
		return copy_text(bytes_of(name->d.ia5));
	if (name->type != GEN_OTHERNAME)
		return NULL;
	value = name->d.otherName->value;
	if (OBJ_obj2txt(oid, sizeof oid, name->d.otherName->type_id, 1) <= 0 ||
	    strcmp(oid, USER_NAME) != 0 || value->type != V_ASN1_UTF8STRING)
		return NULL;
	return copy_text(bytes_of(value->value.utf8string));
}

static bool
read_identity(
    X509 *leaf, struct nitro_claimant *claimant, struct nitro_trail *trail)
{
	NITRO_DROP(drop_names) GENERAL_NAMES *names = NULL;

	names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	if (sk_GENERAL_NAME_num(names) == 1)
		claimant->identity = name_text(sk_GENERAL_NAME_value(names, 0));
	if (claimant->identity == NULL)
		return nitro_trail_refuse(trail, "identity",
		    "one subjectAltName: URI, e-mail address or user name",
		    "something else");
	if (strcmp(claimant->identity, RELEASES) != 0)
		return true;
	return nitro_trail_refuse(trail, "identity", "who built it",
	    "%s: a GitHub release attestation says that GitHub published the "
	    "file; it is not build provenance",
	    RELEASES);
}

/* One DER UTF8String and nothing behind it. */
static char *
utf8_text(struct nitro_bytes der)
{
	const unsigned char *at = der.ptr;
	ASN1_UTF8STRING *text = d2i_ASN1_UTF8STRING(NULL, &at, (long)der.len);
	char *copy = NULL;

	if (text != NULL && (size_t)(at - der.ptr) == der.len)
		copy = copy_text(bytes_of(text));
	ASN1_UTF8STRING_free(text);
	return copy;
}

/* Where an extension goes; .1 is raw bytes, and so are .2 to .6, which are old. */
static char **
place_of(const char *oid, struct nitro_claimant *claimant)
{
	const struct {
		const char *oid;
		char **place;
	} known[] = {
	    {FULCIO "8", &claimant->issuer},
	    {FULCIO "9", &claimant->build_signer},
	    {FULCIO "11", &claimant->runner},
	    {FULCIO "12", &claimant->source_repository},
	    {FULCIO "13", &claimant->source_digest},
	    {FULCIO "14", &claimant->source_ref},
	    {FULCIO "15", &claimant->repository_id},
	    {FULCIO "20", &claimant->trigger},
	    {FULCIO "21", &claimant->run},
	};

	for (size_t i = 0; i < NITRO_COUNT_OF(known); i++)
		if (strcmp(known[i].oid, oid) == 0)
			return known[i].place;
	return NULL;
}

static bool
read_extension(
    X509 *leaf, int i, struct nitro_claimant *claimant, char **old_issuer)
{
	/* The extension itself is const since OpenSSL 4, and not before. */
	const struct nitro_bytes value = bytes_of(
	    X509_EXTENSION_get_data(X509_get_ext(leaf, i)));
	char oid[OID_TEXT_SIZE], **place;

	if (OBJ_obj2txt(oid, sizeof oid,
		X509_EXTENSION_get_object(X509_get_ext(leaf, i)), 1) <= 0)
		return false;
	if (strcmp(oid, FULCIO "1") == 0) {
		if (*old_issuer != NULL)
			return false;
		*old_issuer = copy_text(value);
		return *old_issuer != NULL;
	}
	if ((place = place_of(oid, claimant)) == NULL)
		return true;
	if (*place != NULL)
		return false;
	*place = utf8_text(value);
	return *place != NULL;
}

static bool
read_extensions(X509 *leaf, struct nitro_claimant *claimant, char **old_issuer)
{
	for (int i = 0; i < X509_get_ext_count(leaf); i++)
		if (!read_extension(leaf, i, claimant, old_issuer))
			return false;
	return true;
}

bool
nitro_certificate_claimant(
    X509 *leaf, struct nitro_claimant *claimant, struct nitro_trail *trail)
{
	NITRO_DROP(nitro_text_drop) char *old_issuer = NULL;
	bool is_good;

	is_good = read_identity(leaf, claimant, trail);
	ERR_clear_error();
	if (!is_good)
		return false;
	is_good = read_extensions(leaf, claimant, &old_issuer);
	ERR_clear_error();
	if (!is_good)
		return nitro_trail_refuse(trail, "issuer",
		    "Fulcio's extensions, each once and one text",
		    "one that is not so");
	if (claimant->issuer != NULL && old_issuer != NULL &&
	    strcmp(claimant->issuer, old_issuer) != 0)
		return nitro_trail_refuse(trail, "issuer",
		    "the same issuer in both extensions", "%s and %s",
		    claimant->issuer, old_issuer);
	if (claimant->issuer == NULL) {
		claimant->issuer = old_issuer;
		old_issuer = NULL;
	}
	if (claimant->issuer != NULL)
		return true;
	return nitro_trail_refuse(
	    trail, "issuer", "who vouches for the identity", "no issuer");
}
