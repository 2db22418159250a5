#include "policy/entry_provenance_reader.h"

#include <string.h>

#include "base/hex.h"

#define COUNT_AND(array) (array), NITRO_COUNT_OF(array)

enum { SHA256_LEN = 32 };

#define NITRO_PROVENANCE_KEY_NAME(name, key) key,
static const char *const keys[] = {
    NITRO_PROVENANCE_LIST(NITRO_PROVENANCE_KEY_NAME)};
static const char *const rule_keys[] = {
    "workload", "identity", "issuer", "source_repository", "key"};
static const char *const bindings[] = {
    "eif", "predicate", "pcr-file", "oci-eif", "oci-pcr-file"};

const char *
nitro_provenance_key(enum nitro_provenance_text which)
{
	return keys[which];
}

void
nitro_entry_provenance_drop(struct nitro_entry_provenance *provenance)
{
	for (size_t i = 0; i < NITRO_PROVENANCE_TEXTS; i++)
		nitro_free(provenance->text[i]);
	*provenance = (struct nitro_entry_provenance){.text = {NULL}};
}

bool
nitro_entry_provenance_is_there(const struct nitro_entry_provenance *provenance)
{
	return provenance->text[NITRO_PROVENANCE_BINDING] != NULL;
}

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
nitro_entry_provenance_is_equal(const struct nitro_entry_provenance *a,
    const struct nitro_entry_provenance *b)
{
	for (size_t i = 0; i < NITRO_PROVENANCE_TEXTS; i++)
		if (!is_same(a->text[i], b->text[i]))
			return false;
	return true;
}

static bool
is_sha256(const char *text)
{
	uint8_t bytes[SHA256_LEN];

	for (size_t i = 0; text[i] != '\0'; i++)
		if (text[i] >= 'A' && text[i] <= 'F')
			return false;
	return nitro_hex_decode(nitro_bytes_of_text(text), bytes, sizeof bytes);
}

static nitro_err
check_digests(const struct nitro_config *config, const config_setting_t *at,
    const struct nitro_entry_provenance *provenance)
{
	static const enum nitro_provenance_text digests[] = {
	    NITRO_PROVENANCE_ARTIFACT, NITRO_PROVENANCE_MANIFEST,
	    NITRO_PROVENANCE_BUNDLE, NITRO_PROVENANCE_ROOT,
	    NITRO_PROVENANCE_KEY_FILE};
	const char *text;

	for (size_t i = 0; i < NITRO_COUNT_OF(digests); i++) {
		text = provenance->text[digests[i]];
		if (text != NULL && !is_sha256(text))
			return nitro_config_refuse(config, at,
			    "%s must be a SHA-256: 64 hex digits in lower "
			    "case",
			    keys[digests[i]]);
	}
	return NITRO_OK;
}

static nitro_err
check_binding(const struct nitro_config *config, const config_setting_t *at,
    const char *binding)
{
	for (size_t i = 0; i < NITRO_COUNT_OF(bindings); i++)
		if (binding != NULL && strcmp(bindings[i], binding) == 0)
			return NITRO_OK;
	return nitro_config_refuse(config, at,
	    "provenance must have binding = \"eif\", \"predicate\", "
	    "\"pcr-file\", \"oci-eif\" or \"oci-pcr-file\"");
}

static nitro_err
check(const struct nitro_config *config, const config_setting_t *at,
    const struct nitro_entry_provenance *provenance)
{
	char *const *text = provenance->text;
	const bool has_identity = text[NITRO_PROVENANCE_IDENTITY] != NULL &&
				  text[NITRO_PROVENANCE_ISSUER] != NULL &&
				  text[NITRO_PROVENANCE_ROOT] != NULL;
	const bool has_key = text[NITRO_PROVENANCE_KEY] != NULL &&
			     text[NITRO_PROVENANCE_KEY_FILE] != NULL;
	nitro_err err;

	err = check_binding(config, at, text[NITRO_PROVENANCE_BINDING]);
	if (err != NITRO_OK)
		return err;
	if (text[NITRO_PROVENANCE_ARTIFACT] == NULL ||
	    text[NITRO_PROVENANCE_BUNDLE] == NULL)
		return nitro_config_refuse(config, at,
		    "provenance must have artifact_sha256 and bundle_sha256");
	if (has_identity == has_key)
		return nitro_config_refuse(config, at,
		    "provenance must have identity, issuer and "
		    "trusted_root_sha256, or key and key_file_sha256");
	return check_digests(config, at, provenance);
}

nitro_err
nitro_entry_provenance_read(const struct nitro_config *config,
    const config_setting_t *entry, struct nitro_entry_provenance *provenance)
{
	const config_setting_t *at = config_setting_get_member(
	    entry, "provenance");
	nitro_err err;

	if (at == NULL)
		return NITRO_OK;
	err = nitro_config_check_group(config, at, COUNT_AND(keys));
	for (size_t i = 0; i < NITRO_PROVENANCE_TEXTS && err == NITRO_OK; i++)
		err = nitro_config_text(
		    config, at, keys[i], &provenance->text[i]);
	return err != NITRO_OK ? err : check(config, at, provenance);
}

void
nitro_provenance_rule_drop(struct nitro_provenance_rule *rule)
{
	nitro_free(rule->workload);
	nitro_free(rule->identity);
	nitro_free(rule->issuer);
	nitro_free(rule->source_repository);
	nitro_free(rule->key);
	*rule = (struct nitro_provenance_rule){0};
}

nitro_err
nitro_provenance_rule_read(const struct nitro_config *config,
    const config_setting_t *at, struct nitro_provenance_rule *rule)
{
	bool has_identity, is_whole;
	nitro_err err;

	err = nitro_config_check_group(config, at, COUNT_AND(rule_keys));
	if (err != NITRO_OK)
		return err;
	rule->line = config_setting_source_line(at);
	if ((err = nitro_config_name(
		 config, at, "workload", &rule->workload)) != NITRO_OK ||
	    (err = nitro_config_text(
		 config, at, "identity", &rule->identity)) != NITRO_OK ||
	    (err = nitro_config_text(config, at, "issuer", &rule->issuer)) !=
		NITRO_OK ||
	    (err = nitro_config_text(config, at, "source_repository",
		 &rule->source_repository)) != NITRO_OK ||
	    (err = nitro_config_text(config, at, "key", &rule->key)) !=
		NITRO_OK)
		return err;
	has_identity = rule->identity != NULL || rule->issuer != NULL ||
		       rule->source_repository != NULL;
	is_whole = rule->identity != NULL && rule->issuer != NULL &&
		   rule->source_repository != NULL;
	if (rule->workload == NULL || has_identity == (rule->key != NULL) ||
	    (has_identity && !is_whole))
		return nitro_config_refuse(config, at,
		    "a rule of require_provenance must have a workload, and "
		    "identity, issuer and source_repository, or key");
	return NITRO_OK;
}

bool
nitro_provenance_rule_holds(const struct nitro_provenance_rule *rule,
    const struct nitro_entry_provenance *provenance)
{
	char *const *text = provenance->text;

	if (!nitro_entry_provenance_is_there(provenance))
		return false;
	return is_same(rule->key, text[NITRO_PROVENANCE_KEY]) &&
	       is_same(rule->identity, text[NITRO_PROVENANCE_IDENTITY]) &&
	       is_same(rule->issuer, text[NITRO_PROVENANCE_ISSUER]) &&
	       (rule->source_repository == NULL ||
		   is_same(rule->source_repository,
		       text[NITRO_PROVENANCE_REPOSITORY]));
}
