#include "admin/check/check_pam_stack.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "admin/input.h"

#define PAM_FOLDER "/etc/pam.d"
#define PAM_VENDOR_FOLDER "/usr/lib/pam.d"

enum { FILE_MAX = 1024 * 1024, PATH_SIZE = 4096 };

/* The first word of a line; a mask, so that a file can be read for several. */
enum { AUTH = 1, ACCOUNT = 2, ELSEWHERE = 4, EVERY = 7 };

struct reader {
	const char *folder;
	struct nitro_pam_stack *stack;
	unsigned wanted; /* of AUTH and ACCOUNT: what becomes a line */
	nitro_err err;   /* NITRO_E_MEMORY, once and for all */
};

/* Where the reader is. */
struct place {
	const char *file;
	unsigned line;
	unsigned wanted; /* what the include asked for */
	unsigned depth;  /* of includes of either sort */
	unsigned level;  /* of substacks */
};

static void
drop_line(struct nitro_pam_line *line)
{
	nitro_text_drop(&line->control);
	nitro_text_drop(&line->module);
	for (size_t i = 0; i < line->argument_count; i++)
		nitro_text_drop(&line->argument[i]);
	*line = (struct nitro_pam_line){0};
}

void
nitro_pam_stack_drop(struct nitro_pam_stack *stack)
{
	for (size_t i = 0; i < NITRO_PAM_STAGES; i++) {
		for (size_t j = 0; j < stack->stage[i].count; j++)
			drop_line(&stack->stage[i].lines[j]);
		nitro_free(stack->stage[i].lines);
	}
	for (size_t i = 0; i < stack->file_count; i++)
		nitro_text_drop(&stack->file[i]);
	*stack = (struct nitro_pam_stack){0};
}

__attribute__((format(printf, 3, 4))) static void
complain(struct reader *reader, const struct place *at, const char *format, ...)
{
	struct nitro_pam_stack *stack = reader->stack;
	struct nitro_pam_complaint *complaint;
	va_list args;

	if (stack->complaint_count == NITRO_PAM_COMPLAINTS_MAX)
		return;
	complaint = &stack->complaint[stack->complaint_count++];
	complaint->file = at->file;
	complaint->line = at->line;
	va_start(args, format);
	(void)vsnprintf(complaint->text, sizeof complaint->text, format, args);
	va_end(args);
}

bool
nitro_pam_line_is(const struct nitro_pam_line *line, const char *name)
{
	const char *slash;

	if (line->type != NITRO_PAM_MODULE)
		return false;
	slash = strrchr(line->module, '/');
	return strcmp(slash != NULL ? slash + 1 : line->module, name) == 0;
}

/* One more line of that stage; NULL where there is no room, or it is not wanted. */
static struct nitro_pam_line *
add_line(struct reader *reader, const struct place *at,
    enum nitro_pam_stage stage, enum nitro_pam_line_type type)
{
	struct nitro_pam_list *list = &reader->stack->stage[stage];
	struct nitro_pam_line *line;

	if (list->lines == NULL)
		list->lines = nitro_alloc(
		    NITRO_PAM_LINES_MAX, sizeof list->lines[0]);
	if (list->lines == NULL) {
		reader->err = NITRO_E_MEMORY;
		return NULL;
	}
	if (list->count == NITRO_PAM_LINES_MAX) {
		reader->stack->is_too_long = true;
		return NULL;
	}
	line = &list->lines[list->count++];
	line->type = type;
	line->level = at->level;
	line->file = at->file;
	line->line = at->line;
	for (unsigned i = 0; i < NITRO_PAM_RESULTS; i++)
		line->action[i] = NITRO_PAM_DO_BAD;
	return line;
}

static char *
copy(struct reader *reader, const char *text)
{
	char *made = nitro_text_copy(nitro_bytes_of_text(text));

	if (made == NULL)
		reader->err = NITRO_E_MEMORY;
	return made;
}

/* libpam keeps the place of a line that it cannot use, and lets it fail. */
static void
add_broken(struct reader *reader, const struct place *at,
    enum nitro_pam_stage stage, const char *control)
{
	struct nitro_pam_line *line = add_line(
	    reader, at, stage, NITRO_PAM_BROKEN);

	if (line == NULL)
		return;
	line->module = copy(reader, "");
	line->control = copy(reader, control);
	(void)nitro_pam_control_parse(control, line->action);
}

static void
add_module(struct reader *reader, const struct place *at,
    enum nitro_pam_stage stage, struct nitro_bytes *rest, const char *control)
{
	NITRO_DROP(nitro_text_drop) char *module = NULL;
	struct nitro_pam_line *line;
	char *argument = NULL;

