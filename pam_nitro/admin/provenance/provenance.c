#include "admin/provenance/provenance.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

#include "admin/provenance/bundle.h"
#include "admin/provenance/sigstore.h"
#include "admin/provenance/statement.h"
#include "base/base64.h"

enum { SIGNATURE_MAX = 1024 };

const char *
nitro_provenance_form_name(enum nitro_provenance_form form)
{
	switch (form) {
	case NITRO_PROVENANCE_SIGSTORE:
		return "Sigstore bundle";
	case NITRO_PROVENANCE_DSSE:
		return "DSSE";
	case NITRO_PROVENANCE_SSHSIG:
		return "SSHSIG";
	case NITRO_PROVENANCE_MINISIGN:
		return "minisign";
	case NITRO_PROVENANCE_PLAIN:
		return "signature";
	}
	return "unknown";
}

void
nitro_provenance_drop(struct nitro_provenance *provenance)
{
	nitro_claimant_drop(&provenance->claimant);
	json_decref(provenance->statement);
	*provenance = (struct nitro_provenance){0};
}

/* By how the text begins; each reader then demands all of its own form. */
static enum nitro_provenance_form
form_of(struct nitro_bytes text)
{
	NITRO_DROP(nitro_strict_json_drop) json_t *json = NULL;
	char why[NITRO_STRICT_JSON_WHY_SIZE];

	if (nitro_bytes_has_prefix(text, "-----BEGIN SSH SIGNATURE-----"))
		return NITRO_PROVENANCE_SSHSIG;
	if (nitro_bytes_has_prefix(text, "untrusted comment:"))
		return NITRO_PROVENANCE_MINISIGN;
	if (nitro_strict_json_parse(text, &json, why))
		return json_object_get(json, "mediaType") == NULL &&
			       json_object_get(json, "payloadType") != NULL
			   ? NITRO_PROVENANCE_DSSE
			   : NITRO_PROVENANCE_SIGSTORE;
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == '{' || text.ptr[i] == '[')
			return NITRO_PROVENANCE_SIGSTORE;
	return NITRO_PROVENANCE_PLAIN;
}

static bool
needs_pem(
    const struct nitro_provenance_policy *policy, struct nitro_trail *trail)
{
	if (policy->key->form == NITRO_PINNED_PEM)
		return true;
	return nitro_trail_refuse(
	    trail, "key", "a public key in PEM", "a key of another form");
}

static bool
check_envelope(const struct nitro_provenance_request *request,
    const struct nitro_dsse *dsse, struct nitro_provenance *provenance,
    struct nitro_trail *trail)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pae = {0};
	const struct nitro_provenance_policy *policy = request->policy;
	const struct nitro_statement_question question = {
	    .payload_type = dsse->payload_type,
	    .payload = nitro_bytes_of_buf(&dsse->payload),
	    .artifact = request->artifact,
	    .expected_type = policy->predicate_type};

	if (nitro_dsse_pae(dsse->payload_type, question.payload, &pae) !=
	    NITRO_OK)
		return nitro_trail_fail(trail, NITRO_E_MEMORY);
	if (!nitro_signature_verify(policy->key->key, nitro_bytes_of_buf(&pae),
		nitro_bytes_of_buf(&dsse->signature)))
		return nitro_trail_refuse(trail, "signature",
		    "a signature of the DSSE payload by the pinned key",
		    "one that does not verify");
	nitro_trail_pass(trail, "signature", "over the DSSE payload");
	return nitro_statement_read(&question, &provenance->statement, trail);
}

static bool
verify_dsse(const struct nitro_provenance_request *request,
    struct nitro_provenance *provenance, struct nitro_trail *trail)
{
	NITRO_DROP(nitro_strict_json_drop) json_t *json = NULL;
	NITRO_DROP(nitro_dsse_drop) struct nitro_dsse dsse = {0};
	char why[NITRO_STRICT_JSON_WHY_SIZE];

	if (!nitro_strict_json_parse(request->bundle, &json, why))
		return nitro_trail_refuse(
		    trail, "bundle", "a DSSE envelope", "%s", why);
	return needs_pem(request->policy, trail) &&
	       nitro_dsse_parse(json, &dsse, trail) &&
	       check_envelope(request, &dsse, provenance, trail);
}

