#include "evidence/digest.h"

#include <string.h>

#include "unit/unit.h"

/* FIPS 180-4 examples and the empty text, as printed by sha256sum and sha384sum. */
static const struct {
	const char *text, *sha256, *sha384;
} known[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
	"274edebfe76f65fbd51ad2f14898b95b"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	"cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	"8086072ba1e7cc2358baeca134c825a7"},
};

static void
test_known_digests(void **state)
{
	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(known); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf want = {0};
		uint8_t sha256[NITRO_SHA256_LEN], sha384[NITRO_SHA384_LEN];

		unit_hex(known[i].sha256, &want);
		unit_hex(known[i].sha384, &want);
		assert_err(
		    nitro_sha256(nitro_bytes_of_text(known[i].text), sha256),
		    NITRO_OK);
		assert_err(
		    nitro_sha384(nitro_bytes_of_text(known[i].text), sha384),
		    NITRO_OK);
		assert_memory_equal(sha256, want.ptr, sizeof sha256);
		assert_memory_equal(
		    sha384, want.ptr + sizeof sha256, sizeof sha384);
	}
}

static void
test_an_empty_view_without_bytes_is_the_empty_text(void **state)
{
	uint8_t a[NITRO_SHA384_LEN], b[NITRO_SHA384_LEN];

	(void)state;
	assert_err(nitro_sha384((struct nitro_bytes){0}, a), NITRO_OK);
	assert_err(nitro_sha384(UNIT_BYTES(""), b), NITRO_OK);
	assert_memory_equal(a, b, sizeof a);
}

/*
 * (head -c 48 /dev/zero; printf %s TEXT) | sha384sum; the first is also what
 * the AWS document 234f1201 holds in PCR4.
 */
static const struct {
	const char *text, *pcr;
} extended[] = {
    {"i-078824548edcf6519",
	"8a4d049b4193ab1554c7c63e9ec581b481fd80c8c2b643f65a4fb0eb2fafeb57"
	"4bd5e7b04f2e9212ff15729129330a47"},
    {"arn:aws:iam::123456789012:role/billing",
	"5b673a5145e806d4f1c102557cf19ed99bb8966d4ea1f28c5d2adb950fed8bde"
	"659044f0e04f057ba42f6f1fd369c585"},
    {"", "8f0d145c0368ad6b70be22e41c400eea91b971d96ba220fec9fae25a58dffdaa"
	 "f72dbe8f6783d55128c9df4efaf6f8a7"},
};

static void
test_a_pcr_is_one_extension_of_zero(void **state)
{
	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(extended); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf want = {0};
		uint8_t got[NITRO_SHA384_LEN];

		unit_hex(extended[i].pcr, &want);
		assert_err(
		    nitro_pcr_of(nitro_bytes_of_text(extended[i].text), got),
		    NITRO_OK);
		assert_memory_equal(got, want.ptr, sizeof got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_digests),
	    cmocka_unit_test(
		test_an_empty_view_without_bytes_is_the_empty_text),
	    cmocka_unit_test(test_a_pcr_is_one_extension_of_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
