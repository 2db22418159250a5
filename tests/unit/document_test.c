#include "evidence/document.h"

#include <stdio.h>
#include <string.h>

#include "sim/sim.h"
#include "unit/unit.h"

/*
 * Payloads of the simulated NSM, whose certificates are mere words here: no
 * certificate is looked into before the chain is verified.
 */
static struct sim_pki pki;

static int
make_pki(void **state)
{
	static const char *const words[SIM_POSITIONS] = {
	    "root", "regional", "zonal", "instance", "leaf"};

	(void)state;
	pki.kind = NITRO_KIND_ENCLAVE;
	(void)snprintf(
	    pki.module_id, sizeof pki.module_id, "%s", SIM_MODULE_ID_ENCLAVE);
	for (size_t i = 0; i < SIM_POSITIONS; i++)
		unit_append(&pki.cert[i].der, nitro_bytes_of_text(words[i]));
	return 0;
}

static int
drop_pki(void **state)
{
	(void)state;
	sim_pki_drop(&pki);
	return 0;
}

#define TIME_MS UINT64_C(1800000000250)

static void
make_document(struct sim_document *doc)
{
	sim_document_default(&pki, TIME_MS, doc);
}

/* The payload with one pair changed: hex of one item, or NULL to leave it out. */
static void
put_edited(struct nitro_buf *payload, const char *key, const char *hex)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf value = {0};
	struct sim_document doc;
	struct sim_edit edit = {.key = key};

	make_document(&doc);
	if (hex != NULL)
		unit_hex(hex, &value);
	edit.value = nitro_bytes_of_buf(&value);
	assert_true(sim_payload_edited(&doc, &edit, 1, payload));
}

static nitro_err
parse(struct nitro_bytes payload, struct nitro_document *doc)
{
	/* A copy of its own, so that a sanitizer sees one byte too far. */
	NITRO_DROP(nitro_buf_drop) struct nitro_buf copy = {0};

	unit_append(&copy, payload);
	return nitro_document_parse(nitro_bytes_of_buf(&copy), doc);
}

static nitro_err
parse_edited(const char *key, const char *hex, struct nitro_document *doc)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};

	put_edited(&payload, key, hex);
	return parse(nitro_bytes_of_buf(&payload), doc);
}

struct row {
	const char *name, *key, *hex;
	nitro_err want;
};

static void
check_rows(const struct row *rows, size_t count)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < count; i++) {
		struct nitro_document doc = {.cabundle_count = 77};

		wrong += unit_differs(rows[i].name,
		    parse_edited(rows[i].key, rows[i].hex, &doc), rows[i].want);
		/* Written only on success. */
		wrong += unit_is_not(rows[i].name, doc.cabundle_count == 77,
		    rows[i].want != NITRO_OK);
	}
	assert_int_equal(wrong, 0);
}

static void
test_an_enclave_document_as_aws_has_it(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};
	struct nitro_document got = {0};
	struct sim_document doc;

	(void)state;
	make_document(&doc);
	doc.nonce = UNIT_BYTES("a nonce");
	doc.user_data = UNIT_BYTES("user data");
	doc.public_key = UNIT_BYTES("a public key");
	assert_true(sim_payload(&doc, &payload));
	assert_err(
	    nitro_document_parse(nitro_bytes_of_buf(&payload), &got), NITRO_OK);
	assert_int_equal(got.kind, NITRO_KIND_ENCLAVE);
	assert_true(
	    nitro_bytes_equal_text(got.module_id, SIM_MODULE_ID_ENCLAVE));
	assert_true(got.timestamp_ms == TIME_MS);
	assert_int_equal(got.pcr_mask, 0xffff);
	for (size_t i = 0; i < NITRO_PCR_COUNT_MAX; i++) {
		assert_int_equal(got.pcr[i].len, i < 16 ? 48 : 0);
		if (i < 16)
			assert_memory_equal(got.pcr[i].ptr, doc.pcr[i], 48);
	}
	assert_true(nitro_bytes_equal_text(got.certificate, "leaf"));
	assert_int_equal(got.cabundle_count, 4);
	assert_true(nitro_bytes_equal_text(got.cabundle[0], "root"));
	assert_true(nitro_bytes_equal_text(got.cabundle[1], "regional"));
	assert_true(nitro_bytes_equal_text(got.cabundle[2], "zonal"));
	assert_true(nitro_bytes_equal_text(got.cabundle[3], "instance"));
	assert_true(nitro_bytes_equal_text(got.nonce, "a nonce"));
	assert_true(nitro_bytes_equal_text(got.user_data, "user data"));
	assert_true(nitro_bytes_equal_text(got.public_key, "a public key"));
	assert_int_in_range((uintptr_t)got.nonce.ptr, (uintptr_t)payload.ptr,
	    (uintptr_t)payload.ptr + payload.len); /* a view, no copy */
}

static void
test_a_nitrotpm_document_is_of_its_own_kind(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};
	struct nitro_document got = {0};
	struct sim_document doc;

	(void)state;
	make_document(&doc);
	doc.kind = NITRO_KIND_NITROTPM;
	doc.pcr_count = 24;
	assert_true(sim_payload(&doc, &payload));
	assert_err(
	    nitro_document_parse(nitro_bytes_of_buf(&payload), &got), NITRO_OK);
	assert_int_equal(got.kind, NITRO_KIND_NITROTPM);
	assert_int_equal(got.pcr_mask, 0xffffff);
}

