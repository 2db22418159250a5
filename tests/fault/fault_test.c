/*
 * Every call that the module makes, and every allocation in their course,
 * made to fail: for each scene and both forms of the answer a login is first
 * made without a fault, to see which calls there are, and then again for each
 * of them and each way in which it fails, once and from then on.
 *
 * Without FAULT_SAMPLE=1 in the environment less is run, in some seconds: each
 * place of the module that makes a call fails once in each way, in the first
 * scene that comes there and is admitted, and in the first that is refused;
 * so does each allocation of the module's own; beside these a sample of all,
 * one in FAULT_SAMPLE. 0 leaves the sample out and ends with the first scene
 * that is wrong, for the mutants of tests/mutation.
 * FAULT_SCENE is a part of the name of the only scenes to run, FAULT_WORKERS
 * how many processes share the work.
 */
/* C30 G12 M02 M15 R06 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fault/pool.h"
#include "module/captured_log.h"

#define WARM_UP 3  /* logins of the process, after which nothing is new */
#define SAMPLE 211 /* one job in so many; a prime, so that no pattern hides */

#define PLACES_MAX 4096

struct jobs {
	struct job *list;
	unsigned count, room;
	unsigned offered;     /* before sampling */
	unsigned sample;      /* one in so many; 0 for none */
	unsigned memory_step; /* one allocation in so many */
	bool has_own_memory;  /* and each of the module's own */
	bool is_good;         /* the scene is admitted without a fault */
};

static struct fault_plan baseline;

/*
 * Has no job of this run begun there yet? From now on one has. Where a login
 * is refused anyway, what fails cannot be seen to let it in.
 */
static bool
is_new_place(enum fault_side side, uint32_t place, bool is_good)
{
	static struct {
		enum fault_side side;
		uint32_t place;
		bool is_good;
	} seen[PLACES_MAX];
	static unsigned count;

	for (unsigned i = 0; i < count; i++)
		if (seen[i].side == side && seen[i].place == place &&
		    seen[i].is_good == is_good)
			return false;
	if (count == PLACES_MAX)
		abort();
	seen[count].side = side;
	seen[count].is_good = is_good;
	seen[count++].place = place;
	return true;
}

static void
push(struct jobs *jobs, bool is_wanted, struct job job)
{
	if (!is_wanted &&
	    (jobs->sample == 0 || jobs->offered++ % jobs->sample != 0))
		return;
	if (jobs->count == jobs->room) {
		jobs->room = jobs->room == 0 ? 1024 : 2 * jobs->room;
		jobs->list = realloc(
		    jobs->list, jobs->room * sizeof jobs->list[0]);
		if (jobs->list == NULL)
			abort();
	}
	jobs->list[jobs->count++] = job;
}

static void
push_call(struct jobs *jobs, enum fault_side side, unsigned index)
{
	unsigned modes;
	const struct fault_mode *mode = fault_function_modes(
	    baseline.trace[side][index], &modes);
	const bool is_new = is_new_place(
	    side, baseline.place[side][index], jobs->is_good);

	/* How often a parent asks for its child varies, and so do numbers. */
	for (unsigned m = 0; is_new && m < modes; m++)
		push(jobs, true,
		    (struct job){FAULT_CALL, (uint8_t)side, FAULT_ONCE,
			(uint8_t)m, baseline.place[side][index], true});
	for (unsigned m = 0; m < modes; m++)
		for (unsigned p = FAULT_ONCE; p <= FAULT_ALL_ON; p++)
			if (p == FAULT_ONCE ||
			    (mode[m].flags & FAULT_NOT_ON) == 0)
				push(jobs, false,
				    (struct job){FAULT_CALL, (uint8_t)side,
					(uint8_t)p, (uint8_t)m, index, false});
}

