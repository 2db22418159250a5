/* The one entry that allow is given, in whatever form it comes. */
#ifndef NITRO_ADMIN_ALLOW_INPUT_H
#define NITRO_ADMIN_ALLOW_INPUT_H

#include "admin/image/import.h"
#include "policy/measurements.h"

struct nitro_allow_input {
	struct nitro_measurements parsed; /* exactly one entry */
	/* The entry's name is one that measure or import put there to be filled in. */
	bool lacks_workload;
	const char *circular; /* why the values prove nothing, or NULL */
	const char *warning[NITRO_IMPORT_WARNINGS_MAX];
	size_t warning_count;
};

/*
 * Read an enclave image, the JSON of nitro-cli, nix, nitro-tpm-pcr-compute or
 * of pam-nitro measure and import, or what these print for people.
 *
 * path   "-" is standard input, which takes no image.
 * input  {0} before; released by nitro_allow_input_drop(), after an error too.
 *
 * NITRO_E_MEASUREMENTS where the content is refused, NITRO_E_FILE_*,
 * NITRO_E_MEMORY, NITRO_E_CRYPTO; with a fault.
 */
NITRO_MUST_CHECK nitro_err nitro_allow_input_read(const char *path,
    struct nitro_allow_input *input, struct nitro_fault *fault);

/*
 * Parse elements in the form of nitro_edit_append_element() as the module will.
 * measurements  {0} before; filled on success, untouched on error.
 */
NITRO_MUST_CHECK nitro_err nitro_allow_parse(struct nitro_bytes elements,
    struct nitro_measurements *measurements, struct nitro_fault *fault);

void nitro_allow_input_drop(struct nitro_allow_input *input);

#endif
