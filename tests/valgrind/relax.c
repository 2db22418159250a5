/*
 * For LD_PRELOAD under valgrind alone, which needs system calls, memory and
 * descriptors of its own in the process that it watches: the two steps of the
 * sandbox that would take them away do nothing. All else stays.
 */
#include <seccomp.h>
#include <sys/resource.h>

#define SHOWN __attribute__((visibility("default")))

SHOWN int seccomp_load(const scmp_filter_ctx filter);
SHOWN int setrlimit(
    __rlimit_resource_t resource, const struct rlimit *limits);

int
seccomp_load(const scmp_filter_ctx filter)
{
	(void)filter;
	return 0;
}

int
setrlimit(__rlimit_resource_t resource, const struct rlimit *limits)
{
	(void)resource, (void)limits;
	return 0;
}
