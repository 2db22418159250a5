#include "ssh/ssh_key.h"

#include <string.h>

#include "unit/ssh_keys.h"
#include "unit/unit.h"

static void
test_a_plain_key_is_its_own_plain_key(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < SSH_KEY_FIXTURES; i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf blob = {0}, plain = {0};
		const struct ssh_key_fixture *key = &ssh_key_fixtures[i];

		ssh_key_blob(key->plain, &blob);
		wrong += unit_differs(key->name,
		    nitro_ssh_key_plain(nitro_bytes_of_buf(&blob), &plain),
		    NITRO_OK);
		wrong += unit_bytes_differ(key->name,
		    nitro_bytes_of_buf(&plain), nitro_bytes_of_buf(&blob));
		wrong += unit_bytes_differ(key->name,
		    nitro_ssh_key_type(nitro_bytes_of_buf(&blob)),
		    nitro_bytes_of_text(key->type));
	}
	assert_int_equal(wrong, 0);
}

/* K08 */
static void
test_a_certificate_gives_the_key_that_it_certifies(void **state)
{
	unsigned wrong = 0, seen = 0;

	(void)state;
	for (size_t i = 0; i < SSH_KEY_FIXTURES; i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf blob = {0}, want = {0}, plain = {0};
		const struct ssh_key_fixture *key = &ssh_key_fixtures[i];

		if (key->certificate == NULL)
			continue;
		ssh_key_blob(key->certificate, &blob);
		ssh_key_blob(key->plain, &want);
		wrong += unit_differs(key->name,
		    nitro_ssh_key_plain(nitro_bytes_of_buf(&blob), &plain),
		    NITRO_OK);
		wrong += unit_bytes_differ(key->name,
		    nitro_bytes_of_buf(&plain), nitro_bytes_of_buf(&want));
		wrong += unit_bytes_differ(key->name,
		    nitro_ssh_key_type(nitro_bytes_of_buf(&blob)),
		    nitro_bytes_of_text(key->certificate_type));
		seen++;
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(seen, 8);
}

static void
test_the_plain_key_is_appended(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf blob = {0}, plain = {0};

	(void)state;
	ssh_key_blob(ssh_key_fixtures[0].plain, &blob);
	unit_append(&plain, UNIT_BYTES("kept"));
	assert_err(
	    nitro_ssh_key_plain(nitro_bytes_of_buf(&blob), &plain), NITRO_OK);
	assert_int_equal(plain.len, 4 + blob.len);
	assert_memory_equal(plain.ptr, "kept", 4);
}

static unsigned
refuse_every_truncation(const char *name, struct nitro_bytes blob)
{
	unsigned wrong = 0;

	for (size_t n = 0; n < blob.len; n++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf cut = {0}, plain = {0};

		/* A copy of its own, so that a sanitizer sees one byte too far. */
		unit_append(&cut, nitro_bytes_slice(blob, 0, n));
		wrong += unit_differs(name,
		    nitro_ssh_key_plain(nitro_bytes_of_buf(&cut), &plain),
		    NITRO_E_AUTH_INFO);
		wrong += unit_is_not(name, plain.len == 0, true);
	}
	return wrong;
}

/* K07 */
static void
test_a_key_or_certificate_that_is_cut_is_refused(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < SSH_KEY_FIXTURES; i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf key = {0}, certificate = {0};

		ssh_key_blob(ssh_key_fixtures[i].plain, &key);
		wrong += refuse_every_truncation(
		    ssh_key_fixtures[i].name, nitro_bytes_of_buf(&key));
		if (ssh_key_fixtures[i].certificate == NULL)
			continue;
		ssh_key_blob(ssh_key_fixtures[i].certificate, &certificate);
		wrong += refuse_every_truncation(
		    ssh_key_fixtures[i].name, nitro_bytes_of_buf(&certificate));
	}
	assert_int_equal(wrong, 0);
}

/* K07 K10 */
static void
test_bytes_after_the_last_field_are_refused(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < SSH_KEY_FIXTURES; i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf key = {0}, certificate = {0}, plain = {0};

		ssh_key_blob(ssh_key_fixtures[i].plain, &key);
		unit_fill(&key, 0, 1);
		wrong += unit_differs(ssh_key_fixtures[i].name,
		    nitro_ssh_key_plain(nitro_bytes_of_buf(&key), &plain),
		    NITRO_E_AUTH_INFO);
		if (ssh_key_fixtures[i].certificate == NULL)
			continue;
		ssh_key_blob(ssh_key_fixtures[i].certificate, &certificate);
		ssh_put_text(&certificate, "");
		wrong += unit_differs(ssh_key_fixtures[i].name,
		    nitro_ssh_key_plain(
			nitro_bytes_of_buf(&certificate), &plain),
		    NITRO_E_AUTH_INFO);
		wrong += unit_is_not(
		    ssh_key_fixtures[i].name, plain.len == 0, true);
	}
	assert_int_equal(wrong, 0);
}

