/*
 * The client's side of a prompt: what is taken for a challenge is one that
 * the module could have made, and is taken again from its own text. T28
 */
#include "base/hex.h"
#include "fuzz/fuzz.h"
#include "ssh/challenge.h"

/* Undo %XX; the text behind the last blank-separated "user=". */
static void
decode_user(struct nitro_bytes audience, struct nitro_buf *user)
{
	struct nitro_bytes part, digits;
	uint8_t byte;

	while (nitro_bytes_take_until(&audience, '=', &part))
		;
	while (nitro_bytes_take(&audience, 1, &part)) {
		byte = part.ptr[0];
		if (byte == '%') {
			FUZZ_CHECK(nitro_bytes_take(&audience, 2, &digits));
			FUZZ_CHECK(nitro_hex_decode(digits, &byte, 1));
		}
		fuzz_append_byte(user, byte);
	}
}

static void
copy_host(struct nitro_bytes audience, char host[NITRO_SERVER_NAME_MAX + 1])
{
	struct nitro_bytes part = {0};

	for (int i = 0; i < 4; i++)
		FUZZ_CHECK(nitro_bytes_take_until(&audience, ' ', &part));
	FUZZ_CHECK(nitro_bytes_has_prefix(part, "host="));
	FUZZ_CHECK(nitro_bytes_to_text(
	    nitro_bytes_slice(part, 5, part.len), host, 65));
}

/* A byte that need not be escaped may be, by a server that is not ours. */
static void
check_made_anew(const struct nitro_challenge *found)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf user = {0};
	const struct nitro_bytes audience = nitro_bytes_of_text(
	    found->audience);
	struct nitro_challenge made = {0};
	char host[NITRO_SERVER_NAME_MAX + 1] = "";

	decode_user(audience, &user);
	copy_host(audience, host);
	FUZZ_CHECK(nitro_challenge_make(found->nonce, found->key, host,
		       nitro_bytes_of_buf(&user), &made) == NITRO_OK);
	FUZZ_CHECK(nitro_bytes_of_text(made.audience).len <= audience.len);
	if (nitro_bytes_of_text(made.audience).len == audience.len)
		FUZZ_CHECK(nitro_bytes_equal_text(audience, made.audience));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nitro_bytes in = {data, size};
	struct nitro_challenge found = {0}, again = {0};
	unsigned part = 77, part_again = 0;
	char prompt[NITRO_PROMPT_MAX + 1];

	if (!nitro_challenge_parse(in, &found, &part)) {
		FUZZ_CHECK(part == 77 && found.audience[0] == '\0');
		return 0;
	}
	FUZZ_CHECK(part >= 1 && part <= NITRO_PARTS_MAX);
	FUZZ_CHECK(fuzz_is_printable(found.audience));
	nitro_challenge_prompt(&found, part, prompt);
	FUZZ_CHECK(nitro_challenge_parse(
	    nitro_bytes_of_text(prompt), &again, &part_again));
	FUZZ_CHECK(part == part_again);
	FUZZ_CHECK(nitro_bytes_equal_text(
	    nitro_bytes_of_text(found.audience), again.audience));
	check_made_anew(&found);
	return 0;
}

#define NONCE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define KEY "SHA256:2VEt25a57uTfy3if7rLaAOtJUbf4xd+QrmwQFkX1KK0"
#define START "pam_nitro/1 nonce=" NONCE " key="

void
fuzz_seeds(void)
{
	static const char *const texts[] = {START KEY
	    " host=test.example user=deploy part=1: ",
	    START "- host=a user=%0A%25 part=32: ",
	    "(deploy@host) " START "- host=a:1 user=a@b part=2:",
	    "a message\n" START "- host=a user=b part=3: \n",
	    START "- host=a user=b part=1: " START "- host=a user=b part=1: ",
	    START "- host=a user=b part=33: ", START "- host=a user= part=1: ",
	    START "- host=a user=%0a part=1: ",
	    START "- host=a/b user=c part=1: ", "pam_nitro/2 nonce=",
	    START "SHA256:short host=a user=b part=1: ", "Password: ",
	    START "- host=a user=b part=1: x",
	    "x" START "- host=a user=b part=1: "};

	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++)
		fuzz_seed_text(texts[i]);
}
