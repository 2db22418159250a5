/* SSH public keys in wire format, made up: every type, plain and certified. */
#ifndef FUZZ_KEYS_H
#define FUZZ_KEYS_H

#include "base/bytes.h"

#define FUZZ_KEYS 14 /* the first one is ssh-ed25519 */

/* Append key i. */
void fuzz_key(unsigned i, struct nitro_buf *blob);

/* Append the line of SSH_AUTH_INFO_0 for a blob, with its end. */
void fuzz_key_line(struct nitro_bytes blob, struct nitro_buf *info);

#endif
