#include "admin/measurements/measurements_edit.h"

#include <stdio.h>
#include <string.h>

#include "admin/measurements/measurements_change.h"
#include "admin/measurements/text_diff.h"
#include "unit/policy_text.h"
#include "unit/scratch.h"
#include "unit/unit.h"

#define A POLICY_HEX("a1")
#define B POLICY_HEX("b2")

/* What is added in the tables, and where it must come to stand. */
#define NEW "  { new; }\n"
#define NEW_CRLF "  { new; }\r\n"

struct row {
	const char *name;
	const char *text;
	const char *result; /* NULL: refused */
	unsigned line;      /* of the refusal */
};

static const struct row measurements_rows[] = {
    {"an empty file", "", "measurements = (\n" NEW ");\n", 0},
    {"only comments", "# none\n", "# none\n\nmeasurements = (\n" NEW ");\n", 0},
    {"a comment without a line end", "# none",
	"# none\n\nmeasurements = (\n" NEW ");\n", 0},
    {"only comments, CR LF", "# none\r\n",
	"# none\r\n\r\nmeasurements = (\r\n" NEW_CRLF ");\r\n", 0},
    {"an empty list", "measurements = ();", "measurements = (\n" NEW ");", 0},
    {"an empty list of two lines", "measurements = (\n);\n",
	"measurements = (\n" NEW ");\n", 0},
    {"a list of one line", "measurements = ( { a; } );\n",
	"measurements = ( { a; },\n" NEW " );\n", 0},
    {"no blanks", "measurements=({a;});", "measurements=({a;},\n" NEW ");", 0},
    {"a colon for =", "measurements : ( { a; } );\n",
	"measurements : ( { a; },\n" NEW " );\n", 0},
    {"no line end and no semicolon", "measurements = (\n  { a; }\n)",
	"measurements = (\n  { a; },\n" NEW ")", 0},
    {"a closing bracket that is indented", "measurements = (\n  { a; }\n  );\n",
	"measurements = (\n  { a; },\n" NEW "  );\n", 0},
    {"a closing bracket behind the last entry",
	"measurements = (\n  { a; },\n  { b; });\n",
	"measurements = (\n  { a; },\n  { b; },\n" NEW ");\n", 0},
    {"a comma is there already", "measurements = (\n  { a; },\n);\n",
	"measurements = (\n  { a; },\n" NEW ");\n", 0},
    {"CR LF", "measurements = (\r\n  { a; }\r\n);\r\n",
	"measurements = (\r\n  { a; },\r\n" NEW_CRLF ");\r\n", 0},
    {"a comment behind the last entry",
	"measurements = (\n  { a; } # good\n);\n",
	"measurements = (\n  { a; }, # good\n" NEW ");\n", 0},
    {"comments below the last entry",
	"measurements = (\n  { a; }\n  // ( { [\n  /* ) */\n);\n",
	"measurements = (\n  { a; },\n  // ( { [\n  /* ) */\n" NEW ");\n", 0},
    {"a comment before the closing bracket",
	"measurements = ( { a; } /* ) */ );\n",
	"measurements = ( { a; }, /* ) */ \n" NEW ");\n", 0},
    {"a comment of two lines before it",
	"measurements = ( { a; } /* \n */ );\n",
	"measurements = ( { a; }, /* \n */ \n" NEW ");\n", 0},
    {"only a comment in the list", "measurements = (\n  # none yet\n);\n",
	"measurements = (\n  # none yet\n" NEW ");\n", 0},
    {"brackets and comments in strings",
	"measurements = ( { a = \") } # // /* \\\" ) \\\\\"; } );\n",
	"measurements = ( { a = \") } # // /* \\\" ) \\\\\"; },\n" NEW " );\n",
	0},
    {"quotes in comments", "# \"\n/* \" */ measurements = ( { a; } );\n",
	"# \"\n/* \" */ measurements = ( { a; },\n" NEW " );\n", 0},
    {"the name in a comment and in a string",
	"# measurements = ();\nx = \"measurements = (\";\n"
	"measurements = (\n  { a; }\n);\n",
	"# measurements = ();\nx = \"measurements = (\";\n"
	"measurements = (\n  { a; },\n" NEW ");\n",
	0},
    {"the name within something else",
	"x = { measurements = ( { b; } ); };\nmeasurements = (\n);\n",
	"x = { measurements = ( { b; } ); };\nmeasurements = (\n" NEW ");\n",
	0},
    {"the name within something else alone",
	"x = ( { measurements = ( ); } );\n",
	"x = ( { measurements = ( ); } );\n\nmeasurements = (\n" NEW ");\n", 0},
    {"a name that only begins so", "measurements2 = ();\n",
	"measurements2 = ();\n\nmeasurements = (\n" NEW ");\n", 0},
    {"lists in entries",
	"measurements = (\n  { a = [\"1\", \"2\"]; b = ( ( ) ); }\n);\n",
	"measurements = (\n  { a = [\"1\", \"2\"]; b = ( ( ) ); },\n" NEW
	");\n",
	0},
    {"revoked behind it stays", "measurements = ();\nrevoked = ();\n",
	"measurements = (\n" NEW ");\nrevoked = ();\n", 0},
    {"revoked before it stays", "revoked = ( { m; } )\nmeasurements = ()\n",
	"revoked = ( { m; } )\nmeasurements = (\n" NEW ")\n", 0},
    {"bytes above 127 in a comment",
	"# gr\xc3\xbc\xc3\x9f\x65 \xff\nmeasurements = ();\n",
	"# gr\xc3\xbc\xc3\x9f\x65 \xff\nmeasurements = (\n" NEW ");\n", 0},
    /* No guess. */
    {"twice", "measurements = ();\nmeasurements = ();\n", NULL, 2},
    {"a group", "\nmeasurements = { };\n", NULL, 2},
    {"an array", "measurements = [ ];\n", NULL, 1},
    {"a string", "measurements = \"()\";\n", NULL, 1},
    {"no value", "measurements = ;\n", NULL, 1},
    {"no =", "measurements ();\n", NULL, 1},
    {"it is never closed", "measurements = (\n  { a; }\n", NULL, 3},
    {"closed by another bracket", "measurements = (\n  { a; )\n);\n", NULL, 2},
    {"a bracket too many", "measurements = ( );\n);\n", NULL, 2},
    {"a comment that does not end", "measurements = ( /* );\n", NULL, 1},
    {"a string that does not end", "measurements = ( { a = \"x; } );\n", NULL,
	1},
    {"a string over two lines", "measurements = ( { a = \"x\n\"; } );\n", NULL,
	1},
    {"a string that ends the file in an escape", "a = \"\\", NULL, 1},
    {"a string where a name must be", "\"measurements\" = ();\n", NULL, 1},
    {"two values", "a = \"x\" \"y\";\n", NULL, 1},
    {"another byte", "measurements = ( ?{ } );\n", NULL, 1},
    {"a byte order mark", "\xef\xbb\xbfmeasurements = ();\n", NULL, 1},
    {"17 brackets",
	"a = ((((((((((((((((()))))))))))))))));\nmeasurements = ();\n", NULL,
	1},
};

