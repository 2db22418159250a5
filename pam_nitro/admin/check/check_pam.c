#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "admin/check/check.h"
#include "admin/check/check_pam_results.h"

#define MODULE "pam_nitro.so"

enum { LINE_SIZE = 400 };

static const struct nitro_finding_kind too_complex = {"pam_too_complex",
    NITRO_SEVERITY_WARNING,
    "whether pam_nitro can be passed by in it is not known"};
static const struct nitro_finding_kind unreadable = {"pam_unreadable",
    NITRO_SEVERITY_ERROR,
    "libpam refuses every login of this service, also those of people, or "
    "does what nobody can foresee"};
static const struct nitro_finding_kind broken_line = {"pam_broken_line",
    NITRO_SEVERITY_WARNING,
    "libpam does something else than what seems to stand there"};
static const struct nitro_finding_kind missing_auth = {"pam_missing_auth",
    NITRO_SEVERITY_ERROR,
    "no challenge is ever sent: nobody is attested, and every account that "
    "pam_nitro governs is refused or, without the account stage, let in"};
static const struct nitro_finding_kind missing_account = {"pam_missing_account",
    NITRO_SEVERITY_ERROR,
    "a login by SSH key alone never runs the auth stage; only the account "
    "stage of pam_nitro refuses it"};
static const struct nitro_finding_kind scope = {"pam_scope",
    NITRO_SEVERITY_ERROR,
    "for an account that the rules list and the PAM stack leaves out, "
    "pam_nitro is never asked: it logs in as if there were no attestation"};
static const struct nitro_finding_kind bypass = {"pam_bypass",
    NITRO_SEVERITY_ERROR,
    "there is a way through the stack that ends well although pam_nitro has "
    "not said yes"};
static const struct nitro_finding_kind refuses = {"pam_refuses_all",
    NITRO_SEVERITY_ERROR,
    "whatever its modules say, the stack ends in a refusal, also when "
    "pam_nitro says yes"};
static const struct nitro_finding_kind asks = {"pam_asks_a_person",
    NITRO_SEVERITY_WARNING,
    "a workload has no password and no token: attested or not, it does not "
    "get in"};
static const struct nitro_finding_kind argument = {"pam_argument",
    NITRO_SEVERITY_ERROR,
    "pam_nitro takes config=/absolute/path, once, and nothing else; with "
    "anything else it refuses every login"};
static const struct nitro_finding_kind other_config = {"pam_other_config",
    NITRO_SEVERITY_ERROR,
    "the module reads another file than the one that was checked here"};
static const struct nitro_finding_kind no_module = {"pam_no_module",
    NITRO_SEVERITY_ERROR,
    "libpam cannot load the module, and then does what the line says for "
    "module_unknown"};
static const struct nitro_finding_kind unsafe_module = {"pam_unsafe_module",
    NITRO_SEVERITY_ERROR, "whoever can change it runs as root in sshd"};
static const struct nitro_finding_kind unsafe_file = {"pam_unsafe_file",
    NITRO_SEVERITY_ERROR,
    "whoever can change it decides who logs in, whatever pam_nitro says"};

/* One stage, looked at for one account. */
struct view {
	struct nitro_checkup *check;
	const struct nitro_pam_list *list;
	enum nitro_pam_stage stage;
	const struct nitro_listed_account *account;
	uint32_t results[NITRO_PAM_LINES_MAX];
};

static const char *
stage_name(enum nitro_pam_stage stage)
{
	return stage == NITRO_PAM_AUTH ? "auth" : "account";
}

static struct nitro_finding *
add(struct nitro_checkup *check, const struct nitro_finding_kind *kind,
    const struct nitro_pam_line *line)
{
	return nitro_finding_add(
	    &check->findings, kind, line->file, line->line);
}

/* What the module returns where it has not admitted anybody. */
static uint32_t
refusals(enum nitro_pam_stage stage)
{
	uint32_t results = NITRO_PAM_RESULT(NITRO_PAM_SYSTEM_ERR) |
			   NITRO_PAM_RESULT(NITRO_PAM_MODULE_UNKNOWN);

	if (stage == NITRO_PAM_AUTH)
		return results | NITRO_PAM_RESULT(NITRO_PAM_AUTH_ERR) |
		       NITRO_PAM_RESULT(NITRO_PAM_MAXTRIES);
	return results | NITRO_PAM_RESULT(NITRO_PAM_PERM_DENIED);
}

