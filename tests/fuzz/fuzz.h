/*
 * What the harnesses share. A harness is one file NAME_fuzz.c: it takes any
 * bytes, hands them to code under test, and holds what comes out against what
 * must be true of it. The same file is built
 *
 *	by clang -fsanitize=fuzzer    to find new inputs (make fuzz)
 *	by afl-clang-fast             likewise (make fuzz-afl)
 *	with replay.c, by any compiler, to run the corpus (make check)
 *
 * Nothing depends on the day, on the process or on other inputs: the clock
 * and the PKI are fixed (world.h), so a finding is a finding everywhere.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "base/bytes.h"

/* What libFuzzer, AFL++ and replay.c call. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The inputs to begin with, each by fuzz_seed(). Every harness has it. */
void fuzz_seeds(void);

/* One of them. */
void fuzz_seed(struct nitro_bytes bytes);
void fuzz_seed_text(const char *text);

/* Have them all written into that folder, or run; their number. */
void fuzz_write_seeds(const char *folder);
unsigned fuzz_run_seeds(void);

/* Run one input in a block of its own size. */
void fuzz_run(struct nitro_bytes in);

/* End the process, as a finding, where the claim does not hold. */
#define FUZZ_CHECK(claim) \
	((claim) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #claim))
_Noreturn void fuzz_fail(const char *file, int line, const char *claim);

/* The first byte of *in, which goes on behind it; 0 where there is none. */
uint8_t fuzz_take_byte(struct nitro_bytes *in);

/* The view lies in the other one, or is empty. */
bool fuzz_is_within(struct nitro_bytes part, struct nitro_bytes whole);

/* Printable ASCII to its NUL. */
bool fuzz_is_printable(const char *text);

/* Append, and end the process where memory is out. */
void fuzz_append(struct nitro_buf *buf, struct nitro_bytes in);
void fuzz_append_text(struct nitro_buf *buf, const char *text);
void fuzz_append_byte(struct nitro_buf *buf, uint8_t byte);

/* A fault says which error, in text that fits a terminal and a log. */
void fuzz_check_fault(const struct nitro_fault *fault, nitro_err err);

/* The error belongs to one of the stages from first to last, or to none. */
bool fuzz_is_of_stages(
    nitro_err err, enum nitro_stage first, enum nitro_stage last);

#endif
