/*
 * JSON of a stranger, read without a choice: duplicate keys, bytes behind the
 * value, NUL, and depths and sizes beyond the limits are refused, so that no
 * other reader of the same text can see another value.
 */
#ifndef NITRO_ADMIN_PROVENANCE_STRICT_JSON_H
#define NITRO_ADMIN_PROVENANCE_STRICT_JSON_H

#include <jansson.h>

#include "base/bytes.h"

#define NITRO_STRICT_JSON_MAX (4u * 1024 * 1024) /* bytes */
#define NITRO_STRICT_JSON_DEPTH_MAX 32
#define NITRO_STRICT_JSON_WHY_SIZE 200

/*
 * Parse one object with nothing but white space around it.
 * json  made on success, released by json_decref(); untouched on error.
 * why   says what is wrong.
 */
NITRO_MUST_CHECK bool nitro_strict_json_parse(struct nitro_bytes text,
    json_t **json, char why[NITRO_STRICT_JSON_WHY_SIZE]);

/* For NITRO_DROP(). */
void nitro_strict_json_drop(json_t **json);

/*
 * True for an object without any other key than these.
 * keys  ends with NULL.
 */
NITRO_MUST_CHECK bool nitro_strict_only(
    const json_t *object, const char *const *keys);

/* The member of that key; NULL where it is absent or null, which protojson has as one. */
const json_t *nitro_strict_member(const json_t *object, const char *key);

/* The text of that key, borrowed from object; NULL where it is no string. */
const char *nitro_strict_text(const json_t *object, const char *key);

/*
 * The bytes of that key in strict base64, 1 to max of them, in place of what
 * out held. False where it is anything else, or memory ran out.
 */
NITRO_MUST_CHECK bool nitro_strict_base64(
    const json_t *object, const char *key, size_t max, struct nitro_buf *out);

/*
 * protojson's int64: a string of canonical decimal or an integer, here 0 or
 * above; absent is 0. False, and *value untouched, for anything else.
 */
NITRO_MUST_CHECK bool nitro_strict_int64(
    const json_t *object, const char *key, int64_t *value);

#endif
