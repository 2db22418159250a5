/*
 * A DSSE envelope by a pinned key: accepted only with the payload that the key
 * signed, and a subject of the artifact's digest.
 */
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "admin/provenance/provenance.h"
#include "admin/provenance/statement.h"
#include "base/base64.h"
#include "fuzz/fuzz.h"
#include "fuzz/provenance_signer.h"

#define TYPE "application/vnd.in-toto+json"
#define DIGEST \
	"00000000000000000000000000000000000000000000000000000000000000aa"
#define PAYLOAD \
	"{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{" \
	"\"digest\":{\"sha256\":\"" DIGEST "\"}}],\"predicateType\":\"t\"," \
	"\"predicate\":{}}"

/* Unverified payloads too: the reader must stand what a signer may write. */
static void
read_statement(struct nitro_bytes in, const struct nitro_artifact *artifact)
{
	const struct nitro_statement_question question = {
	    .payload_type = TYPE, .payload = in, .artifact = artifact};
	struct nitro_trail trail = {.count = 0};
	json_t *statement = NULL;

	if (nitro_statement_read(&question, &statement, &trail) !=
	    (statement != NULL))
		abort();
	json_decref(statement);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	NITRO_DROP(nitro_provenance_drop)
	struct nitro_provenance provenance = {.log_index = -1};
	struct nitro_pinned_key key = {
	    .form = NITRO_PINNED_PEM, .key = provenance_signer()};
	const struct nitro_provenance_policy policy = {.key = &key};
	struct nitro_artifact artifact;
	const struct nitro_provenance_request request = {
	    .bundle = {data, size}, .artifact = &artifact, .policy = &policy};
	struct nitro_trail trail = {.count = 0};

	if (!nitro_artifact_of_digest("sha256:" DIGEST, &artifact))
		abort();
	if (nitro_provenance_verify(&request, &provenance, &trail) &&
	    (provenance.predicate_type == NULL ||
		strcmp(provenance.predicate_type, "t") != 0))
		abort();
	read_statement(request.bundle, &artifact);
	return 0;
}

void
fuzz_seeds(void)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pae = {0}, out = {0};
	uint8_t signature[PROVENANCE_SIGNATURE_LEN];
	const struct nitro_bytes payload = nitro_bytes_of_text(PAYLOAD);

	if (nitro_dsse_pae(TYPE, payload, &pae) != NITRO_OK)
		abort();
	provenance_sign(nitro_bytes_of_buf(&pae), signature);
	if (nitro_buf_append_text(&out,
		"{\"payloadType\":\"" TYPE "\",\"payload\":\"") != NITRO_OK ||
	    nitro_base64_encode(payload, &out) != NITRO_OK ||
	    nitro_buf_append_text(&out, "\",\"signatures\":[{\"sig\":\"") !=
		NITRO_OK ||
	    nitro_base64_encode(
		(struct nitro_bytes){signature, sizeof signature}, &out) !=
		NITRO_OK ||
	    nitro_buf_append_text(&out, "\"}]}") != NITRO_OK ||
	    nitro_buf_append_byte(&out, '\0') != NITRO_OK)
		abort();
	fuzz_seed_text((const char *)out.ptr);
	fuzz_seed_text(PAYLOAD);
}
