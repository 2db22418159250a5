/* May this verified workload log in as this user? Pure; the default is no. */
#ifndef NITRO_POLICY_DECISION_H
#define NITRO_POLICY_DECISION_H

#include "evidence/verifier.h"
#include "policy/measurements.h"
#include "policy/settings.h"

/* Who asks: the PAM user and the groups that the host says it is in. */
struct nitro_login {
	const char *user;
	const char *const *groups;
	size_t group_count;
	int64_t now_ms; /* since 1970, UTC */
};

struct nitro_decision {
	nitro_err err; /* NITRO_OK admits */
	const struct nitro_entry
	    *entry; /* the entry that admitted; NULL else */
	const struct nitro_entry *nearest; /* on refusal: the entry of the same
	                                    * kind, among those allowed for the user, that
	                                    * differs in the fewest PCRs, or the one
	                                    * that is revoked, early or expired; or NULL */
	const struct nitro_entry *revoked_by; /* NITRO_E_REVOKED */
	uint32_t differs_mask; /* PCRs in which nearest differs */
};

/*
 * Decide. In this order: debug mode, user, revocation, entries. Everything in
 * the result lives as long as measurements does.
 *
 * An item of revoked holds when all that it names holds: kind, pins, and,
 * where it names a workload or version, an entry of that name that is allowed
 * for the user and whose pins hold too, valid now or not. An instance_id
 * holds by PCR4 or by the module id.
 *
 * NITRO_E_DEBUG, NITRO_E_USER, NITRO_E_REVOKED, NITRO_E_KIND_NOT_ALLOWED,
 * NITRO_E_PCR, NITRO_E_PROVENANCE, NITRO_E_NOT_YET_VALID, NITRO_E_EXPIRED, NITRO_E_MEMORY,
 * NITRO_E_INTERNAL (verified is NULL), or NITRO_OK: the same value that
 * stands in decision->err.
 */
NITRO_MUST_CHECK nitro_err nitro_decide(const struct nitro_verified *verified,
    const struct nitro_settings *settings,
    const struct nitro_measurements *measurements,
    const struct nitro_login *login, struct nitro_decision *decision);

#endif