static void
set_results(struct view *view, uint32_t of_nitro, bool has_person)
{
	for (size_t i = 0; i < view->list->count; i++) {
		const struct nitro_pam_line *line = &view->list->lines[i];

		if (nitro_pam_line_is(line, MODULE))
			view->results[i] = of_nitro;
		else if (!has_person && view->stage == NITRO_PAM_AUTH &&
			 nitro_pam_asks_a_person(line))
			view->results[i] = NITRO_PAM_RESULT(NITRO_PAM_AUTH_ERR);
		else
			view->results[i] = nitro_pam_results(line, view->stage,
			    view->check->pam_service, view->account);
	}
}

/* sshd lets in whoever must change the password, too (auth-pam.c). */
static uint32_t
good_end(enum nitro_pam_stage stage)
{
	uint32_t good = NITRO_PAM_RESULT(NITRO_PAM_SUCCESS);

	if (stage == NITRO_PAM_ACCOUNT)
		good |= NITRO_PAM_RESULT(NITRO_PAM_NEW_AUTHTOK_REQD);
	return good;
}

static void
describe_action(int action, char *out, size_t size)
{
	static const char *const names[] = {
	    "ignore", "ok", "done", "bad", "die", "reset"};

	if (action > 0)
		(void)snprintf(out, size, "skip %d", action);
	else
		(void)snprintf(out, size, "%s",
		    names[(size_t)-action % NITRO_COUNT_OF(names)]);
}

static void
tell_path(struct nitro_finding *finding, const struct view *view,
    const struct nitro_pam_path *path)
{
	for (size_t i = 0; i < path->count; i++) {
		const struct nitro_pam_step *step = &path->step[i];
		const struct nitro_pam_line *line =
		    &view->list->lines[step->line];
		char action[24];

		if (line->type == NITRO_PAM_SUBSTACK) {
			nitro_finding_path(finding, "%s:%u substack %s",
			    line->file, line->line, line->module);
			continue;
		}
		describe_action(
		    line->action[step->result], action, sizeof action);
		nitro_finding_path(finding, "%s:%u %s: %s -> %s", line->file,
		    line->line,
		    line->type == NITRO_PAM_BROKEN ? "(a line that fails)"
						   : line->module,
		    nitro_pam_result_name(step->result), action);
	}
}

/* The line that decided: a pam_nitro that was overruled, or the one that went round it. */
static const struct nitro_pam_line *
find_culprit(
    const struct view *view, const struct nitro_pam_path *path, bool *was_asked)
{
	const struct nitro_pam_line *first_nitro = NULL, *last = NULL;

	for (size_t i = 0; i < view->list->count && first_nitro == NULL; i++)
		if (nitro_pam_line_is(&view->list->lines[i], MODULE))
			first_nitro = &view->list->lines[i];
	*was_asked = false;
	for (size_t i = 0; i < path->count; i++) {
		const struct nitro_pam_line *line =
		    &view->list->lines[path->step[i].line];

		if (nitro_pam_line_is(line, MODULE)) {
			*was_asked = true;
			return line;
		}
		if (first_nitro == NULL || line < first_nitro)
			last = line;
	}
	return last != NULL ? last : first_nitro;
}

/* A pam_succeed_if whose answer for this account is certain, and is no. */
static bool
is_scoping(const struct view *view, const struct nitro_pam_line *line)
{
	uint32_t results = view->results[line - view->list->lines];

	return nitro_pam_line_is(line, "pam_succeed_if.so") &&
	       (results & (results - 1)) == 0;
}

static void
tell_scope(const struct view *view, const struct nitro_pam_line *line)
{
	struct nitro_finding *finding = add(view->check, &scope, line);
	char words[LINE_SIZE] = "";
	size_t len = 0;

	for (size_t i = 0; i < line->argument_count && len < sizeof words; i++)
		len += (size_t)snprintf(words + len, sizeof words - len, "%s%s",
		    i > 0 ? " " : "", line->argument[i]);
	nitro_finding_what(finding,
	    "in the %s stage the condition \"%s\" sends these accounts round "
	    "pam_nitro, although the rules list them",
	    stage_name(view->stage), words);
	nitro_finding_change(finding,
	    "usermod -aG GROUP ACCOUNT, or take them out of users in %s",
	    view->check->config);
}

static void
tell_bypass(const struct view *view, const struct nitro_pam_path *path)
{
	const struct nitro_pam_line *line;
	struct nitro_finding *finding;
	bool was_asked;

	line = find_culprit(view, path, &was_asked);
	if (!was_asked && line != NULL && is_scoping(view, line)) {
		tell_scope(view, line);
	} else {
		finding = nitro_finding_add(&view->check->findings, &bypass,
		    line != NULL ? line->file : "",
		    line != NULL ? line->line : 0);
		nitro_finding_what(finding,
		    was_asked ? "the %s stage succeeds although pam_nitro "
				"refuses"
			      : "the %s stage succeeds although pam_nitro "
				"is not asked",
		    stage_name(view->stage));
		tell_path(finding, view, path);
		nitro_finding_change(finding,
		    was_asked
			? "give pam_nitro a control value that fails closed: "
			  "required, requisite, or [success=... default=die]"
			: "let no line before pam_nitro end the stack or "
			  "skip it: see pam.d-sshd-nitro as it is shipped");
	}
	nitro_finding_account(&view->check->findings, view->account->name);
}

