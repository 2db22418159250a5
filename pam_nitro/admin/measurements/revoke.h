/* One revocation: what is asked, what is added for it, and what is said of it. */
#ifndef NITRO_ADMIN_REVOKE_H
#define NITRO_ADMIN_REVOKE_H

#include "admin/command.h"
#include "admin/measurements/measurements_change.h"

struct nitro_revoking {
	char *target; /* WORKLOAD[/VERSION], or NULL */
	char *pcr0_hex, *instance_id, *reason;
	bool wants_json;
	struct nitro_pin pin; /* of --pcr0 */
	struct nitro_change change;
	/* The items to be, which borrow, and then as the module reads them. */
	struct nitro_entry *items;
	size_t item_count, found_count;
	struct nitro_measurements wanted;
	int64_t now_ms;
};

/* True for an entry that target names; there must be one. */
bool nitro_revoking_is_target(
    const struct nitro_revoking *revoking, const struct nitro_entry *entry);

/* Say what was done, and what is still allowed; or that nothing had to be. */
enum nitro_exit nitro_revoking_report(const struct nitro_revoking *revoking);
enum nitro_exit nitro_revoking_report_already(
    const struct nitro_revoking *revoking);

#endif
