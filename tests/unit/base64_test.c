#include "base/base64.h"

#include <openssl/evp.h>
#include <string.h>

#include "unit/unit.h"

/* RFC 4648 section 10, and the bytes that use the last characters. */
static const struct {
	const char *bytes;
	const char *padded, *unpadded, *url;
} spellings[] = {
    {"", "", "", ""},
    {"f", "Zg==", "Zg", "Zg"},
    {"fo", "Zm8=", "Zm8", "Zm8"},
    {"foo", "Zm9v", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xbf", "+/+/", "+/+/", "-_-_"},
    {"\xff", "/w==", "/w", "_w"},
    {"\xff\xef", "/+8=", "/+8", "_-8"},
};

static void
test_known_spellings_are_written(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(spellings); i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf a = {0}, b = {0}, c = {0};
		struct nitro_bytes in = nitro_bytes_of_text(spellings[i].bytes);

		assert_err(nitro_base64_encode(in, &a), NITRO_OK);
		assert_err(nitro_base64_encode_unpadded(in, &b), NITRO_OK);
		assert_err(nitro_base64url_encode(in, &c), NITRO_OK);
		wrong += unit_bytes_differ("padded", nitro_bytes_of_buf(&a),
		    nitro_bytes_of_text(spellings[i].padded));
		wrong += unit_bytes_differ("unpadded", nitro_bytes_of_buf(&b),
		    nitro_bytes_of_text(spellings[i].unpadded));
		wrong += unit_bytes_differ("url", nitro_bytes_of_buf(&c),
		    nitro_bytes_of_text(spellings[i].url));
	}
	assert_int_equal(wrong, 0);
}

static void
test_known_spellings_are_read(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(spellings); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf a = {0}, b = {0};

		wrong += unit_differs(spellings[i].padded,
		    nitro_base64_decode(
			nitro_bytes_of_text(spellings[i].padded), &a),
		    NITRO_OK);
		wrong += unit_bytes_differ(spellings[i].padded,
		    nitro_bytes_of_buf(&a),
		    nitro_bytes_of_text(spellings[i].bytes));
		wrong += unit_differs(spellings[i].url,
		    nitro_base64url_decode(
			nitro_bytes_of_text(spellings[i].url), &b),
		    NITRO_OK);
		wrong += unit_bytes_differ(spellings[i].url,
		    nitro_bytes_of_buf(&b),
		    nitro_bytes_of_text(spellings[i].bytes));
	}
	assert_int_equal(wrong, 0);
}

struct refused {
	const char *id, *text;
	size_t len; /* 0: to the NUL */
};

/* B01 B02 B03 B04 B05 B06 B07 B08 B09 B10 */
static const struct refused refused[] = {
    {"B01 no padding", "QQ", 0},
    {"B01 half the padding", "QQ=", 0},
    {"B01 no padding after two", "QUI", 0},
    {"B02 three pads", "Q===", 0},
    {"B02 nothing but pads", "====", 0},
    {"B02 one pad", "=", 0},
    {"B02 two pads", "==", 0},
    {"B02 a quantum of pads after a good one", "QUJD====", 0},
    {"B02 surplus pad", "QUI==", 0},
    {"B02 surplus pads to a multiple of four", "QUJDQQ======", 0},
    {"B03 pad in the middle of a quantum", "Q=Q=", 0},
    {"B03 pad at the front", "=QQQ", 0},
    {"B03 pad at the third place alone", "QQ=Q", 0},
    {"B03 padded quantum in the middle", "QQ==QQ==", 0},
    {"B03 one pad in the middle", "QUI=QUJD", 0},
    {"B04 trailing bits after one byte", "QR==", 0},
    {"B04 all trailing bits after one byte", "Q/==", 0},
    {"B04 trailing bits after two bytes", "QUJ=", 0},
    {"B05 minus", "QUJ-", 0},
    {"B05 underscore", "QUJ_", 0},
    {"B05 text after a minus", "QUJD-junk", 0},
    {"B06 space in front", " QUJD", 0},
    {"B06 space in front of three", " QUJ", 0},
    {"B06 space inside", "QU JD", 0},
    {"B06 space at the end", "QUJD ", 0},
    {"B06 space for a character", "QUJ ", 0},
    {"B06 tab", "QUJD\tQUJD", 0},
    {"B06 CR", "QUJD\r", 0},
    {"B06 LF at the end", "QUJD\n", 0},
    {"B06 LF inside", "QUJD\nQUJD", 0},
    {"B06 CR LF", "QUJD\r\n", 0},
    {"B06 four blanks", "    ", 0},
    {"B07 byte 0x80", "QUJ\x80", 0},
    {"B07 byte 0xff", "QUJ\xff", 0},
    {"B07 byte order mark", "\xef\xbb\xbfQUJDQ", 0},
    {"B07 full-width letter", "Q\xef\xbc\xa1", 0},
    {"B07 NUL at the end", "QUJ", 4},
    {"B07 NUL in the middle", "QU\0JQUJD", 8},
    {"B08 PEM", "-----BEGIN X-----\nQUJD\n-----END X-----", 0},
    {"B08 data URL", "data:;base64,QUJD", 0},
    {"B08 quotes", "\"QUJDQUJD\"", 0},
    {"B08 JSON", "{\"d\":\"QUJD\"}", 0},
    {"B09 hex of odd length", "8444a1013", 0},
    {"B09 hex with colons", "84:44:a1", 0},
    {"B10 one character", "Q", 0},
    {"B10 five characters", "QUJDQ", 0},
    {"B10 nine characters", "QUJDQUJDQ", 0},
};

