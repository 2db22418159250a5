/*
 * What the modules of a PAM stack that people use may return for an account,
 * and the words and controls of its lines: pam_succeed_if(8), pam.conf(5).
 */
#include "admin/check/check_pam_results.h"

#include <stdio.h>
#include <string.h>

#include "unit/unit.h"

#define YES NITRO_PAM_RESULT(NITRO_PAM_SUCCESS)
#define NO NITRO_PAM_RESULT(NITRO_PAM_AUTH_ERR)
#define WRONG NITRO_PAM_RESULT(NITRO_PAM_SERVICE_ERR)
#define DENIED NITRO_PAM_RESULT(NITRO_PAM_PERM_DENIED)
#define UNKNOWN (YES | NO | WRONG)

static char deploy[] = "deploy", workloads[] = "workloads";
static char home[] = "/srv/deploy", shell[] = "/bin/sh";
static char *groups[] = {deploy, workloads};
static const struct nitro_listed_account account = {.name = deploy,
    .home = home,
    .shell = shell,
    .uid = 1001,
    .gid = 1002,
    .account = {.groups = groups, .group_count = 2, .exists = true}};

/* The arguments of pam_succeed_if.so, for a login by the service "sshd". */
static const struct row {
	const char *arguments;
	uint32_t want;
} rows[] = {
    {"", YES},
    {"quiet debug quiet_fail quiet_success audit", YES},
    {"user = deploy", YES},
    {"user = other", NO},
    {"login = deploy", YES},
    {"name = deploy", YES},
    {"NAME = deploy", YES},
    {"user != other", YES},
    {"user != deploy", NO},
    {"user =~ dep*", YES},
    {"user =~ x*", NO},
    {"user glob dep*", YES},
    {"user !~ x*", YES},
    {"user noglob dep*", NO},
    {"user in root:deploy:other", YES},
    {"user in root:deploy", YES},
    {"user in deploy", YES},
    {"user in root:deployed", NO},
    {"user IN root:deploy", YES},
    {"user notin root:deploy", NO},
    {"user notin root", YES},
    {"user ingroup workloads", YES},
    {"user ingroup wheel", NO},
    {"user ingroup wheel:workloads", YES},
    {"user notingroup workloads", NO},
    {"user notingroup wheel", YES},
    {"user innetgr hosts", UNKNOWN},
    {"user notinnetgr hosts", UNKNOWN},
    {"uid = 1001", YES},
    {"gid = 1002", YES},
    {"gid = 1001", NO},
    {"uid eq 0x3e9", YES},
    {"uid eq 1000", NO},
    {"uid ne 1000", YES},
    {"uid ne 1001", NO},
    {"uid lt 1002", YES},
    {"uid lt 1001", NO},
    {"uid < 1001", NO},
    {"uid le 1001", YES},
    {"uid <= 1000", NO},
    {"uid gt 1000", YES},
    {"uid > 1001", NO},
    {"uid ge 1001", YES},
    {"uid >= 1002", NO},
    {"uid GE 1000", YES},
    {"uid ge many", WRONG},
    {"uid ge 1000x", WRONG},
    {"uid ge 99999999999999999999", WRONG},
    {"user ge 1000", WRONG},
    {"uid like 1000", WRONG},
    {"shell = /bin/sh", YES},
    {"home = /srv/deploy", YES},
    {"dir = /srv/deploy", YES},
    {"homedir = /srv", NO},
    {"service = sshd", YES},
    {"service in login:su", NO},
    {"ruser = root", UNKNOWN},
    {"rhost = 192.0.2.1", UNKNOWN},
    {"tty = ssh", UNKNOWN},
    {"colour = red", WRONG},
    {"user = deploy uid ge 1000", YES},
    {"quiet user = deploy quiet uid lt 1000", NO},
    {"user = other uid like 1", NO},
    {"tty = ssh user = other", NO | WRONG},
    {"tty = ssh user = deploy", UNKNOWN},
    {"user = deploy uid", WRONG},
    {"user", WRONG},
    {"user = other use_uid", UNKNOWN},
};

static uint32_t
results_of(
    const char *module, const char *arguments, enum nitro_pam_stage stage)
{
	char text[256], *rest = text, *word;
	char name[32];
	struct nitro_pam_line line = {.type = NITRO_PAM_MODULE};

	(void)snprintf(name, sizeof name, "%s", module);
	(void)snprintf(text, sizeof text, "%s", arguments);
	line.module = name;
	while ((word = strtok_r(rest, " ", &rest)) != NULL)
		line.argument[line.argument_count++] = word;
	return nitro_pam_results(&line, stage, "sshd", &account);
}

static void
test_pam_succeed_if_asks_the_account(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		wrong += unit_is_not(rows[i].arguments,
		    results_of("pam_succeed_if.so", rows[i].arguments,
			NITRO_PAM_AUTH) == rows[i].want,
		    true);
	assert_int_equal(wrong, 0);
}

