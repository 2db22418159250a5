/* The pins of one entry, given or computed. Private to policy/. */
#ifndef NITRO_POLICY_PIN_READER_H
#define NITRO_POLICY_PIN_READER_H

#include "policy/config_reader.h"
#include "policy/measurements.h"

/* Release it with nitro_entry_reader_drop(); it borrows all but the memory. */
struct nitro_entry_reader {
	const struct nitro_config *config;
	nitro_certificate_source *source;
	void *context;
	/* The certificate read last: entries mostly share one. */
	char *certificate;
	uint8_t certificate_digest[NITRO_SHA384_LEN];
};

void nitro_entry_reader_drop(struct nitro_entry_reader *reader);

/*
 * Fill the pins of *entry from the keys pcr0 to pcr31, iam_role, instance_id
 * and signing_certificate of a group. They are sorted by PCR and value, and
 * no two are equal. Of all-zero values only PCR12 of a NitroTPM entry is
 * taken, see pam_nitro_measurements(5). On error *entry still must be dropped.
 */
NITRO_MUST_CHECK nitro_err nitro_pins_read(struct nitro_entry_reader *reader,
    const config_setting_t *at, struct nitro_entry *entry);

/* By PCR, then by value; the order of qsort(3). */
int nitro_pin_compare(const struct nitro_pin *a, const struct nitro_pin *b);

#endif
