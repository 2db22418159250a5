#include "evidence/cose_sign1.h"

#include <openssl/err.h>
#include <string.h>

#include "unit/ec.h"
#include "unit/rfc8949.h"
#include "unit/unit.h"

#define S8 "5555555555555555"
#define S48 S8 S8 S8 S8 S8 S8
#define SIG_95 S8 S8 S8 S8 S8 S8 S8 S8 S8 S8 S8 "55555555555555"
#define SIG "5860" S48 S48

/* The parts of one message as hex; NULL is what AWS has. */
struct message {
	const char *name;
	const char *head, *protected_header, *unprotected, *payload, *signature,
	    *tail;
	nitro_err want;
};

static void
put_message(const struct message *m, struct nitro_buf *out)
{
	unit_hex(m->head != NULL ? m->head : "84", out);
	unit_hex(
	    m->protected_header != NULL ? m->protected_header : "44a1013822",
	    out);
	unit_hex(m->unprotected != NULL ? m->unprotected : "a0", out);
	unit_hex(m->payload != NULL ? m->payload : "43010203", out);
	unit_hex(m->signature != NULL ? m->signature : SIG, out);
	unit_hex(m->tail != NULL ? m->tail : "", out);
}

static void
check_messages(const struct message *rows, size_t count)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < count; i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
		struct nitro_cose_sign1 msg = {0};

		put_message(&rows[i], &in);
		wrong += unit_differs(rows[i].name,
		    nitro_cose_parse(nitro_bytes_of_buf(&in), &msg),
		    rows[i].want);
		/* Written only on success. */
		wrong += unit_is_not(rows[i].name,
		    msg.signature.len == 0 && msg.payload.ptr == NULL &&
			msg.protected_header.ptr == NULL,
		    rows[i].want != NITRO_OK);
	}
	assert_int_equal(wrong, 0);
}

static void
test_the_views_are_the_parts_of_the_message(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
	struct nitro_cose_sign1 msg = {0};

	(void)state;
	put_message(&(struct message){0}, &in);
	assert_err(nitro_cose_parse(nitro_bytes_of_buf(&in), &msg), NITRO_OK);
	assert_ptr_equal(msg.protected_header.ptr, in.ptr + 2);
	assert_int_equal(msg.protected_header.len, 4);
	assert_ptr_equal(msg.payload.ptr, in.ptr + 8);
	assert_int_equal(msg.payload.len, 3);
	assert_ptr_equal(msg.signature.ptr, in.ptr + 13);
	assert_int_equal(msg.signature.len, 96);
}

/* S01 S02 S03 S17 C10 C13 S18 */
static const struct message shapes[] = {
    {"as AWS has it", .want = NITRO_OK},
    {"S01 array of 3", .head = "83", .signature = "",
	.want = NITRO_E_COSE_SHAPE},
    {"S01 array of 2", .head = "82", .payload = "", .signature = "",
	.want = NITRO_E_COSE_SHAPE},
    {"S01 array of 1", .head = "81", .unprotected = "", .payload = "",
	.signature = "", .want = NITRO_E_COSE_SHAPE},
    {"S01 array of 5", .head = "85", .tail = "f6", .want = NITRO_E_COSE_SHAPE},
    {"S01 array of 0", .head = "80", .want = NITRO_E_COSE_SHAPE},
    {"S01 map", .head = "a2", .want = NITRO_E_COSE_SHAPE},
    {"S01 indefinite array", .head = "9f", .tail = "ff",
	.want = NITRO_E_COSE_SHAPE},
    {"S01 bytes around it", .head = "58 6d 84", .want = NITRO_E_COSE_SHAPE},
    {"S01 array of 4 within an array", .head = "81 84",
	.want = NITRO_E_CBOR_TYPE},
    {"S02 tag 18", .head = "d2 84", .want = NITRO_OK},
    {"S02 tag 18 in two bytes", .head = "d8 12 84", .want = NITRO_E_CBOR_TYPE},
    {"S02 tag 18 in three bytes", .head = "d9 0012 84",
	.want = NITRO_E_CBOR_TYPE},
    {"S02 tag 18 twice", .head = "d2 d2 84", .want = NITRO_E_CBOR_TYPE},
    {"S03 tag 16, COSE_Encrypt0", .head = "d0 84", .want = NITRO_E_CBOR_TYPE},
    {"S03 tag 17, COSE_Mac0", .head = "d1 84", .want = NITRO_E_CBOR_TYPE},
    {"S03 tag 98, COSE_Sign", .head = "d8 62 84", .want = NITRO_E_CBOR_TYPE},
    {"S03 tag 61, CWT", .head = "d8 3d 84", .want = NITRO_E_CBOR_TYPE},
    {"S03 tag 61 around tag 18", .head = "d8 3d d2 84",
	.want = NITRO_E_CBOR_TYPE},
    {"S03 tag 18 around tag 61", .head = "d2 d8 3d 84",
	.want = NITRO_E_CBOR_TYPE},
    {"S03 tag 55799, self-described", .head = "d9 d9f7 84",
	.want = NITRO_E_CBOR_TYPE},
    {"S17 COSE_Sign with two signers",
	.signature = "82 8344a1013822a0" SIG "8344a1013822a0" SIG,
	.want = NITRO_E_CBOR_TYPE},
    {"C10 byte 00 behind", .tail = "00", .want = NITRO_E_CBOR_TRAILING},
    {"C10 byte ff behind", .tail = "ff", .want = NITRO_E_CBOR_TRAILING},
    {"C10 behind tag 18", .head = "d2 84", .tail = "f6",
	.want = NITRO_E_CBOR_TRAILING},
    {"S18 a second message", .tail = "84 44a1013822 a0 43010203 " SIG,
	.want = NITRO_E_CBOR_TRAILING},
    {"C13 count of the array", .head = "98 04",
	.want = NITRO_E_CBOR_NOT_SHORTEST},
    {"C13 length of the protected header", .protected_header = "58 04 a1013822",
	.want = NITRO_E_CBOR_NOT_SHORTEST},
    {"C13 count of the unprotected header", .unprotected = "b8 00",
	.want = NITRO_E_CBOR_NOT_SHORTEST},
    {"C13 length of the payload", .payload = "59 0003 010203",
	.want = NITRO_E_CBOR_NOT_SHORTEST},
    {"C13 length of the signature", .signature = "59 0060" S48 S48,
	.want = NITRO_E_CBOR_NOT_SHORTEST},
};

