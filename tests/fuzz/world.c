/* X509_cmp_time() of OpenSSL 4: it is as strict as certificates are. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "fuzz/world.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/der.h"
#include "fuzz/fixed_random.h"
#include "fuzz/fuzz.h"
#include "fuzz/keys.h"
#include "sim/internal.h"
#include "ssh/key_fingerprint.h"

static struct fuzz_world world;

static void
make_pki(void)
{
	const struct sim_options options = {.time_s = FUZZ_TIME_S};

	fuzz_random_fix();
	fuzz_world_pki(&options, &world.pki);
	FUZZ_CHECK(sim_pki_root_pem(&world.pki, &world.root_pem));
	FUZZ_CHECK(
	    nitro_trust_anchors_parse(nitro_bytes_of_buf(&world.root_pem),
		&world.anchors) == NITRO_OK);
}

static void
make_challenge(void)
{
	char fingerprint[NITRO_KEY_FINGERPRINT_LEN + 1] = "";

	for (unsigned i = 0; i < sizeof world.nonce; i++)
		world.nonce[i] = (uint8_t)i;
	fuzz_key(0, &world.key);
	FUZZ_CHECK(nitro_ssh_key_fingerprint(nitro_bytes_of_buf(&world.key),
		       fingerprint) == NITRO_OK);
	FUZZ_CHECK(
	    nitro_challenge_make(world.nonce, fingerprint, FUZZ_SERVER,
		nitro_bytes_of_text(FUZZ_USER), &world.challenge) == NITRO_OK);
}

static void
make_expectation(void)
{
	world.expectation.nonce = (struct nitro_expected){
	    NITRO_CHECK_REQUIRED, {world.nonce, sizeof world.nonce}};
	world.expectation.audience = (struct nitro_expected){
	    NITRO_CHECK_REQUIRED,
	    nitro_bytes_of_text(world.challenge.audience)};
	world.expectation.public_key = (struct nitro_expected){
	    NITRO_CHECK_REQUIRED, nitro_bytes_of_buf(&world.key)};
	world.expectation.age = NITRO_CHECK_REQUIRED;
	world.expectation.now_ms = FUZZ_NOW_MS;
	world.expectation.max_age_ms = 60000;
	world.expectation.clock_skew_ms = 5000;
}

/* A harness in which nothing can verify would find nothing. */
static void
check_good_document(void)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	struct nitro_evidence_facts facts;
	struct sim_document doc;

	fuzz_world_document(&doc);
	FUZZ_CHECK(sim_attest(&world.pki, &doc, &evidence));
	FUZZ_CHECK(nitro_evidence_verify(nitro_bytes_of_buf(&evidence),
		       &world.expectation, world.anchors, &facts,
		       &verified) == NITRO_OK);
}

const struct fuzz_world *
fuzz_world(void)
{
	static bool is_made;

	if (!is_made) {
		is_made = true;
		make_pki();
		make_challenge();
		make_expectation();
		check_good_document();
	}
	return &world;
}

void
fuzz_world_document(struct sim_document *doc)
{
	sim_document_default(&world.pki, FUZZ_DOCUMENT_MS, doc);
	doc->nonce = (struct nitro_bytes){world.nonce, sizeof world.nonce};
	doc->user_data = nitro_bytes_of_text(world.challenge.audience);
	doc->public_key = nitro_bytes_of_buf(&world.key);
}

void
fuzz_world_pki(const struct sim_options *options, struct sim_pki *pki)
{
	fuzz_random_restart();
	FUZZ_CHECK(sim_pki_make(options, pki));
}

void
fuzz_cert_expand(struct nitro_bytes cert, struct nitro_buf *out)
{
	if (cert.len == 1 && cert.ptr[0] < SIM_POSITIONS)
		cert = nitro_bytes_of_buf(&world.pki.cert[cert.ptr[0]].der);
	fuzz_append(out, cert);
}

