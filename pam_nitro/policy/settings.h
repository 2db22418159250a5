/* pam_nitro.conf(5), parsed and checked to the last key. */
#ifndef NITRO_POLICY_SETTINGS_H
#define NITRO_POLICY_SETTINGS_H

#include "base/bytes.h"
#include "policy/entry_provenance.h"
#include "ssh/challenge.h"

#define NITRO_SETTINGS_PATH "/etc/pam_nitro/pam_nitro.conf"
#define NITRO_MEASUREMENTS_PATH "/etc/pam_nitro/measurements.conf"
#define NITRO_TRUST_ANCHORS_PATH "/etc/pam_nitro/aws-nitro-root.pem"
#define NITRO_MAX_AGE_DEFAULT_MS 60000
#define NITRO_CLOCK_SKEW_DEFAULT_MS 5000
#define NITRO_NAME_MAX 64 /* bytes of a workload's or version's name */
#define NITRO_EVIDENCE_PATH "/var/lib/pam_nitro/evidence"
#define NITRO_EVIDENCE_KEEP_DAYS 30
#define NITRO_EVIDENCE_MAX_MIB 256

enum nitro_mode {
	NITRO_MODE_ENFORCE = 0,
	NITRO_MODE_OBSERVE /* verify and log, leave the decision to the stack */
};

/* One element of "users": exactly one of user and group is set. */
struct nitro_user_rule {
	char *user;
	char *group;
	char **workloads; /* workload_count names, 1 or more */
	size_t workload_count;
	unsigned line;
};

/* "evidence": where logins are recorded, see policy/evidence_store.h. */
struct nitro_evidence_settings {
	char *directory; /* absolute path; NULL: nothing is recorded */
	int64_t keep_ms;
	int64_t max_bytes;
	bool is_required; /* a login that cannot be recorded is refused */
};

struct nitro_settings {
	enum nitro_mode mode;
	char *measurements;  /* absolute path of a file or folder */
	char *trust_anchors; /* absolute path */
	char *server_name;   /* "" is the host's own name */
	bool binds_ssh_key;
	bool wants_audience;
	int64_t max_age_ms;
	int64_t clock_skew_ms;
	struct nitro_user_rule *rules;
	size_t rule_count;
	struct nitro_evidence_settings evidence;
	struct nitro_provenance_rule *provenance_rules;
	size_t provenance_rule_count;
};

/*
 * Parse the text of a settings file.
 *
 * path      for messages only.
 * settings  filled on success, released by nitro_settings_drop(); untouched
 *           on error.
 *
 * An option that is absent has the default of pam_nitro.conf(5); "users" has
 * none and must be there with at least one rule. An unknown key, a wrong
 * type, a number out of range, a duplicate: NITRO_E_SETTINGS with the line.
 * NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_settings_parse(struct nitro_bytes text,
    const char *path, struct nitro_settings *settings,
    struct nitro_fault *fault);

void nitro_settings_drop(struct nitro_settings *settings);

/*
 * True where the rule names the user, or one of the group_count groups that
 * the user is in. Names compare exactly.
 */
bool nitro_user_rule_lists(const struct nitro_user_rule *rule, const char *user,
    const char *const *groups, size_t group_count);

/*
 * True where a rule lists the user by name or one of the groups.
 * groups  group_count names of groups that the user is in.
 */
bool nitro_settings_lists_user(const struct nitro_settings *settings,
    const char *user, const char *const *groups, size_t group_count);

/*
 * What require_provenance demands of entries of that workload; NULL where it
 * demands nothing.
 */
const struct nitro_provenance_rule *nitro_settings_provenance_rule(
    const struct nitro_settings *settings, const char *workload);

/* True where such a rule allows the workload. Names compare exactly. */
bool nitro_settings_allow(const struct nitro_settings *settings,
    const char *user, const char *const *groups, size_t group_count,
    const char *workload);

#endif
