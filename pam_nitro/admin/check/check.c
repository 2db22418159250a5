#include "admin/check/check.h"

#include <stdio.h>
#include <string.h>

#include "admin/command.h"
#include "admin/judge/judgement.h"
#include "policy/secure_file.h"

enum {
	CONFIG = 1,
	JSON,
	HOST,
	SSHD,
	SSHD_CONFIG,
	PAM_DIR,
	PAM_SERVICE,
	PAM_MODULES,
	FROM
};

static const struct option options[] = {
    {"config", required_argument, NULL, CONFIG},
    {"json", no_argument, NULL, JSON},
    {"host", no_argument, NULL, HOST},
    {"sshd", required_argument, NULL, SSHD},
    {"sshd-config", required_argument, NULL, SSHD_CONFIG},
    {"pam-dir", required_argument, NULL, PAM_DIR},
    {"pam-service", required_argument, NULL, PAM_SERVICE},
    {"pam-modules", required_argument, NULL, PAM_MODULES},
    {"from", required_argument, NULL, FROM},
    {0},
};

/* The reasons of the module's own parser, each with a kind of its own. */
#define REFUSED(name, class, stage, token, sentence, advice) \
	{token, NITRO_SEVERITY_ERROR, \
	    "pam_nitro refuses every login that it governs as long as this " \
	    "stands there"},
static const struct nitro_finding_kind refused[] = {NITRO_ERR_LIST(REFUSED)};
#undef REFUSED

static void
tell_fault(
    struct nitro_checkup *check, const struct nitro_fault *fault, nitro_err err)
{
	struct nitro_finding *finding = nitro_finding_add(&check->findings,
	    &refused[err < NITRO_ERR_COUNT ? err : NITRO_E_INTERNAL],
	    fault->file, fault->line);

	nitro_finding_what(finding, "%s",
	    fault->text[0] != '\0' ? fault->text : nitro_err_sentence(err));
	nitro_finding_change(finding, "%s", nitro_err_advice(err));
}

void
nitro_check_load(struct nitro_checkup *check)
{
	struct nitro_fault fault = {0}, other = {0};
	nitro_err err;

	err = nitro_policy_load(check->config, &check->policy, &fault);
	check->has_settings = check->has_policy = err == NITRO_OK;
	if (err == NITRO_OK)
		return;
	tell_fault(check, &fault, err);
	/* The settings may be good all the same: the fault is told already. */
	check->has_settings = nitro_policy_load_settings(check->config,
				  &check->policy.settings, &other) == NITRO_OK;
}

static bool
set_option(int option, struct nitro_checkup *check, bool *wants_json)
{
	const char **texts[] = {[CONFIG] = &check->config,
	    [SSHD] = &check->sshd,
	    [SSHD_CONFIG] = &check->sshd_config,
	    [PAM_DIR] = &check->pam_folder,
	    [PAM_SERVICE] = &check->pam_service,
	    [PAM_MODULES] = &check->pam_modules,
	    [FROM] = &check->address};

	if (option == JSON) {
		*wants_json = true;
	} else if (option == HOST) {
		check->looked_at.has_host = true;
	} else {
		*texts[option] = optarg;
		/* Each of them is about the host, but for the settings. */
		if (option != CONFIG)
			check->looked_at.has_host = true;
	}
	if (option == SSHD && optarg[0] != '/') {
		nitro_complain("check: --sshd %s: sshd must be run by its "
			       "absolute path",
		    optarg);
		return false;
	}
	return true;
}

static void
look(struct nitro_checkup *check)
{
	nitro_check_load(check);
	if (check->has_settings) {
		nitro_check_settings(check);
		nitro_check_evidence(check);
	}
	if (check->has_policy) {
		nitro_check_entries(check);
		nitro_check_provenance(check);
		nitro_check_certificates(check);
	}
	nitro_check_clock(check);
	if (check->looked_at.has_host)
		nitro_check_sandbox(check);
	if (!check->has_settings || !check->looked_at.has_host)
		return;
	nitro_check_sshd(check);
	nitro_check_pam(check);
}

static void
drop_check(struct nitro_checkup *check)
{
	nitro_policy_drop(&check->policy);
	nitro_listed_accounts_drop(&check->accounts);
	nitro_findings_drop(&check->findings);
}

static enum nitro_exit
report(const struct nitro_checkup *check, bool wants_json)
{
	const struct nitro_findings *findings = &check->findings;

	if (findings->has_failed) {
		nitro_complain("check: memory ran out, or a file changed "
			       "meanwhile; run it again");
		return NITRO_EXIT_USAGE;
	}
	if (!wants_json) {
		nitro_findings_print(findings, &check->looked_at);
	} else if (!nitro_findings_print_json(findings, &check->looked_at)) {
		nitro_complain("check: no memory for the output");
		return NITRO_EXIT_USAGE;
	}
	return nitro_findings_count(findings, NITRO_SEVERITY_ERROR) +
			   nitro_findings_count(
			       findings, NITRO_SEVERITY_WARNING) >
		       0
		   ? NITRO_EXIT_REFUSED
		   : NITRO_EXIT_YES;
}

static enum nitro_exit
run(int argc, char **argv)
{
	NITRO_DROP(drop_check)
	struct nitro_checkup check = {.config = NITRO_SETTINGS_PATH,
	    .sshd = "/usr/sbin/sshd",
	    .pam_folder = "/etc/pam.d",
	    .pam_service = "sshd",
	    .address = "192.0.2.1"};
	bool wants_json = false;
	int option;

	while ((option = nitro_command_option(&nitro_command_check, argc, argv,
		    options)) != NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == NITRO_OPTION_BAD ||
		    !set_option(option, &check, &wants_json))
			return NITRO_EXIT_USAGE;
	}
	if (nitro_command_operands(&nitro_command_check, argc, argv, 0) == NULL)
		return NITRO_EXIT_USAGE;
	if (nitro_clock_ms(&check.now_ms) != NITRO_OK) {
		nitro_complain("check: this host's clock cannot be read");
		return NITRO_EXIT_USAGE;
	}
	look(&check);
	return report(&check, wants_json);
}

const struct nitro_command nitro_command_check = {
    .name = "check",
    .arguments = "[--config FILE] [--json] [--host [--sshd PROGRAM] "
		 "[--sshd-config FILE] [--pam-dir FOLDER] "
		 "[--pam-service NAME] [--pam-modules FOLDER] "
		 "[--from ADDRESS]]",
    .summary = "Look over settings and measurements, and over sshd and PAM of "
	       "this host, before they count",
    .help =
	"Every finding says what it is, where it stands, why it matters and "
	"what to change.\n\n"
	"  --config FILE         settings, else " NITRO_SETTINGS_PATH "\n"
	"  --json                one JSON object\n"
	"  --host                sshd and PAM as well, for each listed "
	"account\n"
	"  --sshd PROGRAM        sshd, else /usr/sbin/sshd\n"
	"  --sshd-config FILE    its configuration, else its own default\n"
	"  --pam-dir FOLDER      PAM services, else /etc/pam.d\n"
	"  --pam-service NAME    sshd's service, else sshd\n"
	"  --pam-modules FOLDER  PAM modules, else where libpam looks\n"
	"  --from ADDRESS        where logins come from, for Match Address; "
	"else 192.0.2.1\n\n"
	"Each of the last six implies --host, which needs root.\n\n"
	"Exit status: 0 no findings, or notes alone; 1 errors or warnings; 2 "
	"usage.\n",
    .run = run,
};