static void
test_a_message_is_one_array_of_four(void **state)
{
	(void)state;
	check_messages(shapes, NITRO_COUNT_OF(shapes));
}

/* S04 S05 S06 S07 S08 S09 S10 C12 C16 */
static const struct message headers[] = {
    {"ES384", .protected_header = "44 a1013822", .want = NITRO_OK},
    {"S04 empty map", .protected_header = "41 a0", .want = NITRO_E_COSE_ALG},
    {"S04 kid alone", .protected_header = "44 a1044101",
	.want = NITRO_E_COSE_ALG},
    {"S05 alg in the unprotected header", .protected_header = "41 a0",
	.unprotected = "a1013822", .want = NITRO_E_COSE_UNPROTECTED},
    {"S06 ES256", .protected_header = "43 a10126", .want = NITRO_E_COSE_ALG},
    {"S06 ES512", .protected_header = "44 a1013823", .want = NITRO_E_COSE_ALG},
    {"S06 EdDSA", .protected_header = "43 a10127", .want = NITRO_E_COSE_ALG},
    {"S06 PS256", .protected_header = "44 a1013824", .want = NITRO_E_COSE_ALG},
    {"S06 HMAC 256", .protected_header = "43 a10105", .want = NITRO_E_COSE_ALG},
    {"S06 0", .protected_header = "43 a10100", .want = NITRO_E_COSE_ALG},
    {"S06 +35", .protected_header = "44 a1011823", .want = NITRO_E_COSE_ALG},
    {"S06 +34", .protected_header = "44 a1011822", .want = NITRO_E_COSE_ALG},
    {"S06 -999", .protected_header = "45 a1013903e6", .want = NITRO_E_COSE_ALG},
    {"S06 2^63", .protected_header = "4b a1011b8000000000000000",
	.want = NITRO_E_COSE_ALG},
    {"S07 text ES384", .protected_header = "48 a101 654553333834",
	.want = NITRO_E_COSE_ALG},
    {"S07 text unknown", .protected_header = "4a a101 67756e6b6e6f776e",
	.want = NITRO_E_COSE_ALG},
    {"S08 alg twice", .protected_header = "47 a2 013822 013822",
	.want = NITRO_E_COSE_ALG},
    {"S08 alg twice, other value", .protected_header = "46 a2 013822 0126",
	.want = NITRO_E_COSE_ALG},
    {"S08 value not shortest", .protected_header = "45 a101390022",
	.want = NITRO_E_COSE_ALG},
    {"S08 key not shortest", .protected_header = "45 a118013822",
	.want = NITRO_E_COSE_ALG},
    {"S08 map not shortest", .protected_header = "45 b801013822",
	.want = NITRO_E_COSE_ALG},
    {"S08 map indefinite", .protected_header = "45 bf013822ff",
	.want = NITRO_E_COSE_ALG},
    {"S08 label 1 as text", .protected_header = "45 a161313822",
	.want = NITRO_E_COSE_ALG},
    {"S09 crit", .protected_header = "47 a2 013822 028101",
	.want = NITRO_E_COSE_ALG},
    {"S09 content type", .protected_header = "46 a2 013822 0300",
	.want = NITRO_E_COSE_ALG},
    {"S09 kid", .protected_header = "47 a2 013822 044101",
	.want = NITRO_E_COSE_ALG},
    {"S09 x5chain", .protected_header = "48 a2 013822 182141aa",
	.want = NITRO_E_COSE_ALG},
    {"S10 empty", .protected_header = "40", .want = NITRO_E_COSE_ALG},
    {"S10 no map", .protected_header = "44 01020304", .want = NITRO_E_COSE_ALG},
    {"S10 not in bytes", .protected_header = "a1013822",
	.want = NITRO_E_CBOR_TYPE},
    {"S10 text", .protected_header = "64 61626364", .want = NITRO_E_CBOR_TYPE},
    {"S10 null", .protected_header = "f6", .want = NITRO_E_CBOR_TYPE},
    {"C12 a byte after the map", .protected_header = "45 a101382200",
	.want = NITRO_E_COSE_ALG},
    {"C12 a byte missing", .protected_header = "43 a10138",
	.want = NITRO_E_COSE_ALG},
    {"C16 in chunks", .protected_header = "5f 44a1013822 ff",
	.want = NITRO_E_CBOR_TYPE},
};