static void
tell_refusal(const struct view *view, const struct nitro_finding_kind *kind)
{
	struct nitro_finding *finding = nitro_finding_add(
	    &view->check->findings, kind, view->list->lines[0].file, 0);

	nitro_finding_what(finding,
	    kind == &asks ? "behind pam_nitro the %s stage wants a password "
			    "or a token as well"
			  : "no login can pass the %s stage",
	    stage_name(view->stage));
	nitro_finding_change(finding,
	    kind == &asks ? "[success=done ... default=die] " MODULE
			    ", so that nothing comes after it"
			  : "see pam.d-sshd-nitro as it is shipped; count the "
			    "lines that a success=N skips");
	nitro_finding_account(&view->check->findings, view->account->name);
}

/* NITRO_PAM_TOO_COMPLEX where it is not known, for whatever reason. */
static enum nitro_pam_answer
search(struct view *view, struct nitro_pam_path *path)
{
	enum nitro_pam_answer answer = NITRO_PAM_TOO_COMPLEX;

	if (nitro_pam_search(view->list, view->results, good_end(view->stage),
		&answer, path) != NITRO_OK)
		view->check->findings.has_failed = true;
	return answer;
}

static void
tell_too_complex(struct nitro_checkup *check, const char *file)
{
	struct nitro_finding *finding = nitro_finding_add(
	    &check->findings, &too_complex, file, 0);

	nitro_finding_what(finding,
	    "the stack has more lines, files or ways than this check can "
	    "follow");
	nitro_finding_change(finding, "make it shorter");
}

static void
check_account(struct view *view)
{
	uint32_t yes = NITRO_PAM_RESULT(NITRO_PAM_SUCCESS);
	struct nitro_pam_path path = {0};
	enum nitro_pam_answer answer;

	set_results(view, refusals(view->stage), true);
	answer = search(view, &path);
	if (answer == NITRO_PAM_PATH)
		tell_bypass(view, &path);
	if (answer == NITRO_PAM_TOO_COMPLEX)
		tell_too_complex(view->check, view->list->lines[0].file);
	if (answer != NITRO_PAM_NO_PATH)
		return;
	set_results(view, yes, true);
	if (search(view, &path) == NITRO_PAM_NO_PATH) {
		tell_refusal(view, &refuses);
		return;
	}
	set_results(view, yes, false);
	if (search(view, &path) == NITRO_PAM_NO_PATH)
		tell_refusal(view, &asks);
}

/* Where libpam looks is where its own modules are. */
static bool
is_in_module_folder(const struct nitro_checkup *check, const char *name,
    char *path, size_t path_size)
{
	static const char *const patterns[] = {"/lib/*/security/%s",
	    "/usr/lib/*/security/%s", "/lib*/security/%s",
	    "/usr/lib*/security/%s"};
	char pattern[512];
	struct stat st;

	if (check->pam_modules != NULL) {
		(void)snprintf(
		    path, path_size, "%s/%s", check->pam_modules, name);
		return stat(path, &st) == 0;
	}
	for (size_t i = 0; i < NITRO_COUNT_OF(patterns); i++) {
		glob_t found = {0};
		const char *star = strstr(patterns[i], "%s");
		bool is_found;

		(void)snprintf(pattern, sizeof pattern, "%.*s%s",
		    (int)(star - patterns[i]), patterns[i], name);
		is_found = glob(pattern, GLOB_NOSORT, NULL, &found) == 0 &&
			   found.gl_pathc > 0;
		if (is_found)
			(void)snprintf(
			    path, path_size, "%s", found.gl_pathv[0]);
		globfree(&found);
		if (is_found)
			return true;
	}
	return false;
}

static void
check_module_file(
    struct nitro_checkup *check, const struct nitro_pam_line *line)
{
	char path[512];
	struct stat st;
	bool exists;
	struct nitro_finding *finding;