static unsigned
row_differs(const struct row *row, enum nitro_edit_list list)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	struct nitro_fault fault = {0};
	nitro_err err;

	unit_append(&out, UNIT_BYTES("X"));
	err = nitro_edit_insert(nitro_bytes_of_text(row->text), list,
	    UNIT_BYTES(NEW), &out, &fault);
	if (row->result != NULL)
		return unit_differs(row->name, err, NITRO_OK) +
		       unit_bytes_differ(row->name,
			   nitro_bytes_slice(
			       nitro_bytes_of_buf(&out), 1, out.len),
			   nitro_bytes_of_text(row->result));
	if (fault.line != row->line)
		print_message("# row '%s': line %u, %s\n", row->name,
		    fault.line, fault.text);
	return unit_differs(row->name, err, NITRO_E_MEASUREMENTS) +
	       unit_is_not(row->name, out.len == 1, true) +
	       unit_is_not(row->name, fault.line == row->line, true);
}

static void
an_element_goes_to_the_end_of_its_list_or_nowhere(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(measurements_rows); i++)
		wrong += row_differs(
		    &measurements_rows[i], NITRO_EDIT_MEASUREMENTS);
	assert_int_equal(wrong, 0);
}

static void
revoked_is_added_where_it_is_absent(void **state)
{
	static const struct row rows[] = {
	    {"absent", "measurements = ();\n",
		"measurements = ();\n\nrevoked = (\n" NEW ");\n", 0},
	    {"absent, and the last line has no end", "measurements = ()",
		"measurements = ()\n\nrevoked = (\n" NEW ");\n", 0},
	    {"there", "revoked = ( { r; } );\nmeasurements = ( );\n",
		"revoked = ( { r; },\n" NEW " );\nmeasurements = ( );\n", 0},
	    {"broken elsewhere", "measurements = ( ];\nrevoked = ();\n", NULL,
		1},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		wrong += row_differs(&rows[i], NITRO_EDIT_REVOKED);
	assert_int_equal(wrong, 0);
}

#define ENTRY(version, hex) \
	"{ workload = \"w\"; version = \"" version \
	"\"; kind = \"enclave\"; pcr0 = \"" hex "\"; }"

/* The module's parser is the judge of what is made. */
static void
the_module_reads_old_and_new_entries_in_whatever_form(void **state)
{
	static const char *const forms[] = {
	    "measurements=(" ENTRY("1", A) ");",
	    "measurements = (\r\n\t" ENTRY("1", A) "\r\n)",
	    "# (\nmeasurements = (\n" ENTRY("1", A) " // )\n\n\n  );",
	    "measurements : ( " ENTRY("1", A) "/* ), */), revoked = ()",
	    "measurements = (\n" ENTRY("1", A) "\n);\nrevoked = ( { pcr0 = "
					       "\"" B "\"; } );",
	};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(forms); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf one = {0};
		NITRO_DROP(nitro_buf_drop) struct nitro_buf two = {0};
		NITRO_DROP(nitro_measurements_drop)
		struct nitro_measurements read = {0};
		struct nitro_fault fault = {0};

		assert_err(nitro_edit_insert(nitro_bytes_of_text(forms[i]),
			       NITRO_EDIT_MEASUREMENTS,
			       UNIT_BYTES(ENTRY("2", B) "\n"), &one, &fault),
		    NITRO_OK);
		assert_err(
		    nitro_edit_insert(nitro_bytes_of_buf(&one),
			NITRO_EDIT_REVOKED,
			UNIT_BYTES("{ pcr4 = \"" B "\"; }\n"), &two, &fault),
		    NITRO_OK);
		unit_fill(&two, 0, 1);
		policy_measurements((const char *)two.ptr, &read);
		assert_int_equal(read.entry_count, 2);
		assert_string_equal(read.entries[0].version, "1");
		assert_string_equal(read.entries[1].version, "2");
		assert_int_equal(
		    read.revoked[read.revoked_count - 1].pinned_mask, 1U << 4);
	}
}

