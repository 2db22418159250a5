#include "admin/record/trace_build.h"

#include <stdio.h>
#include <string.h>

#include "admin/judge/comparison.h"
#include "admin/printable.h"
#include "admin/record/provenance_link.h"
#include "admin/record/record_text.h"
#include "base/hex.h"
#include "base/time_text.h"
#include "evidence/cert_facts.h"

/* SHA-256 over the DER, as AWS publishes them ("Verifying the root of trust"). */
static const struct {
	const char *sha256, *name;
} aws_roots[] = {
    {"641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b",
	"AWS's commercial regions"},
    {"20bcd30a3e168ea03789e1c45912bc123c4de3c977b8a6e1c125c7929d668b3b",
	"AWS GovCloud (US)"}};

static void
note_root(struct nitro_trace *trace, size_t i,
    const struct nitro_trace_parts *parts,
    const uint8_t sha256[NITRO_SHA256_LEN])
{
	char hex[2 * NITRO_SHA256_LEN + 1];

	nitro_hex_encode(
	    (struct nitro_bytes){sha256, NITRO_SHA256_LEN}, hex, sizeof hex);
	for (size_t k = 0; k < NITRO_COUNT_OF(aws_roots); k++)
		if (strcmp(hex, aws_roots[k].sha256) == 0) {
			nitro_trace_note(trace, i,
			    "a trust anchor in %s; it is the root that is "
			    "published for %s",
			    parts->anchors_path, aws_roots[k].name);
			return;
		}
	nitro_trace_note(trace, i,
	    "a trust anchor in %s; it is NOT a root of AWS",
	    parts->anchors_path);
}

static bool
is_anchor(const struct nitro_trust_anchors *anchors,
    const uint8_t sha256[NITRO_SHA256_LEN])
{
	uint8_t other[NITRO_SHA256_LEN];

	for (size_t i = 0; i < nitro_trust_anchors_count(anchors); i++)
		if (nitro_trust_anchors_fingerprint(anchors, i, other) &&
		    nitro_bytes_equal(
			(struct nitro_bytes){sha256, NITRO_SHA256_LEN},
			(struct nitro_bytes){other, sizeof other}))
			return true;
	return false;
}

static size_t
add_root(struct nitro_trace *trace, const struct nitro_trace_parts *parts,
    const uint8_t sha256[NITRO_SHA256_LEN])
{
	bool is_trusted = is_anchor(parts->anchors, sha256);
	char fingerprint[NITRO_FINGERPRINT_TEXT_SIZE];
	size_t i = nitro_trace_add(trace, NITRO_NO_LINK, "root",
	    is_trusted ? NITRO_MARK_DECLARED : NITRO_MARK_BROKEN);

	nitro_fingerprint_text(sha256, fingerprint);
	nitro_trace_text(trace, i, "SHA256 %s", fingerprint);
	if (is_trusted)
		note_root(trace, i, parts, sha256);
	else
		nitro_trace_note(
		    trace, i, "no trust anchor in %s", parts->anchors_path);
	return i;
}

/* Without a document: every anchor; what comes below belongs to the last. */
static size_t
add_anchors(struct nitro_trace *trace, const struct nitro_trace_parts *parts)
{
	uint8_t sha256[NITRO_SHA256_LEN];
	size_t i = NITRO_NO_LINK;

	for (size_t k = 0; k < nitro_trust_anchors_count(parts->anchors); k++)
		if (nitro_trust_anchors_fingerprint(parts->anchors, k, sha256))
			i = add_root(trace, parts, sha256);
	return i;
}

/* What the certificates between root and leaf are, in AWS's order. */
static const char *
authority_name(size_t index, size_t count)
{
	static const char *const names[] = {
	    "root", "regional", "zonal", "instance"};

	return count == NITRO_COUNT_OF(names) ? names[index] : "authority";
}

static size_t
add_cert(struct nitro_trace *trace, size_t parent, const char *what,
    struct nitro_bytes der, nitro_err err)
{
	bool is_good = err == NITRO_OK ||
		       nitro_err_stage(err) > NITRO_STAGE_CHAIN;
	struct nitro_cert_facts facts = {0};
	char until[NITRO_TIME_TEXT_LEN + 1];
	size_t i = nitro_trace_add(trace, parent, what,
	    is_good ? NITRO_MARK_VERIFIED : NITRO_MARK_BROKEN);

	if (nitro_cert_facts(der, &facts) != NITRO_OK) {
		nitro_trace_text(trace, i, "%zu bytes", der.len);
		nitro_trace_note(trace, i, "no certificate");
		return i;
	}
	nitro_time_format(facts.not_after_s * 1000, until);
	nitro_trace_text(trace, i, "%s", facts.subject);
	if (is_good)
		nitro_trace_note(trace, i,
		    "signed by the one above, valid at the document's time, "
		    "until %s",
		    until);
	else
		nitro_trace_note(trace, i, "%s: %s", nitro_err_token(err),
		    nitro_err_sentence(err));
	return i;
}

