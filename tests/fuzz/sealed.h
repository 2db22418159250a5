/*
 * Inputs that are documents: a payload, and how to sign around it. The
 * signature is made when the input is read, so that whatever an attacker's
 * own enclave could have signed comes through to the checks behind it.
 *
 * Three bytes: how to seal (below), which certificates are signed anew, and
 * seconds between the document and now (signed); then the payload, its
 * certificates short (world.h).
 */
#ifndef FUZZ_SEALED_H
#define FUZZ_SEALED_H

#include "fuzz/world.h"

enum fuzz_seal {
	FUZZ_SEAL_OLD = 1,   /* the signature over the world's own document */
	FUZZ_SEAL_OTHER = 2, /* by the key of another certificate */
	FUZZ_SEAL_RAW = 4,   /* none: the payload is all of the evidence */
	FUZZ_SEAL_TAG = 8,   /* with tag 18 */
	FUZZ_SEAL_ALL = 15
};

struct fuzz_sealed {
	unsigned seal, mask;
	int64_t now_ms;
	struct nitro_buf payload, evidence;
};

void fuzz_sealed_read(struct nitro_bytes in, struct fuzz_sealed *sealed);
void fuzz_sealed_drop(struct fuzz_sealed *sealed);

/*
 * End the process unless a verifier may have admitted this: by who signed
 * what, by nonce, age and chain, and, where is_bound, by audience and key.
 */
void fuzz_sealed_check_admitted(
    const struct fuzz_sealed *sealed, bool is_bound);

/*
 * libFuzzer's change of such an input, which begins after skip bytes of
 * something else.
 */
size_t fuzz_sealed_mutate(
    uint8_t *data, size_t size, size_t max_size, unsigned seed, size_t skip);

/* Calls each for the inputs to begin with. */
void fuzz_each_sealed(void (*each)(struct nitro_bytes sealed));

#endif
