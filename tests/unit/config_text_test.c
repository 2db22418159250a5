/* policy/config_text.c: what libconfig must never see. */
#include "policy/config_text.h"

#include <string.h>

#include "unit/policy_text.h"
#include "unit/unit.h"

static nitro_err
check(struct nitro_bytes text, size_t *tokens, struct nitro_fault *fault)
{
	const struct nitro_config_source source = {
	    text, "/test/a.conf", NITRO_E_SETTINGS};

	return nitro_config_text_check(&source, tokens, fault);
}

#define DIGITS_40 "0123456789012345678901234567890123456789"

static const struct policy_row rows[] = {
    {"nothing", "", 0, NULL},
    {"a setting", "a = 1;", 0, NULL},
    {"all marks", "a = ( { b : [ 1, 2 ]; }, \"c\" ); d = true;", 0, NULL},
    /* L08 */
    {"@include of a folder", "@include \"/etc\"\n", 1, "\"@include\""},
    {"@include after blanks", "a = 1;\n \t@include \"b\"\n", 2, "@include"},
    {"@include in the middle", "a = @include \"b\"\n", 1, "@include"},
    {"@include in a string", "a = \"@include\"\n", 1, "@include"},
    {"@include in a comment", "# @include \"b\"\n", 1, "@include"},
    {"another @", "a = @b", 1, "byte 0x40"},
    {"@ in a string", "a = \"b@c\"", 0, NULL},
    /* L10 */
    {"a comment that ends", "/* a */ b = 1;", 0, NULL},
    {"a comment that does not", "a = 1;\n/* b = 2;\n\n", 2, "comment"},
    {"/*/ does not end itself", "/*/", 1, "comment"},
    {"an empty comment", "/**/ a = 1;", 0, NULL},
    {"a comment against a string", "a = /* b */\"c\";", 0, NULL},
    {"no comment in a comment", "/* /* */ a = 1;", 0, NULL},
    {"a string that ends", "a = \"/* b\"; c = \"*/\";", 0, NULL},
    {"a string that does not", "a = 1; b = \"c;\n", 1, "does not end"},
    {"at the very end", "a = \"", 1, "does not end"},
    {"over two lines", "a = \"b\nc\";", 1, "does not end"},
    {"after a backslash", "a = \"b\\", 1, "backslash"},
    {"a quote in a comment", "# \" /*\na = 1; // \"", 0, NULL},
    /* L11 */
    {"nine digits", "a = 999999999;", 0, NULL},
    {"ten digits", "a = 4294967296;", 1, "1 to 9 decimal digits"},
    {"twenty digits", "a = 99999999999999999999;", 1, "9 decimal"},
    {"hexadecimal", "a = 0x10;", 1, "\"0x10\""},
    {"hexadecimal that wraps", "a = 0x100000001;", 1, "decimal"},
    {"-1 in hexadecimal", "a = 0xFFFFFFFF;", 1, "decimal"},
    {"octal", "a = 010;", 1, "\"010\""},
    {"binary", "a = 0b1;", 1, "\"0b1\""},
    {"64 bit", "a = 1L;", 1, "\"1L\""},
    {"negative", "a = -1;", 1, "\"-1\""},
    {"positive", "a = +1;", 1, "\"+1\""},
    {"a fraction", "a = 1.5;", 1, "\"1.5\" is not a whole number"},
    {"forty digits", "a = " DIGITS_40 ";", 1, "\"" DIGITS_40 "\" is not"},
    {"more are cut", "a = " DIGITS_40 "1;", 1, "\"" DIGITS_40 "\" is not"},
    {"and so is a name", "a = b012345678901234567890123456789012345678.;", 1,
	"\"b012345678901234567890123456789012345678\" is no name"},
    {"a name with +", "a+b = 1;", 1, "\"a+b\" is no name"},
    {"an exponent", "a = 1e3;", 1, "\"1e3\""},
    {"half a fraction", "a = .5;", 1, "\".5\""},
    {"zero", "a = 0;", 0, NULL},
    /* L13 */
    {"two strings with a comma", "a = [\"b\", \"c\"];", 0, NULL},
    {"two strings without", "a = [\"b\" \"c\"];", 1, "side by side"},
    /* Found by tests/fuzz: libconfig leaks each of these strings. */
    {"a string at the begin", "\n\"a\" b = 1;", 2, "where a name must"},
    {"in place of a name", "a = 1; \"b\" = 2;", 1, "where a name must"},
    {"in place of a name in a group", "a = { \"b\"; };", 1, "a name must"},
    {"behind a comma at the top", "a = 1, \"b\";", 1, "where a name must"},
    {"behind a comma in a group", "( { a = 1, \"b\" } )", 1, "name must"},
    {"behind a word", "a = b \"c\";", 1, "where a name must"},
    {"behind a list", "a = (1) \"c\";", 1, "where a name must"},
    {"in a list, behind a group", "a = ( { }, \"b\" );", 0, NULL},
    {"behind a colon", "a : \"b\";", 0, NULL},
    {"on two lines", "a = [\"b\"\n\"c\"];", 2, "side by side"},
    {"with a comment between", "a = \"b\" /* , */ # ,\n \"c\";", 2,
	"side by side"},
    /* L15 */
    {"a quote by escape", "a = \"\\\"\";", 0, NULL},
    {"the first and the last of ASCII", "a = \" ~\";", 0, NULL},
    {"a backslash by escape", "a = \"\\\\\";", 0, NULL},
    {"NUL by escape", "a = \"b\\x00c\";", 1, "backslash"},
    {"a letter by escape", "a = \"\\x41\";", 1, "backslash"},
    {"LF by escape", "a = \"\\n\";", 1, "backslash"},
    {"ESC", "a = \"\x1b[2J\";", 1, "0x1b is a control byte"},
    {"ESC in a comment", "# \x1b[2J", 1, "0x1b is a control byte"},
    {"DEL", "a = 1; # \x7f", 1, "0x7f is a control byte"},
    {"TAB in a string", "a = \"b\tc\";", 1, "byte 0x09 in a string"},
    {"bidi in a string", "a = \"\xe2\x80\xae\";", 1, "byte 0xe2 in a string"},
    {"UTF-8 in a comment", "# \xc3\xa4\xe2\x82\xac\na = 1; /* \xc3\xa4 */", 0,
	NULL},
    {"UTF-8 outside", "\xc3\xa4 = 1;", 1, "byte 0xc3"},
    /* L16 */
    {"CR LF", "# a\r\nb = 1;\r\n", 0, NULL},
    {"CR alone", "# a\rb = 1;\r", 1, "without LF"},
    {"CR in a string", "a = \"b\r\nc\";", 1, "does not end"},
    {"a byte order mark",
	"\xef\xbb\xbf"
	"a = 1;",
	1, "byte order mark"},
    {"UTF-16, little end",
	"\xff\xfe"
	"a",
	1, "UTF-16"},
    {"UTF-16, big end", "\xfe\xff", 1, "UTF-16"},
    {"Latin-1 in a string", "a = \"\xe4\";", 1, "byte 0xe4 in a string"},
    {"Latin-1 in a comment", "# \xe4", 0, NULL},
    {"form feed", "a = 1;\f", 1, "0x0c"},
    /* L17 */
    {"8 deep", "a = (((((((())))))));", 0, NULL},
    {"9 deep", "a =\n((((((((()))))))));", 2, "too deep"},
    {"closed too often", "a = ());", 1, "none opens"},
    {"never closed", "a = 1;\nb = ( {\n c = 1;", 2, "never closed"},
    {"the outer one", "\nb = ( {\n c = 1; }", 2, "never closed"},
    /* the rest */
    {"names from A to z", "A = 1; Z = 1; a = 1; z = 1; *b-_ = 1;", 0, NULL},
    {"a bracket is no letter", "[a = 1;", 1, "never closed"},
    {"an at sign is no letter", "@a = 1;", 1, "byte 0x40"},
    {"a grave accent is no letter", "`a = 1;", 1, "byte 0x60"},
    {"a line within a token is none", "a =\n\"\\\"\";\n$", 3, "byte 0x24"},
    {"a bare word with a dot", "a = b.c;", 1, "\"b.c\""},
    {"a slash", "a = /b;", 1, "byte 0x2f"},
    {"single quotes", "a = 'b';", 1, "byte 0x27"},
    {"a dollar", "a = $b;", 1, "byte 0x24"},
};

