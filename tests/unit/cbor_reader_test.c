#include "evidence/cbor_reader.h"

#include <string.h>

#include "unit/rfc8949.h"
#include "unit/unit.h"

static bool
is_cbor_error(nitro_err err)
{
	return strncmp(nitro_err_token(err), "cbor_", 5) == 0;
}

/* Is this one whole item, and nothing after it? */
static nitro_err
skip_whole(struct nitro_bytes in)
{
	struct nitro_cbor r;

	nitro_cbor_open(&r, in);
	nitro_cbor_skip(&r);
	return nitro_cbor_finish(&r);
}

static nitro_err
skip_hex(const char *hex)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};

	unit_hex(hex, &in);
	return skip_whole(nitro_bytes_of_buf(&in));
}

struct row {
	const char *name, *hex;
	nitro_err want;
};

static void
check_rows(const struct row *rows, size_t count)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < count; i++)
		wrong += unit_differs(
		    rows[i].name, skip_hex(rows[i].hex), rows[i].want);
	assert_int_equal(wrong, 0);
}

/* C29 */
static void
test_the_examples_of_rfc_8949_are_read_but_for_what_is_not_taken(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < RFC8949_EXAMPLES; i++)
		wrong += unit_differs(rfc8949_examples[i].name,
		    skip_hex(rfc8949_examples[i].hex),
		    rfc8949_examples[i].want);
	assert_int_equal(wrong, 0);
}

/* C29: and none of them is read when its last byte is missing, or has a byte behind it. */
static void
test_the_examples_of_rfc_8949_cut_or_lengthened_are_refused(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < RFC8949_EXAMPLES; i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};

		if (rfc8949_examples[i].want != NITRO_OK)
			continue;
		unit_hex(rfc8949_examples[i].hex, &in);
		for (size_t n = 0; n < in.len; n++)
			wrong += unit_differs(rfc8949_examples[i].name,
			    skip_whole((struct nitro_bytes){in.ptr, n}),
			    NITRO_E_CBOR);
		unit_fill(&in, 0, 1);
		wrong += unit_differs(rfc8949_examples[i].name,
		    skip_whole(nitro_bytes_of_buf(&in)), NITRO_E_CBOR_TRAILING);
	}
	assert_int_equal(wrong, 0);
}

/* C01: 24 unsigned, 24 negative, two empty strings, two empty collections,
 * and false, true, null, undefined: of 256 bytes 56 are an item. */
static void
test_of_all_single_bytes_56_are_an_item(void **state)
{
	unsigned items = 0;

	(void)state;
	assert_err(skip_whole((struct nitro_bytes){0}), NITRO_E_CBOR);
	for (unsigned i = 0; i < 256; i++) {
		uint8_t byte = (uint8_t)i;
		nitro_err err = skip_whole((struct nitro_bytes){&byte, 1});
		bool is_item = i <= 0x17 || (i >= 0x20 && i <= 0x37) ||
			       i == 0x40 || i == 0x60 || i == 0x80 ||
			       i == 0xa0 || (i >= 0xf4 && i <= 0xf7);

		assert_int_equal(err == NITRO_OK, is_item);
		assert_true(is_item || is_cbor_error(err));
		items += is_item ? 1 : 0;
	}
	assert_int_equal(items, 56);
}

/* C06 */
static void
test_reserved_additional_information_is_malformed(void **state)
{
	uint8_t in[10] = {0};

	(void)state;
	for (unsigned major = 0; major < 8; major++)
		for (unsigned info = 28; info <= 30; info++) {
			in[0] = (uint8_t)(major << 5 | info);
			assert_err(
			    skip_whole((struct nitro_bytes){in, sizeof in}),
			    NITRO_E_CBOR);
		}
}

