#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int nitro_mutant;
unsigned char *nitro_mutant_seen;

static void
map_seen(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat st;
	void *seen;

	if (fd < 0 || fstat(fd, &st) != 0)
		abort();
	seen = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (seen == MAP_FAILED)
		abort();
	(void)close(fd);
	nitro_mutant_seen = seen;
}

/*
 * What the process was started with: a test may have emptied its environment
 * before it loads the module.
 */
static __attribute__((constructor)) void
choose(void)
{
	static const char mutant[] = "NITRO_MUTANT=";
	static const char marks[] = "NITRO_MUTANT_SEEN=";
	FILE *file = fopen("/proc/self/environ", "re");
	char *word = NULL;
	size_t size = 0;

	if (file == NULL)
		abort();
	while (getdelim(&word, &size, '\0', file) > 0) {
		if (strncmp(word, mutant, strlen(mutant)) == 0)
			nitro_mutant = (int)strtol(
			    word + strlen(mutant), NULL, 10);
		if (strncmp(word, marks, strlen(marks)) == 0)
			map_seen(word + strlen(marks));
	}
	free(word);
	(void)fclose(file);
}
