#include "admin/provenance/proof.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/time_text.h"

void
nitro_proof_drop(struct nitro_proof *proof)
{
	nitro_provenance_drop(&proof->provenance);
	nitro_entry_provenance_drop(&proof->entry);
	nitro_buf_drop(&proof->source);
	nitro_buf_drop(&proof->builder);
	nitro_question_files_drop(&proof->files);
	nitro_buf_drop(&proof->manifest);
	nitro_sealed_file_drop(&proof->file);
}

static bool
is_image(struct nitro_bytes content)
{
	return nitro_bytes_has_prefix(content, ".eif");
}

static nitro_err
load_artifact(struct nitro_proof *proof, struct nitro_fault *fault)
{
	nitro_err err;

	if (proof->digest != NULL)
		return nitro_artifact_of_digest(
			   proof->digest, &proof->artifact) &&
			       nitro_artifact_digest(
				   &proof->artifact, NITRO_HASH_SHA256) != NULL
			   ? NITRO_OK
			   : nitro_fault_set(fault, NITRO_E_SETTINGS, NULL, 0,
				 "--digest is sha256: and 64 hex digits");
	err = nitro_sealed_file_read(proof->path, &proof->file, fault);
	if (err != NITRO_OK)
		return err;
	if (proof->oci_manifest == NULL)
		return nitro_artifact_of_bytes(
		    proof->file.content, &proof->artifact);
	err = nitro_plain_file_read(proof->oci_manifest, NITRO_STRICT_JSON_MAX,
	    &proof->manifest, fault);
	if (err != NITRO_OK)
		return err;
	return nitro_artifact_of_bytes(
	    nitro_bytes_of_buf(&proof->manifest), &proof->artifact);
}

static bool
measure(struct nitro_proof *proof)
{
	const json_t *statement = proof->provenance.statement;
	struct nitro_trail *trail = &proof->trail;
	const bool is_oci = proof->oci_manifest != NULL;

	if (proof->digest != NULL) {
		proof->binding = NITRO_BINDING_PREDICATE;
		return nitro_measured_predicate(
		    statement, &proof->import, trail);
	}
	if (is_oci &&
	    !nitro_manifest_names(nitro_bytes_of_buf(&proof->manifest),
		proof->file.content, trail))
		return false;
	if (is_image(proof->file.content)) {
		proof->binding = is_oci ? NITRO_BINDING_OCI_EIF
					: NITRO_BINDING_EIF;
		return nitro_measured_image(&proof->file,
		    is_oci ? NULL : statement, &proof->import, trail);
	}
	proof->binding = is_oci ? NITRO_BINDING_OCI_PCR_FILE
				: NITRO_BINDING_PCR_FILE;
	return nitro_measured_file(proof->file.content, &proof->import, trail);
}

static bool
set_text(struct nitro_entry_provenance *entry, enum nitro_provenance_text which,
    const char *text)
{
	if (text == NULL || text[0] == '\0')
		return true;
	entry->text[which] = nitro_text_copy(nitro_bytes_of_text(text));
	return entry->text[which] != NULL;
}

static bool
set_sha256(struct nitro_entry_provenance *entry,
    enum nitro_provenance_text which, struct nitro_bytes sha256)
{
	char hex[NITRO_KEPT_HEX_SIZE];

	if (nitro_bytes_is_zero(sha256))
		return true;
	nitro_hex_encode(sha256, hex, sizeof hex);
	return set_text(entry, which, hex);
}

bool
nitro_proof_texts(const struct nitro_provenance *provenance,
    struct nitro_entry_provenance *entry)
{
	const struct nitro_claimant *claimant = &provenance->claimant;
	char index[24] = "", moment[NITRO_TIME_TEXT_LEN + 1] = "";

