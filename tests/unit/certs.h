/*
 * Certificates with a defect, for the tests of the chain: edits for
 * struct sim_cert_options, and DER changed by hand and signed anew.
 */
#ifndef UNIT_CERTS_H
#define UNIT_CERTS_H

#include <openssl/x509.h>

#include "sim/sim.h"

/* One step of an edit; a list of them ends with nid 0. */
struct certs_step {
	int nid;
	const char *value; /* as sim_cert_extend() has it; NULL: remove */
};

/* For struct sim_cert_options; context is a const struct certs_step list. */
void certs_edit(X509 *cert, void *context);

/* Add an extension as it is, beside what is there. */
void certs_add_raw(
    X509 *cert, int nid, bool is_critical, struct nitro_bytes value);
/* The same for an extension that nobody knows, by its dotted number. */
void certs_add_unknown(X509 *cert, const char *oid, bool is_critical);

void certs_set_serial(X509 *cert, const char *hex);

/* To be spoilt, for which OpenSSL 4 no longer gives it. */
X509_PUBKEY *certs_public_key(X509 *cert);

/* Set the key's point as it is, on P-384. */
void certs_set_point(X509 *cert, struct nitro_bytes point);

/* The first place of what in der, changed to by (of the same length). */
void certs_patch(
    struct nitro_buf *der, struct nitro_bytes what, struct nitro_bytes by);

/*
 * Sign the TBSCertificate of der anew with ECDSA and SHA-384, whatever it
 * says, and put the whole certificate in its place.
 */
void certs_sign_anew(struct nitro_buf *der, EVP_PKEY *key);

/*
 * Edit the certificate of der and sign it anew by hand: X509_sign() of OpenSSL
 * 3.2 and later would put the version right that an edit has made wrong.
 */
void certs_remake(struct nitro_buf *der, void (*edit)(X509 *, void *),
    void *context, EVP_PKEY *key);

/* The parts of a certificate: TBSCertificate, algorithm and signature as they stand. */
void certs_split(struct nitro_bytes der, struct nitro_bytes parts[3]);

/* Append one DER element: tag, length, content. */
void certs_put(struct nitro_buf *out, uint8_t tag, struct nitro_bytes content);

/* Append PEM of that label around der. */
void certs_put_pem(
    struct nitro_buf *out, const char *label, struct nitro_bytes der);
/* The same with a line of header in it, as RFC 1421 has them. */
void certs_put_pem_with_header(
    struct nitro_buf *out, const char *header, struct nitro_bytes der);

#endif
