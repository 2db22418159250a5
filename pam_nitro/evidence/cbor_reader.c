#include "evidence/cbor_reader.h"

#include <cbor.h>

/* What one call of the decoder found. */
struct item {
	enum nitro_cbor_type type;
	bool is_refused; /* until a callback says what it is */
	bool is_indefinite;
	uint64_t value; /* number, length or count */
	struct nitro_bytes string;
	size_t size; /* bytes of head and string */
};

static void
on_uint8(void *item, uint8_t value)
{
	*(struct item *)item = (struct item){
	    .type = NITRO_CBOR_UINT, .value = value};
}

static void
on_uint16(void *item, uint16_t value)
{
	*(struct item *)item = (struct item){
	    .type = NITRO_CBOR_UINT, .value = value};
}

static void
on_uint32(void *item, uint32_t value)
{
	*(struct item *)item = (struct item){
	    .type = NITRO_CBOR_UINT, .value = value};
}

static void
on_uint64(void *item, uint64_t value)
{
	*(struct item *)item = (struct item){
	    .type = NITRO_CBOR_UINT, .value = value};
}

static void
on_negint8(void *item, uint8_t value)
{
	*(struct item *)item = (struct item){
	    .type = NITRO_CBOR_NEGINT, .value = value};
}

static void
on_negint16(void *item, uint16_t value)
{
	*(struct item *)item = (struct item){
	    .type = NITRO_CBOR_NEGINT, .value = value};
}

static void
on_negint32(void *item, uint32_t value)
{
	*(struct item *)item = (struct item){
	    .type = NITRO_CBOR_NEGINT, .value = value};
}

static void
on_negint64(void *item, uint64_t value)
{
	*(struct item *)item = (struct item){
	    .type = NITRO_CBOR_NEGINT, .value = value};
}

static void
on_bytes(void *item, cbor_data data, uint64_t len)
{
	*(struct item *)item = (struct item){.type = NITRO_CBOR_BYTES,
	    .value = len,
	    .string = {data, (size_t)len}};
}

static void
on_text(void *item, cbor_data data, uint64_t len)
{
	*(struct item *)item = (struct item){.type = NITRO_CBOR_TEXT,
	    .value = len,
	    .string = {data, (size_t)len}};
}

static void
on_string_start(void *item)
{
	*(struct item *)item = (struct item){.is_refused = true};
}

static void
on_array(void *item, uint64_t count)
{
	*(struct item *)item = (struct item){
	    .type = NITRO_CBOR_ARRAY, .value = count};
}

static void
on_indefinite_array(void *item)
{
	*(struct item *)item = (struct item){
	    .type = NITRO_CBOR_ARRAY, .is_indefinite = true};
}

static void
on_map(void *item, uint64_t count)
{
	*(struct item *)item = (struct item){
	    .type = NITRO_CBOR_MAP, .value = count};
}

static void
on_indefinite_map(void *item)
{
	*(struct item *)item = (struct item){
	    .type = NITRO_CBOR_MAP, .is_indefinite = true};
}

static void
on_float(void *item, float value)
{
	(void)value;
	*(struct item *)item = (struct item){.type = NITRO_CBOR_FLOAT};
}

static void
on_double(void *item, double value)
{
	(void)value;
	*(struct item *)item = (struct item){.type = NITRO_CBOR_FLOAT};
}

static void
on_undefined(void *item)
{
	*(struct item *)item = (struct item){.type = NITRO_CBOR_UNDEFINED};
}

static void
on_null(void *item)
{
	*(struct item *)item = (struct item){.type = NITRO_CBOR_NULL};
}

static void
on_bool(void *item, bool value)
{
	*(struct item *)item = (struct item){
	    .type = NITRO_CBOR_BOOL, .value = value};
}

static void
on_break(void *item)
{
	*(struct item *)item = (struct item){.type = NITRO_CBOR_BREAK};
}

static const struct cbor_callbacks callbacks = {
    .uint8 = on_uint8,
    .uint16 = on_uint16,
    .uint32 = on_uint32,
    .uint64 = on_uint64,
    .negint8 = on_negint8,
    .negint16 = on_negint16,
    .negint32 = on_negint32,
    .negint64 = on_negint64,
    .byte_string = on_bytes,
    .byte_string_start = on_string_start,
    .string = on_text,
    .string_start = on_string_start,
    .array_start = on_array,
    .indef_array_start = on_indefinite_array,
    .map_start = on_map,
    .indef_map_start = on_indefinite_map,
    .tag = cbor_null_tag_callback, /* see check_initial_byte() */
    .float2 = on_float,
    .float4 = on_float,
    .float8 = on_double,
    .undefined = on_undefined,
    .null = on_null,
    .boolean = on_bool,
    .indef_break = on_break,
};

