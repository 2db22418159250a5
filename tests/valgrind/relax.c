/*
 * For LD_PRELOAD under valgrind alone. The limits of the sandbox would take
 * from it the memory and the descriptors that it needs in the process which
 * it watches; and as 5 ms are seconds there, the clock of deadlines goes at a
 * twentieth. (Of seccomp(2) it says that there is none, so that the module
 * does without, and says so.) All other steps stay.
 */
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SLOWER 20
#define NS_PER_S 1000000000L

__attribute__((visibility("default"))) int
clock_gettime(clockid_t clock, struct timespec *now)
{
	const long result = syscall(SYS_clock_gettime, clock, now);
	const long left = now->tv_sec % SLOWER;

	if (result == 0 && clock == CLOCK_MONOTONIC) {
		now->tv_sec /= SLOWER;
		now->tv_nsec = (left * NS_PER_S + now->tv_nsec) / SLOWER;
	}
	return (int)result;
}

__attribute__((visibility("default"))) int
setrlimit(__rlimit_resource_t resource, const struct rlimit *limits)
{
	(void)resource, (void)limits;
	return 0;
}
