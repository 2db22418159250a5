/* policy/policy.c: settings, trust anchors and measurements as one. */
#include "policy/policy.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "evidence/cert_facts.h"
#include "sim/sim.h"
#include "unit/certs.h"
#include "unit/policy_text.h"
#include "unit/scratch.h"
#include "unit/unit.h"
#include "unit/vectors.h"

#define A POLICY_HEX("a1")
#define B POLICY_HEX("b2")
#define ENTRY(workload) \
	"measurements = ( { workload = \"" workload \
	"\"; kind = \"enclave\"; pcr0 = \"" A "\"; } );\n"

static struct scratch scratch;

static const char *
at(const char *name)
{
	return scratch_path(&scratch, name);
}

static void
put(const char *name, const char *text)
{
	scratch_file(&scratch, name, 0644, nitro_bytes_of_text(text));
}

/* Settings of two rules, with the paths of this folder. */
static void
put_settings(const char *measurements)
{
	char text[2048];

	(void)snprintf(text, sizeof text,
	    "trust_anchors = \"%s\";\nmeasurements = \"%s\";\n"
	    "users = (\n { user = \"deploy\"; workloads = [\"billing\"]; },\n"
	    " { group = \"staff\"; workloads = [\"billing\", \"ledger\"]; }\n"
	    ");\n",
	    at("root.pem"), at(measurements));
	put("pam_nitro.conf", text);
}

#define BOTH \
	"measurements = ( { workload = \"billing\"; kind = \"enclave\";" \
	" pcr0 = \"" A "\"; }, { workload = \"ledger\"; kind = \"enclave\";" \
	" pcr0 = \"" B "\"; } );\n"

static int
set_up(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};

	(void)state;
	if (!scratch_make(&scratch))
		return 0;
	vectors_aws_root(&pem);
	scratch_file(&scratch, "root.pem", 0644, nitro_bytes_of_buf(&pem));
	put("m.conf", BOTH);
	put_settings("m.conf");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	scratch_drop(&scratch);
	return 0;
}

#define NEEDS_ROOT() \
	do { \
		if (geteuid() != 0) \
			skip(); \
	} while (0)

/* Load; on refusal file, line and words must be named and nothing be left. */
static void
assert_load(nitro_err want, const char *file, unsigned line, const char *words)
{
	struct nitro_policy policy;
	struct nitro_fault fault = {0};
	nitro_err err;

	memset(&policy, 0x55, sizeof policy);
	err = nitro_policy_load(at("pam_nitro.conf"), &policy, &fault);
	if (err != want || (err != NITRO_OK && fault.line != line) ||
	    strstr(fault.text, words) == NULL)
		fail_msg("%s: %s line %u: %s", nitro_err_token(err), fault.file,
		    fault.line, fault.text);
	if (err != NITRO_OK) {
		assert_err(fault.err, err);
		assert_string_equal(fault.file, at(file));
		assert_null(policy.anchors);
		assert_null(policy.settings.rules);
		assert_null(policy.measurements.entries);
		assert_int_equal(
		    nitro_err_class(err), NITRO_CLASS_CONFIGURATION);
	} else {
		assert_string_equal(fault.text, "");
	}
	nitro_policy_drop(&policy);
}

static void
assert_loads(void)
{
	assert_load(NITRO_OK, "", 0, "");
}

static void
test_files_that_fit_together_are_loaded(void **state)
{
	struct nitro_policy policy;
	struct nitro_fault fault = {0};

	(void)state;
	NEEDS_ROOT();
	assert_err(
	    nitro_policy_load(at("pam_nitro.conf"), &policy, &fault), NITRO_OK);
	assert_int_equal(policy.settings.rule_count, 2);
	assert_int_equal(policy.measurements.entry_count, 2);
	assert_string_equal(policy.measurements.entries[0].file, at("m.conf"));
	assert_int_equal(nitro_trust_anchors_count(policy.anchors), 1);
	nitro_policy_drop(&policy);
	nitro_policy_drop(&policy);
}

static void
test_the_settings_alone_tell_who_is_listed(void **state)
{
	NITRO_DROP(nitro_settings_drop) struct nitro_settings settings = {0};
	struct nitro_fault fault = {0};

	(void)state;
	NEEDS_ROOT();
	put("m.conf", "broken");
	assert_err(
	    nitro_policy_load_settings(at("pam_nitro.conf"), &settings, &fault),
	    NITRO_OK);
	assert_true(nitro_settings_lists_user(&settings, "deploy", NULL, 0));
	assert_false(nitro_settings_lists_user(&settings, "root", NULL, 0));
}

