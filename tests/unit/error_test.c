#include "base/error.h"

#include <string.h>

#include "unit/unit.h"

#define VALUE(name, class, stage, token, sentence, advice) name,
static const nitro_err all[] = {NITRO_ERR_LIST(VALUE)};
#undef VALUE

static bool
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static void
test_the_list_is_whole(void **state)
{
	(void)state;
	assert_int_equal(NITRO_COUNT_OF(all), NITRO_ERR_COUNT);
	for (size_t i = 0; i < NITRO_COUNT_OF(all); i++)
		assert_int_equal(all[i], i);
}

static void
test_tokens_are_words_of_their_own(void **state)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	const char *token;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(all); i++) {
		token = nitro_err_token(all[i]);
		assert_int_in_range(strlen(token), 2, 32);
		assert_int_equal(strspn(token, letters), strlen(token));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(token, nitro_err_token(all[j]));
	}
}

static void
test_a_token_leads_back_to_its_outcome(void **state)
{
	static const char *const others[] = {"", "OK", "ok ", "pcr_mismatc"};
	nitro_err err;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(all); i++) {
		err = NITRO_E_INTERNAL;
		assert_true(nitro_err_find(nitro_err_token(all[i]), &err));
		assert_int_equal(err, all[i]);
	}
	for (size_t i = 0; i < NITRO_COUNT_OF(others); i++)
		assert_false(nitro_err_find(others[i], &err));
}

static void
test_every_outcome_has_a_sentence_and_advice(void **state)
{
	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(all); i++) {
		assert_true(strlen(nitro_err_sentence(all[i])) > 0);
		assert_true(is_printable(nitro_err_sentence(all[i])));
		assert_true(strlen(nitro_err_advice(all[i])) > 0);
		assert_true(is_printable(nitro_err_advice(all[i])));
	}
}

static void
test_only_ok_is_of_class_ok(void **state)
{
	(void)state;
	assert_int_equal(NITRO_OK, 0);
	assert_int_equal(nitro_err_class(NITRO_OK), NITRO_CLASS_OK);
	for (size_t i = 1; i < NITRO_COUNT_OF(all); i++)
		assert_int_not_equal(nitro_err_class(all[i]), NITRO_CLASS_OK);
}

static void
test_classes_and_stages_are_those_of_the_list(void **state)
{
	static const struct {
		nitro_err err;
		enum nitro_class class;
		enum nitro_stage stage;
		const char *token;
	} rows[] = {
	    {NITRO_E_SETTINGS, NITRO_CLASS_CONFIGURATION, NITRO_STAGE_SETTINGS,
		"settings_invalid"},
	    {NITRO_E_RANDOM, NITRO_CLASS_SYSTEM, NITRO_STAGE_CHALLENGE,
		"random_failed"},
	    {NITRO_E_MASKED, NITRO_CLASS_EVIDENCE, NITRO_STAGE_ANSWER,
		"user_masked_by_sshd"},
	    {NITRO_E_COSE_SIG, NITRO_CLASS_EVIDENCE, NITRO_STAGE_SIGNATURE,
		"signature_invalid"},
	    {NITRO_E_PCR, NITRO_CLASS_POLICY, NITRO_STAGE_POLICY,
		"pcr_mismatch"},
	    {NITRO_E_NOT_ATTESTED, NITRO_CLASS_POLICY, NITRO_STAGE_ACCOUNT,
		"not_attested"},
	    {NITRO_E_INTERNAL, NITRO_CLASS_SYSTEM, NITRO_STAGE_DONE,
		"internal_error"},
	};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		assert_int_equal(nitro_err_class(rows[i].err), rows[i].class);
		assert_int_equal(nitro_err_stage(rows[i].err), rows[i].stage);
		assert_string_equal(
		    nitro_err_token(rows[i].err), rows[i].token);
	}
}

