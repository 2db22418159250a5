/*
 * The one line of the log: what it tells the administrator, and what nobody
 * can make it tell. And the one sentence that the client sees.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "module/captured_log.h"
#include "module/login.h"
#include "unit/unit.h"

#define TEN(x) x x x x x x x x x x
#define SIXTY_FOUR(x) TEN(x) TEN(x) TEN(x) TEN(x) TEN(x) TEN(x) x x x x
#define THIRTY_TWO(x) TEN(x) TEN(x) TEN(x) x x
#define LONG_NAME SIXTY_FOUR("w")

/* How often the text stands in the line. */
static unsigned
count_of(const char *line, const char *text)
{
	unsigned count = 0;

	for (; (line = strstr(line, text)) != NULL; line++)
		count++;
	return count;
}

/* Whatever is escaped, fields keep their number and their order. */
static void
assert_one_of_each_field(const char *line)
{
	static const char *const fields[] = {" result=", " reason=", " ref=",
	    " user=", " rhost=", " kind=", " module_id="};

	for (size_t i = 0; i < NITRO_COUNT_OF(fields); i++)
		assert_int_equal(count_of(line, fields[i]), 1);
	assert_int_equal(count_of(line, "pam_nitro("), 1);
}

/* A text that its maker signs for, and how the log writes it. */
struct hostile {
	const char *raw, *shown;
};

/* O01 O02 O03 */
static const struct hostile hostile_texts[] = {
    {"a\nb", "a\\x0ab"},
    {"a\r\nb", "a\\x0d\\x0ab"},
    {"\033[2J", "\\x1b[2J"},
    {"\033]8;;http://x\033\\y", "\\x1b]8;;http://x\\x1b\\x5cy"},
    {"\302\233"
     "2J",
	"\\xc2\\x9b2J"},
    {"\177", "\\x7f"},
    {"\342\200\256gpj", "\\xe2\\x80\\xaegpj"},
    {"\342\200\213", "\\xe2\\x80\\x8b"},
    {"%s%n%x", "%s%n%x"},
    {"!~", "!~"},
    {"a result=allow user=root", "a\\x20result\\x3dallow\\x20user\\x3droot"},
    {"\" reason=ok", "\\x22\\x20reason\\x3dok"},
    {"\\x41", "\\x5cx41"},
    {"'; rm -rf /", "';\\x20rm\\x20-rf\\x20/"},
};

static void
take_the_module_id_in_context(struct client *client, struct sim_document *doc)
{
	doc->module_id = nitro_bytes_of_text(client->context);
}

/* O01 O02 O03 C1 X31 */
static void
test_a_hostile_module_id_is_escaped(void **state)
{
	struct stack *stack = stack_need(state);
	char raw[64], want[128];

	for (size_t i = 0; i < NITRO_COUNT_OF(hostile_texts); i++) {
		NITRO_DROP(login_close)
		struct login login = {
		    .client = {
			.edit = take_the_module_id_in_context, .context = raw}};

		(void)snprintf(raw, sizeof raw, "%s", hostile_texts[i].raw);
		(void)snprintf(want, sizeof want,
		    " module_id=%s age_ms=", hostile_texts[i].shown);
		login_open(&login, stack, "deploy");
		assert_int_equal(login_authenticate(&login), PAM_SUCCESS);
		assert_int_equal(
		    login_line_differs(raw, "auth", NITRO_OK, NULL), 0);
		assert_one_of_each_field(captured_line(0));
		if (strstr(captured_line(0), want) == NULL)
			fail_msg("no%s in %s", want, captured_line(0));
		/* The session's environment has it no other way. */
		assert_string_equal(
		    pam_getenv(login.pamh, "PAM_NITRO_MODULE_ID"),
		    hostile_texts[i].shown);
	}
}

/* O02 C23 */
static void
test_a_module_id_that_is_no_utf8_never_reaches_the_log(void **state)
{
	char raw[] = "MARK\xff\xfe";
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close)
	struct login login = {
	    .client = {.edit = take_the_module_id_in_context, .context = raw}};

	login_open(&login, stack, "deploy");
	login_authenticate(&login);
	assert_int_equal(login_differs(&login, "UTF-8", NITRO_E_CBOR_UTF8), 0);
	assert_null(strstr(captured_line(0), "MARK"));
}