/* One line of base64, as cosign sign-blob --key writes it, and no more. */
static bool
verify_plain(
    const struct nitro_provenance_request *request, struct nitro_trail *trail)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf signature = {0};
	const struct nitro_pinned_key *key = request->policy->key;
	const struct nitro_artifact *artifact = request->artifact;
	struct nitro_bytes rest = request->bundle, line;
	const struct nitro_hash_value *digest;
	bool is_good;

	if (!nitro_bytes_take_until(&rest, '\n', &line)) {
		line = rest;
		rest = (struct nitro_bytes){0};
	}
	if (rest.len > 0 || line.len > SIGNATURE_MAX ||
	    nitro_base64_decode(line, &signature) != NITRO_OK)
		return nitro_trail_refuse(trail, "bundle",
		    "a Sigstore bundle, DSSE, SSHSIG, minisign, or one "
		    "signature in base64",
		    "something else");
	if (!needs_pem(request->policy, trail))
		return false;
	digest = nitro_artifact_digest(artifact, nitro_key_hash(key->key));
	if (nitro_key_is_ed25519(key->key))
		is_good = artifact->has_content &&
			  nitro_signature_verify(key->key, artifact->content,
			      nitro_bytes_of_buf(&signature));
	else
		is_good = digest != NULL &&
			  nitro_signature_verify_digest(
			      key->key, digest, nitro_bytes_of_buf(&signature));
	if (!is_good)
		return nitro_trail_refuse(trail, "signature",
		    "a signature of the artifact by the pinned key",
		    "one that does not verify");
	nitro_trail_pass(trail, "signature", "over the artifact");
	return true;
}

/* A signature of the file says nothing of its source. */
static bool
check_no_claims(const struct nitro_provenance_policy *policy,
    bool has_statement, struct nitro_trail *trail)
{
	if (policy->predicate_type != NULL && !has_statement)
		return nitro_trail_refuse(trail, "predicate type",
		    policy->predicate_type,
		    "a signature of the file, without a statement");
	if (policy->source_repository == NULL &&
	    policy->source_digest == NULL && policy->repository_id == NULL)
		return true;
	return nitro_trail_refuse(trail, "source repository",
	    "a certificate, which names it", "a pinned key, which does not");
}

static bool
verify_form(const struct nitro_provenance_request *request,
    struct nitro_provenance *provenance, struct nitro_trail *trail)
{
	const struct nitro_provenance_policy *policy = request->policy;
	const enum nitro_provenance_form form = provenance->form;

	if (form == NITRO_PROVENANCE_SIGSTORE)
		return (policy->key == NULL ||
			   check_no_claims(policy, true, trail)) &&
		       nitro_sigstore_verify(request, provenance, trail);
	if (policy->key == NULL)
		return nitro_trail_refuse(trail, "bundle",
		    "a Sigstore bundle, which names who signed", "%s",
		    nitro_provenance_form_name(form));
	if (request->trusted_root.len > 0)
		return nitro_trail_refuse(trail, "trusted root",
		    "none: it goes with a Sigstore bundle", "one");
	if (!check_no_claims(policy, form == NITRO_PROVENANCE_DSSE, trail))
		return false;
	if (form == NITRO_PROVENANCE_DSSE)
		return verify_dsse(request, provenance, trail);
	if (form == NITRO_PROVENANCE_SSHSIG)
		return nitro_sshsig_verify(request->bundle, policy->key,
		    policy->namespace, request->artifact, trail);
	if (form == NITRO_PROVENANCE_MINISIGN)
		return nitro_minisign_verify(
		    request->bundle, policy->key, request->artifact, trail);
	return verify_plain(request, trail);
}

bool
nitro_provenance_verify(const struct nitro_provenance_request *request,
    struct nitro_provenance *provenance, struct nitro_trail *trail)
{
	bool is_good;

	/* No openssl.cnf: what it loads could bend a verdict. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	provenance->log_index = -1;
	if (nitro_sha256(request->bundle, provenance->bundle_sha256) !=
	    NITRO_OK)
		return nitro_trail_fail(trail, NITRO_E_CRYPTO);
	provenance->form = form_of(request->bundle);
	if (request->policy->key != NULL)
		memcpy(provenance->key, request->policy->key->text,
		    sizeof provenance->key);
	is_good = verify_form(request, provenance, trail);
	ERR_clear_error();
	if (is_good && provenance->statement != NULL)
		provenance->predicate_type = nitro_strict_text(
		    provenance->statement, "predicateType");
	return is_good && trail->refused_at == NULL && trail->err == NITRO_OK;
}
