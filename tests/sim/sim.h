/*
 * A Nitro Security Module in software, for tests and for the demo; it is in
 * no package. A throw-away PKI mirrors AWS's five certificates, and documents
 * of both kinds come out byte for byte in the shape of AWS's, or with any
 * defect on request. What AWS does was read off real documents of 2021-2026;
 * tests/unit/sim_test.c holds it against them.
 *
 * This is an implementation of its own: of the project it uses base/ alone
 * (and the name of the kind), so that it can judge evidence/.
 *
 *	struct sim_options options = {.time_s = 1800000000};
 *	struct sim_pki pki = {0};
 *	struct sim_document doc;
 *	struct nitro_buf evidence = {0};
 *
 *	sim_pki_make(&options, &pki);
 *	sim_document_default(&pki, 1800000000250, &doc);
 *	doc.nonce = nitro_bytes_of_text("0123456789abcdef0123456789abcdef");
 *	sim_attest(&pki, &doc, &evidence);
 *
 * Every bool is false where libcrypto or memory fails, or where the caller
 * asks for what cannot be made; outputs are then as they were. Buffers are
 * appended to and belong to the caller.
 *
 * certificate.c makes certificates and pki.c chains of them, document.c
 * payloads and signatures, cbor_writer.c CBOR, defects.c has the table of
 * defects, folder.c and main.c are the program nitro-sim.
 */
#ifndef NITRO_SIM_SIM_H
#define NITRO_SIM_SIM_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/bytes.h"
#include "evidence/document.h" /* enum nitro_kind, nothing else */

/*
 * Certificates. From the root down each signs the next. Lifetimes and names
 * are AWS's:
 *
 *	root      2019-10-28 to 2049-10-28, aws.nitro-enclaves
 *	regional  20 days, pathlen 2, <hex>.us-east-1.aws.nitro-enclaves
 *	zonal     138 hours, pathlen 1, <hex>.zonal.us-east-1...
 *	instance  24 hours, pathlen 0, <i-...>.us-east-1.aws.nitro-enclaves
 *	leaf      time_s - 3 s to time_s + 3 h, <module_id>.us-east-1.aws
 *
 * (A root whose PKI is not of those 30 years has them from 6 years before
 * time_s on. A name over 64 characters, X.509's limit, is cut.)
 */
enum sim_position {
	SIM_ROOT,
	SIM_REGIONAL,
	SIM_ZONAL,
	SIM_INSTANCE,
	SIM_LEAF,
	SIM_POSITIONS
};

#define SIM_MODULE_ID_ENCLAVE "i-0123456789abcdef0-enc0123456789abcdef"
#define SIM_MODULE_ID_NITROTPM "i-0123456789abcdef0-tpm0000000000000000"
#define SIM_REGION "us-east-1"
/* Subject and issuer of every root that is made here, and of AWS's own. */
#define SIM_ROOT_NAME "C = US, O = Amazon, OU = AWS, CN = aws.nitro-enclaves"

/* {0} is AWS's shape for that position. */
struct sim_cert_options {
	/* NULL: "P-384"; or "P-256" "P-521" "secp256k1" "brainpoolP384r1"
	 * "RSA-2048" "Ed25519" */
	const char *key;
	/* Of the signature on this certificate. NULL: "SHA384". Ignored where
	 * the issuer's key is Ed25519. */
	const char *digest;
	int64_t not_before_s, not_after_s; /* 0: AWS's, each for itself */
	/* Who signs and is named as issuer. 0: the position above, as at AWS
	 * (the root: itself); else 1 + enum sim_position, the same or an upper
	 * position: 1 + SIM_LEAF for the leaf is a self-signed leaf. */
	unsigned signed_by;
	/* The last word before signing. */
	void (*edit)(X509 *cert, void *context);
	void *context;
};

struct sim_pki;

