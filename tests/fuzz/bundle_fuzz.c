/*
 * A Sigstore bundle, parsed: what is taken is within its limits, and all of
 * it is refused by a policy that nobody here can satisfy.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/provenance/bundle.h"
#include "admin/provenance/provenance.h"
#include "fuzz/fuzz.h"

static void
check_taken(const struct nitro_bundle *bundle)
{
	FUZZ_CHECK(bundle->version >= 1 && bundle->version <= 3);
	FUZZ_CHECK(bundle->entry_count <= NITRO_BUNDLE_ENTRIES_MAX);
	FUZZ_CHECK(bundle->timestamp_count <= NITRO_BUNDLE_TIMESTAMPS_MAX);
	FUZZ_CHECK(bundle->signature.len > 0);
	FUZZ_CHECK(bundle->is_dsse == (bundle->payload_type != NULL));
	for (size_t i = 0; i < bundle->entry_count; i++) {
		FUZZ_CHECK(
		    bundle->entries[i].hash_count <= NITRO_PROOF_HASHES_MAX);
		FUZZ_CHECK(bundle->entries[i].tree_size >= 0);
		FUZZ_CHECK(bundle->entries[i].log_index >= 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char root[] =
	    "{\"mediaType\":\"application/vnd.dev.sigstore.trustedroot+json;"
	    "version=0.1\"}";
	NITRO_DROP(nitro_bundle_drop)
	struct nitro_bundle bundle = {.json = NULL};
	NITRO_DROP(nitro_provenance_drop)
	struct nitro_provenance provenance = {.log_index = -1};
	const struct nitro_provenance_policy policy = {
	    .identity = "i", .issuer = "i", .allows_no_log = true};
	struct nitro_artifact artifact = {.has_content = false};
	const struct nitro_provenance_request request = {.bundle = {data, size},
	    .trusted_root = nitro_bytes_of_text(root),
	    .artifact = &artifact,
	    .policy = &policy,
	    .now_ms = INT64_C(1796083200000)};
	struct nitro_trail parsed = {.count = 0}, judged = {.count = 0};

	if (nitro_bundle_parse(request.bundle, &bundle, &parsed))
		check_taken(&bundle);
	else
		FUZZ_CHECK(parsed.refused_at != NULL &&
			   strcmp(parsed.refused_at, "bundle") == 0);
	FUZZ_CHECK(!nitro_provenance_verify(&request, &provenance, &judged));
	FUZZ_CHECK(judged.refused_at != NULL);
	return 0;
}

void
fuzz_seeds(void)
{
	fuzz_seed_text(
	    "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
	    "\"verificationMaterial\":{\"publicKey\":{\"hint\":\"h\"},"
	    "\"tlogEntries\":[{\"logIndex\":\"1\",\"logId\":{\"keyId\":"
	    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"},"
	    "\"kindVersion\":{\"kind\":\"hashedrekord\",\"version\":\"0.0.1\"},"
	    "\"integratedTime\":\"2\",\"inclusionPromise\":{"
	    "\"signedEntryTimestamp\":\"AAAA\"},\"inclusionProof\":{"
	    "\"logIndex\":\"1\",\"rootHash\":"
	    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
	    "\"treeSize\":\"2\",\"hashes\":["
	    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"],"
	    "\"checkpoint\":{\"envelope\":\"x\\n\"}},"
	    "\"canonicalizedBody\":\"e30=\"}],"
	    "\"timestampVerificationData\":{\"rfc3161Timestamps\":["
	    "{\"signedTimestamp\":\"MAA=\"}]}},"
	    "\"messageSignature\":{\"messageDigest\":{\"algorithm\":"
	    "\"SHA2_256\",\"digest\":"
	    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"},"
	    "\"signature\":\"AAAA\"}}");
	fuzz_seed_text(
	    "{\"mediaType\":\"application/vnd.dev.sigstore.bundle+json;"
	    "version=0.1\",\"verificationMaterial\":{"
	    "\"x509CertificateChain\":{\"certificates\":[{\"rawBytes\":"
	    "\"MAA=\"}]}},\"dsseEnvelope\":{\"payload\":\"e30=\","
	    "\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":"
	    "[{\"sig\":\"AAAA\",\"keyid\":\"\"}]}}");
	fuzz_seed_text("{}");
}
