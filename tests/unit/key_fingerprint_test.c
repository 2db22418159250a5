#include "ssh/key_fingerprint.h"

#include <string.h>

#include "unit/ssh_keys.h"
#include "unit/unit.h"

static void
test_fingerprints_are_those_of_ssh_keygen(void **state)
{
	char got[NITRO_KEY_FINGERPRINT_LEN + 1];

	(void)state;
	for (size_t i = 0; i < SSH_KEY_FIXTURES; i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf blob = {0};

		ssh_key_blob(ssh_key_fixtures[i].plain, &blob);
		assert_err(
		    nitro_ssh_key_fingerprint(nitro_bytes_of_buf(&blob), got),
		    NITRO_OK);
		assert_string_equal(got, ssh_key_fixtures[i].fingerprint);
		assert_int_equal(strlen(got), NITRO_KEY_FINGERPRINT_LEN);
	}
}

/* K13: a fingerprint covers every bit of the blob, and its length. */
static void
test_another_blob_has_another_fingerprint(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf blob = {0};
	char first[NITRO_KEY_FINGERPRINT_LEN + 1];
	char other[NITRO_KEY_FINGERPRINT_LEN + 1];

	(void)state;
	ssh_key_blob(ssh_key_fixtures[0].plain, &blob);
	assert_err(nitro_ssh_key_fingerprint(nitro_bytes_of_buf(&blob), first),
	    NITRO_OK);
	for (size_t bit = 0; bit < 8 * blob.len; bit++) {
		blob.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_err(
		    nitro_ssh_key_fingerprint(nitro_bytes_of_buf(&blob), other),
		    NITRO_OK);
		assert_string_not_equal(first, other);
		blob.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	unit_fill(&blob, 0, 1);
	assert_err(nitro_ssh_key_fingerprint(nitro_bytes_of_buf(&blob), other),
	    NITRO_OK);
	assert_string_not_equal(first, other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fingerprints_are_those_of_ssh_keygen),
	    cmocka_unit_test(test_another_blob_has_another_fingerprint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
