#include "policy/nearest.h"

#include <stdint.h>
#include <string.h>

#define WORD_MAX 40 /* characters looked at */

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein's distance, row by row. */
static size_t
distance(const char *a, const char *b)
{
	size_t a_len = strnlen(a, WORD_MAX), b_len = strnlen(b, WORD_MAX);
	size_t row[WORD_MAX + 1], corner, above;

	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		corner = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			above = row[j];
			if (lower(a[i - 1]) != lower(b[j - 1]))
				corner++;
			row[j] = least(corner, above + 1, row[j - 1] + 1);
			corner = above;
		}
	}
	return row[b_len];
}

const char *
nitro_nearest(const char *word, const char *const *words, size_t count)
{
	const char *best = "";
	size_t best_distance = SIZE_MAX, d;

	for (size_t i = 0; i < count; i++) {
		d = distance(word, words[i]);
		if (d < best_distance) {
			best_distance = d;
			best = words[i];
		}
	}
	return best;
}
