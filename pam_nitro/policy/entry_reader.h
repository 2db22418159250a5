/* One group of "measurements" or "revoked", read and checked. Private to policy/. */
#ifndef NITRO_POLICY_ENTRY_READER_H
#define NITRO_POLICY_ENTRY_READER_H

#include "policy/measurements.h"
#include "policy/pin_reader.h"

/*
 * Fill *entry ({0} before) from a group of "measurements", or of "revoked".
 * On error *entry still must be dropped. Pins are sorted by PCR and value.
 */
NITRO_MUST_CHECK nitro_err nitro_entry_read(struct nitro_entry_reader *reader,
    const config_setting_t *at, struct nitro_entry *entry);
NITRO_MUST_CHECK nitro_err nitro_entry_read_revoked(
    struct nitro_entry_reader *reader, const config_setting_t *at,
    struct nitro_entry *entry);

void nitro_entry_drop(struct nitro_entry *entry);

/* An order in which entries of one workload, version, kind and pins are equal. */
int nitro_entry_compare(
    const struct nitro_entry *a, const struct nitro_entry *b);

#endif
