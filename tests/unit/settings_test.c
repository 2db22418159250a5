#include "policy/settings.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "policy/config_reader.h"
#include "policy/nearest.h"
#include "unit/policy_text.h"
#include "unit/unit.h"

#define USERS "users = ( { user = \"deploy\"; workloads = [\"billing\"]; } );\n"
#define NAME64 \
	"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ._"
#define WITH(text) USERS text

static nitro_err
parse(const char *text, struct nitro_settings *settings,
    struct nitro_fault *fault)
{
	return nitro_settings_parse(
	    nitro_bytes_of_text(text), "/test/pam_nitro.conf", settings, fault);
}

static const struct policy_row rows[] = {
    {"users alone", USERS, 0, NULL},
    /* L02 P01 P21 */
    {"an empty file", "", 0, "users has no rule yet"},
    {"only a comment", "# nothing\n", 0, "users has no rule yet"},
    {"a comment without LF", "# nothing", 0, "users has no rule yet"},
    {"only blanks", " \r\n\t\n", 0, "users has no rule yet"},
    {"everything but users", "mode = \"enforce\";", 0, "users has no rule"},
    {"no rule in users", "\nusers = ();", 2, "users has no rule yet"},
    /* modes and words */
    {"enforce", WITH("mode = \"enforce\";"), 0, NULL},
    {"observe", WITH("mode = \"observe\";"), 0, NULL},
    {"another mode", WITH("mode = \"permissive\";"), 2, "mode is"},
    {"a mode with a slip", WITH("mode = \"obsreve\";"), 2, "\"observe\""},
    {"an empty mode", WITH("mode = \"\";"), 2, "mode is \"\""},
    {"upper case", WITH("mode = \"ENFORCE\";"), 2, "\"enforce\""},
    {"binding ssh-key", WITH("binding = \"ssh-key\";"), 0, NULL},
    {"binding none", WITH("binding = \"none\";"), 0, NULL},
    /* K17: there is no such thing. */
    {"binding optional", WITH("binding = \"optional\";"), 2, "binding is"},
    /* L11 */
    {"the least age", WITH("max_age_s = 1;"), 0, NULL},
    {"the most", WITH("max_age_s = 600;"), 0, NULL},
    {"less", WITH("max_age_s = 0;"), 2, "max_age_s is 0; it must be 1 to 600"},
    {"more", WITH("max_age_s = 601;"), 2, "must be 1 to 600"},
    {"far more", WITH("max_age_s = 4294967356;"), 2, "9 decimal digits"},
    {"the least skew", WITH("clock_skew_s = 0;"), 0, NULL},
    {"the most skew", WITH("clock_skew_s = 60;"), 0, NULL},
    {"more skew", WITH("clock_skew_s = 61;"), 2, "must be 0 to 60"},
    {"negative skew", WITH("clock_skew_s = -1;"), 2, "9 decimal digits"},
    /* L12 */
    {"audience true", WITH("audience = true;"), 0, NULL},
    {"audience False", WITH("audience = False;"), 0, NULL},
    {"audience in quotes", WITH("audience = \"true\";"), 2, "true or false"},
    {"audience yes", WITH("audience = yes;"), 2, "syntax error"},
    {"audience 1", WITH("audience = 1;"), 2, "true or false"},
    {"age in quotes", WITH("max_age_s = \"60\";"), 2, "whole number"},
    {"age as a fraction", WITH("max_age_s = 60.0;"), 2, "\"60.0\""},
    {"age as true", WITH("max_age_s = true;"), 2, "whole number"},
    {"age as a list", WITH("max_age_s = [60];"), 2, "whole number"},
    {"mode as a list", WITH("mode = [\"observe\"];"), 2, "text in quotes"},
    {"mode as a number", WITH("mode = 1;"), 2, "text in quotes"},
    {"mode without quotes", WITH("mode = enforce;"), 2, "syntax error"},
    /* L14 */
    {"an unknown key", WITH("max_age = 60;"), 2,
	"unknown setting \"max_age\"; the nearest known one is \"max_age_s\""},
    {"a slip", WITH("bindings = \"none\";"), 2, "\"binding\""},
    {"in upper case", WITH("MODE = \"observe\";"), 2, "\"mode\""},
    {"in the wrong place", WITH("workloads = [\"a\"];"), 2, "\"workloads\""},
    {"an unknown key in a rule",
	"users = (\n{ user = \"a\"; workload = [\"b\"]; } );", 2,
	"\"workloads\""},
    {"an option in a rule",
	"users = (\n{ user = \"a\"; workloads = [\"b\"];\nmode = \"c\"; } );",
	3, "unknown setting \"mode\""},
    {"a group of options", WITH("settings = { mode = \"observe\"; };"), 2,
	"unknown setting \"settings\""},
    /* P20 */
    {"the same key twice", WITH("mode = \"enforce\";\nmode = \"observe\";"), 3,
	"duplicate"},
    {"users twice", WITH(USERS), 2, "duplicate"},
    /* L13: one string that two rules were meant to be */
    {"strings side by side",
	"users = ( { user = \"a\"; workloads = [\"b\" \"c\"]; } );", 1,
	"side by side"},
    /* L17 */
    {"nested too deep", WITH("a = ((((((((((1))))))))));"), 2, "too deep"},
    /* paths */
    {"a path", WITH("measurements = \"/etc/pam_nitro/m.d\";"), 0, NULL},
    {"a relative path", WITH("measurements = \"m.conf\";"), 2, "absolute"},
    {"an empty path", WITH("trust_anchors = \"\";"), 2, "absolute"},
    {"a path with ..", WITH("trust_anchors = \"/etc/../a\";"), 2, "absolute"},
    {"a path with .", WITH("trust_anchors = \"/etc/./a\";"), 2, "absolute"},
    {"a path with //", WITH("trust_anchors = \"/etc//a\";"), 2, "absolute"},
    {"a path with / at its end", WITH("measurements = \"/etc/a/\";"), 2,
	"absolute"},
    {"a path that is a number", WITH("measurements = 5;"), 2,
	"measurements must be text"},
    {"a path in a list", WITH("trust_anchors = [\"/a\"];"), 2,
	"trust_anchors must be text"},
    {"a directory that is true", WITH("evidence = { directory = true; };"), 2,
	"directory must be text"},
    {"a server name that is a number", WITH("server_name = 5;"), 2,
	"server_name must be text"},
    {"the path /", WITH("measurements = \"/\";"), 2, "absolute"},
    /* the evidence store */
    {"evidence with every default", WITH("evidence = {};"), 0, NULL},
    {"evidence with every key",
	WITH("evidence = { directory = \"/e\"; keep_days = 1; max_mib = 1;"
	     " required = true; };"),
	0, NULL},
    {"the most evidence",
	WITH("evidence = { keep_days = 3650; max_mib = 65536; };"), 0, NULL},
    {"evidence that is text", WITH("evidence = \"/e\";"), 0, "a group {"},
    {"evidence that is a list", WITH("evidence = ( { } );"), 2, "a group {"},
    {"a relative directory", WITH("evidence = { directory = \"e\"; };"), 2,
	"absolute"},
    {"no days", WITH("evidence = { keep_days = 0; };"), 2, "1 to 3650"},
    {"too many days", WITH("evidence = { keep_days = 3651; };"), 2,
	"1 to 3650"},
    {"no MiB", WITH("evidence = {\nmax_mib = 0; };"), 3, "1 to 65536"},
    {"too many MiB", WITH("evidence = { max_mib = 65537; };"), 2, "1 to 65536"},
    {"required as a number", WITH("evidence = { required = 1; };"), 2,
	"true or false"},
    {"a slip in evidence", WITH("evidence = { max_mb = 5; };"), 2,
	"\"max_mib\""},
    {"evidence twice", WITH("evidence = {}; evidence = {};"), 2, "duplicate"},
    /* the name of the host */
    {"no name", WITH("server_name = \"\";"), 0, NULL},
    {"a name", WITH("server_name = \"bastion-1.example.com\";"), 0, NULL},
    {"an address", WITH("server_name = \"2001:db8::1\";"), 0, NULL},
    {"a blank", WITH("server_name = \"a b\";"), 2, "server_name must be"},
    {"64 bytes",
	WITH("server_name = \""
	     "a123456789a123456789a123456789"
	     "a123456789a123456789a123456789a123"
	     "\";"),
	0, NULL},
    {"65 bytes",
	WITH("server_name = \""
	     "a123456789a123456789a123456789"
	     "a123456789a123456789a123456789a1234"
	     "\";"),
	2, "server_name"},
    /* rules */
    {"a group", "users = ( { group = \"g\"; workloads = [\"a\"]; } );", 0,
	NULL},
    {"a workload alone", "users = ( { user = \"u\"; workloads = \"a\"; } );", 0,
	NULL},
    {"in parentheses", "users = ( { user = \"u\"; workloads = (\"a\"); } );", 0,
	NULL},
    {"neither user nor group", "users = (\n { workloads = [\"a\"]; } );", 2,
	"either user or group"},
    {"both", "users = ( { user = \"u\"; group = \"g\"; workloads = \"a\"; } );",
	1, "either user or group"},
    {"no workloads", "users = ( { user = \"u\"; } );", 1,
	"must have workloads: the names that may log in as u"},
    {"no workloads of a group", "users = ( { group = \"g\"; } );", 1,
	"must have workloads: the names that may log in as g"},
    {"an empty list", "users = ( { user = \"u\"; workloads = []; } );", 1,
	"1 to 1000 elements"},
    {"a workload that is a number",
	"users = ( { user = \"u\"; workloads = [1]; } );", 1, "text in quotes"},
    {"workloads true", "users = ( { user = \"u\"; workloads = true; } );", 1,
	"text in quotes"},
    {"a workload twice",
	"users = ( { user = \"u\"; workloads = [\"a\", \"b\", \"a\"]; } );", 1,
	"\"a\" stands twice"},
    {"an empty workload", "users = ( { user = \"u\"; workloads = [\"\"]; } );",
	1, "must be a name"},
    {"a rule that is text", "users = ( \"deploy\" );", 1, "a group {"},
    {"users that is a group", "users = { user = \"u\"; };", 1,
	"a list of groups"},
    {"users that is an array", "users = [ \"u\" ];", 1, "a list of groups"},
    {"two rules for one user",
	"users = ( { user = \"u\"; workloads = \"a\"; },"
	" { user = \"u\"; workloads = \"b\"; } );",
	1, "user \"u\" has two rules"},
    {"two rules for one group",
	"users = ( { group = \"u\"; workloads = \"a\"; },"
	" { user = \"u\"; workloads = \"a\"; },"
	" { group = \"u\"; workloads = \"b\"; } );",
	1, "group \"u\" has two rules"},
    {"a user and a group of one name",
	"users = ( { group = \"u\"; workloads = \"a\"; },"
	" { user = \"u\"; workloads = \"a\"; } );",
	0, NULL},
    /* L15: names */
    {"a name of 64",
	"users = ( { user = \"" NAME64 "\"; workloads = \"a\"; } );", 0, NULL},
    {"a name of 65",
	"users = ( { user = \"" NAME64 "x\"; workloads = \"a\"; } );", 1,
	"user must be a name"},
    {"a name with @ + -",
	"users = ( { user = \"a@b+c-d\"; workloads = \"a\"; } );", 0, NULL},
    {"a name that is an option",
	"users = ( { user = \"-a\"; workloads = \"a\"; } );", 1, "a name"},
    {"a name with a blank",
	"users = ( { user = \"a \"; workloads = \"a\"; } );", 1, "a name"},
    {"a name with a slash",
	"users = ( { group = \"a/b\"; workloads = \"a\"; } );", 1, "a name"},
    {"a user that is a number", "users = ( { user = 5; workloads = \"a\"; } );",
	1, "user must be text"},
    {"a group that is a list",
	"users = ( { group = [\"g\"]; workloads = \"a\"; } );", 1,
	"group must be text"},
    {"an empty name", "users = ( { user = \"\"; workloads = \"a\"; } );", 1,
	"a name"},
    /* syntax */
    {"a missing semicolon is none", WITH("mode = \"observe\" audience = true"),
	0, NULL},
    {"a missing value", WITH("mode = ;"), 2, "syntax error"},
    {"a missing comma between rules",
	"users = ( { user = \"a\"; workloads = \"a\"; }\n"
	"{ user = \"b\"; workloads = \"a\"; } );",
	2, "syntax error"},
};

