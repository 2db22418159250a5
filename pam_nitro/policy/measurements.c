#include "policy/measurements.h"

#include <stdlib.h>
#include <string.h>

#include "policy/entry_filter.h"
#include "policy/entry_reader.h"

#define COUNT_AND(array) (array), NITRO_COUNT_OF(array)

static const char *const known_keys[] = {"measurements", "revoked"};

static void
drop_entries(struct nitro_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		nitro_entry_drop(&entries[i]);
	nitro_free(entries);
}

void
nitro_measurements_drop(struct nitro_measurements *measurements)
{
	drop_entries(measurements->entries, measurements->entry_count);
	drop_entries(measurements->revoked, measurements->revoked_count);
	*measurements = (struct nitro_measurements){0};
}

/* Room for n more; those that are there move. */
static nitro_err
grow(struct nitro_entry **entries, size_t count, size_t n)
{
	struct nitro_entry *grown;

	if (n > SIZE_MAX - count ||
	    (grown = nitro_alloc(count + n, sizeof grown[0])) == NULL)
		return NITRO_E_MEMORY;
	if (count > 0)
		memcpy(grown, *entries, count * sizeof grown[0]);
	nitro_free(*entries);
	*entries = grown;
	return NITRO_OK;
}

/* The list of that name, appended to *entries; each reads one element. */
static nitro_err
read_list(struct nitro_entry_reader *reader, const config_setting_t *list,
    struct nitro_entry **entries, size_t *count)
{
	bool is_revoked = strcmp(config_setting_name(list), "revoked") == 0;
	size_t n = (size_t)config_setting_length(list);
	const config_setting_t *at = NULL;
	nitro_err err = NITRO_E_INTERNAL;

	if (n > 0 && grow(entries, *count, n) != NITRO_OK)
		return nitro_config_no_memory(reader->config, list);
	for (size_t i = 0; i < n; i++) {
		struct nitro_entry *entry = &(*entries)[*count];

		(*count)++;
		at = nitro_config_element(reader->config, list, i, &err);
		if (at == NULL)
			return err;
		err = is_revoked ? nitro_entry_read_revoked(reader, at, entry)
				 : nitro_entry_read(reader, at, entry);
		if (err != NITRO_OK)
			return err;
	}
	return NITRO_OK;
}

static int
compare_entries(const void *a, const void *b)
{
	return nitro_entry_compare(*(const struct nitro_entry *const *)a,
	    *(const struct nitro_entry *const *)b);
}

static nitro_err
refuse_duplicate(const struct nitro_entry *first,
    const struct nitro_entry *second, struct nitro_fault *fault)
{
	return nitro_fault_set(fault, NITRO_E_MEASUREMENTS, second->file,
	    second->line, "%s%s%s is the same entry as in %s line %u",
	    second->workload, second->version != NULL ? "/" : "",
	    second->version != NULL ? second->version : "", first->file,
	    first->line);
}

/*
 * No entry from number start on may equal another one. The new ones are
 * sorted and the old ones looked up among them, so that this stays cheap
 * for thousands of entries.
 */
static nitro_err
check_duplicates(const struct nitro_measurements *measurements, size_t start,
    struct nitro_fault *fault)
{
	const struct nitro_entry *entries = measurements->entries;
	size_t count = measurements->entry_count - start;
	const struct nitro_entry **sorted, *old, **found;
	nitro_err err = NITRO_OK;

	if (count == 0)
		return NITRO_OK;
	if ((sorted = nitro_alloc(count, sizeof sorted[0])) == NULL)
		return nitro_fault_set(fault, NITRO_E_MEMORY,
		    entries[start].file, 0, "no memory to compare its entries");
	for (size_t i = 0; i < count; i++)
		sorted[i] = &entries[start + i];
	qsort(sorted, count, sizeof sorted[0], compare_entries);
	for (size_t i = 1; err == NITRO_OK && i < count; i++) {
		bool is_first = sorted[i - 1] < sorted[i];

		if (compare_entries(&sorted[i - 1], &sorted[i]) == 0)
			err = refuse_duplicate(sorted[is_first ? i - 1 : i],
			    sorted[is_first ? i : i - 1], fault);
	}
	for (size_t i = 0; err == NITRO_OK && i < start; i++) {
		old = &entries[i];
		found = bsearch(
		    &old, sorted, count, sizeof sorted[0], compare_entries);
		if (found != NULL)
			err = refuse_duplicate(old, *found, fault);
	}
	nitro_free(sorted);
	return err;
}

static nitro_err
read_file(struct nitro_entry_reader *reader, bool may_be_empty,
    struct nitro_measurements *measurements)
{
	const struct nitro_config *config = reader->config;
	const config_setting_t *entries = NULL, *revoked = NULL;
	nitro_err err;

	err = nitro_config_check_group(
	    config, nitro_config_root(config), COUNT_AND(known_keys));
	if (err != NITRO_OK)
		return err;
	if ((err = nitro_config_list(config, "measurements", &entries)) !=
		NITRO_OK ||
	    (err = nitro_config_list(config, "revoked", &revoked)) != NITRO_OK)
		return err;
	if (entries != NULL
		? config_setting_length(entries) == 0 && !may_be_empty
		: revoked == NULL)
		return nitro_config_refuse(config, entries,
		    "no entry in measurements yet, so nothing is allowed in: "
		    "add one, see pam_nitro_measurements(5)");
	if (entries != NULL &&
	    (err = read_list(reader, entries, &measurements->entries,
		 &measurements->entry_count)) != NITRO_OK)
		return err;
	if (revoked == NULL)
		return NITRO_OK;
	return read_list(reader, revoked, &measurements->revoked,
	    &measurements->revoked_count);
}

static nitro_err
parse(const struct nitro_config_source *file, bool may_be_empty,
    nitro_certificate_source *source, void *context,
    struct nitro_measurements *measurements, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_config_close) struct nitro_config config = {0};
	NITRO_DROP(nitro_entry_reader_drop)
	struct nitro_entry_reader reader = {
	    .config = &config, .source = source, .context = context};
	size_t start = measurements->entry_count;
	nitro_err err;

	if ((err = nitro_config_open(file, fault, &config)) != NITRO_OK)
		return err;
	err = read_file(&reader, may_be_empty, measurements);
	if (err != NITRO_OK)
		return err;
	return check_duplicates(measurements, start, fault);
}

nitro_err
nitro_measurements_parse(struct nitro_bytes text, const char *path,
    nitro_certificate_source *source, void *context,
    struct nitro_measurements *measurements, struct nitro_fault *fault)
{
	const struct nitro_config_source file = {
	    text, path, NITRO_E_MEASUREMENTS};

	return parse(&file, false, source, context, measurements, fault);
}

nitro_err
nitro_measurements_parse_reachable(struct nitro_bytes text, const char *path,
    nitro_certificate_source *source, void *context, struct nitro_reach *reach,
    struct nitro_measurements *measurements, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf reduced = {0};
	struct nitro_config_source file = {text, path, NITRO_E_MEASUREMENTS};
	size_t left_out;
	nitro_err err;

	err = nitro_entry_filter(&file, reach, &reduced, &left_out, fault);
	if (err != NITRO_OK)
		return err;
	file.text = nitro_bytes_of_buf(&reduced);
	return parse(&file, left_out > 0, source, context, measurements, fault);
}
