#include "admin/provenance/trusted_root.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "admin/provenance/strict_json.h"
#include "base/time_text.h"
#include "evidence/cert_x509.h"

#define STEP "trusted root"
#define MEDIA_TYPE "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
#define DER_MAX 16384

static const char *const root_keys[] = {"mediaType", "tlogs",
    "certificateAuthorities", "ctlogs", "timestampAuthorities", NULL};
static const char *const authority_keys[] = {
    "subject", "uri", "certChain", "validFor", "operator", NULL};
static const char *const log_keys[] = {"baseUrl", "hashAlgorithm", "publicKey",
    "logId", "checkpointKeyId", "operator", NULL};

bool
nitro_period_has(const struct nitro_period *period, int64_t time_ms)
{
	return period->start_ms <= time_ms && time_ms <= period->end_ms;
}

const struct nitro_trusted_log *
nitro_trusted_log_find(
    const struct nitro_trusted_log *logs, size_t count, struct nitro_bytes id)
{
	for (size_t i = 0; i < count; i++)
		if (nitro_bytes_equal(
			(struct nitro_bytes){logs[i].id, NITRO_LOG_ID_LEN}, id))
			return &logs[i];
	return NULL;
}

static void
drop_authorities(struct nitro_authority *authorities, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < authorities[i].count; k++)
			X509_free(authorities[i].chain[k]);
}

static void
drop_logs(struct nitro_trusted_log *logs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		EVP_PKEY_free(logs[i].key);
}

void
nitro_trusted_root_drop(struct nitro_trusted_root *root)
{
	drop_authorities(root->cas, root->ca_count);
	drop_authorities(root->tsas, root->tsa_count);
	drop_logs(root->logs, root->log_count);
	drop_logs(root->ct_logs, root->ct_log_count);
	*root = (struct nitro_trusted_root){0};
}

/*
 * protojson's time in UTC, with up to nine digits of a second, of which three
 * count here.
 */
static bool
parse_time(const char *text, int64_t *time_ms)
{
	struct nitro_bytes rest = nitro_bytes_of_text(text), whole;
	char cut[NITRO_TIME_TEXT_LEN + 1];
	char digits[4] = "000";

	if (!nitro_bytes_take_until(&rest, '.', &whole))
		return nitro_time_parse(rest, time_ms);
	if (rest.len < 2 || rest.len > 10 || rest.ptr[rest.len - 1] != 'Z')
		return false;
	for (size_t i = 0; i + 1 < rest.len; i++) {
		if (rest.ptr[i] < '0' || rest.ptr[i] > '9')
			return false;
		if (i < 3)
			digits[i] = (char)rest.ptr[i];
	}
	(void)snprintf(cut, sizeof cut, "%.*s.%sZ", (int)whole.len,
	    (const char *)whole.ptr, digits);
	return nitro_time_parse(nitro_bytes_of_text(cut), time_ms);
}

/* A start is required: without one, any time would do. */
static bool
read_period(const json_t *parent, struct nitro_period *period)
{
	static const char *const keys[] = {"start", "end", NULL};
	const json_t *at = json_object_get(parent, "validFor");
	const char *start = nitro_strict_text(at, "start");
	const json_t *end = nitro_strict_member(at, "end");

	*period = (struct nitro_period){.end_ms = INT64_MAX};
	if (!nitro_strict_only(at, keys) || start == NULL ||
	    !parse_time(start, &period->start_ms))
		return false;
	if (end == NULL)
		return true;
	return json_is_string(end) &&
	       parse_time(json_string_value(end), &period->end_ms) &&
	       period->end_ms >= period->start_ms;
}

static bool
read_authority(const json_t *at, struct nitro_authority *authority)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf der = {0};
	const json_t *chain = json_object_get(
	    json_object_get(at, "certChain"), "certificates");
	const size_t count = json_array_size(chain);

	if (!nitro_strict_only(at, authority_keys) || count == 0 ||
	    count > NITRO_TRUSTED_CHAIN_MAX ||
	    !read_period(at, &authority->period))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!nitro_strict_base64(
			json_array_get(chain, i), "rawBytes", DER_MAX, &der) ||
		    nitro_cert_parse(nitro_bytes_of_buf(&der), NULL,
			&authority->chain[i]) != NITRO_OK)
			return false;
		authority->count++;
	}
	return true;
}

