/*
 * Mutants that are signed again by the keys of the simulated PKI, so that
 * every check behind a signature is reached: the payload at every place and
 * in every field, and every certificate at every place and in every element.
 * What is admitted must say what it was allowed to say, and nothing else. (C09 C11 D07)
 *
 * `make check` tries every 17th; `make check-mutants` all of them.
 */
/* X509_cmp_time() of OpenSSL 4: it is as strict as certificates are. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "evidence/verifier.h"
#include "policy/decision.h"
#include "unit/certs.h"
#include "unit/chain.h"
#include "unit/mutants.h"
#include "unit/policy_text.h"
#include "unit/unit.h"

#define NOW_MS (CHAIN_TIME_S * 1000 + 250)
#define KEY "\0\0\0\13ssh-ed25519\0\0\0\40a key that nobody has the half o"
#define AUDIENCE "pam_nitro/1 host=test.example user=deploy"
#define NONCE "0123456789abcdef0123456789abcdef"
#define PIN(i, byte) "pcr" #i " = \"" POLICY_HEX(byte) "\"; "

static struct nitro_settings settings;
static struct nitro_measurements measurements;
static struct sim_document original; /* admitted as it is */

/* Every PCR there is pinned to its value. */
static const char pins[] =
    "measurements = ({ workload = \"billing\"; version = \"1\";"
    " kind = \"enclave\"; " PIN(0, "c0") PIN(1, "c1") PIN(2, "c2") PIN(3, "c3")
	PIN(4, "c4") PIN(5, "c5") PIN(6, "c6") PIN(7, "c7") PIN(8, "c8")
	    PIN(9, "c9") PIN(10, "ca") PIN(11, "cb") PIN(12, "cc") PIN(13, "cd")
		PIN(14, "ce") PIN(15, "cf") "});";

static int
set_up(void **state)
{
	(void)chain_make(state);
	policy_settings(
	    "users = ({ user = \"deploy\"; workloads = [\"billing\"]; });",
	    &settings);
	policy_measurements(pins, &measurements);
	sim_document_default(&chain_trusted, (uint64_t)NOW_MS, &original);
	for (unsigned i = 0; i < original.pcr_count; i++)
		memset(original.pcr[i], 0xc0 + (int)i, NITRO_PCR_LEN);
	original.public_key = UNIT_BYTES(KEY);
	original.user_data = UNIT_BYTES(AUDIENCE);
	original.nonce = UNIT_BYTES(NONCE);
	return 0;
}

static int
tear_down(void **state)
{
	nitro_settings_drop(&settings);
	nitro_measurements_drop(&measurements);
	return chain_drop(state);
}

/* A whole login's verdict, but for the conversation. */
static nitro_err
verdict(struct nitro_bytes evidence, struct nitro_verified **verified)
{
	const struct nitro_expectation expectation = {
	    .nonce = {NITRO_CHECK_REQUIRED, UNIT_BYTES(NONCE)},
	    .audience = {NITRO_CHECK_REQUIRED, UNIT_BYTES(AUDIENCE)},
	    .public_key = {NITRO_CHECK_REQUIRED, UNIT_BYTES(KEY)},
	    .age = NITRO_CHECK_REQUIRED,
	    .now_ms = NOW_MS,
	    .max_age_ms = 60000,
	    .clock_skew_ms = 5000,
	};
	const struct nitro_login login = {.user = "deploy", .now_ms = NOW_MS};
	struct nitro_evidence_facts facts = {0};
	struct nitro_decision decision = {0};
	nitro_err err;

	if ((err = nitro_evidence_verify(evidence, &expectation, chain_anchors,
		 &facts, verified)) != NITRO_OK)
		return err;
	return nitro_decide(
	    *verified, &settings, &measurements, &login, &decision);
}

/*
 * May this payload be admitted? It is the original with another module_id
 * or time, which anybody whom AWS attests may have, in the same encoding.
 */
