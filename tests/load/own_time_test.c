/*
 * The module's own time, and what it keeps: one login after the other and 50 at
 * once, through real libpam, without sshd, network and syslogd.
 *
 * before  from pam_authenticate(3) to the challenge: the files
 * after   from the last answer to the end of pam_authenticate(3): sandbox,
 *         signatures, policy, log line; refused logins without the time that
 *         they wait on purpose (module/refusal.h)
 * cpu     user and system time of the whole login, with that of the sandbox;
 *         without that of the client here, which makes the document
 *
 * five    five P-384 verifications in the same process, right after the login
 *
 * Wall-clock figures of 50 at once are those of a queue: on n processors each
 * waits for 50/n others. CPU time is what a login costs. That of a processor
 * which others use too is longer by as much as five verifications are: the
 * limit is on how many times their length a login has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "module/five_signatures.h"
#include "module/login.h"
#include "unit/unit.h"

#define LOGINS 1000
#define AT_ONCE 50
#define FIVES_MOST 4.5 /* of CPU, one login in the middle; now about 2.5 */
#define GROWTH_KIB_MOST 64

struct times {
	double before_ms, after_ms, cpu_ms, five_ms, cpu_fives;
};

/* Of the one login that this process is in. */
static struct {
	double asked_ms, answered_ms, client_cpu_ms;
} now;

static double
ms_of(const struct timespec *time)
{
	return (double)time->tv_sec * 1e3 + (double)time->tv_nsec / 1e6;
}

static double
clock_ms(clockid_t clock)
{
	struct timespec time = {0};

	assert_int_equal(clock_gettime(clock, &time), 0);
	return ms_of(&time);
}

static double
children_cpu_ms(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_CHILDREN, &usage), 0);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static double
cpu_ms(void)
{
	return clock_ms(CLOCK_PROCESS_CPUTIME_ID) + children_cpu_ms();
}

static int
answer_timed(struct client *client, struct pam_response **responses)
{
	double cpu;
	int result;

	now.asked_ms = clock_ms(CLOCK_MONOTONIC);
	cpu = cpu_ms();
	result = client_whole(client, responses);
	now.client_cpu_ms = cpu_ms() - cpu;
	now.answered_ms = clock_ms(CLOCK_MONOTONIC);
	return result;
}

static bool
bad_signature(struct client *client, const struct sim_document *doc,
    struct nitro_buf *evidence)
{
	if (!sim_attest(client->pki, doc, evidence))
		return false;
	evidence->ptr[evidence->len - 1] ^= 1;
	return true;
}

/* Every other login is refused, by the dearest of the refusals. */
static void
log_in(const struct stack *stack, unsigned i, struct times *times)
{
	NITRO_DROP(login_close)
	struct login login = {.client = {.script = answer_timed,
				  .make = i % 2 == 0 ? NULL : bad_signature}};
	double begin, cpu;

	login_open(&login, stack, "deploy");
	cpu = cpu_ms();
	begin = clock_ms(CLOCK_MONOTONIC);
	(void)login_authenticate(&login);
	times->after_ms = clock_ms(CLOCK_MONOTONIC) - now.answered_ms;
	times->cpu_ms = cpu_ms() - cpu - now.client_cpu_ms;
	times->before_ms = now.asked_ms - begin;
	begin = clock_ms(CLOCK_PROCESS_CPUTIME_ID);
	verify_five_signatures();
	times->five_ms = clock_ms(CLOCK_PROCESS_CPUTIME_ID) - begin;
	times->cpu_fives = times->cpu_ms / times->five_ms;
	assert_int_equal(login_differs(&login, "timed",
			     i % 2 == 0 ? NITRO_OK : NITRO_E_COSE_SIG),
	    0);
}

static int
ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Prints, and gives the value in the middle of LOGINS. */
static double
show(const char *what, const char *unit, const struct times *times,
    size_t offset)
{
	static double values[LOGINS];

	for (size_t i = 0; i < LOGINS; i++)
		memcpy(&values[i], (const char *)&times[i] + offset,
		    sizeof values[i]);
	qsort(values, LOGINS, sizeof *values, ascending);
	print_message("# %s: median %.2f p99 %.2f max %.2f %s of %d\n", what,
	    values[LOGINS / 2], values[LOGINS * 99 / 100], values[LOGINS - 1],
	    unit, LOGINS);
	return values[LOGINS / 2];
}

/* The median of what a login costs, in fives of verifications. */
static double
show_all(const struct times *times)
{
	(void)show("before", "ms", times, offsetof(struct times, before_ms));
	(void)show("after", "ms", times, offsetof(struct times, after_ms));
	(void)show("cpu", "ms", times, offsetof(struct times, cpu_ms));
	(void)show("five", "ms", times, offsetof(struct times, five_ms));
	return show("cpu", "fives", times, offsetof(struct times, cpu_fives));
}

static long
resident_kib(void)
{
	char text[64] = "";
	char *end = NULL;
	FILE *file = fopen("/proc/self/statm", "re");

	assert_non_null(file);
	assert_non_null(fgets(text, sizeof text, file));
	assert_int_equal(fclose(file), 0);
	(void)strtol(text, &end, 10);
	return strtol(end, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}

/* R02 R03 M10 */
static void
test_one_after_the_other_in_one_process(void **state)
{
	static struct times times[LOGINS];
	struct stack *stack = stack_need(state);
	long before, after;

	/* Tables of libcrypto and what malloc(3) keeps for a thread fill up first. */
	for (unsigned i = 0; i < LOGINS; i++)
		log_in(stack, i, &times[i]);
	before = resident_kib();
	for (unsigned i = 0; i < LOGINS; i++)
		log_in(stack, i, &times[i]);
	after = resident_kib();
	print_message("# resident %ld KiB, after %d logins %ld KiB\n", before,
	    LOGINS, after);
	assert_true(show_all(times) <= FIVES_MOST || UNIT_IS_SANITIZED);
	assert_true(after - before <= GROWTH_KIB_MOST || UNIT_IS_SANITIZED);
}

static pid_t
start(const struct stack *stack, struct times *times)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (unsigned i = 0; i < LOGINS / AT_ONCE; i++)
			log_in(stack, i, &times[i]);
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

/* R02 */
static void
test_fifty_at_once(void **state)
{
	struct stack *stack = stack_need(state);
	const size_t size = LOGINS * sizeof(struct times);
	struct times *times = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid[AT_ONCE];
	int status;

	assert_ptr_not_equal(times, MAP_FAILED);
	for (size_t i = 0; i < AT_ONCE; i++)
		pid[i] = start(stack, &times[i * (LOGINS / AT_ONCE)]);
	for (size_t i = 0; i < AT_ONCE; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
	}
	assert_true(show_all(times) <= FIVES_MOST || UNIT_IS_SANITIZED);
	assert_int_equal(munmap(times, size), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STACK_TEST(test_one_after_the_other_in_one_process),
	    STACK_TEST(test_fifty_at_once),
	};

	return stack_run(tests);
}