static void
test_what_libconfig_reads_otherwise_than_people_is_refused(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		struct nitro_fault fault = {0};
		size_t tokens;
		nitro_err err;

		err = check(nitro_bytes_of_text(rows[i].text), &tokens, &fault);
		wrong += policy_row_differs(
		    &rows[i], err, NITRO_E_SETTINGS, &fault);
		if (err == NITRO_OK)
			continue;
		wrong += unit_is_not(rows[i].name,
		    strcmp(fault.file, "/test/a.conf") == 0, true);
	}
	assert_int_equal(wrong, 0);
}

/* L09 */
static void
test_a_nul_is_a_control_byte_wherever_it_stands(void **state)
{
	const char *const texts[] = {
	    "a = 1; %", "a = \"b%c\";", "# % \n", "/* % */", "%"};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++) {
		struct nitro_fault fault = {0};
		char copy[32] = "";
		size_t tokens, len = strlen(texts[i]);

		memcpy(copy, texts[i], len + 1);
		*strchr(copy, '%') = '\0';
		wrong += unit_differs(texts[i],
		    check((struct nitro_bytes){(const uint8_t *)copy, len},
			&tokens, &fault),
		    NITRO_E_SETTINGS);
		wrong += unit_is_not(texts[i],
		    strstr(fault.text, "0x00 is a control byte") != NULL, true);
	}
	assert_int_equal(wrong, 0);
}

