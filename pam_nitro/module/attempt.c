#include "module/attempt.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "module/conversation.h"
#include "policy/account.h"
#include "ssh/auth_info.h"
#include "ssh/key_fingerprint.h"

#define CONFIG_ARGUMENT "config="

/* The key that this connection has proved; empty where binding is "none". */
struct proved_key {
	struct nitro_buf blob;
	char fingerprint[NITRO_KEY_FINGERPRINT_LEN + 1];
};

static void
drop_proved_key(struct proved_key *key)
{
	nitro_buf_drop(&key->blob);
}

nitro_err
nitro_attempt_config_path(
    int argc, const char **argv, const char **path, struct nitro_fault *fault)
{
	const char *found = NULL;

	for (int i = 0; i < argc; i++) {
		struct nitro_bytes argument = nitro_bytes_of_text(argv[i]);

		if (!nitro_bytes_has_prefix(argument, CONFIG_ARGUMENT "/") ||
		    found != NULL)
			return nitro_fault_set(fault, NITRO_E_MODULE_ARGUMENT,
			    "", 0,
			    "argument %d is %.64s; expected "
			    "config=/absolute/path, once",
			    i + 1, argv[i]);
		found = &argv[i][sizeof(CONFIG_ARGUMENT) - 1];
	}
	*path = found != NULL ? found : NITRO_SETTINGS_PATH;
	return NITRO_OK;
}

/* A copy of the item, "" where it is not set. */
static nitro_err
copy_item(pam_handle_t *pamh, int type, char **copy)
{
	const void *item = NULL;

	if (pam_get_item(pamh, type, &item) != PAM_SUCCESS)
		return NITRO_E_PAM;
	*copy = nitro_text_copy(nitro_bytes_of_text(item));
	return *copy != NULL ? NITRO_OK : NITRO_E_MEMORY;
}

/* From the kernel each time: a state of our own would be the same in two forks. */
static nitro_err
draw_nonce(uint8_t nonce[NITRO_NONCE_LEN])
{
	uint8_t drawn[NITRO_NONCE_LEN];
	size_t have = 0;

	while (have < sizeof drawn) {
		ssize_t n = getrandom(&drawn[have], sizeof drawn - have, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return NITRO_E_RANDOM;
		have += (size_t)n;
	}
	for (size_t i = 0; i < sizeof drawn; i++)
		nonce[i] = drawn[i];
	return NITRO_OK;
}

/* The PAM environment alone: the process's own is the application's. */
static nitro_err
find_proved_key(pam_handle_t *pamh, const struct nitro_settings *settings,
    struct proved_key *key)
{
	const char *info = pam_getenv(pamh, "SSH_AUTH_INFO_0");
	nitro_err err;

	if (!settings->binds_ssh_key) {
		key->fingerprint[0] = '-';
		return NITRO_OK;
	}
	if ((err = nitro_auth_info_key(
		 nitro_bytes_of_text(info), &key->blob)) != NITRO_OK)
		return err;
	return nitro_ssh_key_fingerprint(
	    nitro_bytes_of_buf(&key->blob), key->fingerprint);
}

static nitro_err
make_challenge(struct nitro_attempt *attempt, const struct proved_key *key)
{
	const char *server_name = attempt->policy.settings.server_name;
	char host[NITRO_SERVER_NAME_MAX + 2] = {0};

	if (server_name[0] == '\0') {
		if (gethostname(host, sizeof host - 1) != 0)
			return NITRO_E_SERVER_NAME;
		server_name = host;
	}
	return nitro_challenge_make(attempt->nonce, key->fingerprint,
	    server_name, nitro_bytes_of_text(attempt->user),
	    &attempt->challenge);
}

static nitro_err
now_ms(int64_t *ms)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return NITRO_E_CLOCK;
	*ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	return NITRO_OK;
}

static struct nitro_expectation
expect(const struct nitro_attempt *attempt, const struct proved_key *key,
    int64_t now)
{
	const struct nitro_settings *settings = &attempt->policy.settings;

	return (struct nitro_expectation){
	    .nonce = {NITRO_CHECK_REQUIRED,
		{attempt->nonce, sizeof attempt->nonce}},
	    .audience = {settings->wants_audience ? NITRO_CHECK_REQUIRED
						  : NITRO_CHECK_WAIVED,
		nitro_bytes_of_text(attempt->challenge.audience)},
	    .public_key = {settings->binds_ssh_key ? NITRO_CHECK_REQUIRED
						   : NITRO_CHECK_WAIVED,
		nitro_bytes_of_buf(&key->blob)},
	    .age = NITRO_CHECK_REQUIRED,
	    .now_ms = now,
	    .max_age_ms = settings->max_age_ms,
	    .clock_skew_ms = settings->clock_skew_ms,
	};
}

/* The answer, and when it came. */
static nitro_err
ask(pam_handle_t *pamh, struct nitro_attempt *attempt)
{
	const nitro_err err = nitro_conversation_ask(
	    pamh, &attempt->challenge, &attempt->answer);

	if (clock_gettime(CLOCK_MONOTONIC, &attempt->answered) != 0)
		return err != NITRO_OK ? err : NITRO_E_CLOCK;
	return err;
}

