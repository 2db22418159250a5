/*
 * The challenge of one login and the text of its prompts
 * (pam_nitro-protocol(7)). Written by the module, read by nitro-ssh.
 */
#ifndef NITRO_SSH_CHALLENGE_H
#define NITRO_SSH_CHALLENGE_H

#include "base/bytes.h"

#define NITRO_NONCE_LEN 32
#define NITRO_PARTS_MAX 32
#define NITRO_SERVER_NAME_MAX 64
#define NITRO_USER_ENCODED_MAX 96
#define NITRO_KEY_FINGERPRINT_LEN 50 /* "SHA256:" and 43 of unpadded base64 */
#define NITRO_AUDIENCE_MAX 300
#define NITRO_PROMPT_MAX 400
#define NITRO_REFERENCE_LEN 8

struct nitro_challenge {
	uint8_t nonce[NITRO_NONCE_LEN];
	char key[NITRO_KEY_FINGERPRINT_LEN + 1]; /* fingerprint, or "-" */
	/* "pam_nitro/1 nonce=... key=... host=... user=...": goes into user_data */
	char audience[NITRO_AUDIENCE_MAX + 1];
};

/*
 * Make a challenge.
 *
 * nonce  32 random bytes.
 * key    fingerprint as ssh-keygen -l prints it, or "-" for none.
 * host   1..64 of [A-Za-z0-9.:_-].
 * user   the PAM user; bytes outside [A-Za-z0-9._@-] become %XX, and the
 *        result has 1..96 characters.
 *
 * NITRO_E_SERVER_NAME, NITRO_E_USER_NAME, NITRO_E_INTERNAL (key);
 * *challenge is then untouched.
 */
NITRO_MUST_CHECK nitro_err nitro_challenge_make(
    const uint8_t nonce[NITRO_NONCE_LEN], const char *key, const char *host,
    struct nitro_bytes user, struct nitro_challenge *challenge);

/* Write the prompt for part 1..32: audience, " part=<k>: ", NUL. */
void nitro_challenge_prompt(const struct nitro_challenge *challenge,
    unsigned part, char prompt[NITRO_PROMPT_MAX + 1]);

/*
 * First 8 hex digits of the nonce, with a NUL: what the client sees and the
 * log says.
 */
void nitro_challenge_reference(const uint8_t nonce[NITRO_NONCE_LEN],
    char reference[NITRO_REFERENCE_LEN + 1]);

/*
 * Find the one challenge in the text that a client shows: "(user@host) "
 * may stand before it, and info messages in lines of their own.
 * False, and nothing written, where there is none, or more than one, or
 * where anything but blanks follows it.
 */
NITRO_MUST_CHECK bool nitro_challenge_parse(
    struct nitro_bytes text, struct nitro_challenge *challenge, unsigned *part);

/* True for 1..64 characters of [A-Za-z0-9.:_-]. */
bool nitro_server_name_is_valid(struct nitro_bytes name);

#endif
