/* The effective configuration of sshd, as `sshd -T` prints it. */
#ifndef NITRO_ADMIN_CHECK_SSHD_TEXT_H
#define NITRO_ADMIN_CHECK_SSHD_TEXT_H

#include "base/bytes.h"

#define NITRO_SSHD_VALUE_SIZE 1024

/*
 * The value of the first line with that key, "" where there is none.
 * text  lines "key value"; capitals in keys, as of OpenSSH 10.6, do not count.
 */
void nitro_sshd_value(
    struct nitro_bytes text, const char *key, char out[NITRO_SSHD_VALUE_SIZE]);

/* True where the value of the key is exactly that. */
bool nitro_sshd_is(struct nitro_bytes text, const char *key, const char *value);

/* What one alternative of AuthenticationMethods lacks. */
enum nitro_sshd_lack {
	NITRO_SSHD_LACKS_NOTHING,
	NITRO_SSHD_LACKS_ATTESTATION, /* no keyboard-interactive by PAM */
	NITRO_SSHD_LACKS_KEY, /* no publickey, or only behind the former */
	NITRO_SSHD_HAS_MORE   /* further methods, or no device is named */
};

/* Judge one list like "publickey,keyboard-interactive:pam". */
enum nitro_sshd_lack nitro_sshd_judge_methods(struct nitro_bytes list);

#endif
