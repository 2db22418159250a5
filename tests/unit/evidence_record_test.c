#include "policy/evidence_record.h"

#include <stdio.h>
#include <string.h>

#include "unit/unit.h"

static void
fill(struct nitro_evidence_record *record)
{
	*record = (struct nitro_evidence_record){
	    .time_ms = INT64_C(1793534645123), /* 2026-11-01T12:04:05.123Z */
	    .err = NITRO_E_PCR,
	    .mode = NITRO_MODE_OBSERVE,
	    .user = "deploy",
	    .rhost = "192.0.2.7",
	    .binds_ssh_key = true,
	    .wants_audience = true,
	    .max_age_ms = 60000,
	    .clock_skew_ms = 5000,
	    .kind = NITRO_KIND_ENCLAVE,
	    .module_id = "i-0123456789abcdef0-enc0123456789abcdef",
	    .age_ms = -412,
	    .workload = "billing",
	    .version = "1.4.2",
	    .entry_file = "/etc/pam_nitro/measurements.conf",
	    .entry_line = 12,
	    .differs_mask = 0x11,
	    .key = "SHA256:abc",
	    .audience = "pam_nitro/1 nonce=x key=y host=z user=deploy"};
	for (unsigned i = 0; i < sizeof record->nonce; i++)
		record->nonce[i] = (uint8_t)(0xf0 + i);
	unit_append(&record->key_blob, UNIT_BYTES("key\0blob"));
	unit_append(&record->document, UNIT_BYTES("\x84\x44\xa1"));
}

/* The form is a promise: a record of today is read in years. */
static const char expected_text[] =
    "pam_nitro-evidence=1\n"
    "time=2026-11-01T12:04:05.123Z\n"
    "result=deny\n"
    "reason=pcr_mismatch\n"
    "mode=observe\n"
    "user=deploy\n"
    "rhost=192.0.2.7\n"
    "binding=true\n"
    "audience_required=true\n"
    "max_age_ms=60000\n"
    "clock_skew_ms=5000\n"
    "kind=enclave\n"
    "module_id=i-0123456789abcdef0-enc0123456789abcdef\n"
    "age_ms=-412\n"
    "workload=billing\n"
    "version=1.4.2\n"
    "entry_file=/etc/pam_nitro/measurements.conf\n"
    "entry_line=12\n"
    "differs=pcr0,pcr4\n"
    "revoked=\n"
    "nonce=f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
    "000102030405060708090a0b0c0d0e0f\n"
    "key=SHA256:abc\n"
    "audience=pam_nitro/1 nonce=x key=y host=z user=deploy\n"
    "key_blob=a2V5AGJsb2I=\n"
    "document=hESh\n"
    "end=pam_nitro-evidence\n";

static nitro_err
parse_and_say(struct nitro_bytes text, struct nitro_evidence_record *record,
    struct nitro_fault *fault)
{
	nitro_err err = nitro_evidence_record_parse(
	    text, "/test/record", record, fault);

	if (err != NITRO_OK) {
		assert_err(fault->err, err);
		assert_string_equal(fault->file, "/test/record");
		assert_true(fault->text[0] != '\0');
	}
	return err;
}

static nitro_err
parse(struct nitro_bytes text, struct nitro_evidence_record *record)
{
	struct nitro_fault fault = {0};

	return parse_and_say(text, record, &fault);
}

static void
test_a_record_is_written_as_the_manual_says(void **state)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record record;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};

	(void)state;
	fill(&record);
	assert_err(nitro_evidence_record_format(&record, &text), NITRO_OK);
	assert_int_equal(unit_bytes_differ("record", nitro_bytes_of_buf(&text),
			     nitro_bytes_of_text(expected_text)),
	    0);
}

static void
test_what_was_written_is_what_is_read(void **state)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record wanted, read = {0};

	(void)state;
	fill(&wanted);
	assert_err(parse(nitro_bytes_of_text(expected_text), &read), NITRO_OK);
	assert_true(read.time_ms == wanted.time_ms);
	assert_err(read.err, NITRO_E_PCR);
	assert_int_equal(read.mode, NITRO_MODE_OBSERVE);
	assert_string_equal(read.user, "deploy");
	assert_true(read.binds_ssh_key && read.wants_audience);
	assert_true(read.max_age_ms == 60000 && read.age_ms == -412);
	assert_int_equal(read.kind, NITRO_KIND_ENCLAVE);
	assert_true(read.entry_line == 12);
	assert_int_equal(read.differs_mask, 0x11);
	assert_memory_equal(read.nonce, wanted.nonce, sizeof read.nonce);
	assert_int_equal(
	    unit_bytes_differ("key", nitro_bytes_of_buf(&read.key_blob),
		nitro_bytes_of_buf(&wanted.key_blob)),
	    0);
	assert_int_equal(
	    unit_bytes_differ("document", nitro_bytes_of_buf(&read.document),
		nitro_bytes_of_buf(&wanted.document)),
	    0);
}

