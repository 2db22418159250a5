/*
 * One CBOR item after the other (RFC 8949), by libcbor's streaming decoder.
 *
 * The reader is sticky: the first thing that is not as demanded sets its
 * error, and from then on every call hands out nothing. So a caller reads
 * what it expects, looks once at the end, and uses nothing before:
 *
 *	nitro_cbor_open(&r, in);
 *	nitro_cbor_enter_map(&r, 2);
 *	while (nitro_cbor_more(&r)) {
 *		key = nitro_cbor_uint(&r);
 *		value = nitro_cbor_bytes(&r);
 *	}
 *	if ((err = nitro_cbor_finish(&r)) != NITRO_OK)
 *		return err;
 *
 * No allocation, no recursion. Depth at most NITRO_CBOR_DEPTH_MAX. Heads in
 * their shortest form (RFC 8949 section 4.2.1), strings definite, text UTF-8,
 * no tags, no simple values but false, true, null and undefined.
 * Collections definite or indefinite.
 * Views that are handed out live as long as the bytes that were opened.
 */
#ifndef NITRO_EVIDENCE_CBOR_READER_H
#define NITRO_EVIDENCE_CBOR_READER_H

#include "base/bytes.h"

#define NITRO_CBOR_DEPTH_MAX 8

enum nitro_cbor_type {
	NITRO_CBOR_NONE = 0, /* nothing: an error, or the end */
	NITRO_CBOR_UINT,
	NITRO_CBOR_NEGINT,
	NITRO_CBOR_BYTES,
	NITRO_CBOR_TEXT,
	NITRO_CBOR_ARRAY,
	NITRO_CBOR_MAP,
	NITRO_CBOR_BOOL,
	NITRO_CBOR_NULL,
	NITRO_CBOR_UNDEFINED,
	NITRO_CBOR_FLOAT,
	NITRO_CBOR_BREAK
};

/* Private but for nitro_cbor_open(). */
struct nitro_cbor {
	struct nitro_bytes left;
	nitro_err err;
	unsigned depth;
	struct nitro_cbor_level {
		bool is_map, is_indefinite;
		uint64_t
		    left; /* items to come, where definite; a pair is two */
		uint64_t count; /* items begun */
		uint64_t max;   /* items allowed */
	} level[NITRO_CBOR_DEPTH_MAX];
};

void nitro_cbor_open(struct nitro_cbor *r, struct nitro_bytes in);

/* The error so far. */
nitro_err nitro_cbor_error(const struct nitro_cbor *r);

/* Set an error, unless there is one already. */
void nitro_cbor_fail(struct nitro_cbor *r, nitro_err err);

/*
 * NITRO_OK where nothing failed, every collection was left and no byte is
 * left over; else the first error, or NITRO_E_CBOR_TRAILING.
 */
NITRO_MUST_CHECK nitro_err nitro_cbor_finish(const struct nitro_cbor *r);

/* Type of the next item without taking it; NITRO_CBOR_NONE on error or at the end. */
enum nitro_cbor_type nitro_cbor_peek(struct nitro_cbor *r);

/*
 * Take one item of that type. On error: an empty view, 0.
 * NITRO_E_CBOR_TYPE for another type.
 */
struct nitro_bytes nitro_cbor_bytes(struct nitro_cbor *r);
struct nitro_bytes nitro_cbor_text(struct nitro_cbor *r);
uint64_t nitro_cbor_uint(struct nitro_cbor *r);
void nitro_cbor_null(struct nitro_cbor *r);

/*
 * Enter an array or map that has at most max elements or pairs; more is
 * NITRO_E_CBOR_LIMIT.
 * Then, while nitro_cbor_more() is true, take one element, or key and
 * value; when it is false the collection has been left, or the reader failed.
 */
void nitro_cbor_enter_array(struct nitro_cbor *r, uint64_t max);
void nitro_cbor_enter_map(struct nitro_cbor *r, uint64_t max);
bool nitro_cbor_more(struct nitro_cbor *r);

/* True inside of a collection whose length was not given. */
bool nitro_cbor_is_indefinite(const struct nitro_cbor *r);

/* Take one whole item of any type and depth, and forget it. */
void nitro_cbor_skip(struct nitro_cbor *r);

#endif
