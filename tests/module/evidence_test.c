/*
 * The evidence store behind the module: what is kept of a login, and that a
 * store which fails lets nobody in who would not have got in without it.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "module/captured_log.h"
#include "module/login.h"
#include "policy/evidence_store.h"
#include "unit/unit.h" /* assert_err() alone */

#define STORE "evidence = { directory = \"~/evidence\"; };\n"
#define REQUIRED \
	"evidence = { directory = \"~/evidence\"; required = true; };\n"

static void
store_path(const struct stack *stack, char path[PATH_MAX])
{
	stack_path(stack, "evidence", path);
}

/* An empty store, or none, for each test. */
static void
begin(const struct stack *stack, const char *settings)
{
	char path[PATH_MAX];

	store_path(stack, path);
	(void)stack_execute(
	    (const char *const[]){"rm", "-rf", path, NULL}, NULL);
	stack_settings(stack, settings);
}

static size_t
count_kept(const struct stack *stack)
{
	NITRO_DROP(nitro_evidence_list_drop)
	struct nitro_evidence_list list = {0};
	struct nitro_fault fault = {0};
	char path[PATH_MAX];

	store_path(stack, path);
	if (access(path, F_OK) != 0)
		return 0;
	assert_err(nitro_evidence_store_list(path, &list, &fault), NITRO_OK);
	assert_int_equal(list.unfinished_bytes, 0);
	return list.count;
}

/* The only record in the store. */
static void
read_only_record(
    const struct stack *stack, struct nitro_evidence_record *record)
{
	NITRO_DROP(nitro_evidence_list_drop)
	struct nitro_evidence_list list = {0};
	struct nitro_fault fault = {0};
	char path[PATH_MAX];

	store_path(stack, path);
	assert_err(nitro_evidence_store_list(path, &list, &fault), NITRO_OK);
	assert_int_equal(list.count, 1);
	assert_err(nitro_evidence_store_read(path,
		       nitro_evidence_list_at(&list, 0)->name, record, &fault),
	    NITRO_OK);
}

static void
assert_kept(const struct login *login, const struct stack *stack, nitro_err err)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record record = {0};

	read_only_record(stack, &record);
	assert_err(record.err, err);
	assert_string_equal(record.user, login->user);
	assert_string_equal(record.rhost, "192.0.2.7");
	assert_int_equal(record.kind, NITRO_KIND_ENCLAVE);
	assert_string_equal(record.module_id, SIM_MODULE_ID_ENCLAVE);
	assert_true(record.binds_ssh_key && record.wants_audience);
	assert_true(record.max_age_ms == 60000 && record.clock_skew_ms == 5000);
	assert_memory_equal(record.nonce, login->client.nonce, 32);
	assert_string_equal(record.audience, login->client.audience);
	assert_string_equal(record.key, stack->fingerprint);
	assert_true(nitro_bytes_equal(nitro_bytes_of_buf(&record.key_blob),
	    nitro_bytes_of_buf(&stack->key)));
	assert_true(nitro_bytes_equal(nitro_bytes_of_buf(&record.document),
	    nitro_bytes_of_buf(&login->client.evidence)));
	assert_string_equal(record.workload, "billing");
	assert_string_equal(record.version, "1.4.2");
	assert_true(record.entry_line == 1);
	assert_int_equal(record.differs_mask, err == NITRO_E_PCR ? 1 : 0);
}

static void
test_an_admitted_login_is_kept_as_it_was(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};

	begin(stack, STORE);
	login_open(&login, stack, "deploy");
	login_authenticate(&login);
	assert_int_equal(login_differs(&login, "allow", NITRO_OK), 0);
	assert_null(strstr(captured_line(0), "evidence="));
	assert_kept(&login, stack, NITRO_OK);
}

static void
make_other_code(struct client *client, struct sim_document *doc)
{
	(void)client;
	doc->pcr[0][0] ^= 1;
}

static void
test_a_login_that_policy_refuses_is_kept(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close)
	struct login login = {.client.edit = make_other_code};

	begin(stack, REQUIRED);
	login_open(&login, stack, "deploy");
	login_authenticate(&login);
	assert_int_equal(login_differs(&login, "deny", NITRO_E_PCR), 0);
	assert_kept(&login, stack, NITRO_E_PCR);
}

/* The entry that revokes is the one to look at. */
static void
test_a_revoked_login_is_kept_with_what_revokes_it(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record record = {0};
	NITRO_DROP(login_close) struct login login = {0};
	char text[2048], path[PATH_MAX];

	(void)snprintf(text, sizeof text,
	    "%srevoked = ({ pcr0 = \"%s\";\nreason = \"key lost\"; });\n",
	    stack_measurements_text, BYTES_48("a0"));
	begin(stack, STORE);
	stack_write(stack, "measurements.conf", text);
	login_open(&login, stack, "deploy");
	login_authenticate(&login);
	assert_int_equal(login_differs(&login, "deny", NITRO_E_REVOKED), 0);
	read_only_record(stack, &record);
	assert_string_equal(record.revoked, "key lost");
	(void)snprintf(
	    path, sizeof path, "%s/measurements.conf", stack->folder);
	assert_string_equal(record.entry_file, path);
	assert_true(record.entry_line > 1);
}

static void
make_other_nonce(struct client *client, struct sim_document *doc)
{
	static const uint8_t other[32] = {1};

	(void)client;
	doc->nonce = (struct nitro_bytes){other, sizeof other};
}

static bool
break_signature(struct client *client, const struct sim_document *doc,
    struct nitro_buf *evidence)
{
	if (!sim_attest(client->pki, doc, evidence))
		return false;
	evidence->ptr[evidence->len - 1] ^= 1;
	return true;
}