	if (provenance->log_index >= 0)
		(void)snprintf(
		    index, sizeof index, "%" PRId64, provenance->log_index);
	if (provenance->time_ms > 0)
		nitro_time_format(provenance->time_ms, moment);
	return set_text(entry, NITRO_PROVENANCE_IDENTITY, claimant->identity) &&
	       set_text(entry, NITRO_PROVENANCE_ISSUER, claimant->issuer) &&
	       set_text(entry, NITRO_PROVENANCE_REPOSITORY,
		   claimant->source_repository) &&
	       set_text(entry, NITRO_PROVENANCE_REPOSITORY_ID,
		   claimant->repository_id) &&
	       set_text(
		   entry, NITRO_PROVENANCE_DIGEST, claimant->source_digest) &&
	       set_text(entry, NITRO_PROVENANCE_PREDICATE,
		   provenance->predicate_type) &&
	       set_text(entry, NITRO_PROVENANCE_RUN, claimant->run) &&
	       set_text(entry, NITRO_PROVENANCE_LOG, provenance->log_name) &&
	       set_text(entry, NITRO_PROVENANCE_LOG_INDEX, index) &&
	       set_text(entry, NITRO_PROVENANCE_TIME, moment) &&
	       set_text(entry, NITRO_PROVENANCE_KEY, provenance->key) &&
	       set_sha256(entry, NITRO_PROVENANCE_BUNDLE,
		   (struct nitro_bytes){
		       provenance->bundle_sha256, NITRO_SHA256_LEN}) &&
	       set_sha256(entry, NITRO_PROVENANCE_ROOT,
		   (struct nitro_bytes){
		       provenance->root_sha256, NITRO_SHA256_LEN});
}

/* The artifact as check will know it: by digests, where it is an image. */
static bool
accepts(struct nitro_proof *proof, enum nitro_hash other)
{
	NITRO_DROP(nitro_provenance_drop)
	struct nitro_provenance again = {.log_index = -1};
	struct nitro_artifact known = {.has_content = false};
	struct nitro_trail trail = {.count = 0};

	known.digests[NITRO_HASH_SHA256] =
	    proof->artifact.digests[NITRO_HASH_SHA256];
	known.digests[other] = proof->artifact.digests[other];
	return nitro_question_ask(
	    proof->question, &proof->files, &known, &again, &trail);
}

/* The digest that is needed besides SHA-256 to verify again without the image. */
static bool
set_other_digest(struct nitro_proof *proof)
{
	static const enum nitro_hash others[] = {
	    NITRO_HASH_SHA256, NITRO_HASH_SHA512, NITRO_HASH_SHA384};
	char text[NITRO_ARTIFACT_TEXT_SIZE];

	if (proof->binding != NITRO_BINDING_EIF)
		return true;
	for (size_t i = 0; i < NITRO_COUNT_OF(others); i++) {
		if (!accepts(proof, others[i]))
			continue;
		nitro_hash_text(&proof->artifact.digests[others[i]], text);
		return others[i] == NITRO_HASH_SHA256 ||
		       set_text(
			   &proof->entry, NITRO_PROVENANCE_OTHER_DIGEST, text);
	}
	return true;
}

static bool
set_artifact(struct nitro_proof *proof)
{
	struct nitro_hash_value file =
	    proof->artifact.digests[NITRO_HASH_SHA256];

	if (proof->oci_manifest != NULL &&
	    (!set_sha256(&proof->entry, NITRO_PROVENANCE_MANIFEST,
		 nitro_hash_bytes(&file)) ||
		nitro_hash_of(NITRO_HASH_SHA256, proof->file.content, &file) !=
		    NITRO_OK))
		return false;
	return set_sha256(&proof->entry, NITRO_PROVENANCE_ARTIFACT,
		   nitro_hash_bytes(&file)) &&
	       set_other_digest(proof);
}

static bool
set_key(struct nitro_proof *proof)
{
	char hex[NITRO_KEPT_HEX_SIZE];
	const char *name = proof->question->policy.namespace;

	if (proof->question->key == NULL)
		return true;
	if (name == NULL)
		name = NITRO_SSHSIG_NAMESPACE;
	return nitro_kept_name(nitro_bytes_of_buf(&proof->files.key), hex) ==
		   NITRO_OK &&
	       set_text(&proof->entry, NITRO_PROVENANCE_KEY_FILE, hex) &&
	       (proof->provenance.form != NITRO_PROVENANCE_SSHSIG ||
		   set_text(&proof->entry, NITRO_PROVENANCE_NAMESPACE, name));
}