static void
test_other_modules_are_known_by_name(void **state)
{
	const struct nitro_pam_line broken = {.type = NITRO_PAM_BROKEN};

	(void)state;
	assert_int_equal(results_of("pam_permit.so", "", NITRO_PAM_AUTH), YES);
	assert_int_equal(results_of("pam_rootok.so", "", NITRO_PAM_AUTH), YES);
	assert_int_equal(results_of("pam_deny.so", "", NITRO_PAM_AUTH), NO);
	assert_int_equal(
	    results_of("pam_deny.so", "", NITRO_PAM_ACCOUNT), NO | DENIED);
	assert_int_equal(
	    results_of("/lib/security/pam_unix.so", "", NITRO_PAM_AUTH),
	    NITRO_PAM_ANY);
	assert_int_equal(
	    nitro_pam_results(&broken, NITRO_PAM_AUTH, "sshd", &account),
	    DENIED);
}

/* success, auth_err, new_authtok_reqd, ignore; O K, B ad, D ie, F inished (done), . ignore, R eset. */
static const struct control {
	const char *text;
	bool is_good;
	const char *want;
} controls[] = {
    {"required", true, "OBO."},
    {"REQUISITE", true, "ODO."},
    {"optional", true, "O.O."},
    {"sufficient", true, "F.F."},
    {"success=ok default=bad", true, "OBBB"},
    {"success=done default=ignore", true, "F..."},
    {" success = ok\tdefault\v=\rdie ", true, "ODDD"},
    {"default=die success=ok", true, "ODDD"},
    {"auth_err=reset", true, "BRBB"},
    {"success=2 default=ignore", true, "2..."},
    {"success=0", false, "BBBB"},
    {"success=-1", false, "BBBB"},
    {"success", false, "BBBB"},
    {"success:ok", false, "BBBB"},
    {"success=", false, "BBBB"},
    {"success=well", false, "BBBB"},
    {"luck=ok", false, "BBBB"},
    {"", true, "BBBB"},
};

static char
letter(int action)
{
	static const char letters[] = ".OFBDR";

	return action > 0 ? (char)('0' + action) : letters[-action];
}

static void
test_a_control_says_what_becomes_of_a_result(void **state)
{
	static const unsigned results[] = {NITRO_PAM_SUCCESS,
	    NITRO_PAM_AUTH_ERR, NITRO_PAM_NEW_AUTHTOK_REQD, NITRO_PAM_IGNORE};
	int action[NITRO_PAM_RESULTS];
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(controls); i++) {
		wrong += unit_is_not(controls[i].text,
		    nitro_pam_control_parse(controls[i].text, action),
		    controls[i].is_good);
		for (size_t k = 0; k < NITRO_COUNT_OF(results); k++)
			wrong += unit_is_not(controls[i].text,
			    letter(action[results[k]]) == controls[i].want[k],
			    true);
	}
	assert_int_equal(wrong, 0);
	assert_true(nitro_pam_control_parse("success=9999999999", action));
	assert_int_equal(action[NITRO_PAM_SUCCESS], 100000);
	assert_string_equal(
	    nitro_pam_result_name(NITRO_PAM_AUTH_ERR), "auth_err");
	assert_string_equal(nitro_pam_result_name(NITRO_PAM_RESULTS), "?");
}

/* The words with "|" between them. */
static const struct {
	const char *text, *want;
} words[] = {
    {"", ""},
    {" \t\n ", ""},
    {"auth required pam_unix.so", "auth|required|pam_unix.so"},
    {"\tauth\trequired\n", "auth|required"},
    {"[success=1 default=ignore] x", "success=1 default=ignore|x"},
    {"a[b c", "a[b|c"},
    {"[a\\]b] c", "a]b|c"},
    {"[a\\b] c", "a\\b|c"},
    {"[a\\b\\\\] c", "a\\b\\] c"},
    {"[a\\", "a\\"},
    {"[a b", "a b"},
    {"[] x", "|x"},
};

static void
test_words_are_those_of_libpam(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(words); i++) {
		struct nitro_bytes left = nitro_bytes_of_text(words[i].text);
		char found[128] = "", *word = NULL;
		size_t len = 0;

		while (nitro_pam_word(&left, &word)) {
			assert_non_null(word);
			len += (size_t)snprintf(
			    &found[len], sizeof found - len, "%s|", word);
			nitro_text_drop(&word);
		}
		if (len > 0)
			found[len - 1] = '\0';
		wrong += unit_is_not(
		    words[i].text, strcmp(found, words[i].want) == 0, true);
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pam_succeed_if_asks_the_account),
	    cmocka_unit_test(test_other_modules_are_known_by_name),
	    cmocka_unit_test(test_a_control_says_what_becomes_of_a_result),
	    cmocka_unit_test(test_words_are_those_of_libpam),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
