#include "client/document_cache.h"

#include <stdio.h>

#include "base/hex.h"
#include "ssh/answer.h"

#define NAME_SIZE (sizeof "document-" + 2 * NITRO_NONCE_LEN)
/* The audience, a line end, the base64 text. */
#define CONTENT_MAX (NITRO_AUDIENCE_MAX + 1 + NITRO_ANSWER_WHOLE_MAX)

static void
file_name(const struct nitro_challenge *challenge, char name[NAME_SIZE])
{
	char hex[2 * NITRO_NONCE_LEN + 1];

	nitro_hex_encode(
	    (struct nitro_bytes){challenge->nonce, NITRO_NONCE_LEN}, hex,
	    sizeof hex);
	(void)snprintf(name, NAME_SIZE, "document-%s", hex);
}

/*
 * The file begins with the audience: a server that repeats a nonce with other
 * words gets nothing out of the document that was made for the first ones.
 */
bool
nitro_document_cache_get(const struct nitro_private_folder *folder,
    const struct nitro_challenge *challenge, struct nitro_buf *base64)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf content = {0};
	struct nitro_bytes text, audience;
	char name[NAME_SIZE];

	file_name(challenge, name);
	if (!nitro_private_folder_read(folder, name, CONTENT_MAX, &content))
		return false;
	text = nitro_bytes_of_buf(&content);
	return nitro_bytes_take_until(&text, '\n', &audience) &&
	       nitro_bytes_equal_text(audience, challenge->audience) &&
	       nitro_buf_append(base64, text) == NITRO_OK;
}

bool
nitro_document_cache_put(const struct nitro_private_folder *folder,
    const struct nitro_challenge *challenge, struct nitro_bytes base64,
    struct nitro_complaint *why)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf content = {0};
	char name[NAME_SIZE];

	file_name(challenge, name);
	if (nitro_buf_append_text(&content, challenge->audience) != NITRO_OK ||
	    nitro_buf_append_byte(&content, '\n') != NITRO_OK ||
	    nitro_buf_append(&content, base64) != NITRO_OK)
		return nitro_client_complain(why, "memory ran out");
	return nitro_private_folder_write(
	    folder, name, nitro_bytes_of_buf(&content), why);
}

void
nitro_document_cache_forget(const struct nitro_private_folder *folder,
    const struct nitro_challenge *challenge)
{
	char name[NAME_SIZE];

	file_name(challenge, name);
	nitro_private_folder_forget(folder, name);
}
