/*
 * Real documents with one bit flipped, one byte deleted, doubled or zeroed, or
 * cut off: at every place. None may verify, and none may crash the verifier.
 * (C08 C09 G05)
 *
 * Some 70,000 verdicts, of which many cost a whole chain: so each kind of
 * mutant is shared out to as many processes as there are processors. Under a
 * sanitizer only every 31st mutant is tried; the output says so.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "evidence/verifier.h"
#include "unit/unit.h"
#include "unit/vectors.h"

#define WORKERS_MAX 16
#define STRIDE (UNIT_IS_SANITIZED ? 31 : 1) /* coprime to 8: every bit */

/* One of each kind, definite and not. */
static const char *const files[] = {
    "enc-2021-03-17-use2-nN-uN-pN-234f1201.cbor",
    "tpm-2026-02-01-use1-n10-uN-p65-indef-799ae6d1.cbor",
};

/* How many mutants a document of len bytes has, and number i of them.
 * False where it is the document itself. */
struct mutation {
	const char *name;
	size_t per_byte;
	bool (*make)(struct nitro_bytes in, size_t i, struct nitro_buf *out);
};

static bool
flip_bit(struct nitro_bytes in, size_t i, struct nitro_buf *out)
{
	unit_append(out, in);
	out->ptr[i / 8] ^= (uint8_t)(1u << i % 8);
	return true;
}

static bool
cut_off(struct nitro_bytes in, size_t i, struct nitro_buf *out)
{
	unit_append(out, nitro_bytes_slice(in, 0, i));
	return true;
}

static bool
delete_byte(struct nitro_bytes in, size_t i, struct nitro_buf *out)
{
	unit_append(out, nitro_bytes_slice(in, 0, i));
	unit_append(out, nitro_bytes_slice(in, i + 1, in.len));
	return true;
}

static bool
double_byte(struct nitro_bytes in, size_t i, struct nitro_buf *out)
{
	unit_append(out, nitro_bytes_slice(in, 0, i + 1));
	unit_append(out, nitro_bytes_slice(in, i, in.len));
	return true;
}

static bool
zero_byte(struct nitro_bytes in, size_t i, struct nitro_buf *out)
{
	unit_append(out, in);
	out->ptr[i] = 0;
	return in.ptr[i] != 0;
}

static nitro_err
verify(struct nitro_bytes evidence, const struct nitro_trust_anchors *aws)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *made = NULL;
	struct nitro_expectation expectation = vectors_expectation(0);
	struct nitro_evidence_facts facts;

	expectation.age = NITRO_CHECK_WAIVED; /* at its own time */
	return nitro_evidence_verify(
	    evidence, &expectation, aws, &facts, &made);
}

/* What one worker has to tell. */
struct tally {
	size_t tried, accepted, system_errors;
};

static struct tally
try_share(const struct mutation *mutation, struct nitro_bytes in, size_t worker,
    size_t workers)
{
	NITRO_DROP(nitro_trust_anchors_drop)
	struct nitro_trust_anchors *aws = vectors_aws_anchors();
	NITRO_DROP(nitro_buf_drop) struct nitro_buf mutant = {0};
	struct tally tally = {0};

	for (size_t i = worker * STRIDE; i < in.len * mutation->per_byte;
	     i += workers * STRIDE) {
		nitro_err err;

		mutant.len = 0;
		if (!mutation->make(in, i, &mutant))
			continue;
		err = verify(nitro_bytes_of_buf(&mutant), aws);
		tally.tried++;
		if (err == NITRO_OK) {
			tally.accepted++;
			print_message(
			    "# accepted: %s, number %zu\n", mutation->name, i);
		}
		if (nitro_err_class(err) != NITRO_CLASS_EVIDENCE)
			tally.system_errors++;
	}
	return tally;
}

static size_t
worker_count(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	if (online < 1)
		return 1;
	return online > WORKERS_MAX ? WORKERS_MAX : (size_t)online;
}

