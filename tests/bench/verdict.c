/*
 * What one verdict costs, as a ratio to the work that nobody can save: five
 * P-384 verifications (four certificates and the document) by libcrypto, in
 * the same process, over texts of the same length, with keys that are there
 * already. The goal is 1.3 at most. And what it costs to refuse.
 *
 * CPU time, the median of the rounds; each round does all of it once, so that
 * a slower or faster moment of the machine weighs on all alike.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/base64.h"
#include "evidence/verifier.h"
#include "sandbox/sandbox.h"
#include "sandbox/verdict.h"
#include "sim/sim.h"
#include "ssh/answer.h"

#define ROUNDS 201
#define SIGNATURES 5
#define CERT_TBS_LEN 450 /* bytes of AWS's certificates that are signed */
#define NOW_MS 1800000000500

static void
give_up(const char *what)
{
	(void)fprintf(stderr, "bench: %s failed\n", what);
	ERR_print_errors_fp(stderr);
	exit(EXIT_FAILURE);
}

static double
cpu_ms(void)
{
	struct timespec t = {0};

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0)
		give_up("clock_gettime");
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Five texts and their signatures. */
struct raw {
	EVP_PKEY *key[SIGNATURES];
	uint8_t text[SIGNATURES][NITRO_EVIDENCE_MAX];
	size_t text_len[SIGNATURES];
	uint8_t signature[SIGNATURES][128];
	size_t signature_len[SIGNATURES];
};

static void
raw_sign(struct raw *raw, size_t i, EVP_PKEY *key, size_t text_len)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	raw->key[i] = key;
	raw->text_len[i] = text_len;
	raw->signature_len[i] = sizeof raw->signature[i];
	memset(raw->text[i], 'x', text_len);
	if (md == NULL ||
	    EVP_DigestSignInit(md, NULL, EVP_sha384(), NULL, key) != 1 ||
	    EVP_DigestSign(md, raw->signature[i], &raw->signature_len[i],
		raw->text[i], text_len) != 1)
		give_up("signing");
	EVP_MD_CTX_free(md);
}

static void
raw_verify(const struct raw *raw)
{
	size_t i;

	for (i = 0; i < SIGNATURES; i++) {
		EVP_MD_CTX *md = EVP_MD_CTX_new();

		if (md == NULL ||
		    EVP_DigestVerifyInit(
			md, NULL, EVP_sha384(), NULL, raw->key[i]) != 1 ||
		    EVP_DigestVerify(md, raw->signature[i],
			raw->signature_len[i], raw->text[i],
			raw->text_len[i]) != 1)
			give_up("verifying");
		EVP_MD_CTX_free(md);
	}
}

/* What a login has before the answer comes. */
struct login {
	struct nitro_trust_anchors *anchors;
	struct nitro_expectation expectation;
};

static nitro_err
judge(const struct login *login, struct nitro_bytes evidence)
{
	struct nitro_verified *verified = NULL;
	struct nitro_evidence_facts facts = {0};
	nitro_err err;

	err = nitro_evidence_verify(
	    evidence, &login->expectation, login->anchors, &facts, &verified);
	nitro_verified_free(verified);
	return err;
}

/* From the lines that the client sends to the verdict. */
static nitro_err
judge_answer(const struct login *login, struct nitro_bytes base64)
{
	NITRO_DROP(nitro_answer_drop) struct nitro_answer answer = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	bool is_complete = false;
	unsigned part;
	nitro_err err;

	for (part = 1; !is_complete; part++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf line = {0};

		if (nitro_answer_part(base64, part, &line) != NITRO_OK)
			give_up("cutting the answer");
		err = nitro_answer_add(
		    &answer, nitro_bytes_of_buf(&line), &is_complete);
		if (err != NITRO_OK)
			return err;
	}
	if ((err = nitro_answer_decode(&answer, &evidence)) != NITRO_OK)
		return err;
	return judge(login, nitro_bytes_of_buf(&evidence));
}

static int
ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(double *values)
{
	qsort(values, ROUNDS, sizeof *values, ascending);
	return values[ROUNDS / 2];
}

static void
compare(const struct raw *raw, const struct login *login,
    struct nitro_bytes evidence, struct nitro_bytes base64)
{
	static double raws[ROUNDS], verdicts[ROUNDS], answers[ROUNDS];
	double five, verdict, answer;
	size_t i;

