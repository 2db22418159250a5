#include "fuzz/keys.h"

#include "base/base64.h"
#include "fuzz/fuzz.h"

/* The fields of a key behind its type: text, or so many made-up bytes. */
struct field {
	const char *text;
	size_t len;
	uint8_t first;
};

static const struct {
	const char *plain, *certificate;
	struct field fields[4];
} types[FUZZ_KEYS / 2] = {
    {"ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com", {{NULL, 32, 7}}},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256-cert-v01@openssh.com",
	{{"nistp256", 0, 0}, {NULL, 65, 4}}},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384-cert-v01@openssh.com",
	{{"nistp384", 0, 0}, {NULL, 97, 4}}},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521-cert-v01@openssh.com",
	{{"nistp521", 0, 0}, {NULL, 133, 4}}},
    {"ssh-rsa", "ssh-rsa-cert-v01@openssh.com", {{NULL, 3, 1}, {NULL, 65, 1}}},
    {"sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519-cert-v01@openssh.com",
	{{NULL, 32, 7}, {"ssh:", 0, 0}}},
    {"sk-ecdsa-sha2-nistp256@openssh.com",
	"sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
	{{"nistp256", 0, 0}, {NULL, 65, 4}, {"ssh:", 0, 0}}},
};

static void
put_number(struct nitro_buf *out, uint64_t value, unsigned width)
{
	for (unsigned i = width; i > 0; i--)
		fuzz_append_byte(out, (uint8_t)(value >> (8 * (i - 1))));
}

static void
put_text(struct nitro_buf *out, const char *text)
{
	put_number(out, nitro_bytes_of_text(text).len, 4);
	fuzz_append_text(out, text);
}

static void
put_field(struct nitro_buf *out, const struct field *field)
{
	if (field->text != NULL) {
		put_text(out, field->text);
		return;
	}
	put_number(out, field->len, 4);
	fuzz_append_byte(out, field->first);
	for (size_t i = 1; i < field->len; i++)
		fuzz_append_byte(out, (uint8_t)(0x55 ^ i));
}

/* PROTOCOL.certkeys, behind the key. */
static void
put_certificate(struct nitro_buf *out)
{
	put_number(out, 7, 8);
	put_number(out, 1, 4);
	put_text(out, "key id");
	put_text(out, "");
	put_number(out, 0, 8);
	put_number(out, UINT64_MAX, 8);
	for (int i = 0; i < 3; i++)
		put_text(out, "");
	put_text(out, "signature key");
	put_text(out, "signature");
}

void
fuzz_key(unsigned i, struct nitro_buf *blob)
{
	const bool is_certificate = i >= FUZZ_KEYS / 2;
	const struct field *field = types[i % (FUZZ_KEYS / 2)].fields;

	put_text(blob, is_certificate ? types[i % (FUZZ_KEYS / 2)].certificate
				      : types[i].plain);
	if (is_certificate)
		put_text(blob, "nonce");
	for (; field->text != NULL || field->len > 0; field++)
		put_field(blob, field);
	if (is_certificate)
		put_certificate(blob);
}

void
fuzz_key_line(struct nitro_bytes blob, struct nitro_buf *info)
{
	struct nitro_bytes type = nitro_bytes_slice(
	    blob, 4, blob.len > 3 ? blob.ptr[3] : 0);

	fuzz_append_text(info, "publickey ");
	fuzz_append(info, type);
	fuzz_append_byte(info, ' ');
	FUZZ_CHECK(nitro_base64_encode(blob, info) == NITRO_OK);
	fuzz_append_byte(info, '\n');
}
