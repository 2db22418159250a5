#include "admin/check/check_pam_flow.h"

#include <string.h>

/* "other" as libpam has it before any module has said a thing. */
#define MUST_FAIL NITRO_PAM_PERM_DENIED

enum { NODES_MAX = 65536, TABLE_SIZE = 4 * NODES_MAX };

enum impression { UNDEFINED, POSITIVE, NEGATIVE };

struct judgement {
	uint8_t impression; /* enum impression */
	uint8_t status;     /* a result */
};

/* All that the rest of a walk depends on. No padding: it is compared whole. */
struct state {
	uint16_t next;  /* the line that comes now */
	uint16_t level; /* of the line before it */
	struct judgement now;
	/* As it was when the substack of that level was entered. */
	struct judgement saved[NITRO_PAM_LEVELS_MAX + 1];
};

struct node {
	struct state state;
	uint32_t parent;            /* index; its own where it is the first */
	struct nitro_pam_step step; /* that led here */
};

struct search {
	const struct nitro_pam_list *list;
	uint32_t wanted;
	struct node *nodes; /* the queue, and what has been seen */
	size_t count;
	uint32_t *table; /* of indices + 1 by hash */
};

static void
drop_search(struct search *search)
{
	nitro_free(search->nodes);
	nitro_free(search->table);
}

/* Behind the line, where everything of that level and deeper is left out. */
static size_t
leave_level(const struct nitro_pam_list *list, size_t i, unsigned level)
{
	while (i + 1 < list->count && list->lines[i + 1].level >= level)
		i++;
	return i + 1;
}

static void
take_good(struct judgement *now, unsigned result)
{
	if (now->impression == UNDEFINED ||
	    (now->impression == POSITIVE && now->status == NITRO_PAM_SUCCESS)) {
		now->impression = POSITIVE;
		now->status = (uint8_t)result;
	}
}

static void
take_bad(struct judgement *now, unsigned result)
{
	if (now->impression == NEGATIVE)
		return;
	now->impression = NEGATIVE;
	now->status = result == NITRO_PAM_IGNORE ? MUST_FAIL : (uint8_t)result;
}

/* A jump too far is a failure, which libpam logs as "bad jump in stack". */
static size_t
jump(const struct nitro_pam_list *list, size_t i, int count,
    struct judgement *now)
{
	unsigned level = list->lines[i].level;

	while (i + 1 < list->count && list->lines[i + 1].level >= level &&
	       count > 0) {
		do
			i++;
		while (i + 1 < list->count && list->lines[i + 1].level > level);
		count--;
	}
	if (count > 0)
		*now = (struct judgement){NEGATIVE, MUST_FAIL};
	return i + 1;
}

/* One line with one result: the state behind it. */
static struct state
walk(const struct nitro_pam_list *list, struct state state, unsigned result)
{
	size_t i = state.next, next = i + 1;
	const struct nitro_pam_line *line = &list->lines[i];
	int action = line->action[result];

	if (state.level < line->level)
		state.saved[line->level] = state.now;
	state.level = (uint16_t)line->level;
	if (line->type == NITRO_PAM_SUBSTACK)
		action = NITRO_PAM_DO_IGNORE;
	if (action == NITRO_PAM_DO_OK || action == NITRO_PAM_DO_DONE) {
		take_good(&state.now, result);
		if (action == NITRO_PAM_DO_DONE &&
		    state.now.impression == POSITIVE)
			next = leave_level(list, i, line->level);
	} else if (action == NITRO_PAM_DO_BAD || action == NITRO_PAM_DO_DIE) {
		take_bad(&state.now, result);
		if (action == NITRO_PAM_DO_DIE)
			next = leave_level(list, i, line->level);
	} else if (action == NITRO_PAM_DO_RESET) {
		state.now = state.saved[line->level];
	} else if (action > 0) {
		next = jump(list, i, action, &state.now);
	}
	state.next = (uint16_t)next;
	/* What deeper substacks began with is of no use any more. */
	for (size_t deeper = line->level + 1; deeper <= NITRO_PAM_LEVELS_MAX;
	     deeper++)
		state.saved[deeper] = (struct judgement){0};
	return state;
}

static struct nitro_bytes
bytes_of(const struct state *state)
{
	return (struct nitro_bytes){(const uint8_t *)state, sizeof *state};
}

static uint32_t
hash(const struct state *state)
{
	struct nitro_bytes left = bytes_of(state), byte;
	uint32_t value = UINT32_C(2166136261);

	while (nitro_bytes_take(&left, 1, &byte))
		value = (value ^ byte.ptr[0]) * UINT32_C(16777619);
	return value;
}

/* False where the queue is full. */
static bool
add(struct search *search, const struct state *state, size_t parent,
    struct nitro_pam_step step)
{
	size_t slot = hash(state) % TABLE_SIZE;
	struct node *node;

