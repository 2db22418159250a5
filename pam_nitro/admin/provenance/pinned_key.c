#include "admin/provenance/pinned_key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "base/base64.h"
#include "base/hex.h"
#include "ssh/ssh_key.h"

#define STEP "key"
#define MINISIGN_HEAD "untrusted comment:"

enum { ED25519_LEN = 32 };

static void
drop_bio(BIO **bio)
{
	BIO_free(*bio);
}

static void
drop_build(OSSL_PARAM_BLD **build)
{
	OSSL_PARAM_BLD_free(*build);
}

static void
drop_params(OSSL_PARAM **params)
{
	OSSL_PARAM_free(*params);
}

static void
drop_key_ctx(EVP_PKEY_CTX **ctx)
{
	EVP_PKEY_CTX_free(*ctx);
}

static void
drop_number(BIGNUM **number)
{
	BN_free(*number);
}

void
nitro_pinned_key_drop(struct nitro_pinned_key *key)
{
	EVP_PKEY_free(key->key);
	nitro_buf_drop(&key->ssh_blob);
	*key = (struct nitro_pinned_key){0};
}

static EVP_PKEY *
key_of_params(const char *type, OSSL_PARAM_BLD *build)
{
	NITRO_DROP(drop_params) OSSL_PARAM *params = NULL;
	NITRO_DROP(drop_key_ctx) EVP_PKEY_CTX *ctx = NULL;
	EVP_PKEY *key = NULL;

	params = OSSL_PARAM_BLD_to_param(build);
	ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return NULL;
	return key;
}

static EVP_PKEY *
ecdsa_key(struct nitro_bytes curve, struct nitro_bytes point)
{
	static const struct {
		const char *ssh, *openssl;
	} curves[] = {{"nistp256", "prime256v1"}, {"nistp384", "secp384r1"},
	    {"nistp521", "secp521r1"}};
	NITRO_DROP(drop_build) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();

	for (size_t i = 0; i < NITRO_COUNT_OF(curves) && build != NULL; i++)
		if (nitro_bytes_equal_text(curve, curves[i].ssh) &&
		    OSSL_PARAM_BLD_push_utf8_string(build,
			OSSL_PKEY_PARAM_GROUP_NAME, curves[i].openssl,
			0) == 1 &&
		    OSSL_PARAM_BLD_push_octet_string(build,
			OSSL_PKEY_PARAM_PUB_KEY, point.ptr, point.len) == 1)
			return key_of_params("EC", build);
	return NULL;
}

static EVP_PKEY *
rsa_key(struct nitro_bytes e, struct nitro_bytes n)
{
	NITRO_DROP(drop_build) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	NITRO_DROP(drop_number)
	BIGNUM *exponent = BN_bin2bn(e.ptr, (int)e.len, NULL);
	NITRO_DROP(drop_number)
	BIGNUM *modulus = BN_bin2bn(n.ptr, (int)n.len, NULL);

	if (build == NULL || exponent == NULL || modulus == NULL ||
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) !=
		1 ||
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) != 1)
		return NULL;
	return key_of_params("RSA", build);
}

/* The shape has been checked by ssh/; keys of a token (sk-) are not taken. */
static EVP_PKEY *
key_of_blob(struct nitro_bytes blob)
{
	struct nitro_bytes type, first, second;

	if (!nitro_ssh_string_take(&blob, &type) ||
	    !nitro_ssh_string_take(&blob, &first))
		return NULL;
	if (nitro_bytes_equal_text(type, "ssh-ed25519"))
		return EVP_PKEY_new_raw_public_key(
		    EVP_PKEY_ED25519, NULL, first.ptr, first.len);
	if (!nitro_ssh_string_take(&blob, &second) || blob.len > 0)
		return NULL;
	if (nitro_bytes_equal_text(type, "ssh-rsa"))
		return rsa_key(first, second);
	return ecdsa_key(first, second);
}

