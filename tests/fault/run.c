#include "fault/run.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module/captured_log.h"

#define DESCRIPTORS 128
#define LEAK_TRIES 3

const char *const wrong_names[WRONGS] = {
    [WRONG_NOTHING] = "nothing",
    [WRONG_ADMITTED] = "admitted",
    [WRONG_CODE] = "code that stacks may ignore",
    [WRONG_LOG] = "log",
    [WRONG_DESCRIPTORS] = "descriptors leaked",
    [WRONG_HEAP] = "heap leaked",
    [WRONG_CHILD] = "child left",
    [WRONG_SIGNALS] = "signals",
    [WRONG_AFTERWARDS] = "next login",
    [WRONG_CRASH] = "crash",
    [WRONG_STUCK] = "stuck",
};

static struct run *current;

struct signals {
	sigset_t blocked;
	struct sigaction of_child;
};

static void
look_at_signals(struct signals *signals)
{
	(void)sigprocmask(SIG_BLOCK, NULL, &signals->blocked);
	(void)sigaction(SIGCHLD, NULL, &signals->of_child);
}

static void
on_prompt(void)
{
	struct fault_plan *plan = current->plan;

	if (plan->phase == FAULT_FILES)
		memcpy(plan->first_prompt, plan->count[FAULT_PARENT],
		    sizeof plan->first_prompt);
	plan->phase = FAULT_JUDGED;
}

static void
on_answer(void)
{
	if (current->at_answer != NULL)
		current->at_answer(current->context);
}

