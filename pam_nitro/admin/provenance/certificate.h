/*
 * The short-lived certificate of a keyless signature (Fulcio): its path at
 * every verified time, its certificate log, and who it says that signed.
 */
#ifndef NITRO_ADMIN_PROVENANCE_CERTIFICATE_H
#define NITRO_ADMIN_PROVENANCE_CERTIFICATE_H

#include "admin/provenance/trail.h"
#include "admin/provenance/trusted_root.h"

#define NITRO_TIMES_MAX 16 /* log entries and timestamps */

/* The verified times of a signature; the certificate must be good at each. */
struct nitro_times {
	int64_t ms[NITRO_TIMES_MAX];
	size_t count;
};

/*
 * What the certificate says of who signed (Fulcio oid-info). NULL where it
 * says nothing. The token of the identity provider stands behind these, and
 * not what a workflow writes into its own statement.
 */
struct nitro_claimant {
	char *identity;          /* subjectAltName */
	char *issuer;            /* .1 and .8 */
	char *source_repository; /* .12 */
	char *source_digest;     /* .13 */
	char *source_ref;        /* .14 */
	char *repository_id;     /* .15 */
	char *runner;            /* .11 */
	char *build_signer;      /* .9 */
	char *trigger;           /* .20 */
	char *run;               /* .21 */
};

/*
 * Parse the leaf to its last byte.
 * *leaf  made on success, released by X509_free(). Step "certificate".
 */
NITRO_MUST_CHECK bool nitro_certificate_parse(
    struct nitro_bytes der, X509 **leaf, struct nitro_trail *trail);

/*
 * A path from the leaf to an authority of the root at every one of the times
 * (one at least), each certificate valid at each; end entity for
 * codeSigning alone. Step "certificate chain".
 *
 * *issuer  the certificate that signed the leaf, borrowed from root.
 */
NITRO_MUST_CHECK bool nitro_certificate_chain(X509 *leaf,
    const struct nitro_trusted_root *root, const struct nitro_times *times,
    X509 **issuer, struct nitro_trail *trail);

/*
 * A timestamp (SCT, RFC 6962 section 3.2) of a certificate log of the root,
 * where the root has any. Step "certificate log".
 */
NITRO_MUST_CHECK bool nitro_certificate_log(X509 *leaf, X509 *issuer,
    const struct nitro_trusted_root *root, struct nitro_trail *trail);

/*
 * claimant  {0} before; always to be dropped. Steps "identity" and "issuer":
 *           both are there, and there once.
 */
NITRO_MUST_CHECK bool nitro_certificate_claimant(
    X509 *leaf, struct nitro_claimant *claimant, struct nitro_trail *trail);

void nitro_claimant_drop(struct nitro_claimant *claimant);

#endif
