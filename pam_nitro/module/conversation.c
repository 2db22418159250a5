#include "module/conversation.h"

#include <stdio.h>
#include <time.h>

static void
drop_responses(struct pam_response **responses)
{
	if (*responses != NULL)
		nitro_free((*responses)->resp);
	nitro_free(*responses);
}

static nitro_err
err_of_pam(int result)
{
	if (result == PAM_CONV_ERR)
		return NITRO_E_CONVERSATION;
	if (result == PAM_BUF_ERR)
		return NITRO_E_MEMORY;
	/* PAM_CONV_AGAIN among them: nobody here could resume. */
	return NITRO_E_CONVERSATION_BROKEN;
}

/* One message out; *responses is made on success and released by drop_responses(). */
static nitro_err
converse(pam_handle_t *pamh, int style, const char *text,
    struct pam_response **responses)
{
	const struct pam_message message = {.msg_style = style, .msg = text};
	const struct pam_message *messages[] = {&message};
	struct pam_response *found = NULL;
	const void *item = NULL;
	const struct pam_conv *conv;
	int result;

	if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS || item == NULL)
		return NITRO_E_CONVERSATION;
	conv = item;
	if (conv->conv == NULL)
		return NITRO_E_CONVERSATION;
	result = conv->conv(1, messages, &found, conv->appdata_ptr);
	/* What a failed call left in found is nobody's to release. */
	if (result != PAM_SUCCESS)
		return err_of_pam(result);
	*responses = found;
	return NITRO_OK;
}

static nitro_err
ask_for_part(pam_handle_t *pamh, const struct nitro_challenge *challenge,
    struct nitro_answer *answer, bool *is_complete)
{
	NITRO_DROP(drop_responses) struct pam_response *responses = NULL;
	char prompt[NITRO_PROMPT_MAX + 1];
	nitro_err err;

	nitro_challenge_prompt(challenge, answer->next_part + 1, prompt);
	err = converse(pamh, PAM_PROMPT_ECHO_ON, prompt, &responses);
	if (err != NITRO_OK)
		return err;
	if (responses == NULL)
		return NITRO_E_CONVERSATION_BROKEN;
	return nitro_answer_add(
	    answer, nitro_bytes_of_text(responses->resp), is_complete);
}

/* A clock that nobody sets, so that a step of the other does not end a dialogue. */
static nitro_err
elapsed_ms(const struct timespec *since, int64_t *ms)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return NITRO_E_CLOCK;
	*ms = (int64_t)(now.tv_sec - since->tv_sec) * 1000 +
	      (now.tv_nsec - since->tv_nsec) / 1000000;
	return NITRO_OK;
}

nitro_err
nitro_conversation_ask(pam_handle_t *pamh,
    const struct nitro_challenge *challenge, struct nitro_answer *answer)
{
	struct timespec start;
	bool is_complete = false;
	int64_t ms;
	nitro_err err;

	if (clock_gettime(CLOCK_MONOTONIC, &start) != 0)
		return NITRO_E_CLOCK;
	while (!is_complete) {
		err = ask_for_part(pamh, challenge, answer, &is_complete);
		if (err != NITRO_OK)
			return err;
		if ((err = elapsed_ms(&start, &ms)) != NITRO_OK)
			return err;
		if (ms > NITRO_CONVERSATION_MAX_MS)
			return NITRO_E_ANSWER_LATE;
	}
	return NITRO_OK;
}

void
nitro_conversation_refuse(pam_handle_t *pamh, const char *reference)
{
	NITRO_DROP(drop_responses) struct pam_response *responses = NULL;
	char text[64];

	(void)snprintf(text, sizeof text,
	    "pam_nitro: login refused (reference %s)", reference);
	if (converse(pamh, PAM_ERROR_MSG, text, &responses) != NITRO_OK)
		return; /* the refusal stands without it */
}