	if (!nitro_pam_word(rest, &module)) {
		complain(reader, at, "the line names no module");
		add_broken(reader, at, stage, control);
		return;
	}
	if ((line = add_line(reader, at, stage, NITRO_PAM_MODULE)) == NULL)
		return;
	line->control = copy(reader, control);
	line->module = module;
	module = NULL;
	if (line->module == NULL)
		reader->err = NITRO_E_MEMORY;
	if (!nitro_pam_control_parse(control, line->action))
		complain(reader, at,
		    "[%.100s] is no control value; libpam then lets every "
		    "result of the module count as a failure",
		    control);
	while (nitro_pam_word(rest, &argument)) {
		if (argument == NULL) {
			reader->err = NITRO_E_MEMORY;
			return;
		}
		if (line->argument_count == NITRO_PAM_ARGUMENTS_MAX) {
			nitro_text_drop(&argument);
			reader->stack->is_too_long = true;
			return;
		}
		line->argument[line->argument_count++] = argument;
	}
}

static bool read_file(
    struct reader *reader, const struct place *from, const char *name);

/* "auth include NAME", "auth substack NAME". */
static void
include(struct reader *reader, const struct place *at,
    enum nitro_pam_stage stage, struct nitro_bytes *rest, bool is_substack)
{
	NITRO_DROP(nitro_text_drop) char *name = NULL;
	struct place inner = *at;
	struct nitro_pam_line *line;

	if (!nitro_pam_word(rest, &name)) {
		complain(reader, at, "the line names no file");
		add_broken(reader, at, stage, "required");
		return;
	}
	if (name == NULL) {
		reader->err = NITRO_E_MEMORY;
		return;
	}
	if (is_substack) {
		line = add_line(reader, at, stage, NITRO_PAM_SUBSTACK);
		if (line == NULL)
			return;
		line->module = copy(reader, name);
		line->control = copy(reader, "substack");
		inner.level++;
	}
	inner.wanted = stage == NITRO_PAM_AUTH ? AUTH : ACCOUNT;
	if (!read_file(reader, &inner, name))
		add_broken(reader, at, stage, "[default=bad]");
}

static unsigned
stage_of(const char *word)
{
	if (strcasecmp(word, "auth") == 0)
		return AUTH;
	if (strcasecmp(word, "account") == 0)
		return ACCOUNT;
	if (strcasecmp(word, "session") == 0 ||
	    strcasecmp(word, "password") == 0)
		return ELSEWHERE;
	return 0;
}

static void
read_control(struct reader *reader, const struct place *at,
    enum nitro_pam_stage stage, struct nitro_bytes *rest, bool is_illegal)
{
	NITRO_DROP(nitro_text_drop) char *control = NULL;

	if (!nitro_pam_word(rest, &control)) {
		complain(reader, at, "the line has no control value");
		add_broken(reader, at, stage, "[default=bad]");
	} else if (control == NULL) {
		reader->err = NITRO_E_MEMORY;
	} else if (is_illegal) {
		add_broken(reader, at, stage, control);
	} else if (strcasecmp(control, "include") == 0) {
		include(reader, at, stage, rest, false);
	} else if (strcasecmp(control, "substack") == 0) {
		include(reader, at, stage, rest, true);
	} else {
		add_module(reader, at, stage, rest, control);
	}
}

/* Debian's own; false where libpam then gives up altogether. */
static bool
at_include(
    struct reader *reader, const struct place *at, struct nitro_bytes *rest)
{
	NITRO_DROP(nitro_text_drop) char *name = NULL;

	if (!nitro_pam_word(rest, &name)) {
		complain(reader, at, "@include names no file");
		return false;
	}
	if (name == NULL) {
		reader->err = NITRO_E_MEMORY;
		return false;
	}
	if (read_file(reader, at, name))
		return true;
	/* At the top libpam gives up; below, its patch acts on garbage. */
	reader->stack->is_unreadable = true;
	return false;
}

/* One line, comments and continuations resolved; false where libpam gives up. */
static bool
read_line(
    struct reader *reader, const struct place *at, struct nitro_bytes text)
{
	NITRO_DROP(nitro_text_drop) char *word = NULL;
	unsigned type;
	bool is_illegal;

	if (!nitro_pam_word(&text, &word))
		return true;
	if (word == NULL) {
		reader->err = NITRO_E_MEMORY;
		return false;
	}
	if (strcasecmp(word, "@include") == 0)
		return at_include(reader, at, &text);
	type = stage_of(word[0] == '-' ? word + 1 : word);
	is_illegal = type == 0;
	if (is_illegal) {
		complain(reader, at,
		    "\"%.100s\" is none of auth, account, password, session; "
		    "libpam then takes it for a line that fails",
		    word);
		type = at->wanted == ACCOUNT ? ACCOUNT : AUTH;
	}
	type &= at->wanted & reader->wanted;
	if (type == AUTH)
		read_control(reader, at, NITRO_PAM_AUTH, &text, is_illegal);
	else if (type == ACCOUNT)
		read_control(reader, at, NITRO_PAM_ACCOUNT, &text, is_illegal);
	return true;
}

static struct nitro_bytes
trim_start(struct nitro_bytes text)
{
	struct nitro_bytes c;

	while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t') &&
	       nitro_bytes_take(&text, 1, &c))
		;
	return text;
}

static struct nitro_bytes
trim_end(struct nitro_bytes text)
{
	while (text.len > 0 && (text.ptr[text.len - 1] == ' ' ||
				   text.ptr[text.len - 1] == '\t'))
		text.len--;
	return text;
}

