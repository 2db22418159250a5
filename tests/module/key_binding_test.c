/*
 * The document has to be for the SSH key that this connection has proved,
 * as sshd tells it in SSH_AUTH_INFO_0.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "module/captured_log.h"
#include "module/login.h"
#include "module/ssh_identity.h"
#include "unit/unit.h"

static const char *const types[] = {"ed25519", "ecdsa-256", "ecdsa-384",
    "ecdsa-521", "rsa", "sk-ed25519", "sk-ecdsa"};

/* One login by the key, or certificate, that auth_info names. */
static unsigned
bound_login(const struct stack *stack, const struct ssh_identity *identity,
    const char *auth_info, struct nitro_bytes attested)
{
	NITRO_DROP(login_close)
	struct login login = {.auth_info = auth_info,
	    .fingerprint = identity->fingerprint,
	    .client.key = attested};

	login_open(&login, stack, "deploy");
	login_authenticate(&login);
	return login_differs(&login, auth_info,
	    nitro_bytes_equal(attested, nitro_bytes_of_buf(&identity->plain))
		? NITRO_OK
		: NITRO_E_KEY);
}

/* K08 K10 */
static void
test_every_kind_of_key_binds_by_its_plain_blob(void **state)
{
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(types); i++) {
		NITRO_DROP(ssh_identity_drop) struct ssh_identity id = {0};
		struct nitro_bytes plain, certificate;

		assert_true(ssh_identity_make(stack, types[i], &id));
		plain = nitro_bytes_of_buf(&id.plain);
		certificate = nitro_bytes_of_buf(&id.certificate);
		differences += bound_login(stack, &id, id.auth_info, plain);
		differences += bound_login(
		    stack, &id, id.certificate_auth_info, plain);
		differences += bound_login(
		    stack, &id, id.auth_info, certificate);
		differences += bound_login(
		    stack, &id, id.certificate_auth_info, certificate);
		/* The key of the stack is another one. */
		differences += bound_login(
		    stack, &id, id.auth_info, nitro_bytes_of_buf(&stack->key));
	}
	assert_int_equal(differences, 0);
}

/* '@' is "<type> <base64>" of the key, '&' its base64, '#' another key. */
struct info {
	const char *text;
	nitro_err expected;
};

/* K01 K03 K04 K05 K06 K07 K16 */
static const struct info infos[] = {
    {"publickey @\n", NITRO_OK},
    {"publickey @", NITRO_OK},
    {"publickey @ and what follows\n", NITRO_OK},
    {"keyboard-interactive/pam\npublickey @\n", NITRO_OK},
    {"publickey @\npassword\n", NITRO_OK},
    {"publickey @\nhostbased # client.example \"root\"\n", NITRO_OK},
    {"", NITRO_E_NO_PUBLICKEY},
    {"\n", NITRO_E_NO_PUBLICKEY},
    {"yes", NITRO_E_NO_PUBLICKEY},
    {"@", NITRO_E_NO_PUBLICKEY},
    {"password\n", NITRO_E_NO_PUBLICKEY},
    {"hostbased @ client.example \"deploy\"\n", NITRO_E_NO_PUBLICKEY},
    {"hostbased # x publickey @\n", NITRO_E_NO_PUBLICKEY},
    {"keyboard-interactive/pam publickey @\n", NITRO_E_NO_PUBLICKEY},
    {" publickey @\n", NITRO_E_NO_PUBLICKEY},
    {"xpublickey @\n", NITRO_E_NO_PUBLICKEY},
    {"PUBLICKEY @\n", NITRO_E_NO_PUBLICKEY},
    {"publickey @\npublickey @\n", NITRO_E_AUTH_INFO},
    {"publickey @\npublickey #\n", NITRO_E_AUTH_INFO},
    {"publickey #\npassword\npublickey @", NITRO_E_AUTH_INFO},
    {"publickey \n", NITRO_E_AUTH_INFO},
    {"publickey ssh-ed25519\n", NITRO_E_AUTH_INFO},
    {"publickey ssh-ed25519 \n", NITRO_E_AUTH_INFO},
    {"publickey ssh-ed25519 !!!!\n", NITRO_E_AUTH_INFO},
    {"publickey ssh-ed25519 &A\n", NITRO_E_AUTH_INFO},
    {"publickey ssh-ed25519 &QUJD\n", NITRO_E_AUTH_INFO},
    {"publickey ssh-ed25519 A&\n", NITRO_E_AUTH_INFO},
    {"publickey ssh-rsa &\n", NITRO_E_AUTH_INFO},
    {"publickey ssh-ed25519-cert-v01@openssh.com &\n", NITRO_E_AUTH_INFO},
    {"publickey sk-ssh-ed25519@openssh.com &\n", NITRO_E_AUTH_INFO},
    {"publickey  ssh-ed25519 &\n", NITRO_E_AUTH_INFO},
    {"publickey @\r\n", NITRO_E_AUTH_INFO},
    {"publickey\t@\n", NITRO_E_AUTH_INFO},
    {"publickey @ \033[2J\n", NITRO_E_AUTH_INFO},
};

