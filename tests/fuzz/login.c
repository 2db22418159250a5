#include "fuzz/login.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "fuzz/fuzz.h"
#include "sandbox/sandbox.h"
#include "ssh/answer.h"

#define MONOTONIC_STEP_MS 1
#define MONOTONIC_LATE_MS 31000
#define FAILURE 0xfe

struct fuzz_login fuzz_login;

/* --- what the linker puts in place of the real ones --- */

void fake_pam_syslog(const pam_handle_t *pamh, int priority, const char *format,
    ...) __asm__("__wrap_pam_syslog");
int fake_pam_set_data(pam_handle_t *pamh, const char *name, void *data,
    void (*free_data)(pam_handle_t *pamh, void *data,
	int status)) __asm__("__wrap_pam_set_data");
int fake_pam_get_data(const pam_handle_t *pamh, const char *name,
    const void **data) __asm__("__wrap_pam_get_data");
int fake_clock_gettime(clockid_t clock, struct timespec *time) __asm__(
    "__wrap_clock_gettime");
ssize_t fake_getrandom(void *out, size_t len, unsigned flags) __asm__(
    "__wrap_getrandom");
nitro_err fake_policy_load_base(const char *path, struct nitro_policy *policy,
    struct nitro_fault *fault) __asm__("__wrap_nitro_policy_load_base");
nitro_err fake_policy_load_reachable(const char *path,
    const struct nitro_login *login, struct nitro_policy *policy,
    struct nitro_fault *fault) __asm__("__wrap_nitro_policy_load_reachable");
nitro_err fake_policy_load_settings(const char *path,
    struct nitro_settings *settings,
    struct nitro_fault *fault) __asm__("__wrap_nitro_policy_load_settings");
nitro_err fake_sandbox_run(struct nitro_sandbox_task *task,
    struct nitro_fault *fault) __asm__("__wrap_nitro_sandbox_run");

__attribute__((format(printf, 1, 0))) static void
note(const char *format, va_list args)
{
	(void)vsnprintf(fuzz_login.line, sizeof fuzz_login.line, format, args);
}

__attribute__((format(printf, 3, 4))) void
fake_pam_syslog(const pam_handle_t *pamh, int priority, const char *format, ...)
{
	va_list args;

	(void)pamh, (void)priority;
	fuzz_login.logged++;
	va_start(args, format);
	note(format, args);
	va_end(args);
}

int
fake_pam_set_data(pam_handle_t *pamh, const char *name, void *data,
    void (*free_data)(pam_handle_t *pamh, void *data, int status))
{
	(void)name;
	if (fuzz_login.free_data != NULL)
		fuzz_login.free_data(pamh, fuzz_login.data, 0);
	fuzz_login.data = data;
	fuzz_login.free_data = free_data;
	return PAM_SUCCESS;
}

int
fake_pam_get_data(const pam_handle_t *pamh, const char *name, const void **data)
{
	(void)pamh, (void)name;
	*data = fuzz_login.data;
	return fuzz_login.data != NULL ? PAM_SUCCESS : PAM_NO_MODULE_DATA;
}

