/*
 * Real documents, and the answers that carry them, with one bit flipped, one
 * byte deleted, doubled or zeroed, or cut off: at every place; and spliced
 * from two. None may verify, and none may crash the verifier. A table tells how
 * many were refused for which reason. (C08 C09 G05)
 *
 * `make check` tries every 17th; `make check-mutants` all of them.
 */
#include <stdio.h>
#include <string.h>

#include "evidence/verifier.h"
#include "sim/sim.h"
#include "ssh/answer.h"
#include "unit/mutants.h"
#include "unit/unit.h"
#include "unit/vectors.h"

/* Definite and not, of both kinds; the last two are of one image. */
static const char *const files[] = {
    "enc-2021-03-17-use2-nN-uN-pN-234f1201.cbor",
    "tpm-2026-02-01-use1-n10-uN-p65-indef-799ae6d1.cbor",
    "enc-2026-02-12-use2-n20-u68-p5-indef-4e1f8574.cbor",
    "enc-2026-02-12-use2-n20-u68-p5-indef-65ce3118.cbor",
};
#define MUTATED 2 /* of each kind one: the first two */

static struct nitro_buf loaded[NITRO_COUNT_OF(files)];
static struct nitro_trust_anchors *aws;

static int
load(void **state)
{
	(void)state;
	if (!vectors_are_here())
		return 0;
	for (size_t i = 0; i < NITRO_COUNT_OF(files); i++)
		vectors_load_from(
		    "documents", nitro_bytes_of_text(files[i]), &loaded[i]);
	aws = vectors_aws_anchors();
	return 0;
}

static int
unload(void **state)
{
	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(files); i++)
		nitro_buf_drop(&loaded[i]);
	nitro_trust_anchors_drop(&aws);
	return 0;
}

static nitro_err
verify(struct nitro_bytes evidence)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *made = NULL;
	struct nitro_expectation expectation = vectors_expectation(0);
	struct nitro_evidence_facts facts;

	expectation.age = NITRO_CHECK_WAIVED; /* at its own time */
	return nitro_evidence_verify(
	    evidence, &expectation, aws, &facts, &made);
}

static enum mutants_outcome
judge(struct nitro_bytes evidence, nitro_err *err)
{
	*err = verify(evidence);
	return *err == NITRO_OK ? MUTANTS_ADMITTED : MUTANTS_REFUSED;
}

/* Something that is admitted, and what is done to it. */
struct subject {
	struct nitro_bytes in;
	const struct mutants_edit *edit;
	struct nitro_bytes other; /* of a splice */
};

static enum mutants_outcome
try_document(const void *context, size_t i, nitro_err *err)
{
	const struct subject *subject = context;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf mutant = {0};

	if (!subject->edit->make(subject->in, i, &mutant))
		return MUTANTS_NONE;
	return judge(nitro_bytes_of_buf(&mutant), err);
}

static void
try_documents(const struct mutants_edit *edit, struct mutants_tally *tally)
{
	vectors_need();
	for (size_t i = 0; i < MUTATED; i++) {
		const struct subject subject = {
		    .in = nitro_bytes_of_buf(&loaded[i]), .edit = edit};
		const struct mutants mutants = {edit->name,
		    subject.in.len * edit->per_byte, try_document, &subject};

		assert_err(verify(subject.in), NITRO_OK); /* the control */
		mutants_try(&mutants, tally);
	}
}

/* C09 G05 */
static void
test_one_bit_flipped_anywhere_is_refused(void **state)
{
	struct mutants_tally tally = {0};

	(void)state;
	try_documents(&mutants_bit_flipped, &tally);
	/* Nothing is waived that a bit could hide behind. */
	assert_true(mutants_refused_in(&tally, NITRO_STAGE_COSE) > 0);
	assert_true(mutants_refused_in(&tally, NITRO_STAGE_DOCUMENT) > 0);
	assert_true(mutants_refused_in(&tally, NITRO_STAGE_CHAIN) > 0);
	assert_true(mutants_refused_in(&tally, NITRO_STAGE_SIGNATURE) > 0);
}