static void
test_every_setting_is_walked(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_settings_drop)
		struct nitro_settings settings = {0};
		struct nitro_fault fault = {0};
		nitro_err err = parse(rows[i].text, &settings, &fault);

		wrong += policy_row_differs(
		    &rows[i], err, NITRO_E_SETTINGS, &fault);
		if (err == NITRO_OK)
			continue;
		wrong += unit_is_not(rows[i].name,
		    settings.rules == NULL && settings.measurements == NULL,
		    true);
		wrong += unit_is_not(rows[i].name,
		    strcmp(fault.file, "/test/pam_nitro.conf") == 0, true);
	}
	assert_int_equal(wrong, 0);
}

static void
test_what_is_absent_has_the_strict_default(void **state)
{
	NITRO_DROP(nitro_settings_drop) struct nitro_settings settings = {0};

	(void)state;
	policy_settings(USERS, &settings);
	assert_int_equal(settings.mode, NITRO_MODE_ENFORCE);
	assert_string_equal(settings.measurements, NITRO_MEASUREMENTS_PATH);
	assert_string_equal(settings.trust_anchors, NITRO_TRUST_ANCHORS_PATH);
	assert_string_equal(settings.server_name, "");
	assert_true(settings.binds_ssh_key);
	assert_true(settings.wants_audience);
	assert_true(settings.max_age_ms == 60000);
	assert_true(settings.clock_skew_ms == 5000);
	assert_int_equal(settings.rule_count, 1);
	assert_string_equal(settings.rules[0].user, "deploy");
	assert_null(settings.rules[0].group);
	assert_int_equal(settings.rules[0].workload_count, 1);
	assert_string_equal(settings.rules[0].workloads[0], "billing");
	assert_int_equal(settings.rules[0].line, 1);
	assert_null(settings.evidence.directory);
}