int
fake_clock_gettime(clockid_t clock, struct timespec *time)
{
	int64_t ms = fuzz_login.sealed.now_ms;

	if (clock != CLOCK_REALTIME)
		ms = fuzz_login.monotonic_ms += (fuzz_login.how &
						    FUZZ_HOW_LATE) != 0
						    ? MONOTONIC_LATE_MS
						    : MONOTONIC_STEP_MS;
	*time = (struct timespec){
	    .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	return 0;
}

ssize_t
fake_getrandom(void *out, size_t len, unsigned flags)
{
	(void)flags;
	FUZZ_CHECK(len <= NITRO_NONCE_LEN);
	memcpy(out, fuzz_world()->nonce + NITRO_NONCE_LEN - len, len);
	return (ssize_t)len;
}

/* Measurements and all. */
nitro_err
fake_policy_load_base(
    const char *path, struct nitro_policy *policy, struct nitro_fault *fault)
{
	(void)path, (void)fault;
	fuzz_policy_make(fuzz_login.policy, policy);
	return NITRO_OK;
}

nitro_err
fake_policy_load_reachable(const char *path, const struct nitro_login *login,
    struct nitro_policy *policy, struct nitro_fault *fault)
{
	(void)path, (void)login, (void)policy, (void)fault;
	return NITRO_OK;
}

nitro_err
fake_policy_load_settings(const char *path, struct nitro_settings *settings,
    struct nitro_fault *fault)
{
	(void)path, (void)fault;
	fuzz_settings_make(fuzz_login.policy, settings);
	return NITRO_OK;
}

nitro_err
fake_sandbox_run(struct nitro_sandbox_task *task, struct nitro_fault *fault)
{
	const size_t n = fuzz_login.lie.len < task->answer_len
			     ? fuzz_login.lie.len
			     : task->answer_len;

	(void)fault;
	task->work(task->answer, task->context);
	task->is_filtered = true;
	if (n > 0)
		memcpy(task->answer, fuzz_login.lie.ptr, n);
	return NITRO_OK;
}

/* --- the application and the client behind it --- */

static char *
copy_text(struct nitro_bytes in)
{
	char *text = malloc(in.len + 1);

	FUZZ_CHECK(text != NULL);
	if (in.len > 0)
		memcpy(text, in.ptr, in.len);
	text[in.len] = '\0';
	return text;
}

/* The next line of the input; false where there is none. */
static bool
next_line(struct nitro_bytes *line)
{
	if (fuzz_login.lines.len == 0)
		return false;
	if (!nitro_bytes_take_until(&fuzz_login.lines, FUZZ_LINE_END, line)) {
		*line = fuzz_login.lines;
		fuzz_login.lines = (struct nitro_bytes){0};
	}
	return true;
}

static void
write_line(unsigned part, struct nitro_buf *line)
{
	const struct nitro_bytes base64 = nitro_bytes_of_buf(
	    &fuzz_login.base64);

	if ((fuzz_login.how & FUZZ_HOW_PARTS) == 0)
		fuzz_append(line, base64);
	else if (nitro_answer_part(base64, part, line) != NITRO_OK)
		line->len = 0;
}

/* What an application gives back when it fails. */
static int
fail(struct nitro_bytes line, struct pam_response **responses)
{
	static const int codes[] = {
	    PAM_CONV_ERR, PAM_BUF_ERR, PAM_CONV_AGAIN, PAM_ABORT, 77};
	const unsigned which = line.len > 1 ? line.ptr[1] : 0;

	if (which < NITRO_COUNT_OF(codes))
		return codes[which];
	if (which == NITRO_COUNT_OF(codes))
		return PAM_SUCCESS; /* without an array */
	*responses = calloc(1, sizeof **responses);
	FUZZ_CHECK(*responses != NULL);
	return PAM_SUCCESS; /* without a text */
}

static int
answer(struct pam_response **responses)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf made = {0};
	struct nitro_bytes line;

	fuzz_login.prompts++;
	FUZZ_CHECK(fuzz_login.prompts <= NITRO_PARTS_MAX);
	if ((fuzz_login.how & FUZZ_HOW_LINES) == 0) {
		write_line(fuzz_login.prompts, &made);
		line = nitro_bytes_of_buf(&made);
	} else if (!next_line(&line)) {
		return PAM_CONV_ERR;
	} else if (line.len > 0 && line.ptr[0] == FAILURE) {
		return fail(line, responses);
	}
	*responses = calloc(1, sizeof **responses);
	FUZZ_CHECK(*responses != NULL);
	(*responses)->resp = copy_text(line);
	return PAM_SUCCESS;
}

int
fuzz_login_converse(int count, const struct pam_message **messages,
    struct pam_response **responses, void *context)
{
	(void)context;
	FUZZ_CHECK(count == 1);
	FUZZ_CHECK(fuzz_is_printable(messages[0]->msg));
	FUZZ_CHECK(strlen(messages[0]->msg) <= NITRO_PROMPT_MAX);
	if (messages[0]->msg_style == PAM_PROMPT_ECHO_ON)
		return answer(responses);
	FUZZ_CHECK(messages[0]->msg_style == PAM_ERROR_MSG);
	fuzz_login.messages++;
	(void)snprintf(fuzz_login.message, sizeof fuzz_login.message, "%s",
	    messages[0]->msg);
	return PAM_SUCCESS;
}

void
fuzz_login_end(pam_handle_t *pamh)
{
	(void)fake_pam_set_data(pamh, "", NULL, NULL);
	fuzz_sealed_drop(&fuzz_login.sealed);
	nitro_buf_drop(&fuzz_login.base64);
}
