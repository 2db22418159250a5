#include "admin/provenance/sigstore.h"

#include <string.h>

#include "admin/provenance/log.h"
#include "admin/provenance/statement.h"
#include "evidence/cert_x509.h"

/* What one verification holds on to. */
struct work {
	const struct nitro_provenance_request *request;
	struct nitro_provenance *provenance;
	struct nitro_trail *trail;
	struct nitro_bundle bundle;
	struct nitro_trusted_root *root; /* NULL for none */
	X509 *leaf;
	EVP_PKEY *key; /* borrowed from leaf or policy */
	struct nitro_buf pae;
	struct nitro_times times;
};

static void
drop_work(struct work *work)
{
	nitro_bundle_drop(&work->bundle);
	if (work->root != NULL)
		nitro_trusted_root_drop(work->root);
	nitro_free(work->root);
	X509_free(work->leaf);
	nitro_buf_drop(&work->pae);
}

static bool
read_root(struct work *work)
{
	const struct nitro_bytes text = work->request->trusted_root;

	if (text.len == 0)
		return true;
	work->root = nitro_alloc(1, sizeof *work->root);
	if (work->root == NULL)
		return nitro_trail_fail(work->trail, NITRO_E_MEMORY);
	if (!nitro_trusted_root_parse(text, work->root, work->trail))
		return false;
	memcpy(work->provenance->root_sha256, work->root->sha256,
	    sizeof work->root->sha256);
	return true;
}

/* An identity is never proved by a managed key, nor a key by a certificate. */
static bool
choose_key(struct work *work)
{
	const struct nitro_provenance_policy *policy = work->request->policy;

	if (policy->key != NULL) {
		if (policy->key->form != NITRO_PINNED_PEM)
			return nitro_trail_refuse(work->trail, "key",
			    "a key in PEM for a bundle", "another form");
		if (work->bundle.leaf.len > 0)
			return nitro_trail_refuse(work->trail, "key",
			    "a bundle of a managed key", "a certificate");
		work->key = policy->key->key;
		return true;
	}
	if (work->bundle.leaf.len == 0)
		return nitro_trail_refuse(work->trail, "certificate",
		    "a certificate that names who signed", "a managed key");
	if (!nitro_certificate_parse(nitro_bytes_of_buf(&work->bundle.leaf),
		&work->leaf, work->trail))
		return false;
	if ((work->key = X509_get0_pubkey(work->leaf)) == NULL)
		return nitro_trail_refuse(work->trail, "certificate",
		    "a key that libcrypto reads", "another one");
	return true;
}

static bool
check_witnesses(struct work *work)
{
	const struct nitro_witness witness = {.bundle = &work->bundle,
	    .root = work->root,
	    .artifact = work->request->artifact,
	    .key = work->key,
	    .pae = nitro_bytes_of_buf(&work->pae),
	    .allows_no_log = work->request->policy->allows_no_log,
	    .now_ms = work->request->now_ms};
	struct nitro_provenance *provenance = work->provenance;
	const struct nitro_trusted_log *log;

	if (work->root == NULL) {
		nitro_trail_pass(work->trail, "log entry",
		    "not looked at: no trusted root was named");
		return true;
	}
	if (!nitro_witness_times(&witness, &work->times, work->trail))
		return false;
	provenance->time_ms = work->times.ms[0];
	if (work->bundle.entry_count == 0)
		return true;
	provenance->log_index = work->bundle.entries[0].log_index;
	log = nitro_trusted_log_find(work->root->logs, work->root->log_count,
	    (struct nitro_bytes){
		work->bundle.entries[0].log_id, NITRO_LOG_ID_LEN});
	if (log != NULL)
		memcpy(provenance->log_name, log->name, sizeof log->name);
	return true;
}

static bool
check_one(struct nitro_trail *trail, const char *step, const char *expected,
    const char *actual)
{
	if (expected == NULL) {
		if (actual != NULL)
			nitro_trail_pass(trail, step, "%s", actual);
		return true;
	}
	if (expected[0] == '\0' || actual == NULL ||
	    strcmp(expected, actual) != 0)
		return nitro_trail_refuse(trail, step, expected, "%s",
		    actual != NULL ? actual : "the certificate says none");
	nitro_trail_pass(trail, step, "%s", actual);
	return true;
}

