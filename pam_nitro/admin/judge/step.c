#include "admin/judge/step.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/hex.h"
#include "evidence/cert_facts.h"

/* What the tellers read, and the step that they fill. */
struct telling {
	const struct nitro_document_file *file;
	const struct nitro_inquiry *inquiry;
	const struct nitro_grounds *grounds;
	const struct nitro_judgement *judgement;
};

const char *
nitro_outcome_name(enum nitro_outcome outcome)
{
	switch (outcome) {
	case NITRO_OUTCOME_NOT_REACHED:
		return "not reached";
	case NITRO_OUTCOME_PASSED:
		return "passed";
	case NITRO_OUTCOME_FAILED:
		return "FAILED";
	case NITRO_OUTCOME_NOT_CHECKED:
		return "not checked";
	}
	return "unknown";
}

__attribute__((format(printf, 2, 3))) static void
say(char text[NITRO_STEP_TEXT_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, NITRO_STEP_TEXT_SIZE, format, args);
	va_end(args);
}

/* "32 bytes, 00ff..." or "68 bytes, pam_nitro/1 ...", or "none". */
static void
say_bytes(char text[NITRO_STEP_TEXT_SIZE], struct nitro_bytes in)
{
	char shown[300];

	if (in.len == 0) {
		say(text, "none");
		return;
	}
	if (nitro_is_printable(in))
		nitro_printable(in, shown, sizeof shown);
	else
		nitro_hex_encode(
		    nitro_bytes_slice(in, 0, 64), shown, sizeof shown);
	say(text, "%zu bytes, %s%s", in.len, shown,
	    nitro_is_printable(in) || in.len <= 64 ? "" : "...");
}

static void
tell_answer(const struct telling *t, struct nitro_step *step)
{
	const struct nitro_document_file *file = t->file;

	say(step->expected, "1 to %d bytes, raw or in base64",
	    NITRO_EVIDENCE_MAX);
	if (file->err == NITRO_OK)
		say(step->actual, "%zu bytes%s", file->evidence.len,
		    file->is_base64 ? ", from base64" : "");
	else if (file->file_len > NITRO_DOCUMENT_FILE_MAX)
		say(step->actual, "a file of more than %d bytes",
		    NITRO_DOCUMENT_FILE_MAX);
	else
		say(step->actual, "a file of %zu bytes: %s", file->file_len,
		    nitro_err_sentence(file->err));
}

static void
tell_cose(const struct telling *t, struct nitro_step *step)
{
	const struct nitro_claims *claims = &t->judgement->claims;

	say(step->expected, "COSE_Sign1, ES384, signature of %d bytes",
	    NITRO_ES384_SIG_LEN);
	if (claims->has_cose)
		say(step->actual, "payload of %zu bytes, %s",
		    claims->cose.payload.len,
		    claims->has_tag ? "tag 18" : "no tag");
	else if (claims->err != NITRO_OK)
		say(step->actual, "%s", nitro_err_sentence(claims->err));
}

static void
tell_document(const struct telling *t, struct nitro_step *step)
{
	const struct nitro_claims *claims = &t->judgement->claims;

	say(step->expected, "every field there and within its limits");
	if (claims->has_document)
		say(step->actual, "%s, %d PCRs, cabundle of %zu",
		    nitro_kind_name(claims->doc.kind),
		    __builtin_popcount(claims->doc.pcr_mask),
		    claims->doc.cabundle_count);
	else if (claims->has_cose)
		say(step->actual, "%s", nitro_err_sentence(claims->err));
}

static void
tell_nonce(const struct telling *t, struct nitro_step *step)
{
	if (t->inquiry->nonce.len > 0)
		say_bytes(step->expected, t->inquiry->nonce);
	else
		say(step->expected, "anything: no --nonce was given");
	if (t->judgement->claims.has_document)
		say_bytes(step->actual, t->judgement->claims.doc.nonce);
}

static void
tell_audience(const struct telling *t, struct nitro_step *step)
{
	say(step->expected, "anything: only a login has an audience");
	if (t->judgement->claims.has_document)
		say_bytes(step->actual, t->judgement->claims.doc.user_data);
}

static void
tell_key(const struct telling *t, struct nitro_step *step)
{
	say(step->expected, "anything: only a login has a key");
	if (t->judgement->claims.has_document)
		say_bytes(step->actual, t->judgement->claims.doc.public_key);
}

static void
tell_age(const struct telling *t, struct nitro_step *step)
{
	const struct nitro_document *doc = &t->judgement->claims.doc;
	char now[NITRO_MOMENT_TEXT_SIZE], made[NITRO_MOMENT_TEXT_SIZE];
	char age[NITRO_AGE_TEXT_SIZE];

	nitro_moment_text((uint64_t)t->judgement->now_ms, now);
	if (t->inquiry->at == NITRO_AT_DOCUMENT)
		say(step->expected, "any age: --at document");
	else
		say(step->expected,
		    "at most %" PRId64 " s old, at most %" PRId64
		    " s ahead, at %s",
		    t->grounds->max_age_ms / 1000,
		    t->grounds->clock_skew_ms / 1000, now);
	if (!t->judgement->claims.has_document)
		return;
	nitro_moment_text(doc->timestamp_ms, made);
	nitro_age_text(nitro_claims_age_ms(doc, t->judgement->now_ms), age);
	say(step->actual, "%s, %s", made, age);
}

