/* policy/entry_provenance.c: what an entry says of its origin, and must. */
#include "policy/entry_provenance.h"

#include "unit/policy_text.h"
#include "unit/unit.h"

#define SHA(digit) \
	POLICY_HEX4(POLICY_HEX4("a" digit)) POLICY_HEX4(POLICY_HEX4("a" digit))
#define ENTRY(text) \
	"measurements = ( { workload = \"w\"; kind = \"enclave\"; pcr0 = " \
	"\"" POLICY_HEX("a1") "\";\n" text " } );"
#define GIVEN(text) ENTRY("provenance = { " text " };")
#define EIF "binding = \"eif\"; "
#define ARTIFACT "artifact_sha256 = \"" SHA("1") "\"; "
#define BUNDLE "bundle_sha256 = \"" SHA("2") "\"; "
#define BOUND(text) GIVEN(EIF ARTIFACT BUNDLE text)
#define KEY "key = \"sha256:" SHA("3") "\"; "
#define KEY_FILE "key_file_sha256 = \"" SHA("4") "\"; "
#define IDENTITY "identity = \"https://github.com/o/w\"; "
#define ISSUER "issuer = \"https://token\"; "
#define ROOT "trusted_root_sha256 = \"" SHA("5") "\"; "

static const struct policy_row entry_rows[] = {
    {"none", ENTRY(""), 0, NULL},
    {"a key", BOUND(KEY KEY_FILE), 0, NULL},
    {"a builder", BOUND(IDENTITY ISSUER ROOT), 0, NULL},
    {"text", ENTRY("provenance = \"eif\";"), 1, "a group {"},
    {"nothing in it", GIVEN(""), 2, "must have binding"},
    {"an unknown key", BOUND(KEY KEY_FILE "notes = \"x\";"), 2,
	"unknown setting \"notes\""},
    {"a number", BOUND(KEY KEY_FILE "run = 5;"), 2, "run must be text"},
    {"an empty text", BOUND(KEY KEY_FILE "log = \"\";"), 2, "log is empty"},
    /* the binding */
    {"no binding", GIVEN(ARTIFACT BUNDLE KEY KEY_FILE), 2, "must have binding"},
    {"another binding",
	GIVEN("binding = \"EIF\"; " ARTIFACT BUNDLE KEY KEY_FILE), 2,
	"must have binding"},
    {"the last binding",
	GIVEN("binding = \"oci-pcr-file\"; " ARTIFACT BUNDLE KEY KEY_FILE), 0,
	NULL},
    /* the files */
    {"no artifact", GIVEN(EIF BUNDLE KEY KEY_FILE), 2,
	"must have artifact_sha256 and bundle_sha256"},
    {"no bundle", GIVEN(EIF ARTIFACT KEY KEY_FILE), 2,
	"must have artifact_sha256 and bundle_sha256"},
    /* who */
    {"nobody", BOUND(""), 2, "identity, issuer and"},
    {"a key and a builder", BOUND(KEY KEY_FILE IDENTITY ISSUER ROOT), 2,
	"identity, issuer and"},
    {"no key", BOUND(KEY_FILE), 2, "identity, issuer and"},
    {"no file of the key", BOUND(KEY), 2, "identity, issuer and"},
    {"no identity", BOUND(ISSUER ROOT), 2, "identity, issuer and"},
    {"no issuer", BOUND(IDENTITY ROOT), 2, "identity, issuer and"},
    {"no trusted root", BOUND(IDENTITY ISSUER), 2, "identity, issuer and"},
    /* digests */
    {"upper case", BOUND(KEY "key_file_sha256 = \"" SHA("A") "\";"), 2,
	"key_file_sha256 must be a SHA-256"},
    {"upper case at the end of the alphabet",
	BOUND(KEY "key_file_sha256 = \"" SHA("F") "\";"), 2,
	"key_file_sha256 must be a SHA-256"},
    {"the last digits in lower case",
	BOUND(KEY "key_file_sha256 = \"" SHA("f") "\";"), 0, NULL},
    {"no hex digit", BOUND(KEY "key_file_sha256 = \"" SHA("g") "\";"), 2,
	"key_file_sha256 must be a SHA-256"},
    {"63 digits",
	BOUND(KEY "key_file_sha256 = \"" POLICY_HEX4(POLICY_HEX4("a1"))
		POLICY_HEX4("a1a1a1") "a1a1a1a\";"),
	2, "key_file_sha256 must be a SHA-256"},
    {"66 digits", BOUND(KEY "key_file_sha256 = \"" SHA("1") "a1\";"), 2,
	"key_file_sha256 must be a SHA-256"},
    {"an artifact's",
	GIVEN(EIF BUNDLE KEY KEY_FILE "artifact_sha256 = \"a1\";"), 2,
	"artifact_sha256 must be a SHA-256"},
    {"a bundle's", GIVEN(EIF ARTIFACT KEY KEY_FILE "bundle_sha256 = \"a1\";"),
	2, "bundle_sha256 must be a SHA-256"},
    {"a manifest's", BOUND(KEY KEY_FILE "oci_manifest_sha256 = \"a1\";"), 2,
	"oci_manifest_sha256 must be a SHA-256"},
    {"a root's", BOUND(IDENTITY ISSUER "trusted_root_sha256 = \"a1\";"), 2,
	"trusted_root_sha256 must be a SHA-256"},
};