struct sim_options {
	enum nitro_kind kind;  /* NITRO_KIND_NONE: enclave */
	int64_t time_s;        /* when the leaf is made; 0 is not allowed */
	const char *module_id; /* 1..256 bytes; NULL: SIM_MODULE_ID_... */
	/* Take that PKI's root, key and certificate, and make the other four
	 * anew; cert[SIM_ROOT] is then ignored. NULL: a new root. */
	const struct sim_pki *same_root;
	struct sim_cert_options cert[SIM_POSITIONS];
};

struct sim_pki {
	enum nitro_kind kind; /* never NITRO_KIND_NONE */
	char module_id[NITRO_MODULE_ID_MAX + 1];
	struct {
		EVP_PKEY *key;
		struct nitro_buf der;
	} cert[SIM_POSITIONS];
};

/* *pki is filled on success and released by sim_pki_drop(). */
NITRO_MUST_CHECK bool sim_pki_make(
    const struct sim_options *options, struct sim_pki *pki);

/* Harmless on {0} and when called twice. */
void sim_pki_drop(struct sim_pki *pki);

/* The root in PEM: what the administrator has as trust_anchors. */
NITRO_MUST_CHECK bool sim_pki_root_pem(
    const struct sim_pki *pki, struct nitro_buf *pem);

/*
 * For edit functions. A failure goes unnoticed there, so these abort(3):
 * a test must not go on with another certificate than it names.
 */
void sim_cert_remove(X509 *cert, int nid); /* every extension of that kind */
/* Add, or replace, by the words of x509v3_config(5): NID_basic_constraints,
 * "critical,CA:TRUE,pathlen:1". */
void sim_cert_extend(X509 *cert, int nid, const char *value);

/*
 * What a document says. Views are the caller's and must live until the
 * document is encoded.
 */
struct sim_document {
	enum nitro_kind kind;
	struct nitro_bytes module_id;
	uint64_t timestamp_ms;
	unsigned pcr_count; /* 0..32: PCR 0 to pcr_count - 1 are written */
	uint8_t pcr[NITRO_PCR_COUNT_MAX][NITRO_PCR_LEN];
	bool is_definite; /* payload map: a9 as until 2025, else bf ... ff */
	/* AWS has both definite, whatever the map around them is. */
	bool has_indefinite_pcrs, has_indefinite_cabundle;
	/* ptr NULL: null. A view of no bytes that has a ptr: h''. */
	struct nitro_bytes public_key, user_data, nonce;
	struct nitro_bytes certificate;
	struct nitro_bytes cabundle[16]; /* root, regional, zonal, instance */
	size_t cabundle_count;
};

/*
 * Fill doc like AWS, from pki, whose views it borrows: payload map
 * indefinite, null for public_key, user_data and nonce.
 *
 * Enclave: 16 PCRs. PCR0, 1, 2 are 48 times the byte a0, a1, a2; PCR4 is
 * computed from the instance id in module_id as AWS does; the others zero.
 * NitroTPM: 24 PCRs. PCR0 to 10 are 48 times b0 to ba; PCR17 to 22 are ff;
 * the others zero.
 */
void sim_document_default(
    const struct sim_pki *pki, uint64_t timestamp_ms, struct sim_document *doc);

/* As an enclave in debug mode has it: PCR0, 1, 2 and 8 zero, PCR3 48 times a3. */
void sim_document_debug(struct sim_document *doc);

/* The nine pairs in AWS's order. */
NITRO_MUST_CHECK bool sim_payload(
    const struct sim_document *doc, struct nitro_buf *payload);

/*
 * The same with changes. The first edit for one of the nine keys stands in
 * place of that pair: value is one encoded item, or, with ptr NULL, the pair
 * is left out. Every other edit (an unknown key, or a key for the second
 * time) is a further pair at the end of the map.
 */
struct sim_edit {
	const char *key;
	struct nitro_bytes value;
};
NITRO_MUST_CHECK bool sim_payload_edited(const struct sim_document *doc,
    const struct sim_edit *edits, size_t count, struct nitro_buf *payload);

