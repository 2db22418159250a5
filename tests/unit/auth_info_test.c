#include "ssh/auth_info.h"

#include <string.h>

#include "unit/ssh_keys.h"
#include "unit/unit.h"

/* "publickey <type> <base64>", appended. */
static void
put_line(struct nitro_buf *out, const char *type, const char *base64)
{
	unit_append(out, UNIT_BYTES("publickey "));
	unit_append(out, nitro_bytes_of_text(type));
	unit_append(out, UNIT_BYTES(" "));
	unit_append(out, nitro_bytes_of_text(base64));
}

static void
test_the_key_of_each_type_is_found(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < SSH_KEY_FIXTURES; i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf info = {0}, want = {0}, plain = {0};
		const struct ssh_key_fixture *key = &ssh_key_fixtures[i];

		put_line(&info, key->type, key->plain);
		unit_append(&info, UNIT_BYTES("\n"));
		ssh_key_blob(key->plain, &want);
		wrong += unit_differs(key->name,
		    nitro_auth_info_key(nitro_bytes_of_buf(&info), &plain),
		    NITRO_OK);
		wrong += unit_bytes_differ(key->name,
		    nitro_bytes_of_buf(&plain), nitro_bytes_of_buf(&want));
	}
	assert_int_equal(wrong, 0);
}

/* K08 */
static void
test_a_certificate_login_gives_the_certified_key(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < SSH_KEY_FIXTURES; i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf info = {0}, want = {0}, plain = {0};
		const struct ssh_key_fixture *key = &ssh_key_fixtures[i];

		if (key->certificate == NULL)
			continue;
		put_line(&info, key->certificate_type, key->certificate);
		ssh_key_blob(key->plain, &want);
		wrong += unit_differs(key->name,
		    nitro_auth_info_key(nitro_bytes_of_buf(&info), &plain),
		    NITRO_OK);
		wrong += unit_bytes_differ(key->name,
		    nitro_bytes_of_buf(&plain), nitro_bytes_of_buf(&want));
	}
	assert_int_equal(wrong, 0);
}

#define ED \
	"AAAAC3NzaC1lZDI1NTE5AAAAIMDw+6GyKi9C9O2PguGQq2C7EydqxaxDM7kqIdlLIHX2"
#define ED_TRAILING \
	"AAAAC3NzaC1lZDI1NTE5AAAAIMDw+6GyKi9C9O2PguGQq2C7EydqxaxDM7kqIdlLIHX2" \
	"AA=="
#define GOOD "publickey ssh-ed25519 " ED

struct row {
	const char *name, *info;
	nitro_err want;
};

/* K01 K04 K05 K06 K07 K16 */
static const struct row rows[] = {
    {"one line", GOOD, NITRO_OK},
    {"one line with its end", GOOD "\n", NITRO_OK},
    {"fields that may come one day", GOOD " and more\n", NITRO_OK},
    {"password before it", "password\n" GOOD "\n", NITRO_OK},
    {"keyboard-interactive after it", GOOD "\nkeyboard-interactive pam\n",
	NITRO_OK},
    {"K04 hostbased beside it",
	"hostbased ssh-ed25519 " ED " client user \"x\"\n" GOOD "\n", NITRO_OK},
    {"K01 nothing", "", NITRO_E_NO_PUBLICKEY},
    {"K01 an empty line", "\n", NITRO_E_NO_PUBLICKEY},
    {"K01 other methods", "password\nkeyboard-interactive pam\n",
	NITRO_E_NO_PUBLICKEY},
    {"K04 hostbased alone", "hostbased ssh-ed25519 " ED " client user \"x\"\n",
	NITRO_E_NO_PUBLICKEY},
    {"K05 inside another line", "password " GOOD "\n", NITRO_E_NO_PUBLICKEY},
    {"K05 after a blank", " " GOOD "\n", NITRO_E_NO_PUBLICKEY},
    {"K05 after hostbased's user",
	"hostbased ssh-ed25519 AAAA client user \"publickey ssh-ed25519 " ED
	"\"\n",
	NITRO_E_NO_PUBLICKEY},
    {"K05 a longer word", "publickeyx ssh-ed25519 " ED "\n",
	NITRO_E_NO_PUBLICKEY},
    {"K05 upper case", "Publickey ssh-ed25519 " ED "\n", NITRO_E_NO_PUBLICKEY},
    {"K06 the same key twice", GOOD "\n" GOOD "\n", NITRO_E_AUTH_INFO},
    {"K06 a second key of no form", GOOD "\npublickey\n", NITRO_E_AUTH_INFO},
    {"K06 a second key after another method",
	GOOD "\npassword\npublickey ssh-rsa AAAA\n", NITRO_E_AUTH_INFO},
    {"K07 the word alone", "publickey\n", NITRO_E_AUTH_INFO},
    {"K07 no type", "publickey \n", NITRO_E_AUTH_INFO},
    {"K07 no key", "publickey ssh-ed25519\n", NITRO_E_AUTH_INFO},
    {"K07 an empty key", "publickey ssh-ed25519 \n", NITRO_E_AUTH_INFO},
    {"K07 two blanks", "publickey  ssh-ed25519 " ED "\n", NITRO_E_AUTH_INFO},
    {"K07 two blanks before the key", "publickey ssh-ed25519  " ED "\n",
	NITRO_E_AUTH_INFO},
    {"K07 not base64", "publickey ssh-ed25519 AAAA*AAA\n", NITRO_E_AUTH_INFO},
    {"K07 base64 without its last character",
	"publickey ssh-ed25519 "
	"AAAAC3NzaC1lZDI1NTE5AAAAIMDw+6GyKi9C9O2PguGQq2C7EydqxaxDM7kqIdlLIHX\n",
	NITRO_E_AUTH_INFO},
    {"K07 a byte after the key", "publickey ssh-ed25519 " ED_TRAILING "\n",
	NITRO_E_AUTH_INFO},
    {"K07 another type than the blob's", "publickey ssh-rsa " ED "\n",
	NITRO_E_AUTH_INFO},
    {"K07 a certificate's type on a plain blob",
	"publickey ssh-ed25519-cert-v01@openssh.com " ED "\n",
	NITRO_E_AUTH_INFO},
    {"K07 a type that nobody knows",
	"publickey ssh-dss AAAAB3NzaC1kc3MAAAABAQ==\n", NITRO_E_AUTH_INFO},
    {"K12 X25519 with the same bytes",
	"publickey x25519 "
	"AAAABngyNTUxOQAAACDA8PuhsiovQvTtj4LhkKtguxMnasWsQzO5KiHZSyB19g==\n",
	NITRO_E_AUTH_INFO},
    {"K16 CR LF", GOOD "\r\n", NITRO_E_AUTH_INFO},
    {"K16 tab for blank", "publickey\tssh-ed25519 " ED "\n", NITRO_E_AUTH_INFO},
    {"K16 ESC in another line", "password\x1b[2J\n" GOOD "\n",
	NITRO_E_AUTH_INFO},
    {"K16 DEL", GOOD " \x7f\n", NITRO_E_AUTH_INFO},
};

