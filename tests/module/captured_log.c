#include "module/captured_log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINES_MAX 256
#define SHOWN __attribute__((visibility("default")))

static struct {
	pthread_mutex_t mutex;
	size_t count, lost;
	int priority[LINES_MAX];
	char line[LINES_MAX][CAPTURED_LINE_MAX];
} captured = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/*
 * All the names under which syslog(3) may be called, whatever libpam was
 * compiled with. Not by <syslog.h>, which makes inline functions of them.
 */
SHOWN void host_syslog(int priority, const char *format, ...) __asm__("syslog");
SHOWN void host_vsyslog(int priority, const char *format, va_list args) __asm__(
    "vsyslog");
SHOWN void host_syslog_chk(
    int priority, int flag, const char *format, ...) __asm__("__syslog_chk");
SHOWN void host_vsyslog_chk(int priority, int flag, const char *format,
    va_list args) __asm__("__vsyslog_chk");

__attribute__((format(printf, 2, 0))) static void
capture(int priority, const char *format, va_list args)
{
	char line[CAPTURED_LINE_MAX];

	if (vsnprintf(line, sizeof line, format, args) < 0)
		line[0] = '\0';
	/* What libpam says in place of a line that it has no memory for. */
	if (strncmp(line, "asprintf: ", strlen("asprintf: ")) == 0 ||
	    strncmp(line, "vasprintf: ", strlen("vasprintf: ")) == 0)
		captured.lost++;
	if (strncmp(line, "pam_nitro(", strlen("pam_nitro(")) != 0)
		return;
	pthread_mutex_lock(&captured.mutex);
	if (captured.count < LINES_MAX) {
		captured.priority[captured.count] = priority;
		memcpy(captured.line[captured.count], line, sizeof line);
	}
	captured.count++;
	pthread_mutex_unlock(&captured.mutex);
}

__attribute__((format(printf, 2, 3))) void
host_syslog(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	capture(priority, format, args);
	va_end(args);
}

__attribute__((format(printf, 2, 0))) void
host_vsyslog(int priority, const char *format, va_list args)
{
	capture(priority, format, args);
}

__attribute__((format(printf, 3, 4))) void
host_syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	capture(priority, format, args);
	va_end(args);
}

__attribute__((format(printf, 3, 0))) void
host_vsyslog_chk(int priority, int flag, const char *format, va_list args)
{
	(void)flag;
	capture(priority, format, args);
}

void
captured_clear(void)
{
	captured.count = captured.lost = 0;
}

size_t
captured_count(void)
{
	return captured.count;
}

size_t
captured_lost(void)
{
	return captured.lost;
}

const char *
captured_line(size_t i)
{
	return i < captured.count && i < LINES_MAX ? captured.line[i] : "";
}

int
captured_priority(size_t i)
{
	return i < captured.count && i < LINES_MAX ? captured.priority[i] : -1;
}

const char *
captured_find(const char *text)
{
	for (size_t i = 0; i < captured.count && i < LINES_MAX; i++)
		if (strstr(captured.line[i], text) != NULL)
			return captured.line[i];
	return "";
}
