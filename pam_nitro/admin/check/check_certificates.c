#include <string.h>

#include "admin/check/check.h"
#include "admin/printable.h"
#include "base/hex.h"
#include "base/time_text.h"
#include "evidence/cert_facts.h"
#include "policy/secure_file.h"

enum { MS = 1000, SOON_DAYS = 30, DAY_S = 86400 };

static const struct nitro_finding_kind not_aws = {"anchor_not_aws",
    NITRO_SEVERITY_WARNING,
    "whoever holds the key of this root can make documents that say anything "
    "at all; a simulated root belongs on no host in production"};
static const struct nitro_finding_kind anchor_expired = {"anchor_expired",
    NITRO_SEVERITY_WARNING,
    "no document of today can have a chain to it that is valid"};
static const struct nitro_finding_kind signer_expired = {"signer_expired",
    NITRO_SEVERITY_WARNING,
    "AWS starts no enclave from an image whose signing certificate has "
    "expired: such a workload does not come back after a restart"};
static const struct nitro_finding_kind signer_expiring = {"signer_expires_soon",
    NITRO_SEVERITY_WARNING,
    "AWS starts no enclave from an image whose signing certificate has "
    "expired; a new certificate means a new PCR8"};

/* SHA-256 over the DER, as AWS publishes them ("Verifying the root of trust"). */
static const char *const aws_roots[] = {
    /* commercial regions */
    "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b",
    /* GovCloud */
    "20bcd30a3e168ea03789e1c45912bc123c4de3c977b8a6e1c125c7929d668b3b"};

static bool
is_aws(const uint8_t sha256[NITRO_SHA256_LEN])
{
	char hex[2 * NITRO_SHA256_LEN + 1];

	nitro_hex_encode(
	    (struct nitro_bytes){sha256, NITRO_SHA256_LEN}, hex, sizeof hex);
	for (size_t i = 0; i < NITRO_COUNT_OF(aws_roots); i++)
		if (strcmp(hex, aws_roots[i]) == 0)
			return true;
	return false;
}

static void
judge_anchor(struct nitro_checkup *check, const char *path, unsigned line,
    const struct nitro_cert_facts *facts)
{
	char fingerprint[NITRO_FINGERPRINT_TEXT_SIZE];
	char when[NITRO_TIME_TEXT_LEN + 1];
	struct nitro_finding *finding;

	nitro_fingerprint_text(facts->sha256, fingerprint);
	if (!is_aws(facts->sha256)) {
		finding = nitro_finding_add(
		    &check->findings, &not_aws, path, line);
		nitro_finding_what(finding,
		    "the root %s (SHA-256 %s) is neither AWS's of the "
		    "commercial regions nor the one of GovCloud",
		    facts->subject, fingerprint);
		nitro_finding_change(finding,
		    "trust_anchors = \"%s\"; as it was shipped",
		    NITRO_TRUST_ANCHORS_PATH);
	}
	if (facts->not_after_s < check->now_ms / MS) {
		nitro_time_format(facts->not_after_s * MS, when);
		finding = nitro_finding_add(
		    &check->findings, &anchor_expired, path, line);
		nitro_finding_what(finding,
		    "the root %s (SHA-256 %s) expired "
		    "at %s",
		    facts->subject, fingerprint, when);
		nitro_finding_change(finding, "remove it from the file");
	}
}

/* The file has passed the module's parser: PEM blocks and text between them. */
static void
check_anchors(struct nitro_checkup *check)
{
	static const char begin[] = "-----BEGIN ", end[] = "-----END ";
	const char *path = check->policy.settings.trust_anchors;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0}, one = {0};
	struct nitro_fault fault = {0};
	struct nitro_bytes left, line;
	unsigned number = 0, first = 0;

	if (nitro_secure_file_read(path, &pem, &fault) != NITRO_OK ||
	    nitro_buf_append_byte(&pem, '\n') != NITRO_OK) {
		check->findings.has_failed = true;
		return;
	}
	left = nitro_bytes_of_buf(&pem);
	while (nitro_bytes_take_until(&left, '\n', &line)) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf der = {0};
		struct nitro_cert_facts facts;

		number++;
		if (nitro_bytes_has_prefix(line, begin)) {
			first = number;
			one.len = 0;
		}
		if (nitro_buf_append(&one, line) != NITRO_OK ||
		    nitro_buf_append_byte(&one, '\n') != NITRO_OK)
			check->findings.has_failed = true;
		if (!nitro_bytes_has_prefix(line, end))
			continue;
		if (nitro_cert_from_pem(nitro_bytes_of_buf(&one), &der) ==
			NITRO_OK &&
		    nitro_cert_facts(nitro_bytes_of_buf(&der), &facts) ==
			NITRO_OK)
			judge_anchor(check, path, first, &facts);
		else
			check->findings.has_failed = true;
	}
}

static void
judge_signer(struct nitro_checkup *check, const struct nitro_entry *entry,
    const struct nitro_cert_facts *facts)
{
	int64_t now_s = check->now_ms / MS;
	char when[NITRO_TIME_TEXT_LEN + 1];
	struct nitro_finding *finding;
	bool is_over = facts->not_after_s < now_s;

	if (facts->not_after_s > now_s + SOON_DAYS * DAY_S)
		return;
	nitro_time_format(facts->not_after_s * MS, when);
	finding = nitro_finding_add(&check->findings,
	    is_over ? &signer_expired : &signer_expiring,
	    entry->signing_certificate, 0);
	nitro_finding_what(finding,
	    "the certificate %s of workload %s %s at %s", facts->subject,
	    entry->workload, is_over ? "expired" : "expires", when);
	nitro_finding_change(finding,
	    "sign the image with a new certificate, and add an entry with "
	    "that to %s",
	    entry->file);
}

/* Entries mostly share a certificate, which is then told of once. */
static bool
is_first_with(const struct nitro_measurements *all, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (all->entries[j].signing_certificate != NULL &&
		    strcmp(all->entries[j].signing_certificate,
			all->entries[i].signing_certificate) == 0)
			return false;
	return true;
}

static void
check_signers(struct nitro_checkup *check)
{
	const struct nitro_measurements *all = &check->policy.measurements;

	for (size_t i = 0; i < all->entry_count; i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf pem = {0}, der = {0};
		const char *path = all->entries[i].signing_certificate;
		struct nitro_fault fault = {0};
		struct nitro_cert_facts facts;

		if (path == NULL || !is_first_with(all, i))
			continue;
		if (nitro_secure_file_read(path, &pem, &fault) == NITRO_OK &&
		    nitro_cert_from_pem(nitro_bytes_of_buf(&pem), &der) ==
			NITRO_OK &&
		    nitro_cert_facts(nitro_bytes_of_buf(&der), &facts) ==
			NITRO_OK)
			judge_signer(check, &all->entries[i], &facts);
		else
			check->findings.has_failed = true;
	}
}

void
nitro_check_certificates(struct nitro_checkup *check)
{
	check->looked_at.anchors = nitro_trust_anchors_count(
	    check->policy.anchors);
	check_anchors(check);
	check_signers(check);
}