/* O03 O05 */
static void
test_a_hostile_user_or_host_is_escaped(void **state)
{
	struct stack *stack = stack_need(state);

	for (size_t i = 0; i < NITRO_COUNT_OF(hostile_texts); i++) {
		char rhost[400], want[256];
		NITRO_DROP(login_close) struct login login = {.rhost = rhost};

		/* So long that libaudit does not ask the DNS for it. */
		(void)snprintf(rhost, sizeof rhost, "%s%s",
		    hostile_texts[i].raw, FOUR(SIXTY_FOUR("x")));
		login_open(&login, stack, hostile_texts[i].raw);
		assert_int_equal(login_authenticate(&login), PAM_MAXTRIES);
		assert_int_equal(login_line_differs(hostile_texts[i].raw,
				     "auth", NITRO_E_USER, NULL),
		    0);
		assert_one_of_each_field(captured_line(0));
		/* A name is cut sooner than an address. */
		(void)snprintf(
		    want, sizeof want, " user=%.28s", hostile_texts[i].shown);
		assert_non_null(strstr(captured_line(0), want));
		(void)snprintf(
		    want, sizeof want, " rhost=%.40s", hostile_texts[i].shown);
		assert_non_null(strstr(captured_line(0), want));
	}
}

/* O05 */
static void
test_no_user_name_forges_a_line(void **state)
{
	static const char user[] =
	    "x\nNov 24 02:00:00 host sshd[1]: Accepted publickey for root";
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};

	login_open(&login, stack, user);
	login_authenticate(&login);
	assert_int_equal(
	    login_line_differs("O05", "auth", NITRO_E_USER, NULL), 0);
	assert_int_equal(count_of(captured_line(0), "\n"), 0);
	assert_null(strstr(captured_line(0), "Accepted publickey"));
	assert_non_null(strstr(captured_line(0), " user=x\\x0aNov"));
	assert_non_null(strstr(captured_line(0), "... rhost="));
}

/* O04 O10 */
static void
test_the_longest_line_still_tells_who_and_what(void **state)
{
	/* With 10 KiB libpam's own record for the kernel's audit fails. */
	static char rhost[4097], module_id[257];
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close)
	struct login login = {.rhost = rhost,
	    .client = {
		.edit = take_the_module_id_in_context, .context = module_id}};
	const char *line;

	memset(rhost, 'r', sizeof rhost - 1);
	memset(module_id, 'm', sizeof module_id - 1);
	stack_write(stack, "pam_nitro.conf",
	    "server_name = \"" STACK_SERVER_NAME "\"; mode = \"enforce\";\n"
	    "measurements = \"~/measurements.conf\";\n"
	    "trust_anchors = \"~/root.pem\";\n"
	    "users = ({ user = \"" LONG_NAME "\";\n"
	    "workloads = [\"" LONG_NAME "\"]; });\n");
	stack_write(stack, "measurements.conf",
	    "measurements = ({ workload = \"" LONG_NAME "\";\n"
	    "version = \"" SIXTY_FOUR("1") "\"; kind = \"enclave\";\n"
					   "pcr0 = \"" BYTES_48(
					       "a0") "\"; });\n");
	login_open(&login, stack, LONG_NAME);
	assert_int_equal(login_authenticate(&login), PAM_SUCCESS);
	assert_int_equal(login_line_differs("O04", "auth", NITRO_OK, NULL), 0);
	line = captured_line(0);
	assert_one_of_each_field(line);
	assert_int_equal(count_of(line, "..."), 5);
	assert_non_null(strstr(line, " user=" THIRTY_TWO("w") "... "));
	assert_non_null(
	    strstr(line, " rhost=" THIRTY_TWO("r") "rrrrrrrrrrrrrrrr... "));
	assert_non_null(strstr(line,
	    " module_id=" THIRTY_TWO("m") TEN("m") TEN("m") "mmmmmmmm... "));
	assert_non_null(strstr(line, " workload=" THIRTY_TWO("w") "... "));
	assert_non_null(strstr(line, " version=" THIRTY_TWO("1") "... "));
	assert_non_null(strstr(line, stack->fingerprint));
	assert_non_null(strstr(line, " sha384="));
}

