/*
 * conf/: the shipped files say what they say on purpose. As shipped they let
 * nobody in; with their own examples switched on they do what they describe.
 */
#include <string.h>

#include "base/hex.h"
#include "evidence/cert_chain.h"
#include "policy/measurements.h"
#include "policy/settings.h"
#include "unit/policy_text.h"
#include "unit/unit.h"
#include "unit/vectors.h"

static void
load(const char *path, struct nitro_buf *text)
{
	if (!vectors_load(path, text))
		fail_msg("cannot read %s", path);
}

static nitro_err
parse_measurements(struct nitro_bytes text,
    struct nitro_measurements *measurements, struct nitro_fault *fault)
{
	return nitro_measurements_parse(text, "measurements.conf",
	    policy_certificate, NULL, measurements, fault);
}

/* L02 P01: nobody, and the reason says what to do. */
static void
test_as_shipped_nobody_is_let_in_and_the_reason_says_what_to_do(void **state)
{
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf settings_text = {0}, entries_text = {0};
	NITRO_DROP(nitro_settings_drop) struct nitro_settings settings = {0};
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements measurements = {0};
	struct nitro_fault fault = {0};

	(void)state;
	load("conf/pam_nitro.conf", &settings_text);
	load("conf/measurements.conf", &entries_text);
	assert_err(nitro_settings_parse(nitro_bytes_of_buf(&settings_text),
		       "pam_nitro.conf", &settings, &fault),
	    NITRO_E_SETTINGS);
	assert_string_equal(fault.text,
	    "users has no rule yet: name the accounts that log in by "
	    "attestation and their workloads, see pam_nitro.conf(5)");
	assert_err(parse_measurements(nitro_bytes_of_buf(&entries_text),
		       &measurements, &fault),
	    NITRO_E_MEASUREMENTS);
	assert_string_equal(fault.text,
	    "no entry in measurements yet, so nothing is allowed in: add one, "
	    "see pam_nitro_measurements(5)");
}

/* A line with a PCR value in each place for one, no two alike. */
static void
put_line(struct nitro_bytes line, unsigned *values, struct nitro_buf *out)
{
	static const char place[] = "<96 hex digits>";
	struct nitro_bytes part;

	while (nitro_bytes_take_until(&line, '<', &part)) {
		unit_append(out, part);
		if (!nitro_bytes_has_prefix(line, place + 1))
			continue;
		assert_true(nitro_bytes_take(&line, sizeof place - 2, &part));
		unit_fill(out, (uint8_t)("1234567"[(*values)++ % 7]),
		    2 * (size_t)NITRO_PCR_LEN);
	}
	unit_append(out, line);
	unit_append(out, UNIT_BYTES("\n"));
}

/*
 * The file with its examples switched on. An example begins with "#" and no
 * blank behind it; its further lines have two blanks, or nothing.
 */
static void
switch_on(const char *path, struct nitro_buf *out)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_bytes left, line, mark;
	bool is_example = false;
	unsigned values = 0;

	load(path, &text);
	left = nitro_bytes_of_buf(&text);
	while (nitro_bytes_take_until(&left, '\n', &line)) {
		bool is_start = line.len > 1 && line.ptr[1] != ' ';
		bool is_more = line.len == 1 ||
			       nitro_bytes_has_prefix(line, "#  ");

		is_example = nitro_bytes_has_prefix(line, "#") &&
			     (is_start || (is_example && is_more));
		if (is_example)
			assert_true(nitro_bytes_take(&line, 1, &mark));
		put_line(line, &values, out);
	}
	unit_append(out, UNIT_BYTES("\0"));
}

