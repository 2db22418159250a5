/* SSH keys and certificates, made and printed by ssh-keygen(1). */
#ifndef MODULE_SSH_IDENTITY_H
#define MODULE_SSH_IDENTITY_H

#include "module/stack.h"

struct ssh_identity {
	const char *type;       /* of ssh-keygen -t */
	struct nitro_buf plain; /* the public key's blob */
	char *auth_info;        /* "publickey <type> <base64>\n" */
	char fingerprint[64];   /* as ssh-keygen -l prints it */
	struct nitro_buf certificate;
	char *certificate_auth_info;
};

/*
 * Make a key of one of these types and a certificate of it: "ed25519",
 * "ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa"; or, without private halves,
 * "sk-ed25519" and "sk-ecdsa". False where ssh-keygen cannot.
 */
NITRO_MUST_CHECK bool ssh_identity_make(
    const struct stack *stack, const char *type, struct ssh_identity *identity);

/* For NITRO_DROP(); harmless on {0}. */
void ssh_identity_drop(struct ssh_identity *identity);

/* The same blob as base64, to be freed. */
char *ssh_identity_base64(struct nitro_bytes blob);

/* One string of RFC 4251 section 5, appended. */
void ssh_identity_put(struct nitro_buf *out, struct nitro_bytes string);

#endif
