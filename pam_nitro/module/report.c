#include "module/report.h"

#include <security/pam_ext.h>
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include "base/hex.h"
#include "module/log_device.h"

/* Characters that a value may have in the line; more is cut and marked. */
#define NAME_SHOWN 32
#define ADDRESS_SHOWN 48
#define MODULE_ID_SHOWN 60
#define PATH_SHOWN 100
#define CUT_MARK "..."

struct line {
	char text[NITRO_LOG_LINE_MAX + 1];
	size_t used;
};

/* A field that does not fit is left out whole: the first ones matter most. */
__attribute__((format(printf, 2, 3))) static void
add(struct line *line, const char *format, ...)
{
	const size_t room = sizeof line->text - line->used;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(&line->text[line->used], room, format, args);
	va_end(args);
	if (n > 0 && (size_t)n < room)
		line->used += (size_t)n;
	line->text[line->used] = '\0';
}

/* Bytes that stand for themselves in a logfmt value without quotes. */
static bool
is_plain(uint8_t c)
{
	return c > ' ' && c <= '~' && c != '"' && c != '=' && c != '\\';
}

/* At most shown characters, escaped, with a mark where something was cut. */
static void
escape(struct nitro_bytes in, size_t shown, char *out, size_t out_size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < in.len; i++) {
		const size_t need = is_plain(in.ptr[i]) ? 1 : 4;

		if (need > shown - used) {
			(void)snprintf(&out[used], out_size - used, CUT_MARK);
			return;
		}
		(void)snprintf(&out[used], out_size - used,
		    need == 1 ? "%c" : "\\x%02x", in.ptr[i]);
		used += need;
	}
}

static void
add_value(
    struct line *line, const char *key, struct nitro_bytes value, size_t shown)
{
	char escaped[PATH_SHOWN + sizeof CUT_MARK];

	if (value.len == 0)
		return;
	escape(value, shown, escaped, sizeof escaped);
	add(line, " %s=%s", key, escaped);
}

static void
add_text(struct line *line, const char *key, const char *text, size_t shown)
{
	add_value(line, key, nitro_bytes_of_text(text), shown);
}

/* Our own sentence, in quotes, cut to what is left of the line. */
static void
add_sentence(struct line *line, const char *key, const char *sentence)
{
	const size_t frame = sizeof(" =\"\"") + nitro_bytes_of_text(key).len;
	const size_t room = sizeof line->text - line->used;
	char clean[sizeof line->text];
	size_t n = 0;

	if (sentence[0] == '\0' || room <= frame + sizeof CUT_MARK)
		return;
	for (; sentence[n] != '\0' && n < room - frame; n++)
		clean[n] = sentence[n] == '"' ? '\'' : sentence[n];
	clean[n] = '\0';
	if (sentence[n] != '\0')
		(void)snprintf(
		    &clean[n - sizeof CUT_MARK + 1], sizeof CUT_MARK, CUT_MARK);
	add(line, " %s=\"%s\"", key, clean);
}

static void
add_pcrs(struct line *line, const char *key, uint32_t mask)
{
	char list[8 * NITRO_PCR_COUNT_MAX] = "";
	size_t used = 0;

	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++)
		if ((mask >> i & 1) != 0)
			used += (size_t)snprintf(&list[used],
			    sizeof list - used, "%spcr%u", used > 0 ? "," : "",
			    i);
	if (used > 0)
		add(line, " %s=%s", key, list);
}

/* Of the document: what its signature has vouched for, else its length alone. */
static void
add_document(struct line *line, const struct nitro_attempt *attempt)
{
	const struct nitro_evidence_facts *facts = &attempt->verdict.facts;

	if (attempt->verdict.verified != NULL) {
		add(line, " kind=%s",
		    nitro_kind_name(
			nitro_verified_kind(attempt->verdict.verified)));
		add_value(line, "module_id",
		    nitro_verified_module_id(attempt->verdict.verified),
		    MODULE_ID_SHOWN);
	} else if (facts->evidence_len > 0) {
		add(line, " document_len=%zu", facts->evidence_len);
	}
	if (facts->is_age_known)
		add(line, " age_ms=%lld", (long long)facts->age_ms);
}

static void
add_entry(struct line *line, const char *key, const struct nitro_entry *entry)
{
	char name[2 * NITRO_NAME_MAX + 2];

	if (entry == NULL)
		return;
	(void)snprintf(name, sizeof name, "%s%s%s", entry->workload,
	    entry->version != NULL ? "/" : "",
	    entry->version != NULL ? entry->version : "");
	add_text(line, key, name, 2 * NAME_SHOWN);
}

