/* SHA256 fingerprint of an SSH public key, as ssh-keygen -l prints it. */
#ifndef NITRO_SSH_KEY_FINGERPRINT_H
#define NITRO_SSH_KEY_FINGERPRINT_H

#include "base/bytes.h"
#include "ssh/challenge.h"

/*
 * blob  a plain key blob, see nitro_ssh_key_plain().
 * out   "SHA256:" and 43 characters, with a NUL; untouched on error.
 * NITRO_E_CRYPTO, NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_ssh_key_fingerprint(
    struct nitro_bytes blob, char out[NITRO_KEY_FINGERPRINT_LEN + 1]);

#endif
