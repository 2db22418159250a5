/*
 * Changes that keep the form: a value in DER or CBOR is changed and all
 * lengths around it are made to fit, so that what is behind the first
 * length is reached at all. Only libFuzzer calls them.
 */
#ifndef FUZZ_MUTATOR_H
#define FUZZ_MUTATOR_H

#include "base/bytes.h"

/* Numbers from the seed that libFuzzer gives. */
struct fuzz_dice {
	uint64_t state;
};

/* 0..sides - 1. */
unsigned fuzz_dice_roll(struct fuzz_dice *dice, unsigned sides);

/* libFuzzer's own changes; none in a build without it. */
size_t fuzz_mutate(uint8_t *data, size_t size, size_t max_size);

/* Change one item of it in place. */
void fuzz_mutate_der(struct nitro_buf *der, struct fuzz_dice *dice);
void fuzz_mutate_cbor(struct nitro_buf *cbor, struct fuzz_dice *dice);

/*
 * Put the result into libFuzzer's buffer and give its size. What does not
 * fit is not taken; the input then stays as it was.
 */
size_t fuzz_mutated(const struct nitro_buf *result, uint8_t *data, size_t size,
    size_t max_size);

/* What libFuzzer calls in place of its own changes, where a harness has it. */
size_t LLVMFuzzerCustomMutator(
    uint8_t *data, size_t size, size_t max_size, unsigned seed);

#endif
