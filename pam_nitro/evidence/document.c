#include "evidence/document.h"

#include "evidence/cbor_reader.h"

#define TIMESTAMP_MAX_MS \
	UINT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */
#define DIGEST_NAME_MAX 16

/* Everything that parsing one payload needs at hand. */
struct parser {
	struct nitro_cbor r;
	struct nitro_document doc;
	struct nitro_bytes seen[NITRO_TOP_KEYS_MAX]; /* keys so far */
	size_t seen_count;
	bool has_pcrs, has_nitrotpm_pcrs;
};

/* An error where the next item is malformed or of another type; nothing comes out after it. */
static void
expect(struct nitro_cbor *r, enum nitro_cbor_type type)
{
	if (nitro_cbor_peek(r) == type)
		return;
	nitro_cbor_skip(r); /* whose own error comes first */
	nitro_cbor_fail(r, NITRO_E_FIELD_TYPE);
}

static struct nitro_bytes
take_text(struct nitro_cbor *r, size_t max)
{
	struct nitro_bytes text;

	expect(r, NITRO_CBOR_TEXT);
	text = nitro_cbor_text(r);
	if (text.len < 1 || text.len > max)
		nitro_cbor_fail(r, NITRO_E_FIELD_LIMIT);
	return text;
}

/* 1..max bytes, or that error. */
static struct nitro_bytes
take_bytes(struct nitro_cbor *r, size_t max, nitro_err limit_error)
{
	struct nitro_bytes bytes;

	expect(r, NITRO_CBOR_BYTES);
	bytes = nitro_cbor_bytes(r);
	if (bytes.len < 1 || bytes.len > max)
		nitro_cbor_fail(r, limit_error);
	return bytes;
}

static void
parse_module_id(struct parser *p)
{
	p->doc.module_id = take_text(&p->r, NITRO_MODULE_ID_MAX);
}

static void
parse_digest(struct parser *p)
{
	struct nitro_bytes digest = take_text(&p->r, DIGEST_NAME_MAX);

	if (!nitro_bytes_equal_text(digest, "SHA384"))
		nitro_cbor_fail(&p->r, NITRO_E_DIGEST);
}

static void
parse_timestamp(struct parser *p)
{
	expect(&p->r, NITRO_CBOR_UINT);
	p->doc.timestamp_ms = nitro_cbor_uint(&p->r);
	if (p->doc.timestamp_ms < 1 || p->doc.timestamp_ms > TIMESTAMP_MAX_MS)
		nitro_cbor_fail(&p->r, NITRO_E_FIELD_LIMIT);
}

static void
parse_one_pcr(struct parser *p)
{
	struct nitro_bytes value;
	uint64_t index;

	expect(&p->r, NITRO_CBOR_UINT);
	index = nitro_cbor_uint(&p->r);
	if (index >= NITRO_PCR_COUNT_MAX ||
	    (p->doc.pcr_mask >> index & 1) != 0) {
		nitro_cbor_fail(&p->r, NITRO_E_PCR_INDEX);
		return;
	}
	expect(&p->r, NITRO_CBOR_BYTES);
	value = nitro_cbor_bytes(&p->r);
	if (value.len != NITRO_PCR_LEN)
		nitro_cbor_fail(&p->r, NITRO_E_PCR_LENGTH);
	p->doc.pcr[index] = value;
	p->doc.pcr_mask |= UINT32_C(1) << index;
}

static void
parse_pcr_map(struct parser *p, enum nitro_kind kind)
{
	if (p->has_pcrs && p->has_nitrotpm_pcrs) {
		nitro_cbor_fail(&p->r, NITRO_E_KIND);
		return;
	}
	p->doc.kind = kind;
	expect(&p->r, NITRO_CBOR_MAP);
	nitro_cbor_enter_map(&p->r, NITRO_PCR_COUNT_MAX);
	while (nitro_cbor_more(&p->r))
		parse_one_pcr(p);
	if (p->doc.pcr_mask == 0)
		nitro_cbor_fail(&p->r, NITRO_E_PCR_INDEX);
}

static void
parse_pcrs(struct parser *p)
{
	p->has_pcrs = true;
	parse_pcr_map(p, NITRO_KIND_ENCLAVE);
}

static void
parse_nitrotpm_pcrs(struct parser *p)
{
	p->has_nitrotpm_pcrs = true;
	parse_pcr_map(p, NITRO_KIND_NITROTPM);
}

static void
parse_certificate(struct parser *p)
{
	p->doc.certificate = take_bytes(
	    &p->r, NITRO_CERT_MAX, NITRO_E_FIELD_LIMIT);
}

