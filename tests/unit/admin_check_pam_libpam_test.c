/*
 * The reader and interpreter of PAM stacks against libpam itself: random
 * stacks of pam_debug.so, which returns what its arguments say.
 */
#include "unit/unit.h"

#include <dlfcn.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/pam_files.h"

enum { ROUNDS = 600, TEXT_SIZE = 8192 };

struct libpam {
	void *handle;
	int (*start)(const char *, const char *, const struct pam_conv *,
	    const char *, pam_handle_t **);
	int (*authenticate)(pam_handle_t *, int);
	int (*acct_mgmt)(pam_handle_t *, int);
	int (*end)(pam_handle_t *, int);
};

static bool
load(struct libpam *libpam)
{
	libpam->handle = dlopen("libpam.so.0", RTLD_NOW);
	if (libpam->handle == NULL)
		return false;
	*(void **)&libpam->start = dlsym(libpam->handle, "pam_start_confdir");
	*(void **)&libpam->authenticate = dlsym(
	    libpam->handle, "pam_authenticate");
	*(void **)&libpam->acct_mgmt = dlsym(libpam->handle, "pam_acct_mgmt");
	*(void **)&libpam->end = dlsym(libpam->handle, "pam_end");
	return libpam->start != NULL && libpam->authenticate != NULL &&
	       libpam->acct_mgmt != NULL && libpam->end != NULL;
}

/* pam_debug.so tells what it is about to return. */
static int
converse(int count, const struct pam_message **messages,
    struct pam_response **responses, void *context)
{
	(void)messages;
	(void)context;
	*responses = calloc((size_t)count, sizeof **responses);
	return *responses != NULL ? PAM_SUCCESS : PAM_BUF_ERR;
}

/* libpam forgets some of what it allocates for a stack that it gives up on. */
#if UNIT_FINDS_LEAKS
#include <sanitizer/lsan_interface.h>
#define LEAKS_ARE_NOT_OURS() __lsan_disable()
#define LEAKS_ARE_OURS() __lsan_enable()
#else
#define LEAKS_ARE_NOT_OURS() ((void)0)
#define LEAKS_ARE_OURS() ((void)0)
#endif

static void
ask_libpam(const struct libpam *libpam, const struct pam_files *files,
    int status[NITRO_PAM_STAGES])
{
	const struct pam_conv conv = {converse, NULL};
	pam_handle_t *pamh = NULL;

	status[NITRO_PAM_AUTH] = status[NITRO_PAM_ACCOUNT] = -1;
	if (libpam->start("service", "nobody", &conv, files->folder, &pamh) !=
	    PAM_SUCCESS)
		return;
	status[NITRO_PAM_AUTH] = libpam->authenticate(pamh, 0);
	status[NITRO_PAM_ACCOUNT] = libpam->acct_mgmt(pamh, 0);
	(void)libpam->end(pamh, 0);
}

/* What pam_debug.so is told to return in that stage. */
static uint32_t
told_result(const struct nitro_pam_line *line, enum nitro_pam_stage stage)
{
	const char *key = stage == NITRO_PAM_AUTH ? "auth=" : "acct=";

	if (line->type == NITRO_PAM_BROKEN)
		return NITRO_PAM_RESULT(NITRO_PAM_PERM_DENIED);
	if (nitro_pam_line_is(line, "pam_absent.so"))
		return NITRO_PAM_RESULT(NITRO_PAM_MODULE_UNKNOWN);
	for (size_t i = 0; i < line->argument_count; i++)
		for (unsigned result = 0; result < NITRO_PAM_RESULTS; result++)
			if (strncmp(line->argument[i], key, 5) == 0 &&
			    strcmp(line->argument[i] + 5,
				nitro_pam_result_name(result)) == 0)
				return NITRO_PAM_RESULT(result);
	return NITRO_PAM_RESULT(NITRO_PAM_SUCCESS);
}

static int
ask_ours(const struct nitro_pam_list *list, enum nitro_pam_stage stage)
{
	static struct nitro_pam_path path;
	uint32_t results[NITRO_PAM_LINES_MAX];
	enum nitro_pam_answer answer;

	if (list->count == 0)
		return NITRO_PAM_PERM_DENIED;
	for (size_t i = 0; i < list->count; i++)
		results[i] = told_result(&list->lines[i], stage);
	assert_err(nitro_pam_search(list, results, UINT32_MAX, &answer, &path),
	    NITRO_OK);
	assert_int_equal(answer, NITRO_PAM_PATH);
	return (int)path.status;
}

/* Always the same sequence, so that a failure comes back. */
static unsigned
draw(uint32_t *seed, unsigned below)
{
	*seed = *seed * UINT32_C(1664525) + UINT32_C(1013904223);
	return (*seed >> 8) % below;
}

