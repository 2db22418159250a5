#include "fuzz/mutator.h"

#include <string.h>

#include "fuzz/der.h"
#include "fuzz/fuzz.h"
#include "sim/sim.h"

#define DEPTH_MAX 12
#define CONTENT_MAX 2048

/* libFuzzer's, where the program has it. */
__attribute__((weak)) size_t LLVMFuzzerMutate(
    uint8_t *data, size_t size, size_t max_size);

unsigned
fuzz_dice_roll(struct fuzz_dice *dice, unsigned sides)
{
	uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ z >> 31) % sides);
}

size_t
fuzz_mutate(uint8_t *data, size_t size, size_t max_size)
{
	return LLVMFuzzerMutate != NULL ? LLVMFuzzerMutate(data, size, max_size)
					: size;
}

size_t
fuzz_mutated(
    const struct nitro_buf *result, uint8_t *data, size_t size, size_t max_size)
{
	if (result->len == 0 || result->len > max_size)
		return size;
	memcpy(data, result->ptr, result->len);
	return result->len;
}

/*
 * A copy in the making. Items are counted as they come; the one whose number
 * is target is written changed. A first walk, with no target, counts.
 */
struct walk {
	struct fuzz_dice *dice;
	unsigned count, target, depth;
	struct nitro_buf *out;
};

/* Content by libFuzzer, or the numbers that code stumbles over. */
static void
change_content(struct nitro_bytes in, struct walk *walk)
{
	uint8_t content[CONTENT_MAX];
	size_t len = in.len < CONTENT_MAX ? in.len : CONTENT_MAX;

	if (len > 0)
		memcpy(content, in.ptr, len);
	switch (fuzz_dice_roll(walk->dice, 8)) {
	case 0:
		len = 0;
		break;
	case 1:
		memset(content, (int)fuzz_dice_roll(walk->dice, 256), len);
		break;
	default:
		len = fuzz_mutate(content, len, CONTENT_MAX);
		break;
	}
	fuzz_append(walk->out, (struct nitro_bytes){content, len});
}

/* All of it is DER again: a constructed item, or an extension's value. */
static bool
holds_der(uint8_t tag, struct nitro_bytes content)
{
	struct fuzz_der inner;

	if ((tag & 0x20) == 0 && tag != 4)
		return false;
	if (content.len == 0)
		return false;
	while (content.len > 0)
		if (!fuzz_der_take(&content, &inner))
			return false;
	return true;
}

// NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX
static void
copy_der(struct nitro_bytes in, struct walk *walk)
{
	struct nitro_buf *outer = walk->out;
	struct fuzz_der item;

	walk->depth++;
	while (in.len > 0 && fuzz_der_take(&in, &item)) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf copy = {0};
		const bool is_target = walk->count++ == walk->target;
		const unsigned how = fuzz_dice_roll(walk->dice, 8);

		walk->out = &copy;
		if (is_target && how < 5)
			change_content(item.content, walk);
		else if (walk->depth < DEPTH_MAX &&
			 holds_der(item.tag, item.content))
			copy_der(item.content, walk);
		else
			fuzz_append(&copy, item.content);
		walk->out = outer;
		if (is_target && how == 5)
			continue; /* left out */
		if (is_target && how == 6)
			fuzz_der_put(
			    outer, item.tag, nitro_bytes_of_buf(&copy));
		if (is_target && how == 7)
			item.tag = (uint8_t)fuzz_dice_roll(walk->dice, 256);
		fuzz_der_put(outer, item.tag, nitro_bytes_of_buf(&copy));
	}
	fuzz_append(outer, in);
	walk->depth--;
}

/* The head of one item of CBOR off the front. */
struct head {
	unsigned major, info;
	uint64_t value;
};

static bool
take_head(struct nitro_bytes *in, struct head *head)
{
	struct nitro_bytes part;

	if (!nitro_bytes_take(in, 1, &part))
		return false;
	*head = (struct head){
	    part.ptr[0] >> 5, part.ptr[0] & 31u, part.ptr[0] & 31u};
	if (head->info < 24 || head->info == 31)
		return true;
	if (head->info > 27 ||
	    !nitro_bytes_take(in, (size_t)1 << (head->info - 24), &part))
		return false;
	head->value = 0;
	for (size_t i = 0; i < part.len; i++)
		head->value = head->value << 8 | part.ptr[i];
	return true;
}

static void
put_head(struct walk *walk, unsigned major, uint64_t value)
{
	FUZZ_CHECK(sim_cbor_head(walk->out, major, value));
}

static uint64_t
changed_number(uint64_t value, struct walk *walk)
{
	switch (fuzz_dice_roll(walk->dice, 5)) {
	case 0:
		return value + 1;
	case 1:
		return value - 1;
	case 2:
		return value ^ UINT64_C(1) << fuzz_dice_roll(walk->dice, 64);
	case 3:
		return fuzz_dice_roll(walk->dice, 40);
	default:
		return UINT64_MAX >> fuzz_dice_roll(walk->dice, 64);
	}
}

