#include "admin/provenance/statement.h"

#include <stdio.h>
#include <string.h>

#include "admin/provenance/strict_json.h"
#include "base/hex.h"

#define PAYLOAD_TYPE "application/vnd.in-toto+json"
#define RELEASE_TYPE "https://in-toto.io/attestation/release/"

nitro_err
nitro_dsse_pae(
    const char *payload_type, struct nitro_bytes payload, struct nitro_buf *pae)
{
	char head[32], middle[32];
	nitro_err err;

	(void)snprintf(head, sizeof head, "DSSEv1 %zu ", strlen(payload_type));
	(void)snprintf(middle, sizeof middle, " %zu ", payload.len);
	if ((err = nitro_buf_append_text(pae, head)) != NITRO_OK ||
	    (err = nitro_buf_append_text(pae, payload_type)) != NITRO_OK ||
	    (err = nitro_buf_append_text(pae, middle)) != NITRO_OK)
		return err;
	return nitro_buf_append(pae, payload);
}

/* Every digest that both sides know must agree, and there must be one. */
static bool
is_subject(const json_t *subject, const struct nitro_artifact *artifact)
{
	const json_t *digest = json_object_get(subject, "digest");
	const struct nitro_hash_value *known;
	uint8_t found[NITRO_HASH_LEN_MAX];
	bool is_same = false;

	for (size_t i = NITRO_HASH_SHA256; i < NITRO_HASH_COUNT; i++) {
		const enum nitro_hash hash = (enum nitro_hash)i;
		const size_t len = nitro_hash_len(hash);
		const char *hex = nitro_strict_text(
		    digest, nitro_hash_name(hash));

		known = nitro_artifact_digest(artifact, hash);
		if (hex == NULL || known == NULL)
			continue;
		if (!nitro_hex_decode(nitro_bytes_of_text(hex), found, len) ||
		    !nitro_bytes_equal((struct nitro_bytes){found, len},
			nitro_hash_bytes(known)))
			return false;
		is_same = true;
	}
	return is_same;
}

static bool
check_subjects(const json_t *statement, const struct nitro_artifact *artifact,
    struct nitro_trail *trail)
{
	const json_t *list = json_object_get(statement, "subject");
	const size_t count = json_array_size(list);
	char digest[NITRO_ARTIFACT_TEXT_SIZE];

	nitro_artifact_text(artifact, digest);
	if (count == 0 || count > NITRO_STATEMENT_SUBJECTS_MAX)
		return nitro_trail_refuse(
		    trail, "artifact", "1 to 1024 subjects", "%zu", count);
	for (size_t i = 0; i < count; i++)
		if (is_subject(json_array_get(list, i), artifact)) {
			nitro_trail_pass(trail, "artifact",
			    "%s, subject %zu of %zu", digest, i + 1, count);
			return true;
		}
	return nitro_trail_refuse(trail, "artifact", digest,
	    "none of the %zu subjects of the statement", count);
}

static bool
check_type(
    const json_t *statement, const char *expected, struct nitro_trail *trail)
{
	const char *type = nitro_strict_text(statement, "predicateType");

	if (type == NULL || type[0] == '\0')
		return nitro_trail_refuse(trail, "predicate type",
		    expected != NULL ? expected : "a predicateType", "none");
	if (strncmp(type, RELEASE_TYPE, strlen(RELEASE_TYPE)) == 0)
		return nitro_trail_refuse(trail, "predicate type",
		    "who built it",
		    "%s: a GitHub release attestation is not build provenance",
		    type);
	if (expected != NULL && strcmp(type, expected) != 0)
		return nitro_trail_refuse(
		    trail, "predicate type", expected, "%s", type);
	nitro_trail_pass(trail, "predicate type", "%s", type);
	return true;
}

bool
nitro_statement_read(const struct nitro_statement_question *question,
    json_t **statement, struct nitro_trail *trail)
{
	NITRO_DROP(nitro_strict_json_drop) json_t *json = NULL;
	char why[NITRO_STRICT_JSON_WHY_SIZE];
	const char *type;

	if (strcmp(question->payload_type, PAYLOAD_TYPE) != 0)
		return nitro_trail_refuse(trail, "statement", PAYLOAD_TYPE,
		    "%s", question->payload_type);
	if (!nitro_strict_json_parse(question->payload, &json, why))
		return nitro_trail_refuse(
		    trail, "statement", "an in-toto statement", "%s", why);
	type = nitro_strict_text(json, "_type");
	if (type == NULL ||
	    (strcmp(type, "https://in-toto.io/Statement/v1") != 0 &&
		strcmp(type, "https://in-toto.io/Statement/v0.1") != 0))
		return nitro_trail_refuse(trail, "statement",
		    "an in-toto statement of v1 or v0.1", "%s",
		    type != NULL ? type : "no _type");
	if (!check_subjects(json, question->artifact, trail) ||
	    !check_type(json, question->expected_type, trail))
		return false;
	*statement = json;
	json = NULL;
	return true;
}