/* "git+URL@commit" and who built it, where the entry has no such words yet. */
static bool
set_words(struct nitro_proof *proof)
{
	char *const *text = proof->entry.text;
	struct nitro_buf *source = &proof->source;

	if (text[NITRO_PROVENANCE_REPOSITORY] != NULL &&
	    (nitro_buf_append_text(source, "git+") != NITRO_OK ||
		nitro_buf_append_text(
		    source, text[NITRO_PROVENANCE_REPOSITORY]) != NITRO_OK ||
		nitro_buf_append_text(source, "@") != NITRO_OK ||
		nitro_buf_append_text(
		    source, text[NITRO_PROVENANCE_DIGEST] != NULL
				? text[NITRO_PROVENANCE_DIGEST]
				: "") != NITRO_OK ||
		nitro_buf_append_byte(source, '\0') != NITRO_OK))
		return false;
	if (text[NITRO_PROVENANCE_IDENTITY] == NULL)
		return true;
	return nitro_buf_append_text(&proof->builder,
		   text[NITRO_PROVENANCE_IDENTITY]) == NITRO_OK &&
	       nitro_buf_append_byte(&proof->builder, '\0') == NITRO_OK;
}

static nitro_err
refused_or(const struct nitro_trail *trail, struct nitro_fault *fault)
{
	const nitro_err err = trail->refused_at != NULL ? NITRO_E_PROVENANCE
							: trail->err;

	if (err == NITRO_E_PROVENANCE)
		return nitro_fault_set(fault, err, NULL, 0,
		    "%s: expected %.90s, actual %.90s", trail->refused_at,
		    trail->expected, trail->actual);
	return nitro_fault_set(fault, err != NITRO_OK ? err : NITRO_E_INTERNAL,
	    NULL, 0, "%s", nitro_err_sentence(err));
}

nitro_err
nitro_proof_make(struct nitro_proof *proof, struct nitro_fault *fault)
{
	nitro_err err;

	if ((err = nitro_question_load(
		 proof->question, &proof->files, fault)) != NITRO_OK ||
	    (err = load_artifact(proof, fault)) != NITRO_OK)
		return err;
	if (!nitro_question_ask(proof->question, &proof->files,
		&proof->artifact, &proof->provenance, &proof->trail) ||
	    !measure(proof))
		return refused_or(&proof->trail, fault);
	if (!set_text(&proof->entry, NITRO_PROVENANCE_BINDING,
		nitro_binding_name(proof->binding)) ||
	    !set_artifact(proof) ||
	    !nitro_proof_texts(&proof->provenance, &proof->entry) ||
	    !set_key(proof) || !set_words(proof))
		return nitro_fault_set(fault, NITRO_E_MEMORY, NULL, 0, "%s",
		    nitro_err_sentence(NITRO_E_MEMORY));
	return NITRO_OK;
}

nitro_err
nitro_proof_keep(const struct nitro_proof *proof, const char *folder,
    struct nitro_fault *fault)
{
	const bool is_small = proof->path != NULL &&
			      !is_image(proof->file.content);
	const struct {
		const char *suffix;
		struct nitro_bytes bytes;
	} kept[] = {
	    {"bundle", nitro_bytes_of_buf(&proof->files.bundle)},
	    {"root", nitro_bytes_of_buf(&proof->files.trusted_root)},
	    {"key", nitro_bytes_of_buf(&proof->files.key)},
	    {"manifest", nitro_bytes_of_buf(&proof->manifest)},
	    {"artifact",
		is_small ? proof->file.content : (struct nitro_bytes){0}},
	};
	nitro_err err;

	for (size_t i = 0; i < NITRO_COUNT_OF(kept); i++) {
		if (kept[i].bytes.len == 0)
			continue;
		err = nitro_kept_write(
		    folder, kept[i].suffix, kept[i].bytes, fault);
		if (err != NITRO_OK)
			return err;
	}
	return NITRO_OK;
}
