#include "sandbox/syscall_filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int free_calls[] = {
    SCMP_SYS(brk),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(futex),
    SCMP_SYS(getpid), /* libcrypto asks whether it was forked */
    SCMP_SYS(getrandom),
    SCMP_SYS(gettid),
    SCMP_SYS(madvise),
    SCMP_SYS(munmap),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sched_yield),
};

/* What SCMP_CMP() makes, with every field. */
#define ARGUMENT(...) ((struct scmp_arg_cmp){__VA_ARGS__})
#define ARGUMENT_IS(i, value) ARGUMENT(i, SCMP_CMP_EQ, value, 0)
#define ARGUMENT_HAS(i, mask, value) \
	ARGUMENT(i, SCMP_CMP_MASKED_EQ, mask, value)

static void
drop_filter(scmp_filter_ctx *filter)
{
	if (*filter != NULL)
		seccomp_release(*filter);
}

bool
nitro_syscall_filter_is_possible(void)
{
	const uint32_t action = SECCOMP_RET_KILL_PROCESS;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/* libseccomp's results are 0 or a negative errno. */
static int
allow_free_calls(scmp_filter_ctx filter)
{
	int result;

	for (size_t i = 0; i < NITRO_COUNT_OF(free_calls); i++) {
		result = seccomp_rule_add(
		    filter, SCMP_ACT_ALLOW, free_calls[i], 0);
		if (result != 0)
			return result;
	}
	return 0;
}

/* Memory that no file stands behind and that nothing can be run from. */
static int
allow_memory(scmp_filter_ctx filter)
{
	int result;

	result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
	    ARGUMENT_HAS(2, PROT_EXEC, 0),
	    ARGUMENT_HAS(3, MAP_ANONYMOUS, MAP_ANONYMOUS));
	if (result != 0)
		return result;
	result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
	    ARGUMENT_HAS(2, PROT_EXEC, 0));
	if (result != 0)
		return result;
	/* It keeps the protection that was there. */
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mremap), 0);
}

int
nitro_syscall_filter_load(void)
{
	NITRO_DROP(drop_filter)
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int result;

	if (filter == NULL)
		return ENOMEM;
	if ((result = allow_free_calls(filter)) != 0 ||
	    (result = allow_memory(filter)) != 0 ||
	    /* To ask only: AddressSanitizer does so at the end. */
	    (result = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
		 SCMP_SYS(sigaltstack), 1, ARGUMENT_IS(0, 0))) != 0 ||
	    (result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write),
		 1, ARGUMENT_IS(0, 0))) != 0)
		return -result;
	return -seccomp_load(filter);
}
