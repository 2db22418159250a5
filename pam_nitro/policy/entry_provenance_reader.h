/* "provenance" of an entry, and "require_provenance" of the settings, read. Private to policy/. */
#ifndef NITRO_POLICY_ENTRY_PROVENANCE_READER_H
#define NITRO_POLICY_ENTRY_PROVENANCE_READER_H

#include "policy/config_reader.h"
#include "policy/entry_provenance.h"

/*
 * Read "provenance" of an entry, where it is there. Binding, digests of
 * artifact and bundle, and either identity, issuer and trusted root or a key
 * must be there; a digest is 64 hex digits in lower case.
 * On error *provenance still must be dropped.
 */
NITRO_MUST_CHECK nitro_err nitro_entry_provenance_read(
    const struct nitro_config *config, const config_setting_t *entry,
    struct nitro_entry_provenance *provenance);

/* Read one element. On error *rule still must be dropped. */
NITRO_MUST_CHECK nitro_err nitro_provenance_rule_read(
    const struct nitro_config *config, const config_setting_t *at,
    struct nitro_provenance_rule *rule);

#endif
