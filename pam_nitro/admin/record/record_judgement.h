/*
 * A record of the evidence store judged again: does the document still prove
 * what the record says of it?
 */
#ifndef NITRO_ADMIN_RECORD_JUDGEMENT_H
#define NITRO_ADMIN_RECORD_JUDGEMENT_H

#include "evidence/cert_chain.h"
#include "policy/evidence_record.h"

struct nitro_record_verdict {
	bool stands;
	char reason[40]; /* "ok", a token of base/error.h, or one of below */
	char why[200];   /* printable */
};

/* Reasons that are of a record, not of a document. */
#define NITRO_RECORD_UNREADABLE "record_unreadable"
#define NITRO_RECORD_CONTRADICTION "record_contradicts_document"

/*
 * Verify the document at its own time, chain and signature, against nonce,
 * audience and key as recorded, and hold what else the record says against it: kind,
 * module, age, fingerprint, user. Whether today's files would admit
 * it is another question.
 */
void nitro_record_judge(const struct nitro_evidence_record *record,
    const struct nitro_trust_anchors *anchors,
    struct nitro_record_verdict *verdict);

#endif