static void
test_exactly_one_publickey_line_at_the_start_of_a_line(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf want = {0};
	unsigned wrong = 0;

	(void)state;
	ssh_key_blob(ED, &want);
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf plain = {0};

		wrong += unit_differs(rows[i].name,
		    nitro_auth_info_key(
			nitro_bytes_of_text(rows[i].info), &plain),
		    rows[i].want);
		if (rows[i].want == NITRO_OK)
			wrong += unit_bytes_differ(rows[i].name,
			    nitro_bytes_of_buf(&plain),
			    nitro_bytes_of_buf(&want));
		else
			wrong += unit_is_not(
			    rows[i].name, plain.len == 0, true);
	}
	assert_int_equal(wrong, 0);
}

/* K16: SSH_AUTH_INFO_0 with a NUL in it cannot come out of the environment,
 * but this function is given a length. */
static void
test_a_nul_is_a_control_byte(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf plain = {0};

	(void)state;
	assert_err(nitro_auth_info_key(UNIT_BYTES(GOOD "\0"), &plain),
	    NITRO_E_AUTH_INFO);
	assert_err(nitro_auth_info_key(UNIT_BYTES("password\0\n" GOOD), &plain),
	    NITRO_E_AUTH_INFO);
	assert_int_equal(plain.len, 0);
}

/* K16 */
static void
test_64_kib_are_read_and_a_byte_more_is_not(void **state)
{
	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf info = {0}, plain = {0};

		unit_append(&info, UNIT_BYTES(GOOD "\n"));
		unit_fill(&info, 'x', NITRO_AUTH_INFO_MAX - info.len + extra);
		assert_err(
		    nitro_auth_info_key(nitro_bytes_of_buf(&info), &plain),
		    extra == 0 ? NITRO_OK : NITRO_E_AUTH_INFO);
	}
}

/* K16 */
static void
test_64_kib_in_one_line_are_no_key(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf info = {0}, plain = {0};

	(void)state;
	unit_append(&info, UNIT_BYTES("publickey ssh-ed25519 "));
	unit_fill(&info, 'A', NITRO_AUTH_INFO_MAX - info.len);
	assert_err(nitro_auth_info_key(nitro_bytes_of_buf(&info), &plain),
	    NITRO_E_AUTH_INFO);
	assert_int_equal(plain.len, 0);
}

/* K11 K15: other keys give other bytes. */
static void
test_keys_differ_by_their_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < SSH_KEY_FIXTURES - 1; i++)
		for (size_t j = 0; j < i; j++) {
			NITRO_DROP(nitro_buf_drop)
			struct nitro_buf a = {0}, b = {0}, key_a = {0},
					 key_b = {0};

			put_line(&a, ssh_key_fixtures[i].type,
			    ssh_key_fixtures[i].plain);
			put_line(&b, ssh_key_fixtures[j].type,
			    ssh_key_fixtures[j].plain);
			assert_err(
			    nitro_auth_info_key(nitro_bytes_of_buf(&a), &key_a),
			    NITRO_OK);
			assert_err(
			    nitro_auth_info_key(nitro_bytes_of_buf(&b), &key_b),
			    NITRO_OK);
			assert_false(
			    nitro_bytes_equal(nitro_bytes_of_buf(&key_a),
				nitro_bytes_of_buf(&key_b)));
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_key_of_each_type_is_found),
	    cmocka_unit_test(test_a_certificate_login_gives_the_certified_key),
	    cmocka_unit_test(
		test_exactly_one_publickey_line_at_the_start_of_a_line),
	    cmocka_unit_test(test_a_nul_is_a_control_byte),
	    cmocka_unit_test(test_64_kib_are_read_and_a_byte_more_is_not),
	    cmocka_unit_test(test_64_kib_in_one_line_are_no_key),
	    cmocka_unit_test(test_keys_differ_by_their_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
