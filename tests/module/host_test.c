/*
 * A host whose randomness and clocks fail or jump. The module calls the C
 * library's functions, and this program's come before them; what is tested
 * is the module as it is shipped.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "module/captured_log.h"
#include "module/login.h"
#include "unit/unit.h"

#define SHOWN __attribute__((visibility("default")))

enum randomness {
	RANDOM_IS_GOOD,
	RANDOM_FAILS,       /* with the errno of the host */
	RANDOM_GIVES_NONE,  /* returns 0 */
	RANDOM_INTERRUPTED, /* EINTR three times, then good */
	RANDOM_IS_SHORT     /* a byte at a time */
};

static struct {
	enum randomness randomness;
	int error;
	unsigned random_calls;
	int64_t ahead_s[2]; /* CLOCK_REALTIME, CLOCK_MONOTONIC */
	bool fails[2];
	unsigned readings[2], failing[2]; /* the one that fails; 0 for none */
} host;

SHOWN ssize_t host_getrandom(void *buffer, size_t len, unsigned flags) __asm__(
    "getrandom");
SHOWN int host_clock_gettime(clockid_t id, struct timespec *now) __asm__(
    "clock_gettime");

ssize_t
host_getrandom(void *buffer, size_t len, unsigned flags)
{
	host.random_calls++;
	switch (host.randomness) {
	case RANDOM_IS_GOOD:
		break;
	case RANDOM_FAILS:
		errno = host.error;
		return -1;
	case RANDOM_GIVES_NONE:
		return 0;
	case RANDOM_INTERRUPTED:
		if (host.random_calls > 3)
			break;
		errno = EINTR;
		return -1;
	case RANDOM_IS_SHORT:
		len = len > 0 ? 1 : 0;
		break;
	}
	return syscall(SYS_getrandom, buffer, len, flags);
}

int
host_clock_gettime(clockid_t id, struct timespec *now)
{
	const bool is_ours = id == CLOCK_REALTIME || id == CLOCK_MONOTONIC;

	if (is_ours &&
	    (++host.readings[id] == host.failing[id] || host.fails[id])) {
		errno = EINVAL;
		return -1;
	}
	if (syscall(SYS_clock_gettime, id, now) != 0)
		return -1;
	if (is_ours)
		now->tv_sec += (time_t)host.ahead_s[id];
	return 0;
}

static int
reset(void **state)
{
	memset(&host, 0, sizeof host);
	return stack_reset(state);
}

static int
mend(void **state)
{
	(void)state;
	memset(&host, 0, sizeof host);
	return 0;
}

#define HOST_TEST(fn) \
	{ \
#fn, fn, reset, mend, NULL \
	}

/* T25 R08 */
static void
test_without_random_bytes_there_is_no_prompt(void **state)
{
	static const struct {
		enum randomness randomness;
		int error;
	} rows[] = {
	    {RANDOM_FAILS, ENOSYS},
	    {RANDOM_FAILS, EPERM},
	    {RANDOM_FAILS, EFAULT},
	    {RANDOM_FAILS, EAGAIN},
	    {RANDOM_GIVES_NONE, 0},
	};
	struct stack *stack = stack_need(state);

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(login_close) struct login login = {0};

		host.randomness = rows[i].randomness;
		host.error = rows[i].error;
		login_open(&login, stack, "deploy");
		login_authenticate(&login);
		assert_int_equal(
		    login_differs(&login, "T25", NITRO_E_RANDOM), 0);
		assert_int_equal(login.client.prompt_count, 0);
		assert_non_null(strstr(captured_line(0), " ref=00000000 "));
	}
}

