/* What a login has before its answer comes, an answer that is admitted, and
 * five signatures of the same sizes. */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include "evidence/verifier.h"
#include "policy/settings.h"
#include "sim/sim.h"

#define WORLD_NOW_MS 1800000000500

struct world {
	struct sim_pki pki;
	struct nitro_buf root_pem;
	struct nitro_trust_anchors *anchors;
	struct nitro_expectation expectation;
	struct nitro_buf evidence, base64;
	struct nitro_verified *verified;
	struct nitro_settings settings;
};

/* Made once; everything in it lives on. */
const struct world *world(void);

nitro_err world_judge(const struct nitro_expectation *expectation,
    const struct nitro_trust_anchors *anchors, struct nitro_bytes evidence);

/* From the line that a client sends to the verdict. */
nitro_err world_judge_answer(const struct nitro_expectation *expectation,
    const struct nitro_trust_anchors *anchors, struct nitro_bytes base64);

/* Five P-384 verifications by libcrypto, with keys that are there already. */
void world_verify_five(void);

/* A measurements file of so many entries, of as many workloads. */
const struct nitro_buf *world_measurements(size_t entries);

#endif
