/*
 * SSH public keys: what is taken for a plain key is the input itself, what
 * is taken for a certificate ends in the same key, and nothing may follow.
 * K07 K08 K10
 */
#include "fuzz/fuzz.h"
#include "fuzz/keys.h"
#include "ssh/key_fingerprint.h"
#include "ssh/ssh_key.h"

static bool
is_certificate(struct nitro_bytes type)
{
	static const char end[] = "-cert-v01@openssh.com";
	const size_t len = sizeof end - 1;

	return type.len > len &&
	       nitro_bytes_equal_text(
		   nitro_bytes_slice(type, type.len - len, len), end);
}

static void
check_one_more_byte(struct nitro_bytes blob)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf more = {0}, plain = {0};

	fuzz_append(&more, blob);
	fuzz_append_byte(&more, 0);
	FUZZ_CHECK(nitro_ssh_key_plain(nitro_bytes_of_buf(&more), &plain) ==
		   NITRO_E_AUTH_INFO);
	more.len -= 2;
	FUZZ_CHECK(nitro_ssh_key_plain(nitro_bytes_of_buf(&more), &plain) ==
		   NITRO_E_AUTH_INFO);
	FUZZ_CHECK(plain.len == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf plain = {0}, again = {0};
	const struct nitro_bytes in = {data, size};
	char fingerprint[NITRO_KEY_FINGERPRINT_LEN + 1] = "";
	nitro_err err;

	FUZZ_CHECK(fuzz_is_within(nitro_ssh_key_type(in), in));
	err = nitro_ssh_key_plain(in, &plain);
	if (err != NITRO_OK) {
		FUZZ_CHECK(err == NITRO_E_AUTH_INFO && plain.len == 0);
		return 0;
	}
	if (is_certificate(nitro_ssh_key_type(in)))
		FUZZ_CHECK(plain.len < size);
	else
		FUZZ_CHECK(nitro_bytes_equal(nitro_bytes_of_buf(&plain), in));
	FUZZ_CHECK(
	    !is_certificate(nitro_ssh_key_type(nitro_bytes_of_buf(&plain))));
	FUZZ_CHECK(nitro_ssh_key_plain(nitro_bytes_of_buf(&plain), &again) ==
		   NITRO_OK);
	FUZZ_CHECK(nitro_bytes_equal(
	    nitro_bytes_of_buf(&plain), nitro_bytes_of_buf(&again)));
	check_one_more_byte(in);
	FUZZ_CHECK(nitro_ssh_key_fingerprint(
		       nitro_bytes_of_buf(&plain), fingerprint) == NITRO_OK);
	FUZZ_CHECK(
	    nitro_bytes_of_text(fingerprint).len == NITRO_KEY_FINGERPRINT_LEN);
	return 0;
}

void
fuzz_seeds(void)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf blob = {0};

	for (unsigned i = 0; i < FUZZ_KEYS; i++) {
		blob.len = 0;
		fuzz_key(i, &blob);
		fuzz_seed(nitro_bytes_of_buf(&blob));
		fuzz_append_byte(&blob, 0);
		fuzz_seed(nitro_bytes_of_buf(&blob));
		fuzz_seed(nitro_bytes_slice(
		    nitro_bytes_of_buf(&blob), 0, blob.len / 2));
	}
}
