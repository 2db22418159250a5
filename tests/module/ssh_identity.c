#include "module/ssh_identity.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "unit/unit.h"

void
ssh_identity_put(struct nitro_buf *out, struct nitro_bytes string)
{
	const uint8_t head[] = {
	    0, 0, (uint8_t)(string.len >> 8), (uint8_t)string.len};

	assert_true(string.len <= UINT16_MAX);
	assert_err(
	    nitro_buf_append(out, (struct nitro_bytes){head, sizeof head}),
	    NITRO_OK);
	assert_err(nitro_buf_append(out, string), NITRO_OK);
}

char *
ssh_identity_base64(struct nitro_bytes blob)
{
	char *text = calloc(1, blob.len / 3 * 4 + 8);

	assert_non_null(text);
	assert_true(EVP_EncodeBlock(
			(unsigned char *)text, blob.ptr, (int)blob.len) > 0);
	return text;
}

/* "<type> <base64> <comment>", as in a .pub file. */
static void
read_public(const char *path, struct nitro_buf *blob, char **auth_info)
{
	char type[64], *line = NULL, *base64, *end;
	size_t room = 0, len;
	FILE *file = fopen(path, "re");
	int n;

	assert_non_null(file);
	assert_true(getline(&line, &room, file) > 0);
	assert_int_equal(fclose(file), 0);
	base64 = strchr(line, ' ');
	assert_non_null(base64);
	(void)snprintf(type, sizeof type, "%.*s", (int)(base64 - line), line);
	base64++;
	end = strpbrk(base64, " \n");
	assert_non_null(end);
	*end = '\0';
	len = strlen(base64);
	assert_err(nitro_buf_reserve(blob, len), NITRO_OK);
	n = EVP_DecodeBlock(blob->ptr, (const unsigned char *)base64, (int)len);
	assert_true(n > 0);
	/* libcrypto counts a byte for each pad. */
	blob->len = (size_t)n;
	for (; len > 0 && base64[len - 1] == '='; len--)
		blob->len--;
	assert_true(asprintf(auth_info, "publickey %s %s\n", type, base64) > 0);
	free(line);
}

/* "256 SHA256:... comment (ED25519)" */
static void
read_fingerprint(const char *path, char fingerprint[64])
{
	char line[256] = "";
	const char *at;
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof line, file));
	assert_int_equal(fclose(file), 0);
	at = strstr(line, "SHA256:");
	assert_non_null(at);
	(void)snprintf(fingerprint, 64, "%.50s", at);
}

/* What a security key would give: the numbers of another key, and "ssh:". */
static void
write_sk(const struct stack *stack, const char *type, const char *name)
{
	static const uint8_t sk_ed25519[32] = {0x5a};
	NITRO_DROP(ssh_identity_drop) struct ssh_identity p256 = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf blob = {0};
	const bool is_ecdsa = strcmp(type, "sk-ecdsa") == 0;
	const char *name_of_type = is_ecdsa
				       ? "sk-ecdsa-sha2-nistp256@openssh.com"
				       : "sk-ssh-ed25519@openssh.com";
	char text[1024], *base64;
	struct nitro_bytes point;
	int n;

	ssh_identity_put(&blob, nitro_bytes_of_text(name_of_type));
	if (is_ecdsa) {
		assert_true(ssh_identity_make(stack, "ecdsa-256", &p256));
		point = nitro_bytes_slice(
		    nitro_bytes_of_buf(&p256.plain), p256.plain.len - 65, 65);
		ssh_identity_put(&blob, nitro_bytes_of_text("nistp256"));
		ssh_identity_put(&blob, point);
	} else {
		ssh_identity_put(
		    &blob, (struct nitro_bytes){sk_ed25519, sizeof sk_ed25519});
	}
	ssh_identity_put(&blob, nitro_bytes_of_text("ssh:"));
	base64 = ssh_identity_base64(nitro_bytes_of_buf(&blob));
	n = snprintf(text, sizeof text, "%s %s nobody\n", name_of_type, base64);
	assert_int_in_range(n, 1, sizeof text - 1);
	free(base64);
	stack_write_bytes(stack, name, nitro_bytes_of_text(text));
}

/* PATH and PATH.pub; for sk- only the latter. */
static bool
make_key(const struct stack *stack, const char *type, const char *path)
{
	const char *bits = strchr(type, '-');
	char kind[16], name[32];

	if (strncmp(type, "sk-", 3) == 0) {
		(void)snprintf(name, sizeof name, "%s.pub", type);
		write_sk(stack, type, name);
		return true;
	}
	(void)snprintf(
	    kind, sizeof kind, "%.*s", (int)strcspn(type, "-"), type);
	if (strcmp(type, "ed25519") == 0)
		bits = "-256"; /* ssh-keygen ignores it */
	return stack_execute((const char *const[]){"ssh-keygen", "-q", "-t",
				 kind, "-b", bits != NULL ? bits + 1 : "2048",
				 "-N", "", "-C", "a test", "-f", path, NULL},
	    NULL);
}

static bool
certify(const struct stack *stack, const char *public_path)
{
	char authority[PATH_MAX];
	struct stat status;

	stack_path(stack, "authority", authority);
	if (stat(authority, &status) != 0 &&
	    !stack_execute((const char *const[]){"ssh-keygen", "-q", "-t",
			       "ed25519", "-N", "", "-f", authority, NULL},
		NULL))
		return false;
	return stack_execute(
	    (const char *const[]){"ssh-keygen", "-q", "-s", authority, "-I",
		"an id", "-n", "deploy,other", "-z", "7", public_path, NULL},
	    NULL);
}

bool
ssh_identity_make(
    const struct stack *stack, const char *type, struct ssh_identity *identity)
{
	char path[PATH_MAX], public_path[PATH_MAX], certificate_path[PATH_MAX],
	    printed[PATH_MAX], name[64];

	*identity = (struct ssh_identity){.type = type};
	stack_path(stack, type, path);
	(void)snprintf(name, sizeof name, "%s.pub", type);
	stack_path(stack, name, public_path);
	(void)snprintf(name, sizeof name, "%s-cert.pub", type);
	stack_path(stack, name, certificate_path);
	(void)snprintf(name, sizeof name, "%s.printed", type);
	stack_path(stack, name, printed);
	(void)remove(path);
	if (!make_key(stack, type, path) || !certify(stack, public_path) ||
	    !stack_execute((const char *const[]){"ssh-keygen", "-l", "-E",
			       "sha256", "-f", public_path, NULL},
		printed))
		return false;
	read_public(public_path, &identity->plain, &identity->auth_info);
	read_public(certificate_path, &identity->certificate,
	    &identity->certificate_auth_info);
	read_fingerprint(printed, identity->fingerprint);
	return true;
}

void
ssh_identity_drop(struct ssh_identity *identity)
{
	nitro_buf_drop(&identity->plain);
	nitro_buf_drop(&identity->certificate);
	free(identity->auth_info);
	free(identity->certificate_auth_info);
	*identity = (struct ssh_identity){0};
}
