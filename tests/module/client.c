#include "module/client.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLICE_LEN 900
#define PROMPT_MAX 400

__attribute__((format(printf, 2, 3))) static void
complain(struct client *client, const char *format, ...)
{
	va_list args;

	if (client->complaint[0] != '\0')
		return;
	va_start(args, format);
	(void)vsnprintf(
	    client->complaint, sizeof client->complaint, format, args);
	va_end(args);
}

/* Cut "NAME=VALUE" and one blank off. */
static bool
take_field(const char **at, const char *name, char value[CLIENT_TEXT_MAX])
{
	const size_t name_len = strlen(name);
	size_t len;

	if (strncmp(*at, name, name_len) != 0 || (*at)[name_len] != '=')
		return false;
	*at += name_len + 1;
	len = strcspn(*at, " ");
	if (len == 0 || len >= CLIENT_TEXT_MAX || (*at)[len] != ' ')
		return false;
	(void)snprintf(value, CLIENT_TEXT_MAX, "%.*s", (int)len, *at);
	*at += len + 1;
	return true;
}

/* base64url without padding, by libcrypto's decoder of the other alphabet. */
static bool
read_nonce(const char *text, uint8_t nonce[32])
{
	uint8_t bytes[33];
	char block[45];

	if (strlen(text) != 43 || strpbrk(text, "+/=") != NULL)
		return false;
	(void)snprintf(block, sizeof block, "%s=", text);
	for (char *c = block; *c != '\0'; c++)
		*c = (char)(*c == '-' ? '+' : *c == '_' ? '/' : *c);
	if (EVP_DecodeBlock(bytes, (const unsigned char *)block, 44) != 33)
		return false;
	memcpy(nonce, bytes, 32);
	return true;
}

/* pam_nitro/1 nonce=<N> key=<K> host=<H> user=<U> part=<k>: */
static bool
read_prompt(struct client *client)
{
	static const char head[] = "pam_nitro/1 ";
	const char *at = client->prompt;

	client->part = 0;
	if (strncmp(at, head, strlen(head)) != 0)
		return false;
	at += strlen(head);
	if (!take_field(&at, "nonce", client->nonce_text) ||
	    !take_field(&at, "key", client->fingerprint) ||
	    !take_field(&at, "host", client->host) ||
	    !take_field(&at, "user", client->user) ||
	    !read_nonce(client->nonce_text, client->nonce))
		return false;
	(void)snprintf(client->audience, sizeof client->audience, "%.*s",
	    (int)(at - client->prompt - 1), client->prompt);
	for (unsigned part = 1; part <= 32; part++) {
		char tail[32];

		(void)snprintf(tail, sizeof tail, "part=%u: ", part);
		if (strcmp(at, tail) == 0)
			client->part = part;
	}
	return client->part > 0;
}

