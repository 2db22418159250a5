/* A policy to decide by: "deploy" may be billing/1.4.2, by PCR0. */
#ifndef FUZZ_POLICY_H
#define FUZZ_POLICY_H

#include "evidence/verified.h"
#include "policy/policy.h"

enum fuzz_policy {
	FUZZ_POLICY_STRICT = 0,
	FUZZ_POLICY_UNBOUND, /* no key, no audience */
	FUZZ_POLICY_OBSERVE,
	FUZZ_POLICIES
};

/* What nitro_policy_load() would make of such files. */
void fuzz_policy_make(enum fuzz_policy which, struct nitro_policy *policy);
void fuzz_settings_make(
    enum fuzz_policy which, struct nitro_settings *settings);

/* PCR0 of the world's document. */
bool fuzz_policy_allows(struct nitro_bytes pcr0);

/* Decide by FUZZ_POLICY_STRICT, and check what comes of it. */
void fuzz_check_decision(const struct nitro_verified *verified);

#endif
