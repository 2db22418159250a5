/*
 * Many mutants of something that is admitted: each is tried in a share of as
 * many processes as there are processors, and what came of them is counted by
 * reason.
 */
#ifndef UNIT_MUTANTS_H
#define UNIT_MUTANTS_H

#include "base/bytes.h"

enum mutants_outcome {
	MUTANTS_NONE,     /* number i is no mutant: nothing has changed */
	MUTANTS_REFUSED,  /* for the reason in *err */
	MUTANTS_HARMLESS, /* admitted, and it says nothing else than it may */
	MUTANTS_ADMITTED
};

struct mutants {
	const char *name;
	size_t count;
	enum mutants_outcome (*attempt)(
	    const void *context, size_t i, nitro_err *err);
	const void *context;
};

struct mutants_tally {
	size_t tried, harmless, admitted;
	size_t reason[NITRO_ERR_COUNT];
};

/*
 * Try number 0 to count - 1, print a line of how many there were of each
 * reason, and add it all to *tally. Fails the test where one was admitted,
 * where a reason is of class CONFIGURATION or SYSTEM, or where a process did
 * not come to its end.
 *
 * Of more than 800 only every 17th is tried, under a sanitizer every 31st of
 * any, unless NITRO_MUTANTS=all; the line says so.
 */
void mutants_try(const struct mutants *mutants, struct mutants_tally *tally);

/* How many of the tally were refused in that stage. */
size_t mutants_refused_in(
    const struct mutants_tally *tally, enum nitro_stage stage);

/*
 * What can be done to bytes: number i of what each has per byte. out is
 * appended to; false where nothing has changed.
 */
struct mutants_edit {
	const char *name;
	size_t per_byte;
	bool (*make)(struct nitro_bytes in, size_t i, struct nitro_buf *out);
};
extern const struct mutants_edit mutants_bit_flipped, mutants_cut_off,
    mutants_byte_deleted, mutants_byte_doubled, mutants_byte_zeroed;

#endif