	if (line->module[0] == '/') {
		(void)snprintf(path, sizeof path, "%s", line->module);
		exists = stat(path, &st) == 0;
	} else {
		exists = is_in_module_folder(
		    check, line->module, path, sizeof path);
	}
	if (exists) {
		(void)nitro_check_owner(check, &unsafe_module, path);
		return;
	}
	finding = add(check, &no_module, line);
	nitro_finding_what(
	    finding, "%s is not where libpam looks", line->module);
	nitro_finding_change(
	    finding, "make install, or correct the path in this line");
}

static void
check_arguments(struct nitro_checkup *check, const struct nitro_pam_line *line)
{
	static const char key[] = "config=";
	const char *config = NITRO_SETTINGS_PATH;
	struct nitro_finding *finding;

	for (size_t i = 0; i < line->argument_count; i++) {
		const char *word = line->argument[i];

		if (i == 0 && strncmp(word, key, sizeof key - 1) == 0 &&
		    word[sizeof key - 1] == '/') {
			config = word + sizeof key - 1;
			continue;
		}
		finding = add(check, &argument, line);
		nitro_finding_what(
		    finding, "the line has the argument %s", word);
		nitro_finding_change(finding, "remove it");
		return;
	}
	if (strcmp(config, check->config) == 0)
		return;
	finding = add(check, &other_config, line);
	nitro_finding_what(finding,
	    "the module reads %s here, and this check "
	    "was of %s",
	    config, check->config);
	nitro_finding_change(finding,
	    "pam-nitro check --config %s; or config=%s in this line", config,
	    check->config);
}

/* Once for both stages where they stand in one place. */
static size_t
check_lines(struct nitro_checkup *check, const struct nitro_pam_list *list,
    bool wants_file)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (!nitro_pam_line_is(&list->lines[i], MODULE))
			continue;
		check_arguments(check, &list->lines[i]);
		if (wants_file && count == 0)
			check_module_file(check, &list->lines[i]);
		count++;
	}
	return count;
}

static void
tell_missing(struct nitro_checkup *check, enum nitro_pam_stage stage,
    const struct nitro_pam_stack *stack)
{
	struct nitro_finding *finding = nitro_finding_add(&check->findings,
	    stage == NITRO_PAM_AUTH ? &missing_auth : &missing_account,
	    stack->file_count > 0 ? stack->file[0] : check->pam_folder, 0);

	nitro_finding_what(finding,
	    "the service %s has no %s line with " MODULE "%s",
	    check->pam_service, stage_name(stage),
	    stack->is_other[stage] ? "; no such line at all, so those of "
				     "\"other\" count"
				   : "");
	nitro_finding_change(finding,
	    "install pam.d-sshd-nitro and let it come first in %s/%s",
	    check->pam_folder, check->pam_service);
}

static void
check_stage(struct nitro_checkup *check, const struct nitro_pam_stack *stack,
    enum nitro_pam_stage stage)
{
	struct view view = {
	    .check = check, .list = &stack->stage[stage], .stage = stage};

	if (check_lines(check, view.list, stage == NITRO_PAM_AUTH) == 0) {
		tell_missing(check, stage, stack);
		return;
	}
	for (size_t i = 0; i < check->accounts.count; i++) {
		view.account = &check->accounts.list[i];
		check_account(&view);
	}
}

static void
tell_complaints(
    struct nitro_checkup *check, const struct nitro_pam_stack *stack)
{
	struct nitro_finding *finding;

	for (size_t i = 0; i < stack->complaint_count; i++) {
		const struct nitro_pam_complaint *complaint =
		    &stack->complaint[i];
		bool is_last = i + 1 == stack->complaint_count;

		finding = nitro_finding_add(&check->findings,
		    is_last && stack->is_unreadable ? &unreadable
						    : &broken_line,
		    complaint->file, complaint->line);
		nitro_finding_what(finding, "%s", complaint->text);
		nitro_finding_change(finding, "correct the line, see pam.d(5)");
	}
}

void
nitro_check_pam(struct nitro_checkup *check)
{
	NITRO_DROP(nitro_pam_stack_drop) struct nitro_pam_stack stack = {0};

	if (nitro_pam_stack_read(
		check->pam_folder, check->pam_service, &stack) != NITRO_OK) {
		check->findings.has_failed = true;
		return;
	}
	check->looked_at.pam_files = stack.file_count;
	for (size_t i = 0; i < stack.file_count; i++)
		(void)nitro_check_owner(check, &unsafe_file, stack.file[i]);
	tell_complaints(check, &stack);
	if (stack.is_unreadable)
		return;
	if (stack.is_too_long) {
		tell_too_complex(check,
		    stack.file_count > 0 ? stack.file[0] : check->pam_folder);
		return;
	}
	check_stage(check, &stack, NITRO_PAM_AUTH);
	check_stage(check, &stack, NITRO_PAM_ACCOUNT);
}
