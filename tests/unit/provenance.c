#include "unit/provenance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hex.h"
#include "unit/unit.h"

/* 2026-12-01T00:00:00Z: after every vector, before what claims the future. */
#define NOW_MS INT64_C(1796083200000)

static const char *
folder(void)
{
	const char *named = getenv("NITRO_PROVENANCE");

	return named != NULL ? named : "../shared/provenance/vectors";
}

void
provenance_path(struct nitro_bytes name, char path[PROVENANCE_PATH_SIZE])
{
	const int n = snprintf(path, PROVENANCE_PATH_SIZE, "%s/%.*s", folder(),
	    (int)name.len, (const char *)name.ptr);

	assert_int_in_range(n, 1, PROVENANCE_PATH_SIZE - 1);
}

void
provenance_need(void)
{
	char path[PROVENANCE_PATH_SIZE];
	struct stat status;

	provenance_path(nitro_bytes_of_text("MANIFEST.tsv"), path);
	if (stat(path, &status) == 0)
		return;
	print_message(
	    "# SKIP no real bundles at %s; set NITRO_PROVENANCE\n", folder());
	skip();
}

static void
load(struct nitro_bytes name, struct nitro_buf *out)
{
	char path[PROVENANCE_PATH_SIZE];

	if (name.len == 0)
		return;
	provenance_path(name, path);
	if (!vectors_load(path, out))
		fail_msg("cannot read %s", path);
}

void
provenance_load(const char *name, struct nitro_buf *out)
{
	load(nitro_bytes_of_text(name), out);
}

static void
copy(const struct vectors_table *table, const char *column, char *out,
    size_t size)
{
	struct nitro_bytes text = vectors_column(table, column);

	if (nitro_bytes_equal_text(text, "-"))
		text.len = 0;
	assert_true(nitro_bytes_to_text(text, out, size));
}

void
provenance_case_of_row(
    const struct vectors_table *table, struct provenance_case *asked)
{
	*asked = (struct provenance_case){.namespace = NITRO_SSHSIG_NAMESPACE};
	load(vectors_column(table, "file"), &asked->bundle);
	load(vectors_column(table, "trusted_root"), &asked->root);
	load(vectors_column(table, "artifact"), &asked->artifact);
	load(vectors_column(table, "key"), &asked->key);
	copy(table, "identity", asked->identity, sizeof asked->identity);
	copy(table, "issuer", asked->issuer, sizeof asked->issuer);
	copy(table, "source_digest", asked->source_digest,
	    sizeof asked->source_digest);
	copy(
	    table, "predicate_type", asked->predicate, sizeof asked->predicate);
	copy(table, "digest", asked->digest, sizeof asked->digest);
}

void
provenance_case_find(
    const char *file, const char *verdict, struct provenance_case *asked)
{
	struct vectors_table table;
	char path[PROVENANCE_PATH_SIZE];
	bool is_found = false;

	provenance_path(nitro_bytes_of_text("MANIFEST.tsv"), path);
	vectors_table_open_path(&table, path);
	while (!is_found && vectors_table_next(&table))
		is_found = nitro_bytes_equal_text(
			       vectors_column(&table, "file"), file) &&
			   nitro_bytes_equal_text(
			       vectors_column(&table, "expected"), verdict);
	if (!is_found)
		fail_msg("no row of %s", file);
	provenance_case_of_row(&table, asked);
	vectors_table_drop(&table);
}

void
provenance_case_drop(struct provenance_case *asked)
{
	nitro_buf_drop(&asked->bundle);
	nitro_buf_drop(&asked->root);
	nitro_buf_drop(&asked->artifact);
	nitro_buf_drop(&asked->key);
}

static const char *
or_null(const char *text)
{
	return text != NULL && text[0] != '\0' ? text : NULL;
}

static bool
ask(const struct provenance_case *asked, const struct nitro_artifact *artifact,
    struct nitro_trail *trail)
{
	NITRO_DROP(nitro_pinned_key_drop) struct nitro_pinned_key key = {0};
	NITRO_DROP(nitro_provenance_drop)
	struct nitro_provenance provenance = {0};
	struct nitro_provenance_policy policy = {
	    .identity = or_null(asked->identity),
	    .issuer = or_null(asked->issuer),
	    .source_digest = or_null(asked->source_digest),
	    .source_repository = asked->source_repository,
	    .predicate_type = or_null(asked->predicate),
	    .namespace = asked->namespace,
	    .allows_no_log = !asked->is_strict};
	const struct nitro_provenance_request request = {
	    .bundle = nitro_bytes_of_buf(&asked->bundle),
	    .trusted_root = nitro_bytes_of_buf(&asked->root),
	    .artifact = artifact,
	    .policy = &policy,
	    .now_ms = NOW_MS};

	if (asked->key.len > 0) {
		if (!nitro_pinned_key_parse(
			nitro_bytes_of_buf(&asked->key), &key, trail))
			return false;
		policy.key = &key;
	}
	return nitro_provenance_verify(&request, &provenance, trail);
}

bool
provenance_accepts(
    const struct provenance_case *asked, struct nitro_trail *trail)
{
	struct nitro_artifact artifact;
	struct nitro_trail own = {.count = 0};

	if (asked->digest[0] != '\0')
		assert_true(nitro_artifact_of_digest(asked->digest, &artifact));
	else
		assert_err(nitro_artifact_of_bytes(
			       nitro_bytes_of_buf(&asked->artifact), &artifact),
		    NITRO_OK);
	return ask(asked, &artifact, trail != NULL ? trail : &own);
}

bool
provenance_accepts_digest(
    const struct provenance_case *asked, struct nitro_trail *trail)
{
	struct nitro_artifact whole, alone = {.has_content = false};
	struct nitro_trail own = {.count = 0};

	if (asked->digest[0] != '\0')
		return provenance_accepts(asked, trail);
	assert_err(nitro_artifact_of_bytes(
		       nitro_bytes_of_buf(&asked->artifact), &whole),
	    NITRO_OK);
	alone.digests[NITRO_HASH_SHA256] = whole.digests[NITRO_HASH_SHA256];
	return ask(asked, &alone, trail != NULL ? trail : &own);
}

unsigned
provenance_is_not_refused(
    const char *row, const struct provenance_case *asked, const char *step)
{
	struct nitro_trail trail = {.count = 0};
	const bool is_accepted = provenance_accepts(asked, &trail);

	if (!is_accepted && trail.refused_at != NULL &&
	    strcmp(trail.refused_at, step) == 0)
		return 0;
	print_message("%s: %s at %s (expected %s, actual %s), not at %s\n", row,
	    is_accepted ? "accepted" : "refused",
	    trail.refused_at != NULL ? trail.refused_at : "no step",
	    trail.expected, trail.actual, step);
	return 1;
}
