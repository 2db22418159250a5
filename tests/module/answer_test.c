/*
 * What a conversation function and the client behind it may do to
 * pam_nitro.so, and what must come of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "module/captured_log.h"
#include "module/login.h"
#include "unit/unit.h"

/* T23: the client refuses more than one message at once, and other styles. */
static void
test_a_document_in_one_piece_is_admitted(void **state)
{
	struct stack *stack = stack_need(state);
	struct login login = {0};

	assert_int_equal(login_once(&login, stack, "deploy", NITRO_OK), 0);
}

static void
test_a_document_in_parts_is_admitted(void **state)
{
	/* 992 characters are lines of 1,000, 250 make 25 parts or so. */
	static const size_t slices[] = {250, 900, 992};
	struct stack *stack = stack_need(state);

	for (size_t i = 0; i < NITRO_COUNT_OF(slices); i++) {
		NITRO_DROP(login_close)
		struct login login = {
		    .client = {.script = client_parts, .slice_len = slices[i]}};

		login_open(&login, stack, "deploy");
		login_authenticate(&login);
		assert_int_equal(login_differs(&login, "parts", NITRO_OK), 0);
		assert_int_equal(login.client.prompt_count,
		    (login.client.base64.len + slices[i] - 1) / slices[i]);
	}
}

static void
test_a_nitrotpm_document_is_admitted(void **state)
{
	struct stack *stack = stack_need(state);
	struct login login = {.client.pki = &stack->nitrotpm,
	    .workload = "ledger",
	    .version = "2.0"};

	assert_int_equal(login_once(&login, stack, "instance", NITRO_OK), 0);
}

static void
test_a_member_of_a_listed_group_is_admitted(void **state)
{
	struct stack *stack = stack_need(state);
	struct login login = {0};

	assert_int_equal(login_once(&login, stack, "root", NITRO_OK), 0);
}

/* A login by stock ssh takes at most 8 prompts. */
static void
test_a_login_by_stock_ssh_takes_at_most_8_prompts(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close)
	struct login login = {
	    .client = {.script = client_parts, .slice_len = 992}};

	login_open(&login, stack, "deploy");
	assert_int_equal(login_authenticate(&login), PAM_SUCCESS);
	assert_int_in_range(login.client.prompt_count, 5, 8);
}

/* An application that fails, and the client that it stands for. */
struct failure {
	const char *name;
	client_script *script;
	int code;
	nitro_err expected;
};

/* T01 T02 T03 T19 T24 */
static const struct failure failures[] = {
    {"T01 the client left", client_fails, PAM_CONV_ERR, NITRO_E_CONVERSATION},
    {"T02 no array", client_null_array, 0, NITRO_E_CONVERSATION_BROKEN},
    {"T03 no text", client_null_text, 0, NITRO_E_NO_ANSWER},
    {"T24 ask again", client_fails, PAM_CONV_AGAIN,
	NITRO_E_CONVERSATION_BROKEN},
    {"no memory", client_fails, PAM_BUF_ERR, NITRO_E_MEMORY},
    {"an abort", client_fails, PAM_ABORT, NITRO_E_CONVERSATION_BROKEN},
    {"no known code", client_fails, 1000, NITRO_E_CONVERSATION_BROKEN},
    {"a negative code", client_fails, -1, NITRO_E_CONVERSATION_BROKEN},
};

static void
test_a_failing_application_is_asked_once_and_refused(void **state)
{
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(failures); i++) {
		const struct failure *row = &failures[i];
		NITRO_DROP(login_close)
		struct login login = {
		    .client = {.script = row->script, .code = row->code}};

		login_open(&login, stack, "deploy");
		login_authenticate(&login);
		differences += login_differs(&login, row->name, row->expected);
		assert_int_equal(login.client.prompt_count, 1);
	}
	assert_int_equal(differences, 0);
}

/* Everything but what it is told, which the module must survive. */
static int
fail_wildly(int count, const struct pam_message **messages,
    struct pam_response **responses, void *appdata)
{
	(void)count, (void)messages, (void)appdata;
	/* Nobody's memory: to free it would crash. */
	*responses = (struct pam_response *)appdata;
	return PAM_CONV_ERR;
}