/* C02 C03 C04: what is announced costs nothing before it is there. */
static const struct row giants[] = {
    {"C02 array of 268435455", "9a0fffffff", NITRO_E_CBOR},
    {"C02 map of 268435455", "ba0fffffff", NITRO_E_CBOR},
    {"C02 array of 4294967295", "9affffffff", NITRO_E_CBOR},
    {"C03 array of 2^64-1", "9bffffffffffffffff", NITRO_E_CBOR},
    {"C03 map of 2^64-1", "bbffffffffffffffff", NITRO_E_CBOR},
    {"C03 map of 2^63, whose double wraps", "bb8000000000000000", NITRO_E_CBOR},
    {"C03 map of 2^63+1, whose double wraps to 2", "bb80000000000000010000",
	NITRO_E_CBOR},
    {"C03 array of 2^63", "9b8000000000000000", NITRO_E_CBOR},
    {"C03 bytes of 2^64-1", "5bffffffffffffffff00", NITRO_E_CBOR},
    {"C03 bytes of 2^64-9, whose end wraps", "5bfffffffffffffff700",
	NITRO_E_CBOR},
    {"C03 text of 2^64-1", "7bffffffffffffffff61", NITRO_E_CBOR},
    {"C03 text of 2^63", "7b800000000000000061", NITRO_E_CBOR},
    {"C03 bytes of 2^32", "5b000000010000000000", NITRO_E_CBOR},
    {"C03 bytes of 2^31", "5a8000000000", NITRO_E_CBOR},
    {"C04 arrays in arrays", "9a001000009a001000009a001000009a00100000",
	NITRO_E_CBOR},
};

static void
test_a_count_or_length_beyond_the_input_is_malformed(void **state)
{
	const long before = unit_peak_kib();

	(void)state;
	check_rows(giants, NITRO_COUNT_OF(giants));
	for (size_t i = 0; i < NITRO_COUNT_OF(giants); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
		struct nitro_cbor r;

		unit_hex(giants[i].hex, &in);
		nitro_cbor_open(&r, nitro_bytes_of_buf(&in));
		if (nitro_cbor_peek(&r) == NITRO_CBOR_MAP)
			nitro_cbor_enter_map(&r, UINT64_MAX);
		else
			nitro_cbor_enter_array(&r, UINT64_MAX);
		while (nitro_cbor_more(&r))
			nitro_cbor_skip(&r);
		assert_true(is_cbor_error(nitro_cbor_finish(&r)));
	}
	assert_false(unit_peak_grew(before));
}

/* C04: 24 KiB of heads, each of which is within what is left behind it. */
static void
test_nested_counts_within_the_input_cost_nothing(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
	const long before = unit_peak_kib();

	(void)state;
	while (in.len < 24576)
		unit_hex("991000", &in);
	assert_err(skip_whole(nitro_bytes_of_buf(&in)), NITRO_E_CBOR_DEPTH);
	in.len = 0;
	while (in.len < 24576)
		unit_hex("9a00100000", &in);
	assert_err(skip_whole(nitro_bytes_of_buf(&in)), NITRO_E_CBOR);
	assert_false(unit_peak_grew(before));
}

/* One level more: the collection's head, and what follows the inner item. */
static const struct {
	const char *name, *head, *tail;
} nests[] = {
    {"array", "81", ""},
    {"map", "a100", ""},
    {"map, in the key", "a1", "00"},
    {"indefinite array", "9f", "ff"},
    {"indefinite map", "bf00", "ff"},
};

static void
put_nest(struct nitro_buf *out, size_t i, size_t depth)
{
	for (size_t k = 0; k < depth; k++)
		unit_hex(nests[i].head, out);
	unit_hex("00", out);
	for (size_t k = 0; k < depth; k++)
		unit_hex(nests[i].tail, out);
}

