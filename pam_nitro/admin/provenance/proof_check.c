#include <string.h>

#include "admin/provenance/proof.h"
#include "base/hex.h"

/* What one entry's check holds on to. */
struct again {
	const struct nitro_entry *entry;
	char *const *text;
	const char *folder;
	struct nitro_question_files files;
	struct nitro_buf manifest, artifact;
	struct nitro_provenance provenance;
	struct nitro_trail trail;
};

static void
drop(struct again *again)
{
	nitro_question_files_drop(&again->files);
	nitro_buf_drop(&again->manifest);
	nitro_buf_drop(&again->artifact);
	nitro_provenance_drop(&again->provenance);
}

static bool
is_binding(const struct again *again, enum nitro_binding binding)
{
	return strcmp(again->text[NITRO_PROVENANCE_BINDING],
		   nitro_binding_name(binding)) == 0;
}

static bool
has_kept_artifact(const struct again *again)
{
	return is_binding(again, NITRO_BINDING_PCR_FILE) ||
	       is_binding(again, NITRO_BINDING_OCI_PCR_FILE);
}

static nitro_err
load(struct again *again, struct nitro_fault *fault)
{
	const struct {
		const char *suffix, *hex;
		struct nitro_buf *out;
	} kept[] = {
	    {"bundle", again->text[NITRO_PROVENANCE_BUNDLE],
		&again->files.bundle},
	    {"root", again->text[NITRO_PROVENANCE_ROOT],
		&again->files.trusted_root},
	    {"key", again->text[NITRO_PROVENANCE_KEY_FILE], &again->files.key},
	    {"manifest", again->text[NITRO_PROVENANCE_MANIFEST],
		&again->manifest},
	    {"artifact",
		has_kept_artifact(again)
		    ? again->text[NITRO_PROVENANCE_ARTIFACT]
		    : NULL,
		&again->artifact},
	};
	nitro_err err;

	for (size_t i = 0; i < NITRO_COUNT_OF(kept); i++) {
		if (kept[i].hex == NULL)
			continue;
		err = nitro_kept_read(again->folder, kept[i].suffix,
		    kept[i].hex, kept[i].out, fault);
		if (err != NITRO_OK)
			return err;
	}
	return NITRO_OK;
}

static bool
find_artifact(const struct again *again, struct nitro_artifact *artifact)
{
	const char *other = again->text[NITRO_PROVENANCE_OTHER_DIGEST];
	struct nitro_hash_value sha256 = {.hash = NITRO_HASH_SHA256};

	if (again->text[NITRO_PROVENANCE_MANIFEST] != NULL)
		return nitro_artifact_of_bytes(
			   nitro_bytes_of_buf(&again->manifest), artifact) ==
		       NITRO_OK;
	if (has_kept_artifact(again))
		return nitro_artifact_of_bytes(
			   nitro_bytes_of_buf(&again->artifact), artifact) ==
		       NITRO_OK;
	*artifact = (struct nitro_artifact){.has_content = false};
	if (other != NULL && !nitro_artifact_of_digest(other, artifact))
		return false;
	if (!nitro_hex_decode(
		nitro_bytes_of_text(again->text[NITRO_PROVENANCE_ARTIFACT]),
		sha256.bytes, NITRO_SHA256_LEN))
		return false;
	artifact->digests[NITRO_HASH_SHA256] = sha256;
	return true;
}

/* minisign, and Ed25519 without DSSE or SSHSIG, sign no digest that is known here. */
static bool
needs_image(struct again *again)
{
	struct nitro_trail unheard = {.count = 0};
	NITRO_DROP(nitro_pinned_key_drop) struct nitro_pinned_key key = {0};

	if (!is_binding(again, NITRO_BINDING_EIF) ||
	    again->files.key.len == 0 ||
	    !nitro_pinned_key_parse(
		nitro_bytes_of_buf(&again->files.key), &key, &unheard))
		return false;
	if (key.form == NITRO_PINNED_MINISIGN)
		return true;
	return key.form == NITRO_PINNED_PEM && nitro_key_is_ed25519(key.key) &&
	       again->text[NITRO_PROVENANCE_PREDICATE] == NULL;
}

/* --allow-no-log was said at the import, where the entry names no log. */
static bool
ask(struct again *again, int64_t now_ms)
{
	struct nitro_provenance_policy policy = {
	    .identity = again->text[NITRO_PROVENANCE_IDENTITY],
	    .issuer = again->text[NITRO_PROVENANCE_ISSUER],
	    .source_repository = again->text[NITRO_PROVENANCE_REPOSITORY],
	    .repository_id = again->text[NITRO_PROVENANCE_REPOSITORY_ID],
	    .source_digest = again->text[NITRO_PROVENANCE_DIGEST],
	    .predicate_type = again->text[NITRO_PROVENANCE_PREDICATE],
	    .namespace = again->text[NITRO_PROVENANCE_NAMESPACE],
	    .allows_no_log = again->text[NITRO_PROVENANCE_LOG] == NULL};
	struct nitro_artifact artifact;
	const struct nitro_provenance_request request = {
	    .bundle = nitro_bytes_of_buf(&again->files.bundle),
	    .trusted_root = nitro_bytes_of_buf(&again->files.trusted_root),
	    .artifact = &artifact,
	    .policy = &policy,
	    .now_ms = now_ms};

	if (policy.namespace == NULL)
		policy.namespace = NITRO_SSHSIG_NAMESPACE;
	if (!find_artifact(again, &artifact))
		return nitro_trail_refuse(&again->trail, "artifact",
		    "digests of the artifact", "something else");
	if (again->files.key.len > 0) {
		if (!nitro_pinned_key_parse(
			nitro_bytes_of_buf(&again->files.key),
			&again->files.pinned, &again->trail))
			return false;
		policy.key = &again->files.pinned;
	}
	return nitro_provenance_verify(
	    &request, &again->provenance, &again->trail);
}

