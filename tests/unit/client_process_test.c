#include "client/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit/unit.h"

#define IN_TIME_MS 20000

static bool
shell(const char *script, const struct nitro_process_options *options,
    struct nitro_process_result *result)
{
	const char *const argv[] = {"/bin/sh", "-c", script, NULL};
	struct nitro_complaint why;

	assert_true(nitro_process_run(argv, options, result, &why));
	return nitro_process_succeeded(result);
}

static void
test_both_outputs_and_the_status_are_kept(void **state)
{
	const struct nitro_process_options options = {
	    .deadline_ms = IN_TIME_MS, .output_max = 100};
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result result = {0};
	char what[NITRO_ESCAPED_MAX];

	(void)state;
	assert_false(
	    shell("echo out; echo err >&2; exit 3", &options, &result));
	assert_int_equal(result.status, 3);
	assert_true(nitro_bytes_equal_text(
	    nitro_bytes_of_buf(&result.output), "out\n"));
	assert_true(nitro_bytes_equal_text(
	    nitro_bytes_of_buf(&result.errors), "err\n"));
	nitro_process_describe(&result, what);
	assert_string_equal(what, "ended with status 3: err");
}

static void
test_input_of_any_length_reaches_the_program(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf input = {0};
	struct nitro_process_options options = {
	    .deadline_ms = IN_TIME_MS, .output_max = 1u << 20};
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result all = {0}, none = {0};

	(void)state;
	unit_fill(&input, 'x', 1u << 18);
	options.input = nitro_bytes_of_buf(&input);
	assert_true(shell("cat; cat >/dev/null", &options, &all));
	assert_int_equal(all.output.len, input.len);
	options.input = (struct nitro_bytes){0};
	assert_true(shell("cat", &options, &none));
	assert_int_equal(none.output.len, 0);
}

static void
test_output_may_fill_its_limit_and_not_pass_it(void **state)
{
	struct nitro_process_options options = {
	    .deadline_ms = IN_TIME_MS, .output_max = 70000};
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result at = {0}, over = {0};

	(void)state;
	assert_true(shell("head -c 70000 /dev/zero", &options, &at));
	assert_int_equal(at.output.len, 70000);
	assert_false(shell("head -c 70001 /dev/zero", &options, &over));
	assert_true(over.is_too_large);
}

static void
test_endless_standard_error_is_read_and_cut(void **state)
{
	const struct nitro_process_options options = {
	    .deadline_ms = IN_TIME_MS, .output_max = 10};
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result result = {0};

	(void)state;
	assert_true(
	    shell("head -c 300000 /dev/zero >&2; echo ok", &options, &result));
	assert_true(result.errors.len >= 4096 && result.errors.len <= 8192);
	assert_int_equal(result.output.len, 3);
}

/* The reader of a pipe sees its end only when every writer is gone. */
static void
test_at_the_deadline_the_whole_group_is_killed(void **state)
{
	const struct nitro_process_options options = {
	    .deadline_ms = 300, .output_max = 100, .has_own_group = true};
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result result = {0};
	char what[NITRO_ESCAPED_MAX], rest;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_false(
	    shell("tail -f /dev/null & tail -f /dev/null", &options, &result));
	assert_true(result.is_late);
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], &rest, 1), 0);
	(void)close(ends[0]);
	nitro_process_describe(&result, what);
	assert_string_equal(what, "did not end in time");
}

static void
test_closing_its_outputs_does_not_pass_the_deadline(void **state)
{
	const struct nitro_process_options options = {
	    .deadline_ms = 300, .output_max = 100};
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result result = {0};

	(void)state;
	assert_false(shell(
	    "exec >&- 2>&-; tail -f /dev/null >/dev/null", &options, &result));
	assert_true(result.is_late);
}

static void
test_a_signal_is_a_status_above_128(void **state)
{
	const struct nitro_process_options options = {
	    .deadline_ms = IN_TIME_MS, .output_max = 100};
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result result = {0};

	(void)state;
	assert_false(shell("kill -SEGV $$", &options, &result));
	assert_int_equal(result.status, 128 + SIGSEGV);
}

static void
test_a_missing_program_is_status_127_and_says_so(void **state)
{
	const char *const argv[] = {"no-such-program", NULL};
	const struct nitro_process_options options = {
	    .deadline_ms = IN_TIME_MS, .output_max = 100};
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result result = {0};
	struct nitro_complaint why;
	char what[NITRO_ESCAPED_MAX];

	(void)state;
	assert_true(nitro_process_run(argv, &options, &result, &why));
	assert_int_equal(result.status, 127);
	nitro_process_describe(&result, what);
	assert_non_null(strstr(what, "cannot run no-such-program"));
}

static void
test_environment_is_set_for_the_program_alone(void **state)
{
	static const char *const environment[] = {
	    "NITRO_TEST_A", "1", "NITRO_TEST_B", "two words", NULL};
	const struct nitro_process_options options = {.deadline_ms = IN_TIME_MS,
	    .output_max = 100,
	    .environment = environment};
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result result = {0};

	(void)state;
	assert_true(
	    shell("echo \"$NITRO_TEST_A,$NITRO_TEST_B\"", &options, &result));
	assert_true(nitro_bytes_equal_text(
	    nitro_bytes_of_buf(&result.output), "1,two words\n"));
	assert_null(getenv("NITRO_TEST_A"));
}

/* Last, because it holds the signals of this process for good. */
static void
test_programs_do_not_inherit_held_signals(void **state)
{
	const struct nitro_process_options options = {
	    .deadline_ms = IN_TIME_MS, .output_max = 100};
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result before = {0}, after = {0};
	static const char mask[] = "grep SigBlk /proc/self/status";
	sigset_t held;

	(void)state;
	assert_true(shell(mask, &options, &before));
	nitro_process_hold_signals();
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &held), 0);
	assert_true(sigismember(&held, SIGTERM) == 1);
	assert_true(shell(mask, &options, &after));
	assert_true(nitro_bytes_equal(nitro_bytes_of_buf(&before.output),
	    nitro_bytes_of_buf(&after.output)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_outputs_and_the_status_are_kept),
	    cmocka_unit_test(test_input_of_any_length_reaches_the_program),
	    cmocka_unit_test(test_output_may_fill_its_limit_and_not_pass_it),
	    cmocka_unit_test(test_endless_standard_error_is_read_and_cut),
	    cmocka_unit_test(test_at_the_deadline_the_whole_group_is_killed),
	    cmocka_unit_test(
		test_closing_its_outputs_does_not_pass_the_deadline),
	    cmocka_unit_test(test_a_signal_is_a_status_above_128),
	    cmocka_unit_test(test_a_missing_program_is_status_127_and_says_so),
	    cmocka_unit_test(test_environment_is_set_for_the_program_alone),
	    cmocka_unit_test(test_programs_do_not_inherit_held_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
