#include "admin/measurements/measurements_change.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "admin/measurements/entry_state.h"
#include "admin/measurements/text_diff.h"

static bool
is_folder(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The names of a folder's files, for a message. */
struct listing {
	struct nitro_buf names;
	size_t folder_len;
};

static void
drop_listing(struct listing *listing)
{
	nitro_buf_drop(&listing->names);
}

static nitro_err
list_one(const char *path, void *context)
{
	struct listing *listing = context;
	const struct nitro_bytes full = nitro_bytes_of_text(path);
	nitro_err err;

	if (listing->names.len > 0 &&
	    (err = nitro_buf_append_text(&listing->names, ", ")) != NITRO_OK)
		return err;
	return nitro_buf_append(&listing->names,
	    nitro_bytes_slice(full, listing->folder_len + 1, full.len));
}

static nitro_err
refuse_folder(const char *folder, struct nitro_fault *fault)
{
	NITRO_DROP(drop_listing)
	struct listing listing = {.folder_len = strlen(folder)};
	nitro_err err;

	err = nitro_secure_folder_walk(folder, list_one, &listing, fault);
	if (err != NITRO_OK)
		return err;
	if (listing.names.len == 0)
		return nitro_fault_set(fault, NITRO_E_MODULE_ARGUMENT, folder,
		    0, "is a folder without a *.conf file; make one first");
	return nitro_fault_set(fault, NITRO_E_MODULE_ARGUMENT, folder, 0,
	    "is a folder; choose one of its files by --file: %.*s",
	    listing.names.len > 150 ? 150 : (int)listing.names.len,
	    (const char *)listing.names.ptr);
}

static nitro_err
set_path(struct nitro_change *change, const char *folder, const char *name,
    struct nitro_fault *fault)
{
	char path[2 * NITRO_PATH_MAX + 2];

	(void)snprintf(path, sizeof path, "%s%s%s", folder,
	    folder[0] != '\0' ? "/" : "", name);
	change->path = nitro_text_copy(nitro_bytes_of_text(path));
	if (change->path != NULL)
		return NITRO_OK;
	return nitro_fault_set(fault, NITRO_E_MEMORY, name, 0, "%s",
	    nitro_err_sentence(NITRO_E_MEMORY));
}

static bool
has_conf_suffix(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && name[0] != '.' &&
	       nitro_bytes_equal_text(
		   nitro_bytes_slice(nitro_bytes_of_text(name), len - 5, 5),
		   ".conf");
}

/* The name within the folder, where file names one of it; else NULL. */
static const char *
name_within(const char *folder, const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *name = slash == NULL ? file : slash + 1;

	if (slash != NULL &&
	    !nitro_bytes_equal_text(nitro_bytes_slice(nitro_bytes_of_text(file),
					0, (size_t)(slash - file)),
		folder))
		return NULL;
	return has_conf_suffix(name) ? name : NULL;
}

/* The file among those that the settings name; path stays NULL where it is none. */
static nitro_err
find_in_settings(struct nitro_change *change, struct nitro_fault *fault)
{
	const char *named = change->settings.measurements, *name;

	if (is_folder(named)) {
		if (change->file == NULL)
			return refuse_folder(named, fault);
		name = name_within(named, change->file);
		return name != NULL ? set_path(change, named, name, fault)
				    : NITRO_OK;
	}
	if (change->file != NULL && strcmp(change->file, named) != 0)
		return NITRO_OK;
	return set_path(change, "", named, fault);
}

static nitro_err
find_file(struct nitro_change *change, struct nitro_fault *fault)
{
	const char *config = change->config != NULL ? change->config
						    : NITRO_SETTINGS_PATH;
	const bool must_be_named = change->config != NULL ||
				   change->file == NULL;
	nitro_err err;

	err = nitro_policy_load_settings(config, &change->settings, fault);
	if (err != NITRO_OK && must_be_named)
		return err;
	if (err == NITRO_OK) {
		if ((err = find_in_settings(change, fault)) != NITRO_OK)
			return err;
		change->has_settings = change->path != NULL;
	}
	if (change->has_settings)
		return NITRO_OK;
	if (must_be_named)
		return nitro_fault_set(fault, NITRO_E_MODULE_ARGUMENT,
		    change->file, 0,
		    "is none of the files that %s names by measurements = "
		    "\"%s\"",
		    config, change->settings.measurements);
	return set_path(change, "", change->file, fault);
}

/* What is judged together: all files of the settings, or the one. */
static const char *
scope_of(const struct nitro_change *change)
{
	return change->has_settings ? change->settings.measurements
				    : change->path;
}

nitro_err
nitro_change_begin(struct nitro_change *change, struct nitro_fault *fault)
{
	nitro_err err;

	if ((err = find_file(change, fault)) != NITRO_OK)
		return err;
	err = change->is_dry_run ? nitro_secure_file_read(change->path,
				       &change->replace.text, fault)
				 : nitro_file_replace_begin(
				       change->path, &change->replace, fault);
	if (err != NITRO_OK)
		return err;
	change->has_before = nitro_policy_load_measurements(scope_of(change),
				 NULL, &change->before,
				 &change->before_fault) == NITRO_OK;
	return NITRO_OK;
}

/* The elements of one list, before and after. */
struct elements {
	const struct nitro_entry *ptr;
	size_t count;
};

static bool
are_identical(struct elements a, struct elements b)
{
	if (a.count != b.count)
		return false;
	for (size_t i = 0; i < a.count; i++)
		if (!nitro_entry_is_identical(&a.ptr[i], &b.ptr[i]))
			return false;
	return true;
}

static struct elements
part_of(struct elements of, size_t from, size_t count)
{
	return (struct elements){count > 0 ? &of.ptr[from] : NULL, count};
}

/* after is before with wanted put in at one place. */
static bool
is_insertion(
    struct elements before, struct elements wanted, struct elements after)
{
	size_t at = 0;

	if (after.count != before.count + wanted.count)
		return false;
	while (at < before.count &&
	       nitro_entry_is_identical(&before.ptr[at], &after.ptr[at]))
		at++;
	/* What is wanted may begin as what stands behind it does. */
	for (;; at--) {
		if (are_identical(part_of(after, at, wanted.count), wanted) &&
		    are_identical(part_of(after, at + wanted.count,
				      after.count - at - wanted.count),
			part_of(before, at, before.count - at)))
			return true;
		if (at == 0)
			return false;
	}
}

/* A file that had nothing in it has only what is wanted now. */
static bool
is_all_of_file(const struct nitro_change *change, struct elements wanted)
{
	size_t count = 0;
	const struct nitro_entry *entry;

	for (size_t i = 0; i < change->after.entry_count; i++) {
		entry = &change->after.entries[i];
		if (strcmp(entry->file, change->path) != 0)
			continue;
		if (count >= wanted.count ||
		    !nitro_entry_is_identical(entry, &wanted.ptr[count]))
			return false;
		count++;
	}
	return count == wanted.count;
}

static bool
is_as_wanted(const struct nitro_change *change, enum nitro_edit_list list,
    struct elements wanted)
{
	const struct nitro_measurements *before = &change->before,
					*after = &change->after;
	const bool is_revoked = list == NITRO_EDIT_REVOKED;
	const struct elements none = {0};

	if (!change->has_before)
		return !is_revoked && is_all_of_file(change, wanted);
	return is_insertion(
		   (struct elements){before->entries, before->entry_count},
		   is_revoked ? none : wanted,
		   (struct elements){after->entries, after->entry_count}) &&
	       is_insertion(
		   (struct elements){before->revoked, before->revoked_count},
		   is_revoked ? wanted : none,
		   (struct elements){after->revoked, after->revoked_count});
}

/* What passes as a whole must go on passing; what does not need only not get worse. */
static nitro_err
check_whole(struct nitro_change *change, const struct nitro_draft *draft,
    struct nitro_fault *fault)
{
	const char *config = change->config != NULL ? change->config
						    : NITRO_SETTINGS_PATH;
	NITRO_DROP(nitro_policy_drop) struct nitro_policy with = {0};
	NITRO_DROP(nitro_policy_drop) struct nitro_policy without = {0};
	struct nitro_fault ignored;

	if (!change->has_settings || nitro_policy_load_draft(config, draft,
					 &with, &change->remaining) == NITRO_OK)
		return NITRO_OK;
	if (nitro_policy_load(config, &without, &ignored) != NITRO_OK)
		return NITRO_OK;
	*fault = change->remaining;
	return fault->err;
}

static nitro_err
check(struct nitro_change *change, enum nitro_edit_list list,
    struct elements wanted, struct nitro_fault *fault)
{
	const struct nitro_draft draft = {
	    change->path, nitro_bytes_of_buf(&change->text)};
	nitro_err err;

	err = nitro_policy_load_measurements(
	    scope_of(change), &draft, &change->after, fault);
	/* What was wrong before has its line in the file that is there. */
	if (err != NITRO_OK && !change->has_before &&
	    strcmp(fault->text, change->before_fault.text) == 0)
		*fault = change->before_fault;
	if (err != NITRO_OK)
		return err;
	if (!is_as_wanted(change, list, wanted))
		return nitro_fault_set(fault, NITRO_E_MEASUREMENTS,
		    change->path, 0,
		    "its form is not understood well enough to add to it "
		    "safely: edit it by hand; pam-nitro check judges it");
	return check_whole(change, &draft, fault);
}

nitro_err
nitro_change_make(struct nitro_change *change, enum nitro_edit_list list,
    const struct nitro_entry *wanted, size_t count, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf elements = {0};
	const struct nitro_bytes old = nitro_bytes_of_buf(
	    &change->replace.text);
	nitro_err err = NITRO_OK;

	for (size_t i = 0; i < count && err == NITRO_OK; i++)
		err = nitro_edit_append_element(&wanted[i], &elements);
	if (err != NITRO_OK)
		return nitro_fault_set(fault, err, change->path, 0,
		    "what is to be added is not all printable ASCII");
	err = nitro_edit_insert(
	    old, list, nitro_bytes_of_buf(&elements), &change->text, fault);
	/* The module's own words, where it has any. */
	if (err == NITRO_E_MEASUREMENTS && !change->has_before) {
		*fault = change->before_fault;
		return fault->err;
	}
	if (err != NITRO_OK) {
		(void)snprintf(
		    fault->file, sizeof fault->file, "%s", change->path);
		return err;
	}
	/* What is judged here is not read by what refuses such a file. */
	if (change->text.len > NITRO_FILE_MAX)
		return nitro_fault_set(fault, NITRO_E_MEASUREMENTS,
		    change->path, 0,
		    "would have more than %u bytes, which are not read; use a "
		    "folder of files",
		    NITRO_FILE_MAX);
	err = check(change, list, (struct elements){wanted, count}, fault);
	if (err != NITRO_OK)
		return err;
	err = nitro_text_diff(change->path, old,
	    nitro_bytes_of_buf(&change->text), &change->diff);
	if (err != NITRO_OK)
		return nitro_fault_set(
		    fault, err, change->path, 0, "%s", nitro_err_sentence(err));
	return NITRO_OK;
}

nitro_err
nitro_change_commit(struct nitro_change *change, struct nitro_fault *fault)
{
	if (change->is_dry_run)
		return NITRO_OK;
	return nitro_file_replace_write(
	    &change->replace, nitro_bytes_of_buf(&change->text), fault);
}

void
nitro_change_drop(struct nitro_change *change)
{
	nitro_text_drop(&change->path);
	nitro_settings_drop(&change->settings);
	nitro_measurements_drop(&change->before);
	nitro_measurements_drop(&change->after);
	nitro_file_replace_drop(&change->replace);
	nitro_buf_drop(&change->text);
	nitro_buf_drop(&change->diff);
}