/* The number, from 1, of the anchor with that fingerprint; 0 for none. */
static size_t
anchor_of(const struct nitro_trust_anchors *anchors,
    const uint8_t sha256[NITRO_SHA256_LEN])
{
	struct nitro_bytes a = {sha256, NITRO_SHA256_LEN}, b;
	uint8_t fingerprint[NITRO_SHA256_LEN];

	b = (struct nitro_bytes){fingerprint, sizeof fingerprint};
	for (size_t i = 0; i < nitro_trust_anchors_count(anchors); i++)
		if (nitro_trust_anchors_fingerprint(anchors, i, fingerprint) &&
		    nitro_bytes_equal(a, b))
			return i + 1;
	return 0;
}

/* The name on a certificate; never an answer to whether it is genuine. */
static void
subject_of(struct nitro_bytes der, char out[160])
{
	struct nitro_cert_facts facts;

	if (nitro_cert_facts(der, &facts) == NITRO_OK)
		(void)snprintf(out, 160, "%s", facts.subject);
	else
		(void)snprintf(out, 160, "a certificate that cannot be read");
}

static void
tell_chain(const struct telling *t, struct nitro_step *step)
{
	const struct nitro_document *doc = &t->judgement->claims.doc;
	char text[NITRO_FINGERPRINT_TEXT_SIZE], path[160], subject[160];
	uint8_t sha256[NITRO_SHA256_LEN];
	size_t anchor;

	nitro_printable(
	    nitro_bytes_of_text(t->grounds->anchors_path), path, sizeof path);
	say(step->expected, "a path from a trust anchor: %s, %zu in it", path,
	    nitro_trust_anchors_count(t->grounds->anchors));
	if (!t->judgement->claims.has_document ||
	    nitro_sha256(doc->cabundle[0], sha256) != NITRO_OK)
		return;
	nitro_fingerprint_text(sha256, text);
	subject_of(doc->cabundle[0], subject);
	anchor = anchor_of(t->grounds->anchors, sha256);
	if (anchor > 0)
		say(step->actual, "from anchor %zu, %s, SHA256 %s", anchor,
		    subject, text);
	else
		say(step->actual, "from no anchor but %s, SHA256 %s", subject,
		    text);
}

static void
tell_signature(const struct telling *t, struct nitro_step *step)
{
	char subject[160];

	say(step->expected, "ES384 by the key of the document's certificate");
	if (!t->judgement->claims.has_document)
		return;
	subject_of(t->judgement->claims.doc.certificate, subject);
	say(step->actual, "certificate of %s", subject);
}

/* Which entry decided, and how. */
static const char *
word_before_entry(const struct nitro_decision *decision)
{
	if (decision->err == NITRO_OK)
		return "";
	return decision->revoked_by != NULL ? "revoked by " : "nearest is ";
}

void
nitro_entry_name(const struct nitro_entry *entry, char *out, size_t out_size)
{
	char workload[NITRO_NAME_MAX + 1], version[NITRO_NAME_MAX + 1],
	    file[200];

	nitro_printable(
	    nitro_bytes_of_text(entry->workload), workload, sizeof workload);
	nitro_printable(
	    nitro_bytes_of_text(entry->version), version, sizeof version);
	nitro_printable(nitro_bytes_of_text(entry->file), file, sizeof file);
	(void)snprintf(out, out_size, "%s%s%s (%s:%u)", workload,
	    version[0] != '\0' ? "/" : "", version, file, entry->line);
}

static void
tell_policy(const struct telling *t, struct nitro_step *step)
{
	const struct nitro_judgement *j = t->judgement;
	const struct nitro_entry *entry = NULL;
	char user[100], name[300];

	if (!t->grounds->has_policy) {
		say(step->expected, "anything: no policy was applied, give "
				    "--config and --user");
		return;
	}
	nitro_printable(
	    nitro_bytes_of_text(t->inquiry->user), user, sizeof user);
	say(step->expected, "an entry of a workload that may log in as %s",
	    user);
	if (!j->has_decision)
		return;
	if (j->decision.err == NITRO_OK)
		entry = j->decision.entry;
	else if ((entry = j->decision.revoked_by) == NULL)
		entry = j->decision.nearest;
	if (entry == NULL) {
		say(step->actual, "%s", nitro_err_sentence(j->err));
		return;
	}
	nitro_entry_name(entry, name, sizeof name);
	say(step->actual, "%s%s", word_before_entry(&j->decision), name);
}

