/*
 * Randomness for tests/sim that is none: the same numbers in every process.
 * So its keys, certificates and signatures are the same bytes each time, and
 * an input of the corpus means tomorrow what it means today.
 */
#ifndef FUZZ_FIXED_RANDOM_H
#define FUZZ_FIXED_RANDOM_H

/*
 * Put it under the simulator's library context; before anything is drawn
 * from that. Ends the process where libcrypto has no such thing.
 */
void fuzz_random_fix(void);

/* Begin again from the first number. */
void fuzz_random_restart(void);

#endif