static char *
expand(const struct stack *stack, const char *text)
{
	static const char other[] = "ssh-ed25519 "
				    "AAAAC3NzaC1lZDI1NTE5AAAAIMDw+"
				    "6GyKi9C9O2PguGQq2C7EydqxaxDM7kqIdlLIHX2";
	char *base64 = ssh_identity_base64(nitro_bytes_of_buf(&stack->key));
	char *out = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&out, &len);

	assert_non_null(file);
	for (; *text != '\0'; text++)
		if (*text == '@')
			(void)fprintf(file, "ssh-ed25519 %s", base64);
		else if (*text == '&')
			(void)fprintf(file, "%s", base64);
		else if (*text == '#')
			(void)fprintf(file, "%s", other);
		else
			(void)fputc(*text, file);
	assert_int_equal(fclose(file), 0);
	free(base64);
	return out;
}

/* A login with that text in SSH_AUTH_INFO_0. */
static unsigned
login_with_info(const struct stack *stack, const char *text, nitro_err expected)
{
	NITRO_DROP(login_close) struct login login = {.auth_info = ""};
	unsigned differences;

	login_open(&login, stack, "deploy");
	login_put(&login, "SSH_AUTH_INFO_0", text);
	login_authenticate(&login);
	differences = login_differs(&login, text, expected);
	/* No challenge can be made without the key. */
	if (login.client.prompt_count != (expected == NITRO_OK ? 1 : 0))
		differences++;
	return differences;
}

static void
test_auth_info_names_exactly_one_public_key(void **state)
{
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(infos); i++) {
		char *text = expand(stack, infos[i].text);

		differences += login_with_info(stack, text, infos[i].expected);
		free(text);
	}
	assert_int_equal(differences, 0);
}

/* K16 */
static void
test_an_auth_info_of_64_kib_is_refused(void **state)
{
	static char text[65536 + 200];
	struct stack *stack = stack_need(state);
	size_t used;

	used = (size_t)snprintf(text, sizeof text, "%.*s ",
	    (int)strlen(stack->auth_info) - 1, stack->auth_info);
	memset(&text[used], 'x', sizeof text - 1 - used);
	assert_int_equal(login_with_info(stack, text, NITRO_E_AUTH_INFO), 0);
	/* A single line without an end, of one method that nobody knows. */
	memset(text, 'A', sizeof text - 1);
	assert_int_equal(login_with_info(stack, text, NITRO_E_AUTH_INFO), 0);
}

/* K01 K02 */
static void
test_the_environment_of_the_process_says_nothing(void **state)
{
	struct stack *stack = stack_need(state);
	struct login login = {.auth_info = ""};

	assert_int_equal(setenv("SSH_AUTH_INFO_0", stack->auth_info, 1), 0);
	assert_int_equal(
	    login_once(&login, stack, "deploy", NITRO_E_NO_PUBLICKEY), 0);
	assert_int_equal(unsetenv("SSH_AUTH_INFO_0"), 0);
}

static uint8_t scratch[4096];

/* What an edit makes the document's public_key of. */
static void
attest_scratch(struct sim_document *doc, size_t len)
{
	doc->public_key = (struct nitro_bytes){scratch, len};
}

static void
key_null(struct client *client, struct sim_document *doc)
{
	(void)client;
	doc->public_key = (struct nitro_bytes){0};
}

static void
key_empty(struct client *client, struct sim_document *doc)
{
	(void)client;
	attest_scratch(doc, 0);
}

static void
key_and_a_byte(struct client *client, struct sim_document *doc)
{
	memcpy(scratch, client->key.ptr, client->key.len);
	scratch[client->key.len] = 0;
	attest_scratch(doc, client->key.len + 1);
}

static void
key_cut(struct client *client, struct sim_document *doc)
{
	doc->public_key.len = client->key.len - 1;
}

