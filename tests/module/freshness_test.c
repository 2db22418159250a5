/* One document for one challenge of one login, and only while it is fresh. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "module/captured_log.h"
#include "module/login.h"
#include "unit/unit.h"

/* Answer with the document in context. */
static int
replay(struct client *client, struct pam_response **responses)
{
	const struct nitro_buf *evidence = client->context;

	if (nitro_buf_append(&client->evidence, nitro_bytes_of_buf(evidence)) !=
	    NITRO_OK)
		return PAM_BUF_ERR;
	return client_whole(client, responses);
}

/* F01 F02 */
static void
test_a_document_is_admitted_once(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	NITRO_DROP(login_close) struct login login = {0};
	struct login again = {
	    .client = {.script = replay, .context = &evidence}};

	login_open(&login, stack, "deploy");
	login_authenticate(&login);
	assert_int_equal(login_differs(&login, "first", NITRO_OK), 0);
	assert_err(nitro_buf_append(
		       &evidence, nitro_bytes_of_buf(&login.client.evidence)),
	    NITRO_OK);
	/* In the same handle and in another. */
	login.client.script = replay;
	login.client.context = &evidence;
	login_authenticate(&login);
	assert_int_equal(login.result, PAM_MAXTRIES);
	assert_int_equal(
	    login_line_differs("same handle", "auth", NITRO_E_NONCE, NULL), 0);
	assert_int_equal(login_once(&again, stack, "deploy", NITRO_E_NONCE), 0);
}

/* Two logins at once, the inner one within the outer one's conversation. */
struct pair {
	struct login outer, inner;
	bool is_outer_swapped; /* the outer one too has the other's document */
	unsigned differences;
};

static int
answer_with_the_outer_document(
    struct client *client, struct pam_response **responses)
{
	struct pair *pair = client->context;

	client_attest(client);
	return client_reply(
	    client, nitro_bytes_of_buf(&pair->outer.client.base64), responses);
}

static int
let_the_inner_one_try(struct client *client, struct pam_response **responses)
{
	struct pair *pair = client->context;

	client_attest(client);
	login_open(&pair->inner, pair->outer.stack, "deploy");
	login_authenticate(&pair->inner);
	pair->differences = login_differs(&pair->inner, "inner", NITRO_E_NONCE);
	captured_clear();
	return client_reply(client,
	    nitro_bytes_of_buf(pair->is_outer_swapped
				   ? &pair->inner.client.base64
				   : &client->base64),
	    responses);
}

/* F18 T10 M10 */
static void
test_a_document_of_another_live_login_is_refused(void **state)
{
	struct stack *stack = stack_need(state);

	for (unsigned i = 0; i < 2; i++) {
		struct pair pair = {.is_outer_swapped = i == 1};

		pair.outer.client.script = let_the_inner_one_try;
		pair.outer.client.context = &pair;
		pair.inner.client.script = answer_with_the_outer_document;
		pair.inner.client.context = &pair;
		login_open(&pair.outer, stack, "deploy");
		login_authenticate(&pair.outer);
		assert_int_equal(pair.differences, 0);
		assert_int_equal(
		    login_differs(&pair.outer, "outer",
			pair.is_outer_swapped ? NITRO_E_NONCE : NITRO_OK),
		    0);
		login_close(&pair.inner);
		login_close(&pair.outer);
	}
}

static void
take_the_nonce_in_context(struct client *client, struct sim_document *doc)
{
	doc->nonce = (struct nitro_bytes){client->context, 32};
}

/* T11 */
static void
test_a_document_for_the_attempt_before_is_refused(void **state)
{
	static const char *const nothing[] = {"", NULL};
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close)
	struct login login = {
	    .client = {.script = client_lines, .lines = nothing}};
	uint8_t nonce[32];

	login_open(&login, stack, "deploy");
	login_authenticate(&login);
	assert_int_equal(login_differs(&login, "before", NITRO_E_NO_ANSWER), 0);
	memcpy(nonce, login.client.nonce, sizeof nonce);
	login.client.script = client_whole;
	login.client.edit = take_the_nonce_in_context;
	login.client.context = nonce;
	login_authenticate(&login);
	assert_int_equal(login_differs(&login, "T11", NITRO_E_NONCE), 0);
	/* And with the nonce of its own, on the same handle, it is let in. */
	login.client.edit = NULL;
	login_authenticate(&login);
	assert_int_equal(login_differs(&login, "after", NITRO_OK), 0);
}

