/* The module as a guest in somebody else's process: it leaves no trace. */
#include <dirent.h>
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "module/captured_log.h"
#include "module/login.h"
#include "unit/unit.h"

/* Debian's name of the machine, in the path of libraries. */
#if defined(__x86_64__)
#define MULTIARCH "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define MULTIARCH "aarch64-linux-gnu"
#else
#define MULTIARCH "none"
#endif

static unsigned
count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	assert_int_equal(closedir(folder), 0);
	return count;
}

static size_t
heap_in_use(void)
{
	const struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void
other_code(struct client *client, struct sim_document *doc)
{
	(void)client;
	doc->pcr[0][0] ^= 1;
}

static const char *const no_document[] = {"QUJD", NULL};

/* A login of every class of reason; the first one is admitted. */
static const struct {
	struct client client;
	const char *user;
	nitro_err expected;
} kinds[] = {
    {{0}, "deploy", NITRO_OK},
    {{.edit = other_code}, "deploy", NITRO_E_PCR},
    {{.script = client_lines, .lines = no_document}, "deploy",
	NITRO_E_COSE_SHAPE},
    {{.script = client_fails, .code = PAM_CONV_ERR}, "deploy",
	NITRO_E_CONVERSATION},
    {{.script = client_null_array}, "deploy", NITRO_E_CONVERSATION_BROKEN},
    {{.script = client_parts}, "root", NITRO_OK},
    {{0}, "nobody", NITRO_E_USER},
    {{.script = client_parts, .is_masked = true}, "deploy", NITRO_E_MASKED},
};

static void
log_in(const struct stack *stack, unsigned i)
{
	const unsigned kind = i % NITRO_COUNT_OF(kinds);
	const bool is_in = kinds[kind].expected == NITRO_OK;
	NITRO_DROP(login_close)
	struct login login = {.client = kinds[kind].client};

	login_open(&login, stack, kinds[kind].user);
	login_authenticate(&login);
	assert_int_equal(
	    login_differs(&login, "a kind", kinds[kind].expected), 0);
	/* libpam itself has no credentials for who was refused. */
	assert_int_equal(
	    pam_setcred(login.pamh, PAM_ESTABLISH_CRED) == PAM_SUCCESS, is_in);
	assert_int_equal(pam_acct_mgmt(login.pamh, 0) == PAM_SUCCESS, is_in);
}

/*
 * What malloc(3) counts as used wavers by a few KiB. A leak of the smallest
 * block there is, at each login, would be 32,000 bytes.
 */
#define LOGINS 1000
/*
 * OpenSSL 3.5 keeps some 100 KB more until about the 500th login and nothing
 * after that. Sanitizers keep memory that was freed, and are slow to fork.
 */
#define WARM_UP_COUNT (UNIT_IS_SANITIZED ? 20u : 600u)
#define WAVER 16384

/* M10 T21 R02 */
static void
test_a_thousand_logins_leave_neither_memory_nor_descriptors(void **state)
{
	struct stack *stack = stack_need(state);
	const unsigned count = UNIT_IS_SANITIZED ? 40 : LOGINS;
	unsigned descriptors;
	size_t heap;

	for (unsigned i = 0; i < WARM_UP_COUNT; i++)
		log_in(stack, i);
	descriptors = count_descriptors();
	heap = heap_in_use();
	for (unsigned i = 0; i < count; i++)
		log_in(stack, i);
	assert_int_equal(count_descriptors(), descriptors);
	if (!UNIT_IS_SANITIZED)
		assert_int_in_range(heap_in_use(), 0, heap + WAVER);
}

/* The same for one handle that lives on, as sshd's does. */
/* M10 */
static void
test_a_thousand_logins_on_one_handle_leave_nothing(void **state)
{
	struct stack *stack = stack_need(state);
	const unsigned count = UNIT_IS_SANITIZED ? 40 : LOGINS;
	NITRO_DROP(login_close) struct login login = {0};
	unsigned descriptors = 0;
	size_t heap = 0;

	login_open(&login, stack, "deploy");
	for (unsigned i = 0; i < WARM_UP_COUNT + count; i++) {
		if (i == WARM_UP_COUNT) {
			descriptors = count_descriptors();
			heap = heap_in_use();
		}
		/* Mostly garbage, which costs no signature. */
		login.client.script = i % 4 == 0 ? client_whole : client_lines;
		login.client.lines = no_document;
		assert_int_equal(login_authenticate(&login),
		    i % 4 == 0 ? PAM_SUCCESS : PAM_MAXTRIES);
		client_forget(&login.client);
	}
	assert_int_equal(count_descriptors(), descriptors);
	if (!UNIT_IS_SANITIZED)
		assert_int_in_range(heap_in_use(), 0, heap + WAVER);
}

/* M10 */
static void
test_the_module_can_be_loaded_and_unloaded_a_thousand_times(void **state)
{
	struct stack *stack = stack_need(state);
	unsigned descriptors = count_descriptors();
	size_t heap = 0;

	for (unsigned i = 0; i < 1010; i++) {
		void *module = dlopen(stack->module, RTLD_NOW | RTLD_LOCAL);

		assert_non_null(module);
		assert_non_null(dlsym(module, "pam_sm_authenticate"));
		assert_int_equal(dlclose(module), 0);
		if (i == 10)
			heap = heap_in_use();
	}
	/* It is gone, so nothing in it pins it. */
	if (!UNIT_IS_SANITIZED)
		assert_null(
		    dlopen(stack->module, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD));
	assert_int_equal(count_descriptors(), descriptors);
	if (!UNIT_IS_SANITIZED)
		assert_int_in_range(heap_in_use(), 0, heap + WAVER);
}

#define THREADS 16
#define LOGINS_PER_THREAD 4

struct worker {
	const struct stack *stack;
	pthread_t thread;
	unsigned number, wrong;
	char reference[LOGINS_PER_THREAD][CLIENT_REFERENCE_SIZE];
};

/* Half of the threads have a document that is allowed. */
static void *
work(void *context)
{
	struct worker *worker = context;
	const bool is_good = worker->number % 2 == 0;

	for (unsigned i = 0; i < LOGINS_PER_THREAD; i++) {
		NITRO_DROP(login_close)
		struct login login = {
		    .client.edit = is_good ? NULL : other_code};

		login_open(&login, worker->stack, "deploy");
		login.result = pam_authenticate(login.pamh, 0);
		if (login.result != (is_good ? PAM_SUCCESS : PAM_MAXTRIES) ||
		    login.client.complaint[0] != '\0')
			worker->wrong++;
		client_reference(&login.client, worker->reference[i]);
	}
	return NULL;
}

/* M11 */
static void
test_sixteen_threads_log_in_at_once(void **state)
{
	struct stack *stack = stack_need(state);
	static struct worker workers[THREADS];

	/* Its allocator may be locked for ever in a child of several threads. */
	if (UNIT_IS_SANITIZED)
		skip();
	captured_clear();
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.stack = stack, .number = i};
		assert_int_equal(
		    pthread_create(&workers[i].thread, NULL, work, &workers[i]),
		    0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	assert_int_equal(captured_count(), THREADS * LOGINS_PER_THREAD);
	for (unsigned i = 0; i < THREADS; i++) {
		for (unsigned j = 0;
		     workers[i].wrong > 0 && j < LOGINS_PER_THREAD; j++)
			print_message(
			    "# %s\n", captured_find(workers[i].reference[j]));
		assert_int_equal(workers[i].wrong, 0);
		for (unsigned j = 0; j < LOGINS_PER_THREAD; j++)
			assert_non_null(
			    strstr(captured_find(workers[i].reference[j]),
				i % 2 == 0 ? "result=allow" : "result=deny"));
	}
}

static void *
read_the_clock(void *stop)
{
	while (!atomic_load((atomic_bool *)stop)) {
		const time_t now = time(NULL);
		struct tm parts;

		(void)localtime_r(&now, &parts);
	}
	return NULL;
}

/*
 * localtime_r(3), as in each syslog(3), takes a lock that a fork copies as it
 * is: whoever waits for it in the child waits for ever.
 */
/* M11 */
static void
test_a_thread_that_reads_the_clock_locks_nobody_out(void **state)
{
	struct stack *stack = stack_need(state);
	static atomic_bool stop;
	pthread_t thread;

	if (UNIT_IS_SANITIZED)
		skip();
	atomic_store(&stop, false);
	assert_int_equal(
	    pthread_create(&thread, NULL, read_the_clock, &stop), 0);
	for (unsigned i = 0; i < 25; i++) {
		struct login login = {0};

		assert_int_equal(
		    login_once(&login, stack, "deploy", NITRO_OK), 0);
	}
	atomic_store(&stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

#define SIGNALS 32

struct signals {
	struct sigaction actions[SIGNALS];
	sigset_t mask;
	unsigned alarm_s;
};

static void
look_at_signals(struct signals *signals)
{
	memset(signals, 0, sizeof *signals);
	for (int i = 1; i < SIGNALS; i++)
		assert_int_equal(sigaction(i, NULL, &signals->actions[i]), 0);
	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &signals->mask), 0);
	/* alarm(2) gives what was left of another one. */
	signals->alarm_s = alarm(0);
}

static bool
signals_differ(const struct signals *a, const struct signals *b)
{
	for (int i = 1; i < SIGNALS; i++)
		if (a->actions[i].sa_handler != b->actions[i].sa_handler ||
		    a->actions[i].sa_flags != b->actions[i].sa_flags ||
		    sigismember(&a->mask, i) != sigismember(&b->mask, i))
			return true;
	return a->alarm_s != b->alarm_s;
}

static int
look_and_answer(struct client *client, struct pam_response **responses)
{
	look_at_signals(client->context);
	return client_whole(client, responses);
}

/* M13 */
static void
test_no_signal_is_caught_blocked_or_sent(void **state)
{
	struct stack *stack = stack_need(state);
	static struct signals before, during, after;
	NITRO_DROP(login_close)
	struct login login = {
	    .client = {.script = look_and_answer, .context = &during}};

	login_open(&login, stack, "deploy");
	look_at_signals(&before);
	assert_int_equal(login_authenticate(&login), PAM_SUCCESS);
	look_at_signals(&after);
	assert_false(signals_differ(&before, &during));
	assert_false(signals_differ(&before, &after));
}

/* The process ends in the middle of a dialogue. */
static int
die_at_part_3(struct client *client, struct pam_response **responses)
{
	if (client->part == 3)
		(void)raise(*(const int *)client->context);
	return client_parts(client, responses);
}

static unsigned
count_files(const struct stack *stack)
{
	DIR *folder = opendir(stack->folder);
	unsigned count = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	assert_int_equal(closedir(folder), 0);
	return count;
}

/* M13 T21 */
static void
test_a_signal_between_two_parts_ends_the_process_as_ever(void **state)
{
	static const int numbers[] = {SIGTERM, SIGALRM, SIGHUP, SIGPIPE};
	struct stack *stack = stack_need(state);
	const unsigned files = count_files(stack);

	for (size_t i = 0; i < NITRO_COUNT_OF(numbers); i++) {
		int number = numbers[i], status = 0;
		NITRO_DROP(login_close)
		struct login login = {
		    .client = {.script = die_at_part_3, .context = &number}};
		pid_t child;

		login_open(&login, stack, "deploy");
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			/* nohup(1) has us ignore one of them. */
			(void)signal(number, SIG_DFL);
			(void)pam_authenticate(login.pamh, 0);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), number);
		assert_int_equal(count_files(stack), files);
	}
}

