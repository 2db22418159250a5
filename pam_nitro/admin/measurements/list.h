/* What list shows. */
#ifndef NITRO_ADMIN_LIST_H
#define NITRO_ADMIN_LIST_H

#include "policy/measurements.h"
#include "policy/settings.h"

struct nitro_listing {
	const char *config;
	struct nitro_settings settings;
	struct nitro_measurements measurements;
	struct nitro_fault remaining; /* why nobody is let in nevertheless */
	int64_t now_ms;
};

/* Print it as a table of 80 columns, where names and texts allow. NITRO_E_MEMORY. */
NITRO_MUST_CHECK nitro_err nitro_listing_print(
    const struct nitro_listing *listing);

#endif