/* T01 */
static void
test_what_a_failed_conversation_left_is_not_touched(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};
	char not_from_malloc[sizeof(struct pam_response)];
	const struct pam_conv wild = {fail_wildly, not_from_malloc};

	memset(not_from_malloc, 0x5a, sizeof not_from_malloc);
	login_open(&login, stack, "deploy");
	assert_int_equal(
	    pam_set_item(login.pamh, PAM_CONV, &wild), PAM_SUCCESS);
	login_authenticate(&login);
	assert_int_equal(
	    login_differs(&login, "wild", NITRO_E_CONVERSATION), 0);
	for (size_t i = 0; i < sizeof not_from_malloc; i++)
		assert_int_equal(not_from_malloc[i], 0x5a);
}

/* pam_start(3) asks for a struct pam_conv, and not what stands in it. */
static void
test_an_application_without_a_conversation_is_refused(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};
	const struct pam_conv none = {0};

	login_open(&login, stack, "deploy");
	assert_int_equal(
	    pam_set_item(login.pamh, PAM_CONV, &none), PAM_SUCCESS);
	login_authenticate(&login);
	assert_int_equal(
	    login_differs(&login, "none", NITRO_E_CONVERSATION), 0);
}

#define ECHO \
	"pam_nitro/1 nonce=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHv8 " \
	"key=- host=h user=u part=1: "

/* One answer that is no document: all its lines are asked for, no more. */
struct row {
	const char *name;
	const char *lines[5];
	nitro_err expected;
};

/* T04 T05 T06 T09 T12 T13 T14 T15 T17 B01 B02 B03 B04 B05 B06 B07 B08 B09 */
static const struct row rows[] = {
    {"T04 empty", {""}, NITRO_E_NO_ANSWER},
    {"T04 a line end alone", {"\r\n"}, NITRO_E_NO_ANSWER},
    {"T05 a blank", {" "}, NITRO_E_BASE64},
    {"T05 blanks", {"        "}, NITRO_E_BASE64},
    {"T05 tabs", {"\t\t\t\t"}, NITRO_E_BASE64},
    {"T06 one byte", {"Q"}, NITRO_E_BASE64},
    {"T06 one byte decoded", {"QQ=="}, NITRO_E_CBOR},
    {"T09 the challenge", {ECHO}, NITRO_E_ANSWER_FRAMING},
    {"B01 no padding", {"QUI"}, NITRO_E_BASE64},
    {"B02 padding alone", {"===="}, NITRO_E_BASE64},
    {"B03 padding inside", {"QQ==QQ=="}, NITRO_E_BASE64},
    {"B04 trailing bits", {"QR=="}, NITRO_E_BASE64},
    {"B05 the alphabet of URLs", {"QUJD-_-_"}, NITRO_E_BASE64},
    {"B06 a blank inside", {"QUJD QUJD"}, NITRO_E_BASE64},
    {"B07 no ASCII", {"QUJD\xc3\xa4QU"}, NITRO_E_BASE64},
    {"B08 PEM", {"-----BEGIN CERTIFICATE-----"}, NITRO_E_BASE64},
    {"B08 JSON", {"{\"document\":\"QUJD\"}"}, NITRO_E_ANSWER_FRAMING},
    {"B09 hex", {"8444a1013822a0"}, NITRO_E_BASE64},
    {"a password", {"correct horse"}, NITRO_E_BASE64},
    {"T12 part 2 is empty", {"1/2/4:QUJD", ""}, NITRO_E_ANSWER_FRAMING},
    {"T12 part 2 is cut", {"1/2/4:QUJD", "2/2/4:QUJ"}, NITRO_E_ANSWER_FRAMING},
    {"T12 part 2 is left out", {"1/3/4:QUJD", "3/3/4:QUJD"},
	NITRO_E_ANSWER_FRAMING},
    {"T13 part 2 first", {"2/2/4:QUJD"}, NITRO_E_ANSWER_FRAMING},
    {"T13 part 1 twice", {"1/3/4:QUJD", "1/3/4:QUJD"}, NITRO_E_ANSWER_FRAMING},
    {"T13 another count", {"1/3/4:QUJD", "2/2/4:QUJD"}, NITRO_E_ANSWER_FRAMING},
    {"T13 one piece after a part", {"1/2/4:QUJD", "QUJD"},
	NITRO_E_ANSWER_FRAMING},
    {"T14 33 parts", {"1/33/4:QUJD"}, NITRO_E_ANSWER_FRAMING},
    {"T14 a count that wraps", {"1/4294967298/4:QUJD"}, NITRO_E_ANSWER_FRAMING},
    {"T14 no parts", {"1/0/4:QUJD"}, NITRO_E_ANSWER_FRAMING},
    {"one part", {"1/1/4:QUJD"}, NITRO_E_ANSWER_FRAMING},
    {"T15 an empty part inside", {"1/3/4:QUJD", "2/3/0:"},
	NITRO_E_ANSWER_FRAMING},
    {"T15 the last part first", {"3/3/4:QUJD"}, NITRO_E_ANSWER_FRAMING},
    {"T17 more than its length", {"1/2/4:QUJD", "2/2/4:QUJDQUJD"},
	NITRO_E_ANSWER_FRAMING},
    {"parts that are no document", {"1/2/4:QUJD", "2/2/4:QUJD"},
	NITRO_E_COSE_SHAPE},
};