/* What stands at the end, and matters least, is left out, and never in part. */
static void
test_a_field_that_has_no_room_is_left_out_whole(void **state)
{
	static char rhost[4097], module_id[257];
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close)
	struct login login = {.rhost = rhost,
	    .client = {.pki = &stack->nitrotpm,
		.edit = take_the_module_id_in_context,
		.context = module_id}};
	char text[8192];
	int n;

	memset(rhost, 'r', sizeof rhost - 1);
	memset(module_id, 'm', sizeof module_id - 1);
	/* A store that fails is told as well. */
	stack_write(stack, "evidence", "a file in its place");
	stack_write(stack, "pam_nitro.conf",
	    "server_name = \"" STACK_SERVER_NAME "\"; mode = \"observe\";\n"
	    "measurements = \"~/measurements.conf\";\n"
	    "trust_anchors = \"~/root.pem\";\n"
	    "evidence = { directory = \"~/evidence\"; };\n"
	    "users = ({ user = \"" LONG_NAME "\";\n"
	    "workloads = [\"" LONG_NAME "\"]; });\n");
	n = snprintf(text, sizeof text,
	    "measurements = ({ workload = \"%s\"; version = \"%s\";\n"
	    "kind = \"nitrotpm\";\n",
	    LONG_NAME, SIXTY_FOUR("1"));
	for (unsigned i = 0; i < 24; i++)
		n += snprintf(&text[n], sizeof text - (size_t)n,
		    "pcr%u = \"%s\";\n", i, BYTES_48("ee"));
	(void)snprintf(&text[n], sizeof text - (size_t)n, "});\n");
	stack_write(stack, "measurements.conf", text);
	login_open(&login, stack, LONG_NAME);
	(void)login_authenticate(&login);
	assert_int_equal(
	    login_line_differs("no room", "auth", NITRO_E_PCR, NULL), 0);
	assert_one_of_each_field(captured_line(0));
	assert_non_null(strstr(captured_line(0), " nearest=" LONG_NAME "... "));
	assert_null(strstr(captured_line(0), " differs="));
	assert_null(strstr(captured_line(0), "pcr0"));
}

static void
hex_of(const uint8_t *bytes, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++)
		(void)snprintf(&out[2 * i], 3, "%02x", (unsigned)bytes[i]);
}

/* O10 */
static void
test_an_admission_says_who_vouched_for_what(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};
	uint8_t digest[48];
	char hex[97], want[512];

	login_open(&login, stack, "deploy");
	login_authenticate(&login);
	assert_int_equal(login_differs(&login, "O10", NITRO_OK), 0);
	assert_int_equal(
	    EVP_Q_digest(NULL, "SHA384", NULL, login.client.evidence.ptr,
		login.client.evidence.len, digest, NULL),
	    1);
	hex_of(digest, sizeof digest, hex);
	(void)snprintf(want, sizeof want,
	    " workload=billing version=1.4.2 key=%s sha384=%s",
	    stack->fingerprint, hex);
	assert_non_null(strstr(captured_line(0), want));
	assert_non_null(strstr(captured_line(0),
	    " user=deploy rhost=192.0.2.7 kind=enclave "
	    "module_id=" SIM_MODULE_ID_ENCLAVE " age_ms="));
}

static void
other_code(struct client *client, struct sim_document *doc)
{
	(void)client;
	memset(doc->pcr[0], 0xc0, sizeof doc->pcr[0]);
}

static void
debug_mode(struct client *client, struct sim_document *doc)
{
	(void)client;
	sim_document_debug(doc);
}

/* P06 P15 */
static void
test_a_refusal_by_policy_names_the_nearest_entry(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close)
	struct login other = {.client.edit = other_code};
	struct login debug = {.client.edit = debug_mode};
	struct login kind = {.client.pki = &stack->nitrotpm};

	login_open(&other, stack, "deploy");
	login_authenticate(&other);
	assert_int_equal(login_differs(&other, "other code", NITRO_E_PCR), 0);
	assert_non_null(
	    strstr(captured_line(0), " nearest=billing/1.4.2 differs=pcr0 "));
	/* The value itself is nobody's business. */
	assert_null(strstr(captured_line(0), "c0c0c0"));
	assert_int_equal(login_once(&debug, stack, "deploy", NITRO_E_DEBUG), 0);
	assert_int_equal(
	    login_once(&kind, stack, "deploy", NITRO_E_KIND_NOT_ALLOWED), 0);
}

