/* Every real and every damaged bundle of MANIFEST.tsv gets its verdict. */
#include "unit/unit.h"

#include <string.h>
#include <time.h>

#include "unit/provenance.h"

struct tally {
	unsigned accepted, refused, wrong;
};

static void
judge_row(
    const struct vectors_table *table, bool by_digest, struct tally *tally)
{
	struct provenance_case asked;
	struct nitro_trail trail = {.count = 0};
	const struct nitro_bytes file = vectors_column(table, "file");
	bool is_accepted;

	provenance_case_of_row(table, &asked);
	is_accepted = by_digest ? provenance_accepts_digest(&asked, &trail)
				: provenance_accepts(&asked, &trail);
	if (is_accepted)
		tally->accepted++;
	else
		tally->refused++;
	if (is_accepted !=
	    nitro_bytes_equal_text(vectors_column(table, "expected"), "PASS")) {
		tally->wrong++;
		print_message("%.*s: %s at %s: expected %s, actual %s\n",
		    (int)file.len, (const char *)file.ptr,
		    is_accepted ? "accepted" : "refused",
		    trail.refused_at != NULL ? trail.refused_at : "-",
		    trail.expected, trail.actual);
	}
	if (!is_accepted && trail.refused_at == NULL)
		fail_msg("%.*s: refused without a step", (int)file.len,
		    (const char *)file.ptr);
	provenance_case_drop(&asked);
}

static void
judge_all(bool by_digest)
{
	struct vectors_table table;
	struct tally tally = {0, 0, 0};
	char path[PROVENANCE_PATH_SIZE];

	provenance_need();
	provenance_path(nitro_bytes_of_text("MANIFEST.tsv"), path);
	vectors_table_open_path(&table, path);
	while (vectors_table_next(&table))
		judge_row(&table, by_digest, &tally);
	vectors_table_drop(&table);
	print_message(
	    "# %u accepted, %u refused\n", tally.accepted, tally.refused);
	assert_int_equal(tally.wrong, 0);
	assert_true(tally.accepted >= 30 && tally.refused >= 100);
}

static void
every_row_by_file(void **state)
{
	(void)state;
	judge_all(false);
}

static void
every_row_by_digest(void **state)
{
	(void)state;
	judge_all(true);
}

static void
a_verdict_is_quick(void **state)
{
	enum { RUNS = 40 };
	struct provenance_case asked;
	struct timespec from, to;
	double ms;

	(void)state;
	provenance_need();
	provenance_case_find("tinfoil/bundle.jsonl", "PASS", &asked);
	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from), 0);
	for (int i = 0; i < RUNS; i++)
		assert_true(provenance_accepts(&asked, NULL));
	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to), 0);
	ms = (double)(to.tv_sec - from.tv_sec) * 1e3 +
	     (double)(to.tv_nsec - from.tv_nsec) / 1e6;
	print_message("# %.1f ms a verdict\n", ms / RUNS);
	if (!UNIT_IS_SANITIZED)
		assert_true(ms / RUNS < 25);
	provenance_case_drop(&asked);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_row_by_file),
	    cmocka_unit_test(every_row_by_digest),
	    cmocka_unit_test(a_verdict_is_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
