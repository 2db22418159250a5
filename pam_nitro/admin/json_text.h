/* JSON on standard output (RFC 8259), printable ASCII throughout. */
#ifndef NITRO_ADMIN_JSON_TEXT_H
#define NITRO_ADMIN_JSON_TEXT_H

#include <jansson.h>

#include "admin/judge/claims.h"

/*
 * An object under construction. The first value that could not be made
 * or set leaves has_failed, and nitro_json_print() then refuses. {0} before
 * nitro_json_begin(); released by nitro_json_drop().
 */
struct nitro_json {
	json_t *object;
	bool has_failed;
};

void nitro_json_begin(struct nitro_json *json);
void nitro_json_drop(struct nitro_json *json);

/* Take over value, which may be NULL where memory ran out. */
void nitro_json_set(struct nitro_json *json, const char *key, json_t *value);

/* A string, null for NULL. Text that is no UTF-8 is escaped as nitro_printable() does. */
void nitro_json_set_text(
    struct nitro_json *json, const char *key, const char *text);

/* Lower-case hex, null for an empty view. */
void nitro_json_set_hex(
    struct nitro_json *json, const char *key, struct nitro_bytes in);

void nitro_json_set_int(
    struct nitro_json *json, const char *key, int64_t value);
void nitro_json_set_size(
    struct nitro_json *json, const char *key, size_t value);
void nitro_json_set_bool(struct nitro_json *json, const char *key, bool value);

/* RFC 3339, null where the number is no date. */
void nitro_json_set_moment(
    struct nitro_json *json, const char *key, uint64_t ms);

/*
 * What claims and verdicts alike say of a document: kind, module_id,
 * timestamp_ms (null above 2^63 - 1), timestamp, age_ms, debug, pcrs,
 * evidence_len. Absent is null, and {} for pcrs.
 */
void nitro_json_set_claims(
    struct nitro_json *json, const struct nitro_claims *claims, int64_t now_ms);

/* Hand out the object, e.g. as an element of another; NULL where it failed. */
json_t *nitro_json_take(struct nitro_json *json);

/* Print the object and a line end. False, and nothing printed, where making it failed. */
NITRO_MUST_CHECK bool nitro_json_print(const struct nitro_json *json);

#endif
