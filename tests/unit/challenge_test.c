#include "ssh/challenge.h"

#include <stdio.h>
#include <string.h>

#include "unit/unit.h"

#define KEY "SHA256:2VEt25a57uTfy3if7rLaAOtJUbf4xd+QrmwQFkX1KK0"
#define NONCE_TEXT "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHv8"
#define AUDIENCE \
	"pam_nitro/1 nonce=" NONCE_TEXT " key=" KEY " host=web-1 user=deploy"

/* 00 01 ... 1e ff; the text above is Python's urlsafe_b64encode() of it. */
static const uint8_t nonce[NITRO_NONCE_LEN] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
    30, 255};

static void
test_the_audience_is_what_the_protocol_says(void **state)
{
	struct nitro_challenge challenge = {0};

	(void)state;
	assert_err(nitro_challenge_make(
		       nonce, KEY, "web-1", UNIT_BYTES("deploy"), &challenge),
	    NITRO_OK);
	assert_string_equal(challenge.audience, AUDIENCE);
	assert_string_equal(challenge.key, KEY);
	assert_memory_equal(challenge.nonce, nonce, sizeof nonce);
	assert_err(
	    nitro_challenge_make(nonce, "-", "h", UNIT_BYTES("u"), &challenge),
	    NITRO_OK);
	assert_string_equal(challenge.audience,
	    "pam_nitro/1 nonce=" NONCE_TEXT " key=- host=h user=u");
}

static void
test_a_prompt_is_audience_part_colon_blank(void **state)
{
	struct nitro_challenge challenge = {0};
	char prompt[NITRO_PROMPT_MAX + 1];

	(void)state;
	assert_err(nitro_challenge_make(
		       nonce, KEY, "web-1", UNIT_BYTES("deploy"), &challenge),
	    NITRO_OK);
	nitro_challenge_prompt(&challenge, 1, prompt);
	assert_string_equal(prompt, AUDIENCE " part=1: ");
	nitro_challenge_prompt(&challenge, 32, prompt);
	assert_string_equal(prompt, AUDIENCE " part=32: ");
}

static void
test_the_reference_is_eight_hex_digits_of_the_nonce(void **state)
{
	static const uint8_t other[NITRO_NONCE_LEN] = {0x3f, 0x9a, 0x12, 0xc0};
	char reference[NITRO_REFERENCE_LEN + 1];

	(void)state;
	nitro_challenge_reference(nonce, reference);
	assert_string_equal(reference, "00010203");
	nitro_challenge_reference(other, reference);
	assert_string_equal(reference, "3f9a12c0");
}

/* T28: whatever the user name, the prompt is printable ASCII of 400 bytes at most. */
static void
test_a_user_name_cannot_leave_its_field(void **state)
{
	static const struct {
		const char *user, *encoded; /* NULL: refused */
	} rows[] = {
	    {"deploy", "deploy"},
	    {"A.z_0-9@example", "A.z_0-9@example"},
	    {"a b", "a%20b"},
	    {"a%20b", "a%2520b"},
	    {"a\nb", "a%0Ab"},
	    {"a\r\x1b[2Jb", "a%0D%1B%5B2Jb"},
	    {"x part=1: ", "x%20part%3D1%3A%20"},
	    {"\xc3\xa4", "%C3%A4"},
	    {"\xff\x7f", "%FF%7F"},
	    {"a/../b\\\"'", "a%2F..%2Fb%5C%22%27"},
	    {"%n%s", "%25n%25s"},
	    {"", NULL},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		struct nitro_challenge challenge = {0};
		char want[NITRO_PROMPT_MAX];

		wrong += unit_differs(rows[i].user,
		    nitro_challenge_make(nonce, "-", "h",
			nitro_bytes_of_text(rows[i].user), &challenge),
		    rows[i].encoded != NULL ? NITRO_OK : NITRO_E_USER_NAME);
		if (rows[i].encoded == NULL) {
			assert_string_equal(challenge.audience, "");
			continue;
		}
		(void)snprintf(want, sizeof want,
		    "pam_nitro/1 nonce=" NONCE_TEXT " key=- host=h user=%s",
		    rows[i].encoded);
		wrong += unit_bytes_differ(rows[i].user,
		    nitro_bytes_of_text(challenge.audience),
		    nitro_bytes_of_text(want));
	}
	assert_int_equal(wrong, 0);
}