static void
test_a_revocation_is_named_with_file_line_and_reason(void **state)
{
	struct stack *stack = stack_need(state);
	struct login login = {0};
	char text[2048], want[256];
	int n = snprintf(text, sizeof text,
	    "%srevoked = ({ pcr0 = \"%s\";\n"
	    "reason = \"key \\\"lost\\\"\"; "
	    "});\n",
	    stack_measurements_text, BYTES_48("a0"));

	assert_int_in_range(n, 1, sizeof text - 1);
	stack_write(stack, "measurements.conf", text);
	assert_int_equal(
	    login_once(&login, stack, "deploy", NITRO_E_REVOKED), 0);
	(void)snprintf(want, sizeof want,
	    " file=%s/measurements.conf line=5 revoked=\"key 'lost'\"",
	    stack->folder);
	assert_non_null(strstr(captured_line(0), want));
}

/* Beside what it has: no field of it, rather than one without a value. */
static void
test_what_an_entry_does_not_say_is_left_out(void **state)
{
	struct stack *stack = stack_need(state);
	struct login login = {.client.edit = other_code}, revoked = {0};
	char text[2048];

	stack_write(stack, "measurements.conf",
	    "measurements = ({ workload = \"ledger\"; kind = \"enclave\";\n"
	    "pcr0 = \"" BYTES_48(
		"dd") "\"; },\n"
		      "{ workload = \"billing\";\n"
		      "kind = \"enclave\"; pcr0 = \"" BYTES_48(
			  "a0") "\"; pcr1 = \"" BYTES_48("ee") "\"; });\n");
	assert_int_equal(login_once(&login, stack, "deploy", NITRO_E_PCR), 0);
	assert_non_null(
	    strstr(captured_line(0), " nearest=billing differs=pcr0,pcr1 "));
	assert_null(strstr(captured_line(0), " document_len="));
	assert_non_null(strstr(captured_line(0), " age_ms="));
	(void)snprintf(text, sizeof text, "%srevoked = ({ pcr0 = \"%s\"; });\n",
	    stack_measurements_text, BYTES_48("a0"));
	stack_write(stack, "measurements.conf", text);
	assert_int_equal(
	    login_once(&revoked, stack, "deploy", NITRO_E_REVOKED), 0);
	assert_non_null(strstr(captured_line(0), " line="));
	assert_null(strstr(captured_line(0), " revoked="));
}

/* Of 100 bytes of a path. */
static void
test_a_long_path_is_cut(void **state)
{
	struct stack *stack = stack_need(state);
	struct login login = {0}, again = {0};
	char text[2048], path[PATH_MAX], want[128];

	stack_write(stack, "pam_nitro.conf",
	    "server_name = \"" STACK_SERVER_NAME "\";\n"
	    "measurements = \"~/" LONG_NAME LONG_NAME "\";\n"
	    "trust_anchors = \"~/root.pem\";\n"
	    "users = ({ user = \"deploy\"; workloads = [\"billing\"]; });\n");
	(void)snprintf(text, sizeof text, "%srevoked = ({ pcr0 = \"%s\"; });\n",
	    stack_measurements_text, BYTES_48("a0"));
	stack_write(stack, LONG_NAME LONG_NAME, text);
	stack_path(stack, LONG_NAME LONG_NAME, path);
	assert_int_equal(
	    login_once(&login, stack, "deploy", NITRO_E_REVOKED), 0);
	(void)snprintf(want, sizeof want, " file=%.100s... line=", path);
	assert_non_null(strstr(captured_line(0), want));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(
	    login_once(&again, stack, "deploy", NITRO_E_FILE_MISSING), 0);
	(void)snprintf(want, sizeof want, " file=%.100s... why=", path);
	assert_non_null(strstr(captured_line(0), want));
}

