#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "admin/check/check.h"
#include "admin/check/check_process.h"
#include "admin/check/check_sshd_access.h"
#include "admin/check/check_sshd_keys.h"
#include "admin/check/check_sshd_text.h"
#include "admin/input.h"

#define METHODS "AuthenticationMethods publickey,keyboard-interactive:pam"
#define DEFAULT_CONFIG "/etc/ssh/sshd_config"

#define CONFIG_FOLDER "/etc/ssh/"

enum {
	GRACE_ENOUGH_S = 30,
	TRIES_ENOUGH = 3,
	SPEC_SIZE = 1024,
	FILE_MAX = 1024 * 1024,
	INCLUDE_DEPTH_MAX = 16 /* as of sshd */
};

static const struct nitro_finding_kind failed = {"sshd_failed",
    NITRO_SEVERITY_ERROR,
    "what sshd does with these accounts is not known; and an sshd that "
    "cannot read its configuration does not start again"};
static const struct nitro_finding_kind unsafe = {"sshd_unsafe_file",
    NITRO_SEVERITY_ERROR,
    "whoever can change it decides who logs in, whatever pam_nitro says"};
static const struct nitro_finding_kind use_pam = {"sshd_use_pam",
    NITRO_SEVERITY_ERROR,
    "without PAM sshd asks pam_nitro neither who may log in nor, in the "
    "account stage, who may stay: the SSH key alone is enough"};
static const struct nitro_finding_kind kbdint = {"sshd_kbdint",
    NITRO_SEVERITY_ERROR,
    "the challenge goes over keyboard-interactive: without it no workload "
    "can answer"};
static const struct nitro_finding_kind pubkey = {"sshd_pubkey",
    NITRO_SEVERITY_ERROR,
    "the document is bound to the SSH key that this connection has proved: "
    "without publickey there is none, and every login is refused"};
static const struct nitro_finding_kind methods = {"sshd_methods",
    NITRO_SEVERITY_ERROR,
    "by such a way sshd lets the client through without asking pam_nitro in "
    "its auth stage: only the account stage is left to stop it"};
static const struct nitro_finding_kind methods_key = {"sshd_methods_key",
    NITRO_SEVERITY_ERROR,
    "the document is bound to a key that is proved before the challenge: by "
    "such a way every login is refused (publickey_missing)"};
static const struct nitro_finding_kind methods_more = {"sshd_methods_more",
    NITRO_SEVERITY_NOTE,
    "it holds, but says more than it needs to; a workload must be able to do "
    "each method named"};
static const struct nitro_finding_kind others = {"sshd_other_methods",
    NITRO_SEVERITY_NOTE,
    "AuthenticationMethods alone keeps them from these accounts: who edits "
    "that line opens them"};
static const struct nitro_finding_kind empty_passwords = {
    "sshd_empty_passwords", NITRO_SEVERITY_WARNING,
    "an account without a password, as those of workloads may be, is then "
    "open to who may use a password at all"};
static const struct nitro_finding_kind root_masked = {"sshd_root",
    NITRO_SEVERITY_ERROR,
    "sshd then replaces every answer of a uid-0 account before PAM sees it: "
    "the login is always refused (user_masked_by_sshd)"};
static const struct nitro_finding_kind grace = {"sshd_login_grace",
    NITRO_SEVERITY_WARNING,
    "an answer in parts takes up to 8 prompts, and a document source may be "
    "slow: sshd hangs up in the middle"};
static const struct nitro_finding_kind tries = {"sshd_max_auth_tries",
    NITRO_SEVERITY_WARNING,
    "each key that a client offers in vain counts as a try: one with an "
    "agent is cut off before the challenge"};
static const struct nitro_finding_kind penalties = {"sshd_penalties",
    NITRO_SEVERITY_NOTE,
    "sshd holds refusals against the source address: behind one NAT address "
    "a single misbuilt workload shuts out its whole fleet"};
static const struct nitro_finding_kind service = {"sshd_pam_service",
    NITRO_SEVERITY_ERROR,
    "the PAM stack that was looked at is not the one that sshd uses"};

