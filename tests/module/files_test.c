/*
 * Files and arguments of the administrator that are not as they should be:
 * every login is refused, and one line of the log says which file, which line
 * and why. Before any prompt, but for the measurements: those are read once
 * there is a document that verified.
 */
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "module/captured_log.h"
#include "module/login.h"
#include "unit/unit.h"

/* Whether the line of the log has " file=FOLDER/NAME" and " line=N". */
static unsigned
place_differs(
    const struct stack *stack, const char *row, const char *name, unsigned line)
{
	const char *logged = captured_line(0);
	char want[PATH_MAX + 32], number[32];
	int n = snprintf(want, sizeof want, " file=%s%s%s",
	    name[0] == '/' ? "" : stack->folder, name[0] == '/' ? "" : "/",
	    name);

	assert_int_in_range(n, 1, sizeof want - 1);
	(void)snprintf(number, sizeof number, " line=%u ", line);
	if (strstr(logged, want) != NULL && strstr(logged, " why=\"") != NULL &&
	    (strstr(logged, number) != NULL ||
		(line == 0 && strstr(logged, " line=") == NULL)))
		return 0;
	print_message("# row '%s': must have%s%s: %s\n", row, want,
	    line > 0 ? number : "", logged);
	return 1;
}

enum asked { NEVER_ASKED, ASKED };

/* Refused with a good client. */
static unsigned
refusal_differs(const struct stack *stack, const char *row, nitro_err expected,
    enum asked asked)
{
	NITRO_DROP(login_close) struct login login = {0};
	unsigned differences;

	login_open(&login, stack, "deploy");
	login_authenticate(&login);
	differences = login_differs(&login, row, expected);
	if ((login.client.prompt_count > 0) != (asked == ASKED)) {
		print_message("# row '%s': there were %u prompts\n", row,
		    login.client.prompt_count);
		differences++;
	}
	return differences;
}

/* One text in place of, or behind, the good text of a file. */
struct text {
	const char *text;
	unsigned line; /* 0: any, or none */
};

static unsigned
texts_differ(const struct stack *stack, const char *name,
    const struct text *row, nitro_err expected)
{
	unsigned differences = refusal_differs(stack, row->text, expected,
	    expected == NITRO_E_MEASUREMENTS ? ASKED : NEVER_ASKED);

	/* libconfig itself counts lines for what it cannot parse. */
	if (row->line > 0)
		differences += place_differs(stack, row->text, name, row->line);
	return differences;
}

/* K17 L11 L12 L14 L15 P20; the seventh line is the first that is added. */
static const struct text settings_lines[] = {
    {"max_age_s = 0;", 7},
    {"max_age_s = 601;", 7},
    {"max_age_s = 4294967356;", 7},
    {"max_age_s = 99999999999999999999;", 7},
    {"max_age_s = 0x100000001;", 7},
    {"max_age_s = -1;", 7},
    {"clock_skew_s = 61;", 7},
    {"clock_skew_s = 0xFFFFFFFF;", 7},
    {"\n\nclock_skew_s = -1;", 9},
    {"audience = \"true\";", 7},
    {"audience = 1;", 7},
    {"max_age_s = 1.5;", 7},
    {"max_age_s = \"60\";", 7},
    {"max_age_s = [60];", 7},
    {"mode = 1;", 7},
    {"mode = \"off\";", 7},
    {"mode = \"Observe\";", 7},
    {"mode = \"\";", 7},
    {"mode = [\"enforce\"];", 7},
    {"binding = \"ssh\";", 7},
    {"binding = false;", 7},
    {"max_ages = 60;", 7},
    {"Mode = \"enforce\";", 7},
    {"policy = { mode = \"enforce\"; };", 7},
    {"server = \"x\";", 7},
    {"mode = \"enforce\\x00\";", 7},
    {"mode = \"enforce\"; mode = \"observe\";", 7},
    {"server_name = \"other.example\";", 7},
    {"users = ();", 7},
    {"mode = ;", 7},
    {"mode \"enforce\";", 7},
    {"}", 7},
    {"/* and so on", 0},
    {"mode = \"enforce", 0},
    {"mode = \"enforce\" \"d\";", 7},
};

