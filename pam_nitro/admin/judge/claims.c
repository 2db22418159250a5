#include "admin/judge/claims.h"

enum { TAG_18 = 0xd2 };

void
nitro_claims_read(struct nitro_bytes evidence, struct nitro_claims *claims)
{
	*claims = (struct nitro_claims){.evidence_len = evidence.len};
	claims->has_tag = evidence.len > 0 && evidence.ptr[0] == TAG_18;
	claims->err = nitro_cose_parse(evidence, &claims->cose);
	if (claims->err != NITRO_OK)
		return;
	claims->has_cose = true;
	claims->err = nitro_document_parse(claims->cose.payload, &claims->doc);
	claims->has_document = claims->err == NITRO_OK;
}

bool
nitro_claims_are_debug(const struct nitro_document *doc)
{
	unsigned count = doc->kind == NITRO_KIND_NITROTPM ? 1 : 3;

	/* A PCR that is missing is an empty view, which is all zero. */
	for (unsigned i = 0; i < count; i++)
		if (nitro_bytes_is_zero(doc->pcr[i]))
			return true;
	return false;
}

int64_t
nitro_claims_age_ms(const struct nitro_document *doc, int64_t now_ms)
{
	int64_t age_ms;

	if (doc->timestamp_ms > INT64_MAX)
		return INT64_MIN;
	if (__builtin_sub_overflow(now_ms, (int64_t)doc->timestamp_ms, &age_ms))
		return INT64_MIN;
	return age_ms;
}