static void
key_last_bit(struct client *client, struct sim_document *doc)
{
	memcpy(scratch, client->key.ptr, client->key.len);
	scratch[client->key.len - 1] ^= 1;
	attest_scratch(doc, client->key.len);
}

static void
key_as_text(struct client *client, struct sim_document *doc)
{
	char *base64 = ssh_identity_base64(client->key);
	int n = snprintf(
	    (char *)scratch, sizeof scratch, "ssh-ed25519 %s", base64);

	free(base64);
	attest_scratch(doc, (size_t)n);
}

static void
key_as_pem(struct client *client, struct sim_document *doc)
{
	char *base64 = ssh_identity_base64(client->key);
	int n = snprintf((char *)scratch, sizeof scratch,
	    "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n",
	    base64);

	free(base64);
	attest_scratch(doc, (size_t)n);
}

static void
key_raw(struct client *client, struct sim_document *doc)
{
	doc->public_key = nitro_bytes_slice(
	    client->key, client->key.len - 32, 32);
}

/* The same 32 bytes under the name of another algorithm. */
static void
key_as_x25519(struct client *client, struct sim_document *doc)
{
	memcpy(scratch, client->key.ptr, client->key.len);
	memcpy(&scratch[4], "ssh-ex25519", 11);
	attest_scratch(doc, client->key.len);
}

static void
key_as_fingerprint(struct client *client, struct sim_document *doc)
{
	doc->public_key = nitro_bytes_of_text(client->fingerprint);
}

static void
key_as_digest(struct client *client, struct sim_document *doc)
{
	(void)SHA256(client->key.ptr, client->key.len, scratch);
	attest_scratch(doc, SHA256_DIGEST_LENGTH);
}

static void
key_in_user_data(struct client *client, struct sim_document *doc)
{
	doc->public_key = (struct nitro_bytes){0};
	doc->user_data = client->key;
}

/* K09 K10 K12 K13 K14 K15 F16 */
static void
test_a_document_for_anything_but_that_key_is_refused(void **state)
{
	static const struct {
		const char *name;
		void (*edit)(struct client *client, struct sim_document *doc);
	} edits[] = {
	    {"K09 null", key_null},
	    {"K09 empty", key_empty},
	    {"K10 and a byte", key_and_a_byte},
	    {"K10 a byte less", key_cut},
	    {"K10 as text", key_as_text},
	    {"K10 as PEM", key_as_pem},
	    {"K12 raw", key_raw},
	    {"K12 another algorithm", key_as_x25519},
	    {"K13 its fingerprint", key_as_fingerprint},
	    {"K13 its digest", key_as_digest},
	    {"K14 in user_data", key_in_user_data},
	    {"K15 another key", key_last_bit},
	};
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	/* So that K14 comes as far as the key. */
	stack_settings(stack, "audience = false;\n");
	for (size_t i = 0; i < NITRO_COUNT_OF(edits); i++) {
		NITRO_DROP(login_close)
		struct login login = {.client.edit = edits[i].edit};

		login_open(&login, stack, "deploy");
		login_authenticate(&login);
		differences += login_differs(
		    &login, edits[i].name, NITRO_E_KEY);
	}
	assert_int_equal(differences, 0);
}

static bool
leave_public_key_out(struct client *client, const struct sim_document *doc,
    struct nitro_buf *evidence)
{
	const struct sim_edit edit = {"public_key", {0}};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};

	return sim_payload_edited(doc, &edit, 1, &payload) &&
	       sim_sign(nitro_bytes_of_buf(&payload),
		   client->pki->cert[SIM_LEAF].key, evidence);
}

/* K09 */
static void
test_a_document_without_the_field_is_refused(void **state)
{
	struct stack *stack = stack_need(state);
	struct login login = {.client.make = leave_public_key_out};

	assert_int_equal(login_once(&login, stack, "deploy", NITRO_E_KEY), 0);
}

/* K11 */
static void
test_the_same_modulus_with_another_exponent_is_another_key(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(ssh_identity_drop) struct ssh_identity rsa = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf other = {0};
	static const uint8_t e65537[] = {1, 0, 1};
	struct nitro_bytes left;

	assert_true(ssh_identity_make(stack, "rsa", &rsa));
	left = nitro_bytes_of_buf(&rsa.plain);
	/* string "ssh-rsa", mpint e, mpint n */
	assert_memory_equal(&rsa.plain.ptr[4 + 7 + 4], e65537, 3);
	assert_err(nitro_buf_append(&other, left), NITRO_OK);
	other.ptr[4 + 7 + 4 + 2] = 3;
	assert_int_equal(bound_login(stack, &rsa, rsa.auth_info, left), 0);
	assert_int_equal(
	    bound_login(stack, &rsa, rsa.auth_info, nitro_bytes_of_buf(&other)),
	    0);
}

