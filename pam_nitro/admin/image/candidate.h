/*
 * A measurement on its way into the measurements file: its values, and where
 * they come from.
 */
#ifndef NITRO_ADMIN_CANDIDATE_H
#define NITRO_ADMIN_CANDIDATE_H

#include "admin/image/eif.h"
#include "admin/json_text.h"
#include "evidence/document.h"
#include "policy/entry_provenance.h"

/* How much a value is worth depends on who computed it from what. */
enum nitro_origin {
	NITRO_ORIGIN_IMAGE,   /* computed here, from an image file */
	NITRO_ORIGIN_BUILD,   /* what a build tool said of its output */
	NITRO_ORIGIN_HOST,    /* what a running host says: circular */
	NITRO_ORIGIN_DOCUMENT /* what an attestation document says: circular */
};

struct nitro_candidate {
	enum nitro_origin origin;
	enum nitro_kind kind;
	uint32_t pcr_mask; /* bit i is set where PCR i has a value */
	uint8_t pcr[NITRO_PCR_COUNT_MAX][NITRO_PCR_LEN];
	/* Borrowed; NULL where the administrator gave none. */
	const char *workload, *version, *source, *builder, *note;
	/* NULL where its origin was not verified. */
	const struct nitro_entry_provenance *provenance;
};

/* Set one value, 48 bytes. */
void nitro_candidate_set_pcr(struct nitro_candidate *candidate, unsigned i,
    const uint8_t value[NITRO_PCR_LEN]);

/* The PCRs that an image determines: 0, 1, 2, and 8 where its signature verifies. */
void nitro_candidate_of_eif(
    const struct nitro_eif *eif, struct nitro_candidate *candidate);

/* One sentence on what such a value is worth. */
const char *nitro_origin_sentence(enum nitro_origin origin);

/*
 * Append the candidate as an element of "measurements" in
 * pam_nitro_measurements(5), indented by two blanks, with a line end. A
 * missing workload is written as "WORKLOAD", for the administrator to fill in.
 * NITRO_E_SETTINGS where a name or text could not stand in the file;
 * NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_candidate_entry(
    const struct nitro_candidate *candidate, struct nitro_buf *text);

/* "pcr0": hex and so on; the four of an enclave image are null where absent. */
void nitro_candidate_set_json(
    struct nitro_json *json, const struct nitro_candidate *candidate);

#endif