	for (i = 0; i < ROUNDS; i++) {
		double t[4];

		t[0] = cpu_ms();
		raw_verify(raw);
		t[1] = cpu_ms();
		if (judge(login, evidence) != NITRO_OK)
			give_up("the verdict");
		t[2] = cpu_ms();
		if (judge_answer(login, base64) != NITRO_OK)
			give_up("the verdict of an answer in parts");
		t[3] = cpu_ms();
		raws[i] = t[1] - t[0];
		verdicts[i] = t[2] - t[1];
		answers[i] = t[3] - t[2];
	}
	five = median(raws);
	verdict = median(verdicts);
	answer = median(answers);
	printf("five P-384 verifications   %8.3f ms\n", five);
	printf("one verdict                %8.3f ms   ratio %.2f (goal 1.30)\n",
	    verdict, verdict / five);
	printf("the same from the answer   %8.3f ms   ratio %.2f\n", answer,
	    answer / five);
}

/* Once per login, before the prompt: part of its cost, not of the verdict. */
static void
read_anchors(struct nitro_bytes pem)
{
	static double values[ROUNDS];
	size_t i;

	for (i = 0; i < ROUNDS; i++) {
		struct nitro_trust_anchors *anchors = NULL;
		double start = cpu_ms();

		if (nitro_trust_anchors_parse(pem, &anchors) != NITRO_OK)
			give_up("nitro_trust_anchors_parse");
		nitro_trust_anchors_free(anchors);
		values[i] = cpu_ms() - start;
	}
	printf("reading the trust anchors  %8.3f ms\n", median(values));
}

/* Of this process and of the children that it has reaped. */
static double
cpu_of_all_ms(void)
{
	static const int whose[] = {RUSAGE_SELF, RUSAGE_CHILDREN};
	struct rusage used;
	double ms = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(whose); i++) {
		if (getrusage(whose[i], &used) != 0)
			give_up("getrusage");
		ms += (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) *
			  1e3 +
		      (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) /
			  1e3;
	}
	return ms;
}

