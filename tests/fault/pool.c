#include "fault/pool.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STUCK_S 30
#define CLEAN_EVERY 61
#define BATCH_S 20 /* how long one answer is fresh enough */
/* Of processes that came to their end. */
#define STATUS_DONE 77
#define STATUS_LEFT_MEMORY 78
#define UNSURE_MAX 4096

/* Memory that workers, and the children of the module in them, share. */
static struct pool {
	atomic_uint early, late; /* the next jobs */
	atomic_uint runs, unreached, admitted, library_leaks, blamed;
	atomic_uint config_ends;
	atomic_uint by_kind[FAULT_SIDES][FAULT_KINDS];
	atomic_uint wrong[WRONGS];
	atomic_uint report_count;
	struct slot {
		struct fault_plan plan;
		unsigned job;
		pid_t pid;
	} slot[SCENE_WORKERS_MAX];
	char report[POOL_REPORTS_MAX][RUN_TEXT_MAX + 320];
} * pool;

void
pool_begin(void)
{
	void *memory = mmap(NULL, sizeof *pool, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	pool = memory;
}

struct fault_plan *
pool_plan(void)
{
	return &pool->slot[0].plan;
}

static void
report(const struct fault_plan *plan, const struct job *job, enum wrong wrong,
    const char *text)
{
	const unsigned number = atomic_fetch_add(&pool->report_count, 1);
	char what[256];

	atomic_fetch_add(&pool->wrong[wrong], 1);
	if (number >= POOL_REPORTS_MAX)
		return;
	run_describe(plan, job, what);
	(void)snprintf(pool->report[number], sizeof pool->report[number],
	    "%s: %s: %s", wrong_names[wrong], what, text);
}

static void
count_run(const struct run *run, const struct job *job)
{
	if (!run->is_reached) {
		atomic_fetch_add(&pool->unreached, 1);
		return;
	}
	atomic_fetch_add(&pool->runs, 1);
	atomic_fetch_add(&pool->by_kind[job->side][job->kind], 1);
	if (run->is_leak_of_library)
		atomic_fetch_add(&pool->library_leaks, 1);
	if (run->scene->expected == NITRO_OK && run->auth != PAM_SUCCESS &&
	    run->auth != PAM_SYSTEM_ERR)
		atomic_fetch_add(&pool->blamed, 1);
	if (run->is_admitted && run->wrong == WRONG_NOTHING)
		atomic_fetch_add(&pool->admitted, 1);
}

/* libconfig looks at no allocation of its own, and its scanner exits. */
static bool
is_end_of_libconfig(const struct fault_plan *plan, const struct job *job)
{
	return job->kind == FAULT_MEMORY &&
	       strncmp(fault_function_name(plan->function), "config_",
		   strlen("config_")) == 0;
}

/* A process ended before its time. */
static void
note_end(const struct fault_plan *plan, const struct job *job, int status)
{
	const bool is_stuck = WIFSIGNALED(status) &&
			      WTERMSIG(status) == SIGALRM;
	char text[64];

	if (is_end_of_libconfig(plan, job)) {
		atomic_fetch_add(&pool->config_ends, 1);
		return;
	}
	atomic_fetch_add(&pool->runs, 1);
	(void)snprintf(text, sizeof text, "%s %d",
	    WIFSIGNALED(status) ? "signal" : "exit status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	report(plan, job, is_stuck ? WRONG_STUCK : WRONG_CRASH, text);
}

static void
count_and_report(const struct run *run, const struct job *job)
{
	count_run(run, job);
	if (run->wrong != WRONG_NOTHING)
		report(run->plan, job, run->wrong, run->text);
}

/* One worker: its login, and what it makes of it. */
struct worker {
	struct run run;
	const struct pool_jobs *jobs;
	struct slot *slot;
	const struct job *job; /* in a copy: the one to do */
	unsigned unsure[UNSURE_MAX], unsure_count;
};

static void
do_early(struct worker *worker)
{
	struct run *run = &worker->run;
	unsigned i;

	while ((i = atomic_fetch_add(&pool->early, 1)) <
	       worker->jobs->early_count) {
		worker->slot->job = i;
		(void)alarm(STUCK_S);
		run_job(run, &worker->jobs->list[i]);
		count_and_report(run, &worker->jobs->list[i]);
		if (i % CLEAN_EVERY == 0 && !run_clean(run))
			report(run->plan, &worker->jobs->list[i],
			    WRONG_AFTERWARDS, run->text);
	}
}

/* In the worker: wait for its copy, and see how it ended. */
static void
await_copy(struct worker *worker, pid_t copy, unsigned i)
{
	int status = 0;

	if (waitpid(copy, &status, 0) != copy)
		abort();
	if (!WIFEXITED(status) ||
	    (WEXITSTATUS(status) != STATUS_DONE &&
		WEXITSTATUS(status) != STATUS_LEFT_MEMORY))
		note_end(worker->run.plan, &worker->jobs->list[i], status);
	else if (WEXITSTATUS(status) == STATUS_LEFT_MEMORY &&
		 worker->unsure_count < UNSURE_MAX)
		worker->unsure[worker->unsure_count++] = i;
}

/* Within a login that has its answer: each job goes on in a copy. */
static void
serve(void *context)
{
	struct worker *worker = context;
	struct fault_plan *plan = worker->run.plan;
	const struct fault_plan before = *plan;
	const time_t start = time(NULL);
	unsigned i;
	pid_t copy;

	while (time(NULL) - start < BATCH_S &&
	       worker->unsure_count < UNSURE_MAX &&
	       (i = atomic_fetch_add(&pool->late, 1)) < worker->jobs->count) {
		(void)alarm(2 * STUCK_S);
		worker->slot->job = i;
		if ((copy = fork()) < 0)
			abort();
		if (copy == 0) {
			(void)alarm(STUCK_S);
			/* A copy before this one has put the store in order. */
			scene_reset(worker->run.scene, worker->run.stack,
			    worker->run.worker);
			worker->job = &worker->jobs->list[i];
			run_set(&worker->run, worker->job);
			return;
		}
		await_copy(worker, copy, i);
		*plan = before;
	}
}

static void
do_late(struct worker *worker)
{
	struct run *run = &worker->run;
	bool has_left_memory;

	worker->unsure_count = 0;
	run->at_answer = serve;
	run->context = worker;
	(void)alarm(STUCK_S);
	run_set(run, NULL);
	has_left_memory = run_log_in(run);
	run->at_answer = NULL;
	if (worker->job != NULL) {
		if (!has_left_memory || run->wrong != WRONG_NOTHING)
			count_and_report(run, worker->job);
		_exit(has_left_memory && run->wrong == WRONG_NOTHING
			  ? STATUS_LEFT_MEMORY
			  : STATUS_DONE);
	}
	for (unsigned i = 0; i < worker->unsure_count; i++) {
		worker->slot->job = worker->unsure[i];
		(void)alarm(STUCK_S);
		run_job(run, &worker->jobs->list[worker->unsure[i]]);
		count_and_report(run, &worker->jobs->list[worker->unsure[i]]);
	}
}

static void
work(const struct run *model, const struct pool_jobs *jobs, unsigned number)
{
	static struct worker worker;

	worker = (struct worker){
	    .run = *model, .jobs = jobs, .slot = &pool->slot[number]};
	worker.run.worker = number;
	worker.run.plan = &worker.slot->plan;
	do_early(&worker);
	while (pool->late < jobs->count)
		do_late(&worker);
	(void)alarm(0);
	_exit(STATUS_DONE);
}

static void
start(const struct run *model, const struct pool_jobs *jobs, unsigned number)
{
	const pid_t child = fork();

	if (child < 0)
		abort();
	if (child == 0)
		work(model, jobs, number);
	pool->slot[number].pid = child;
}

static void
collect(struct pool_counts *counts)
{
	counts->runs += pool->runs;
	counts->unreached += pool->unreached;
	counts->admitted += pool->admitted;
	counts->library_leaks += pool->library_leaks;
	counts->blamed += pool->blamed;
	counts->config_ends += pool->config_ends;
	for (unsigned s = 0; s < FAULT_SIDES; s++)
		for (unsigned k = 0; k < FAULT_KINDS; k++)
			counts->by_kind[s][k] += pool->by_kind[s][k];
	for (unsigned i = 0; i < WRONGS; i++)
		counts->wrong[i] += pool->wrong[i];
	for (unsigned i = 0; i < pool->report_count && i < POOL_REPORTS_MAX;
	     i++)
		printf("# %s\n", pool->report[i]);
}

void
pool_run(const struct run *model, const struct pool_jobs *jobs,
    unsigned workers, struct pool_counts *counts)
{
	unsigned running = workers;
	int status;
	pid_t child;

	memset(pool, 0, sizeof *pool);
	pool->late = jobs->early_count;
	(void)fflush(NULL);
	for (unsigned i = 0; i < workers; i++)
		start(model, jobs, i);
	while (running > 0 && (child = waitpid(-1, &status, 0)) > 0) {
		struct slot *slot = pool->slot;

		while (slot->pid != child)
			slot++;
		if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_DONE) {
			running--;
			continue;
		}
		note_end(&slot->plan, &jobs->list[slot->job], status);
		start(model, jobs, (unsigned)(slot - pool->slot));
	}
	collect(counts);
}
