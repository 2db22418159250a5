/* Run another program and read what it says. */
#ifndef NITRO_ADMIN_CHECK_PROCESS_H
#define NITRO_ADMIN_CHECK_PROCESS_H

#include "base/bytes.h"

struct nitro_process_output {
	struct nitro_buf out, err; /* at most 1 MiB each, and a NUL behind */
	int status;                /* exit status; 127 where it did not run */
};

/*
 * Run argv[0] (found in PATH where it has no slash) with an empty standard
 * input, for at most 20 seconds.
 *
 * output  {0} before; released by nitro_process_output_drop(), always.
 * True where the program ran and exited by itself.
 */
NITRO_MUST_CHECK bool nitro_process_run(
    const char *const *argv, struct nitro_process_output *output);

void nitro_process_output_drop(struct nitro_process_output *output);

#endif