/* C05 */
static void
test_depth_8_passes_and_9_does_not(void **state)
{
	static const size_t depths[] = {9, 17, 64, 2048, 2049, 16384};
	const long before = unit_peak_kib();
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(nests); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf good = {0};

		put_nest(&good, i, NITRO_CBOR_DEPTH_MAX);
		wrong += unit_differs(nests[i].name,
		    skip_whole(nitro_bytes_of_buf(&good)), NITRO_OK);
		for (size_t k = 0; k < NITRO_COUNT_OF(depths); k++) {
			NITRO_DROP(nitro_buf_drop) struct nitro_buf bad = {0};

			put_nest(&bad, i, depths[k]);
			wrong += unit_differs(nests[i].name,
			    skip_whole(nitro_bytes_of_buf(&bad)),
			    NITRO_E_CBOR_DEPTH);
		}
	}
	assert_int_equal(wrong, 0);
	assert_false(unit_peak_grew(before));
}

/* C05: tags nest without a collection. */
static void
test_tags_are_refused_at_any_depth(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};

	(void)state;
	for (size_t k = 0; k < 16384; k++)
		unit_hex("d812", &in);
	unit_fill(&in, 0, 1);
	assert_err(skip_whole(nitro_bytes_of_buf(&in)), NITRO_E_CBOR_TYPE);
	assert_err(skip_hex("81d200"), NITRO_E_CBOR_TYPE);
	assert_err(skip_hex("d9d9f700"), NITRO_E_CBOR_TYPE);
}

static void
test_entering_counts_the_depth_too(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
	struct nitro_cbor r;

	(void)state;
	put_nest(&in, 0, 9);
	nitro_cbor_open(&r, nitro_bytes_of_buf(&in));
	for (int i = 0; i < NITRO_CBOR_DEPTH_MAX; i++) {
		nitro_cbor_enter_array(&r, 1);
		assert_err(nitro_cbor_error(&r), NITRO_OK);
		assert_true(nitro_cbor_more(&r));
	}
	nitro_cbor_enter_array(&r, 1);
	assert_err(nitro_cbor_error(&r), NITRO_E_CBOR_DEPTH);
}

/* C07 C17 C19 */
static const struct row breaks[] = {
    {"lone break", "ff", NITRO_E_CBOR},
    {"break in a definite array", "81ff", NITRO_E_CBOR},
    {"break in a definite map", "a1ff00", NITRO_E_CBOR},
    {"break as value of a definite map", "a100ff", NITRO_E_CBOR},
    {"C07 break as value", "bf6161ff", NITRO_E_CBOR},
    {"C07 odd number of items", "bf616101 6162ff", NITRO_E_CBOR},
    {"break too many", "9fffff", NITRO_E_CBOR_TRAILING},
    {"C19 map without break", "bf616101", NITRO_E_CBOR},
    {"C19 array without break", "9f01", NITRO_E_CBOR},
    {"C19 inner break missing", "9f9f01ff", NITRO_E_CBOR},
    {"C19 break inside of bytes is no break", "9f42ffffff", NITRO_OK},
    {"C19 and the outer one is missing", "9f42ffff", NITRO_E_CBOR},
    {"C17 chunk of another type", "5f6161ff", NITRO_E_CBOR_TYPE},
    {"C17 chunk that is indefinite", "5f5f41aaffff", NITRO_E_CBOR_TYPE},
    {"C16 bytes in chunks, none", "5fff", NITRO_E_CBOR_TYPE},
    {"C16 bytes in chunks, inside", "815f41aaff", NITRO_E_CBOR_TYPE},
    {"C16 text in chunks, as key", "bf7f6161ff00ff", NITRO_E_CBOR_TYPE},
};

static void
test_breaks_stand_where_they_belong(void **state)
{
	(void)state;
	check_rows(breaks, NITRO_COUNT_OF(breaks));
}

