#include "admin/measurements/allow_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/image/eif_progress.h"
#include "admin/input.h"
#include "admin/measurements/measurements_edit.h"
#include "policy/policy.h"
#include "policy/secure_path.h"

#define PLACEHOLDER "WORKLOAD" /* of nitro_candidate_entry() */

void
nitro_allow_input_drop(struct nitro_allow_input *input)
{
	nitro_measurements_drop(&input->parsed);
}

nitro_err
nitro_allow_parse(struct nitro_bytes elements,
    struct nitro_measurements *measurements, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_draft draft = {.path = "the entry"};
	nitro_err err;

	if ((err = nitro_buf_append_text(&text, "measurements = (\n")) !=
		NITRO_OK ||
	    (err = nitro_buf_append(&text, elements)) != NITRO_OK ||
	    (err = nitro_buf_append_text(&text, "\n);\n")) != NITRO_OK)
		return nitro_fault_set(
		    fault, err, NULL, 0, "%s", nitro_err_sentence(err));
	draft.text = nitro_bytes_of_buf(&text);
	err = nitro_policy_load_measurements(
	    draft.path, &draft, measurements, fault);
	/* That line is of a file that nobody has. */
	if (err == NITRO_E_MEASUREMENTS && strcmp(fault->file, draft.path) == 0)
		fault->line = 0;
	return err;
}

static nitro_err
take_candidate(const struct nitro_candidate *candidate,
    struct nitro_allow_input *input, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	nitro_err err;

	input->lacks_workload = candidate->workload == NULL;
	if (candidate->origin == NITRO_ORIGIN_HOST ||
	    candidate->origin == NITRO_ORIGIN_DOCUMENT)
		input->circular = nitro_origin_sentence(candidate->origin);
	err = nitro_candidate_entry(candidate, &text);
	if (err != NITRO_OK)
		return nitro_fault_set(fault,
		    err == NITRO_E_SETTINGS ? NITRO_E_MEASUREMENTS : err, NULL,
		    0, "has a name or text that cannot stand in an entry");
	return nitro_allow_parse(
	    nitro_bytes_of_buf(&text), &input->parsed, fault);
}

static nitro_err
read_image(int fd, const char *path, struct nitro_allow_input *input,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
	struct nitro_candidate candidate = {0};
	nitro_err err;

	err = nitro_eif_read_shown(fd, path, &eif, fault);
	if (err == NITRO_E_FILE_READ)
		fault->err = err = NITRO_E_MEASUREMENTS;
	if (err != NITRO_OK)
		return err;
	if (eif.signature == NITRO_EIF_SIGNATURE_INVALID)
		return nitro_fault_set(fault, NITRO_E_MEASUREMENTS, path, 0,
		    "is an image whose signature is wrong: %s. Nitro does not "
		    "start it",
		    eif.signature_fault);
	nitro_candidate_of_eif(&eif, &candidate);
	return take_candidate(&candidate, input, fault);
}

/* *is_image is false, and nothing is wrong, where it is something else. */
static nitro_err
try_image(const char *path, struct nitro_allow_input *input, bool *is_image,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop) int fd = -1;
	uint8_t magic[4] = {0};

	*is_image = false;
	if (strcmp(path, "-") == 0)
		return NITRO_OK;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return nitro_fault_set(fault, NITRO_E_FILE_MISSING, path, 0,
		    "cannot be opened: %s", strerror(errno));
	if (pread(fd, magic, sizeof magic, 0) != (ssize_t)sizeof magic ||
	    !nitro_bytes_has_prefix(
		(struct nitro_bytes){magic, sizeof magic}, ".eif"))
		return NITRO_OK;
	*is_image = true;
	return read_image(fd, path, input, fault);
}

static void
drop_json(json_t **value)
{
	json_decref(*value);
}

/* What measure --json and import --json say beside the values. */
static void
take_own_words(const json_t *said, struct nitro_candidate *candidate)
{
	const char *origin = json_string_value(json_object_get(said, "origin"));

	if (origin == NULL || json_object_get(said, "entry") == NULL)
		return;
	candidate->workload = json_string_value(
	    json_object_get(said, "workload"));
	candidate->version = json_string_value(
	    json_object_get(said, "version"));
	candidate->source = json_string_value(json_object_get(said, "source"));
	candidate->builder = json_string_value(
	    json_object_get(said, "builder"));
	if (!json_is_true(json_object_get(said, "circular")))
		return;
	candidate->origin = NITRO_ORIGIN_DOCUMENT;
	if (strcmp(origin, nitro_origin_sentence(NITRO_ORIGIN_HOST)) == 0)
		candidate->origin = NITRO_ORIGIN_HOST;
}

