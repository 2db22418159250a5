#include "client/ssh_command.h"

#include "unit/unit.h"

static void
check_words(const struct nitro_ssh_command *command, const char *const want[])
{
	struct nitro_ssh_command_room room;
	const char **words = nitro_ssh_command_words(command, &room);
	size_t i = 0;

	assert_non_null(words);
	for (; want[i] != NULL; i++) {
		assert_non_null(words[i]);
		assert_string_equal(words[i], want[i]);
	}
	assert_null(words[i]);
	nitro_free(words);
}

/* ssh takes the first value of an option: what must hold stands in front. */
static void
test_our_options_stand_before_the_users(void **state)
{
	static const char *const arguments[] = {
	    "-oBatchMode=yes", "host", "a b", NULL};
	static const char *const want[] = {"/usr/bin/ssh", "-oBatchMode=no",
	    "-oKbdInteractiveAuthentication=yes", "-oNumberOfPasswordPrompts=1",
	    "-oPreferredAuthentications=publickey,keyboard-interactive",
	    "-oBatchMode=yes", "host", "a b", NULL};
	const struct nitro_ssh_command command = {
	    .program = "/usr/bin/ssh", .arguments = arguments};

	(void)state;
	check_words(&command, want);
}

static void
test_an_ephemeral_key_is_offered_alone(void **state)
{
	static const char *const arguments[] = {"host", NULL};
	static const char *const want[] = {"ssh", "-oBatchMode=no",
	    "-oKbdInteractiveAuthentication=yes", "-oNumberOfPasswordPrompts=1",
	    "-oIdentitiesOnly=yes", "-oIdentityFile=/tmp/x/id_ed25519", "host",
	    NULL};
	const struct nitro_ssh_command command = {.program = "ssh",
	    .arguments = arguments,
	    .ephemeral_key = "/tmp/x/id_ed25519",
	    .keeps_preferred = true};

	(void)state;
	check_words(&command, want);
}

static void
test_through_a_vsock_this_program_is_the_proxy(void **state)
{
	static const char *const arguments[] = {
	    "-oProxyCommand=none", "host", NULL};
	static const char *const want[] = {"ssh", "-oBatchMode=no",
	    "-oKbdInteractiveAuthentication=yes", "-oNumberOfPasswordPrompts=1",
	    "-oIdentitiesOnly=yes", "-oIdentityFile=/tmp/x/id_ed25519",
	    "-oProxyCommand=/tmp/x/nitro-ssh-askpass --vsock 3:8022",
	    "-oProxyCommand=none", "host", NULL};
	const struct nitro_ssh_command command = {.program = "ssh",
	    .arguments = arguments,
	    .askpass = "/tmp/x/nitro-ssh-askpass",
	    .ephemeral_key = "/tmp/x/id_ed25519",
	    .vsock = "3:8022",
	    .keeps_preferred = true};

	(void)state;
	check_words(&command, want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_our_options_stand_before_the_users),
	    cmocka_unit_test(test_an_ephemeral_key_is_offered_alone),
	    cmocka_unit_test(test_through_a_vsock_this_program_is_the_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