/* T25 */
static void
test_interrupted_and_short_reads_are_continued(void **state)
{
	static const enum randomness rows[] = {
	    RANDOM_INTERRUPTED, RANDOM_IS_SHORT};
	struct stack *stack = stack_need(state);

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(login_close) struct login login = {0};
		unsigned zeros = 0;

		host.randomness = rows[i];
		host.random_calls = 0;
		login_open(&login, stack, "deploy");
		login_authenticate(&login);
		assert_int_equal(login_differs(&login, "T25", NITRO_OK), 0);
		/* All 32 were drawn, one by one. */
		assert_true(
		    host.random_calls >= (rows[i] == RANDOM_IS_SHORT ? 32 : 4));
		for (unsigned j = 0; j < 32; j++)
			zeros += login.client.nonce[j] == 0;
		assert_int_in_range(zeros, 0, 8);
	}
}

/* The time of the host minus that of the client, who is right. */
/* F09 */
static void
test_a_wrong_clock_refuses_and_says_by_how_much(void **state)
{
	static const struct {
		int64_t ahead_s;
		nitro_err expected;
	} rows[] = {
	    {0, NITRO_OK},
	    {50, NITRO_OK},
	    {-3, NITRO_OK},
	    {62, NITRO_E_TOO_OLD},
	    {-7, NITRO_E_FROM_FUTURE},
	    {3600, NITRO_E_TOO_OLD},
	    {-3600, NITRO_E_FROM_FUTURE},
	    {86400, NITRO_E_TOO_OLD},
	    {-86400, NITRO_E_FROM_FUTURE},
	    {INT64_C(86400) * 365 * 20, NITRO_E_TOO_OLD},
	    {INT64_C(86400) * 365 * 80, NITRO_E_TOO_OLD},
	};
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(login_close) struct login login = {0};
		char name[32];
		const char *age;

		(void)snprintf(
		    name, sizeof name, "%" PRId64 " s", rows[i].ahead_s);
		host.ahead_s[CLOCK_REALTIME] = rows[i].ahead_s;
		login_open(&login, stack, "deploy");
		login_authenticate(&login);
		differences += login_differs(&login, name, rows[i].expected);
		age = strstr(captured_line(0), " age_ms=");
		assert_non_null(age);
		assert_int_in_range(
		    strtoll(age + strlen(" age_ms="), NULL, 10) -
			rows[i].ahead_s * 1000,
		    0, 5000);
	}
	assert_int_equal(differences, 0);
}

/* F09 */
static void
test_a_clock_of_1970_refuses(void **state)
{
	struct stack *stack = stack_need(state);
	struct login login = {0};

	/* An hour after it, and, as good as no clock, an hour before. */
	host.ahead_s[CLOCK_REALTIME] = 3600 - (int64_t)time(NULL);
	assert_int_equal(
	    login_once(&login, stack, "deploy", NITRO_E_FROM_FUTURE), 0);
	host.ahead_s[CLOCK_REALTIME] -= 7200;
	assert_int_equal(login_once(&login, stack, "deploy", NITRO_E_CLOCK), 0);
}

/* Both clocks may jump while the client thinks about part number `at`. */
struct jump {
	unsigned at;
	int64_t s[2];
};

static int
jump_and_answer(struct client *client, struct pam_response **responses)
{
	const struct jump *jump = client->context;

	if (client->part == jump->at) {
		host.ahead_s[CLOCK_REALTIME] += jump->s[CLOCK_REALTIME];
		host.ahead_s[CLOCK_MONOTONIC] += jump->s[CLOCK_MONOTONIC];
	}
	return client_parts(client, responses);
}