/* The same 32 bytes, or the same numbers, under another name. */
static void
test_other_types_are_refused(void **state)
{
	static const char *const names[] = {"", "ssh-dss", "rsa-sha2-256",
	    "rsa-sha2-512", "SSH-ED25519", "ssh-ed25519 ", " ssh-ed25519",
	    "ssh-ed2551", "ssh-ed255190", "ssh-ed448", "x25519",
	    "curve25519-sha256", "ssh-ed25519-cert-v00@openssh.com",
	    "ssh-ed25519-cert-v02@openssh.com", "ssh-ed25519@openssh.com",
	    "sk-ssh-ed25519", "ssh-xmss@openssh.com", "null"};
	uint8_t bytes[32] = {1, 2, 3};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(names) + 2; i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf blob = {0}, plain = {0};
		const char *row = i < NITRO_COUNT_OF(names) ? names[i] : "NUL";
		bool is_control = i == NITRO_COUNT_OF(names) + 1;

		if (i < NITRO_COUNT_OF(names))
			ssh_put_text(&blob, names[i]);
		else if (is_control)
			ssh_put_text(&blob, "ssh-ed25519");
		else
			ssh_put_string(&blob, UNIT_BYTES("ssh-ed25519\0"));
		ssh_put_string(&blob, (struct nitro_bytes){bytes, 32});
		wrong += unit_differs(row,
		    nitro_ssh_key_plain(nitro_bytes_of_buf(&blob), &plain),
		    is_control ? NITRO_OK : NITRO_E_AUTH_INFO);
	}
	assert_int_equal(wrong, 0);
}

/* One row: the strings of a blob, "#n" for n bytes of 0x04, "!n" of 0x06, "x" + hex for bytes. */
struct shape {
	const char *name;
	const char *strings[5];
	nitro_err want;
};

static const struct shape shapes[] = {
    {"ed25519", {"ssh-ed25519", "#32"}, NITRO_OK},
    {"ed25519 of 31 bytes", {"ssh-ed25519", "#31"}, NITRO_E_AUTH_INFO},
    {"ed25519 of 33 bytes", {"ssh-ed25519", "#33"}, NITRO_E_AUTH_INFO},
    {"ed25519 of none", {"ssh-ed25519", "#0"}, NITRO_E_AUTH_INFO},
    {"ed25519 without its field", {"ssh-ed25519"}, NITRO_E_AUTH_INFO},
    {"ed25519 with an application", {"ssh-ed25519", "#32", "ssh:"},
	NITRO_E_AUTH_INFO},
    {"p256", {"ecdsa-sha2-nistp256", "nistp256", "#65"}, NITRO_OK},
    {"K12 p256 named nistp384", {"ecdsa-sha2-nistp256", "nistp384", "#65"},
	NITRO_E_AUTH_INFO},
    {"K12 p384 type on nistp256", {"ecdsa-sha2-nistp384", "nistp256", "#65"},
	NITRO_E_AUTH_INFO},
    {"K12 p256 with a point of p384",
	{"ecdsa-sha2-nistp256", "nistp256", "#97"}, NITRO_E_AUTH_INFO},
    {"K12 p256 compressed", {"ecdsa-sha2-nistp256", "nistp256", "#33"},
	NITRO_E_AUTH_INFO},
    {"p256 point of 64 bytes", {"ecdsa-sha2-nistp256", "nistp256", "#64"},
	NITRO_E_AUTH_INFO},
    {"K12 p256 hybrid", {"ecdsa-sha2-nistp256", "nistp256", "!65"},
	NITRO_E_AUTH_INFO},
    {"p256 at infinity", {"ecdsa-sha2-nistp256", "nistp256", "x00"},
	NITRO_E_AUTH_INFO},
    {"p256 without a point", {"ecdsa-sha2-nistp256", "nistp256"},
	NITRO_E_AUTH_INFO},
    {"p384", {"ecdsa-sha2-nistp384", "nistp384", "#97"}, NITRO_OK},
    {"p521", {"ecdsa-sha2-nistp521", "nistp521", "#133"}, NITRO_OK},
    {"p521 point of 132 bytes", {"ecdsa-sha2-nistp521", "nistp521", "#132"},
	NITRO_E_AUTH_INFO},
    {"rsa", {"ssh-rsa", "x010001", "#256"}, NITRO_OK},
    {"rsa without modulus", {"ssh-rsa", "x010001"}, NITRO_E_AUTH_INFO},
    {"rsa with three numbers", {"ssh-rsa", "x010001", "#256", "#1"},
	NITRO_E_AUTH_INFO},
    {"K11 rsa exponent with a zero in front", {"ssh-rsa", "x00010001", "#256"},
	NITRO_E_AUTH_INFO},
    {"rsa with a needed zero in front", {"ssh-rsa", "x010001", "x0080"},
	NITRO_OK},
    {"rsa with a negative exponent", {"ssh-rsa", "x8001", "#256"},
	NITRO_E_AUTH_INFO},
    {"rsa with an exponent of 0", {"ssh-rsa", "#0", "#256"}, NITRO_E_AUTH_INFO},
    {"rsa with an exponent that is one zero", {"ssh-rsa", "x00", "#256"},
	NITRO_E_AUTH_INFO},
    {"rsa with a modulus of 0", {"ssh-rsa", "x010001", "#0"},
	NITRO_E_AUTH_INFO},
    {"sk-ed25519", {"sk-ssh-ed25519@openssh.com", "#32", "ssh:"}, NITRO_OK},
    {"sk-ed25519 without application", {"sk-ssh-ed25519@openssh.com", "#32"},
	NITRO_E_AUTH_INFO},
    {"sk-ed25519 with an empty application",
	{"sk-ssh-ed25519@openssh.com", "#32", "#0"}, NITRO_E_AUTH_INFO},
    {"sk-p256",
	{"sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", "#65", "ssh:"},
	NITRO_OK},
    {"sk-p256 without application",
	{"sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", "#65"},
	NITRO_E_AUTH_INFO},
};