__attribute__((format(printf, 3, 4))) static void
blame(struct run *run, enum wrong wrong, const char *format, ...)
{
	char text[RUN_TEXT_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (run->wrong != WRONG_NOTHING)
		return;
	run->wrong = wrong;
	memcpy(run->text, text, sizeof text);
}

/* Which of the first descriptors are open, as one number to compare. */
static unsigned
count_descriptors(void)
{
	struct pollfd fds[DESCRIPTORS];
	unsigned count = 0;

	for (int i = 0; i < DESCRIPTORS; i++)
		fds[i] = (struct pollfd){.fd = i};
	if (poll(fds, DESCRIPTORS, 0) < 0)
		return UINT32_MAX;
	for (int i = 0; i < DESCRIPTORS; i++)
		count += (fds[i].revents & POLLNVAL) == 0;
	return count;
}

static bool
is_of(const struct run *run, const char *function)
{
	return run->plan->kind == FAULT_CALL &&
	       strcmp(fault_function_name(run->plan->function), function) == 0;
}

/* Was this one of the codes with which a refusal may be said? */
static bool
is_refusal(int code, bool is_account)
{
	return code == PAM_SYSTEM_ERR ||
	       (is_account ? code == PAM_PERM_DENIED
			   : code == PAM_AUTH_ERR || code == PAM_MAXTRIES);
}

static unsigned
sum(const unsigned counts[FAULT_PHASES], enum fault_phase from,
    enum fault_phase to)
{
	unsigned total = 0;

	for (unsigned i = from; i <= to; i++)
		total += counts[i];
	return total;
}

static size_t
count_decisions(void)
{
	size_t count = 0;

	for (size_t i = 0; i < captured_count(); i++)
		count += strstr(captured_line(i), ": result=") != NULL;
	return count;
}

/*
 * Where libpam is short of memory it says so in lines of its own, also in
 * place of ours.
 */
static void
judge_log(struct run *run, const char *stage, int code, unsigned wanted)
{
	const bool is_memory = run->plan->kind == FAULT_MEMORY;
	const char *line = captured_find(": result=");
	const size_t count = count_decisions();

	if (count > wanted ||
	    (count < wanted && (!is_memory || captured_lost() == 0)) ||
	    (!is_memory && captured_count() != wanted))
		blame(run, WRONG_LOG,
		    "%s: %zu lines, %zu of decisions, not %u: %.200s", stage,
		    captured_count(), count, wanted, captured_line(0));
	else if (count == 1 && (strstr(line, " result=allow ") != NULL) !=
				   (code == PAM_SUCCESS))
		blame(run, WRONG_LOG, "%s: PAM code %d and %.200s", stage, code,
		    line);
}

static void
judge_auth(struct run *run)
{
	const unsigned harm = sum(
	    run->plan->harmful, FAULT_FILES, FAULT_JUDGED);
	const unsigned failed = sum(
	    run->plan->failed, FAULT_FILES, FAULT_JUDGED);
	const bool is_good = run->scene->expected == NITRO_OK;

	if (run->auth == PAM_SUCCESS && (harm > 0 || !is_good))
		blame(run, WRONG_ADMITTED, "auth: %.300s", captured_line(0));
	if (run->auth != PAM_SUCCESS && !is_refusal(run->auth, false))
		blame(run, WRONG_CODE, "auth: PAM code %d", run->auth);
	/*
	 * Copies of one login share its nonce, and so the name of its record
	 * where two of them come to their verdict in the same millisecond.
	 */
	if (run->auth != PAM_SUCCESS && is_good && failed == 0 &&
	    strstr(captured_line(0), "a record cannot be made: File exists") ==
		NULL)
		blame(run, WRONG_ADMITTED, "refused without a fault: %.300s",
		    captured_line(0));
	if (run->auth == PAM_SUCCESS && is_of(run, "syscall_seccomp") &&
	    failed > 0 &&
	    strstr(captured_line(0), " sandbox=no-seccomp ") == NULL)
		blame(run, WRONG_LOG, "no sandbox=no-seccomp in %.300s",
		    captured_line(0));
	judge_log(run, "auth", run->auth, 1);
}

static void
judge_account(struct run *run)
{
	const unsigned harm = run->plan->harmful[FAULT_ACCOUNT];

	if (run->account == PAM_SUCCESS &&
	    (harm > 0 ||
		(run->auth != PAM_SUCCESS && !run->scene->is_unlisted)))
		blame(run, WRONG_ADMITTED, "account, after PAM code %d",
		    run->auth);
	if (run->account != PAM_SUCCESS && !is_refusal(run->account, true))
		blame(run, WRONG_CODE, "account: PAM code %d", run->account);
	if (run->auth == PAM_SUCCESS && run->account != PAM_SUCCESS &&
	    run->plan->failed[FAULT_ACCOUNT] == 0)
		blame(run, WRONG_ADMITTED, "account refused for nothing");
	judge_log(
	    run, "account", run->account, run->account == PAM_SUCCESS ? 0 : 1);
}

/* No child, dead or alive, is the host's to find. */
static void
judge_children(struct run *run)
{
	int status = 0;
	pid_t child = waitpid(-1, &status, WNOHANG);

	if (child < 0 && errno == ECHILD)
		return;
	/* Whom nobody could wait for or kill has ended at least. */
	if (!run->plan->spoils_children)
		blame(run, WRONG_CHILD,
		    child > 0 ? "one is dead" : "one is running");
	while (waitpid(-1, &status, 0) > 0)
		;
}

/* The host's, before and after; what could not be set back is set here. */
static void
judge_signals(struct run *run, const struct signals *before)
{
	struct signals after;

	look_at_signals(&after);
	if (sigismember(&after.blocked, SIGALRM) ==
		sigismember(&before->blocked, SIGALRM) &&
	    sigismember(&after.blocked, SIGCHLD) ==
		sigismember(&before->blocked, SIGCHLD) &&
	    after.of_child.sa_handler == before->of_child.sa_handler)
		return;
	if (!run->plan->spoils_signals)
		blame(run, WRONG_SIGNALS, "mask or SIGCHLD has changed");
	(void)sigprocmask(SIG_SETMASK, &before->blocked, NULL);
	(void)sigaction(SIGCHLD, &before->of_child, NULL);
}

bool
run_log_in(struct run *run)
{
	struct login login;
	const char *user = run->scene->user;
	const unsigned descriptors = count_descriptors();
	struct signals signals;

	look_at_signals(&signals);
	scene_reset(run->scene, run->stack, run->worker);
	scene_login(run->scene, run->worker, run->in_parts, &login);
	run->wrong = WRONG_NOTHING;
	run->text[0] = '\0';
	run->is_leak_of_library = false;
	current = run;
	scene_on_prompt = on_prompt;
	scene_on_answer = on_answer;
	fault_use(run->plan);
	fault_begin();
	login_open(&login, run->stack, user != NULL ? user : "deploy");
	run->plan->is_counting = true;
	run->auth = login_authenticate(&login);
	judge_auth(run);
	fault_account_begins();
	captured_clear();
	run->account = pam_acct_mgmt(login.pamh, 0);
	judge_account(run);
	run->plan->phase = FAULT_END;
	login_close(&login);
	run->plan->is_counting = false;
	run->is_reached = sum(run->plan->failed, FAULT_FILES, FAULT_END) > 0;
	run->is_admitted = run->auth == PAM_SUCCESS &&
			   run->account == PAM_SUCCESS;
	judge_children(run);
	judge_signals(run, &signals);
	if (count_descriptors() != descriptors)
		blame(run, WRONG_DESCRIPTORS, "%u before, %u after",
		    descriptors, count_descriptors());
	/* libcrypto keeps a queue of errors for each thread. */
	OPENSSL_thread_stop();
	return fault_live_blocks() > 0;
}

void
run_set(struct run *run, const struct job *job)
{
	struct fault_plan *plan = run->plan;

	plan->kind = FAULT_NONE;
	if (job == NULL)
		return;
	plan->kind = (enum fault_kind)job->kind;
	plan->side = (enum fault_side)job->side;
	plan->persistence = (enum fault_persistence)job->persistence;
	plan->mode = job->mode;
	plan->index = job->index;
	plan->is_place = job->is_place;
}

void
run_job(struct run *run, const struct job *job)
{
	for (unsigned i = 0; i < LEAK_TRIES; i++) {
		run_set(run, job);
		if (!run_log_in(run) || run->wrong != WRONG_NOTHING)
			return;
	}
	/*
	 * Where memory ran out within a library, what it lost itself is its own.
	 * The module has the same way out where the call itself fails, and then
	 * every block counts.
	 */
	run->is_leak_of_library = job != NULL && job->kind == FAULT_MEMORY &&
				  fault_live_blocks_of_module() == 0;
	if (!run->is_leak_of_library)
		blame(run, WRONG_HEAP, "%zu blocks each time, %zu by itself",
		    fault_live_blocks(), fault_live_blocks_of_module());
}

bool
run_clean(struct run *run)
{
	run_job(run, NULL);
	if (run->wrong != WRONG_NOTHING)
		return false;
	if (run->is_admitted == (run->scene->expected == NITRO_OK))
		return true;
	blame(run, WRONG_AFTERWARDS, "PAM codes %d and %d", run->auth,
	    run->account);
	return false;
}

void
run_describe(
    const struct fault_plan *plan, const struct job *job, char text[256])
{
	static const char *const persistence[] = {
	    "once", "from then on", "and all from then on"};
	static const char *const sides[] = {"", "child's ", "account stage's "};
	unsigned count;
	const struct fault_mode *modes = fault_function_modes(
	    plan->function, &count);

	if (job->kind == FAULT_MEMORY)
		(void)snprintf(text, 256, "%sallocation %u (in %s) fails %s",
		    sides[job->side], job->index,
		    fault_function_name(plan->function),
		    persistence[job->persistence]);
	else
		(void)snprintf(text, 256,
		    "%scall %s%u, %s, fails with %ld, errno %d, flags %x, %s",
		    sides[job->side], job->is_place ? "from " : "", job->index,
		    fault_function_name(plan->function),
		    job->mode < count ? (long)modes[job->mode].value : 0,
		    job->mode < count ? modes[job->mode].error : 0,
		    job->mode < count ? modes[job->mode].flags : 0,
		    persistence[job->persistence]);
}