static void
add_decision(struct line *line, const struct nitro_decision *decision)
{
	if (decision->entry != NULL) {
		add_text(
		    line, "workload", decision->entry->workload, NAME_SHOWN);
		add_text(line, "version", decision->entry->version, NAME_SHOWN);
	}
	add_entry(line, "nearest", decision->nearest);
	add_pcrs(line, "differs", decision->differs_mask);
	if (decision->revoked_by != NULL) {
		add_text(line, "file", decision->revoked_by->file, PATH_SHOWN);
		add(line, " line=%u", decision->revoked_by->line);
		if (decision->revoked_by->reason != NULL)
			add_sentence(
			    line, "revoked", decision->revoked_by->reason);
	}
}

static void
add_fault(struct line *line, const struct nitro_fault *fault)
{
	add_text(line, "file", fault->file, PATH_SHOWN);
	if (fault->line > 0)
		add(line, " line=%u", fault->line);
	add_sentence(line, "why", fault->text);
}

/* Who vouched for what, for the record: the key of the connection and the document. */
static void
add_record(struct line *line, const struct nitro_attempt *attempt)
{
	char hex[2 * NITRO_SHA384_LEN + 1];

	add_text(
	    line, "key", attempt->challenge.key, NITRO_KEY_FINGERPRINT_LEN);
	nitro_hex_encode(
	    nitro_verified_digest(attempt->verdict.verified), hex, sizeof hex);
	add(line, " sha384=%s", hex);
}

static int
priority_of(nitro_err err)
{
	const enum nitro_class class = nitro_err_class(err);

	if (class == NITRO_CLASS_OK)
		return LOG_INFO;
	return class == NITRO_CLASS_CONFIGURATION || class == NITRO_CLASS_SYSTEM
		   ? LOG_ERR
		   : LOG_NOTICE;
}

void
nitro_report(
    pam_handle_t *pamh, nitro_err err, const struct nitro_attempt *attempt)
{
	struct line line = {0};
	char reference[NITRO_REFERENCE_LEN + 1];

	nitro_challenge_reference(attempt->nonce, reference);
	add(&line, "result=%s reason=%s ref=%s",
	    err == NITRO_OK ? "allow" : "deny", nitro_err_token(err),
	    reference);
	if (attempt->mode == NITRO_MODE_OBSERVE)
		add(&line, " mode=observe");
	if (attempt->is_evidence_lost)
		add(&line, " evidence=failed");
	if (attempt->verdict.is_unfiltered)
		add(&line, " sandbox=no-seccomp");
	add_text(&line, "user", attempt->user, NAME_SHOWN);
	add_text(&line, "rhost", attempt->rhost, ADDRESS_SHOWN);
	add_document(&line, attempt);
	add_decision(&line, &attempt->decision);
	add_fault(&line, &attempt->fault);
	if (err == NITRO_OK && attempt->verdict.verified != NULL)
		add_record(&line, attempt);
	if (err != NITRO_OK)
		add_sentence(&line, "hint", nitro_err_advice(err));
	if (nitro_log_device_takes_a_line())
		pam_syslog(pamh, priority_of(err), "%s", line.text);
}

static nitro_err
put(pam_handle_t *pamh, const char *name, struct nitro_bytes value)
{
	char escaped[4 * NITRO_MODULE_ID_MAX + sizeof CUT_MARK];
	char pair[sizeof escaped + 32];

	escape(value, 4 * NITRO_MODULE_ID_MAX, escaped, sizeof escaped);
	(void)snprintf(pair, sizeof pair, "%s=%s", name, escaped);
	return pam_putenv(pamh, pair) == PAM_SUCCESS ? NITRO_OK : NITRO_E_PAM;
}

static nitro_err
put_text(pam_handle_t *pamh, const char *name, const char *text)
{
	return put(pamh, name, nitro_bytes_of_text(text));
}

nitro_err
nitro_report_environment(
    pam_handle_t *pamh, const struct nitro_attempt *attempt)
{
	const struct nitro_entry *entry = attempt->decision.entry;
	const struct nitro_verified *verified = attempt->verdict.verified;
	nitro_err err;

	if (entry == NULL || verified == NULL)
		return NITRO_E_INTERNAL;
	if ((err = put_text(pamh, "PAM_NITRO_KIND",
		 nitro_kind_name(nitro_verified_kind(verified)))) != NITRO_OK ||
	    (err = put_text(pamh, "PAM_NITRO_WORKLOAD", entry->workload)) !=
		NITRO_OK ||
	    (err = put_text(pamh, "PAM_NITRO_VERSION", entry->version)) !=
		NITRO_OK)
		return err;
	return put(
	    pamh, "PAM_NITRO_MODULE_ID", nitro_verified_module_id(verified));
}
