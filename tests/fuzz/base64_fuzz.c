/* Strict base64: one text for one sequence of bytes. B01-B14 */
#include <openssl/evp.h>

#include "base/base64.h"
#include "fuzz/fuzz.h"

typedef nitro_err recode(struct nitro_bytes in, struct nitro_buf *out);

/* What was there before stays there, whatever comes behind it. */
static void
check_decoder(struct nitro_bytes text, recode *decode, recode *encode)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf raw = {0}, again = {0};

	fuzz_append_text(&raw, "before");
	if (decode(text, &raw) != NITRO_OK) {
		FUZZ_CHECK(
		    nitro_bytes_equal_text(nitro_bytes_of_buf(&raw), "before"));
		return;
	}
	FUZZ_CHECK(
	    encode(nitro_bytes_slice(nitro_bytes_of_buf(&raw), 6, raw.len),
		&again) == NITRO_OK);
	FUZZ_CHECK(nitro_bytes_equal(nitro_bytes_of_buf(&again), text));
}

static void
check_encoder(struct nitro_bytes raw, recode *encode, recode *decode)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0}, again = {0};

	FUZZ_CHECK(encode(raw, &text) == NITRO_OK);
	FUZZ_CHECK(decode(nitro_bytes_of_buf(&text), &again) == NITRO_OK);
	FUZZ_CHECK(nitro_bytes_equal(nitro_bytes_of_buf(&again), raw));
}

/* libcrypto takes more texts, but what both take is the same bytes. */
static void
check_against_libcrypto(struct nitro_bytes text)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf ours = {0}, theirs = {0};
	int len;

	if (text.len == 0 || nitro_base64_decode(text, &ours) != NITRO_OK)
		return;
	FUZZ_CHECK(nitro_buf_reserve(&theirs, text.len) == NITRO_OK);
	len = EVP_DecodeBlock(theirs.ptr, text.ptr, (int)text.len);
	FUZZ_CHECK(len >= 0 && (size_t)len >= ours.len);
	theirs.len = ours.len;
	FUZZ_CHECK(nitro_bytes_equal(
	    nitro_bytes_of_buf(&ours), nitro_bytes_of_buf(&theirs)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nitro_bytes in = {data, size};

	check_decoder(in, nitro_base64_decode, nitro_base64_encode);
	check_decoder(in, nitro_base64url_decode, nitro_base64url_encode);
	check_encoder(in, nitro_base64_encode, nitro_base64_decode);
	check_encoder(in, nitro_base64url_encode, nitro_base64url_decode);
	check_against_libcrypto(in);
	return 0;
}

void
fuzz_seeds(void)
{
	static const char *const texts[] = {"", "QQ==", "QUI=", "QUJD",
	    "QUJDRA", "QR==", "QUJ=", "Q===", "QQ==QQ==", "-_-_", "+/+/",
	    "QUJD\n", "QQ", "TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsu"};

	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++)
		fuzz_seed_text(texts[i]);
}