static void
put_shape(const struct shape *shape, struct nitro_buf *blob)
{
	for (size_t i = 0; i < 5 && shape->strings[i] != NULL; i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf field = {0};
		const char *text = shape->strings[i];
		unsigned n = 0;

		if (text[0] == '#' || text[0] == '!') {
			assert_true(nitro_bytes_to_number(
			    nitro_bytes_of_text(text + 1), &n));
			unit_fill(&field, text[0] == '#' ? 4 : 6, n);
		} else if (text[0] == 'x') {
			unit_hex(text + 1, &field);
		} else {
			unit_append(&field, nitro_bytes_of_text(text));
		}
		ssh_put_string(blob, nitro_bytes_of_buf(&field));
	}
}

static void
test_every_field_has_its_form(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(shapes); i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf blob = {0}, plain = {0};

		put_shape(&shapes[i], &blob);
		wrong += unit_differs(shapes[i].name,
		    nitro_ssh_key_plain(nitro_bytes_of_buf(&blob), &plain),
		    shapes[i].want);
	}
	assert_int_equal(wrong, 0);
}

/* Were it read, the byte behind the blob would make it a number. */
static void
test_a_number_of_no_bytes_is_none_whatever_follows(void **state)
{
	static const struct shape shape = {
	    "", {"ssh-rsa", "x010001", "#0"}, NITRO_E_AUTH_INFO};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf blob = {0}, plain = {0};

	(void)state;
	put_shape(&shape, &blob);
	unit_fill(&blob, 4, 1);
	assert_err(
	    nitro_ssh_key_plain(
		nitro_bytes_slice(nitro_bytes_of_buf(&blob), 0, blob.len - 1),
		&plain),
	    NITRO_E_AUTH_INFO);
}

static void
test_a_length_that_lies_is_refused(void **state)
{
	static const char *const lies[] = {"ffffffff", "80000000", "7fffffff",
	    "0000000c", "0000ffff", "fffffffc", "00000000"};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(lies); i++)
		for (size_t place = 0; place < 2; place++) {
			NITRO_DROP(nitro_buf_drop)
			struct nitro_buf blob = {0}, lie = {0}, plain = {0};

			ssh_key_blob(ssh_key_fixtures[0].plain, &blob);
			unit_hex(lies[i], &lie);
			memcpy(
			    blob.ptr + (place == 0 ? 0 : 4 + 11), lie.ptr, 4);
			wrong += unit_differs(lies[i],
			    nitro_ssh_key_plain(
				nitro_bytes_of_buf(&blob), &plain),
			    NITRO_E_AUTH_INFO);
		}
	assert_int_equal(wrong, 0);
}

