/* Everything that the administrator wrote, read and checked as a whole. */
#ifndef NITRO_POLICY_POLICY_H
#define NITRO_POLICY_POLICY_H

#include "evidence/cert_chain.h"
#include "policy/decision.h"
#include "policy/measurements.h"
#include "policy/settings.h"

struct nitro_policy {
	struct nitro_settings settings;
	struct nitro_measurements measurements;
	struct nitro_trust_anchors *anchors;
};

/*
 * Load the settings file at path and the files that it names, each by
 * nitro_secure_file_read().
 *
 * policy  filled on success, released by nitro_policy_drop(); {0} on error.
 * Every workload that a rule of "users" names must have an entry.
 *
 * Errors of class CONFIGURATION, NITRO_E_MEMORY, NITRO_E_CRYPTO; fault says
 * which file, line and why.
 */
NITRO_MUST_CHECK nitro_err nitro_policy_load(
    const char *path, struct nitro_policy *policy, struct nitro_fault *fault);

/*
 * The two halves of it for one login. What a login needs before it is asked: settings and
 * trust anchors. And, once there is a document that verified, the entries
 * that it can reach, into what the first half has filled: a fleet's file may
 * have thousands. A broken entry of another workload refuses nobody here
 * (pam-nitro check finds it), a broken text refuses everybody, and so does a
 * rule whose workload has no entry.
 * On error policy still must be dropped.
 */
NITRO_MUST_CHECK nitro_err nitro_policy_load_base(
    const char *path, struct nitro_policy *policy, struct nitro_fault *fault);
NITRO_MUST_CHECK nitro_err nitro_policy_load_reachable(const char *path,
    const struct nitro_login *login, struct nitro_policy *policy,
    struct nitro_fault *fault);

/* The settings alone: enough to tell whether a user is listed. */
NITRO_MUST_CHECK nitro_err nitro_policy_load_settings(const char *path,
    struct nitro_settings *settings, struct nitro_fault *fault);

/* A text that counts instead of what the file at path has. Borrowed. */
struct nitro_draft {
	const char *path;
	struct nitro_bytes text;
};

/* nitro_policy_load() as if the draft, which may be NULL, were written already. */
NITRO_MUST_CHECK nitro_err nitro_policy_load_draft(const char *path,
    const struct nitro_draft *draft, struct nitro_policy *policy,
    struct nitro_fault *fault);

/*
 * The measurements of one file or folder alone, likewise.
 * measurements  filled on success, released by nitro_measurements_drop();
 *               untouched on error.
 */
NITRO_MUST_CHECK nitro_err nitro_policy_load_measurements(const char *path,
    const struct nitro_draft *draft, struct nitro_measurements *measurements,
    struct nitro_fault *fault);

void nitro_policy_drop(struct nitro_policy *policy);

#endif
