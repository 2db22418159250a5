#include "admin/provenance/trail.h"

#include <stdarg.h>
#include <stdio.h>

#include "admin/printable.h"

__attribute__((format(printf, 2, 0))) static void
print_to(char out[NITRO_TRAIL_TEXT_SIZE], const char *format, va_list args)
{
	char text[NITRO_TRAIL_TEXT_SIZE];

	(void)vsnprintf(text, sizeof text, format, args);
	nitro_printable(nitro_bytes_of_text(text), out, NITRO_TRAIL_TEXT_SIZE);
}

void
nitro_trail_pass(
    struct nitro_trail *trail, const char *name, const char *format, ...)
{
	va_list args;

	if (trail->count == NITRO_TRAIL_STEPS_MAX)
		return;
	trail->steps[trail->count].name = name;
	va_start(args, format);
	print_to(trail->steps[trail->count].text, format, args);
	va_end(args);
	trail->count++;
}

bool
nitro_trail_refuse(struct nitro_trail *trail, const char *name,
    const char *expected, const char *format, ...)
{
	va_list args;

	if (trail->refused_at != NULL || trail->err != NITRO_OK)
		return false;
	trail->refused_at = name;
	nitro_printable(nitro_bytes_of_text(expected), trail->expected,
	    sizeof trail->expected);
	va_start(args, format);
	print_to(trail->actual, format, args);
	va_end(args);
	return false;
}

bool
nitro_trail_fail(struct nitro_trail *trail, nitro_err err)
{
	if (trail->refused_at == NULL && trail->err == NITRO_OK)
		trail->err = err;
	return false;
}
