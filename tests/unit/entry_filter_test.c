/* policy/entry_filter.c and reach.c: what a login cannot reach is not read. */
#include "policy/entry_filter.h"

#include <string.h>

#include "policy/measurements.h"
#include "unit/unit.h"

/* A login that reaches "a" and "b" of the rules' "a", "b" and "other". */
static const char *const groups[] = {"staff"};
static const struct nitro_login login = {
    .user = "deploy", .groups = groups, .group_count = 1};

static char name_a[] = "a", name_b[] = "b", name_other[] = "other";
static char *workloads[] = {name_b, name_other, name_a};
static char name_of_user[] = "deploy", name_of_another[] = "root",
	    name_of_group[] = "staff";
static struct nitro_user_rule rules[] = {
    {.user = name_of_user, .workloads = &workloads[2], .workload_count = 1},
    {.user = name_of_another, .workloads = workloads, .workload_count = 3},
    {.group = name_of_group, .workloads = workloads, .workload_count = 1},
};
static const struct nitro_settings settings = {
    .rules = rules, .rule_count = NITRO_COUNT_OF(rules)};

static nitro_err
filter(const char *text, struct nitro_reach *reach, struct nitro_buf *reduced,
    size_t *left_out, struct nitro_fault *fault)
{
	const struct nitro_config_source source = {
	    nitro_bytes_of_text(text), "/test/m.conf", NITRO_E_MEASUREMENTS};

	assert_err(nitro_reach_make(&settings, &login, reach), NITRO_OK);
	return nitro_entry_filter(&source, reach, reduced, left_out, fault);
}

#define ENTRY(name) "{ workload = \"" name "\"; pcr0 = \"00\"; }"

struct row {
	const char *name, *text;
	const char *reduced; /* NULL: as it is */
	size_t left_out;
};