static void
test_kinds_have_names(void **state)
{
	(void)state;
	assert_string_equal(nitro_kind_name(NITRO_KIND_ENCLAVE), "enclave");
	assert_string_equal(nitro_kind_name(NITRO_KIND_NITROTPM), "nitrotpm");
	assert_string_equal(nitro_kind_name(NITRO_KIND_NONE), "none");
	assert_string_equal(nitro_kind_name((enum nitro_kind)9), "none");
}

/* C18: AWS has changed between the two before. */
static void
test_collections_may_be_definite_or_not(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};
		struct nitro_document got = {0};
		struct sim_document doc;

		make_document(&doc);
		doc.is_definite = (i & 1) != 0;
		doc.has_indefinite_pcrs = (i & 2) != 0;
		doc.has_indefinite_cabundle = (i & 4) != 0;
		doc.kind = (i & 8) != 0 ? NITRO_KIND_NITROTPM
					: NITRO_KIND_ENCLAVE;
		assert_true(sim_payload(&doc, &payload));
		wrong += unit_differs(
		    "C18", parse(nitro_bytes_of_buf(&payload), &got), NITRO_OK);
		wrong += unit_is_not("C18",
		    got.cabundle_count == 4 && got.pcr_mask == 0xffff, true);
	}
	assert_int_equal(wrong, 0);
}

/* C18: the break of each collection is needed. */
static void
test_a_collection_without_its_break_is_refused(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};
	struct nitro_document got = {0};
	struct sim_document doc;

	(void)state;
	make_document(&doc);
	assert_true(sim_payload(&doc, &payload));
	assert_int_equal(payload.ptr[0], 0xbf);
	assert_int_equal(payload.ptr[payload.len - 1], 0xff);
	assert_err(
	    parse((struct nitro_bytes){payload.ptr, payload.len - 1}, &got),
	    NITRO_E_CBOR);
}

static const char *const mandatory[] = {
    "module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"};

/* D01 D02 D03 D04 D05 D06 */
static void
test_a_field_that_must_be_there_is_missed(void **state)
{
	struct nitro_document got = {0};
	unsigned wrong = 0;

	(void)state;
	assert_err(parse_edited("public_key", NULL, &got), NITRO_OK);
	for (size_t i = 0; i < NITRO_COUNT_OF(mandatory); i++)
		wrong += unit_differs(mandatory[i],
		    parse_edited(mandatory[i], NULL, &got),
		    NITRO_E_FIELD_MISSING);
	assert_int_equal(wrong, 0);
}

/* C24: a key that is merely like one is unknown, and so the real one is missed. */
static void
test_a_key_of_another_spelling_is_unknown(void **state)
{
	static const struct {
		const char *key, *spelled;
	} rows[] = {
	    {"module_id", "Module_id"},
	    {"module_id", "module-id"},
	    {"digest", "digest "},
	    {"digest", " digest"},
	    {"timestamp", "Timestamp"},
	    {"timestamp", "time\xd1\x95tamp"}, /* Cyrillic */
	    {"pcrs", "PCRs"},
	    {"pcrs", "pcr"},
	    {"certificate", "certificates"},
	    {"cabundle", "caBundle"},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf payload = {0}, value = {0};
		struct nitro_document got = {0};
		struct sim_document doc;
		struct sim_edit edits[2] = {
		    {.key = rows[i].key}, {.key = rows[i].spelled}};

		make_document(&doc);
		unit_hex("66 534841333834", &value);
		edits[1].value = nitro_bytes_of_buf(&value);
		assert_true(sim_payload_edited(&doc, edits, 2, &payload));
		wrong += unit_differs(rows[i].spelled,
		    parse(nitro_bytes_of_buf(&payload), &got),
		    NITRO_E_FIELD_MISSING);
	}
	assert_int_equal(wrong, 0);
}

/* C24: and a nonce under another name is no nonce. */
static void
test_a_nonce_under_another_name_is_absent(void **state)
{
	static const char *const names[] = {"Nonce", "nonce ", "NONCE", "nonc"};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(names); i++) {
		struct nitro_document got = {0};

		assert_err(
		    parse_edited(names[i], "44 01020304", &got), NITRO_OK);
		assert_int_equal(got.nonce.len, 0);
	}
}

/* One item of every type there is. */
static const struct {
	const char *type, *hex;
} items[] = {
    {"uint", "05"},
    {"negative", "25"},
    {"bytes", "43010203"},
    {"text", "63616263"},
    {"array", "8105"},
    {"map", "a10505"},
    {"false", "f4"},
    {"true", "f5"},
    {"null", "f6"},
    {"undefined", "f7"},
    {"half float", "f93c00"},
    {"float", "fa47c35000"},
    {"double", "fb3ff199999999999a"},
    {"NaN", "f97e00"},
    {"simple(16)", "f0"},
    {"simple(255)", "f8ff"},
    {"bignum", "c249010000000000000000"},
    {"date", "c11a514b67b0"},
    {"date text", "c074323031332d30332d32315432303a30343a30305a"},
    {"bytes in chunks", "5f43010203ff"},
    {"text in chunks", "7f63616263ff"},
    {"empty bytes in chunks", "5fff"},
};

