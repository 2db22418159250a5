#include "admin/check/check_findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "admin/json_text.h"
#include "admin/printable.h"

enum { WIDTH = 78, INDENT = 10, START_ROOM = 16 };

static void
drop_finding(struct nitro_finding *finding)
{
	for (size_t i = 0; i < NITRO_FINDING_ACCOUNTS_MAX; i++)
		nitro_text_drop(&finding->accounts[i]);
	for (size_t i = 0; i < NITRO_FINDING_PATH_MAX; i++)
		nitro_text_drop(&finding->path[i]);
	*finding = (struct nitro_finding){0};
}

void
nitro_findings_drop(struct nitro_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		drop_finding(&findings->list[i]);
	nitro_free(findings->list);
	*findings = (struct nitro_findings){0};
}

static bool
grow(struct nitro_findings *findings)
{
	size_t room = findings->room == 0 ? START_ROOM : 2 * findings->room;
	struct nitro_finding *list;

	if (findings->count < findings->room)
		return true;
	if ((list = nitro_alloc(room, sizeof list[0])) == NULL)
		return false;
	if (findings->count > 0)
		memcpy(list, findings->list, findings->count * sizeof list[0]);
	nitro_free(findings->list);
	findings->list = list;
	findings->room = room;
	return true;
}

struct nitro_finding *
nitro_finding_add(struct nitro_findings *findings,
    const struct nitro_finding_kind *kind, const char *file, unsigned line)
{
	struct nitro_finding *finding;

	if (!grow(findings)) {
		findings->has_failed = true;
		return NULL;
	}
	finding = &findings->list[findings->count++];
	*finding = (struct nitro_finding){.kind = kind, .line = line};
	nitro_printable(
	    nitro_bytes_of_text(file), finding->file, sizeof finding->file);
	return finding;
}

/* Names in files and of accounts are anybody's bytes. */
__attribute__((format(printf, 3, 0))) static void
write_text(char *out, size_t out_size, const char *format, va_list args)
{
	char text[1024];

	(void)vsnprintf(text, sizeof text, format, args);
	nitro_printable(nitro_bytes_of_text(text), out, out_size);
}

void
nitro_finding_what(struct nitro_finding *finding, const char *format, ...)
{
	va_list args;

	if (finding == NULL)
		return;
	va_start(args, format);
	write_text(finding->what, sizeof finding->what, format, args);
	va_end(args);
}

void
nitro_finding_change(struct nitro_finding *finding, const char *format, ...)
{
	va_list args;

	if (finding == NULL)
		return;
	va_start(args, format);
	write_text(finding->change, sizeof finding->change, format, args);
	va_end(args);
}

void
nitro_finding_path(struct nitro_finding *finding, const char *format, ...)
{
	char text[512];
	va_list args;

	if (finding == NULL || finding->path_count == NITRO_FINDING_PATH_MAX)
		return;
	va_start(args, format);
	write_text(text, sizeof text, format, args);
	va_end(args);
	finding->path[finding->path_count] = nitro_text_copy(
	    nitro_bytes_of_text(text));
	if (finding->path[finding->path_count] != NULL)
		finding->path_count++;
}

static bool
says_the_same(const struct nitro_finding *a, const struct nitro_finding *b)
{
	if (a->kind != b->kind || a->line != b->line ||
	    strcmp(a->file, b->file) != 0 || strcmp(a->what, b->what) != 0 ||
	    strcmp(a->change, b->change) != 0 || a->path_count != b->path_count)
		return false;
	for (size_t i = 0; i < a->path_count; i++)
		if (strcmp(a->path[i], b->path[i]) != 0)
			return false;
	return true;
}

static void
name_account(struct nitro_findings *findings, struct nitro_finding *finding,
    const char *account)
{
	char text[128], *copy;

	if (finding->account_count < NITRO_FINDING_ACCOUNTS_MAX) {
		nitro_printable(
		    nitro_bytes_of_text(account), text, sizeof text);
		if ((copy = nitro_text_copy(nitro_bytes_of_text(text))) == NULL)
			findings->has_failed = true;
		finding->accounts[finding->account_count] = copy;
	}
	finding->account_count++;
}