static void
test_a_value_that_is_no_outcome_is_an_internal_error(void **state)
{
	static const int values[] = {
	    NITRO_ERR_COUNT, NITRO_ERR_COUNT + 1, 9999, -1};
	nitro_err err;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(values); i++) {
		memcpy(&err, &values[i], sizeof err);
		assert_string_equal(nitro_err_token(err), "internal_error");
		assert_int_equal(nitro_err_class(err), NITRO_CLASS_SYSTEM);
		assert_int_equal(nitro_err_stage(err), NITRO_STAGE_DONE);
		assert_string_equal(nitro_err_sentence(err),
		    nitro_err_sentence(NITRO_E_INTERNAL));
		assert_string_equal(
		    nitro_err_advice(err), nitro_err_advice(NITRO_E_INTERNAL));
	}
}

static void
test_stages_and_classes_have_names(void **state)
{
	const char *name;

	(void)state;
	assert_string_equal(nitro_stage_name(NITRO_STAGE_SETTINGS), "settings");
	assert_string_equal(nitro_stage_name(NITRO_STAGE_DONE), "done");
	assert_string_equal(nitro_class_name(NITRO_CLASS_OK), "ok");
	assert_string_equal(nitro_class_name(NITRO_CLASS_SYSTEM), "system");
	for (int i = NITRO_STAGE_SETTINGS; i <= NITRO_STAGE_DONE; i++) {
		name = nitro_stage_name((enum nitro_stage)i);
		assert_string_not_equal(name, "unknown");
		for (int j = NITRO_STAGE_SETTINGS; j < i; j++)
			assert_string_not_equal(
			    name, nitro_stage_name((enum nitro_stage)j));
	}
	for (int i = NITRO_CLASS_OK; i <= NITRO_CLASS_SYSTEM; i++) {
		name = nitro_class_name((enum nitro_class)i);
		assert_string_not_equal(name, "unknown");
		for (int j = NITRO_CLASS_OK; j < i; j++)
			assert_string_not_equal(
			    name, nitro_class_name((enum nitro_class)j));
	}
	assert_string_equal(nitro_stage_name((enum nitro_stage)99), "unknown");
	assert_string_equal(nitro_class_name((enum nitro_class)99), "unknown");
}

static void
test_a_fault_says_file_line_and_text(void **state)
{
	struct nitro_fault fault = {0};

	(void)state;
	assert_err(nitro_fault_set(&fault, NITRO_E_SETTINGS, "/etc/x", 12,
		       "unknown key \"%s\"", "bind"),
	    NITRO_E_SETTINGS);
	assert_err(fault.err, NITRO_E_SETTINGS);
	assert_int_equal(fault.line, 12);
	assert_string_equal(fault.file, "/etc/x");
	assert_string_equal(fault.text, "unknown key \"bind\"");
}

static void
test_a_fault_is_printable_and_cut_to_fit(void **state)
{
	struct nitro_fault fault = {0};
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	assert_err(
	    nitro_fault_set(&fault, NITRO_E_FILE_UNSAFE, text, 0, "%s", text),
	    NITRO_E_FILE_UNSAFE);
	assert_int_equal(strlen(fault.file), sizeof fault.file - 1);
	assert_int_equal(strlen(fault.text), sizeof fault.text - 1);
	assert_err(nitro_fault_set(&fault, NITRO_E_FILE_UNSAFE, "/a\n\x1b[2J",
		       3, "b ~\r\n\x7f\xc2\x9b%s", "%n"),
	    NITRO_E_FILE_UNSAFE);
	assert_string_equal(fault.file, "/a??[2J");
	assert_string_equal(fault.text, "b ~?????%n");
	assert_err(nitro_fault_set(&fault, NITRO_E_MEMORY, NULL, 0, "x"),
	    NITRO_E_MEMORY);
	assert_string_equal(fault.file, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_list_is_whole),
	    cmocka_unit_test(test_tokens_are_words_of_their_own),
	    cmocka_unit_test(test_a_token_leads_back_to_its_outcome),
	    cmocka_unit_test(test_every_outcome_has_a_sentence_and_advice),
	    cmocka_unit_test(test_only_ok_is_of_class_ok),
	    cmocka_unit_test(test_classes_and_stages_are_those_of_the_list),
	    cmocka_unit_test(
		test_a_value_that_is_no_outcome_is_an_internal_error),
	    cmocka_unit_test(test_stages_and_classes_have_names),
	    cmocka_unit_test(test_a_fault_says_file_line_and_text),
	    cmocka_unit_test(test_a_fault_is_printable_and_cut_to_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
