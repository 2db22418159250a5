/*
 * What one verdict costs, beside the work that nobody can save: five P-384
 * verifications (four certificates and the document) by libcrypto. And what
 * refusals, files and the sandbox cost.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base64.h"
#include "bench/candidate.h"
#include "bench/world.h"
#include "evidence/cose_sign1.h"
#include "policy/decision.h"
#include "policy/reach.h"
#include "sandbox/sandbox.h"
#include "sandbox/verdict.h"
#include "ssh/answer.h"

static double
five(const void *context)
{
	(void)context;
	world_verify_five();
	return 0;
}

/* Trust anchors and their library are there. */
static double
verdict(const void *context)
{
	const struct world *w = world();

	(void)context;
	if (world_judge(&w->expectation, w->anchors,
		nitro_bytes_of_buf(&w->evidence)) != NITRO_OK)
		bench_give_up("the verdict");
	return 0;
}

static double
verdict_of_answer(const void *context)
{
	const struct world *w = world();

	(void)context;
	if (world_judge_answer(&w->expectation, w->anchors,
		nitro_bytes_of_buf(&w->base64)) != NITRO_OK)
		bench_give_up("the verdict of an answer");
	return 0;
}

static double
anchors(const void *context)
{
	const struct world *w = world();
	struct nitro_trust_anchors *made = NULL;

	(void)context;
	if (nitro_trust_anchors_parse(
		nitro_bytes_of_buf(&w->root_pem), &made) != NITRO_OK)
		bench_give_up("nitro_trust_anchors_parse");
	nitro_trust_anchors_free(made);
	return 0;
}

/* As each login has it: libraries, anchors and verdict. */
static double
verdict_anew(const void *context)
{
	const struct world *w = world();
	struct nitro_trust_anchors *made = NULL;

	(void)context;
	if (nitro_trust_anchors_parse(
		nitro_bytes_of_buf(&w->root_pem), &made) != NITRO_OK ||
	    world_judge_answer(&w->expectation, made,
		nitro_bytes_of_buf(&w->base64)) != NITRO_OK)
		bench_give_up("the verdict with new anchors");
	nitro_trust_anchors_free(made);
	return 0;
}

/* The work, in a process that has just been forked: the pages are new to it too. */
static double
in_a_child(void (*work)(void))
{
	double ms = 0;
	int ends[2], status;
	pid_t pid;

	if (pipe(ends) != 0 || (pid = fork()) < 0)
		bench_give_up("fork");
	if (pid == 0) {
		const double start = bench_cpu_ms();

		work();
		ms = bench_cpu_ms() - start;
		_exit(write(ends[1], &ms, sizeof ms) != (ssize_t)sizeof ms);
	}
	if (close(ends[1]) != 0 ||
	    read(ends[0], &ms, sizeof ms) != (ssize_t)sizeof ms ||
	    close(ends[0]) != 0 || waitpid(pid, &status, 0) != pid ||
	    status != 0)
		bench_give_up("the child");
	return ms;
}

static void
judge_anew(void)
{
	(void)verdict_anew(NULL);
}

static double
first_verdict(const void *context)
{
	(void)context;
	return in_a_child(judge_anew);
}

static double
first_five(const void *context)
{
	(void)context;
	return in_a_child(world_verify_five);
}

/* Everything but signatures and certificates. */
static double
rest(const void *context)
{
	static struct nitro_measurements measurements;
	static const struct nitro_login login = {
	    .user = "deploy", .now_ms = WORLD_NOW_MS};
	const struct world *w = world();
	NITRO_DROP(nitro_answer_drop) struct nitro_answer answer = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0}, tbs = {0};
	uint8_t digest[NITRO_SHA384_LEN];
	struct nitro_cose_sign1 msg;
	struct nitro_document doc;
	struct nitro_decision decision;
	struct nitro_fault fault;
	bool is_complete = false;

	(void)context;
	if (measurements.entry_count == 0 &&
	    nitro_measurements_parse(
		nitro_bytes_of_buf(world_measurements(100)), "/bench", NULL,
		NULL, &measurements, &fault) != NITRO_OK)
		bench_give_up("the measurements");
	if (nitro_answer_add(&answer, nitro_bytes_of_buf(&w->base64),
		&is_complete) != NITRO_OK ||
	    nitro_answer_decode(&answer, &evidence) != NITRO_OK ||
	    nitro_cose_parse(nitro_bytes_of_buf(&evidence), &msg) != NITRO_OK ||
	    nitro_document_parse(msg.payload, &doc) != NITRO_OK ||
	    nitro_cose_sig_structure(&msg, &tbs) != NITRO_OK ||
	    nitro_sha384(nitro_bytes_of_buf(&tbs), digest) != NITRO_OK ||
	    nitro_sha384(nitro_bytes_of_buf(&evidence), digest) != NITRO_OK ||
	    nitro_decide(w->verified, &w->settings, &measurements, &login,
		&decision) != NITRO_E_PCR)
		bench_give_up("the rest");
	return 0;
}

