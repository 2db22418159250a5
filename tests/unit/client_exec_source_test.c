#include "client/exec_source.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit/unit.h"

#define IN_TIME_MS 20000

static struct nitro_private_folder folder;

static int
set_up(void **state)
{
	struct nitro_complaint why;

	(void)state;
	return nitro_private_folder_make(NULL, &folder, &why) ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	nitro_private_folder_remove(&folder);
	return 0;
}

static bool
attest(const char *command, struct nitro_buf *document,
    struct nitro_complaint *why)
{
	const struct nitro_exec_source source = {command, IN_TIME_MS, &folder};
	const struct nitro_document_request request = {UNIT_BYTES("the\0nonce"),
	    UNIT_BYTES("user data"), UNIT_BYTES("a key")};

	return nitro_exec_source_attest(&source, &request, document, why);
}

static void
refused(const char *command, const char *words)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf document = {0};
	struct nitro_complaint why = {0};

	assert_false(attest(command, &document, &why));
	assert_int_equal(document.len, 0);
	if (strstr(why.text, words) == NULL)
		fail_msg("'%s' is not in '%s'", words, why.text);
}

static void
gives(const char *command, struct nitro_bytes want)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf document = {0};
	struct nitro_complaint why = {0};

	if (!attest(command, &document, &why))
		fail_msg("%s", why.text);
	assert_int_equal(
	    unit_bytes_differ(command, nitro_bytes_of_buf(&document), want), 0);
}

static void
test_the_command_finds_each_field_in_its_file(void **state)
{
	(void)state;
	gives("f() { [ $# = 6 ] && [ \"$1$3$5\" = "
	      "--nonce--user-data--public-key ] "
	      "&& cat \"$2\" \"$4\" \"$6\"; }; f",
	    UNIT_BYTES("the\0nonceuser dataa key"));
}

static void
test_fields_that_are_absent_have_no_option(void **state)
{
	const struct nitro_exec_source source = {
	    "printf %s", IN_TIME_MS, &folder};
	const struct nitro_exec_source words = {
	    "f() { echo $#; }; f", IN_TIME_MS, &folder};
	const struct nitro_document_request request = {
	    .nonce = UNIT_BYTES("nonce")};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf one = {0}, two = {0};
	struct nitro_complaint why = {0};

	(void)state;
	assert_true(nitro_exec_source_attest(&source, &request, &one, &why));
	assert_true(
	    nitro_bytes_has_prefix(nitro_bytes_of_buf(&one), "--nonce/"));
	assert_true(nitro_exec_source_attest(&words, &request, &two, &why));
	assert_true(nitro_bytes_equal_text(nitro_bytes_of_buf(&two), "2\n"));
}

static void
test_no_file_stays_whatever_becomes_of_the_command(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf document = {0};
	struct nitro_complaint why = {0};

	(void)state;
	assert_true(attest("echo document #", &document, &why));
	assert_false(attest("exit 1 #", &document, &why));
	assert_int_equal(rmdir(folder.path), 0);
	tear_down(state);
	assert_int_equal(set_up(state), 0);
}

static void
test_a_failing_command_is_told_with_status_and_words(void **state)
{
	(void)state;
	gives("echo warning >&2; echo document #", UNIT_BYTES("document\n"));
	refused("echo document; exit 3 #", "ended with status 3");
	refused("echo 'no \033TPM' >&2; exit 1 #", "status 1: no \\x1bTPM");
	refused("no-such-attest", "status 127: ");
	refused("kill -SEGV $$ #", "status 139");
}

static void
test_a_document_has_1_to_16384_bytes(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf largest = {0};

	(void)state;
	unit_fill(&largest, 0, 16384);
	gives("printf x #", UNIT_BYTES("x"));
	gives("head -c 16384 /dev/zero #", nitro_bytes_of_buf(&largest));
	refused("true", "wrote nothing");
	refused("head -c 16385 /dev/zero #", "more than 16384 bytes");
	refused("cat /dev/zero #", "more than 16384 bytes");
}

static void
test_a_command_that_does_not_end_is_killed(void **state)
{
	const struct nitro_exec_source source = {
	    "tail -f /dev/null #", 300, &folder};
	const struct nitro_document_request request = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf document = {0};
	struct nitro_complaint why = {0};

	(void)state;
	assert_false(
	    nitro_exec_source_attest(&source, &request, &document, &why));
	assert_non_null(strstr(why.text, "did not end in time"));
}

static void
test_the_first_word_must_be_a_command(void **state)
{
	static const struct {
		const char *command;
		bool is_good;
	} rows[] = {{"cat", true}, {"/bin/sh -c x", true}, {"exec cat", true},
	    {"no-such-attest", false}, {"no-such-attest --x", false},
	    {"/nowhere/attest", false}, {"A=1 cat", true}, {"'a b'", true},
	    {"{ cat; }", true}};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		struct nitro_complaint why = {0};

		wrong += unit_is_not(rows[i].command,
		    nitro_exec_source_check(rows[i].command, &why),
		    rows[i].is_good);
	}
	assert_int_equal(wrong, 0);
}

#define WITH_FOLDER(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_FOLDER(test_the_command_finds_each_field_in_its_file),
	    WITH_FOLDER(test_fields_that_are_absent_have_no_option),
	    WITH_FOLDER(test_no_file_stays_whatever_becomes_of_the_command),
	    WITH_FOLDER(test_a_failing_command_is_told_with_status_and_words),
	    WITH_FOLDER(test_a_document_has_1_to_16384_bytes),
	    WITH_FOLDER(test_a_command_that_does_not_end_is_killed),
	    WITH_FOLDER(test_the_first_word_must_be_a_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
