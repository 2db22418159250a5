#include "policy/aws_name.h"

#include "unit/unit.h"

struct row {
	const char *name;
	bool want;
};

static void
check_rows(bool (*is_valid)(const char *), const struct row *rows, size_t count)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < count; i++)
		wrong += unit_is_not(
		    rows[i].name, is_valid(rows[i].name), rows[i].want);
	assert_int_equal(wrong, 0);
}

#define ROLE "arn:aws:iam::123456789012:role/"

static const struct row roles[] = {
    {ROLE "billing", true},
    {ROLE "path/of/billing", true},
    {ROLE "!~", true},
    {"arn:aws-cn:iam::123456789012:role/billing", true},
    {"arn:aws-us-gov:iam::000000000000:role/billing", true},
    {"", false},
    {"arn", false},
    {"arn:", false},
    {"arn:aws", false},
    {"arn:aws:", false},
    {"arn:aws:iam::", false},
    {"arn:aws:iam::123456789012", false},
    {"arn:aws:iam::123456789012:", false},
    {"arm:aws:iam::123456789012:role/billing", false},
    {"aws:iam::123456789012:role/billing", false},
    {"arn:gov:iam::123456789012:role/billing", false},
    {"arn:aws1:iam::123456789012:role/billing", false},
    {"arn:awS:iam::123456789012:role/billing", false},
    {"arn::iam::123456789012:role/billing", false},
    {"arn:aws:sts::123456789012:role/billing", false},
    {"arn:aws:iam:x:123456789012:role/billing", false},
    {"arn:aws:iam::12345678901:role/billing", false},
    {"arn:aws:iam::1234567890123:role/billing", false},
    {"arn:aws:iam::12345678901a:role/billing", false},
    {"arn:aws:iam::12345678901/:role/billing", false},
    {"arn:aws:iam::12345678901::role/billing", false},
    {"arn:aws:iam::123456789012:user/billing", false},
    {ROLE, false},
    {ROLE "billing/", false},
    {ROLE "bil ling", false},
    {ROLE "billing\x7f", false},
    {ROLE "billing\n", false},
    {" " ROLE "billing", false},
};

static void
test_a_role_is_an_arn_of_iam(void **state)
{
	(void)state;
	check_rows(nitro_is_iam_role, roles, NITRO_COUNT_OF(roles));
}

static const struct row instances[] = {
    {"i-0123456789abcdef0", true},
    {"i-0a9f1234", true},
    {"", false},
    {"i-", false},
    {"i-0123456789abcdef", false},
    {"i-0123456789abcdef01", false},
    {"i-0a9f123", false},
    {"i-0a9f12345", false},
    {"i-0123456789abcdeg0", false},
    {"i-0123456789ABCDEF0", false},
    {"i-0a9f123/", false},
    {"i-0a9f123:", false},
    {"i-0a9f123`", false},
    {"j-0a9f1234", false},
    {"0a0a9f1234", false},
    {"i 0a9f1234", false},
};

static void
test_an_instance_has_17_or_8_hex_digits(void **state)
{
	(void)state;
	check_rows(nitro_is_instance_id, instances, NITRO_COUNT_OF(instances));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_role_is_an_arn_of_iam),
	    cmocka_unit_test(test_an_instance_has_17_or_8_hex_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
