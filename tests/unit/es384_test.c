/*
 * ES384 on its own: r || s of 96 bytes to DER to libcrypto's "1", against
 * signatures that others have made: RFC 6979 and, where its file is here,
 * Project Wycheproof's ecdsa_secp384r1_sha384_p1363. (G01)
 *
 * That file is in no package of a distribution. The test reads it from
 * $NITRO_WYCHEPROOF, or from ../shared/wycheproof, and is skipped else; what
 * its groups are about stands, with values of our own, in cose_sign1_test.c:
 * r and s of 0, of the order and around it, lengths, DER for r || s.
 */
/* For its signature_to_der(). NOLINTNEXTLINE(bugprone-suspicious-include) */
#include "../pam_nitro/evidence/cose_sign1.c"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/ec.h"
#include "unit/unit.h"
#include "unit/vectors.h"

#define FILE_NAME "ecdsa_secp384r1_sha384_p1363_test.json"

/* What nitro_cose_verify() does with a Sig_structure, for any text. */
static nitro_err
verify(EVP_PKEY *key, struct nitro_bytes text, struct nitro_bytes signature)
{
	NITRO_DROP(drop_der) uint8_t *der = NULL;
	NITRO_DROP(drop_md_ctx) EVP_MD_CTX *md = EVP_MD_CTX_new();
	size_t len;
	nitro_err err;

	if ((err = signature_to_der(signature, &der, &len)) != NITRO_OK)
		return err;
	assert_int_equal(
	    EVP_DigestVerifyInit_ex(md, NULL, "SHA384", NULL, NULL, key, NULL),
	    1);
	return EVP_DigestVerify(md, der, len, text.ptr, text.len) == 1
		   ? NITRO_OK
		   : NITRO_E_COSE_SIG;
}

/* From 04 and both coordinates in hex. */
static EVP_PKEY *
key_of(const char *hex)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf point = {0};
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");

	unit_hex(hex, &point);
	assert_non_null(key);
	assert_int_equal(
	    EVP_PKEY_set1_encoded_public_key(key, point.ptr, point.len), 1);
	return key;
}

/* RFC 6979 appendix A.2.6. */
static const char rfc6979_key[] =
    "04"
    "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64"
    "def8f0ea9055866064a254515480bc13"
    "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1"
    "288b231c3ae0d4fe7344fd2533264720";
static const struct {
	const char *text, *signature;
} rfc6979[] = {
    {"sample",
	"94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c"
	"81a648152e44acf96e36dd1e80fabe46"
	"99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f"
	"a329c145786e679e7b82c71a38628ac8"},
    {"test", "8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb"
	     "0542a7f0812998da8f1dd3ca3cf023db"
	     "ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e0"
	     "6a739f040649a667bf3b828246baa5a5"},
};

static void
test_the_signatures_of_rfc_6979_verify_and_no_bit_of_them_may_change(
    void **state)
{
	NITRO_DROP(ec_drop_key) EVP_PKEY *key = key_of(rfc6979_key);

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rfc6979); i++) {
		const struct nitro_bytes text = nitro_bytes_of_text(
		    rfc6979[i].text);
		NITRO_DROP(nitro_buf_drop) struct nitro_buf signature = {0};

		unit_hex(rfc6979[i].signature, &signature);
		assert_err(verify(key, text, nitro_bytes_of_buf(&signature)),
		    NITRO_OK);
		for (size_t bit = 0; bit < 8 * signature.len; bit += 7) {
			signature.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_err(
			    verify(key, text, nitro_bytes_of_buf(&signature)),
			    NITRO_E_COSE_SIG);
			signature.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
}

static unsigned
differs(EVP_PKEY *key, const json_t *test)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf signature = {0};
	const char *result = json_string_value(json_object_get(test, "result"));
	char name[32];
	bool is_good;

	assert_non_null(result);
	unit_hex(json_string_value(json_object_get(test, "msg")), &text);
	unit_hex(json_string_value(json_object_get(test, "sig")), &signature);
	is_good = verify(key, nitro_bytes_of_buf(&text),
		      nitro_bytes_of_buf(&signature)) == NITRO_OK;
	(void)snprintf(name, sizeof name, "tcId %d",
	    (int)json_integer_value(json_object_get(test, "tcId")));
	return unit_is_not(name, is_good, strcmp(result, "valid") == 0);
}

static json_t *
load(void)
{
	const char *folder = getenv("NITRO_WYCHEPROOF");
	char path[1024];

	(void)snprintf(path, sizeof path, "%s/" FILE_NAME,
	    folder != NULL ? folder : "../shared/wycheproof");
	return json_load_file(path, 0, NULL);
}

/* G01 */
static void
test_wycheproof_s_vectors_come_out_as_they_say(void **state)
{
	json_t *root = load();
	unsigned wrong = 0, count = 0;
	json_t *group, *test;
	size_t i, j;

	(void)state;
	if (root == NULL) {
		print_message(
		    "# SKIP no " FILE_NAME " here; set NITRO_WYCHEPROOF\n");
		skip();
	}
	json_array_foreach(json_object_get(root, "testGroups"), i, group)
	{
		const json_t *point = json_object_get(
		    json_object_get(group, "publicKey"), "uncompressed");
		NITRO_DROP(ec_drop_key)
		EVP_PKEY *key = key_of(json_string_value(point));

		json_array_foreach(json_object_get(group, "tests"), j, test)
		{
			wrong += differs(key, test);
			count++;
		}
	}
	json_decref(root);
	print_message("# %u vectors\n", count);
	assert_int_equal(wrong, 0);
	assert_int_in_range(count, 280, 100000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_the_signatures_of_rfc_6979_verify_and_no_bit_of_them_may_change),
	    cmocka_unit_test(test_wycheproof_s_vectors_come_out_as_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