static const char full_entry[] =
    "  { workload = \"w\"; version = \"1.4.2\"; kind = \"enclave\";\n"
    "    pcr0 = [\"" A "\",\n      \"" B "\"];\n"
    "    pcr16 = \"" A "\";\n"
    "    iam_role = \"arn:aws:iam::123456789012:role/billing\";\n"
    "    instance_id = \"i-0123456789abcdef0\";\n"
    "    signing_certificate = \"/c/a\";\n"
    "    not_before = \"2026-11-01T00:00:00Z\";\n"
    "    not_after = \"2027-05-01T12:30:00.250Z\";\n"
    "    source = \"git+https://example.com/w@5f0c\";\n"
    "    builder = \"a \\\"b\\\" \\\\ (c\";\n"
    "    note = \"n\"; }\n";

static void
an_entry_is_written_as_it_was_read(void **state)
{
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements read = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0}, again = {0};

	(void)state;
	unit_append(&text, UNIT_BYTES("measurements = (\n"));
	unit_append(&text, UNIT_BYTES(full_entry));
	unit_append(&text, UNIT_BYTES(");"));
	unit_fill(&text, 0, 1);
	policy_measurements((const char *)text.ptr, &read);
	assert_err(
	    nitro_edit_append_element(&read.entries[0], &again), NITRO_OK);
	assert_int_equal(unit_bytes_differ("entry", nitro_bytes_of_buf(&again),
			     UNIT_BYTES(full_entry)),
	    0);
}

