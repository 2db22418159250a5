/*
 * The PAM stack of a service as libpam reads it: pam.d(5), with the include
 * rules and the leniency of Linux-PAM (libpam/pam_handlers.c), flattened into
 * one list per stage. Nothing is loaded and nothing is run.
 */
#ifndef NITRO_ADMIN_CHECK_PAM_STACK_H
#define NITRO_ADMIN_CHECK_PAM_STACK_H

#include "base/bytes.h"

enum nitro_pam_stage { NITRO_PAM_AUTH, NITRO_PAM_ACCOUNT, NITRO_PAM_STAGES };

/* The return values of a module by their number (security/_pam_types.h). */
#define NITRO_PAM_RESULTS 32
enum {
	NITRO_PAM_SUCCESS = 0,
	NITRO_PAM_SERVICE_ERR = 3,
	NITRO_PAM_SYSTEM_ERR = 4,
	NITRO_PAM_PERM_DENIED = 6,
	NITRO_PAM_AUTH_ERR = 7,
	NITRO_PAM_USER_UNKNOWN = 10,
	NITRO_PAM_MAXTRIES = 11,
	NITRO_PAM_NEW_AUTHTOK_REQD = 12,
	NITRO_PAM_IGNORE = 25,
	NITRO_PAM_MODULE_UNKNOWN = 28,
	NITRO_PAM_INCOMPLETE = 31
};

/* What libpam does with a result; above 0 it skips that many lines. */
enum {
	NITRO_PAM_DO_IGNORE = 0,
	NITRO_PAM_DO_OK = -1,
	NITRO_PAM_DO_DONE = -2,
	NITRO_PAM_DO_BAD = -3,
	NITRO_PAM_DO_DIE = -4,
	NITRO_PAM_DO_RESET = -5,
	NITRO_PAM_DO_UNSET = -6 /* never in a line that was read */
};

enum nitro_pam_line_type {
	NITRO_PAM_MODULE,
	NITRO_PAM_BROKEN,  /* libpam takes it for a module that fails */
	NITRO_PAM_SUBSTACK /* the lines behind it are one level deeper */
};

#define NITRO_PAM_LINES_MAX 512
#define NITRO_PAM_LEVELS_MAX 16 /* PAM_SUBSTACK_MAX_LEVEL of Linux-PAM */
#define NITRO_PAM_ARGUMENTS_MAX 64

struct nitro_pam_line {
	enum nitro_pam_line_type type;
	unsigned level; /* of substacks */
	int action[NITRO_PAM_RESULTS];
	char *control; /* as written */
	char *module;  /* as written, e.g. "pam_unix.so"; "" where broken */
	char *argument[NITRO_PAM_ARGUMENTS_MAX];
	size_t argument_count;
	const char *file; /* one of the stack's files */
	unsigned line;    /* where it begins */
};

struct nitro_pam_list {
	struct nitro_pam_line *lines;
	size_t count;
};

/* A line that libpam cannot use, or a file that it cannot read. */
struct nitro_pam_complaint {
	const char *file;
	unsigned line;
	char text[256];
};

#define NITRO_PAM_FILES_MAX 64
#define NITRO_PAM_COMPLAINTS_MAX 32

struct nitro_pam_stack {
	struct nitro_pam_list stage[NITRO_PAM_STAGES];
	char *file[NITRO_PAM_FILES_MAX]; /* that were read, each once */
	size_t file_count;
	struct nitro_pam_complaint complaint[NITRO_PAM_COMPLAINTS_MAX];
	size_t complaint_count;
	/* libpam gives up, or nobody can say what it does. */
	bool is_unreadable;
	/* A limit of this reader was reached; nothing can be said of it. */
	bool is_too_long;
	/* The stage has no line of its own: those of "other" count. */
	bool is_other[NITRO_PAM_STAGES];
};

/*
 * Read the stack of a service.
 *
 * folder  e.g. "/etc/pam.d"; with that very name, /usr/lib/pam.d is looked at
 *         for files that are not there, as libpam does.
 * stack   {0} before; released by nitro_pam_stack_drop(), after an error too.
 *
 * Files of any owner are read. What is wrong with them is in the complaints;
 * NITRO_E_MEMORY is the only error.
 */
NITRO_MUST_CHECK nitro_err nitro_pam_stack_read(
    const char *folder, const char *service, struct nitro_pam_stack *stack);

void nitro_pam_stack_drop(struct nitro_pam_stack *stack);

/* True where the line loads the module of that name from wherever. */
bool nitro_pam_line_is(const struct nitro_pam_line *line, const char *name);

/* "success", "auth_err", ...: the name in pam.conf(5) of a result. */
const char *nitro_pam_result_name(unsigned result);

/*
 * Fill the actions of a line from its control value in either form.
 * False, and all of them NITRO_PAM_DO_BAD as libpam has it, where it is none.
 */
bool nitro_pam_control_parse(
    const char *control, int action[NITRO_PAM_RESULTS]);

/*
 * Cut the next word off the text by libpam's rules: blanks separate, "[...]"
 * is one word without its brackets, "\]" in it is "]".
 * False where no word is left. NITRO_E_MEMORY leaves *word NULL, and is true.
 */
bool nitro_pam_word(struct nitro_bytes *text, char **word);

#endif
