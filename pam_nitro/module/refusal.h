/* When a refusal is told. */
#ifndef NITRO_MODULE_REFUSAL_H
#define NITRO_MODULE_REFUSAL_H

#include <security/pam_modules.h>
#include <time.h>

/* From the last answer to the end of the auth stage; a verdict takes 5 to 15. */
#define NITRO_REFUSAL_MS 100

/*
 * Wait until NITRO_REFUSAL_MS after the last answer, so that the time tells a
 * stranger neither how far his document came nor whether sshd let the module
 * see it at all, which it does not for users that do not exist.
 *
 * answered  of CLOCK_MONOTONIC; {0} where nothing was answered: no wait.
 *
 * An application that has set PAM_FAIL_DELAY is told how many microseconds are
 * left, and waits itself, or does not.
 */
void nitro_refusal_wait(pam_handle_t *pamh, const struct timespec *answered);

#endif
