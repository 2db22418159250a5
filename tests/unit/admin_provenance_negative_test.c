/*
 * Real bundles with one thing otherwise, and statements that a good key has
 * signed and nobody may believe: each is refused at its own step.
 */
#include "unit/unit.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/provenance/statement.h"
#include "base/base64.h"
#include "unit/provenance.h"

#define TINFOIL "tinfoil/bundle.jsonl"
#define V01 "conformance/happy-path-v0.1/bundle.sigstore.json"
#define MANAGED "conformance/managed-key-happy-path/bundle.sigstore.json"
#define V2 "conformance/rekor2-happy-path/bundle.sigstore.json"
#define V2_DSSE "conformance/rekor2-dsse-happy-path/bundle.sigstore.json"

struct edit {
	const char *name, *file, *from, *to, *step;
};

/* The first place of one text becomes another one. */
static void
replace(struct nitro_buf *text, const char *from, const char *to)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf made = {0};
	const struct nitro_bytes in = nitro_bytes_of_buf(text);
	size_t at = 0;

	while (at < in.len &&
	       !nitro_bytes_has_prefix(nitro_bytes_slice(in, at, in.len), from))
		at++;
	if (at == in.len)
		fail_msg("there is no %s", from);
	unit_append(&made, nitro_bytes_slice(in, 0, at));
	unit_append(&made, nitro_bytes_of_text(to));
	unit_append(&made, nitro_bytes_slice(in, at + strlen(from), in.len));
	text->len = 0;
	unit_append(text, nitro_bytes_of_buf(&made));
}

/* The same JSON without a blank, so that texts can be told. */
static void
compact(struct nitro_buf *text)
{
	json_t *json = json_loadb((const char *)text->ptr, text->len, 0, NULL);
	char *made;

	assert_non_null(json);
	made = json_dumps(json, JSON_COMPACT);
	assert_non_null(made);
	text->len = 0;
	unit_append(text, nitro_bytes_of_text(made));
	free(made);
	json_decref(json);
}

static void
bundles_otherwise(void **state)
{
	static const struct edit edits[] = {
	    {"unknown field of material", TINFOIL, "\"tlogEntries\"",
		"\"more\":1,\"tlogEntries\"", "bundle"},
	    {"unknown field of entry", TINFOIL, "\"logIndex\"",
		"\"more\":1,\"logIndex\"", "bundle"},
	    {"no log id", TINFOIL, "\"keyId\"", "\"keyID\"", "bundle"},
	    {"short log id", TINFOIL,
		"wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WR"
		"gB0=",
		"AAAA", "bundle"},
	    {"another log", TINFOIL,
		"wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRg"
		"B0=",
		"wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB4=", "log entry"},
	    {"entries are no list", TINFOIL, "\"tlogEntries\":[",
		"\"tlogEntries\":{},\"x\":[", "bundle"},
	    {"no certificate", TINFOIL, "\"rawBytes\":\"", "\"rawBytes\":\"!",
		"bundle"},
	    {"certificate that is none", TINFOIL, "\"rawBytes\":\"MIIH",
		"\"rawBytes\":\"MIIG", "certificate"},
	    {"payload type", TINFOIL, "\"application/vnd.in-toto+json\"",
		"\"application/json\"", "signature"},
	    {"signature that is empty", TINFOIL, "\"sig\":\"MEU",
		"\"sig\":\"\",\"keyid\":\"MEU", "bundle"},
	    {"signatures that are no list", TINFOIL, "\"signatures\":[{",
		"\"signatures\":{},\"x\":[{", "bundle"},
	    {"timestamp data with more", TINFOIL,
		"\"timestampVerificationData\":{",
		"\"timestampVerificationData\":{\"more\":1", "bundle"},
	    {"timestamp that is none", TINFOIL,
		"\"timestampVerificationData\":{",
		"\"timestampVerificationData\":{\"rfc3161Timestamps\":[{"
		"\"signedTimestamp\":\"MAA=\"}]",
		"timestamp"},
	    {"timestamps that are no list", TINFOIL,
		"\"timestampVerificationData\":{",
		"\"timestampVerificationData\":{\"rfc3161Timestamps\":{}",
		"bundle"},
	    {"no promise, but its time", TINFOIL, "\"inclusionPromise\":{",
		"\"inclusionPromise\":null,\"kindVersion\":{", "bundle"},
	    {"a chain with nothing", V01, "\"certificates\"", "\"certificate\"",
		"bundle"},
	    {"a chain with more", V01, "\"x509CertificateChain\":{",
		"\"x509CertificateChain\":{\"more\":1, ", "bundle"},
	    {"a link that is none", V01, "\"rawBytes\":\"MIII",
		"\"rawBytes\":\"!III", "bundle"},
	    {"a link that is no certificate", V01, "\"rawBytes\":\"MIII",
		"\"rawBytes\":\"MIIJ", "bundle"},
	    {"no digest of that name", V01, "\"SHA2_256\"", "\"SHA1\"",
		"bundle"},
	    {"a digest of another length", V01, "\"SHA2_256\"", "\"SHA2_512\"",
		"bundle"},
	    {"another digest", V01, "oM/HEnHW4njlfNMy", "oM/HEnHW4njlfNMz",
		"artifact"},
	    {"no signature", V01, "\"signature\":", "\"signatur\":", "bundle"},
	    {"a hint with more", MANAGED, "\"hint\"", "\"more\":1,\"hint\"",
		"bundle"},
	    {"another index of v2", V2, "\"logIndex\":\"", "\"logIndex\":\"1",
		"log inclusion"},
	    {"another signature in v2", V2, "\"signature\":\"MEY",
		"\"signature\":\"MEQ", "log entry"},
	    {"another certificate in v2", V2, "\"rawBytes\":\"MII",
		"\"rawBytes\":\"MIJ", "certificate"},
	};
	struct provenance_case asked;
	unsigned wrong = 0;

	(void)state;
	provenance_need();
	for (size_t i = 0; i < NITRO_COUNT_OF(edits); i++) {
		provenance_case_find(edits[i].file, "PASS", &asked);
		compact(&asked.bundle);
		replace(&asked.bundle, edits[i].from, edits[i].to);
		wrong += provenance_is_not_refused(
		    edits[i].name, &asked, edits[i].step);
		provenance_case_drop(&asked);
	}
	assert_int_equal(wrong, 0);
}

