/*
 * The SSH keys that this client holds itself: the only ones that it ever has
 * attested. A key counts where its private file can be read without a
 * passphrase, or where the agent offers it. What a prompt names only selects
 * among these.
 */
#ifndef NITRO_CLIENT_OWN_KEYS_H
#define NITRO_CLIENT_OWN_KEYS_H

#include "client/private_folder.h"
#include "ssh/challenge.h"

#define NITRO_OWN_KEYS_MAX 64 /* further keys are passed over */

struct nitro_own_key {
	char fingerprint[NITRO_KEY_FINGERPRINT_LEN + 1];
	struct nitro_buf blob; /* the plain key, never a certificate */
};

struct nitro_own_keys {
	struct nitro_own_key key[NITRO_OWN_KEYS_MAX];
	size_t count;
};

/*
 * Add the key of an identity file, made from its private part by
 * ssh-keygen -y. False where there is none that this client can use.
 */
NITRO_MUST_CHECK bool nitro_own_keys_add_file(
    struct nitro_own_keys *keys, const char *path);

/*
 * Add what the agent offers (ssh-add -L); of a certificate its plain key.
 *
 * socket  of the agent; NULL is $SSH_AUTH_SOCK.
 * only    where not NULL, add no key but those whose public part stands in
 *         one of these files or in FILE.pub (IdentitiesOnly); ends in NULL.
 */
void nitro_own_keys_add_agent(
    struct nitro_own_keys *keys, const char *socket, const char *const *only);

/* The key with that fingerprint; NULL for another's. */
const struct nitro_own_key *nitro_own_keys_find(
    const struct nitro_own_keys *keys, const char *fingerprint);

/* "SHA256:..., SHA256:..." for a complaint; "none" where there are none. */
void nitro_own_keys_describe(
    const struct nitro_own_keys *keys, char out[NITRO_ESCAPED_MAX]);

/* Hand the list to the askpass processes, in a file of the run's folder. */
NITRO_MUST_CHECK bool nitro_own_keys_save(const struct nitro_own_keys *keys,
    const struct nitro_private_folder *folder, struct nitro_complaint *why);
NITRO_MUST_CHECK bool nitro_own_keys_load(struct nitro_own_keys *keys,
    const struct nitro_private_folder *folder, struct nitro_complaint *why);

void nitro_own_keys_drop(struct nitro_own_keys *keys);

#endif
