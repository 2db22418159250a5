/*
 * The folder of the evidence store: opened, listed, and kept within its
 * bounds. Private to policy/.
 */
#ifndef NITRO_POLICY_EVIDENCE_FOLDER_H
#define NITRO_POLICY_EVIDENCE_FOLDER_H

#include "policy/evidence_store.h"

#define NITRO_EVIDENCE_UNFINISHED ".new-"

/*
 * Open and judge the folder.
 * wants_make  make it, and the folder above, where they are missing.
 * *fd         O_RDONLY; the caller closes it.
 */
NITRO_MUST_CHECK nitro_err nitro_evidence_folder_open(
    const char *directory, bool wants_make, int *fd, struct nitro_fault *fault);

/* All records in the folder, sorted; list is {0} before. */
NITRO_MUST_CHECK nitro_err nitro_evidence_folder_scan(int fd,
    const char *directory, struct nitro_evidence_list *list,
    struct nitro_fault *fault);

/*
 * Mark what has to go: what is too old, then, where the rest is above
 * settings->max_bytes, as much as brings it down to goal_bytes; at most
 * limit of them.
 */
void nitro_evidence_choose(struct nitro_evidence_list *list,
    const struct nitro_evidence_settings *settings, int64_t now_ms,
    int64_t goal_bytes, size_t limit);

/*
 * Wait for the count of the folder, and count size bytes more: those of a
 * record that stands there unfinished. Makes room where that is needed.
 */
NITRO_MUST_CHECK nitro_err nitro_evidence_folder_reserve(int fd,
    const struct nitro_evidence_settings *settings, int64_t size,
    int64_t now_ms, struct nitro_fault *fault);

/* Choose, and remove unless is_dry_run; list as nitro_evidence_store_prune() has it. */
NITRO_MUST_CHECK nitro_err nitro_evidence_folder_sweep(int fd,
    const struct nitro_evidence_settings *settings, int64_t now_ms,
    bool is_dry_run, struct nitro_evidence_list *list,
    struct nitro_fault *fault);

/* Bytes as the store counts them: whole blocks. */
int64_t nitro_evidence_disk_size(int64_t size);

#endif
