#include "ssh/challenge.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/hex.h"

#define FIRST_WORDS "pam_nitro/1 nonce="

/* The longest audience, so that no snprintf() below can cut one. */
_Static_assert(sizeof(FIRST_WORDS) - 1 +
		       NITRO_BASE64_UNPADDED_LEN(NITRO_NONCE_LEN) +
		       sizeof(" key=") - 1 + NITRO_KEY_FINGERPRINT_LEN +
		       sizeof(" host=") - 1 + NITRO_SERVER_NAME_MAX +
		       sizeof(" user=") - 1 + NITRO_USER_ENCODED_MAX <=
		   NITRO_AUDIENCE_MAX,
    "the audience has a limit of 300 bytes");

static bool
is_letter_or_digit(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

static bool
is_host_byte(uint8_t c)
{
	return is_letter_or_digit(c) || c == '.' || c == ':' || c == '_' ||
	       c == '-';
}

static bool
is_user_byte(uint8_t c)
{
	return is_letter_or_digit(c) || c == '.' || c == '_' || c == '@' ||
	       c == '-';
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool
nitro_server_name_is_valid(struct nitro_bytes name)
{
	if (name.len < 1 || name.len > NITRO_SERVER_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!is_host_byte(name.ptr[i]))
			return false;
	return true;
}

static bool
key_is_valid(struct nitro_bytes key)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf padded = {0}, digest = {0};

	if (nitro_bytes_equal_text(key, "-"))
		return true;
	if (key.len != NITRO_KEY_FINGERPRINT_LEN ||
	    !nitro_bytes_has_prefix(key, "SHA256:"))
		return false;
	return nitro_buf_append(&padded, nitro_bytes_slice(key, 7, key.len)) ==
		   NITRO_OK &&
	       nitro_buf_append_byte(&padded, '=') == NITRO_OK &&
	       nitro_base64_decode(nitro_bytes_of_buf(&padded), &digest) ==
		   NITRO_OK;
}

static bool
encode_user(struct nitro_bytes user, char out[NITRO_USER_ENCODED_MAX + 1])
{
	size_t used = 0;

	if (user.len == 0)
		return false;
	for (size_t i = 0; i < user.len; i++) {
		size_t need = is_user_byte(user.ptr[i]) ? 1 : 3;

		if (need > NITRO_USER_ENCODED_MAX - used)
			return false;
		(void)snprintf(&out[used], need + 1,
		    need == 1 ? "%c" : "%%%02X", user.ptr[i]);
		used += need;
	}
	return true;
}

nitro_err
nitro_challenge_make(const uint8_t nonce[NITRO_NONCE_LEN], const char *key,
    const char *host, struct nitro_bytes user,
    struct nitro_challenge *challenge)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf nonce_text = {0};
	struct nitro_bytes raw = {nonce, NITRO_NONCE_LEN};
	char encoded[NITRO_USER_ENCODED_MAX + 1] = {0};
	nitro_err err;

	if (!key_is_valid(nitro_bytes_of_text(key)))
		return NITRO_E_INTERNAL;
	if (!nitro_server_name_is_valid(nitro_bytes_of_text(host)))
		return NITRO_E_SERVER_NAME;
	if (!encode_user(user, encoded))
		return NITRO_E_USER_NAME;
	if ((err = nitro_base64url_encode(raw, &nonce_text)) != NITRO_OK)
		return err;

	*challenge = (struct nitro_challenge){0};
	for (size_t i = 0; i < NITRO_NONCE_LEN; i++)
		challenge->nonce[i] = nonce[i];
	(void)snprintf(challenge->key, sizeof challenge->key, "%s", key);
	(void)snprintf(challenge->audience, sizeof challenge->audience,
	    FIRST_WORDS "%.*s key=%s host=%s user=%s", (int)nonce_text.len,
	    (const char *)nonce_text.ptr, key, host, encoded);
	return NITRO_OK;
}