/* What import --json verified; NITRO_E_MEMORY. */
static nitro_err
take_provenance(const json_t *said, struct nitro_entry_provenance *provenance)
{
	const json_t *at = json_object_get(said, "provenance");
	const char *text;

	for (size_t i = 0; i < NITRO_PROVENANCE_TEXTS; i++) {
		text = json_string_value(json_object_get(
		    at, nitro_provenance_key((enum nitro_provenance_text)i)));
		if (text == NULL)
			continue;
		provenance->text[i] = nitro_text_copy(
		    nitro_bytes_of_text(text));
		if (provenance->text[i] == NULL)
			return NITRO_E_MEMORY;
	}
	return NITRO_OK;
}

static nitro_err
read_json(struct nitro_bytes text, struct nitro_allow_input *input,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_entry_provenance_drop)
	struct nitro_entry_provenance provenance = {.text = {NULL}};
	NITRO_DROP(drop_json) json_t *said = NULL;
	struct nitro_import import = {0};
	nitro_err err;

	err = nitro_import_json(text, NULL, &import, fault);
	if (err != NITRO_OK)
		return err;
	said = json_loadb((const char *)text.ptr, text.len, 0, NULL);
	take_own_words(said, &import.candidate);
	if ((err = take_provenance(said, &provenance)) != NITRO_OK)
		return nitro_fault_set(
		    fault, err, NULL, 0, "%s", nitro_err_sentence(err));
	import.candidate.provenance = &provenance;
	for (size_t i = 0; i < import.warning_count; i++)
		input->warning[input->warning_count++] = import.warning[i];
	return take_candidate(&import.candidate, input, fault);
}

static bool
has_sentence(struct nitro_bytes text, const char *sentence)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == (uint8_t)sentence[0] &&
		    nitro_bytes_has_prefix(
			nitro_bytes_slice(text, i, text.len), sentence))
			return true;
	return false;
}

static nitro_err
read_printed(struct nitro_bytes text, struct nitro_allow_input *input,
    struct nitro_fault *fault)
{
	static const enum nitro_origin circular[] = {
	    NITRO_ORIGIN_HOST, NITRO_ORIGIN_DOCUMENT};
	struct nitro_bytes element = {0};
	nitro_err err;

	if ((err = nitro_edit_find_element(text, &element, fault)) !=
		NITRO_OK ||
	    (err = nitro_allow_parse(element, &input->parsed, fault)) !=
		NITRO_OK)
		return err;
	if (input->parsed.entry_count != 1)
		return nitro_fault_set(fault, NITRO_E_MEASUREMENTS, NULL, 0,
		    "has %zu entries; give one", input->parsed.entry_count);
	input->lacks_workload = strcmp(input->parsed.entries[0].workload,
				    PLACEHOLDER) == 0;
	for (size_t i = 0; i < NITRO_COUNT_OF(circular); i++)
		if (has_sentence(text, nitro_origin_sentence(circular[i])))
			input->circular = nitro_origin_sentence(circular[i]);
	return NITRO_OK;
}

static bool
is_document(struct nitro_bytes text)
{
	return nitro_bytes_has_prefix(text, "\x84") ||
	       nitro_bytes_has_prefix(text, "\xd2");
}

static nitro_err
read_text(const char *path, struct nitro_allow_input *input,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_bytes in;
	nitro_err err;

	err = nitro_input_read(path, NITRO_IMPORT_TEXT_MAX, &text, fault);
	if (err != NITRO_OK)
		return err;
	in = nitro_bytes_of_buf(&text);
	if (in.len > NITRO_IMPORT_TEXT_MAX)
		return nitro_fault_set(fault, NITRO_E_MEASUREMENTS, NULL, 0,
		    "has more than 1 MiB");
	if (nitro_bytes_has_prefix(in, ".eif"))
		return nitro_fault_set(fault, NITRO_E_MEASUREMENTS, NULL, 0,
		    "has an enclave image: name it as a file");
	if (is_document(in))
		return nitro_fault_set(fault, NITRO_E_MEASUREMENTS, NULL, 0,
		    "looks like an attestation document: pam-nitro import "
		    "--from-document judges it and prints an entry");
	if (nitro_edit_count_elements(in) > 0)
		return read_printed(in, input, fault);
	return read_json(in, input, fault);
}

nitro_err
nitro_allow_input_read(const char *path, struct nitro_allow_input *input,
    struct nitro_fault *fault)
{
	bool is_image;
	nitro_err err;

	err = try_image(path, input, &is_image, fault);
	if (err == NITRO_OK && !is_image)
		err = read_text(path, input, fault);
	if (err != NITRO_OK && fault->file[0] == '\0')
		(void)snprintf(fault->file, sizeof fault->file, "%.200s",
		    strcmp(path, "-") == 0 ? "standard input" : path);
	return err;
}
