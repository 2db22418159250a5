/* The dialogue with the client through the application's PAM conversation. */
#ifndef NITRO_MODULE_CONVERSATION_H
#define NITRO_MODULE_CONVERSATION_H

#include <security/pam_modules.h>

#include "ssh/answer.h"
#include "ssh/challenge.h"

#define NITRO_CONVERSATION_MAX_MS \
	60000 /* from the first prompt to the last answer */

/*
 * Send the prompts of the challenge and collect the whole answer. Nothing is
 * judged but the framing.
 *
 * answer  {0} before; complete on NITRO_OK; released by nitro_answer_drop().
 *
 * NITRO_E_CONVERSATION, NITRO_E_CONVERSATION_BROKEN, NITRO_E_NO_ANSWER, NITRO_E_MASKED,
 * NITRO_E_ANSWER_*, NITRO_E_CLOCK, NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_conversation_ask(pam_handle_t *pamh,
    const struct nitro_challenge *challenge, struct nitro_answer *answer);

/*
 * Tell the client that it was refused: one sentence, whatever the reason
 * was. A client that is gone is no error.
 */
void nitro_conversation_refuse(pam_handle_t *pamh, const char *reference);

#endif