/* Which type a field has, what comes of the item of that type above, and
 * which other type it also takes. */
static const struct {
	const char *key, *type;
	nitro_err want;
	const char *also;
} fields[] = {
    {"module_id", "text", NITRO_OK, ""},
    {"digest", "text", NITRO_E_DIGEST, ""},
    {"timestamp", "uint", NITRO_OK, ""},
    {"pcrs", "map", NITRO_E_FIELD_TYPE, ""}, /* 5 is no value of a PCR */
    {"certificate", "bytes", NITRO_OK, ""},
    {"cabundle", "array", NITRO_E_FIELD_TYPE, ""}, /* nor a certificate */
    {"public_key", "bytes", NITRO_OK, "null"},
    {"user_data", "bytes", NITRO_OK, "null"},
    {"nonce", "bytes", NITRO_OK, "null"},
};

/* D07 C20 C21 C16 */
static void
test_every_field_has_one_type(void **state)
{
	char name[64];
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(fields); i++)
		for (size_t k = 0; k < NITRO_COUNT_OF(items); k++) {
			struct nitro_document got = {0};
			nitro_err err;
			/* Tags, other simple values and chunks are not CBOR
			 * that is taken at all. */
			nitro_err want = k >= 14 ? NITRO_E_CBOR_TYPE
						 : NITRO_E_FIELD_TYPE;

			if (strcmp(items[k].type, fields[i].type) == 0)
				want = fields[i].want;
			else if (strcmp(items[k].type, fields[i].also) == 0)
				want = NITRO_OK;
			(void)snprintf(name, sizeof name, "%s: %s",
			    fields[i].key, items[k].type);
			err = parse_edited(fields[i].key, items[k].hex, &got);
			wrong += unit_differs(name, err, want);
		}
	assert_int_equal(wrong, 0);
}

/* D09 */
static const struct row digests[] = {
    {"SHA384", "digest", "66 534841333834", NITRO_OK},
    {"D09 SHA256", "digest", "66 534841323536", NITRO_E_DIGEST},
    {"D09 SHA512", "digest", "66 534841353132", NITRO_E_DIGEST},
    {"D09 sha384", "digest", "66 736861333834", NITRO_E_DIGEST},
    {"D09 SHA384 and a blank", "digest", "67 53484133383420", NITRO_E_DIGEST},
    {"D09 SHA384 and a NUL", "digest", "67 53484133383400", NITRO_E_DIGEST},
    {"D09 SHA38", "digest", "65 5348413338", NITRO_E_DIGEST},
    {"D09 SHA-384", "digest", "67 5348412d333834", NITRO_E_DIGEST},
    {"D09 bytes", "digest", "46 534841333834", NITRO_E_FIELD_TYPE},
    {"an array that is no CBOR", "digest", "81 1c", NITRO_E_CBOR},
    {"D09 16 characters", "digest", "70 53484133383420202020202020202020",
	NITRO_E_DIGEST},
    {"D09 17 characters", "digest", "71 5348413338342020202020202020202020",
	NITRO_E_FIELD_LIMIT},
};

static void
test_the_digest_is_sha384(void **state)
{
	(void)state;
	check_rows(digests, NITRO_COUNT_OF(digests));
}

/* D18 C13 */
static const struct row timestamps[] = {
    {"1 ms", "timestamp", "01", NITRO_OK},
    {"in seconds: long ago, but a time", "timestamp", "1a6b49d200", NITRO_OK},
    {"the end of the year 9999", "timestamp", "1b0000e677d21fdbff", NITRO_OK},
    {"D18 0", "timestamp", "00", NITRO_E_FIELD_LIMIT},
    {"D18 one ms later than 9999", "timestamp", "1b0000e677d21fdc00",
	NITRO_E_FIELD_LIMIT},
    {"D18 in microseconds", "timestamp", "1b000665 16c56a4000",
	NITRO_E_FIELD_LIMIT},
    {"D18 2^53", "timestamp", "1b0020000000000000", NITRO_E_FIELD_LIMIT},
    {"D18 2^63", "timestamp", "1b8000000000000000", NITRO_E_FIELD_LIMIT},
    {"D18 2^64-1", "timestamp", "1bffffffffffffffff", NITRO_E_FIELD_LIMIT},
    {"D18 -1", "timestamp", "20", NITRO_E_FIELD_TYPE},
    {"D18 float", "timestamp", "fb427a31ed8c410000", NITRO_E_FIELD_TYPE},
    {"D18 tag 1", "timestamp", "c11b000001a3185c50fa", NITRO_E_CBOR_TYPE},
    {"C21 bignum", "timestamp", "c2 46 01a3185c50fa", NITRO_E_CBOR_TYPE},
    {"C13 not shortest", "timestamp", "1b000000006b49d200",
	NITRO_E_CBOR_NOT_SHORTEST},
};

static void
test_the_timestamp_is_a_time(void **state)
{
	(void)state;
	check_rows(timestamps, NITRO_COUNT_OF(timestamps));
}

