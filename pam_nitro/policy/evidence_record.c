#include "policy/evidence_record.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/hex.h"
#include "base/time_text.h"

#define FIRST_LINE "pam_nitro-evidence=1"
#define LAST_LINE "end=pam_nitro-evidence"
#define VALUE_MAX (4 * NITRO_AUDIENCE_MAX) /* the longest text, escaped */

enum type {
	TIME,
	OUTCOME, /* two lines: result and reason */
	MODE,
	TEXT,
	SWITCH,
	NUMBER,
	KIND,
	PCRS,
	NONCE,
	BLOB
};

struct field {
	const char *key;
	enum type type;
	size_t offset, size; /* in struct nitro_evidence_record */
};

#define FIELD(key, type, member) \
	{ \
		key, type, offsetof(struct nitro_evidence_record, member), \
		    sizeof((struct nitro_evidence_record){0}.member) \
	}
static const struct field fields[] = {
    FIELD("time", TIME, time_ms),
    FIELD("reason", OUTCOME, err),
    FIELD("mode", MODE, mode),
    FIELD("user", TEXT, user),
    FIELD("rhost", TEXT, rhost),
    FIELD("binding", SWITCH, binds_ssh_key),
    FIELD("audience_required", SWITCH, wants_audience),
    FIELD("max_age_ms", NUMBER, max_age_ms),
    FIELD("clock_skew_ms", NUMBER, clock_skew_ms),
    FIELD("kind", KIND, kind),
    FIELD("module_id", TEXT, module_id),
    FIELD("age_ms", NUMBER, age_ms),
    FIELD("workload", TEXT, workload),
    FIELD("version", TEXT, version),
    FIELD("entry_file", TEXT, entry_file),
    FIELD("entry_line", NUMBER, entry_line),
    FIELD("differs", PCRS, differs_mask),
    FIELD("revoked", TEXT, revoked),
    FIELD("nonce", NONCE, nonce),
    FIELD("key", TEXT, key),
    FIELD("audience", TEXT, audience),
    FIELD("key_blob", BLOB, key_blob),
    FIELD("document", BLOB, document),
};
#undef FIELD

static const char *const modes[] = {"enforce", "observe"};
static const char *const switches[] = {"false", "true"};
static const char *const kinds[] = {"none", "enclave", "nitrotpm"};

void
nitro_evidence_record_drop(struct nitro_evidence_record *record)
{
	nitro_buf_drop(&record->key_blob);
	nitro_buf_drop(&record->document);
	*record = (struct nitro_evidence_record){0};
}

void
nitro_evidence_record_set(
    char *field, size_t field_size, struct nitro_bytes value)
{
	size_t n = 0;

	for (; n < value.len && n + 1 < field_size; n++)
		field[n] = (char)value.ptr[n];
	field[n] = '\0';
}

static bool
is_plain(uint8_t c)
{
	return c >= ' ' && c <= '~' && c != '\\';
}

static void
escape(struct nitro_bytes in, char *out, size_t out_size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < in.len && n + strlen("\\xNN") < out_size; i++)
		n += (size_t)snprintf(&out[n], out_size - n,
		    is_plain(in.ptr[i]) ? "%c" : "\\x%02x", in.ptr[i]);
}

/* Back from \xNN; false for what escape() never writes. */
static bool
unescape(struct nitro_bytes in, char *out, size_t out_size)
{
	struct nitro_bytes part;
	size_t n = 0;
	uint8_t c;

	while (nitro_bytes_take(&in, 1, &part)) {
		c = part.ptr[0];
		if (c == '\\') {
			if (!nitro_bytes_take(&in, 3, &part) ||
			    part.ptr[0] != 'x' ||
			    !nitro_hex_decode(
				nitro_bytes_slice(part, 1, part.len), &c, 1) ||
			    is_plain(c) || c == '\0')
				return false;
		} else if (!is_plain(c)) {
			return false;
		}
		if (n + 1 >= out_size)
			return false;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return true;
}

/* "pcr0,pcr4", or nothing. */
static void
pcrs_text(uint32_t mask, char *out, size_t out_size)
{
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++)
		if ((mask >> i & 1) != 0 && used < out_size)
			used += (size_t)snprintf(&out[used], out_size - used,
			    "%spcr%u", used > 0 ? "," : "", i);
}

static bool
parse_number(struct nitro_bytes text, int64_t *value)
{
	bool is_negative = nitro_bytes_has_prefix(text, "-");
	unsigned number;

	text = nitro_bytes_slice(text, is_negative ? 1 : 0, text.len);
	if (!nitro_bytes_to_number(text, &number) ||
	    (is_negative && number == 0))
		return false;
	*value = is_negative ? -(int64_t)number : (int64_t)number;
	return true;
}

