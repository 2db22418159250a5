#include "bench/world.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "bench/candidate.h"
#include "ssh/answer.h"

#define SIGNATURES 5
#define CERT_TBS_LEN 450 /* bytes of AWS's certificates that are signed */
#define FILES 4

/* Five texts and their signatures. */
static struct {
	EVP_PKEY *key;
	uint8_t text[NITRO_EVIDENCE_MAX];
	size_t text_len;
	uint8_t signature[128];
	size_t signature_len;
} raw[SIGNATURES];

static void
sign_raw(size_t i, EVP_PKEY *key, size_t text_len)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	raw[i].key = key;
	raw[i].text_len = text_len;
	raw[i].signature_len = sizeof raw[i].signature;
	memset(raw[i].text, 'x', text_len);
	if (md == NULL ||
	    EVP_DigestSignInit(md, NULL, EVP_sha384(), NULL, key) != 1 ||
	    EVP_DigestSign(md, raw[i].signature, &raw[i].signature_len,
		raw[i].text, text_len) != 1)
		bench_give_up("signing");
	EVP_MD_CTX_free(md);
}

void
world_verify_five(void)
{
	(void)world();
	for (size_t i = 0; i < SIGNATURES; i++) {
		EVP_MD_CTX *md = EVP_MD_CTX_new();

		if (md == NULL ||
		    EVP_DigestVerifyInit(
			md, NULL, EVP_sha384(), NULL, raw[i].key) != 1 ||
		    EVP_DigestVerify(md, raw[i].signature, raw[i].signature_len,
			raw[i].text, raw[i].text_len) != 1)
			bench_give_up("verifying");
		EVP_MD_CTX_free(md);
	}
}

nitro_err
world_judge(const struct nitro_expectation *expectation,
    const struct nitro_trust_anchors *anchors, struct nitro_bytes evidence)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	struct nitro_evidence_facts facts = {0};

	return nitro_evidence_verify(
	    evidence, expectation, anchors, &facts, &verified);
}

nitro_err
world_judge_answer(const struct nitro_expectation *expectation,
    const struct nitro_trust_anchors *anchors, struct nitro_bytes base64)
{
	NITRO_DROP(nitro_answer_drop) struct nitro_answer answer = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	bool is_complete = false;
	nitro_err err;

	if ((err = nitro_answer_add(&answer, base64, &is_complete)) != NITRO_OK)
		return err;
	if ((err = nitro_answer_decode(&answer, &evidence)) != NITRO_OK)
		return err;
	return world_judge(expectation, anchors, nitro_bytes_of_buf(&evidence));
}

static void
make_settings(struct nitro_settings *settings)
{
	static const char text[] =
	    "users = ({ user = \"deploy\"; workloads = [\"app0\"]; });";
	struct nitro_fault fault;

	if (nitro_settings_parse(nitro_bytes_of_text(text), "/bench.conf",
		settings, &fault) != NITRO_OK)
		bench_give_up("nitro_settings_parse");
}

static void
make(struct world *w)
{
	static const struct sim_options options = {
	    .time_s = WORLD_NOW_MS / 1000};
	struct sim_document doc;
	struct nitro_evidence_facts facts;

	w->expectation = (struct nitro_expectation){
	    .nonce = {NITRO_CHECK_REQUIRED,
		nitro_bytes_of_text("0123456789abcdef0123456789abcdef")},
	    .audience = {NITRO_CHECK_WAIVED, {NULL, 0}},
	    .public_key = {NITRO_CHECK_WAIVED, {NULL, 0}},
	    .age = NITRO_CHECK_REQUIRED,
	    .now_ms = WORLD_NOW_MS,
	    .max_age_ms = 60000,
	    .clock_skew_ms = 5000,
	};
	if (!sim_pki_make(&options, &w->pki) ||
	    !sim_pki_root_pem(&w->pki, &w->root_pem))
		bench_give_up("sim_pki_make");
	sim_document_default(&w->pki, WORLD_NOW_MS - 200, &doc);
	doc.nonce = w->expectation.nonce.value;
	if (!sim_attest(&w->pki, &doc, &w->evidence) ||
	    nitro_base64_encode(nitro_bytes_of_buf(&w->evidence), &w->base64) !=
		NITRO_OK)
		bench_give_up("sim_attest");
	if (nitro_trust_anchors_parse(
		nitro_bytes_of_buf(&w->root_pem), &w->anchors) != NITRO_OK ||
	    nitro_evidence_verify(nitro_bytes_of_buf(&w->evidence),
		&w->expectation, w->anchors, &facts, &w->verified) != NITRO_OK)
		bench_give_up("the verdict");
	for (size_t i = 0; i < SIGNATURES; i++)
		sign_raw(i, w->pki.cert[i].key,
		    i < SIGNATURES - 1 ? CERT_TBS_LEN : w->evidence.len);
	make_settings(&w->settings);
}

const struct world *
world(void)
{
	static struct world made;

	if (made.verified == NULL)
		make(&made);
	return &made;
}

static void
append_entry(struct nitro_buf *text, size_t i)
{
	char entry[640];
	int n = snprintf(entry, sizeof entry,
	    "%s{ workload = \"app%zu\"; version = \"1.%zu\"; kind = "
	    "\"enclave\";\n  pcr0 = \"%096zx\";\n  pcr1 = \"%096zx\";\n"
	    "  pcr2 = \"%096zx\";\n  source = "
	    "\"git+https://example.com/app@%040zx\"; }",
	    i == 0 ? "" : ",\n", i, i, i + 1, i + 1, i + 1, i);

	if (n < 0 ||
	    nitro_buf_append(text,
		(struct nitro_bytes){(uint8_t *)entry, (size_t)n}) != NITRO_OK)
		bench_give_up("writing an entry");
}

const struct nitro_buf *
world_measurements(size_t entries)
{
	static struct {
		size_t entries;
		struct nitro_buf text;
	} files[FILES];
	size_t at = 0;

	for (; at < FILES && files[at].entries != 0; at++)
		if (files[at].entries == entries)
			return &files[at].text;
	if (at == FILES)
		bench_give_up("room for the files");
	files[at].entries = entries;
	if (nitro_buf_append_text(&files[at].text, "measurements = (\n") !=
	    NITRO_OK)
		bench_give_up("writing the entries");
	for (size_t i = 0; i < entries; i++)
		append_entry(&files[at].text, i);
	if (nitro_buf_append_text(&files[at].text, "\n);\n") != NITRO_OK)
		bench_give_up("writing the entries");
	return &files[at].text;
}