/* OpenSSH before 8.7 has the older name beside it. */
static void
check_switches(const struct nitro_sshd_view *view)
{
	if (!nitro_sshd_is(view->text, "usepam", "yes"))
		nitro_sshd_add(view, &use_pam, "UsePAM is no",
		    "UsePAM yes, outside of every Match block");
	if (!nitro_sshd_is(view->text, "kbdinteractiveauthentication", "yes"))
		nitro_sshd_add(view, &kbdint,
		    "KbdInteractiveAuthentication is no",
		    "KbdInteractiveAuthentication yes in the Match block of "
		    "these accounts");
	if (view->check->policy.settings.binds_ssh_key &&
	    !nitro_sshd_is(view->text, "pubkeyauthentication", "yes"))
		nitro_sshd_add(view, &pubkey, "PubkeyAuthentication is no",
		    "PubkeyAuthentication yes in the Match block of these "
		    "accounts");
	if (nitro_sshd_is(view->text, "permitemptypasswords", "yes"))
		nitro_sshd_add(view, &empty_passwords,
		    "PermitEmptyPasswords is yes", "PermitEmptyPasswords no");
}

static void
check_method_list(const struct nitro_sshd_view *view, struct nitro_bytes list)
{
	bool binds = view->check->policy.settings.binds_ssh_key;
	enum nitro_sshd_lack lack = nitro_sshd_judge_methods(list);
	const char *hole = "";
	char what[640];
	int len = (int)(list.len > 300 ? 300 : list.len);

	if (lack == NITRO_SSHD_LACKS_ATTESTATION &&
	    nitro_sshd_offers_any_key(view->text))
		hole = "; and AuthorizedKeysCommand offers these accounts any "
		       "key at all";
	(void)snprintf(what, sizeof what,
	    "AuthenticationMethods has the "
	    "alternative %.*s, which %s%s",
	    len, (const char *)list.ptr,
	    lack == NITRO_SSHD_LACKS_ATTESTATION
		? "lacks keyboard-interactive:pam"
	    : lack == NITRO_SSHD_LACKS_KEY
		? "has no publickey before the challenge"
		: "is more than publickey,keyboard-interactive:pam",
	    hole);
	switch (lack) {
	case NITRO_SSHD_LACKS_NOTHING:
		return;
	case NITRO_SSHD_LACKS_ATTESTATION:
		nitro_sshd_add(view, &methods, what,
		    METHODS " and nothing else in the Match block of these "
			    "accounts");
		return;
	case NITRO_SSHD_LACKS_KEY:
		if (binds)
			nitro_sshd_add(view, &methods_key, what,
			    METHODS " in the Match block of these accounts");
		return;
	case NITRO_SSHD_HAS_MORE:
		nitro_sshd_add(view, &methods_more, what, METHODS);
		return;
	}
}

static void
check_methods(const struct nitro_sshd_view *view)
{
	char value[NITRO_SSHD_VALUE_SIZE];
	struct nitro_bytes left, list;

	nitro_sshd_value(view->text, "authenticationmethods", value);
	if (value[0] == '\0' || strcmp(value, "any") == 0) {
		nitro_sshd_add(view, &methods,
		    nitro_sshd_offers_any_key(view->text)
			? "AuthenticationMethods is not set for these "
			  "accounts, so any one method is enough; and "
			  "AuthorizedKeysCommand offers them any key at all"
			: "AuthenticationMethods is not set for these "
			  "accounts, so any one method is enough",
		    METHODS " in the Match block of these accounts, which must "
			    "come before other blocks that match them");
		return;
	}
	left = nitro_bytes_of_text(value);
	while (nitro_bytes_take_until(&left, ' ', &list))
		check_method_list(view, list);
	check_method_list(view, left);
}

