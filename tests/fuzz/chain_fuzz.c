/*
 * Chains of certificates. No chain is accepted but the PKI's own and, where
 * the input asks for certificates to be signed anew, those that libcrypto's
 * own functions find nothing wrong with. X.509 rules of DESIGN; X01-X30
 *
 * Input: which certificates are signed anew (bit 0: the first), half hours
 * from the document's time (signed), then the certificates, root first, leaf
 * last, each behind its length in two bytes, big-endian, or short (world.h).
 */
#include <openssl/evp.h>
#include <string.h>

#include "evidence/cert_chain.h"
#include "evidence/cert_facts.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutator.h"
#include "fuzz/world.h"

#define CERTS_MAX (NITRO_CABUNDLE_MAX + 1)

struct chain {
	unsigned mask;
	int64_t time_s;
	struct nitro_buf cert[CERTS_MAX];
	size_t count;
};

static void
drop_chain(struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		nitro_buf_drop(&chain->cert[i]);
}

static void
drop_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static bool
take_cert(struct nitro_bytes *in, struct nitro_bytes *cert)
{
	struct nitro_bytes head;

	return nitro_bytes_take(in, 2, &head) &&
	       nitro_bytes_take(
		   in, (size_t)head.ptr[0] << 8 | head.ptr[1], cert);
}

static void
put_cert(struct nitro_buf *out, struct nitro_bytes cert)
{
	fuzz_append_byte(out, (uint8_t)(cert.len >> 8));
	fuzz_append_byte(out, (uint8_t)cert.len);
	fuzz_append(out, cert);
}

static void
read_chain(struct nitro_bytes in, struct chain *chain)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf whole = {0};
	struct nitro_bytes cert;
	size_t i = 0;

	chain->mask = fuzz_take_byte(&in);
	chain->time_s = FUZZ_TIME_S +
			1800 * (int64_t)(int8_t)fuzz_take_byte(&in);
	for (; i < CERTS_MAX && take_cert(&in, &cert); i++) {
		whole.len = 0;
		fuzz_cert_expand(cert, &whole);
		if ((chain->mask >> i & 1) != 0)
			fuzz_cert_sign(nitro_bytes_of_buf(&whole),
			    fuzz_issuer_of(i), &chain->cert[i]);
		else
			fuzz_append(
			    &chain->cert[i], nitro_bytes_of_buf(&whole));
	}
	chain->count = i;
}

/* The certificate is the PKI's at that place. */
static bool
is_own_at(const struct chain *chain, size_t i)
{
	return i < SIM_POSITIONS &&
	       nitro_bytes_equal(nitro_bytes_of_buf(&chain->cert[i]),
		   nitro_bytes_of_buf(&fuzz_world()->pki.cert[i].der));
}

static bool
is_own(const struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		if (!is_own_at(chain, i))
			return false;
	return chain->count == SIM_POSITIONS;
}

static void
check_facts(struct nitro_bytes der)
{
	struct nitro_cert_facts facts = {0};

	if (nitro_cert_facts(der, &facts) != NITRO_OK)
		return;
	FUZZ_CHECK(fuzz_is_printable(facts.subject));
	FUZZ_CHECK(fuzz_is_printable(facts.issuer));
	FUZZ_CHECK(fuzz_is_printable(facts.key));
}

static void
judge(const struct chain *chain)
{
	NITRO_DROP(drop_key) EVP_PKEY *key = NULL;
	struct nitro_document doc = {.cabundle_count = chain->count - 1};
	struct nitro_bytes certs[CERTS_MAX] = {0};
	nitro_err err;

	for (size_t i = 0; i < chain->count; i++)
		certs[i] = nitro_bytes_of_buf(&chain->cert[i]);
	memcpy(doc.cabundle, certs, (chain->count - 1) * sizeof certs[0]);
	doc.certificate = certs[chain->count - 1];
	err = nitro_cert_chain_verify(
	    fuzz_world()->anchors, &doc, chain->time_s, &key);
	FUZZ_CHECK((err == NITRO_OK) == (key != NULL));
	if (err != NITRO_OK) {
		FUZZ_CHECK(fuzz_is_of_stages(
		    err, NITRO_STAGE_CHAIN, NITRO_STAGE_CHAIN));
		FUZZ_CHECK(err != NITRO_E_CRYPTO);
		return;
	}
	FUZZ_CHECK(fuzz_chain_is_good(certs, chain->count, chain->time_s));
	FUZZ_CHECK(is_own(chain) || chain->mask != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	NITRO_DROP(drop_chain) struct chain chain = {0};

	(void)fuzz_world();
	read_chain((struct nitro_bytes){data, size}, &chain);
	if (chain.count < NITRO_CABUNDLE_MIN + 1)
		return 0;
	for (size_t i = 0; i < chain.count; i++)
		if (!is_own_at(&chain, i))
			check_facts(nitro_bytes_of_buf(&chain.cert[i]));
	judge(&chain);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(
    uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0}, cert = {0};
	struct nitro_bytes in = {data, size}, next;
	struct fuzz_dice dice = {seed};
	unsigned at = fuzz_dice_roll(&dice, SIM_POSITIONS), i = 0;

	(void)fuzz_world();
	if (fuzz_dice_roll(&dice, 4) == 0)
		return fuzz_mutate(data, size, max_size);
	/* The changed one is signed anew, or nearly nothing would be judged. */
	fuzz_append_byte(&out,
	    (uint8_t)(fuzz_take_byte(&in) | (fuzz_dice_roll(&dice, 8) != 0)
						<< at));
	fuzz_append_byte(&out, fuzz_take_byte(&in));
	for (; take_cert(&in, &next); i++) {
		if (i != at) {
			put_cert(&out, next);
			continue;
		}
		cert.len = 0;
		fuzz_cert_expand(next, &cert);
		fuzz_mutate_der(&cert, &dice);
		put_cert(&out, nitro_bytes_of_buf(&cert));
	}
	return fuzz_mutated(&out, data, size, max_size);
}

static void
seed_pki(const struct sim_pki *pki, uint8_t mask, uint8_t half_hours)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0}, cert = {0};

	fuzz_append_byte(&out, mask);
	fuzz_append_byte(&out, half_hours);
	for (unsigned at = 0; at < SIM_POSITIONS; at++) {
		cert.len = 0;
		fuzz_cert_shorten(
		    nitro_bytes_of_buf(&pki->cert[at].der), &cert);
		put_cert(&out, nitro_bytes_of_buf(&cert));
	}
	fuzz_seed(nitro_bytes_of_buf(&out));
}

void
fuzz_seeds(void)
{
	const struct sim_pki *own = &fuzz_world()->pki;
	const struct sim_defect *defects;
	size_t count = 0;

	for (unsigned bit = 0; bit <= SIM_POSITIONS; bit++)
		seed_pki(own, (uint8_t)(1u << bit >> 1), 0);
	seed_pki(own, 0, 10);
	seed_pki(own, 0, 0xf0);
	defects = sim_defects(&count);
	for (size_t i = 0; i < count; i++) {
		struct sim_options options = {.time_s = FUZZ_TIME_S};
		NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};

		if (defects[i].options == NULL)
			continue;
		defects[i].options(&options);
		fuzz_world_pki(&options, &pki);
		seed_pki(&pki, 0, 0);
	}
}
