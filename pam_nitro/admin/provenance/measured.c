#include "admin/provenance/measured.h"

#include <string.h>

#include "admin/provenance/artifact.h"
#include "admin/provenance/strict_json.h"

#define STEP "binding"
#define BIT(pcr) (UINT32_C(1) << (pcr))

#define REFUSE(trail, expected, ...) \
	nitro_trail_refuse(trail, STEP, expected, __VA_ARGS__)

static const struct {
	const char *name, *sentence;
	bool is_claim;
} bindings[] = {
    [NITRO_BINDING_EIF] = {"eif",
	"the image is what was built; its values were computed here", false},
    [NITRO_BINDING_PREDICATE] = {"predicate",
	"the builder's claim: it states these values of the image, which was "
	"not here to compute them",
	true},
    [NITRO_BINDING_PCR_FILE] = {"pcr-file",
	"the builder's claim: it signed a file with these values, and not "
	"the image",
	true},
    [NITRO_BINDING_OCI_EIF] = {"oci-eif",
	"the signed manifest names the image; its values were computed here",
	false},
    [NITRO_BINDING_OCI_PCR_FILE] = {"oci-pcr-file",
	"the builder's claim: the signed manifest names a file with these "
	"values",
	true},
};

const char *
nitro_binding_name(enum nitro_binding binding)
{
	return bindings[binding].name;
}

const char *
nitro_binding_sentence(enum nitro_binding binding)
{
	return bindings[binding].sentence;
}

bool
nitro_binding_is_claim(enum nitro_binding binding)
{
	return bindings[binding].is_claim;
}

/* All of an enclave's three, so that none is left to choice. */
static bool
check_whole(const struct nitro_import *import, struct nitro_trail *trail)
{
	const uint32_t all = BIT(0) | BIT(1) | BIT(2);

	if (import->candidate.kind == NITRO_KIND_ENCLAVE &&
	    (import->candidate.pcr_mask & all) != all)
		return REFUSE(
		    trail, "PCR0, PCR1 and PCR2 of an enclave", "not all");
	return true;
}

static bool
read_values(struct nitro_bytes text, struct nitro_import *import,
    struct nitro_trail *trail)
{
	struct nitro_fault fault = {.err = NITRO_OK};
	const nitro_err err = nitro_import_json(text, NULL, import, &fault);

	if (err == NITRO_E_MEMORY)
		return nitro_trail_fail(trail, err);
	if (err != NITRO_OK)
		return REFUSE(trail, "PCRs of an enclave or a NitroTPM",
		    "it %s", fault.text);
	import->candidate.origin = NITRO_ORIGIN_BUILD;
	return check_whole(import, trail);
}

bool
nitro_measured_file(struct nitro_bytes text, struct nitro_import *import,
    struct nitro_trail *trail)
{
	NITRO_DROP(nitro_strict_json_drop) json_t *json = NULL;
	char why[NITRO_STRICT_JSON_WHY_SIZE];

	if (!nitro_strict_json_parse(text, &json, why))
		return REFUSE(
		    trail, "an enclave image or PCRs in JSON", "%s", why);
	if (!read_values(text, import, trail))
		return false;
	nitro_trail_pass(trail, STEP, "PCRs of the signed file");
	return true;
}

/* The predicate alone: what stands around it is the statement's. */
static int
append(const char *text, size_t len, void *context)
{
	struct nitro_buf *out = context;
	const struct nitro_bytes in = {(const uint8_t *)text, len};

	return nitro_buf_append(out, in) == NITRO_OK ? 0 : -1;
}

static bool
predicate_text(const json_t *statement, struct nitro_buf *out)
{
	const json_t *predicate = json_object_get(statement, "predicate");

	return json_is_object(predicate) &&
	       json_dump_callback(predicate, append, out, 0) == 0;
}

bool
nitro_measured_predicate(const json_t *statement, struct nitro_import *import,
    struct nitro_trail *trail)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};

	if (!predicate_text(statement, &text))
		return REFUSE(trail, "a statement with PCRs in its predicate",
		    "none: name the image instead of its digest");
	if (!read_values(nitro_bytes_of_buf(&text), import, trail))
		return false;
	nitro_trail_pass(trail, STEP, "PCRs of the predicate");
	return true;
}

static bool
has_measurements(const json_t *statement)
{
	const json_t *predicate = json_object_get(statement, "predicate");
	static const char *const keys[] = {
	    "Measurements", "measurements", "PCR0", "pcr0"};

	for (size_t i = 0; i < NITRO_COUNT_OF(keys); i++)
		if (json_object_get(predicate, keys[i]) != NULL)
			return true;
	return false;
}

