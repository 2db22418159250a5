/*
 * A refusal is not told before its time, whatever was refused: neither the work
 * that a document costs nor sshd's mask is in it.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "module/login.h"
#include "module/refusal.h"
#include "unit/unit.h"

/* A verdict, a scheduler and a busy machine; the least is what counts. */
#define AT_MOST_MS 5000

static int64_t
monotonic_ms(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
other_code(struct client *client, struct sim_document *doc)
{
	(void)client;
	doc->pcr[0][0] ^= 1;
}

static const char *const junk[] = {"x", NULL};

static const struct {
	const char *name, *user;
	struct client client;
	nitro_err expected;
} refusals[] = {
    {"other code", "deploy", {.edit = other_code}, NITRO_E_PCR},
    {"junk", "deploy", {.script = client_lines, .lines = junk}, NITRO_E_BASE64},
    {"in no rule", "nobody", {0}, NITRO_E_USER},
    {"masked by sshd", "deploy", {.is_masked = true}, NITRO_E_MASKED},
    {"masked by sshd, in parts", "deploy",
	{.script = client_parts, .is_masked = true}, NITRO_E_MASKED},
};

/* O07 T20 */
static void
test_no_refusal_comes_sooner_than_another(void **state)
{
	const struct stack *stack = stack_need(state);
	unsigned wrong = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(refusals); i++) {
		NITRO_DROP(login_close)
		struct login login = {
		    .client = refusals[i].client, .is_patient = true};
		int64_t ms = -monotonic_ms();

		login_open(&login, stack, refusals[i].user);
		(void)login_authenticate(&login);
		ms += monotonic_ms();
		wrong += login_differs(
		    &login, refusals[i].name, refusals[i].expected);
		assert_int_in_range(ms, NITRO_REFUSAL_MS, AT_MOST_MS);
	}
	assert_int_equal(wrong, 0);
}

static volatile sig_atomic_t alarms;

static void
on_alarm(int number)
{
	(void)number;
	alarms++;
}

static void
test_signals_of_the_host_do_not_make_it_sooner(void **state)
{
	const struct itimerval every_5_ms = {{0, 5000}, {0, 5000}};
	struct sigaction action = {.sa_handler = on_alarm}, before;
	NITRO_DROP(login_close)
	struct login login = {.client = refusals[1].client, .is_patient = true};
	int64_t ms = -monotonic_ms();

	login_open(&login, stack_need(state), refusals[1].user);
	alarms = 0;
	assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &every_5_ms, NULL), 0);
	(void)login_authenticate(&login);
	ms += monotonic_ms();
	assert_int_equal(
	    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL),
	    0);
	assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
	assert_int_equal(
	    login_differs(&login, "under signals", refusals[1].expected), 0);
	assert_true(alarms > 1);
	assert_int_in_range(ms, NITRO_REFUSAL_MS, AT_MOST_MS);
}

static unsigned
left_to_wait(const struct stack *stack, size_t i)
{
	NITRO_DROP(login_close)
	struct login login = {.client = refusals[i].client};

	login_open(&login, stack, refusals[i].user);
	(void)login_authenticate(&login);
	return login.wait_us;
}

/* An application with other things to do waits itself, and is told how long. */
static void
test_an_application_may_wait_itself(void **state)
{
	const struct stack *stack = stack_need(state);

	for (size_t i = 0; i < NITRO_COUNT_OF(refusals); i++) {
		unsigned us = left_to_wait(stack, i);

		/* On a busy machine the time may be over already. */
		for (unsigned tries = 1; us == 0 && tries < 100; tries++)
			us = left_to_wait(stack, i);
		assert_int_in_range(us, 1, NITRO_REFUSAL_MS * 1000);
	}
}

/* Its record had to wait for somebody who holds the store. */
static void
test_a_refusal_that_took_longer_waits_no_more(void **state)
{
	const struct stack *stack = stack_need(state);
	NITRO_DROP(login_close)
	struct login login = {.client = refusals[0].client};
	char path[PATH_MAX], byte;
	int ends[2], status = -1;
	pid_t holder;

	stack_settings(stack, "evidence = { directory = \"~/evidence\"; };\n");
	stack_path(stack, "evidence", path);
	assert_int_equal(mkdir(path, 0700), 0);
	stack_path(stack, "evidence/.lock", path);
	assert_int_equal(pipe(ends), 0);
	holder = fork();
	assert_true(holder >= 0);
	if (holder == 0) {
		int fd = open(path, O_RDWR | O_CREAT, 0600);

		if (flock(fd, LOCK_EX) != 0 || write(ends[1], "x", 1) != 1)
			_exit(1);
		(void)usleep(4 * NITRO_REFUSAL_MS * 1000);
		_exit(0);
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	login_open(&login, stack, refusals[0].user);
	(void)login_authenticate(&login);
	assert_int_equal(waitpid(holder, &status, 0), holder);
	assert_int_equal(status, 0);
	assert_int_equal(
	    login_differs(&login, "a held store", refusals[0].expected), 0);
	assert_int_equal(login.wait_us, 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* Admitted, or refused before any prompt: there is nothing to hide. */
static void
test_nobody_else_waits(void **state)
{
	const struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0}, early = {0};

	login_open(&login, stack, "deploy");
	assert_int_equal(login_authenticate(&login), PAM_SUCCESS);
	assert_int_equal(login.wait_us, 0);
	stack_settings(stack, "nonsense");
	login_open(&early, stack, "deploy");
	assert_int_equal(login_authenticate(&early), PAM_SYSTEM_ERR);
	assert_int_equal(early.wait_us, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STACK_TEST(test_no_refusal_comes_sooner_than_another),
	    STACK_TEST(test_signals_of_the_host_do_not_make_it_sooner),
	    STACK_TEST(test_an_application_may_wait_itself),
	    STACK_TEST(test_a_refusal_that_took_longer_waits_no_more),
	    STACK_TEST(test_nobody_else_waits),
	};

	return stack_run(tests);
}
