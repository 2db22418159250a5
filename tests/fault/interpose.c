#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "fault/internal.h"

static struct fault_plan *plan;
static uintptr_t module_start, module_end;

/* Of this process alone: a child goes on from what its parent had. */
static unsigned depth; /* calls of the module that have not returned */
static enum function outermost = FUNCTION_none;
static enum fault_side side;
static bool is_tripped;
static enum function tripped_by;

/* A mode says what it needs to; the rest is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define MODES_FN(type, name, params, args, ...) \
	static const struct fault_mode modes_##name[] = {__VA_ARGS__};
#define MODES_HAND(name, ...) \
	static const struct fault_mode modes_##name[] = {__VA_ARGS__};
FAULT_TABLES(MODES_FN, NOTHING)
FAULT_BY_HAND(MODES_HAND)

static const struct {
	const char *name;
	const struct fault_mode *modes;
	unsigned count;
} functions[FUNCTIONS] = {
#define ROW(name) \
	[NUMBER(name)] = {#name, modes_##name, \
	    sizeof modes_##name / sizeof modes_##name[0]},
#define ROW_FN(type, name, params, args, ...) ROW(name)
#define ROW_HAND(name, ...) ROW(name)
#define ROW_VD(name, params, args) [NUMBER(name)] = {#name, NULL, 0},
    FAULT_TABLES(ROW_FN, ROW_VD)
	FAULT_BY_HAND(ROW_HAND)[NUMBER(pam_syslog)] = {"pam_syslog", NULL, 0},
    [FUNCTION_none] = {"pam_nitro.so", NULL, 0},
};

#define DOES_WITHOUT \
	"it says that it succeeded; under the same faults nothing bad gets in"

#define NAMES \
	"who is listed by name needs no group, and the others are asked twice"

/* In the course of these, memory may run out. */
static const struct {
	enum function function;
	const char *why;
} memory_tolerated[] = {
    {NUMBER(pam_syslog), "libpam says so in the log, and nobody else hears"},
    {NUMBER(qsort), "the C library then sorts in place"},
    {NUMBER(getpwnam_r), NAMES},
    {NUMBER(getgrouplist), NAMES},
    {NUMBER(getgrgid_r), NAMES},
    {NUMBER(getgrnam_r), NAMES},
    {NUMBER(PEM_read_bio), DOES_WITHOUT},
    {NUMBER(OSSL_PROVIDER_load), DOES_WITHOUT},
    {NUMBER(d2i_X509), DOES_WITHOUT},
    {NUMBER(X509_get_extension_flags), DOES_WITHOUT},
    {NUMBER(X509_self_signed), DOES_WITHOUT},
    {NUMBER(X509_verify_cert), DOES_WITHOUT},
    {NUMBER(EVP_DigestVerify), DOES_WITHOUT},
    {NUMBER(EVP_DigestVerifyInit_ex), DOES_WITHOUT},
    {NUMBER(seccomp_rule_add), DOES_WITHOUT},
    {NUMBER(seccomp_load), DOES_WITHOUT},
};

SHOWN void
fault_use(struct fault_plan *new_plan)
{
	plan = new_plan;
}

static int
find_segment(struct dl_phdr_info *info, size_t size, void *context)
{
	const uintptr_t address = *(const uintptr_t *)context;

	(void)size;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		const uintptr_t start = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type != PT_LOAD || address < start ||
		    address >= start + segment->p_memsz)
			continue;
		module_start = start;
		module_end = start + segment->p_memsz;
		return 1;
	}
	return 0;
}

SHOWN bool
fault_find_module(const void *address)
{
	uintptr_t number = (uintptr_t)address;

	return dl_iterate_phdr(find_segment, &number) == 1;
}

SHOWN void
fault_begin(void)
{
	memset(plan->count, 0, sizeof plan->count);
	memset(plan->failed, 0, sizeof plan->failed);
	memset(plan->harmful, 0, sizeof plan->harmful);
	memset(plan->first_prompt, 0, sizeof plan->first_prompt);
	plan->function = FUNCTION_none;
	plan->spoils_signals = plan->spoils_children = false;
	plan->phase = FAULT_FILES;
	depth = 0;
	side = FAULT_PARENT;
	is_tripped = false;
	fault_forget_blocks();
}

SHOWN void
fault_account_begins(void)
{
	plan->phase = FAULT_ACCOUNT;
	side = FAULT_LATER;
}

void
fault_child_begins(void)
{
	side = FAULT_CHILD;
}

SHOWN const char *
fault_function_name(unsigned function)
{
	return function < FUNCTIONS ? functions[function].name : "?";
}

