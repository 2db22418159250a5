/* The functions whose wrappers the table makes. */
#include <string.h>

#include "fault/internal.h"

/* Types and lists of parameters stand in no parentheses. */
/* NOLINTBEGIN(bugprone-macro-parentheses) */
#define REAL(name) real_##name

#define DECLARE_FN(type, name, params, args, ...) \
	static type(*REAL(name)) params;
#define DECLARE_VD(name, params, args) static void(*REAL(name)) params;
FAULT_TABLES(DECLARE_FN, DECLARE_VD)

static const struct {
	const char *name;
	void *slot;
} slots[] = {
#define SLOT_FN(type, name, params, args, ...) {#name, &REAL(name)},
#define SLOT_VD(name, params, args) {#name, &REAL(name)},
    FAULT_TABLES(SLOT_FN, SLOT_VD)};

/* As soon as somebody calls: other libraries' constructors do. */
static void
find_all(void)
{
	for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
		void *found = fault_real(slots[i].name);

		memcpy(slots[i].slot, &found, sizeof found);
	}
}

#define WRAP_FN(type, name, params, args, ...) \
	SHOWN type name params \
	{ \
		bool is_ours; \
		const struct fault_mode *mode = fault_enter( \
		    NUMBER(name), CALLER, &is_ours); \
		type result = 0; \
\
		if (REAL(name) == NULL) \
			find_all(); \
		if (mode == NULL || (mode->flags & FAULT_CALLS) != 0) \
			result = REAL(name) args; \
		fault_leave(is_ours); \
		if (mode == NULL) \
			return result; \
		if (mode->error != 0) \
			errno = mode->error; \
		return (type)mode->value; \
	}
#define WRAP_VD(name, params, args) \
	SHOWN void name params \
	{ \
		bool is_ours; \
\
		if (REAL(name) == NULL) \
			find_all(); \
		(void)fault_enter(NUMBER(name), CALLER, &is_ours); \
		REAL(name) args; \
		fault_leave(is_ours); \
	}
FAULT_TABLES(WRAP_FN, WRAP_VD)
/* NOLINTEND(bugprone-macro-parentheses) */
