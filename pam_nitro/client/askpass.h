/* The two ways to have one prompt answered. */
#ifndef NITRO_CLIENT_ASKPASS_H
#define NITRO_CLIENT_ASKPASS_H

#include "client/complaint.h"

/*
 * nitro-ssh as ssh's askpass program: prints the line for the prompt.
 *
 * name    what ssh started it as: nitro-ssh-askpass in the run's folder,
 *         where keys and documents are.
 * prompt  the text that ssh would show to a person.
 *
 * The exit status: 0, or 1 where the prompt is not answered; then nothing
 * goes to standard output and one line to standard error.
 */
int nitro_askpass(const char *name, const char *prompt);

/*
 * nitro-ssh answer [--key FILE]... PROMPT, for clients that are not ssh: the
 * answer in one piece to standard output. arguments follow "answer".
 *
 * The exit status: 0, 1 where the prompt is not answered, 2 for wrong usage.
 */
int nitro_answer_command(
    const char *const arguments[], const char *source_text);

#endif
