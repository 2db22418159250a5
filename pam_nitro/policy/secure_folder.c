#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "policy/secure_file.h"
#include "policy/secure_path.h"

static void
drop_dir(DIR **dir)
{
	if (*dir != NULL)
		(void)closedir(*dir);
	*dir = NULL;
}

struct names {
	char *name[NITRO_FOLDER_FILES_MAX];
	size_t count;
};

static void
drop_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		nitro_text_drop(&names->name[i]);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
is_conf_name(const char *name)
{
	static const char suffix[] = ".conf";
	size_t len = strlen(name), suffix_len = sizeof suffix - 1;
	struct nitro_bytes tail;

	if (name[0] == '.' || len <= suffix_len)
		return false;
	tail = nitro_bytes_slice(
	    nitro_bytes_of_text(name), len - suffix_len, suffix_len);
	return nitro_bytes_equal_text(tail, suffix);
}

static nitro_err
collect_names(
    DIR *dir, const char *path, struct names *names, struct nitro_fault *fault)
{
	const struct dirent *entry;

	while (errno = 0, (entry = readdir(dir)) != NULL) {
		if (!is_conf_name(entry->d_name))
			continue;
		if (names->count == NITRO_FOLDER_FILES_MAX)
			return nitro_fault_set(fault, NITRO_E_FILE_READ, path,
			    0, "has more than %d *.conf files",
			    NITRO_FOLDER_FILES_MAX);
		names->name[names->count] = nitro_text_copy(
		    nitro_bytes_of_text(entry->d_name));
		if (names->name[names->count] == NULL)
			return nitro_fault_set(fault, NITRO_E_MEMORY, path, 0,
			    "no memory for its list of files");
		names->count++;
	}
	if (errno != 0)
		return nitro_secure_refuse_errno(fault, path, "readdir", errno);
	qsort(names->name, names->count, sizeof names->name[0], compare_names);
	return NITRO_OK;
}

static nitro_err
list_folder(const char *path, struct names *names, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop) int parent = -1;
	NITRO_DROP(nitro_fd_drop) int fd = -1;
	NITRO_DROP(drop_dir) DIR *dir = NULL;
	char name[NITRO_PATH_MAX + 1];
	struct stat st;
	nitro_err err;

	if ((err = nitro_secure_open_parent(path, &parent, name, fault)) !=
	    NITRO_OK)
		return err;
	fd = openat(
	    parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return nitro_secure_refuse_errno(
		    fault, path, "cannot be opened as a folder", errno);
	if (fstat(fd, &st) != 0)
		return nitro_secure_refuse_errno(fault, path, "fstat", errno);
	if ((err = nitro_secure_judge_folder(&st, path, fault)) != NITRO_OK)
		return err;
	if ((dir = fdopendir(fd)) == NULL)
		return nitro_secure_refuse_errno(
		    fault, path, "fdopendir", errno);
	fd = -1;
	return collect_names(dir, path, names, fault);
}

nitro_err
nitro_secure_folder_walk(const char *path,
    nitro_err (*each)(const char *path, void *context), void *context,
    struct nitro_fault *fault)
{
	NITRO_DROP(drop_names) struct names names = {0};
	nitro_err err;

	if ((err = list_folder(path, &names, fault)) != NITRO_OK)
		return err;
	for (size_t i = 0; i < names.count; i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf full = {0};

		if ((err = nitro_buf_append_text(&full, path)) != NITRO_OK ||
		    (err = nitro_buf_append_byte(&full, '/')) != NITRO_OK ||
		    (err = nitro_buf_append_text(&full, names.name[i])) !=
			NITRO_OK ||
		    (err = nitro_buf_append_byte(&full, '\0')) != NITRO_OK)
			return nitro_fault_set(fault, err, path, 0,
			    "no memory for its list of files");
		err = each((const char *)full.ptr, context);
		if (err != NITRO_OK)
			return err;
	}
	return NITRO_OK;
}