static bool
says_nothing_else(
    struct nitro_bytes payload, const struct nitro_verified *verified)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf again = {0};
	struct sim_document doc = original;

	doc.module_id = nitro_verified_module_id(verified);
	doc.timestamp_ms = nitro_verified_timestamp_ms(verified);
	assert_true(sim_payload(&doc, &again));
	return nitro_bytes_equal(nitro_bytes_of_buf(&again), payload);
}

static enum mutants_outcome
sign_and_judge(struct nitro_bytes payload, nitro_err *err)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};

	assert_true(
	    sim_sign(payload, chain_trusted.cert[SIM_LEAF].key, &evidence));
	*err = verdict(nitro_bytes_of_buf(&evidence), &verified);
	if (*err != NITRO_OK)
		return MUTANTS_REFUSED;
	return says_nothing_else(payload, verified) ? MUTANTS_HARMLESS
						    : MUTANTS_ADMITTED;
}

/* The original's payload, and what is done to it. */
struct subject {
	struct nitro_bytes in;
	const struct mutants_edit *edit;
};

static enum mutants_outcome
try_payload(const void *context, size_t i, nitro_err *err)
{
	const struct subject *subject = context;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};

	if (!subject->edit->make(subject->in, i, &payload))
		return MUTANTS_NONE;
	return sign_and_judge(nitro_bytes_of_buf(&payload), err);
}

/* C09 D01 D02 D03 D04 D05 D06 F06 */
static void
test_a_payload_changed_anywhere_and_signed_again(void **state)
{
	static const struct mutants_edit *const edits[] = {&mutants_bit_flipped,
	    &mutants_cut_off, &mutants_byte_deleted, &mutants_byte_doubled,
	    &mutants_byte_zeroed};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};
	struct mutants_tally tally = {0};
	nitro_err err;

	(void)state;
	assert_true(sim_payload(&original, &payload));
	assert_int_equal(sign_and_judge(nitro_bytes_of_buf(&payload), &err),
	    MUTANTS_HARMLESS); /* the control */
	for (size_t i = 0; i < NITRO_COUNT_OF(edits); i++) {
		const struct subject subject = {
		    .in = nitro_bytes_of_buf(&payload), .edit = edits[i]};
		const struct mutants mutants = {edits[i]->name,
		    subject.in.len * edits[i]->per_byte, try_payload, &subject};

		mutants_try(&mutants, &tally);
	}
	assert_true(tally.reason[NITRO_E_NONCE] > 0);
	assert_true(tally.reason[NITRO_E_AUDIENCE] > 0);
	assert_true(tally.reason[NITRO_E_KEY] > 0);
	assert_true(mutants_refused_in(&tally, NITRO_STAGE_AGE) > 0);
	assert_true(mutants_refused_in(&tally, NITRO_STAGE_CHAIN) > 0);
	assert_true(tally.reason[NITRO_E_PCR] > 0);
}

static const char *const keys[] = {"module_id", "digest", "timestamp", "pcrs",
    "certificate", "cabundle", "public_key", "user_data", "nonce",
    "nitrotpm_pcrs"};

#define VALUE(literal) \
	{ \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}

/* One encoded item; the first stands for none at all. */
static const struct nitro_bytes values[] = {
    {NULL, 0},
    VALUE("\xf6"), /* null */
    VALUE("\xf7"), /* undefined */
    VALUE("\xf4"),
    VALUE("\xf5"),
    VALUE("\xe0"),
    VALUE("\xf9\x3c\x00"),
    VALUE("\xfa\x7f\xc0\x00\x00"),
    VALUE("\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00"),
    VALUE("\x00"),
    VALUE("\x20"),
    VALUE("\x18\x00"),
    VALUE("\x1b\xff\xff\xff\xff\xff\xff\xff\xff"),
    VALUE("\x3b\xff\xff\xff\xff\xff\xff\xff\xff"),
    VALUE("\x1b\x7f\xff\xff\xff\xff\xff\xff\xff"),
    VALUE("\x40"),
    VALUE("\x41\x00"),
    VALUE("\x60"),
    VALUE("\x61\x00"),
    VALUE("\x62\xc3\x28"),
    VALUE("\x66SHA384"),
    VALUE("\x46SHA384"),
    VALUE("\x66sha384"),
    VALUE("\x66SHA512"),
    VALUE("\x80"),
    VALUE("\x9f\xff"),
    VALUE("\xa0"),
    VALUE("\xbf\xff"),
    VALUE("\x81\x40"),
    VALUE("\x81\x41\x30"),
    VALUE("\x82\x40\x40"),
    VALUE("\xa1\x00\x40"),
    VALUE("\xa1\x18\x20\x40"),
    VALUE("\xa1\x61\x30\x40"),
    VALUE("\x5f\x41\x00\xff"),
    VALUE("\x7f\x61\x61\xff"),
    VALUE("\xc0\x60"),
    VALUE("\xc2\x41\x01"),
    VALUE("\xd8\x18\x41\x00"),
    VALUE("\xff"),
};