/* O01 O03 */
static void
test_hostile_text_stays_in_its_line_and_comes_back(void **state)
{
	static const char hostile[] =
	    "a\nresult=allow\r\x1b[2J\x7f\xff\\x41\t= \"";
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record record, read = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	size_t lines = 0;

	(void)state;
	fill(&record);
	nitro_evidence_record_set(
	    record.rhost, sizeof record.rhost, nitro_bytes_of_text(hostile));
	assert_err(nitro_evidence_record_format(&record, &text), NITRO_OK);
	for (size_t i = 0; i < text.len; i++) {
		lines += text.ptr[i] == '\n' ? 1 : 0;
		assert_true(text.ptr[i] == '\n' ||
			    (text.ptr[i] >= ' ' && text.ptr[i] <= '~'));
	}
	assert_int_equal(lines, 26);
	assert_err(parse(nitro_bytes_of_buf(&text), &read), NITRO_OK);
	assert_string_equal(read.rhost, hostile);
}

static void
test_the_longest_values_fit(void **state)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record record, read = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0}, long_text = {0};

	(void)state;
	fill(&record);
	unit_fill(&long_text, 0xff, 2000);
	nitro_evidence_record_set(record.module_id, sizeof record.module_id,
	    nitro_bytes_of_buf(&long_text));
	nitro_evidence_record_set(record.audience, sizeof record.audience,
	    nitro_bytes_of_buf(&long_text));
	assert_int_equal(strlen(record.audience), NITRO_AUDIENCE_MAX);
	record.differs_mask = UINT32_MAX;
	unit_fill(&record.document, 0, 16384 - record.document.len);
	unit_fill(&record.key_blob, 0, 16384 - record.key_blob.len);
	assert_err(nitro_evidence_record_format(&record, &text), NITRO_OK);
	assert_int_in_range(text.len, 1, NITRO_EVIDENCE_RECORD_MAX);
	assert_err(parse(nitro_bytes_of_buf(&text), &read), NITRO_OK);
	assert_string_equal(read.audience, record.audience);
	assert_string_equal(read.module_id, record.module_id);
	assert_true(read.differs_mask == UINT32_MAX);
}

/* A crash, a full disk or an editor leaves nothing that passes for a record. */
static void
test_a_record_that_is_cut_anywhere_is_refused(void **state)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record read = {0};
	struct nitro_bytes whole = nitro_bytes_of_text(expected_text);

	(void)state;
	for (size_t n = 0; n < whole.len; n++)
		assert_err(parse(nitro_bytes_slice(whole, 0, n), &read),
		    NITRO_E_FILE_READ);
	assert_null(read.document.ptr);
}

#define TEN "aaaaaaaaaa"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN

/*
 * One piece of the text above replaced by another; the line and the key that
 * are named, or 0 and NULL where only the whole shows it.
 */