static void
test_the_protected_header_is_es384_and_nothing_else(void **state)
{
	(void)state;
	check_messages(headers, NITRO_COUNT_OF(headers));
}

/* S11 S12 */
static const struct message unprotected[] = {
    {"empty", .unprotected = "a0", .want = NITRO_OK},
    {"empty, indefinite", .unprotected = "bfff", .want = NITRO_OK},
    {"S11 alg", .unprotected = "a10126", .want = NITRO_E_COSE_UNPROTECTED},
    {"S11 kid", .unprotected = "a1044101", .want = NITRO_E_COSE_UNPROTECTED},
    {"S11 x5chain", .unprotected = "a1182141aa",
	.want = NITRO_E_COSE_UNPROTECTED},
    {"S11 indefinite", .unprotected = "bf044101ff",
	.want = NITRO_E_COSE_UNPROTECTED},
    {"S12 the same label as in the protected header", .unprotected = "a1013822",
	.want = NITRO_E_COSE_UNPROTECTED},
    {"null", .unprotected = "f6", .want = NITRO_E_CBOR_TYPE},
    {"array", .unprotected = "80", .want = NITRO_E_CBOR_TYPE},
    {"empty bytes", .unprotected = "40", .want = NITRO_E_CBOR_TYPE},
    {"map in bytes", .unprotected = "41a0", .want = NITRO_E_CBOR_TYPE},
};

static void
test_the_unprotected_header_is_an_empty_map(void **state)
{
	(void)state;
	check_messages(unprotected, NITRO_COUNT_OF(unprotected));
}

/* S13 S14 C16: what is inside of the payload is not judged here, so S13's
 * empty bytes and S14's bytes in bytes are document_test.c's. */
static const struct message payloads[] = {
    {"bytes", .payload = "41a0", .want = NITRO_OK},
    {"S13 null (detached)", .payload = "f6", .want = NITRO_E_CBOR_TYPE},
    {"S13 text", .payload = "6161", .want = NITRO_E_CBOR_TYPE},
    {"S13 array", .payload = "8141a0", .want = NITRO_E_CBOR_TYPE},
    {"S13 the map itself", .payload = "a0", .want = NITRO_E_CBOR_TYPE},
    {"S14 tag 24", .payload = "d81841a0", .want = NITRO_E_CBOR_TYPE},
    {"C16 in chunks", .payload = "5f41a0ff", .want = NITRO_E_CBOR_TYPE},
};

static void
test_the_payload_is_bytes(void **state)
{
	(void)state;
	check_messages(payloads, NITRO_COUNT_OF(payloads));
}

