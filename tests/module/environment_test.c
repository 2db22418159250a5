/*
 * A process whose environment spoils libcrypto: openssl.cnf and the like are
 * read once, so each case is a process of its own, this very program with
 * the argument "guest".
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "module/captured_log.h"
#include "module/login.h"
#include "unit/unit.h"

#define SPOILED "PAM_NITRO_TEST_SPOILED" /* what the guest has to find */

/* --- the guest ------------------------------------------------------------ */

/* So that no case passes because its environment did nothing. */
static void
test_the_environment_has_spoiled_the_default_library(void **state)
{
	EVP_MD *sha384 = EVP_MD_fetch(NULL, "SHA384", NULL);

	(void)state;
	if (getenv(SPOILED) != NULL)
		assert_null(sha384);
	EVP_MD_free(sha384);
}

static void
test_a_good_document_is_admitted_all_the_same(void **state)
{
	struct stack *stack = stack_need(state);
	struct login enclave = {0};
	struct login instance = {.client.pki = &stack->nitrotpm,
	    .workload = "ledger",
	    .version = "2.0"};

	assert_int_equal(login_once(&enclave, stack, "deploy", NITRO_OK), 0);
	assert_int_equal(login_once(&instance, stack, "instance", NITRO_OK), 0);
}

static bool
sign_by_another_key(struct client *client, const struct sim_document *doc,
    struct nitro_buf *evidence)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};

	return sim_payload(doc, &payload) &&
	       sim_sign(nitro_bytes_of_buf(&payload),
		   client->pki->cert[SIM_INSTANCE].key, evidence);
}

static void
test_bad_documents_are_refused_for_the_same_reasons(void **state)
{
	struct stack *stack = stack_need(state);
	struct sim_options options = {.time_s = (int64_t)time(NULL)};
	struct sim_options sha256 = {.time_s = options.time_s,
	    .same_root = &stack->pki,
	    .cert[SIM_LEAF] = {.digest = "SHA256"}};
	NITRO_DROP(sim_pki_drop) struct sim_pki forged = {0};
	NITRO_DROP(sim_pki_drop) struct sim_pki weak = {0};
	struct login signature = {.client.make = sign_by_another_key};
	struct login root = {.client.pki = &forged};
	struct login algorithm = {.client.pki = &weak};

	assert_true(sim_pki_make(&options, &forged));
	assert_true(sim_pki_make(&sha256, &weak));
	assert_int_equal(
	    login_once(&signature, stack, "deploy", NITRO_E_COSE_SIG), 0);
	assert_int_equal(login_once(&root, stack, "deploy", NITRO_E_ROOT), 0);
	assert_int_equal(
	    login_once(&algorithm, stack, "deploy", NITRO_E_CERT_ALG), 0);
}

static int
be_a_guest(void)
{
	static const struct CMUnitTest tests[] = {
	    STACK_TEST(test_the_environment_has_spoiled_the_default_library),
	    STACK_TEST(test_a_good_document_is_admitted_all_the_same),
	    STACK_TEST(test_bad_documents_are_refused_for_the_same_reasons),
	};

	return stack_run(tests);
}

/* --- the host, which never touches libcrypto ------------------------------ */

static char folder[] = "/tmp/pam_nitro-test.XXXXXX";

static void
write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Print what the guest said, as comments. */
static void
show(const char *path)
{
	char line[1024];
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		print_message("# %s", line);
	assert_int_equal(fclose(file), 0);
}

/* The guest's environment: conf is a text or NULL, and further variables. */
static void
run_guest(const char *conf, bool is_spoiled, const char *const variables[])
{
	const char *const argv[] = {"/proc/self/exe", "guest", NULL};
	char path[PATH_MAX], out[PATH_MAX];
	bool is_good;

	if (geteuid() != 0) {
		print_message("# needs root\n");
		skip();
	}
	(void)snprintf(path, sizeof path, "%s/openssl.cnf", folder);
	(void)snprintf(out, sizeof out, "%s/out", folder);
	if (conf != NULL) {
		write_text(path, conf);
		assert_int_equal(setenv("OPENSSL_CONF", path, 1), 0);
	}
	if (is_spoiled)
		assert_int_equal(setenv(SPOILED, "1", 1), 0);
	for (size_t i = 0; variables[i] != NULL; i += 2)
		assert_int_equal(setenv(variables[i], variables[i + 1], 1), 0);
	(void)unlink(out);
	is_good = stack_execute(argv, out);
	assert_int_equal(unsetenv("OPENSSL_CONF"), 0);
	assert_int_equal(unsetenv(SPOILED), 0);
	for (size_t i = 0; variables[i] != NULL; i += 2)
		assert_int_equal(unsetenv(variables[i]), 0);
	if (!is_good)
		show(out);
	assert_true(is_good);
}

