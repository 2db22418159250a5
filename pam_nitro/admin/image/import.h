/*
 * Measurements that somebody else computed, read from where he wrote them:
 * the JSON of a build tool, or an attestation document.
 */
#ifndef NITRO_ADMIN_IMPORT_H
#define NITRO_ADMIN_IMPORT_H

#include <jansson.h>

#include "admin/image/candidate.h"

#define NITRO_IMPORT_TEXT_MAX (1024u * 1024) /* bytes of JSON and around it */
#define NITRO_IMPORT_WARNINGS_MAX 4

enum nitro_import_signature {
	NITRO_IMPORT_NOT_SIGNED = 0, /* JSON says so, and nothing proves it */
	NITRO_IMPORT_UNVERIFIED,     /* a document, but no trust anchors */
	NITRO_IMPORT_VERIFIED,       /* a document, at its own time */
	NITRO_IMPORT_PROVENANCE      /* who built it, see admin/provenance */
};

struct nitro_import {
	struct nitro_candidate candidate; /* what goes into the entry */
	struct nitro_candidate
	    others;       /* what an enclave's document has besides */
	const char *form; /* whose output it is */
	const char *warning[NITRO_IMPORT_WARNINGS_MAX];
	size_t warning_count;
	enum nitro_import_signature signature;
	char subject[300]; /* printable: the document's module and time; "" */
};

/* One more sentence for the reader; more than fit are dropped. */
void nitro_import_warn(struct nitro_import *import, const char *sentence);

/*
 * Judge the values read so far and settle candidate->kind where it is
 * NITRO_KIND_NONE: PCR0, 1, 2, 8 are an enclave's, PCR4, 7, 12 without them a
 * NitroTPM's.
 *
 * Zero PCR0, 1, 2 of an enclave and PCR4, 7 of a NitroTPM are refused; other
 * zero values are taken out, but for PCR12 of a NitroTPM, where zero is what
 * it must be.
 *
 * NITRO_E_MEASUREMENTS with a fault that says why.
 */
NITRO_MUST_CHECK nitro_err nitro_import_settle(
    struct nitro_import *import, struct nitro_fault *fault);

/*
 * Read what nitro-cli build-enclave, describe-eif or describe-enclaves, a nix
 * builder, nitro-tpm-pcr-compute, an in-toto predicate or statement, or
 * pam-nitro measure --json has in it. Lines of other text may stand before
 * the JSON, nothing but white space behind it.
 *
 * enclave  EnclaveID or EnclaveName for describe-enclaves, or NULL: then all
 *          enclaves must have the same values.
 * import   {0} before; borrows nothing. Of no use after an error.
 *
 * NITRO_E_MEASUREMENTS with a fault that says what is wrong; NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_import_json(struct nitro_bytes text,
    const char *enclave, struct nitro_import *import,
    struct nitro_fault *fault);

/*
 * The same for an attestation document in a file, "-" for standard input.
 *
 * trust_anchors  PEM file, or NULL: the one of NITRO_TRUST_ANCHORS_PATH where
 *                it is there. The document is verified against them, at its
 *                own time; a document that does not verify is refused.
 *
 * Whatever nitro_judge() and nitro_grounds_load() give, NITRO_E_DEBUG,
 * NITRO_E_FILE_*, with a fault.
 */
NITRO_MUST_CHECK nitro_err nitro_import_document(const char *path,
    const char *trust_anchors, struct nitro_import *import,
    struct nitro_fault *fault);

#endif
