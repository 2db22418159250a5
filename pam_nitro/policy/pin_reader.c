#include "policy/pin_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "policy/aws_name.h"

#define PCR_HEX_LEN (2 * (size_t)NITRO_PCR_LEN)

void
nitro_entry_reader_drop(struct nitro_entry_reader *reader)
{
	nitro_text_drop(&reader->certificate);
}

int
nitro_pin_compare(const struct nitro_pin *a, const struct nitro_pin *b)
{
	if (a->pcr != b->pcr)
		return a->pcr < b->pcr ? -1 : 1;
	for (size_t i = 0; i < NITRO_PCR_LEN; i++)
		if (a->value[i] != b->value[i])
			return a->value[i] < b->value[i] ? -1 : 1;
	return 0;
}

static int
compare_pins(const void *a, const void *b)
{
	return nitro_pin_compare(a, b);
}

/* The PCR that a key is the name of; the other keys have no such form. */
static bool
is_pcr_key(const char *key, unsigned *pcr)
{
	struct nitro_bytes left = nitro_bytes_of_text(key), prefix;

	return nitro_bytes_has_prefix(left, "pcr") &&
	       nitro_bytes_take(&left, 3, &prefix) &&
	       nitro_bytes_to_number(left, pcr) && *pcr < NITRO_PCR_COUNT_MAX;
}

static void
add_pin(struct nitro_entry *entry, const struct nitro_pin *pin)
{
	entry->pins[entry->pin_count++] = *pin;
	entry->pinned_mask |= UINT32_C(1) << pin->pcr;
}

/*
 * A PCR that is zero identifies nothing, but for PCR12 of a NitroTPM: there
 * zero says that nobody gave the kernel another command line, which PCR4 does
 * not show (GHSA-xrv8-2pf5-f3q7, NitroTPM-Tools 1.1.0).
 */
static bool
may_be_zero(const struct nitro_entry *entry, unsigned pcr)
{
	return entry->kind == NITRO_KIND_NITROTPM && pcr == 12;
}

static nitro_err
read_value(const struct nitro_config *config,
    const struct nitro_config_value *value, const struct nitro_entry *entry,
    struct nitro_pin *pin)
{
	struct nitro_bytes text = nitro_bytes_of_text(value->text);

	if (text.len != PCR_HEX_LEN)
		return nitro_config_refuse(config, value->at,
		    "pcr%u has %zu characters; it must be %zu hex digits "
		    "(SHA-384)",
		    pin->pcr, text.len, PCR_HEX_LEN);
	if (!nitro_hex_decode(text, pin->value, sizeof pin->value))
		return nitro_config_refuse(config, value->at,
		    "pcr%u has a character that is no hex digit", pin->pcr);
	if (!may_be_zero(entry, pin->pcr) &&
	    nitro_bytes_is_zero(
		(struct nitro_bytes){pin->value, sizeof pin->value}))
		return nitro_config_refuse(config, value->at,
		    "pcr%u is all zero, as in debug mode; it identifies "
		    "nothing",
		    pin->pcr);
	return NITRO_OK;
}

static nitro_err
read_pcr(const struct nitro_config *config, const config_setting_t *at,
    unsigned pcr, struct nitro_entry *entry)
{
	struct nitro_config_value value;
	struct nitro_pin pin = {.pcr = pcr};
	size_t count = 0;
	nitro_err err;

	if ((err = nitro_config_count(config, at, &count)) != NITRO_OK)
		return err;
	for (size_t i = 0; i < count; i++) {
		if ((err = nitro_config_value(config, at, i, &value)) !=
			NITRO_OK ||
		    (err = read_value(config, &value, entry, &pin)) != NITRO_OK)
			return err;
		add_pin(entry, &pin);
	}
	return NITRO_OK;
}

/* A key that stands for a PCR, whose value is computed from in. */
struct computed {
	const char *key;
	unsigned pcr;
	struct nitro_bytes in;
};

static nitro_err
add_computed(const struct nitro_config *config, const config_setting_t *at,
    const struct computed *computed, struct nitro_entry *entry)
{
	struct nitro_pin pin = {.pcr = computed->pcr};

	if ((entry->pinned_mask & UINT32_C(1) << pin.pcr) != 0)
		return nitro_config_refuse(config, at,
		    "%s is the value of pcr%u, which is given too; leave one "
		    "of them out",
		    computed->key, pin.pcr);
	if (nitro_pcr_of(computed->in, pin.value) != NITRO_OK)
		return nitro_fault_set(config->fault, NITRO_E_CRYPTO,
		    config->source.path, config_setting_source_line(at),
		    "pcr%u cannot be computed from %s", pin.pcr, computed->key);
	add_pin(entry, &pin);
	return NITRO_OK;
}

static nitro_err
read_role(const struct nitro_config *config, const config_setting_t *at,
    struct nitro_entry *entry)
{
	struct computed computed = {.key = "iam_role", .pcr = 3};
	nitro_err err;

