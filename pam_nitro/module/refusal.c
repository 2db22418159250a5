#include "module/refusal.h"

#include <errno.h>

#include "base/bytes.h"

#define NS_PER_S 1000000000L
#define NS_PER_MS 1000000L

/* PAM hands out functions as pointers to objects. */
union delay {
	const void *item;
	void (*call)(int result, unsigned usec, void *appdata);
};

static struct timespec
end_of_wait(const struct timespec *answered)
{
	struct timespec end = *answered;

	end.tv_nsec += NITRO_REFUSAL_MS * NS_PER_MS;
	end.tv_sec += end.tv_nsec / NS_PER_S;
	end.tv_nsec %= NS_PER_S;
	return end;
}

/* 0 where the end has passed. */
static unsigned
usec_until(const struct timespec *end)
{
	struct timespec now;
	int64_t ns;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return 0;
	ns = (int64_t)(end->tv_sec - now.tv_sec) * NS_PER_S +
	     (end->tv_nsec - now.tv_nsec);
	return ns > 0 ? (unsigned)(ns / 1000) : 0;
}

static union delay
delay_of_application(pam_handle_t *pamh, void **appdata)
{
	union delay delay = {NULL};
	const void *item = NULL;

	if (pam_get_item(pamh, PAM_FAIL_DELAY, &delay.item) != PAM_SUCCESS)
		delay.item = NULL;
	if (pam_get_item(pamh, PAM_CONV, &item) == PAM_SUCCESS && item != NULL)
		*appdata = ((const struct pam_conv *)item)->appdata_ptr;
	return delay;
}

void
nitro_refusal_wait(pam_handle_t *pamh, const struct timespec *answered)
{
	const struct timespec end = end_of_wait(answered);
	void *appdata = NULL;
	union delay delay;
	int error;

	if (answered->tv_sec == 0 && answered->tv_nsec == 0)
		return;
	delay = delay_of_application(pamh, &appdata);
	if (delay.item != NULL) {
		delay.call(PAM_AUTH_ERR, usec_until(&end), appdata);
		return;
	}
	do
		error = clock_nanosleep(
		    CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
	while (error == EINTR);
}
