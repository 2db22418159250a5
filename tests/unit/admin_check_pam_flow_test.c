/*
 * Ways through a PAM stack, and what the text of a stack becomes. That both
 * are as libpam has them is shown by admin_check_pam_libpam_test.c.
 */
#include "unit/unit.h"

#include <string.h>

#include "admin/check/check_sshd_text.h"
#include "unit/pam_files.h"

/* pam_nitro.so refuses, x.so returns anything, the rest is what its name says. */
static uint32_t
results_of(const struct nitro_pam_line *line)
{
	if (nitro_pam_line_is(line, "pam_nitro.so"))
		return NITRO_PAM_RESULT(NITRO_PAM_MAXTRIES) |
		       NITRO_PAM_RESULT(NITRO_PAM_MODULE_UNKNOWN);
	if (nitro_pam_line_is(line, "permit.so"))
		return NITRO_PAM_RESULT(NITRO_PAM_SUCCESS);
	if (line->type == NITRO_PAM_BROKEN ||
	    nitro_pam_line_is(line, "deny.so"))
		return NITRO_PAM_RESULT(NITRO_PAM_PERM_DENIED);
	return NITRO_PAM_ANY;
}

static enum nitro_pam_answer
search(const struct pam_files *files, const char *text,
    struct nitro_pam_path *path)
{
	static struct nitro_pam_stack stack;
	uint32_t results[NITRO_PAM_LINES_MAX];
	enum nitro_pam_answer answer = NITRO_PAM_TOO_COMPLEX;
	const struct nitro_pam_list *list = &stack.stage[NITRO_PAM_AUTH];

	memset(&stack, 0, sizeof stack);
	pam_files_write(files, "service", text);
	assert_err(
	    nitro_pam_stack_read(files->folder, "service", &stack), NITRO_OK);
	for (size_t i = 0; i < list->count; i++)
		results[i] = results_of(&list->lines[i]);
	assert_err(nitro_pam_search(list, results,
		       NITRO_PAM_RESULT(NITRO_PAM_SUCCESS), &answer, path),
	    NITRO_OK);
	nitro_pam_stack_drop(&stack);
	return answer;
}

/* M03 */
static void
test_a_way_past_pam_nitro_is_found_where_there_is_one(void **state)
{
	static const struct {
		const char *text;
		enum nitro_pam_answer answer;
		size_t steps; /* of the shortest way */
	} rows[] = {
	    {"auth required pam_nitro.so\nauth required permit.so\n",
		NITRO_PAM_NO_PATH, 0},
	    {"auth optional pam_nitro.so\nauth required permit.so\n",
		NITRO_PAM_PATH, 2},
	    {"auth optional pam_nitro.so\nauth required deny.so\n",
		NITRO_PAM_NO_PATH, 0},
	    {"auth optional pam_nitro.so\n", NITRO_PAM_NO_PATH, 0},
	    {"auth [default=1] permit.so\nauth required pam_nitro.so\n"
	     "auth required permit.so\n",
		NITRO_PAM_PATH, 2},
	    {"auth [default=2] permit.so\nauth required pam_nitro.so\n",
		NITRO_PAM_NO_PATH, 0},
	    {"auth sufficient x.so\nauth required pam_nitro.so\n",
		NITRO_PAM_PATH, 1},
	    {"auth requisite x.so\nauth required pam_nitro.so\n",
		NITRO_PAM_NO_PATH, 0},
	    {"auth required pam_nitro.so\nauth [default=reset] x.so\n"
	     "auth required permit.so\n",
		NITRO_PAM_PATH, 3},
	    {"auth [success=ok module_unknown=ignore default=die] "
	     "pam_nitro.so\nauth required permit.so\n",
		NITRO_PAM_PATH, 2},
	    /* Behind a failure "sufficient" does not end the stack well. */
	    {"auth required pam_nitro.so\nauth sufficient permit.so\n",
		NITRO_PAM_NO_PATH, 0},
	    /* die ends the substack alone, but the failure stays. */
	    {"auth substack dies\nauth required permit.so\n", NITRO_PAM_NO_PATH,
		0},
	    {"auth substack done\nauth required pam_nitro.so\n",
		NITRO_PAM_NO_PATH, 0},
	    {"auth include done\nauth required pam_nitro.so\n", NITRO_PAM_PATH,
		1},
	    /* A jump counts a substack as one line. */
	    {"auth [default=1] permit.so\nauth substack dies\n"
	     "auth required permit.so\n",
		NITRO_PAM_PATH, 2},
	    {"outh x\nauth sufficient permit.so\n", NITRO_PAM_NO_PATH, 0},
	    {"auth [default=jam] permit.so\nauth sufficient permit.so\n",
		NITRO_PAM_NO_PATH, 0},
	};
	struct nitro_pam_path path;
	struct pam_files files;
	unsigned wrong = 0;

	(void)state;
	pam_files_make(&files);
	pam_files_write(&files, "dies", "auth requisite pam_nitro.so\n");
	pam_files_write(&files, "done", "auth sufficient permit.so\n");
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		enum nitro_pam_answer answer = search(
		    &files, rows[i].text, &path);

		wrong += unit_is_not(
		    rows[i].text, answer == rows[i].answer, true);
		if (answer == NITRO_PAM_PATH)
			wrong += unit_is_not(
			    rows[i].text, path.count == rows[i].steps, true);
	}
	pam_files_drop(&files);
	assert_int_equal(wrong, 0);
}