static void
check_others(const struct nitro_sshd_view *view)
{
	static const struct {
		const char *key, *name;
	} rows[] = {
	    {"passwordauthentication", "PasswordAuthentication"},
	    {"hostbasedauthentication", "HostbasedAuthentication"},
	    {"gssapiauthentication", "GSSAPIAuthentication"},
	    {"kerberosauthentication", "KerberosAuthentication"},
	};
	char what[256] = "";
	size_t len = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		if (nitro_sshd_is(view->text, rows[i].key, "yes"))
			len += (size_t)snprintf(what + len, sizeof what - len,
			    "%s%s", len > 0 ? ", " : "", rows[i].name);
	if (len == 0)
		return;
	(void)snprintf(what + len, sizeof what - len, " is yes");
	nitro_sshd_add(view, &others, what,
	    "set it to no in the Match block of these accounts");
}

/* -1 where sshd does not print the key. */
static long
number_of(const struct nitro_sshd_view *view, const char *key)
{
	char value[NITRO_SSHD_VALUE_SIZE];
	unsigned number;

	nitro_sshd_value(view->text, key, value);
	if (!nitro_bytes_to_number(nitro_bytes_of_text(value), &number))
		return -1;
	return (long)number;
}

static void
check_limits(const struct nitro_sshd_view *view)
{
	long grace_s = number_of(view, "logingracetime");
	long tries_max = number_of(view, "maxauthtries");
	char value[NITRO_SSHD_VALUE_SIZE], what[256];

	if (grace_s > 0 && grace_s < GRACE_ENOUGH_S) {
		(void)snprintf(what, sizeof what,
		    "LoginGraceTime is %ld s, less than %d", grace_s,
		    GRACE_ENOUGH_S);
		nitro_sshd_add(view, &grace, what, "LoginGraceTime 120");
	}
	if (tries_max >= 0 && tries_max < TRIES_ENOUGH) {
		(void)snprintf(what, sizeof what,
		    "MaxAuthTries is %ld, less than %d", tries_max,
		    TRIES_ENOUGH);
		nitro_sshd_add(view, &tries, what, "MaxAuthTries 6");
	}
	nitro_sshd_value(view->text, "persourcepenalties", value);
	if (value[0] != '\0' && strcmp(value, "no") != 0 &&
	    nitro_sshd_is(view->text, "persourcepenaltyexemptlist", "none"))
		nitro_sshd_add(view, &penalties, "PerSourcePenalties is on",
		    "PerSourcePenaltyExemptList with the addresses that "
		    "fleets of workloads share, if they do");
}

static void
check_root(const struct nitro_sshd_view *view)
{
	char value[NITRO_SSHD_VALUE_SIZE], what[NITRO_SSHD_VALUE_SIZE + 32];

	if (view->account->uid != 0)
		return;
	nitro_sshd_value(view->text, "permitrootlogin", value);
	if (strcmp(value, "yes") == 0)
		return;
	(void)snprintf(what, sizeof what, "PermitRootLogin is %s", value);
	nitro_sshd_add(view, &root_masked, what,
	    "take the account out of users in pam_nitro.conf; or "
	    "PermitRootLogin yes in a Match block of its own");
}

static void
check_service(const struct nitro_sshd_view *view)
{
	char value[NITRO_SSHD_VALUE_SIZE], what[NITRO_SSHD_VALUE_SIZE + 64];

	nitro_sshd_value(view->text, "pamservicename", value);
	if (value[0] == '\0' || strcmp(value, view->check->pam_service) == 0)
		return;
	(void)snprintf(what, sizeof what, "PAMServiceName is %s", value);
	nitro_sshd_add(
	    view, &service, what, "run this check with --pam-service");
}

static void
tell_failure(const struct nitro_sshd_view *view,
    const struct nitro_process_output *output)
{
	struct nitro_bytes left = nitro_bytes_of_buf(&output->err), line;
	struct nitro_finding *finding;

	if (!nitro_bytes_take_until(&left, '\n', &line))
		line = nitro_bytes_of_text("it cannot be run");
	finding = nitro_finding_add(
	    &view->check->findings, &failed, view->check->sshd, 0);
	nitro_finding_what(finding, "sshd -T failed: %.*s",
	    (int)(line.len > 400 ? 400 : line.len), (const char *)line.ptr);
	nitro_finding_change(finding,
	    "look at sshd -t; it needs root, its host keys and /run/sshd");
}

