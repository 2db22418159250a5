/*
 * Real attestation documents and their tables. They are not part of this
 * repository: the folder is $NITRO_VECTORS, or ../shared/vectors from the
 * root of the repository. Tests that need it skip where it is absent.
 */
#ifndef UNIT_VECTORS_H
#define UNIT_VECTORS_H

#include "base/bytes.h"
#include "evidence/cert_chain.h"
#include "evidence/verifier.h"

/* False where there is no such folder. */
bool vectors_are_here(void);

/* Skip this test, and say why, where there is no such folder. */
void vectors_need(void);

/* The whole file, appended; false where it cannot be read. */
NITRO_MUST_CHECK bool vectors_load(const char *path, struct nitro_buf *out);

/* The same for a file of the folder; fails the test where it cannot be read. */
void vectors_load_from(
    const char *folder, struct nitro_bytes name, struct nitro_buf *out);

/*
 * A table with tabs and a header line. Views live until vectors_table_drop().
 *
 *	vectors_table_open(&table, "documents.tsv");
 *	while (vectors_table_next(&table))
 *		... vectors_column(&table, "file") ...
 */
#define VECTORS_COLUMNS_MAX 40

struct vectors_table {
	struct nitro_buf text;
	struct nitro_bytes left;
	struct nitro_bytes name[VECTORS_COLUMNS_MAX];
	struct nitro_bytes value[VECTORS_COLUMNS_MAX];
	size_t column_count;
	size_t row_count; /* rows seen */
};

void vectors_table_open(struct vectors_table *table, const char *name);
/* The same for a file at a path of its own. */
void vectors_table_open_path(struct vectors_table *table, const char *path);
bool vectors_table_next(struct vectors_table *table);
struct nitro_bytes vectors_column(
    const struct vectors_table *table, const char *name);
void vectors_table_drop(struct vectors_table *table);

/* A number of up to 19 digits; fails the test on anything else. */
uint64_t vectors_number(struct nitro_bytes text);

/*
 * The root of the commercial AWS partition, from conf/ or else from the
 * folder. Fails the test where neither has it.
 */
void vectors_aws_root(struct nitro_buf *pem);
struct nitro_trust_anchors *vectors_aws_anchors(void);

/* Everything waived but the age, which is judged at now_ms with 60 s and 5 s. */
struct nitro_expectation vectors_expectation(int64_t now_ms);

#endif
