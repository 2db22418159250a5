#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "admin/check/check.h"
#include "admin/check/check_process.h"

enum { AGE_ENOUGH_S = 300, MS = 1000 };

static const struct nitro_finding_kind observe_mode = {"observe_mode",
    NITRO_SEVERITY_WARNING,
    "in observe mode pam_nitro refuses nobody: it logs, and the rest of the "
    "PAM stack decides"};
static const struct nitro_finding_kind binding_none = {"binding_none",
    NITRO_SEVERITY_WARNING,
    "a document then vouches for no SSH key: whoever can ask an allowed "
    "enclave for a document over a nonce of his choice can log in (relay)"};
static const struct nitro_finding_kind audience_off = {"audience_off",
    NITRO_SEVERITY_WARNING,
    "a document that was made for another server, user or protocol then "
    "counts here as well"};
static const struct nitro_finding_kind max_age_long = {"max_age_long",
    NITRO_SEVERITY_WARNING,
    "a document is made for one login and is seconds old; a longer time only "
    "helps who has stolen one"};
static const struct nitro_finding_kind unknown_user = {"unknown_user",
    NITRO_SEVERITY_WARNING,
    "nobody can log in by this rule, and whoever creates the account later "
    "inherits it"};
static const struct nitro_finding_kind unknown_group = {"unknown_group",
    NITRO_SEVERITY_WARNING,
    "nobody can log in by this rule, and whoever creates the group later "
    "inherits it"};
static const struct nitro_finding_kind group_empty = {"group_empty",
    NITRO_SEVERITY_NOTE,
    "nobody can log in by this rule; a name service that does not enumerate "
    "accounts shows no members by primary group"};
static const struct nitro_finding_kind root_listed = {"root_listed",
    NITRO_SEVERITY_WARNING,
    "a workload that is let in as root can change what lets it in; and "
    "unless PermitRootLogin is yes sshd hides every answer from pam_nitro, "
    "which then logs user_masked_by_sshd"};
static const struct nitro_finding_kind accounts_left_out = {"accounts_left_out",
    NITRO_SEVERITY_NOTE,
    "accounts beyond the first ones were not held against sshd and PAM; "
    "those of one group mostly fare alike"};
static const struct nitro_finding_kind name_service = {"name_service_failed",
    NITRO_SEVERITY_ERROR,
    "pam_nitro refuses every login whose groups it cannot look up"};
static const struct nitro_finding_kind clock_wrong = {"clock_wrong",
    NITRO_SEVERITY_ERROR,
    "pam_nitro judges every document by this clock: all will be refused as "
    "too old or from the future"};
static const struct nitro_finding_kind clock_unsynchronised = {
    "clock_unsynchronised", NITRO_SEVERITY_NOTE,
    "documents carry AWS's time; a clock that drifts by more than "
    "clock_skew_s refuses them all"};

static struct nitro_finding *
add(struct nitro_checkup *check, const struct nitro_finding_kind *kind,
    unsigned line)
{
	return nitro_finding_add(&check->findings, kind, check->config, line);
}

static void
check_options(struct nitro_checkup *check)
{
	const struct nitro_settings *settings = &check->policy.settings;
	struct nitro_finding *finding;

	if (settings->mode == NITRO_MODE_OBSERVE) {
		finding = add(check, &observe_mode, 0);
		nitro_finding_what(finding, "the mode is observe");
		nitro_finding_change(finding,
		    "mode = \"enforce\"; as soon as the log shows what it "
		    "should");
	}
	if (!settings->binds_ssh_key) {
		finding = add(check, &binding_none, 0);
		nitro_finding_what(finding, "binding is none");
		nitro_finding_change(finding,
		    "binding = \"ssh-key\"; and AuthenticationMethods "
		    "publickey,keyboard-interactive:pam in sshd_config");
	}
	if (!settings->wants_audience) {
		finding = add(check, &audience_off, 0);
		nitro_finding_what(finding, "audience is false");
		nitro_finding_change(finding, "audience = true;");
	}
	if (settings->max_age_ms > (int64_t)AGE_ENOUGH_S * MS) {
		finding = add(check, &max_age_long, 0);
		nitro_finding_what(finding,
		    "max_age_s is %lld: a document counts for more than %d s",
		    (long long)(settings->max_age_ms / MS), AGE_ENOUGH_S);
		nitro_finding_change(
		    finding, "max_age_s = 60; and keep the clocks in step");
	}
}