static void
test_every_setting_is_shown_with_its_default(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	NITRO_DROP(nitro_settings_drop) struct nitro_settings shown = {0};
	NITRO_DROP(nitro_settings_drop) struct nitro_settings defaults = {0};
	static const char *const keys[] = {
	    "\nmode = ", "\nmeasurements = ", "\ntrust_anchors = ",
	    "\nserver_name = ", "\nbinding = ", "\naudience = ",
	    "\nmax_age_s = ", "\nclock_skew_s = ", "\nusers = "};

	(void)state;
	switch_on("conf/pam_nitro.conf", &text);
	policy_settings((const char *)text.ptr, &shown);
	for (size_t i = 0; i < NITRO_COUNT_OF(keys); i++)
		assert_non_null(strstr((const char *)text.ptr, keys[i]));

	policy_settings(
	    "users = ( { user = \"u\"; workloads = \"w\"; } );", &defaults);
	assert_int_equal(shown.mode, defaults.mode);
	assert_string_equal(shown.measurements, defaults.measurements);
	assert_string_equal(shown.trust_anchors, defaults.trust_anchors);
	assert_string_equal(shown.server_name, defaults.server_name);
	assert_true(shown.binds_ssh_key == defaults.binds_ssh_key);
	assert_true(shown.wants_audience == defaults.wants_audience);
	assert_true(shown.max_age_ms == defaults.max_age_ms);
	assert_true(shown.clock_skew_ms == defaults.clock_skew_ms);
	assert_int_equal(shown.rule_count, 2);
	assert_string_equal(shown.rules[0].user, "deploy");
	assert_string_equal(shown.rules[1].group, "nitro-workloads");
}

static void
test_the_example_entries_are_good_entries(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements measurements = {0};

	(void)state;
	switch_on("conf/measurements.conf", &text);
	policy_measurements((const char *)text.ptr, &measurements);
	assert_int_equal(measurements.entry_count, 2);
	assert_string_equal(measurements.entries[0].workload, "billing");
	assert_int_equal(measurements.entries[0].kind, NITRO_KIND_ENCLAVE);
	assert_int_equal(measurements.entries[0].pinned_mask, 1 << 0 | 1 << 3);
	assert_string_equal(measurements.entries[1].workload, "ledger");
	assert_int_equal(measurements.entries[1].kind, NITRO_KIND_NITROTPM);
	assert_int_equal(measurements.entries[1].pin_count, 3);
	assert_int_equal(measurements.revoked_count, 2);
	assert_string_equal(
	    measurements.revoked[1].instance_id, "i-0123456789abcdef0");
}

/* openssl x509 -noout -fingerprint -sha256 -in conf/...; and as AWS publishes them */
static const struct {
	const char *path, *sha256;
} roots[] = {
    {"conf/aws-nitro-root.pem",
	"641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b"},
    {"conf/aws-us-gov-nitro-root.pem",
	"20bcd30a3e168ea03789e1c45912bc123c4de3c977b8a6e1c125c7929d668b3b"},
};

/* X35 */
static void
test_the_shipped_roots_are_those_of_aws(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf both = {0};
	NITRO_DROP(nitro_trust_anchors_drop)
	struct nitro_trust_anchors *two = NULL;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(roots); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
		NITRO_DROP(nitro_trust_anchors_drop)
		struct nitro_trust_anchors *anchors = NULL;
		uint8_t sha256[NITRO_SHA256_LEN];
		char hex[2 * NITRO_SHA256_LEN + 1];

		load(roots[i].path, &pem);
		load(roots[i].path, &both);
		assert_err(nitro_trust_anchors_parse(
			       nitro_bytes_of_buf(&pem), &anchors),
		    NITRO_OK);
		assert_int_equal(nitro_trust_anchors_count(anchors), 1);
		assert_true(
		    nitro_trust_anchors_fingerprint(anchors, 0, sha256));
		nitro_hex_encode((struct nitro_bytes){sha256, sizeof sha256},
		    hex, sizeof hex);
		assert_string_equal(hex, roots[i].sha256);
	}
	/* One file with both serves hosts that both partitions log in to. */
	assert_err(nitro_trust_anchors_parse(nitro_bytes_of_buf(&both), &two),
	    NITRO_OK);
	assert_int_equal(nitro_trust_anchors_count(two), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_as_shipped_nobody_is_let_in_and_the_reason_says_what_to_do),
	    cmocka_unit_test(test_every_setting_is_shown_with_its_default),
	    cmocka_unit_test(test_the_example_entries_are_good_entries),
	    cmocka_unit_test(test_the_shipped_roots_are_those_of_aws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