/*
 * The step that failed; NITRO_STEP_COUNT where none did. Malformed CBOR is of
 * stage "cose" wherever it is; where the envelope could be read, it is in the
 * document.
 */
static enum nitro_step_id
failed_step(const struct nitro_judgement *judgement)
{
	nitro_err err = judgement->err;

	switch (nitro_err_stage(err)) {
	case NITRO_STAGE_COSE:
		return judgement->claims.has_cose ? NITRO_STEP_DOCUMENT
						  : NITRO_STEP_COSE;
	case NITRO_STAGE_DOCUMENT:
		return NITRO_STEP_DOCUMENT;
	case NITRO_STAGE_BINDING:
		if (err == NITRO_E_NONCE)
			return NITRO_STEP_NONCE;
		return err == NITRO_E_AUDIENCE ? NITRO_STEP_AUDIENCE
					       : NITRO_STEP_KEY;
	case NITRO_STAGE_AGE:
		return NITRO_STEP_AGE;
	case NITRO_STAGE_CHAIN:
		return NITRO_STEP_CHAIN;
	case NITRO_STAGE_SIGNATURE:
		return NITRO_STEP_SIGNATURE;
	case NITRO_STAGE_POLICY:
	case NITRO_STAGE_ACCOUNT:
		return NITRO_STEP_POLICY;
	case NITRO_STAGE_DONE:
		return err == NITRO_OK ? NITRO_STEP_COUNT : NITRO_STEP_ANSWER;
	case NITRO_STAGE_SETTINGS:
	case NITRO_STAGE_CHALLENGE:
	case NITRO_STAGE_ANSWER:
		return NITRO_STEP_ANSWER;
	}
	return NITRO_STEP_ANSWER;
}

static bool
is_waived(const struct telling *t, enum nitro_step_id id)
{
	switch (id) {
	case NITRO_STEP_NONCE:
		return t->inquiry->nonce.len == 0;
	case NITRO_STEP_AUDIENCE:
	case NITRO_STEP_KEY:
		return true;
	case NITRO_STEP_AGE:
		return t->inquiry->at == NITRO_AT_DOCUMENT;
	case NITRO_STEP_POLICY:
		return !t->grounds->has_policy;
	case NITRO_STEP_ANSWER:
	case NITRO_STEP_COSE:
	case NITRO_STEP_DOCUMENT:
	case NITRO_STEP_CHAIN:
	case NITRO_STEP_SIGNATURE:
	case NITRO_STEP_COUNT:
		return false;
	}
	return false;
}

static enum nitro_outcome
outcome_of(const struct telling *t, enum nitro_step_id id)
{
	enum nitro_step_id failed = failed_step(t->judgement);

	if (id > failed)
		return NITRO_OUTCOME_NOT_REACHED;
	if (id == failed)
		return NITRO_OUTCOME_FAILED;
	return is_waived(t, id) ? NITRO_OUTCOME_NOT_CHECKED
				: NITRO_OUTCOME_PASSED;
}

static const struct {
	const char *name;
	enum nitro_stage stage;
	void (*tell)(const struct telling *t, struct nitro_step *step);
} tellers[NITRO_STEP_COUNT] = {
    [NITRO_STEP_ANSWER] = {"answer", NITRO_STAGE_ANSWER, tell_answer},
    [NITRO_STEP_COSE] = {"cose", NITRO_STAGE_COSE, tell_cose},
    [NITRO_STEP_DOCUMENT] = {"document", NITRO_STAGE_DOCUMENT, tell_document},
    [NITRO_STEP_NONCE] = {"nonce", NITRO_STAGE_BINDING, tell_nonce},
    [NITRO_STEP_AUDIENCE] = {"audience", NITRO_STAGE_BINDING, tell_audience},
    [NITRO_STEP_KEY] = {"key", NITRO_STAGE_BINDING, tell_key},
    [NITRO_STEP_AGE] = {"age", NITRO_STAGE_AGE, tell_age},
    [NITRO_STEP_CHAIN] = {"chain", NITRO_STAGE_CHAIN, tell_chain},
    [NITRO_STEP_SIGNATURE] = {"signature", NITRO_STAGE_SIGNATURE,
	tell_signature},
    [NITRO_STEP_POLICY] = {"policy", NITRO_STAGE_POLICY, tell_policy},
};

void
nitro_steps_tell(const struct nitro_document_file *file,
    const struct nitro_inquiry *inquiry, const struct nitro_grounds *grounds,
    const struct nitro_judgement *judgement,
    struct nitro_step steps[NITRO_STEP_COUNT])
{
	const struct telling t = {file, inquiry, grounds, judgement};

	for (unsigned id = 0; id < NITRO_STEP_COUNT; id++) {
		steps[id] = (struct nitro_step){.name = tellers[id].name,
		    .stage = tellers[id].stage,
		    .outcome = outcome_of(&t, (enum nitro_step_id)id)};
		tellers[id].tell(&t, &steps[id]);
	}
}