/* D10 D11 D12 C13 C15 C20 C21 C28: PCR maps; V is the value of one PCR. */
#define A12 "aaaaaaaaaaaaaaaaaaaaaaaa"
#define V "5830" A12 A12 A12 A12
static const struct row pcr_maps[] = {
    {"one PCR", "pcrs", "a1 00" V, NITRO_OK},
    {"PCR31", "pcrs", "a1 181f" V, NITRO_OK},
    {"D12 sparse", "pcrs", "a6 00" V "01" V "02" V "03" V "04" V "08" V,
	NITRO_OK},
    {"not in order", "pcrs", "a3 02" V "00" V "01" V, NITRO_OK},
    {"C28 33 PCRs", "pcrs", "b821 00" V, NITRO_E_CBOR_LIMIT},
    {"D10 none", "pcrs", "a0", NITRO_E_PCR_INDEX},
    {"D10 none, indefinite", "pcrs", "bfff", NITRO_E_PCR_INDEX},
    {"D10 PCR32", "pcrs", "a1 1820" V, NITRO_E_PCR_INDEX},
    {"D10 PCR64", "pcrs", "a1 1840" V, NITRO_E_PCR_INDEX},
    {"D10 index 2^32", "pcrs", "a1 1b0000000100000000" V, NITRO_E_PCR_INDEX},
    {"D10 index 2^64-1", "pcrs", "a1 1bffffffffffffffff" V, NITRO_E_PCR_INDEX},
    {"D10 index -1", "pcrs", "a1 20" V, NITRO_E_FIELD_TYPE},
    {"D10 index as text", "pcrs", "a1 6130" V, NITRO_E_FIELD_TYPE},
    {"D10 index as bytes", "pcrs", "a1 4100" V, NITRO_E_FIELD_TYPE},
    {"C20 index as float", "pcrs", "a1 f90000" V, NITRO_E_FIELD_TYPE},
    {"C20 index as false", "pcrs", "a1 f4" V, NITRO_E_FIELD_TYPE},
    {"C21 index as bignum", "pcrs", "a1 c24100" V, NITRO_E_CBOR_TYPE},
    {"D10 the same index twice", "pcrs", "a2 00" V "00" V, NITRO_E_PCR_INDEX},
    {"C15 the same index in a longer form", "pcrs", "a2 00" V "1800" V,
	NITRO_E_CBOR_NOT_SHORTEST},
    {"C13 index in a longer form", "pcrs", "a1 1800" V,
	NITRO_E_CBOR_NOT_SHORTEST},
    {"C13 length in a longer form", "pcrs", "a1 00 590030" A12 A12 A12 A12,
	NITRO_E_CBOR_NOT_SHORTEST},
    {"D11 0 bytes", "pcrs", "a1 00 40", NITRO_E_PCR_LENGTH},
    {"D11 20 bytes", "pcrs", "a1 00 54" A12 "aaaaaaaaaaaaaaaa",
	NITRO_E_PCR_LENGTH},
    {"D11 32 bytes", "pcrs", "a1 00 5820" A12 A12 "aaaaaaaaaaaaaaaa",
	NITRO_E_PCR_LENGTH},
    {"D11 64 bytes", "pcrs", "a1 00 5840" A12 A12 A12 A12 A12 "aaaaaaaa",
	NITRO_E_PCR_LENGTH},
    {"D11 text", "pcrs", "a1 00 63616263", NITRO_E_FIELD_TYPE},
    {"D11 null", "pcrs", "a1 00 f6", NITRO_E_FIELD_TYPE},
    {"D11 in chunks", "pcrs", "a1 00 5f" V "ff", NITRO_E_CBOR_TYPE},
    {"C27 a pair more than there is", "pcrs", "a2 00" V, NITRO_E_FIELD_TYPE},
    {"both kinds, one empty", "nitrotpm_pcrs", "a0", NITRO_E_KIND},
    {"D13 both kinds", "nitrotpm_pcrs", "a1 00" V, NITRO_E_KIND},
    {"D13 both kinds, one null", "nitrotpm_pcrs", "f6", NITRO_E_KIND},
};

static void
test_pcrs_have_an_index_below_32_and_48_bytes(void **state)
{
	(void)state;
	check_rows(pcr_maps, NITRO_COUNT_OF(pcr_maps));
}

static void
test_absent_pcrs_are_not_in_the_mask(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};
	struct nitro_document got = {0};

	(void)state;
	put_edited(&payload, "pcrs", pcr_maps[2].hex);
	assert_err(
	    nitro_document_parse(nitro_bytes_of_buf(&payload), &got), NITRO_OK);
	assert_int_equal(got.pcr_mask, 0x11f);
	assert_int_equal(got.pcr[4].len, 48);
	assert_int_equal(got.pcr[5].len, 0);
	assert_int_equal(got.pcr[8].len, 48);
}

/* D11: every length but 48. */
static void
test_a_pcr_of_any_other_length_is_refused(void **state)
{
	unsigned accepted = 0;

	(void)state;
	for (size_t n = 0; n <= 1024; n++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf payload = {0}, value = {0}, pcr = {0};
		struct nitro_document got = {0};
		struct sim_document doc;
		struct sim_edit edit = {.key = "pcrs"};
		nitro_err err;

		unit_fill(&pcr, 0xaa, n);
		unit_hex("a1 00", &value);
		assert_true(sim_cbor_bytes(&value, nitro_bytes_of_buf(&pcr)));
		make_document(&doc);
		edit.value = nitro_bytes_of_buf(&value);
		assert_true(sim_payload_edited(&doc, &edit, 1, &payload));
		err = parse(nitro_bytes_of_buf(&payload), &got);
		assert_err(err, n == 48 ? NITRO_OK : NITRO_E_PCR_LENGTH);
		accepted += err == NITRO_OK ? 1 : 0;
	}
	assert_int_equal(accepted, 1);
}