/* Everything after the answer. The groups were looked up before the prompt. */
static nitro_err
judge(struct nitro_attempt *attempt, const char *path,
    const struct nitro_account *account, const struct proved_key *key)
{
	struct nitro_expectation expectation;
	struct nitro_login login = {.user = attempt->user,
	    .groups = (const char *const *)account->groups,
	    .group_count = account->group_count};
	nitro_err err;

	if ((err = now_ms(&login.now_ms)) != NITRO_OK)
		return err;
	attempt->now_ms = login.now_ms;
	expectation = expect(attempt, key, login.now_ms);
	err = nitro_verdict_reach(&attempt->answer, &expectation,
	    attempt->policy.anchors, &attempt->verdict, &attempt->fault);
	if (err != NITRO_OK)
		return err;
	/* Not before: a stranger shall not cost the reading of a fleet's file. */
	err = nitro_policy_load_reachable(
	    path, &login, &attempt->policy, &attempt->fault);
	if (err != NITRO_OK)
		return err;
	return nitro_decide(attempt->verdict.verified,
	    &attempt->policy.settings, &attempt->policy.measurements, &login,
	    &attempt->decision);
}

static nitro_err
begin(pam_handle_t *pamh, struct nitro_attempt *attempt)
{
	nitro_err err;

	/* First of all, for the reference that every refusal carries. */
	if ((err = draw_nonce(attempt->nonce)) != NITRO_OK)
		return err;
	if ((err = copy_item(pamh, PAM_USER, &attempt->user)) != NITRO_OK)
		return err;
	return copy_item(pamh, PAM_RHOST, &attempt->rhost);
}

nitro_err
nitro_attempt_login(pam_handle_t *pamh, int argc, const char **argv,
    struct nitro_attempt *attempt)
{
	NITRO_DROP(nitro_account_drop) struct nitro_account account = {0};
	NITRO_DROP(drop_proved_key) struct proved_key key = {0};
	const char *path = NULL;
	nitro_err err;

	if ((err = begin(pamh, attempt)) != NITRO_OK ||
	    (err = nitro_attempt_config_path(
		 argc, argv, &path, &attempt->fault)) != NITRO_OK ||
	    (err = nitro_policy_load_base(
		 path, &attempt->policy, &attempt->fault)) != NITRO_OK)
		return err;
	attempt->mode = attempt->policy.settings.mode;
	if ((err = nitro_account_lookup(attempt->user, &account)) != NITRO_OK ||
	    (err = find_proved_key(pamh, &attempt->policy.settings, &key)) !=
		NITRO_OK ||
	    (err = make_challenge(attempt, &key)) != NITRO_OK ||
	    (err = ask(pamh, attempt)) != NITRO_OK)
		return err;
	err = judge(attempt, path, &account, &key);
	attempt->key_blob = key.blob;
	key.blob = (struct nitro_buf){0};
	return err;
}

/* Whoever is in no rule may be so for want of a name service alone. */
static nitro_err
ask_rule_groups(struct nitro_attempt *attempt,
    const struct nitro_account *account, bool *is_listed)
{
	const struct nitro_settings *settings = &attempt->policy.settings;
	bool is_member = false;
	nitro_err err;

	for (size_t i = 0; i < settings->rule_count; i++) {
		const char *group = settings->rules[i].group;

		if (group == NULL)
			continue;
		err = nitro_account_find_group(
		    account, attempt->user, group, &is_member);
		if (err != NITRO_OK)
			return nitro_fault_set(&attempt->fault, err, NULL, 0,
			    "the group %.64s of users is not known here",
			    group);
		*is_listed = *is_listed || is_member;
	}
	return NITRO_OK;
}

nitro_err
nitro_attempt_account(pam_handle_t *pamh, int argc, const char **argv,
    struct nitro_attempt *attempt, bool *is_governed)
{
	NITRO_DROP(nitro_account_drop) struct nitro_account account = {0};
	const char *path = NULL;
	bool is_listed;
	nitro_err err;

	if ((err = begin(pamh, attempt)) != NITRO_OK ||
	    (err = nitro_attempt_config_path(
		 argc, argv, &path, &attempt->fault)) != NITRO_OK ||
	    (err = nitro_policy_load_settings(
		 path, &attempt->policy.settings, &attempt->fault)) != NITRO_OK)
		return err;
	attempt->mode = attempt->policy.settings.mode;
	if (attempt->user[0] == '\0')
		return NITRO_E_USER_NAME;
	if ((err = nitro_account_lookup(attempt->user, &account)) != NITRO_OK)
		return err;
	is_listed = nitro_settings_lists_user(&attempt->policy.settings,
	    attempt->user, (const char *const *)account.groups,
	    account.group_count);
	if (!is_listed &&
	    (err = ask_rule_groups(attempt, &account, &is_listed)) != NITRO_OK)
		return err;
	*is_governed = is_listed;
	return NITRO_OK;
}

void
nitro_attempt_drop(struct nitro_attempt *attempt)
{
	nitro_verified_drop(&attempt->verdict.verified);
	nitro_policy_drop(&attempt->policy);
	nitro_answer_drop(&attempt->answer);
	nitro_buf_drop(&attempt->key_blob);
	nitro_text_drop(&attempt->user);
	nitro_text_drop(&attempt->rhost);
}
