/*
 * Where sshd takes the keys of workloads from: AuthorizedKeysCommand, its
 * user and its words, and AuthorizedKeysFile, in what sshd -T prints. Needs
 * root; skipped without.
 */
#include "admin/check/check_sshd_keys.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/scratch.h"
#include "unit/unit.h"

#define COMMAND "authorizedkeyscommand ~/pam-nitro authorized-keys "
#define BY_NOBODY "\nauthorizedkeyscommanduser nobody\n"
#define OWN " --config ~/settings "

/* ~ is the scratch folder, which is also the account's home. */
static const struct row {
	const char *text; /* of sshd -T */
	const char *want; /* names of the findings, each with a blank */
} rows[] = {
    {"", "sshd_no_keys "},
    {"authorizedkeysfile none\n", "sshd_no_keys "},
    {"authorizedkeysfile keys\n", ""},
    {"AuthorizedKeysFile keys\n", ""},
    {"authorizedkeysfile ~/keys\n", ""},
    {"authorizedkeysfile %h/keys\n", ""},
    {"authorizedkeysfile ~/%u\n", ""},
    {"authorizedkeysfile ~/%U\n", ""},
    {"authorizedkeysfile ~/%%u\n", "sshd_no_keys "},
    {"authorizedkeysfile absent ~/absent none keys\n", ""},
    {"authorizedkeysfile empty\n", "sshd_no_keys "},
    {"authorizedkeysfile absent empty\n", "sshd_no_keys "},
    {"trustedusercakeys ~/keys\n", ""},
    {"trustedusercakeys none\n", "sshd_no_keys "},
    {"authorizedkeyscommand none\nauthorizedkeysfile keys\n", ""},
    /* Of somebody else: its words are not ours to judge. */
    {"authorizedkeyscommand ~/other\nauthorizedkeyscommanduser nobody\n", ""},
    {"authorizedkeyscommand ~/pam-nitro list" BY_NOBODY, ""},
    {"authorizedkeyscommand ~/pam-nitro" BY_NOBODY, ""},
    {"authorizedkeyscommand ~/absent" BY_NOBODY, "sshd_keys_command_file "},
    {"authorizedkeyscommand ~/lax" BY_NOBODY, "sshd_keys_command_file "},
    /* Who runs it. */
    {COMMAND OWN "%u %t %k" BY_NOBODY, ""},
    {COMMAND OWN "%u %t %k\n", "sshd_keys_command_user "},
    {COMMAND OWN "%u %t %k\nauthorizedkeyscommanduser none\n",
	"sshd_keys_command_user "},
    {COMMAND OWN "%u %t %k\nauthorizedkeyscommanduser pam-nitro-absent\n",
	"sshd_keys_command_user "},
    {COMMAND OWN "%u %t %k\nauthorizedkeyscommanduser root\n",
	"sshd_keys_command_root "},
    /* What it is told. */
    {COMMAND "--config=~/settings %u %t %k" BY_NOBODY, ""},
    {COMMAND "--verbose" OWN "%u %t %k" BY_NOBODY, ""},
    {COMMAND "%u %t %k" OWN BY_NOBODY, ""},
    {COMMAND OWN "--options restrict %u %t %k" BY_NOBODY, ""},
    {COMMAND OWN "--options=restrict %u %t %k" BY_NOBODY, ""},
    {COMMAND OWN "--options \"a b\" %u %t %k" BY_NOBODY, ""},
    {COMMAND OWN "--options='a \" b' %u %t %k" BY_NOBODY, ""},
    {COMMAND OWN "--options \"a\\\" b\" %u %t %k" BY_NOBODY, ""},
    {COMMAND OWN "--options \"a b %u %t %k" BY_NOBODY, "sshd_keys_command "},
    {COMMAND OWN "--options='a b %u %t %k" BY_NOBODY, "sshd_keys_command "},
    {COMMAND OWN "%u %t %k --options" BY_NOBODY, "sshd_keys_command "},
    {COMMAND "%u %t %k --config" BY_NOBODY, "sshd_keys_command "},
    {COMMAND "%u %t %k" BY_NOBODY, "sshd_keys_command "},
    {COMMAND "--config /etc/other %u %t %k" BY_NOBODY, "sshd_keys_command "},
    {COMMAND OWN "%u %t" BY_NOBODY, "sshd_keys_command "},
    {COMMAND OWN BY_NOBODY, "sshd_keys_command "},
    {COMMAND OWN "%u %k %t" BY_NOBODY, "sshd_keys_command "},
    {COMMAND OWN "%u %t %k %f" BY_NOBODY, "sshd_keys_command "},
    {COMMAND OWN "deploy %t %k" BY_NOBODY, "sshd_keys_command "},
};

