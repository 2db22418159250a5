/* One login with one fault, and whether it came out as it must. */
#ifndef FAULT_RUN_H
#define FAULT_RUN_H

#include "fault/fault.h"
#include "fault/scene.h"

struct job {
	uint8_t kind, side, persistence, mode; /* as in struct fault_plan */
	unsigned index;
	bool is_place;
};

enum wrong {
	WRONG_NOTHING,
	WRONG_ADMITTED, /* PAM_SUCCESS, or PAM_IGNORE, of a stage that failed */
	WRONG_CODE,     /* a code that stacks may ignore */
	WRONG_LOG,      /* not exactly one line, or another than the result */
	WRONG_DESCRIPTORS,
	WRONG_HEAP,
	WRONG_CHILD, /* one is left, running or dead */
	WRONG_SIGNALS,
	WRONG_AFTERWARDS, /* a good login that follows is refused */
	WRONG_CRASH,
	WRONG_STUCK,
	WRONGS
};

extern const char *const wrong_names[WRONGS];

#define RUN_TEXT_MAX 512

struct run {
	const struct scene *scene;
	const struct stack *stack;
	unsigned worker;
	bool in_parts;
	struct fault_plan *plan;
	/* Called in run_log_in() when the first answer is ready; or NULL. */
	void (*at_answer)(void *context);
	void *context;

	/* Filled. */
	int auth, account; /* PAM codes */
	bool is_reached;   /* the fault happened */
	bool is_admitted;
	bool is_leak_of_library;
	enum wrong wrong;
	char text[RUN_TEXT_MAX]; /* what is wrong */
};

/* What is to fail; NULL: nothing. Also while a login goes on. */
void run_set(struct run *run, const struct job *job);

/* One login, judged; gives whether it has left memory behind. */
bool run_log_in(struct run *run);

/*
 * The login of job, judged. Where memory is left it is made again: what a
 * library keeps for good it keeps once, and a leak comes each time.
 */
void run_job(struct run *run, const struct job *job);

/* One that must be as the scene says, without a fault. */
bool run_clean(struct run *run);

/* "read 3 fails with EIO once", for people. */
void run_describe(
    const struct fault_plan *plan, const struct job *job, char text[256]);

#endif
