#include "admin/provenance/strict_json.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"

/* Depth of brackets outside of strings; jansson's own limit is 2,048. */
static bool
is_flat_enough(struct nitro_bytes text)
{
	bool is_text = false, is_escaped = false;
	size_t depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.ptr[i];

		if (is_text) {
			is_text = c != '"' || is_escaped;
			is_escaped = c == '\\' && !is_escaped;
		} else if (c == '"') {
			is_text = true;
		} else if (c == '{' || c == '[') {
			if (++depth > NITRO_STRICT_JSON_DEPTH_MAX)
				return false;
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return true;
}

bool
nitro_strict_json_parse(struct nitro_bytes text, json_t **json,
    char why[NITRO_STRICT_JSON_WHY_SIZE])
{
	json_error_t error = {.line = 0};
	json_t *parsed;

	if (text.len == 0 || text.len > NITRO_STRICT_JSON_MAX) {
		(void)snprintf(why, NITRO_STRICT_JSON_WHY_SIZE,
		    "%zu bytes, where 1 to %u may be", text.len,
		    NITRO_STRICT_JSON_MAX);
		return false;
	}
	if (!is_flat_enough(text)) {
		(void)snprintf(why, NITRO_STRICT_JSON_WHY_SIZE,
		    "nested deeper than %d levels",
		    NITRO_STRICT_JSON_DEPTH_MAX);
		return false;
	}
	parsed = json_loadb(
	    (const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
	if (parsed == NULL || !json_is_object(parsed)) {
		(void)snprintf(why, NITRO_STRICT_JSON_WHY_SIZE, "line %d: %s",
		    error.line, parsed == NULL ? error.text : "no object");
		json_decref(parsed);
		return false;
	}
	*json = parsed;
	return true;
}

void
nitro_strict_json_drop(json_t **json)
{
	json_decref(*json);
}

static bool
is_one_of(const char *key, const char *const *keys)
{
	for (size_t i = 0; keys[i] != NULL; i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

bool
nitro_strict_only(const json_t *object, const char *const *keys)
{
	/* jansson's iterators take no const, and change nothing. */
	union {
		const json_t *in;
		json_t *out;
	} view = {.in = object};
	void *at;

	if (!json_is_object(object))
		return false;
	for (at = json_object_iter(view.out); at != NULL;
	     at = json_object_iter_next(view.out, at))
		if (!is_one_of(json_object_iter_key(at), keys))
			return false;
	return true;
}

const json_t *
nitro_strict_member(const json_t *object, const char *key)
{
	const json_t *at = json_object_get(object, key);

	return json_is_null(at) ? NULL : at;
}

const char *
nitro_strict_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

bool
nitro_strict_base64(
    const json_t *object, const char *key, size_t max, struct nitro_buf *out)
{
	const char *text = nitro_strict_text(object, key);

	out->len = 0;
	if (text == NULL ||
	    nitro_base64_decode(nitro_bytes_of_text(text), out) != NITRO_OK)
		return false;
	return out->len > 0 && out->len <= max;
}

/* At most 18 digits: nothing here counts beyond 10^18. */
static bool
parse_decimal(const char *text, int64_t *value)
{
	const struct nitro_bytes digits = nitro_bytes_of_text(text);
	int64_t sum = 0;

	if (digits.len == 0 || digits.len > 18 ||
	    (digits.len > 1 && digits.ptr[0] == '0'))
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return false;
		sum = 10 * sum + (digits.ptr[i] - '0');
	}
	*value = sum;
	return true;
}

bool
nitro_strict_int64(const json_t *object, const char *key, int64_t *value)
{
	const json_t *at = json_object_get(object, key);

	if (at == NULL) {
		*value = 0;
		return true;
	}
	if (json_is_string(at))
		return parse_decimal(json_string_value(at), value);
	if (!json_is_integer(at) || json_integer_value(at) < 0)
		return false;
	*value = json_integer_value(at);
	return true;
}