static bool
agrees(const struct nitro_candidate *computed,
    const struct nitro_candidate *said, struct nitro_trail *trail)
{
	const uint32_t both = computed->pcr_mask & said->pcr_mask;

	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++)
		if ((both & BIT(i)) != 0 &&
		    !nitro_bytes_equal(
			(struct nitro_bytes){computed->pcr[i], NITRO_PCR_LEN},
			(struct nitro_bytes){said->pcr[i], NITRO_PCR_LEN}))
			return REFUSE(trail, "the PCRs that the predicate says",
			    "PCR%u of the image is another one", i);
	if ((said->pcr_mask & ~computed->pcr_mask) != 0)
		return REFUSE(trail, "the PCRs that the predicate says",
		    "the image does not have all of them");
	return true;
}

bool
nitro_measured_image(const struct nitro_sealed_file *file,
    const json_t *statement, struct nitro_import *import,
    struct nitro_trail *trail)
{
	NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
	struct nitro_import said = {.form = NULL};
	struct nitro_trail unheard = {.count = 0};
	struct nitro_fault fault = {.err = NITRO_OK};
	const nitro_err err = nitro_eif_read(
	    file->fd, "", NULL, NULL, &eif, &fault);

	if (err == NITRO_E_MEMORY || err == NITRO_E_CRYPTO)
		return nitro_trail_fail(trail, err);
	if (err != NITRO_OK)
		return REFUSE(trail, "an enclave image", "it %s", fault.text);
	if (eif.signature == NITRO_EIF_SIGNATURE_INVALID)
		return REFUSE(trail, "an image that Nitro starts",
		    "its own signature is wrong: %s", eif.signature_fault);
	import->form = "enclave image";
	nitro_candidate_of_eif(&eif, &import->candidate);
	if (has_measurements(statement)) {
		if (!nitro_measured_predicate(statement, &said, &unheard))
			return REFUSE(
			    trail, unheard.expected, "%s", unheard.actual);
		if (!agrees(&import->candidate, &said.candidate, trail))
			return false;
	}
	nitro_trail_pass(trail, STEP, "PCRs computed from the image%s",
	    said.form != NULL ? ", as the predicate has them" : "");
	return true;
}

/* "debug" or "....debug", said to be true. */
static bool
says_debug(const json_t *annotations)
{
	static const char word[] = "debug";
	union {
		const json_t *in;
		json_t *out;
	} view = {.in = annotations};
	const char *key, *end;
	json_t *value;

	json_object_foreach(view.out, key, value)
	{
		end = strrchr(key, '.');
		if (strcmp(end != NULL ? end + 1 : key, word) == 0 &&
		    (json_is_true(value) ||
			(json_is_string(value) &&
			    strcmp(json_string_value(value), "false") != 0)))
			return true;
	}
	return false;
}

static size_t
count_layers(const json_t *layers, const char *digest, const json_t **found)
{
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(layers); i++) {
		const json_t *layer = json_array_get(layers, i);
		const char *text = nitro_strict_text(layer, "digest");

		if (text == NULL || strcmp(text, digest) != 0)
			continue;
		*found = layer;
		count++;
	}
	return count;
}

bool
nitro_manifest_names(struct nitro_bytes manifest, struct nitro_bytes content,
    struct nitro_trail *trail)
{
	NITRO_DROP(nitro_strict_json_drop) json_t *json = NULL;
	char why[NITRO_STRICT_JSON_WHY_SIZE];
	char digest[NITRO_ARTIFACT_TEXT_SIZE];
	struct nitro_hash_value hash;
	const json_t *layer = NULL;
	size_t count;

	if (nitro_hash_of(NITRO_HASH_SHA256, content, &hash) != NITRO_OK)
		return nitro_trail_fail(trail, NITRO_E_CRYPTO);
	if (!nitro_strict_json_parse(manifest, &json, why))
		return REFUSE(trail, "an OCI manifest in JSON", "%s", why);
	nitro_hash_text(&hash, digest);
	count = count_layers(json_object_get(json, "layers"), digest, &layer);
	if (count != 1)
		return REFUSE(trail, "one layer of the manifest with this file",
		    "%zu with %s", count, digest);
	if (says_debug(json_object_get(json, "annotations")) ||
	    says_debug(json_object_get(layer, "annotations")))
		return REFUSE(
		    trail, "no debug build", "an annotation that says debug");
	nitro_trail_pass(trail, STEP, "a layer of the signed manifest");
	return true;
}
