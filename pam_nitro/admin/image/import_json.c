#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "admin/image/import.h"
#include "base/hex.h"

#define ATTEMPTS_MAX 64 /* lines that could be where the JSON begins */
#define WRAPPERS_MAX 8  /* objects around the measurements */

#define REFUSE(fault, ...) \
	nitro_fault_set(fault, NITRO_E_MEASUREMENTS, NULL, 0, __VA_ARGS__)

static void
drop_json(json_t **value)
{
	json_decref(*value);
}

/*
 * People keep all that a build printed, so the JSON is what begins a line
 * and goes on to the end.
 */
static nitro_err
find_json(struct nitro_bytes text, json_t **json, struct nitro_fault *fault)
{
	json_error_t error = {.line = 0};
	size_t attempts = 0;
	bool begins_line = true;
	uint8_t c;

	for (size_t i = 0; i < text.len && attempts < ATTEMPTS_MAX; i++) {
		const struct nitro_bytes rest = nitro_bytes_slice(
		    text, i, text.len);

		c = text.ptr[i];
		if (begins_line && (c == '{' || c == '[')) {
			attempts++;
			*json = json_loadb((const char *)rest.ptr, rest.len,
			    JSON_REJECT_DUPLICATES, &error);
			if (*json != NULL)
				return NITRO_OK;
		}
		begins_line = c == '\n' || c == '\r';
	}
	if (attempts == 0)
		return REFUSE(
		    fault, "has no JSON in it: no line begins with { or [");
	return REFUSE(fault,
	    "has no complete JSON up to its end (line %d from where it begins: "
	    "%s)",
	    error.line, error.text);
}

/* "PCR0" to "PCR31" in upper or lower case. */
static bool
is_pcr_name(const char *key, unsigned *pcr)
{
	struct nitro_bytes left = nitro_bytes_of_text(key), prefix;

	return strncasecmp(key, "pcr", 3) == 0 &&
	       nitro_bytes_take(&left, 3, &prefix) &&
	       nitro_bytes_to_number(left, pcr) && *pcr < NITRO_PCR_COUNT_MAX;
}

static nitro_err
read_pcr(const json_t *value, unsigned pcr, struct nitro_candidate *candidate,
    struct nitro_fault *fault)
{
	const char *text = json_string_value(value);
	uint8_t raw[NITRO_PCR_LEN];

	if (json_is_null(value))
		return NITRO_OK;
	if (text == NULL)
		return REFUSE(fault, "PCR%u is no text of hex digits", pcr);
	if (strlen(text) != 2 * (size_t)NITRO_PCR_LEN)
		return REFUSE(fault,
		    "PCR%u has %zu characters; it must be %d hex digits "
		    "(SHA-384)",
		    pcr, strlen(text), 2 * NITRO_PCR_LEN);
	if (!nitro_hex_decode(nitro_bytes_of_text(text), raw, sizeof raw))
		return REFUSE(
		    fault, "PCR%u has a character that is no hex digit", pcr);
	if ((candidate->pcr_mask >> pcr & 1) != 0)
		return REFUSE(fault, "PCR%u is there twice", pcr);
	nitro_candidate_set_pcr(candidate, pcr, raw);
	return NITRO_OK;
}

static nitro_err
check_algorithm(const json_t *value, struct nitro_fault *fault)
{
	const char *name = json_string_value(value);

	/* nitro-cli prints the state of its hash: "Sha384 { ... }" */
	if (name != NULL && (strncasecmp(name, "sha384", 6) == 0 ||
				strncasecmp(name, "sha-384", 7) == 0))
		return NITRO_OK;
	return REFUSE(fault,
	    "HashAlgorithm is not SHA384, which documents are made with");
}

static nitro_err
read_measurements(json_t *object, struct nitro_candidate *candidate,
    struct nitro_fault *fault)
{
	const char *key;
	json_t *value;
	unsigned pcr;
	nitro_err err;

	json_object_foreach(object, key, value)
	{
		err = NITRO_OK;
		if (strcasecmp(key, "HashAlgorithm") == 0)
			err = check_algorithm(value, fault);
		else if (is_pcr_name(key, &pcr))
			err = read_pcr(value, pcr, candidate, fault);
		else if (strncasecmp(key, "pcr", 3) == 0)
			err = REFUSE(fault,
			    "has a name that is no PCR: %s (PCR0 to PCR31)",
			    key);
		if (err != NITRO_OK)
			return err;
	}
	return NITRO_OK;
}

/* What nitro-cli itself found wrong with the image. */
static nitro_err
check_described_eif(const json_t *object, struct nitro_fault *fault)
{
	if (json_is_false(json_object_get(object, "CheckCRC")))
		return REFUSE(
		    fault, "is of a damaged image: CheckCRC is false");
	if (json_is_false(json_object_get(object, "SignatureCheck")))
		return REFUSE(fault,
		    "is of an image whose signature is wrong: SignatureCheck "
		    "is false");
	return NITRO_OK;
}

static const char *
name_form(const json_t *object, const json_t *measurements)
{
	if (json_object_get(object, "EifVersion") != NULL)
		return "nitro-cli describe-eif";
	if (json_object_get(object, "EnclaveID") != NULL)
		return "nitro-cli describe-enclaves";
	if (json_object_get(object, "eif_version") != NULL)
		return "pam-nitro measure --json";
	if (json_object_get(object, "measurements") != NULL)
		return "predicate of an in-toto attestation";
	if (object == measurements)
		return "PCRs as a flat object";
	if (json_object_get(measurements, "PCR0") != NULL)
		return "nitro-cli build-enclave";
	return "nitro-tpm-pcr-compute";
}