/* Number i: a field, a value in its place or once more behind. */
static enum mutants_outcome
try_field(const void *context, size_t i, nitro_err *err)
{
	const size_t field = i / NITRO_COUNT_OF(values) / 2;
	const struct nitro_bytes value = values[i / 2 % NITRO_COUNT_OF(values)];
	struct sim_edit edits[2] = {{keys[field], value}, {keys[field], value}};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf whole = {0};

	(void)context;
	if (value.ptr == NULL && (i % 2 == 1 || field == 9))
		return MUTANTS_NONE;
	assert_true(sim_payload_edited(&original, edits, 1 + i % 2, &payload));
	assert_true(sim_payload(&original, &whole));
	if (nitro_bytes_equal(
		nitro_bytes_of_buf(&payload), nitro_bytes_of_buf(&whole)))
		return MUTANTS_NONE;
	return sign_and_judge(nitro_bytes_of_buf(&payload), err);
}

/* C14 C16 C20 C21 D07 D09 D10 D13 D15 D16 D18 */
static void
test_a_field_of_another_value_and_signed_again(void **state)
{
	const struct mutants mutants = {"field by field",
	    NITRO_COUNT_OF(keys) * NITRO_COUNT_OF(values) * 2, try_field, NULL};
	struct mutants_tally tally = {0};

	(void)state;
	mutants_try(&mutants, &tally);
}

/* One element of DER: where it begins, and where its content does. */
struct element {
	size_t at, head, len;
};

static struct element
element_at(struct nitro_bytes der, size_t at)
{
	struct element element = {at, 2, der.ptr[at + 1]};

	if (element.len == 0x81) {
		element.len = der.ptr[at + 2];
		element.head = 3;
	} else if (element.len == 0x82) {
		element.len = (size_t)der.ptr[at + 2] << 8 | der.ptr[at + 3];
		element.head = 4;
	}
	return element;
}

enum change { REMOVED, DOUBLED, EMPTIED, NULLED, RETAGGED, CHANGES };

/* What is to be changed, and the number of the next element. */
struct rewrite {
	size_t target, next;
	enum change change;
};

static void
put_changed(struct nitro_buf *out, enum change change, struct nitro_bytes whole,
    struct nitro_bytes content)
{
	switch (change) {
	case REMOVED:
	case CHANGES:
		return;
	case DOUBLED:
		unit_append(out, whole);
		unit_append(out, whole);
		return;
	case EMPTIED:
		certs_put(out, whole.ptr[0], (struct nitro_bytes){0});
		return;
	case NULLED:
		unit_append(out, UNIT_BYTES("\x05\x00"));
		return;
	case RETAGGED:
		certs_put(out, whole.ptr[0] ^ 0x01, content);
		return;
	}
}

/* Write all elements of in with one changed, lengths adjusted. */
static void
write_elements(
    struct nitro_bytes in, struct rewrite *rewrite, struct nitro_buf *out)
{
	for (size_t at = 0; at < in.len;) {
		const struct element e = element_at(in, at);
		const struct nitro_bytes whole = nitro_bytes_slice(
					     in, at, e.head + e.len),
					 content = nitro_bytes_slice(
					     whole, e.head, e.len);
		NITRO_DROP(nitro_buf_drop) struct nitro_buf inner = {0};
		const bool is_target = rewrite->next++ == rewrite->target;

		at += whole.len;
		if ((whole.ptr[0] & 0x20) != 0) /* constructed */
			write_elements(content, rewrite, &inner);
		else
			unit_append(&inner, content);
		if (is_target)
			put_changed(out, rewrite->change, whole, content);
		else
			certs_put(
			    out, whole.ptr[0], nitro_bytes_of_buf(&inner));
	}
}

