#include "client/ssh_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit/unit.h"

static void
test_queries_are_told_from_logins(void **state)
{
	static const struct {
		const char *name;
		bool is_query;
		const char *words[8];
	} rows[] = {
	    {"host", false, {"host"}},
	    {"host and command", false, {"host", "ls", "-G"}},
	    {"-V", true, {"-V"}},
	    {"-G host", true, {"-G", "host"}},
	    {"host -G", true, {"host", "-G"}},
	    {"-Q cipher", true, {"-Q", "cipher"}},
	    {"-O check", true, {"-p", "22", "-O", "check", "host"}},
	    {"-Ocheck", true, {"-Ocheck", "host"}},
	    {"-4vG", true, {"-4vG", "host"}},
	    {"argument of -l", false, {"-l", "-G", "host"}},
	    {"argument of -o", false, {"-oVersionAddendum=G", "host"}},
	    {"argument glued on", false, {"-lGVQO", "host"}},
	    {"behind --", false, {"--", "-G"}},
	    {"-W", false, {"-W", "h:22", "jump"}},
	    {"none", false, {NULL}},
	    {"argument missing", false, {"-l"}},
	    {"a dash", false, {"-", "x", "-V"}},
	    {"rsync", false,
		{"-l", "user", "host", "rsync", "--server",
		    "-vlogDtprze.iLsfxCIvu"}},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		wrong += unit_is_not(rows[i].name,
		    nitro_ssh_arguments_are_query(rows[i].words),
		    rows[i].is_query);
	assert_int_equal(wrong, 0);
}

static void
test_askpass_require_is_known_from_8_4(void **state)
{
	static const struct {
		const char *text;
		bool knows;
	} rows[] = {{"OpenSSH_8.0p1, OpenSSL 1.1.1", false},
	    {"OpenSSH_8.3p1 Ubuntu-1, OpenSSL", false}, {"OpenSSH_8.4p1", true},
	    {"OpenSSH_8.10p1", true}, {"OpenSSH_9.2p1 Debian-2+deb12u3", true},
	    {"OpenSSH_10.0p2 Debian-7", true}, {"OpenSSH_7.9p1", false},
	    {"OpenSSH_9", false}, {"OpenSSH_x.9", false}, {"", false},
	    {"Sun_SSH_2.2", false}, {"OpenSSH_.9", false},
	    {"OpenSSH_9-1", false}, {"OpenSSH_9.", false},
	    {"OpenSSH_9.x", false}};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		wrong += unit_is_not(rows[i].text,
		    nitro_ssh_version_knows_askpass_require(
			nitro_bytes_of_text(rows[i].text)),
		    rows[i].knows);
	assert_int_equal(wrong, 0);
}

static void
parse(const char *text, struct nitro_ssh_config *config)
{
	*config = (struct nitro_ssh_config){0};
	assert_true(nitro_ssh_config_parse(nitro_bytes_of_text(text), config));
}

static void
test_what_ssh_prints_is_read(void **state)
{
	struct nitro_ssh_config config;

	(void)state;
	assert_int_equal(setenv("HOME", "/home/me", 1), 0);
	parse("host alias\nuser deploy\nhostname h.example\nport 2222\n"
	      "identitiesonly yes\npreferredauthentications publickey\n"
	      "identityfile ~/.ssh/id_rsa\nidentityfile none\n"
	      "identityfile /a b/%r@%h:%p%%\nidentityfile relative\n"
	      "certificatefile /x\nidentityagent ~/agent",
	    &config);
	assert_string_equal(config.user, "deploy");
	assert_true(config.is_identities_only);
	assert_true(config.has_preferred_authentications);
	assert_int_equal(config.identity_file_count, 3);
	assert_string_equal(config.identity_files[0], "/home/me/.ssh/id_rsa");
	assert_string_equal(
	    config.identity_files[1], "/a b/deploy@h.example:2222%");
	assert_string_equal(config.identity_files[2], "relative");
	assert_null(config.identity_files[3]);
	assert_string_equal(config.identity_agent, "/home/me/agent");
	assert_false(config.has_no_agent);
	nitro_ssh_config_drop(&config);

	parse("User me\nHostName h\nPort 22\nIdentityFile /a\n"
	      "IdentityAgent /b\nIdentitiesOnly yes\n"
	      "PreferredAuthentications publickey\n",
	    &config);
	assert_string_equal(config.user, "me");
	assert_string_equal(config.hostname, "h");
	assert_string_equal(config.port, "22");
	assert_string_equal(config.identity_files[0], "/a");
	assert_string_equal(config.identity_agent, "/b");
	assert_true(config.is_identities_only);
	assert_true(config.has_preferred_authentications);
	nitro_ssh_config_drop(&config);

	parse("hostname h\nidentitiesonly no\n", &config);
	assert_false(config.is_identities_only);
	assert_false(config.has_preferred_authentications);
	assert_null(config.identity_agent);
	assert_false(config.has_no_agent);
	nitro_ssh_config_drop(&config);
}

static void
test_a_file_with_an_unknown_token_is_passed_over(void **state)
{
	struct nitro_ssh_config config;

	(void)state;
	assert_int_equal(unsetenv("NITRO_TEST_UNSET"), 0);
	parse("hostname h\nidentityfile /%C\nidentityfile /%\n"
	      "identityfile /${NITRO_TEST_UNSET}\nidentityfile /${x\n"
	      "identityfile /good\n",
	    &config);
	assert_int_equal(config.identity_file_count, 1);
	assert_string_equal(config.identity_files[0], "/good");
	nitro_ssh_config_drop(&config);
}

static void
test_tokens_and_variables_are_those_of_ssh(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: passed over */
	} rows[] = {
	    {"%d/k", "/home/me/k"},
	    {"/%u", "/me"},
	    {"/%h-%p-%r-%%", "/h-22-deploy-%"},
	    {"${NITRO_TEST_SET}/k", "value/k"},
	    {"/$HOME", "/$HOME"},
	    {"/a$", "/a$"},
	    {"~other/k", "~other/k"},
	    {"/%q", NULL},
	    {"${NITRO_TEST_UNSET}", NULL},
	    {"${NITRO_TEST_SET", NULL},
	};
	char text[256], want[64];
	struct nitro_ssh_config config;
	unsigned wrong = 0;

	(void)state;
	assert_int_equal(setenv("HOME", "/home/me", 1), 0);
	assert_int_equal(setenv("LOGNAME", "me", 1), 0);
	assert_int_equal(setenv("NITRO_TEST_SET", "value", 1), 0);
	assert_int_equal(unsetenv("NITRO_TEST_UNSET"), 0);
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		(void)snprintf(text, sizeof text,
		    "hostname h\nuser deploy\nport 22\nidentityfile %s\n",
		    rows[i].text);
		parse(text, &config);
		wrong += unit_is_not(rows[i].text,
		    rows[i].want == NULL ? config.identity_file_count == 0
					 : config.identity_file_count == 1 &&
					       strcmp(config.identity_files[0],
						   rows[i].want) == 0,
		    true);
		nitro_ssh_config_drop(&config);
	}
	assert_int_equal(wrong, 0);
	/* Who has no LOGNAME has a USER; and without a home there is none. */
	assert_int_equal(unsetenv("LOGNAME"), 0);
	assert_int_equal(setenv("USER", "you", 1), 0);
	assert_int_equal(unsetenv("HOME"), 0);
	parse("hostname h\nidentityfile /%u/%i\nidentityfile ~/k\n"
	      "identityfile %d/k\n",
	    &config);
	(void)snprintf(want, sizeof want, "/you/%lu", (unsigned long)getuid());
	assert_int_equal(config.identity_file_count, 1);
	assert_string_equal(config.identity_files[0], want);
	nitro_ssh_config_drop(&config);
}

