#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void
fuzz_fail(const char *file, int line, const char *claim)
{
	(void)fprintf(
	    stderr, "FINDING: %s:%d: not true: %s\n", file, line, claim);
	abort();
}

uint8_t
fuzz_take_byte(struct nitro_bytes *in)
{
	struct nitro_bytes byte;

	return nitro_bytes_take(in, 1, &byte) ? byte.ptr[0] : 0;
}

bool
fuzz_is_within(struct nitro_bytes part, struct nitro_bytes whole)
{
	const uintptr_t from = (uintptr_t)part.ptr,
			start = (uintptr_t)whole.ptr;

	return part.len == 0 || (from >= start && part.len <= whole.len &&
				    from - start <= whole.len - part.len);
}

bool
fuzz_is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

void
fuzz_append(struct nitro_buf *buf, struct nitro_bytes in)
{
	if (nitro_buf_append(buf, in) != NITRO_OK)
		exit(1);
}

void
fuzz_append_text(struct nitro_buf *buf, const char *text)
{
	fuzz_append(buf, nitro_bytes_of_text(text));
}

void
fuzz_append_byte(struct nitro_buf *buf, uint8_t byte)
{
	fuzz_append(buf, (struct nitro_bytes){&byte, 1});
}

void
fuzz_check_fault(const struct nitro_fault *fault, nitro_err err)
{
	FUZZ_CHECK(fault->err == err);
	FUZZ_CHECK(fault->text[0] != '\0');
	FUZZ_CHECK(fuzz_is_printable(fault->text));
	FUZZ_CHECK(fuzz_is_printable(fault->file));
}

bool
fuzz_is_of_stages(nitro_err err, enum nitro_stage first, enum nitro_stage last)
{
	const enum nitro_stage stage = nitro_err_stage(err);

	return stage >= first && stage <= last;
}