/* T28: every byte there is, one by one. */
static void
test_every_byte_of_a_user_name_is_printable_afterwards(void **state)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789._@-";
	char prompt[NITRO_PROMPT_MAX + 1], want[8];
	const char *user;

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		struct nitro_challenge challenge = {0};
		uint8_t byte = (uint8_t)c;

		assert_err(nitro_challenge_make(nonce, KEY, "h",
			       (struct nitro_bytes){&byte, 1}, &challenge),
		    NITRO_OK);
		nitro_challenge_prompt(&challenge, 1, prompt);
		for (size_t i = 0; prompt[i] != '\0'; i++)
			assert_int_in_range(prompt[i], ' ', '~');
		if (c != 0 && strchr(plain, (int)c) != NULL)
			(void)snprintf(want, sizeof want, "%c", (int)c);
		else
			(void)snprintf(want, sizeof want, "%%%02X", c);
		user = strstr(challenge.audience, "user=");
		assert_non_null(user);
		assert_string_equal(user + 5, want);
	}
}

/* T28: the longest of everything. */
static void
test_the_longest_prompt_fits(void **state)
{
	struct nitro_challenge challenge = {0};
	char prompt[NITRO_PROMPT_MAX + 1], host[65] = "", user[97] = "";

	(void)state;
	memset(host, 'h', 64);
	memset(user, 'u', 96);
	assert_err(nitro_challenge_make(
		       nonce, KEY, host, nitro_bytes_of_text(user), &challenge),
	    NITRO_OK);
	assert_true(strlen(challenge.audience) <= NITRO_AUDIENCE_MAX);
	nitro_challenge_prompt(&challenge, 32, prompt);
	assert_true(strlen(prompt) <= NITRO_PROMPT_MAX);
	assert_non_null(strstr(prompt, user));
	assert_non_null(strstr(prompt, host));
	assert_non_null(strstr(prompt, " part=32: "));
}

static void
test_a_user_name_has_1_to_96_characters_after_encoding(void **state)
{
	static const struct {
		size_t plain, encoded;
		nitro_err want;
	} rows[] = {
	    {1, 0, NITRO_OK},
	    {96, 0, NITRO_OK},
	    {97, 0, NITRO_E_USER_NAME},
	    {0, 32, NITRO_OK},
	    {0, 33, NITRO_E_USER_NAME},
	    {93, 1, NITRO_OK},
	    {94, 1, NITRO_E_USER_NAME},
	    {95, 1, NITRO_E_USER_NAME},
	    {32768, 0, NITRO_E_USER_NAME},
	};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf user = {0};
		struct nitro_challenge challenge = {0};

		unit_fill(&user, 'u', rows[i].plain);
		unit_fill(&user, '/', rows[i].encoded);
		assert_err(nitro_challenge_make(nonce, KEY, "h",
			       nitro_bytes_of_buf(&user), &challenge),
		    rows[i].want);
	}
}

#define DIGITS_64 \
	"0123456789012345678901234567890123456789012345678901234567890123"

#define DIGITS_65 (DIGITS_64 "4")

static void
test_a_host_name_has_1_to_64_plain_characters(void **state)
{
	static const char *const good[] = {"h", "web-1.example.com", "10.0.0.1",
	    "fe80::1", "a_b", "A", "-", DIGITS_64};
	static const char *const bad[] = {"", "a b", "a\n", "a%20", "h/x",
	    "h@x", "\xc3\xa4", "a=b", "[::1]", "h\x7f", DIGITS_65};
	struct nitro_challenge challenge = {0};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(good); i++) {
		assert_true(
		    nitro_server_name_is_valid(nitro_bytes_of_text(good[i])));
		assert_err(nitro_challenge_make(nonce, KEY, good[i],
			       UNIT_BYTES("u"), &challenge),
		    NITRO_OK);
	}
	challenge = (struct nitro_challenge){0};
	for (size_t i = 0; i < NITRO_COUNT_OF(bad); i++) {
		if (nitro_server_name_is_valid(nitro_bytes_of_text(bad[i])))
			fail_msg("'%s' passed as a host name", bad[i]);
		assert_err(nitro_challenge_make(
			       nonce, KEY, bad[i], UNIT_BYTES("u"), &challenge),
		    NITRO_E_SERVER_NAME);
		assert_string_equal(challenge.audience, "");
	}
	assert_false(nitro_server_name_is_valid(UNIT_BYTES("h\0")));
}

static void
test_a_key_is_a_fingerprint_or_a_minus(void **state)
{
	static const char *const bad[] = {"", "--", "SHA256:", "SHA256:AAA",
	    "SHA512:2VEt25a57uTfy3if7rLaAOtJUbf4xd+QrmwQFkX1KK0", "SHA256:-",
	    "2VEt25a57uTfy3if7rLaAOtJUbf4xd+QrmwQFkX1KK0",
	    "SHA256:2VEt25a57uTfy3if7rLaAOtJUbf4xd+QrmwQFkX1KK0=",
	    "SHA256:2VEt25a57uTfy3if7rLaAOtJUbf4xd+QrmwQFkX1KK",
	    "SHA256:2VEt25a57uTfy3if7rLaAOtJUbf4xd QrmwQFkX1KK0",
	    "SHA256:2VEt25a57uTfy3if7rLaAOtJUbf4xd-QrmwQFkX1KK0",
	    "MD5:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff"};
	struct nitro_challenge challenge = {0};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(bad); i++)
		assert_err(nitro_challenge_make(
			       nonce, bad[i], "h", UNIT_BYTES("u"), &challenge),
		    NITRO_E_INTERNAL);
	assert_string_equal(challenge.audience, "");
}