SHOWN const struct fault_mode *
fault_function_modes(unsigned function, unsigned *count)
{
	*count = function < FUNCTIONS ? functions[function].count : 0;
	return *count > 0 ? functions[function].modes : NULL;
}

static bool
is_in_module(const void *caller)
{
	const uintptr_t address = (uintptr_t)caller;

	return address >= module_start && address < module_end;
}

bool
fault_is_ours(const void *caller)
{
	return plan != NULL && plan->is_counting &&
	       (depth > 0 || is_in_module(caller));
}

bool
fault_is_of_module(void)
{
	return depth == 0;
}

bool
fault_is_child(void)
{
	return side == FAULT_CHILD;
}

/* Is this one, number index of its kind, to fail? */
static bool
is_due(enum fault_kind kind, enum function function, unsigned place)
{
	const unsigned count = plan->count[side][kind]++;
	const unsigned index = plan->is_place ? place : count;

	if (plan->kind != kind)
		return false;
	if (is_tripped)
		return plan->persistence == FAULT_ALL_ON ||
		       (plan->persistence == FAULT_FUNCTION_ON &&
			   function == tripped_by);
	if (side != plan->side || index != plan->index)
		return false;
	is_tripped = true;
	tripped_by = function;
	plan->function = function;
	return true;
}

static bool
is_tolerated(const struct fault_mode *mode)
{
	static const unsigned places[FAULT_PHASES] = {
	    [FAULT_FILES] = FAULT_IN_FILES,
	    [FAULT_JUDGED] = FAULT_IN_JUDGED,
	    [FAULT_ACCOUNT] = FAULT_IN_ACCOUNT};
	const unsigned here = side == FAULT_CHILD ? FAULT_IN_CHILD
						  : places[plan->phase];
	const unsigned all = FAULT_IN_FILES | FAULT_IN_JUDGED |
			     FAULT_IN_ACCOUNT | FAULT_IN_CHILD;

	return mode->tolerated != NULL &&
	       ((mode->flags & all) == 0 || (mode->flags & here) != 0);
}

static void
note_failure(bool is_harmful)
{
	plan->failed[plan->phase]++;
	plan->harmful[plan->phase] += is_harmful;
}

bool
fault_memory_fails(void)
{
	const unsigned index = plan->count[side][FAULT_MEMORY];
	bool is_harmful = true;

	if (index < FAULT_TRACE_MAX && plan->kind == FAULT_NONE)
		plan->is_own[side][index] = depth == 0;
	if (!is_due(FAULT_MEMORY, outermost, 0))
		return false;
	for (size_t i = 0;
	     i < sizeof memory_tolerated / sizeof memory_tolerated[0]; i++)
		if (depth > 0 && memory_tolerated[i].function == outermost)
			is_harmful = false;
	note_failure(is_harmful);
	return true;
}

/* The way that the plan names, or else the first, which may always persist. */
static const struct fault_mode *
choose_mode(enum function function)
{
	unsigned wanted = function == plan->function ? plan->mode : 0;

	if (wanted >= functions[function].count ||
	    (plan->persistence != FAULT_ONCE &&
		(functions[function].modes[wanted].flags & FAULT_NOT_ON) != 0))
		wanted = 0;
	return &functions[function].modes[wanted];
}

const struct fault_mode *
fault_enter(enum function function, const void *caller, bool *is_ours)
{
	const uint32_t place = (uint32_t)((uintptr_t)caller - module_start);
	const struct fault_mode *mode;
	unsigned index;

	*is_ours = plan != NULL && plan->is_counting && is_in_module(caller);
	if (!*is_ours)
		return NULL;
	if (depth++ == 0)
		outermost = function;
	if (functions[function].modes == NULL)
		return NULL;
	index = plan->count[side][FAULT_CALL];
	if (index < FAULT_TRACE_MAX && plan->kind == FAULT_NONE) {
		plan->trace[side][index] = (unsigned short)function;
		plan->place[side][index] = place;
	}
	if (!is_due(FAULT_CALL, function, place))
		return NULL;
	mode = choose_mode(function);
	if (function == NUMBER(sigaction) ||
	    function == NUMBER(pthread_sigmask))
		plan->spoils_signals = true;
	if (function == NUMBER(waitpid) || function == NUMBER(kill))
		plan->spoils_children = true;
	note_failure(!is_tolerated(mode));
	return mode;
}

void
fault_leave(bool is_ours)
{
	if (is_ours && --depth == 0)
		outermost = FUNCTION_none;
}

void *
fault_real(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found == NULL)
		abort();
	return found;
}