static const struct {
	const char *name, *from, *to;
	unsigned line;
	const char *key;
} rows[] = {
    {"another version", "evidence=1\n", "evidence=2\n", 1,
	"pam_nitro-evidence=1"},
    {"a byte after the end", "end=pam_nitro-evidence\n",
	"end=pam_nitro-evidence\n\n", 26, "end="},
    {"a line twice", "mode=observe\n", "mode=observe\nmode=observe\n", 6,
	"user"},
    {"a line that is missing", "mode=observe\n", "", 5, "mode"},
    {"a line without a value", "mode=observe\n", "mode\n", 5, "mode"},
    {"another order", "user=deploy\nrhost=192.0.2.7\n",
	"rhost=192.0.2.7\nuser=deploy\n", 6, "user"},
    {"an unknown key", "mode=observe\n", "modus=observe\n", 5, "mode"},
    {"no result", "result=deny\n", "", 3, "result"},
    {"an admitted login with a reason", "result=deny\n", "result=allow\n", 0,
	NULL},
    {"an unknown reason", "pcr_mismatch", "pcr_mismatched", 4, "reason"},
    {"a refused login without one", "pcr_mismatch", "ok", 0, NULL},
    {"another word for a mode", "observe", "Observe", 5, "mode"},
    {"a time of another form", "04:05.123Z", "04:05Z", 2, "time"},
    {"a time with a letter", "04:05.123Z", "04:05.12eZ", 2, "time"},
    {"no time", "time=2026-11-01T12:04:05.123Z", "time=", 2, "time"},
    {"a nonce in upper case", "f0f1", "F0F1", 0, NULL},
    {"a nonce that is short", "nonce=f0", "nonce=", 21, "nonce"},
    {"a number with a leading zero", "=60000", "=060000", 10, "max_age_ms"},
    {"a number with a plus", "=60000", "=+60000", 10, "max_age_ms"},
    {"no number", "=60000", "=", 10, "max_age_ms"},
    {"minus zero", "=-412", "=-0", 14, "age_ms"},
    {"minus alone", "=-412", "=-", 14, "age_ms"},
    {"a number beyond 9 digits", "=60000", "=1000000000", 10, "max_age_ms"},
    {"PCRs in another order", "pcr0,pcr4", "pcr4,pcr0", 19, "differs"},
    {"PCR 32", "pcr0,pcr4", "pcr32", 19, "differs"},
    {"PCR 33", "pcr0,pcr4", "pcr33", 19, "differs"},
    {"a comma too many", "pcr0,pcr4", "pcr0,", 19, "differs"},
    {"a raw control byte", "192.0.2.7", "192.0\t2.7", 7, "rhost"},
    {"an escape of upper case", "192.0.2.7", "192\\xFF", 0, NULL},
    {"an escape of a plain byte", "192.0.2.7", "192\\x41", 7, "rhost"},
    {"an escaped NUL", "192.0.2.7", "192\\x00", 7, "rhost"},
    {"an escape that ends too early", "192.0.2.7", "192\\x1", 7, "rhost"},
    {"an escape of nothing", "192.0.2.7", "192\\", 7, "rhost"},
    {"an escape of another kind", "192.0.2.7", "192\\n01", 7, "rhost"},
    {"an escape without digits", "192.0.2.7", "192\\xzz", 7, "rhost"},
    {"a text longer than its field", "192.0.2.7", LONG LONG LONG LONG, 7,
	"rhost"},
    {"a text that is a byte too long", "192.0.2.7", LONG LONG LONG TEN "aaaaaa",
	7, "rhost"},
    {"a reason longer than any", "pcr_mismatch", LONG, 4, "reason"},
    {"a switch that is neither", "binding=true", "binding=yes", 8, "binding"},
    {"another word for a kind", "kind=enclave", "kind=Enclave", 12, "kind"},
    {"no PCR", "pcr0,pcr4", "zcr0", 19, "differs"},
    {"a PCR without a number", "pcr0,pcr4", "pcr", 19, "differs"},
    {"a month that is none", "2026-11-01T", "2026-13-01T", 2, "time"},
    {"another last line", "end=pam_nitro-evidence", "end=pam_nitro", 26,
	"end="},
    {"base64 without padding", "a2V5AGJsb2I=", "a2V5AGJsb2I", 24, "key_blob"},
    {"base64 with a blank", "hESh", "hE Sh", 25, "document"},
    {"carriage returns", "mode=observe\n", "mode=observe\r\n", 5, "mode"},
    /* Nothing of the line before stands in for one that does not end. */
    {"a value like a line that is cut",
	"audience=pam_nitro/1 nonce=x key=y host=z user=deploy\n"
	"key_blob=a2V5AGJsb2I=\ndocument=hESh\nend=pam_nitro-evidence\n",
	"audience=key_blob=AAAA\nkey_blob=AAAA", 24, "key_blob"},
};

static unsigned
row_differs(size_t i, const struct nitro_fault *fault)
{
	char words[128];

	(void)snprintf(words, sizeof words, "record of pam_nitro: %s",
	    rows[i].key != NULL ? rows[i].key : "");
	if (fault->line == rows[i].line &&
	    strstr(fault->text,
		rows[i].key != NULL ? words : "as pam_nitro writes it") != NULL)
		return 0;
	print_message("# row '%s': says line %u: %s\n", rows[i].name,
	    fault->line, fault->text);
	return 1;
}

static void
test_nothing_but_the_form_is_read(void **state)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record read = {0};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
		const char *at = strstr(expected_text, rows[i].from);
		struct nitro_fault fault = {0};

		assert_non_null(at);
		unit_append(
		    &text, (struct nitro_bytes){(const uint8_t *)expected_text,
			       (size_t)(at - expected_text)});
		unit_append(&text, nitro_bytes_of_text(rows[i].to));
		unit_append(
		    &text, nitro_bytes_of_text(at + strlen(rows[i].from)));
		wrong += unit_differs(rows[i].name,
		    parse_and_say(nitro_bytes_of_buf(&text), &read, &fault),
		    NITRO_E_FILE_READ);
		wrong += row_differs(i, &fault);
	}
	assert_int_equal(wrong, 0);
	assert_null(read.document.ptr);
}