static bool
parse_pcrs(struct nitro_bytes text, uint32_t *mask)
{
	char again[8 * NITRO_PCR_COUNT_MAX];
	struct nitro_bytes left = text, part;
	uint32_t found = 0;
	unsigned i = 0;

	while (left.len > 0) {
		if (!nitro_bytes_take_until(&left, ',', &part)) {
			part = left;
			left = (struct nitro_bytes){0};
		}
		part = nitro_bytes_slice(part, strlen("pcr"), part.len);
		if (!nitro_bytes_to_number(part, &i))
			return false;
		found |= UINT32_C(1) << i % NITRO_PCR_COUNT_MAX;
	}
	/* Only a list as it is written comes out the same. */
	pcrs_text(found, again, sizeof again);
	if (!nitro_bytes_equal_text(text, again))
		return false;
	*mask = found;
	return true;
}

static const char *
word(const char *const *words, size_t count, unsigned i)
{
	return i < count ? words[i] : "none";
}

static bool
find_word(const char *const *words, size_t count, struct nitro_bytes text,
    unsigned *found)
{
	for (unsigned i = 0; i < count; i++)
		if (nitro_bytes_equal_text(text, words[i])) {
			*found = i;
			return true;
		}
	return false;
}

/* The value of a field that is short, as the line has it. */
static void
value_text(const struct field *field, const struct nitro_evidence_record *r,
    char out[VALUE_MAX + 1])
{
	const void *at = (const char *)r + field->offset;
	struct nitro_bytes text;

	out[0] = '\0';
	switch (field->type) {
	case TIME:
		nitro_time_format(r->time_ms, out);
		return;
	case OUTCOME:
		(void)snprintf(
		    out, VALUE_MAX + 1, "%s", nitro_err_token(r->err));
		return;
	case MODE:
		(void)snprintf(out, VALUE_MAX + 1, "%s",
		    word(modes, NITRO_COUNT_OF(modes), r->mode));
		return;
	case TEXT:
		text = nitro_bytes_of_text(at);
		escape(text, out, VALUE_MAX + 1);
		return;
	case SWITCH:
		(void)snprintf(out, VALUE_MAX + 1, "%s",
		    switches[*(const bool *)at ? 1 : 0]);
		return;
	case NUMBER:
		(void)snprintf(
		    out, VALUE_MAX + 1, "%" PRId64, *(const int64_t *)at);
		return;
	case KIND:
		(void)snprintf(out, VALUE_MAX + 1, "%s",
		    word(kinds, NITRO_COUNT_OF(kinds), r->kind));
		return;
	case PCRS:
		pcrs_text(r->differs_mask, out, VALUE_MAX + 1);
		return;
	case NONCE:
		text = (struct nitro_bytes){r->nonce, sizeof r->nonce};
		nitro_hex_encode(text, out, VALUE_MAX + 1);
		return;
	case BLOB:
		return;
	}
}

static nitro_err
put_line(struct nitro_buf *out, const char *key, const char *value)
{
	nitro_err err;

	if ((err = nitro_buf_append_text(out, key)) != NITRO_OK ||
	    (err = nitro_buf_append_byte(out, '=')) != NITRO_OK ||
	    (err = nitro_buf_append_text(out, value)) != NITRO_OK)
		return err;
	return nitro_buf_append_byte(out, '\n');
}

static nitro_err
put_blob(
    struct nitro_buf *out, const char *key, const struct nitro_buf *content)
{
	nitro_err err;

	if ((err = nitro_buf_append_text(out, key)) != NITRO_OK ||
	    (err = nitro_buf_append_byte(out, '=')) != NITRO_OK ||
	    (err = nitro_base64_encode(nitro_bytes_of_buf(content), out)) !=
		NITRO_OK)
		return err;
	return nitro_buf_append_byte(out, '\n');
}

static const char *
result_line(nitro_err err)
{
	return err == NITRO_OK ? "allow" : "deny";
}

static nitro_err
put_field(const struct field *field, const struct nitro_evidence_record *record,
    struct nitro_buf *out)
{
	char value[VALUE_MAX + 1];
	nitro_err err;

	if (field->type == BLOB)
		return put_blob(out, field->key,
		    (const void *)((const char *)record + field->offset));
	if (field->type == OUTCOME &&
	    (err = put_line(out, "result", result_line(record->err))) !=
		NITRO_OK)
		return err;
	value_text(field, record, value);
	return put_line(out, field->key, value);
}

