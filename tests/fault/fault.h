/*
 * Faults on demand. libfault.so stands between pam_nitro.so and its
 * libraries: linked in front of them, its functions are found first. It
 * counts the calls that the module makes and the allocations made in their
 * course, and makes the ones fail that the plan names, in the way that the
 * function itself would fail. Everybody else's calls pass through.
 *
 * The plan is in memory that a forked child shares, and nothing here makes a
 * system call of its own, so that a sandboxed child fails as well as any.
 */
#ifndef FAULT_FAULT_H
#define FAULT_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAULT_TRACE_MAX 8192

enum fault_kind { FAULT_NONE, FAULT_MEMORY, FAULT_CALL, FAULT_KINDS };

/*
 * Who makes the call: the process that called the module in the auth stage,
 * one that it forked, or the process again in the account stage. Each is
 * counted for itself, as how often a parent asks for its child varies.
 */
enum fault_side { FAULT_PARENT, FAULT_CHILD, FAULT_LATER, FAULT_SIDES };

enum fault_persistence {
	FAULT_ONCE,
	FAULT_FUNCTION_ON, /* this function, from then on */
	FAULT_ALL_ON       /* everything of that kind, from then on */
};

/* Where a login is; what the module may pass over depends on it. */
enum fault_phase {
	FAULT_FILES,  /* before the first prompt */
	FAULT_JUDGED, /* from the first answer on */
	FAULT_ACCOUNT,
	FAULT_END,
	FAULT_PHASES
};

/* One way in which a function fails. */
struct fault_mode {
	intptr_t value;
	int error; /* errno; 0 leaves it */
	unsigned flags;
	/* Why a login may go on all the same; NULL: it must not. */
	const char *tolerated;
};

#define FAULT_CALLS 1u  /* fails after the real function has run */
#define FAULT_NOT_ON 2u /* once only: from then on it would be no fault */
#define FAULT_SHORT 4u  /* half of what was asked for */
/* Where it is tolerated; none of these: everywhere. */
#define FAULT_IN_FILES 16u
#define FAULT_IN_JUDGED 32u
#define FAULT_IN_ACCOUNT 64u
#define FAULT_IN_CHILD 128u

struct fault_plan {
	/* What is to fail; kind FAULT_NONE only counts. */
	enum fault_kind kind;
	enum fault_side side;
	unsigned index; /* from 0, of its side and kind */
	bool is_place;  /* index is a place: the first call from there */
	unsigned mode;
	enum fault_persistence persistence;

	enum fault_phase phase; /* set by the driver as the login goes on */
	bool is_counting;

	/* What came of it. */
	unsigned count[FAULT_SIDES][FAULT_KINDS];
	unsigned short trace[FAULT_SIDES]
			    [FAULT_TRACE_MAX]; /* functions called */
	/* Where in the module each call stands; which allocations are its own. */
	uint32_t place[FAULT_SIDES][FAULT_TRACE_MAX];
	bool is_own[FAULT_SIDES][FAULT_TRACE_MAX];
	unsigned failed[FAULT_PHASES];  /* calls that were made to fail */
	unsigned harmful[FAULT_PHASES]; /* those that are not tolerated */
	unsigned function;              /* the first that failed, or in whose
					   course memory ran out */
	bool spoils_signals;  /* what would set them back has failed */
	bool spoils_children; /* what would end or reap one has failed */
	unsigned first_prompt[FAULT_KINDS]; /* counts in the parent then */
};

/* NULL: nothing is counted. For MAP_SHARED memory. */
void fault_use(struct fault_plan *plan);

/* Any address within the module. */
bool fault_find_module(const void *address);

/* Forget counts and blocks, keep what is to fail. */
void fault_begin(void);
/* From now on it is the account stage. */
void fault_account_begins(void);

const char *fault_function_name(unsigned function);
const struct fault_mode *fault_function_modes(
    unsigned function, unsigned *count);

/*
 * Blocks that were allocated in the course of a module's call and live on:
 * all of them, and those that the module itself asked for.
 */
size_t fault_live_blocks(void);
size_t fault_live_blocks_of_module(void);

#endif
