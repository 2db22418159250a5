/* Jobs of one scene, dealt out to worker processes. */
#ifndef FAULT_POOL_H
#define FAULT_POOL_H

#include "fault/run.h"

#define POOL_REPORTS_MAX 24

struct pool_counts {
	unsigned runs; /* in which the fault happened */
	unsigned by_kind[FAULT_SIDES][FAULT_KINDS];
	unsigned unreached; /* there was no such call */
	unsigned admitted;  /* tolerated, by the table of functions */
	unsigned wrong[WRONGS];
	unsigned blamed; /* a good document refused as if it were bad */
	/* libcrypto lost a block of its own where it found no memory. */
	unsigned library_leaks;
	/* libconfig ended the process for want of memory. */
	unsigned config_ends;
};

/*
 * The first early_count jobs fail before the first prompt, and each of them
 * is a login of its own. The others go on from a login that has got its
 * answer, in a copy of the process.
 *
 * Adds to counts; prints what is wrong, but not more than a few.
 */
struct pool_jobs {
	const struct job *list;
	unsigned count, early_count;
};
void pool_run(const struct run *model, const struct pool_jobs *jobs,
    unsigned workers, struct pool_counts *counts);

/* The plan of worker 0, for logins in this process. */
struct fault_plan *pool_plan(void);

void pool_begin(void);

#endif