/*
 * COSE_Sign1 over the payload by any key: untagged, protected header
 * a1013822, unprotected header a0, signature r || s of 96 bytes. (A key that
 * gives no such signature, P-521, RSA or Ed25519, has 96 times 01 there, so that
 * the chain is what a verifier stumbles over.)
 */
NITRO_MUST_CHECK bool sim_sign(
    struct nitro_bytes payload, EVP_PKEY *key, struct nitro_buf *evidence);

/* sim_payload() signed by the leaf's key. */
NITRO_MUST_CHECK bool sim_attest(const struct sim_pki *pki,
    const struct sim_document *doc, struct nitro_buf *evidence);

/* What sim_sign() puts around the payload. {0} is AWS's; each has ptr NULL
 * for AWS's value. */
struct sim_envelope {
	struct nitro_bytes before;           /* bytes in front, e.g. a tag */
	struct nitro_bytes protected_header; /* content; it is signed */
	struct nitro_bytes unprotected;      /* one encoded item */
	struct nitro_bytes signature; /* content, in place of a real one */
	struct nitro_bytes after;     /* bytes that follow */
	const char *context;          /* NULL: "Signature1" */
	const char *digest;           /* NULL: "SHA384" */
};
NITRO_MUST_CHECK bool sim_seal(const struct sim_envelope *envelope,
    struct nitro_bytes payload, EVP_PKEY *key, struct nitro_buf *evidence);

/* CBOR, for tests that build something else. Heads are the shortest. */
NITRO_MUST_CHECK bool sim_cbor_head(
    struct nitro_buf *out, unsigned major, uint64_t value);
NITRO_MUST_CHECK bool sim_cbor_text(struct nitro_buf *out, const char *text);
NITRO_MUST_CHECK bool sim_cbor_bytes(
    struct nitro_buf *out, struct nitro_bytes in);
/* A head in 1 + size bytes, size 1, 2, 4 or 8, shortest or not. */
NITRO_MUST_CHECK bool sim_cbor_long_head(
    struct nitro_buf *out, unsigned major, uint64_t value, unsigned size);
/* Bytes as they are: 0xf6 for null, 0xbf and 0xff around a map, ... */
NITRO_MUST_CHECK bool sim_cbor_byte(struct nitro_buf *out, uint8_t byte);
/* The map of PCRs as in the payload. */
NITRO_MUST_CHECK bool sim_cbor_pcrs(
    struct nitro_buf *out, const struct sim_document *doc);

/*
 * Named defects: documents as an attacker, or a careless maker, has them.
 * Each may act on the PKI before it is made, on the document, on the
 * payload and on the envelope.
 */
struct sim_defect {
	const char *name;
	const char *what; /* one line for people */
	/* What the verifier has to say; NITRO_OK: a control, to be admitted.
	 * A login's verifier asks for nonce, user_data, public_key and age. */
	nitro_err reason;
	/* Before sim_pki_make(); NULL where the PKI is as it should be. */
	void (*options)(struct sim_options *options);
	/* In place of sim_attest(); NULL where the PKI alone is the defect.
	 * It changes doc, which is not to be used again. */
	bool (*attest)(const struct sim_pki *pki, struct sim_document *doc,
	    struct nitro_buf *evidence);
};

/* All of them, in the order of a login's checks. */
const struct sim_defect *sim_defects(size_t *count);
/* NULL where there is none of that name. */
const struct sim_defect *sim_defect_find(const char *name);

/*
 * One document with one defect (NULL: none): defect->options on a copy of
 * options, a PKI from them, defect->attest on a copy of what fill makes of
 * the default document (fill NULL: nothing) at options->time_s + 250 ms.
 *
 * options->same_root is required: it is the PKI whose root is trusted.
 */
NITRO_MUST_CHECK bool sim_attest_defect(const struct sim_defect *defect,
    const struct sim_options *options,
    void (*fill)(struct sim_document *doc, void *context), void *context,
    struct nitro_buf *evidence);

#endif