static void
test_a_line_in_the_settings_that_is_wrong_refuses(void **state)
{
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(settings_lines); i++) {
		stack_settings(stack, settings_lines[i].text);
		differences += texts_differ(stack, "pam_nitro.conf",
		    &settings_lines[i], NITRO_E_SETTINGS);
	}
	assert_int_equal(differences, 0);
}

/* L02 P21 */
static const struct text whole_settings[] = {
    {"", 0},
    {"# all is default\n", 0},
    {" \n\t\n", 0},
    {"mode = \"enforce\";\n", 0},
    {"users = ();\n", 1},
    {"users = ({});\n", 1},
    {"users = ({ user = \"deploy\"; });\n", 1},
    {"users = ({ workloads = [\"billing\"]; });\n", 1},
    {"users = ({ user = \"deploy\"; workloads = []; });\n", 1},
    {"users = ({ user = \"\"; workloads = [\"billing\"]; });\n", 1},
    {"users = ({ user = \"*\"; workloads = [\"billing\"]; });\n", 1},
    {"users = ({ user = \"a\"; group = \"b\"; workloads = [\"billing\"]; "
     "});\n",
	1},
    {"users = { user = \"deploy\"; workloads = [\"billing\"]; };\n", 1},
    {"users = ({ usr = \"deploy\"; workloads = [\"billing\"]; });\n", 1},
    {"\xef\xbb\xbfusers = ({ user = \"a\"; workloads = [\"b\"]; });\n", 0},
};

static void
test_settings_without_a_rule_refuse(void **state)
{
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(whole_settings); i++) {
		stack_write(stack, "pam_nitro.conf", whole_settings[i].text);
		differences += texts_differ(stack, "pam_nitro.conf",
		    &whole_settings[i], NITRO_E_SETTINGS);
	}
	assert_int_equal(differences, 0);
}

static void
test_a_workload_without_an_entry_refuses(void **state)
{
	struct stack *stack = stack_need(state);
	static const char text[] =
	    "measurements = \"~/measurements.conf\";\n"
	    "trust_anchors = \"~/root.pem\"; server_name = \"" STACK_SERVER_NAME
	    "\";\n"
	    "users = ({ user = \"deploy\"; workloads = [\"biling\"]; });\n";

	stack_write(stack, "pam_nitro.conf", text);
	assert_int_equal(
	    refusal_differs(stack, "biling", NITRO_E_SETTINGS, ASKED), 0);
	assert_int_equal(
	    place_differs(stack, "biling", "pam_nitro.conf", 3), 0);
}

#define A0 BYTES_48("a0")
#define ENTRY(pins) \
	"measurements = ({ workload = \"billing\"; version = \"1\";\n" \
	"kind = \"enclave\"; " pins " });\n"
#define TPM_ENTRY(pins) \
	"measurements = ({ workload = \"billing\"; version = \"1\";\n" \
	"kind = \"nitrotpm\"; " pins " });\n"

/* L02 L09 L13 L14 L20 P01 P02 P04 P05 P11 P12 P13 P14 P17 */
static const struct text whole_measurements[] = {
    {"", 0},
    {"# nothing yet\n", 0},
    {"measurements = ();\n", 0},
    {"revoked = ();\n", 0},
    {ENTRY(""), 1},
    {ENTRY("pcr0 = \"\";"), 2},
    {ENTRY("pcr0 = \"" BYTES_48("00") "\";"), 2},
    {ENTRY("pcr0 = \"" A0 "a\";"), 2},
    {ENTRY("pcr0 = \"" A0 "a0\";"), 2},
    {ENTRY("pcr0 = \"0x" A0 "\";"), 2},
    {ENTRY("pcr0 = \" " A0 "\";"), 2},
    {ENTRY("pcr0 = \"" BYTES_48("g0") "\";"), 2},
    {ENTRY("pcr0 = (\"" A0 "\" \"" A0 "\");"), 2},
    {ENTRY("pcr0 = [];"), 2},
    {ENTRY("pcr0 = 0;"), 2},
    {ENTRY("pcr00 = \"" A0 "\";"), 2},
    {ENTRY("PCR0 = \"" A0 "\";"), 2},
    {ENTRY("pcr_0 = \"" A0 "\";"), 2},
    {ENTRY("pcr32 = \"" A0 "\";"), 2},
    {ENTRY("pcr0 = \"" A0 "\"; pcr0 = \"" A0 "\";"), 2},
    {ENTRY("pcr1 = \"" A0 "\";"), 1},
    {ENTRY("pcr2 = \"" A0 "\";"), 1},
    {ENTRY("pcr16 = \"" A0 "\";"), 1},
    {ENTRY("instance_id = \"i-0123456789abcdef0\";"), 1},
    {TPM_ENTRY("pcr0 = \"" A0 "\"; pcr1 = \"" A0 "\";"), 1},
    {TPM_ENTRY("pcr16 = \"" A0 "\"; pcr23 = \"" A0 "\";"), 1},
    {"measurements = ({ workload = \"billing\"; version = \"1\";\n"
     "pcr0 = \"" A0 "\"; });\n",
	1},
    {"measurements = ({ workload = \"billing\"; version = \"1\";\n"
     "kind = \"vm\"; pcr0 = \"" A0 "\"; });\n",
	2},
    {"measurement = ();\n", 1},
};

