/*
 * Records of the evidence store: what is read is written again as the same
 * bytes. The parser says so of itself, so a twin of it is asked here: one
 * byte more, less or other is not the same record.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/keys.h"
#include "policy/evidence_record.h"

#define PATH "/fuzz/record"

static nitro_err
parse(struct nitro_bytes text, struct nitro_evidence_record *record)
{
	struct nitro_fault fault = {.err = NITRO_OK};
	nitro_err err;

	err = nitro_evidence_record_parse(text, PATH, record, &fault);
	if (err != NITRO_OK) {
		FUZZ_CHECK(err == NITRO_E_FILE_READ);
		fuzz_check_fault(&fault, err);
		FUZZ_CHECK(record->document.ptr == NULL);
	}
	return err;
}

/* A last line that is no longer one. */
static void
check_length(struct nitro_bytes text)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record record = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf other = {0};

	fuzz_append(&other, text);
	fuzz_append_byte(&other, '\n');
	FUZZ_CHECK(parse(nitro_bytes_of_buf(&other), &record) != NITRO_OK);
	other.len -= 2;
	FUZZ_CHECK(parse(nitro_bytes_of_buf(&other), &record) != NITRO_OK);
}

/* Another nonce than the record's, and it must not read back as the same. */
static void
check_change(const struct nitro_evidence_record *record)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record again = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	struct nitro_evidence_record changed = *record;

	changed.nonce[5] ^= 1;
	changed.binds_ssh_key = !changed.binds_ssh_key;
	FUZZ_CHECK(nitro_evidence_record_format(&changed, &text) == NITRO_OK);
	FUZZ_CHECK(parse(nitro_bytes_of_buf(&text), &again) == NITRO_OK);
	FUZZ_CHECK(memcmp(again.nonce, changed.nonce, NITRO_NONCE_LEN) == 0);
	FUZZ_CHECK(again.binds_ssh_key == changed.binds_ssh_key);
	FUZZ_CHECK(again.err == record->err);
	FUZZ_CHECK(again.time_ms == record->time_ms);
	FUZZ_CHECK(strcmp(again.user, record->user) == 0);
	FUZZ_CHECK(strcmp(again.module_id, record->module_id) == 0);
	FUZZ_CHECK(nitro_bytes_equal(nitro_bytes_of_buf(&again.document),
	    nitro_bytes_of_buf(&record->document)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record record = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	const struct nitro_bytes in = {data, size};

	if (parse(in, &record) != NITRO_OK)
		return 0;
	FUZZ_CHECK(nitro_evidence_record_format(&record, &text) == NITRO_OK);
	FUZZ_CHECK(nitro_bytes_equal(nitro_bytes_of_buf(&text), in));
	check_length(in);
	check_change(&record);
	return 0;
}

static void
set(char *field, size_t size, const char *value)
{
	nitro_evidence_record_set(field, size, nitro_bytes_of_text(value));
}

static void
seed_record(const struct nitro_evidence_record *record)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};

	FUZZ_CHECK(nitro_evidence_record_format(record, &text) == NITRO_OK);
	fuzz_seed(nitro_bytes_of_buf(&text));
	text.len /= 2;
	fuzz_seed(nitro_bytes_of_buf(&text));
}

void
fuzz_seeds(void)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record record = {0};

	seed_record(&record);
	record.time_ms = INT64_C(1800000000250);
	record.err = NITRO_E_PCR;
	record.mode = NITRO_MODE_OBSERVE;
	set(record.user, sizeof record.user, "de\nploy\\");
	set(record.rhost, sizeof record.rhost, "192.0.2.7");
	record.binds_ssh_key = true;
	record.max_age_ms = 60000;
	record.kind = NITRO_KIND_ENCLAVE;
	set(record.module_id, sizeof record.module_id, "i-01-enc\x1b[2J");
	record.age_ms = -412;
	set(record.workload, sizeof record.workload, "billing");
	set(record.version, sizeof record.version, "1.4.2");
	set(record.entry_file, sizeof record.entry_file, "/etc/m.conf");
	record.entry_line = 3;
	record.differs_mask = 0x80000011;
	set(record.revoked, sizeof record.revoked, "stolen");
	set(record.key, sizeof record.key, "-");
	set(record.audience, sizeof record.audience, "pam_nitro/1 nonce=A");
	fuzz_key(0, &record.key_blob);
	fuzz_append_text(&record.document, "document");
	seed_record(&record);
}