static void
judge_prompt(struct client *client, const char *text)
{
	char audience[CLIENT_TEXT_MAX];

	memcpy(audience, client->audience, sizeof audience);
	if (strlen(text) > PROMPT_MAX)
		complain(client, "a prompt of %zu bytes", strlen(text));
	for (const char *c = text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			complain(client, "byte %02x in a prompt",
			    (unsigned)(unsigned char)*c);
	(void)snprintf(client->prompt, sizeof client->prompt, "%s", text);
	if (!read_prompt(client))
		complain(client, "no prompt of pam_nitro: %.100s", text);
	if (client->part != client->prompt_count)
		complain(client, "prompt %u is for part %u",
		    client->prompt_count, client->part);
	if (client->prompt_count > 1 && strcmp(audience, client->audience) != 0)
		complain(client, "the challenge changed during the dialogue");
	if (client->message_count > 0)
		complain(client, "a prompt after the refusal");
}

int
client_converse(int count, const struct pam_message **messages,
    struct pam_response **responses, void *appdata)
{
	struct client *client = appdata;

	*responses = NULL;
	if (count != 1) {
		complain(client, "%d messages at once", count);
		return PAM_CONV_ERR;
	}
	if (messages[0]->msg_style == PAM_PROMPT_ECHO_ON) {
		client->prompt_count++;
		judge_prompt(client, messages[0]->msg);
		return client->script != NULL
			   ? client->script(client, responses)
			   : client_whole(client, responses);
	}
	if (messages[0]->msg_style != PAM_ERROR_MSG &&
	    messages[0]->msg_style != PAM_TEXT_INFO) {
		complain(client, "message of style %d: %.100s",
		    messages[0]->msg_style, messages[0]->msg);
		return PAM_CONV_ERR;
	}
	client->message_count++;
	(void)snprintf(
	    client->message, sizeof client->message, "%s", messages[0]->msg);
	return client_reply(client, (struct nitro_bytes){0}, responses);
}

void
client_forget(struct client *client)
{
	client->prompt_count = client->message_count = client->part = 0;
	client->prompt[0] = client->audience[0] = client->nonce_text[0] = '\0';
	client->fingerprint[0] = client->host[0] = client->user[0] = '\0';
	client->message[0] = client->complaint[0] = '\0';
	memset(client->nonce, 0, sizeof client->nonce);
	nitro_buf_drop(&client->evidence);
	nitro_buf_drop(&client->base64);
}

void
client_drop(struct client *client)
{
	client_forget(client);
}

void
client_reference(
    const struct client *client, char reference[CLIENT_REFERENCE_SIZE])
{
	(void)snprintf(reference, CLIENT_REFERENCE_SIZE, "%02x%02x%02x%02x",
	    client->nonce[0], client->nonce[1], client->nonce[2],
	    client->nonce[3]);
}

static void
demand(bool is_so)
{
	if (!is_so)
		abort();
}

static void
put_base64(struct nitro_bytes in, struct nitro_buf *out)
{
	int n;

	demand(nitro_buf_reserve(out, in.len / 3 * 4 + 8) == NITRO_OK);
	n = EVP_EncodeBlock(out->ptr, in.ptr, (int)in.len);
	demand(n > 0);
	out->len = (size_t)n;
}

void
client_attest(struct client *client)
{
	struct sim_document doc;
	struct timespec now;

	if (client->evidence.len == 0) {
		/* Not clock_gettime(2): a test may change that one. */
		demand(timespec_get(&now, TIME_UTC) == TIME_UTC);
		sim_document_default(client->pki,
		    (uint64_t)((int64_t)now.tv_sec * 1000 +
			       now.tv_nsec / 1000000 + client->ahead_ms),
		    &doc);
		doc.nonce = (struct nitro_bytes){
		    client->nonce, sizeof client->nonce};
		doc.user_data = nitro_bytes_of_text(client->audience);
		doc.public_key = client->key;
		if (client->edit != NULL)
			client->edit(client, &doc);
		demand(client->make != NULL
			   ? client->make(client, &doc, &client->evidence)
			   : sim_attest(client->pki, &doc, &client->evidence));
	}
	if (client->base64.len == 0)
		put_base64(
		    nitro_bytes_of_buf(&client->evidence), &client->base64);
}

int
client_reply(struct client *client, struct nitro_bytes line,
    struct pam_response **responses)
{
	static const char mask[] = "\b\n\r\177INCORRECT";
	struct pam_response *response = calloc(1, sizeof *response);
	char *text = calloc(1, line.len + 1);

	if (response == NULL || text == NULL)
		abort();
	for (size_t i = 0; i < line.len; i++)
		text[i] = client->is_masked ? mask[i % (sizeof mask - 1)]
					    : (char)line.ptr[i];
	response->resp = text;
	*responses = response;
	return PAM_SUCCESS;
}

int
client_whole(struct client *client, struct pam_response **responses)
{
	client_attest(client);
	return client_reply(
	    client, nitro_bytes_of_buf(&client->base64), responses);
}

int
client_parts(struct client *client, struct pam_response **responses)
{
	const size_t slice_len = client->slice_len != 0 ? client->slice_len
							: SLICE_LEN;
	struct nitro_bytes slice;
	char line[2048];
	int n;

	client_attest(client);
	slice = nitro_bytes_slice(nitro_bytes_of_buf(&client->base64),
	    slice_len * (client->part - 1), slice_len);
	n = snprintf(line, sizeof line, "%u/%zu/%zu:%.*s", client->part,
	    (client->base64.len + slice_len - 1) / slice_len, slice.len,
	    (int)slice.len, (const char *)slice.ptr);
	demand(n > 0 && (size_t)n < sizeof line);
	return client_reply(client, nitro_bytes_of_text(line), responses);
}

int
client_lines(struct client *client, struct pam_response **responses)
{
	for (unsigned i = 0; i < client->part; i++)
		if (client->lines[i] == NULL) {
			complain(client, "asked for line %u", client->part);
			return PAM_CONV_ERR;
		}
	return client_reply(client,
	    nitro_bytes_of_text(client->lines[client->part - 1]), responses);
}

int
client_fails(struct client *client, struct pam_response **responses)
{
	(void)responses;
	return client->code;
}

int
client_null_array(struct client *client, struct pam_response **responses)
{
	(void)client, (void)responses;
	return PAM_SUCCESS;
}

int
client_null_text(struct client *client, struct pam_response **responses)
{
	(void)client;
	*responses = calloc(1, sizeof **responses);
	return *responses != NULL ? PAM_SUCCESS : PAM_BUF_ERR;
}
