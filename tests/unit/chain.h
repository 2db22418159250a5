/*
 * A chain as AWS has it, its root as anchor, and chains with one certificate
 * made otherwise.
 */
#ifndef UNIT_CHAIN_H
#define UNIT_CHAIN_H

#include "evidence/cert_chain.h"
#include "evidence/verifier.h"
#include "sim/sim.h"
#include "unit/certs.h"

#define CHAIN_TIME_S INT64_C(1800000000) /* 2027-01-15T08:00:00Z */

/* Made and dropped by the fixtures of a group of tests. */
extern struct sim_pki chain_trusted;
extern struct nitro_trust_anchors *chain_anchors; /* its root */
int chain_make(void **state);
int chain_drop(void **state);

/* The root of a PKI as anchor. */
struct nitro_trust_anchors *chain_anchors_of(const struct sim_pki *pki);

struct nitro_bytes chain_der(const struct sim_pki *pki, unsigned at);

/* What the chain looks at, and nothing else. */
struct nitro_document chain_document(const struct sim_pki *pki);

/* Verify against chain_anchors. A key comes out on success alone. */
nitro_err chain_verify_at(const struct nitro_document *doc, int64_t time_s);
nitro_err chain_verify_pki(const struct sim_pki *pki); /* at CHAIN_TIME_S */

/* Of a document of that time, signed by chain_trusted, and as it was sent. */
struct nitro_verified *chain_verified(
    uint64_t stamp_ms, struct nitro_buf *evidence);

/* One certificate, below the trusted root, made otherwise than AWS makes it. */
struct chain_row {
	const char *name;
	enum sim_position at;
	struct sim_cert_options options;
	nitro_err want;
	nitro_err or_want; /* 0 where the contract leaves no choice */
};

/* Fails the test unless every row comes out as it says. */
void chain_check(const struct chain_row *rows, size_t count);

/*
 * The same for edits that libcrypto would undo when it signs, or whose outcome
 * it would not read again to make what stands below: the certificate alone is
 * other than in chain_trusted, and signed by hand.
 */
void chain_check_remade(const struct chain_row *rows, size_t count);

/* Options: a list of certs_step, or one function. */
#define STEPS(...) \
	{ \
		.edit = certs_edit, .context = (struct certs_step[]) \
		{ \
			__VA_ARGS__, \
			{ \
				0, NULL \
			} \
		} \
	}
#define EDIT(function) \
	{ \
		.edit = (function) \
	}

#endif
