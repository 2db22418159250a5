#include "policy/reach.h"

#include <stdlib.h>
#include <string.h>

void
nitro_reach_drop(struct nitro_reach *reach)
{
	nitro_free(reach->workloads);
	*reach = (struct nitro_reach){0};
}

static int
compare_workloads(const void *a, const void *b)
{
	const struct nitro_reach_workload *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Of a sorted list: one of each name, reachable where any of them is. */
static size_t
unite(struct nitro_reach_workload *workloads, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (kept == 0 ||
		    compare_workloads(&workloads[kept - 1], &workloads[i]) != 0)
			workloads[kept++] = workloads[i];
		else if (workloads[i].is_reachable)
			workloads[kept - 1].is_reachable = true;
	}
	return kept;
}

nitro_err
nitro_reach_make(const struct nitro_settings *settings,
    const struct nitro_login *login, struct nitro_reach *reach)
{
	struct nitro_reach made = {0};
	size_t room = 1; /* one more, so that there always is a list */

	for (size_t i = 0; i < settings->rule_count; i++)
		room += settings->rules[i].workload_count;
	made.workloads = nitro_alloc(room, sizeof made.workloads[0]);
	if (made.workloads == NULL)
		return NITRO_E_MEMORY;
	for (size_t i = 0; i < settings->rule_count; i++) {
		const struct nitro_user_rule *rule = &settings->rules[i];
		const bool is_listed = login->user != NULL &&
				       nitro_user_rule_lists(rule, login->user,
					   login->groups, login->group_count);

		for (size_t j = 0; j < rule->workload_count; j++)
			made.workloads[made.count++] =
			    (struct nitro_reach_workload){
				rule->workloads[j], is_listed, false};
	}
	qsort(made.workloads, made.count, sizeof made.workloads[0],
	    compare_workloads);
	made.count = unite(made.workloads, made.count);
	*reach = made;
	return NITRO_OK;
}

/* The name against a text without NUL, in strcmp(3)'s order. */
static int
compare_name(const void *key, const void *member)
{
	const struct nitro_bytes *text = key;
	const struct nitro_reach_workload *workload = member;
	int order = strncmp((const char *)text->ptr, workload->name, text->len);

	return order == 0 && workload->name[text->len] != '\0' ? -1 : order;
}

bool
nitro_reach_note(struct nitro_reach *reach, struct nitro_bytes workload)
{
	struct nitro_reach_workload *found = NULL;

	reach->entry_count++;
	if (reach->count > 0 && workload.len > 0)
		found = bsearch(&workload, reach->workloads, reach->count,
		    sizeof reach->workloads[0], compare_name);
	if (found == NULL)
		return false;
	found->has_entry = true;
	return found->is_reachable;
}

const char *
nitro_reach_missing(const struct nitro_reach *reach)
{
	for (size_t i = 0; i < reach->count; i++)
		if (!reach->workloads[i].has_entry)
			return reach->workloads[i].name;
	return NULL;
}