/* L01 L03 L04 L19: each file in turn, the others being good. */
static void
test_each_file_alone_refuses_the_whole(void **state)
{
	static const char *const names[] = {
	    "pam_nitro.conf", "m.conf", "root.pem"};

	(void)state;
	NEEDS_ROOT();
	for (size_t i = 0; i < NITRO_COUNT_OF(names); i++) {
		assert_loads();
		assert_int_equal(chmod(at(names[i]), 0666), 0);
		assert_load(NITRO_E_FILE_UNSAFE, names[i], 0, "mode 0666");
		assert_int_equal(chmod(at(names[i]), 0644), 0);
		assert_int_equal(chown(at(names[i]), 65534, 0), 0);
		assert_load(NITRO_E_FILE_UNSAFE, names[i], 0, "uid 65534");
		assert_int_equal(chown(at(names[i]), 0, 0), 0);
		assert_int_equal(rename(at(names[i]), at("aside")), 0);
		assert_load(NITRO_E_FILE_MISSING, names[i], 0, "No such file");
		assert_int_equal(symlink("aside", at(names[i])), 0);
		assert_load(NITRO_E_FILE_UNSAFE, names[i], 0, "symbolic link");
		assert_int_equal(rename(at("aside"), at(names[i])), 0);
	}
	assert_loads();
}

/* L02 P01 */
static void
test_each_file_empty_refuses_the_whole(void **state)
{
	(void)state;
	NEEDS_ROOT();
	put("m.conf", "");
	assert_load(NITRO_E_MEASUREMENTS, "m.conf", 0, "no entry");
	put("m.conf", "# only a comment\n");
	assert_load(NITRO_E_MEASUREMENTS, "m.conf", 0, "no entry");
	put("m.conf", "measurements = ();\n");
	assert_load(NITRO_E_MEASUREMENTS, "m.conf", 1, "no entry");
	put("m.conf", "revoked = ();\n");
	assert_load(NITRO_E_MEASUREMENTS, "m.conf", 0, "no entry");
	put("m.conf", BOTH);
	assert_loads();
	put("root.pem", "");
	assert_load(NITRO_E_TRUST_ANCHORS, "root.pem", 0, "1 to 8");
	put("root.pem", "nothing in PEM\n");
	assert_load(NITRO_E_TRUST_ANCHORS, "root.pem", 0, "1 to 8");
	put("pam_nitro.conf", "");
	assert_load(NITRO_E_SETTINGS, "pam_nitro.conf", 0, "users has no rule");
}

static void
test_an_error_names_file_and_line(void **state)
{
	(void)state;
	NEEDS_ROOT();
	put("m.conf", BOTH "\n\nrevoke = ();\n");
	assert_load(NITRO_E_MEASUREMENTS, "m.conf", 4, "\"revoked\"");
	put("m.conf", BOTH);
	put("pam_nitro.conf", "\nmode = \"off\";\n");
	assert_load(NITRO_E_SETTINGS, "pam_nitro.conf", 2, "mode is \"off\"");
}

static void
test_a_workload_without_an_entry_refuses_the_settings(void **state)
{
	(void)state;
	NEEDS_ROOT();
	put("m.conf", ENTRY("billing"));
	assert_load(NITRO_E_SETTINGS, "pam_nitro.conf", 5,
	    "workload \"ledger\" has no entry");
	put("m.conf", ENTRY("Billing"));
	assert_load(NITRO_E_SETTINGS, "pam_nitro.conf", 4,
	    "workload \"billing\" has no entry");
	/* A revoked item is none. */
	put("m.conf", ENTRY("billing") "revoked = ( { workload = \"ledger\";"
				       " pcr0 = \"" B "\"; } );\n");
	assert_load(NITRO_E_SETTINGS, "pam_nitro.conf", 5, "\"ledger\"");
	put("m.conf", BOTH);
	assert_loads();
}

#define NAMED(workload) \
	"{ workload = \"" workload "\"; kind = \"enclave\"; pcr0 = \"" A "\";" \
	" }"

static void
test_workloads_are_found_in_any_order(void **state)
{
	static const char *const names[] = {
	    "zeta", "ledger", "mail", "billing", "omega"};

	(void)state;
	NEEDS_ROOT();
	put("m.conf",
	    "measurements = ( " NAMED("zeta") ", " NAMED("ledger") ", " NAMED(
		"mail") ", " NAMED("billing") ", " NAMED("omega") " );\n");
	assert_loads();
	for (size_t i = 0; i < NITRO_COUNT_OF(names); i++) {
		char text[1024];

		(void)snprintf(text, sizeof text,
		    "trust_anchors = \"%s\";\nmeasurements = \"%s\";\n"
		    "users = ( { user = \"u\"; workloads = \"%s\"; } );\n",
		    at("root.pem"), at("m.conf"), names[i]);
		put("pam_nitro.conf", text);
		assert_loads();
	}
}