/* M12 */
static void
test_ignored_children_change_no_verdict(void **state)
{
	struct stack *stack = stack_need(state);
	struct sigaction ignored = {.sa_handler = SIG_IGN}, before;
	struct login good = {0}, bad = {.client.edit = other_code};

	assert_int_equal(sigaction(SIGCHLD, &ignored, &before), 0);
	assert_int_equal(login_once(&good, stack, "deploy", NITRO_OK), 0);
	assert_int_equal(login_once(&bad, stack, "deploy", NITRO_E_PCR), 0);
	assert_int_equal(sigaction(SIGCHLD, &before, NULL), 0);
	/* And there are none. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* How many descriptors a login may open, and what came of it. */
static int
log_in_with_descriptors(const struct stack *stack, rlim_t more)
{
	NITRO_DROP(login_close) struct login login = {0};
	struct rlimit limit, before;
	int first;

	login_open(&login, stack, "deploy");
	first = dup(STDIN_FILENO);
	assert_true(first >= 0);
	assert_int_equal(close(first), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)first + more;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	(void)login_authenticate(&login);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(captured_count(), 1);
	assert_int_equal(login.result == PAM_SUCCESS,
	    strstr(captured_line(0), " result=allow ") != NULL);
	if (login.result != PAM_SUCCESS) {
		assert_int_equal(login.result, PAM_SYSTEM_ERR);
		assert_int_equal(login.client.prompt_count, 0);
	}
	if (more == 0) {
		/* M20: path and errno are named. */
		assert_non_null(strstr(captured_line(0), " file=/"));
		assert_non_null(
		    strstr(captured_line(0), "Too many open files"));
	}
	return login.result;
}

/* R06 M15 M20 L01 L21 */
static void
test_without_descriptors_a_login_is_refused(void **state)
{
	struct stack *stack = stack_need(state);
	int result = PAM_SYSTEM_ERR;
	rlim_t more = 0;

	for (; more < 16 && result != PAM_SUCCESS; more++)
		result = log_in_with_descriptors(stack, more);
	assert_int_equal(result, PAM_SUCCESS);
	assert_true(more > 1);
	/* What once failed does not stick. */
	assert_int_equal(log_in_with_descriptors(stack, more), PAM_SUCCESS);
}

/* Symbols of the host that a module's own might be bound to by mistake. */
static unsigned clashes;

__attribute__((visibility("default"))) void host_error(
    int status, int number, const char *format, ...) __asm__("error");

void
host_error(int status, int number, const char *format, ...)
{
	(void)status, (void)number, (void)format;
	clashes++;
}

/* M19 */
static void
test_a_function_of_the_host_is_never_called(void **state)
{
	struct stack *stack = stack_need(state);
	const void *visible = dlsym(RTLD_DEFAULT, "error");

	assert_ptr_equal(visible, (const void *)(uintptr_t)host_error);
	for (unsigned i = 0; i < NITRO_COUNT_OF(kinds); i++)
		log_in(stack, i);
	assert_int_equal(clashes, 0);
}

static bool
is_installed(const char *module)
{
	static const char *const folders[] = {"/lib/" MULTIARCH "/security",
	    "/lib64/security", "/usr/lib64/security", "/lib/security"};
	char path[PATH_MAX];

	for (size_t i = 0; i < NITRO_COUNT_OF(folders); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", folders[i], module);
		if (access(path, R_OK) == 0)
			return true;
	}
	return false;
}

/* Is a file of that name mapped into this process? */
static bool
is_mapped(const char *name)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[PATH_MAX + 128];
	bool is_found = false;

	assert_non_null(maps);
	while (!is_found && fgets(line, sizeof line, maps) != NULL)
		is_found = strstr(line, name) != NULL;
	assert_int_equal(fclose(maps), 0);
	return is_found;
}