static nitro_err
put_all(const struct nitro_evidence_record *record, struct nitro_buf *out)
{
	nitro_err err;

	if ((err = nitro_buf_append_text(out, FIRST_LINE "\n")) != NITRO_OK)
		return err;
	for (size_t i = 0; i < NITRO_COUNT_OF(fields); i++)
		if ((err = put_field(&fields[i], record, out)) != NITRO_OK)
			return err;
	return nitro_buf_append_text(out, LAST_LINE "\n");
}

nitro_err
nitro_evidence_record_format(
    const struct nitro_evidence_record *record, struct nitro_buf *out)
{
	size_t start = out->len;
	nitro_err err;

	if ((err = put_all(record, out)) != NITRO_OK)
		out->len = start;
	return err;
}

/* The value of a field that is short, into its place. */
static bool
set_value(const struct field *field, struct nitro_bytes text,
    struct nitro_evidence_record *r)
{
	void *at = (char *)r + field->offset;
	char token[64] = "";
	unsigned i = 0;

	switch (field->type) {
	case TIME:
		return text.len == NITRO_TIME_TEXT_LEN &&
		       nitro_time_parse(text, &r->time_ms);
	case OUTCOME:
		return nitro_bytes_to_text(text, token, sizeof token) &&
		       nitro_err_find(token, &r->err);
	case MODE:
		if (!find_word(modes, NITRO_COUNT_OF(modes), text, &i))
			return false;
		r->mode = (enum nitro_mode)i;
		return true;
	case TEXT:
		return unescape(text, at, field->size);
	case SWITCH:
		if (!find_word(switches, NITRO_COUNT_OF(switches), text, &i))
			return false;
		*(bool *)at = i == 1;
		return true;
	case NUMBER:
		return parse_number(text, at);
	case KIND:
		if (!find_word(kinds, NITRO_COUNT_OF(kinds), text, &i))
			return false;
		r->kind = (enum nitro_kind)i;
		return true;
	case PCRS:
		return parse_pcrs(text, &r->differs_mask);
	case NONCE:
		return nitro_hex_decode(text, r->nonce, sizeof r->nonce);
	case BLOB:
		break;
	}
	return nitro_base64_decode(text, at) == NITRO_OK;
}

/* The next line, without its end; false where there is none. */
static bool
take_line(struct nitro_bytes *text, unsigned *line, struct nitro_bytes *out)
{
	(*line)++;
	return nitro_bytes_take_until(text, '\n', out);
}

static bool
take_field(struct nitro_bytes *text, unsigned *line, const char *key,
    struct nitro_bytes *value)
{
	struct nitro_bytes found = {0};

	return take_line(text, line, value) &&
	       nitro_bytes_take_until(value, '=', &found) &&
	       nitro_bytes_equal_text(found, key);
}

/* NULL where all is well; else the key at which it is not. */
static const char *
take_all(struct nitro_bytes text, unsigned *line,
    struct nitro_evidence_record *record)
{
	struct nitro_bytes value = {0};

	if (!take_line(&text, line, &value) ||
	    !nitro_bytes_equal_text(value, FIRST_LINE))
		return FIRST_LINE;
	for (size_t i = 0; i < NITRO_COUNT_OF(fields); i++) {
		if (fields[i].type == OUTCOME &&
		    !take_field(&text, line, "result", &value))
			return "result";
		if (!take_field(&text, line, fields[i].key, &value) ||
		    !set_value(&fields[i], value, record))
			return fields[i].key;
	}
	if (!take_line(&text, line, &value) ||
	    !nitro_bytes_equal_text(value, LAST_LINE) || text.len != 0)
		return LAST_LINE;
	return NULL;
}

nitro_err
nitro_evidence_record_parse(struct nitro_bytes text, const char *path,
    struct nitro_evidence_record *record, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record parsed = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf again = {0};
	const char *key;
	unsigned line = 0;
	nitro_err err;

	if (text.len > NITRO_EVIDENCE_RECORD_MAX)
		return nitro_fault_set(fault, NITRO_E_FILE_READ, path, 0,
		    "is too long for a record of pam_nitro");
	if ((key = take_all(text, &line, &parsed)) != NULL)
		return nitro_fault_set(fault, NITRO_E_FILE_READ, path, line,
		    "is no record of pam_nitro: %s is missing or malformed",
		    key);
	/* One way to write it: compared whole, no detail can slip through. */
	if ((err = nitro_evidence_record_format(&parsed, &again)) != NITRO_OK)
		return nitro_fault_set(
		    fault, err, path, 0, "%s", nitro_err_sentence(err));
	if (!nitro_bytes_equal(text, nitro_bytes_of_buf(&again)))
		return nitro_fault_set(fault, NITRO_E_FILE_READ, path, 0,
		    "is no record as pam_nitro writes it");
	*record = parsed;
	parsed = (struct nitro_evidence_record){0};
	return NITRO_OK;
}