static size_t
add_document(struct nitro_trace *trace, size_t parent,
    const struct nitro_judgement *judgement)
{
	const struct nitro_document *doc = &judgement->claims.doc;
	char module[300], made[NITRO_MOMENT_TEXT_SIZE];
	size_t i = nitro_trace_add(trace, parent, "document",
	    judgement->is_verified ? NITRO_MARK_VERIFIED : NITRO_MARK_BROKEN);

	if (judgement->claims.has_document) {
		nitro_printable(doc->module_id, module, sizeof module);
		nitro_moment_text(doc->timestamp_ms, made);
		nitro_trace_text(trace, i, "%s %s, made %s",
		    nitro_kind_name(doc->kind), module, made);
	} else
		nitro_trace_text(
		    trace, i, "%zu bytes", judgement->claims.evidence_len);
	if (judgement->is_verified)
		nitro_trace_note(trace, i, "signature of the leaf's key");
	else
		nitro_trace_note(trace, i, "%s: %s",
		    nitro_err_token(judgement->err),
		    nitro_err_sentence(judgement->err));
	return i;
}

/* Root to document; the index of the document. */
static size_t
add_evidence(struct nitro_trace *trace, const struct nitro_trace_parts *parts)
{
	const struct nitro_judgement *judgement = parts->judgement;
	const struct nitro_document *doc = &judgement->claims.doc;
	nitro_err err = judgement->is_verified ? NITRO_OK : judgement->err;
	uint8_t sha256[NITRO_SHA256_LEN];
	size_t at = NITRO_NO_LINK;

	if (!judgement->claims.has_document ||
	    nitro_sha256(doc->cabundle[0], sha256) != NITRO_OK)
		return add_document(trace, NITRO_NO_LINK, judgement);
	at = add_root(trace, parts, sha256);
	for (size_t k = 1; k < doc->cabundle_count; k++)
		at = add_cert(trace, at, authority_name(k, doc->cabundle_count),
		    doc->cabundle[k], err);
	at = add_cert(trace, at, "leaf", doc->certificate, err);
	return add_document(trace, at, judgement);
}

static void
add_login(struct nitro_trace *trace, size_t parent,
    const struct nitro_trace_parts *parts)
{
	const struct nitro_evidence_record *record = parts->record;
	char reference[NITRO_REFERENCE_LEN + 1], time[NITRO_TIME_TEXT_LEN + 1];
	bool stands = record != NULL && parts->record_verdict->stands;
	size_t i = nitro_trace_add(trace, parent, "login",
	    stands           ? NITRO_MARK_VERIFIED
	    : record == NULL ? NITRO_MARK_MISSING
			     : NITRO_MARK_BROKEN);

	if (record == NULL) {
		nitro_trace_text(trace, i, "none");
		nitro_trace_note(trace, i,
		    "trace the reference of a recorded login to see one");
		return;
	}
	nitro_challenge_reference(record->nonce, reference);
	nitro_time_format(record->time_ms, time);
	nitro_trace_text(trace, i, "%s as %s from %s at %s: %s (%s)", reference,
	    record->user, record->rhost, time,
	    record->err == NITRO_OK ? "allow" : "deny",
	    nitro_err_token(record->err));
	if (stands)
		nitro_trace_note(trace, i,
		    "the signed document has its nonce%s%s",
		    record->wants_audience ? ", host, user" : "",
		    record->binds_ssh_key ? " and SSH key" : "");
	else
		nitro_trace_note(trace, i, "%s: %s",
		    parts->record_verdict->reason, parts->record_verdict->why);
}

/* "PCR0 a0a0a0a0..., PCR8 ..." of those in the mask. */
static void
pcrs_text(
    const struct nitro_document *doc, uint32_t mask, char *out, size_t out_size)
{
	char hex[2 * NITRO_PCR_LEN + 1];
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX && used < out_size; i++) {
		if ((mask >> i & 1) == 0)
			continue;
		nitro_hex_encode(doc->pcr[i], hex, sizeof hex);
		used += (size_t)snprintf(&out[used], out_size - used,
		    "%sPCR%u %.16s%s", used > 0 ? ", " : "", i,
		    hex[0] != '\0' ? hex : "missing",
		    hex[0] != '\0' ? "..." : "");
	}
}

