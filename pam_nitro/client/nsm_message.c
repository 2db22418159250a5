#include "client/nsm_message.h"

/* Major types and the two bytes that need no argument (RFC 8949 section 3). */
#define MAJOR_BYTES 2u
#define MAJOR_TEXT 3u
#define MAJOR_MAP 5u
#define NULL_ITEM 0xf6u
#define BREAK 0xffu
#define INDEFINITE 31u

static nitro_err
append_head(struct nitro_buf *out, unsigned major, size_t value)
{
	unsigned info = value < 24        ? (unsigned)value
			: value <= 0xff   ? 24
			: value <= 0xffff ? 25
					  : 26;
	unsigned len = info < 24 ? 0 : 1u << (info - 24);
	nitro_err err;

	if (value > UINT32_MAX)
		return NITRO_E_INTERNAL;
	err = nitro_buf_append_byte(out, (uint8_t)(major << 5 | info));
	for (unsigned i = len; err == NITRO_OK && i > 0; i--)
		err = nitro_buf_append_byte(
		    out, (uint8_t)(value >> (8 * (i - 1))));
	return err;
}

static nitro_err
append_text(struct nitro_buf *out, const char *text)
{
	struct nitro_bytes in = nitro_bytes_of_text(text);
	nitro_err err = append_head(out, MAJOR_TEXT, in.len);

	return err != NITRO_OK ? err : nitro_buf_append(out, in);
}

static nitro_err
append_field(struct nitro_buf *out, const char *name, struct nitro_bytes value)
{
	nitro_err err;

	if ((err = append_text(out, name)) != NITRO_OK)
		return err;
	if (value.len == 0)
		return nitro_buf_append_byte(out, NULL_ITEM);
	if ((err = append_head(out, MAJOR_BYTES, value.len)) != NITRO_OK)
		return err;
	return nitro_buf_append(out, value);
}

static nitro_err
append_request(
    const struct nitro_document_request *request, struct nitro_buf *out)
{
	nitro_err err;

	if ((err = append_head(out, MAJOR_MAP, 1)) != NITRO_OK)
		return err;
	if ((err = append_text(out, "Attestation")) != NITRO_OK)
		return err;
	if ((err = append_head(out, MAJOR_MAP, 3)) != NITRO_OK)
		return err;
	err = append_field(out, "user_data", request->user_data);
	if (err == NITRO_OK)
		err = append_field(out, "nonce", request->nonce);
	if (err == NITRO_OK)
		err = append_field(out, "public_key", request->public_key);
	return err;
}

nitro_err
nitro_nsm_request_encode(
    const struct nitro_document_request *request, struct nitro_buf *out)
{
	size_t before = out->len;
	nitro_err err = append_request(request, out);

	if (err != NITRO_OK)
		out->len = before;
	return err;
}

struct head {
	unsigned major, info;
	uint64_t value;
};

static bool
take_head(struct nitro_bytes *in, struct head *head)
{
	struct nitro_bytes first, argument = {0};

	if (!nitro_bytes_take(in, 1, &first))
		return false;
	*head = (struct head){
	    first.ptr[0] >> 5, first.ptr[0] & 31u, first.ptr[0] & 31u};
	if (head->info < 24 || head->info == INDEFINITE)
		return true;
	if (head->info > 27 ||
	    !nitro_bytes_take(in, (size_t)1 << (head->info - 24), &argument))
		return false;
	head->value = 0;
	for (size_t i = 0; i < argument.len; i++)
		head->value = head->value << 8 | argument.ptr[i];
	return true;
}

static bool
take_string(struct nitro_bytes *in, unsigned major, struct nitro_bytes *string)
{
	struct head head;

	if (!take_head(in, &head) || head.major != major ||
	    head.info == INDEFINITE || head.value > in->len)
		return false;
	return nitro_bytes_take(in, (size_t)head.value, string);
}

/* A map with one pair: its head. */
static bool
open_map(struct nitro_bytes *in, bool *is_indefinite)
{
	struct head head;

	if (!take_head(in, &head) || head.major != MAJOR_MAP)
		return false;
	*is_indefinite = head.info == INDEFINITE;
	return *is_indefinite || head.value == 1;
}

/* ... and its end. */
static bool
close_map(struct nitro_bytes *in, bool is_indefinite)
{
	struct nitro_bytes end;

	return !is_indefinite ||
	       (nitro_bytes_take(in, 1, &end) && end.ptr[0] == BREAK);
}

static bool
take_document(struct nitro_bytes *in, struct nitro_bytes *document)
{
	struct nitro_bytes key;
	bool is_indefinite;

	return open_map(in, &is_indefinite) &&
	       take_string(in, MAJOR_TEXT, &key) &&
	       nitro_bytes_equal_text(key, "document") &&
	       take_string(in, MAJOR_BYTES, document) && document->len > 0 &&
	       close_map(in, is_indefinite);
}

bool
nitro_nsm_response_decode(
    struct nitro_bytes in, struct nitro_nsm_response *response)
{
	struct nitro_nsm_response found = {0};
	struct nitro_bytes key;
	bool is_indefinite, is_read = false;

	if (!open_map(&in, &is_indefinite) ||
	    !take_string(&in, MAJOR_TEXT, &key))
		return false;
	if (nitro_bytes_equal_text(key, "Attestation"))
		is_read = take_document(&in, &found.document);
	else if (nitro_bytes_equal_text(key, "Error"))
		is_read = take_string(&in, MAJOR_TEXT, &found.error) &&
			  found.error.len > 0;
	if (!is_read || !close_map(&in, is_indefinite) || in.len > 0)
		return false;
	*response = found;
	return true;
}

/* ErrorCode of aws-nitro-enclaves-nsm-api, with what it means for nitro-ssh. */
static const struct {
	const char *error, *advice;
} advices[] = {
    {"InvalidArgument", "the NSM does not take these fields; update nitro-ssh"},
    {"InvalidIndex", "the NSM misread an attestation request; report it"},
    {"InvalidResponse",
	"the NSM answered something else than was asked; try again"},
    {"ReadOnlyIndex", "the NSM misread an attestation request; report it"},
    {"InvalidOperation",
	"this NSM cannot attest: is it emulated, or not yet set up?"},
    {"BufferTooSmall",
	"the document does not fit the driver's 12 KiB; report it"},
    {"InputTooLarge",
	"the SSH key is too long for a document (1,024 bytes): use ed25519"},
    {"InternalError", "try again; where it stays, restart the enclave"},
};

const char *
nitro_nsm_error_advice(struct nitro_bytes error)
{
	for (size_t i = 0; i < NITRO_COUNT_OF(advices); i++)
		if (nitro_bytes_equal_text(error, advices[i].error))
			return advices[i].advice;
	return "";
}
