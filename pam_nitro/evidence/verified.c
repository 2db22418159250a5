#include "evidence/verified.h"

#include "evidence/verified_fields.h"

_Static_assert(sizeof(struct nitro_verified) == NITRO_VERIFIED_IMAGE_SIZE,
    "an image is the whole of it");

void
nitro_verified_free(struct nitro_verified *verified)
{
	nitro_free(verified);
}

void
nitro_verified_drop(struct nitro_verified **verified)
{
	nitro_verified_free(*verified);
	*verified = NULL;
}

enum nitro_kind
nitro_verified_kind(const struct nitro_verified *verified)
{
	return verified->kind;
}

struct nitro_bytes
nitro_verified_module_id(const struct nitro_verified *verified)
{
	return (struct nitro_bytes){
	    verified->module_id, verified->module_id_len};
}

uint64_t
nitro_verified_timestamp_ms(const struct nitro_verified *verified)
{
	return verified->timestamp_ms;
}

uint32_t
nitro_verified_pcr_mask(const struct nitro_verified *verified)
{
	return verified->pcr_mask;
}

struct nitro_bytes
nitro_verified_pcr(const struct nitro_verified *verified, unsigned i)
{
	if (i >= NITRO_PCR_COUNT_MAX || (verified->pcr_mask >> i & 1) == 0)
		return (struct nitro_bytes){0};
	return (struct nitro_bytes){verified->pcr[i], NITRO_PCR_LEN};
}

struct nitro_bytes
nitro_verified_digest(const struct nitro_verified *verified)
{
	return (struct nitro_bytes){verified->digest, sizeof verified->digest};
}

void
nitro_verified_write(
    const struct nitro_verified *verified, struct nitro_verified_image *image)
{
	const uint8_t *from = (const uint8_t *)verified;

	for (size_t i = 0; i < sizeof image->bytes; i++)
		image->bytes[i] = from[i];
}
