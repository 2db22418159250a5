/*
 * Candidates, each run once a round, one after the other, so that a slower or
 * faster moment of the machine weighs on all alike. The first is the unit.
 *
 * usage: PROGRAM [--rounds N]         figures, a line each, fields between tabs:
 *                                     name, unit, min, p25, median, and the
 *                                     median of its ratio to the unit in each round
 *        PROGRAM --only NAME N        that one N times, and not a word: for profilers
 *        PROGRAM --count NAME...      below callgrind: each of them N_COUNTED times, and
 *                                     a dump by its name
 *
 * Values are milliseconds of CPU time, or of time for what other processes do.
 */
#ifndef BENCH_CANDIDATE_H
#define BENCH_CANDIDATE_H

#include <stddef.h>

enum bench_clock {
	BENCH_CPU = 0, /* of this thread */
	BENCH_WALL,
	BENCH_OWN /* once() says how long it took, in ms */
};

#define N_COUNTED 4

struct candidate {
	const char *name;
	double (*once)(const void *context);
	const void *context;
	enum bench_clock clock;
	unsigned times; /* in a row, for what is short; 0: once */
};

int bench_main(
    int argc, char **argv, const struct candidate *candidates, size_t count);

/* Ends the program. */
__attribute__((noreturn)) void bench_give_up(const char *what);

double bench_cpu_ms(void);

#endif
