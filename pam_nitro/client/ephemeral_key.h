/* An ed25519 key for one call, for a client that has none. */
#ifndef NITRO_CLIENT_EPHEMERAL_KEY_H
#define NITRO_CLIENT_EPHEMERAL_KEY_H

#include "client/private_folder.h"

/*
 * Make a key with ssh-keygen in the folder, without a passphrase; it goes
 * when the folder goes.
 * path  of its private file.
 */
NITRO_MUST_CHECK bool nitro_ephemeral_key_make(
    const struct nitro_private_folder *folder, char path[PATH_MAX],
    struct nitro_complaint *why);

#endif