static void
no_nonce(struct client *client, struct sim_document *doc)
{
	(void)client;
	doc->nonce = (struct nitro_bytes){0};
}

static void
empty_nonce(struct client *client, struct sim_document *doc)
{
	doc->nonce = (struct nitro_bytes){client->nonce, 0};
}

static void
nonce_as_user_data(struct client *client, struct sim_document *doc)
{
	doc->nonce = (struct nitro_bytes){0};
	doc->user_data = (struct nitro_bytes){client->nonce, 32};
}

static void
short_nonce(struct client *client, struct sim_document *doc)
{
	doc->nonce = (struct nitro_bytes){client->nonce, 31};
}

/* The nonce, and after it as many bytes of a pattern as len has more. */
static struct nitro_bytes
longer_nonce(const struct client *client, size_t len)
{
	static uint8_t bytes[256];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = client->nonce[i % 32];
	if (len == 33)
		bytes[32] = 0;
	return (struct nitro_bytes){bytes, len};
}

static void
nonce_and_a_byte(struct client *client, struct sim_document *doc)
{
	doc->nonce = longer_nonce(client, 33);
}

static void
nonce_twice(struct client *client, struct sim_document *doc)
{
	doc->nonce = longer_nonce(client, 64);
}

static void
nonce_of_256_bytes(struct client *client, struct sim_document *doc)
{
	doc->nonce = longer_nonce(client, 256);
}

static void
nonce_as_hex(struct client *client, struct sim_document *doc)
{
	static char text[65];

	for (size_t i = 0; i < 32; i++)
		(void)snprintf(
		    &text[2 * i], 3, "%02x", (unsigned)client->nonce[i]);
	doc->nonce = nitro_bytes_of_text(text);
}

static void
nonce_as_base64(struct client *client, struct sim_document *doc)
{
	doc->nonce = nitro_bytes_of_text(client->nonce_text);
}

static void
last_bit_of_the_nonce(struct client *client, struct sim_document *doc)
{
	static uint8_t nonce[32];

	memcpy(nonce, client->nonce, sizeof nonce);
	nonce[31] ^= 1;
	doc->nonce = (struct nitro_bytes){nonce, sizeof nonce};
}

static void
nonce_of_zeros(struct client *client, struct sim_document *doc)
{
	static const uint8_t zeros[32];

	(void)client;
	doc->nonce = (struct nitro_bytes){zeros, sizeof zeros};
}

static void
no_audience(struct client *client, struct sim_document *doc)
{
	(void)client;
	doc->user_data = (struct nitro_bytes){0};
}

static void
audience_of_another_host(struct client *client, struct sim_document *doc)
{
	static char text[CLIENT_TEXT_MAX];
	char *host;

	memcpy(text, client->audience, sizeof text);
	host = strstr(text, "host=test");
	assert_non_null(host);
	host[strlen("host=")] = 'T';
	doc->user_data = nitro_bytes_of_text(text);
}

static void
audience_with_the_part(struct client *client, struct sim_document *doc)
{
	doc->user_data = nitro_bytes_of_text(client->prompt);
}

static void
audience_without_its_end(struct client *client, struct sim_document *doc)
{
	doc->user_data.len = strlen(client->audience) - 1;
}

/* F03 F04 F05 F06 F07 F17 */
static void
test_a_document_answers_exactly_its_challenge(void **state)
{
	static const struct {
		const char *name;
		void (*edit)(struct client *client, struct sim_document *doc);
		nitro_err expected;
	} edits[] = {
	    {"unchanged", NULL, NITRO_OK},
	    {"F03 null", no_nonce, NITRO_E_NONCE},
	    {"F03 empty", empty_nonce, NITRO_E_NONCE},
	    {"F03 in user_data", nonce_as_user_data, NITRO_E_NONCE},
	    {"F04 31 bytes of it", short_nonce, NITRO_E_NONCE},
	    {"F04 a byte more", nonce_and_a_byte, NITRO_E_NONCE},
	    {"F04 twice", nonce_twice, NITRO_E_NONCE},
	    {"F05 as hex", nonce_as_hex, NITRO_E_NONCE},
	    {"F05 as base64url", nonce_as_base64, NITRO_E_NONCE},
	    {"F06 last bit", last_bit_of_the_nonce, NITRO_E_NONCE},
	    {"F07 256 bytes", nonce_of_256_bytes, NITRO_E_NONCE},
	    {"zeros", nonce_of_zeros, NITRO_E_NONCE},
	    {"F17 no audience", no_audience, NITRO_E_AUDIENCE},
	    {"another host", audience_of_another_host, NITRO_E_AUDIENCE},
	    {"with the part", audience_with_the_part, NITRO_E_AUDIENCE},
	    {"without its end", audience_without_its_end, NITRO_E_AUDIENCE},
	};
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(edits); i++) {
		NITRO_DROP(login_close)
		struct login login = {.client.edit = edits[i].edit};

		login_open(&login, stack, "deploy");
		login_authenticate(&login);
		differences += login_differs(
		    &login, edits[i].name, edits[i].expected);
	}
	assert_int_equal(differences, 0);
}