/* What a login reads of a file of that many entries; one is within its reach. */
static double
read_reachable(const void *context)
{
	static const struct nitro_login login = {.user = "deploy"};
	const size_t *entries = context;
	NITRO_DROP(nitro_reach_drop) struct nitro_reach reach = {0};
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements found = {0};
	struct nitro_fault fault;

	if (nitro_reach_make(&world()->settings, &login, &reach) != NITRO_OK ||
	    nitro_measurements_parse_reachable(
		nitro_bytes_of_buf(world_measurements(*entries)), "/bench",
		NULL, NULL, &reach, &found, &fault) != NITRO_OK ||
	    found.entry_count != 1)
		bench_give_up("the reachable entries");
	return 0;
}

/* As pam-nitro check reads it, and a login whose workload has all of them. */
static double
read_all(const void *context)
{
	const size_t *entries = context;
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements found = {0};
	struct nitro_fault fault;

	if (nitro_measurements_parse(
		nitro_bytes_of_buf(world_measurements(*entries)), "/bench",
		NULL, NULL, &found, &fault) != NITRO_OK ||
	    found.entry_count != *entries)
		bench_give_up("all entries");
	return 0;
}

static void
nothing(void *answer, void *context)
{
	(void)answer;
	(void)context;
}

static double
empty_sandbox(const void *context)
{
	uint8_t answer = 0;
	struct nitro_sandbox_task task = {.limits = NITRO_SANDBOX_LIMITS,
	    .work = nothing,
	    .answer = &answer,
	    .answer_len = sizeof answer};
	struct nitro_fault fault = {0};

	(void)context;
	if (nitro_sandbox_run(&task, &fault) != NITRO_OK)
		bench_give_up(fault.text);
	return 0;
}

static double
sandboxed_verdict(const void *context)
{
	const struct world *w = world();
	NITRO_DROP(nitro_answer_drop) struct nitro_answer answer = {0};
	struct nitro_verdict reached = {0};
	struct nitro_fault fault = {0};
	bool is_complete = false;

	(void)context;
	if (nitro_answer_add(&answer, nitro_bytes_of_buf(&w->base64),
		&is_complete) != NITRO_OK ||
	    nitro_verdict_reach(&answer, &w->expectation, w->anchors, &reached,
		&fault) != NITRO_OK)
		bench_give_up("the verdict in the sandbox");
	nitro_verified_free(reached.verified);
	return 0;
}

/* A refusal; with another reason than the meant one its figure means nothing. */
struct refusal {
	nitro_err reason;
	void (*spoil)(struct nitro_buf *evidence, struct nitro_buf *base64,
	    struct nitro_expectation *expectation,
	    const struct nitro_trust_anchors **anchors);
};

#define SPOILS(name) \
	static void name(struct nitro_buf *evidence, struct nitro_buf *base64, \
	    struct nitro_expectation *expectation, \
	    const struct nitro_trust_anchors **anchors)

SPOILS(spoil_base64)
{
	(void)evidence, (void)expectation, (void)anchors;
	base64->ptr[base64->len / 2] = '*';
}

SPOILS(spoil_size)
{
	static uint8_t large[NITRO_EVIDENCE_MAX + 1];

	(void)base64, (void)expectation, (void)anchors;
	if (nitro_buf_append(evidence,
		(struct nitro_bytes){large, sizeof large}) != NITRO_OK)
		bench_give_up("a large document");
}

SPOILS(spoil_cbor)
{
	(void)base64, (void)expectation, (void)anchors;
	evidence->len--;
}

/* The first key of the payload: module_id. */
SPOILS(spoil_field)
{
	uint8_t *key = memmem(evidence->ptr, evidence->len, "module_id", 9);

	(void)base64, (void)expectation, (void)anchors;
	if (key == NULL)
		bench_give_up("finding module_id");
	key[0] = 'n';
}

SPOILS(spoil_nonce)
{
	(void)evidence, (void)base64, (void)anchors;
	expectation->nonce.value = nitro_bytes_of_text("another nonce");
}

SPOILS(spoil_key)
{
	(void)evidence, (void)base64, (void)anchors;
	expectation->public_key = (struct nitro_expected){
	    NITRO_CHECK_REQUIRED, nitro_bytes_of_text("another key")};
}

SPOILS(spoil_age)
{
	(void)evidence, (void)base64, (void)anchors;
	expectation->now_ms += 100000;
}

SPOILS(spoil_root)
{
	static const struct sim_options options = {
	    .time_s = WORLD_NOW_MS / 1000};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
	struct sim_pki pki = {0};
	struct nitro_trust_anchors *other = NULL;

	(void)evidence, (void)base64, (void)expectation;
	if (!sim_pki_make(&options, &pki) || !sim_pki_root_pem(&pki, &pem) ||
	    nitro_trust_anchors_parse(nitro_bytes_of_buf(&pem), &other) !=
		NITRO_OK)
		bench_give_up("another root");
	*anchors = other;
	sim_pki_drop(&pki);
}