static const struct row rows[] = {
    {"nothing", "", NULL, 0},
    {"no list", "revoked = ();", NULL, 0},
    {"an empty list", "measurements = ();", NULL, 0},
    {"one that counts", "measurements = (" ENTRY("a") ");", NULL, 0},
    {"one that does not", "measurements = (" ENTRY("c") ");",
	"measurements = ();", 1},
    {"a prefix is another name", "measurements = (" ENTRY("aa") ");",
	"measurements = ();", 1},
    {"a rule of somebody else", "measurements = (" ENTRY("other") ");",
	"measurements = ();", 1},
    {"the first of two", "measurements = (" ENTRY("a") ", " ENTRY("c") ");",
	"measurements = (" ENTRY("a") ");", 1},
    {"the second of two", "measurements = (" ENTRY("c") ", " ENTRY("b") ");",
	"measurements = (" ENTRY("b") ");", 1},
    {"the outer ones",
	"measurements = (" ENTRY("b") ", " ENTRY("c") "," ENTRY("a") ");",
	"measurements = (" ENTRY("b") "," ENTRY("a") ");", 1},
    {"lines stay", "\nmeasurements = (\n" ENTRY("c") ",\n\n" ENTRY("a") "\n);",
	"\nmeasurements = (\n\n\n" ENTRY("a") "\n);", 1},
    {"lines of one that is left out",
	"measurements = (\n{ workload =\n\"c\" },\n" ENTRY("a") ");",
	"measurements = (\n\n\n" ENTRY("a") ");", 1},
    {"lines of one that is kept",
	"measurements = ({ workload =\n\"a\" },\n" ENTRY("b") ");", NULL, 0},
    {"lines at the end", "measurements = (\n" ENTRY("c") "\n);\nx = 1;",
	"measurements = (\n\n);\nx = 1;", 1},
    {"comments between",
	"measurements = ( /* 1 */ " ENTRY("c") " # 2\n , // 3\n" ENTRY(
	    "a") " # 4\n);",
	"measurements = (\n\n" ENTRY("a") "\n);", 1},
    {"what is around the list",
	"a = 1; # b\nmeasurements : (" ENTRY("c") ") /* d */ revoked = (" ENTRY(
	    "c") ");",
	"a = 1; # b\nmeasurements : () /* d */ revoked = (" ENTRY("c") ");", 1},
    {"all kinds of values",
	"measurements = ({ a = [\"x\", \"y\"]; workload : \"c\" b = true, "
	"d = { workload = \"a\"; }, e = 12; *f = (()) });",
	"measurements = ();", 1},
    {"the first and the last letters",
	"measurements = ({ A = 1; Z = 1; a = 1; z = 1; workload = \"c\"; });",
	"measurements = ();", 1},
    {"a name in capitals", "measurements = ({ WORKLOAD = \"a\"; });", NULL, 0},
    {"the name as a value",
	"x = measurements; measurements = (" ENTRY("c") ");", NULL, 0},
    {"a list within another", "x = { measurements = (" ENTRY("c") "); };", NULL,
	0},
    {"a second list stays, for libconfig to refuse",
	"measurements = (" ENTRY("c") "); measurements = (" ENTRY("c") ");",
	"measurements = (); measurements = (" ENTRY("c") ");", 1},
    /* Whatever else it is, libconfig gets to see all of it. */
    {"no workload", "measurements = (" ENTRY("c") ", { pcr0 = \"0\"; });", NULL,
	0},
    {"two workloads",
	"measurements = ({ workload = \"c\"; workload = \"d\"; });", NULL, 0},
    {"a workload that is no text", "measurements = ({ workload = c; });", NULL,
	0},
    {"a workload that is a list", "measurements = ({ workload = [\"c\"]; });",
	NULL, 0},
    {"a comma too many", "measurements = (" ENTRY("c") ", );", NULL, 0},
    {"two commas", "measurements = (" ENTRY("c") ",, " ENTRY("c") ");", NULL,
	0},
    {"no comma", "measurements = (" ENTRY("c") " " ENTRY("c") ");", NULL, 0},
    {"text in the list", "measurements = (\"c\", " ENTRY("c") ");", NULL, 0},
    {"a list in the list", "measurements = ((" ENTRY("c") "));", NULL, 0},
    {"an array", "measurements = [" ENTRY("c") "];", NULL, 0},
    {"a group", "measurements = " ENTRY("c") ";", NULL, 0},
    {"no value", "measurements = ({ workload = \"c\"; a = ; });", NULL, 0},
    {"a mark for a value", "measurements = ({ workload = \"c\"; a = = ; });",
	NULL, 0},
    {"another mark for a value",
	"measurements = ({ workload = \"c\"; a = : });", NULL, 0},
    {"a comma for a value", "measurements = ({ workload = \"c\"; a = , });",
	NULL, 0},
    {"no mark", "measurements = ({ workload = \"c\"; a 1; });", NULL, 0},
    {"a number as name", "measurements = ({ workload = \"c\"; 1 = 1; });", NULL,
	0},
    {"a bracket as name",
	"measurements = ({ workload = \"c\"; [ = 1; ] = 1; });", NULL, 0},
    {"a brace as name", "measurements = ({ workload = \"c\"; { = 1; } ) };",
	NULL, 0},
    {"two semicolons", "measurements = ({ workload = \"c\";; });", NULL, 0},
    {"brackets that do not fit", "measurements = ({ workload = \"c\"; ));",
	NULL, 0},
    {"nothing behind the name", "measurements", NULL, 0},
};

static void
test_what_a_login_cannot_reach_is_left_out(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_reach_drop) struct nitro_reach reach = {0};
		NITRO_DROP(nitro_buf_drop) struct nitro_buf reduced = {0};
		const char *want = rows[i].reduced != NULL ? rows[i].reduced
							   : rows[i].text;
		struct nitro_fault fault = {0};
		size_t left_out = 99;

		wrong += unit_differs(rows[i].name,
		    filter(rows[i].text, &reach, &reduced, &left_out, &fault),
		    NITRO_OK);
		wrong += unit_is_not(
		    rows[i].name, left_out == rows[i].left_out, true);
		wrong += unit_is_not(rows[i].name,
		    nitro_bytes_equal_text(nitro_bytes_of_buf(&reduced), want),
		    true);
	}
	assert_int_equal(wrong, 0);
}