static void
test_a_reason_that_has_no_room_is_cut_and_marked(void **state)
{
	struct stack *stack = stack_need(state);
	struct login login = {0};
	char text[4096], reason[901];
	const char *line;
	int n;

	memset(reason, 'y', sizeof reason - 1);
	reason[sizeof reason - 1] = '\0';
	n = snprintf(text, sizeof text,
	    "%srevoked = ({ pcr0 = \"%s\"; reason = \"%s\"; });\n",
	    stack_measurements_text, BYTES_48("a0"), reason);
	assert_int_in_range(n, 1, sizeof text - 1);
	stack_write(stack, "measurements.conf", text);
	assert_int_equal(
	    login_once(&login, stack, "deploy", NITRO_E_REVOKED), 0);
	line = strstr(captured_line(0), " revoked=\"yyyy");
	assert_non_null(line);
	assert_string_equal(line + strlen(line) - 8, "yyyy...\"");
}

static void
test_a_masked_user_comes_with_the_advice(void **state)
{
	struct stack *stack = stack_need(state);
	struct login login = {.client.is_masked = true};

	assert_int_equal(
	    login_once(&login, stack, "deploy", NITRO_E_MASKED), 0);
	assert_non_null(strstr(captured_line(0), " hint=\""));
	assert_non_null(
	    strstr(captured_line(0), nitro_err_advice(NITRO_E_MASKED)));
	/* There was no document. */
	assert_null(strstr(captured_line(0), " document_len="));
	assert_null(strstr(captured_line(0), " age_ms="));
}

/* Signed by a key that is not its certificate's. */
static bool
sign_by_another_key(struct client *client, const struct sim_document *doc,
    struct nitro_buf *evidence)
{
	struct sim_document marked = *doc;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};

	marked.module_id = nitro_bytes_of_text("MARKED-BY-A-STRANGER");
	return sim_payload(&marked, &payload) &&
	       sim_sign(nitro_bytes_of_buf(&payload),
		   client->pki->cert[SIM_INSTANCE].key, evidence);
}

/* O08 */
static void
test_nothing_of_an_unverified_document_but_lengths_is_logged(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close)
	struct login login = {.client.make = sign_by_another_key};
	char want[64];

	login_open(&login, stack, "deploy");
	login_authenticate(&login);
	assert_int_equal(login_differs(&login, "O08", NITRO_E_COSE_SIG), 0);
	assert_null(strstr(captured_line(0), "MARKED"));
	assert_null(strstr(captured_line(0), " kind="));
	(void)snprintf(want, sizeof want,
	    " document_len=%zu age_ms=", login.client.evidence.len);
	assert_non_null(strstr(captured_line(0), want));
}

/* O08 */
static void
test_no_line_has_a_piece_of_a_document_or_of_a_nonce(void **state)
{
	static client_script *const scripts[] = {client_whole, client_parts};
	struct stack *stack = stack_need(state);

	for (size_t i = 0; i < NITRO_COUNT_OF(scripts); i++) {
		NITRO_DROP(login_close)
		struct login login = {
		    .client = {.script = scripts[i], .edit = other_code}};
		char piece[21], hex[65];

		login_open(&login, stack, "deploy");
		login_authenticate(&login);
		for (size_t at = 0; at + 20 < login.client.base64.len; at++) {
			(void)snprintf(piece, sizeof piece, "%.20s",
			    (const char *)&login.client.base64.ptr[at]);
			assert_null(strstr(captured_line(0), piece));
		}
		hex_of(login.client.nonce, 32, hex);
		hex[12] = '\0';
		assert_null(strstr(captured_line(0), hex));
	}
}

static const char *const no_document[] = {"QUJD", NULL};