static void
read_host(const char *url, char host[NITRO_LOG_NAME_SIZE])
{
	struct nitro_bytes rest = nitro_bytes_of_text(url), name;
	const char *at = url != NULL ? strstr(url, "://") : NULL;

	if (at != NULL)
		rest = nitro_bytes_of_text(at + strlen("://"));
	if (!nitro_bytes_take_until(&rest, '/', &name))
		name = rest;
	if (!nitro_bytes_to_text(name, host, NITRO_LOG_NAME_SIZE))
		host[0] = '\0';
}

static bool
read_log(const json_t *at, struct nitro_trusted_log *log)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf bytes = {0};
	const json_t *key = json_object_get(at, "publicKey");

	if (!nitro_strict_only(at, log_keys) || !read_period(key, &log->period))
		return false;
	if (!nitro_strict_base64(json_object_get(at, "logId"), "keyId",
		NITRO_LOG_ID_LEN, &bytes) ||
	    bytes.len != NITRO_LOG_ID_LEN)
		return false;
	memcpy(log->id, bytes.ptr, NITRO_LOG_ID_LEN);
	read_host(nitro_strict_text(at, "baseUrl"), log->name);
	if (!nitro_strict_base64(key, "rawBytes", DER_MAX, &bytes))
		return false;
	log->key = nitro_key_from_der(nitro_bytes_of_buf(&bytes));
	return log->key != NULL;
}

/* Or none at all, which has no elements. */
static bool
is_list(const json_t *list)
{
	return list == NULL || (json_is_array(list) &&
				   json_array_size(list) <= NITRO_TRUSTED_MAX);
}

static bool
read_authorities(const json_t *root, const char *key,
    struct nitro_authority out[NITRO_TRUSTED_MAX], size_t *count)
{
	const json_t *list = json_object_get(root, key);

	if (!is_list(list))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		(*count)++;
		if (!read_authority(json_array_get(list, i), &out[i]))
			return false;
	}
	return true;
}

static bool
read_logs(const json_t *root, const char *key,
    struct nitro_trusted_log out[NITRO_TRUSTED_MAX], size_t *count)
{
	const json_t *list = json_object_get(root, key);

	if (!is_list(list))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		(*count)++;
		if (!read_log(json_array_get(list, i), &out[i]))
			return false;
	}
	return true;
}

static bool
read_lists(const json_t *json, struct nitro_trusted_root *root,
    struct nitro_trail *trail)
{
	static const char expected[] =
	    "1 to 32 of these, each with its key or chain, and validFor with "
	    "a start";
	const char *bad = NULL;

	if (!read_authorities(
		json, "certificateAuthorities", root->cas, &root->ca_count))
		bad = "certificateAuthorities";
	else if (!read_authorities(json, "timestampAuthorities", root->tsas,
		     &root->tsa_count))
		bad = "timestampAuthorities";
	else if (!read_logs(json, "tlogs", root->logs, &root->log_count))
		bad = "tlogs";
	else if (!read_logs(json, "ctlogs", root->ct_logs, &root->ct_log_count))
		bad = "ctlogs";
	ERR_clear_error();
	if (bad == NULL)
		return true;
	return nitro_trail_refuse(
	    trail, STEP, expected, "an element of %s that is not so", bad);
}

bool
nitro_trusted_root_parse(struct nitro_bytes text,
    struct nitro_trusted_root *root, struct nitro_trail *trail)
{
	NITRO_DROP(nitro_strict_json_drop) json_t *json = NULL;
	char why[NITRO_STRICT_JSON_WHY_SIZE];
	const char *media;

	if (nitro_sha256(text, root->sha256) != NITRO_OK)
		return nitro_trail_fail(trail, NITRO_E_CRYPTO);
	if (!nitro_strict_json_parse(text, &json, why))
		return nitro_trail_refuse(trail, STEP,
		    "one trusted root in JSON: one trust domain to a file",
		    "%s", why);
	media = nitro_strict_text(json, "mediaType");
	if (media == NULL || strcmp(media, MEDIA_TYPE) != 0)
		return nitro_trail_refuse(trail, STEP, MEDIA_TYPE, "%s",
		    media != NULL ? media : "no mediaType");
	if (!nitro_strict_only(json, root_keys))
		return nitro_trail_refuse(
		    trail, STEP, "only the fields of that type", "another one");
	if (!read_lists(json, root, trail))
		return false;
	nitro_trail_pass(trail, STEP,
	    "%zu CAs, %zu logs, %zu CT logs, %zu timestamp authorities",
	    root->ca_count, root->log_count, root->ct_log_count,
	    root->tsa_count);
	return true;
}