/* The text is judged to its end, also where entries are left out. */
static void
test_a_text_that_is_broken_anywhere_is_refused(void **state)
{
	static const char *const texts[] = {
	    "measurements = (" ENTRY("c") "); a = \"",
	    "measurements = ({ workload = \"c\"; a = \"\\n\"; });",
	    "measurements = (" ENTRY("c") "",
	    "measurements = (" ENTRY("c") ", {",
	    "measurements = ({ workload = \"c\"; a = @; });",
	    "measurements = (" ENTRY("c") ")); ",
	    "measurements = (" ENTRY("c") " /* );",
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++) {
		NITRO_DROP(nitro_reach_drop) struct nitro_reach reach = {0};
		NITRO_DROP(nitro_buf_drop) struct nitro_buf reduced = {0};
		struct nitro_fault fault = {0};
		size_t left_out;

		wrong += unit_differs(texts[i],
		    filter(texts[i], &reach, &reduced, &left_out, &fault),
		    NITRO_E_MEASUREMENTS);
	}
	assert_int_equal(wrong, 0);
}

#define AFTER(text) \
	{ \
		"measurements" text "/*", "this /* comment" \
	}

/* A comment that does not end, wherever one may begin. */
static void
test_what_is_broken_is_said_where_it_is(void **state)
{
	static const struct {
		const char *text, *words;
	} broken[] = {AFTER(""), AFTER(" = "), AFTER(" = ("), AFTER(" = ( { "),
	    AFTER(" = ( { workload "), AFTER(" = ( { workload = "),
	    AFTER(" = ( { a = ( "), AFTER(" = ( { workload = \"a\" "),
	    AFTER(" = ( { workload = \"a\"; "), AFTER(" = ( " ENTRY("a")),
	    AFTER(" = ( " ENTRY("c") ", "), AFTER(" = ( " ENTRY("a") " ) "),
	    AFTER(" = ( " ENTRY("a") " ); "), AFTER(" = 1; "),
	    {"\xff\xfe", "UTF-16"}, {"measurements = ( {", "never closed"}};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(broken); i++) {
		NITRO_DROP(nitro_reach_drop) struct nitro_reach reach = {0};
		NITRO_DROP(nitro_buf_drop) struct nitro_buf reduced = {0};
		struct nitro_fault fault = {0};
		size_t left_out;

		wrong += unit_differs(broken[i].text,
		    filter(broken[i].text, &reach, &reduced, &left_out, &fault),
		    NITRO_E_MEASUREMENTS);
		wrong += unit_is_not(broken[i].text,
		    strstr(fault.text, broken[i].words) != NULL, true);
	}
	assert_int_equal(wrong, 0);
}

static void
test_every_workload_with_an_entry_is_noted(void **state)
{
	NITRO_DROP(nitro_reach_drop) struct nitro_reach reach = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf reduced = {0};
	struct nitro_fault fault = {0};
	size_t left_out;

	(void)state;
	assert_err(filter("measurements = (" ENTRY("c") ", " ENTRY("a") ");",
		       &reach, &reduced, &left_out, &fault),
	    NITRO_OK);
	assert_int_equal(reach.count, 3);
	assert_int_equal(reach.entry_count, 2);
	assert_string_equal(nitro_reach_missing(&reach), "b");
	assert_true(nitro_reach_note(&reach, nitro_bytes_of_text("b")));
	assert_string_equal(nitro_reach_missing(&reach), "other");
	assert_false(nitro_reach_note(&reach, nitro_bytes_of_text("other")));
	assert_null(nitro_reach_missing(&reach));
	assert_false(nitro_reach_note(&reach, nitro_bytes_of_text("")));
	assert_false(nitro_reach_note(&reach, nitro_bytes_of_text("oth")));
}

static void
test_a_name_is_found_whole_among_longer_ones(void **state)
{
	struct nitro_reach_workload names[] = {{.name = "aa"}, {.name = "abc"},
	    {.name = "abd"}, {.name = "b"}, {.name = "ba"}};
	struct nitro_reach reach = {
	    .workloads = names, .count = NITRO_COUNT_OF(names)};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(names); i++)
		names[i].is_reachable = true;
	assert_false(nitro_reach_note(&reach, nitro_bytes_of_text("a")));
	assert_false(nitro_reach_note(&reach, nitro_bytes_of_text("ab")));
	for (size_t i = 0; i < NITRO_COUNT_OF(names); i++) {
		assert_string_equal(nitro_reach_missing(&reach), names[i].name);
		assert_true(nitro_reach_note(
		    &reach, nitro_bytes_of_text(names[i].name)));
	}
}

