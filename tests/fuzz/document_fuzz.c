/*
 * The payload of a document: what is taken is within every limit, and says
 * the same when the simulator writes it anew in AWS's form. D01-D18 C14 C25
 */
#include <string.h>

#include "evidence/document.h"
#include "fuzz/documents.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutator.h"
#include "fuzz/world.h"

static void
check_strings(const struct nitro_document *doc, struct nitro_bytes in)
{
	const struct nitro_bytes optional[] = {
	    doc->public_key, doc->user_data, doc->nonce};

	FUZZ_CHECK(doc->module_id.len >= 1 &&
		   doc->module_id.len <= NITRO_MODULE_ID_MAX);
	FUZZ_CHECK(fuzz_is_within(doc->module_id, in));
	for (size_t i = 0; i < NITRO_COUNT_OF(optional); i++) {
		FUZZ_CHECK(optional[i].len <= NITRO_OPTIONAL_FIELD_MAX);
		FUZZ_CHECK(fuzz_is_within(optional[i], in));
	}
	FUZZ_CHECK(doc->cabundle_count >= NITRO_CABUNDLE_MIN &&
		   doc->cabundle_count <= NITRO_CABUNDLE_MAX);
	for (size_t i = 0; i <= doc->cabundle_count; i++) {
		const struct nitro_bytes cert = i < doc->cabundle_count
						    ? doc->cabundle[i]
						    : doc->certificate;

		FUZZ_CHECK(cert.len >= 1 && cert.len <= NITRO_CERT_MAX);
		FUZZ_CHECK(fuzz_is_within(cert, in));
	}
}

static void
check_pcrs(const struct nitro_document *doc, struct nitro_bytes in)
{
	FUZZ_CHECK(doc->kind == NITRO_KIND_ENCLAVE ||
		   doc->kind == NITRO_KIND_NITROTPM);
	FUZZ_CHECK(doc->pcr_mask != 0);
	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++) {
		const bool is_there = (doc->pcr_mask >> i & 1) != 0;

		FUZZ_CHECK(doc->pcr[i].len == (is_there ? NITRO_PCR_LEN : 0));
		FUZZ_CHECK(fuzz_is_within(doc->pcr[i], in));
	}
}

/* The simulator counts PCRs from 0; a set with gaps it cannot write. */
static bool
has_gaps(const struct nitro_document *doc)
{
	return (doc->pcr_mask & (doc->pcr_mask + 1)) != 0;
}

static void
write_anew(const struct nitro_document *doc, struct nitro_buf *payload)
{
	struct sim_document sim = {.kind = doc->kind,
	    .module_id = doc->module_id,
	    .timestamp_ms = doc->timestamp_ms,
	    .public_key = doc->public_key,
	    .user_data = doc->user_data,
	    .nonce = doc->nonce,
	    .certificate = doc->certificate,
	    .cabundle_count = doc->cabundle_count};

	memcpy(sim.cabundle, doc->cabundle, sizeof doc->cabundle);
	for (; sim.pcr_count < NITRO_PCR_COUNT_MAX &&
	       doc->pcr[sim.pcr_count].len > 0;
	     sim.pcr_count++)
		memcpy(sim.pcr[sim.pcr_count], doc->pcr[sim.pcr_count].ptr,
		    NITRO_PCR_LEN);
	FUZZ_CHECK(sim_payload(&sim, payload));
}

static bool
is_same(const struct nitro_document *a, const struct nitro_document *b)
{
	bool same = a->kind == b->kind && a->timestamp_ms == b->timestamp_ms &&
		    a->pcr_mask == b->pcr_mask &&
		    a->cabundle_count == b->cabundle_count &&
		    nitro_bytes_equal(a->module_id, b->module_id) &&
		    nitro_bytes_equal(a->certificate, b->certificate) &&
		    nitro_bytes_equal(a->public_key, b->public_key) &&
		    nitro_bytes_equal(a->user_data, b->user_data) &&
		    nitro_bytes_equal(a->nonce, b->nonce);

	for (size_t i = 0; i < NITRO_PCR_COUNT_MAX; i++)
		same &= nitro_bytes_equal(a->pcr[i], b->pcr[i]);
	for (size_t i = 0; i < NITRO_CABUNDLE_MAX; i++)
		same &= nitro_bytes_equal(a->cabundle[i], b->cabundle[i]);
	return same;
}

/* Neither a byte more nor a byte less is a document. */
static void
check_length(struct nitro_bytes in)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf more = {0};
	struct nitro_document doc;

	fuzz_append(&more, in);
	fuzz_append_byte(&more, 0);
	FUZZ_CHECK(nitro_document_parse(nitro_bytes_of_buf(&more), &doc) ==
		   NITRO_E_CBOR_TRAILING);
	FUZZ_CHECK(nitro_document_parse(
		       nitro_bytes_slice(in, 0, in.len - 1), &doc) != NITRO_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};
	const struct nitro_bytes in = {data, size};
	struct nitro_document doc = {0}, again = {0};
	nitro_err err;

	err = nitro_document_parse(in, &doc);
	if (err != NITRO_OK) {
		FUZZ_CHECK(fuzz_is_of_stages(
		    err, NITRO_STAGE_COSE, NITRO_STAGE_DOCUMENT));
		FUZZ_CHECK(doc.kind == NITRO_KIND_NONE && doc.pcr_mask == 0);
		return 0;
	}
	check_strings(&doc, in);
	check_pcrs(&doc, in);
	check_length(in);
	if (has_gaps(&doc))
		return 0;
	write_anew(&doc, &payload);
	FUZZ_CHECK(nitro_document_parse(nitro_bytes_of_buf(&payload), &again) ==
		   NITRO_OK);
	FUZZ_CHECK(is_same(&doc, &again));
	return 0;
}

size_t
LLVMFuzzerCustomMutator(
    uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	struct fuzz_dice dice = {seed};

	if (fuzz_dice_roll(&dice, 3) == 0)
		return fuzz_mutate(data, size, max_size);
	fuzz_append(&out, (struct nitro_bytes){data, size});
	fuzz_mutate_cbor(&out, &dice);
	return fuzz_mutated(&out, data, size, max_size);
}

static void
seed_payload(struct nitro_bytes payload)
{
	fuzz_seed(payload);
}

void
fuzz_seeds(void)
{
	fuzz_each_payload(seed_payload);
}