/* Nobody can fill the store with what he made up. */
static void
test_a_document_that_does_not_verify_is_not_kept(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(sim_pki_drop) struct sim_pki stranger = {0};
	const struct sim_options options = {.time_s = time(NULL)};
	struct {
		struct client client;
		nitro_err reason;
	} rows[] = {{{.edit = make_other_nonce}, NITRO_E_NONCE},
	    {{.make = break_signature}, NITRO_E_COSE_SIG},
	    {{.pki = &stranger}, NITRO_E_ROOT}};

	assert_true(sim_pki_make(&options, &stranger));
	begin(stack, REQUIRED);
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(login_close)
		struct login login = {.client = rows[i].client};

		assert_int_equal(
		    login_once(&login, stack, "deploy", rows[i].reason), 0);
		assert_int_equal(count_kept(stack), 0);
	}
}

static void
test_without_the_setting_nothing_is_kept(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};

	begin(stack, "");
	assert_int_equal(login_once(&login, stack, "deploy", NITRO_OK), 0);
	assert_int_equal(count_kept(stack), 0);
}

static void
test_observe_mode_keeps_and_decides_nothing(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record record = {0};

	begin(stack, "mode = \"observe\";\n" REQUIRED);
	login_open(&login, stack, "deploy");
	/* PAM_IGNORE of the only module. */
	assert_int_not_equal(login_authenticate(&login), PAM_SUCCESS);
	read_only_record(stack, &record);
	assert_int_equal(record.mode, NITRO_MODE_OBSERVE);
	assert_err(record.err, NITRO_OK);
}

/* What makes a store fail. */
static void
open_to_others(const struct stack *stack)
{
	char path[PATH_MAX];

	store_path(stack, path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, 0755), 0);
}

static void
a_file_in_its_place(const struct stack *stack)
{
	stack_write(stack, "evidence", "no folder");
}

static struct rlimit file_size;

static void
a_full_disk(const struct stack *stack)
{
	struct rlimit limit;
	char path[PATH_MAX];

	store_path(stack, path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &file_size), 0);
	limit = file_size;
	limit.rlim_cur = 4096;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
end_of_a_full_disk(void)
{
	if (file_size.rlim_max != 0)
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &file_size), 0);
	file_size = (struct rlimit){0};
}

static const struct {
	const char *name;
	void (*spoil)(const struct stack *stack);
	const char *why;
} failures[] = {
    {"a folder that others can read", open_to_others, "chmod 0700"},
    {"a file in its place", a_file_in_its_place, "as a folder"},
    {"a full disk", a_full_disk, "cannot be written"},
};

/* One login while the store fails. */
static void
login_with_failure(struct login *login, const struct stack *stack, size_t i,
    const char *settings)
{
	begin(stack, settings);
	failures[i].spoil(stack);
	login_open(login, stack, "deploy");
	login_authenticate(login);
	end_of_a_full_disk();
}

static void
test_a_store_that_fails_shows_in_the_log_and_lets_go_on(void **state)
{
	struct stack *stack = stack_need(state);

	for (size_t i = 0; i < NITRO_COUNT_OF(failures); i++) {
		NITRO_DROP(login_close) struct login login = {0};

		login_with_failure(&login, stack, i, STORE);
		assert_int_equal(
		    login_differs(&login, failures[i].name, NITRO_OK), 0);
		assert_non_null(strstr(captured_line(0), " evidence=failed "));
		assert_non_null(strstr(captured_line(0), failures[i].why));
		if (failures[i].spoil == a_full_disk)
			assert_int_equal(count_kept(stack), 0);
	}
}

static void
test_a_store_that_is_required_and_fails_refuses(void **state)
{
	struct stack *stack = stack_need(state);

	for (size_t i = 0; i < NITRO_COUNT_OF(failures); i++) {
		NITRO_DROP(login_close) struct login login = {0};

		login_with_failure(&login, stack, i, REQUIRED);
		assert_int_equal(login_differs(&login, failures[i].name,
				     NITRO_E_EVIDENCE_NOT_KEPT),
		    0);
		assert_non_null(strstr(captured_line(0), failures[i].why));
		/* Neither does the account stage admit. */
		assert_int_not_equal(pam_acct_mgmt(login.pamh, 0), PAM_SUCCESS);
	}
}

static void
test_a_store_that_fails_changes_no_refusal(void **state)
{
	struct stack *stack = stack_need(state);

	for (size_t i = 0; i < NITRO_COUNT_OF(failures); i++) {
		NITRO_DROP(login_close)
		struct login login = {.client.edit = make_other_code};

		login_with_failure(&login, stack, i, REQUIRED);
		assert_int_equal(
		    login_differs(&login, failures[i].name, NITRO_E_PCR), 0);
		assert_non_null(strstr(captured_line(0), " evidence=failed "));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STACK_TEST(test_an_admitted_login_is_kept_as_it_was),
	    STACK_TEST(test_a_login_that_policy_refuses_is_kept),
	    STACK_TEST(test_a_revoked_login_is_kept_with_what_revokes_it),
	    STACK_TEST(test_a_document_that_does_not_verify_is_not_kept),
	    STACK_TEST(test_without_the_setting_nothing_is_kept),
	    STACK_TEST(test_observe_mode_keeps_and_decides_nothing),
	    STACK_TEST(test_a_store_that_fails_shows_in_the_log_and_lets_go_on),
	    STACK_TEST(test_a_store_that_is_required_and_fails_refuses),
	    STACK_TEST(test_a_store_that_fails_changes_no_refusal),
	};

	return stack_run(tests);
}
