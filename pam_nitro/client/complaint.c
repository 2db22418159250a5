#include "client/complaint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\n' || *text == '\r' || *text == '\t')
			*text = ' ';
		else if (*text < ' ' || *text > '~')
			*text = '?';
}

bool
nitro_client_complain(struct nitro_complaint *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why->text, sizeof why->text, format, args);
	va_end(args);
	make_printable(why->text);
	return false;
}

void
nitro_text_escape(struct nitro_bytes in, char *out, size_t out_size)
{
	size_t used = 0;

	for (size_t i = 0; i < in.len; i++) {
		bool is_plain = in.ptr[i] >= ' ' && in.ptr[i] <= '~';

		/* Room for this one, a "..." and the NUL. */
		if (used + 4 + 3 + 1 > out_size) {
			(void)snprintf(&out[used], out_size - used, "...");
			return;
		}
		if (in.ptr[i] == '\\')
			out[used++] = '\\';
		if (is_plain)
			out[used++] = (char)in.ptr[i];
		else
			used += (size_t)snprintf(
			    &out[used], 5, "\\x%02x", in.ptr[i]);
	}
	out[used] = '\0';
}

void
nitro_client_say(const struct nitro_complaint *why)
{
	(void)fprintf(stderr, "nitro-ssh: %s\n", why->text);
}

void
nitro_client_debug(const char *format, ...)
{
	const char *wanted = getenv("NITRO_SSH_DEBUG");
	struct nitro_complaint line;
	va_list args;

	if (wanted == NULL || wanted[0] == '\0' || strcmp(wanted, "0") == 0)
		return;
	va_start(args, format);
	(void)vsnprintf(line.text, sizeof line.text, format, args);
	va_end(args);
	make_printable(line.text);
	nitro_client_say(&line);
}