/* pam_u2f brings libfido2, and with it users of libcbor and libcrypto. */
/* M10 M19 */
static void
test_pam_u2f_in_the_same_stack_changes_nothing(void **state)
{
	static const char *const orders[] = {
	    "auth optional pam_u2f.so nouserok authfile=~/u2f\n"
	    "auth required @\naccount required @\n",
	    "auth required @\n"
	    "auth optional pam_u2f.so nouserok authfile=~/u2f\n"
	    "account required @\n",
	};
	struct stack *stack = stack_need(state);

	if (!is_installed("pam_u2f.so")) {
		print_message("# SKIP needs pam_u2f.so (libpam-u2f)\n");
		skip();
	}
	stack_write(stack, "u2f", "");
	for (size_t i = 0; i < 2 * NITRO_COUNT_OF(orders); i++) {
		const bool is_good = i < NITRO_COUNT_OF(orders);
		NITRO_DROP(login_close)
		struct login login = {.service = "both",
		    .client.edit = is_good ? NULL : other_code};

		stack_service(stack, "both", orders[i % 2]);
		login_open(&login, stack, "deploy");
		assert_int_equal(login_authenticate(&login),
		    is_good ? PAM_SUCCESS : PAM_MAXTRIES);
		assert_true(is_mapped("/pam_u2f.so"));
		assert_true(is_mapped("/libfido2.so"));
		assert_true(is_mapped("/pam_nitro.so"));
		assert_int_equal(captured_count(), 1);
		assert_int_equal(
		    pam_acct_mgmt(login.pamh, 0) == PAM_SUCCESS, is_good);
	}
}