static struct scratch scratch;
static struct nitro_checkup checkup;
static char account_name[] = "deploy", shell[] = "/bin/sh";

static void
with_folder(const char *text, char *out, size_t out_size)
{
	size_t len = 0;

	for (; *text != '\0'; text++)
		len += (size_t)snprintf(&out[len], out_size - len,
		    *text == '~' ? "%s" : "%.1s",
		    *text == '~' ? scratch.folder : text);
	assert_true(len < out_size);
}

/* The findings for that text, their names one after the other. */
static void
look(const char *text, char names[256])
{
	struct nitro_listed_account account = {.name = account_name,
	    .home = scratch.folder,
	    .shell = shell,
	    .uid = 4711};
	char whole[2048];
	size_t len = 0;

	with_folder(text, whole, sizeof whole);
	nitro_check_sshd_keys(&(struct nitro_sshd_view){.check = &checkup,
	    .account = &account,
	    .text = nitro_bytes_of_text(whole),
	    .file = "/etc/ssh/sshd_config"});
	names[0] = '\0';
	for (size_t i = 0; i < checkup.findings.count; i++)
		len += (size_t)snprintf(&names[len], 256 - len, "%s ",
		    checkup.findings.list[i].kind->id);
	nitro_findings_drop(&checkup.findings);
}

static unsigned
row_differs(const char *text, const char *want)
{
	char names[256];

	look(text, names);
	if (strcmp(names, want) == 0)
		return 0;
	print_message("# '%s': got '%s', must be '%s'\n", text, names, want);
	return 1;
}

static void
test_keys_come_from_where_sshd_says(void **state)
{
	unsigned wrong = 0;

	(void)state;
	if (checkup.config == NULL)
		skip();
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		wrong += row_differs(rows[i].text, rows[i].want);
	assert_int_equal(wrong, 0);
}

/* By others, or by the group of the user; and each folder above. */
static void
test_the_commands_user_must_reach_the_settings(void **state)
{
	static const struct {
		mode_t file, folder;
		gid_t gid;
		bool is_fine;
	} ways[] = {
	    {0644, 0755, 0, true},
	    {0640, 0755, 0, false},
	    {0640, 0755, 65534, true},
	    {0600, 0755, 65534, false},
	    {0644, 0750, 0, false},
	    {0644, 0750, 65534, true},
	    {0644, 0740, 65534, false},
	};
	static const char text[] = COMMAND OWN "%u %t %k" BY_NOBODY;
	const char *config = checkup.config;
	unsigned wrong = 0;

	(void)state;
	if (config == NULL) {
		skip();
		return;
	}
	for (size_t i = 0; i < NITRO_COUNT_OF(ways); i++) {
		assert_int_equal(chmod(config, ways[i].file), 0);
		assert_int_equal(chmod(scratch.folder, ways[i].folder), 0);
		assert_int_equal(chown(config, 0, ways[i].gid), 0);
		assert_int_equal(chown(scratch.folder, 0, ways[i].gid), 0);
		wrong += row_differs(
		    text, ways[i].is_fine ? "" : "sshd_keys_command_settings ");
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(unlink(config), 0);
	assert_int_equal(row_differs(text, "sshd_keys_command_settings "), 0);
}

static int
begin(void **state)
{
	static char settings[SCRATCH_PATH_MAX + 16];

	(void)state;
	if (!scratch_make(&scratch))
		return 0;
	(void)snprintf(settings, sizeof settings, "%s",
	    scratch_path(&scratch, "settings"));
	scratch_file(&scratch, "settings", 0644, UNIT_BYTES(""));
	scratch_file(&scratch, "pam-nitro", 0755, UNIT_BYTES(""));
	scratch_file(&scratch, "other", 0755, UNIT_BYTES(""));
	scratch_file(&scratch, "lax", 0777, UNIT_BYTES(""));
	scratch_file(&scratch, "keys", 0644, UNIT_BYTES("ssh-ed25519 AAAA\n"));
	scratch_file(
	    &scratch, "deploy", 0644, UNIT_BYTES("ssh-ed25519 AAAA\n"));
	scratch_file(&scratch, "4711", 0644, UNIT_BYTES("ssh-ed25519 AAAA\n"));
	scratch_file(&scratch, "empty", 0644, UNIT_BYTES(""));
	checkup.config = settings;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	scratch_drop(&scratch);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keys_come_from_where_sshd_says),
	    cmocka_unit_test(test_the_commands_user_must_reach_the_settings),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
