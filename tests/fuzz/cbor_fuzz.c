/*
 * The CBOR reader: what it takes, written anew by the simulator's own
 * writer, is the input to its last byte. C01-C07 C10 C13 C16 C20 C27 C29
 */
#include "evidence/cbor_reader.h"
#include "fuzz/fuzz.h"
#include "sim/sim.h"

#define ITEMS_MAX 4096

/* What is being read and written at once. */
struct copy {
	struct nitro_cbor r;
	struct nitro_buf out;
	unsigned depth;
	struct {
		bool is_indefinite;
		size_t start;   /* in out, behind an indefinite head */
		unsigned major; /* 4 or 5 */
		uint64_t count; /* of items */
	} level[NITRO_CBOR_DEPTH_MAX + 1];
};

static void
enter(struct copy *copy, enum nitro_cbor_type type)
{
	if (type == NITRO_CBOR_MAP)
		nitro_cbor_enter_map(&copy->r, ITEMS_MAX);
	else
		nitro_cbor_enter_array(&copy->r, ITEMS_MAX);
	if (nitro_cbor_error(&copy->r) != NITRO_OK)
		return;
	FUZZ_CHECK(++copy->depth <= NITRO_CBOR_DEPTH_MAX);
	copy->level[copy->depth].is_indefinite = nitro_cbor_is_indefinite(
	    &copy->r);
	copy->level[copy->depth].start = copy->out.len;
	copy->level[copy->depth].major = type == NITRO_CBOR_MAP ? 5 : 4;
	copy->level[copy->depth].count = 0;
}

/* The head of a definite collection is known only now, and goes in front. */
static void
leave(struct copy *copy)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf body = {0};
	const unsigned major = copy->level[copy->depth].major;
	const size_t start = copy->level[copy->depth].start;
	const uint64_t count = copy->level[copy->depth].count;

	fuzz_append(&body, nitro_bytes_slice(nitro_bytes_of_buf(&copy->out),
			       start, copy->out.len));
	copy->out.len = start;
	if (copy->level[copy->depth].is_indefinite)
		fuzz_append_byte(&copy->out, (uint8_t)(major << 5 | 31));
	else
		FUZZ_CHECK(sim_cbor_head(
		    &copy->out, major, major == 5 ? count / 2 : count));
	fuzz_append(&copy->out, nitro_bytes_of_buf(&body));
	if (copy->level[copy->depth].is_indefinite)
		fuzz_append_byte(&copy->out, 0xff);
	copy->depth--;
}

/* Items that the reader only skips: their bytes are taken over. */
static void
copy_skipped(struct copy *copy)
{
	const struct nitro_bytes before = copy->r.left;

	nitro_cbor_skip(&copy->r);
	FUZZ_CHECK(copy->r.left.len <= before.len);
	fuzz_append(&copy->out,
	    nitro_bytes_slice(before, 0, before.len - copy->r.left.len));
}

static void
copy_item(struct copy *copy)
{
	const enum nitro_cbor_type type = nitro_cbor_peek(&copy->r);
	struct nitro_bytes string;

	switch (type) {
	case NITRO_CBOR_UINT:
		FUZZ_CHECK(
		    sim_cbor_head(&copy->out, 0, nitro_cbor_uint(&copy->r)));
		return;
	case NITRO_CBOR_BYTES:
		FUZZ_CHECK(
		    sim_cbor_bytes(&copy->out, nitro_cbor_bytes(&copy->r)));
		return;
	case NITRO_CBOR_TEXT:
		string = nitro_cbor_text(&copy->r);
		FUZZ_CHECK(sim_cbor_head(&copy->out, 3, string.len));
		fuzz_append(&copy->out, string);
		return;
	case NITRO_CBOR_NULL:
		nitro_cbor_null(&copy->r);
		FUZZ_CHECK(sim_cbor_byte(&copy->out, 0xf6));
		return;
	case NITRO_CBOR_ARRAY:
	case NITRO_CBOR_MAP:
		enter(copy, type);
		return;
	case NITRO_CBOR_NONE:
	case NITRO_CBOR_NEGINT:
	case NITRO_CBOR_BOOL:
	case NITRO_CBOR_UNDEFINED:
	case NITRO_CBOR_FLOAT:
	case NITRO_CBOR_BREAK:
		copy_skipped(copy);
		return;
	}
}

/* True while the collection has another item; a map's come in pairs. */
static bool
more(struct copy *copy)
{
	const bool is_map = copy->level[copy->depth].major == 5;

	if (is_map && copy->level[copy->depth].count % 2 != 0)
		return true;
	return nitro_cbor_more(&copy->r);
}

static nitro_err
walk(struct copy *copy)
{
	copy_item(copy);
	while (copy->depth > 0 && nitro_cbor_error(&copy->r) == NITRO_OK) {
		if (!more(copy)) {
			if (nitro_cbor_error(&copy->r) == NITRO_OK)
				leave(copy);
			continue;
		}
		copy->level[copy->depth].count++;
		copy_item(copy);
	}
	return nitro_cbor_finish(&copy->r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nitro_bytes in = {data, size};
	struct copy copy = {0};
	struct nitro_cbor skipper;
	nitro_err err, skip_err;

	nitro_cbor_open(&copy.r, in);
	err = walk(&copy);
	FUZZ_CHECK(err == NITRO_OK || err == nitro_cbor_finish(&copy.r));
	FUZZ_CHECK(err == NITRO_OK ||
		   fuzz_is_of_stages(err, NITRO_STAGE_COSE, NITRO_STAGE_COSE));
	if (err == NITRO_OK)
		FUZZ_CHECK(
		    nitro_bytes_equal(in, nitro_bytes_of_buf(&copy.out)));

	/* Skipped whole, it is refused for the same reason, or not at all. */
	nitro_cbor_open(&skipper, in);
	nitro_cbor_skip(&skipper);
	skip_err = nitro_cbor_finish(&skipper);
	FUZZ_CHECK((err == NITRO_OK) == (skip_err == NITRO_OK) ||
		   err == NITRO_E_CBOR_LIMIT);
	nitro_buf_drop(&copy.out);
	return 0;
}

void
fuzz_seeds(void)
{
	static const char *const texts[] = {"\xa1\x01\x38\x22",
	    "\x84\x43\x61\x62\x63\xa0\x41\x41\x40",
	    "\xbf\x61\x61\x01\x61\x62\x9f\x01\x02\xff\x61\x63\x61\x63\xff",
	    "\x81\x81\x81\x81\x81\x81\x81\x81\x01",
	    "\x81\x81\x81\x81\x81\x81\x81\x81\x81\x01",
	    "\x1b\x01\x01\x01\x01\x01\x01\x01\x01",
	    "\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", "\xf4\xf5", "\xf6", "\xf7",
	    "\x20", "\x39\x01\x01", "\xd2\x84", "\x9a\x0f\xff\xff\xff",
	    "\x5f\x41\x61\xff", "\x62\xc3\xa9", "\x64\xf0\x9f\x98\x80",
	    "\x62\xc0\x80", "\x78\x18zyxwvutsrqponmlkjihgfedc",
	    "\xbf\x61\x61\xff", "\xff", "\x18\x18", "\x19\x01\x01",
	    "\x1a\x01\x01\x01\x01",
	    /* not the shortest heads */
	    "\x18\x01", "\x38\x17", "\x58\x01\x61", "\x98\x01\x01",
	    "\xb8\x01\x01\x01", "\x59\x01"};

	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++)
		fuzz_seed_text(texts[i]);
}
