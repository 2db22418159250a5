#include "admin/check/check_sshd_view.h"

void
nitro_sshd_add(const struct nitro_sshd_view *view,
    const struct nitro_finding_kind *kind, const char *what, const char *change)
{
	struct nitro_finding *finding = nitro_finding_add(
	    &view->check->findings, kind, view->file, 0);

	nitro_finding_what(finding, "%s", what);
	nitro_finding_change(finding, "%s", change);
	nitro_finding_account(&view->check->findings, view->account->name);
}