static void
test_what_the_client_shows_is_understood(void **state)
{
	static const char *const good[] = {
	    AUDIENCE " part=7: ",
	    "(deploy@web-1) " AUDIENCE " part=7: ",
	    "(deploy@web-1) " AUDIENCE " part=7:",
	    AUDIENCE " part=7: \n",
	    "\t" AUDIENCE " part=7: ",
	    "\r" AUDIENCE " part=7: ",
	    AUDIENCE " part=7:\t\r\n",
	    "Welcome to this host\n" AUDIENCE " part=7: ",
	    "Welcome\r\nto this host\r\n(deploy@web-1) " AUDIENCE " part=7: ",
	};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(good); i++) {
		struct nitro_challenge challenge = {0};
		unsigned part = 0;

		if (!nitro_challenge_parse(
			nitro_bytes_of_text(good[i]), &challenge, &part))
			fail_msg("not understood: %s", good[i]);
		assert_int_equal(part, 7);
		assert_memory_equal(challenge.nonce, nonce, sizeof nonce);
		assert_string_equal(challenge.key, KEY);
		assert_string_equal(challenge.audience, AUDIENCE);
	}
}

#define HEAD "pam_nitro/1 nonce="
#define DIGITS_96 DIGITS_64 "01234567890123456789012345678901"

/* What encode_user() makes, and what it could: no more. */
static void
test_a_user_is_encoded_or_not_understood(void **state)
{
	static const struct {
		const char *user;
		bool is_good;
	} users[] = {
	    {"u", true},
	    {"%00%09%90%99%0A%0F%A0%F0%FF", true},
	    {DIGITS_96, true},
	    {DIGITS_96 "0", false},
	    {"%/0", false},
	    {"%0/", false},
	    {"%:0", false},
	    {"%0:", false},
	    {"%@0", false},
	    {"%0@", false},
	    {"%G0", false},
	    {"%0G", false},
	    {"%", false},
	    {"%0", false},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(users); i++) {
		struct nitro_challenge challenge = {0};
		char text[400];
		unsigned part = 0;

		(void)snprintf(text, sizeof text,
		    HEAD NONCE_TEXT " key=- host=h user=%s part=1: ",
		    users[i].user);
		wrong += unit_is_not(users[i].user,
		    nitro_challenge_parse(
			nitro_bytes_of_text(text), &challenge, &part),
		    users[i].is_good);
	}
	assert_int_equal(wrong, 0);
}

