/* From what is at hand to the links of the chain of trust. */
#ifndef NITRO_ADMIN_TRACE_BUILD_H
#define NITRO_ADMIN_TRACE_BUILD_H

#include "admin/image/candidate.h"
#include "admin/judge/judgement.h"
#include "admin/record/record_judgement.h"
#include "admin/record/trace_link.h"

/* What a trace is made of. Borrowed; parts that are not there are NULL. */
struct nitro_trace_parts {
	const struct nitro_trust_anchors *anchors;
	const char *anchors_path;
	const struct nitro_judgement *judgement; /* of the document */
	const struct nitro_evidence_record *record;
	const struct nitro_record_verdict *record_verdict; /* with record */
	const struct nitro_candidate *image;
	const char *image_path;    /* with image */
	const char *image_builder; /* what the image says of its making */
	/*
	 * The entries in question. Of a document those that match are shown,
	 * else the first of those that come closest.
	 */
	const struct nitro_entry *const *entries;
	size_t entry_count;
	int64_t now_ms;
	const char *kept; /* folder of the files of provenance */
};

/* Add one tree. */
void nitro_trace_build(
    const struct nitro_trace_parts *parts, struct nitro_trace *trace);

#endif
