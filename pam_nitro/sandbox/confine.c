#include "sandbox/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/syscall_filter.h"

/* Of address space, where /proc does not say what is mapped already. */
#define MAPPED_UNKNOWN ((size_t)1 << 30)

struct context {
	pid_t parent;
	const struct nitro_sandbox_limits *limits;
	rlim_t address_space;
	bool is_filtered;
};

static int
errno_of(long result)
{
	return result == -1 ? errno : 0;
}

/* The host's handlers know nothing of this process. */
static int
reset_signals(struct context *context)
{
	const struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	(void)context;
	for (int i = 1; i < NSIG; i++)
		/* EINVAL: SIGKILL, SIGSTOP and those of the C library. */
		if (sigaction(i, &action, NULL) != 0 && errno != EINVAL)
			return errno;
	(void)sigemptyset(&none);
	return errno_of(sigprocmask(SIG_SETMASK, &none, NULL));
}

/* While /proc can still be opened, and there are descriptors again. */
static int
measure_memory(struct context *context)
{
	char pages[64] = "";
	size_t mapped = 0;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	/* Its first number, in pages; without a file nothing is read. */
	if (read(fd, pages, sizeof pages - 1) > 0)
		for (size_t i = 0; pages[i] >= '0' && pages[i] <= '9'; i++)
			mapped = mapped * 10 + (size_t)(pages[i] - '0');
	mapped *= (size_t)sysconf(_SC_PAGESIZE);
	(void)close(fd);
	context->address_space = context->limits->memory +
				 (mapped > 0 ? mapped : MAPPED_UNKNOWN);
	return 0;
}

static int
close_descriptors(struct context *context)
{
	(void)context;
	closefrom(1);
	return 0;
}

/* Never above what the host has already. */
static int
limit(int resource, rlim_t wanted)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)resource, &now) != 0)
		return errno;
	wanted = wanted < now.rlim_max ? wanted : now.rlim_max;
	now = (struct rlimit){wanted, wanted};
	return errno_of(setrlimit((__rlimit_resource_t)resource, &now));
}

static int
set_limits(struct context *context)
{
	const struct {
		int resource;
		rlim_t most;
	} limits[] = {
	    {RLIMIT_CPU, context->limits->cpu_s},
	    {RLIMIT_AS, context->address_space},
	    {RLIMIT_NOFILE, 1},
	    {RLIMIT_NPROC, 0},
	    {RLIMIT_FSIZE, 0},
	    {RLIMIT_CORE, 0},
	};
	int error;

	for (size_t i = 0; i < NITRO_COUNT_OF(limits); i++)
		if ((error = limit(limits[i].resource, limits[i].most)) != 0)
			return error;
	return 0;
}

/* Some user namespaces forbid setgroups(2), and have no groups to drop. */
static int
drop_groups(struct context *context)
{
	(void)context;
	if (geteuid() != 0 || getgroups(0, NULL) == 0)
		return 0;
	return errno_of(setgroups(0, NULL));
}

static int
drop_gid(struct context *context)
{
	const gid_t gid = geteuid() == 0 ? NITRO_SANDBOX_ID : getegid();

	(void)context;
	return errno_of(setresgid(gid, gid, gid));
}

static int
drop_uid(struct context *context)
{
	const uid_t uid = geteuid() == 0 ? NITRO_SANDBOX_ID : geteuid();

	(void)context;
	return errno_of(setresuid(uid, uid, uid));
}

/* A host that is not root may have been given some. */
static int
drop_capabilities(struct context *context)
{
	struct __user_cap_header_struct header = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {
	    {0}};

	(void)context;
	return errno_of(syscall(SYS_capset, &header, none));
}

static int
forbid_new_privileges(struct context *context)
{
	(void)context;
	return errno_of(prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L));
}

/* Its memory is a copy of the host's. */
static int
forbid_tracing(struct context *context)
{
	(void)context;
	return errno_of(prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L));
}

/* After the change of uid, which takes this back. */
static int
die_with_parent(struct context *context)
{
	if (prctl(PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L) != 0)
		return errno;
	return getppid() == context->parent ? 0 : ESRCH;
}

static int
filter_system_calls(struct context *context)
{
	context->is_filtered = nitro_syscall_filter_is_possible();
	return context->is_filtered ? nitro_syscall_filter_load() : 0;
}

static const struct {
	const char *name;
	int (*take)(struct context *context);
} steps[] = {
    {"closefrom", close_descriptors},
    {"statm", measure_memory},
    {"sigaction", reset_signals},
    {"setrlimit", set_limits},
    {"setgroups", drop_groups},
    {"setresgid", drop_gid},
    {"setresuid", drop_uid},
    {"capset", drop_capabilities},
    {"no_new_privs", forbid_new_privileges},
    {"dumpable", forbid_tracing},
    {"pdeathsig", die_with_parent},
    {"seccomp", filter_system_calls},
};

const char *
nitro_confine_step_name(uint32_t step)
{
	if (step < 1 || step > NITRO_COUNT_OF(steps))
		return "none";
	return steps[step - 1].name;
}

bool
nitro_confine(pid_t parent, const struct nitro_sandbox_limits *limits,
    bool *is_filtered, struct nitro_confine_fault *fault)
{
	struct context context = {.parent = parent, .limits = limits};
	int error;

	for (uint32_t i = 0; i < NITRO_COUNT_OF(steps); i++)
		if ((error = steps[i].take(&context)) != 0) {
			*fault = (struct nitro_confine_fault){i + 1, error};
			return false;
		}
	*is_filtered = context.is_filtered;
	return true;
}
