#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "admin/check/check.h"

#define REMEDY "chmod go-w"

/* Once for each path, however many files lie below it. */
static bool
is_told(const struct nitro_checkup *check, const char *path)
{
	for (size_t i = 0; i < check->findings.count; i++)
		if (strcmp(check->findings.list[i].file, path) == 0 &&
		    strstr(check->findings.list[i].change, REMEDY) != NULL)
			return true;
	return false;
}

static void
judge(struct nitro_checkup *check, const struct nitro_finding_kind *kind,
    const char *path, const char *held)
{
	struct nitro_finding *finding;
	char holds[PATH_MAX + 16] = "";
	struct stat st;

	if (stat(path, &st) != 0 ||
	    (st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0) ||
	    is_told(check, path))
		return;
	if (held != NULL)
		(void)snprintf(holds, sizeof holds, "; it holds %s", held);
	finding = nitro_finding_add(&check->findings, kind, path, 0);
	if (st.st_uid != 0)
		nitro_finding_what(finding,
		    "it is owned by uid %lu, not by root%s",
		    (unsigned long)st.st_uid, holds);
	else
		nitro_finding_what(finding,
		    "it is writable by group or others (mode %04o)%s",
		    (unsigned)(st.st_mode & 07777), holds);
	nitro_finding_change(
	    finding, "chown root %s && " REMEDY " %s", path, path);
}

static void
judge_folders(struct nitro_checkup *check,
    const struct nitro_finding_kind *kind, const char *path)
{
	char folder[PATH_MAX];
	char *slash;

	(void)snprintf(folder, sizeof folder, "%s", path);
	while ((slash = strrchr(folder, '/')) != NULL) {
		/* "/" itself comes last. */
		slash[slash == folder ? 1 : 0] = '\0';
		judge(check, kind, folder, path);
		if (strcmp(folder, "/") == 0)
			return;
	}
}

bool
nitro_check_owner(struct nitro_checkup *check,
    const struct nitro_finding_kind *kind, const char *path)
{
	char real[PATH_MAX];

	if (realpath(path, real) == NULL)
		return false;
	judge(check, kind, real, NULL);
	judge_folders(check, kind, real);
	if (strcmp(real, path) != 0)
		judge_folders(check, kind, path);
	return true;
}
