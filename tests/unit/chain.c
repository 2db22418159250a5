#include "unit/chain.h"

#include <openssl/err.h>

#include "unit/unit.h"
#include "unit/vectors.h"

struct sim_pki chain_trusted;
struct nitro_trust_anchors *chain_anchors;

struct nitro_trust_anchors *
chain_anchors_of(const struct sim_pki *pki)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
	struct nitro_trust_anchors *made = NULL;

	assert_true(sim_pki_root_pem(pki, &pem));
	assert_err(nitro_trust_anchors_parse(nitro_bytes_of_buf(&pem), &made),
	    NITRO_OK);
	return made;
}

int
chain_make(void **state)
{
	(void)state;
	assert_true(sim_pki_make(
	    &(struct sim_options){.time_s = CHAIN_TIME_S}, &chain_trusted));
	chain_anchors = chain_anchors_of(&chain_trusted);
	return 0;
}

int
chain_drop(void **state)
{
	(void)state;
	nitro_trust_anchors_drop(&chain_anchors);
	sim_pki_drop(&chain_trusted);
	return 0;
}

struct nitro_bytes
chain_der(const struct sim_pki *pki, unsigned at)
{
	return nitro_bytes_of_buf(&pki->cert[at].der);
}

struct nitro_document
chain_document(const struct sim_pki *pki)
{
	struct nitro_document doc = {.certificate = chain_der(pki, SIM_LEAF),
	    .cabundle_count = SIM_LEAF};

	for (unsigned i = 0; i < SIM_LEAF; i++)
		doc.cabundle[i] = chain_der(pki, i);
	return doc;
}

nitro_err
chain_verify_at(const struct nitro_document *doc, int64_t time_s)
{
	EVP_PKEY *key = NULL;
	nitro_err err;

	/* What went wrong before is not this chain's fault. */
	ERR_raise(ERR_LIB_X509, ERR_R_MALLOC_FAILURE);
	err = nitro_cert_chain_verify(chain_anchors, doc, time_s, &key);
	assert_int_equal(key != NULL, err == NITRO_OK);
	assert_int_equal(ERR_peek_error(), 0);
	EVP_PKEY_free(key);
	return err;
}

nitro_err
chain_verify_pki(const struct sim_pki *pki)
{
	struct nitro_document doc = chain_document(pki);

	return chain_verify_at(&doc, CHAIN_TIME_S);
}

void
chain_check(const struct chain_row *rows, size_t count)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < count; i++) {
		NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
		struct sim_options options = {
		    .time_s = CHAIN_TIME_S, .same_root = &chain_trusted};

		options.cert[rows[i].at] = rows[i].options;
		assert_true(sim_pki_make(&options, &pki));
		wrong += unit_differs2(rows[i].name, chain_verify_pki(&pki),
		    rows[i].want,
		    rows[i].or_want != NITRO_OK ? rows[i].or_want
						: rows[i].want);
	}
	assert_int_equal(wrong, 0);
}

void
chain_check_remade(const struct chain_row *rows, size_t count)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < count; i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf der = {0};
		struct nitro_document doc = chain_document(&chain_trusted);
		const struct chain_row *row = &rows[i];

		unit_append(&der, chain_der(&chain_trusted, row->at));
		certs_remake(&der, row->options.edit, row->options.context,
		    chain_trusted.cert[row->at - 1].key);
		if (row->at == SIM_LEAF)
			doc.certificate = nitro_bytes_of_buf(&der);
		else
			doc.cabundle[row->at] = nitro_bytes_of_buf(&der);
		wrong += unit_differs2(row->name,
		    chain_verify_at(&doc, CHAIN_TIME_S), row->want,
		    row->or_want != NITRO_OK ? row->or_want : row->want);
	}
	assert_int_equal(wrong, 0);
}

struct nitro_verified *
chain_verified(uint64_t stamp_ms, struct nitro_buf *evidence)
{
	const struct nitro_expectation waived = vectors_expectation(
	    (int64_t)stamp_ms);
	struct nitro_evidence_facts facts;
	struct nitro_verified *made = NULL;
	struct sim_document doc;

	sim_document_default(&chain_trusted, stamp_ms, &doc);
	assert_true(sim_attest(&chain_trusted, &doc, evidence));
	assert_err(nitro_evidence_verify(nitro_bytes_of_buf(evidence), &waived,
		       chain_anchors, &facts, &made),
	    NITRO_OK);
	return made;
}