void
nitro_finding_account(struct nitro_findings *findings, const char *account)
{
	struct nitro_finding *newest;

	if (findings->count == 0)
		return;
	newest = &findings->list[findings->count - 1];
	for (size_t i = 0; i + 1 < findings->count; i++)
		if (findings->list[i].account_count > 0 &&
		    says_the_same(&findings->list[i], newest)) {
			drop_finding(newest);
			findings->count--;
			name_account(findings, &findings->list[i], account);
			return;
		}
	name_account(findings, newest, account);
}

size_t
nitro_findings_count(
    const struct nitro_findings *findings, enum nitro_severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		if (findings->list[i].kind->severity == severity)
			count++;
	return count;
}

static const char *
severity_name(enum nitro_severity severity)
{
	switch (severity) {
	case NITRO_SEVERITY_ERROR:
		return "error";
	case NITRO_SEVERITY_WARNING:
		return "warning";
	case NITRO_SEVERITY_NOTE:
		return "note";
	}
	return "error";
}

static enum nitro_tone
severity_tone(enum nitro_severity severity)
{
	switch (severity) {
	case NITRO_SEVERITY_ERROR:
	case NITRO_SEVERITY_WARNING:
		return NITRO_TONE_BAD;
	case NITRO_SEVERITY_NOTE:
		return NITRO_TONE_PLAIN;
	}
	return NITRO_TONE_BAD;
}

/* "  why     " and the text, broken at blanks to the width of a terminal. */
static void
print_wrapped(const char *label, const char *text)
{
	struct nitro_bytes left = nitro_bytes_of_text(text), word;
	size_t column = INDENT;
	bool is_last = text[0] == '\0', is_first = true;

	if (is_last)
		return;
	printf("  %-*s", INDENT - 2, label);
	while (!is_last) {
		if (!nitro_bytes_take_until(&left, ' ', &word)) {
			word = left;
			is_last = true;
		}
		if (!is_first && column + 1 + word.len > WIDTH) {
			printf("\n%*s", INDENT, "");
			column = INDENT;
		} else if (!is_first) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)word.len, (const char *)word.ptr);
		column += word.len;
		is_first = false;
	}
	putchar('\n');
}

static void
print_accounts(const struct nitro_finding *finding)
{
	char text[1280] = "";
	size_t len = 0;

	for (size_t i = 0; i < finding->account_count &&
			   i < NITRO_FINDING_ACCOUNTS_MAX && len < sizeof text;
	     i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%s",
		    i > 0 ? ", " : "",
		    finding->accounts[i] != NULL ? finding->accounts[i] : "?");
	if (finding->account_count > NITRO_FINDING_ACCOUNTS_MAX &&
	    len < sizeof text)
		(void)snprintf(text + len, sizeof text - len, " and %zu more",
		    finding->account_count - NITRO_FINDING_ACCOUNTS_MAX);
	print_wrapped("who", text);
}

static void
print_finding(const struct nitro_finding *finding)
{
	enum nitro_severity severity = finding->kind->severity;
	char where[300] = "";

	nitro_print_word(severity_tone(severity), 8, severity_name(severity));
	printf("  %s\n", finding->kind->id);
	if (finding->line > 0)
		(void)snprintf(
		    where, sizeof where, "%s:%u", finding->file, finding->line);
	else
		(void)snprintf(where, sizeof where, "%s", finding->file);
	print_wrapped("where", where);
	print_accounts(finding);
	print_wrapped("what", finding->what);
	for (size_t i = 0; i < finding->path_count; i++)
		printf("  %-*s%s\n", INDENT - 2, i == 0 ? "path" : "",
		    finding->path[i]);
	print_wrapped("why", finding->kind->why);
	print_wrapped("change", finding->change);
	putchar('\n');
}

static void
print_count(size_t count, const char *one, const char *many)
{
	printf("%zu %s", count, count == 1 ? one : many);
}

