#include "unit/pam_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit/unit.h"

void
pam_files_make(struct pam_files *files)
{
	static const char template[] = "/tmp/nitro-pam-XXXXXX";

	memcpy(files->folder, template, sizeof template);
	if (mkdtemp(files->folder) == NULL)
		fail_msg("cannot make %s", files->folder);
}

void
pam_files_drop(struct pam_files *files)
{
	const struct dirent *entry;
	DIR *dir = opendir(files->folder);
	char path[400];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		(void)snprintf(
		    path, sizeof path, "%s/%s", files->folder, entry->d_name);
		(void)unlink(path);
	}
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(files->folder);
}

void
pam_files_write(
    const struct pam_files *files, const char *name, const char *text)
{
	char path[400];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", files->folder, name);
	if ((file = fopen(path, "w")) == NULL)
		fail_msg("cannot write %s", path);
	(void)fputs(text, file);
	assert_int_equal(fclose(file), 0);
}