static void
test_measurements_that_are_wrong_refuse(void **state)
{
	struct stack *stack = stack_need(state);
	unsigned differences = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(whole_measurements); i++) {
		stack_write(
		    stack, "measurements.conf", whole_measurements[i].text);
		differences += texts_differ(stack, "measurements.conf",
		    &whole_measurements[i], NITRO_E_MEASUREMENTS);
	}
	assert_int_equal(differences, 0);
}

/* The accepted twins of those above. */
/* L16 P11 */
static void
test_hex_in_upper_case_and_crlf_are_admitted(void **state)
{
	struct stack *stack = stack_need(state);
	struct login login = {.version = "1"};

	stack_settings(stack, "max_age_s = 600;\r\n# \xc3\xa4\r\n");
	stack_write(stack, "measurements.conf",
	    "measurements = ({ workload = \"billing\"; version = \"1\";\r\n"
	    "kind = \"enclave\"; pcr0 = \"" BYTES_48(
		"A0") "\"; },\r\n"
		      "{ workload = \"ledger\"; version = \"1\"; kind = "
		      "\"nitrotpm\";"
		      "pcr4 = [\"" BYTES_48("b4") "\", \"" A0 "\"]; });\r\n");
	assert_int_equal(login_once(&login, stack, "deploy", NITRO_OK), 0);
}

/* What somebody has done to the file NAME, or to the folder. */
struct deed {
	const char *what;
	const char *name;
	void (*deed)(const char *path);
	nitro_err expected;
	const char *blamed; /* NULL: name */
};

static void
remove_it(const char *path)
{
	assert_int_equal(remove(path), 0);
}

static void
give_away(const char *path)
{
	assert_int_equal(chown(path, 1, 0), 0);
}

static void
open_to_all(const char *path)
{
	assert_int_equal(chmod(path, 0646), 0);
}

static void
open_to_group(const char *path)
{
	assert_int_equal(chmod(path, 0664), 0);
}

static void
beside(const char *path, char other[PATH_MAX])
{
	int n = snprintf(other, PATH_MAX, "%s.other", path);

	assert_int_in_range(n, 1, PATH_MAX - 1);
}

static void
link_by_name(const char *path)
{
	char other[PATH_MAX];

	beside(path, other);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
}

static void
link_twice(const char *path)
{
	char other[PATH_MAX];

	beside(path, other);
	(void)remove(other);
	assert_int_equal(link(path, other), 0);
}

static void
make_a_pipe(const char *path)
{
	remove_it(path);
	assert_int_equal(mkfifo(path, 0644), 0);
}

static void
make_a_folder(const char *path)
{
	remove_it(path);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void
make_a_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int n = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);

	assert_true(fd >= 0);
	assert_int_in_range(n, 1, sizeof address.sun_path - 1);
	remove_it(path);
	assert_int_equal(
	    bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(close(fd), 0);
}

static void
make_too_long(const char *path)
{
	assert_int_equal(truncate(path, 16 * 1024 * 1024 + 1), 0);
}