/* Never returns: a child must not go on with the parent's tests. */
static void
run_worker(int out, const struct mutation *mutation, struct nitro_bytes in,
    size_t worker, size_t workers)
{
	struct tally tally = try_share(mutation, in, worker, workers);

	(void)fflush(NULL);
	_exit(
	    write(out, &tally, sizeof tally) == (ssize_t)sizeof tally ? 0 : 1);
}

static struct tally
try_all(const struct mutation *mutation, struct nitro_bytes in)
{
	struct tally sum = {0}, one;
	const size_t workers = worker_count();
	pid_t child[WORKERS_MAX] = {0};
	int status, ends[2];

	assert_int_equal(pipe(ends), 0);
	(void)fflush(NULL);
	for (size_t i = 0; i < workers; i++) {
		child[i] = fork();
		assert_true(child[i] >= 0);
		if (child[i] == 0)
			run_worker(ends[1], mutation, in, i, workers);
	}
	close(ends[1]);
	for (size_t i = 0; i < workers; i++) {
		/* Less than sizeof one is a worker that died. */
		if (read(ends[0], &one, sizeof one) == (ssize_t)sizeof one) {
			sum.tried += one.tried;
			sum.accepted += one.accepted;
			sum.system_errors += one.system_errors;
		}
	}
	close(ends[0]);
	for (size_t i = 0; i < workers; i++) {
		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	return sum;
}

static size_t
count_wanted(const struct mutation *mutation, struct nitro_bytes in)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf mutant = {0};
	size_t wanted = 0;

	for (size_t i = 0; i < in.len * mutation->per_byte; i += STRIDE) {
		mutant.len = 0;
		wanted += mutation->make(in, i, &mutant) ? 1 : 0;
	}
	return wanted;
}

static void
refuse_all(const struct mutation *mutation)
{
	vectors_need();
	for (size_t i = 0; i < NITRO_COUNT_OF(files); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
		NITRO_DROP(nitro_trust_anchors_drop)
		struct nitro_trust_anchors *aws = vectors_aws_anchors();
		struct nitro_bytes in;
		struct tally tally;

		vectors_load_from(
		    "documents", nitro_bytes_of_text(files[i]), &evidence);
		in = nitro_bytes_of_buf(&evidence);
		assert_err(verify(in, aws), NITRO_OK); /* the control */
		tally = try_all(mutation, in);
		print_message("# %s: %zu mutants of %s%s\n", mutation->name,
		    tally.tried, files[i],
		    STRIDE > 1 ? ", a sample of one in 31" : "");
		assert_int_equal(tally.accepted, 0);
		assert_int_equal(tally.system_errors, 0);
		assert_int_equal(tally.tried, count_wanted(mutation, in));
		assert_true(tally.tried > in.len / 2 / STRIDE);
	}
}

/* C09 G05 */
static void
test_one_bit_flipped_anywhere_is_refused(void **state)
{
	(void)state;
	refuse_all(&(struct mutation){"bit flipped", 8, flip_bit});
}

/* C08 */
static void
test_cut_off_anywhere_is_refused(void **state)
{
	(void)state;
	refuse_all(&(struct mutation){"cut off", 1, cut_off});
}

/* C09 */
static void
test_one_byte_deleted_anywhere_is_refused(void **state)
{
	(void)state;
	refuse_all(&(struct mutation){"byte deleted", 1, delete_byte});
}

/* C09 */
static void
test_one_byte_doubled_anywhere_is_refused(void **state)
{
	(void)state;
	refuse_all(&(struct mutation){"byte doubled", 1, double_byte});
}

/* C09 */
static void
test_one_byte_zeroed_anywhere_is_refused(void **state)
{
	(void)state;
	refuse_all(&(struct mutation){"byte zeroed", 1, zero_byte});
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_bit_flipped_anywhere_is_refused),
	    cmocka_unit_test(test_cut_off_anywhere_is_refused),
	    cmocka_unit_test(test_one_byte_deleted_anywhere_is_refused),
	    cmocka_unit_test(test_one_byte_doubled_anywhere_is_refused),
	    cmocka_unit_test(test_one_byte_zeroed_anywhere_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
