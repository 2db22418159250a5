/* An enclave image read while somebody waits for it. */
#ifndef NITRO_ADMIN_EIF_PROGRESS_H
#define NITRO_ADMIN_EIF_PROGRESS_H

#include "admin/image/eif.h"

/*
 * nitro_eif_read(), with one line on stderr that is redrawn whenever another
 * hundredth is done, and wiped at the end; nothing where that is no terminal.
 */
NITRO_MUST_CHECK nitro_err nitro_eif_read_shown(
    int fd, const char *path, struct nitro_eif *eif, struct nitro_fault *fault);

#endif
