#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "admin/check/check.h"
#include "policy/evidence_store.h"
#include "policy/secure_path.h"

#define MIB INT64_C(1048576)

static const struct nitro_finding_kind unusable_required = {"evidence_unusable",
    NITRO_SEVERITY_ERROR,
    "required is true, so every login that cannot be recorded is refused"};
static const struct nitro_finding_kind unusable = {"evidence_unusable",
    NITRO_SEVERITY_WARNING,
    "no login is recorded: there is nothing to explain or to judge again "
    "later"};
static const struct nitro_finding_kind space_required = {"evidence_space",
    NITRO_SEVERITY_WARNING,
    "the disk is full before the store is; then every login is refused, "
    "because required is true"};
static const struct nitro_finding_kind space = {"evidence_space",
    NITRO_SEVERITY_WARNING,
    "the disk is full before the store is; then no login is recorded, and "
    "whatever else writes there fails too"};
static const struct nitro_finding_kind not_seen = {
    "evidence_not_looked_at", NITRO_SEVERITY_NOTE, "the store is root's alone"};

/* What would be used of the disk, beyond what is. */
static void
check_space(struct nitro_checkup *check, int fd, int64_t used)
{
	const struct nitro_evidence_settings *settings =
	    &check->policy.settings.evidence;
	struct nitro_finding *finding;
	struct statvfs fs;
	int64_t free_mib, wanted_mib;

	/* It may be a filesystem of its own, or be still to make. */
	if (statvfs(settings->directory, &fs) != 0 && fstatvfs(fd, &fs) != 0)
		return;
	if ((fs.f_flag & ST_RDONLY) != 0) {
		finding = nitro_finding_add(&check->findings,
		    settings->is_required ? &unusable_required : &unusable,
		    settings->directory, 0);
		nitro_finding_what(finding, "the filesystem is read-only");
		nitro_finding_change(finding,
		    "directory = \"...\"; on a filesystem that can be written");
		return;
	}
	free_mib = (int64_t)(fs.f_bavail * fs.f_frsize) / MIB;
	wanted_mib = (settings->max_bytes - used) / MIB;
	if (free_mib >= wanted_mib)
		return;
	finding = nitro_finding_add(&check->findings,
	    settings->is_required ? &space_required : &space,
	    settings->directory, 0);
	nitro_finding_what(finding,
	    "%lld MiB are free, and the store may grow by %lld MiB",
	    (long long)free_mib, (long long)wanted_mib);
	nitro_finding_change(finding,
	    "a max_mib below %lld in evidence of %s, or a larger filesystem",
	    (long long)(settings->max_bytes / MIB), check->config);
}

/* A folder that is missing is made with the first record, and so is the one above. */
static nitro_err
open_place(const char *directory, int *fd, struct nitro_fault *fault)
{
	char name[NITRO_PATH_MAX + 1], above[NITRO_PATH_MAX + 1];
	const char *end = strrchr(directory, '/');
	nitro_err err;

	err = nitro_secure_open_parent(directory, fd, name, fault);
	if (err != NITRO_E_FILE_MISSING || end == NULL || end == directory)
		return err;
	(void)snprintf(
	    above, sizeof above, "%.*s", (int)(end - directory), directory);
	return nitro_secure_open_parent(above, fd, name, fault);
}

void
nitro_check_evidence(struct nitro_checkup *check)
{
	const struct nitro_evidence_settings *settings =
	    &check->policy.settings.evidence;
	NITRO_DROP(nitro_evidence_list_drop)
	struct nitro_evidence_list list = {0};
	NITRO_DROP(nitro_fd_drop) int fd = -1;
	struct nitro_finding *finding;
	struct nitro_fault fault = {0};
	struct stat st;
	int64_t used = 0;
	nitro_err err;

	if (settings->directory == NULL)
		return;
	if (geteuid() != 0) {
		finding = nitro_finding_add(
		    &check->findings, &not_seen, settings->directory, 0);
		nitro_finding_what(finding, "the evidence store was left out");
		nitro_finding_change(finding, "run this check as root");
		return;
	}
	err = nitro_evidence_store_list(settings->directory, &list, &fault);
	/* Something else of that name is in the way of the folder. */
	if (err == NITRO_OK || (err == NITRO_E_FILE_MISSING &&
				   lstat(settings->directory, &st) != 0))
		err = open_place(settings->directory, &fd, &fault);
	if (err != NITRO_OK) {
		finding = nitro_finding_add(&check->findings,
		    settings->is_required ? &unusable_required : &unusable,
		    fault.file, fault.line);
		nitro_finding_what(finding, "%s",
		    fault.text[0] != '\0' ? fault.text
					  : nitro_err_sentence(err));
		nitro_finding_change(finding, "%s", nitro_err_advice(err));
		return;
	}
	for (size_t i = 0; i < list.count; i++)
		used += nitro_evidence_list_at(&list, i)->size;
	check_space(check, fd, used);
}