	while (search->table[slot] != 0) {
		node = &search->nodes[search->table[slot] - 1];
		if (nitro_bytes_equal(bytes_of(&node->state), bytes_of(state)))
			return true;
		slot = (slot + 1) % TABLE_SIZE;
	}
	if (search->count == NODES_MAX)
		return false;
	node = &search->nodes[search->count++];
	node->state = *state;
	node->parent = (uint32_t)parent;
	node->step = step;
	search->table[slot] = (uint32_t)search->count;
	return true;
}

/* What a walk that is over returns; "Sanity check" of libpam included. */
static unsigned
final_status(const struct state *state)
{
	if (state->now.status == NITRO_PAM_SUCCESS &&
	    state->now.impression != POSITIVE)
		return MUST_FAIL;
	return state->now.status;
}

static void
tell(const struct search *search, size_t i, struct nitro_pam_path *path)
{
	size_t count = 0;

	for (size_t j = i; search->nodes[j].parent != j;
	     j = search->nodes[j].parent)
		count++;
	path->count = count;
	path->status = final_status(&search->nodes[i].state);
	for (; count > 0; i = search->nodes[i].parent)
		path->step[--count] = search->nodes[i].step;
}

/* Results that differ in nothing that matters need trying only once. */
static bool
is_new(const struct search *search, const struct nitro_pam_line *line,
    uint32_t tried, unsigned result)
{
	uint32_t special = NITRO_PAM_RESULT(NITRO_PAM_SUCCESS) |
			   NITRO_PAM_RESULT(NITRO_PAM_IGNORE) | search->wanted;

	if ((special & NITRO_PAM_RESULT(result)) != 0)
		return true;
	for (unsigned i = 0; i < NITRO_PAM_RESULTS; i++)
		if ((tried & ~special & NITRO_PAM_RESULT(i)) != 0 &&
		    line->action[i] == line->action[result])
			return false;
	return true;
}

static bool
expand(struct search *search, size_t i, uint32_t results)
{
	/* What people think of first, so that a path reads well. */
	static const unsigned first[] = {
	    NITRO_PAM_SUCCESS, NITRO_PAM_AUTH_ERR, NITRO_PAM_PERM_DENIED};
	const struct state from = search->nodes[i].state;
	const struct nitro_pam_line *line = &search->list->lines[from.next];
	uint32_t tried = 0;

	for (unsigned j = 0; j < NITRO_COUNT_OF(first) + NITRO_PAM_RESULTS;
	     j++) {
		unsigned result = j < NITRO_COUNT_OF(first)
				      ? first[j]
				      : j - (unsigned)NITRO_COUNT_OF(first);
		struct nitro_pam_step step = {from.next, result};
		struct state next;

		if ((results & ~tried & NITRO_PAM_RESULT(result)) == 0 ||
		    !is_new(search, line, tried, result))
			continue;
		tried |= NITRO_PAM_RESULT(result);
		next = walk(search->list, from, result);
		if (!add(search, &next, i, step))
			return false;
	}
	return true;
}

nitro_err
nitro_pam_search(const struct nitro_pam_list *list, const uint32_t *results,
    uint32_t wanted, enum nitro_pam_answer *answer, struct nitro_pam_path *path)
{
	NITRO_DROP(drop_search)
	struct search search = {.list = list, .wanted = wanted};
	struct state start;

	search.nodes = nitro_alloc(NODES_MAX, sizeof search.nodes[0]);
	search.table = nitro_alloc(TABLE_SIZE, sizeof search.table[0]);
	if (search.nodes == NULL || search.table == NULL)
		return NITRO_E_MEMORY;
	memset(&start, 0, sizeof start);
	start.now.status = MUST_FAIL;
	start.saved[0] = start.now;
	*answer = NITRO_PAM_TOO_COMPLEX;
	if (!add(&search, &start, 0, (struct nitro_pam_step){0}))
		return NITRO_OK;
	for (size_t i = 0; i < search.count; i++) {
		const struct state *state = &search.nodes[i].state;

		if (state->next < list->count) {
			/* A marker has no result; any stands for it. */
			bool is_marker = list->lines[state->next].type ==
					 NITRO_PAM_SUBSTACK;

			if (!expand(&search, i,
				is_marker ? NITRO_PAM_RESULT(NITRO_PAM_SUCCESS)
					  : results[state->next]))
				return NITRO_OK;
		} else if ((wanted & NITRO_PAM_RESULT(final_status(state))) !=
			   0) {
			tell(&search, i, path);
			*answer = NITRO_PAM_PATH;
			return NITRO_OK;
		}
	}
	*answer = NITRO_PAM_NO_PATH;
	return NITRO_OK;
}
