/*
 * An import by provenance: the file, its verdict, its PCRs, and what the entry
 * will say of all that. And the same again later, from the entry and the
 * files that were kept.
 */
#ifndef NITRO_ADMIN_PROVENANCE_PROOF_H
#define NITRO_ADMIN_PROVENANCE_PROOF_H

#include "admin/provenance/kept.h"
#include "admin/provenance/measured.h"
#include "admin/provenance/question.h"
#include "policy/measurements.h"

struct nitro_proof {
	/* What is asked; set before. Either path or digest. */
	const struct nitro_question *question;
	const char *path;   /* an image, or a file of PCRs */
	const char *digest; /* "sha256:HEX" of an image that is not here */
	const char *oci_manifest; /* that names path; NULL for none */
	/* What came out. */
	struct nitro_trail trail;
	struct nitro_provenance provenance;
	enum nitro_binding binding;
	struct nitro_import import;
	struct nitro_entry_provenance entry;
	struct nitro_buf source, builder; /* texts with a NUL, for the entry */
	/* What is to be kept. */
	struct nitro_question_files files;
	struct nitro_buf manifest;
	struct nitro_sealed_file file;
	struct nitro_artifact artifact;
};

#define NITRO_PROOF_INIT \
	{ \
		.file = NITRO_SEALED_FILE_NONE \
	}

/*
 * NITRO_OK where all was verified; the trail tells. NITRO_E_PROVENANCE where
 * a step was refused. NITRO_E_FILE_*, NITRO_E_SETTINGS, NITRO_E_MEMORY,
 * NITRO_E_CRYPTO, NITRO_E_CLOCK with a fault.
 */
NITRO_MUST_CHECK nitro_err nitro_proof_make(
    struct nitro_proof *proof, struct nitro_fault *fault);

/* Keep what the verdict needs, in that folder. As nitro_kept_write(). */
NITRO_MUST_CHECK nitro_err nitro_proof_keep(const struct nitro_proof *proof,
    const char *folder, struct nitro_fault *fault);

void nitro_proof_drop(struct nitro_proof *proof);

/* What the verdict says, as texts of an entry; false without memory. */
NITRO_MUST_CHECK bool nitro_proof_texts(
    const struct nitro_provenance *provenance,
    struct nitro_entry_provenance *entry);

/*
 * Verify again what an entry says, with the files of the folder: the verdict,
 * every text of the entry, and its pins where a statement or a kept file has
 * them. A signature that is over the bytes of an image, and not over a digest
 * of them, is left out, and *is_left_out set: NITRO_OK then says nothing.
 *
 * NITRO_E_PROVENANCE where it no longer stands, with a fault that says at
 * which step; else as above.
 */
NITRO_MUST_CHECK nitro_err nitro_proof_check_entry(
    const struct nitro_entry *entry, const char *folder, int64_t now_ms,
    bool *is_left_out, struct nitro_fault *fault);

#endif