/* F12 F13 R09 T14 */
static void
test_an_answer_has_a_minute_of_the_clock_that_nobody_sets(void **state)
{
	static const struct {
		struct jump jump;
		nitro_err expected;
		unsigned prompts; /* 0: all */
	} rows[] = {
	    {{1, {0, 58}}, NITRO_OK, 0},
	    {{1, {0, 61}}, NITRO_E_ANSWER_LATE, 1},
	    {{3, {0, 61}}, NITRO_E_ANSWER_LATE, 3},
	    {{3, {0, 3600}}, NITRO_E_ANSWER_LATE, 3},
	    /* The other one decides about age alone. */
	    {{1, {50, 0}}, NITRO_OK, 0},
	    {{1, {61, 0}}, NITRO_E_TOO_OLD, 0},
	    {{1, {3600, 0}}, NITRO_E_TOO_OLD, 0},
	    {{1, {-3600, 0}}, NITRO_E_FROM_FUTURE, 0},
	};
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		struct jump jump = rows[i].jump;
		NITRO_DROP(login_close)
		struct login login = {
		    .client = {.script = jump_and_answer, .context = &jump}};
		char name[64];

		memset(&host, 0, sizeof host);
		(void)snprintf(name, sizeof name,
		    "part %u: %" PRId64 " %" PRId64, jump.at, jump.s[0],
		    jump.s[1]);
		login_open(&login, stack, "deploy");
		login_authenticate(&login);
		differences += login_differs(&login, name, rows[i].expected);
		if (rows[i].prompts > 0)
			assert_int_equal(
			    login.client.prompt_count, rows[i].prompts);
	}
	assert_int_equal(differences, 0);
}

static int
break_the_clock(struct client *client, struct pam_response **responses)
{
	host.fails[*(const clockid_t *)client->context] = true;
	return client_whole(client, responses);
}

static void
test_a_clock_that_cannot_be_read_refuses(void **state)
{
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC};
	struct stack *stack = stack_need(state);

	for (size_t i = 0; i < NITRO_COUNT_OF(clocks); i++) {
		clockid_t id = clocks[i];
		struct login during = {
		    .client = {.script = break_the_clock, .context = &id}};
		NITRO_DROP(login_close) struct login before = {0};

		memset(&host, 0, sizeof host);
		assert_int_equal(
		    login_once(&during, stack, "deploy", NITRO_E_CLOCK), 0);
		memset(&host, 0, sizeof host);
		host.fails[id] = true;
		login_open(&before, stack, "deploy");
		login_authenticate(&before);
		assert_int_equal(
		    login_differs(&before, "before", NITRO_E_CLOCK), 0);
	}
}

/* When it asks, was answered, has the answer whole, and waits for the verdict. */
static void
test_each_reading_of_the_clock_counts(void **state)
{
	struct stack *stack = stack_need(state);

	for (unsigned n = 1; n <= 4; n++) {
		struct login login = {0};

		memset(&host, 0, sizeof host);
		host.failing[CLOCK_MONOTONIC] = n;
		assert_int_equal(
		    login_once(&login, stack, "deploy", NITRO_E_CLOCK), 0);
		assert_true(host.readings[CLOCK_MONOTONIC] >= n);
	}
}

/* What went wrong first is what is said. */
static int
fail_and_break_the_clock(struct client *client, struct pam_response **responses)
{
	host.fails[CLOCK_MONOTONIC] = true;
	return client_fails(client, responses);
}

static void
test_an_answer_that_fails_is_said_without_a_clock(void **state)
{
	struct login login = {.client = {.script = fail_and_break_the_clock,
				  .code = PAM_CONV_ERR}};

	assert_int_equal(login_once(&login, stack_need(state), "deploy",
			     NITRO_E_CONVERSATION),
	    0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    HOST_TEST(test_without_random_bytes_there_is_no_prompt),
	    HOST_TEST(test_interrupted_and_short_reads_are_continued),
	    HOST_TEST(test_a_wrong_clock_refuses_and_says_by_how_much),
	    HOST_TEST(test_a_clock_of_1970_refuses),
	    HOST_TEST(
		test_an_answer_has_a_minute_of_the_clock_that_nobody_sets),
	    HOST_TEST(test_a_clock_that_cannot_be_read_refuses),
	    HOST_TEST(test_each_reading_of_the_clock_counts),
	    HOST_TEST(test_an_answer_that_fails_is_said_without_a_clock),
	};

	return stack_run(tests);
}
