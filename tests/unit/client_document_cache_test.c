#include "client/document_cache.h"

#include <unistd.h>

#include "unit/unit.h"

static struct nitro_private_folder folder;

static int
set_up(void **state)
{
	struct nitro_complaint why;

	(void)state;
	return nitro_private_folder_make(NULL, &folder, &why) ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	nitro_private_folder_remove(&folder);
	return 0;
}

static struct nitro_challenge
challenge_of(uint8_t first, const char *user)
{
	uint8_t nonce[NITRO_NONCE_LEN] = {first};
	struct nitro_challenge challenge;

	assert_err(nitro_challenge_make(nonce, "-", "host",
		       nitro_bytes_of_text(user), &challenge),
	    NITRO_OK);
	return challenge;
}

static void
test_a_text_is_found_under_its_own_challenge_alone(void **state)
{
	const struct nitro_challenge own = challenge_of(1, "deploy"),
				     other_nonce = challenge_of(2, "deploy"),
				     other_user = challenge_of(1, "root");
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_complaint why = {0};

	(void)state;
	assert_false(nitro_document_cache_get(&folder, &own, &text));
	assert_true(
	    nitro_document_cache_put(&folder, &own, UNIT_BYTES("QUJD"), &why));
	assert_false(nitro_document_cache_get(&folder, &other_nonce, &text));
	assert_false(nitro_document_cache_get(&folder, &other_user, &text));
	assert_int_equal(text.len, 0);
	assert_true(nitro_document_cache_get(&folder, &own, &text));
	assert_true(nitro_bytes_equal_text(nitro_bytes_of_buf(&text), "QUJD"));
}

static void
test_a_second_text_for_one_nonce_is_refused(void **state)
{
	const struct nitro_challenge own = challenge_of(1, "deploy");
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_complaint why = {0};

	(void)state;
	assert_true(
	    nitro_document_cache_put(&folder, &own, UNIT_BYTES("QUJD"), &why));
	assert_false(
	    nitro_document_cache_put(&folder, &own, UNIT_BYTES("QQ=="), &why));
	assert_true(nitro_document_cache_get(&folder, &own, &text));
	assert_true(nitro_bytes_equal_text(nitro_bytes_of_buf(&text), "QUJD"));
}

static void
test_a_forgotten_text_leaves_no_file(void **state)
{
	const struct nitro_challenge own = challenge_of(1, "deploy");
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0}, longest = {0};
	struct nitro_complaint why = {0};

	(void)state;
	unit_fill(&longest, 'A', 22000);
	assert_true(nitro_document_cache_put(
	    &folder, &own, nitro_bytes_of_buf(&longest), &why));
	assert_true(nitro_document_cache_get(&folder, &own, &text));
	assert_int_equal(text.len, 22000);
	nitro_document_cache_forget(&folder, &own);
	assert_false(nitro_document_cache_get(&folder, &own, &text));
	assert_int_equal(rmdir(folder.path), 0);
}

#define WITH_FOLDER(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_FOLDER(test_a_text_is_found_under_its_own_challenge_alone),
	    WITH_FOLDER(test_a_second_text_for_one_nonce_is_refused),
	    WITH_FOLDER(test_a_forgotten_text_leaves_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
