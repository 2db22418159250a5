#include <stdio.h>

#include "admin/image/import.h"
#include "admin/judge/document_file.h"
#include "admin/judge/judgement.h"
#include "admin/printable.h"

#define BIT(pcr) (UINT32_C(1) << (pcr))

/* What says which code it is; the rest says where it runs, or nothing. */
static const uint32_t enclave_mask = BIT(0) | BIT(1) | BIT(2) | BIT(8);
static const uint32_t nitrotpm_mask = BIT(4) | BIT(7) | BIT(12);

static void
take_pcrs(const struct nitro_document *doc, struct nitro_import *import)
{
	const bool is_enclave = doc->kind == NITRO_KIND_ENCLAVE;
	const uint32_t mask = is_enclave ? enclave_mask : nitrotpm_mask;

	import->candidate.kind = import->others.kind = doc->kind;
	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++) {
		if ((doc->pcr_mask >> i & 1) == 0)
			continue;
		if ((mask >> i & 1) != 0)
			nitro_candidate_set_pcr(
			    &import->candidate, i, doc->pcr[i].ptr);
		else if (is_enclave && !nitro_bytes_is_zero(doc->pcr[i]))
			nitro_candidate_set_pcr(
			    &import->others, i, doc->pcr[i].ptr);
	}
}

static nitro_err
take(const struct nitro_claims *claims, struct nitro_import *import,
    struct nitro_fault *fault)
{
	char module[200], moment[NITRO_MOMENT_TEXT_SIZE];

	if (claims->err != NITRO_OK)
		return nitro_fault_set(fault, claims->err, NULL, 0, "%s",
		    nitro_err_sentence(claims->err));
	if (nitro_claims_are_debug(&claims->doc))
		return nitro_fault_set(fault, NITRO_E_DEBUG, NULL, 0, "%s",
		    nitro_err_sentence(NITRO_E_DEBUG));
	nitro_printable(claims->doc.module_id, module, sizeof module);
	nitro_moment_text(claims->doc.timestamp_ms, moment);
	(void)snprintf(
	    import->subject, sizeof import->subject, "%s, %s", module, moment);
	import->form = "attestation document";
	import->candidate.origin = NITRO_ORIGIN_DOCUMENT;
	import->others.origin = NITRO_ORIGIN_DOCUMENT;
	take_pcrs(&claims->doc, import);
	nitro_import_warn(import,
	    "circular: this is what that machine runs, not what it should "
	    "run; trust it only as far as the machine it came from");
	return nitro_import_settle(import, fault);
}

/* Anchors that nobody named and that are not there leave it unverified. */
static nitro_err
verify(const struct nitro_document_file *file, const char *trust_anchors,
    struct nitro_import *import, struct nitro_fault *fault)
{
	const struct nitro_inquiry inquiry = {
	    .at = NITRO_AT_DOCUMENT, .trust_anchors = trust_anchors};
	NITRO_DROP(nitro_grounds_drop) struct nitro_grounds grounds = {0};
	struct nitro_judgement judgement = {.err = NITRO_E_INTERNAL};
	nitro_err err;

	import->signature = NITRO_IMPORT_UNVERIFIED;
	err = nitro_grounds_load(&inquiry, &grounds, fault);
	if (err == NITRO_E_FILE_MISSING && trust_anchors == NULL) {
		*fault = (struct nitro_fault){0};
		nitro_import_warn(import,
		    "its signature was NOT verified: there are no trust "
		    "anchors here; name them by --trust-anchors");
		return NITRO_OK;
	}
	if (err != NITRO_OK)
		return err;
	nitro_judge(file, &inquiry, &grounds, &judgement);
	if (judgement.err != NITRO_OK || !judgement.is_verified)
		return nitro_fault_set(fault, judgement.err, NULL, 0,
		    "does not verify: %s", nitro_err_sentence(judgement.err));
	import->signature = NITRO_IMPORT_VERIFIED;
	return NITRO_OK;
}

nitro_err
nitro_import_document(const char *path, const char *trust_anchors,
    struct nitro_import *import, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_document_file_drop)
	struct nitro_document_file file = {0};
	struct nitro_claims claims;
	nitro_err err;

	if ((err = nitro_document_file_read(path, &file, fault)) != NITRO_OK)
		return err;
	if (file.err != NITRO_OK)
		return nitro_fault_set(fault, file.err, NULL, 0, "%s",
		    nitro_err_sentence(file.err));
	nitro_claims_read(nitro_bytes_of_buf(&file.evidence), &claims);
	if (claims.err == NITRO_OK &&
	    (err = verify(&file, trust_anchors, import, fault)) != NITRO_OK)
		return err;
	return take(&claims, import, fault);
}