/* S15 */
static const struct message signatures[] = {
    {"96 bytes", .signature = SIG, .want = NITRO_OK},
    {"S15 null", .signature = "f6", .want = NITRO_E_CBOR_TYPE},
    {"S15 empty", .signature = "40", .want = NITRO_E_COSE_SIG_LEN},
    {"S15 48 bytes", .signature = "5830" S48, .want = NITRO_E_COSE_SIG_LEN},
    {"S15 64 bytes", .signature = "5840" S48 S8 S8,
	.want = NITRO_E_COSE_SIG_LEN},
    {"S15 95 bytes", .signature = "585f" SIG_95, .want = NITRO_E_COSE_SIG_LEN},
    {"S15 97 bytes", .signature = "5861" S48 S48 "00",
	.want = NITRO_E_COSE_SIG_LEN},
    {"S15 102 bytes, as DER has", .signature = "5866" S48 S48 "000000000000",
	.want = NITRO_E_COSE_SIG_LEN},
    {"S15 132 bytes, as ES512 has",
	.signature = "5884" S48 S48 S8 S8 S8 S8 "00000000",
	.want = NITRO_E_COSE_SIG_LEN},
    {"S15 text", .signature = "7860" S48 S48, .want = NITRO_E_CBOR_TYPE},
    {"S15 array of signatures", .signature = "81" SIG,
	.want = NITRO_E_CBOR_TYPE},
    {"S15 map", .signature = "a0", .want = NITRO_E_CBOR_TYPE},
    {"C16 in chunks", .signature = "5f 5830" S48 "5830" S48 "ff",
	.want = NITRO_E_CBOR_TYPE},
};

static void
test_the_signature_has_96_bytes(void **state)
{
	(void)state;
	check_messages(signatures, NITRO_COUNT_OF(signatures));
}

/* C08: at every place. */
static void
test_a_message_that_is_cut_is_refused(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};

	(void)state;
	put_message(&(struct message){.head = "d2 84"}, &in);
	for (size_t n = 0; n < in.len; n++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf cut = {0};
		struct nitro_cose_sign1 msg = {0};

		unit_append(&cut, (struct nitro_bytes){in.ptr, n});
		assert_err(nitro_cose_parse(nitro_bytes_of_buf(&cut), &msg),
		    n == 0 ? NITRO_E_EVIDENCE_SIZE : NITRO_E_CBOR);
	}
}

/* B11: 16,384 bytes are taken, one more and none are not. */
static void
test_a_document_has_1_to_16384_bytes(void **state)
{
	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
		struct nitro_cose_sign1 msg = {0};
		const size_t len = NITRO_EVIDENCE_MAX - 108 + extra;

		unit_hex("84 44a1013822 a0 59", &in);
		unit_fill(&in, (uint8_t)(len >> 8), 1);
		unit_fill(&in, (uint8_t)len, 1);
		unit_fill(&in, 0xa0, len);
		unit_hex(SIG, &in);
		assert_int_equal(in.len, NITRO_EVIDENCE_MAX + extra);
		assert_err(nitro_cose_parse(nitro_bytes_of_buf(&in), &msg),
		    extra == 0 ? NITRO_OK : NITRO_E_EVIDENCE_SIZE);
	}
}

/* C01 C29 */
static void
test_no_single_byte_and_no_example_of_rfc_8949_is_a_message(void **state)
{
	struct nitro_cose_sign1 msg = {0};

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		uint8_t byte = (uint8_t)i;

		assert_int_not_equal(
		    nitro_cose_parse((struct nitro_bytes){&byte, 1}, &msg),
		    NITRO_OK);
	}
	for (size_t i = 0; i < RFC8949_EXAMPLES; i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};

		unit_hex(rfc8949_examples[i].hex, &in);
		assert_int_not_equal(
		    nitro_cose_parse(nitro_bytes_of_buf(&in), &msg), NITRO_OK);
	}
	assert_null(msg.payload.ptr);
}

/* G11 S16: RFC 9052 section 4.4, by hand. */
static const struct {
	size_t payload_len;
	const char *head;
} structures[] = {
    {0, "40"},
    {1, "41"},
    {23, "57"},
    {24, "5818"},
    {255, "58ff"},
    {256, "590100"},
    {4000, "590fa0"},
    {16384, "594000"},
    {65535, "59ffff"},
    {65536, "5a00010000"},
};

