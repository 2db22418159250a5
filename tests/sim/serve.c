#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/hex.h"
#include "sim/request.h"

static void
drop_text(char **text)
{
	free(*text);
}

/* One word of the line: hex digits, or "-" for null. */
static bool
take_field(struct nitro_bytes word, bool *is_given, struct nitro_buf *out)
{
	uint8_t bytes[SIM_FIELD_MAX];
	const size_t len = word.len / 2;

	nitro_buf_drop(out);
	*is_given = !nitro_bytes_equal_text(word, "-");
	if (!*is_given)
		return true;
	return len <= sizeof bytes && nitro_hex_decode(word, bytes, len) &&
	       nitro_buf_append(out, (struct nitro_bytes){bytes, len}) ==
		   NITRO_OK;
}

static bool
take_line(struct nitro_bytes line, struct sim_request *request)
{
	struct nitro_bytes nonce, user_data, public_key;

	return nitro_bytes_take_until(&line, ' ', &nonce) &&
	       nitro_bytes_take_until(&line, ' ', &user_data) &&
	       nitro_bytes_take_until(&line, '\n', &public_key) &&
	       line.len == 0 &&
	       take_field(nonce, &request->has_nonce, &request->nonce) &&
	       take_field(
		   user_data, &request->has_user_data, &request->user_data) &&
	       take_field(
		   public_key, &request->has_public_key, &request->public_key);
}

static bool
make_evidence(const struct sim_pki *pki, struct sim_request *request,
    struct nitro_buf *evidence)
{
	struct sim_document doc;

	if (!sim_request_set_time(request))
		return false;
	if (request->defect != NULL)
		return sim_attest_defect(sim_defect_find(request->defect),
		    &request->options, sim_request_fill, request, evidence);
	sim_document_default(pki, request->timestamp_ms, &doc);
	sim_request_fill(&doc, request);
	return sim_attest(pki, &doc, evidence);
}

static int
answer_line(const struct sim_pki *pki, struct nitro_bytes line,
    struct sim_request *request)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0}, text = {0};

	if (!take_line(line, request))
		return sim_fail(EXIT_FAILED, "serve",
		    "a line is not NONCE USER-DATA PUBLIC-KEY in hex or -");
	if (!make_evidence(pki, request, &evidence) ||
	    nitro_base64_encode(nitro_bytes_of_buf(&evidence), &text) !=
		NITRO_OK ||
	    nitro_buf_append_byte(&text, '\n') != NITRO_OK)
		return sim_fail(
		    EXIT_FAILED, "serve", "libcrypto cannot make it");
	if (fwrite(text.ptr, 1, text.len, stdout) != text.len ||
	    fflush(stdout) != 0)
		return sim_fail(
		    EXIT_FAILED, "standard output", strerror(errno));
	return EXIT_OK;
}

int
sim_serve(const struct sim_pki *root, struct sim_request *request)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	NITRO_DROP(drop_text) char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int status = EXIT_OK;

	request->options.same_root = root;
	if (!sim_request_set_time(request) ||
	    !sim_pki_make(&request->options, &pki))
		return sim_fail(EXIT_FAILED, "serve", "no PKI can be made");
	while (status == EXIT_OK && (len = getline(&line, &size, stdin)) > 0)
		status = answer_line(&pki,
		    (struct nitro_bytes){(const uint8_t *)line, (size_t)len},
		    request);
	return status;
}
