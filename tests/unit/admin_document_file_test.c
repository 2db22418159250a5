/* A document as people keep it: raw, or base64 as pasting leaves it. */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "admin/judge/document_file.h"

/* Begins as every document does, so it is no text. */
static const char raw[] = "\x84\x44\xa1\x01\x38\x22\xa0";

struct row {
	const char *rule;
	const char *text;
	nitro_err err;
};

/* Decode, compare with raw where NITRO_OK is due, and count what is wrong. */
static unsigned
run_row(const struct row *row)
{
	NITRO_DROP(nitro_document_file_drop)
	struct nitro_document_file file = {0};
	unsigned wrong;

	assert_err(
	    nitro_document_file_decode(nitro_bytes_of_text(row->text), &file),
	    NITRO_OK);
	wrong = unit_differs(row->rule, file.err, row->err);
	if (row->err == NITRO_OK)
		wrong += unit_bytes_differ(row->rule,
		    nitro_bytes_of_buf(&file.evidence),
		    (struct nitro_bytes){(const uint8_t *)raw, sizeof raw - 1});
	return wrong + unit_is_not(row->rule, file.is_base64, true);
}

static void
base64_may_be_wrapped_and_indented(void **state)
{
	static const struct row rows[] = {
	    {"one line", "hEShATgioA==", NITRO_OK},
	    {"with LF", "hEShATgioA==\n", NITRO_OK},
	    {"with CR LF", "hEShATgioA==\r\n", NITRO_OK},
	    {"wrapped", "hESh\nATgi\noA==\n", NITRO_OK},
	    {"wrapped within a quantum", "hEShA\nTgio\nA=\n=", NITRO_OK},
	    {"indented", "  hESh\n\tATgi \n  oA==  \n\n", NITRO_OK},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		wrong += run_row(&rows[i]);
	assert_int_equal(wrong, 0);
}

static void
base64_is_otherwise_strict(void **state)
{
	/* B01 B02 B03 B04 B05 B06 B08 B10 B11 */
	static const struct row rows[] = {
	    {"no padding", "hEShATgioA", NITRO_E_BASE64},
	    {"half the padding", "hEShATgioA=", NITRO_E_BASE64},
	    {"surplus padding", "hEShATgioA====", NITRO_E_BASE64},
	    {"padding in the middle", "hEShATgioA==hESh", NITRO_E_BASE64},
	    {"trailing bits", "hEShATgioB==", NITRO_E_BASE64},
	    {"url alphabet", "hEShATgi-_==", NITRO_E_BASE64},
	    {"a blank within a line", "hESh ATgioA==", NITRO_E_BASE64},
	    {"PEM", "-----BEGIN X-----\nhEShATgioA==\n-----END X-----\n",
		NITRO_E_BASE64},
	    {"quotes", "\"hEShATgioA==\"", NITRO_E_BASE64},
	    {"one character", "h", NITRO_E_BASE64},
	    {"white space alone", " \r\n\t\n", NITRO_E_EVIDENCE_SIZE},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		wrong += run_row(&rows[i]);
	assert_int_equal(wrong, 0);
}

static void
what_is_no_text_is_taken_as_it_is(void **state)
{
	NITRO_DROP(nitro_document_file_drop)
	struct nitro_document_file file = {0};
	struct nitro_bytes in = {(const uint8_t *)raw, sizeof raw - 1};

	(void)state;
	assert_err(nitro_document_file_decode(in, &file), NITRO_OK);
	assert_err(file.err, NITRO_OK);
	assert_false(file.is_base64);
	assert_true(nitro_bytes_equal(nitro_bytes_of_buf(&file.evidence), in));
	assert_int_equal(file.file_len, sizeof raw - 1);
}

static void
one_byte_that_is_no_text_makes_it_raw(void **state)
{
	/* B07: NUL, DEL, BOM and full-width letters are no base64. */
	static const char *const rows[] = {
	    "hESh\x7f", "\xef\xbb\xbfhESh", "hESh\x80", "\x01"};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_document_file_drop)
		struct nitro_document_file file = {0};

		assert_err(nitro_document_file_decode(
			       nitro_bytes_of_text(rows[i]), &file),
		    NITRO_OK);
		assert_false(file.is_base64);
	}
}

static void
an_empty_file_is_no_document(void **state)
{
	NITRO_DROP(nitro_document_file_drop)
	struct nitro_document_file file = {0};

	(void)state;
	assert_err(nitro_document_file_decode((struct nitro_bytes){0}, &file),
	    NITRO_OK);
	assert_err(file.err, NITRO_E_EVIDENCE_SIZE);
	assert_int_equal(file.evidence.len, 0);
}

static void
a_file_of_64_KiB_is_read_and_one_byte_more_is_not(void **state)
{
	static uint8_t big[NITRO_DOCUMENT_FILE_MAX + 1];
	NITRO_DROP(nitro_document_file_drop)
	struct nitro_document_file fits = {0};
	NITRO_DROP(nitro_document_file_drop)
	struct nitro_document_file over = {0};

	(void)state;
	memset(big, 0x84, sizeof big);
	assert_err(
	    nitro_document_file_decode(
		(struct nitro_bytes){big, NITRO_DOCUMENT_FILE_MAX}, &fits),
	    NITRO_OK);
	assert_err(fits.err, NITRO_OK);
	assert_int_equal(fits.evidence.len, NITRO_DOCUMENT_FILE_MAX);
	assert_err(nitro_document_file_decode(
		       (struct nitro_bytes){big, sizeof big}, &over),
	    NITRO_OK);
	assert_err(over.err, NITRO_E_EVIDENCE_SIZE);
	assert_int_equal(over.evidence.len, 0);
}

static void
a_file_that_cannot_be_read_is_named_with_the_reason(void **state)
{
	static const struct {
		const char *path, *text;
		nitro_err err;
	} rows[] = {
	    {"/nonexistent/document", "No such file", NITRO_E_FILE_MISSING},
	    {"/proc", "Is a directory", NITRO_E_FILE_READ},
	};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_document_file_drop)
		struct nitro_document_file file = {0};
		struct nitro_fault fault = {0};

		assert_err(
		    nitro_document_file_read(rows[i].path, &file, &fault),
		    rows[i].err);
		assert_err(fault.err, rows[i].err);
		assert_string_equal(fault.file, rows[i].path);
		assert_non_null(strstr(fault.text, rows[i].text));
	}
}

static void
an_endless_file_is_read_to_the_limit_only(void **state)
{
	NITRO_DROP(nitro_document_file_drop)
	struct nitro_document_file file = {0};
	struct nitro_fault fault = {0};

	(void)state;
	assert_err(
	    nitro_document_file_read("/dev/zero", &file, &fault), NITRO_OK);
	assert_err(file.err, NITRO_E_EVIDENCE_SIZE);
	assert_int_equal(file.file_len, NITRO_DOCUMENT_FILE_MAX + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(base64_may_be_wrapped_and_indented),
	    cmocka_unit_test(base64_is_otherwise_strict),
	    cmocka_unit_test(what_is_no_text_is_taken_as_it_is),
	    cmocka_unit_test(one_byte_that_is_no_text_makes_it_raw),
	    cmocka_unit_test(an_empty_file_is_no_document),
	    cmocka_unit_test(a_file_of_64_KiB_is_read_and_one_byte_more_is_not),
	    cmocka_unit_test(
		a_file_that_cannot_be_read_is_named_with_the_reason),
	    cmocka_unit_test(an_endless_file_is_read_to_the_limit_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
