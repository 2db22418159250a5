/*
 * The text of a measurements file without the entries that one login cannot
 * reach, so that a login does not pay for all workloads of a fleet. Private
 * to policy/.
 */
#ifndef NITRO_POLICY_ENTRY_FILTER_H
#define NITRO_POLICY_ENTRY_FILTER_H

#include "policy/config_text.h"
#include "policy/reach.h"

/*
 * Check the whole text as nitro_config_text_check() does, and leave out of its
 * list "measurements" the groups whose workload the login cannot reach.
 *
 * Left out is only what is { key = value; ... } with one workload; wherever
 * the list is anything else, the text stays whole, so that libconfig finds
 * what is wrong. "revoked" always stays. Lines keep their numbers. To leave
 * an entry out can only refuse a login, never admit one.
 *
 * reach     every workload that has an entry here and is left out is noted.
 * reduced   appended to.
 * left_out  how many entries.
 *
 * source->err with the line, NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_entry_filter(
    const struct nitro_config_source *source, struct nitro_reach *reach,
    struct nitro_buf *reduced, size_t *left_out, struct nitro_fault *fault);

#endif