/* O06 */
static void
test_the_client_learns_nothing_but_a_reference(void **state)
{
	static const struct {
		const char *user, *settings;
		struct client client;
	} refusals[] = {
	    {"deploy", "", {.script = client_lines, .lines = no_document}},
	    {"deploy", "", {.edit = other_code}},
	    {"deploy", "", {.edit = debug_mode}},
	    {"deploy", "", {.script = client_null_text}},
	    {"deploy", "", {.make = sign_by_another_key}},
	    {"deploy", "", {.is_masked = true}},
	    {"deploy", "max_age_s = 0;", {0}},
	    {"nobody", "", {0}},
	    {"no such user", "", {0}},
	};
	struct stack *stack = stack_need(state);

	for (size_t i = 0; i < NITRO_COUNT_OF(refusals); i++) {
		NITRO_DROP(login_close)
		struct login login = {.client = refusals[i].client};
		size_t len;

		stack_settings(stack, refusals[i].settings);
		login_open(&login, stack, refusals[i].user);
		assert_int_not_equal(login_authenticate(&login), PAM_SUCCESS);
		assert_int_equal(login.client.message_count, 1);
		assert_string_equal(login.client.complaint, "");
		len = strlen(login.client.message);
		assert_int_equal(len,
		    strlen("pam_nitro: login refused (reference 01234567)"));
		memcpy(&login.client.message[len - 9], "01234567", 8);
		assert_string_equal(login.client.message,
		    "pam_nitro: login refused (reference 01234567)");
	}
}

static void
test_lines_have_the_level_of_their_class(void **state)
{
	static const struct {
		const char *settings;
		struct client client;
		int level;
	} rows[] = {
	    {"", {0}, LOG_INFO},
	    {"", {.edit = other_code}, LOG_NOTICE},
	    {"", {.script = client_lines, .lines = no_document}, LOG_NOTICE},
	    {"", {.script = client_null_text}, LOG_NOTICE},
	    {"max_age_s = 0;", {0}, LOG_ERR},
	    {"", {.script = client_null_array}, LOG_ERR},
	};
	struct stack *stack = stack_need(state);

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(login_close)
		struct login login = {.client = rows[i].client};

		stack_settings(stack, rows[i].settings);
		login_open(&login, stack, "deploy");
		(void)login_authenticate(&login);
		assert_int_equal(
		    captured_priority(0), LOG_AUTHPRIV | rows[i].level);
	}
}

/* The libcrypto in this process is the module's too, as in sshd. */
/* O09 */
static void
test_the_error_queue_of_libcrypto_is_left_empty(void **state)
{
	struct stack *stack = stack_need(state);
	size_t count;
	const struct sim_defect *defects = sim_defects(&count);
	struct login good = {0}, bad = {.client.make = sign_by_another_key};

	assert_true(count > 0 && defects != NULL);
	ERR_clear_error();
	assert_int_equal(
	    login_once(&bad, stack, "deploy", NITRO_E_COSE_SIG), 0);
	assert_int_equal(ERR_peek_error(), 0);
	/* An error of somebody else changes no verdict. */
	ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
	assert_int_equal(login_once(&good, stack, "deploy", NITRO_OK), 0);
	assert_int_equal(ERR_peek_error(), 0);
	ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
	assert_int_equal(
	    login_once(&bad, stack, "deploy", NITRO_E_COSE_SIG), 0);
	assert_int_equal(ERR_peek_error(), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STACK_TEST(test_a_hostile_module_id_is_escaped),
	    STACK_TEST(test_a_module_id_that_is_no_utf8_never_reaches_the_log),
	    STACK_TEST(test_a_hostile_user_or_host_is_escaped),
	    STACK_TEST(test_no_user_name_forges_a_line),
	    STACK_TEST(test_the_longest_line_still_tells_who_and_what),
	    STACK_TEST(test_a_field_that_has_no_room_is_left_out_whole),
	    STACK_TEST(test_an_admission_says_who_vouched_for_what),
	    STACK_TEST(test_a_refusal_by_policy_names_the_nearest_entry),
	    STACK_TEST(test_a_revocation_is_named_with_file_line_and_reason),
	    STACK_TEST(test_what_an_entry_does_not_say_is_left_out),
	    STACK_TEST(test_a_long_path_is_cut),
	    STACK_TEST(test_a_reason_that_has_no_room_is_cut_and_marked),
	    STACK_TEST(test_a_masked_user_comes_with_the_advice),
	    STACK_TEST(
		test_nothing_of_an_unverified_document_but_lengths_is_logged),
	    STACK_TEST(test_no_line_has_a_piece_of_a_document_or_of_a_nonce),
	    STACK_TEST(test_the_client_learns_nothing_but_a_reference),
	    STACK_TEST(test_lines_have_the_level_of_their_class),
	    STACK_TEST(test_the_error_queue_of_libcrypto_is_left_empty),
	};

	return stack_run(tests);
}