static void
elements_are_separated_and_bad_text_is_refused(void **state)
{
	uint8_t bytes[NITRO_PCR_LEN] = {1};
	struct nitro_pin pin = {.pcr = 4};
	char reason[] = "why", bad[] = "wh\ny";
	struct nitro_entry item = {.pins = &pin,
	    .pin_count = 1,
	    .reason = reason,
	    .not_before_ms = INT64_MIN,
	    .not_after_ms = INT64_MAX};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};

	(void)state;
	memcpy(pin.value, bytes, sizeof bytes);
	assert_err(nitro_edit_append_element(&item, &out), NITRO_OK);
	assert_err(nitro_edit_append_element(&item, &out), NITRO_OK);
	unit_fill(&out, 0, 1);
	assert_non_null(strstr(
	    (const char *)out.ptr, "reason = \"why\"; },\n  { pcr4 = \"01"));
	item.reason = bad;
	assert_err(
	    nitro_edit_append_element(&item, &out), NITRO_E_MEASUREMENTS);
}

static void
the_entry_is_found_in_what_measure_prints(void **state)
{
	static const char text[] =
	    "image  EIF { workload = 1 }\n\nThe entry:\n\n"
	    "\t{ workload = \"a } b\";\n\t  pcr0 = [\"1\"];\n\t}\n\nmore }";
	struct nitro_bytes element = {0};
	struct nitro_fault fault = {0};

	(void)state;
	assert_int_equal(nitro_edit_count_elements(UNIT_BYTES(text)), 1);
	assert_err(nitro_edit_find_element(UNIT_BYTES(text), &element, &fault),
	    NITRO_OK);
	assert_true(nitro_bytes_equal_text(
	    element, "{ workload = \"a } b\";\n\t  pcr0 = [\"1\"];\n\t}"));
	assert_err(nitro_edit_find_element(
		       UNIT_BYTES("{ workload = 1\n"), &element, &fault),
	    NITRO_E_MEASUREMENTS);
	assert_err(nitro_edit_find_element(UNIT_BYTES(" { workload; }\n"
						      "{ workload; }"),
		       &element, &fault),
	    NITRO_E_MEASUREMENTS);
	assert_int_equal(
	    nitro_edit_count_elements(UNIT_BYTES("{ \"workload\": 1 }")), 0);
}

