#include "client/own_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "client/ephemeral_key.h"
#include "ssh/ssh_key.h"
#include "unit/unit.h"

static struct nitro_private_folder folder;

static int
set_up(void **state)
{
	struct nitro_complaint why;

	(void)state;
	(void)unsetenv("SSH_AUTH_SOCK");
	return nitro_private_folder_make(NULL, &folder, &why) ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	nitro_private_folder_remove(&folder);
	return 0;
}

static void
make_key(char path[PATH_MAX])
{
	struct nitro_complaint why = {0};

	if (!nitro_ephemeral_key_make(&folder, path, &why))
		fail_msg("%s", why.text);
}

/* The blob as the .pub file has it, which ssh-keygen wrote and we did not read. */
static void
public_blob(struct nitro_buf *blob)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_bytes line, type, base64;

	assert_true(
	    nitro_private_folder_read(&folder, "id_ed25519.pub", 4096, &text));
	line = nitro_bytes_of_buf(&text);
	assert_true(nitro_bytes_take_until(&line, ' ', &type));
	assert_true(nitro_bytes_take_until(&line, ' ', &base64));
	assert_err(nitro_base64_decode(base64, blob), NITRO_OK);
}

static void
test_a_private_file_gives_its_key_once(void **state)
{
	NITRO_DROP(nitro_own_keys_drop) struct nitro_own_keys keys = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf blob = {0};
	char path[PATH_MAX];

	(void)state;
	make_key(path);
	public_blob(&blob);
	assert_true(nitro_own_keys_add_file(&keys, path));
	assert_true(nitro_own_keys_add_file(&keys, path));
	assert_int_equal(keys.count, 1);
	assert_int_equal(strlen(keys.key[0].fingerprint), 50);
	assert_int_equal(
	    unit_bytes_differ("blob", nitro_bytes_of_buf(&keys.key[0].blob),
		nitro_bytes_of_buf(&blob)),
	    0);
}

