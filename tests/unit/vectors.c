#include "unit/vectors.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/unit.h"

static const char *
folder(void)
{
	const char *named = getenv("NITRO_VECTORS");

	return named != NULL ? named : "../shared/vectors";
}

bool
vectors_are_here(void)
{
	struct stat status;
	char path[512];

	(void)snprintf(path, sizeof path, "%s/documents.tsv", folder());
	return stat(path, &status) == 0;
}

void
vectors_need(void)
{
	if (vectors_are_here())
		return;
	print_message(
	    "# SKIP no real documents at %s; set NITRO_VECTORS\n", folder());
	skip();
}

bool
vectors_load(const char *path, struct nitro_buf *out)
{
	uint8_t chunk[16384];
	ssize_t n;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	while ((n = read(fd, chunk, sizeof chunk)) > 0)
		unit_append(out, (struct nitro_bytes){chunk, (size_t)n});
	close(fd);
	return n == 0;
}

void
vectors_load_from(
    const char *subfolder, struct nitro_bytes name, struct nitro_buf *out)
{
	char path[1024];
	int n;

	n = snprintf(path, sizeof path, "%s/%s/%.*s", folder(), subfolder,
	    (int)name.len, (const char *)name.ptr);
	assert_int_in_range(n, 1, sizeof path - 1);
	if (!vectors_load(path, out))
		fail_msg("cannot read %s", path);
}

/* Cut at the tabs; the number of columns found. */
static size_t
cut(struct nitro_bytes line, struct nitro_bytes *columns)
{
	size_t count = 0;

	while (count < VECTORS_COLUMNS_MAX - 1 &&
	       nitro_bytes_take_until(&line, '\t', &columns[count]))
		count++;
	columns[count] = line;
	return count + 1;
}

static void
begin_table(struct vectors_table *table)
{
	struct nitro_bytes header;

	table->left = nitro_bytes_of_buf(&table->text);
	assert_true(nitro_bytes_take_until(&table->left, '\n', &header));
	table->column_count = cut(header, table->name);
}

void
vectors_table_open(struct vectors_table *table, const char *name)
{
	*table = (struct vectors_table){0};
	vectors_load_from(".", nitro_bytes_of_text(name), &table->text);
	begin_table(table);
}

void
vectors_table_open_path(struct vectors_table *table, const char *path)
{
	*table = (struct vectors_table){0};
	if (!vectors_load(path, &table->text))
		fail_msg("cannot read %s", path);
	begin_table(table);
}

bool
vectors_table_next(struct vectors_table *table)
{
	struct nitro_bytes line;

	if (!nitro_bytes_take_until(&table->left, '\n', &line))
		return false;
	if (cut(line, table->value) != table->column_count)
		fail_msg("row %zu has not %zu columns", table->row_count + 1,
		    table->column_count);
	table->row_count++;
	return true;
}

struct nitro_bytes
vectors_column(const struct vectors_table *table, const char *name)
{
	for (size_t i = 0; i < table->column_count; i++)
		if (nitro_bytes_equal_text(table->name[i], name))
			return table->value[i];
	fail_msg("no column %s", name);
	return (struct nitro_bytes){0};
}

void
vectors_table_drop(struct vectors_table *table)
{
	nitro_buf_drop(&table->text);
	*table = (struct vectors_table){0};
}

uint64_t
vectors_number(struct nitro_bytes text)
{
	uint64_t n = 0;

	assert_int_in_range(text.len, 1, 19);
	for (size_t i = 0; i < text.len; i++) {
		assert_int_in_range(text.ptr[i], '0', '9');
		n = n * 10 + (uint64_t)(text.ptr[i] - '0');
	}
	return n;
}

void
vectors_aws_root(struct nitro_buf *pem)
{
	if (vectors_load("conf/aws-nitro-root.pem", pem))
		return;
	vectors_load_from(
	    "roots", nitro_bytes_of_text("aws-nitro-root-g1.pem"), pem);
}

struct nitro_trust_anchors *
vectors_aws_anchors(void)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
	struct nitro_trust_anchors *anchors = NULL;

	vectors_aws_root(&pem);
	assert_err(
	    nitro_trust_anchors_parse(nitro_bytes_of_buf(&pem), &anchors),
	    NITRO_OK);
	return anchors;
}

struct nitro_expectation
vectors_expectation(int64_t now_ms)
{
	return (struct nitro_expectation){
	    .nonce.check = NITRO_CHECK_WAIVED,
	    .audience.check = NITRO_CHECK_WAIVED,
	    .public_key.check = NITRO_CHECK_WAIVED,
	    .age = NITRO_CHECK_REQUIRED,
	    .now_ms = now_ms,
	    .max_age_ms = 60000,
	    .clock_skew_ms = 5000,
	};
}