static void
test_more_files_than_there_is_room_for_are_passed_over(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_ssh_config config = {0};

	(void)state;
	unit_append(&text, UNIT_BYTES("hostname h\n"));
	for (size_t i = 0; i < 2 * NITRO_IDENTITY_FILES_MAX; i++)
		unit_append(&text, UNIT_BYTES("identityfile /f\n"));
	assert_true(nitro_ssh_config_parse(nitro_bytes_of_buf(&text), &config));
	assert_int_equal(config.identity_file_count, NITRO_IDENTITY_FILES_MAX);
	assert_null(config.identity_files[NITRO_IDENTITY_FILES_MAX]);
	nitro_ssh_config_drop(&config);
}

static void
test_identity_agent_is_understood_in_every_form(void **state)
{
	static const struct {
		const char *value, *socket;
		bool has_no_agent;
	} rows[] = {{"SSH_AUTH_SOCK", NULL, false}, {"none", NULL, true},
	    {"/run/agent", "/run/agent", false},
	    {"$NITRO_TEST_AGENT", "/from/variable", false},
	    {"${NITRO_TEST_AGENT}.1", "/from/variable.1", false},
	    {"/run/%r", "/run/deploy", false}, {"/run/%C", NULL, true},
	    {"${NITRO_TEST_UNSET}", NULL, true}};
	struct nitro_ssh_config config;
	char text[200];

	(void)state;
	assert_int_equal(setenv("NITRO_TEST_AGENT", "/from/variable", 1), 0);
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		(void)snprintf(text, sizeof text,
		    "user deploy\nhostname h\nidentityagent %s\n",
		    rows[i].value);
		parse(text, &config);
		if (rows[i].socket == NULL)
			assert_null(config.identity_agent);
		else
			assert_string_equal(
			    config.identity_agent, rows[i].socket);
		assert_int_equal(config.has_no_agent, rows[i].has_no_agent);
		nitro_ssh_config_drop(&config);
	}
}