static void
test_the_sig_structure_is_written_as_rfc_9052_says(void **state)
{
	static const uint8_t es384[] = {0xa1, 0x01, 0x38, 0x22};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(structures); i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf payload = {0}, want = {0}, got = {0};
		struct nitro_cose_sign1 msg = {0};

		unit_fill(&payload, 0x5a, structures[i].payload_len);
		unit_append(&want, UNIT_BYTES("kept"));
		unit_hex("84 6a 5369676e617475726531 44 a1013822 40", &want);
		unit_hex(structures[i].head, &want);
		unit_append(&want, nitro_bytes_of_buf(&payload));
		msg.protected_header = (struct nitro_bytes){es384, 4};
		msg.payload = nitro_bytes_of_buf(&payload);
		unit_append(&got, UNIT_BYTES("kept"));
		assert_err(nitro_cose_sig_structure(&msg, &got), NITRO_OK);
		assert_int_equal(
		    unit_bytes_differ(structures[i].head,
			nitro_bytes_of_buf(&got), nitro_bytes_of_buf(&want)),
		    0);
	}
}

/* S16: the digest is Python's, over the same structure. */
/* Told by its length alone: nothing is there to be read. */
static void
test_no_payload_is_longer_than_its_head_can_say(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf got = {0};
	const struct nitro_cose_sign1 msg = {
	    .payload = {(const uint8_t *)"x", (size_t)UINT32_MAX + 1}};

	(void)state;
	unit_append(&got, UNIT_BYTES("kept"));
	assert_err(nitro_cose_sig_structure(&msg, &got), NITRO_E_INTERNAL);
	assert_int_equal(got.len, 4);
}

static void
test_the_sig_structure_has_a_known_digest(void **state)
{
	static const uint8_t es384[] = {0xa1, 0x01, 0x38, 0x22};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf got = {0}, want = {0};
	const struct nitro_cose_sign1 msg = {
	    .protected_header = {es384, 4},
	    .payload = UNIT_BYTES("An attestation document stands here."),
	};
	uint8_t digest[48];

	(void)state;
	unit_hex("856ef45a194e924964c92d9f356a049e2f22ed79b85030388f20272e1c65"
		 "ad1c35261aa674fa74e289140a4c81dca487",
	    &want);
	assert_err(nitro_cose_sig_structure(&msg, &got), NITRO_OK);
	assert_int_equal(
	    EVP_Q_digest(NULL, "SHA384", NULL, got.ptr, got.len, digest, NULL),
	    1);
	assert_memory_equal(digest, want.ptr, sizeof digest);
}

/* A message, its key and its signature, which the tests then spoil. */
struct sealed {
	EVP_PKEY *key;
	uint8_t es384[4], payload[20], signature[EC_SIG_LEN];
	struct nitro_cose_sign1 msg;
	struct nitro_buf tbs;
};

static int
make_sealed(void **state)
{
	static struct sealed sealed;

	memcpy(sealed.es384, "\xa1\x01\x38\x22", 4);
	memcpy(sealed.payload, "twenty bytes payload", 20);
	sealed.msg = (struct nitro_cose_sign1){
	    {sealed.es384, 4}, {sealed.payload, 20}, {sealed.signature, 96}};
	sealed.key = ec_key_make();
	unit_hex("84 6a 5369676e617475726531 44 a1013822 40 54", &sealed.tbs);
	unit_append(&sealed.tbs, sealed.msg.payload);
	ec_sign(sealed.key, "SHA384", nitro_bytes_of_buf(&sealed.tbs),
	    sealed.signature);
	*state = &sealed;
	return 0;
}

static int
drop_sealed(void **state)
{
	struct sealed *sealed = *state;

	EVP_PKEY_free(sealed->key);
	nitro_buf_drop(&sealed->tbs);
	return 0;
}

static void
test_a_good_signature_verifies(void **state)
{
	struct sealed *sealed = *state;

	assert_err(
	    nitro_cose_verify(&sealed->msg, sealed->key, NULL), NITRO_OK);
}

static void
test_another_key_does_not_verify(void **state)
{
	NITRO_DROP(ec_drop_key) EVP_PKEY *other = ec_key_make();
	struct sealed *sealed = *state;

	assert_err(
	    nitro_cose_verify(&sealed->msg, other, NULL), NITRO_E_COSE_SIG);
}