/* Two questions that the same bundle does not answer. */
static void
questions_otherwise(void **state)
{
	struct provenance_case asked;
	unsigned wrong = 0;

	(void)state;
	provenance_need();
	provenance_case_find(MANAGED, "PASS", &asked);
	assert_true(provenance_accepts(&asked, NULL));
	asked.root.len = 0;
	assert_true(provenance_accepts(&asked, NULL));
	(void)snprintf(asked.predicate, sizeof asked.predicate, "any");
	wrong += provenance_is_not_refused(
	    "a predicate of a file", &asked, "predicate type");
	asked.predicate[0] = '\0';
	asked.key.len = 0;
	provenance_load("pinned/minisign.pub", &asked.key);
	wrong += provenance_is_not_refused("minisign key", &asked, "key");
	provenance_case_drop(&asked);
	provenance_case_find(TINFOIL, "PASS", &asked);
	provenance_load("pinned/dsse-p256.pub", &asked.key);
	asked.source_digest[0] = '\0';
	wrong += provenance_is_not_refused("a key for it", &asked, "key");
	asked.key.len = 0;
	asked.root.len = 0;
	wrong += provenance_is_not_refused(
	    "no trusted root", &asked, "trusted root");
	provenance_case_drop(&asked);
	provenance_case_find(V2_DSSE, "PASS", &asked);
	asked.is_strict = true;
	assert_true(provenance_accepts(&asked, NULL));
	provenance_case_drop(&asked);
	assert_int_equal(wrong, 0);
}

/* A key of this run, as PEM, and a DSSE envelope by it. */
static void
sign(const char *type, const char *payload, struct provenance_case *asked)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pae = {0};
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	BIO *pem = BIO_new(BIO_s_mem());
	uint8_t signature[64];
	size_t len = sizeof signature;
	char *text = NULL;
	long text_len;

	assert_err(
	    nitro_dsse_pae(type, nitro_bytes_of_text(payload), &pae), NITRO_OK);
	assert_int_equal(EVP_DigestSignInit(md, NULL, NULL, NULL, key), 1);
	assert_int_equal(
	    EVP_DigestSign(md, signature, &len, pae.ptr, pae.len), 1);
	assert_int_equal(PEM_write_bio_PUBKEY(pem, key), 1);
	text_len = BIO_get_mem_data(pem, &text);
	*asked = (struct provenance_case){.namespace = NULL};
	unit_append(&asked->key,
	    (struct nitro_bytes){(const uint8_t *)text, (size_t)text_len});
	unit_append(&asked->bundle, UNIT_BYTES("{\"payloadType\":\""));
	unit_append(&asked->bundle, nitro_bytes_of_text(type));
	unit_append(&asked->bundle, UNIT_BYTES("\",\"payload\":\""));
	assert_err(
	    nitro_base64_encode(nitro_bytes_of_text(payload), &asked->bundle),
	    NITRO_OK);
	unit_append(&asked->bundle,
	    UNIT_BYTES("\",\"signatures\":[{\"keyid\":\"x\",\"sig\":\""));
	assert_err(nitro_base64_encode(
		       (struct nitro_bytes){signature, len}, &asked->bundle),
	    NITRO_OK);
	unit_append(&asked->bundle, UNIT_BYTES("\"}]}"));
	BIO_free(pem);
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
}