static void
test_evidence_is_off_or_has_bounds(void **state)
{
	NITRO_DROP(nitro_settings_drop) struct nitro_settings settings = {0};
	NITRO_DROP(nitro_settings_drop) struct nitro_settings given = {0};

	(void)state;
	policy_settings(WITH("evidence = {};"), &settings);
	assert_string_equal(
	    settings.evidence.directory, "/var/lib/pam_nitro/evidence");
	assert_true(settings.evidence.keep_ms == INT64_C(30) * 86400 * 1000);
	assert_true(settings.evidence.max_bytes == INT64_C(256) * 1048576);
	assert_false(settings.evidence.is_required);
	policy_settings(
	    WITH("evidence = { directory = \"/e\"; keep_days = 3650;"
		 " max_mib = 65536; required = true; };"),
	    &given);
	assert_string_equal(given.evidence.directory, "/e");
	assert_true(given.evidence.keep_ms == INT64_C(3650) * 86400 * 1000);
	assert_true(given.evidence.max_bytes == INT64_C(65536) * 1048576);
	assert_true(given.evidence.is_required);
}

static void
test_what_is_given_is_what_counts(void **state)
{
	NITRO_DROP(nitro_settings_drop) struct nitro_settings settings = {0};

	(void)state;
	policy_settings("mode = \"observe\";\n"
			"measurements = \"/a/b\"; trust_anchors = \"/c\";\n"
			"server_name = \"h\"; binding = \"none\";\n"
			"audience = false; max_age_s = 7; clock_skew_s = 8;\n"
			"users = (\n"
			" { user = \"u\"; workloads = [\"a\", \"b\"]; },\n"
			" { group = \"g\"; workloads = (\"c\"); }\n"
			");\n",
	    &settings);
	assert_int_equal(settings.mode, NITRO_MODE_OBSERVE);
	assert_string_equal(settings.measurements, "/a/b");
	assert_string_equal(settings.trust_anchors, "/c");
	assert_string_equal(settings.server_name, "h");
	assert_false(settings.binds_ssh_key);
	assert_false(settings.wants_audience);
	assert_true(settings.max_age_ms == 7000);
	assert_true(settings.clock_skew_ms == 8000);
	assert_int_equal(settings.rule_count, 2);
	assert_int_equal(settings.rules[0].workload_count, 2);
	assert_string_equal(settings.rules[0].workloads[1], "b");
	assert_int_equal(settings.rules[0].line, 6);
	assert_null(settings.rules[1].user);
	assert_string_equal(settings.rules[1].group, "g");
	assert_int_equal(settings.rules[1].line, 7);
}

