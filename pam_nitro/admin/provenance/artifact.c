#include "admin/provenance/artifact.h"

#include <stdio.h>

#include "base/hex.h"

nitro_err
nitro_artifact_of_bytes(
    struct nitro_bytes content, struct nitro_artifact *artifact)
{
	nitro_err err;

	*artifact = (struct nitro_artifact){
	    .content = content, .has_content = true};
	for (size_t i = NITRO_HASH_SHA256; i < NITRO_HASH_COUNT; i++) {
		err = nitro_hash_of(
		    (enum nitro_hash)i, content, &artifact->digests[i]);
		if (err != NITRO_OK)
			return err;
	}
	return NITRO_OK;
}

bool
nitro_artifact_of_digest(const char *text, struct nitro_artifact *artifact)
{
	struct nitro_bytes rest = nitro_bytes_of_text(text), name;
	struct nitro_hash_value value = {0};
	char word[8];

	if (!nitro_bytes_take_until(&rest, ':', &name) ||
	    !nitro_bytes_to_text(name, word, sizeof word))
		return false;
	value.hash = nitro_hash_find(word);
	if (value.hash == NITRO_HASH_NONE ||
	    !nitro_hex_decode(rest, value.bytes, nitro_hash_len(value.hash)))
		return false;
	*artifact = (struct nitro_artifact){0};
	artifact->digests[value.hash] = value;
	return true;
}

const struct nitro_hash_value *
nitro_artifact_digest(
    const struct nitro_artifact *artifact, enum nitro_hash hash)
{
	return artifact->digests[hash].hash == NITRO_HASH_NONE
		   ? NULL
		   : &artifact->digests[hash];
}

void
nitro_hash_text(
    const struct nitro_hash_value *value, char text[NITRO_ARTIFACT_TEXT_SIZE])
{
	char hex[2 * NITRO_HASH_LEN_MAX + 1];

	if (value == NULL || value->hash == NITRO_HASH_NONE) {
		(void)snprintf(text, NITRO_ARTIFACT_TEXT_SIZE, "not known");
		return;
	}
	nitro_hex_encode(nitro_hash_bytes(value), hex, sizeof hex);
	(void)snprintf(text, NITRO_ARTIFACT_TEXT_SIZE, "%s:%s",
	    nitro_hash_name(value->hash), hex);
}

void
nitro_artifact_text(
    const struct nitro_artifact *artifact, char text[NITRO_ARTIFACT_TEXT_SIZE])
{
	const struct nitro_hash_value *value = NULL;

	for (size_t i = NITRO_HASH_SHA256;
	     i < NITRO_HASH_COUNT && value == NULL; i++)
		value = nitro_artifact_digest(artifact, (enum nitro_hash)i);
	nitro_hash_text(value, text);
}
