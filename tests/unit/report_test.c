/* module/report.c, beside a libpam that fails, and with lines of any length. */
#include "module/report.h"

#include <security/pam_ext.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "unit/chain.h"
#include "unit/unit.h"

#define STAMP_MS (CHAIN_TIME_S * 1000)

/* --- libpam's part --- */

static max_align_t handle; /* nobody looks into it */
#define PAMH ((pam_handle_t *)(void *)&handle)

static char line[2 * NITRO_LOG_LINE_MAX];
static char put[4][2048]; /* what went into the environment, in its order */
static size_t puts_made;
static size_t put_that_fails; /* counted from 1; 0 for none */

void
pam_syslog(const pam_handle_t *pamh, int priority, const char *fmt, ...)
{
	va_list args;

	(void)pamh;
	(void)priority;
	va_start(args, fmt);
	(void)vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
}

int
pam_putenv(pam_handle_t *pamh, const char *name_value)
{
	(void)pamh;
	assert_true(puts_made < NITRO_COUNT_OF(put));
	(void)snprintf(put[puts_made++], sizeof put[0], "%s", name_value);
	return puts_made == put_that_fails ? PAM_BUF_ERR : PAM_SUCCESS;
}

/* --- attempts --- */

static char workload[] = "builder", version[] = "1.4.2";
static const struct nitro_entry entry = {
    .workload = workload, .version = version};

/* One that was admitted. */
static struct nitro_attempt
admitted(void)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	struct nitro_attempt attempt = {.decision.entry = &entry};

	attempt.verdict.verified = chain_verified(STAMP_MS, &evidence);
	return attempt;
}

static void
report(nitro_err err, const struct nitro_attempt *attempt)
{
	line[0] = '\0';
	nitro_report(PAMH, err, attempt);
}

static nitro_err
report_environment(const struct nitro_attempt *attempt, size_t failing)
{
	puts_made = 0;
	put_that_fails = failing;
	return nitro_report_environment(PAMH, attempt);
}

static void
test_the_environment_names_what_was_admitted(void **state)
{
	NITRO_DROP(nitro_attempt_drop)
	struct nitro_attempt attempt = admitted();
	char module_id[sizeof put[0]];
	const struct nitro_bytes id = nitro_verified_module_id(
	    attempt.verdict.verified);

	(void)state;
	(void)snprintf(module_id, sizeof module_id, "PAM_NITRO_MODULE_ID=%.*s",
	    (int)id.len, (const char *)id.ptr);
	assert_err(report_environment(&attempt, 0), NITRO_OK);
	assert_int_equal(puts_made, 4);
	assert_string_equal(put[0], "PAM_NITRO_KIND=enclave");
	assert_string_equal(put[1], "PAM_NITRO_WORKLOAD=builder");
	assert_string_equal(put[2], "PAM_NITRO_VERSION=1.4.2");
	assert_string_equal(put[3], module_id);
}

/* The first that libpam does not take is the last. */
static void
test_an_environment_that_is_not_taken_is_said(void **state)
{
	NITRO_DROP(nitro_attempt_drop)
	struct nitro_attempt attempt = admitted();

	(void)state;
	for (size_t i = 1; i <= NITRO_COUNT_OF(put); i++) {
		assert_err(report_environment(&attempt, i), NITRO_E_PAM);
		assert_int_equal(puts_made, i);
	}
}

static void
test_nobody_is_named_where_entry_or_document_is_missing(void **state)
{
	NITRO_DROP(nitro_attempt_drop)
	struct nitro_attempt attempt = admitted();
	const struct nitro_attempt no_document = {.decision.entry = &entry};
	struct nitro_attempt no_entry = attempt;

	(void)state;
	no_entry.decision.entry = NULL;
	assert_err(report_environment(&no_entry, 0), NITRO_E_INTERNAL);
	assert_err(report_environment(&no_document, 0), NITRO_E_INTERNAL);
	assert_int_equal(puts_made, 0);
}

/* The record is that of a login; a refusal vouches for nothing. */
static void
test_the_record_is_of_an_admission_alone(void **state)
{
	NITRO_DROP(nitro_attempt_drop)
	struct nitro_attempt attempt = admitted();

	(void)state;
	report(NITRO_OK, &attempt);
	assert_non_null(strstr(line, "result=allow"));
	assert_non_null(strstr(line, " sha384="));
	report(NITRO_E_PCR, &attempt);
	assert_non_null(strstr(line, "result=deny"));
	assert_null(strstr(line, " sha384="));
}

/* At every length of what stands before it. */
static void
test_a_field_is_whole_or_not_there(void **state)
{
	NITRO_DROP(nitro_attempt_drop)
	struct nitro_attempt attempt = admitted();
	const char *at;
	size_t with = 0, without = 0, longest = 0;

	(void)state;
	for (size_t i = 0; i < sizeof attempt.fault.text - 1; i++) {
		attempt.fault.text[i] = 'x';
		report(NITRO_OK, &attempt);
		if (strlen(line) > longest)
			longest = strlen(line);
		if ((at = strstr(line, " sha384=")) == NULL) {
			without++;
			continue;
		}
		with++;
		assert_int_equal(
		    strlen(at), strlen(" sha384=") + 2 * NITRO_SHA384_LEN);
	}
	assert_true(with > 0);
	assert_true(without > 0);
	assert_int_equal(longest, NITRO_LOG_LINE_MAX);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_environment_names_what_was_admitted),
	    cmocka_unit_test(test_an_environment_that_is_not_taken_is_said),
	    cmocka_unit_test(
		test_nobody_is_named_where_entry_or_document_is_missing),
	    cmocka_unit_test(test_the_record_is_of_an_admission_alone),
	    cmocka_unit_test(test_a_field_is_whole_or_not_there),
	};

	return cmocka_run_group_tests(tests, chain_make, chain_drop);
}
