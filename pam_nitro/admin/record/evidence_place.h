/* Which evidence store: the one of the settings, or one that is named. */
#ifndef NITRO_ADMIN_EVIDENCE_PLACE_H
#define NITRO_ADMIN_EVIDENCE_PLACE_H

#include "policy/evidence_store.h"
#include "policy/settings.h"

struct nitro_place {
	const char *config; /* path of settings; NULL: NITRO_SETTINGS_PATH */
	const char *named;  /* --directory, or NULL */
	struct nitro_settings settings; /* {0} where named and not read */
	/* The store; its directory borrows from named or settings. */
	struct nitro_evidence_settings evidence;
};

/*
 * Fill place->evidence. A directory that is named needs no settings; its
 * bounds are the defaults.
 *
 * Released by nitro_place_drop(), after an error too.
 * NITRO_E_SETTINGS also where the settings have no store; fault says so.
 */
NITRO_MUST_CHECK nitro_err nitro_place_load(
    struct nitro_place *place, struct nitro_fault *fault);

void nitro_place_drop(struct nitro_place *place);

/* True for 8 hex digits, which are written to reference in lower case. */
NITRO_MUST_CHECK bool nitro_reference_parse(
    const char *text, char reference[NITRO_REFERENCE_LEN + 1]);

/*
 * Read the newest record of that reference.
 *
 * record  {0} before; filled where *count is not 0.
 * *count  how many there are: 0 is no error.
 */
NITRO_MUST_CHECK nitro_err nitro_place_find(const struct nitro_place *place,
    const char *reference, struct nitro_evidence_record *record, size_t *count,
    struct nitro_fault *fault);

#endif