/* L16: what stands behind the text is not looked at. */
static void
test_a_cr_at_the_very_end_has_no_lf(void **state)
{
	static const char text[] = "a = 1;\r\n";
	struct nitro_fault fault = {0};
	size_t tokens;

	(void)state;
	assert_err(check(UNIT_BYTES(text), &tokens, &fault), NITRO_OK);
	assert_err(
	    check(nitro_bytes_slice(UNIT_BYTES(text), 0, sizeof text - 2),
		&tokens, &fault),
	    NITRO_E_SETTINGS);
	assert_non_null(strstr(fault.text, "without LF"));
}

/* A view into a longer text, too. */
static void
test_a_string_ends_before_the_text_does_or_not_at_all(void **state)
{
	static const char text[] = "a = \"bcd\"; ";
	struct nitro_fault fault = {0};
	size_t tokens;

	(void)state;
	for (size_t len = strlen("a = \""); len < strlen("a = \"bcd\"");
	     len++) {
		assert_err(check(nitro_bytes_slice(UNIT_BYTES(text), 0, len),
			       &tokens, &fault),
		    NITRO_E_SETTINGS);
		assert_non_null(strstr(fault.text, "does not end"));
	}
}

/* L16 */
static void
test_utf_16_has_a_name_of_its_own(void **state)
{
	static const char text[] = "\xff\xfe"
				   "a\0=\0"
				   "1\0";
	struct nitro_fault fault = {0};
	size_t tokens;

	(void)state;
	assert_err(check(UNIT_BYTES(text), &tokens, &fault), NITRO_E_SETTINGS);
	assert_non_null(strstr(fault.text, "UTF-16"));
}

static void
test_tokens_are_counted_without_comments_and_blanks(void **state)
{
	struct nitro_fault fault = {0};
	size_t tokens = 0;

	(void)state;
	assert_err(check(UNIT_BYTES("/* x */ a = ( 1, \"b c\" ); # y"), &tokens,
		       &fault),
	    NITRO_OK);
	assert_int_equal(tokens, 8);
}

/* A text that is accepted, with every byte in turn replaced by any other. */
static void
test_bytes_that_are_not_ascii_stand_in_comments_only(void **state)
{
	static const char good[] =
	    "a = ( { b = \"c\\\\d\"; e = [1, 22]; } ); /* f */ # g\nh = true;";
	const char *comments = strstr(good, " f */");
	size_t first = (size_t)(comments - good), accepted = 0;
	char text[sizeof good];

	(void)state;
	for (size_t i = 0; i < sizeof good - 1; i++)
		for (unsigned byte = 0; byte < 256; byte++) {
			struct nitro_fault fault = {0};
			size_t tokens;

			memcpy(text, good, sizeof good);
			text[i] = (char)byte;
			if (check((struct nitro_bytes){(const uint8_t *)text,
				      sizeof good - 1},
				&tokens, &fault) != NITRO_OK)
				continue;
			accepted++;
			assert_true(byte >= ' ' || byte == '\n' ||
				    byte == '\t' ||
				    (byte == '\r' && good[i + 1] == '\n'));
			assert_true(byte < 0x7f || (i >= first && byte > 0x7f));
		}
	assert_true(accepted > sizeof good);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_what_libconfig_reads_otherwise_than_people_is_refused),
	    cmocka_unit_test(test_a_nul_is_a_control_byte_wherever_it_stands),
	    cmocka_unit_test(test_a_cr_at_the_very_end_has_no_lf),
	    cmocka_unit_test(
		test_a_string_ends_before_the_text_does_or_not_at_all),
	    cmocka_unit_test(test_utf_16_has_a_name_of_its_own),
	    cmocka_unit_test(
		test_tokens_are_counted_without_comments_and_blanks),
	    cmocka_unit_test(
		test_bytes_that_are_not_ascii_stand_in_comments_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
