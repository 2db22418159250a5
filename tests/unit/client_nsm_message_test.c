#include "client/nsm_message.h"

#include "unit/unit.h"

#define ATTESTATION "6b 4174746573746174696f6e "
#define DOCUMENT "68 646f63756d656e74 "
#define ERROR "65 4572726f72 "
#define INVALID_OPERATION "70 496e76616c69644f7065726174696f6e "

/* Written down from RFC 8949 and the request that AWS's library sends. */
static void
test_request_is_the_map_that_the_nsm_knows(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf got = {0}, want = {0};
	const struct nitro_document_request request = {
	    .nonce = UNIT_BYTES("0123456789abcdef01234567"),
	    .user_data = UNIT_BYTES("ud"),
	    .public_key = {0}};

	(void)state;
	unit_hex("a1 " ATTESTATION "a3 69 757365725f64617461 42 7564 "
		 "65 6e6f6e6365 58 18 "
		 "303132333435363738396162636465663031323334353637 "
		 "6a 7075626c69635f6b6579 f6",
	    &want);
	assert_err(nitro_nsm_request_encode(&request, &got), NITRO_OK);
	assert_int_equal(unit_bytes_differ("request", nitro_bytes_of_buf(&got),
			     nitro_bytes_of_buf(&want)),
	    0);
}

static void
test_absent_fields_are_null(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf got = {0}, want = {0};
	const struct nitro_document_request request = {0};

	(void)state;
	unit_hex("a1 " ATTESTATION "a3 69 757365725f64617461 f6 "
		 "65 6e6f6e6365 f6 6a 7075626c69635f6b6579 f6",
	    &want);
	assert_err(nitro_nsm_request_encode(&request, &got), NITRO_OK);
	assert_int_equal(unit_bytes_differ("request", nitro_bytes_of_buf(&got),
			     nitro_bytes_of_buf(&want)),
	    0);
}

/* The head of the public key at each border of RFC 8949 section 3. */
static void
test_lengths_are_in_their_shortest_form(void **state)
{
	static const struct {
		size_t len;
		const char *head;
	} rows[] = {{1, "41"}, {23, "57"}, {24, "5818"}, {255, "58ff"},
	    {256, "590100"}, {65535, "59ffff"}, {65536, "5a00010000"}};
	const size_t before = 1 + 12 + 1 + 10 + 1 + 6 + 1 + 11;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf got = {0}, key = {0}, head = {0};
		struct nitro_document_request request = {0};

		unit_fill(&key, 7, rows[i].len);
		unit_hex(rows[i].head, &head);
		request.public_key = nitro_bytes_of_buf(&key);
		assert_err(nitro_nsm_request_encode(&request, &got), NITRO_OK);
		assert_int_equal(got.len, before + head.len + key.len);
		assert_int_equal(unit_bytes_differ(rows[i].head,
				     nitro_bytes_slice(nitro_bytes_of_buf(&got),
					 before, head.len),
				     nitro_bytes_of_buf(&head)),
		    0);
	}
}

struct row {
	const char *name, *hex, *document, *error;
};

static const struct row taken[] = {
    {"document", "a1 " ATTESTATION "a1 " DOCUMENT "43 616263", "abc", ""},
    {"indefinite maps", "bf " ATTESTATION "bf " DOCUMENT "43 616263 ff ff",
	"abc", ""},
    {"indefinite outer map", "bf " ATTESTATION "a1 " DOCUMENT "43 616263 ff",
	"abc", ""},
    {"length in two bytes", "a1 " ATTESTATION "a1 " DOCUMENT "59 0003 616263",
	"abc", ""},
    {"error", "a1 " ERROR INVALID_OPERATION, "", "InvalidOperation"},
    {"error, indefinite", "bf " ERROR INVALID_OPERATION "ff", "",
	"InvalidOperation"},
};

static void
test_responses_are_read(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(taken); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
		struct nitro_nsm_response response = {0};

		unit_hex(taken[i].hex, &in);
		wrong += unit_is_not(taken[i].name,
		    nitro_nsm_response_decode(
			nitro_bytes_of_buf(&in), &response),
		    true);
		wrong += unit_bytes_differ(taken[i].name, response.document,
		    nitro_bytes_of_text(taken[i].document));
		wrong += unit_bytes_differ(taken[i].name, response.error,
		    nitro_bytes_of_text(taken[i].error));
	}
	assert_int_equal(wrong, 0);
}