/* The key id announces more than there is, and what follows would do for the rest. */
static void
test_a_length_that_lies_in_a_certificate_is_refused(void **state)
{
	static const struct {
		const char *name, *key_id_and_principals;
		nitro_err want;
	} rows[] = {
	    {"both empty", "00000000 00000000", NITRO_OK},
	    {"key id too long", "ffffffff 00000000", NITRO_E_AUTH_INFO},
	    {"principals too long", "00000000 ffffffff", NITRO_E_AUTH_INFO},
	    {"neither", "", NITRO_E_AUTH_INFO},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		for (unsigned zeros = 28; zeros <= 36; zeros += 4) {
			NITRO_DROP(nitro_buf_drop)
			struct nitro_buf blob = {0}, key = {0}, plain = {0};

			ssh_put_text(&blob, "ssh-ed25519-cert-v01@openssh.com");
			ssh_put_text(&blob, ""); /* nonce */
			unit_fill(&key, 1, 32);
			ssh_put_string(&blob, nitro_bytes_of_buf(&key));
			unit_fill(&blob, 0, 8 + 4);
			unit_hex(rows[i].key_id_and_principals, &blob);
			unit_fill(&blob, 0, zeros); /* 16, and 5 strings */
			wrong += unit_differs(rows[i].name,
			    nitro_ssh_key_plain(
				nitro_bytes_of_buf(&blob), &plain),
			    i == 0 && zeros != 36 ? NITRO_E_AUTH_INFO
						  : rows[i].want);
		}
	assert_int_equal(wrong, 0);
}

static void
test_a_blob_of_16384_bytes_passes_and_one_more_does_not(void **state)
{
	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf blob = {0}, field = {0}, plain = {0};

		/* type, exponent, and a modulus that fills the rest */
		unit_fill(
		    &field, 0x55, NITRO_SSH_KEY_BLOB_MAX + extra - 11 - 7 - 4);
		ssh_put_text(&blob, "ssh-rsa");
		ssh_put_string(&blob, UNIT_BYTES("\x01\x00\x01"));
		ssh_put_string(&blob, nitro_bytes_of_buf(&field));
		assert_int_equal(blob.len, NITRO_SSH_KEY_BLOB_MAX + extra);
		assert_err(
		    nitro_ssh_key_plain(nitro_bytes_of_buf(&blob), &plain),
		    extra == 0 ? NITRO_OK : NITRO_E_AUTH_INFO);
	}
}

static void
test_a_blob_without_type_has_an_empty_one(void **state)
{
	(void)state;
	assert_int_equal(nitro_ssh_key_type((struct nitro_bytes){0}).len, 0);
	assert_int_equal(nitro_ssh_key_type(UNIT_BYTES("\0\0\0")).len, 0);
	assert_int_equal(nitro_ssh_key_type(UNIT_BYTES("\0\0\0\4abc")).len, 0);
	assert_int_equal(nitro_ssh_key_type(UNIT_BYTES("\xff\xff\xff\xff"
						       "abc"))
			     .len,
	    0);
	assert_true(nitro_bytes_equal_text(
	    nitro_ssh_key_type(UNIT_BYTES("\0\0\0\3abc")), "abc"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_plain_key_is_its_own_plain_key),
	    cmocka_unit_test(
		test_a_certificate_gives_the_key_that_it_certifies),
	    cmocka_unit_test(test_the_plain_key_is_appended),
	    cmocka_unit_test(test_a_key_or_certificate_that_is_cut_is_refused),
	    cmocka_unit_test(test_bytes_after_the_last_field_are_refused),
	    cmocka_unit_test(test_other_types_are_refused),
	    cmocka_unit_test(test_every_field_has_its_form),
	    cmocka_unit_test(
		test_a_number_of_no_bytes_is_none_whatever_follows),
	    cmocka_unit_test(test_a_length_that_lies_is_refused),
	    cmocka_unit_test(
		test_a_length_that_lies_in_a_certificate_is_refused),
	    cmocka_unit_test(
		test_a_blob_of_16384_bytes_passes_and_one_more_does_not),
	    cmocka_unit_test(test_a_blob_without_type_has_an_empty_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
