#include "client/document_source.h"

#include <string.h>

#include "unit/unit.h"

static void
test_sources_are_told_by_their_prefix(void **state)
{
	static const struct {
		const char *text;
		enum nitro_source_kind kind;
		const char *what;
	} rows[] = {{NULL, NITRO_SOURCE_NSM, "/dev/nsm"},
	    {"", NITRO_SOURCE_NSM, "/dev/nsm"},
	    {"nsm:/dev/nsm", NITRO_SOURCE_NSM, "/dev/nsm"},
	    {"nsm:/a:b", NITRO_SOURCE_NSM, "/a:b"},
	    {"exec:nitro-tpm-attest", NITRO_SOURCE_EXEC, "nitro-tpm-attest"},
	    {"exec:a --b nsm:/x", NITRO_SOURCE_EXEC, "a --b nsm:/x"}};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		struct nitro_document_source source = {0};
		struct nitro_complaint why = {0};

		assert_true(
		    nitro_document_source_parse(rows[i].text, &source, &why));
		assert_int_equal(source.kind, rows[i].kind);
		assert_string_equal(source.what, rows[i].what);
	}
}

static void
test_other_words_are_no_source(void **state)
{
	static const char *const rows[] = {"nsm", "nsm:", "nsm:dev/nsm",
	    "exec:", "exec", "EXEC:x", "NSM:/dev/nsm", " nsm:/dev/nsm",
	    "/dev/nsm", "tpm:\x1b"};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		struct nitro_document_source source = {0};
		struct nitro_complaint why = {0};

		if (nitro_document_source_parse(rows[i], &source, &why))
			fail_msg("'%s' passed as a source", rows[i]);
		assert_int_equal(source.kind, NITRO_SOURCE_NONE);
		assert_non_null(strstr(why.text, "nsm:/absolute/path"));
		assert_null(strchr(why.text, '\x1b'));
	}
}

static void
test_no_source_gives_no_document(void **state)
{
	const struct nitro_document_source none = {0};
	const struct nitro_document_request request = {0};
	const struct nitro_private_folder folder = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf document = {0};
	struct nitro_complaint why = {0};

	(void)state;
	assert_false(nitro_document_source_check(&none, &why));
	assert_false(nitro_document_source_attest(
	    &none, &folder, &request, &document, &why));
}

static void
test_a_check_tells_whether_the_source_is_there(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {{"nsm:/dev/null", NULL}, {"exec:cat", NULL},
	    {"nsm:/nowhere/nsm", "is not there"},
	    {"exec:no-such-attest", "there is no command"}};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		struct nitro_document_source source = {0};
		struct nitro_complaint why = {0};

		assert_true(
		    nitro_document_source_parse(rows[i].text, &source, &why));
		assert_int_equal(nitro_document_source_check(&source, &why),
		    rows[i].words == NULL);
		if (rows[i].words != NULL)
			assert_non_null(strstr(why.text, rows[i].words));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sources_are_told_by_their_prefix),
	    cmocka_unit_test(test_other_words_are_no_source),
	    cmocka_unit_test(test_no_source_gives_no_document),
	    cmocka_unit_test(test_a_check_tells_whether_the_source_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
