/*
 * The other end of a PAM conversation: what sshd and the client behind it do.
 * It reads the prompt and writes the answer by itself, with nothing of ssh/
 * and base/base64.c, so that it can judge them; documents are of tests/sim.
 */
#ifndef MODULE_CLIENT_H
#define MODULE_CLIENT_H

#include <security/pam_appl.h>

#include "sim/sim.h"

#define CLIENT_TEXT_MAX 512
#define CLIENT_REFERENCE_SIZE 9 /* 8 hex digits and a NUL */

struct client;

/*
 * Answer the prompt that the client has just read. Gives what the
 * application's conversation function returns; *responses is NULL before.
 */
typedef int client_script(
    struct client *client, struct pam_response **responses);

struct client {
	/* What it has; {0} attests with pki and says it in one piece. */
	const struct sim_pki *pki;
	struct nitro_bytes key; /* its SSH public key blob; ptr NULL: null */
	int64_t ahead_ms;       /* of its document's time, before now */
	void (*edit)(struct client *client, struct sim_document *doc);
	bool (*make)(struct client *client, const struct sim_document *doc,
	    struct nitro_buf *evidence); /* NULL: sim_attest() */
	client_script *script;           /* NULL: client_whole */
	const char *const *lines;        /* client_lines(); ends with NULL */
	size_t slice_len;                /* client_parts(); 0: 900 */
	bool is_masked;                  /* sshd masks what it says */
	int code;                        /* client_fails() */
	void *context;                   /* of edit and script */

	/* What it saw since client_forget(). */
	unsigned prompt_count, message_count;
	unsigned part;                    /* of the last prompt */
	char prompt[CLIENT_TEXT_MAX];     /* the last one */
	char audience[CLIENT_TEXT_MAX];   /* "pam_nitro/1 ... user=<U>" */
	char nonce_text[CLIENT_TEXT_MAX]; /* base64url */
	uint8_t nonce[32];
	char fingerprint[CLIENT_TEXT_MAX], host[CLIENT_TEXT_MAX],
	    user[CLIENT_TEXT_MAX];
	char message[CLIENT_TEXT_MAX]; /* the last one that asks nothing */
	/* The first thing that the protocol does not allow, or "". */
	char complaint[CLIENT_TEXT_MAX];

	/* What it said. */
	struct nitro_buf evidence, base64;
};

/* A conversation function for struct pam_conv; appdata is the client. */
int client_converse(int count, const struct pam_message **messages,
    struct pam_response **responses, void *appdata);

/* Forget what was seen and said. */
void client_forget(struct client *client);
/* The same; for NITRO_DROP(). */
void client_drop(struct client *client);

/* First 8 hex digits of the nonce in the prompt. */
void client_reference(
    const struct client *client, char reference[CLIENT_REFERENCE_SIZE]);

/*
 * Fill evidence and base64 with a document for the prompt that was read
 * last, unless they are filled already; edit has the last word. Aborts
 * where the simulation fails.
 */
void client_attest(struct client *client);

/* One line, masked where the client is; nothing is added to it. */
int client_reply(struct client *client, struct nitro_bytes line,
    struct pam_response **responses);

client_script client_whole;      /* the document in one piece */
client_script client_parts;      /* in parts of slice_len characters */
client_script client_lines;      /* lines[part - 1]; then leaves */
client_script client_fails;      /* returns code, and no array */
client_script client_null_array; /* PAM_SUCCESS, and no array */
client_script client_null_text;  /* PAM_SUCCESS, an array without text */

#endif
