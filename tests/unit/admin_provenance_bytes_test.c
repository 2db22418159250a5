/* A real bundle with one byte changed, for each of its bytes: none is accepted. */
#include "unit/unit.h"

#include "unit/provenance.h"

/* A sanitizer makes each verdict ten times as long. */
#define STRIDE (UNIT_IS_SANITIZED ? 23 : 1)

/* Each byte of that bundle changed once; how many of the texts are accepted. */
static unsigned
change_each_byte(const char *file)
{
	struct provenance_case asked;
	unsigned accepted = 0, changed = 0;

	provenance_case_find(file, "PASS", &asked);
	assert_true(provenance_accepts(&asked, NULL));
	while (asked.bundle.len > 0 &&
	       asked.bundle.ptr[asked.bundle.len - 1] == '\n')
		asked.bundle.len--;
	for (size_t i = 0; i < asked.bundle.len; i += STRIDE) {
		const uint8_t change = (uint8_t)(1u << i % 7);

		asked.bundle.ptr[i] ^= change;
		changed++;
		if (provenance_accepts(&asked, NULL)) {
			print_message("%s: byte %zu may change\n", file, i);
			accepted++;
		}
		asked.bundle.ptr[i] ^= change;
	}
	print_message("# %u bytes changed, %u accepted\n", changed, accepted);
	provenance_case_drop(&asked);
	return accepted;
}

static void
no_byte_may_change(void **state)
{
	(void)state;
	provenance_need();
	assert_int_equal(change_each_byte("tinfoil/bundle.jsonl"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_byte_may_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
