/*
 * A refusal is not told before its time, whatever was refused: neither the work
 * that a document costs nor sshd's mask is in it.
 */
#include <time.h>

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
		assert_in_range(ms, NITRO_REFUSAL_MS, AT_MOST_MS);
	}
	assert_int_equal(wrong, 0);
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
		assert_in_range(us, 1, NITRO_REFUSAL_MS * 1000);
	}
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
	    STACK_TEST(test_an_application_may_wait_itself),
	    STACK_TEST(test_nobody_else_waits),
	};

	return stack_run(tests);
}