/* SHA-256 of nothing, which is the artifact here. */
#define NOTHING \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEAD "{\"_type\":\"https://in-toto.io/Statement/v1\","
#define TAIL "\"predicateType\":\"t\",\"predicate\":{}}"
#define SUBJECT(digest) \
	"\"subject\":[{\"name\":\"n\",\"digest\":{" digest "}}],"

static void
statements_that_nobody_may_believe(void **state)
{
	static const struct {
		const char *payload, *step; /* NULL: taken */
	} rows[] = {
	    {HEAD SUBJECT("\"sha256\":\"" NOTHING "\"") TAIL, NULL},
	    {"{\"_type\":\"https://in-toto.io/Statement/v0.1\"," SUBJECT(
		 "\"sha256\":\"" NOTHING "\"") TAIL,
		NULL},
	    {HEAD SUBJECT("\"sha1\":\"da39a3ee5e6b4b0d3255bfef95601890afd80709"
			  "\"") TAIL,
		"artifact"},
	    {HEAD SUBJECT("\"sha256\":\"" NOTHING "00\"") TAIL, "artifact"},
	    {HEAD SUBJECT("\"sha256\":\"" NOTHING "\",\"sha512\":\"00\"") TAIL,
		"artifact"},
	    {HEAD SUBJECT("\"sha256\":\"\"") TAIL, "artifact"},
	    {HEAD SUBJECT("\"sha256\":7") TAIL, "artifact"},
	    {HEAD "\"subject\":[]," TAIL, "artifact"},
	    {HEAD "\"subject\":{}," TAIL, "artifact"},
	    {HEAD TAIL, "artifact"},
	    {"{\"_type\":\"https://in-toto.io/Statement/v2\"," SUBJECT(
		 "\"sha256\":\"" NOTHING "\"") TAIL,
		"statement"},
	    {"{" SUBJECT("\"sha256\":\"" NOTHING "\"") TAIL, "statement"},
	    {"[]", "statement"},
	    {HEAD SUBJECT(
		 "\"sha256\":\"" NOTHING "\",\"sha256\":\"" NOTHING "\"") TAIL,
		"statement"},
	    {HEAD SUBJECT("\"sha256\":\"" NOTHING "\"") "\"predicate\":{}}",
		"predicate type"},
	    {HEAD SUBJECT("\"sha256\":\"" NOTHING
			  "\"") "\"predicateType\":\"https://in-toto.io/"
				"attestation/release/v0.2\"}",
		"predicate type"},
	};
	struct provenance_case asked;
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		sign("application/vnd.in-toto+json", rows[i].payload, &asked);
		wrong += rows[i].step != NULL
			     ? provenance_is_not_refused(
				   rows[i].payload, &asked, rows[i].step)
			     : unit_is_not(rows[i].payload,
				   provenance_accepts(&asked, NULL), true);
		provenance_case_drop(&asked);
	}
	sign("application/json",
	    HEAD SUBJECT("\"sha256\":\"" NOTHING "\"") TAIL, &asked);
	wrong += provenance_is_not_refused("type", &asked, "statement");
	provenance_case_drop(&asked);
	assert_int_equal(wrong, 0);
}

static void
forms_have_names(void **state)
{
	(void)state;
	for (int i = NITRO_PROVENANCE_SIGSTORE; i <= NITRO_PROVENANCE_PLAIN;
	     i++)
		assert_string_not_equal(
		    nitro_provenance_form_name((enum nitro_provenance_form)i),
		    "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bundles_otherwise),
	    cmocka_unit_test(questions_otherwise),
	    cmocka_unit_test(statements_that_nobody_may_believe),
	    cmocka_unit_test(forms_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
