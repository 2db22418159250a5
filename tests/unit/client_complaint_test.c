#include "client/complaint.h"

#include <string.h>

#include "unit/unit.h"

static void
test_hostile_bytes_are_escaped(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"", ""},
	    {"Password: ", "Password: "},
	    {"a\\b", "a\\\\b"},
	    {"\x1b[2J", "\\x1b[2J"},
	    {"line\nline\r\t", "line\\x0aline\\x0d\\x09"},
	    {"\x7f\x80\xff", "\\x7f\\x80\\xff"},
	    {"%s%n", "%s%n"},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		nitro_text_escape(
		    nitro_bytes_of_text(rows[i].in), out, sizeof out);
		assert_string_equal(out, rows[i].out);
	}
	nitro_text_escape(UNIT_BYTES("a\0b"), out, sizeof out);
	assert_string_equal(out, "a\\x00b");
}

static void
test_escaped_text_is_cut_and_marked(void **state)
{
	static const char fill[] = {'a', '\\', '\n'};
	char in[64], out[40];

	(void)state;
	for (size_t i = 0; i < sizeof fill; i++)
		for (size_t size = 16; size <= sizeof out; size++) {
			memset(in, fill[i], sizeof in);
			memset(out, '#', sizeof out);
			nitro_text_escape(
			    (struct nitro_bytes){(uint8_t *)in, sizeof in}, out,
			    size);
			assert_true(strlen(out) < size);
			assert_true(strlen(out) + 5 >= size);
			assert_string_equal(&out[strlen(out) - 3], "...");
			if (size < sizeof out)
				assert_int_equal(out[size], '#');
		}
}

static void
test_complaint_is_one_printable_line_and_false(void **state)
{
	struct nitro_complaint why;
	char longer[2 * NITRO_COMPLAINT_MAX];

	(void)state;
	assert_false(
	    nitro_client_complain(&why, "a\nb\tc %s %d", "\x1b\x80", 7));
	assert_string_equal(why.text, "a b c ?? 7");
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	assert_false(nitro_client_complain(&why, "%s", longer));
	assert_int_equal(strlen(why.text), NITRO_COMPLAINT_MAX - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hostile_bytes_are_escaped),
	    cmocka_unit_test(test_escaped_text_is_cut_and_marked),
	    cmocka_unit_test(test_complaint_is_one_printable_line_and_false),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
