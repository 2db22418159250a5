#include "ssh/auth_info.h"

#include "base/base64.h"
#include "ssh/ssh_key.h"

/* Up to the separator, or all that is left. False where nothing is left. */
static bool
take_word(struct nitro_bytes *in, uint8_t separator, struct nitro_bytes *word)
{
	if (in->len == 0)
		return false;
	if (nitro_bytes_take_until(in, separator, word))
		return true;
	return nitro_bytes_take(in, in->len, word);
}

static bool
text_is_clean(struct nitro_bytes info)
{
	for (size_t i = 0; i < info.len; i++)
		if ((info.ptr[i] < ' ' && info.ptr[i] != '\n') ||
		    info.ptr[i] == 0x7f)
			return false;
	return true;
}

/* fields: "<type> <base64>", and what sshd may add one day. */
static nitro_err
key_of_fields(struct nitro_bytes fields, struct nitro_buf *plain)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf blob = {0};
	struct nitro_bytes type = {0}, base64 = {0};
	nitro_err err;

	if (!take_word(&fields, ' ', &type) ||
	    !take_word(&fields, ' ', &base64))
		return NITRO_E_AUTH_INFO;
	err = nitro_base64_decode(base64, &blob);
	if (err == NITRO_E_BASE64)
		return NITRO_E_AUTH_INFO;
	if (err != NITRO_OK)
		return err;
	if (!nitro_bytes_equal(
		type, nitro_ssh_key_type(nitro_bytes_of_buf(&blob))))
		return NITRO_E_AUTH_INFO;
	return nitro_ssh_key_plain(nitro_bytes_of_buf(&blob), plain);
}

nitro_err
nitro_auth_info_key(struct nitro_bytes info, struct nitro_buf *plain)
{
	struct nitro_bytes line, method, fields = {0};
	unsigned seen = 0;

	if (info.len > NITRO_AUTH_INFO_MAX || !text_is_clean(info))
		return NITRO_E_AUTH_INFO;
	while (take_word(&info, '\n', &line)) {
		if (!take_word(&line, ' ', &method) ||
		    !nitro_bytes_equal_text(method, "publickey"))
			continue;
		fields = line;
		seen++;
	}
	if (seen == 0)
		return NITRO_E_NO_PUBLICKEY;
	if (seen > 1)
		return NITRO_E_AUTH_INFO;
	return key_of_fields(fields, plain);
}