/* The file beside it may say what it likes: the private part decides. */
static void
test_the_public_file_is_not_believed(void **state)
{
	NITRO_DROP(nitro_own_keys_drop) struct nitro_own_keys keys = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf blob = {0};
	struct nitro_complaint why = {0};
	char path[PATH_MAX];

	(void)state;
	make_key(path);
	public_blob(&blob);
	nitro_private_folder_forget(&folder, "id_ed25519.pub");
	assert_true(nitro_private_folder_write(&folder, "id_ed25519.pub",
	    UNIT_BYTES(
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAAAAAAAAAAAAAAA x\n"),
	    &why));
	assert_true(nitro_own_keys_add_file(&keys, path));
	assert_int_equal(
	    unit_bytes_differ("blob", nitro_bytes_of_buf(&keys.key[0].blob),
		nitro_bytes_of_buf(&blob)),
	    0);
}

static void
test_files_without_a_usable_private_part_give_none(void **state)
{
	NITRO_DROP(nitro_own_keys_drop) struct nitro_own_keys keys = {0};
	struct nitro_complaint why = {0};
	char path[PATH_MAX], public_file[PATH_MAX];

	(void)state;
	make_key(path);
	assert_true(
	    nitro_private_folder_path(&folder, "id_ed25519.pub", public_file));
	assert_false(nitro_own_keys_add_file(&keys, public_file));
	nitro_private_folder_forget(&folder, "id_ed25519");
	assert_false(nitro_own_keys_add_file(&keys, path));
	assert_true(nitro_private_folder_write(
	    &folder, "id_ed25519", UNIT_BYTES("garbage\n"), &why));
	assert_false(nitro_own_keys_add_file(&keys, path));
	assert_int_equal(keys.count, 0);
}

static void
test_no_agent_gives_no_keys(void **state)
{
	NITRO_DROP(nitro_own_keys_drop) struct nitro_own_keys keys = {0};

	(void)state;
	nitro_own_keys_add_agent(&keys, NULL, NULL);
	nitro_own_keys_add_agent(&keys, "/nowhere/agent", NULL);
	assert_int_equal(keys.count, 0);
}

static void
add_key(struct nitro_own_keys *keys, const char *fingerprint, uint8_t fill)
{
	struct nitro_own_key *key = &keys->key[keys->count++];

	(void)snprintf(
	    key->fingerprint, sizeof key->fingerprint, "%s", fingerprint);
	unit_fill(&key->blob, fill, 51);
}

#define PRINT_A "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define PRINT_B "SHA256:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void
test_a_fingerprint_selects_among_own_keys_alone(void **state)
{
	NITRO_DROP(nitro_own_keys_drop) struct nitro_own_keys keys = {0};

	(void)state;
	assert_null(nitro_own_keys_find(&keys, PRINT_A));
	assert_null(nitro_own_keys_find(&keys, ""));
	add_key(&keys, PRINT_A, 'a');
	add_key(&keys, PRINT_B, 'b');
	assert_ptr_equal(nitro_own_keys_find(&keys, PRINT_B), &keys.key[1]);
	assert_null(nitro_own_keys_find(&keys, "SHA256:A"));
	assert_null(nitro_own_keys_find(&keys, ""));
	assert_null(nitro_own_keys_find(&keys, "-"));
	assert_null(nitro_own_keys_find(&keys, PRINT_A "A"));
}

static void
test_a_saved_list_is_loaded_as_it_was(void **state)
{
	NITRO_DROP(nitro_own_keys_drop)
	struct nitro_own_keys keys = {0}, loaded = {0};
	struct nitro_complaint why = {0};

	(void)state;
	add_key(&keys, PRINT_A, 'a');
	add_key(&keys, PRINT_B, 'b');
	assert_false(nitro_own_keys_load(&loaded, &folder, &why));
	assert_true(nitro_own_keys_save(&keys, &folder, &why));
	assert_true(nitro_own_keys_load(&loaded, &folder, &why));
	assert_int_equal(loaded.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(
		    loaded.key[i].fingerprint, keys.key[i].fingerprint);
		assert_int_equal(unit_bytes_differ("blob",
				     nitro_bytes_of_buf(&loaded.key[i].blob),
				     nitro_bytes_of_buf(&keys.key[i].blob)),
		    0);
	}
}

static void
test_a_damaged_list_is_refused(void **state)
{
	static const char *const rows[] = {
	    "x", PRINT_A "\n", PRINT_A " ?\n", PRINT_A "A QUJD\n", "\n"};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_own_keys_drop)
		struct nitro_own_keys keys = {0};
		struct nitro_complaint why = {0};

		assert_true(nitro_private_folder_write(
		    &folder, "keys", nitro_bytes_of_text(rows[i]), &why));
		assert_false(nitro_own_keys_load(&keys, &folder, &why));
		assert_int_equal(keys.count, 0);
		nitro_private_folder_forget(&folder, "keys");
	}
}

static void
test_own_keys_are_named_in_one_line(void **state)
{
	NITRO_DROP(nitro_own_keys_drop) struct nitro_own_keys keys = {0};
	char text[NITRO_ESCAPED_MAX];

	(void)state;
	nitro_own_keys_describe(&keys, text);
	assert_string_equal(text, "none");
	add_key(&keys, PRINT_A, 'a');
	add_key(&keys, PRINT_B, 'b');
	nitro_own_keys_describe(&keys, text);
	assert_string_equal(text, PRINT_A ", " PRINT_B);
	while (keys.count < NITRO_OWN_KEYS_MAX)
		add_key(&keys, PRINT_A, 'a');
	nitro_own_keys_describe(&keys, text);
	assert_string_equal(&text[strlen(text) - 5], ", ...");
}

#define WITH_FOLDER(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_FOLDER(test_a_private_file_gives_its_key_once),
	    WITH_FOLDER(test_the_public_file_is_not_believed),
	    WITH_FOLDER(test_files_without_a_usable_private_part_give_none),
	    WITH_FOLDER(test_no_agent_gives_no_keys),
	    WITH_FOLDER(test_a_fingerprint_selects_among_own_keys_alone),
	    WITH_FOLDER(test_a_saved_list_is_loaded_as_it_was),
	    WITH_FOLDER(test_a_damaged_list_is_refused),
	    WITH_FOLDER(test_own_keys_are_named_in_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