#define NOTHING ((const char *const[]){NULL})

/* M17 M18: as on a host in FIPS mode, but without the provider */
static void
test_fips_as_the_default_changes_no_verdict(void **state)
{
	(void)state;
	run_guest("openssl_conf = init\n[init]\nalg_section = evp\n"
		  "[evp]\ndefault_properties = fips=yes\n",
	    true, NOTHING);
}

/* M17 */
static void
test_a_provider_without_algorithms_changes_no_verdict(void **state)
{
	(void)state;
	run_guest("openssl_conf = init\n[init]\nproviders = list\n"
		  "[list]\nnull = null_section\n[null_section]\nactivate = 1\n",
	    true, NOTHING);
}

/* M17 */
static void
test_a_provider_that_cannot_be_loaded_changes_no_verdict(void **state)
{
	(void)state;
	run_guest("openssl_conf = init\n[init]\nproviders = list\n"
		  "[list]\nevil = evil_section\n[evil_section]\n"
		  "module = /nonexistent/evil.so\nactivate = 1\n",
	    true, NOTHING);
}

/* M17 */
static void
test_an_engine_changes_no_verdict(void **state)
{
	(void)state;
	run_guest("openssl_conf = init\n[init]\nengines = list\n"
		  "[list]\nevil = evil_section\n[evil_section]\n"
		  "dynamic_path = /nonexistent/evil.so\n"
		  "default_algorithms = ALL\ninit = 1\n",
	    false, NOTHING);
}

/* M17 */
static void
test_a_file_of_garbage_changes_no_verdict(void **state)
{
	(void)state;
	run_guest("openssl_conf = \n[\n= = =\n", false, NOTHING);
}

/* M18 */
static void
test_paths_that_lead_nowhere_change_no_verdict(void **state)
{
	(void)state;
	run_guest(NULL, false,
	    (const char *const[]){"OPENSSL_CONF", "/nonexistent/openssl.cnf",
		"OPENSSL_MODULES", "/nonexistent", "OPENSSL_ENGINES",
		"/nonexistent", "SSL_CERT_FILE", "/nonexistent", "SSL_CERT_DIR",
		"/nonexistent", NULL});
}

/* L22: and everything else that might matter to somebody */
static void
test_other_variables_change_no_verdict(void **state)
{
	(void)state;
	run_guest(NULL, false,
	    (const char *const[]){"TZ", "Pacific/Kiritimati", "LC_ALL", "tr_TR",
		"HOME", "/nonexistent", "PATH", "/nonexistent", "LANG", "x",
		"PAM_NITRO_CONFIG", "/nonexistent", "MALLOC_PERTURB_", "165",
		NULL});
}

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
remove_folder(void **state)
{
	const char *const argv[] = {"/bin/rm", "-rf", "--", folder, NULL};

	(void)state;
	return stack_execute(argv, NULL) ? 0 : -1;
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fips_as_the_default_changes_no_verdict),
	    cmocka_unit_test(
		test_a_provider_without_algorithms_changes_no_verdict),
	    cmocka_unit_test(
		test_a_provider_that_cannot_be_loaded_changes_no_verdict),
	    cmocka_unit_test(test_an_engine_changes_no_verdict),
	    cmocka_unit_test(test_a_file_of_garbage_changes_no_verdict),
	    cmocka_unit_test(test_paths_that_lead_nowhere_change_no_verdict),
	    cmocka_unit_test(test_other_variables_change_no_verdict),
	};

	if (argc == 2 && strcmp(argv[1], "guest") == 0)
		return be_a_guest();
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
