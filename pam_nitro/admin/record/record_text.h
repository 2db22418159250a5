/* A record of the evidence store, told to people and in JSON. */
#ifndef NITRO_ADMIN_RECORD_TEXT_H
#define NITRO_ADMIN_RECORD_TEXT_H

#include "admin/json_text.h"
#include "policy/evidence_record.h"

/* "label         value", hostile text escaped; nothing for an empty value. */
void nitro_record_print_field(const char *label, const char *value);

/* When, who, from where, with what result; what it was held against. */
void nitro_record_print(const struct nitro_evidence_record *record);

/* "2 s behind the document's clock", "412 ms after the document was made". */
void nitro_record_age_text(
    const struct nitro_evidence_record *record, char *out, size_t out_size);

/* Every key of the record but the document itself. */
void nitro_record_set_json(
    struct nitro_json *json, const struct nitro_evidence_record *record);

/* "billing/1.4.2"; "" for none. Names are plain text. */
void nitro_record_workload(
    const struct nitro_evidence_record *record, char *out, size_t out_size);

#endif