static bool
check_certificate(struct work *work)
{
	const struct nitro_provenance_policy *policy = work->request->policy;
	struct nitro_claimant *claimant = &work->provenance->claimant;
	struct nitro_trail *trail = work->trail;
	X509 *issuer = NULL;

	if (work->leaf == NULL)
		return true;
	if (work->root == NULL || policy->identity == NULL ||
	    policy->issuer == NULL)
		return nitro_trail_refuse(trail, "trusted root",
		    "a trusted root, an identity and an issuer",
		    "not all of them");
	return nitro_certificate_chain(
		   work->leaf, work->root, &work->times, &issuer, trail) &&
	       nitro_certificate_log(work->leaf, issuer, work->root, trail) &&
	       nitro_certificate_claimant(work->leaf, claimant, trail) &&
	       check_one(
		   trail, "identity", policy->identity, claimant->identity) &&
	       check_one(trail, "issuer", policy->issuer, claimant->issuer) &&
	       check_one(trail, "source repository", policy->source_repository,
		   claimant->source_repository) &&
	       check_one(trail, "source digest", policy->source_digest,
		   claimant->source_digest) &&
	       check_one(trail, "repository id", policy->repository_id,
		   claimant->repository_id);
}

/* The hash is the one that the bundle names: a P-384 key may sign SHA-256. */
static bool
check_message(struct work *work)
{
	const struct nitro_hash_value *named = &work->bundle.message_digest;
	const struct nitro_artifact *artifact = work->request->artifact;
	const struct nitro_bytes signature = nitro_bytes_of_buf(
	    &work->bundle.signature);
	const enum nitro_hash hash = named->hash != NITRO_HASH_NONE
					 ? named->hash
					 : nitro_key_hash(work->key);
	const struct nitro_hash_value *digest = nitro_artifact_digest(
	    artifact, hash);
	char text[NITRO_ARTIFACT_TEXT_SIZE];

	nitro_artifact_text(artifact, text);
	if (named->hash != NITRO_HASH_NONE &&
	    (digest == NULL || !nitro_bytes_equal(nitro_hash_bytes(digest),
				   nitro_hash_bytes(named)))) {
		nitro_hash_text(named, text);
		return nitro_trail_refuse(work->trail, "artifact",
		    "the digest that the bundle names", "not %s", text);
	}
	if (nitro_key_is_ed25519(work->key)
		? !artifact->has_content || !nitro_signature_verify(work->key,
						artifact->content, signature)
		: digest == NULL || !nitro_signature_verify_digest(
					work->key, digest, signature))
		return nitro_trail_refuse(work->trail, "signature",
		    "a signature of the artifact", "one that does not verify");
	nitro_trail_pass(work->trail, "artifact", "%s", text);
	nitro_trail_pass(work->trail, "signature", "over the artifact");
	return true;
}

static bool
check_dsse(struct work *work)
{
	const struct nitro_statement_question question = {
	    .payload_type = work->bundle.payload_type,
	    .payload = nitro_bytes_of_buf(&work->bundle.payload),
	    .artifact = work->request->artifact,
	    .expected_type = work->request->policy->predicate_type};

	if (!nitro_signature_verify(work->key, nitro_bytes_of_buf(&work->pae),
		nitro_bytes_of_buf(&work->bundle.signature)))
		return nitro_trail_refuse(work->trail, "signature",
		    "a signature of the DSSE payload",
		    "one that does not verify");
	nitro_trail_pass(work->trail, "signature", "over the DSSE payload");
	return nitro_statement_read(
	    &question, &work->provenance->statement, work->trail);
}

static bool
check_content(struct work *work)
{
	if (work->bundle.is_dsse)
		return check_dsse(work);
	if (work->request->policy->predicate_type != NULL)
		return nitro_trail_refuse(work->trail, "predicate type",
		    work->request->policy->predicate_type,
		    "a signature of the file, without a statement");
	return check_message(work);
}

bool
nitro_sigstore_verify(const struct nitro_provenance_request *request,
    struct nitro_provenance *provenance, struct nitro_trail *trail)
{
	NITRO_DROP(drop_work)
	struct work work = {
	    .request = request, .provenance = provenance, .trail = trail};

	if (!nitro_bundle_parse(request->bundle, &work.bundle, trail) ||
	    !choose_key(&work) || !read_root(&work))
		return false;
	if (work.bundle.is_dsse && nitro_dsse_pae(work.bundle.payload_type,
				       nitro_bytes_of_buf(&work.bundle.payload),
				       &work.pae) != NITRO_OK)
		return nitro_trail_fail(trail, NITRO_E_MEMORY);
	return check_witnesses(&work) && check_certificate(&work) &&
	       check_content(&work);
}