/* C13: under each form that is too long stands the next value, which needs it. */
static const struct row heads[] = {
    {"23 in two bytes", "1817", NITRO_E_CBOR_NOT_SHORTEST},
    {"24 in two bytes", "1818", NITRO_OK},
    {"0 in two bytes", "1800", NITRO_E_CBOR_NOT_SHORTEST},
    {"255 in three bytes", "1900ff", NITRO_E_CBOR_NOT_SHORTEST},
    {"256 in three bytes", "190100", NITRO_OK},
    {"65535 in five bytes", "1a0000ffff", NITRO_E_CBOR_NOT_SHORTEST},
    {"65536 in five bytes", "1a00010000", NITRO_OK},
    {"2^32-1 in nine bytes", "1b00000000ffffffff", NITRO_E_CBOR_NOT_SHORTEST},
    {"2^32 in nine bytes", "1b0000000100000000", NITRO_OK},
    {"-24 in two bytes", "3817", NITRO_E_CBOR_NOT_SHORTEST},
    {"-25 in two bytes", "3818", NITRO_OK},
    {"-256 in three bytes", "3900ff", NITRO_E_CBOR_NOT_SHORTEST},
    {"bytes, length 1 in two bytes", "5801aa", NITRO_E_CBOR_NOT_SHORTEST},
    {"bytes, length 1 in three bytes", "590001aa", NITRO_E_CBOR_NOT_SHORTEST},
    {"bytes, length 1 in five bytes", "5a00000001aa",
	NITRO_E_CBOR_NOT_SHORTEST},
    {"bytes, length 1 in nine bytes", "5b0000000000000001aa",
	NITRO_E_CBOR_NOT_SHORTEST},
    {"bytes, length 0 in two bytes", "5800", NITRO_E_CBOR_NOT_SHORTEST},
    {"text, length 1 in two bytes", "780161", NITRO_E_CBOR_NOT_SHORTEST},
    {"array, count 0 in two bytes", "9800", NITRO_E_CBOR_NOT_SHORTEST},
    {"array, count 1 in nine bytes", "9b000000000000000100",
	NITRO_E_CBOR_NOT_SHORTEST},
    {"map, count 1 in two bytes", "b8010000", NITRO_E_CBOR_NOT_SHORTEST},
    {"inside of a collection", "82001800", NITRO_E_CBOR_NOT_SHORTEST},
};

static void
test_heads_have_their_shortest_form(void **state)
{
	(void)state;
	check_rows(heads, NITRO_COUNT_OF(heads));
}

/* C23: RFC 3629 section 4. */
static const struct row texts[] = {
    {"ASCII", "617f", NITRO_OK},
    {"NUL is UTF-8", "6100", NITRO_OK},
    {"U+0080", "62c280", NITRO_OK},
    {"U+07FF", "62dfbf", NITRO_OK},
    {"U+0800", "63e0a080", NITRO_OK},
    {"U+D7FF", "63ed9fbf", NITRO_OK},
    {"U+E000", "63ee8080", NITRO_OK},
    {"U+FFFF", "63efbfbf", NITRO_OK},
    {"U+10000", "64f0908080", NITRO_OK},
    {"U+10FFFF", "64f48fbfbf", NITRO_OK},
    {"continuation alone", "6180", NITRO_E_CBOR_UTF8},
    {"continuation alone, last", "61bf", NITRO_E_CBOR_UTF8},
    {"three continuations", "63808080", NITRO_E_CBOR_UTF8},
    {"four continuations", "6480808080", NITRO_E_CBOR_UTF8},
    {"second byte is none", "63e1c080", NITRO_E_CBOR_UTF8},
    {"Latin-1", "61e4", NITRO_E_CBOR_UTF8},
    {"overlong NUL", "62c080", NITRO_E_CBOR_UTF8},
    {"overlong slash", "62c0af", NITRO_E_CBOR_UTF8},
    {"overlong in two bytes", "62c1bf", NITRO_E_CBOR_UTF8},
    {"overlong in three bytes", "63e09fbf", NITRO_E_CBOR_UTF8},
    {"overlong in four bytes", "64f08fbfbf", NITRO_E_CBOR_UTF8},
    {"first surrogate", "63eda080", NITRO_E_CBOR_UTF8},
    {"last surrogate", "63edbfbf", NITRO_E_CBOR_UTF8},
    {"U+110000", "64f4908080", NITRO_E_CBOR_UTF8},
    {"first byte f5", "64f5808080", NITRO_E_CBOR_UTF8},
    {"first byte ff", "61ff", NITRO_E_CBOR_UTF8},
    {"first byte fe", "61fe", NITRO_E_CBOR_UTF8},
    {"cut after one of two", "61c3", NITRO_E_CBOR_UTF8},
    {"cut after two of three", "62e6b0", NITRO_E_CBOR_UTF8},
    {"cut after three of four", "63f09085", NITRO_E_CBOR_UTF8},
    {"second byte is ASCII", "62c341", NITRO_E_CBOR_UTF8},
    {"third byte is ASCII", "63e6b041", NITRO_E_CBOR_UTF8},
    {"fourth byte is ASCII", "64f0908541", NITRO_E_CBOR_UTF8},
    {"good, then bad", "6361e4bc", NITRO_E_CBOR_UTF8},
    {"good, then cut", "65e282ace282", NITRO_E_CBOR_UTF8},
    {"bytes may be anything", "43eda080", NITRO_OK},
};

