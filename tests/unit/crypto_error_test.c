/* Whom a failure is blamed on where libcrypto was short of memory. */
#include <openssl/asn1.h>
#include <openssl/err.h>

#include "evidence/crypto_error.h"
#include "unit/unit.h"

#define NO_MORE (-1)

static const struct {
	const char *name;
	int queue[4]; /* reasons, oldest first, up to NO_MORE */
	nitro_err reason, expected;
} rows[] = {
    {"nothing in the queue", {NO_MORE}, NITRO_E_CERT, NITRO_E_CERT},
    {"a malformed certificate", {ASN1_R_HEADER_TOO_LONG, NO_MORE}, NITRO_E_CERT,
	NITRO_E_CERT},
    {"no memory", {ERR_R_MALLOC_FAILURE, NO_MORE}, NITRO_E_CERT,
	NITRO_E_MEMORY},
    {"no memory, and what came of it",
	{ERR_R_MALLOC_FAILURE, ERR_R_NESTED_ASN1_ERROR, NO_MORE}, NITRO_E_CERT,
	NITRO_E_MEMORY},
    {"what came of nothing, then no memory",
	{ERR_R_NESTED_ASN1_ERROR, ERR_R_MALLOC_FAILURE, NO_MORE},
	NITRO_E_COSE_SIG, NITRO_E_MEMORY},
    {"no memory, and success all the same", {ERR_R_MALLOC_FAILURE, NO_MORE},
	NITRO_OK, NITRO_OK},
};

/* C30 G12 O09 */
static void
test_want_of_memory_is_not_blamed_on_the_document(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		for (const int *reason = rows[i].queue; *reason != NO_MORE;
		     reason++)
			ERR_raise(ERR_LIB_ASN1, *reason);
		wrong += unit_differs(rows[i].name,
		    nitro_crypto_reason(rows[i].reason), rows[i].expected);
		wrong += unit_is_not(rows[i].name, ERR_peek_error() == 0, true);
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_want_of_memory_is_not_blamed_on_the_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