/* C28 D10: 32 PCRs are all that there can be. */
static void
test_32_pcrs_pass_and_33_do_not(void **state)
{
	(void)state;
	for (unsigned extra = 0; extra < 2; extra++)
		for (unsigned k = 0; k < 2; k++) {
			NITRO_DROP(nitro_buf_drop)
			struct nitro_buf payload = {0}, value = {0};
			struct nitro_document got = {0};
			struct sim_document doc;
			struct sim_edit edit = {.key = "pcrs"};

			unit_hex(k == 1       ? "bf"
				 : extra == 0 ? "b820"
					      : "b821",
			    &value);
			for (unsigned i = 0; i < 32 + extra; i++) {
				assert_true(sim_cbor_head(&value, 0, i));
				unit_hex(V, &value);
			}
			unit_hex(k == 1 ? "ff" : "", &value);
			make_document(&doc);
			edit.value = nitro_bytes_of_buf(&value);
			assert_true(
			    sim_payload_edited(&doc, &edit, 1, &payload));
			assert_int_equal(
			    unit_differs2(k == 1 ? "indefinite" : "definite",
				parse(nitro_bytes_of_buf(&payload), &got),
				extra == 0 ? NITRO_OK : NITRO_E_PCR_INDEX,
				extra == 0 ? NITRO_OK : NITRO_E_CBOR_LIMIT),
			    0);
			assert_true(extra == 1 || got.pcr_mask == UINT32_MAX);
		}
}

/* A field of n bytes (major 2) or characters (major 3). */
static nitro_err
parse_with_length(const char *key, unsigned major, size_t n)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0}, value = {0};
	struct nitro_document got = {0};
	struct sim_document doc;
	struct sim_edit edit = {.key = key};

	assert_true(sim_cbor_head(&value, major, n));
	unit_fill(&value, 'x', n);
	make_document(&doc);
	edit.value = nitro_bytes_of_buf(&value);
	assert_true(sim_payload_edited(&doc, &edit, 1, &payload));
	return parse(nitro_bytes_of_buf(&payload), &got);
}

/* D08 D14 D16 D17 */
static void
test_lengths_have_limits(void **state)
{
	static const struct {
		const char *key;
		unsigned major;
		size_t min, max;
	} rows[] = {
	    {"module_id", 3, 1, 256},
	    {"certificate", 2, 1, 1024},
	    {"public_key", 2, 0, 1024},
	    {"user_data", 2, 0, 1024},
	    {"nonce", 2, 0, 1024},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		if (rows[i].min > 0)
			wrong += unit_differs(rows[i].key,
			    parse_with_length(
				rows[i].key, rows[i].major, rows[i].min - 1),
			    NITRO_E_FIELD_LIMIT);
		wrong += unit_differs(rows[i].key,
		    parse_with_length(rows[i].key, rows[i].major, rows[i].min),
		    NITRO_OK);
		wrong += unit_differs(rows[i].key,
		    parse_with_length(rows[i].key, rows[i].major, rows[i].max),
		    NITRO_OK);
		wrong += unit_differs(rows[i].key,
		    parse_with_length(
			rows[i].key, rows[i].major, rows[i].max + 1),
		    NITRO_E_FIELD_LIMIT);
	}
	assert_int_equal(wrong, 0);
}

/* D08: a form of its own is not asked for, and hostile text is a matter of
 * who prints it; only text it must be. */
static const struct row module_ids[] = {
    {"another issuer's", "module_id", "65 6162632d31", NITRO_OK},
    {"control characters", "module_id", "64 0a1b5b4a", NITRO_OK},
    {"UTF-8", "module_id", "62 c3a4", NITRO_OK},
    {"D08 empty", "module_id", "60", NITRO_E_FIELD_LIMIT},
    {"D08 1 MiB announced", "module_id", "7a00100000 61", NITRO_E_CBOR},
    {"not UTF-8", "module_id", "62 c328", NITRO_E_CBOR_UTF8},
    {"bytes", "module_id", "43 616263", NITRO_E_FIELD_TYPE},
};

static void
test_the_module_id_is_text(void **state)
{
	(void)state;
	check_rows(module_ids, NITRO_COUNT_OF(module_ids));
}

