/*
 * Real bundles, keys and trusted roots with the verdict that each must get.
 * They are not part of this repository: the folder is $NITRO_PROVENANCE, or
 * ../shared/provenance/vectors from the root of the repository. Tests that
 * need it skip where it is absent.
 */
#ifndef UNIT_PROVENANCE_H
#define UNIT_PROVENANCE_H

#include "admin/provenance/provenance.h"
#include "unit/vectors.h"

#define PROVENANCE_PATH_SIZE 1024

/* Skip this test, and say why, where there is no such folder. */
void provenance_need(void);

/* The path of a file of the folder. */
void provenance_path(struct nitro_bytes name, char path[PROVENANCE_PATH_SIZE]);

/* The whole file, appended; fails the test where it cannot be read. */
void provenance_load(const char *name, struct nitro_buf *out);

/* One question: a row of MANIFEST.tsv, or what a test makes of it. */
struct provenance_case {
	struct nitro_buf bundle, root, artifact, key;
	char identity[512], issuer[256], source_digest[64], predicate[256];
	char digest[160]; /* "" where there is an artifact */
	const char *namespace, *source_repository;
	bool is_strict; /* no --allow-no-log */
};

/* The row that the table is at. */
void provenance_case_of_row(
    const struct vectors_table *table, struct provenance_case *asked);

/* The row of that file that has that verdict, and no other before it. */
void provenance_case_find(
    const char *file, const char *verdict, struct provenance_case *asked);

void provenance_case_drop(struct provenance_case *asked);

/* The verdict. trail, which may be NULL, says why. */
bool provenance_accepts(
    const struct provenance_case *asked, struct nitro_trail *trail);

/* The same by the artifact's SHA-256 alone. */
bool provenance_accepts_digest(
    const struct provenance_case *asked, struct nitro_trail *trail);

/* 1 after a line that names the row, unless it is refused at that step; else 0. */
unsigned provenance_is_not_refused(
    const char *row, const struct provenance_case *asked, const char *step);

#endif