static void
test_an_answer_that_is_no_document_is_refused(void **state)
{
	struct stack *stack = stack_need(state);
	unsigned differences = 0, asked;

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		const struct row *row = &rows[i];
		NITRO_DROP(login_close)
		struct login login = {
		    .client = {.script = client_lines, .lines = row->lines}};

		login_open(&login, stack, "deploy");
		login_authenticate(&login);
		differences += login_differs(&login, row->name, row->expected);
		for (asked = 0; row->lines[asked] != NULL;)
			asked++;
		if (login.client.prompt_count != asked) {
			print_message("# row '%s': %u prompts\n", row->name,
			    login.client.prompt_count);
			differences++;
		}
	}
	assert_int_equal(differences, 0);
}

/* An answer of the letter A, and of padding. */
struct letters {
	const char *name;
	size_t len, pads;
	nitro_err expected;
};

static int
say_letters(struct client *client, struct pam_response **responses)
{
	const struct letters *letters = client->context;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf line = {0};

	if (nitro_buf_reserve(&line, letters->len + letters->pads) != NITRO_OK)
		return PAM_BUF_ERR;
	memset(line.ptr, 'A', letters->len);
	memset(line.ptr + letters->len, '=', letters->pads);
	line.len = letters->len + letters->pads;
	return client_reply(client, nitro_bytes_of_buf(&line), responses);
}

/* 16,384 bytes are 21,848 characters, the last two of them padding. */
static const struct letters sizes[] = {
    {"B11 as long as a document may be", 21846, 2, NITRO_E_COSE_SHAPE},
    {"B11 a byte too long", 21847, 1, NITRO_E_EVIDENCE_SIZE},
    {"B11 two bytes too long", 21848, 0, NITRO_E_EVIDENCE_SIZE},
    {"T07", 21849, 0, NITRO_E_EVIDENCE_SIZE},
    {"22,000", 22000, 0, NITRO_E_EVIDENCE_SIZE},
    {"22,001", 22001, 0, NITRO_E_ANSWER_SIZE},
    {"T08 256 KiB", 262144, 0, NITRO_E_ANSWER_SIZE},
    {"16 MiB", 16777216, 0, NITRO_E_ANSWER_SIZE},
};

/* T07 T08 B11 */
static void
test_an_answer_longer_than_any_document_is_refused(void **state)
{
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(sizes); i++) {
		struct letters row = sizes[i];
		NITRO_DROP(login_close)
		struct login login = {
		    .client = {.script = say_letters, .context = &row}};

		login_open(&login, stack, "deploy");
		login_authenticate(&login);
		differences += login_differs(&login, row.name, row.expected);
	}
	assert_int_equal(differences, 0);
}