static void
test_text_is_utf8(void **state)
{
	(void)state;
	check_rows(texts, NITRO_COUNT_OF(texts));
}

static const struct {
	const char *hex;
	enum nitro_cbor_type type;
	nitro_err err;
} types[] = {
    {"05", NITRO_CBOR_UINT, NITRO_OK},
    {"25", NITRO_CBOR_NEGINT, NITRO_OK},
    {"41aa", NITRO_CBOR_BYTES, NITRO_OK},
    {"6161", NITRO_CBOR_TEXT, NITRO_OK},
    {"8100", NITRO_CBOR_ARRAY, NITRO_OK},
    {"9fff", NITRO_CBOR_ARRAY, NITRO_OK},
    {"a10000", NITRO_CBOR_MAP, NITRO_OK},
    {"bfff", NITRO_CBOR_MAP, NITRO_OK},
    {"f4", NITRO_CBOR_BOOL, NITRO_OK},
    {"f6", NITRO_CBOR_NULL, NITRO_OK},
    {"f7", NITRO_CBOR_UNDEFINED, NITRO_OK},
    {"f93c00", NITRO_CBOR_FLOAT, NITRO_OK},
    {"ff", NITRO_CBOR_BREAK, NITRO_OK},
    {"", NITRO_CBOR_NONE, NITRO_OK},
    {"18", NITRO_CBOR_NONE, NITRO_E_CBOR},
    {"5f41aaff", NITRO_CBOR_NONE, NITRO_E_CBOR_TYPE},
    {"d200", NITRO_CBOR_NONE, NITRO_E_CBOR_TYPE},
    {"1800", NITRO_CBOR_NONE, NITRO_E_CBOR_NOT_SHORTEST},
};

static void
test_peek_tells_the_type_and_takes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(types); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
		struct nitro_cbor r;

		unit_hex(types[i].hex, &in);
		nitro_cbor_open(&r, nitro_bytes_of_buf(&in));
		assert_int_equal(nitro_cbor_peek(&r), types[i].type);
		assert_int_equal(nitro_cbor_peek(&r), types[i].type);
		assert_err(nitro_cbor_error(&r), types[i].err);
		nitro_cbor_fail(&r, NITRO_E_DIGEST);
		assert_int_equal(nitro_cbor_peek(&r), NITRO_CBOR_NONE);
	}
}