	err = nitro_config_text(config, at, computed.key, &entry->iam_role);
	if (entry->iam_role == NULL)
		return err;
	if (!nitro_is_iam_role(entry->iam_role))
		return nitro_config_refuse(config, at,
		    "iam_role must be an ARN like "
		    "\"arn:aws:iam::123456789012:role/billing\"");
	computed.in = nitro_bytes_of_text(entry->iam_role);
	return add_computed(config, at, &computed, entry);
}

static nitro_err
read_instance(const struct nitro_config *config, const config_setting_t *at,
    struct nitro_entry *entry)
{
	struct computed computed = {.key = "instance_id", .pcr = 4};
	nitro_err err;

	err = nitro_config_text(config, at, computed.key, &entry->instance_id);
	if (entry->instance_id == NULL)
		return err;
	if (!nitro_is_instance_id(entry->instance_id))
		return nitro_config_refuse(config, at,
		    "instance_id must be like \"i-0123456789abcdef0\"");
	computed.in = nitro_bytes_of_text(entry->instance_id);
	return add_computed(config, at, &computed, entry);
}

static nitro_err
digest_certificate(struct nitro_entry_reader *reader, const char *path)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf der = {0};
	struct nitro_fault *fault = reader->config->fault;
	nitro_err err;

	if (reader->certificate != NULL &&
	    strcmp(reader->certificate, path) == 0)
		return NITRO_OK;
	nitro_text_drop(&reader->certificate);
	err = reader->source(path, &der, fault, reader->context);
	if (err != NITRO_OK)
		return err;
	err = nitro_sha384(
	    nitro_bytes_of_buf(&der), reader->certificate_digest);
	if (err != NITRO_OK)
		return nitro_fault_set(
		    fault, err, path, 0, "its digest cannot be computed");
	reader->certificate = nitro_text_copy(nitro_bytes_of_text(path));
	return reader->certificate != NULL
		   ? NITRO_OK
		   : nitro_config_no_memory(reader->config, NULL);
}

static nitro_err
read_certificate(struct nitro_entry_reader *reader, const config_setting_t *at,
    struct nitro_entry *entry)
{
	struct computed computed = {.key = "signing_certificate", .pcr = 8};
	nitro_err err;

	err = nitro_config_path(
	    reader->config, at, computed.key, &entry->signing_certificate);
	if (entry->signing_certificate == NULL)
		return err;
	err = digest_certificate(reader, entry->signing_certificate);
	if (err != NITRO_OK)
		return err;
	computed.in = (struct nitro_bytes){
	    reader->certificate_digest, sizeof reader->certificate_digest};
	return add_computed(reader->config, at, &computed, entry);
}

/* Room for all values of the group, and the three computed ones. */
static nitro_err
make_room(const struct nitro_config *config, const config_setting_t *at,
    struct nitro_entry *entry)
{
	const config_setting_t *member = NULL;
	size_t room = 3;
	nitro_err err = NITRO_E_INTERNAL;
	int n, length;

	n = config_setting_length(at);
	for (int i = 0; i < n; i++) {
		member = nitro_config_element(config, at, (size_t)i, &err);
		if (member == NULL)
			return err;
		length = config_setting_length(member);
		room += length > 1 ? (size_t)length : 1;
	}
	entry->pins = nitro_alloc(room, sizeof entry->pins[0]);
	return entry->pins != NULL ? NITRO_OK
				   : nitro_config_no_memory(config, at);
}

nitro_err
nitro_pins_read(struct nitro_entry_reader *reader, const config_setting_t *at,
    struct nitro_entry *entry)
{
	const struct nitro_config *config = reader->config;
	const config_setting_t *member = NULL;
	unsigned pcr;
	int n;
	nitro_err err;

	if ((err = make_room(config, at, entry)) != NITRO_OK)
		return err;
	n = config_setting_length(at);
	for (int i = 0; i < n; i++) {
		member = nitro_config_element(config, at, (size_t)i, &err);
		if (member == NULL)
			return err;
		if (!is_pcr_key(config_setting_name(member), &pcr))
			continue;
		if ((err = read_pcr(config, member, pcr, entry)) != NITRO_OK)
			return err;
	}
	if ((err = read_role(config, at, entry)) != NITRO_OK ||
	    (err = read_instance(config, at, entry)) != NITRO_OK ||
	    (err = read_certificate(reader, at, entry)) != NITRO_OK)
		return err;

	qsort(
	    entry->pins, entry->pin_count, sizeof entry->pins[0], compare_pins);
	for (size_t i = 1; i < entry->pin_count; i++)
		if (nitro_pin_compare(&entry->pins[i - 1], &entry->pins[i]) ==
		    0)
			return nitro_config_refuse(config, at,
			    "pcr%u has the same value twice",
			    entry->pins[i].pcr);
	return NITRO_OK;
}
