/* The verdict over a Sigstore bundle; the part of provenance.c that is long. */
#ifndef NITRO_ADMIN_PROVENANCE_SIGSTORE_H
#define NITRO_ADMIN_PROVENANCE_SIGSTORE_H

#include "admin/provenance/bundle.h"
#include "admin/provenance/provenance.h"

/* nitro_provenance_verify() for that form. */
NITRO_MUST_CHECK bool nitro_sigstore_verify(
    const struct nitro_provenance_request *request,
    struct nitro_provenance *provenance, struct nitro_trail *trail);

/*
 * The verified times of a bundle: of the promises of its log entries and of
 * its timestamps, each log and each authority once. What the root demands
 * must be there: an entry where it lists logs, a time always.
 */
struct nitro_witness {
	const struct nitro_bundle *bundle;
	const struct nitro_trusted_root *root;
	const struct nitro_artifact *artifact;
	EVP_PKEY *key;          /* that signed */
	struct nitro_bytes pae; /* DSSE; empty else */
	bool allows_no_log;
	int64_t now_ms;
};

NITRO_MUST_CHECK bool nitro_witness_times(const struct nitro_witness *witness,
    struct nitro_times *times, struct nitro_trail *trail);

#endif
