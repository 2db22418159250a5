/*
 * SSH_AUTH_INFO_0: the key that comes out is a plain one, and one line that
 * says it alone gives the same. K01 K04-K08 K16
 */
#include "base/base64.h"
#include "fuzz/fuzz.h"
#include "fuzz/keys.h"
#include "ssh/auth_info.h"
#include "ssh/ssh_key.h"

static void
check_again(struct nitro_bytes plain)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf info = {0}, again = {0};

	fuzz_key_line(plain, &info);
	FUZZ_CHECK(
	    nitro_auth_info_key(nitro_bytes_of_buf(&info), &again) == NITRO_OK);
	FUZZ_CHECK(nitro_bytes_equal(nitro_bytes_of_buf(&again), plain));

	/* A second one is one too many, whatever it says. */
	nitro_buf_drop(&again);
	fuzz_key_line(plain, &info);
	FUZZ_CHECK(nitro_auth_info_key(nitro_bytes_of_buf(&info), &again) ==
		   NITRO_E_AUTH_INFO);
	FUZZ_CHECK(again.len == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf plain = {0}, again = {0};
	const struct nitro_bytes in = {data, size};
	nitro_err err;

	err = nitro_auth_info_key(in, &plain);
	if (err != NITRO_OK) {
		FUZZ_CHECK(
		    err == NITRO_E_NO_PUBLICKEY || err == NITRO_E_AUTH_INFO);
		FUZZ_CHECK(plain.len == 0);
		return 0;
	}
	FUZZ_CHECK(size <= NITRO_AUTH_INFO_MAX);
	FUZZ_CHECK(nitro_ssh_key_plain(nitro_bytes_of_buf(&plain), &again) ==
		   NITRO_OK);
	FUZZ_CHECK(nitro_bytes_equal(
	    nitro_bytes_of_buf(&plain), nitro_bytes_of_buf(&again)));
	check_again(nitro_bytes_of_buf(&plain));
	return 0;
}

static void
seed_line(const char *before, struct nitro_bytes blob, const char *after)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf info = {0};

	fuzz_append_text(&info, before);
	fuzz_key_line(blob, &info);
	info.len--;
	fuzz_append_text(&info, after);
	fuzz_seed(nitro_bytes_of_buf(&info));
}

void
fuzz_seeds(void)
{
	struct nitro_buf blob = {0};

	for (unsigned i = 0; i < FUZZ_KEYS; i++) {
		fuzz_key(i, &blob);
		seed_line("", nitro_bytes_of_buf(&blob), "\n");
		blob.len = 0;
	}
	fuzz_key(0, &blob);
	seed_line("", nitro_bytes_of_buf(&blob), "");
	seed_line("password\n", nitro_bytes_of_buf(&blob), "\n");
	seed_line("", nitro_bytes_of_buf(&blob), " more fields\nhostbased x\n");
	seed_line("hostbased ", nitro_bytes_of_buf(&blob), "\n");
	seed_line("", nitro_bytes_of_buf(&blob), "\r\n");
	blob.ptr[8] ^= 1;
	seed_line("", nitro_bytes_of_buf(&blob), "\n");
	fuzz_seed_text("");
	fuzz_seed_text("publickey ssh-ed25519 AAAA\n");
	nitro_buf_drop(&blob);
}