/* The draft stands for the file of its path, and for no other. */
static void
test_a_draft_is_judged_as_if_it_were_written(void **state)
{
	struct nitro_policy policy;
	struct nitro_fault fault = {0};
	struct nitro_draft draft = {.text = UNIT_BYTES(BOTH)};

	(void)state;
	NEEDS_ROOT();
	put("m.conf", "broken\n");
	draft.path = at("m.conf");
	assert_err(nitro_policy_load_draft(
		       at("pam_nitro.conf"), &draft, &policy, &fault),
	    NITRO_OK);
	assert_int_equal(policy.measurements.entry_count, 2);
	nitro_policy_drop(&policy);
	draft.path = at("n.conf");
	assert_err(nitro_policy_load_draft(
		       at("pam_nitro.conf"), &draft, &policy, &fault),
	    NITRO_E_MEASUREMENTS);
	assert_non_null(strstr(fault.text, "syntax error"));
	assert_load(NITRO_E_MEASUREMENTS, "m.conf", 2, "syntax error");
	put("m.conf", BOTH);
	draft = (struct nitro_draft){at("m.conf"), UNIT_BYTES("broken\n")};
	assert_err(nitro_policy_load_draft(
		       at("pam_nitro.conf"), &draft, &policy, &fault),
	    NITRO_E_MEASUREMENTS);
	assert_non_null(strstr(fault.text, "syntax error"));
}

/* What a login makes of m.conf, or of the folder, and how many entries it has. */
static void
assert_reached(const char *user, nitro_err want, const char *file,
    const char *words, size_t count)
{
	NITRO_DROP(nitro_policy_drop) struct nitro_policy policy = {0};
	const struct nitro_login login = {.user = user};
	struct nitro_fault fault = {0};

	assert_err(
	    nitro_policy_load_base(at("pam_nitro.conf"), &policy, &fault),
	    NITRO_OK);
	assert_err(nitro_policy_load_reachable(
		       at("pam_nitro.conf"), &login, &policy, &fault),
	    want);
	if (want == NITRO_OK) {
		assert_int_equal(policy.measurements.entry_count, count);
		assert_string_equal(fault.text, "");
		return;
	}
	assert_string_equal(fault.file, at(file));
	if (strstr(fault.text, words) == NULL)
		fail_msg("says: %s", fault.text);
}

static void
test_a_login_reads_the_entries_that_it_can_reach(void **state)
{
	(void)state;
	NEEDS_ROOT();
	assert_reached("deploy", NITRO_OK, "", "", 1);
	assert_reached("nobody-of-these", NITRO_OK, "", "", 0);
	put("m.conf",
	    "measurements = ( { workload = \"billing\"; kind = \"enclave\";"
	    " pcr0 = \"" A "\"; }, { workload = \"ledger\";"
	    " kind = \"broken\"; } );\n");
	assert_reached("deploy", NITRO_OK, "", "", 1);
	put("m.conf", "");
	assert_reached("deploy", NITRO_E_MEASUREMENTS, "m.conf", "no entry", 0);
	put("m.conf", "measurements = (\n");
	assert_reached(
	    "deploy", NITRO_E_MEASUREMENTS, "m.conf", "never closed", 0);
	put("m.conf", ENTRY("billing"));
	assert_reached("deploy", NITRO_E_SETTINGS, "pam_nitro.conf",
	    "workload \"ledger\" has no entry", 0);
	assert_int_equal(unlink(at("m.conf")), 0);
	assert_reached(
	    "deploy", NITRO_E_FILE_MISSING, "m.conf", "No such file", 0);
	scratch_folder(&scratch, "m.d", 0755);
	put_settings("m.d");
	put("m.d/a.conf", "revoked = ( { pcr0 = \"" B "\"; } );\n");
	assert_reached("deploy", NITRO_E_MEASUREMENTS, "m.d", "no entry", 0);
	put("m.d/b.conf", BOTH);
	assert_reached("deploy", NITRO_OK, "", "", 1);
}

/* Which a login takes on trust: whoever writes the file checks it. */
static void
test_a_root_that_is_not_signed_by_itself_refuses_the_whole(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0}, der = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf broken = {0};

	(void)state;
	NEEDS_ROOT();
	vectors_aws_root(&pem);
	assert_err(
	    nitro_cert_from_pem(nitro_bytes_of_buf(&pem), &der), NITRO_OK);
	der.ptr[der.len - 1] ^= 1;
	certs_put_pem(&broken, "CERTIFICATE", nitro_bytes_of_buf(&der));
	scratch_file(&scratch, "root.pem", 0644, nitro_bytes_of_buf(&broken));
	assert_load(NITRO_E_TRUST_ANCHORS, "root.pem", 0, "");
	assert_reached("deploy", NITRO_OK, "", "", 1);
}