/* The same entries as of the whole file, less those of other workloads. */
static void
test_what_is_left_reads_as_before(void **state)
{
#define HEX \
	"0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef"
	static const char text[] =
	    "measurements = (\n"
	    "  { workload = \"c\"; kind = \"enclave\"; pcr0 = \"" HEX "\"; },\n"
	    "  { workload = \"a\"; kind = \"enclave\"; pcr0 = \"" HEX "\"; },\n"
	    "  { workload = \"d\"; kind = \"nonsense\"; },\n"
	    "  { workload = \"b\"; kind = \"enclave\"; pcr0 = \"" HEX "\"; }\n"
	    ");\n"
	    "revoked = ({ workload = \"d\"; pcr0 = \"" HEX "\"; });\n";
	NITRO_DROP(nitro_reach_drop) struct nitro_reach reach = {0};
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements read = {0}, whole = {0};
	struct nitro_fault fault = {0};

	(void)state;
	assert_err(nitro_reach_make(&settings, &login, &reach), NITRO_OK);
	assert_err(nitro_measurements_parse_reachable(nitro_bytes_of_text(text),
		       "/test/m.conf", NULL, NULL, &reach, &read, &fault),
	    NITRO_OK);
	assert_int_equal(read.entry_count, 2);
	assert_string_equal(read.entries[0].workload, "a");
	assert_int_equal(read.entries[0].line, 3);
	assert_string_equal(read.entries[1].workload, "b");
	assert_int_equal(read.entries[1].line, 5);
	assert_int_equal(read.revoked_count, 1);
	assert_int_equal(read.revoked[0].line, 7);
	/* A list without an entry is one where something was left out. */
	nitro_measurements_drop(&read);
	assert_err(nitro_measurements_parse_reachable(
		       nitro_bytes_of_text("measurements = ();"),
		       "/test/m.conf", NULL, NULL, &reach, &read, &fault),
	    NITRO_E_MEASUREMENTS);
	assert_err(nitro_measurements_parse_reachable(
		       nitro_bytes_of_text("measurements = (" ENTRY("c") ");"),
		       "/test/m.conf", NULL, NULL, &reach, &read, &fault),
	    NITRO_OK);
	assert_int_equal(read.entry_count, 0);
	assert_err(
	    nitro_measurements_parse_reachable(
		nitro_bytes_of_text("measurements = (" ENTRY("c") ") /*"),
		"/test/m.conf", NULL, NULL, &reach, &read, &fault),
	    NITRO_E_MEASUREMENTS);
	/* What nobody here can reach is broken: pam-nitro check says so. */
	assert_err(nitro_measurements_parse(nitro_bytes_of_text(text),
		       "/test/m.conf", NULL, NULL, &whole, &fault),
	    NITRO_E_MEASUREMENTS);
	assert_int_equal(fault.line, 4);
}

static void
test_a_login_that_no_rule_lists_reaches_nothing(void **state)
{
	static const struct nitro_login nobody = {0}, other = {.user = "x"};
	NITRO_DROP(nitro_reach_drop) struct nitro_reach none = {0}, one = {0};

	(void)state;
	assert_err(nitro_reach_make(&settings, &nobody, &none), NITRO_OK);
	assert_err(nitro_reach_make(&settings, &other, &one), NITRO_OK);
	for (size_t i = 0; i < 3; i++) {
		assert_false(none.workloads[i].is_reachable);
		assert_false(one.workloads[i].is_reachable);
	}
	assert_false(nitro_reach_note(&one, nitro_bytes_of_text("a")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_a_login_cannot_reach_is_left_out),
	    cmocka_unit_test(test_a_text_that_is_broken_anywhere_is_refused),
	    cmocka_unit_test(test_what_is_broken_is_said_where_it_is),
	    cmocka_unit_test(test_every_workload_with_an_entry_is_noted),
	    cmocka_unit_test(test_a_name_is_found_whole_among_longer_ones),
	    cmocka_unit_test(test_what_is_left_reads_as_before),
	    cmocka_unit_test(test_a_login_that_no_rule_lists_reaches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