/* C08 */
static void
test_cut_off_anywhere_is_refused(void **state)
{
	struct mutants_tally tally = {0};

	(void)state;
	try_documents(&mutants_cut_off, &tally);
}

/* C09 */
static void
test_one_byte_deleted_doubled_or_zeroed_is_refused(void **state)
{
	struct mutants_tally tally = {0};

	(void)state;
	try_documents(&mutants_byte_deleted, &tally);
	try_documents(&mutants_byte_doubled, &tally);
	try_documents(&mutants_byte_zeroed, &tally);
}

/*
 * Splices of two, number i: the first i bytes of one, then what the other
 * has from there on; all of the other; or the other between the first's.
 */
static enum mutants_outcome
try_splice(const void *context, size_t i, nitro_err *err)
{
	const struct subject *subject = context;
	const size_t at = i / 3;
	const struct nitro_bytes in = subject->in, other = subject->other;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf mutant = {0};
	struct nitro_bytes made;

	unit_append(&mutant, nitro_bytes_slice(in, 0, at));
	if (i % 3 == 0)
		unit_append(&mutant, nitro_bytes_slice(other, at, other.len));
	else
		unit_append(&mutant, other);
	if (i % 3 == 2)
		unit_append(&mutant, nitro_bytes_slice(in, at, in.len));
	made = nitro_bytes_of_buf(&mutant);
	if (nitro_bytes_equal(made, in) || nitro_bytes_equal(made, other))
		return MUTANTS_NONE;
	return judge(made, err);
}

/* C09 C10 S18 */
static void
test_a_splice_of_two_documents_is_refused(void **state)
{
	struct mutants_tally tally = {0};

	(void)state;
	vectors_need();
	for (size_t i = 0; i < NITRO_COUNT_OF(files); i++) {
		const struct subject subject = {
		    .in = nitro_bytes_of_buf(&loaded[i]),
		    .other = nitro_bytes_of_buf(
			&loaded[(i + 1) % NITRO_COUNT_OF(files)])};
		const struct mutants mutants = {
		    "splice", 3 * (subject.in.len + 1), try_splice, &subject};

		mutants_try(&mutants, &tally);
	}
	for (size_t i = 0; i < 2; i++) { /* siblings, both ways */
		const struct subject subject = {
		    .in = nitro_bytes_of_buf(&loaded[2 + i]),
		    .other = nitro_bytes_of_buf(&loaded[3 - i])};
		const struct mutants mutants = {"splice of siblings",
		    3 * (subject.in.len + 1), try_splice, &subject};

		mutants_try(&mutants, &tally);
	}
}

/* A real document as the simulation writes it. */
static void
copy_fields(const struct nitro_document *from, struct sim_document *to)
{
	*to = (struct sim_document){.kind = from->kind,
	    .module_id = from->module_id,
	    .timestamp_ms = from->timestamp_ms,
	    .certificate = from->certificate,
	    .cabundle_count = from->cabundle_count,
	    .public_key = from->public_key,
	    .user_data = from->user_data,
	    .nonce = from->nonce};
	for (size_t i = 0; i < NITRO_PCR_COUNT_MAX; i++) {
		if (from->pcr[i].len != NITRO_PCR_LEN)
			break;
		memcpy(to->pcr[i], from->pcr[i].ptr, NITRO_PCR_LEN);
		to->pcr_count++;
	}
	for (size_t i = 0; i < from->cabundle_count; i++)
		to->cabundle[i] = from->cabundle[i];
}

#define FIELDS 8
#define MIXES (1u << FIELDS)