/* The guard behind it all: what the module reads must be what was wanted. */
static void
what_the_module_would_read_otherwise_is_refused(void **state)
{
	static struct scratch scratch;
	NITRO_DROP(nitro_change_drop)
	struct nitro_change change = NITRO_CHANGE_INIT;
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements read = {0};
	struct nitro_fault fault = {0};
	struct nitro_entry wanted;

	(void)state;
	if (!scratch_make(&scratch))
		skip();
	scratch_file(&scratch, "m.conf", 0644,
	    UNIT_BYTES("measurements = ( " ENTRY("1", A) " );\n"));
	policy_measurements(
	    "measurements = ( { workload = \"w\"; kind = \"enclave\"; "
	    "pcr0 = \"" A "\"; iam_role = "
	    "\"arn:aws:iam::123456789012:role/billing\"; } );",
	    &read);
	wanted = read.entries[0];
	change.file = scratch_path(&scratch, "m.conf");
	change.is_dry_run = true;
	assert_err(nitro_change_begin(&change, &fault), NITRO_OK);
	assert_err(nitro_change_make(
		       &change, NITRO_EDIT_MEASUREMENTS, &wanted, 1, &fault),
	    NITRO_OK);
	nitro_measurements_drop(&change.after);
	change.text.len = 0;
	/* The text names a role, whose PCR3 is another one. */
	wanted.pins[1].value[0] ^= 1;
	assert_err(nitro_change_make(
		       &change, NITRO_EDIT_MEASUREMENTS, &wanted, 1, &fault),
	    NITRO_E_MEASUREMENTS);
	assert_non_null(strstr(fault.text, "edit it by hand"));
	scratch_drop(&scratch);
}

struct diff_row {
	const char *name, *old, *new, *diff;
};

static void
a_diff_is_as_diff_u_has_it(void **state)
{
	static const struct diff_row rows[] = {
	    {"nothing", "a\n", "a\n", ""},
	    {"to an empty file", "", "a\nb\n",
		"--- f\n+++ f\n@@ -0,0 +1,2 @@\n+a\n+b\n"},
	    {"in the middle", "1\n2\n3\n4\n5\n6\n7\n8\n",
		"1\n2\n3\n4\nx\n5\n6\n7\n8\n",
		"--- f\n+++ f\n@@ -2,6 +2,7 @@\n 2\n 3\n 4\n+x\n 5\n 6\n 7\n"},
	    {"a comma, lines that stay, and a new line", "(\n{a}\n# c\n)\n",
		"(\n{a},\n# c\n{b}\n)\n",
		"--- f\n+++ f\n@@ -1,4 +1,5 @@\n (\n-{a}\n+{a},\n # c\n+{b}\n "
		")\n"},
	    {"no line end", "a", "a\n\nb\n",
		"--- f\n+++ f\n@@ -1,1 +1,3 @@\n-a\n\\ No newline at end of "
		"file\n+a\n+\n+b\n"},
	    {"tabs and other bytes", "", "\ta\t\x1b[1m\\\xff\r\n",
		"--- f\n+++ f\n@@ -0,0 +1,1 @@\n+        a       "
		"\\x1b[1m\\\\xff\n"},
	    {"a change that is no insertion", "a\nb\nc\n", "c\na\n",
		"--- f\n+++ f\n@@ -1,3 +1,2 @@\n-a\n+c\n-b\n-c\n+a\n"},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};

		assert_err(
		    nitro_text_diff("f", nitro_bytes_of_text(rows[i].old),
			nitro_bytes_of_text(rows[i].new), &out),
		    NITRO_OK);
		wrong += unit_bytes_differ(rows[i].name,
		    nitro_bytes_of_buf(&out),
		    nitro_bytes_of_text(rows[i].diff));
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_element_goes_to_the_end_of_its_list_or_nowhere),
	    cmocka_unit_test(revoked_is_added_where_it_is_absent),
	    cmocka_unit_test(
		the_module_reads_old_and_new_entries_in_whatever_form),
	    cmocka_unit_test(an_entry_is_written_as_it_was_read),
	    cmocka_unit_test(elements_are_separated_and_bad_text_is_refused),
	    cmocka_unit_test(the_entry_is_found_in_what_measure_prints),
	    cmocka_unit_test(what_the_module_would_read_otherwise_is_refused),
	    cmocka_unit_test(a_diff_is_as_diff_u_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