/* malloc(3) counts what it keeps for a thread as used: it shall keep nothing. */
static void
count_all_memory(char **argv)
{
	static const char name[] = "GLIBC_TUNABLES";

	if (getenv(name) != NULL || UNIT_IS_SANITIZED)
		return;
	assert_int_equal(setenv(name, "glibc.malloc.tcache_count=0", 1), 0);
	(void)execv("/proc/self/exe", argv);
	fail_msg("cannot start again");
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
	    STACK_TEST(
		test_a_thousand_logins_leave_neither_memory_nor_descriptors),
	    STACK_TEST(test_a_thousand_logins_on_one_handle_leave_nothing),
	    STACK_TEST(
		test_the_module_can_be_loaded_and_unloaded_a_thousand_times),
	    STACK_TEST(test_sixteen_threads_log_in_at_once),
	    STACK_TEST(test_a_thread_that_reads_the_clock_locks_nobody_out),
	    STACK_TEST(test_no_signal_is_caught_blocked_or_sent),
	    STACK_TEST(
		test_a_signal_between_two_parts_ends_the_process_as_ever),
	    STACK_TEST(test_ignored_children_change_no_verdict),
	    STACK_TEST(test_without_descriptors_a_login_is_refused),
	    STACK_TEST(test_a_function_of_the_host_is_never_called),
	    STACK_TEST(test_pam_u2f_in_the_same_stack_changes_nothing),
	};

	(void)argc;
	count_all_memory(argv);
	return stack_run(tests);
}
