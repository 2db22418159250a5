#include <unistd.h>

/*
 * In place of cmocka's _fail(), which goes on with the next test: for a mutant
 * the first failure is enough.
 */
__attribute__((visibility("default"), noreturn)) void first_red(
    const char *file, int line) __asm__("_fail");

void
first_red(const char *file, int line)
{
	(void)file;
	(void)line;
	_exit(1);
}
