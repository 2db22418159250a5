#include "client/responder.h"

#include <string.h>

#include "base/base64.h"
#include "client/document_cache.h"
#include "ssh/answer.h"

#define SHOWN_MAX 240  /* of a foreign prompt, in a complaint */
#define WHOLE_MAX 8192 /* of it, to tell what it asks */

static bool
mentions(const char *text, const char *words)
{
	return strcasestr(text, words) != NULL;
}

/* What a person can do about a question that nitro-ssh does not answer. */
static const char *
foreign_advice(const char *prompt)
{
	if (mentions(prompt, "pam_nitro/"))
		return "it is not one challenge of pam_nitro-protocol(7), "
		       "version 1";
	if (mentions(prompt, "passphrase"))
		return "load the key into an agent with ssh-add first, or use "
		       "a "
		       "key without a passphrase";
	if (mentions(prompt, "fingerprint") || mentions(prompt, "(yes/no"))
		return "the host key is not known yet: add it to known_hosts "
		       "first "
		       "(see ssh-keyscan(1)), or give -o "
		       "StrictHostKeyChecking=accept-new";
	if (mentions(prompt, "PIN"))
		return "use a key that needs no PIN, or load it into an agent";
	if (mentions(prompt, "password"))
		return "the server wants a password: pam_nitro does not govern "
		       "this "
		       "login, or its sshd_config lacks AuthenticationMethods "
		       "publickey,keyboard-interactive:pam";
	return "nitro-ssh answers nothing but pam_nitro challenges";
}

static bool
complain_of_prompt(struct nitro_bytes prompt, struct nitro_complaint *why)
{
	char shown[SHOWN_MAX], whole[WHOLE_MAX];

	nitro_text_escape(prompt, shown, sizeof shown);
	nitro_text_escape(prompt, whole, sizeof whole);
	return nitro_client_complain(
	    why, "not answered: \"%s\": %s", shown, foreign_advice(whole));
}

/*
 * K only selects among the own keys. A key that is learnt from a prompt must
 * never get into a document: that is how a rogue server would relay.
 */
static bool
select_key(const struct nitro_own_keys *keys,
    const struct nitro_challenge *challenge, struct nitro_bytes *blob,
    struct nitro_complaint *why)
{
	const struct nitro_own_key *key;
	char own[NITRO_ESCAPED_MAX];

	*blob = (struct nitro_bytes){0};
	if (strcmp(challenge->key, "-") == 0)
		return true;
	if ((key = nitro_own_keys_find(keys, challenge->key)) != NULL) {
		*blob = nitro_bytes_of_buf(&key->blob);
		return true;
	}
	nitro_own_keys_describe(keys, own);
	return nitro_client_complain(why,
	    "refused: the server asks to attest the key %s, which is none of "
	    "this client's own (%s); a server that names another's key may be "
	    "relaying",
	    challenge->key, own);
}

static bool
make_document(const struct nitro_responder *responder,
    const struct nitro_challenge *challenge, struct nitro_buf *base64,
    struct nitro_complaint *why)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf document = {0};
	struct nitro_document_request request = {
	    .nonce = {challenge->nonce, NITRO_NONCE_LEN},
	    .user_data = nitro_bytes_of_text(challenge->audience)};

	if (!select_key(responder->keys, challenge, &request.public_key, why) ||
	    !nitro_document_source_attest(
		responder->source, responder->folder, &request, &document, why))
		return false;
	nitro_client_debug("document of %zu bytes", document.len);
	if (nitro_base64_encode(nitro_bytes_of_buf(&document), base64) !=
	    NITRO_OK)
		return nitro_client_complain(why, "memory ran out");
	if (nitro_answer_part_count(base64->len) > 0)
		return true;
	return nitro_client_complain(
	    why, "a document of %zu bytes fits no answer", document.len);
}

/* Part 1 makes the document and keeps it, later parts find it. */
static bool
get_document(const struct nitro_responder *responder,
    const struct nitro_challenge *challenge, unsigned part,
    struct nitro_buf *base64, struct nitro_complaint *why)
{
	if (nitro_document_cache_get(responder->folder, challenge, base64))
		return true;
	if (part != 1)
		return nitro_client_complain(why,
		    "not answered: the server asks for part %u of an answer "
		    "whose "
		    "part 1 it never asked for",
		    part);
	if (!make_document(responder, challenge, base64, why))
		return false;
	return nitro_answer_part_count(base64->len) == 1 ||
	       nitro_document_cache_put(responder->folder, challenge,
		   nitro_bytes_of_buf(base64), why);
}

bool
nitro_responder_part(const struct nitro_responder *responder,
    struct nitro_bytes prompt, struct nitro_buf *line,
    struct nitro_complaint *why)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf base64 = {0};
	struct nitro_challenge challenge;
	unsigned part, count;

	if (!nitro_challenge_parse(prompt, &challenge, &part))
		return complain_of_prompt(prompt, why);
	if (!get_document(responder, &challenge, part, &base64, why))
		return false;
	count = nitro_answer_part_count(base64.len);
	if (part >= count)
		nitro_document_cache_forget(responder->folder, &challenge);
	if (part > count)
		return nitro_client_complain(why,
		    "not answered: the server asks for part %u of %u", part,
		    count);
	if (nitro_answer_part(nitro_bytes_of_buf(&base64), part, line) !=
	    NITRO_OK)
		return nitro_client_complain(why, "memory ran out");
	nitro_client_debug("answering part %u of %u", part, count);
	return true;
}

bool
nitro_responder_whole(const struct nitro_responder *responder,
    struct nitro_bytes prompt, struct nitro_buf *line,
    struct nitro_complaint *why)
{
	struct nitro_challenge challenge;
	unsigned part;

	if (!nitro_challenge_parse(prompt, &challenge, &part))
		return complain_of_prompt(prompt, why);
	if (part != 1)
		return nitro_client_complain(why,
		    "not answered: an answer in one piece answers part 1, not "
		    "part "
		    "%u",
		    part);
	return make_document(responder, &challenge, line, why);
}
