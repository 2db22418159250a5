/* A verdict over provenance, told to people and to programs. */
#ifndef NITRO_ADMIN_PROVENANCE_REPORT_H
#define NITRO_ADMIN_PROVENANCE_REPORT_H

#include "admin/json_text.h"
#include "admin/provenance/provenance.h"

/* Each step on a line, and expected and actual where one was refused. */
void nitro_trail_print(const struct nitro_trail *trail);

/*
 * "verified", "steps", "refused" (null, or step, expected, actual). Where it
 * was verified also what nitro_provenance_set_json() has.
 */
void nitro_trail_set_json(
    struct nitro_json *json, const struct nitro_trail *trail);

/* "form", "identity", "issuer", "source_repository", ... null where unknown. */
void nitro_provenance_set_json(
    struct nitro_json *json, const struct nitro_provenance *provenance);

#endif
