/* A folder of PAM services for one test, and the stack that is read from it. */
#ifndef UNIT_PAM_FILES_H
#define UNIT_PAM_FILES_H

#include "admin/check/check_pam_flow.h"

struct pam_files {
	char folder[64];
};

/* Fails the test where no folder can be made. */
void pam_files_make(struct pam_files *files);
void pam_files_drop(struct pam_files *files);

/* Write, or overwrite, the service of that name. */
void pam_files_write(
    const struct pam_files *files, const char *name, const char *text);

#endif
