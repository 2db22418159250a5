#include "client/vsock.h"

#include <errno.h>
#include <string.h>

#include "unit/unit.h"

static void
test_an_address_is_two_decimal_numbers(void **state)
{
	static const struct {
		const char *text;
		bool is_good;
		unsigned cid, port;
	} rows[] = {
	    {"3:8022", true, 3, 8022},
	    {"16:0", true, 16, 0},
	    {"999999999:999999999", true, 999999999, 999999999},
	    {"", false, 0, 0},
	    {"3", false, 0, 0},
	    {":8022", false, 0, 0},
	    {"3:", false, 0, 0},
	    {"3:8022:1", false, 0, 0},
	    {"3: 8022", false, 0, 0},
	    {"03:8022", false, 0, 0},
	    {"-3:8022", false, 0, 0},
	    {"3:0x50", false, 0, 0},
	    {"3:4294967296", false, 0, 0},
	    {"parent:22", false, 0, 0},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		struct nitro_vsock_address found = {77, 77};
		struct nitro_complaint why = {0};
		bool is_good = nitro_vsock_parse(rows[i].text, &found, &why);

		wrong += unit_is_not(rows[i].text, is_good, rows[i].is_good);
		if (rows[i].is_good) {
			assert_int_equal(found.cid, rows[i].cid);
			assert_int_equal(found.port, rows[i].port);
		} else {
			assert_int_equal(found.cid, 77);
			assert_non_null(strstr(why.text, "not CID:PORT"));
		}
	}
	assert_int_equal(wrong, 0);
}

static void
test_a_hostile_address_is_shown_escaped(void **state)
{
	struct nitro_vsock_address found;
	struct nitro_complaint why = {0};

	(void)state;
	assert_false(nitro_vsock_parse("3:\033[2J", &found, &why));
	assert_non_null(strstr(why.text, "3:\\x1b[2J"));
}

static void
test_a_failed_connection_says_what_to_do(void **state)
{
	static const struct {
		int error;
		const char *words;
	} rows[] = {
	    {ECONNRESET, "nothing listens there"},
	    {ECONNREFUSED, "nothing listens there"},
	    {ETIMEDOUT, "nobody has this CID"},
	    {ENETUNREACH, "nobody has this CID"},
	    {ENODEV, "no vsock"},
	    {EAFNOSUPPORT, "no vsock"},
	    {EACCES, "3:8022: Permission denied"},
	};
	const struct nitro_vsock_address address = {3, 8022};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		struct nitro_complaint why = {0};

		nitro_vsock_explain(&address, rows[i].error, &why);
		assert_non_null(strstr(why.text, "vsock 3:8022"));
		if (strstr(why.text, rows[i].words) == NULL)
			fail_msg(
			    "'%s' is not in '%s'", rows[i].words, why.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_address_is_two_decimal_numbers),
	    cmocka_unit_test(test_a_hostile_address_is_shown_escaped),
	    cmocka_unit_test(test_a_failed_connection_says_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
