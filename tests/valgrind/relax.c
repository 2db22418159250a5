/*
 * For LD_PRELOAD under valgrind alone: the limits of the sandbox would take
 * from it the memory and the descriptors that it needs in the process which
 * it watches. (Of seccomp(2) it says that there is none, so that the module
 * does without, and says so.) All other steps stay.
 */
#include <sys/resource.h>

__attribute__((visibility("default"))) int
setrlimit(__rlimit_resource_t resource, const struct rlimit *limits)
{
	(void)resource, (void)limits;
	return 0;
}
