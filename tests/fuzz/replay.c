/*
 * Runs a harness over files, with no fuzzer: main() of every harness that
 * make check runs. Speaks TAP.
 *
 * usage: NAME                  all of tests/fuzz/corpus/NAME, and the seeds
 *        NAME FILE...          these
 *        NAME --seeds FOLDER   write the inputs to begin with
 *
 * A finding ends the process; the last line then names the file.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

#define CORPUS "tests/fuzz/corpus/"
#define INPUT_MAX (1024 * 1024)
#define PATH_SIZE 4096

_Noreturn static void
give_up(const char *what, const char *path)
{
	(void)fprintf(stderr, "%s: %s: %s\n", path, what, strerror(errno));
	exit(2);
}

static void
join(char out[PATH_SIZE], const char *folder, const char *name)
{
	int n = snprintf(out, PATH_SIZE, "%s/%s", folder, name);

	if (n < 0 || n >= PATH_SIZE)
		give_up("too long", folder);
}

static void
replay_file(const char *path)
{
	static uint8_t input[INPUT_MAX];
	FILE *file = fopen(path, "rb");
	size_t len;

	if (file == NULL)
		give_up("cannot be read", path);
	len = fread(input, 1, sizeof input, file);
	if (ferror(file) || fclose(file) != 0)
		give_up("cannot be read", path);
	(void)printf("# %s\n", path);
	(void)fflush(stdout);
	fuzz_run((struct nitro_bytes){input, len});
}

static unsigned
replay_folder(const char *folder)
{
	struct dirent **names = NULL;
	int count = scandir(folder, &names, NULL, alphasort);
	char path[PATH_SIZE];
	unsigned done = 0;

	if (count < 0)
		give_up("cannot be listed", folder);
	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.') {
			join(path, folder, names[i]->d_name);
			replay_file(path);
			done++;
		}
		free(names[i]);
	}
	free(names);
	return done;
}

int
main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash != NULL ? slash + 1 : argv[0];
	char folder[PATH_SIZE];
	unsigned count = 0, seeds = 0;

	if (argc == 3 && strcmp(argv[1], "--seeds") == 0) {
		fuzz_write_seeds(argv[2]);
		return 0;
	}
	for (int i = 1; i < argc; i++, count++)
		replay_file(argv[i]);
	if (argc == 1) {
		join(folder, CORPUS, name);
		count = replay_folder(folder);
		(void)printf("# seeds\n");
		(void)fflush(stdout);
		seeds = fuzz_run_seeds();
	}
	(void)printf("1..1\n%sok 1 - %s: %u inputs, %u seeds\n",
	    count > 0 ? "" : "not ", name, count, seeds);
	return count > 0 ? 0 : 1;
}