static void
check_user(struct nitro_checkup *check, const struct nitro_user_rule *rule)
{
	struct nitro_finding *finding;

	errno = 0;
	if (getpwnam(rule->user) != NULL)
		return;
	finding = add(check, &unknown_user, rule->line);
	nitro_finding_what(finding, "this host has no account %s", rule->user);
	nitro_finding_change(
	    finding, "create the account, or correct or remove the rule");
}

static void
check_group(struct nitro_checkup *check, const struct nitro_user_rule *rule)
{
	struct nitro_finding *finding;

	if (getgrnam(rule->group) == NULL) {
		finding = add(check, &unknown_group, rule->line);
		nitro_finding_what(
		    finding, "this host has no group %s", rule->group);
		nitro_finding_change(
		    finding, "create the group, or correct or remove the rule");
		return;
	}
	for (size_t i = 0; i < check->accounts.count; i++)
		for (size_t j = 0;
		     j < check->accounts.list[i].account.group_count; j++)
			if (strcmp(check->accounts.list[i].account.groups[j],
				rule->group) == 0)
				return;
	if (check->accounts.left_out > 0)
		return;
	finding = add(check, &group_empty, rule->line);
	nitro_finding_what(
	    finding, "the group %s has no member here", rule->group);
	nitro_finding_change(finding, "usermod -aG %s ACCOUNT", rule->group);
}

static void
check_accounts(struct nitro_checkup *check)
{
	struct nitro_finding *finding;

	for (size_t i = 0; i < check->accounts.count; i++) {
		const struct nitro_listed_account *account =
		    &check->accounts.list[i];

		if (account->uid != 0)
			continue;
		finding = add(check, &root_listed, account->line);
		nitro_finding_what(finding,
		    "%s has uid 0 and may log in by attestation",
		    account->name);
		nitro_finding_change(finding,
		    "list an account of its own, with what it needs by "
		    "sudoers(5)");
		nitro_finding_account(&check->findings, account->name);
	}
	if (check->accounts.left_out == 0)
		return;
	finding = add(check, &accounts_left_out, 0);
	nitro_finding_what(finding,
	    "the rules list more than %d accounts; %zu were left out",
	    NITRO_ACCOUNTS_MAX, check->accounts.left_out);
	nitro_finding_change(finding, "nothing; this check has a limit");
}

void
nitro_check_settings(struct nitro_checkup *check)
{
	const struct nitro_settings *settings = &check->policy.settings;
	struct nitro_finding *finding;
	nitro_err err;

	check->looked_at.rules = settings->rule_count;
	check_options(check);
	err = nitro_listed_accounts_find(settings, &check->accounts);
	check->looked_at.accounts = check->accounts.count;
	if (err != NITRO_OK) {
		finding = add(check, &name_service, 0);
		nitro_finding_what(finding, "%s", nitro_err_sentence(err));
		nitro_finding_change(finding, "%s", nitro_err_advice(err));
		return;
	}
	for (size_t i = 0; i < settings->rule_count; i++)
		if (settings->rules[i].user != NULL)
			check_user(check, &settings->rules[i]);
		else
			check_group(check, &settings->rules[i]);
	check_accounts(check);
}

/* Neither before this program was written nor beyond what it can know. */
#define EARLIEST_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */
#define LATEST_MS INT64_C(4102444800000)   /* 2100-01-01T00:00:00Z */

void
nitro_check_clock(struct nitro_checkup *check)
{
	static const char *const argv[] = {
	    "timedatectl", "show", "-p", "NTPSynchronized", NULL};
	NITRO_DROP(nitro_process_output_drop)
	struct nitro_process_output output = {0};
	struct nitro_finding *finding;

	if (check->now_ms < EARLIEST_MS || check->now_ms > LATEST_MS) {
		finding = nitro_finding_add(
		    &check->findings, &clock_wrong, "", 0);
		nitro_finding_what(finding,
		    "this host's clock is not between the years 2026 and "
		    "2100");
		nitro_finding_change(finding, "set the clock");
	}
	/* Not every host has one; then nothing is known. */
	if (!nitro_process_run(argv, &output) || output.status != 0 ||
	    strcmp((const char *)output.out.ptr, "NTPSynchronized=no\n") != 0)
		return;
	finding = nitro_finding_add(
	    &check->findings, &clock_unsynchronised, "", 0);
	nitro_finding_what(finding,
	    "timedatectl says that this host's clock is not synchronised");
	nitro_finding_change(finding,
	    "run chrony or systemd-timesyncd; on EC2 with the time service "
	    "169.254.169.123");
}
