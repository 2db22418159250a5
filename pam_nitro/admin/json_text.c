#include "admin/json_text.h"

#include <stdio.h>

#include "admin/printable.h"
#include "base/hex.h"
#include "base/time_text.h"

enum { DEL = 0x7f };

void
nitro_json_begin(struct nitro_json *json)
{
	*json = (struct nitro_json){.object = json_object()};
	json->has_failed = json->object == NULL;
}

void
nitro_json_drop(struct nitro_json *json)
{
	json_decref(json->object);
	*json = (struct nitro_json){0};
}

void
nitro_json_set(struct nitro_json *json, const char *key, json_t *value)
{
	if (json_object_set_new(json->object, key, value) != 0)
		json->has_failed = true;
}

/* What jansson does not take as UTF-8 is escaped as on a terminal. */
static json_t *
text_json(const char *text)
{
	NITRO_DROP(nitro_text_drop) char *escaped = NULL;
	struct nitro_bytes in = nitro_bytes_of_text(text);
	json_t *json = json_string(text);

	if (json != NULL)
		return json;
	if ((escaped = nitro_alloc(in.len + 2, 4)) == NULL)
		return NULL;
	nitro_printable(in, escaped, 4 * (in.len + 2));
	return json_string(escaped);
}

void
nitro_json_set_text(struct nitro_json *json, const char *key, const char *text)
{
	nitro_json_set(json, key, text != NULL ? text_json(text) : json_null());
}

void
nitro_json_set_hex(
    struct nitro_json *json, const char *key, struct nitro_bytes in)
{
	NITRO_DROP(nitro_text_drop) char *hex = NULL;

	if (in.len == 0) {
		nitro_json_set(json, key, json_null());
		return;
	}
	if ((hex = nitro_alloc(2 * in.len + 1, 1)) != NULL)
		nitro_hex_encode(in, hex, 2 * in.len + 1);
	nitro_json_set(json, key, hex != NULL ? json_string(hex) : NULL);
}

void
nitro_json_set_int(struct nitro_json *json, const char *key, int64_t value)
{
	nitro_json_set(json, key, json_integer(value));
}

void
nitro_json_set_size(struct nitro_json *json, const char *key, size_t value)
{
	nitro_json_set(json, key, json_integer((json_int_t)value));
}

void
nitro_json_set_bool(struct nitro_json *json, const char *key, bool value)
{
	nitro_json_set(json, key, json_boolean(value));
}

void
nitro_json_set_moment(struct nitro_json *json, const char *key, uint64_t ms)
{
	char text[NITRO_TIME_TEXT_LEN + 1] = "";

	if (ms <= INT64_MAX)
		nitro_time_format((int64_t)ms, text);
	nitro_json_set_text(json, key, text[0] != '\0' ? text : NULL);
}

static json_t *
pcrs_of(const struct nitro_document *doc)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json pcrs = {0};
	char index[8];

	nitro_json_begin(&pcrs);
	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++) {
		(void)snprintf(index, sizeof index, "%u", i);
		if ((doc->pcr_mask >> i & 1) != 0)
			nitro_json_set_hex(&pcrs, index, doc->pcr[i]);
	}
	return nitro_json_take(&pcrs);
}

/* In the order of enum, null where the document could not be read. */
void
nitro_json_set_claims(
    struct nitro_json *json, const struct nitro_claims *claims, int64_t now_ms)
{
	static const char *const fields[] = {"kind", "module_id",
	    "timestamp_ms", "timestamp", "age_ms", "debug"};
	const struct nitro_document *doc = &claims->doc;
	int64_t age_ms = nitro_claims_age_ms(doc, now_ms);

	nitro_json_set_size(json, "evidence_len", claims->evidence_len);
	for (size_t i = 0; i < NITRO_COUNT_OF(fields); i++)
		nitro_json_set(json, fields[i], json_null());
	nitro_json_set(
	    json, "pcrs", claims->has_document ? pcrs_of(doc) : json_object());
	if (!claims->has_document)
		return;
	nitro_json_set_text(json, "kind", nitro_kind_name(doc->kind));
	nitro_json_set(json, "module_id",
	    json_stringn((const char *)doc->module_id.ptr, doc->module_id.len));
	if (doc->timestamp_ms <= INT64_MAX)
		nitro_json_set_int(
		    json, "timestamp_ms", (int64_t)doc->timestamp_ms);
	nitro_json_set_moment(json, "timestamp", doc->timestamp_ms);
	if (age_ms != INT64_MIN)
		nitro_json_set_int(json, "age_ms", age_ms);
	nitro_json_set_bool(json, "debug", nitro_claims_are_debug(doc));
}

json_t *
nitro_json_take(struct nitro_json *json)
{
	json_t *object = json->object;

	if (json->has_failed)
		return NULL;
	json->object = NULL;
	return object;
}

/* JSON_ENSURE_ASCII leaves DEL, which is within a string wherever it is. */
static int
print_ascii(const char *text, size_t len, void *context)
{
	(void)context;
	for (size_t i = 0; i < len; i++)
		if (text[i] == DEL)
			(void)fputs("\\u007f", stdout);
		else
			(void)putchar(text[i]);
	return 0;
}

bool
nitro_json_print(const struct nitro_json *json)
{
	if (json->has_failed ||
	    json_dump_callback(json->object, print_ascii, NULL,
		JSON_INDENT(2) | JSON_ENSURE_ASCII) != 0)
		return false;
	(void)putchar('\n');
	return true;
}
