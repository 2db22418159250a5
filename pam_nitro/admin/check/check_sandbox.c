#include "admin/check/check.h"
#include "sandbox/sandbox.h"

static const struct nitro_finding_kind unusable = {"sandbox_unusable",
    NITRO_SEVERITY_ERROR,
    "pam_nitro verifies documents in a process without rights; where none can "
    "be had, it refuses every login that it governs"};
static const struct nitro_finding_kind unfiltered = {"no_seccomp",
    NITRO_SEVERITY_WARNING,
    "a defect in a parser would meet one wall less: the process that verifies "
    "documents has no rights, no files and no memory to spare, but may make "
    "any system call"};

static void
nothing(void *answer, void *context)
{
	(void)answer;
	(void)context;
}

void
nitro_check_sandbox(struct nitro_checkup *check)
{
	uint8_t answer = 0;
	struct nitro_sandbox_task task = {
	    .limits = NITRO_SANDBOX_LIMITS,
	    .work = nothing,
	    .answer = &answer,
	    .answer_len = sizeof answer,
	};
	struct nitro_fault fault = {0};
	struct nitro_finding *finding;
	nitro_err err = nitro_sandbox_run(&task, &fault);

	if (err != NITRO_OK) {
		finding = nitro_finding_add(
		    &check->findings, &unusable, NULL, 0);
		nitro_finding_what(finding, "%s: %s", nitro_err_token(err),
		    fault.text[0] != '\0' ? fault.text
					  : nitro_err_sentence(err));
		nitro_finding_change(finding, "%s", nitro_err_advice(err));
	} else if (!task.is_filtered) {
		finding = nitro_finding_add(
		    &check->findings, &unfiltered, NULL, 0);
		nitro_finding_what(
		    finding, "this kernel offers no seccomp filters here");
		nitro_finding_change(finding,
		    "a kernel with CONFIG_SECCOMP_FILTER, or a container that "
		    "lets seccomp(2) through");
	}
}
