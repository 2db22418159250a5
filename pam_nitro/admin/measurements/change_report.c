#include "admin/measurements/change_report.h"

#include <stdio.h>

#include "admin/measurements/text_diff.h"

enum nitro_exit
nitro_change_complain(const struct nitro_command *command,
    const struct nitro_change *change, const struct nitro_fault *fault)
{
	const char *what = fault->text[0] != '\0'
			       ? fault->text
			       : nitro_err_sentence(fault->err);

	nitro_complain("%s: %s", command->name,
	    change->replace.is_replaced ? "the file was changed"
					: "nothing was changed");
	/* Its advice is for a PAM line. */
	if (fault->err == NITRO_E_MODULE_ARGUMENT)
		nitro_complain("%s: %s", fault->file, what);
	else
		nitro_complain_fault(fault);
	return fault->err == NITRO_E_MEASUREMENTS ? NITRO_EXIT_REFUSED
						  : NITRO_EXIT_USAGE;
}

static bool
is_changed(const struct nitro_change *change)
{
	return change->text.len > 0 && !change->is_dry_run;
}

enum nitro_exit
nitro_change_complain_report(
    const struct nitro_command *command, const struct nitro_change *change)
{
	return nitro_change_complain(
	    command, change, &(struct nitro_fault){.err = NITRO_E_MEMORY});
}

void
nitro_change_print(const struct nitro_change *change)
{
	nitro_text_diff_print(nitro_bytes_of_buf(&change->diff));
	if (change->is_dry_run)
		printf("\nDry run: %s is as it was.\n", change->path);
	else
		printf("\nWritten to %s;\nwhat it was before is in %s.bak.\n",
		    change->path, change->path);
	if (!change->has_settings)
		printf("No settings name this file: it was checked alone.\n");
}

void
nitro_change_print_remaining(const struct nitro_change *change)
{
	if (change->remaining.err == NITRO_OK)
		return;
	(void)fflush(stdout);
	nitro_complain("every login is still refused, for another reason than "
		       "this file:");
	nitro_complain_fault(&change->remaining);
}

void
nitro_change_set_json(struct nitro_json *json,
    const struct nitro_change *change, const char *result)
{
	char backup[NITRO_PATH_MAX + 8], remaining[600];

	(void)snprintf(backup, sizeof backup, "%s.bak", change->path);
	(void)snprintf(remaining, sizeof remaining, "%s:%u: %s",
	    change->remaining.file, change->remaining.line,
	    change->remaining.text);
	nitro_json_set_text(json, "result", result);
	nitro_json_set_bool(json, "changed", is_changed(change));
	nitro_json_set_bool(json, "dry_run", change->is_dry_run);
	nitro_json_set_text(json, "file", change->path);
	nitro_json_set_text(json, "backup", is_changed(change) ? backup : NULL);
	nitro_json_set(json, "diff",
	    json_stringn(
		change->diff.len > 0 ? (const char *)change->diff.ptr : "",
		change->diff.len));
	nitro_json_set_text(json, "remaining",
	    change->remaining.err != NITRO_OK ? remaining : NULL);
}