static void
test_a_folder_of_measurements_counts_as_one_file(void **state)
{
	(void)state;
	NEEDS_ROOT();
	scratch_folder(&scratch, "m.d", 0755);
	put_settings("m.d");
	assert_load(NITRO_E_MEASUREMENTS, "m.d", 0, "no entry");
	put("m.d/a.conf", ENTRY("billing"));
	assert_load(NITRO_E_SETTINGS, "pam_nitro.conf", 5, "\"ledger\"");
	put("m.d/b.conf", ENTRY("ledger"));
	put("m.d/c.conf", "revoked = ( { pcr0 = \"" B "\"; } );\n");
	put("m.d/README", "not read");
	assert_loads();

	put("m.d/d.conf", "\n" ENTRY("ledger"));
	assert_load(NITRO_E_MEASUREMENTS, "m.d/d.conf", 2, "same entry as in");
	put("m.d/d.conf", "broken\n");
	assert_load(NITRO_E_MEASUREMENTS, "m.d/d.conf", 2, "syntax error");
	assert_int_equal(unlink(at("m.d/d.conf")), 0);
	assert_loads();
	assert_int_equal(chmod(at("m.d"), 0777), 0);
	assert_load(NITRO_E_FILE_UNSAFE, "m.d", 0, "mode 0777");
	assert_int_equal(chmod(at("m.d"), 0755), 0);
	assert_int_equal(symlink("/dev/null", at("m.d/e.conf")), 0);
	assert_load(NITRO_E_FILE_UNSAFE, "m.d/e.conf", 0, "symbolic link");
}

static void
put_signed_entry(void)
{
	char text[1024];

	(void)snprintf(text, sizeof text,
	    "measurements = ( { workload = \"billing\"; kind = \"enclave\";\n"
	    "signing_certificate = \"%s\"; },\n"
	    "{ workload = \"ledger\"; kind = \"enclave\";\n"
	    "signing_certificate = \"%s\"; } );\n",
	    at("signer.pem"), at("signer.pem"));
	put("m.conf", text);
}

static void
test_a_signing_certificate_is_as_safe_as_the_rest(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
	struct sim_options options = {.time_s = 1800000000};
	struct sim_pki pki = {.kind = NITRO_KIND_NONE};

	(void)state;
	NEEDS_ROOT();
	put_signed_entry();
	assert_load(NITRO_E_FILE_MISSING, "signer.pem", 0, "No such file");
	assert_true(sim_pki_make(&options, &pki));
	assert_true(sim_pki_root_pem(&pki, &pem));
	sim_pki_drop(&pki);
	scratch_file(&scratch, "signer.pem", 0644, nitro_bytes_of_buf(&pem));
	assert_loads();
	assert_int_equal(chmod(at("signer.pem"), 0664), 0);
	assert_load(NITRO_E_FILE_UNSAFE, "signer.pem", 0, "mode 0664");
	scratch_file(&scratch, "signer.pem", 0644,
	    nitro_bytes_slice(nitro_bytes_of_buf(&pem), 0, pem.len / 2));
	assert_load(NITRO_E_MEASUREMENTS, "signer.pem", 0, "one certificate");
}

/* L21: what is not there when it is needed */
static void
test_a_folder_that_went_away_is_a_refusal(void **state)
{
	struct nitro_policy policy;
	struct nitro_fault fault = {0};

	(void)state;
	NEEDS_ROOT();
	assert_err(nitro_policy_load(
		       "/run/no-such-folder/pam_nitro.conf", &policy, &fault),
	    NITRO_E_FILE_MISSING);
	assert_string_equal(fault.file, "/run/no-such-folder");
	assert_null(policy.anchors);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_files_that_fit_together_are_loaded),
	    TEST(test_the_settings_alone_tell_who_is_listed),
	    TEST(test_each_file_alone_refuses_the_whole),
	    TEST(test_each_file_empty_refuses_the_whole),
	    TEST(test_an_error_names_file_and_line),
	    TEST(test_a_workload_without_an_entry_refuses_the_settings),
	    TEST(test_workloads_are_found_in_any_order),
	    TEST(test_a_draft_is_judged_as_if_it_were_written),
	    TEST(test_a_login_reads_the_entries_that_it_can_reach),
	    TEST(test_a_root_that_is_not_signed_by_itself_refuses_the_whole),
	    TEST(test_a_folder_of_measurements_counts_as_one_file),
	    TEST(test_a_signing_certificate_is_as_safe_as_the_rest),
	    TEST(test_a_folder_that_went_away_is_a_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