/* The certificate at a position, and its first part. */
struct certificate {
	enum sim_position at;
	struct nitro_bytes der, tbs;
	const struct mutants_edit *edit; /* NULL: element by element */
};

static bool
covers(const X509 *cert, time_t now)
{
	return X509_cmp_time(X509_get0_notBefore(cert), &now) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(cert), &now) > 0;
}

static bool
knows_what_is_critical(const X509 *cert)
{
	for (int i = 0; i < X509_get_ext_count(cert); i++)
		if (X509_EXTENSION_get_critical(X509_get_ext(cert, i)) > 0 &&
		    X509_supported_extension(X509_get_ext(cert, i)) != 1)
			return false;
	return true;
}

/* A CA of this place in the chain, or an end entity that may sign. */
static bool
may_stand_at(X509 *cert, enum sim_position at)
{
	const bool is_ca = (X509_get_extension_flags(cert) & EXFLAG_CA) != 0;
	const uint32_t usage = X509_get_key_usage(cert);
	const long pathlen = X509_get_pathlen(cert);

	if ((X509_get_extension_flags(cert) & EXFLAG_INVALID) != 0 ||
	    (X509_get_extension_flags(cert) & EXFLAG_BCONS) == 0 ||
	    (X509_get_extension_flags(cert) & EXFLAG_KUSAGE) == 0)
		return false;
	if (at == SIM_LEAF)
		return !is_ca && (usage & KU_DIGITAL_SIGNATURE) != 0;
	return is_ca && (usage & KU_KEY_CERT_SIGN) != 0 &&
	       (pathlen < 0 || pathlen >= (long)(SIM_INSTANCE - at));
}

static X509 *
parse(struct nitro_bytes der)
{
	const unsigned char *at = der.ptr;
	X509 *cert = d2i_X509(NULL, &at, (long)der.len);

	return at == der.ptr + der.len ? cert : NULL;
}

/*
 * May a certificate that its issuer has signed be this one? Everything that
 * the rules of the chain speak of is as it was, read by libcrypto alone: so
 * the serial number, the subject of the leaf, what only helps to find a
 * certificate or a CRL, and a lenient encoding may differ.
 */
static bool
is_as_good(
    struct nitro_bytes der, struct nitro_bytes genuine, enum sim_position at)
{
	X509 *cert = parse(der), *was = parse(genuine);
	bool is_good = false;

	if (cert != NULL && was != NULL)
		is_good = X509_get_version(cert) == X509_VERSION_3 &&
			  X509_get_signature_nid(cert) ==
			      NID_ecdsa_with_SHA384 &&
			  EVP_PKEY_eq(X509_get0_pubkey(cert),
			      X509_get0_pubkey(was)) == 1 &&
			  X509_NAME_cmp(X509_get_issuer_name(cert),
			      X509_get_issuer_name(was)) == 0 &&
			  (at == SIM_LEAF ||
			      X509_NAME_cmp(X509_get_subject_name(cert),
				  X509_get_subject_name(was)) == 0) &&
			  covers(cert, CHAIN_TIME_S) &&
			  knows_what_is_critical(cert) &&
			  may_stand_at(cert, at);
	X509_free(cert);
	X509_free(was);
	ERR_clear_error();
	return is_good;
}