/* D15 */
static const struct row bundles[] = {
    {"two", "cabundle", "82 4161 4162", NITRO_OK},
    {"eight", "cabundle", "88 4161 4162 4163 4164 4165 4166 4167 4168",
	NITRO_OK},
    {"two, indefinite", "cabundle", "9f 4161 4162 ff", NITRO_OK},
    {"D15 none", "cabundle", "80", NITRO_E_CABUNDLE},
    {"D15 none, indefinite", "cabundle", "9fff", NITRO_E_CABUNDLE},
    {"D15 one", "cabundle", "81 4161", NITRO_E_CABUNDLE},
    {"C28 nine", "cabundle", "89 4161 4162 4163 4164 4165 4166 4167 4168 4169",
	NITRO_E_CABUNDLE},
    {"C28 nine, indefinite", "cabundle",
	"9f 4161 4162 4163 4164 4165 4166 4167 4168 4169 ff", NITRO_E_CABUNDLE},
    {"C28 2^32 announced", "cabundle", "9b0000000100000000 4161 4162",
	NITRO_E_CBOR_LIMIT},
    {"D15 an empty one first", "cabundle", "82 40 4162", NITRO_E_CABUNDLE},
    {"D15 an empty one last", "cabundle", "82 4161 40", NITRO_E_CABUNDLE},
    {"D15 text", "cabundle", "82 4161 6162", NITRO_E_FIELD_TYPE},
    {"D15 null", "cabundle", "82 4161 f6", NITRO_E_FIELD_TYPE},
    {"D15 an array in the array", "cabundle", "82 4161 814162",
	NITRO_E_FIELD_TYPE},
    {"D15 in chunks", "cabundle", "82 4161 5f4162ff", NITRO_E_CBOR_TYPE},
    {"D15 a map", "cabundle", "a1 4161 4162", NITRO_E_FIELD_TYPE},
};

static void
test_the_cabundle_has_2_to_8_certificates(void **state)
{
	(void)state;
	check_rows(bundles, NITRO_COUNT_OF(bundles));
}

/* D15 */
static void
test_a_certificate_of_the_cabundle_has_1024_bytes_at_most(void **state)
{
	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf payload = {0}, der = {0};
		struct nitro_document got = {0};
		struct sim_document doc;

		unit_fill(&der, 0x30, NITRO_CERT_MAX + extra);
		make_document(&doc);
		doc.cabundle[3] = nitro_bytes_of_buf(&der);
		assert_true(sim_payload(&doc, &payload));
		assert_err(parse(nitro_bytes_of_buf(&payload), &got),
		    extra == 0 ? NITRO_OK : NITRO_E_CABUNDLE);
	}
}

/* D16 */
static void
test_absent_null_and_empty_mean_the_same(void **state)
{
	static const char *const keys[] = {"public_key", "user_data", "nonce"};
	static const char *const values[] = {NULL, "f6", "40"};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++) {
			struct nitro_document got = {0};

			assert_err(
			    parse_edited(keys[i], values[k], &got), NITRO_OK);
			assert_int_equal(got.public_key.len, 0);
			assert_int_equal(got.user_data.len, 0);
			assert_int_equal(got.nonce.len, 0);
		}
}

/* The payload as a definite map of count pairs, with the nine of AWS and what
 * stands in hex behind them. */
static nitro_err
parse_with_tail(unsigned count, const char *hex)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf nine = {0}, payload = {0};
	struct nitro_document got = {0};
	struct sim_document doc;

	make_document(&doc);
	doc.is_definite = true;
	assert_true(sim_payload(&doc, &nine));
	assert_int_equal(nine.ptr[0], 0xa9);
	assert_true(sim_cbor_head(&payload, 5, count));
	unit_append(&payload, (struct nitro_bytes){nine.ptr + 1, nine.len - 1});
	unit_hex(hex, &payload);
	return parse(nitro_bytes_of_buf(&payload), &got);
}

struct tail {
	const char *name, *hex;
	unsigned count;
	nitro_err want;
};

/* C11 C13 C14 C15 C16 C22 C23 C25 C27 */
static const struct tail tails[] = {
    {"the nine", "", 9, NITRO_OK},
    {"C25 an unknown key", "63 6e6577 05", 10, NITRO_OK},
    {"C25 an unknown key with a map", "63 6e6577 a2 00 81f5 6161 4100", 10,
	NITRO_OK},
    {"C25 an unknown key with a float", "63 6e6577 f93c00", 10, NITRO_OK},
    {"C25 the empty key", "60 05", 10, NITRO_OK},
    {"C25 two unknown keys", "6161 05 6162 05", 11, NITRO_OK},
    {"C14 an unknown key twice", "6161 05 6161 05", 11, NITRO_E_CBOR_DUPLICATE},
    {"C11 a byte 00 behind the map", "00", 9, NITRO_E_CBOR_TRAILING},
    {"C11 a break behind the map", "ff", 9, NITRO_E_CBOR_TRAILING},
    {"C11 a pair behind the map", "63 6e6577 05", 9, NITRO_E_CBOR_TRAILING},
    {"C27 a pair more announced", "", 10, NITRO_E_CBOR},
    {"C27 a value missing", "63 6e6577", 10, NITRO_E_CBOR},
    {"C27 a pair less announced", "", 8, NITRO_E_CBOR_TRAILING},
    {"C07 break as value", "63 6e6577 ff", 10, NITRO_E_CBOR},
    {"C13 length of a key", "7803 6e6577 05", 10, NITRO_E_CBOR_NOT_SHORTEST},
    {"C15 nonce again, its length in two bytes", "7805 6e6f6e6365 4101", 10,
	NITRO_E_CBOR_NOT_SHORTEST},
    {"C16 key in chunks", "7f 63 6e6577 ff 05", 10, NITRO_E_CBOR_TYPE},
    {"C16 value in chunks", "63 6e6577 5f 4101 ff", 10, NITRO_E_CBOR_TYPE},
    {"C21 tag on an unknown value", "63 6e6577 c105", 10, NITRO_E_CBOR_TYPE},
    {"C22 key is a number", "05 05", 10, NITRO_E_CBOR_TYPE},
    {"C22 key is bytes", "43 6e6577 05", 10, NITRO_E_CBOR_TYPE},
    {"C22 key is bytes of a known word", "45 6e6f6e6365 4101", 10,
	NITRO_E_CBOR_TYPE},
    {"C22 key is a map", "a0 05", 10, NITRO_E_CBOR_TYPE},
    {"C22 key is an array", "80 05", 10, NITRO_E_CBOR_TYPE},
    {"C22 key is null", "f6 05", 10, NITRO_E_CBOR_TYPE},
    {"C23 key is not UTF-8", "62 c328 05", 10, NITRO_E_CBOR_UTF8},
    {"C23 key is overlong", "62 c1ae 05", 10, NITRO_E_CBOR_UTF8},
    {"C23 key has a surrogate", "63 eda080 05", 10, NITRO_E_CBOR_UTF8},
    {"C23 a known key and a NUL", "66 6e6f6e636500 4101", 10, NITRO_OK},
    {"C23 unknown value is not UTF-8", "63 6e6577 62c328", 10,
	NITRO_E_CBOR_UTF8},
};