/* Take the fields that mask names from the other. */
static void
mix_fields(
    struct sim_document *doc, const struct sim_document *other, unsigned mask)
{
	if ((mask & 1) != 0)
		doc->module_id = other->module_id;
	if ((mask & 2) != 0)
		doc->timestamp_ms = other->timestamp_ms;
	if ((mask & 4) != 0)
		memcpy(doc->pcr, other->pcr, sizeof doc->pcr);
	if ((mask & 8) != 0)
		doc->certificate = other->certificate;
	if ((mask & 16) != 0) {
		memcpy(doc->cabundle, other->cabundle, sizeof doc->cabundle);
		doc->cabundle_count = other->cabundle_count;
	}
	if ((mask & 32) != 0)
		doc->public_key = other->public_key;
	if ((mask & 64) != 0)
		doc->user_data = other->user_data;
	if ((mask & 128) != 0)
		doc->nonce = other->nonce;
}

/* Two documents in their parts. */
struct pair {
	struct nitro_cose_sign1 msg[2];
	struct sim_document doc[2];
};

static void
take_apart(size_t i, size_t at, struct pair *pair)
{
	struct nitro_document doc = {0};

	assert_err(
	    nitro_cose_parse(nitro_bytes_of_buf(&loaded[i]), &pair->msg[at]),
	    NITRO_OK);
	assert_err(nitro_document_parse(pair->msg[at].payload, &doc), NITRO_OK);
	copy_fields(&doc, &pair->doc[at]);
}

/* Number i: fields by its low bits, and by the one above the signature. */
static enum mutants_outcome
try_mix(const void *context, size_t i, nitro_err *err)
{
	const struct pair *pair = context;
	const struct sim_envelope envelope = {
	    .signature = pair->msg[i / MIXES].signature};
	struct sim_document doc = pair->doc[0];
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0}, mutant = {0};
	struct nitro_bytes made;

	mix_fields(&doc, &pair->doc[1], (unsigned)(i % MIXES));
	assert_true(sim_payload(&doc, &payload));
	made = nitro_bytes_of_buf(&payload);
	if (nitro_bytes_equal(made, pair->msg[i / MIXES].payload)) {
		/* The control: written as AWS has written it. */
		assert_true(sim_seal(&envelope, made, NULL, &mutant));
		assert_err(verify(nitro_bytes_of_buf(&mutant)), NITRO_OK);
		return MUTANTS_NONE;
	}
	assert_true(sim_seal(&envelope, made, NULL, &mutant));
	return judge(nitro_bytes_of_buf(&mutant), err);
}

/* C09 G06 */
static void
test_a_mix_of_the_fields_of_siblings_is_refused(void **state)
{
	struct mutants_tally tally = {0};
	struct pair pair = {0};
	const struct mutants mutants = {
	    "fields of siblings", 2 * MIXES, try_mix, &pair};
	nitro_err err;

	(void)state;
	vectors_need();
	take_apart(2, 0, &pair);
	take_apart(3, 1, &pair);
	assert_int_equal(try_mix(&pair, 0, &err), MUTANTS_NONE);
	assert_int_equal(try_mix(&pair, 2 * MIXES - 1, &err), MUTANTS_NONE);
	mutants_try(&mutants, &tally);
}

/* The text of an answer: lines, cut at '\n', which itself stays away. */
static void
write_whole(struct nitro_bytes document, struct nitro_buf *text)
{
	unsigned char base64[4 * NITRO_EVIDENCE_MAX / 3 + 8];
	int len = EVP_EncodeBlock(base64, document.ptr, (int)document.len);

	unit_append(text, (struct nitro_bytes){base64, (size_t)len});
}

#define SLICE 900

static void
write_parts(struct nitro_bytes document, struct nitro_buf *text)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf whole = {0};
	struct nitro_bytes left, slice;
	char head[64];
	size_t count;

	write_whole(document, &whole);
	left = nitro_bytes_of_buf(&whole);
	count = (left.len + SLICE - 1) / SLICE;
	for (size_t k = 1; k <= count; k++) {
		assert_true(nitro_bytes_take(
		    &left, left.len < SLICE ? left.len : SLICE, &slice));
		(void)snprintf(
		    head, sizeof head, "%zu/%zu/%zu:", k, count, slice.len);
		unit_append(text, nitro_bytes_of_text(head));
		unit_append(text, slice);
		if (k < count)
			unit_fill(text, '\n', 1);
	}
}