static void
print_summary(const struct nitro_findings *findings,
    const struct nitro_looked_at *looked_at)
{
	if (findings->count == 0) {
		printf("no findings");
	} else {
		print_count(
		    nitro_findings_count(findings, NITRO_SEVERITY_ERROR),
		    "error, ", "errors, ");
		print_count(
		    nitro_findings_count(findings, NITRO_SEVERITY_WARNING),
		    "warning, ", "warnings, ");
		print_count(nitro_findings_count(findings, NITRO_SEVERITY_NOTE),
		    "note", "notes");
	}
	printf("; looked at ");
	print_count(looked_at->rules, "rule, ", "rules, ");
	print_count(looked_at->entries, "entry, ", "entries, ");
	print_count(looked_at->revoked, "revoked item, ", "revoked items, ");
	print_count(looked_at->anchors, "trust anchor", "trust anchors");
	if (looked_at->has_host) {
		printf(", ");
		print_count(looked_at->accounts, "account, ", "accounts, ");
		print_count(looked_at->pam_files, "PAM file", "PAM files");
	}
	putchar('\n');
}

void
nitro_findings_print(const struct nitro_findings *findings,
    const struct nitro_looked_at *looked_at)
{
	for (enum nitro_severity severity = NITRO_SEVERITY_ERROR;
	     severity <= NITRO_SEVERITY_NOTE; severity++)
		for (size_t i = 0; i < findings->count; i++)
			if (findings->list[i].kind->severity == severity)
				print_finding(&findings->list[i]);
	print_summary(findings, looked_at);
}

static json_t *
texts_json(char *const *texts, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(
		    list, json_string(texts[i] != NULL ? texts[i] : "?"));
	return list;
}

static json_t *
finding_json(const struct nitro_finding *finding)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	size_t named = finding->account_count;

	if (named > NITRO_FINDING_ACCOUNTS_MAX)
		named = NITRO_FINDING_ACCOUNTS_MAX;
	nitro_json_begin(&json);
	nitro_json_set_text(&json, "id", finding->kind->id);
	nitro_json_set_text(
	    &json, "severity", severity_name(finding->kind->severity));
	nitro_json_set_text(
	    &json, "file", finding->file[0] != '\0' ? finding->file : NULL);
	if (finding->line > 0)
		nitro_json_set_int(&json, "line", finding->line);
	else
		nitro_json_set(&json, "line", json_null());
	nitro_json_set(&json, "accounts", texts_json(finding->accounts, named));
	nitro_json_set_size(&json, "account_count", finding->account_count);
	nitro_json_set_text(&json, "what", finding->what);
	nitro_json_set(
	    &json, "path", texts_json(finding->path, finding->path_count));
	nitro_json_set_text(&json, "why", finding->kind->why);
	nitro_json_set_text(&json, "change", finding->change);
	return nitro_json_take(&json);
}

static json_t *
looked_at_json(const struct nitro_looked_at *looked_at)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};

	nitro_json_begin(&json);
	nitro_json_set_size(&json, "rules", looked_at->rules);
	nitro_json_set_size(&json, "entries", looked_at->entries);
	nitro_json_set_size(&json, "revoked", looked_at->revoked);
	nitro_json_set_size(&json, "trust_anchors", looked_at->anchors);
	nitro_json_set_bool(&json, "host", looked_at->has_host);
	nitro_json_set_size(&json, "accounts", looked_at->accounts);
	nitro_json_set_size(&json, "pam_files", looked_at->pam_files);
	return nitro_json_take(&json);
}

bool
nitro_findings_print_json(const struct nitro_findings *findings,
    const struct nitro_looked_at *looked_at)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	size_t errors, warnings, notes;
	json_t *list = json_array();

	errors = nitro_findings_count(findings, NITRO_SEVERITY_ERROR);
	warnings = nitro_findings_count(findings, NITRO_SEVERITY_WARNING);
	notes = nitro_findings_count(findings, NITRO_SEVERITY_NOTE);
	nitro_json_begin(&json);
	nitro_json_set_text(
	    &json, "result", errors + warnings > 0 ? "findings" : "clean");
	nitro_json_set_size(&json, "errors", errors);
	nitro_json_set_size(&json, "warnings", warnings);
	nitro_json_set_size(&json, "notes", notes);
	for (size_t i = 0; i < findings->count; i++)
		if (json_array_append_new(
			list, finding_json(&findings->list[i])) != 0)
			json.has_failed = true;
	nitro_json_set(&json, "findings", list);
	nitro_json_set(&json, "looked_at", looked_at_json(looked_at));
	return nitro_json_print(&json);
}