/* Where the record is other than the one above; read, it is the same again. */
static void
assert_written(const struct nitro_evidence_record *record, const char *line)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record read = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};

	assert_err(nitro_evidence_record_format(record, &text), NITRO_OK);
	assert_err(parse(nitro_bytes_of_buf(&text), &read), NITRO_OK);
	assert_int_equal(read.binds_ssh_key, record->binds_ssh_key);
	assert_true(read.age_ms == record->age_ms);
	unit_append(&text, UNIT_BYTES("\0"));
	if (strstr((const char *)text.ptr, line) == NULL)
		fail_msg("not there: %s", line);
}

static void
test_each_value_is_written_as_it_is(void **state)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record record;

	(void)state;
	fill(&record);
	record.binds_ssh_key = false;
	assert_written(&record, "\nbinding=false\naudience_required=true\n");
	nitro_evidence_record_set(
	    record.rhost, sizeof record.rhost, UNIT_BYTES(" ~\x7f\x1f"));
	assert_written(&record, "\nrhost= ~\\x7f\\x1f\n");
	record.err = NITRO_OK;
	assert_written(&record, "\nresult=allow\nreason=ok\n");
	record.age_ms = 0;
	assert_written(&record, "\nage_ms=0\n");
}

static void
test_what_has_no_word_is_written_as_none(void **state)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record record;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};

	(void)state;
	fill(&record);
	record.mode = (enum nitro_mode)2;
	record.kind = (enum nitro_kind)3;
	assert_err(nitro_evidence_record_format(&record, &text), NITRO_OK);
	unit_append(&text, UNIT_BYTES("\0"));
	assert_non_null(strstr((const char *)text.ptr, "\nmode=none\n"));
	assert_non_null(strstr((const char *)text.ptr, "\nkind=none\n"));
}

static void
test_a_field_ends_at_a_nul(void **state)
{
	char field[8] = "before";

	(void)state;
	nitro_evidence_record_set(field, sizeof field, UNIT_BYTES("ab\0cd"));
	assert_string_equal(field, "ab");
	nitro_evidence_record_set(field, sizeof field, UNIT_BYTES("12345678"));
	assert_string_equal(field, "1234567");
	nitro_evidence_record_set(
	    field, sizeof field, nitro_bytes_slice(UNIT_BYTES("abcdef"), 0, 3));
	assert_string_equal(field, "abc");
}

/* The text of a record that is whole, with that many bytes. */
static void
put_record_of(size_t len, struct nitro_buf *text)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record record;
	size_t short_of;

	fill(&record);
	unit_fill(&record.document, 0, 45000);
	assert_err(nitro_evidence_record_format(&record, text), NITRO_OK);
	assert_true(text->len <= len);
	short_of = len - text->len;
	unit_fill(&record.document, 0, short_of / 4 * 3);
	nitro_evidence_record_set(record.rhost, sizeof record.rhost,
	    nitro_bytes_slice(UNIT_BYTES("192.0.2.7aaa"), 0,
		strlen("192.0.2.7") + short_of % 4));
	text->len = 0;
	assert_err(nitro_evidence_record_format(&record, text), NITRO_OK);
	assert_int_equal(text->len, len);
}

static void
test_a_record_has_64_kib_at_most(void **state)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record read = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf most = {0}, more = {0};
	struct nitro_fault fault = {0};

	(void)state;
	put_record_of(NITRO_EVIDENCE_RECORD_MAX, &most);
	assert_err(parse(nitro_bytes_of_buf(&most), &read), NITRO_OK);
	put_record_of(NITRO_EVIDENCE_RECORD_MAX + 1, &more);
	assert_err(parse_and_say(nitro_bytes_of_buf(&more), &read, &fault),
	    NITRO_E_FILE_READ);
	assert_non_null(strstr(fault.text, "too long"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_record_is_written_as_the_manual_says),
	    cmocka_unit_test(test_what_was_written_is_what_is_read),
	    cmocka_unit_test(
		test_hostile_text_stays_in_its_line_and_comes_back),
	    cmocka_unit_test(test_the_longest_values_fit),
	    cmocka_unit_test(test_a_record_that_is_cut_anywhere_is_refused),
	    cmocka_unit_test(test_nothing_but_the_form_is_read),
	    cmocka_unit_test(test_each_value_is_written_as_it_is),
	    cmocka_unit_test(test_what_has_no_word_is_written_as_none),
	    cmocka_unit_test(test_a_field_ends_at_a_nul),
	    cmocka_unit_test(test_a_record_has_64_kib_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
