/* The one log line of a decision, and what the session learns of it. */
#ifndef NITRO_MODULE_REPORT_H
#define NITRO_MODULE_REPORT_H

#include <security/pam_modules.h>

#include "module/attempt.h"

#define NITRO_LOG_LINE_MAX \
	480 /* bytes, and libpam puts "pam_nitro(sshd:auth): " in front */

/*
 * Log the decision in one line of logfmt: printable ASCII, at most
 * NITRO_LOG_LINE_MAX bytes. Hostile text is escaped as \xNN and cut. Of a
 * document that did not verify it has lengths and times alone.
 */
void nitro_report(
    pam_handle_t *pamh, nitro_err err, const struct nitro_attempt *attempt);

/*
 * Put PAM_NITRO_WORKLOAD, _VERSION, _KIND and _MODULE_ID into the PAM
 * environment, for a login that was admitted.
 * NITRO_E_PAM, where some may have been put; NITRO_E_INTERNAL: none was.
 */
NITRO_MUST_CHECK nitro_err nitro_report_environment(
    pam_handle_t *pamh, const struct nitro_attempt *attempt);

#endif
