/* What allow and revoke say of a change. */
#ifndef NITRO_ADMIN_CHANGE_REPORT_H
#define NITRO_ADMIN_CHANGE_REPORT_H

#include "admin/command.h"
#include "admin/json_text.h"
#include "admin/measurements/measurements_change.h"

/*
 * Complain of what nitro_change_begin(), _make() or _commit() refused.
 * NITRO_EXIT_REFUSED where the new text does not pass, else NITRO_EXIT_USAGE.
 */
enum nitro_exit nitro_change_complain(const struct nitro_command *command,
    const struct nitro_change *change, const struct nitro_fault *fault);

/* The same where there is no memory to tell what came of it. */
enum nitro_exit nitro_change_complain_report(
    const struct nitro_command *command, const struct nitro_change *change);

/* The diff, then whether and where it was written. */
void nitro_change_print(const struct nitro_change *change);

/* On standard error, behind what is said: why logins are refused nevertheless. */
void nitro_change_print_remaining(const struct nitro_change *change);

/*
 * "result", "changed", "dry_run", "file", "backup" (null where nothing was
 * written), "diff" and "remaining" (null, or why the settings do not pass yet).
 */
void nitro_change_set_json(struct nitro_json *json,
    const struct nitro_change *change, const char *result);

#endif