/* Down from what gh attestation verify and in-toto put around a predicate. */
static json_t *
unwrap(json_t *object)
{
	static const char *const wrappers[] = {
	    "verificationResult", "statement", "predicate"};
	json_t *inner;

	for (size_t depth = 0; depth < WRAPPERS_MAX; depth++) {
		inner = NULL;
		for (size_t i = 0; i < NITRO_COUNT_OF(wrappers); i++)
			if (inner == NULL)
				inner = json_object_get(object, wrappers[i]);
		if (!json_is_object(inner))
			break;
		object = inner;
	}
	return object;
}

static void
note_host(const json_t *object, struct nitro_import *import)
{
	const char *flags = json_string_value(json_object_get(object, "Flags"));

	import->candidate.origin = NITRO_ORIGIN_HOST;
	nitro_import_warn(import,
	    "read off the host that runs the enclave, which could say "
	    "anything: compare with what the build printed");
	if (flags != NULL && strstr(flags, "DEBUG_MODE") != NULL)
		nitro_import_warn(import,
		    "this enclave runs in debug mode: its document has zeros "
		    "instead of these values, and no login is admitted");
}

static nitro_err
read_object(
    json_t *object, struct nitro_import *import, struct nitro_fault *fault)
{
	json_t *measurements;
	nitro_err err;

	object = unwrap(object);
	measurements = json_object_get(object, "Measurements");
	if (measurements == NULL)
		measurements = json_object_get(object, "measurements");
	if (measurements == NULL)
		measurements = object;
	if (!json_is_object(measurements))
		return REFUSE(fault, "has Measurements that are no object");
	import->candidate.origin = NITRO_ORIGIN_BUILD;
	import->form = name_form(object, measurements);
	if (json_object_get(object, "EnclaveID") != NULL)
		note_host(object, import);
	if ((err = check_described_eif(object, fault)) != NITRO_OK ||
	    (err = read_measurements(
		 measurements, &import->candidate, fault)) != NITRO_OK)
		return err;
	return nitro_import_settle(import, fault);
}

static bool
is_called(const json_t *element, const char *name)
{
	static const char *const keys[] = {"EnclaveID", "EnclaveName"};
	const char *value;

	for (size_t i = 0; i < NITRO_COUNT_OF(keys); i++) {
		value = json_string_value(json_object_get(element, keys[i]));
		if (value != NULL && strcmp(value, name) == 0)
			return true;
	}
	return false;
}

static bool
same_values(const struct nitro_candidate *a, const struct nitro_candidate *b)
{
	return a->kind == b->kind && a->pcr_mask == b->pcr_mask &&
	       nitro_bytes_equal((struct nitro_bytes){a->pcr[0], sizeof a->pcr},
		   (struct nitro_bytes){b->pcr[0], sizeof b->pcr});
}

static const char *
name_of(const json_t *element)
{
	const char *id = json_string_value(
	    json_object_get(element, "EnclaveID"));

	return id != NULL ? id : "one without an EnclaveID";
}

static nitro_err
read_array(json_t *array, const char *enclave, struct nitro_import *import,
    struct nitro_fault *fault)
{
	const json_t *first = NULL;
	json_t *element;
	size_t i;
	nitro_err err;

	json_array_foreach(array, i, element)
	{
		struct nitro_import one = {0};

		if (enclave != NULL && !is_called(element, enclave))
			continue;
		if (!json_is_object(element))
			return REFUSE(
			    fault, "has a list of something else than objects");
		if ((err = read_object(element, &one, fault)) != NITRO_OK)
			return err;
		if (first != NULL &&
		    !same_values(&one.candidate, &import->candidate))
			return REFUSE(fault,
			    "has several that differ, %s and %s; choose one "
			    "by --enclave",
			    name_of(first), name_of(element));
		/* The one in debug mode has a warning more. */
		if (first == NULL || one.warning_count > import->warning_count)
			*import = one;
		first = first != NULL ? first : element;
	}
	if (first != NULL)
		return NITRO_OK;
	return enclave != NULL
		   ? REFUSE(fault, "has no enclave called %s", enclave)
		   : REFUSE(fault, "has an empty list: no enclave is running");
}

nitro_err
nitro_import_json(struct nitro_bytes text, const char *enclave,
    struct nitro_import *import, struct nitro_fault *fault)
{
	NITRO_DROP(drop_json) json_t *json = NULL;
	nitro_err err;

	if (text.len > NITRO_IMPORT_TEXT_MAX)
		return REFUSE(fault, "has more than 1 MiB");
	if (nitro_bytes_has_prefix(text, ".eif"))
		return REFUSE(fault,
		    "is an enclave image: pam-nitro measure computes its "
		    "values");
	if (nitro_bytes_has_prefix(text, "\x84") ||
	    nitro_bytes_has_prefix(text, "\xd2"))
		return REFUSE(fault,
		    "looks like an attestation document: say --from-document");
	if ((err = find_json(text, &json, fault)) != NITRO_OK)
		return err;
	if (json_is_array(json))
		return read_array(json, enclave, import, fault);
	if (enclave != NULL && !is_called(json, enclave))
		return REFUSE(fault, "has no enclave called %s", enclave);
	return read_object(json, import, fault);
}