/* What the entry tells of the verdict is what the verdict is now. */
static bool
check_texts(struct again *again)
{
	NITRO_DROP(nitro_entry_provenance_drop)
	struct nitro_entry_provenance now = {.text = {NULL}};
	static const enum nitro_provenance_text told[] = {NITRO_PROVENANCE_RUN,
	    NITRO_PROVENANCE_LOG, NITRO_PROVENANCE_LOG_INDEX,
	    NITRO_PROVENANCE_TIME, NITRO_PROVENANCE_KEY,
	    NITRO_PROVENANCE_REPOSITORY, NITRO_PROVENANCE_REPOSITORY_ID,
	    NITRO_PROVENANCE_DIGEST, NITRO_PROVENANCE_PREDICATE};

	if (!nitro_proof_texts(&again->provenance, &now))
		return nitro_trail_fail(&again->trail, NITRO_E_MEMORY);
	for (size_t i = 0; i < NITRO_COUNT_OF(told); i++) {
		const char *a = again->text[told[i]], *b = now.text[told[i]];

		if (a == NULL && b == NULL)
			continue;
		if (a == NULL || b == NULL || strcmp(a, b) != 0)
			return nitro_trail_refuse(&again->trail,
			    nitro_provenance_key(told[i]),
			    b != NULL ? b : "none", "%s",
			    a != NULL ? a : "none");
	}
	return true;
}

static bool
has_pin(const struct nitro_entry *entry, unsigned pcr,
    const uint8_t value[NITRO_PCR_LEN])
{
	for (size_t i = 0; i < entry->pin_count; i++)
		if (entry->pins[i].pcr == pcr &&
		    nitro_bytes_equal((struct nitro_bytes){entry->pins[i].value,
					  NITRO_PCR_LEN},
			(struct nitro_bytes){value, NITRO_PCR_LEN}))
			return true;
	return false;
}

/* Every value that the builder said is one that the entry pins, and no other beside it. */
static bool
check_pins(struct again *again, const struct nitro_candidate *said)
{
	const struct nitro_entry *entry = again->entry;

	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++)
		if ((said->pcr_mask >> i & 1) != 0 &&
		    !has_pin(entry, i, said->pcr[i]))
			return nitro_trail_refuse(&again->trail, "binding",
			    "the PCRs that were verified",
			    "another PCR%u in the entry", i);
	for (size_t i = 0; i < entry->pin_count; i++)
		if ((said->pcr_mask >> entry->pins[i].pcr & 1) != 0 &&
		    !nitro_bytes_equal(
			(struct nitro_bytes){
			    entry->pins[i].value, NITRO_PCR_LEN},
			(struct nitro_bytes){
			    said->pcr[entry->pins[i].pcr], NITRO_PCR_LEN}))
			return nitro_trail_refuse(&again->trail, "binding",
			    "the PCRs that were verified",
			    "a second PCR%u in the entry", entry->pins[i].pcr);
	return true;
}

static bool
check_binding(struct again *again)
{
	struct nitro_import import = {.form = NULL};
	const struct nitro_bytes file = nitro_bytes_of_buf(&again->artifact);
	struct nitro_trail *trail = &again->trail;

	if (is_binding(again, NITRO_BINDING_OCI_PCR_FILE) &&
	    !nitro_manifest_names(
		nitro_bytes_of_buf(&again->manifest), file, trail))
		return false;
	if (has_kept_artifact(again))
		return nitro_measured_file(file, &import, trail) &&
		       check_pins(again, &import.candidate);
	if (is_binding(again, NITRO_BINDING_PREDICATE))
		return nitro_measured_predicate(
			   again->provenance.statement, &import, trail) &&
		       check_pins(again, &import.candidate);
	return true;
}

nitro_err
nitro_proof_check_entry(const struct nitro_entry *entry, const char *folder,
    int64_t now_ms, bool *is_left_out, struct nitro_fault *fault)
{
	NITRO_DROP(drop)
	struct again again = {.entry = entry,
	    .text = entry->provenance.text,
	    .folder = folder,
	    .provenance = {.log_index = -1}};
	const struct nitro_trail *trail = &again.trail;
	nitro_err err;

	if ((err = load(&again, fault)) != NITRO_OK)
		return err;
	*is_left_out = needs_image(&again);
	if (*is_left_out)
		return NITRO_OK;
	if (ask(&again, now_ms) && check_texts(&again) && check_binding(&again))
		return NITRO_OK;
	if (trail->refused_at == NULL)
		return nitro_fault_set(fault,
		    trail->err != NITRO_OK ? trail->err : NITRO_E_INTERNAL,
		    NULL, 0, "%s", nitro_err_sentence(trail->err));
	return nitro_fault_set(fault, NITRO_E_PROVENANCE, NULL, 0,
	    "%s: expected %.90s, actual %.90s", trail->refused_at,
	    trail->expected, trail->actual);
}
