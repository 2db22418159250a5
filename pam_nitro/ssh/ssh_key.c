#include "ssh/ssh_key.h"

/* Fields that make a plain key, in their order after the type. */
enum field { END = 0, POINT_32, CURVE, POINT, MPINT, APPLICATION };

static const struct key_type {
	const char *plain, *certificate;
	const char *curve;
	size_t point_len; /* uncompressed, SEC 1 section 2.3.3 */
	enum field fields[4];
} key_types[] = {
    {"ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com", NULL, 32,
	{POINT_32, END}},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256-cert-v01@openssh.com",
	"nistp256", 65, {CURVE, POINT, END}},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384-cert-v01@openssh.com",
	"nistp384", 97, {CURVE, POINT, END}},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521-cert-v01@openssh.com",
	"nistp521", 133, {CURVE, POINT, END}},
    {"ssh-rsa", "ssh-rsa-cert-v01@openssh.com", NULL, 0, {MPINT, MPINT, END}},
    {"sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519-cert-v01@openssh.com", NULL,
	32, {POINT_32, APPLICATION, END}},
    {"sk-ecdsa-sha2-nistp256@openssh.com",
	"sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", "nistp256", 65,
	{CURVE, POINT, APPLICATION, END}},
};

/* RFC 4251 section 5: four bytes of length, big-endian, and the bytes. */
bool
nitro_ssh_string_take(struct nitro_bytes *in, struct nitro_bytes *out)
{
	struct nitro_bytes rest = *in, head;
	size_t len = 0;

	if (!nitro_bytes_take(&rest, 4, &head))
		return false;
	for (size_t i = 0; i < 4; i++)
		len = len << 8 | head.ptr[i];
	if (!nitro_bytes_take(&rest, len, out))
		return false;
	*in = rest;
	return true;
}

/* A positive mpint in its shortest form (RFC 4251 section 5). */
static bool
mpint_is_valid(struct nitro_bytes n)
{
	if (n.len == 0 || (n.ptr[0] & 0x80) != 0)
		return false;
	return n.ptr[0] != 0 || (n.len > 1 && (n.ptr[1] & 0x80) != 0);
}

static bool
field_is_valid(
    const struct key_type *type, enum field field, struct nitro_bytes value)
{
	switch (field) {
	case POINT_32:
		return value.len == type->point_len;
	case CURVE:
		return nitro_bytes_equal_text(value, type->curve);
	case POINT:
		return value.len == type->point_len && value.ptr[0] == 4;
	case MPINT:
		return mpint_is_valid(value);
	case APPLICATION:
		return value.len > 0;
	case END:
		return false;
	}
	return false;
}

/* Cut the fields of the key itself off, and hand them out as they stand. */
static bool
take_key(const struct key_type *type, struct nitro_bytes *in,
    struct nitro_bytes *key)
{
	struct nitro_bytes rest = *in, value;

	for (size_t i = 0; type->fields[i] != END; i++)
		if (!nitro_ssh_string_take(&rest, &value) ||
		    !field_is_valid(type, type->fields[i], value))
			return false;
	return nitro_bytes_take(in, in->len - rest.len, key);
}

/*
 * PROTOCOL.certkeys: behind the key stand serial, type, key id, principals,
 * valid after, valid before, critical options, extensions, reserved,
 * signature key, signature.
 */
static bool
take_rest_of_certificate(struct nitro_bytes *in)
{
	struct nitro_bytes skipped;

	if (!nitro_bytes_take(in, 8 + 4, &skipped))
		return false;
	for (int i = 0; i < 2; i++)
		if (!nitro_ssh_string_take(in, &skipped))
			return false;
	if (!nitro_bytes_take(in, 8 + 8, &skipped))
		return false;
	for (int i = 0; i < 5; i++)
		if (!nitro_ssh_string_take(in, &skipped))
			return false;
	return true;
}

static nitro_err
append_plain(const struct key_type *type, struct nitro_bytes key,
    struct nitro_buf *plain)
{
	struct nitro_bytes name = nitro_bytes_of_text(type->plain);
	const uint8_t head[4] = {0, 0, 0, (uint8_t)name.len};
	size_t before = plain->len;
	nitro_err err;

	if ((err = nitro_buf_reserve(
		 plain, before + sizeof head + name.len + key.len)) != NITRO_OK)
		return err;
	if ((err = nitro_buf_append(
		 plain, (struct nitro_bytes){head, sizeof head})) != NITRO_OK ||
	    (err = nitro_buf_append(plain, name)) != NITRO_OK ||
	    (err = nitro_buf_append(plain, key)) != NITRO_OK)
		plain->len = before;
	return err;
}

nitro_err
nitro_ssh_key_plain(struct nitro_bytes blob, struct nitro_buf *plain)
{
	const struct key_type *type = NULL;
	struct nitro_bytes name = {0}, key, nonce;
	bool is_certificate = false;

	if (blob.len > NITRO_SSH_KEY_BLOB_MAX ||
	    !nitro_ssh_string_take(&blob, &name))
		return NITRO_E_AUTH_INFO;
	for (size_t i = 0; i < NITRO_COUNT_OF(key_types) && type == NULL; i++) {
		is_certificate = nitro_bytes_equal_text(
		    name, key_types[i].certificate);
		if (is_certificate ||
		    nitro_bytes_equal_text(name, key_types[i].plain))
			type = &key_types[i];
	}
	if (type == NULL)
		return NITRO_E_AUTH_INFO;
	if (is_certificate && !nitro_ssh_string_take(&blob, &nonce))
		return NITRO_E_AUTH_INFO;
	if (!take_key(type, &blob, &key))
		return NITRO_E_AUTH_INFO;
	if (is_certificate && !take_rest_of_certificate(&blob))
		return NITRO_E_AUTH_INFO;
	if (blob.len != 0)
		return NITRO_E_AUTH_INFO;
	return append_plain(type, key, plain);
}

struct nitro_bytes
nitro_ssh_key_type(struct nitro_bytes blob)
{
	struct nitro_bytes type;

	if (!nitro_ssh_string_take(&blob, &type))
		return (struct nitro_bytes){0};
	return type;
}
