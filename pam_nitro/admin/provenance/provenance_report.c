#include "admin/provenance/provenance_report.h"

#include <stdio.h>

#include "admin/printable.h"

enum { OUTCOME_WIDTH = 13, NAME_WIDTH = 19 };

void
nitro_trail_print(const struct nitro_trail *trail)
{
	for (size_t i = 0; i < trail->count; i++) {
		nitro_print_word(NITRO_TONE_GOOD, OUTCOME_WIDTH, "passed");
		printf("%-*s%s\n", NAME_WIDTH, trail->steps[i].name,
		    trail->steps[i].text);
	}
	if (trail->refused_at == NULL)
		return;
	nitro_print_word(NITRO_TONE_BAD, OUTCOME_WIDTH, "REFUSED");
	printf("%-*sexpected  %s\n", NAME_WIDTH, trail->refused_at,
	    trail->expected);
	printf(
	    "%*sactual    %s\n", OUTCOME_WIDTH + NAME_WIDTH, "", trail->actual);
}

static json_t *
steps_json(const struct nitro_trail *trail)
{
	json_t *list = json_array();
	bool is_made = list != NULL;

	for (size_t i = 0; i < trail->count && is_made; i++) {
		NITRO_DROP(nitro_json_drop) struct nitro_json step = {0};

		nitro_json_begin(&step);
		nitro_json_set_text(&step, "step", trail->steps[i].name);
		nitro_json_set_text(&step, "found", trail->steps[i].text);
		is_made = json_array_append_new(list, nitro_json_take(&step)) ==
			  0;
	}
	if (is_made)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *
refusal_json(const struct nitro_trail *trail)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json refused = {0};

	if (trail->refused_at == NULL)
		return json_null();
	nitro_json_begin(&refused);
	nitro_json_set_text(&refused, "step", trail->refused_at);
	nitro_json_set_text(&refused, "expected", trail->expected);
	nitro_json_set_text(&refused, "actual", trail->actual);
	return nitro_json_take(&refused);
}

void
nitro_trail_set_json(struct nitro_json *json, const struct nitro_trail *trail)
{
	nitro_json_set_bool(json, "verified",
	    trail->refused_at == NULL && trail->err == NITRO_OK);
	nitro_json_set(json, "steps", steps_json(trail));
	nitro_json_set(json, "refused", refusal_json(trail));
}

void
nitro_provenance_set_json(
    struct nitro_json *json, const struct nitro_provenance *provenance)
{
	const struct nitro_claimant *claimant = &provenance->claimant;
	const struct {
		const char *key, *text;
	} texts[] = {
	    {"form", nitro_provenance_form_name(provenance->form)},
	    {"identity", claimant->identity},
	    {"issuer", claimant->issuer},
	    {"source_repository", claimant->source_repository},
	    {"source_digest", claimant->source_digest},
	    {"source_ref", claimant->source_ref},
	    {"source_repository_id", claimant->repository_id},
	    {"build_signer", claimant->build_signer},
	    {"runner", claimant->runner},
	    {"trigger", claimant->trigger},
	    {"run", claimant->run},
	    {"key", provenance->key[0] != '\0' ? provenance->key : NULL},
	    {"predicate_type", provenance->predicate_type},
	    {"log",
		provenance->log_name[0] != '\0' ? provenance->log_name : NULL},
	};
	const bool has_root = !nitro_bytes_is_zero(
	    (struct nitro_bytes){provenance->root_sha256, NITRO_SHA256_LEN});

	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++)
		nitro_json_set_text(json, texts[i].key, texts[i].text);
	nitro_json_set(json, "log_index",
	    provenance->log_index >= 0 ? json_integer(provenance->log_index)
				       : json_null());
	if (provenance->time_ms > 0)
		nitro_json_set_moment(
		    json, "time", (uint64_t)provenance->time_ms);
	else
		nitro_json_set(json, "time", json_null());
	nitro_json_set_hex(json, "bundle_sha256",
	    (struct nitro_bytes){provenance->bundle_sha256, NITRO_SHA256_LEN});
	nitro_json_set_hex(json, "trusted_root_sha256",
	    (struct nitro_bytes){
		provenance->root_sha256, has_root ? NITRO_SHA256_LEN : 0});
}