static void
test_text_that_is_no_configuration_is_refused(void **state)
{
	static const char *const rows[] = {
	    "", "OpenSSH_9.2p1\n", "hostname \n", "user u\nport 22\n"};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf longer = {0};
	struct nitro_ssh_config config = {0};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		assert_false(nitro_ssh_config_parse(
		    nitro_bytes_of_text(rows[i]), &config));
	unit_append(&longer, UNIT_BYTES("hostname h\nuser "));
	unit_fill(&longer, 'u', 256);
	assert_false(
	    nitro_ssh_config_parse(nitro_bytes_of_buf(&longer), &config));
	nitro_ssh_config_drop(&config);
}

static void
test_a_program_that_fails_gives_no_configuration(void **state)
{
	static const char *const arguments[] = {"host", NULL};
	struct nitro_ssh_config config = {0};

	(void)state;
	assert_false(nitro_ssh_config_read("false", arguments, &config));
	assert_false(nitro_ssh_config_read("true", arguments, &config));
	assert_false(nitro_ssh_config_read("/nowhere", arguments, &config));
	assert_false(nitro_ssh_knows_askpass_require("true"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_queries_are_told_from_logins),
	    cmocka_unit_test(test_askpass_require_is_known_from_8_4),
	    cmocka_unit_test(test_what_ssh_prints_is_read),
	    cmocka_unit_test(test_a_file_with_an_unknown_token_is_passed_over),
	    cmocka_unit_test(test_tokens_and_variables_are_those_of_ssh),
	    cmocka_unit_test(
		test_more_files_than_there_is_room_for_are_passed_over),
	    cmocka_unit_test(test_identity_agent_is_understood_in_every_form),
	    cmocka_unit_test(test_text_that_is_no_configuration_is_refused),
	    cmocka_unit_test(test_a_program_that_fails_gives_no_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