/* The twin of the above: a driver's buffer may end anywhere. */
static void
test_a_response_cut_anywhere_is_refused(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(taken); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
		struct nitro_nsm_response response = {0};

		unit_hex(taken[i].hex, &in);
		for (size_t len = 0; len < in.len; len++)
			wrong += unit_is_not(taken[i].name,
			    nitro_nsm_response_decode(
				nitro_bytes_slice(
				    nitro_bytes_of_buf(&in), 0, len),
				&response),
			    false);
		assert_null(response.document.ptr);
		assert_null(response.error.ptr);
	}
	assert_int_equal(wrong, 0);
}

static void
test_anything_else_is_refused(void **state)
{
	static const char *const rows[] = {"", "00", "f6", "40", "80", "a0",
	    "bf ff", "ff",
	    /* bytes after it */
	    "a1 " ATTESTATION "a1 " DOCUMENT "43 616263 00",
	    "a1 " ERROR INVALID_OPERATION "ff",
	    /* another number of pairs */
	    "a2 " ATTESTATION "a1 " DOCUMENT
	    "43 616263 " ERROR INVALID_OPERATION,
	    "bf " ATTESTATION "a1 " DOCUMENT
	    "43 616263 " ERROR INVALID_OPERATION "ff",
	    "a1 " ATTESTATION "a2 " DOCUMENT "43 616263 61 61 00",
	    /* empty, of another type, indefinite */
	    "a1 " ATTESTATION "a1 " DOCUMENT "40",
	    "a1 " ATTESTATION "a1 " DOCUMENT "63 616263",
	    "a1 " ATTESTATION "a1 " DOCUMENT "f6",
	    "a1 " ATTESTATION "a1 " DOCUMENT "5f 43 616263 ff",
	    "a1 " ATTESTATION "43 616263", "a1 " ERROR "60", "a1 " ERROR "00",
	    /* another word */
	    "a1 69 47657452616e646f6d a1 66 72616e646f6d 43 616263",
	    "a1 6b 6174746573746174696f6e a1 " DOCUMENT "43 616263",
	    "a1 " ATTESTATION "a1 68 446f63756d656e74 43 616263",
	    /* lengths that no memory has, and reserved heads */
	    "a1 " ATTESTATION "a1 " DOCUMENT "5b ffffffffffffffff 61",
	    "a1 " ATTESTATION "a1 " DOCUMENT "5a 00000004 616263",
	    "a1 " ATTESTATION "a1 " DOCUMENT "5c 616263",
	    "a1 7b ffffffffffffffff 61", "bc", "bb 0000000000000002"};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
		struct nitro_nsm_response response = {0};

		unit_hex(rows[i], &in);
		wrong += unit_is_not(rows[i],
		    nitro_nsm_response_decode(
			nitro_bytes_of_buf(&in), &response),
		    false);
	}
	assert_int_equal(wrong, 0);
}

/* The names of ErrorCode in aws-nitro-enclaves-nsm-api, src/api/mod.rs. */
static void
test_every_error_of_the_nsm_has_advice(void **state)
{
	static const char *const names[] = {"InvalidArgument", "InvalidIndex",
	    "InvalidResponse", "ReadOnlyIndex", "InvalidOperation",
	    "BufferTooSmall", "InputTooLarge", "InternalError"};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(names); i++)
		assert_string_not_equal(
		    nitro_nsm_error_advice(nitro_bytes_of_text(names[i])), "");
	assert_string_equal(nitro_nsm_error_advice(UNIT_BYTES("Other")), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request_is_the_map_that_the_nsm_knows),
	    cmocka_unit_test(test_absent_fields_are_null),
	    cmocka_unit_test(test_lengths_are_in_their_shortest_form),
	    cmocka_unit_test(test_responses_are_read),
	    cmocka_unit_test(test_a_response_cut_anywhere_is_refused),
	    cmocka_unit_test(test_anything_else_is_refused),
	    cmocka_unit_test(test_every_error_of_the_nsm_has_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
