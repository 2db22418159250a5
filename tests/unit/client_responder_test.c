#include "client/responder.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "ssh/answer.h"
#include "unit/unit.h"

#define OWN "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define STRANGER "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"

static struct nitro_private_folder folder;
static struct nitro_own_keys keys;

static int
set_up(void **state)
{
	struct nitro_complaint why;

	(void)state;
	keys = (struct nitro_own_keys){.count = 1};
	(void)snprintf(
	    keys.key[0].fingerprint, sizeof keys.key[0].fingerprint, "%s", OWN);
	unit_append(&keys.key[0].blob, UNIT_BYTES("own blob"));
	return nitro_private_folder_make(NULL, &folder, &why) ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	nitro_own_keys_drop(&keys);
	nitro_private_folder_remove(&folder);
	return 0;
}

/*
 * The document shows what it was asked to carry, and of which call it is; it
 * has as many bytes behind that as the number says.
 */
#define SOURCE(padding) \
	"exec:f() { cat \"$2\" \"$4\" ${6:+\"$6\"}; date +%s%N; " \
	"head -c " padding " /dev/urandom; }; f"

static bool
respond(const char *source_text, const char *prompt, struct nitro_buf *line,
    struct nitro_complaint *why)
{
	struct nitro_document_source source;
	const struct nitro_responder responder = {&keys, &source, &folder};

	assert_true(nitro_document_source_parse(source_text, &source, why));
	return nitro_responder_part(
	    &responder, nitro_bytes_of_text(prompt), line, why);
}

static const char *
prompt_of(const char *key, unsigned part, char prompt[NITRO_PROMPT_MAX + 1])
{
	const uint8_t nonce[NITRO_NONCE_LEN + 1] =
	    "nonce of thirty-two bytes, whole";
	struct nitro_challenge challenge;

	assert_err(nitro_challenge_make(
		       nonce, key, "host", UNIT_BYTES("deploy"), &challenge),
	    NITRO_OK);
	nitro_challenge_prompt(&challenge, part, prompt);
	return prompt;
}

static void
test_parts_are_those_of_one_document(void **state)
{
	struct nitro_answer answer = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf document = {0};
	char prompt[NITRO_PROMPT_MAX + 1];
	bool is_complete = false;

	(void)state;
	for (unsigned part = 1; !is_complete; part++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf line = {0};
		struct nitro_complaint why = {0};

		if (!respond(SOURCE("4500"), prompt_of(OWN, part, prompt),
			&line, &why))
			fail_msg("%s", why.text);
		assert_true(line.len <= 1000);
		assert_err(nitro_answer_add(&answer, nitro_bytes_of_buf(&line),
			       &is_complete),
		    NITRO_OK);
	}
	assert_true(answer.next_part > 5);
	assert_err(nitro_answer_decode(&answer, &document), NITRO_OK);
	assert_true(nitro_bytes_has_prefix(nitro_bytes_of_buf(&document),
	    "nonce of thirty-two bytes, whole"
	    "pam_nitro/1 nonce=bm9uY2Ugb2YgdGhpcnR5LXR3byBieXRlcywgd2hvbGU "
	    "key=" OWN " host=host user=deploy"
	    "own blob1"));
	nitro_answer_drop(&answer);
}

static void
refused(const char *prompt, const char *words)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf line = {0};
	struct nitro_complaint why = {0};

	/* The source would answer, were it asked. */
	assert_false(respond("exec:echo document #", prompt, &line, &why));
	assert_int_equal(line.len, 0);
	if (strstr(why.text, words) == NULL)
		fail_msg("'%s' is not in '%s'", words, why.text);
}

static void
test_a_strangers_key_is_refused_before_the_source_is_asked(void **state)
{
	char prompt[NITRO_PROMPT_MAX + 1];

	(void)state;
	refused(prompt_of(STRANGER, 1, prompt), "none of this client's own");
	refused(prompt_of(STRANGER, 1, prompt), "(" OWN ")");
}

static void
test_without_binding_no_key_is_attested(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf line = {0}, document = {0};
	struct nitro_complaint why = {0};
	char prompt[NITRO_PROMPT_MAX + 1];

	(void)state;
	assert_true(
	    respond(SOURCE("9"), prompt_of("-", 1, prompt), &line, &why));
	assert_err(nitro_base64_decode(nitro_bytes_of_buf(&line), &document),
	    NITRO_OK);
	assert_true(nitro_bytes_has_prefix(nitro_bytes_of_buf(&document),
	    "nonce of thirty-two bytes, whole"
	    "pam_nitro/1 nonce=bm9uY2Ugb2YgdGhpcnR5LXR3byBieXRlcywgd2hvbGU "
	    "key=- "
	    "host=host user=deploy1"));
}

static void
test_a_later_part_alone_is_refused(void **state)
{
	char prompt[NITRO_PROMPT_MAX + 1];

	(void)state;
	refused(prompt_of(OWN, 2, prompt), "part 1 it never asked for");
}

static void
test_other_questions_are_refused_with_advice(void **state)
{
	static const struct {
		const char *prompt, *words;
	} rows[] = {
	    {"", "nothing but pam_nitro challenges"},
	    {"Verification code: ", "nothing but pam_nitro challenges"},
	    {"deploy@host's password: ", "AuthenticationMethods"},
	    {"Enter passphrase for key '/k': ", "ssh-add"},
	    {"Enter PIN for ECDSA-SK key: ", "PIN"},
	    {"Please type 'yes', 'no' or the fingerprint: ", "known_hosts"},
	    {"Continue (yes/no)? ", "known_hosts"},
	    {"pam_nitro/1 nonce=x part=1: ", "not one challenge"},
	    {"pam_nitro/9 hello", "not one challenge"},
	};
	char first[NITRO_PROMPT_MAX + 1], twice[2 * NITRO_PROMPT_MAX + 2];

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		refused(rows[i].prompt, rows[i].words);
	(void)prompt_of(OWN, 1, first);
	(void)snprintf(twice, sizeof twice, "%s%s", first, first);
	refused(twice, "not one challenge");
}

static void
test_an_answer_in_one_piece_is_for_part_1(void **state)
{
	struct nitro_document_source source;
	const struct nitro_responder responder = {&keys, &source, &folder};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf line = {0}, document = {0};
	struct nitro_complaint why = {0};
	char prompt[NITRO_PROMPT_MAX + 1];

	(void)state;
	assert_true(nitro_document_source_parse(SOURCE("4500"), &source, &why));
	assert_true(nitro_responder_whole(&responder,
	    nitro_bytes_of_text(prompt_of(OWN, 1, prompt)), &line, &why));
	assert_err(nitro_base64_decode(nitro_bytes_of_buf(&line), &document),
	    NITRO_OK);
	assert_true(document.len > 4500);
	line.len = 0;
	assert_false(nitro_responder_whole(&responder,
	    nitro_bytes_of_text(prompt_of(OWN, 2, prompt)), &line, &why));
	assert_false(nitro_responder_whole(&responder,
	    nitro_bytes_of_text(prompt_of(STRANGER, 1, prompt)), &line, &why));
	assert_int_equal(line.len, 0);
}

#define WITH_KEYS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_KEYS(test_parts_are_those_of_one_document),
	    WITH_KEYS(
		test_a_strangers_key_is_refused_before_the_source_is_asked),
	    WITH_KEYS(test_without_binding_no_key_is_attested),
	    WITH_KEYS(test_a_later_part_alone_is_refused),
	    WITH_KEYS(test_other_questions_are_refused_with_advice),
	    WITH_KEYS(test_an_answer_in_one_piece_is_for_part_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
