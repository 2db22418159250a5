/*
 * For LD_PRELOAD: one call that the program itself makes into a library gives
 * $FAIL_VALUE, with errno $FAIL_ERRNO, and has not been made, or has with
 * $FAIL_MADE=1: number $FAIL_SKIP, from 0, of those from the place $FAIL_PLACE, an
 * offset in the program, in whichever of its processes. Only $FAIL_PROGRAM is
 * touched, not what it starts.
 *
 * $FAIL_MARKS is a file of SIZE bytes, shared by the processes: of each place
 * one more than the number of the slot that is called from there, and how often
 * it is. $FAIL_NAMES is where the names of the slots go, one a line.
 *
 * The slots for imported functions are filled before this is loaded (BIND_NOW)
 * and made to lead here: no function needs to be declared, and none that is
 * imported later is forgotten. x86-64 alone.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLOTS 1024
#define PLACES (1u << 20)
#define SIZE (PLACES * sizeof(struct mark))
#define PAGE 4096u

extern const char entries[];

#ifdef __x86_64__

/* Entry n says that it is n; what is due then is called with all as it was. */
__asm__(".text\n"
	".balign 16\n"
	"entries:\n"
	".set n, 0\n"
	".rept 1024\n"
	".balign 16\n"
	"	endbr64\n"
	"	pushq $n\n"
	"	jmp enter\n"
	".set n, n + 1\n"
	".endr\n"
	"enter:\n"
	"	pushq %rax\n	pushq %rdi\n	pushq %rsi\n	pushq %rdx\n"
	"	pushq %rcx\n	pushq %r8\n	pushq %r9\n"
	"	subq $136, %rsp\n"
	"	movups %xmm0, (%rsp)\n	movups %xmm1, 16(%rsp)\n"
	"	movups %xmm2, 32(%rsp)\n	movups %xmm3, 48(%rsp)\n"
	"	movups %xmm4, 64(%rsp)\n	movups %xmm5, 80(%rsp)\n"
	"	movups %xmm6, 96(%rsp)\n	movups %xmm7, 112(%rsp)\n"
	"	movq 192(%rsp), %rdi\n"
	"	movq 200(%rsp), %rsi\n"
	"	call choose\n"
	"	movq %rax, %r11\n"
	"	movups (%rsp), %xmm0\n	movups 16(%rsp), %xmm1\n"
	"	movups 32(%rsp), %xmm2\n	movups 48(%rsp), %xmm3\n"
	"	movups 64(%rsp), %xmm4\n	movups 80(%rsp), %xmm5\n"
	"	movups 96(%rsp), %xmm6\n	movups 112(%rsp), %xmm7\n"
	"	addq $136, %rsp\n"
	"	popq %r9\n	popq %r8\n	popq %rcx\n	popq %rdx\n"
	"	popq %rsi\n	popq %rdi\n	popq %rax\n"
	"	addq $8, %rsp\n"
	"	jmp *%r11\n");

uintptr_t choose(uintptr_t slot, uintptr_t caller) __attribute__((used));

static uintptr_t real[SLOTS];
static uintptr_t base;
static struct mark {
	uint16_t slot, count;
} * marks;
static uintptr_t due_place;
static unsigned due_skip;
static long due_value;
static int due_errno;
static bool due_is_made;
static uintptr_t due_real;

static long
fail(long a, long b, long c)
{
	if (due_is_made)
		(void)((long (*)(long, long, long))due_real)(a, b, c);
	if (due_errno != 0)
		errno = due_errno;
	return due_value;
}

/* The real function, or the one that fails. Of all processes one fails once. */
uintptr_t
choose(uintptr_t slot, uintptr_t caller)
{
	const uintptr_t place = caller - base;
	unsigned count;

	if (place >= PLACES)
		return real[slot];
	marks[place].slot = (uint16_t)(slot + 1);
	count = __atomic_fetch_add(&marks[place].count, 1, __ATOMIC_RELAXED);
	if (due_place == 0 || due_place != place || due_skip != count)
		return real[slot];
	due_real = real[slot];
	return (uintptr_t)fail;
}

static void
lead_here(const ElfW(Rela) * rela, size_t count, const ElfW(Sym) * symbols,
    const char *strings)
{
	const char *path = getenv("FAIL_NAMES");
	FILE *names = path != NULL ? fopen(path, "we") : NULL;

	for (size_t i = 0; i < count && i < SLOTS; i++) {
		uintptr_t *slot = (uintptr_t *)(base + rela[i].r_offset);
		void *page = (void *)((uintptr_t)slot & ~(uintptr_t)(PAGE - 1));

		if (names != NULL)
			(void)fprintf(names, "%s\n",
			    &strings[symbols[ELF64_R_SYM(rela[i].r_info)]
					 .st_name]);
		if (mprotect(page, PAGE, PROT_READ | PROT_WRITE) != 0)
			abort();
		real[i] = *slot;
		*slot = (uintptr_t)&entries[16 * i];
		(void)mprotect(page, PAGE, PROT_READ);
	}
	if (names != NULL)
		(void)fclose(names);
}

/* The first object is the program. */
static int
look_at(struct dl_phdr_info *info, size_t size, void *data)
{
	const ElfW(Dyn) *dynamic = NULL;
	uintptr_t rela = 0, symbols = 0, strings = 0;
	size_t bytes = 0;

	(void)size, (void)data;
	base = info->dlpi_addr;
	for (unsigned i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			dynamic = (const ElfW(
			    Dyn) *)(base + info->dlpi_phdr[i].p_vaddr);
	for (; dynamic != NULL && dynamic->d_tag != DT_NULL; dynamic++) {
		rela = dynamic->d_tag == DT_JMPREL ? dynamic->d_un.d_ptr : rela;
		bytes = dynamic->d_tag == DT_PLTRELSZ ? dynamic->d_un.d_val
						      : bytes;
		symbols = dynamic->d_tag == DT_SYMTAB ? dynamic->d_un.d_ptr
						      : symbols;
		strings = dynamic->d_tag == DT_STRTAB ? dynamic->d_un.d_ptr
						      : strings;
	}
	if (rela == 0 || symbols == 0 || strings == 0)
		abort();
	lead_here((const ElfW(Rela) *)rela, bytes / sizeof(ElfW(Rela)),
	    (const ElfW(Sym) *)symbols, (const char *)strings);
	return 1;
}

static bool
is_the_program(void)
{
	const char *wanted = getenv("FAIL_PROGRAM");
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);

	if (wanted == NULL || len < 0)
		return false;
	path[len] = '\0';
	return strcmp(path, wanted) == 0;
}

static long
number(const char *name)
{
	const char *text = getenv(name);

	return text != NULL ? strtol(text, NULL, 0) : 0;
}

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("FAIL_MARKS");
	int fd;

	if (path == NULL || !is_the_program())
		return;
	fd = open(path, O_RDWR | O_CLOEXEC);
	marks = fd >= 0 ? mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			      fd, 0)
			: MAP_FAILED;
	if (marks == MAP_FAILED)
		abort();
	(void)close(fd);
	due_place = (uintptr_t)number("FAIL_PLACE");
	due_skip = (unsigned)number("FAIL_SKIP");
	due_value = number("FAIL_VALUE");
	due_errno = (int)number("FAIL_ERRNO");
	due_is_made = number("FAIL_MADE") != 0;
	(void)dl_iterate_phdr(look_at, NULL);
}

#endif