/* False where sshd says nothing: then it will not for the next one either. */
static bool
check_account(struct nitro_checkup *check,
    const struct nitro_listed_account *account, const char *file)
{
	NITRO_DROP(nitro_process_output_drop)
	struct nitro_process_output output = {0};
	struct nitro_sshd_view view = {
	    .check = check, .account = account, .file = file};
	const char *argv[] = {
	    check->sshd, "-T", "-C", NULL, "-f", check->sshd_config, NULL};
	char spec[SPEC_SIZE];

	(void)snprintf(spec, sizeof spec,
	    "user=%s,host=%s,addr=%s,laddr=127.0.0.1,lport=22", account->name,
	    check->address, check->address);
	argv[3] = spec;
	if (check->sshd_config == NULL)
		argv[4] = NULL;
	if (!nitro_process_run(argv, &output) || output.status != 0) {
		tell_failure(&view, &output);
		return false;
	}
	view.text = nitro_bytes_of_buf(&output.out);
	check_switches(&view);
	check_methods(&view);
	check_others(&view);
	check_limits(&view);
	check_root(&view);
	check_service(&view);
	nitro_check_sshd_keys(&view);
	nitro_check_sshd_access(&view);
	return true;
}

static void check_config_file(
    struct nitro_checkup *check, const char *path, unsigned depth);

/* One pattern of an "Include"; a relative one is meant from /etc/ssh. */
static void
check_pattern(
    struct nitro_checkup *check, struct nitro_bytes pattern, unsigned depth)
{
	bool is_absolute = nitro_bytes_has_prefix(pattern, "/");
	glob_t found = {0};
	char text[PATH_MAX];

	if (pattern.len == 0 || pattern.len > PATH_MAX / 2)
		return;
	(void)snprintf(text, sizeof text, "%s%.*s",
	    is_absolute ? "" : CONFIG_FOLDER, (int)pattern.len,
	    (const char *)pattern.ptr);
	if (glob(text, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			check_config_file(check, found.gl_pathv[i], depth + 1);
	globfree(&found);
}

/* The words behind "Include", which blanks, "=" and quotes separate. */
static void
check_include(struct nitro_checkup *check, const char *line, unsigned depth)
{
	static const char key[] = "include", separators[] = " \t\r=\"";

	line += strspn(line, separators);
	if (strncasecmp(line, key, sizeof key - 1) != 0 ||
	    strchr(separators, line[sizeof key - 1]) == NULL)
		return;
	line += sizeof key - 1;
	for (line += strspn(line, separators); *line != '\0' && *line != '#';
	     line += strspn(line, separators)) {
		size_t len = strcspn(line, separators);

		check_pattern(check,
		    (struct nitro_bytes){(const uint8_t *)line, len}, depth);
		line += len;
	}
}

/* sshd reads the files of Match blocks too, whoever they match. */
static void
check_config_file(struct nitro_checkup *check, const char *path, unsigned depth)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_fault fault = {0};
	struct nitro_bytes left, line;
	char copy[PATH_MAX];

	(void)nitro_check_owner(check, &unsafe, path);
	if (depth > INCLUDE_DEPTH_MAX ||
	    nitro_input_read(path, FILE_MAX, &text, &fault) != NITRO_OK ||
	    nitro_buf_append_byte(&text, '\n') != NITRO_OK)
		return;
	left = nitro_bytes_of_buf(&text);
	while (nitro_bytes_take_until(&left, '\n', &line))
		if (nitro_bytes_to_text(line, copy, sizeof copy))
			check_include(check, copy, depth);
}

void
nitro_check_sshd(struct nitro_checkup *check)
{
	const char *file = check->sshd_config != NULL ? check->sshd_config
						      : DEFAULT_CONFIG;

	(void)nitro_check_owner(check, &unsafe, check->sshd);
	check_config_file(check, file, 0);
	for (size_t i = 0; i < check->accounts.count; i++)
		if (!check_account(check, &check->accounts.list[i], file))
			return;
}
