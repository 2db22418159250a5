/* Which records of the store have to go: nitro_evidence_choose() alone. */
#include "policy/evidence_folder.h"

#include <string.h>

#include "unit/unit.h"

#define KEEP_MS 100
#define MAX_BYTES 100
#define NOW_MS 1000
#define OLD 899 /* one millisecond too old */
#define YOUNG 900
#define RECORDS_MAX 4

struct record {
	bool is_allowed;
	int64_t size, time_ms;
};

static const struct row {
	const char *name;
	struct record records[RECORDS_MAX];
	int64_t unfinished, goal;
	size_t limit;
	const char *want; /* x goes, . stays */
} rows[] = {
    {"none", {{0}}, 0, 100, 9, ""},
    {"as old as may be", {{true, 10, YOUNG}}, 0, 100, 9, "."},
    {"a millisecond older", {{true, 10, OLD}}, 0, 100, 9, "x"},
    {"two too old, and one may go", {{true, 10, OLD}, {true, 10, OLD}}, 0, 100,
	1, "x."},
    {"two too old, and none may go", {{true, 10, OLD}, {true, 10, OLD}}, 0, 100,
	0, ".."},
    {"just full", {{true, 60, YOUNG}, {true, 40, YOUNG}}, 0, 50, 9, ".."},
    {"a byte more", {{true, 60, YOUNG}, {true, 41, YOUNG}}, 0, 100, 9, "x."},
    {"down to the goal and no further",
	{{true, 40, YOUNG}, {true, 30, YOUNG}, {true, 31, YOUNG}}, 0, 61, 9,
	"x.."},
    {"a byte below it",
	{{true, 40, YOUNG}, {true, 30, YOUNG}, {true, 31, YOUNG}}, 0, 60, 9,
	"xx."},
    {"what is in the making counts", {{true, 50, YOUNG}, {true, 10, YOUNG}}, 41,
	100, 9, "x."},
    {"all where that alone is too much",
	{{true, 50, YOUNG}, {false, 60, YOUNG}}, 200, 0, 9, "xx"},
    {"two have to go, and one may", {{true, 60, YOUNG}, {true, 60, YOUNG}}, 0,
	0, 1, "x."},
    {"half of it refused",
	{{true, 30, YOUNG}, {false, 50, YOUNG}, {true, 30, YOUNG}}, 0, 100, 9,
	"x.."},
    {"more than half refused",
	{{true, 30, YOUNG}, {false, 51, YOUNG}, {true, 30, YOUNG}}, 0, 100, 9,
	".x."},
    {"refused ones go until half is left",
	{{false, 30, YOUNG}, {false, 30, YOUNG}, {false, 30, YOUNG},
	    {true, 30, YOUNG}},
	0, 0, 2, "xx.."},
    {"refused ones, and one may go",
	{{false, 60, YOUNG}, {false, 60, YOUNG}, {true, 10, YOUNG}}, 0, 0, 1,
	"x.."},
    {"refused ones, to the goal",
	{{false, 60, YOUNG}, {false, 60, YOUNG}, {false, 60, YOUNG}}, 0, 120, 9,
	"x.."},
    {"the old one is not counted again",
	{{false, 40, OLD}, {false, 60, YOUNG}, {true, 60, YOUNG}}, 0, 60, 2,
	"xx."},
    {"nor is an allowed one",
	{{true, 40, OLD}, {true, 60, YOUNG}, {true, 60, YOUNG}}, 0, 60, 2,
	"xx."},
    {"an old allowed one leaves more than half refused",
	{{true, 40, OLD}, {true, 60, YOUNG}, {false, 60, YOUNG}}, 0, 60, 9,
	"x.x"},
    {"an old refused one leaves less than half refused",
	{{false, 40, OLD}, {true, 70, YOUNG}, {false, 40, YOUNG}}, 0, 100, 9,
	"xx."},
};

static unsigned
row_differs(const struct row *row)
{
	const struct nitro_evidence_settings settings = {
	    .keep_ms = KEEP_MS, .max_bytes = MAX_BYTES};
	struct nitro_evidence_list list = {.unfinished_bytes = row->unfinished};
	unsigned wrong = 0;

	for (size_t i = 0; i < strlen(row->want); i++) {
		struct nitro_evidence_entry entry = {
		    .size = row->records[i].size,
		    .time_ms = row->records[i].time_ms,
		    .is_allowed = row->records[i].is_allowed};

		unit_append(
		    &list.entries, (struct nitro_bytes){
				       (const uint8_t *)&entry, sizeof entry});
		list.count++;
	}
	nitro_evidence_choose(&list, &settings, NOW_MS, row->goal, row->limit);
	for (size_t i = 0; i < list.count; i++)
		wrong += unit_is_not(row->name,
		    nitro_evidence_list_at(&list, i)->is_doomed,
		    row->want[i] == 'x');
	nitro_evidence_list_drop(&list);
	return wrong;
}

static void
test_what_is_old_or_too_much_has_to_go(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		wrong += row_differs(&rows[i]);
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_old_or_too_much_has_to_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