static double
wall_ms(void)
{
	struct timespec t = {0};

	if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
		give_up("clock_gettime");
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
nothing(void *answer, void *context)
{
	(void)answer;
	(void)context;
}

static void
start_sandbox(void)
{
	uint8_t answer = 0;
	struct nitro_sandbox_task task = {.limits = NITRO_SANDBOX_LIMITS,
	    .work = nothing,
	    .answer = &answer,
	    .answer_len = sizeof answer};
	struct nitro_fault fault = {0};

	if (nitro_sandbox_run(&task, &fault) != NITRO_OK)
		give_up(fault.text);
}

static void
judge_in_sandbox(const struct login *login, struct nitro_bytes base64)
{
	NITRO_DROP(nitro_answer_drop) struct nitro_answer answer = {0};
	struct nitro_verdict verdict = {0};
	struct nitro_fault fault = {0};
	bool is_complete = false;

	if (nitro_answer_add(&answer, base64, &is_complete) != NITRO_OK ||
	    nitro_verdict_reach(&answer, &login->expectation, login->anchors,
		&verdict, &fault) != NITRO_OK)
		give_up("the verdict in the sandbox");
	nitro_verified_free(verdict.verified);
}

/* The kernel counts CPU time of so short a life coarsely: the sum over all rounds. */
static void
sandbox(const struct login *login, struct nitro_bytes base64)
{
	static double empty[ROUNDS], full[ROUNDS];
	double cpu[3];

	cpu[0] = cpu_of_all_ms();
	for (size_t i = 0; i < ROUNDS; i++) {
		double start = wall_ms();

		start_sandbox();
		empty[i] = wall_ms() - start;
	}
	cpu[1] = cpu_of_all_ms();
	for (size_t i = 0; i < ROUNDS; i++) {
		double start = wall_ms();

		judge_in_sandbox(login, base64);
		full[i] = wall_ms() - start;
	}
	cpu[2] = cpu_of_all_ms();
	printf("a sandbox without work     %8.3f ms   (CPU %.3f ms)\n",
	    median(empty), (cpu[1] - cpu[0]) / ROUNDS);
	printf("the verdict in the sandbox %8.3f ms   (CPU %.3f ms)\n",
	    median(full), (cpu[2] - cpu[1]) / ROUNDS);
}

/* The reason must be the one that is meant, or the figure means nothing. */
static void
refuse(const char *what, const struct login *login, struct nitro_bytes base64,
    nitro_err reason)
{
	static double values[ROUNDS];
	size_t i;

	for (i = 0; i < ROUNDS; i++) {
		double start = cpu_ms();
		nitro_err err = judge_answer(login, base64);

		values[i] = cpu_ms() - start;
		if (err != reason) {
			(void)fprintf(stderr, "bench: %s: %s\n", what,
			    nitro_err_token(err));
			exit(EXIT_FAILURE);
		}
	}
	printf("refused, %-17s %8.3f ms   %s\n", what, median(values),
	    nitro_err_token(reason));
}

static void
encode(struct nitro_bytes evidence, struct nitro_buf *base64)
{
	base64->len = 0;
	if (nitro_base64_encode(evidence, base64) != NITRO_OK)
		give_up("base64");
}

static void
refuse_all(const struct login *login, struct nitro_bytes evidence)
{
	static const uint8_t bomb[] = {0x9a, 0x0f, 0xff, 0xff, 0xff};
	static uint8_t altered[NITRO_EVIDENCE_MAX];
	NITRO_DROP(nitro_buf_drop) struct nitro_buf base64 = {0};
	struct login other = *login;

	encode(evidence, &base64);
	base64.ptr[base64.len / 2] = '*';
	refuse(
	    "bad base64", login, nitro_bytes_of_buf(&base64), NITRO_E_BASE64);
	encode((struct nitro_bytes){bomb, sizeof bomb}, &base64);
	refuse("CBOR bomb", login, nitro_bytes_of_buf(&base64),
	    NITRO_E_COSE_SHAPE);
	encode(nitro_bytes_slice(evidence, 0, evidence.len - 1), &base64);
	refuse(
	    "cut by a byte", login, nitro_bytes_of_buf(&base64), NITRO_E_CBOR);
	encode(evidence, &base64);
	other.expectation.nonce.value = nitro_bytes_of_text("another nonce");
	refuse("replayed", &other, nitro_bytes_of_buf(&base64), NITRO_E_NONCE);
	memcpy(altered, evidence.ptr, evidence.len);
	altered[evidence.len - 1] ^= 1;
	encode((struct nitro_bytes){altered, evidence.len}, &base64);
	refuse("bad signature", login, nitro_bytes_of_buf(&base64),
	    NITRO_E_COSE_SIG);
}

int
main(void)
{
	static struct raw raw;
	struct sim_options options = {.time_s = NOW_MS / 1000};
	struct sim_pki pki = {0};
	struct sim_document doc = {0};
	struct nitro_buf evidence = {0}, pem = {0}, base64 = {0};
	struct nitro_bytes nonce = nitro_bytes_of_text(
	    "0123456789abcdef0123456789abcdef");
	struct login login = {.expectation = {
				  .nonce = {NITRO_CHECK_REQUIRED, nonce},
				  .audience = {NITRO_CHECK_WAIVED, {NULL, 0}},
				  .public_key = {NITRO_CHECK_WAIVED, {NULL, 0}},
				  .age = NITRO_CHECK_REQUIRED,
				  .now_ms = NOW_MS,
				  .max_age_ms = 60000,
				  .clock_skew_ms = 5000,
			      }};
	size_t i;

	if (!sim_pki_make(&options, &pki) || !sim_pki_root_pem(&pki, &pem))
		give_up("sim_pki_make");
	sim_document_default(&pki, NOW_MS - 200, &doc);
	doc.nonce = nonce;
	if (!sim_attest(&pki, &doc, &evidence))
		give_up("sim_attest");
	if (nitro_trust_anchors_parse(
		nitro_bytes_of_buf(&pem), &login.anchors) != NITRO_OK)
		give_up("nitro_trust_anchors_parse");
	encode(nitro_bytes_of_buf(&evidence), &base64);
	for (i = 0; i < SIGNATURES; i++)
		raw_sign(&raw, i, pki.cert[i].key,
		    i < SIGNATURES - 1 ? CERT_TBS_LEN : evidence.len);

	printf("document of %zu bytes, median of %d rounds, CPU time\n",
	    evidence.len, ROUNDS);
	compare(&raw, &login, nitro_bytes_of_buf(&evidence),
	    nitro_bytes_of_buf(&base64));
	sandbox(&login, nitro_bytes_of_buf(&base64));
	read_anchors(nitro_bytes_of_buf(&pem));
	refuse_all(&login, nitro_bytes_of_buf(&evidence));

	nitro_trust_anchors_free(login.anchors);
	sim_pki_drop(&pki);
	nitro_buf_drop(&evidence);
	nitro_buf_drop(&pem);
	nitro_buf_drop(&base64);
	return EXIT_SUCCESS;
}