static void
make_sparse(const char *path)
{
	assert_int_equal(truncate(path, 1024 * 1024 * 1024), 0);
}

static void
append(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(close(fd), 0);
}

static void
append_nul(const char *path)
{
	append(path, "# \0\n", 4);
}

static void
append_escape(const char *path)
{
	append(path, "# \033[2J\n", 7);
}

static void
include_a_folder(const char *path)
{
	append(path, "@include \"/etc\"\n", 16);
}

static void
include_itself(const char *path)
{
	append(path, "@include \"pam_nitro.conf\"\n", 26);
}

static void
nest_10000_lists(const char *path)
{
	static char text[10000];

	memset(text, '(', sizeof text);
	append(path, "x = ", 4);
	append(path, text, sizeof text);
}

static void
write_utf16(const char *path)
{
	assert_int_equal(truncate(path, 0), 0);
	append(path, "\xff\xfeu\0s\0e\0r\0s\0", 12);
}

static void
cut_in_half(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(truncate(path, status.st_size / 2), 0);
}

static void
empty_it(const char *path)
{
	assert_int_equal(truncate(path, 0), 0);
}

#define SETTINGS "pam_nitro.conf"
#define MEASUREMENTS "measurements.conf"
#define ANCHORS "root.pem"

/* L01 L03 L04 L05 L06 L08 L09 L10 L15 L16 L17 L19 X35 M20 */
static const struct deed deeds[] = {
    {"missing", SETTINGS, remove_it, NITRO_E_FILE_MISSING, NULL},
    {"missing", MEASUREMENTS, remove_it, NITRO_E_FILE_MISSING, NULL},
    {"missing", ANCHORS, remove_it, NITRO_E_FILE_MISSING, NULL},
    {"of another owner", SETTINGS, give_away, NITRO_E_FILE_UNSAFE, NULL},
    {"of another owner", MEASUREMENTS, give_away, NITRO_E_FILE_UNSAFE, NULL},
    {"of another owner", ANCHORS, give_away, NITRO_E_FILE_UNSAFE, NULL},
    {"for all to write", SETTINGS, open_to_all, NITRO_E_FILE_UNSAFE, NULL},
    {"for all to write", MEASUREMENTS, open_to_all, NITRO_E_FILE_UNSAFE, NULL},
    {"for all to write", ANCHORS, open_to_all, NITRO_E_FILE_UNSAFE, NULL},
    {"for a group to write", SETTINGS, open_to_group, NITRO_E_FILE_UNSAFE,
	NULL},
    {"a symbolic link", SETTINGS, link_by_name, NITRO_E_FILE_UNSAFE, NULL},
    {"a symbolic link", MEASUREMENTS, link_by_name, NITRO_E_FILE_UNSAFE, NULL},
    {"a symbolic link", ANCHORS, link_by_name, NITRO_E_FILE_UNSAFE, NULL},
    {"of two names", SETTINGS, link_twice, NITRO_E_FILE_UNSAFE, NULL},
    {"a pipe", SETTINGS, make_a_pipe, NITRO_E_FILE_UNSAFE, NULL},
    {"a pipe", MEASUREMENTS, make_a_pipe, NITRO_E_FILE_UNSAFE, NULL},
    {"a pipe", ANCHORS, make_a_pipe, NITRO_E_FILE_UNSAFE, NULL},
    {"a folder", SETTINGS, make_a_folder, NITRO_E_FILE_UNSAFE, NULL},
    {"a folder", ANCHORS, make_a_folder, NITRO_E_FILE_UNSAFE, NULL},
    {"an empty folder", MEASUREMENTS, make_a_folder, NITRO_E_MEASUREMENTS,
	NULL},
    {"a socket", SETTINGS, make_a_socket, NITRO_E_FILE_UNSAFE, NULL},
    {"a byte too long", SETTINGS, make_too_long, NITRO_E_FILE_READ, NULL},
    {"1 GiB", MEASUREMENTS, make_sparse, NITRO_E_FILE_READ, NULL},
    {"with NUL", SETTINGS, append_nul, NITRO_E_SETTINGS, NULL},
    {"with NUL", MEASUREMENTS, append_nul, NITRO_E_MEASUREMENTS, NULL},
    {"with ESC", SETTINGS, append_escape, NITRO_E_SETTINGS, NULL},
    {"including /etc", SETTINGS, include_a_folder, NITRO_E_SETTINGS, NULL},
    {"including /etc", MEASUREMENTS, include_a_folder, NITRO_E_MEASUREMENTS,
	NULL},
    {"including itself", SETTINGS, include_itself, NITRO_E_SETTINGS, NULL},
    {"10,000 lists deep", SETTINGS, nest_10000_lists, NITRO_E_SETTINGS, NULL},
    {"10,000 lists deep", MEASUREMENTS, nest_10000_lists, NITRO_E_MEASUREMENTS,
	NULL},
    {"UTF-16", SETTINGS, write_utf16, NITRO_E_SETTINGS, NULL},
    {"half of it", SETTINGS, cut_in_half, NITRO_E_SETTINGS, NULL},
    {"half of it", MEASUREMENTS, cut_in_half, NITRO_E_MEASUREMENTS, NULL},
    {"half of it", ANCHORS, cut_in_half, NITRO_E_TRUST_ANCHORS, NULL},
    {"empty", ANCHORS, empty_it, NITRO_E_TRUST_ANCHORS, NULL},
};