/* "<k>/32/<len>:AAAA...", as long as it may be. */
static int
say_one_of_32(struct client *client, struct pam_response **responses)
{
	const size_t slice_len = *(const size_t *)client->context;
	char letters[992], line[1024];
	int n;

	memset(letters, 'A', sizeof letters);
	n = snprintf(line, sizeof line, "%u/32/%zu:%.*s", client->part,
	    slice_len, (int)slice_len, letters);
	if (n < 0)
		return PAM_CONV_ERR;
	return client_reply(client, nitro_bytes_of_text(line), responses);
}

/* T14 T16 */
static void
test_parts_end_at_32_or_at_the_longest_document(void **state)
{
	struct stack *stack = stack_need(state);
	size_t slice_len = 988;
	NITRO_DROP(login_close)
	struct login full = {
	    .client = {.script = say_one_of_32, .context = &slice_len}};
	NITRO_DROP(login_close)
	struct login many = {
	    .client = {.script = say_one_of_32, .context = &slice_len}};

	login_open(&full, stack, "deploy");
	login_authenticate(&full);
	assert_int_equal(login_differs(&full, "T16", NITRO_E_ANSWER_SIZE), 0);
	assert_int_equal(full.client.prompt_count, 22000 / 988 + 1);
	slice_len = 4;
	login_open(&many, stack, "deploy");
	login_authenticate(&many);
	assert_int_equal(login_differs(&many, "T14", NITRO_E_COSE_SHAPE), 0);
	assert_int_equal(many.client.prompt_count, 32);
}

/* All parts, and then some: an endless client is not asked again. */
static int
say_one_more(struct client *client, struct pam_response **responses)
{
	char line[32];

	/* The count grows with each part, so it never ends by itself. */
	(void)snprintf(
	    line, sizeof line, "%u/%u/4:QUJD", client->part, client->part + 1);
	return client_reply(client, nitro_bytes_of_text(line), responses);
}

/* T14 */
static void
test_a_count_that_grows_is_refused_at_once(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close)
	struct login login = {.client.script = say_one_more};

	login_open(&login, stack, "deploy");
	login_authenticate(&login);
	assert_int_equal(
	    login_differs(&login, "T14", NITRO_E_ANSWER_FRAMING), 0);
	assert_int_equal(login.client.prompt_count, 2);
}

static int
leave_after_two(struct client *client, struct pam_response **responses)
{
	return client->part <= 2 ? client_parts(client, responses)
				 : PAM_CONV_ERR;
}

/* T21 */
static void
test_a_client_that_leaves_between_parts_is_refused(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close)
	struct login login = {.client.script = leave_after_two};

	login_open(&login, stack, "deploy");
	login_authenticate(&login);
	assert_int_equal(login_differs(&login, "T21", NITRO_E_CONVERSATION), 0);
	assert_int_equal(login.client.prompt_count, 3);
}

/* Each part of a good answer, changed by one habit of a bad client. */
static int
overlap(struct client *client, struct pam_response **responses)
{
	struct nitro_bytes slice;
	char line[1024];
	size_t count;

	client_attest(client);
	/* Every slice begins 4 characters before the last one's end. */
	count = (client->base64.len + 895) / 896;
	slice = nitro_bytes_slice(nitro_bytes_of_buf(&client->base64),
	    896 * (size_t)(client->part - 1), 900);
	(void)snprintf(line, sizeof line, "%u/%zu/%zu:%.*s", client->part,
	    count, slice.len, (int)slice.len, (const char *)slice.ptr);
	return client_reply(client, nitro_bytes_of_text(line), responses);
}

static int
swap_two_slices(struct client *client, struct pam_response **responses)
{
	const unsigned part = client->part;
	struct pam_response *other = NULL;
	char digit;
	int result;

	client->part = part == 1 ? 2 : part == 2 ? 1 : part;
	result = client_parts(client, &other);
	client->part = part;
	if (result != PAM_SUCCESS)
		return result;
	digit = (char)('0' + (int)part);
	other->resp[0] = digit;
	*responses = other;
	return PAM_SUCCESS;
}

