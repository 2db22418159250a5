#include "unit/policy_text.h"

#include <string.h>

#include "unit/unit.h"

unsigned
policy_row_differs(const struct policy_row *row, nitro_err err,
    nitro_err refusal, const struct nitro_fault *fault)
{
	if (row->words == NULL)
		return unit_differs(row->name, err, NITRO_OK);
	if (unit_differs(row->name, err, refusal) != 0)
		return 1;
	if (fault->err == refusal && fault->line == row->line &&
	    strstr(fault->text, row->words) != NULL)
		return 0;
	print_message("# row '%s': says line %u: %s\n", row->name, fault->line,
	    fault->text);
	return 1;
}

nitro_err
policy_certificate(const char *path, struct nitro_buf *der,
    struct nitro_fault *fault, void *context)
{
	unsigned *count = context;
	const char *slash = strrchr(path, '/');

	if (count != NULL)
		(*count)++;
	if (slash == NULL || strcmp(slash, "/missing.pem") == 0)
		return nitro_fault_set(fault, NITRO_E_FILE_MISSING, path, 0,
		    "cannot be opened: none");
	return nitro_buf_append_text(der, slash + 1);
}

void
policy_measurements(const char *text, struct nitro_measurements *measurements)
{
	struct nitro_fault fault = {0};
	nitro_err err;

	err = nitro_measurements_parse(nitro_bytes_of_text(text),
	    "/test/measurements.conf", policy_certificate, NULL, measurements,
	    &fault);
	if (err != NITRO_OK)
		fail_msg("line %u: %s", fault.line, fault.text);
}

void
policy_settings(const char *text, struct nitro_settings *settings)
{
	struct nitro_fault fault = {0};
	nitro_err err;

	err = nitro_settings_parse(nitro_bytes_of_text(text),
	    "/test/pam_nitro.conf", settings, &fault);
	if (err != NITRO_OK)
		fail_msg("line %u: %s", fault.line, fault.text);
}