static void
note_entry(struct nitro_trace *trace, size_t i,
    const struct nitro_trace_parts *parts, const struct nitro_entry *entry)
{
	const char *validity = parts->now_ms > entry->not_after_ms
				   ? "; it has EXPIRED"
			       : parts->now_ms < entry->not_before_ms
				   ? "; it is NOT YET VALID"
				   : "";
	char pcrs[400];
	uint32_t differs;

	if (parts->judgement == NULL ||
	    !parts->judgement->claims.has_document) {
		nitro_trace_note(trace, i,
		    "which values are allowed is the file's word%s", validity);
		return;
	}
	if (entry->kind != parts->judgement->claims.doc.kind) {
		nitro_trace_note(
		    trace, i, "it is for documents of the other kind");
		return;
	}
	differs = nitro_entry_differs(entry, &parts->judgement->claims.doc);
	pcrs_text(&parts->judgement->claims.doc, differs, pcrs, sizeof pcrs);
	if (differs != 0)
		nitro_trace_note(
		    trace, i, "the document has other values: %s", pcrs);
	else
		nitro_trace_note(trace, i,
		    "every pinned value is the document's; that it is allowed "
		    "is the file's word%s",
		    validity);
}

static enum nitro_mark
mark_entry(
    const struct nitro_trace_parts *parts, const struct nitro_entry *entry)
{
	const struct nitro_document *doc;

	if (parts->judgement == NULL || !parts->judgement->claims.has_document)
		return NITRO_MARK_DECLARED;
	doc = &parts->judgement->claims.doc;
	return entry->kind == doc->kind && nitro_entry_differs(entry, doc) == 0
		   ? NITRO_MARK_COMPUTED
		   : NITRO_MARK_BROKEN;
}

/* The PCRs that both the entry pins and the image determines, and of them those that differ. */
static void
compare_image(const struct nitro_candidate *image,
    const struct nitro_entry *entry, uint32_t *common, uint32_t *differs)
{
	const struct nitro_pin *pin;

	*common = entry->pinned_mask & image->pcr_mask;
	*differs = *common;
	for (size_t i = 0; i < entry->pin_count; i++) {
		pin = &entry->pins[i];
		if ((*common >> pin->pcr & 1) != 0 &&
		    nitro_bytes_equal(
			(struct nitro_bytes){pin->value, NITRO_PCR_LEN},
			(struct nitro_bytes){
			    image->pcr[pin->pcr], NITRO_PCR_LEN}))
			*differs &= ~(UINT32_C(1) << pin->pcr);
	}
}

static size_t
add_image(struct nitro_trace *trace, size_t parent,
    const struct nitro_trace_parts *parts, const struct nitro_entry *entry)
{
	const struct nitro_candidate *image = parts->image;
	uint32_t common = 0, differs = 0;
	enum nitro_mark mark = NITRO_MARK_MISSING;
	size_t i;

	if (image != NULL) {
		compare_image(image, entry, &common, &differs);
		mark = differs != 0 || common == 0 || image->kind != entry->kind
			   ? NITRO_MARK_BROKEN
		       : image->origin == NITRO_ORIGIN_IMAGE
			   ? NITRO_MARK_COMPUTED
			   : NITRO_MARK_DECLARED;
	}
	i = nitro_trace_add(trace, parent, "image", mark);
	nitro_trace_text(
	    trace, i, "%s", image != NULL ? parts->image_path : "unknown");
	if (image == NULL)
		nitro_trace_note(trace, i, "%s",
		    entry->kind == NITRO_KIND_ENCLAVE
			? "give --image FILE.eif to compute its PCRs here"
			: "give --image FILE with the output of "
			  "nitro-tpm-pcr-compute");
	else if (mark == NITRO_MARK_BROKEN)
		nitro_trace_note(trace, i,
		    common == 0 ? "it determines none of the pinned PCRs"
				: "its PCRs are not those of the entry");
	else
		nitro_trace_note(
		    trace, i, "%s", nitro_origin_sentence(image->origin));
	return i;
}

/* An image that is not here, but whose origin was verified when it was. */
static size_t
add_proved_image(struct nitro_trace *trace, size_t parent,
    const struct nitro_entry *entry, const struct nitro_standing *standing)
{
	char *const *text = entry->provenance.text;
	const bool is_computed = strstr(text[NITRO_PROVENANCE_BINDING],
				     "eif") != NULL;
	const size_t i = nitro_trace_add(trace, parent, "image",
	    is_computed || standing->is_left_out ? NITRO_MARK_DECLARED
	    : standing->stands                   ? NITRO_MARK_VERIFIED
						 : NITRO_MARK_BROKEN);

	nitro_trace_text(trace, i, "%s sha256:%s",
	    text[NITRO_PROVENANCE_BINDING], text[NITRO_PROVENANCE_ARTIFACT]);
	if (is_computed)
		nitro_trace_note(trace, i,
		    "its PCRs were computed at the import; give --image "
		    "FILE.eif to compute them again");
	else if (standing->stands)
		nitro_trace_note(trace, i,
		    "the builder's claim: these PCRs are in what it signed");
	else
		nitro_trace_note(trace, i, "%s", standing->why);
	return i;
}