static void
test_what_stands_beside_the_nine(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(tails); i++)
		wrong += unit_differs(tails[i].name,
		    parse_with_tail(tails[i].count, tails[i].hex),
		    tails[i].want);
	assert_int_equal(wrong, 0);
}

/* C14: each of the nine for a second time, with the same or another value. */
static void
test_no_key_comes_twice(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(fields); i++)
		for (size_t k = 0; k < 2; k++) {
			NITRO_DROP(nitro_buf_drop)
			struct nitro_buf payload = {0}, value = {0};
			struct nitro_document got = {0};
			struct sim_document doc;
			struct sim_edit edits[2] = {
			    {.key = fields[i].key}, {.key = fields[i].key}};

			/* In place a good value, then one of another form. */
			unit_hex(i == 0   ? "63616263"
				 : i == 1 ? "66 534841333834"
				 : i == 2 ? "18ff"
				 : i == 3 ? "a1 00" V
				 : i == 5 ? "82 4161 4162"
					  : "4161",
			    &value);
			edits[0].value = nitro_bytes_of_buf(&value);
			edits[1].value = k == 0 ? edits[0].value
						: UNIT_BYTES("\xf6");
			make_document(&doc);
			doc.is_definite = k == 1;
			assert_true(
			    sim_payload_edited(&doc, edits, 1, &payload));
			wrong += unit_differs(fields[i].key,
			    parse(nitro_bytes_of_buf(&payload), &got),
			    NITRO_OK);
			payload.len = 0;
			assert_true(
			    sim_payload_edited(&doc, edits, 2, &payload));
			wrong += unit_differs(fields[i].key,
			    parse(nitro_bytes_of_buf(&payload), &got),
			    NITRO_E_CBOR_DUPLICATE);
		}
	assert_int_equal(wrong, 0);
}

/* C26: the payload's map is one level, so seven are left for a value. */
static void
test_an_unknown_value_may_be_7_deep(void **state)
{
	static const char *const heads[] = {"81", "a100", "9f"};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(heads); i++)
		for (size_t depth = 7; depth <= 8; depth++) {
			NITRO_DROP(nitro_buf_drop)
			struct nitro_buf payload = {0}, value = {0};
			struct nitro_document got = {0};
			struct sim_document doc;
			struct sim_edit edit = {.key = "new"};

			for (size_t k = 0; k < depth; k++)
				unit_hex(heads[i], &value);
			unit_hex("00", &value);
			for (size_t k = 0; i == 2 && k < depth; k++)
				unit_hex("ff", &value);
			make_document(&doc);
			edit.value = nitro_bytes_of_buf(&value);
			assert_true(
			    sim_payload_edited(&doc, &edit, 1, &payload));
			assert_err(parse(nitro_bytes_of_buf(&payload), &got),
			    depth == 7 ? NITRO_OK : NITRO_E_CBOR_DEPTH);
		}
}

static void
test_an_unknown_value_is_skipped_whatever_its_size(void **state)
{
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf payload = {0}, wide = {0}, deep = {0};
	struct nitro_document got = {0};
	struct sim_document doc;
	struct sim_edit edit = {.key = "new"};

	(void)state;
	make_document(&doc);
	assert_true(sim_cbor_head(&wide, 4, 5000));
	for (size_t i = 0; i < 5000; i++)
		unit_hex("8105", &wide);
	edit.value = nitro_bytes_of_buf(&wide);
	assert_true(sim_payload_edited(&doc, &edit, 1, &payload));
	assert_err(parse(nitro_bytes_of_buf(&payload), &got), NITRO_OK);
	payload.len = 0;
	unit_fill(&deep, 0x81, 10240);
	unit_fill(&deep, 0, 1);
	edit.value = nitro_bytes_of_buf(&deep);
	assert_true(sim_payload_edited(&doc, &edit, 1, &payload));
	assert_err(
	    parse(nitro_bytes_of_buf(&payload), &got), NITRO_E_CBOR_DEPTH);
}