void
fuzz_cert_shorten(struct nitro_bytes cert, struct nitro_buf *out)
{
	for (unsigned at = 0; at < SIM_POSITIONS; at++)
		if (nitro_bytes_equal(
			cert, nitro_bytes_of_buf(&world.pki.cert[at].der))) {
			fuzz_append_byte(out, (uint8_t)at);
			return;
		}
	fuzz_append(out, cert);
}

static void
drop_md_ctx(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

/* The content of a BIT STRING with the signature in it. */
static void
sign(struct nitro_bytes tbs, EVP_PKEY *key, struct nitro_buf *out)
{
	NITRO_DROP(drop_md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char signature[128];
	size_t len = sizeof signature;

	fuzz_random_restart();
	FUZZ_CHECK(ctx != NULL);
	FUZZ_CHECK(EVP_DigestSignInit_ex(ctx, NULL, "SHA384", sim_library(),
		       NULL, key, NULL) == 1);
	FUZZ_CHECK(EVP_DigestSign(ctx, signature, &len, tbs.ptr, tbs.len) == 1);
	fuzz_append_byte(out, 0);
	fuzz_append(out, (struct nitro_bytes){signature, len});
}

void
fuzz_cert_sign(
    struct nitro_bytes cert, enum sim_position by, struct nitro_buf *out)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf bits = {0}, content = {0};
	struct nitro_bytes in = cert;
	struct fuzz_der outer, tbs, algorithm;

	if (!fuzz_der_take(&in, &outer) ||
	    !fuzz_der_take(&outer.content, &tbs) ||
	    !fuzz_der_take(&outer.content, &algorithm)) {
		fuzz_append(out, cert);
		return;
	}
	sign(tbs.whole, world.pki.cert[by].key, &bits);
	fuzz_append(&content, tbs.whole);
	fuzz_append(&content, algorithm.whole);
	fuzz_der_put(&content, 3, nitro_bytes_of_buf(&bits));
	fuzz_der_put(out, outer.tag, nitro_bytes_of_buf(&content));
	fuzz_append(out, in);
}

enum sim_position
fuzz_issuer_of(size_t i)
{
	size_t by = i == 0 ? SIM_ROOT : i - 1;

	return by < SIM_INSTANCE ? (enum sim_position)by : SIM_INSTANCE;
}

typedef void replace(
    struct nitro_bytes cert, size_t i, unsigned mask, struct nitro_buf *out);

static void
expand_one(
    struct nitro_bytes cert, size_t i, unsigned mask, struct nitro_buf *out)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf whole = {0};

	fuzz_cert_expand(cert, &whole);
	if ((mask >> i & 1) != 0)
		fuzz_cert_sign(
		    nitro_bytes_of_buf(&whole), fuzz_issuer_of(i), out);
	else
		fuzz_append(out, nitro_bytes_of_buf(&whole));
}

static void
shorten_one(
    struct nitro_bytes cert, size_t i, unsigned mask, struct nitro_buf *out)
{
	(void)i, (void)mask;
	fuzz_cert_shorten(cert, out);
}

/* Head of a byte string of that length, in the shortest form. */
static size_t
head_len(size_t len)
{
	return len < 24 ? 1 : len <= 0xff ? 2 : 3;
}

/*
 * The certificates of the document stand in the payload in some order:
 * copied is everything between them.
 */