static enum mutants_outcome
judge_certificate(
    const struct certificate *cert, struct nitro_bytes tbs, nitro_err *err)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf inside = {0}, der = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	struct sim_document doc = original;
	struct nitro_bytes parts[3];

	certs_split(cert->der, parts);
	unit_append(&inside, tbs);
	unit_append(&inside, parts[1]);
	unit_append(&inside, parts[2]);
	certs_put(&der, 0x30, nitro_bytes_of_buf(&inside));
	certs_sign_anew(&der, chain_trusted.cert[cert->at - 1].key);
	if (cert->at == SIM_LEAF)
		doc.certificate = nitro_bytes_of_buf(&der);
	else
		doc.cabundle[cert->at] = nitro_bytes_of_buf(&der);
	assert_true(sim_attest(&chain_trusted, &doc, &evidence));
	*err = verdict(nitro_bytes_of_buf(&evidence), &verified);
	if (*err != NITRO_OK)
		return MUTANTS_REFUSED;
	return is_as_good(nitro_bytes_of_buf(&der), cert->der, cert->at)
		   ? MUTANTS_HARMLESS
		   : MUTANTS_ADMITTED;
}

static enum mutants_outcome
try_place(const void *context, size_t i, nitro_err *err)
{
	const struct certificate *cert = context;
	const struct element tbs = element_at(cert->tbs, 0);
	NITRO_DROP(nitro_buf_drop) struct nitro_buf changed = {0}, whole = {0};

	if (!cert->edit->make(
		nitro_bytes_slice(cert->tbs, tbs.head, tbs.len), i, &changed))
		return MUTANTS_NONE;
	certs_put(&whole, 0x30, nitro_bytes_of_buf(&changed));
	return judge_certificate(cert, nitro_bytes_of_buf(&whole), err);
}

static enum mutants_outcome
try_element(const void *context, size_t i, nitro_err *err)
{
	const struct certificate *cert = context;
	struct rewrite rewrite = {
	    .target = 1 + i / CHANGES, .change = (enum change)(i % CHANGES)};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf tbs = {0};

	write_elements(cert->tbs, &rewrite, &tbs);
	if (rewrite.next <= rewrite.target)
		return MUTANTS_NONE; /* there are not so many */
	return judge_certificate(cert, nitro_bytes_of_buf(&tbs), err);
}

#define ELEMENTS_MAX 100

static void
try_certificate(enum sim_position at, struct mutants_tally *tally)
{
	static const struct mutants_edit *const edits[] = {
	    &mutants_bit_flipped, &mutants_byte_zeroed};
	struct certificate cert = {
	    .at = at, .der = chain_der(&chain_trusted, at)};
	struct mutants mutants = {
	    "element by element", ELEMENTS_MAX * CHANGES, try_element, &cert};
	struct nitro_bytes parts[3];
	nitro_err err;

	certs_split(cert.der, parts);
	cert.tbs = parts[0];
	assert_int_equal(judge_certificate(&cert, cert.tbs, &err),
	    MUTANTS_HARMLESS); /* the control */
	/* There is room for all of them. */
	assert_int_equal(
	    try_element(&cert, mutants.count - 1, &err), MUTANTS_NONE);
	mutants_try(&mutants, tally);
	mutants.attempt = try_place;
	for (size_t i = 0; i < NITRO_COUNT_OF(edits); i++) {
		cert.edit = edits[i];
		mutants.name = edits[i]->name;
		mutants.count = edits[i]->per_byte *
				element_at(cert.tbs, 0).len;
		mutants_try(&mutants, tally);
	}
}

/* X08 X09 X10 X13 X14 X15 X17 X18 X19 X21 X29 */
static void
test_a_certificate_changed_anywhere_and_signed_again(void **state)
{
	struct mutants_tally tally = {0};

	(void)state;
	for (unsigned at = SIM_REGIONAL; at < SIM_POSITIONS; at++)
		try_certificate((enum sim_position)at, &tally);
	assert_true(tally.harmless > 0);
	assert_true(tally.reason[NITRO_E_CERT_TIME] > 0);
	assert_true(tally.reason[NITRO_E_CERT_ALG] > 0);
	assert_true(tally.reason[NITRO_E_CERT_CA] > 0);
	assert_true(tally.reason[NITRO_E_CERT_LEAF] > 0);
	assert_true(tally.reason[NITRO_E_CERT_CHAIN] > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_payload_changed_anywhere_and_signed_again),
	    cmocka_unit_test(test_a_field_of_another_value_and_signed_again),
	    cmocka_unit_test(
		test_a_certificate_changed_anywhere_and_signed_again),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