/* C20: every type but the one that was asked for is refused. */
static void
test_another_type_than_asked_for_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < 12; i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
		struct nitro_cbor r[6];

		unit_hex(types[i].hex, &in);
		for (size_t k = 0; k < 6; k++)
			nitro_cbor_open(&r[k], nitro_bytes_of_buf(&in));
		assert_int_equal(nitro_cbor_uint(&r[0]),
		    types[i].type == NITRO_CBOR_UINT ? 5 : 0);
		assert_int_equal(nitro_cbor_bytes(&r[1]).len,
		    types[i].type == NITRO_CBOR_BYTES ? 1 : 0);
		assert_int_equal(nitro_cbor_text(&r[2]).len,
		    types[i].type == NITRO_CBOR_TEXT ? 1 : 0);
		nitro_cbor_null(&r[3]);
		nitro_cbor_enter_array(&r[4], 9);
		nitro_cbor_enter_map(&r[5], 9);
		assert_err(nitro_cbor_error(&r[0]),
		    types[i].type == NITRO_CBOR_UINT ? NITRO_OK
						     : NITRO_E_CBOR_TYPE);
		assert_err(nitro_cbor_error(&r[1]),
		    types[i].type == NITRO_CBOR_BYTES ? NITRO_OK
						      : NITRO_E_CBOR_TYPE);
		assert_err(nitro_cbor_error(&r[2]),
		    types[i].type == NITRO_CBOR_TEXT ? NITRO_OK
						     : NITRO_E_CBOR_TYPE);
		assert_err(nitro_cbor_error(&r[3]),
		    types[i].type == NITRO_CBOR_NULL ? NITRO_OK
						     : NITRO_E_CBOR_TYPE);
		assert_err(nitro_cbor_error(&r[4]),
		    types[i].type == NITRO_CBOR_ARRAY ? NITRO_OK
						      : NITRO_E_CBOR_TYPE);
		assert_err(nitro_cbor_error(&r[5]),
		    types[i].type == NITRO_CBOR_MAP ? NITRO_OK
						    : NITRO_E_CBOR_TYPE);
	}
}

static void
test_values_come_out_as_they_went_in(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
	struct nitro_bytes view;
	struct nitro_cbor r;

	(void)state;
	unit_hex(
	    "86 00 1bffffffffffffffff 43010203 63616263 f6 a1 6161 9fff", &in);
	nitro_cbor_open(&r, nitro_bytes_of_buf(&in));
	assert_false(nitro_cbor_is_indefinite(&r)); /* in no collection yet */
	assert_false(nitro_cbor_more(&r));
	nitro_cbor_enter_array(&r, 6);
	assert_false(nitro_cbor_is_indefinite(&r));
	assert_true(nitro_cbor_more(&r));
	assert_int_equal(nitro_cbor_uint(&r), 0);
	assert_true(nitro_cbor_more(&r));
	assert_true(nitro_cbor_uint(&r) == UINT64_MAX);
	assert_true(nitro_cbor_more(&r));
	view = nitro_cbor_bytes(&r);
	assert_true(nitro_bytes_equal_text(view, "\1\2\3"));
	assert_ptr_equal(view.ptr, in.ptr + 12); /* a view, no copy */
	assert_true(nitro_cbor_more(&r));
	assert_true(nitro_bytes_equal_text(nitro_cbor_text(&r), "abc"));
	assert_true(nitro_cbor_more(&r));
	nitro_cbor_null(&r);
	assert_true(nitro_cbor_more(&r));
	nitro_cbor_enter_map(&r, 1);
	assert_true(nitro_cbor_more(&r));
	assert_true(nitro_bytes_equal_text(nitro_cbor_text(&r), "a"));
	nitro_cbor_enter_array(&r, 0);
	assert_true(nitro_cbor_is_indefinite(&r));
	assert_false(nitro_cbor_more(&r));
	assert_false(nitro_cbor_more(&r));
	assert_false(nitro_cbor_more(&r));
	assert_err(nitro_cbor_finish(&r), NITRO_OK);
}

static void
test_the_first_error_stays_and_nothing_comes_out_after_it(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
	struct nitro_cbor r;

	(void)state;
	unit_hex("84 1800 05 41aa 6161", &in);
	nitro_cbor_open(&r, nitro_bytes_of_buf(&in));
	nitro_cbor_enter_array(&r, 4);
	assert_true(nitro_cbor_more(&r));
	assert_int_equal(nitro_cbor_uint(&r), 0);
	assert_err(nitro_cbor_error(&r), NITRO_E_CBOR_NOT_SHORTEST);
	assert_false(nitro_cbor_more(&r));
	assert_int_equal(nitro_cbor_uint(&r), 0);
	assert_int_equal(nitro_cbor_bytes(&r).len, 0);
	assert_null(nitro_cbor_bytes(&r).ptr);
	assert_int_equal(nitro_cbor_text(&r).len, 0);
	nitro_cbor_skip(&r);
	nitro_cbor_enter_map(&r, 1);
	nitro_cbor_fail(&r, NITRO_E_DIGEST);
	assert_err(nitro_cbor_finish(&r), NITRO_E_CBOR_NOT_SHORTEST);
}