static nitro_err
parse_buf(const struct nitro_buf *text)
{
	NITRO_DROP(nitro_settings_drop) struct nitro_settings settings = {0};
	struct nitro_fault fault = {0};

	return nitro_settings_parse(
	    nitro_bytes_of_buf(text), "/a", &settings, &fault);
}

static void
test_a_rule_has_1000_workloads_at_most(void **state)
{
	(void)state;
	for (unsigned count = 999; count <= 1001; count++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
		char name[16];

		unit_append(&text,
		    UNIT_BYTES("users = ( { user = \"u\"; workloads = ["));
		for (unsigned i = 0; i < count; i++) {
			(void)snprintf(name, sizeof name, "%s\"w%u\"",
			    i > 0 ? "," : "", i);
			unit_append(&text, nitro_bytes_of_text(name));
		}
		unit_append(&text, UNIT_BYTES("]; } );"));
		assert_err(parse_buf(&text),
		    count <= 1000 ? NITRO_OK : NITRO_E_SETTINGS);
	}
}

/* The files that are read have no more; and so no product of lengths wraps. */
static void
test_a_text_has_16_mib_at_most(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	const size_t most = 16u << 20;

	(void)state;
	assert_err(nitro_buf_reserve(&text, most + 1), NITRO_OK);
	memset(text.ptr, ' ', most + 1);
	memcpy(text.ptr, USERS, sizeof USERS - 1);
	text.len = most;
	assert_err(parse_buf(&text), NITRO_OK);
	text.len = most + 1;
	assert_err(parse_buf(&text), NITRO_E_MEMORY);
}

