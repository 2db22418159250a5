#include "admin/image/import.h"

#define BIT(pcr) (UINT32_C(1) << (pcr))

#define REFUSE(fault, ...) \
	nitro_fault_set(fault, NITRO_E_MEASUREMENTS, NULL, 0, __VA_ARGS__)

enum { COMMAND_LINE_PCR = 12 };

static const uint32_t enclave_mask = BIT(0) | BIT(1) | BIT(2) | BIT(8);
static const uint32_t nitrotpm_mask = BIT(4) | BIT(7) | BIT(12);
/* Never zero in what is admitted: debug mode, or nothing that booted. */
static const uint32_t enclave_nonzero_mask = BIT(0) | BIT(1) | BIT(2);
static const uint32_t nitrotpm_nonzero_mask = BIT(4) | BIT(7);

void
nitro_import_warn(struct nitro_import *import, const char *sentence)
{
	if (import->warning_count < NITRO_IMPORT_WARNINGS_MAX)
		import->warning[import->warning_count++] = sentence;
}

static nitro_err
settle_kind(struct nitro_candidate *candidate, struct nitro_fault *fault)
{
	const uint32_t mask = candidate->pcr_mask;

	if (mask == 0)
		return REFUSE(fault,
		    "has no PCRs where build-enclave, describe-eif, "
		    "describe-enclaves, nitro-tpm-pcr-compute and the like "
		    "have them");
	if (candidate->kind != NITRO_KIND_NONE)
		return NITRO_OK;
	if ((mask & enclave_mask) == 0 && (mask & nitrotpm_mask) != 0)
		candidate->kind = NITRO_KIND_NITROTPM;
	else if ((mask & enclave_mask) != 0 && (mask & (BIT(7) | BIT(12))) == 0)
		candidate->kind = NITRO_KIND_ENCLAVE;
	else
		return REFUSE(fault,
		    "has PCRs of an enclave (0, 1, 2, 8) beside those of a "
		    "NitroTPM (4, 7, 12), or none of them: which is it?");
	return NITRO_OK;
}

static nitro_err
settle_zeros(struct nitro_candidate *candidate, struct nitro_fault *fault)
{
	const bool is_enclave = candidate->kind == NITRO_KIND_ENCLAVE;
	const uint32_t nonzero_mask = is_enclave ? enclave_nonzero_mask
						 : nitrotpm_nonzero_mask;

	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++) {
		if (!nitro_bytes_is_zero(
			(struct nitro_bytes){candidate->pcr[i], NITRO_PCR_LEN}))
			continue;
		if ((candidate->pcr_mask & nonzero_mask & BIT(i)) != 0)
			return REFUSE(fault,
			    "PCR%u is all zero%s: it identifies nothing", i,
			    is_enclave ? ", as in debug mode" : "");
		if (is_enclave || i != COMMAND_LINE_PCR)
			candidate->pcr_mask &= ~BIT(i);
	}
	return NITRO_OK;
}

nitro_err
nitro_import_settle(struct nitro_import *import, struct nitro_fault *fault)
{
	struct nitro_candidate *candidate = &import->candidate;
	nitro_err err;

	if ((err = settle_kind(candidate, fault)) != NITRO_OK ||
	    (err = settle_zeros(candidate, fault)) != NITRO_OK)
		return err;
	if (candidate->kind == NITRO_KIND_ENCLAVE &&
	    (candidate->pcr_mask & (BIT(0) | BIT(8))) == 0)
		return REFUSE(fault,
		    "has neither PCR0 nor PCR8: nothing else says which code "
		    "an enclave runs");
	if (candidate->kind == NITRO_KIND_NITROTPM &&
	    (candidate->pcr_mask & (BIT(4) | BIT(7))) == 0)
		return REFUSE(fault,
		    "has neither PCR4 nor PCR7: nothing else says which image "
		    "an instance runs");
	if (candidate->kind == NITRO_KIND_NITROTPM &&
	    (candidate->pcr_mask & BIT(COMMAND_LINE_PCR)) == 0)
		nitro_import_warn(import,
		    "PCR12 is missing: without it another kernel command line "
		    "passes behind the same PCR4 (GHSA-xrv8-2pf5-f3q7); "
		    "nitro-tpm-pcr-compute 1.1.0 and later gives it");
	return NITRO_OK;
}
