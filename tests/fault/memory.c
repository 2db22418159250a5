/*
 * The allocator, which is the C library's own under its other names. Blocks
 * that were allocated in the course of a module's call are counted until
 * they are released, whoever does it.
 */
#include <errno.h>
#include <string.h>

#include "fault/internal.h"

#define SLOTS 32768u /* a power of two, and far more than blocks at once */

extern void *real_malloc(size_t size) __asm__("__libc_malloc");
extern void *real_calloc(size_t count, size_t size) __asm__("__libc_calloc");
extern void *real_realloc(void *old, size_t size) __asm__("__libc_realloc");
extern void *real_memalign(size_t alignment, size_t size) __asm__(
    "__libc_memalign");
extern void real_free(void *block) __asm__("__libc_free");

/* Open addressing; a block that goes is filled from behind. */
static const void *slots[SLOTS];
static bool is_of_module[SLOTS];
static size_t live, live_of_module;

static size_t
home_of(const void *block)
{
	return (size_t)(((uint64_t)(uintptr_t)block >> 4) *
			    UINT64_C(0x9e3779b97f4a7c15) >>
			48) &
	       (SLOTS - 1);
}

static void
add(const void *block)
{
	size_t i = home_of(block);

	/* What a child has goes with it. */
	if (block == NULL || live >= SLOTS / 2 || fault_is_child())
		return;
	while (slots[i] != NULL)
		i = (i + 1) & (SLOTS - 1);
	slots[i] = block;
	is_of_module[i] = fault_is_of_module();
	live_of_module += is_of_module[i];
	live++;
}

/* Move up what stood behind, where its home allows. */
static void
close_gap(size_t gap)
{
	size_t i = gap;

	for (;;) {
		i = (i + 1) & (SLOTS - 1);
		if (slots[i] == NULL)
			break;
		if (((i - home_of(slots[i])) & (SLOTS - 1)) <
		    ((i - gap) & (SLOTS - 1)))
			continue;
		slots[gap] = slots[i];
		is_of_module[gap] = is_of_module[i];
		gap = i;
	}
	slots[gap] = NULL;
}

static bool
remove_block(const void *block)
{
	size_t i;

	if (live == 0 || block == NULL)
		return false;
	for (i = home_of(block); slots[i] != NULL; i = (i + 1) & (SLOTS - 1))
		if (slots[i] == block) {
			live_of_module -= is_of_module[i];
			close_gap(i);
			live--;
			return true;
		}
	return false;
}

void
fault_forget_blocks(void)
{
	if (live > 0)
		memset(slots, 0, sizeof slots);
	live = live_of_module = 0;
}

SHOWN size_t
fault_live_blocks(void)
{
	return live;
}

SHOWN size_t
fault_live_blocks_of_module(void)
{
	return live_of_module;
}

/* Whether the caller's allocation is counted, and may go on. */
static bool
may_allocate(const void *caller, bool *is_ours)
{
	*is_ours = fault_is_ours(caller);
	if (!*is_ours || !fault_memory_fails())
		return true;
	errno = ENOMEM;
	return false;
}

SHOWN void *
malloc(size_t size)
{
	bool is_ours;
	void *block;

	if (!may_allocate(CALLER, &is_ours))
		return NULL;
	block = real_malloc(size);
	if (is_ours)
		add(block);
	return block;
}

SHOWN void *
calloc(size_t count, size_t size)
{
	bool is_ours;
	void *block;

	if (!may_allocate(CALLER, &is_ours))
		return NULL;
	block = real_calloc(count, size);
	if (is_ours)
		add(block);
	return block;
}

SHOWN void *
realloc(void *old, size_t size)
{
	bool is_ours, was_ours;
	void *block;

	if (!may_allocate(CALLER, &is_ours))
		return NULL;
	was_ours = remove_block(old);
	block = real_realloc(old, size);
	if (was_ours || is_ours)
		add(block != NULL || size == 0 ? block : old);
	return block;
}

SHOWN void *
reallocarray(void *old, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	size *= count;
	return realloc(old, size > 0 ? size : 1);
}

SHOWN void *
aligned_alloc(size_t alignment, size_t size)
{
	bool is_ours;
	void *block;

	if (!may_allocate(CALLER, &is_ours))
		return NULL;
	block = real_memalign(alignment, size);
	if (is_ours)
		add(block);
	return block;
}

SHOWN int
posix_memalign(void **block, size_t alignment, size_t size)
{
	bool is_ours;

	if (!may_allocate(CALLER, &is_ours))
		return ENOMEM;
	*block = real_memalign(alignment, size);
	if (*block == NULL)
		return ENOMEM;
	if (is_ours)
		add(*block);
	return 0;
}

SHOWN void
free(void *block)
{
	(void)remove_block(block);
	real_free(block);
}