static void copy_cbor(struct nitro_bytes *in, struct walk *walk);

/* Strings: a byte string may hold CBOR, as a payload does. */
// NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX
static void
copy_string(struct nitro_bytes string, unsigned major, bool is_target,
    struct walk *walk)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf content = {0};
	struct nitro_buf *outer = walk->out;

	walk->out = &content;
	if (is_target)
		change_content(string, walk);
	else if (major == 2 && string.len > 8 && walk->depth < 4 &&
		 (string.ptr[0] >> 5 == 5 || string.ptr[0] >> 5 == 4))
		copy_cbor(&string, walk);
	if (!is_target) /* all of it, or what copy_cbor() has left */
		fuzz_append(&content, string);
	walk->out = outer;
	put_head(walk, major, content.len);
	fuzz_append(outer, nitro_bytes_of_buf(&content));
}

/* Items to the end of the collection; the count may be told wrong. */
// NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX
static void
copy_collection(struct nitro_bytes *in, const struct head *head, bool is_target,
    struct walk *walk)
{
	const bool is_indefinite = head->info == 31;
	const unsigned how = is_target ? fuzz_dice_roll(walk->dice, 3) : 3;
	uint64_t items = head->major == 5 ? 2 * head->value : head->value;

	if (is_indefinite || how == 0)
		fuzz_append_byte(walk->out, (uint8_t)(head->major << 5 | 31));
	else
		put_head(walk, head->major,
		    how == 1 ? changed_number(head->value, walk) : head->value);
	walk->depth++;
	while (in->len > 0 && walk->depth < DEPTH_MAX) {
		if (is_indefinite ? in->ptr[0] == 0xff : items-- == 0)
			break;
		copy_cbor(in, walk);
	}
	walk->depth--;
	if (is_indefinite && in->len > 0)
		*in = nitro_bytes_slice(*in, 1, in->len);
	if (is_indefinite || how == 0)
		fuzz_append_byte(walk->out, 0xff);
}

// NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX
static void
copy_one(struct nitro_bytes *in, bool is_target, struct walk *walk)
{
	const struct nitro_bytes start = *in;
	struct nitro_bytes string;
	struct head head;

	if (!take_head(in, &head)) {
		fuzz_append(walk->out, start);
		*in = (struct nitro_bytes){0};
	} else if (head.major >= 4 && head.major <= 5) {
		copy_collection(in, &head, is_target, walk);
	} else if (head.major >= 2 && head.major <= 3 && head.info != 31 &&
		   nitro_bytes_take(in, head.value, &string)) {
		copy_string(string, head.major, is_target, walk);
	} else if (head.major < 2 && is_target) {
		put_head(walk, head.major, changed_number(head.value, walk));
	} else {
		fuzz_append(walk->out,
		    nitro_bytes_slice(start, 0, start.len - in->len));
	}
}

/* One item: copied, changed, left out, written twice, or another in its place. */
// NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX
static void
copy_cbor(struct nitro_bytes *in, struct walk *walk)
{
	const bool is_target = walk->count++ == walk->target;
	const size_t before = walk->out->len;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf twice = {0};
	unsigned how;

	if (!is_target) {
		copy_one(in, false, walk);
		return;
	}
	how = fuzz_dice_roll(walk->dice, 10);
	copy_one(in, how > 3, walk);
	if (how == 0 || how == 1)
		walk->out->len = before;
	if (how == 1)
		fuzz_append_byte(
		    walk->out, (uint8_t)fuzz_dice_roll(walk->dice, 256));
	if (how == 2) {
		fuzz_append(
		    &twice, nitro_bytes_slice(nitro_bytes_of_buf(walk->out),
				before, walk->out->len));
		fuzz_append(walk->out, nitro_bytes_of_buf(&twice));
	}
}

void
fuzz_mutate_der(struct nitro_buf *der, struct fuzz_dice *dice)
{
	struct nitro_buf copy = {0};
	struct walk walk = {dice, 0, UINT32_MAX, 0, &copy};

	copy_der(nitro_bytes_of_buf(der), &walk);
	copy.len = 0;
	walk.target = walk.count > 0 ? fuzz_dice_roll(dice, walk.count) : 0;
	walk.count = 0;
	copy_der(nitro_bytes_of_buf(der), &walk);
	nitro_buf_drop(der);
	*der = copy;
}

void
fuzz_mutate_cbor(struct nitro_buf *cbor, struct fuzz_dice *dice)
{
	struct nitro_buf copy = {0};
	struct walk walk = {dice, 0, UINT32_MAX, 0, &copy};
	struct nitro_bytes in = nitro_bytes_of_buf(cbor);

	copy_cbor(&in, &walk);
	copy.len = 0;
	walk.target = walk.count > 0 ? fuzz_dice_roll(dice, walk.count) : 0;
	walk.count = 0;
	in = nitro_bytes_of_buf(cbor);
	copy_cbor(&in, &walk);
	fuzz_append(&copy, in);
	nitro_buf_drop(cbor);
	*cbor = copy;
}