static void
test_what_is_not_strict_base64_is_refused(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(refused); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
		struct nitro_bytes text = nitro_bytes_of_text(refused[i].text);

		if (refused[i].len != 0)
			text.len = refused[i].len;
		unit_append(&out, UNIT_BYTES("kept"));
		wrong += unit_differs(refused[i].id,
		    nitro_base64_decode(text, &out), NITRO_E_BASE64);
		wrong += unit_bytes_differ(refused[i].id,
		    nitro_bytes_of_buf(&out), UNIT_BYTES("kept"));
	}
	assert_int_equal(wrong, 0);
}

/* Base64url has no padding and its own two characters. */
static void
test_what_is_not_strict_base64url_is_refused(void **state)
{
	static const char *const rows[] = {"QQ==", "QUI=", "+/+/", "QUJ+",
	    "QUJ/", "Q", "QUJDQ", "QR", "QUJ", "QUJD ", "QUJD\n", "QUJ\x80",
	    "=", "QQ=", "Q Q"};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		wrong += unit_differs(rows[i],
		    nitro_base64url_decode(nitro_bytes_of_text(rows[i]), &out),
		    NITRO_E_BASE64);
	assert_int_equal(wrong, 0);
	assert_int_equal(out.len, 0);
}

/* Which of the 256 bytes may stand at each place of a quantum. */
static void
test_the_alphabet_has_64_characters(void **state)
{
	static const char good[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t text[8];

	(void)state;
	for (unsigned place = 0; place < 4; place++)
		for (unsigned c = 0; c < 256; c++) {
			NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
			bool is_good = c != 0 && strchr(good, (int)c) != NULL;

			memcpy(text, "AAAAAAAA", sizeof text);
			text[place] = (uint8_t)c;
			assert_err(nitro_base64_decode(
				       (struct nitro_bytes){text, 8}, &out),
			    is_good ? NITRO_OK : NITRO_E_BASE64);
		}
}

/* libcrypto writes; we read, and write the same. */
static void
test_every_length_round_trips_with_libcrypto(void **state)
{
	uint8_t bytes[300];
	char theirs[401];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 167 + 13);
	for (size_t n = 0; n <= sizeof bytes; n++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf text = {0}, back = {0}, bare = {0};
		struct nitro_bytes in = {bytes, n};

		assert_int_equal(
		    EVP_EncodeBlock((unsigned char *)theirs, bytes, (int)n),
		    NITRO_BASE64_LEN(n));
		assert_err(nitro_base64_encode(in, &text), NITRO_OK);
		assert_true(
		    nitro_bytes_equal_text(nitro_bytes_of_buf(&text), theirs));
		assert_err(
		    nitro_base64_decode(nitro_bytes_of_buf(&text), &back),
		    NITRO_OK);
		assert_true(nitro_bytes_equal(nitro_bytes_of_buf(&back), in));
		assert_err(nitro_base64_encode_unpadded(in, &bare), NITRO_OK);
		assert_int_equal(bare.len, NITRO_BASE64_UNPADDED_LEN(n));
	}
}

/* One text for one sequence of bytes: of all four-character texts over a few
 * characters, those that are read are exactly those that are written. */