/* K12 */
static void
test_a_compressed_point_is_another_key(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(ssh_identity_drop) struct ssh_identity p256 = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf other = {0};
	struct nitro_bytes head, point;
	uint8_t compressed[33];

	assert_true(ssh_identity_make(stack, "ecdsa-256", &p256));
	head = nitro_bytes_slice(
	    nitro_bytes_of_buf(&p256.plain), 0, p256.plain.len - 65 - 4);
	point = nitro_bytes_slice(
	    nitro_bytes_of_buf(&p256.plain), p256.plain.len - 65, 65);
	assert_int_equal(point.ptr[0], 4);
	memcpy(compressed, point.ptr, sizeof compressed);
	compressed[0] = (uint8_t)(2 + (point.ptr[64] & 1));
	assert_err(nitro_buf_append(&other, head), NITRO_OK);
	ssh_identity_put(
	    &other, (struct nitro_bytes){compressed, sizeof compressed});
	assert_int_equal(bound_login(stack, &p256, p256.auth_info,
			     nitro_bytes_of_buf(&other)),
	    0);
}

/* F14 K17 */
static void
test_binding_none_asks_for_no_key(void **state)
{
	struct stack *stack = stack_need(state);
	struct login with_key = {.fingerprint = "-"};
	struct login without = {.fingerprint = "-", .client.edit = key_null};
	struct login no_publickey = {
	    .fingerprint = "-", .auth_info = "", .client.edit = key_null};

	stack_settings(stack, "binding = \"none\";\n");
	assert_int_equal(login_once(&with_key, stack, "deploy", NITRO_OK), 0);
	assert_int_equal(login_once(&without, stack, "deploy", NITRO_OK), 0);
	assert_int_equal(
	    login_once(&no_publickey, stack, "deploy", NITRO_OK), 0);
}

/* K17 */
static void
test_binding_cannot_be_optional(void **state)
{
	struct stack *stack = stack_need(state);
	struct login login = {0};

	stack_settings(stack, "binding = \"optional\";\n");
	assert_int_equal(
	    login_once(&login, stack, "deploy", NITRO_E_SETTINGS), 0);
}

/* During the dialogue somebody puts another key into the environment. */
struct change {
	struct login *login;
	const struct ssh_identity *other;
	bool attests_other;
};

static int
change_the_key(struct client *client, struct pam_response **responses)
{
	const struct change *change = client->context;

	login_put(change->login, "SSH_AUTH_INFO_0", change->other->auth_info);
	if (change->attests_other)
		client->key = nitro_bytes_of_buf(&change->other->plain);
	return client_whole(client, responses);
}

/* K18 */
static void
test_the_key_is_read_once_before_the_challenge(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(ssh_identity_drop) struct ssh_identity other = {0};

	assert_true(ssh_identity_make(stack, "ed25519", &other));
	for (unsigned i = 0; i < 2; i++) {
		NITRO_DROP(login_close)
		struct login login = {.client.script = change_the_key};
		struct change change = {&login, &other, i == 1};

		login.client.context = &change;
		login_open(&login, stack, "deploy");
		login_authenticate(&login);
		assert_int_equal(
		    login_differs(&login, "changed",
			change.attests_other ? NITRO_E_KEY : NITRO_OK),
		    0);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STACK_TEST(test_every_kind_of_key_binds_by_its_plain_blob),
	    STACK_TEST(test_auth_info_names_exactly_one_public_key),
	    STACK_TEST(test_an_auth_info_of_64_kib_is_refused),
	    STACK_TEST(test_the_environment_of_the_process_says_nothing),
	    STACK_TEST(test_a_document_for_anything_but_that_key_is_refused),
	    STACK_TEST(test_a_document_without_the_field_is_refused),
	    STACK_TEST(
		test_the_same_modulus_with_another_exponent_is_another_key),
	    STACK_TEST(test_a_compressed_point_is_another_key),
	    STACK_TEST(test_binding_none_asks_for_no_key),
	    STACK_TEST(test_binding_cannot_be_optional),
	    STACK_TEST(test_the_key_is_read_once_before_the_challenge),
	};

	return stack_run(tests);
}
