/*
 * SSH public keys, certificates and fingerprints as ssh-keygen of OpenSSH 9.2
 * made and printed them. (The sk- keys are those that a security key would
 * give: the same numbers with the application "ssh:"; ssh-keygen read,
 * certified and printed them like the others.)
 */
#ifndef UNIT_SSH_KEYS_H
#define UNIT_SSH_KEYS_H

#include "base/bytes.h"

#define SSH_KEY_FIXTURES 9

struct ssh_key_fixture {
	const char *name;
	const char *type, *plain; /* base64 */
	const char *fingerprint;
	const char *certificate_type, *certificate; /* NULL where none */
};

extern const struct ssh_key_fixture ssh_key_fixtures[SSH_KEY_FIXTURES];

/* The blob behind the base64, appended; decoded by libcrypto. */
void ssh_key_blob(const char *base64, struct nitro_buf *out);

/* One string of RFC 4251 section 5: length and bytes, appended. */
void ssh_put_string(struct nitro_buf *out, struct nitro_bytes in);
void ssh_put_text(struct nitro_buf *out, const char *text);

#endif