static void
replace_certs(struct nitro_bytes payload, const struct nitro_document *doc,
    unsigned mask, replace *one, struct nitro_buf *out)
{
	struct nitro_bytes certs[NITRO_CABUNDLE_MAX + 1];
	size_t count = doc->cabundle_count + 1, done = 0, at;

	memcpy(certs, doc->cabundle, sizeof doc->cabundle);
	certs[count - 1] = doc->certificate;
	for (size_t n = 0; n < count; n++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf cert = {0};
		size_t next = count;

		for (size_t i = 0; i < count; i++)
			if (certs[i].ptr >= payload.ptr + done &&
			    (next == count || certs[i].ptr < certs[next].ptr))
				next = i;
		FUZZ_CHECK(next < count);
		at = (size_t)(certs[next].ptr - payload.ptr) -
		     head_len(certs[next].len);
		fuzz_append(out, nitro_bytes_slice(payload, done, at - done));
		one(certs[next], next, mask, &cert);
		FUZZ_CHECK(sim_cbor_bytes(out, nitro_bytes_of_buf(&cert)));
		done = at + head_len(certs[next].len) + certs[next].len;
	}
	fuzz_append(out, nitro_bytes_slice(payload, done, payload.len));
}

void
fuzz_payload_expand(
    struct nitro_bytes payload, unsigned mask, struct nitro_buf *out)
{
	struct nitro_document doc;

	if (nitro_document_parse(payload, &doc) == NITRO_OK)
		replace_certs(payload, &doc, mask, expand_one, out);
	else
		fuzz_append(out, payload);
}

void
fuzz_payload_shorten(struct nitro_bytes payload, struct nitro_buf *out)
{
	struct nitro_document doc;

	if (nitro_document_parse(payload, &doc) == NITRO_OK)
		replace_certs(payload, &doc, 0, shorten_one, out);
	else
		fuzz_append(out, payload);
}

static void
drop_cert(X509 **cert)
{
	X509_free(*cert);
}

static bool
key_is_p384(X509 *cert)
{
	char group[32] = "";
	size_t len = 0;

	return EVP_PKEY_get_group_name(
		   X509_get0_pubkey(cert), group, sizeof group, &len) == 1 &&
	       strcmp(group, "secp384r1") == 0;
}

/* below: how many CAs stand between it and the leaf. */
static bool
cert_is_good(X509 *cert, X509 *issuer, long below, bool is_leaf, time_t time)
{
	const uint32_t use = X509_get_key_usage(cert);

	if (X509_get_version(cert) != X509_VERSION_3 || !key_is_p384(cert) ||
	    X509_get_signature_nid(cert) != NID_ecdsa_with_SHA384)
		return false;
	if (X509_cmp_time(X509_get0_notBefore(cert), &time) != -1 ||
	    X509_cmp_time(X509_get0_notAfter(cert), &time) != 1)
		return false;
	if (X509_NAME_cmp(X509_get_issuer_name(cert),
		X509_get_subject_name(issuer)) != 0 ||
	    X509_verify(cert, X509_get0_pubkey(issuer)) != 1)
		return false;
	if (is_leaf)
		return X509_check_ca(cert) == 0 &&
		       (use & KU_DIGITAL_SIGNATURE) != 0;
	return X509_check_ca(cert) == 1 && (use & KU_KEY_CERT_SIGN) != 0 &&
	       (X509_get_pathlen(cert) == -1 ||
		   X509_get_pathlen(cert) >= below);
}

bool
fuzz_chain_is_good(
    const struct nitro_bytes *certs, size_t count, int64_t time_s)
{
	NITRO_DROP(drop_cert) X509 *issuer = NULL;

	if (!nitro_bytes_equal(
		certs[0], nitro_bytes_of_buf(&world.pki.cert[SIM_ROOT].der)))
		return false;
	for (size_t i = 0; i < count; i++) {
		const unsigned char *at = certs[i].ptr;
		NITRO_DROP(drop_cert)
		X509 *cert = d2i_X509(NULL, &at, (long)certs[i].len);

		if (cert == NULL || at != certs[i].ptr + certs[i].len ||
		    !cert_is_good(cert, issuer != NULL ? issuer : cert,
			(long)count - 2 - (long)i, i == count - 1,
			(time_t)time_s))
			return false;
		X509_free(issuer);
		issuer = cert;
		cert = NULL;
	}
	return count > 1;
}
