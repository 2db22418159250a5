#include "ssh/key_fingerprint.h"

#include "base/base64.h"
#include "evidence/digest.h"

nitro_err
nitro_ssh_key_fingerprint(
    struct nitro_bytes blob, char out[NITRO_KEY_FINGERPRINT_LEN + 1])
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	uint8_t digest[NITRO_SHA256_LEN];
	nitro_err err;

	if ((err = nitro_sha256(blob, digest)) != NITRO_OK)
		return err;
	if ((err = nitro_buf_append_text(&text, "SHA256:")) != NITRO_OK)
		return err;
	err = nitro_base64_encode_unpadded(
	    (struct nitro_bytes){digest, sizeof digest}, &text);
	if (err != NITRO_OK)
		return err;
	if (!nitro_bytes_to_text(
		nitro_bytes_of_buf(&text), out, NITRO_KEY_FINGERPRINT_LEN + 1))
		return NITRO_E_INTERNAL;
	return NITRO_OK;
}
