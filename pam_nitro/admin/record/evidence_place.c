#include "admin/record/evidence_place.h"

#include <string.h>

#include "base/hex.h"
#include "policy/policy.h"

nitro_err
nitro_place_load(struct nitro_place *place, struct nitro_fault *fault)
{
	static const struct nitro_evidence_settings defaults = {
	    .keep_ms = NITRO_EVIDENCE_KEEP_DAYS * INT64_C(86400000),
	    .max_bytes = NITRO_EVIDENCE_MAX_MIB * INT64_C(1048576)};
	nitro_err err;

	place->evidence = defaults;
	if (place->config == NULL)
		place->config = NITRO_SETTINGS_PATH;
	if (place->named == NULL) {
		err = nitro_policy_load_settings(
		    place->config, &place->settings, fault);
		if (err != NITRO_OK)
			return err;
		place->evidence = place->settings.evidence;
	} else {
		place->evidence.directory = place->settings.evidence.directory =
		    nitro_text_copy(nitro_bytes_of_text(place->named));
		if (place->evidence.directory == NULL)
			return nitro_fault_set(fault, NITRO_E_MEMORY, NULL, 0,
			    "%s", nitro_err_sentence(NITRO_E_MEMORY));
	}
	if (place->evidence.directory == NULL)
		return nitro_fault_set(fault, NITRO_E_SETTINGS, place->config,
		    0,
		    "has no evidence setting, so no login is recorded; e.g. "
		    "evidence = { };");
	return NITRO_OK;
}

void
nitro_place_drop(struct nitro_place *place)
{
	nitro_settings_drop(&place->settings);
	place->evidence = (struct nitro_evidence_settings){0};
}

bool
nitro_reference_parse(const char *text, char reference[NITRO_REFERENCE_LEN + 1])
{
	uint8_t bytes[NITRO_REFERENCE_LEN / 2];

	if (!nitro_hex_decode(nitro_bytes_of_text(text), bytes, sizeof bytes))
		return false;
	nitro_hex_encode((struct nitro_bytes){bytes, sizeof bytes}, reference,
	    NITRO_REFERENCE_LEN + 1);
	return true;
}

nitro_err
nitro_place_find(const struct nitro_place *place, const char *reference,
    struct nitro_evidence_record *record, size_t *count,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_evidence_list_drop)
	struct nitro_evidence_list list = {0};
	const char *directory = place->evidence.directory, *name = NULL;
	nitro_err err;

	*count = 0;
	err = nitro_evidence_store_list(directory, &list, fault);
	if (err != NITRO_OK)
		return err;
	for (size_t i = 0; i < list.count; i++)
		if (strcmp(nitro_evidence_list_at(&list, i)->reference,
			reference) == 0) {
			name = nitro_evidence_list_at(&list, i)->name;
			(*count)++;
		}
	if (name == NULL)
		return NITRO_OK;
	return nitro_evidence_store_read(directory, name, record, fault);
}