/* F17 */
static void
test_audience_false_takes_any_user_data(void **state)
{
	struct stack *stack = stack_need(state);
	struct login without = {.client.edit = no_audience};
	struct login other = {.client.edit = audience_of_another_host};

	stack_settings(stack, "audience = false;\n");
	assert_int_equal(login_once(&without, stack, "deploy", NITRO_OK), 0);
	assert_int_equal(login_once(&other, stack, "deploy", NITRO_OK), 0);
}

/* age_ms of the line in the log. */
static int64_t
logged_age_ms(void)
{
	const char *at = strstr(captured_line(0), " age_ms=");

	assert_non_null(at);
	return strtoll(at + strlen(" age_ms="), NULL, 10);
}

/* F08 F09 F11 */
static void
test_a_document_is_admitted_within_its_window_of_time(void **state)
{
	static const struct {
		const char *settings;
		int64_t ahead_ms; /* the document's time minus now */
		nitro_err expected;
	} rows[] = {
	    {"", -58000, NITRO_OK},
	    {"", -60001, NITRO_E_TOO_OLD},
	    {"", 3000, NITRO_OK},
	    {"", 7000, NITRO_E_FROM_FUTURE},
	    {"max_age_s = 1;", 0, NITRO_OK},
	    {"max_age_s = 1;", -1001, NITRO_E_TOO_OLD},
	    {"max_age_s = 600;", -598000, NITRO_OK},
	    {"max_age_s = 600;", -600001, NITRO_E_TOO_OLD},
	    {"clock_skew_s = 0;", -1, NITRO_OK},
	    {"clock_skew_s = 0;", 2000, NITRO_E_FROM_FUTURE},
	    {"clock_skew_s = 60;", 58000, NITRO_OK},
	    {"clock_skew_s = 60;", 62000, NITRO_E_FROM_FUTURE},
	    {"", INT64_C(-3600000), NITRO_E_TOO_OLD},
	    {"", INT64_C(3600000), NITRO_E_FROM_FUTURE},
	    {"", INT64_C(-86400000), NITRO_E_TOO_OLD},
	    {"", INT64_C(86400000), NITRO_E_FROM_FUTURE},
	    {"max_age_s = 600; clock_skew_s = 60;", INT64_C(1577836800000),
		NITRO_E_FROM_FUTURE},
	};
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
		NITRO_DROP(login_close)
		struct login login = {
		    .client = {.pki = &pki, .ahead_ms = rows[i].ahead_ms}};
		char name[80];

		(void)snprintf(name, sizeof name, "%s %" PRId64,
		    rows[i].settings, rows[i].ahead_ms);
		stack_settings(stack, rows[i].settings);
		stack_pki_at(stack, rows[i].ahead_ms / 1000, &pki);
		login_open(&login, stack, "deploy");
		login_authenticate(&login);
		differences += login_differs(&login, name, rows[i].expected);
		/* The log says by how much the clocks differ. */
		assert_int_in_range(
		    logged_age_ms() + rows[i].ahead_ms, 0, 5000);
	}
	assert_int_equal(differences, 0);
}

static void
take_the_time_in_context(struct client *client, struct sim_document *doc)
{
	doc->timestamp_ms = *(const uint64_t *)client->context;
}

