/* A public key that the administrator pins in place of an identity. */
#ifndef NITRO_ADMIN_PROVENANCE_PINNED_KEY_H
#define NITRO_ADMIN_PROVENANCE_PINNED_KEY_H

#include "admin/provenance/artifact.h"
#include "admin/provenance/trail.h"
#include "evidence/digest.h"

#define NITRO_PINNED_KEY_MAX 16384 /* bytes of the file */
#define NITRO_MINISIGN_ID_LEN 8
#define NITRO_PINNED_KEY_TEXT_SIZE (8 + 2 * NITRO_SHA256_LEN)
#define NITRO_SSHSIG_NAMESPACE "pam-nitro-provenance@v1"

enum nitro_pinned_form {
	NITRO_PINNED_PEM, /* SubjectPublicKeyInfo: bundle, DSSE, plain signature */
	NITRO_PINNED_SSH, /* one line of OpenSSH: SSHSIG */
	NITRO_PINNED_MINISIGN
};

struct nitro_pinned_key {
	enum nitro_pinned_form form;
	EVP_PKEY *key;
	struct nitro_buf ssh_blob; /* SSH */
	uint8_t id[NITRO_MINISIGN_ID_LEN];
	char text[NITRO_PINNED_KEY_TEXT_SIZE]; /* "sha256:HEX" of its SPKI */
};

/*
 * Read the file's text: PEM, OpenSSH or minisign.
 * key  {0} before; always to be dropped. Step "key".
 */
NITRO_MUST_CHECK bool nitro_pinned_key_parse(struct nitro_bytes text,
    struct nitro_pinned_key *key, struct nitro_trail *trail);

void nitro_pinned_key_drop(struct nitro_pinned_key *key);

/*
 * ssh-keygen -Y sign (PROTOCOL.sshsig). The digest of the artifact is enough
 * where it is the one that the signature names. Step "signature".
 */
NITRO_MUST_CHECK bool nitro_sshsig_verify(struct nitro_bytes armor,
    const struct nitro_pinned_key *key, const char *namespace,
    const struct nitro_artifact *artifact, struct nitro_trail *trail);

/*
 * minisign, prehashed ("ED"), with its trusted comment; the legacy form is
 * refused. Needs the bytes of the artifact. Step "signature".
 */
NITRO_MUST_CHECK bool nitro_minisign_verify(struct nitro_bytes text,
    const struct nitro_pinned_key *key, const struct nitro_artifact *artifact,
    struct nitro_trail *trail);

#endif
