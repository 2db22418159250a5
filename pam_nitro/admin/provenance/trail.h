/*
 * What a verification did, step by step, and where it stopped. Every function
 * of this folder that judges returns true where its step passed; on false the
 * trail says why, and nothing of what was read may be used.
 */
#ifndef NITRO_ADMIN_PROVENANCE_TRAIL_H
#define NITRO_ADMIN_PROVENANCE_TRAIL_H

#include "base/bytes.h"

#define NITRO_TRAIL_STEPS_MAX 40
#define NITRO_TRAIL_TEXT_SIZE 400

struct nitro_trail_step {
	const char *name;
	char text[NITRO_TRAIL_TEXT_SIZE]; /* printable */
};

struct nitro_trail {
	struct nitro_trail_step steps[NITRO_TRAIL_STEPS_MAX]; /* passed */
	size_t count;
	nitro_err err;          /* NITRO_OK, or why no verdict was possible */
	const char *refused_at; /* NULL where nothing was refused */
	char expected[NITRO_TRAIL_TEXT_SIZE], actual[NITRO_TRAIL_TEXT_SIZE];
};

/* A step that passed, with what was found; more than fit are not told. */
__attribute__((format(printf, 3, 4))) void nitro_trail_pass(
    struct nitro_trail *trail, const char *name, const char *format, ...);

/*
 * Refuse at that step; the format is for what was found instead of expected.
 * The first refusal stands. Returns false, for one line at the caller.
 */
__attribute__((format(printf, 4, 5))) bool nitro_trail_refuse(
    struct nitro_trail *trail, const char *name, const char *expected,
    const char *format, ...);

/* No verdict: memory or libcrypto. Returns false. */
bool nitro_trail_fail(struct nitro_trail *trail, nitro_err err);

#endif