/* L09 */
static void
test_nothing_hides_behind_a_nul(void **state)
{
	static const char text[] = USERS "\0 mode = \"observe\";";
	NITRO_DROP(nitro_settings_drop) struct nitro_settings settings = {0};
	struct nitro_fault fault = {0};

	(void)state;
	assert_err(
	    nitro_settings_parse(UNIT_BYTES(text), "/a", &settings, &fault),
	    NITRO_E_SETTINGS);
	assert_int_equal(fault.line, 2);
}

/* L17 */
static void
test_ten_thousand_nested_lists_end_no_process(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	NITRO_DROP(nitro_settings_drop) struct nitro_settings settings = {0};
	struct nitro_fault fault = {0};

	(void)state;
	unit_append(&text, UNIT_BYTES("users = "));
	unit_fill(&text, '(', 10000);
	unit_fill(&text, ')', 10000);
	assert_err(nitro_settings_parse(
		       nitro_bytes_of_buf(&text), "/a", &settings, &fault),
	    NITRO_E_SETTINGS);
}

/* P18: names compare exactly. */
static void
test_a_user_is_listed_by_its_own_name_or_a_group(void **state)
{
	NITRO_DROP(nitro_settings_drop) struct nitro_settings settings = {0};
	const char *const groups[] = {"staff", "enclaves"};
	const char *const none[] = {"Enclaves", "enclaves ", "enclave", ""};
	const char *const others[] = {"bob", "Alice", "alice ", "alice\n", "",
	    "alic", "alicee", "enclaves", "ALICE", " alice"};

	(void)state;
	policy_settings(
	    "users = ( { user = \"alice\"; workloads = [\"billing\"]; },"
	    " { group = \"enclaves\"; workloads = [\"ledger\", \"mail\"]; } );",
	    &settings);
	assert_true(nitro_settings_lists_user(&settings, "alice", NULL, 0));
	assert_true(nitro_settings_lists_user(&settings, "bob", groups, 2));
	assert_false(nitro_settings_lists_user(&settings, "bob", groups, 1));
	assert_false(nitro_settings_lists_user(&settings, "bob", none, 4));
	for (size_t i = 0; i < NITRO_COUNT_OF(others); i++)
		assert_false(
		    nitro_settings_lists_user(&settings, others[i], NULL, 0));

	assert_true(
	    nitro_settings_allow(&settings, "alice", NULL, 0, "billing"));
	assert_false(
	    nitro_settings_allow(&settings, "alice", NULL, 0, "ledger"));
	assert_true(
	    nitro_settings_allow(&settings, "alice", groups, 2, "ledger"));
	assert_true(nitro_settings_allow(&settings, "bob", groups, 2, "mail"));
	assert_false(
	    nitro_settings_allow(&settings, "bob", groups, 2, "billing"));
	assert_false(nitro_settings_allow(&settings, "bob", groups, 2, "Mail"));
}

