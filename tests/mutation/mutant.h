/*
 * What the instrumented copies of the sources call. Every mutant of every
 * file stands in one build; NITRO_MUTANT=<id> of the process chooses the one
 * that is alive, and 0 or nothing leaves the program as it was written.
 *
 * A mutant asks nitro_mutant_is() only where it would make a difference, so
 * the marks that a run leaves in NITRO_MUTANT_SEEN tell which mutants this
 * run could notice at all.
 */
#ifndef MUTATION_MUTANT_H
#define MUTATION_MUTANT_H

extern __attribute__((visibility("hidden"))) int nitro_mutant;
extern __attribute__((visibility("hidden"))) unsigned char *nitro_mutant_seen;

static inline __attribute__((unused)) int
nitro_mutant_is(int id)
{
	if (nitro_mutant_seen != 0)
		nitro_mutant_seen[id] = 1;
	return nitro_mutant == id;
}

/* A condition that is never, always, or the other way round true. */
#define NITRO_NEVER(id, condition) ((condition) && !nitro_mutant_is(id))
#define NITRO_ALWAYS(id, condition) ((condition) || nitro_mutant_is(id))
#define NITRO_INVERT(id, condition) (!(condition) == nitro_mutant_is(id))

/* A number that is one too high, an outcome that is ignored, a call that is left out. */
#define NITRO_LIMIT(id, number) ((number) + nitro_mutant_is(id))
#define NITRO_IGNORE(id, outcome) \
	(__extension__({ \
		__auto_type nitro_outcome = (outcome); \
		nitro_outcome != 0 && nitro_mutant_is(id) ? 0 : nitro_outcome; \
	}))
#define NITRO_LEAVE_OUT(id, call) (nitro_mutant_is(id) ? (void)0 : (void)(call))

/* < for <=, <= for <, > for >=, >= for >. */
#define NITRO_SHIFT(id, a, op, b, on_equal) \
	(__extension__({ \
		__auto_type nitro_a = (a); \
		__auto_type nitro_b = (b); \
		nitro_a == nitro_b ? (on_equal) != nitro_mutant_is(id) \
				   : nitro_a op nitro_b; \
	}))
#define NITRO_SHIFT_LT(id, a, b) NITRO_SHIFT(id, a, <, b, 0)
#define NITRO_SHIFT_LE(id, a, b) NITRO_SHIFT(id, a, <, b, 1)
#define NITRO_SHIFT_GT(id, a, b) NITRO_SHIFT(id, a, >, b, 0)
#define NITRO_SHIFT_GE(id, a, b) NITRO_SHIFT(id, a, >, b, 1)

#endif
