#include <openssl/err.h>

#include "admin/provenance/pinned_key.h"
#include "base/base64.h"

#define STEP "signature"
#define UNTRUSTED "untrusted comment: "
#define TRUSTED "trusted comment: "

enum { TEXT_MAX = 16384, SIGNATURE_LEN = 64, BLAKE2B_LEN = 64 };

#define REFUSE(trail, expected, ...) \
	nitro_trail_refuse(trail, STEP, expected, __VA_ARGS__)

struct minisig {
	struct nitro_buf file;      /* "ED" || id || signature */
	struct nitro_buf global;    /* over signature and comment */
	struct nitro_bytes comment; /* trusted */
};

static void
drop(struct minisig *sig)
{
	nitro_buf_drop(&sig->file);
	nitro_buf_drop(&sig->global);
}

static bool
take_line(struct nitro_bytes *text, const char *head, struct nitro_bytes *line)
{
	const size_t len = nitro_bytes_of_text(head).len;

	if (!nitro_bytes_take_until(text, '\n', line) ||
	    !nitro_bytes_has_prefix(*line, head))
		return false;
	*line = nitro_bytes_slice(*line, len, line->len);
	return true;
}

static bool
parse(struct nitro_bytes text, struct minisig *sig)
{
	struct nitro_bytes line;

	return text.len <= TEXT_MAX && take_line(&text, UNTRUSTED, &line) &&
	       take_line(&text, "", &line) &&
	       nitro_base64_decode(line, &sig->file) == NITRO_OK &&
	       take_line(&text, TRUSTED, &sig->comment) &&
	       take_line(&text, "", &line) && text.len == 0 &&
	       nitro_base64_decode(line, &sig->global) == NITRO_OK &&
	       sig->file.len == 2 + NITRO_MINISIGN_ID_LEN + SIGNATURE_LEN &&
	       sig->global.len == SIGNATURE_LEN;
}

static bool
verify_file(
    EVP_PKEY *key, struct nitro_bytes content, struct nitro_bytes signature)
{
	uint8_t hash[BLAKE2B_LEN];
	size_t len = 0;

	return EVP_Q_digest(NULL, "BLAKE2B512", NULL, content.ptr, content.len,
		   hash, &len) == 1 &&
	       len == sizeof hash &&
	       nitro_signature_verify(
		   key, (struct nitro_bytes){hash, sizeof hash}, signature);
}

static bool
verify_comment(
    EVP_PKEY *key, const struct minisig *sig, struct nitro_bytes signature)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf message = {0};

	return nitro_buf_append(&message, signature) == NITRO_OK &&
	       nitro_buf_append(&message, sig->comment) == NITRO_OK &&
	       nitro_signature_verify(key, nitro_bytes_of_buf(&message),
		   nitro_bytes_of_buf(&sig->global));
}

static bool
check(const struct minisig *sig, const struct nitro_pinned_key *key,
    const struct nitro_artifact *artifact, struct nitro_trail *trail)
{
	struct nitro_bytes signature = nitro_bytes_of_buf(&sig->file), head, id;

	if (!nitro_bytes_take(&signature, 2, &head) ||
	    !nitro_bytes_take(&signature, NITRO_MINISIGN_ID_LEN, &id) ||
	    !nitro_bytes_equal_text(head, "ED"))
		return REFUSE(trail, "a prehashed signature (ED)",
		    "the legacy form; sign with minisign -H");
	if (!nitro_bytes_equal(
		id, (struct nitro_bytes){key->id, sizeof key->id}))
		return REFUSE(trail, key->text, "another key made it");
	if (!verify_file(key->key, artifact->content, signature))
		return REFUSE(trail, "a signature of the artifact",
		    "one that does not verify");
	if (!verify_comment(key->key, sig, signature))
		return REFUSE(trail, "a signature of the trusted comment",
		    "one that does not verify");
	return true;
}

bool
nitro_minisign_verify(struct nitro_bytes text,
    const struct nitro_pinned_key *key, const struct nitro_artifact *artifact,
    struct nitro_trail *trail)
{
	NITRO_DROP(drop) struct minisig sig = {.comment = {0}};
	bool is_good;

	if (key->form != NITRO_PINNED_MINISIGN)
		return REFUSE(
		    trail, "a minisign public key", "a key of another form");
	if (!artifact->has_content)
		return REFUSE(trail,
		    "the file itself: minisign hashes by "
		    "BLAKE2b",
		    "a digest alone");
	if (!parse(text, &sig))
		return REFUSE(trail, "a minisign signature of four lines",
		    "something else");
	is_good = check(&sig, key, artifact, trail);
	ERR_clear_error();
	if (is_good)
		nitro_trail_pass(trail, STEP, "minisign");
	return is_good;
}