static void
test_an_entry_says_the_whole_of_its_origin_or_nothing(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(entry_rows); i++) {
		NITRO_DROP(nitro_measurements_drop)
		struct nitro_measurements read = {0};
		struct nitro_fault fault = {0};

		wrong += policy_row_differs(&entry_rows[i],
		    nitro_measurements_parse(
			nitro_bytes_of_text(entry_rows[i].text), "/test/m",
			policy_certificate, NULL, &read, &fault),
		    NITRO_E_MEASUREMENTS, &fault);
	}
	assert_int_equal(wrong, 0);
}

static void
test_each_text_of_the_origin_is_kept_under_its_key(void **state)
{
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements read = {0};
	const struct nitro_entry_provenance *provenance;

	(void)state;
	policy_measurements(BOUND(KEY KEY_FILE "namespace = \"last\";"), &read);
	provenance = &read.entries[0].provenance;
	assert_true(nitro_entry_provenance_is_there(provenance));
	assert_string_equal(provenance->text[NITRO_PROVENANCE_BINDING], "eif");
	assert_string_equal(
	    provenance->text[NITRO_PROVENANCE_BUNDLE], SHA("2"));
	assert_string_equal(
	    provenance->text[NITRO_PROVENANCE_NAMESPACE], "last");
	assert_null(provenance->text[NITRO_PROVENANCE_IDENTITY]);
	assert_string_equal(
	    nitro_provenance_key(NITRO_PROVENANCE_NAMESPACE), "namespace");
}

#define RULES(text) \
	"users = ( { user = \"u\"; workloads = \"w\"; } );\n" \
	"require_provenance = " text ";"
#define RULE(text) RULES("( { workload = \"w\"; " text "} )")
#define SOURCE "source_repository = \"https://github.com/o/w\"; "

static const struct policy_row rule_rows[] = {
    {"a key", RULE(KEY), 0, NULL},
    {"a builder", RULE(IDENTITY ISSUER SOURCE), 0, NULL},
    {"two workloads",
	RULES("( { workload = \"w\"; " KEY "}, { workload = \"x\"; " KEY "} )"),
	0, NULL},
    {"no rule", RULES("()"), 2, "require_provenance has no rule"},
    {"a group", RULES("{ }"), 2, "a list of groups"},
    {"text", RULES("( \"w\" )"), 2, "a group {"},
    {"a workload twice",
	RULES("( { workload = \"w\"; " KEY "}, { workload = \"w\"; " KEY "} )"),
	2, "workload \"w\" has two rules"},
    {"an unknown key", RULE(KEY "note = \"x\"; "), 2,
	"unknown setting \"note\""},
    {"no workload", RULES("( { " KEY "} )"), 2, "must have a workload"},
    {"a workload that is no name", RULES("( { workload = \"a b\"; " KEY "} )"),
	2, "workload must be a name"},
    {"an identity that is a number", RULE("identity = 5; " ISSUER SOURCE), 2,
	"identity must be text"},
    {"an issuer that is a number", RULE(IDENTITY "issuer = 5; " SOURCE), 2,
	"issuer must be text"},
    {"a source that is a number",
	RULE(IDENTITY ISSUER "source_repository = 5;"), 2,
	"source_repository must be text"},
    {"a key that is a number", RULE("key = 5; "), 2, "key must be text"},
    {"nobody", RULE(""), 2, "must have a workload, and"},
    {"no identity", RULE(ISSUER SOURCE), 2, "must have a workload, and"},
    {"no issuer", RULE(IDENTITY SOURCE), 2, "must have a workload, and"},
    {"no source", RULE(IDENTITY ISSUER), 2, "must have a workload, and"},
    {"a key and a builder", RULE(KEY IDENTITY ISSUER SOURCE), 2,
	"must have a workload, and"},
    {"a key and an identity", RULE(KEY IDENTITY), 2,
	"must have a workload, and"},
    {"a key and an issuer", RULE(KEY ISSUER), 2, "must have a workload, and"},
    {"a key and a source", RULE(KEY SOURCE), 2, "must have a workload, and"},
};

static void
test_a_rule_names_one_workload_and_who_built_it(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rule_rows); i++) {
		NITRO_DROP(nitro_settings_drop)
		struct nitro_settings read = {0};
		struct nitro_fault fault = {0};

		wrong += policy_row_differs(&rule_rows[i],
		    nitro_settings_parse(nitro_bytes_of_text(rule_rows[i].text),
			"/test/s", &read, &fault),
		    NITRO_E_SETTINGS, &fault);
	}
	assert_int_equal(wrong, 0);
}