/* C28 */
static void
test_the_payload_has_64_keys_at_most(void **state)
{
	(void)state;
	for (unsigned extra = 0; extra < 2; extra++)
		for (unsigned k = 0; k < 2; k++) {
			NITRO_DROP(nitro_buf_drop)
			struct nitro_buf payload = {0};
			struct nitro_document got = {0};
			struct sim_document doc;
			struct sim_edit edits[56];
			char keys[56][8];

			for (unsigned i = 0; i < 55 + extra; i++) {
				(void)snprintf(
				    keys[i], sizeof keys[i], "k%u", i);
				edits[i] = (struct sim_edit){
				    keys[i], UNIT_BYTES("\5")};
			}
			make_document(&doc);
			doc.is_definite = k == 0;
			assert_true(sim_payload_edited(
			    &doc, edits, 55 + extra, &payload));
			assert_err(parse(nitro_bytes_of_buf(&payload), &got),
			    extra == 0 ? NITRO_OK : NITRO_E_CBOR_LIMIT);
		}
}

/* C21 C22 C29 S13 S14: what is no map is no payload. */
static void
test_a_payload_is_a_map(void **state)
{
	static const char *const bad[] = {"", "f6", "00", "80", "60", "40",
	    "41a0", "d9d9f7a0", "d818a0", "9fff", "ff"};
	struct nitro_document got = {0};

	(void)state;
	assert_err(parse(UNIT_BYTES("\xa0"), &got), NITRO_E_FIELD_MISSING);
	assert_err(parse(UNIT_BYTES("\xbf\xff"), &got), NITRO_E_FIELD_MISSING);
	for (size_t i = 0; i < NITRO_COUNT_OF(bad); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
		nitro_err err;

		unit_hex(bad[i], &in);
		err = parse(nitro_bytes_of_buf(&in), &got);
		assert_int_not_equal(err, NITRO_OK);
		assert_int_not_equal(err, NITRO_E_FIELD_MISSING);
	}
}

/* S14: a whole payload in bytes once more, or under a tag. */
static void
test_a_payload_within_bytes_is_refused(void **state)
{
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf payload = {0}, twice = {0}, tagged = {0};
	struct nitro_document got = {0};
	struct sim_document doc;

	(void)state;
	make_document(&doc);
	assert_true(sim_payload(&doc, &payload));
	assert_true(sim_cbor_bytes(&twice, nitro_bytes_of_buf(&payload)));
	assert_err(parse(nitro_bytes_of_buf(&twice), &got), NITRO_E_CBOR_TYPE);
	unit_hex("d9d9f7", &tagged);
	unit_append(&tagged, nitro_bytes_of_buf(&payload));
	assert_err(parse(nitro_bytes_of_buf(&tagged), &got), NITRO_E_CBOR_TYPE);
	assert_err(parse(nitro_bytes_of_buf(&payload), &got), NITRO_OK);
}

/* C08 */
static void
test_a_payload_that_is_cut_is_refused(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};
		struct sim_document doc;

		make_document(&doc);
		doc.is_definite = k == 0;
		assert_true(sim_payload(&doc, &payload));
		for (size_t n = 0; n < payload.len; n++) {
			struct nitro_document got = {.cabundle_count = 77};

			assert_int_not_equal(
			    parse((struct nitro_bytes){payload.ptr, n}, &got),
			    NITRO_OK);
			assert_int_equal(got.cabundle_count, 77);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_enclave_document_as_aws_has_it),
	    cmocka_unit_test(test_a_nitrotpm_document_is_of_its_own_kind),
	    cmocka_unit_test(test_kinds_have_names),
	    cmocka_unit_test(test_collections_may_be_definite_or_not),
	    cmocka_unit_test(test_a_collection_without_its_break_is_refused),
	    cmocka_unit_test(test_a_field_that_must_be_there_is_missed),
	    cmocka_unit_test(test_a_key_of_another_spelling_is_unknown),
	    cmocka_unit_test(test_a_nonce_under_another_name_is_absent),
	    cmocka_unit_test(test_every_field_has_one_type),
	    cmocka_unit_test(test_the_digest_is_sha384),
	    cmocka_unit_test(test_the_timestamp_is_a_time),
	    cmocka_unit_test(test_pcrs_have_an_index_below_32_and_48_bytes),
	    cmocka_unit_test(test_absent_pcrs_are_not_in_the_mask),
	    cmocka_unit_test(test_a_pcr_of_any_other_length_is_refused),
	    cmocka_unit_test(test_32_pcrs_pass_and_33_do_not),
	    cmocka_unit_test(test_lengths_have_limits),
	    cmocka_unit_test(test_the_module_id_is_text),
	    cmocka_unit_test(test_the_cabundle_has_2_to_8_certificates),
	    cmocka_unit_test(
		test_a_certificate_of_the_cabundle_has_1024_bytes_at_most),
	    cmocka_unit_test(test_absent_null_and_empty_mean_the_same),
	    cmocka_unit_test(test_what_stands_beside_the_nine),
	    cmocka_unit_test(test_no_key_comes_twice),
	    cmocka_unit_test(test_an_unknown_value_may_be_7_deep),
	    cmocka_unit_test(
		test_an_unknown_value_is_skipped_whatever_its_size),
	    cmocka_unit_test(test_the_payload_has_64_keys_at_most),
	    cmocka_unit_test(test_a_payload_is_a_map),
	    cmocka_unit_test(test_a_payload_within_bytes_is_refused),
	    cmocka_unit_test(test_a_payload_that_is_cut_is_refused),
	};

	return cmocka_run_group_tests(tests, make_pki, drop_pki);
}