void
nitro_challenge_prompt(const struct nitro_challenge *challenge, unsigned part,
    char prompt[NITRO_PROMPT_MAX + 1])
{
	(void)snprintf(prompt, NITRO_PROMPT_MAX + 1,
	    "%s part=%u: ", challenge->audience, part);
}

void
nitro_challenge_reference(const uint8_t nonce[NITRO_NONCE_LEN],
    char reference[NITRO_REFERENCE_LEN + 1])
{
	nitro_hex_encode((struct nitro_bytes){nonce, NITRO_REFERENCE_LEN / 2},
	    reference, NITRO_REFERENCE_LEN + 1);
}

/* Cut "name" off, then the value up to the separator. */
static bool
take_value(struct nitro_bytes *in, const char *name, uint8_t separator,
    struct nitro_bytes *value)
{
	struct nitro_bytes skipped;

	return nitro_bytes_has_prefix(*in, name) &&
	       nitro_bytes_take(in, nitro_bytes_of_text(name).len, &skipped) &&
	       nitro_bytes_take_until(in, separator, value);
}

static bool
decode_nonce(struct nitro_bytes text, uint8_t nonce[NITRO_NONCE_LEN])
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf raw = {0};

	if (nitro_base64url_decode(text, &raw) != NITRO_OK ||
	    raw.len != NITRO_NONCE_LEN)
		return false;
	for (size_t i = 0; i < NITRO_NONCE_LEN; i++)
		nonce[i] = raw.ptr[i];
	return true;
}

static bool
is_hex_digit(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

static bool
user_is_valid(struct nitro_bytes user)
{
	if (user.len < 1 || user.len > NITRO_USER_ENCODED_MAX)
		return false;
	for (size_t i = 0; i < user.len; i++) {
		if (is_user_byte(user.ptr[i]))
			continue;
		if (user.ptr[i] != '%' || user.len - i < 3 ||
		    !is_hex_digit(user.ptr[i + 1]) ||
		    !is_hex_digit(user.ptr[i + 2]))
			return false;
		i += 2;
	}
	return true;
}

static bool
only_blanks(struct nitro_bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_blank(text.ptr[i]))
			return false;
	return true;
}

static bool
parse_at(
    struct nitro_bytes text, struct nitro_challenge *challenge, unsigned *part)
{
	struct nitro_challenge found = {0};
	struct nitro_bytes in = text, nonce = {0}, key = {0}, host = {0},
			   user = {0}, number = {0};
	size_t audience_len;
	unsigned k = 0;

	if (!take_value(&in, FIRST_WORDS, ' ', &nonce) ||
	    !take_value(&in, "key=", ' ', &key) ||
	    !take_value(&in, "host=", ' ', &host) ||
	    !take_value(&in, "user=", ' ', &user))
		return false;
	audience_len = text.len - in.len - 1;
	if (!take_value(&in, "part=", ':', &number) || !only_blanks(in) ||
	    !nitro_bytes_to_number(number, &k) || k < 1 || k > NITRO_PARTS_MAX)
		return false;
	if (!decode_nonce(nonce, found.nonce) || !key_is_valid(key) ||
	    !nitro_server_name_is_valid(host) || !user_is_valid(user))
		return false;
	if (!nitro_bytes_to_text(key, found.key, sizeof found.key) ||
	    !nitro_bytes_to_text(nitro_bytes_slice(text, 0, audience_len),
		found.audience, sizeof found.audience))
		return false;
	*challenge = found;
	*part = k;
	return true;
}

bool
nitro_challenge_parse(
    struct nitro_bytes text, struct nitro_challenge *challenge, unsigned *part)
{
	size_t start = 0;
	unsigned seen = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (!nitro_bytes_has_prefix(
			nitro_bytes_slice(text, i, text.len), "pam_nitro/"))
			continue;
		start = i;
		seen++;
	}
	if (seen != 1)
		return false;
	if (start > 0 && !is_blank(text.ptr[start - 1]))
		return false;
	return parse_at(
	    nitro_bytes_slice(text, start, text.len), challenge, part);
}
