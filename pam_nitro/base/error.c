#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct outcome {
	enum nitro_class class;
	enum nitro_stage stage;
	const char *token, *sentence, *advice;
};

#define OUTCOME(name, class, stage, token, sentence, advice) \
	[name] = {NITRO_CLASS_##class, NITRO_STAGE_##stage, token, sentence, \
	    advice},
static const struct outcome outcomes[] = {NITRO_ERR_LIST(OUTCOME)};
#undef OUTCOME

static const struct outcome *
outcome_of(nitro_err err)
{
	if ((unsigned)err >= NITRO_ERR_COUNT)
		return &outcomes[NITRO_E_INTERNAL];
	return &outcomes[err];
}

enum nitro_class
nitro_err_class(nitro_err err)
{
	return outcome_of(err)->class;
}

enum nitro_stage
nitro_err_stage(nitro_err err)
{
	return outcome_of(err)->stage;
}

const char *
nitro_err_token(nitro_err err)
{
	return outcome_of(err)->token;
}

const char *
nitro_err_sentence(nitro_err err)
{
	return outcome_of(err)->sentence;
}

const char *
nitro_err_advice(nitro_err err)
{
	return outcome_of(err)->advice;
}

bool
nitro_err_find(const char *token, nitro_err *err)
{
	for (unsigned i = 0; i < NITRO_ERR_COUNT; i++)
		if (strcmp(token, outcomes[i].token) == 0) {
			*err = (nitro_err)i;
			return true;
		}
	return false;
}

const char *
nitro_stage_name(enum nitro_stage stage)
{
	switch (stage) {
	case NITRO_STAGE_SETTINGS:
		return "settings";
	case NITRO_STAGE_CHALLENGE:
		return "challenge";
	case NITRO_STAGE_ANSWER:
		return "answer";
	case NITRO_STAGE_COSE:
		return "cose";
	case NITRO_STAGE_DOCUMENT:
		return "document";
	case NITRO_STAGE_BINDING:
		return "binding";
	case NITRO_STAGE_AGE:
		return "age";
	case NITRO_STAGE_CHAIN:
		return "chain";
	case NITRO_STAGE_SIGNATURE:
		return "signature";
	case NITRO_STAGE_POLICY:
		return "policy";
	case NITRO_STAGE_ACCOUNT:
		return "account";
	case NITRO_STAGE_DONE:
		return "done";
	}
	return "unknown";
}

const char *nitro_class_name(enum nitro_class class)
{
	switch (class) {
	case NITRO_CLASS_OK:
		return "ok";
	case NITRO_CLASS_EVIDENCE:
		return "evidence";
	case NITRO_CLASS_POLICY:
		return "policy";
	case NITRO_CLASS_CONVERSATION:
		return "conversation";
	case NITRO_CLASS_CONFIGURATION:
		return "configuration";
	case NITRO_CLASS_SYSTEM:
		return "system";
	}
	return "unknown";
}

static void
make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

nitro_err
nitro_fault_set(struct nitro_fault *fault, nitro_err err, const char *file,
    unsigned line, const char *format, ...)
{
	va_list args;

	*fault = (struct nitro_fault){.err = err, .line = line};
	(void)snprintf(
	    fault->file, sizeof fault->file, "%s", file != NULL ? file : "");
	va_start(args, format);
	(void)vsnprintf(fault->text, sizeof fault->text, format, args);
	va_end(args);
	make_printable(fault->file);
	make_printable(fault->text);
	return err;
}