/* The caller's own error, with good items still there. */
static void
test_nothing_comes_out_after_the_callers_error_either(void **state)
{
	struct nitro_cbor r;

	(void)state;
	nitro_cbor_open(&r, UNIT_BYTES("\x05\x41\xaa\x61\x61"));
	nitro_cbor_fail(&r, NITRO_E_DIGEST);
	assert_int_equal(nitro_cbor_peek(&r), NITRO_CBOR_NONE);
	assert_int_equal(nitro_cbor_uint(&r), 0);
	nitro_cbor_open(&r, UNIT_BYTES("\x41\xaa\x61\x61"));
	nitro_cbor_fail(&r, NITRO_E_DIGEST);
	assert_null(nitro_cbor_bytes(&r).ptr);
}

static void
test_fail_sets_the_first_error_only(void **state)
{
	struct nitro_cbor r;

	(void)state;
	nitro_cbor_open(&r, UNIT_BYTES("\0"));
	nitro_cbor_fail(&r, NITRO_E_DIGEST);
	nitro_cbor_fail(&r, NITRO_E_KIND);
	assert_err(nitro_cbor_error(&r), NITRO_E_DIGEST);
	assert_err(nitro_cbor_finish(&r), NITRO_E_DIGEST);
}

/* C28: a limit holds for what is announced, and for what comes. */
static const struct {
	const char *name, *hex;
	uint64_t max;
	nitro_err want;
} limits[] = {
    {"array of 3 of at most 3", "83000000", 3, NITRO_OK},
    {"array of 4 of at most 3", "8400000000", 3, NITRO_E_CBOR_LIMIT},
    {"announced 4, none there", "84", 3, NITRO_E_CBOR_LIMIT},
    {"indefinite array of 3", "9f000000ff", 3, NITRO_OK},
    {"indefinite array of 4", "9f00000000ff", 3, NITRO_E_CBOR_LIMIT},
    {"empty array of at most 0", "80", 0, NITRO_OK},
    {"array of 1 of at most 0", "8100", 0, NITRO_E_CBOR_LIMIT},
    {"map of 2 of at most 2", "a200000101", 2, NITRO_OK},
    {"map of 3 of at most 2", "a3000001010202", 2, NITRO_E_CBOR_LIMIT},
    {"indefinite map of 2", "bf00000101ff", 2, NITRO_OK},
    {"indefinite map of 3", "bf000001010202ff", 2, NITRO_E_CBOR_LIMIT},
    {"C27 fewer elements than announced", "830000", 3, NITRO_E_CBOR},
    {"C27 more elements than announced", "8300000000", 3,
	NITRO_E_CBOR_TRAILING},
    {"C27 fewer pairs than announced", "a2000001", 2, NITRO_E_CBOR},
    {"C27 more pairs than announced", "a100000101", 2, NITRO_E_CBOR_TRAILING},
};

static void
test_collections_have_at_most_what_the_caller_allows(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(limits); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
		struct nitro_cbor r;
		bool is_map;

		unit_hex(limits[i].hex, &in);
		is_map = in.ptr[0] >= 0xa0;
		nitro_cbor_open(&r, nitro_bytes_of_buf(&in));
		if (is_map)
			nitro_cbor_enter_map(&r, limits[i].max);
		else
			nitro_cbor_enter_array(&r, limits[i].max);
		while (nitro_cbor_more(&r)) {
			nitro_cbor_skip(&r);
			if (is_map)
				nitro_cbor_skip(&r);
		}
		wrong += unit_differs(
		    limits[i].name, nitro_cbor_finish(&r), limits[i].want);
	}
	assert_int_equal(wrong, 0);
}