static bool
read_ssh(struct nitro_bytes line, struct nitro_pinned_key *key)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf plain = {0};
	struct nitro_bytes type, text;

	key->form = NITRO_PINNED_SSH;
	if (!nitro_bytes_take_until(&line, ' ', &type))
		return false;
	if (!nitro_bytes_take_until(&line, ' ', &text))
		text = line;
	if (nitro_base64_decode(text, &key->ssh_blob) != NITRO_OK ||
	    nitro_ssh_key_plain(nitro_bytes_of_buf(&key->ssh_blob), &plain) !=
		NITRO_OK ||
	    !nitro_bytes_equal(nitro_bytes_of_buf(&plain),
		nitro_bytes_of_buf(&key->ssh_blob)) ||
	    !nitro_bytes_equal(
		type, nitro_ssh_key_type(nitro_bytes_of_buf(&plain))))
		return false;
	key->key = key_of_blob(nitro_bytes_of_buf(&key->ssh_blob));
	return key->key != NULL;
}

static bool
read_minisign(struct nitro_bytes line, struct nitro_pinned_key *key)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf bytes = {0};
	struct nitro_bytes rest, head, id;

	key->form = NITRO_PINNED_MINISIGN;
	if (nitro_base64_decode(line, &bytes) != NITRO_OK)
		return false;
	rest = nitro_bytes_of_buf(&bytes);
	if (!nitro_bytes_take(&rest, 2, &head) ||
	    !nitro_bytes_equal_text(head, "Ed") ||
	    !nitro_bytes_take(&rest, NITRO_MINISIGN_ID_LEN, &id) ||
	    rest.len != ED25519_LEN)
		return false;
	for (size_t i = 0; i < NITRO_MINISIGN_ID_LEN; i++)
		key->id[i] = id.ptr[i];
	key->key = EVP_PKEY_new_raw_public_key(
	    EVP_PKEY_ED25519, NULL, rest.ptr, rest.len);
	return key->key != NULL;
}

static bool
read_pem(struct nitro_bytes text, struct nitro_pinned_key *key)
{
	NITRO_DROP(drop_bio)
	BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);

	key->form = NITRO_PINNED_PEM;
	if (bio != NULL)
		key->key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	return key->key != NULL;
}

static bool
set_text(struct nitro_pinned_key *key)
{
	struct nitro_hash_value hash = {0};
	unsigned char *spki = NULL;
	const int len = i2d_PUBKEY(key->key, &spki);
	char hex[2 * NITRO_SHA256_LEN + 1];
	const bool is_made = len > 0 &&
			     nitro_hash_of(NITRO_HASH_SHA256,
				 (struct nitro_bytes){spki, (size_t)len},
				 &hash) == NITRO_OK;

	OPENSSL_free(spki);
	if (!is_made)
		return false;
	nitro_hex_encode(nitro_hash_bytes(&hash), hex, sizeof hex);
	(void)snprintf(key->text, sizeof key->text, "sha256:%s", hex);
	return true;
}

/* One key to a file, in its one or two lines; PEM may have text around it. */
static bool
read_any(struct nitro_bytes text, struct nitro_pinned_key *key)
{
	struct nitro_bytes rest = text, line;

	if (!nitro_bytes_take_until(&rest, '\n', &line)) {
		line = rest;
		rest = (struct nitro_bytes){0};
	}
	if (nitro_bytes_has_prefix(line, MINISIGN_HEAD)) {
		if (!nitro_bytes_take_until(&rest, '\n', &line)) {
			line = rest;
			rest = (struct nitro_bytes){0};
		}
		return rest.len == 0 && read_minisign(line, key);
	}
	if (nitro_bytes_has_prefix(line, "ssh-") ||
	    nitro_bytes_has_prefix(line, "ecdsa-"))
		return rest.len == 0 && read_ssh(line, key);
	return read_pem(text, key);
}

bool
nitro_pinned_key_parse(struct nitro_bytes text, struct nitro_pinned_key *key,
    struct nitro_trail *trail)
{
	static const char *const forms[] = {"PEM", "OpenSSH", "minisign"};
	bool is_good = text.len > 0 && text.len <= NITRO_PINNED_KEY_MAX &&
		       read_any(text, key) &&
		       nitro_key_is_supported(key->key) && set_text(key);

	ERR_clear_error();
	if (!is_good)
		return nitro_trail_refuse(trail, STEP,
		    "one public key of P-256, P-384, P-521, Ed25519 or RSA "
		    "from 2,048 bits: PEM, OpenSSH or minisign",
		    "something else");
	nitro_trail_pass(trail, STEP, "%s, %s", key->text, forms[key->form]);
	return true;
}
