/*
 * Memory that really runs out: RLIMIT_AS from nothing upwards, before the
 * prompt and after the answer. Each login is made by a process of its own.
 */
/* M15 R05 L21 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module/captured_log.h"
#include "module/login.h"
#include "unit/unit.h"

#define PAGE_KIB 4
#define ROOM_MAX_KIB 16384
#define ENOUGH 32
#define BIG 4000 /* entries */
#define STUCK_S 30

/* What a process says of its login, in memory that it shares. */
static struct told {
	int auth, account;
	size_t lines; /* of the auth stage, libpam's own included */
} * told;

struct room {
	size_t kib;
	bool is_after_answer; /* else before the first prompt */
};

static size_t
mapped_kib(void)
{
	char line[64];
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages;

	if (file == NULL || fgets(line, sizeof line, file) == NULL)
		abort();
	(void)fclose(file);
	pages = strtoul(line, NULL, 10);
	return pages * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

static void
set_limit(size_t kib)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) != 0)
		abort();
	limit.rlim_cur = kib == 0 ? limit.rlim_max : kib * 1024;
	if (setrlimit(RLIMIT_AS, &limit) != 0)
		abort();
}

static void
leave_room(const struct room *room)
{
	(void)malloc_trim(0);
	set_limit(mapped_kib() + room->kib);
}

/* The client is not short of memory. */
static int
answer(struct client *client, struct pam_response **responses)
{
	const struct room *room = client->context;
	int result;

	set_limit(0);
	result = client_whole(client, responses);
	if (room->is_after_answer)
		leave_room(room);
	return result;
}

static void
log_in(const struct stack *stack, struct room *room)
{
	struct login login = {.client = {.script = answer, .context = room}};

	(void)alarm(STUCK_S);
	login_open(&login, stack, "deploy");
	if (!room->is_after_answer)
		leave_room(room);
	told->auth = login_authenticate(&login);
	told->lines = captured_count() + captured_lost();
	told->account = pam_acct_mgmt(login.pamh, 0);
	_exit(0);
}

/* True where it was admitted, and by a line that says so. */
static bool
is_admitted_with(const struct stack *stack, struct room room)
{
	int status = 0;
	pid_t child;

	*told = (struct told){-1, -1, 0};
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		log_in(stack, &room);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("%zu KiB %s: the process ended with status %x",
		    room.kib, room.is_after_answer ? "after" : "before",
		    (unsigned)status);
	assert_int_equal(told->lines, 1);
	if (told->auth != PAM_SUCCESS) {
		assert_int_equal(told->auth, PAM_SYSTEM_ERR);
		assert_int_not_equal(told->account, PAM_SUCCESS);
	}
	return told->auth == PAM_SUCCESS && told->account == PAM_SUCCESS;
}

static void
sweep(const struct stack *stack, bool is_after_answer, size_t step_kib)
{
	unsigned refused = 0, admitted = 0;

	/* So many in a row that are admitted: there is enough. */
	for (size_t kib = 0; kib <= ROOM_MAX_KIB && admitted < ENOUGH;
	     kib += step_kib) {
		if (is_admitted_with(
			stack, (struct room){kib, is_after_answer})) {
			admitted++;
			continue;
		}
		refused += 1 + admitted;
		admitted = 0;
	}
	print_message("# %u refused before there was enough\n", refused);
	assert_true(refused > 0);
	assert_int_equal(admitted, ENOUGH);
}

static void
test_little_memory_before_the_prompt_refuses(void **state)
{
	sweep(stack_need(state), false, PAGE_KIB);
}

static void
test_little_memory_after_the_answer_refuses(void **state)
{
	sweep(stack_need(state), true, PAGE_KIB);
}

/* libconfig looks at no allocation, so what it needs is asked for before. */
static void
test_little_memory_for_a_big_file_refuses(void **state)
{
	struct stack *stack = stack_need(state);
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	assert_non_null(file);
	assert_true(fprintf(file, "%s", stack_measurements_text) > 0);
	assert_true(fprintf(file, "revoked = (") > 0);
	for (unsigned i = 0; i < BIG; i++)
		assert_true(fprintf(file,
				"%s{ instance_id = \"i-%017x\"; reason = "
				"\"gone\"; }",
				i > 0 ? ",\n" : "", i) > 0);
	assert_true(fprintf(file, ");\n") > 0);
	assert_int_equal(fclose(file), 0);
	stack_write(stack, "measurements.conf", text);
	free(text);
	sweep(stack, false, 16 * PAGE_KIB);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STACK_TEST(test_little_memory_before_the_prompt_refuses),
	    STACK_TEST(test_little_memory_after_the_answer_refuses),
	    STACK_TEST(test_little_memory_for_a_big_file_refuses),
	};

	told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED)
		return 1;
	return stack_run(tests);
}