static const char *
draw_result(uint32_t *seed)
{
	static const char *const common[] = {"success", "success", "auth_err",
	    "ignore", "new_authtok_reqd", "user_unknown"};

	if (draw(seed, 4) > 0)
		return common[draw(seed, NITRO_COUNT_OF(common))];
	return nitro_pam_result_name(draw(seed, NITRO_PAM_INCOMPLETE));
}

static void
draw_control(uint32_t *seed, char *out, size_t size)
{
	static const char *const words[] = {"required", "Requisite",
	    "sufficient", "OPTIONAL", "[success=ok default=jam]", "[]",
	    "[default=die success=1]"};
	static const char *const actions[] = {
	    "ignore", "ok", "done", "bad", "die", "reset", "1", "2", "3", "9"};

	if (draw(seed, 2) == 0) {
		(void)snprintf(
		    out, size, "%s", words[draw(seed, NITRO_COUNT_OF(words))]);
		return;
	}
	(void)snprintf(out, size, "[success=%s %s=%s%s default=%s]",
	    actions[draw(seed, NITRO_COUNT_OF(actions))], draw_result(seed),
	    actions[draw(seed, NITRO_COUNT_OF(actions))],
	    draw(seed, 4) == 0 ? " \\\n   " : "",
	    actions[draw(seed, NITRO_COUNT_OF(actions))]);
}

/* A file that includes only files of a higher number, of which there are 4. */
static void
draw_file(const struct pam_files *files, uint32_t *seed, unsigned number,
    char out[TEXT_SIZE])
{
	const size_t size = TEXT_SIZE;
	size_t len = 0;
	unsigned lines = 1 + draw(seed, 5);
	char control[160];

	out[0] = '\0';
	for (unsigned i = 0; i < lines && len + 400 < size; i++) {
		const char *stage = draw(seed, 2) == 0 ? "auth" : "-account";
		unsigned form = draw(seed, 12), inner = number + 1;

		if (form < 3 && number < 3) {
			static const char *const words[] = {
			    "@include", "include", "substack"};

			/* Debian's looks for names in /etc/pam.d alone. */
			len += (size_t)snprintf(out + len, size - len,
			    "%s %s %s/f%u # include\n", form == 0 ? "" : stage,
			    words[form], files->folder,
			    draw(seed, 9) == 0 ? 77 : inner);
			continue;
		}
		if (form == 3) {
			len += (size_t)snprintf(
			    out + len, size - len, "\n   # a comment \\\n");
			continue;
		}
		draw_control(seed, control, sizeof control);
		len += (size_t)snprintf(out + len, size - len,
		    "%s\t%s pam_%s.so auth=%s acct=%s\n",
		    draw(seed, 40) == 0 ? "outh" : stage, control,
		    draw(seed, 20) == 0 ? "absent" : "debug", draw_result(seed),
		    draw_result(seed));
	}
}

static void
test_random_stacks_end_as_in_libpam(void **state)
{
	static struct nitro_pam_stack stack;
	struct libpam libpam = {0};
	struct pam_files files;
	char text[TEXT_SIZE], name[16];
	unsigned wrong = 0, good = 0, compared = 0;
	uint32_t seed = 1;

	(void)state;
	if (!load(&libpam))
		skip();
	pam_files_make(&files);
	pam_files_write(&files, "other",
	    "auth required pam_debug.so auth=maxtries\n"
	    "account required pam_debug.so acct=acct_expired\n");
	for (unsigned round = 0; round < ROUNDS && wrong == 0; round++) {
		int status[NITRO_PAM_STAGES];

		for (unsigned i = 0; i < 4; i++) {
			draw_file(&files, &seed, i, text);
			(void)snprintf(name, sizeof name, "f%u", i);
			pam_files_write(
			    &files, i == 0 ? "service" : name, text);
		}
		memset(&stack, 0, sizeof stack);
		assert_err(
		    nitro_pam_stack_read(files.folder, "service", &stack),
		    NITRO_OK);
		LEAKS_ARE_NOT_OURS();
		ask_libpam(&libpam, &files, status);
		LEAKS_ARE_OURS();
		for (enum nitro_pam_stage i = 0; i < NITRO_PAM_STAGES; i++) {
			/* Then libpam mostly gives up, but is not bound to. */
			int ours = stack.is_unreadable
				       ? status[i]
				       : ask_ours(&stack.stage[i], i);

			if (ours != status[i]) {
				print_message("# round %u stage %u: %d, libpam "
					      "has %d (%s)\n",
				    round, i, ours, status[i], files.folder);
				wrong++;
			}
			compared += !stack.is_unreadable;
			good += status[i] == PAM_SUCCESS;
		}
		nitro_pam_stack_drop(&stack);
	}
	assert_int_equal(wrong, 0);
	/* Enough of them end well for this to mean something. */
	assert_true(good > ROUNDS / 20);
	assert_true(compared > ROUNDS);
	pam_files_drop(&files);
	(void)dlclose(libpam.handle);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random_stacks_end_as_in_libpam),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