/* G05 */
static void
test_one_bit_anywhere_and_it_does_not_verify(void **state)
{
	struct sealed *sealed = *state;
	uint8_t *const parts[] = {
	    sealed->es384, sealed->payload, sealed->signature};
	static const size_t lengths[] = {4, 20, 96};

	for (size_t i = 0; i < 3; i++)
		for (size_t bit = 0; bit < 8 * lengths[i]; bit++) {
			parts[i][bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_err(
			    nitro_cose_verify(&sealed->msg, sealed->key, NULL),
			    NITRO_E_COSE_SIG);
			parts[i][bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	assert_err(
	    nitro_cose_verify(&sealed->msg, sealed->key, NULL), NITRO_OK);
}

/* G04 S15: DER is no r || s, and no other length passes. */
static void
test_der_and_other_lengths_do_not_verify(void **state)
{
	struct sealed *sealed = *state;
	struct nitro_cose_sign1 msg = sealed->msg;
	uint8_t der[128] = {0};
	size_t der_len = sizeof der;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, "SHA384", NULL, NULL,
			     sealed->key, NULL),
	    1);
	assert_int_equal(EVP_DigestSign(ctx, der, &der_len, sealed->tbs.ptr,
			     sealed->tbs.len),
	    1);
	EVP_MD_CTX_free(ctx);
	for (size_t n = 0; n <= 114; n++) {
		msg.signature = (struct nitro_bytes){der, n};
		assert_err(nitro_cose_verify(&msg, sealed->key, NULL),
		    n == 96 ? NITRO_E_COSE_SIG : NITRO_E_COSE_SIG_LEN);
	}
	msg.signature = (struct nitro_bytes){sealed->signature, 95};
	assert_err(
	    nitro_cose_verify(&msg, sealed->key, NULL), NITRO_E_COSE_SIG_LEN);
	msg.signature = (struct nitro_bytes){0};
	assert_err(
	    nitro_cose_verify(&msg, sealed->key, NULL), NITRO_E_COSE_SIG_LEN);
}

/* G02 G03 G04: every pair of special values; none of them is a signature. */
static void
test_special_values_of_r_and_s_do_not_verify(void **state)
{
	struct sealed *sealed = *state;
	BIGNUM *n = ec_order(), *p = ec_prime(), *value[10];
	uint8_t real[96];

	memcpy(real, sealed->signature, sizeof real);
	for (size_t i = 0; i < 10; i++)
		value[i] = BN_dup(i < 3 ? BN_value_one() : i < 6 ? n : p);
	assert_int_equal(BN_sub_word(value[0], 1), 1); /* 0 1 2 */
	assert_int_equal(BN_add_word(value[2], 1), 1);
	assert_int_equal(BN_sub_word(value[3], 1), 1); /* n-1 n n+1 */
	assert_int_equal(BN_add_word(value[5], 1), 1);
	assert_int_equal(BN_sub_word(value[6], 1), 1); /* p-1 p p+1 */
	assert_int_equal(BN_add_word(value[8], 1), 1);
	assert_int_equal(BN_lshift(value[9], BN_value_one(), 384), 1);
	assert_int_equal(BN_sub_word(value[9], 1), 1); /* 2^384 - 1 */
	for (size_t i = 0; i < 10; i++) {
		for (size_t j = 0; j < 10; j++) {
			ec_join(value[i], value[j], sealed->signature);
			assert_err(
			    nitro_cose_verify(&sealed->msg, sealed->key, NULL),
			    NITRO_E_COSE_SIG);
		}
		memcpy(sealed->signature + 48, real + 48, 48);
		assert_err(nitro_cose_verify(&sealed->msg, sealed->key, NULL),
		    NITRO_E_COSE_SIG);
		ec_join(value[i], value[i], sealed->signature);
		memcpy(sealed->signature, real, 48);
		assert_err(nitro_cose_verify(&sealed->msg, sealed->key, NULL),
		    NITRO_E_COSE_SIG);
	}
	memcpy(sealed->signature, real, sizeof real);
	assert_err(
	    nitro_cose_verify(&sealed->msg, sealed->key, NULL), NITRO_OK);
	for (size_t i = 0; i < 10; i++)
		BN_free(value[i]);
	BN_free(p);
	BN_free(n);
}

/* G08: the twin n - s verifies, because ECDSA has it so; n - r does not, and
 * r and s changed over do not. */
static void
test_of_the_twins_only_n_minus_s_verifies(void **state)
{
	struct sealed *sealed = *state;
	NITRO_DROP(ec_drop_number) BIGNUM *n = ec_order();
	NITRO_DROP(ec_drop_number)
	BIGNUM *r = BN_bin2bn(sealed->signature, 48, NULL);
	NITRO_DROP(ec_drop_number)
	BIGNUM *s = BN_bin2bn(sealed->signature + 48, 48, NULL);
	NITRO_DROP(ec_drop_number) BIGNUM *other = BN_new();

	assert_int_equal(BN_sub(other, n, s), 1);
	ec_join(r, other, sealed->signature);
	assert_err(
	    nitro_cose_verify(&sealed->msg, sealed->key, NULL), NITRO_OK);
	assert_int_equal(BN_sub(other, n, r), 1);
	ec_join(other, s, sealed->signature);
	assert_err(nitro_cose_verify(&sealed->msg, sealed->key, NULL),
	    NITRO_E_COSE_SIG);
	ec_join(s, r, sealed->signature);
	assert_err(nitro_cose_verify(&sealed->msg, sealed->key, NULL),
	    NITRO_E_COSE_SIG);
	ec_join(r, s, sealed->signature);
	assert_err(
	    nitro_cose_verify(&sealed->msg, sealed->key, NULL), NITRO_OK);
}

/*
 * Good signatures whose r or s is small, has zeros in front, or is at the
 * end of its range: the 96 bytes are cut at 48, whatever stands in them.
 */
static const struct {
	const char *name, *x, *s;
} extremes[] = {
    {"small r, s = 1", "1", "1"},
    {"small r, small s", "1", "3"},
    {"small r, s of 47 bytes", "1",
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"ffffffffffffffffffffffffffff"},
    {"r of 47 bytes, s with its highest bit",
	"8000000000000000000000000000000000000000000000000000000000000000000000"
	"000000000000000000000000",
	"8000000000000000000000000000000000000000000000000000000000000000000000"
	"00000000000000000000000000"},
    {"r with its highest bit, s of 24 bytes",
	"8000000000000000000000000000000000000000000000000000000000000000000000"
	"00000000000000000000000000",
	"800000000000000000000000000000000000000000000000"},
    {"s = n - 1", "ff",
	"ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a"
	"0db248b0a77aecec196accc52972"},
};

static void
test_good_signatures_of_extreme_values_verify(void **state)
{
	struct sealed *sealed = *state;
	struct nitro_bytes tbs = nitro_bytes_of_buf(&sealed->tbs);
	uint8_t real[96];
	unsigned wrong = 0;

	memcpy(real, sealed->signature, sizeof real);
	for (size_t i = 0; i < NITRO_COUNT_OF(extremes); i++) {
		NITRO_DROP(ec_drop_number) BIGNUM *x = NULL;
		NITRO_DROP(ec_drop_number) BIGNUM *s = NULL;
		NITRO_DROP(ec_drop_key) EVP_PKEY *key = NULL;

		assert_true(BN_hex2bn(&x, extremes[i].x) > 0);
		assert_true(BN_hex2bn(&s, extremes[i].s) > 0);
		key = ec_key_for_signature(tbs, x, s);
		ec_join(x, s, sealed->signature);
		wrong += unit_differs(extremes[i].name,
		    nitro_cose_verify(&sealed->msg, key, NULL), NITRO_OK);
		sealed->signature[95] ^= 1;
		wrong += unit_differs(extremes[i].name,
		    nitro_cose_verify(&sealed->msg, key, NULL),
		    NITRO_E_COSE_SIG);
	}
	memcpy(sealed->signature, real, sizeof real);
	assert_int_equal(wrong, 0);
}

/* G03: a point whose x is not below n. Its r is x - n; x itself fits into 48
 * bytes and is the same number modulo n, and is no r. */
static void
test_r_plus_n_is_not_r(void **state)
{
	struct sealed *sealed = *state;
	NITRO_DROP(ec_drop_number) BIGNUM *n = ec_order();
	NITRO_DROP(ec_drop_number) BIGNUM *x = BN_dup(n);
	NITRO_DROP(ec_drop_number) BIGNUM *r = BN_new();
	NITRO_DROP(ec_drop_number) BIGNUM *s = NULL;
	NITRO_DROP(ec_drop_key) EVP_PKEY *key = NULL;
	uint8_t real[96];

	memcpy(real, sealed->signature, sizeof real);
	assert_true(BN_hex2bn(&s, "5eed") > 0);
	assert_int_equal(BN_add_word(x, 1), 1);
	key = ec_key_for_signature(nitro_bytes_of_buf(&sealed->tbs), x, s);
	assert_int_equal(BN_sub(r, x, n), 1);
	ec_join(r, s, sealed->signature);
	assert_err(nitro_cose_verify(&sealed->msg, key, NULL), NITRO_OK);
	ec_join(x, s, sealed->signature);
	assert_err(
	    nitro_cose_verify(&sealed->msg, key, NULL), NITRO_E_COSE_SIG);
	assert_int_equal(BN_add(s, s, n), 1);
	ec_join(r, s, sealed->signature);
	assert_err(
	    nitro_cose_verify(&sealed->msg, key, NULL), NITRO_E_COSE_SIG);
	memcpy(sealed->signature, real, sizeof real);
}

/* S16 G10: what was signed is not the Sig_structure, or not by its SHA-384. */
static const struct {
	const char *name, *digest, *tbs; /* %: the payload's 20 bytes follow */
	nitro_err want;
} signed_over[] = {
    {"the Sig_structure", "SHA384",
	"84 6a 5369676e617475726531 44 a1013822 40 54", NITRO_OK},
    {"G10 SHA-256", "SHA256", "84 6a 5369676e617475726531 44 a1013822 40 54",
	NITRO_E_COSE_SIG},
    {"G10 SHA-512", "SHA512", "84 6a 5369676e617475726531 44 a1013822 40 54",
	NITRO_E_COSE_SIG},
    {"S16 context Signature", "SHA384",
	"84 69 5369676e6174757265 44 a1013822 40 54", NITRO_E_COSE_SIG},
    {"S16 context Signature2", "SHA384",
	"84 6a 5369676e617475726532 44 a1013822 40 54", NITRO_E_COSE_SIG},
    {"S16 array of five, as COSE_Sign has", "SHA384",
	"85 6a 5369676e617475726531 44 a1013822 40 40 54", NITRO_E_COSE_SIG},
    {"S16 external data", "SHA384",
	"84 6a 5369676e617475726531 44 a1013822 41aa 54", NITRO_E_COSE_SIG},
    {"S16 external data null", "SHA384",
	"84 6a 5369676e617475726531 44 a1013822 f6 54", NITRO_E_COSE_SIG},
    {"S16 protected header re-encoded", "SHA384",
	"84 6a 5369676e617475726531 45 a101390022 40 54", NITRO_E_COSE_SIG},
    {"S16 protected header empty", "SHA384",
	"84 6a 5369676e617475726531 40 40 54", NITRO_E_COSE_SIG},
    {"S16 protected header as map", "SHA384",
	"84 6a 5369676e617475726531 a1013822 40 54", NITRO_E_COSE_SIG},
    {"S16 payload's head in a longer form", "SHA384",
	"84 6a 5369676e617475726531 44 a1013822 40 5814", NITRO_E_COSE_SIG},
    {"the payload alone", "SHA384", "", NITRO_E_COSE_SIG},
};

static void
test_only_the_sig_structure_counts(void **state)
{
	struct sealed *sealed = *state;
	uint8_t real[96];
	unsigned wrong = 0;

	memcpy(real, sealed->signature, sizeof real);
	for (size_t i = 0; i < NITRO_COUNT_OF(signed_over); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf tbs = {0};

		unit_hex(signed_over[i].tbs, &tbs);
		unit_append(&tbs, sealed->msg.payload);
		ec_sign(sealed->key, signed_over[i].digest,
		    nitro_bytes_of_buf(&tbs), sealed->signature);
		wrong += unit_differs(signed_over[i].name,
		    nitro_cose_verify(&sealed->msg, sealed->key, NULL),
		    signed_over[i].want);
	}
	memcpy(sealed->signature, real, sizeof real);
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_views_are_the_parts_of_the_message),
	    cmocka_unit_test(test_a_message_is_one_array_of_four),
	    cmocka_unit_test(
		test_the_protected_header_is_es384_and_nothing_else),
	    cmocka_unit_test(test_the_unprotected_header_is_an_empty_map),
	    cmocka_unit_test(test_the_payload_is_bytes),
	    cmocka_unit_test(test_the_signature_has_96_bytes),
	    cmocka_unit_test(test_a_message_that_is_cut_is_refused),
	    cmocka_unit_test(test_a_document_has_1_to_16384_bytes),
	    cmocka_unit_test(
		test_no_single_byte_and_no_example_of_rfc_8949_is_a_message),
	    cmocka_unit_test(
		test_the_sig_structure_is_written_as_rfc_9052_says),
	    cmocka_unit_test(test_no_payload_is_longer_than_its_head_can_say),
	    cmocka_unit_test(test_the_sig_structure_has_a_known_digest),
	    cmocka_unit_test(test_a_good_signature_verifies),
	    cmocka_unit_test(test_another_key_does_not_verify),
	    cmocka_unit_test(test_one_bit_anywhere_and_it_does_not_verify),
	    cmocka_unit_test(test_der_and_other_lengths_do_not_verify),
	    cmocka_unit_test(test_special_values_of_r_and_s_do_not_verify),
	    cmocka_unit_test(test_of_the_twins_only_n_minus_s_verifies),
	    cmocka_unit_test(test_good_signatures_of_extreme_values_verify),
	    cmocka_unit_test(test_r_plus_n_is_not_r),
	    cmocka_unit_test(test_only_the_sig_structure_counts),
	};

	return cmocka_run_group_tests(tests, make_sealed, drop_sealed);
}