static void
test_a_file_that_is_no_good_refuses_and_is_named(void **state)
{
	struct stack *stack = stack_need(state);
	unsigned differences = 0;
	char path[PATH_MAX], row[64];

	for (size_t i = 0; i < NITRO_COUNT_OF(deeds); i++) {
		assert_int_equal(stack_reset(state), 0);
		stack_path(stack, deeds[i].name, path);
		(void)snprintf(
		    row, sizeof row, "%s: %s", deeds[i].name, deeds[i].what);
		deeds[i].deed(path);
		differences += refusal_differs(stack, row, deeds[i].expected,
		    strcmp(deeds[i].name, MEASUREMENTS) == 0 ? ASKED
							     : NEVER_ASKED);
		if (strstr(captured_line(0), path) == NULL) {
			print_message("# row '%s': is not named: %s\n", row,
			    captured_line(0));
			differences++;
		}
		/* A folder is not replaced by the next reset. */
		(void)remove(path);
	}
	assert_int_equal(differences, 0);
}

/* L03 */
static void
test_a_folder_that_others_may_change_refuses(void **state)
{
	struct stack *stack = stack_need(state);
	struct login login = {0};
	unsigned differences = 0;

	assert_int_equal(chmod(stack->folder, 0777), 0);
	differences += refusal_differs(
	    stack, "folder 0777", NITRO_E_FILE_UNSAFE, NEVER_ASKED);
	assert_int_equal(chmod(stack->folder, 01777), 0);
	differences += refusal_differs(
	    stack, "folder 1777", NITRO_E_FILE_UNSAFE, NEVER_ASKED);
	assert_int_equal(chmod(stack->folder, 0770), 0);
	differences += refusal_differs(
	    stack, "folder 0770", NITRO_E_FILE_UNSAFE, NEVER_ASKED);
	assert_int_equal(chmod(stack->folder, 0700), 0);
	assert_int_equal(chown(stack->folder, 1, 0), 0);
	differences += refusal_differs(
	    stack, "folder of another", NITRO_E_FILE_UNSAFE, NEVER_ASKED);
	assert_int_equal(chown(stack->folder, 0, 0), 0);
	assert_int_equal(differences, 0);
	assert_int_equal(login_once(&login, stack, "deploy", NITRO_OK), 0);
}

/* L04 */
static void
test_a_symbolic_link_on_the_way_refuses(void **state)
{
	struct stack *stack = stack_need(state);
	char link[PATH_MAX];

	stack_path(stack, "link", link);
	assert_int_equal(symlink(stack->folder, link), 0);
	stack_service(
	    stack, "nitro", "auth required & config=~/link/pam_nitro.conf\n");
	assert_int_equal(
	    refusal_differs(stack, "link", NITRO_E_FILE_UNSAFE, NEVER_ASKED),
	    0);
	assert_int_equal(remove(link), 0);
}