static void
push_memory(struct jobs *jobs, enum fault_side side, unsigned index)
{
	const bool is_wanted = jobs->has_own_memory &&
			       baseline.is_own[side][index];
	/* What comes after the verdict is little, and all of it is tried. */
	const bool has_steps = side == FAULT_CHILD ||
			       (side == FAULT_PARENT &&
				   index < baseline.first_prompt[FAULT_MEMORY]);

	if (has_steps && index % jobs->memory_step != 0 && !is_wanted)
		return;
	push(jobs, is_wanted,
	    (struct job){
		FAULT_MEMORY, (uint8_t)side, FAULT_ONCE, 0, index, false});
	push(jobs, false,
	    (struct job){
		FAULT_MEMORY, (uint8_t)side, FAULT_ALL_ON, 0, index, false});
}

static void
push_between(struct jobs *jobs, enum fault_side side,
    const unsigned from[FAULT_KINDS], const unsigned to[FAULT_KINDS])
{
	for (unsigned i = from[FAULT_CALL]; i < to[FAULT_CALL]; i++)
		push_call(jobs, side, i);
	for (unsigned i = from[FAULT_MEMORY]; i < to[FAULT_MEMORY]; i++)
		push_memory(jobs, side, i);
}

static const unsigned nothing[FAULT_KINDS];

/* Everything before the first prompt. */
static void
push_early(struct jobs *jobs)
{
	push_between(jobs, FAULT_PARENT, nothing, baseline.first_prompt);
}

static void
push_late(struct jobs *jobs)
{
	push_between(jobs, FAULT_PARENT, baseline.first_prompt,
	    baseline.count[FAULT_PARENT]);
	push_between(jobs, FAULT_CHILD, nothing, baseline.count[FAULT_CHILD]);
	push_between(jobs, FAULT_LATER, nothing, baseline.count[FAULT_LATER]);
}

static unsigned
wrongs(const struct pool_counts *counts)
{
	unsigned total = 0;

	for (unsigned i = 0; i < WRONGS; i++)
		total += counts->wrong[i];
	return total;
}

static void
say(const struct pool_counts *counts)
{
	printf(
	    "# %u runs: %u calls, %u allocations; in the child %u and %u; in "
	    "the account stage %u and %u; "
	    "%u tolerated, %u blamed on the document, %u not reached",
	    counts->runs, counts->by_kind[FAULT_PARENT][FAULT_CALL],
	    counts->by_kind[FAULT_PARENT][FAULT_MEMORY],
	    counts->by_kind[FAULT_CHILD][FAULT_CALL],
	    counts->by_kind[FAULT_CHILD][FAULT_MEMORY],
	    counts->by_kind[FAULT_LATER][FAULT_CALL],
	    counts->by_kind[FAULT_LATER][FAULT_MEMORY], counts->admitted,
	    counts->blamed, counts->unreached);
	for (unsigned i = 1; i < WRONGS; i++)
		printf(", %u %s", counts->wrong[i], wrong_names[i]);
	printf("; %u ended by libconfig, %u leaks of libcrypto's own\n",
	    counts->config_ends, counts->library_leaks);
}

static void
add(struct pool_counts *total, const struct pool_counts *counts)
{
	total->runs += counts->runs;
	total->unreached += counts->unreached;
	total->admitted += counts->admitted;
	total->blamed += counts->blamed;
	total->library_leaks += counts->library_leaks;
	total->config_ends += counts->config_ends;
	for (unsigned s = 0; s < FAULT_SIDES; s++)
		for (unsigned k = 0; k < FAULT_KINDS; k++)
			total->by_kind[s][k] += counts->by_kind[s][k];
	for (unsigned i = 0; i < WRONGS; i++)
		total->wrong[i] += counts->wrong[i];
}

/* Calls that a busy machine brings about, and not a second time. */
#define FEW 3

/* The calls of a login without a fault. */
static bool
trace(struct run *run)
{
	static unsigned logins;

	run->plan = pool_plan();
	do
		if (!run_clean(run)) {
			printf("# without a fault: %s\n", run->text);
			return false;
		}
	while (++logins < WARM_UP);
	baseline = *run->plan;
	return true;
}

