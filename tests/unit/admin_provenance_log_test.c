/*
 * Merkle inclusion by the vectors of transparency-dev, checkpoints, and the
 * JSON that all of provenance is read with.
 */
#include "unit/unit.h"

#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "admin/provenance/log.h"
#include "admin/provenance/strict_json.h"
#include "unit/provenance.h"

static unsigned files, proofs_that_hold, wrong;

static bool
take_hash(const char *text, uint8_t out[NITRO_SHA256_LEN])
{
	NITRO_DROP(nitro_strict_json_drop) json_t *wrapper = NULL;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf bytes = {0};

	wrapper = json_pack("{s:s}", "hash", text != NULL ? text : "");
	if (!nitro_strict_base64(wrapper, "hash", 1024, &bytes) ||
	    bytes.len != NITRO_SHA256_LEN)
		return false;
	memcpy(out, bytes.ptr, NITRO_SHA256_LEN);
	return true;
}

/* False already where the bundle's reader would refuse it: by lengths. */
static bool
holds(const json_t *vector)
{
	struct nitro_log_entry entry = {.has_proof = true};
	const json_t *proof = json_object_get(vector, "proof");
	uint8_t leaf[NITRO_SHA256_LEN];
	struct nitro_trail trail = {.count = 0};

	entry.proof_index = json_integer_value(
	    json_object_get(vector, "leafIdx"));
	entry.tree_size = json_integer_value(
	    json_object_get(vector, "treeSize"));
	if (entry.proof_index < 0 || entry.tree_size < 0 ||
	    json_array_size(proof) > NITRO_PROOF_HASHES_MAX ||
	    !take_hash(nitro_strict_text(vector, "root"), entry.root_hash) ||
	    !take_hash(nitro_strict_text(vector, "leafHash"), leaf))
		return false;
	for (size_t i = 0; i < json_array_size(proof); i++)
		if (!take_hash(json_string_value(json_array_get(proof, i)),
			entry.hashes[entry.hash_count++]))
			return false;
	return nitro_log_inclusion_of(&entry, leaf, &trail);
}

static int
judge_file(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	json_t *vector;
	bool is_bad;

	(void)st;
	(void)at;
	if (kind != FTW_F || strstr(path, ".json") == NULL)
		return 0;
	if (!vectors_load(path, &text))
		fail_msg("cannot read %s", path);
	unit_fill(&text, '\0', 1);
	is_bad = strstr((const char *)text.ptr, "\"wantErr\": true") != NULL;
	/* NULL for an index of 64 bits, which no bundle can have. */
	vector = json_loads((const char *)text.ptr, 0, NULL);
	files++;
	proofs_that_hold += !is_bad;
	wrong += unit_is_not(path, vector != NULL && holds(vector), !is_bad);
	json_decref(vector);
	return 0;
}

static void
merkle_vectors(void **state)
{
	char path[PROVENANCE_PATH_SIZE];

	(void)state;
	provenance_need();
	provenance_path(
	    nitro_bytes_of_text("merkle/merkle/testdata/inclusion"), path);
	assert_int_equal(nftw(path, judge_file, 16, FTW_PHYS), 0);
	print_message("# %u vectors, %u that hold\n", files, proofs_that_hold);
	assert_int_equal(wrong, 0);
	assert_true(files > 50 && proofs_that_hold >= 5);
}

static void
json_without_a_choice(void **state)
{
	static const struct {
		const char *text, *why; /* NULL: taken */
	} rows[] = {
	    {"{}", NULL},
	    {" {\"a\": [1, {\"b\": null}]}\n", NULL},
	    {"{\"a\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}",
		NULL},
	    {"", "0 bytes"},
	    {"[]", "no object"},
	    {"{\"a\":1,\"a\":1}", "duplicate"},
	    {"{}{}", "end of file"},
	    {"{} x", "end of file"},
	    {"{\"a\":\"\\u0000\"}", "\\u0000"},
	    {"{\"a\":\"\xff\"}", "0xff"},
	    {"{\"a\":1", "expected"},
	    {"{'a':1}", "expected"},
	    {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]"
	     "]]]]]]]}",
		"deeper"},
	};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		char why[NITRO_STRICT_JSON_WHY_SIZE] = "";
		json_t *json = NULL;
		const bool is_good = nitro_strict_json_parse(
		    nitro_bytes_of_text(rows[i].text), &json, why);

		if (is_good != (rows[i].why == NULL) ||
		    (!is_good && strstr(why, rows[i].why) == NULL))
			fail_msg("%s: %s", rows[i].text, why);
		json_decref(json);
	}
}

