/*
 * For LD_PRELOAD: the program's own allocation number $FAIL_AT gets no memory,
 * with FAIL_ON=1 neither does any after it. What libraries ask for is not
 * counted: their faults are theirs. At the end the number of allocations is
 * written to the file $FAIL_COUNT.
 */
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SHOWN __attribute__((visibility("default")))

/* The C library's own, under its other names. */
void *real_malloc(size_t size) __asm__("__libc_malloc");
void *real_calloc(size_t count, size_t size) __asm__("__libc_calloc");
void *real_realloc(void *old, size_t size) __asm__("__libc_realloc");

static uintptr_t program_begin, program_end;
static unsigned long at, count;
static bool is_on;

/* The first object is the program. */
static int
look_at(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size, (void)data;
	program_begin = UINTPTR_MAX;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const uintptr_t from = info->dlpi_addr +
				       info->dlpi_phdr[i].p_vaddr;

		if (info->dlpi_phdr[i].p_type != PT_LOAD)
			continue;
		if (from < program_begin)
			program_begin = from;
		if (from + info->dlpi_phdr[i].p_memsz > program_end)
			program_end = from + info->dlpi_phdr[i].p_memsz;
	}
	return 1;
}

__attribute__((constructor)) static void
begin(void)
{
	const char *text = getenv("FAIL_AT");

	(void)dl_iterate_phdr(look_at, NULL);
	is_on = getenv("FAIL_ON") != NULL;
	at = text != NULL ? strtoul(text, NULL, 10) : 0;
}

__attribute__((destructor)) static void
end(void)
{
	const char *path = getenv("FAIL_COUNT");
	FILE *file = path != NULL ? fopen(path, "we") : NULL;

	if (file == NULL)
		return;
	(void)fprintf(file, "%lu\n", count);
	(void)fclose(file);
}

static bool
must_fail(const void *caller)
{
	if ((uintptr_t)caller < program_begin ||
	    (uintptr_t)caller >= program_end)
		return false;
	count++;
	if (at == 0 || count < at || (count > at && !is_on))
		return false;
	errno = ENOMEM;
	return true;
}

SHOWN void *
malloc(size_t size)
{
	return must_fail(__builtin_return_address(0)) ? NULL
						      : real_malloc(size);
}

SHOWN void *
calloc(size_t number, size_t size)
{
	return must_fail(__builtin_return_address(0))
		   ? NULL
		   : real_calloc(number, size);
}

SHOWN void *
realloc(void *old, size_t size)
{
	return must_fail(__builtin_return_address(0)) ? NULL
						      : real_realloc(old, size);
}