SPOILS(spoil_signature)
{
	(void)base64, (void)expectation, (void)anchors;
	evidence->ptr[evidence->len - 1] ^= 1;
}

static const struct refusal refusals[] = {
    {NITRO_E_BASE64, spoil_base64},
    {NITRO_E_ANSWER_SIZE, spoil_size},
    {NITRO_E_CBOR, spoil_cbor},
    {NITRO_E_FIELD_MISSING, spoil_field},
    {NITRO_E_NONCE, spoil_nonce},
    {NITRO_E_KEY, spoil_key},
    {NITRO_E_TOO_OLD, spoil_age},
    {NITRO_E_ROOT, spoil_root},
    {NITRO_E_COSE_SIG, spoil_signature},
};

struct spoiled {
	struct nitro_buf base64;
	struct nitro_expectation expectation;
	const struct nitro_trust_anchors *anchors;
};

/* Made at the first time. */
static const struct spoiled *
spoiled_by(const struct refusal *refusal)
{
	static struct spoiled made[NITRO_COUNT_OF(refusals)];
	struct spoiled *spoiled = &made[refusal - refusals];
	const struct world *w = world();
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};

	if (spoiled->anchors != NULL)
		return spoiled;
	spoiled->expectation = w->expectation;
	spoiled->anchors = w->anchors;
	if (nitro_buf_append(&evidence, nitro_bytes_of_buf(&w->evidence)) !=
	    NITRO_OK)
		bench_give_up("copying");
	if (refusal->spoil != spoil_base64)
		refusal->spoil(&evidence, &spoiled->base64,
		    &spoiled->expectation, &spoiled->anchors);
	if (nitro_base64_encode(
		nitro_bytes_of_buf(&evidence), &spoiled->base64) != NITRO_OK)
		bench_give_up("base64");
	if (refusal->spoil == spoil_base64)
		refusal->spoil(&evidence, &spoiled->base64,
		    &spoiled->expectation, &spoiled->anchors);
	return spoiled;
}

static double
refuse(const void *context)
{
	const struct refusal *refusal = context;
	const struct spoiled *spoiled = spoiled_by(refusal);
	const nitro_err err = world_judge_answer(&spoiled->expectation,
	    spoiled->anchors, nitro_bytes_of_buf(&spoiled->base64));

	if (err != refusal->reason)
		bench_give_up(nitro_err_token(err));
	return 0;
}

int
main(int argc, char **argv)
{
	static const size_t counts[] = {1, 100, 1000, 10000};
	static const struct candidate candidates[] = {
	    {"five", five, NULL, BENCH_CPU, 0},
	    {"verdict", verdict, NULL, BENCH_CPU, 0},
	    {"verdict-of-answer", verdict_of_answer, NULL, BENCH_CPU, 0},
	    {"anchors", anchors, NULL, BENCH_CPU, 0},
	    {"verdict-anew", verdict_anew, NULL, BENCH_CPU, 0},
	    {"five-first", first_five, NULL, BENCH_OWN, 0},
	    {"verdict-first", first_verdict, NULL, BENCH_OWN, 0},
	    {"rest", rest, NULL, BENCH_CPU, 16},
	    {"sandbox", empty_sandbox, NULL, BENCH_WALL, 0},
	    {"verdict-in-sandbox", sandboxed_verdict, NULL, BENCH_WALL, 0},
	    {"refuse-base64", refuse, &refusals[0], BENCH_CPU, 16},
	    {"refuse-size", refuse, &refusals[1], BENCH_CPU, 16},
	    {"refuse-cbor", refuse, &refusals[2], BENCH_CPU, 16},
	    {"refuse-field", refuse, &refusals[3], BENCH_CPU, 16},
	    {"refuse-nonce", refuse, &refusals[4], BENCH_CPU, 16},
	    {"refuse-key", refuse, &refusals[5], BENCH_CPU, 16},
	    {"refuse-age", refuse, &refusals[6], BENCH_CPU, 16},
	    {"refuse-root", refuse, &refusals[7], BENCH_CPU, 16},
	    {"refuse-signature", refuse, &refusals[8], BENCH_CPU, 0},
	    {"entries-1", read_reachable, &counts[0], BENCH_CPU, 16},
	    {"entries-100", read_reachable, &counts[1], BENCH_CPU, 16},
	    {"entries-1000", read_reachable, &counts[2], BENCH_CPU, 0},
	    {"entries-10000", read_reachable, &counts[3], BENCH_CPU, 0},
	    {"entries-100-all", read_all, &counts[1], BENCH_CPU, 0},
	    {"entries-1000-all", read_all, &counts[2], BENCH_CPU, 0},
	    {"entries-10000-all", read_all, &counts[3], BENCH_CPU, 0},
	};

	(void)world();
	return bench_main(argc, argv, candidates, NITRO_COUNT_OF(candidates));
}
