#include "policy/entry_reader.h"

#include <string.h>

#include "base/time_text.h"
#include "policy/entry_provenance_reader.h"
#include "policy/pin_reader.h"

#define COUNT_AND(array) (array), NITRO_COUNT_OF(array)

#define PCR_KEYS \
	"pcr0", "pcr1", "pcr2", "pcr3", "pcr4", "pcr5", "pcr6", "pcr7", \
	    "pcr8", "pcr9", "pcr10", "pcr11", "pcr12", "pcr13", "pcr14", \
	    "pcr15", "pcr16", "pcr17", "pcr18", "pcr19", "pcr20", "pcr21", \
	    "pcr22", "pcr23", "pcr24", "pcr25", "pcr26", "pcr27", "pcr28", \
	    "pcr29", "pcr30", "pcr31"

static const char *const entry_keys[] = {"workload", "version", "kind",
    "iam_role", "instance_id", "signing_certificate", "not_before", "not_after",
    "source", "builder", "note", "provenance", PCR_KEYS};
static const char *const revoked_keys[] = {"workload", "version", "kind",
    "iam_role", "instance_id", "signing_certificate", "reason", PCR_KEYS};

void
nitro_entry_drop(struct nitro_entry *entry)
{
	char *const texts[] = {entry->workload, entry->version, entry->iam_role,
	    entry->instance_id, entry->signing_certificate, entry->source,
	    entry->builder, entry->note, entry->reason, entry->file};

	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++)
		nitro_free(texts[i]);
	nitro_free(entry->pins);
	nitro_entry_provenance_drop(&entry->provenance);
	*entry = (struct nitro_entry){0};
}

static int
compare_texts(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

int
nitro_entry_compare(const struct nitro_entry *a, const struct nitro_entry *b)
{
	int order;

	if ((order = compare_texts(a->workload, b->workload)) != 0 ||
	    (order = compare_texts(a->version, b->version)) != 0)
		return order;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->pin_count != b->pin_count)
		return a->pin_count < b->pin_count ? -1 : 1;
	for (size_t i = 0; i < a->pin_count; i++)
		if ((order = nitro_pin_compare(&a->pins[i], &b->pins[i])) != 0)
			return order;
	return 0;
}

static nitro_err
read_names(const struct nitro_config *config, const config_setting_t *at,
    struct nitro_entry *entry)
{
	static const char *const kinds[] = {"enclave", "nitrotpm", NULL};
	unsigned kind = 2;
	nitro_err err;

	if ((err = nitro_config_name(
		 config, at, "workload", &entry->workload)) != NITRO_OK ||
	    (err = nitro_config_name(config, at, "version", &entry->version)) !=
		NITRO_OK ||
	    (err = nitro_config_choice(config, at, "kind", kinds, &kind)) !=
		NITRO_OK)
		return err;
	if (kind == 0)
		entry->kind = NITRO_KIND_ENCLAVE;
	else if (kind == 1)
		entry->kind = NITRO_KIND_NITROTPM;
	entry->not_before_ms = INT64_MIN;
	entry->not_after_ms = INT64_MAX;
	entry->line = config_setting_source_line(at);
	entry->file = nitro_text_copy(nitro_bytes_of_text(config->source.path));
	return entry->file != NULL ? NITRO_OK
				   : nitro_config_no_memory(config, at);
}

static nitro_err
read_time(const struct nitro_config *config, const config_setting_t *at,
    const char *key, int64_t *time_ms)
{
	struct nitro_config_value value;
	nitro_err err;

	err = nitro_config_string(config, at, key, &value);
	if (value.text == NULL)
		return err;
	if (!nitro_time_parse(nitro_bytes_of_text(value.text), time_ms))
		return nitro_config_refuse(config, value.at,
		    "%s must be a time in UTC like \"2026-11-01T00:00:00Z\"",
		    key);
	return NITRO_OK;
}

static nitro_err
read_times(const struct nitro_config *config, const config_setting_t *at,
    struct nitro_entry *entry)
{
	nitro_err err;

	if ((err = read_time(config, at, "not_before",
		 &entry->not_before_ms)) != NITRO_OK ||
	    (err = read_time(config, at, "not_after", &entry->not_after_ms)) !=
		NITRO_OK)
		return err;
	if (entry->not_before_ms >= entry->not_after_ms)
		return nitro_config_refuse(
		    config, at, "not_before must lie before not_after");
	return NITRO_OK;
}

