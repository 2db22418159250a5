/* The allowed measurements, pam_nitro_measurements(5), parsed and checked. */
#ifndef NITRO_POLICY_MEASUREMENTS_H
#define NITRO_POLICY_MEASUREMENTS_H

#include "evidence/document.h"
#include "policy/entry_provenance.h"
#include "policy/settings.h"

/* One allowed value of one PCR. */
struct nitro_pin {
	unsigned pcr; /* 0..31 */
	uint8_t value[NITRO_PCR_LEN];
};

/*
 * An entry of "measurements", or of "revoked" (where workload, version and
 * kind may be left out). Pins of the same PCR are alternatives; every PCR
 * that is pinned must match.
 */
struct nitro_entry {
	char *workload;       /* NULL only in revoked */
	char *version;        /* NULL where none is given */
	enum nitro_kind kind; /* NITRO_KIND_NONE only in revoked: any kind */
	struct nitro_pin *pins;
	size_t pin_count;
	uint32_t pinned_mask;  /* bit i is set where PCR i is pinned */
	int64_t not_before_ms; /* since 1970; INT64_MIN where none */
	int64_t not_after_ms;  /* INT64_MAX where none */
	char *iam_role, *instance_id,
	    *signing_certificate;                 /* as written, or NULL */
	char *source, *builder, *note;            /* as written, or NULL */
	char *reason;                             /* revoked only */
	struct nitro_entry_provenance provenance; /* never in revoked */
	char *file;                               /* where it stands */
	unsigned line;
};

struct nitro_measurements {
	struct nitro_entry *entries;
	size_t entry_count;
	struct nitro_entry *revoked;
	size_t revoked_count;
};

/*
 * Give the DER of the certificate at path (an absolute path from
 * "signing_certificate"), appended to der. The module reads it with
 * nitro_secure_file_read(); tests give what they like.
 */
typedef nitro_err nitro_certificate_source(const char *path,
    struct nitro_buf *der, struct nitro_fault *fault, void *context);

/*
 * Parse the text of one measurements file and append its entries to
 * *measurements ({0} before the first file). Computes PCR3, PCR4 and PCR8
 * from iam_role, instance_id and signing_certificate.
 *
 * Refused: everything that pam_nitro_measurements(5) does not describe;
 * entries without a sufficient pin (enclave: PCR0 or PCR8; NitroTPM: PCR4
 * or PCR7); all-zero values, but for PCR12 of a NitroTPM; duplicate workload
 * and version with the same kind and pins.
 *
 * NITRO_E_MEASUREMENTS with the line, NITRO_E_MEMORY, and what source gives.
 * *measurements then still must be dropped and must not be used.
 */
NITRO_MUST_CHECK nitro_err nitro_measurements_parse(struct nitro_bytes text,
    const char *path, nitro_certificate_source *source, void *context,
    struct nitro_measurements *measurements, struct nitro_fault *fault);

/*
 * The same of the entries that a login can reach alone. What is in the others
 * is not looked at, but for the text's form (policy/entry_filter.h): that is for
 * pam-nitro check and allow, and for the logins that can reach them.
 *
 * reach  the workloads of the entries that were passed over are noted.
 */
struct nitro_reach;
NITRO_MUST_CHECK nitro_err nitro_measurements_parse_reachable(
    struct nitro_bytes text, const char *path, nitro_certificate_source *source,
    void *context, struct nitro_reach *reach,
    struct nitro_measurements *measurements, struct nitro_fault *fault);

void nitro_measurements_drop(struct nitro_measurements *measurements);

#endif