/* Two choices at each of many lines: states that are equal are one. */
static void
test_a_long_stack_is_searched_at_once(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_pam_path path;
	struct pam_files files;

	(void)state;
	pam_files_make(&files);
	for (int i = 0; i < 400; i++)
		unit_append(
		    &text, UNIT_BYTES("auth [success=1 ignore=2 perm_denied=3 "
				      "default=ok] x.so\n"));
	unit_append(&text, UNIT_BYTES("auth required pam_nitro.so\n"
				      "auth requisite deny.so\n"));
	unit_append(&text, UNIT_BYTES("\0"));
	assert_int_equal(
	    search(&files, (const char *)text.ptr, &path), NITRO_PAM_NO_PATH);
	pam_files_drop(&files);
}

static void
test_what_libpam_cannot_read_is_complained_about(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		bool is_unreadable;
	} rows[] = {
	    {"auth required x.so\n", 0, false},
	    {"\nauth required \\\n", 2, true},
	    {"@include absent\n", 1, true},
	    {"@include service\n", 1, true},
	    {"auth include absent\n", 1, false},
	    {"auth include service\n", 1, false},
	    {"auth\n", 1, false},
	    {"auth required\n", 1, false},
	    {"auth include\n", 1, false},
	    {"auth [success=0] x.so\n", 1, false},
	    {"auth [success] x.so\n", 1, false},
	    {"auth [success=ok x.so\n", 1, false},
	    {"auth necessary x.so\n", 1, false},
	};
	static struct nitro_pam_stack stack;
	struct pam_files files;
	unsigned wrong = 0;

	(void)state;
	pam_files_make(&files);
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		memset(&stack, 0, sizeof stack);
		pam_files_write(&files, "service", rows[i].text);
		assert_err(
		    nitro_pam_stack_read(files.folder, "service", &stack),
		    NITRO_OK);
		wrong += unit_is_not(
		    rows[i].text, stack.is_unreadable, rows[i].is_unreadable);
		wrong += unit_is_not(rows[i].text,
		    (stack.complaint_count > 0) == (rows[i].line > 0), true);
		if (stack.complaint_count > 0)
			wrong += unit_is_not(rows[i].text,
			    stack.complaint[0].line == rows[i].line, true);
		nitro_pam_stack_drop(&stack);
	}
	pam_files_drop(&files);
	assert_int_equal(wrong, 0);
}

static void
test_authentication_methods_are_judged_one_list_at_a_time(void **state)
{
	static const struct {
		const char *list;
		enum nitro_sshd_lack lack;
	} rows[] = {
	    {"publickey,keyboard-interactive:pam", NITRO_SSHD_LACKS_NOTHING},
	    {"publickey", NITRO_SSHD_LACKS_ATTESTATION},
	    {"publickey,publickey", NITRO_SSHD_LACKS_ATTESTATION},
	    {"publickey,password", NITRO_SSHD_LACKS_ATTESTATION},
	    {"publickey,keyboard-interactive:bsdauth",
		NITRO_SSHD_LACKS_ATTESTATION},
	    {"", NITRO_SSHD_LACKS_ATTESTATION},
	    {"keyboard-interactive:pam", NITRO_SSHD_LACKS_KEY},
	    {"keyboard-interactive:pam,publickey", NITRO_SSHD_LACKS_KEY},
	    {"hostbased,keyboard-interactive:pam", NITRO_SSHD_LACKS_KEY},
	    {"publickey,keyboard-interactive", NITRO_SSHD_HAS_MORE},
	    {"publickey,password,keyboard-interactive:pam",
		NITRO_SSHD_HAS_MORE},
	    {"publickey,keyboard-interactive:pam,password",
		NITRO_SSHD_HAS_MORE},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		wrong += unit_is_not(rows[i].list,
		    nitro_sshd_judge_methods(
			nitro_bytes_of_text(rows[i].list)) == rows[i].lack,
		    true);
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_a_way_past_pam_nitro_is_found_where_there_is_one),
	    cmocka_unit_test(test_a_long_stack_is_searched_at_once),
	    cmocka_unit_test(test_what_libpam_cannot_read_is_complained_about),
	    cmocka_unit_test(
		test_authentication_methods_are_judged_one_list_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
