/*
 * What the NSM answers, read by nitro-ssh: both words are views into the
 * message, and a message written anew from them says the same.
 */
#include "client/nsm_message.h"
#include "fuzz/fuzz.h"
#include "sim/sim.h"

static void
write_response(const struct nitro_nsm_response *said, struct nitro_buf *out)
{
	FUZZ_CHECK(sim_cbor_head(out, 5, 1));
	if (said->error.len > 0) {
		FUZZ_CHECK(sim_cbor_text(out, "Error"));
		FUZZ_CHECK(sim_cbor_head(out, 3, said->error.len));
		fuzz_append(out, said->error);
		return;
	}
	FUZZ_CHECK(sim_cbor_text(out, "Attestation"));
	FUZZ_CHECK(sim_cbor_head(out, 5, 1));
	FUZZ_CHECK(sim_cbor_text(out, "document"));
	FUZZ_CHECK(sim_cbor_bytes(out, said->document));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf message = {0};
	const struct nitro_bytes in = {data, size};
	struct nitro_nsm_response said = {0}, again = {0};

	if (!nitro_nsm_response_decode(in, &said)) {
		FUZZ_CHECK(said.document.len == 0 && said.error.len == 0);
		return 0;
	}
	FUZZ_CHECK((said.document.len > 0) != (said.error.len > 0));
	FUZZ_CHECK(fuzz_is_within(said.document, in));
	FUZZ_CHECK(fuzz_is_within(said.error, in));
	FUZZ_CHECK(nitro_nsm_error_advice(said.error) != NULL);
	write_response(&said, &message);
	FUZZ_CHECK(message.len <= size);
	FUZZ_CHECK(
	    nitro_nsm_response_decode(nitro_bytes_of_buf(&message), &again));
	FUZZ_CHECK(nitro_bytes_equal(said.document, again.document));
	FUZZ_CHECK(nitro_bytes_equal(said.error, again.error));
	fuzz_append_byte(&message, 0);
	FUZZ_CHECK(
	    !nitro_nsm_response_decode(nitro_bytes_of_buf(&message), &again));
	return 0;
}

void
fuzz_seeds(void)
{
	static const char *const texts[] = {
	    "\xa1kAttestation\xa1hdocument\x43xyz",
	    "\xbfkAttestation\xbfhdocument\x43xyz\xff\xff",
	    "\xa1kAttestation\xa1hdocument\x58\x03xyz",
	    "\xa1kAttestation\xa1hdocument\x5f\x41x\xff",
	    "\xa1\x65"
	    "ErrorpInvalidOperation",
	    "\xa1\x65"
	    "ErrornBufferTooSmall",
	    "\xa1\x65"
	    "Error`",
	    "\xa2\x65"
	    "Erroraa\x65"
	    "Erroraa",
	};

	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++)
		fuzz_seed_text(texts[i]);
}
