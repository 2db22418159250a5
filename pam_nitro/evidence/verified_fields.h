/* What struct nitro_verified is made of. For verifier.c and verified.c alone. */
#ifndef NITRO_EVIDENCE_VERIFIED_FIELDS_H
#define NITRO_EVIDENCE_VERIFIED_FIELDS_H

#include "evidence/verified.h"

/* A field that a document may have; none is len 0. */
struct nitro_verified_field {
	uint32_t len;
	uint8_t value[NITRO_OPTIONAL_FIELD_MAX];
};

/* Flat and of one size, so that it can be handed on whole. */
struct nitro_verified {
	enum nitro_kind kind;
	uint32_t pcr_mask;
	uint64_t timestamp_ms;
	uint32_t module_id_len;
	uint8_t module_id[NITRO_MODULE_ID_MAX];
	uint8_t pcr[NITRO_PCR_COUNT_MAX][NITRO_PCR_LEN];
	uint8_t digest[NITRO_SHA384_LEN];
	/* What bound it to its login. */
	struct nitro_verified_field nonce, user_data, public_key;
};

#endif
