/*
 * What the harnesses of documents live in: a PKI of the simulator, one
 * challenge, one SSH key, one point in time; the same bytes in every process.
 */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

#include "evidence/verifier.h"
#include "sim/sim.h"
#include "ssh/challenge.h"

#define FUZZ_TIME_S 1800000000 /* 2027-01-15: the leaf was just made */
#define FUZZ_DOCUMENT_MS (INT64_C(1000) * FUZZ_TIME_S + 250)
#define FUZZ_NOW_MS (FUZZ_DOCUMENT_MS + 400)
#define FUZZ_USER "deploy"
#define FUZZ_SERVER "test.example"

struct fuzz_world {
	struct sim_pki pki;
	struct nitro_trust_anchors *anchors; /* the root of pki */
	struct nitro_buf root_pem;
	struct nitro_buf key; /* SSH key that the connection has proved */
	uint8_t nonce[NITRO_NONCE_LEN];
	struct nitro_challenge challenge;
	struct nitro_expectation expectation; /* of all of that */
};

/* Made at the first call, which also checks that a good document is good. */
const struct fuzz_world *fuzz_world(void);

/* The document that this world admits. */
void fuzz_world_document(struct sim_document *doc);

/* A PKI with the same keys and names, but for what options want otherwise. */
void fuzz_world_pki(const struct sim_options *options, struct sim_pki *pki);

/*
 * Short certificates: where a certificate is one byte from 0 to 4, it stands
 * for the one of the world's PKI at that sim_position. So an input says what
 * is not as usual and little else.
 */

/* Append what the certificate stands for. */
void fuzz_cert_expand(struct nitro_bytes cert, struct nitro_buf *out);

/* Append its short form, where there is one. */
void fuzz_cert_shorten(struct nitro_bytes cert, struct nitro_buf *out);

/*
 * Append the certificate with a signature by the key at position by, in
 * place of its own; as it is, where it is not even DER outside.
 */
void fuzz_cert_sign(
    struct nitro_bytes cert, enum sim_position by, struct nitro_buf *out);

/* Position of the key that signs certificate i of a chain, root first. */
enum sim_position fuzz_issuer_of(size_t i);

/*
 * Append the payload with its certificates expanded, and those of the mask
 * (bit 0: the first of the cabundle; the signing certificate comes last)
 * signed anew, each by the key that belongs above it. What is no document is
 * appended as it is.
 */
void fuzz_payload_expand(
    struct nitro_bytes payload, unsigned mask, struct nitro_buf *out);

/* The other direction, for seeds; nothing is signed. */
void fuzz_payload_shorten(struct nitro_bytes payload, struct nitro_buf *out);

/*
 * The rules of a chain, by libcrypto's own words and nothing of evidence/:
 * true where no reading of DESIGN could call the chain bad. The first of
 * count certificates must be the world's root.
 */
bool fuzz_chain_is_good(
    const struct nitro_bytes *certs, size_t count, int64_t time_s);

#endif