/* D18 F09 */
static void
test_a_timestamp_that_is_no_time_of_now_is_refused(void **state)
{
	const uint64_t now_s = (uint64_t)time(NULL);
	const struct {
		uint64_t ms;
		nitro_err expected;
	} rows[] = {
	    {0, NITRO_E_FIELD_LIMIT},
	    {1, NITRO_E_TOO_OLD},
	    {now_s, NITRO_E_TOO_OLD},
	    {now_s * 10000, NITRO_E_FROM_FUTURE},
	    {now_s * 1000000, NITRO_E_FIELD_LIMIT},
	    {now_s * 1000000000, NITRO_E_FIELD_LIMIT},
	    {UINT64_C(1) << 53, NITRO_E_FIELD_LIMIT},
	    {INT64_MAX, NITRO_E_FIELD_LIMIT},
	    {(uint64_t)INT64_MAX + 1, NITRO_E_FIELD_LIMIT},
	    {UINT64_MAX - 5000, NITRO_E_FIELD_LIMIT},
	    {UINT64_MAX, NITRO_E_FIELD_LIMIT},
	};
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		uint64_t ms = rows[i].ms;
		NITRO_DROP(login_close)
		struct login login = {
		    .client = {
			.edit = take_the_time_in_context, .context = &ms}};
		char name[32];

		(void)snprintf(name, sizeof name, "%" PRIu64, ms);
		login_open(&login, stack, "deploy");
		login_authenticate(&login);
		differences += login_differs(&login, name, rows[i].expected);
	}
	assert_int_equal(differences, 0);
}

/* F10 */
static void
test_a_leaf_from_the_near_future_is_admitted_with_its_document(void **state)
{
	struct stack *stack = stack_need(state);
	struct sim_options options = {
	    .time_s = (int64_t)time(NULL), .same_root = &stack->pki};
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	struct login good = {.client = {.pki = &pki, .ahead_ms = 4000}};
	struct login early = {.client.pki = &pki};

	options.cert[SIM_LEAF].not_before_s = options.time_s + 3;
	options.cert[SIM_LEAF].not_after_s = options.time_s + 10800;
	assert_true(sim_pki_make(&options, &pki));
	assert_int_equal(
	    login_once(&early, stack, "deploy", NITRO_E_CERT_TIME), 0);
	assert_int_equal(login_once(&good, stack, "deploy", NITRO_OK), 0);
}

/* T22 T27 */
static void
test_every_challenge_has_a_new_nonce(void **state)
{
	enum { COUNT = 300 };
	static uint8_t nonces[COUNT][32];
	static const uint8_t zeros[32];
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close)
	struct login login = {
	    .client = {.script = client_fails, .code = PAM_CONV_ERR}};

	login_open(&login, stack, "deploy");
	for (unsigned i = 0; i < COUNT; i++) {
		login_authenticate(&login);
		assert_int_equal(
		    login_differs(&login, "nonce", NITRO_E_CONVERSATION), 0);
		memcpy(nonces[i], login.client.nonce, 32);
		assert_memory_not_equal(nonces[i], zeros, 32);
		for (unsigned j = 0; j < i; j++)
			assert_memory_not_equal(nonces[i], nonces[j], 32);
	}
}

/* Authenticate in a child, and hand its nonce out of it. */
static void
nonce_of_a_child(struct login *login, uint8_t nonce[32])
{
	int fds[2], status;
	pid_t child;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		ssize_t n;

		login_authenticate(login);
		n = write(fds[1], login->client.nonce, 32);
		_exit(n == 32 ? 0 : 1);
	}
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(read(fds[0], nonce, 32), 32);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* T26 */
static void
test_two_forks_of_one_process_have_two_nonces(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close)
	struct login login = {
	    .client = {.script = client_fails, .code = PAM_CONV_ERR}};
	uint8_t one[32], other[32];

	/* Once before the forks, so that there is a state to inherit. */
	login_open(&login, stack, "deploy");
	login_authenticate(&login);
	nonce_of_a_child(&login, one);
	nonce_of_a_child(&login, other);
	assert_memory_not_equal(one, other, 32);
	assert_memory_not_equal(one, login.client.nonce, 32);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STACK_TEST(test_a_document_is_admitted_once),
	    STACK_TEST(test_a_document_of_another_live_login_is_refused),
	    STACK_TEST(test_a_document_for_the_attempt_before_is_refused),
	    STACK_TEST(test_a_document_answers_exactly_its_challenge),
	    STACK_TEST(test_audience_false_takes_any_user_data),
	    STACK_TEST(test_a_document_is_admitted_within_its_window_of_time),
	    STACK_TEST(test_a_timestamp_that_is_no_time_of_now_is_refused),
	    STACK_TEST(
		test_a_leaf_from_the_near_future_is_admitted_with_its_document),
	    STACK_TEST(test_every_challenge_has_a_new_nonce),
	    STACK_TEST(test_two_forks_of_one_process_have_two_nonces),
	};

	return stack_run(tests);
}