static void
parse_cabundle(struct parser *p)
{
	struct nitro_bytes certificate;

	expect(&p->r, NITRO_CBOR_ARRAY);
	nitro_cbor_enter_array(&p->r, UINT32_MAX);
	while (nitro_cbor_more(&p->r)) {
		if (p->doc.cabundle_count == NITRO_CABUNDLE_MAX) {
			nitro_cbor_fail(&p->r, NITRO_E_CABUNDLE);
			return;
		}
		certificate = take_bytes(
		    &p->r, NITRO_CERT_MAX, NITRO_E_CABUNDLE);
		p->doc.cabundle[p->doc.cabundle_count++] = certificate;
	}
	if (p->doc.cabundle_count < NITRO_CABUNDLE_MIN)
		nitro_cbor_fail(&p->r, NITRO_E_CABUNDLE);
}

/* Absent, null and empty mean the same: real documents have all three. */
static struct nitro_bytes
take_optional(struct nitro_cbor *r)
{
	struct nitro_bytes bytes = {0};

	if (nitro_cbor_peek(r) == NITRO_CBOR_NULL) {
		nitro_cbor_null(r);
		return bytes;
	}
	expect(r, NITRO_CBOR_BYTES);
	bytes = nitro_cbor_bytes(r);
	if (bytes.len > NITRO_OPTIONAL_FIELD_MAX)
		nitro_cbor_fail(r, NITRO_E_FIELD_LIMIT);
	return bytes;
}

static void
parse_public_key(struct parser *p)
{
	p->doc.public_key = take_optional(&p->r);
}

static void
parse_user_data(struct parser *p)
{
	p->doc.user_data = take_optional(&p->r);
}

static void
parse_nonce(struct parser *p)
{
	p->doc.nonce = take_optional(&p->r);
}

static const struct {
	const char *key;
	void (*parse)(struct parser *p);
} fields[] = {
    {"module_id", parse_module_id},
    {"digest", parse_digest},
    {"timestamp", parse_timestamp},
    {"pcrs", parse_pcrs},
    {"nitrotpm_pcrs", parse_nitrotpm_pcrs},
    {"certificate", parse_certificate},
    {"cabundle", parse_cabundle},
    {"public_key", parse_public_key},
    {"user_data", parse_user_data},
    {"nonce", parse_nonce},
};

static bool
has_seen(const struct parser *p, struct nitro_bytes key)
{
	for (size_t i = 0; i < p->seen_count; i++)
		if (nitro_bytes_equal(p->seen[i], key))
			return true;
	return false;
}

static void
parse_one_field(struct parser *p)
{
	struct nitro_bytes key = nitro_cbor_text(&p->r);

	if (has_seen(p, key)) {
		nitro_cbor_fail(&p->r, NITRO_E_CBOR_DUPLICATE);
		return;
	}
	p->seen[p->seen_count++] = key; /* the map has room for no more */
	for (size_t i = 0; i < NITRO_COUNT_OF(fields); i++)
		if (nitro_bytes_equal_text(key, fields[i].key)) {
			fields[i].parse(p);
			return;
		}
	nitro_cbor_skip(&p->r); /* AWS may add fields */
}

static bool
is_complete(const struct parser *p)
{
	/* The key may be seen only with a good value, so a key is enough. */
	return has_seen(p, nitro_bytes_of_text("digest")) &&
	       p->doc.module_id.len > 0 && p->doc.timestamp_ms > 0 &&
	       p->doc.pcr_mask != 0 && p->doc.certificate.len > 0 &&
	       p->doc.cabundle_count > 0;
}

nitro_err
nitro_document_parse(struct nitro_bytes payload, struct nitro_document *doc)
{
	struct parser p = {0};
	nitro_err err;

	nitro_cbor_open(&p.r, payload);
	nitro_cbor_enter_map(&p.r, NITRO_TOP_KEYS_MAX);
	while (nitro_cbor_more(&p.r))
		parse_one_field(&p);
	if ((err = nitro_cbor_finish(&p.r)) != NITRO_OK)
		return err;
	if (!is_complete(&p))
		return NITRO_E_FIELD_MISSING;
	*doc = p.doc;
	return NITRO_OK;
}

const char *
nitro_kind_name(enum nitro_kind kind)
{
	switch (kind) {
	case NITRO_KIND_NONE:
		return "none";
	case NITRO_KIND_ENCLAVE:
		return "enclave";
	case NITRO_KIND_NITROTPM:
		return "nitrotpm";
	}
	return "none";
}
