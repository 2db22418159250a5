#include "bench/candidate.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <valgrind/callgrind.h>

#define ROUNDS 201
#define ROUNDS_MAX 10001
#define CANDIDATES_MAX 48

void
bench_give_up(const char *what)
{
	(void)fprintf(stderr, "bench: %s failed\n", what);
	ERR_print_errors_fp(stderr);
	exit(EXIT_FAILURE);
}

static double
clock_ms(clockid_t clock)
{
	struct timespec t = {0};

	if (clock_gettime(clock, &t) != 0)
		bench_give_up("clock_gettime");
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

double
bench_cpu_ms(void)
{
	return clock_ms(CLOCK_THREAD_CPUTIME_ID);
}

static double
run_once(const struct candidate *candidate)
{
	const clockid_t clock = candidate->clock == BENCH_WALL
				    ? CLOCK_MONOTONIC
				    : CLOCK_THREAD_CPUTIME_ID;
	const unsigned times = candidate->times > 0 ? candidate->times : 1;
	const double start = clock_ms(clock);
	double own = 0;

	for (unsigned i = 0; i < times; i++)
		own += candidate->once(candidate->context);
	return (candidate->clock == BENCH_OWN ? own : clock_ms(clock) - start) /
	       times;
}

static int
ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
run_all(const struct candidate *candidates, size_t count, size_t rounds)
{
	static double values[CANDIDATES_MAX][ROUNDS_MAX];
	static double ratios[CANDIDATES_MAX][ROUNDS_MAX];

	/* Once unmeasured, for what is made but once. */
	for (size_t i = 0; i < count; i++)
		(void)candidates[i].once(candidates[i].context);
	for (size_t round = 0; round < rounds; round++)
		for (size_t i = 0; i < count; i++)
			values[i][round] = run_once(&candidates[i]);
	for (size_t i = 0; i < count; i++)
		for (size_t round = 0; round < rounds; round++)
			ratios[i][round] = values[i][round] / values[0][round];
	for (size_t i = 0; i < count; i++) {
		qsort(values[i], rounds, sizeof values[i][0], ascending);
		qsort(ratios[i], rounds, sizeof ratios[i][0], ascending);
		printf("%s\t%s\t%.5f\t%.5f\t%.5f\t%.5f\n", candidates[i].name,
		    candidates[i].clock == BENCH_WALL ? "ms" : "ms CPU",
		    values[i][0], values[i][rounds / 4], values[i][rounds / 2],
		    ratios[i][rounds / 2]);
	}
}

static const struct candidate *
find(const struct candidate *candidates, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(candidates[i].name, name) == 0)
			return &candidates[i];
	bench_give_up(name);
}

static void
run_only(const struct candidate *candidate, unsigned long times)
{
	while (times-- > 0)
		(void)candidate->once(candidate->context);
}

static void
count_one(const struct candidate *candidate)
{
	run_only(candidate, 1);
	CALLGRIND_ZERO_STATS;
	run_only(candidate, N_COUNTED);
	CALLGRIND_DUMP_STATS_AT(candidate->name);
}

static unsigned long
number(const char *text, unsigned long most)
{
	char *end = NULL;
	const unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || value > most)
		bench_give_up("reading a number");
	return value;
}

int
bench_main(
    int argc, char **argv, const struct candidate *candidates, size_t count)
{
	if (count > CANDIDATES_MAX)
		bench_give_up("room for the candidates");
	if (argc == 4 && strcmp(argv[1], "--only") == 0)
		run_only(
		    find(candidates, count, argv[2]), number(argv[3], 1000000));
	else if (argc > 2 && strcmp(argv[1], "--count") == 0)
		for (int i = 2; i < argc; i++)
			count_one(find(candidates, count, argv[i]));
	else if (argc == 3 && strcmp(argv[1], "--rounds") == 0)
		run_all(candidates, count, number(argv[2], ROUNDS_MAX));
	else if (argc == 1)
		run_all(candidates, count, ROUNDS);
	else
		bench_give_up("reading the arguments");
	return EXIT_SUCCESS;
}
