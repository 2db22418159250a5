/*
 * pam_nitro.conf: what is taken is within its ranges and is read the same
 * twice; what is not says why, and where. L02 L08-L17 P21
 */
#include "fuzz/fuzz.h"
#include "policy/secure_file.h"
#include "policy/settings.h"

#define PATH "/fuzz/pam_nitro.conf"

static void
check_same_text(const char *a, const char *b)
{
	FUZZ_CHECK((a == NULL) == (b == NULL));
	FUZZ_CHECK(
	    a == NULL || nitro_bytes_equal_text(nitro_bytes_of_text(a), b));
}

static void
check_same_rule(
    const struct nitro_user_rule *a, const struct nitro_user_rule *b)
{
	check_same_text(a->user, b->user);
	check_same_text(a->group, b->group);
	FUZZ_CHECK(a->line == b->line);
	FUZZ_CHECK(a->workload_count == b->workload_count);
	for (size_t i = 0; i < a->workload_count; i++)
		check_same_text(a->workloads[i], b->workloads[i]);
}

static void
check_same(const struct nitro_settings *a, const struct nitro_settings *b)
{
	FUZZ_CHECK(a->mode == b->mode);
	check_same_text(a->measurements, b->measurements);
	check_same_text(a->trust_anchors, b->trust_anchors);
	check_same_text(a->server_name, b->server_name);
	FUZZ_CHECK(a->binds_ssh_key == b->binds_ssh_key);
	FUZZ_CHECK(a->wants_audience == b->wants_audience);
	FUZZ_CHECK(a->max_age_ms == b->max_age_ms);
	FUZZ_CHECK(a->clock_skew_ms == b->clock_skew_ms);
	check_same_text(a->evidence.directory, b->evidence.directory);
	FUZZ_CHECK(a->evidence.keep_ms == b->evidence.keep_ms);
	FUZZ_CHECK(a->evidence.max_bytes == b->evidence.max_bytes);
	FUZZ_CHECK(a->evidence.is_required == b->evidence.is_required);
	FUZZ_CHECK(a->rule_count == b->rule_count);
	for (size_t i = 0; i < a->rule_count; i++)
		check_same_rule(&a->rules[i], &b->rules[i]);
}

/* Of all options unset, none may come to mean "anyone". */
static void
check_rule(const struct nitro_user_rule *rule, unsigned lines)
{
	FUZZ_CHECK((rule->user == NULL) != (rule->group == NULL));
	FUZZ_CHECK(rule->workload_count >= 1);
	FUZZ_CHECK(rule->line >= 1 && rule->line <= lines);
	for (size_t i = 0; i < rule->workload_count; i++)
		FUZZ_CHECK(rule->workloads[i][0] != '\0' &&
			   fuzz_is_printable(rule->workloads[i]));
}

static void
check_ranges(const struct nitro_settings *settings, unsigned lines)
{
	FUZZ_CHECK(settings->mode == NITRO_MODE_ENFORCE ||
		   settings->mode == NITRO_MODE_OBSERVE);
	FUZZ_CHECK(nitro_secure_path_is_valid(settings->measurements));
	FUZZ_CHECK(nitro_secure_path_is_valid(settings->trust_anchors));
	FUZZ_CHECK(settings->server_name == NULL ||
		   settings->server_name[0] == '\0' ||
		   nitro_server_name_is_valid(
		       nitro_bytes_of_text(settings->server_name)));
	FUZZ_CHECK(
	    settings->max_age_ms >= 1000 && settings->max_age_ms <= 600 * 1000);
	FUZZ_CHECK(settings->clock_skew_ms >= 0 &&
		   settings->clock_skew_ms <= 60 * 1000);
	FUZZ_CHECK(settings->evidence.directory == NULL ||
		   nitro_secure_path_is_valid(settings->evidence.directory));
	FUZZ_CHECK(settings->rule_count >= 1);
	for (size_t i = 0; i < settings->rule_count; i++)
		check_rule(&settings->rules[i], lines);
	FUZZ_CHECK(!nitro_settings_allow(
	    settings, "nobody is called so", NULL, 0, "w"));
}

static unsigned
count_lines(struct nitro_bytes text)
{
	struct nitro_bytes line;
	unsigned count = 1;

	while (nitro_bytes_take_until(&text, '\n', &line))
		count++;
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	NITRO_DROP(nitro_settings_drop) struct nitro_settings first = {0};
	NITRO_DROP(nitro_settings_drop) struct nitro_settings second = {0};
	struct nitro_bytes text = {data, size};
	struct nitro_fault fault = {.err = NITRO_OK}, again = {.err = NITRO_OK};
	nitro_err err;

	err = nitro_settings_parse(text, PATH, &first, &fault);
	FUZZ_CHECK(nitro_settings_parse(text, PATH, &second, &again) == err);
	if (err != NITRO_OK) {
		FUZZ_CHECK(err == NITRO_E_SETTINGS);
		fuzz_check_fault(&fault, err);
		FUZZ_CHECK(fault.line <= count_lines(text) + 1);
		FUZZ_CHECK(fault.line == again.line);
		check_same_text(fault.text, again.text);
		FUZZ_CHECK(first.rules == NULL && first.measurements == NULL);
		return 0;
	}
	check_same(&first, &second);
	check_ranges(&first, count_lines(text));
	return 0;
}

#define USERS "users = ( { user = \"deploy\"; workloads = [\"billing\"]; } );\n"

void
fuzz_seeds(void)
{
	static const char *const texts[] = {"", USERS,
	    "mode = \"observe\";\nmeasurements = \"/etc/m\";\n"
	    "trust_anchors = \"/etc/a.pem\";\nserver_name = \"host\";\n"
	    "binding = \"none\";\naudience = false;\nmax_age_s = 600;\n"
	    "clock_skew_s = 0;\n" USERS,
	    "users = ( { group = \"g\"; workloads = (\"a\", \"b\"); },\n"
	    " { user = \"u\"; workloads = [\"a\"]; } );",
	    "evidence = { directory = \"/var/e\"; keep_days = 1; max_mib = 1; "
	    "required = true; };\n" USERS,
	    "max_age_s = 601;\n" USERS, "max_age_s = 4294967296;\n" USERS,
	    "max_age_s = 0x10;\n" USERS, "max_age_s = 010;\n" USERS,
	    "max_age = 60;\n" USERS, "mode = enforce;\n" USERS,
	    "@include \"/etc\"\n" USERS, "/* " USERS, USERS "\"", "users = ();",
	    "users = ( { workloads = [\"a\"]; } );",
	    "users = ( { user = \"a\" \"b\"; workloads = [\"a\"]; } );",
	    "users = ( { user = \"a\\x00\"; workloads = [\"a\"]; } );",
	    "audience = \"true\";\n" USERS, "\xef\xbb\xbf" USERS,
	    "# caf\xc3\xa9\r\n// more\r\n" USERS,
	    "users = ((((((((((\"a\"))))))))));", "a = { b = ( [ 1, 2 ] ); };"};

	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++)
		fuzz_seed_text(texts[i]);
}