static bool
run_scene(struct run *run, unsigned workers, unsigned sample,
    struct pool_counts *total)
{
	const unsigned step = run->scene->memory_step;
	struct jobs jobs = {.sample = sample,
	    .memory_step = step > 0 ? step : 1,
	    .has_own_memory = run->scene->has_new_files,
	    .is_good = run->scene->expected == NITRO_OK};
	struct pool_counts counts = {0};
	unsigned early_count;

	for (unsigned i = 0; i < workers; i++) {
		run->worker = i;
		scene_begin(
		    run->scene, (struct stack *)(uintptr_t)run->stack, i);
	}
	for (unsigned i = 0; i < workers && run->scene->store == STORE_TALLY;
	     i++) {
		run->worker = i;
		if (!trace(run))
			return false;
		scene_keep_tally(run->scene, run->stack, i);
	}
	run->worker = 0;
	if (!trace(run))
		return false;
	/* Up to the first prompt all scenes with the same files are the same. */
	if (run->scene->has_new_files && !run->in_parts)
		push_early(&jobs);
	early_count = jobs.count;
	push_late(&jobs);
	printf("# %s: %u calls to fail\n", run->scene->name, jobs.count);
	pool_run(run, &(struct pool_jobs){jobs.list, jobs.count, early_count},
	    workers, &counts);
	free(jobs.list);
	say(&counts);
	add(total, &counts);
	return wrongs(&counts) == 0 && (counts.runs > 0 || jobs.count <= FEW);
}

static bool
find_module(const struct stack *stack)
{
	void *module = dlopen(stack->module, RTLD_NOW | RTLD_LOCAL);

	return module != NULL &&
	       fault_find_module(dlsym(module, "pam_sm_authenticate"));
}

static unsigned
number_of(const char *name, unsigned otherwise)
{
	const char *wanted = getenv(name);

	return wanted != NULL ? (unsigned)strtoul(wanted, NULL, 10) : otherwise;
}

static bool
run_all(struct stack *stack, unsigned workers)
{
	const unsigned sample = number_of("FAULT_SAMPLE", SAMPLE);
	const bool is_short = sample == 0;
	struct pool_counts total = {0};
	const char *only = getenv("FAULT_SCENE");
	const time_t start = time(NULL);
	unsigned number = 0, failed = 0;
	size_t count;
	const struct scene *scene = scenes(&count);

	for (size_t i = 0; i < 2 * count && !(is_short && failed > 0); i++) {
		struct run run = {.scene = &scene[i / 2],
		    .stack = stack,
		    .in_parts = i % 2 != 0};
		bool is_ok;

		if (only != NULL && strstr(run.scene->name, only) == NULL)
			continue;
		if (!scene_is_possible(run.scene)) {
			printf("ok %u - %s # SKIP no mount namespace\n",
			    ++number, run.scene->name);
			continue;
		}
		is_ok = run_scene(&run, workers, sample, &total);

		failed += !is_ok;
		printf("%sok %u - %s, %s\n", is_ok ? "" : "not ", ++number,
		    run.scene->name, run.in_parts ? "in parts" : "whole");
		(void)fflush(stdout);
	}
	printf("1..%u\n", number);
	printf("# in all, %ld s:\n", (long)(time(NULL) - start));
	say(&total);
	return failed == 0;
}

int
main(void)
{
	const unsigned workers = number_of("FAULT_WORKERS", 2);
	void *state = NULL;
	bool is_ok;

	if (workers < 1 || workers > SCENE_WORKERS_MAX)
		return 2;
	pool_begin();
	if (stack_setup(&state) != 0)
		return 1;
	if (state == NULL) {
		printf("1..1\nok 1 - faults # SKIP needs root\n");
		return 0;
	}
	if (stack_reset(&state) != 0 || !find_module(state))
		return 1;
	scenes_begin(state, workers);
	is_ok = run_all(state, workers);
	scenes_end();
	return stack_teardown(&state) == 0 && is_ok ? 0 : 1;
}