/* A caller asks so where chunks of a collection are not allowed. */
static void
test_an_indefinite_collection_says_so_while_it_is_the_innermost(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
	struct nitro_cbor r;

	(void)state;
	unit_hex("9f8005ff", &in);
	nitro_cbor_open(&r, nitro_bytes_of_buf(&in));
	assert_false(nitro_cbor_is_indefinite(&r));
	nitro_cbor_enter_array(&r, 2);
	assert_true(nitro_cbor_is_indefinite(&r));
	assert_true(nitro_cbor_more(&r));
	nitro_cbor_enter_array(&r, 2);
	assert_false(nitro_cbor_is_indefinite(&r));
	assert_false(nitro_cbor_more(&r));
	assert_true(nitro_cbor_is_indefinite(&r));
	assert_true(nitro_cbor_more(&r));
	nitro_cbor_enter_array(&r, 2); /* there is none */
	assert_err(nitro_cbor_error(&r), NITRO_E_CBOR_TYPE);
	assert_true(nitro_cbor_is_indefinite(&r));
}

static void
test_finish_wants_every_collection_left(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
	struct nitro_cbor r;

	(void)state;
	unit_hex("8100", &in);
	nitro_cbor_open(&r, nitro_bytes_of_buf(&in));
	nitro_cbor_enter_array(&r, 1);
	assert_true(nitro_cbor_more(&r));
	assert_int_equal(nitro_cbor_uint(&r), 0);
	assert_err(nitro_cbor_finish(&r), NITRO_E_CBOR);
	assert_false(nitro_cbor_more(&r));
	assert_err(nitro_cbor_finish(&r), NITRO_OK);
	assert_false(nitro_cbor_more(&r)); /* there is none to be in */
	assert_err(nitro_cbor_finish(&r), NITRO_OK);
	nitro_cbor_open(&r, nitro_bytes_of_buf(&in));
	assert_err(nitro_cbor_finish(&r), NITRO_E_CBOR_TRAILING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_the_examples_of_rfc_8949_are_read_but_for_what_is_not_taken),
	    cmocka_unit_test(
		test_the_examples_of_rfc_8949_cut_or_lengthened_are_refused),
	    cmocka_unit_test(test_of_all_single_bytes_56_are_an_item),
	    cmocka_unit_test(test_reserved_additional_information_is_malformed),
	    cmocka_unit_test(
		test_a_count_or_length_beyond_the_input_is_malformed),
	    cmocka_unit_test(test_nested_counts_within_the_input_cost_nothing),
	    cmocka_unit_test(test_depth_8_passes_and_9_does_not),
	    cmocka_unit_test(test_tags_are_refused_at_any_depth),
	    cmocka_unit_test(test_entering_counts_the_depth_too),
	    cmocka_unit_test(test_breaks_stand_where_they_belong),
	    cmocka_unit_test(test_heads_have_their_shortest_form),
	    cmocka_unit_test(test_text_is_utf8),
	    cmocka_unit_test(test_peek_tells_the_type_and_takes_nothing),
	    cmocka_unit_test(test_another_type_than_asked_for_is_refused),
	    cmocka_unit_test(test_values_come_out_as_they_went_in),
	    cmocka_unit_test(
		test_the_first_error_stays_and_nothing_comes_out_after_it),
	    cmocka_unit_test(
		test_nothing_comes_out_after_the_callers_error_either),
	    cmocka_unit_test(test_fail_sets_the_first_error_only),
	    cmocka_unit_test(
		test_collections_have_at_most_what_the_caller_allows),
	    cmocka_unit_test(
		test_an_indefinite_collection_says_so_while_it_is_the_innermost),
	    cmocka_unit_test(test_finish_wants_every_collection_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