static void
test_what_is_no_challenge_is_not_understood(void **state)
{
	static const char *const bad[] = {
	    "",
	    "Password: ",
	    "(deploy@web-1) Password: ",
	    "Enter passphrase for key '/root/.ssh/id_ed25519': ",
	    "Are you sure you want to continue connecting "
	    "(yes/no/[fingerprint])? ",
	    AUDIENCE,
	    AUDIENCE " part=1",
	    AUDIENCE " part=: ",
	    AUDIENCE " part=0: ",
	    AUDIENCE " part=01: ",
	    AUDIENCE " part=33: ",
	    AUDIENCE " part=-1: ",
	    AUDIENCE " part=99999999999: ",
	    AUDIENCE " part=1: x",
	    AUDIENCE " part=1: Password: ",
	    AUDIENCE "  part=1: ",
	    AUDIENCE " part=1: " AUDIENCE " part=1: ",
	    AUDIENCE " part=1: \n" AUDIENCE " part=2: ",
	    "x" AUDIENCE " part=1: ",
	    "pam_nitro/2 nonce=" NONCE_TEXT " key=- host=h user=u part=1: ",
	    "pam_nitro/1  nonce=" NONCE_TEXT " key=- host=h user=u part=1: ",
	    HEAD NONCE_TEXT " key=- host=h part=1: ",
	    HEAD NONCE_TEXT " host=h key=- user=u part=1: ",
	    HEAD NONCE_TEXT " key=- host= user=u part=1: ",
	    HEAD NONCE_TEXT " key=- host=h user= part=1: ",
	    HEAD NONCE_TEXT " key= host=h user=u part=1: ",
	    HEAD NONCE_TEXT " key=SHA256:x host=h user=u part=1: ",
	    HEAD NONCE_TEXT " key=- host=h/x user=u part=1: ",
	    HEAD NONCE_TEXT " key=- host=h user=u%2 part=1: ",
	    HEAD NONCE_TEXT " key=- host=h user=u%2g part=1: ",
	    HEAD NONCE_TEXT " key=- host=h user=u! part=1: ",
	    HEAD NONCE_TEXT " key=- host=h user=u!41 part=1: ",
	    HEAD NONCE_TEXT " key=- host=h user=u%g2 part=1: ",
	    HEAD NONCE_TEXT " key=- host=h user=u%4@ part=1: ",
	    HEAD NONCE_TEXT " key=- host=h user=u%:0 part=1: ",
	    HEAD NONCE_TEXT " key=- host=h user=" DIGITS_64
			    "012345678901234567890123456789012 part=1: ",
	    HEAD NONCE_TEXT " key=- host=" DIGITS_64 "4 user=u part=1: ",
	    HEAD NONCE_TEXT " key=SHA256:AAA host=h user=u part=1: ",
	    HEAD NONCE_TEXT " kez=- host=h user=u part=1: ",
	    HEAD NONCE_TEXT " key=- hos7=h user=u part=1: ",
	    HEAD NONCE_TEXT " key=- host=h usex=u part=1: ",
	    HEAD NONCE_TEXT " key=- host=h user=u parx=1: ",
	    HEAD " key=- host=h user=u part=1: ",
	    HEAD "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg key=- host=h "
		 "user=u part=1: ",
	    HEAD NONCE_TEXT "AA key=- host=h user=u part=1: ",
	    HEAD "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHv9 key=- host=h "
		 "user=u part=1: ",
	    HEAD "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdH+8 key=- host=h "
		 "user=u part=1: ",
	    HEAD NONCE_TEXT "= key=- host=h user=u part=1: ",
	};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(bad); i++) {
		struct nitro_challenge challenge = {.key = "untouched"};
		unsigned part = 77;

		if (nitro_challenge_parse(
			nitro_bytes_of_text(bad[i]), &challenge, &part))
			fail_msg("understood as a challenge: %s", bad[i]);
		assert_int_equal(part, 77);
		assert_string_equal(challenge.key, "untouched");
	}
}

/* A field of the challenge cut or lengthened anywhere is another text. */
static void
test_a_challenge_that_is_cut_is_not_understood(void **state)
{
	static const char whole[] = AUDIENCE " part=1:";

	(void)state;
	for (size_t n = 0; n < sizeof whole; n++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
		struct nitro_challenge challenge = {0};
		unsigned part = 0;

		unit_append(
		    &text, (struct nitro_bytes){(const uint8_t *)whole, n});
		assert_int_equal(
		    nitro_challenge_parse(
			nitro_bytes_of_buf(&text), &challenge, &part),
		    n == sizeof whole - 1);
	}
}

static void
test_what_the_server_writes_the_client_reads(void **state)
{
	static const char *const users[] = {
	    "deploy", "a b\n", "%41", "\xc3\xa4@example.com"};
	char prompt[NITRO_PROMPT_MAX + 1];

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(users); i++)
		for (unsigned k = 1; k <= NITRO_PARTS_MAX; k++) {
			struct nitro_challenge sent = {0}, seen = {0};
			unsigned part = 0;

			assert_err(
			    nitro_challenge_make(nonce, i % 2 == 0 ? KEY : "-",
				"web-1", nitro_bytes_of_text(users[i]), &sent),
			    NITRO_OK);
			nitro_challenge_prompt(&sent, k, prompt);
			assert_true(nitro_challenge_parse(
			    nitro_bytes_of_text(prompt), &seen, &part));
			assert_int_equal(part, k);
			assert_memory_equal(&seen, &sent, sizeof seen);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_audience_is_what_the_protocol_says),
	    cmocka_unit_test(test_a_prompt_is_audience_part_colon_blank),
	    cmocka_unit_test(
		test_the_reference_is_eight_hex_digits_of_the_nonce),
	    cmocka_unit_test(test_a_user_name_cannot_leave_its_field),
	    cmocka_unit_test(
		test_every_byte_of_a_user_name_is_printable_afterwards),
	    cmocka_unit_test(test_the_longest_prompt_fits),
	    cmocka_unit_test(
		test_a_user_name_has_1_to_96_characters_after_encoding),
	    cmocka_unit_test(test_a_host_name_has_1_to_64_plain_characters),
	    cmocka_unit_test(test_a_key_is_a_fingerprint_or_a_minus),
	    cmocka_unit_test(test_what_the_client_shows_is_understood),
	    cmocka_unit_test(test_a_user_is_encoded_or_not_understood),
	    cmocka_unit_test(test_what_is_no_challenge_is_not_understood),
	    cmocka_unit_test(test_a_challenge_that_is_cut_is_not_understood),
	    cmocka_unit_test(test_what_the_server_writes_the_client_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