/* T13 */
static void
test_slices_that_overlap_or_change_places_are_refused(void **state)
{
	static client_script *const scripts[] = {overlap, swap_two_slices};
	struct stack *stack = stack_need(state);

	for (size_t i = 0; i < NITRO_COUNT_OF(scripts); i++) {
		NITRO_DROP(login_close)
		struct login login = {.client.script = scripts[i]};

		/* What is wrong first depends on the bytes at the seams. */
		login_open(&login, stack, "deploy");
		assert_int_equal(login_authenticate(&login), PAM_MAXTRIES);
		assert_int_equal(captured_count(), 1);
		assert_non_null(
		    strstr(captured_line(0), ":auth): result=deny reason=c"));
		assert_string_equal(login.client.complaint, "");
		assert_true(login.client.prompt_count >= 6);
	}
}

/* T20 M22 */
static void
test_an_answer_masked_by_sshd_is_recognised(void **state)
{
	struct stack *stack = stack_need(state);
	static const char *const password[] = {"a short password", NULL};
	static const struct client clients[] = {
	    {.script = client_whole, .is_masked = true},
	    {.script = client_parts, .slice_len = 992, .is_masked = true},
	    {.script = client_lines, .lines = password, .is_masked = true},
	};

	for (size_t i = 0; i < NITRO_COUNT_OF(clients); i++) {
		struct login login = {.client = clients[i]};

		assert_int_equal(
		    login_once(&login, stack, "deploy", NITRO_E_MASKED), 0);
	}
}

/* T20 */
static void
test_a_masked_user_sees_as_many_prompts_as_a_valid_one(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close)
	struct login valid = {
	    .client = {.script = client_parts, .slice_len = 992}};
	NITRO_DROP(login_close)
	struct login masked = {
	    .client = {
		.script = client_parts, .slice_len = 992, .is_masked = true}};

	login_open(&valid, stack, "deploy");
	login_open(&masked, stack, "deploy");
	assert_int_equal(login_authenticate(&valid), PAM_SUCCESS);
	assert_int_equal(login_authenticate(&masked), PAM_MAXTRIES);
	assert_true(valid.client.prompt_count > 2);
	assert_int_equal(masked.client.prompt_count, valid.client.prompt_count);
}

/* T14 T20 */
static void
test_masked_lines_without_an_end_stop_at_32(void **state)
{
	struct stack *stack = stack_need(state);
	struct letters row = {.len = 1000};
	NITRO_DROP(login_close)
	struct login login = {
	    .client = {
		.script = say_letters, .is_masked = true, .context = &row}};

	login_open(&login, stack, "deploy");
	login_authenticate(&login);
	assert_int_equal(login_differs(&login, "endless", NITRO_E_MASKED), 0);
	assert_int_equal(login.client.prompt_count, 32);
}

/* T28 O05 P18 */
static void
test_a_prompt_is_ascii_with_the_user_encoded(void **state)
{
	static const struct {
		const char *user, *shown;
	} users[] = {
	    {"Deploy", "Deploy"},
	    {"deploy ", "deploy%20"},
	    {"deploy\n", "deploy%0A"},
	    {"a.b_c@d-e", "a.b_c@d-e"},
	    {"two words", "two%20words"},
	    {"line\nend", "line%0Aend"},
	    {"\033[2J", "%1B%5B2J"},
	    {"J\xc3\xb6rg", "J%C3%B6rg"},
	    {"100%", "100%25"},
	    {"part=1: ", "part%3D1%3A%20"},
	    {"\xff\x80", "%FF%80"},
	};
	struct stack *stack = stack_need(state);

	for (size_t i = 0; i < NITRO_COUNT_OF(users); i++) {
		struct login login = {.user_shown = users[i].shown};

		/* With a good document; but no rule has such a name. */
		assert_int_equal(
		    login_once(&login, stack, users[i].user, NITRO_E_USER), 0);
	}
}

