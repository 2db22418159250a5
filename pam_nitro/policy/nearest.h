/* The word that somebody probably meant. */
#ifndef NITRO_POLICY_NEAREST_H
#define NITRO_POLICY_NEAREST_H

#include <stddef.h>

/*
 * The one of count words that takes the fewest insertions, deletions and
 * replacements of single characters, upper and lower case being the same;
 * the first of several. "" where count is 0.
 */
const char *nitro_nearest(
    const char *word, const char *const *words, size_t count);

#endif