/* L05 */
static void
test_a_device_is_never_read(void **state)
{
	static const char *const devices[] = {
	    "/dev/zero", "/dev/null", "/dev/tty", "/proc/self/mem"};
	struct stack *stack = stack_need(state);
	unsigned differences = 0;
	char text[256];

	for (size_t i = 0; i < NITRO_COUNT_OF(devices); i++) {
		(void)snprintf(text, sizeof text,
		    "measurements = \"%s\"; trust_anchors = \"~/root.pem\";\n"
		    "server_name = \"" STACK_SERVER_NAME "\";\n"
		    "users = ({ user = \"deploy\"; workloads = [\"x\"]; });",
		    devices[i]);
		stack_write(stack, SETTINGS, text);
		differences += refusal_differs(
		    stack, devices[i], NITRO_E_FILE_UNSAFE, ASKED);
	}
	assert_int_equal(differences, 0);
}

/* L18 O08 */
static void
test_the_only_argument_is_config_once(void **state)
{
	static const struct {
		const char *arguments;
		nitro_err expected;
	} rows[] = {
	    {"debug", NITRO_E_MODULE_ARGUMENT},
	    {"config=~/pam_nitro.conf debug", NITRO_E_MODULE_ARGUMENT},
	    {"config=~/pam_nitro.conf config=~/pam_nitro.conf",
		NITRO_E_MODULE_ARGUMENT},
	    {"config=", NITRO_E_MODULE_ARGUMENT},
	    {"config", NITRO_E_MODULE_ARGUMENT},
	    {"config=pam_nitro.conf", NITRO_E_MODULE_ARGUMENT},
	    {"config=../pam_nitro.conf", NITRO_E_MODULE_ARGUMENT},
	    {"config=./pam_nitro.conf", NITRO_E_MODULE_ARGUMENT},
	    {"Config=~/pam_nitro.conf", NITRO_E_MODULE_ARGUMENT},
	    {"conf=~/pam_nitro.conf", NITRO_E_MODULE_ARGUMENT},
	    {"~/pam_nitro.conf", NITRO_E_MODULE_ARGUMENT},
	    {"use_first_pass", NITRO_E_MODULE_ARGUMENT},
	    {"alwaysok", NITRO_E_MODULE_ARGUMENT},
	    {"nullok", NITRO_E_MODULE_ARGUMENT},
	    {"[ config=~/pam_nitro.conf]", NITRO_E_MODULE_ARGUMENT},
	    {"%s%n", NITRO_E_MODULE_ARGUMENT},
	    {"config=/", NITRO_E_FILE_UNSAFE},
	    {"config=~/../x", NITRO_E_FILE_UNSAFE},
	    {"config=~//pam_nitro.conf", NITRO_E_FILE_UNSAFE},
	    {"config=~/none.conf", NITRO_E_FILE_MISSING},
	};
	struct stack *stack = stack_need(state);
	unsigned differences = 0;
	char text[256];

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		(void)snprintf(text, sizeof text, "auth required & %s\n",
		    rows[i].arguments);
		stack_service(stack, "nitro", text);
		differences += refusal_differs(
		    stack, rows[i].arguments, rows[i].expected, NEVER_ASKED);
	}
	assert_int_equal(differences, 0);
}

/* L18 */
static void
test_a_very_long_argument_refuses(void **state)
{
	struct stack *stack = stack_need(state);
	static const size_t lengths[] = {256, 600, 4096};
	static char text[8192];

	for (size_t i = 0; i < NITRO_COUNT_OF(lengths); i++) {
		NITRO_DROP(login_close) struct login login = {0};
		int n = snprintf(text, sizeof text, "auth required & config=/");

		memset(&text[n], 'x', lengths[i]);
		text[(size_t)n + lengths[i]] = '\n';
		text[(size_t)n + lengths[i] + 1] = '\0';
		stack_service(stack, "nitro", text);
		login_open(&login, stack, "deploy");
		/* libpam itself refuses the longest one. */
		assert_int_not_equal(login_authenticate(&login), PAM_SUCCESS);
		assert_int_not_equal(login.result, PAM_IGNORE);
		assert_int_equal(login.client.prompt_count, 0);
		if (captured_count() > 0)
			assert_int_equal(
			    login_differs(&login, "long", NITRO_E_FILE_UNSAFE),
			    0);
		assert_true(captured_count() > 0 || lengths[i] > 1000);
	}
}