/* What of a physical line counts; *goes_on is true where the next one belongs to it. */
static struct nitro_bytes
strip(struct nitro_bytes text, bool *goes_on)
{
	struct nitro_bytes left = text, before;

	*goes_on = false;
	if (nitro_bytes_take_until(&left, '#', &before))
		return before;
	text = trim_end(text);
	if (text.len > 0 && text.ptr[text.len - 1] == '\\') {
		*goes_on = true;
		text.len--;
	}
	return text;
}

/* An empty line does not end a continuation, nor begin one. */
static bool
read_text(struct reader *reader, struct place *at, struct nitro_bytes left)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf whole = {0};
	struct nitro_bytes line;
	bool goes_on = false, is_open = false;
	unsigned number = 0;

	while (left.len > 0 && reader->err == NITRO_OK) {
		number++;
		if (!nitro_bytes_take_until(&left, '\n', &line)) {
			line = left;
			left.len = 0;
		}
		line = trim_start(line);
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		if (!is_open)
			at->line = number;
		line = strip(line, &goes_on);
		if (nitro_buf_append(&whole, line) != NITRO_OK ||
		    nitro_buf_append_byte(&whole, ' ') != NITRO_OK) {
			reader->err = NITRO_E_MEMORY;
			return false;
		}
		is_open = goes_on;
		if (is_open)
			continue;
		if (!read_line(reader, at, nitro_bytes_of_buf(&whole)))
			return false;
		whole.len = 0;
	}
	if (is_open)
		complain(reader, at,
		    "the file ends in a line that a backslash continues");
	return !is_open && reader->err == NITRO_OK;
}

/* The name as the stack keeps it, so that lines can point to it. */
static const char *
keep_name(struct reader *reader, const char *path)
{
	struct nitro_pam_stack *stack = reader->stack;

	for (size_t i = 0; i < stack->file_count; i++)
		if (strcmp(stack->file[i], path) == 0)
			return stack->file[i];
	if (stack->file_count == NITRO_PAM_FILES_MAX) {
		stack->is_too_long = true;
		return NULL;
	}
	stack->file[stack->file_count] = copy(reader, path);
	if (stack->file[stack->file_count] == NULL)
		return NULL;
	return stack->file[stack->file_count++];
}

/* NULL where the file cannot be read; the stack has its name then not either. */
static const char *
load(struct reader *reader, const char *name, struct nitro_buf *text)
{
	const char *const folders[] = {reader->folder, PAM_VENDOR_FOLDER};
	size_t count = strcmp(reader->folder, PAM_FOLDER) == 0 ? 2 : 1;
	struct nitro_fault fault = {0};
	char path[PATH_SIZE];
	int n;

	for (size_t i = 0; i < (name[0] == '/' ? 1 : count); i++) {
		n = snprintf(path, sizeof path, "%s%s%s",
		    name[0] == '/' ? "" : folders[i], name[0] == '/' ? "" : "/",
		    name);
		if (n < 0 || (size_t)n >= sizeof path)
			return NULL;
		if (nitro_input_read(path, FILE_MAX, text, &fault) == NITRO_OK)
			return keep_name(reader, path);
	}
	return NULL;
}

static bool
read_file(struct reader *reader, const struct place *from, const char *name)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct place at = *from;

	if (at.depth >= NITRO_PAM_LEVELS_MAX) {
		complain(reader, from,
		    "%.100s is included more than %d levels deep", name,
		    NITRO_PAM_LEVELS_MAX);
		return false;
	}
	at.depth++;
	if ((at.file = load(reader, name, &text)) == NULL) {
		if (from->file != NULL)
			complain(reader, from, "the file %.200s cannot be read",
			    name);
		return false;
	}
	return read_text(reader, &at, nitro_bytes_of_buf(&text));
}

static unsigned
empty_stages(struct nitro_pam_stack *stack)
{
	unsigned empty = 0;

	if (stack->stage[NITRO_PAM_AUTH].count == 0)
		empty |= AUTH;
	if (stack->stage[NITRO_PAM_ACCOUNT].count == 0)
		empty |= ACCOUNT;
	return empty;
}

nitro_err
nitro_pam_stack_read(
    const char *folder, const char *service, struct nitro_pam_stack *stack)
{
	struct reader reader = {
	    .folder = folder, .stack = stack, .wanted = EVERY};
	const struct place start = {.wanted = EVERY};
	size_t complaints;

	if (!read_file(&reader, &start, service) && stack->file_count > 0)
		stack->is_unreadable = true;
	reader.wanted = empty_stages(stack);
	stack->is_other[NITRO_PAM_AUTH] = (reader.wanted & AUTH) != 0;
	stack->is_other[NITRO_PAM_ACCOUNT] = (reader.wanted & ACCOUNT) != 0;
	complaints = stack->complaint_count;
	if (reader.wanted != 0 && !stack->is_unreadable &&
	    reader.err == NITRO_OK && !read_file(&reader, &start, "other"))
		stack->complaint_count = complaints;
	return reader.err;
}