/* L22 */
static void
test_a_locale_changes_nothing(void **state)
{
	const char *const locales[] = {
	    "C.utf8", "C.UTF-8", "tr_TR.UTF-8", "de_DE.UTF-8"};
	unsigned tried = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(locales); i++) {
		NITRO_DROP(nitro_settings_drop)
		struct nitro_settings settings = {0};
		struct nitro_fault fault = {0};

		if (setlocale(LC_ALL, locales[i]) == NULL)
			continue;
		tried++;
		assert_err(parse(WITH("audience = TRUE; max_age_s = 7;"),
			       &settings, &fault),
		    NITRO_OK);
		assert_true(settings.max_age_ms == 7000);
		assert_err(parse(WITH("max_age_s = 7,5;"), &settings, &fault),
		    NITRO_E_SETTINGS);
		assert_err(parse(WITH("max_age_s = 7.5;"), &settings, &fault),
		    NITRO_E_SETTINGS);
		assert_err(parse("users = ( { user = \"\xc3\xa4\";"
				 " workloads = \"a\"; } );",
			       &settings, &fault),
		    NITRO_E_SETTINGS);
	}
	(void)setlocale(LC_ALL, "C");
	assert_true(tried > 0);
}

static void
test_the_nearest_word_takes_the_fewest_changes(void **state)
{
	const char *const words[] = {
	    "mode", "measurements", "max_age_s", "pcr1", "pcr10"};

	(void)state;
	assert_string_equal(nitro_nearest("mdoe", words, 5), "mode");
	assert_string_equal(
	    nitro_nearest("messurement", words, 5), "measurements");
	assert_string_equal(nitro_nearest("PCR10", words, 5), "pcr10");
	assert_string_equal(nitro_nearest("pcr1", words, 5), "pcr1");
	assert_string_equal(nitro_nearest("pcr_1", words, 5), "pcr1");
	assert_string_equal(nitro_nearest("", words, 5), "mode");
	assert_string_equal(nitro_nearest("a", words, 0), "");
	/* Longer than what is looked at; nothing is read beyond. */
	assert_string_equal(
	    nitro_nearest(NAME64 NAME64 NAME64, words, 1), "mode");
}