static size_t
add_declared(struct nitro_trace *trace, size_t parent, const char *what,
    const char *declared)
{
	size_t i = nitro_trace_add(trace, parent, what,
	    declared != NULL ? NITRO_MARK_DECLARED : NITRO_MARK_MISSING);

	nitro_trace_text(
	    trace, i, "%s", declared != NULL ? declared : "unknown");
	if (declared == NULL)
		nitro_trace_note(trace, i,
		    "write %s into the entry of the measurements", what);
	return i;
}

static void
add_entry(struct nitro_trace *trace, size_t parent,
    const struct nitro_trace_parts *parts, const struct nitro_entry *entry)
{
	size_t i = nitro_trace_add(
	    trace, parent, "entry", mark_entry(parts, entry));
	struct nitro_standing standing;
	size_t at;

	nitro_trace_text(trace, i, "%s%s%s (%s:%u)", entry->workload,
	    entry->version != NULL ? "/" : "",
	    entry->version != NULL ? entry->version : "", entry->file,
	    entry->line);
	note_entry(trace, i, parts, entry);
	nitro_standing_of(entry, parts->kept, parts->now_ms, &standing);
	if (standing.is_there) {
		at = parts->image == NULL
			 ? add_proved_image(trace, i, entry, &standing)
			 : add_image(trace, i, parts, entry);
		nitro_trace_add_provenance(trace, at, entry, &standing);
		return;
	}
	at = add_image(trace, i, parts, entry);
	at = add_declared(trace, at, "builder", entry->builder);
	if (parts->image_builder != NULL && parts->image_builder[0] != '\0')
		nitro_trace_note(trace, at,
		    "the image says of itself, unmeasured: %s",
		    parts->image_builder);
	(void)add_declared(trace, at, "source", entry->source);
}

/* How far an entry is from the document: 0 matches, 33 is of another kind. */
static int
distance(const struct nitro_trace_parts *parts, const struct nitro_entry *entry)
{
	const struct nitro_document *doc;

	if (parts->judgement == NULL || !parts->judgement->claims.has_document)
		return 0;
	doc = &parts->judgement->claims.doc;
	if (entry->kind != doc->kind)
		return NITRO_PCR_COUNT_MAX + 1;
	return __builtin_popcount(nitro_entry_differs(entry, doc));
}

static void
add_entries(struct nitro_trace *trace, size_t parent,
    const struct nitro_trace_parts *parts)
{
	int nearest = NITRO_PCR_COUNT_MAX + 2, far;

	for (size_t i = 0; i < parts->entry_count; i++)
		if ((far = distance(parts, parts->entries[i])) < nearest)
			nearest = far;
	for (size_t i = 0; i < parts->entry_count; i++) {
		if (distance(parts, parts->entries[i]) != nearest)
			continue;
		add_entry(trace, parent, parts, parts->entries[i]);
		if (nearest != 0)
			return;
	}
}

/* PCRs that anybody could have pinned: those that are not zero. */
static size_t
add_pcrs(struct nitro_trace *trace, size_t parent,
    const struct nitro_judgement *judgement)
{
	const struct nitro_document *doc = &judgement->claims.doc;
	uint32_t mask = 0;
	char text[900];
	size_t i = nitro_trace_add(trace, parent, "PCRs",
	    judgement->is_verified ? NITRO_MARK_VERIFIED : NITRO_MARK_BROKEN);

	for (unsigned pcr = 0; pcr < NITRO_PCR_COUNT_MAX; pcr++)
		if (!nitro_bytes_is_zero(doc->pcr[pcr]))
			mask |= UINT32_C(1) << pcr;
	pcrs_text(doc, mask, text, sizeof text);
	nitro_trace_text(trace, i, "%s", text[0] != '\0' ? text : "all zero");
	nitro_trace_note(trace, i, "%s",
	    judgement->is_verified ? "part of the signed document"
				   : "the document did not verify");
	return i;
}

void
nitro_trace_build(
    const struct nitro_trace_parts *parts, struct nitro_trace *trace)
{
	size_t at;

	if (parts->judgement == NULL) {
		at = add_anchors(trace, parts);
		at = nitro_trace_add(trace, at, "document", NITRO_MARK_MISSING);
		nitro_trace_text(trace, at, "none");
		nitro_trace_note(trace, at,
		    "trace a document, or the reference of a recorded login, "
		    "to see what AWS vouches for");
		add_entries(trace, at, parts);
		return;
	}
	at = add_evidence(trace, parts);
	add_login(trace, at, parts);
	if (!parts->judgement->claims.has_document)
		return;
	at = add_pcrs(trace, at, parts->judgement);
	add_entries(trace, at, parts);
}
