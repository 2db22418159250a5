/*
 * What an entry says of its origin, "provenance" of pam_nitro_measurements(5),
 * and what the settings demand of it. Texts alone: who wrote them has verified
 * them (pam-nitro import), and pam-nitro check does so again.
 */
#ifndef NITRO_POLICY_ENTRY_PROVENANCE_H
#define NITRO_POLICY_ENTRY_PROVENANCE_H

#include "base/bytes.h"

/* Where the files are kept that an entry's provenance was verified with. */
#define NITRO_PROVENANCE_PATH "/etc/pam_nitro/provenance"
#define NITRO_PROVENANCE_FOLDER "provenance" /* beside the settings */

/* X(enumerator, key) in the order in which they are written. */
#define NITRO_PROVENANCE_LIST(X) \
	X(NITRO_PROVENANCE_BINDING, "binding") \
	X(NITRO_PROVENANCE_ARTIFACT, "artifact_sha256") \
	X(NITRO_PROVENANCE_OTHER_DIGEST, "artifact_digest") \
	X(NITRO_PROVENANCE_MANIFEST, "oci_manifest_sha256") \
	X(NITRO_PROVENANCE_BUNDLE, "bundle_sha256") \
	X(NITRO_PROVENANCE_IDENTITY, "identity") \
	X(NITRO_PROVENANCE_ISSUER, "issuer") \
	X(NITRO_PROVENANCE_REPOSITORY, "source_repository") \
	X(NITRO_PROVENANCE_REPOSITORY_ID, "source_repository_id") \
	X(NITRO_PROVENANCE_DIGEST, "source_digest") \
	X(NITRO_PROVENANCE_PREDICATE, "predicate_type") \
	X(NITRO_PROVENANCE_RUN, "run") \
	X(NITRO_PROVENANCE_LOG, "log") \
	X(NITRO_PROVENANCE_LOG_INDEX, "log_index") \
	X(NITRO_PROVENANCE_TIME, "time") \
	X(NITRO_PROVENANCE_ROOT, "trusted_root_sha256") \
	X(NITRO_PROVENANCE_KEY, "key") \
	X(NITRO_PROVENANCE_KEY_FILE, "key_file_sha256") \
	X(NITRO_PROVENANCE_NAMESPACE, "namespace")

#define NITRO_PROVENANCE_NAME(name, key) name,
enum nitro_provenance_text {
	NITRO_PROVENANCE_LIST(NITRO_PROVENANCE_NAME) NITRO_PROVENANCE_TEXTS
};
#undef NITRO_PROVENANCE_NAME

/* NULL where the entry does not say; binding is NULL where it has no provenance. */
struct nitro_entry_provenance {
	char *text[NITRO_PROVENANCE_TEXTS];
};

/* One element of "require_provenance": identity and the rest, or key. */
struct nitro_provenance_rule {
	char *workload;
	char *identity, *issuer, *source_repository;
	char *key; /* "sha256:" and hex, as the entry has it */
	unsigned line;
};

/* "binding", "artifact_sha256", ... */
const char *nitro_provenance_key(enum nitro_provenance_text which);

void nitro_entry_provenance_drop(struct nitro_entry_provenance *provenance);

bool nitro_entry_provenance_is_there(
    const struct nitro_entry_provenance *provenance);

/* Every text of it the same. */
bool nitro_entry_provenance_is_equal(const struct nitro_entry_provenance *a,
    const struct nitro_entry_provenance *b);

void nitro_provenance_rule_drop(struct nitro_provenance_rule *rule);

/* The entry has what the rule demands, by exact comparison. */
bool nitro_provenance_rule_holds(const struct nitro_provenance_rule *rule,
    const struct nitro_entry_provenance *provenance);

#endif