/*
 * What may stand in an entry of that kind. AWS's hardware fills PCR3, PCR4
 * and PCR8 of an enclave; a NitroTPM has the boot measurements of UEFI there.
 */
static nitro_err
check_kind(const struct nitro_config *config, const config_setting_t *at,
    const struct nitro_entry *entry, bool is_revoked)
{
	const char *key = NULL;

	if (entry->kind != NITRO_KIND_NITROTPM)
		return NITRO_OK;
	if (entry->iam_role != NULL)
		key = "iam_role";
	else if (entry->signing_certificate != NULL)
		key = "signing_certificate";
	else if (entry->instance_id != NULL && !is_revoked)
		key = "instance_id";
	if (key == NULL)
		return NITRO_OK;
	return nitro_config_refuse(config, at,
	    "%s goes with kind = \"enclave\" only: a NitroTPM measures "
	    "something else",
	    key);
}

#define BIT(pcr) (UINT32_C(1) << (pcr))

/* Everything weaker holds for images of strangers, too. */
static nitro_err
check_sufficient(const struct nitro_config *config, const config_setting_t *at,
    const struct nitro_entry *entry)
{
	uint32_t mask = entry->pinned_mask;

	if (entry->kind == NITRO_KIND_ENCLAVE &&
	    (mask & (BIT(0) | BIT(8))) == 0)
		return nitro_config_refuse(config, at,
		    "an enclave entry must pin pcr0, or pcr8 by "
		    "signing_certificate: nothing else says which code it is");
	if (entry->kind == NITRO_KIND_NITROTPM &&
	    (mask & (BIT(4) | BIT(7))) == 0)
		return nitro_config_refuse(config, at,
		    "a nitrotpm entry must pin pcr4 or pcr7: nothing else "
		    "says which image it is");
	return NITRO_OK;
}

nitro_err
nitro_entry_read(struct nitro_entry_reader *reader, const config_setting_t *at,
    struct nitro_entry *entry)
{
	const struct nitro_config *config = reader->config;
	nitro_err err;

	err = nitro_config_check_group(config, at, COUNT_AND(entry_keys));
	if (err != NITRO_OK)
		return err;
	if ((err = read_names(config, at, entry)) != NITRO_OK ||
	    (err = read_times(config, at, entry)) != NITRO_OK ||
	    (err = nitro_config_text(config, at, "source", &entry->source)) !=
		NITRO_OK ||
	    (err = nitro_config_text(config, at, "builder", &entry->builder)) !=
		NITRO_OK ||
	    (err = nitro_config_text(config, at, "note", &entry->note)) !=
		NITRO_OK ||
	    (err = nitro_entry_provenance_read(
		 config, at, &entry->provenance)) != NITRO_OK)
		return err;
	if (entry->workload == NULL)
		return nitro_config_refuse(config, at,
		    "an entry must have a workload: the name that users in "
		    "pam_nitro.conf(5) has");
	if (entry->kind == NITRO_KIND_NONE)
		return nitro_config_refuse(config, at,
		    "an entry must have kind = \"enclave\" or \"nitrotpm\"");
	if ((err = nitro_pins_read(reader, at, entry)) != NITRO_OK ||
	    (err = check_kind(config, at, entry, false)) != NITRO_OK)
		return err;
	return check_sufficient(config, at, entry);
}

nitro_err
nitro_entry_read_revoked(struct nitro_entry_reader *reader,
    const config_setting_t *at, struct nitro_entry *entry)
{
	const struct nitro_config *config = reader->config;
	nitro_err err;

	err = nitro_config_check_group(config, at, COUNT_AND(revoked_keys));
	if (err != NITRO_OK)
		return err;
	if ((err = read_names(config, at, entry)) != NITRO_OK ||
	    (err = nitro_config_text(config, at, "reason", &entry->reason)) !=
		NITRO_OK ||
	    (err = nitro_pins_read(reader, at, entry)) != NITRO_OK)
		return err;
	if (entry->pin_count == 0)
		return nitro_config_refuse(config, at,
		    "a revoked item must name what is revoked: pcr0 to pcr31, "
		    "instance_id, iam_role or signing_certificate");
	return check_kind(config, at, entry, true);
}