static void
numbers_in_one_form(void **state)
{
	static const struct {
		const char *text;
		int64_t value; /* -1: refused */
	} rows[] = {{"0", 0}, {"7", 7}, {"\"0\"", 0}, {"\"12\"", 12},
	    {"\"999999999999999999\"", INT64_C(999999999999999999)},
	    {"9223372036854775807", INT64_MAX}, {"-1", -1}, {"\"-1\"", -1},
	    {"\"01\"", -1}, {"\"\"", -1}, {"\" 1\"", -1}, {"\"1 \"", -1},
	    {"\"1.0\"", -1}, {"1.0", -1}, {"1e3", -1}, {"true", -1},
	    {"null", -1}, {"[]", -1}, {"\"0x1\"", -1},
	    {"\"1000000000000000000\"", -1}};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_strict_json_drop) json_t *json = NULL;
		char text[64], why[NITRO_STRICT_JSON_WHY_SIZE];
		int64_t value = -1;

		(void)snprintf(text, sizeof text, "{\"n\":%s}", rows[i].text);
		assert_true(nitro_strict_json_parse(
		    nitro_bytes_of_text(text), &json, why));
		if (nitro_strict_int64(json, "n", &value) !=
			(rows[i].value >= 0) ||
		    value != rows[i].value)
			fail_msg("%s", text);
		assert_true(nitro_strict_int64(json, "absent", &value));
		assert_int_equal(value, 0);
	}
}

/* Every way in which a note may lack what it must have. */
static void
checkpoints_without_their_lines(void **state)
{
	static const struct {
		const char *text;
	} notes[] = {
	    {""},
	    {"\n"},
	    {"\n\n"},
	    {"a\n\n"},
	    {"a\n2\n\n"},
	    {"a\n2\nAAAA\n"},
	    {"a\n2\nAAAA\n\n"},
	    {"a\n2\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"},
	    {"a\n2\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
	     "\xe2\x80\x94 a AAAA\n"},
	    {"a\n2\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
	     "\xe2\x80\x94 a\n- a AAAAAAAA\n\xe2\x80\x94 a AAAAA\n"},
	    {"a\n02\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"},
	};
	struct nitro_log_entry entry = {
	    .kind = "hashedrekord", .version = "0.0.1", .tree_size = 2};
	struct nitro_trusted_log log = {.name = "a"};

	(void)state;
	log.key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	assert_non_null(log.key);
	for (size_t i = 0; i < NITRO_COUNT_OF(notes); i++) {
		struct nitro_trail trail = {.count = 0};

		entry.checkpoint = notes[i].text;
		if (nitro_log_checkpoint(&entry, &log, &trail))
			fail_msg("accepted: %s", notes[i].text);
		assert_string_equal(trail.refused_at, "log checkpoint");
	}
	EVP_PKEY_free(log.key);
}

/* The first refusal stands, and a failure is none. */
static void
a_trail_ends_once(void **state)
{
	struct nitro_trail trail = {.count = 0};

	(void)state;
	for (int i = 0; i < 2 * NITRO_TRAIL_STEPS_MAX; i++)
		nitro_trail_pass(&trail, "step", "%d\n", i);
	assert_int_equal(trail.count, NITRO_TRAIL_STEPS_MAX);
	assert_string_equal(trail.steps[1].text, "1\\x0a");
	assert_false(nitro_trail_refuse(&trail, "one", "a", "b"));
	assert_false(nitro_trail_refuse(&trail, "two", "c", "d"));
	assert_false(nitro_trail_fail(&trail, NITRO_E_MEMORY));
	assert_string_equal(trail.refused_at, "one");
	assert_err(trail.err, NITRO_OK);
	trail = (struct nitro_trail){.count = 0};
	assert_false(nitro_trail_fail(&trail, NITRO_E_MEMORY));
	assert_false(nitro_trail_refuse(&trail, "two", "c", "d"));
	assert_null(trail.refused_at);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(merkle_vectors),
	    cmocka_unit_test(json_without_a_choice),
	    cmocka_unit_test(numbers_in_one_form),
	    cmocka_unit_test(checkpoints_without_their_lines),
	    cmocka_unit_test(a_trail_ends_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