/* The whole catalogue of the simulation; all else is as it must be. */
static void
fill(struct sim_document *doc, void *context)
{
	struct client *client = context;

	doc->nonce = (struct nitro_bytes){client->nonce, sizeof client->nonce};
	doc->user_data = nitro_bytes_of_text(client->audience);
	doc->public_key = client->key;
}

static int
say_defect(struct client *client, struct pam_response **responses)
{
	const struct sim_defect *defect = client->context;
	struct timespec now;
	struct sim_options options = {.same_root = client->pki};

	(void)timespec_get(&now, TIME_UTC);
	options.time_s = now.tv_sec;
	if (!sim_attest_defect(
		defect, &options, fill, client, &client->evidence))
		return PAM_CONV_ERR;
	return client_whole(client, responses);
}

/* M01 */
static void
test_every_defect_of_a_document_is_refused_for_its_reason(void **state)
{
	struct stack *stack = stack_need(state);
	size_t count;
	const struct sim_defect *defects = sim_defects(&count);
	unsigned differences = 0;

	for (size_t i = 0; i < count; i++) {
		struct sim_defect defect = defects[i];
		NITRO_DROP(login_close)
		struct login login = {
		    .client = {.script = say_defect, .context = &defect}};

		login_open(&login, stack, "deploy");
		login_authenticate(&login);
		differences += login_differs(
		    &login, defect.name, defect.reason);
		assert_int_equal(login.client.prompt_count, 1);
	}
	assert_int_equal(differences, 0);
}

/* What sshd's own conversation for the password method does. */
static int
answer_hidden_prompts_only(int count, const struct pam_message **messages,
    struct pam_response **responses, void *appdata)
{
	unsigned *hidden = appdata;

	*responses = NULL;
	for (int i = 0; i < count; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			(*hidden)++;
	return PAM_CONV_ERR;
}

/* T18 T19 */
static void
test_a_password_is_never_asked_for(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};
	unsigned hidden = 0;
	const struct pam_conv conversation = {
	    answer_hidden_prompts_only, &hidden};

	login_open(&login, stack, "deploy");
	assert_int_equal(
	    pam_set_item(login.pamh, PAM_CONV, &conversation), PAM_SUCCESS);
	login_authenticate(&login);
	assert_int_equal(login_differs(&login, "T19", NITRO_E_CONVERSATION), 0);
	assert_int_equal(hidden, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STACK_TEST(test_a_document_in_one_piece_is_admitted),
	    STACK_TEST(test_a_document_in_parts_is_admitted),
	    STACK_TEST(test_a_nitrotpm_document_is_admitted),
	    STACK_TEST(test_a_member_of_a_listed_group_is_admitted),
	    STACK_TEST(test_a_login_by_stock_ssh_takes_at_most_8_prompts),
	    STACK_TEST(test_a_failing_application_is_asked_once_and_refused),
	    STACK_TEST(test_what_a_failed_conversation_left_is_not_touched),
	    STACK_TEST(test_an_application_without_a_conversation_is_refused),
	    STACK_TEST(test_an_answer_that_is_no_document_is_refused),
	    STACK_TEST(test_an_answer_longer_than_any_document_is_refused),
	    STACK_TEST(test_parts_end_at_32_or_at_the_longest_document),
	    STACK_TEST(test_a_count_that_grows_is_refused_at_once),
	    STACK_TEST(test_a_client_that_leaves_between_parts_is_refused),
	    STACK_TEST(test_slices_that_overlap_or_change_places_are_refused),
	    STACK_TEST(test_an_answer_masked_by_sshd_is_recognised),
	    STACK_TEST(test_a_masked_user_sees_as_many_prompts_as_a_valid_one),
	    STACK_TEST(test_masked_lines_without_an_end_stop_at_32),
	    STACK_TEST(test_a_prompt_is_ascii_with_the_user_encoded),
	    STACK_TEST(
		test_every_defect_of_a_document_is_refused_for_its_reason),
	    STACK_TEST(test_a_password_is_never_asked_for),
	};

	return stack_run(tests);
}