static void
test_the_nearest_word_is_found_whatever_its_case(void **state)
{
	const char *const upper[] = {"XXDE", "mode"};
	const char *const ends[] = {"Ay", "az"};
	const char *const others[] = {"ab", "a_"};
	const char *const same[] = {"abcdefgh"};
	const char *const far[] = {"zzzzzzzz", "zz"};
	const char *found;

	(void)state;
	assert_string_equal(nitro_nearest("MODE", upper, 2), "mode");
	assert_string_equal(nitro_nearest("AZ", ends, 2), "az");
	/* What was found before says nothing of the next. */
	(void)nitro_nearest("abcdefgh", same, 1);
	found = nitro_nearest("a", far, 2);
	assert_string_equal(found, "zz");
	/* Equally near: the first. */
	assert_string_equal(nitro_nearest("a?", others, 2), "ab");
}

static void
test_forty_characters_of_a_word_are_looked_at(void **state)
{
#define A39 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	const char *const words[] = {A39 "b", A39 "a"};
	const char *const longer[] = {A39 "c", A39 "abbb"};

	(void)state;
	assert_string_equal(nitro_nearest(A39 "ab", words, 2), A39 "a");
	assert_string_equal(nitro_nearest(A39 "a", longer, 2), A39 "abbb");
}

/* Thousands of rules are checked without comparing each with each. */
static void
test_many_rules_are_read_in_order(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	NITRO_DROP(nitro_settings_drop) struct nitro_settings settings = {0};
	struct nitro_fault fault = {0};
	char rule[80];

	(void)state;
	unit_append(&text, UNIT_BYTES("users = (\n"));
	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(rule, sizeof rule,
		    "%s{ user = \"u%u\"; workloads = [\"w%u\"]; }\n",
		    i == 0 ? "" : ",", i, i);
		unit_append(&text, nitro_bytes_of_text(rule));
	}
	unit_append(&text, UNIT_BYTES(");\n"));
	assert_err(nitro_settings_parse(
		       nitro_bytes_of_buf(&text), "/a", &settings, &fault),
	    NITRO_OK);
	assert_int_equal(settings.rule_count, 5000);
	assert_string_equal(settings.rules[4999].user, "u4999");
	assert_string_equal(settings.rules[4999].workloads[0], "w4999");
	assert_int_equal(settings.rules[4999].line, 5001);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_setting_is_walked),
	    cmocka_unit_test(test_what_is_absent_has_the_strict_default),
	    cmocka_unit_test(test_evidence_is_off_or_has_bounds),
	    cmocka_unit_test(test_what_is_given_is_what_counts),
	    cmocka_unit_test(test_a_rule_has_1000_workloads_at_most),
	    cmocka_unit_test(test_a_text_has_16_mib_at_most),
	    cmocka_unit_test(test_nothing_hides_behind_a_nul),
	    cmocka_unit_test(test_ten_thousand_nested_lists_end_no_process),
	    cmocka_unit_test(test_a_user_is_listed_by_its_own_name_or_a_group),
	    cmocka_unit_test(test_a_locale_changes_nothing),
	    cmocka_unit_test(test_the_nearest_word_takes_the_fewest_changes),
	    cmocka_unit_test(test_the_nearest_word_is_found_whatever_its_case),
	    cmocka_unit_test(test_forty_characters_of_a_word_are_looked_at),
	    cmocka_unit_test(test_many_rules_are_read_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