/* As the module does it: prompt after prompt until the answer is complete. */
static nitro_err
answer(struct nitro_bytes text)
{
	NITRO_DROP(nitro_answer_drop) struct nitro_answer collected = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	bool is_complete = false, is_last = false;
	struct nitro_bytes line;
	nitro_err err;

	while (!is_complete && !is_last) {
		if (!nitro_bytes_take_until(&text, '\n', &line)) {
			is_last = true;
			line = text;
		}
		if ((err = nitro_answer_add(&collected, line, &is_complete)) !=
		    NITRO_OK)
			return err;
	}
	if (!is_complete)
		return NITRO_E_CONVERSATION; /* the client has left */
	if ((err = nitro_answer_decode(&collected, &evidence)) != NITRO_OK)
		return err;
	return verify(nitro_bytes_of_buf(&evidence));
}

static enum mutants_outcome
try_answer(const void *context, size_t i, nitro_err *err)
{
	const struct subject *subject = context;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf mutant = {0};

	if (!subject->edit->make(subject->in, i, &mutant))
		return MUTANTS_NONE;
	*err = answer(nitro_bytes_of_buf(&mutant));
	return *err == NITRO_OK ? MUTANTS_ADMITTED : MUTANTS_REFUSED;
}

static void
try_answers(void (*write)(struct nitro_bytes, struct nitro_buf *),
    struct mutants_tally *tally)
{
	static const struct mutants_edit *const edits[] = {
	    &mutants_bit_flipped,
	    &mutants_cut_off,
	    &mutants_byte_deleted,
	    &mutants_byte_doubled,
	    &mutants_byte_zeroed,
	};

	vectors_need();
	for (size_t i = 0; i < MUTATED * NITRO_COUNT_OF(edits); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
		struct subject subject = {.edit = edits[i / MUTATED]};
		struct mutants mutants = {.attempt = try_answer};

		write(nitro_bytes_of_buf(&loaded[i % MUTATED]), &text);
		subject.in = nitro_bytes_of_buf(&text);
		assert_err(answer(subject.in), NITRO_OK); /* the control */
		mutants.name = subject.edit->name;
		mutants.count = subject.in.len * subject.edit->per_byte;
		mutants.context = &subject;
		mutants_try(&mutants, tally);
	}
}

/* B01 B03 B05 B06 B07 B10 */
static void
test_an_answer_in_one_piece_changed_anywhere_is_refused(void **state)
{
	struct mutants_tally tally = {0};

	(void)state;
	try_answers(write_whole, &tally);
	assert_true(mutants_refused_in(&tally, NITRO_STAGE_SIGNATURE) > 0);
}

/* T12 T13 T15 */
static void
test_an_answer_in_parts_changed_anywhere_is_refused(void **state)
{
	struct mutants_tally tally = {0};

	(void)state;
	try_answers(write_parts, &tally);
	assert_true(tally.reason[NITRO_E_ANSWER_FRAMING] > 0);
	assert_true(mutants_refused_in(&tally, NITRO_STAGE_SIGNATURE) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_bit_flipped_anywhere_is_refused),
	    cmocka_unit_test(test_cut_off_anywhere_is_refused),
	    cmocka_unit_test(
		test_one_byte_deleted_doubled_or_zeroed_is_refused),
	    cmocka_unit_test(test_a_splice_of_two_documents_is_refused),
	    cmocka_unit_test(test_a_mix_of_the_fields_of_siblings_is_refused),
	    cmocka_unit_test(
		test_an_answer_in_one_piece_changed_anywhere_is_refused),
	    cmocka_unit_test(
		test_an_answer_in_parts_changed_anywhere_is_refused),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
