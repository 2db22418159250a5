/* From an artifact whose provenance was verified to its PCRs: the binding. */
#ifndef NITRO_ADMIN_PROVENANCE_MEASURED_H
#define NITRO_ADMIN_PROVENANCE_MEASURED_H

#include "admin/image/import.h"
#include "admin/provenance/provenance.h"
#include "admin/provenance/sealed_file.h"

enum nitro_binding {
	NITRO_BINDING_EIF,       /* recomputed here from the image */
	NITRO_BINDING_PREDICATE, /* what the statement says of the image */
	NITRO_BINDING_PCR_FILE,  /* what the signed file says */
	NITRO_BINDING_OCI_EIF,   /* an image that a signed manifest names */
	NITRO_BINDING_OCI_PCR_FILE
};

/* "eif", "predicate", ... as pam_nitro_measurements(5) has it. */
const char *nitro_binding_name(enum nitro_binding binding);

/* What the binding is worth, in a sentence. */
const char *nitro_binding_sentence(enum nitro_binding binding);

/* True where the values were not computed here. */
bool nitro_binding_is_claim(enum nitro_binding binding);

/*
 * All below: import is {0} before; step "binding".
 *
 * The PCRs of an image, recomputed; where statement (or NULL) has
 * Measurements, they must be the same. The file is left at another place.
 */
NITRO_MUST_CHECK bool nitro_measured_image(const struct nitro_sealed_file *file,
    const json_t *statement, struct nitro_import *import,
    struct nitro_trail *trail);

/* Those of the statement's predicate. */
NITRO_MUST_CHECK bool nitro_measured_predicate(const json_t *statement,
    struct nitro_import *import, struct nitro_trail *trail);

/* Those of a file of PCRs: one strict JSON object and nothing around it. */
NITRO_MUST_CHECK bool nitro_measured_file(struct nitro_bytes text,
    struct nitro_import *import, struct nitro_trail *trail);

/*
 * The manifest names exactly one layer of that digest, and no annotation says
 * that it is a debug build.
 */
NITRO_MUST_CHECK bool nitro_manifest_names(struct nitro_bytes manifest,
    struct nitro_bytes content, struct nitro_trail *trail);

#endif
