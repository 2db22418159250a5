/*
 * What whole processes cost: commands, each run once a round, one after the
 * other.
 *
 * usage: process ROUNDS NAME COMMAND [ARG]... [-- NAME COMMAND [ARG]...]...
 *
 * A line each, fields between tabs: name, unit, min, p25, median, and the most
 * memory in KiB. CPU time of the process and its children; a command that
 * fails ends it all.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMANDS_MAX 16
#define ROUNDS_MAX 1001

static struct command {
	const char *name;
	char **argv;
	double ms[ROUNDS_MAX];
	long kib;
} commands[COMMANDS_MAX];

__attribute__((noreturn)) static void
give_up(const char *what)
{
	(void)fprintf(stderr, "process: %s failed\n", what);
	exit(EXIT_FAILURE);
}

static double
run(struct command *command)
{
	struct rusage used;
	int status;
	pid_t pid = -1;

	if (command->argv[0] == NULL ||
	    posix_spawnp(&pid, command->argv[0], NULL, NULL, command->argv,
		environ) != 0)
		give_up(command->name);
	if (wait4(pid, &status, 0, &used) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 0)
		give_up(command->name);
	if (used.ru_maxrss > command->kib)
		command->kib = used.ru_maxrss;
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
}

static int
ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Cuts the arguments into commands, each with a NULL at its end. */
static size_t
read_commands(char **argv)
{
	size_t count = 0;

	while (*argv != NULL) {
		if (count == COMMANDS_MAX || argv[1] == NULL)
			give_up("reading the arguments");
		commands[count].name = argv[0];
		commands[count++].argv = &argv[1];
		while (*argv != NULL && strcmp(*argv, "--") != 0)
			argv++;
		if (*argv != NULL)
			*argv++ = NULL;
	}
	return count;
}

int
main(int argc, char **argv)
{
	const int out = dup(STDOUT_FILENO);
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t count, rounds;
	FILE *say;

	if (argc < 4 || (rounds = strtoul(argv[1], NULL, 10)) < 1 ||
	    rounds > ROUNDS_MAX)
		give_up("reading the arguments");
	count = read_commands(&argv[2]);
	if (out < 0 || fcntl(out, F_SETFD, FD_CLOEXEC) != 0 ||
	    (say = fdopen(out, "w")) == NULL || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0)
		give_up("its output");
	for (size_t i = 0; i < count; i++)
		(void)run(&commands[i]); /* so that its files are in memory */
	for (size_t round = 0; round < rounds; round++)
		for (size_t i = 0; i < count; i++)
			commands[i].ms[round] = run(&commands[i]);
	for (size_t i = 0; i < count; i++) {
		qsort(commands[i].ms, rounds, sizeof(double), ascending);
		(void)fprintf(say, "%s\tms CPU\t%.5f\t%.5f\t%.5f\t%ld\n",
		    commands[i].name, commands[i].ms[0],
		    commands[i].ms[rounds / 4], commands[i].ms[rounds / 2],
		    commands[i].kib);
	}
	return fclose(say) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
