/*
 * SSH_AUTH_INFO_0: what sshd says of the authentication methods that this
 * connection has completed, one line each (sshd_config(5), ExposeAuthInfo).
 */
#ifndef NITRO_SSH_AUTH_INFO_H
#define NITRO_SSH_AUTH_INFO_H

#include "base/bytes.h"

#define NITRO_AUTH_INFO_MAX 65536 /* bytes */

/*
 * The plain key (see nitro_ssh_key_plain()) of the one line that begins with
 * "publickey <type> <base64>", appended to plain. Further fields of that line and lines
 * of other methods are passed over.
 *
 * NITRO_E_NO_PUBLICKEY where no such line is there; NITRO_E_AUTH_INFO where
 * there are two, the key is malformed, its type is not the blob's own, or
 * the text has control bytes other than LF; NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_auth_info_key(
    struct nitro_bytes info, struct nitro_buf *plain);

#endif
