/*
 * The two messages that nitro-ssh exchanges with the Nitro Security Module,
 * in CBOR (RFC 8949), as aws-nitro-enclaves-nsm-api has them:
 *
 *	{"Attestation": {"user_data": bytes, "nonce": bytes, "public_key": bytes}}
 *	{"Attestation": {"document": bytes}}   or   {"Error": "InvalidOperation"}
 *
 * So few words that no CBOR library is needed: Debian and Fedora ship libcbor
 * as a shared library only, and nitro-ssh also builds without any.
 */
#ifndef NITRO_CLIENT_NSM_MESSAGE_H
#define NITRO_CLIENT_NSM_MESSAGE_H

#include "base/bytes.h"

/* What the document is to carry; an empty view becomes null. */
struct nitro_document_request {
	struct nitro_bytes nonce;
	struct nitro_bytes user_data;
	struct nitro_bytes public_key;
};

struct nitro_nsm_response {
	struct nitro_bytes document; /* 1 byte or more, or none */
	struct nitro_bytes error;    /* the NSM's word for it, or none */
};

/* Append the request. NITRO_E_MEMORY. */
NITRO_MUST_CHECK nitro_err nitro_nsm_request_encode(
    const struct nitro_document_request *request, struct nitro_buf *out);

/*
 * Read a response. Maps may be indefinite, strings may not; exactly one of
 * the two forms above, and nothing after it.
 *
 * response  views into in; untouched where false.
 */
NITRO_MUST_CHECK bool nitro_nsm_response_decode(
    struct nitro_bytes in, struct nitro_nsm_response *response);

/* What the user can do about an error; "" for a word that is not known. */
const char *nitro_nsm_error_advice(struct nitro_bytes error);

#endif
