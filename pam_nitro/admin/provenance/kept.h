/*
 * The files that an entry's provenance was verified with, kept beside the
 * settings, each named by its own SHA-256. Bundle, trusted root, key, OCI
 * manifest, and a file of PCRs: so that the verdict can be had again.
 */
#ifndef NITRO_ADMIN_PROVENANCE_KEPT_H
#define NITRO_ADMIN_PROVENANCE_KEPT_H

#include "base/bytes.h"
#include "evidence/digest.h"
#include "policy/entry_provenance.h"

#define NITRO_KEPT_PATH_SIZE 512

/* "provenance" in the folder of that settings file. */
void nitro_kept_folder(const char *config, char folder[NITRO_KEPT_PATH_SIZE]);

/*
 * Write the bytes to folder/HEX.suffix, whole or not at all; the folder is
 * made where it is missing. A file that is there already has these bytes.
 *
 * NITRO_E_FILE_READ with a fault that says why, NITRO_E_CRYPTO.
 */
NITRO_MUST_CHECK nitro_err nitro_kept_write(const char *folder,
    const char *suffix, struct nitro_bytes bytes, struct nitro_fault *fault);

/* The SHA-256 as 64 hex digits. NITRO_E_CRYPTO. */
#define NITRO_KEPT_HEX_SIZE (2 * NITRO_SHA256_LEN + 1)
NITRO_MUST_CHECK nitro_err nitro_kept_name(
    struct nitro_bytes bytes, char hex[NITRO_KEPT_HEX_SIZE]);

/*
 * Read folder/HEX.suffix by nitro_secure_file_read(), and see that it has that
 * SHA-256. NITRO_E_FILE_* with a fault, NITRO_E_MEMORY, NITRO_E_CRYPTO.
 */
NITRO_MUST_CHECK nitro_err nitro_kept_read(const char *folder,
    const char *suffix, const char *hex, struct nitro_buf *out,
    struct nitro_fault *fault);

#endif