static void
test_a_rule_is_found_by_its_workload(void **state)
{
	NITRO_DROP(nitro_settings_drop) struct nitro_settings read = {0};
	const struct nitro_provenance_rule *rule;

	(void)state;
	policy_settings(RULES("( { workload = \"w\"; " KEY
			      "}, { workload = \"x\"; " KEY "} )"),
	    &read);
	rule = nitro_settings_provenance_rule(&read, "x");
	assert_non_null(rule);
	assert_string_equal(rule->workload, "x");
	assert_null(nitro_settings_provenance_rule(&read, "y"));
	assert_null(nitro_settings_provenance_rule(&read, "W"));
}

#define TEXT(text) ((char[]){text})

static void
test_origins_are_equal_where_every_text_is(void **state)
{
	struct {
		struct nitro_entry_provenance it;
		char *behind; /* which is no part of it */
	} a = {.behind = TEXT("a")}, b = {.behind = TEXT("b")};

	(void)state;
	assert_true(nitro_entry_provenance_is_equal(&a.it, &b.it));
	for (size_t i = 0; i < NITRO_PROVENANCE_TEXTS; i++) {
		a.it.text[i] = TEXT("x");
		assert_false(nitro_entry_provenance_is_equal(&a.it, &b.it));
		assert_false(nitro_entry_provenance_is_equal(&b.it, &a.it));
		b.it.text[i] = TEXT("y");
		assert_false(nitro_entry_provenance_is_equal(&a.it, &b.it));
		b.it.text[i] = TEXT("x");
		assert_true(nitro_entry_provenance_is_equal(&a.it, &b.it));
	}
}

static void
test_a_rule_holds_by_exact_comparison(void **state)
{
	struct nitro_entry_provenance keyed = {.text = {NULL}};
	struct nitro_entry_provenance built = {.text = {NULL}};
	const struct nitro_provenance_rule by_key = {.key = TEXT("sha256:a")};
	const struct nitro_provenance_rule by_builder = {.identity = TEXT("i"),
	    .issuer = TEXT("j"),
	    .source_repository = TEXT("s")};
	static const enum nitro_provenance_text who[] = {
	    NITRO_PROVENANCE_IDENTITY, NITRO_PROVENANCE_ISSUER,
	    NITRO_PROVENANCE_REPOSITORY};

	(void)state;
	keyed.text[NITRO_PROVENANCE_BINDING] = TEXT("eif");
	keyed.text[NITRO_PROVENANCE_KEY] = TEXT("sha256:a");
	built.text[NITRO_PROVENANCE_BINDING] = TEXT("eif");
	built.text[NITRO_PROVENANCE_IDENTITY] = TEXT("i");
	built.text[NITRO_PROVENANCE_ISSUER] = TEXT("j");
	built.text[NITRO_PROVENANCE_REPOSITORY] = TEXT("s");
	assert_true(nitro_provenance_rule_holds(&by_key, &keyed));
	assert_true(nitro_provenance_rule_holds(&by_builder, &built));
	assert_false(nitro_provenance_rule_holds(&by_key, &built));
	assert_false(nitro_provenance_rule_holds(&by_builder, &keyed));
	/* Where the source lies says nothing of the key. */
	keyed.text[NITRO_PROVENANCE_REPOSITORY] = TEXT("s");
	assert_true(nitro_provenance_rule_holds(&by_key, &keyed));
	keyed.text[NITRO_PROVENANCE_KEY] = TEXT("sha256:b");
	assert_false(nitro_provenance_rule_holds(&by_key, &keyed));
	for (size_t i = 0; i < NITRO_COUNT_OF(who); i++) {
		char *right = built.text[who[i]];

		built.text[who[i]] = TEXT("other");
		assert_false(nitro_provenance_rule_holds(&by_builder, &built));
		built.text[who[i]] = right;
	}
}

/* A rule that demands nothing, which no parser lets through, included. */
static void
test_no_rule_holds_for_an_entry_without_origin(void **state)
{
	static const struct nitro_entry_provenance none = {.text = {NULL}};
	static const struct nitro_provenance_rule empty = {0};
	const struct nitro_provenance_rule by_key = {.key = TEXT("sha256:a")};

	(void)state;
	assert_false(nitro_entry_provenance_is_there(&none));
	assert_false(nitro_provenance_rule_holds(&by_key, &none));
	assert_false(nitro_provenance_rule_holds(&empty, &none));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_an_entry_says_the_whole_of_its_origin_or_nothing),
	    cmocka_unit_test(
		test_each_text_of_the_origin_is_kept_under_its_key),
	    cmocka_unit_test(test_a_rule_names_one_workload_and_who_built_it),
	    cmocka_unit_test(test_a_rule_is_found_by_its_workload),
	    cmocka_unit_test(test_origins_are_equal_where_every_text_is),
	    cmocka_unit_test(test_a_rule_holds_by_exact_comparison),
	    cmocka_unit_test(test_no_rule_holds_for_an_entry_without_origin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
