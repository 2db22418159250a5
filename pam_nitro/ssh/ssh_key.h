/* SSH public keys in wire format (RFC 4253 section 6.6). No cryptography here. */
#ifndef NITRO_SSH_SSH_KEY_H
#define NITRO_SSH_SSH_KEY_H

#include "base/bytes.h"

#define NITRO_SSH_KEY_BLOB_MAX 16384 /* bytes; a certificate can be long */

/*
 * The plain key of a public key or certificate.
 *
 * blob   ssh-ed25519, ecdsa-sha2-nistp256/384/521, ssh-rsa,
 *        sk-ssh-ed25519@openssh.com, sk-ecdsa-sha2-nistp256@openssh.com, or
 *        the -cert-v01@openssh.com form of any of them (PROTOCOL.certkeys).
 * plain  the blob itself, or the certified key written as a plain blob,
 *        appended.
 *
 * Every field is walked and nothing may follow the last one.
 * NITRO_E_AUTH_INFO for anything else, NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_ssh_key_plain(
    struct nitro_bytes blob, struct nitro_buf *plain);

/*
 * Cut a string (RFC 4251 section 5: 4 bytes of length, then as many) off *in.
 * False, and nothing changed, where *in has fewer.
 */
NITRO_MUST_CHECK bool nitro_ssh_string_take(
    struct nitro_bytes *in, struct nitro_bytes *out);

/* The type that the blob names in its first field; an empty view if none. */
struct nitro_bytes nitro_ssh_key_type(struct nitro_bytes blob);

#endif
