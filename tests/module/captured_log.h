/*
 * What this process logs. libpam's calls of syslog(3) end up here and not
 * on the host: a program's own symbols come before the C library's.
 */
#ifndef MODULE_CAPTURED_LOG_H
#define MODULE_CAPTURED_LOG_H

#include <stddef.h>

#define CAPTURED_LINE_MAX 4096

/* Forget all lines. */
void captured_clear(void);

/*
 * Lines of pam_nitro since then, oldest first; the first 256 are kept. From
 * several threads at once too, but not while another thread clears.
 */
size_t captured_count(void);

/* How many lines libpam had no memory for since then, as it said itself. */
size_t captured_lost(void);

/* "" where there is no such line. */
const char *captured_line(size_t i);

/* Facility and level as given to syslog(3). */
int captured_priority(size_t i);

/* The first line that has the text in it, or "". */
const char *captured_find(const char *text);

#endif