static void
test_what_is_read_is_what_would_be_written(void **state)
{
	static const char some[] = "AQRgw9+/=-";
	char text[5] = "";
	unsigned read = 0;

	(void)state;
	for (size_t i = 0; i < 10 * 10 * 10 * 10; i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf out = {0}, again = {0};

		text[0] = some[i / 1000];
		text[1] = some[i / 100 % 10];
		text[2] = some[i / 10 % 10];
		text[3] = some[i % 10];
		if (nitro_base64_decode(nitro_bytes_of_text(text), &out) !=
		    NITRO_OK)
			continue;
		read++;
		assert_err(
		    nitro_base64_encode(nitro_bytes_of_buf(&out), &again),
		    NITRO_OK);
		assert_true(
		    nitro_bytes_equal_text(nitro_bytes_of_buf(&again), text));
	}
	assert_int_equal(read, 8 * 8 * 8 * 8 + 8 * 8 * 4 + 8 * 4);
}

static void
test_what_is_decoded_is_appended(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};

	(void)state;
	assert_err(nitro_base64_decode(UNIT_BYTES("QUJD"), &out), NITRO_OK);
	assert_err(nitro_base64_decode(UNIT_BYTES("REU="), &out), NITRO_OK);
	assert_err(
	    nitro_base64_decode(UNIT_BYTES("QR=="), &out), NITRO_E_BASE64);
	assert_true(nitro_bytes_equal_text(nitro_bytes_of_buf(&out), "ABCDE"));
}

/* However much of it was read by then. */
static void
test_what_stands_before_an_error_is_not_given(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0}, out = {0};

	(void)state;
	unit_fill(&text, 'A', 8192);
	unit_append(&out, UNIT_BYTES("kept"));
	assert_err(
	    nitro_base64_decode(nitro_bytes_of_buf(&text), &out), NITRO_OK);
	assert_int_equal(out.len, 4 + 6144);
	out.len = 4;
	unit_append(&text, UNIT_BYTES("***="));
	assert_err(nitro_base64_decode(nitro_bytes_of_buf(&text), &out),
	    NITRO_E_BASE64);
	assert_int_equal(out.len, 4);
}

/* B13: text within text is bytes like any other; it is no document. */
static void
test_only_one_layer_is_decoded(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};

	(void)state;
	assert_err(nitro_base64_decode(UNIT_BYTES("UVVKRA=="), &out), NITRO_OK);
	assert_true(nitro_bytes_equal_text(nitro_bytes_of_buf(&out), "QUJD"));
}

/* B14 */
static void
test_lengths_near_the_end_of_size_t_do_not_wrap(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	struct nitro_bytes huge = {(const uint8_t *)"AAAA", SIZE_MAX};
	struct nitro_bytes third = {(const uint8_t *)"AAAA", SIZE_MAX / 4 * 3};

	(void)state;
	assert_true(NITRO_BASE64_LEN(SIZE_MAX / 2) > SIZE_MAX / 2);
	assert_err(nitro_base64_encode(huge, &out), NITRO_E_MEMORY);
	assert_err(nitro_base64_encode(third, &out), NITRO_E_MEMORY);
	assert_err(nitro_base64url_encode(huge, &out), NITRO_E_MEMORY);
	assert_err(nitro_base64_encode_unpadded(huge, &out), NITRO_E_MEMORY);
	huge.len = SIZE_MAX - 2; /* 1 mod 4 */
	assert_err(nitro_base64_decode(huge, &out), NITRO_E_BASE64);
	assert_err(nitro_base64url_decode(huge, &out), NITRO_E_BASE64);
	assert_int_equal(out.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_spellings_are_written),
	    cmocka_unit_test(test_known_spellings_are_read),
	    cmocka_unit_test(test_what_is_not_strict_base64_is_refused),
	    cmocka_unit_test(test_what_is_not_strict_base64url_is_refused),
	    cmocka_unit_test(test_the_alphabet_has_64_characters),
	    cmocka_unit_test(test_every_length_round_trips_with_libcrypto),
	    cmocka_unit_test(test_what_is_read_is_what_would_be_written),
	    cmocka_unit_test(test_what_is_decoded_is_appended),
	    cmocka_unit_test(test_what_stands_before_an_error_is_not_given),
	    cmocka_unit_test(test_only_one_layer_is_decoded),
	    cmocka_unit_test(test_lengths_near_the_end_of_size_t_do_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