static void
test_without_an_argument_the_settings_are_in_etc(void **state)
{
	/* The first thing on the way that is not there. */
	static const char path[] = "/etc/pam_nitro";
	struct stack *stack = stack_need(state);

	if (access(path, F_OK) == 0) {
		print_message("# this host has /etc/pam_nitro\n");
		skip();
	}
	stack_service(stack, "nitro", "auth required &\n");
	assert_int_equal(refusal_differs(stack, "no argument",
			     NITRO_E_FILE_MISSING, NEVER_ASKED),
	    0);
	assert_int_equal(place_differs(stack, "no argument", path, 0), 0);
}

/* L01 */
static void
test_the_account_stage_refuses_on_broken_settings_too(void **state)
{
	struct stack *stack = stack_need(state);
	static const char *const users[] = {"deploy", "alice"};

	stack_settings(stack, "max_ages = 60;\n");
	for (size_t i = 0; i < NITRO_COUNT_OF(users); i++) {
		NITRO_DROP(login_close) struct login login = {0};

		login_open(&login, stack, users[i]);
		captured_clear();
		assert_int_equal(pam_acct_mgmt(login.pamh, 0), PAM_SYSTEM_ERR);
		assert_int_equal(login_line_differs(users[i], "account",
				     NITRO_E_SETTINGS, NULL),
		    0);
		assert_int_equal(
		    place_differs(stack, users[i], SETTINGS, 7), 0);
	}
}

/* X35 X33 */
static void
test_trust_anchors_are_self_signed_p384_roots(void **state)
{
	struct stack *stack = stack_need(state);
	struct sim_options p256 = {.time_s = 1800000000,
	    .cert[SIM_ROOT] = {.key = "P-256", .digest = "SHA256"}};
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};

	assert_true(sim_pki_make(&p256, &pki));
	assert_true(sim_pki_root_pem(&pki, &pem));
	stack_write_bytes(stack, ANCHORS, nitro_bytes_of_buf(&pem));
	assert_int_equal(
	    refusal_differs(stack, "P-256", NITRO_E_TRUST_ANCHORS, NEVER_ASKED),
	    0);
	/* DER, not PEM. */
	stack_write_bytes(
	    stack, ANCHORS, nitro_bytes_of_buf(&stack->pki.cert[SIM_ROOT].der));
	assert_int_equal(
	    refusal_differs(stack, "DER", NITRO_E_TRUST_ANCHORS, NEVER_ASKED),
	    0);
}

/* X02 X04 X34 */
static void
test_only_configured_anchors_are_trusted(void **state)
{
	struct stack *stack = stack_need(state);
	struct sim_options options = {.time_s = 1800000000};
	NITRO_DROP(sim_pki_drop) struct sim_pki other = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
	struct login foreign = {0}, both = {0};

	assert_true(sim_pki_make(&options, &other));
	assert_true(sim_pki_root_pem(&other, &pem));
	stack_write_bytes(stack, ANCHORS, nitro_bytes_of_buf(&pem));
	assert_int_equal(
	    login_once(&foreign, stack, "deploy", NITRO_E_ROOT), 0);
	assert_true(sim_pki_root_pem(&stack->pki, &pem));
	stack_write_bytes(stack, ANCHORS, nitro_bytes_of_buf(&pem));
	assert_int_equal(login_once(&both, stack, "deploy", NITRO_OK), 0);
}

#define OTHER_MEASUREMENTS \
	"measurements = ({ workload = \"billing\"; version = \"1\";\n" \
	"kind = \"enclave\"; pcr0 = \"" BYTES_48( \
	    "b0") "\"; },\n" \
		  "{ workload = \"ledger\"; version = \"1\"; kind = " \
		  "\"enclave\";\n" \
		  "pcr0 = \"" A0 "\"; });\n"

