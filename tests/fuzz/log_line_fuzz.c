/*
 * A line of the log, taken apart by pam-nitro explain: whatever else stands
 * in the log, what comes out is printable and was said by the module.
 * O01 O05
 */
#include <string.h>

#include "admin/record/log_line.h"
#include "fuzz/fuzz.h"

static void
check_fields(const struct nitro_log_line *line)
{
	FUZZ_CHECK(line->count >= 3 && line->count <= NITRO_LOG_FIELDS_MAX);
	for (size_t i = 0; i < line->count; i++) {
		const struct nitro_log_field *field = &line->field[i];

		FUZZ_CHECK(fuzz_is_printable(field->key));
		FUZZ_CHECK(fuzz_is_printable(field->value));
		FUZZ_CHECK(strchr(field->key, '=') == NULL);
		FUZZ_CHECK(nitro_log_line_get(line, field->key) != NULL);
	}
	FUZZ_CHECK(strcmp(line->field[0].key, "result") == 0);
	FUZZ_CHECK(strcmp(line->field[1].key, "reason") == 0);
	FUZZ_CHECK(strcmp(line->field[2].key, "ref") == 0);
}

/* The message alone, in another syslog's form, gives the same fields. */
static void
check_other_head(struct nitro_bytes in, const struct nitro_log_line *line)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_log_line again = {0};
	const size_t start = nitro_bytes_has_prefix(in, "pam_nitro(")
				 ? 0
				 : strlen(line->head);

	if (start >= sizeof line->head - 1)
		return; /* cut */
	fuzz_append_text(&text, "2027-01-15T08:00:00Z host sshd[1]: ");
	fuzz_append(
	    &text, nitro_bytes_slice(in, start == 0 ? 0 : start + 2, in.len));
	if (!nitro_bytes_has_prefix(
		nitro_bytes_slice(in, start == 0 ? 0 : start + 2, in.len),
		"pam_nitro("))
		return; /* a head of no characters */
	FUZZ_CHECK(nitro_log_line_parse(nitro_bytes_of_buf(&text), &again));
	FUZZ_CHECK(again.count == line->count);
	for (size_t i = 0; i < line->count; i++)
		FUZZ_CHECK(
		    strcmp(again.field[i].key, line->field[i].key) == 0 &&
		    strcmp(again.field[i].value, line->field[i].value) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct nitro_log_line line;
	const struct nitro_bytes in = {data, size};

	line.count = 77;
	if (!nitro_log_line_parse(in, &line)) {
		FUZZ_CHECK(line.count == 77);
		return 0;
	}
	FUZZ_CHECK(fuzz_is_printable(line.head));
	check_fields(&line);
	check_other_head(in, &line);
	return 0;
}

#define SAID \
	"pam_nitro(sshd:auth): result=deny reason=pcr_mismatch " \
	"ref=3f9a12c0 user=deploy rhost=192.0.2.7 kind=enclave " \
	"nearest=billing/1.4.2 differs=pcr0 age_ms=412"

void
fuzz_seeds(void)
{
	static const char *const texts[] = {SAID,
	    "Nov 24 02:50:44 host sshd[123]: " SAID,
	    "2026-11-24T02:50:44.1+00:00 host sshd[9]: " SAID " said=\"a b\"",
	    "Nov 24 host sshd[1]: Accepted for user " SAID,
	    "pam_nitro(sshd:auth): result=allow reason=ok ref=00000000",
	    "pam_nitro(a): result= reason= ref=", "pam_nitro(", ": pam_nitro(",
	    "\x1b[2Jhost\x9b: " SAID " said=\"\x1b]8;;\xe2\x80\xae\"",
	    "pam_nitro(a): result=\"x reason=y ref=z"};

	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++)
		fuzz_seed_text(texts[i]);
}
