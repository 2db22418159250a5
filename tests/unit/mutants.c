#include "unit/mutants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/unit.h"

#define WORKERS_MAX 16
#define ALL_UP_TO 800
/* Coprime to 8, so that every bit has its turn. */
#define STRIDE 17
#define STRIDE_SANITIZED 31

static size_t
stride(size_t count)
{
	const char *wish = getenv("NITRO_MUTANTS");

	if (wish != NULL && strcmp(wish, "all") == 0)
		return 1;
	if (UNIT_IS_SANITIZED)
		return STRIDE_SANITIZED;
	return count <= ALL_UP_TO ? 1 : STRIDE;
}

static size_t
worker_count(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	if (online < 1)
		return 1;
	return online > WORKERS_MAX ? WORKERS_MAX : (size_t)online;
}

/* What one worker has to tell, in one piece of less than PIPE_BUF. */
struct share {
	struct mutants_tally tally;
	size_t seen, bad_class;
};

static void
try_one(const struct mutants *mutants, size_t i, struct share *share)
{
	nitro_err err = NITRO_OK;

	share->seen++;
	switch (mutants->attempt(mutants->context, i, &err)) {
	case MUTANTS_NONE:
		return;
	case MUTANTS_REFUSED:
		if (nitro_err_class(err) == NITRO_CLASS_OK ||
		    nitro_err_class(err) == NITRO_CLASS_CONFIGURATION ||
		    nitro_err_class(err) == NITRO_CLASS_SYSTEM)
			share->bad_class++;
		share->tally.reason[err]++;
		break;
	case MUTANTS_HARMLESS:
		share->tally.harmless++;
		break;
	case MUTANTS_ADMITTED:
		share->tally.admitted++;
		print_message("# admitted: %s, number %zu\n", mutants->name, i);
		break;
	}
	share->tally.tried++;
}

/* Never returns: a child must not go on with the parent's tests. */
static void
run_worker(int out, const struct mutants *mutants, size_t first, size_t step)
{
	struct share share = {0};

	for (size_t i = first; i < mutants->count; i += step)
		try_one(mutants, i, &share);
	(void)fflush(NULL);
	_exit(
	    write(out, &share, sizeof share) == (ssize_t)sizeof share ? 0 : 1);
}

static void
add(struct share *sum, const struct share *one)
{
	sum->seen += one->seen;
	sum->bad_class += one->bad_class;
	sum->tally.tried += one->tally.tried;
	sum->tally.harmless += one->tally.harmless;
	sum->tally.admitted += one->tally.admitted;
	for (size_t i = 0; i < NITRO_ERR_COUNT; i++)
		sum->tally.reason[i] += one->tally.reason[i];
}

static void
try_all(const struct mutants *mutants, struct share *sum)
{
	const size_t workers = worker_count();
	const size_t step = stride(mutants->count);
	pid_t child[WORKERS_MAX] = {0};
	struct share one;
	int status, ends[2];

	assert_int_equal(pipe(ends), 0);
	(void)fflush(NULL);
	for (size_t i = 0; i < workers; i++) {
		child[i] = fork();
		assert_true(child[i] >= 0);
		if (child[i] == 0)
			run_worker(ends[1], mutants, i * step, workers * step);
	}
	close(ends[1]);
	/* Less than sizeof one is a worker that died. */
	for (size_t i = 0; i < workers; i++)
		if (read(ends[0], &one, sizeof one) == (ssize_t)sizeof one)
			add(sum, &one);
	close(ends[0]);
	for (size_t i = 0; i < workers; i++) {
		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

static void
print_tally(const struct mutants *mutants, const struct mutants_tally *tally)
{
	print_message("# %s: %zu mutants", mutants->name, tally->tried);
	if (stride(mutants->count) > 1)
		print_message(", one in %zu", stride(mutants->count));
	if (tally->harmless > 0)
		print_message("; harmless %zu", tally->harmless);
	for (size_t i = 0; i < NITRO_ERR_COUNT; i++)
		if (tally->reason[i] > 0)
			print_message("; %s %zu", nitro_err_token((nitro_err)i),
			    tally->reason[i]);
	print_message("\n");
}

void
mutants_try(const struct mutants *mutants, struct mutants_tally *tally)
{
	struct share sum = {0}, total = {.tally = *tally};
	const size_t step = stride(mutants->count);

	try_all(mutants, &sum);
	print_tally(mutants, &sum.tally);
	assert_int_equal(sum.tally.admitted, 0);
	assert_int_equal(sum.bad_class, 0);
	assert_int_equal(sum.seen, (mutants->count + step - 1) / step);
	assert_true(sum.tally.tried > 0);
	add(&total, &sum);
	*tally = total.tally;
}

size_t
mutants_refused_in(const struct mutants_tally *tally, enum nitro_stage stage)
{
	size_t count = 0;

	for (size_t i = 0; i < NITRO_ERR_COUNT; i++)
		if (nitro_err_stage((nitro_err)i) == stage)
			count += tally->reason[i];
	return count;
}

static bool
flip_bit(struct nitro_bytes in, size_t i, struct nitro_buf *out)
{
	const size_t start = out->len;

	unit_append(out, in);
	out->ptr[start + i / 8] ^= (uint8_t)(1u << i % 8);
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
	const size_t start = out->len;

	unit_append(out, in);
	out->ptr[start + i] = 0;
	return in.ptr[i] != 0;
}

const struct mutants_edit mutants_bit_flipped = {"bit flipped", 8, flip_bit},
			  mutants_cut_off = {"cut off", 1, cut_off},
			  mutants_byte_deleted = {"byte deleted", 1,
			      delete_byte},
			  mutants_byte_doubled = {"byte doubled", 1,
			      double_byte},
			  mutants_byte_zeroed = {"byte zeroed", 1, zero_byte};