/*
 * Versions of libcbor differ in which tags and simple values they take. No
 * document of AWS has any, so all are refused before the library sees them
 * and the verdict is the same everywhere.
 */
static nitro_err
check_initial_byte(uint8_t byte)
{
	const unsigned major = byte >> 5, additional = byte & 31;

	if (additional >= 28 && additional <= 30)
		return NITRO_E_CBOR;
	if (major == 6)
		return NITRO_E_CBOR_TYPE;
	if (major == 7 && (additional < 20 || additional == 24))
		return NITRO_E_CBOR_TYPE;
	return NITRO_OK;
}

/* RFC 8949 section 4.2.1. Floats have no shorter form that we would take. */
static bool
head_is_shortest(uint8_t initial, uint64_t value)
{
	switch (initial & 31) {
	case 24:
		return value >= 24;
	case 25:
		return value > UINT8_MAX;
	case 26:
		return value > UINT16_MAX;
	case 27:
		return value > UINT32_MAX;
	default:
		return true;
	}
}

/* How many bytes a UTF-8 sequence has that begins so; 0 for no beginning (RFC 3629 section 4). */
static size_t
utf8_sequence_len(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

/* Neither overlong, nor a surrogate, nor above U+10FFFF. */
static bool
utf8_second_is_valid(uint8_t first, uint8_t second)
{
	const uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	const uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

	return second >= low && second <= high;
}

static bool
is_utf8(struct nitro_bytes text)
{
	struct nitro_bytes sequence;

	while (text.len > 0) {
		size_t n = utf8_sequence_len(text.ptr[0]);

		if (n == 0 || !nitro_bytes_take(&text, n, &sequence))
			return false;
		if (n > 1 &&
		    !utf8_second_is_valid(sequence.ptr[0], sequence.ptr[1]))
			return false;
		for (size_t i = 2; i < n; i++)
			if ((sequence.ptr[i] & 0xc0) != 0x80)
				return false;
	}
	return true;
}

static nitro_err
decode(struct nitro_bytes in, struct item *item)
{
	struct item found = {.is_refused = true};
	struct cbor_decoder_result result;
	nitro_err err;

	if (in.len == 0)
		return NITRO_E_CBOR;
	if ((err = check_initial_byte(in.ptr[0])) != NITRO_OK)
		return err;
	result = cbor_stream_decode(in.ptr, in.len, &callbacks, &found);
	if (result.status != CBOR_DECODER_FINISHED || result.read > in.len)
		return NITRO_E_CBOR;
	if (found.is_refused)
		return NITRO_E_CBOR_TYPE;
	if (found.type != NITRO_CBOR_FLOAT &&
	    !head_is_shortest(in.ptr[0], found.value))
		return NITRO_E_CBOR_NOT_SHORTEST;
	if (found.type == NITRO_CBOR_TEXT && !is_utf8(found.string))
		return NITRO_E_CBOR_UTF8;
	found.size = result.read;
	*item = found;
	return NITRO_OK;
}

void
nitro_cbor_open(struct nitro_cbor *r, struct nitro_bytes in)
{
	*r = (struct nitro_cbor){.left = in, .err = NITRO_OK};
}

nitro_err
nitro_cbor_error(const struct nitro_cbor *r)
{
	return r->err;
}

void
nitro_cbor_fail(struct nitro_cbor *r, nitro_err err)
{
	if (r->err == NITRO_OK)
		r->err = err;
}

nitro_err
nitro_cbor_finish(const struct nitro_cbor *r)
{
	if (r->err != NITRO_OK)
		return r->err;
	if (r->depth != 0)
		return NITRO_E_CBOR;
	return r->left.len == 0 ? NITRO_OK : NITRO_E_CBOR_TRAILING;
}

enum nitro_cbor_type
nitro_cbor_peek(struct nitro_cbor *r)
{
	struct item item = {0};
	nitro_err err;

	if (r->err != NITRO_OK || r->left.len == 0)
		return NITRO_CBOR_NONE;
	if ((err = decode(r->left, &item)) != NITRO_OK) {
		nitro_cbor_fail(r, err);
		return NITRO_CBOR_NONE;
	}
	return item.type;
}

/* Take the next item, whatever it is. */
static struct item
take_any(struct nitro_cbor *r)
{
	struct item item = {0};
	nitro_err err;

	if (r->err != NITRO_OK)
		return item;
	if ((err = decode(r->left, &item)) != NITRO_OK) {
		nitro_cbor_fail(r, err);
		return (struct item){0};
	}
	r->left = nitro_bytes_slice(r->left, item.size, r->left.len);
	return item;
}

static struct item
take(struct nitro_cbor *r, enum nitro_cbor_type type)
{
	struct item item = take_any(r);

	if (item.type == type)
		return item;
	nitro_cbor_fail(r, NITRO_E_CBOR_TYPE);
	return (struct item){0};
}

struct nitro_bytes
nitro_cbor_bytes(struct nitro_cbor *r)
{
	return take(r, NITRO_CBOR_BYTES).string;
}

struct nitro_bytes
nitro_cbor_text(struct nitro_cbor *r)
{
	return take(r, NITRO_CBOR_TEXT).string;
}

uint64_t
nitro_cbor_uint(struct nitro_cbor *r)
{
	return take(r, NITRO_CBOR_UINT).value;
}

void
nitro_cbor_null(struct nitro_cbor *r)
{
	(void)take(r, NITRO_CBOR_NULL);
}

/* max counts elements or pairs. */
static void
enter(struct nitro_cbor *r, const struct item *collection, uint64_t max)
{
	const bool is_map = collection->type == NITRO_CBOR_MAP;
	const uint64_t items_each = is_map ? 2 : 1;

	if (r->err != NITRO_OK)
		return;
	if (r->depth == NITRO_CBOR_DEPTH_MAX) {
		nitro_cbor_fail(r, NITRO_E_CBOR_DEPTH);
		return;
	}
	if (collection->value > max) {
		nitro_cbor_fail(r, NITRO_E_CBOR_LIMIT);
		return;
	}
	/* Each item has a byte at least, so what announces more is cut off; and no product wraps. */
	if (collection->value > r->left.len / items_each) {
		nitro_cbor_fail(r, NITRO_E_CBOR);
		return;
	}
	r->level[r->depth++] = (struct nitro_cbor_level){
	    .is_map = is_map,
	    .is_indefinite = collection->is_indefinite,
	    .left = collection->value * items_each,
	    .max = max,
	};
}

void
nitro_cbor_enter_array(struct nitro_cbor *r, uint64_t max)
{
	struct item array = take(r, NITRO_CBOR_ARRAY);

	enter(r, &array, max);
}

void
nitro_cbor_enter_map(struct nitro_cbor *r, uint64_t max)
{
	struct item map = take(r, NITRO_CBOR_MAP);

	enter(r, &map, max);
}

/*
 * True where `items` more items stand in the innermost collection, and there
 * must be one; false leaves it.
 */
static bool
next(struct nitro_cbor *r, uint64_t items)
{
	struct nitro_cbor_level *level;

	if (r->err != NITRO_OK)
		return false;
	level = &r->level[r->depth - 1];
	if (!level->is_indefinite && level->left == 0) {
		r->depth--;
		return false;
	}
	if (level->is_indefinite && nitro_cbor_peek(r) == NITRO_CBOR_BREAK) {
		(void)take(r, NITRO_CBOR_BREAK);
		if (level->is_map && level->count % 2 != 0)
			nitro_cbor_fail(r, NITRO_E_CBOR);
		r->depth--;
		return false;
	}
	level->count += items;
	if (level->count / (level->is_map ? 2 : 1) > level->max) {
		nitro_cbor_fail(r, NITRO_E_CBOR_LIMIT);
		return false;
	}
	level->left -= items; /* of no meaning in an indefinite one */
	return true;
}

bool
nitro_cbor_more(struct nitro_cbor *r)
{
	if (r->depth == 0)
		return false;
	return next(r, r->level[r->depth - 1].is_map ? 2 : 1);
}

bool
nitro_cbor_is_indefinite(const struct nitro_cbor *r)
{
	return r->depth > 0 && r->level[r->depth - 1].is_indefinite;
}

void
nitro_cbor_skip(struct nitro_cbor *r)
{
	const unsigned depth = r->depth;

	do {
		struct item item = take_any(r);

		if (item.type == NITRO_CBOR_BREAK)
			nitro_cbor_fail(r, NITRO_E_CBOR);
		if (item.type == NITRO_CBOR_ARRAY ||
		    item.type == NITRO_CBOR_MAP)
			enter(r, &item, UINT64_MAX);
		while (r->err == NITRO_OK && r->depth > depth && !next(r, 1))
			;
	} while (r->err == NITRO_OK && r->depth > depth);
}