/* A change holds from the next login on. */
static void
test_files_are_read_at_every_login(void **state)
{
	struct stack *stack = stack_need(state);
	NITRO_DROP(login_close) struct login login = {0};

	login_open(&login, stack, "deploy");
	login_authenticate(&login);
	assert_int_equal(login_differs(&login, "before", NITRO_OK), 0);
	stack_write(stack, MEASUREMENTS, OTHER_MEASUREMENTS);
	login_authenticate(&login);
	assert_int_equal(login.result, PAM_MAXTRIES);
	assert_int_equal(
	    login_line_differs("after", "auth", NITRO_E_PCR, NULL), 0);
	assert_non_null(
	    strstr(captured_line(0), " nearest=billing/1 differs=pcr0 "));
}

/* Replace the measurements, the good by others and back, by rename(2). */
struct replacer {
	const struct stack *stack;
	atomic_bool is_done;
};

static void *
replace_measurements(void *context)
{
	struct replacer *replacer = context;

	while (!atomic_load(&replacer->is_done)) {
		stack_write(replacer->stack, MEASUREMENTS, OTHER_MEASUREMENTS);
		stack_write(
		    replacer->stack, MEASUREMENTS, stack_measurements_text);
	}
	return NULL;
}

/* L07 */
static void
test_a_file_replaced_under_load_is_the_old_or_the_new_one(void **state)
{
	struct stack *stack = stack_need(state);
	struct replacer replacer = {.stack = stack};
	pthread_t thread;
	unsigned admitted = 0, refused = 0;

	assert_int_equal(
	    pthread_create(&thread, NULL, replace_measurements, &replacer), 0);
	for (unsigned i = 0; i < 100; i++) {
		NITRO_DROP(login_close) struct login login = {0};

		login_open(&login, stack, "deploy");
		login_authenticate(&login);
		if (login.result == PAM_SUCCESS)
			admitted++;
		else if (strstr(captured_line(0), "reason=pcr_mismatch") !=
			 NULL)
			refused++;
		else
			print_message("# %s\n", captured_line(0));
	}
	atomic_store(&replacer.is_done, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(admitted + refused, 100);
	assert_true(admitted > 0);
	assert_true(refused > 0);
}

/* L22 */
static void
test_a_locale_changes_nothing(void **state)
{
	static const char *const locales[] = {
	    "tr_TR.UTF-8", "de_DE.UTF-8", "C.UTF-8", "C"};
	struct stack *stack = stack_need(state);

	for (size_t i = 0; i < NITRO_COUNT_OF(locales); i++) {
		struct login login = {0};

		if (setlocale(LC_ALL, locales[i]) == NULL) {
			print_message("# no locale %s here\n", locales[i]);
			continue;
		}
		assert_int_equal(
		    login_once(&login, stack, "deploy", NITRO_OK), 0);
		stack_settings(stack, "max_age_s = 1,5;\n");
		assert_int_equal(refusal_differs(stack, locales[i],
				     NITRO_E_SETTINGS, NEVER_ASKED),
		    0);
		stack_settings(stack, "");
	}
	assert_non_null(setlocale(LC_ALL, "C"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STACK_TEST(test_a_line_in_the_settings_that_is_wrong_refuses),
	    STACK_TEST(test_settings_without_a_rule_refuse),
	    STACK_TEST(test_a_workload_without_an_entry_refuses),
	    STACK_TEST(test_measurements_that_are_wrong_refuse),
	    STACK_TEST(test_hex_in_upper_case_and_crlf_are_admitted),
	    STACK_TEST(test_a_file_that_is_no_good_refuses_and_is_named),
	    STACK_TEST(test_a_folder_that_others_may_change_refuses),
	    STACK_TEST(test_a_symbolic_link_on_the_way_refuses),
	    STACK_TEST(test_a_device_is_never_read),
	    STACK_TEST(test_the_only_argument_is_config_once),
	    STACK_TEST(test_a_very_long_argument_refuses),
	    STACK_TEST(test_without_an_argument_the_settings_are_in_etc),
	    STACK_TEST(test_the_account_stage_refuses_on_broken_settings_too),
	    STACK_TEST(test_trust_anchors_are_self_signed_p384_roots),
	    STACK_TEST(test_only_configured_anchors_are_trusted),
	    STACK_TEST(test_files_are_read_at_every_login),
	    STACK_TEST(
		test_a_file_replaced_under_load_is_the_old_or_the_new_one),
	    STACK_TEST(test_a_locale_changes_nothing),
	};

	return stack_run(tests);
}
