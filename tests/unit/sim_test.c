/*
 * The simulated NSM against real documents: what it writes, given the same
 * words, is byte for byte what AWS wrote; its certificates say what AWS's
 * say. Read by libcbor and libcrypto, not by the code under test elsewhere.
 */
#include <string.h>

#include <cbor.h>
#include <openssl/x509v3.h>

#include "evidence/verifier.h"
#include "sim/sim.h"
#include "unit/unit.h"
#include "unit/vectors.h"

#define TIME_S 1800000000
#define TIME_MS ((uint64_t)TIME_S * 1000 + 250)

/* One indefinite, one definite, one NitroTPM, all of SIM_REGION. */
static const char *const mirrored[] = {
    "enc-2025-09-16-use1-nN-u32-p130-indef-ce1e1c6e.cbor",
    "enc-2024-11-30-use1-nN-uN-p65-69d51f98.cbor",
    "tpm-2026-02-02-use1-n32-uN-p65-indef-7877d3db.cbor",
};

/* A document as libcbor reads it. */
struct reading {
	cbor_item_t *envelope, *payload;
};

static void
drop_reading(struct reading *reading)
{
	if (reading->payload != NULL)
		cbor_decref(&reading->payload);
	if (reading->envelope != NULL)
		cbor_decref(&reading->envelope);
}

static void
drop_cert(X509 **cert)
{
	X509_free(*cert);
}

static void
drop_bio(BIO **bio)
{
	BIO_free(*bio);
}

static void
drop_store(X509_STORE **store)
{
	X509_STORE_free(*store);
}

static void
drop_store_ctx(X509_STORE_CTX **ctx)
{
	X509_STORE_CTX_free(*ctx);
}

static void
drop_certs(STACK_OF(X509) * *certs)
{
	sk_X509_pop_free(*certs, X509_free);
}

static void
drop_md_ctx(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

/* A part of the envelope, a borrowed reference like all that follow. */
static cbor_item_t *
part(const struct reading *reading, size_t i)
{
	return cbor_move(cbor_array_get(reading->envelope, i));
}

static struct nitro_bytes
bytes_of(const cbor_item_t *item)
{
	assert_true(cbor_isa_bytestring(item));
	return (struct nitro_bytes){
	    cbor_bytestring_handle(item), cbor_bytestring_length(item)};
}

static cbor_item_t *
load(struct nitro_bytes in)
{
	struct cbor_load_result result;
	cbor_item_t *item = cbor_load(in.ptr, in.len, &result);

	assert_non_null(item);
	assert_int_equal(result.error.code, CBOR_ERR_NONE);
	assert_int_equal(result.read, in.len);
	return item;
}

static void
read_document(struct nitro_bytes evidence, struct reading *reading)
{
	reading->envelope = load(evidence);
	assert_true(cbor_isa_array(reading->envelope));
	assert_int_equal(cbor_array_size(reading->envelope), 4);
	reading->payload = load(bytes_of(part(reading, 2)));
	assert_true(cbor_isa_map(reading->payload));
}

static bool
is_key(const cbor_item_t *item, const char *key)
{
	return nitro_bytes_equal_text(
	    (struct nitro_bytes){
		cbor_string_handle(item), cbor_string_length(item)},
	    key);
}

/* The value of the first such key, or NULL. */
static cbor_item_t *
field(const struct reading *reading, const char *key)
{
	struct cbor_pair *pairs = cbor_map_handle(reading->payload);

	for (size_t i = 0; i < cbor_map_size(reading->payload); i++)
		if (is_key(pairs[i].key, key))
			return pairs[i].value;
	return NULL;
}

static struct nitro_bytes
optional(const struct reading *reading, const char *key)
{
	const cbor_item_t *item = field(reading, key);
	struct nitro_bytes value;

	assert_non_null(item);
	if (cbor_isa_float_ctrl(item) && cbor_is_null(item))
		return (struct nitro_bytes){0};
	value = bytes_of(item);
	return value.len == 0 ? nitro_bytes_of_text("") : value;
}

static void
copy_pcrs(const cbor_item_t *pcrs, struct sim_document *doc)
{
	struct cbor_pair *pairs = cbor_map_handle(pcrs);

	doc->pcr_count = (unsigned)cbor_map_size(pcrs);
	doc->has_indefinite_pcrs = !cbor_map_is_definite(pcrs);
	assert_int_in_range(doc->pcr_count, 1, 32);
	for (unsigned i = 0; i < doc->pcr_count; i++) {
		struct nitro_bytes value = bytes_of(pairs[i].value);

		assert_int_equal(cbor_get_int(pairs[i].key), i);
		assert_int_equal(value.len, sizeof(doc->pcr[i]));
		memcpy(doc->pcr[i], value.ptr, sizeof(doc->pcr[i]));
	}
}

/* The words of a real document, to be written again by the simulation. */
static void
copy_document(const struct reading *reading, struct sim_document *doc)
{
	const cbor_item_t *pcrs = field(reading, "pcrs");
	const cbor_item_t *module_id = field(reading, "module_id");
	const cbor_item_t *bundle = field(reading, "cabundle");

	*doc = (struct sim_document){.kind = NITRO_KIND_ENCLAVE};
	if (pcrs == NULL) {
		doc->kind = NITRO_KIND_NITROTPM;
		pcrs = field(reading, "nitrotpm_pcrs");
	}
	assert_non_null(pcrs);
	copy_pcrs(pcrs, doc);
	doc->is_definite = cbor_map_is_definite(reading->payload);
	doc->module_id = (struct nitro_bytes){
	    cbor_string_handle(module_id), cbor_string_length(module_id)};
	doc->timestamp_ms = cbor_get_int(field(reading, "timestamp"));
	doc->certificate = bytes_of(field(reading, "certificate"));
	doc->cabundle_count = cbor_array_size(bundle);
	assert_int_in_range(doc->cabundle_count, 1, 16);
	for (size_t i = 0; i < doc->cabundle_count; i++)
		doc->cabundle[i] = bytes_of(cbor_array_handle(bundle)[i]);
	doc->public_key = optional(reading, "public_key");
	doc->user_data = optional(reading, "user_data");
	doc->nonce = optional(reading, "nonce");
}

/* Key order, null, widths, definite and indefinite maps, envelope: all of it. */
static void
test_every_real_document_is_written_again_byte_for_byte(void **state)
{
	NITRO_DROP(vectors_table_drop) struct vectors_table table = {0};
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	struct sim_options options = {.time_s = TIME_S};
	unsigned wrong = 0;

	(void)state;
	if (!vectors_are_here())
		skip();
	assert_true(sim_pki_make(&options, &pki));
	vectors_table_open(&table, "documents.tsv");
	while (vectors_table_next(&table)) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf real = {0};
		NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};
		NITRO_DROP(nitro_buf_drop) struct nitro_buf made = {0};
		NITRO_DROP(drop_reading) struct reading reading = {0};
		struct sim_envelope envelope = {0};
		struct sim_document doc;
		char name[128] = "";

		assert_true(nitro_bytes_to_text(
		    vectors_column(&table, "file"), name, sizeof(name)));
		vectors_load_from(
		    "documents", nitro_bytes_of_text(name), &real);
		read_document(nitro_bytes_of_buf(&real), &reading);
		copy_document(&reading, &doc);
		envelope.signature = bytes_of(part(&reading, 3));
		assert_true(sim_payload(&doc, &payload));
		assert_true(sim_seal(&envelope, nitro_bytes_of_buf(&payload),
		    pki.cert[SIM_LEAF].key, &made));
		wrong += unit_bytes_differ(
		    name, nitro_bytes_of_buf(&made), nitro_bytes_of_buf(&real));
	}
	assert_true(table.row_count > 0);
	assert_int_equal(wrong, 0);
}

/* What an untouched default document has in common with the newest real ones. */
static void
test_default_document_has_the_form_of_real_ones(void **state)
{
	(void)state;
	if (!vectors_are_here())
		skip();
	for (size_t i = 0; i < NITRO_COUNT_OF(mirrored); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf file = {0};
		NITRO_DROP(drop_reading) struct reading reading = {0};
		NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
		struct sim_options options = {.time_s = TIME_S};
		struct sim_document real, made;
		char module_id[64];

		vectors_load_from(
		    "documents", nitro_bytes_of_text(mirrored[i]), &file);
		read_document(nitro_bytes_of_buf(&file), &reading);
		copy_document(&reading, &real);
		assert_true(nitro_bytes_to_text(
		    real.module_id, module_id, sizeof(module_id)));
		options.kind = real.kind;
		options.module_id = module_id;
		assert_true(sim_pki_make(&options, &pki));
		sim_document_default(&pki, TIME_MS, &made);
		assert_int_equal(made.pcr_count, real.pcr_count);
		assert_int_equal(made.cabundle_count, real.cabundle_count);
		assert_false(made.is_definite);
		for (unsigned n = 0; n < real.pcr_count; n++) {
			struct nitro_bytes a = {made.pcr[n], 48};
			struct nitro_bytes b = {real.pcr[n], 48};

			/* A role (PCR3) is not every enclave's. */
			if (n != 3)
				assert_int_equal(nitro_bytes_is_zero(a),
				    nitro_bytes_is_zero(b));
		}
		if (real.kind == NITRO_KIND_ENCLAVE)
			assert_memory_equal(made.pcr[4], real.pcr[4], 48);
		else
			assert_memory_equal(made.pcr[17], real.pcr[17], 48);
	}
}

static void
test_debug_document_has_the_form_of_a_real_one(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf file = {0};
	NITRO_DROP(drop_reading) struct reading reading = {0};
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	struct sim_options options = {.time_s = TIME_S};
	struct sim_document real, made;

	(void)state;
	if (!vectors_are_here())
		skip();
	vectors_load_from("documents",
	    nitro_bytes_of_text(
		"enc-2026-08-03-use1-nN-uN-pN-dbg-indef-13a44c64.cbor"),
	    &file);
	read_document(nitro_bytes_of_buf(&file), &reading);
	copy_document(&reading, &real);
	assert_true(sim_pki_make(&options, &pki));
	sim_document_default(&pki, TIME_MS, &made);
	memset(made.pcr[8], 0xa8, sizeof(made.pcr[8]));
	sim_document_debug(&made);
	for (unsigned n = 0; n < real.pcr_count; n++) {
		struct nitro_bytes a = {made.pcr[n], 48};
		struct nitro_bytes b = {real.pcr[n], 48};

		assert_int_equal(
		    nitro_bytes_is_zero(a), nitro_bytes_is_zero(b));
	}
}

/* Certificates, told in words so that a difference can be read. */

static X509 *
parse(struct nitro_bytes der)
{
	const unsigned char *at = der.ptr;
	X509 *cert = d2i_X509(NULL, &at, (long)der.len);

	assert_non_null(cert);
	assert_ptr_equal(at, der.ptr + der.len);
	return cert;
}

/* Regional and zonal names begin with 16 hex digits that differ each time. */
static void
tell_name(BIO *out, const char *what, const X509_NAME *name)
{
	BIO_printf(out, "%s\n", what);
	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);
		const char *text = (const char *)ASN1_STRING_get0_data(value);
		int len = ASN1_STRING_length(value);

		if (len > 17 && text[16] == '.' &&
		    strspn(text, "0123456789abcdef") == 16) {
			text += 16;
			len -= 16;
		}
		BIO_printf(out, "  %s (%d) %.*s\n",
		    OBJ_nid2sn(OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry))),
		    ASN1_STRING_type(value), len, text);
	}
}

static void
tell_extensions(BIO *out, const X509 *cert)
{
	for (int i = 0; i < X509_get_ext_count(cert); i++) {
		const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(
		    X509_get_ext(cert, i));
		int nid = OBJ_obj2nid(
		    X509_EXTENSION_get_object(X509_get_ext(cert, i)));

		BIO_printf(out, "%s critical=%d", OBJ_nid2sn(nid),
		    X509_EXTENSION_get_critical(X509_get_ext(cert, i)));
		if (nid == NID_basic_constraints || nid == NID_key_usage)
			for (int n = 0; n < ASN1_STRING_length(value); n++)
				BIO_printf(out, " %02x",
				    ASN1_STRING_get0_data(value)[n]);
		BIO_printf(out, " length=%d\n", ASN1_STRING_length(value));
	}
}

/*
 * AWS's zonal authorities live 5 to 6 days, the others to the second alike;
 * the serial number of the leaf alone can be foretold.
 */
static void
tell(const X509 *cert, enum sim_position at, char *text, int text_size)
{
	NITRO_DROP(drop_bio) BIO *out = BIO_new(BIO_s_mem());
	EVP_PKEY *key = X509_get0_pubkey(cert);
	char group[32] = "";
	int days, seconds, len;

	assert_non_null(out);
	assert_int_equal(
	    EVP_PKEY_get_group_name(key, group, sizeof(group), NULL), 1);
	assert_int_equal(
	    ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(cert),
		X509_get0_notAfter(cert)),
	    1);
	if (at == SIM_ZONAL)
		seconds = 0;
	BIO_printf(out, "v%ld %s %s times (%d %d) %d days %d s\n",
	    X509_get_version(cert) + 1,
	    OBJ_nid2sn(X509_get_signature_nid(cert)), group,
	    ASN1_STRING_type(X509_get0_notBefore(cert)),
	    ASN1_STRING_type(X509_get0_notAfter(cert)), days, seconds);
	if (at == SIM_LEAF)
		i2a_ASN1_INTEGER(out, X509_get0_serialNumber(cert));
	tell_name(out, "issuer", X509_get_issuer_name(cert));
	tell_name(out, "subject", X509_get_subject_name(cert));
	tell_extensions(out, cert);
	len = BIO_read(out, text, text_size - 1);
	assert_true(len > 0);
	text[len] = '\0';
}

static int64_t
seconds_of(const ASN1_TIME *time)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days, seconds;

	assert_int_equal(ASN1_TIME_diff(&days, &seconds, epoch, time), 1);
	ASN1_TIME_free(epoch);
	return (int64_t)days * 86400 + seconds;
}

static struct nitro_bytes
cert_of(const struct sim_document *doc, unsigned at)
{
	return at == SIM_LEAF ? doc->certificate : doc->cabundle[at];
}

static void
compare_certs(const struct sim_document *real, const struct sim_pki *pki)
{
	for (unsigned at = 0; at < SIM_POSITIONS; at++) {
		NITRO_DROP(drop_cert) X509 *theirs = parse(cert_of(real, at));
		NITRO_DROP(drop_cert)
		X509 *ours = parse(nitro_bytes_of_buf(&pki->cert[at].der));
		char expected[2048], actual[2048];

		tell(theirs, (enum sim_position)at, expected, sizeof(expected));
		tell(ours, (enum sim_position)at, actual, sizeof(actual));
		assert_string_equal(actual, expected);
		if (at == SIM_ROOT || at == SIM_LEAF) {
			assert_int_equal(
			    ASN1_TIME_compare(X509_get0_notBefore(ours),
				X509_get0_notBefore(theirs)),
			    0);
			assert_int_equal(
			    ASN1_TIME_compare(X509_get0_notAfter(ours),
				X509_get0_notAfter(theirs)),
			    0);
		}
	}
}

static void
test_certificates_say_what_real_ones_say(void **state)
{
	(void)state;
	if (!vectors_are_here())
		skip();
	for (size_t i = 0; i < NITRO_COUNT_OF(mirrored); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf file = {0};
		NITRO_DROP(drop_reading) struct reading reading = {0};
		NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
		NITRO_DROP(drop_cert) X509 *leaf = NULL;
		struct sim_options options = {0};
		struct sim_document real;
		char module_id[64];

		vectors_load_from(
		    "documents", nitro_bytes_of_text(mirrored[i]), &file);
		read_document(nitro_bytes_of_buf(&file), &reading);
		copy_document(&reading, &real);
		leaf = parse(real.certificate);
		assert_true(nitro_bytes_to_text(
		    real.module_id, module_id, sizeof(module_id)));
		options.kind = real.kind;
		options.module_id = module_id;
		options.time_s = seconds_of(X509_get0_notBefore(leaf)) + 3;
		assert_int_in_range(
		    real.timestamp_ms / 1000 - (uint64_t)options.time_s, 0,
		    3 * 3600);
		assert_true(sim_pki_make(&options, &pki));
		compare_certs(&real, &pki);
	}
}

/* X509_verify_cert() over the chain, with that root. */
static int
verify_chain(const struct sim_pki *pki, const struct sim_pki *root,
    unsigned target, int64_t time_s)
{
	NITRO_DROP(drop_store) X509_STORE *store = X509_STORE_new();
	NITRO_DROP(drop_store_ctx) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	NITRO_DROP(drop_certs) STACK_OF(X509) *between = sk_X509_new_null();
	NITRO_DROP(drop_cert)
	X509 *anchor = parse(nitro_bytes_of_buf(&root->cert[SIM_ROOT].der));
	NITRO_DROP(drop_cert)
	X509 *leaf = parse(nitro_bytes_of_buf(&pki->cert[target].der));
	X509_VERIFY_PARAM *param;

	for (unsigned at = SIM_REGIONAL; at < target; at++)
		assert_true(
		    sk_X509_push(between,
			parse(nitro_bytes_of_buf(&pki->cert[at].der))) > 0);
	assert_int_equal(X509_STORE_add_cert(store, anchor), 1);
	assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, between), 1);
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)time_s);
	assert_int_equal(
	    X509_VERIFY_PARAM_set_flags(
		param, X509_V_FLAG_SUITEB_192_LOS |
			   (target == SIM_LEAF ? 0 : X509_V_FLAG_X509_STRICT)),
	    1);
	return X509_verify_cert(ctx) == 1 ? X509_V_OK
					  : X509_STORE_CTX_get_error(ctx);
}

static void
test_libcrypto_verifies_the_chain(void **state)
{
	NITRO_DROP(sim_pki_drop)
	struct sim_pki pki = {0}, other = {0}, same = {0};
	struct sim_options options = {.time_s = TIME_S};

	(void)state;
	assert_true(sim_pki_make(&options, &pki));
	assert_true(sim_pki_make(&options, &other));
	options.same_root = &pki;
	assert_true(sim_pki_make(&options, &same));
	assert_int_equal(
	    verify_chain(&pki, &pki, SIM_INSTANCE, TIME_S), X509_V_OK);
	assert_int_equal(verify_chain(&pki, &pki, SIM_LEAF, TIME_S), X509_V_OK);
	assert_int_equal(
	    verify_chain(&same, &pki, SIM_LEAF, TIME_S), X509_V_OK);
	assert_int_equal(verify_chain(&pki, &other, SIM_LEAF, TIME_S),
	    X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
	assert_int_equal(verify_chain(&pki, &pki, SIM_LEAF, TIME_S - 4),
	    X509_V_ERR_CERT_NOT_YET_VALID);
	assert_int_equal(
	    verify_chain(&pki, &pki, SIM_LEAF, TIME_S + 3 * 3600 + 1),
	    X509_V_ERR_CERT_HAS_EXPIRED);
}

/* By EVP_DigestVerify() over a Sig_structure put together here. */
static int
verify_signature(const struct reading *reading, EVP_PKEY *key)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf tbs = {0};
	NITRO_DROP(drop_md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct nitro_bytes payload = bytes_of(part(reading, 2));
	struct nitro_bytes signature = bytes_of(part(reading, 3));
	ECDSA_SIG *sig = ECDSA_SIG_new();
	unsigned char *der = NULL;
	int len, result;

	assert_int_in_range(payload.len, 256, 65535);
	assert_int_equal(signature.len, 96);
	unit_hex("84 6a 5369676e617475726531 44 a1013822 40 59", &tbs);
	unit_fill(&tbs, (uint8_t)(payload.len >> 8), 1);
	unit_fill(&tbs, (uint8_t)payload.len, 1);
	unit_append(&tbs, payload);
	assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn(signature.ptr, 48, NULL),
			     BN_bin2bn(signature.ptr + 48, 48, NULL)),
	    1);
	len = i2d_ECDSA_SIG(sig, &der);
	ECDSA_SIG_free(sig);
	assert_true(len > 0);
	assert_int_equal(
	    EVP_DigestVerifyInit_ex(ctx, NULL, "SHA384", NULL, NULL, key, NULL),
	    1);
	result = EVP_DigestVerify(ctx, der, (size_t)len, tbs.ptr, tbs.len);
	OPENSSL_free(der);
	return result;
}

static void
test_libcrypto_verifies_the_signature(void **state)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	NITRO_DROP(drop_reading) struct reading reading = {0};
	NITRO_DROP(drop_cert) X509 *leaf = NULL, *instance = NULL;
	struct sim_options options = {.time_s = TIME_S};
	struct sim_document doc;

	(void)state;
	assert_true(sim_pki_make(&options, &pki));
	sim_document_default(&pki, TIME_MS, &doc);
	assert_true(sim_attest(&pki, &doc, &evidence));
	assert_int_equal(evidence.ptr[0], 0x84);
	read_document(nitro_bytes_of_buf(&evidence), &reading);
	assert_int_equal(cbor_map_size(part(&reading, 1)), 0);
	leaf = parse(bytes_of(field(&reading, "certificate")));
	instance = parse(nitro_bytes_of_buf(&pki.cert[SIM_INSTANCE].der));
	assert_int_equal(verify_signature(&reading, X509_get0_pubkey(leaf)), 1);
	assert_int_not_equal(
	    verify_signature(&reading, X509_get0_pubkey(instance)), 1);
}

static void
edit_validity(X509 *cert, void *context)
{
	*(bool *)context = true;
	sim_cert_extend(
	    cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:7");
	sim_cert_remove(cert, NID_key_usage);
}

static void
test_options_change_a_certificate(void **state)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	NITRO_DROP(drop_cert)
	X509 *regional = NULL, *zonal = NULL, *leaf = NULL;
	struct sim_options options = {.time_s = TIME_S};
	bool was_edited = false;

	(void)state;
	options.cert[SIM_REGIONAL].edit = edit_validity;
	options.cert[SIM_REGIONAL].context = &was_edited;
	options.cert[SIM_ZONAL].not_before_s = TIME_S - 10;
	options.cert[SIM_ZONAL].not_after_s = TIME_S + 10;
	options.cert[SIM_ZONAL].digest = "SHA256";
	options.cert[SIM_LEAF].signed_by = 1 + SIM_LEAF;
	assert_true(sim_pki_make(&options, &pki));
	regional = parse(nitro_bytes_of_buf(&pki.cert[SIM_REGIONAL].der));
	zonal = parse(nitro_bytes_of_buf(&pki.cert[SIM_ZONAL].der));
	leaf = parse(nitro_bytes_of_buf(&pki.cert[SIM_LEAF].der));
	assert_true(was_edited);
	assert_int_equal(X509_get_pathlen(regional), 7);
	assert_int_equal(X509_get_ext_by_NID(regional, NID_key_usage, -1), -1);
	assert_int_equal(seconds_of(X509_get0_notBefore(zonal)), TIME_S - 10);
	assert_int_equal(seconds_of(X509_get0_notAfter(zonal)), TIME_S + 10);
	assert_int_equal(X509_get_signature_nid(zonal), NID_ecdsa_with_SHA256);
	assert_int_equal(X509_NAME_cmp(X509_get_subject_name(leaf),
			     X509_get_issuer_name(leaf)),
	    0);
	assert_int_equal(X509_verify(leaf, X509_get0_pubkey(leaf)), 1);
}

static void
test_every_kind_of_key_can_be_had(void **state)
{
	static const struct {
		const char *key, *type;
		int bits;
	} rows[] = {
	    {"P-256", "EC", 256},
	    {"P-384", "EC", 384},
	    {"P-521", "EC", 521},
	    {"secp256k1", "EC", 256},
	    {"brainpoolP384r1", "EC", 384},
	    {"RSA-2048", "RSA", 2048},
	    {"Ed25519", "ED25519", 256},
	};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
		NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
		NITRO_DROP(drop_reading) struct reading reading = {0};
		NITRO_DROP(drop_cert) X509 *issuer = NULL, *leaf = NULL;
		struct sim_options options = {.time_s = TIME_S};
		struct sim_document doc;

		options.cert[SIM_INSTANCE].key = rows[i].key;
		options.cert[SIM_LEAF].key = rows[i].key;
		assert_true(sim_pki_make(&options, &pki));
		issuer = parse(nitro_bytes_of_buf(&pki.cert[SIM_INSTANCE].der));
		leaf = parse(nitro_bytes_of_buf(&pki.cert[SIM_LEAF].der));
		assert_int_equal(
		    EVP_PKEY_is_a(X509_get0_pubkey(leaf), rows[i].type), 1);
		assert_int_equal(
		    EVP_PKEY_get_bits(X509_get0_pubkey(leaf)), rows[i].bits);
		assert_int_equal(
		    X509_verify(leaf, X509_get0_pubkey(issuer)), 1);
		sim_document_default(&pki, TIME_MS, &doc);
		assert_true(sim_attest(&pki, &doc, &evidence));
		read_document(nitro_bytes_of_buf(&evidence), &reading);
		assert_int_equal(bytes_of(part(&reading, 3)).len, 96);
	}
}

static void
test_what_cannot_be_made_is_refused(void **state)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	struct sim_options good = {.time_s = TIME_S}, bad;
	char long_name[258];

	(void)state;
	memset(long_name, 'i', sizeof(long_name));
	long_name[257] = '\0';
	bad = good;
	bad.time_s = 0;
	assert_false(sim_pki_make(&bad, &pki));
	bad = good;
	bad.cert[SIM_ZONAL].key = "P-385";
	assert_false(sim_pki_make(&bad, &pki));
	bad = good;
	bad.cert[SIM_ZONAL].digest = "SHA385";
	assert_false(sim_pki_make(&bad, &pki));
	bad = good;
	bad.cert[SIM_ZONAL].signed_by = 1 + SIM_LEAF;
	assert_false(sim_pki_make(&bad, &pki));
	bad = good;
	bad.module_id = long_name;
	assert_false(sim_pki_make(&bad, &pki));
	bad.module_id = "";
	assert_false(sim_pki_make(&bad, &pki));
	assert_null(pki.cert[SIM_ROOT].key);
	long_name[256] = '\0';
	good.module_id = long_name;
	assert_true(sim_pki_make(&good, &pki));
	assert_string_equal(pki.module_id, long_name);
}

/* Pairs of the payload: keys in their order, by libcbor. */
static void
assert_keys(
    const struct nitro_buf *payload, bool is_definite, const char *const *keys)
{
	cbor_item_t *map = load(nitro_bytes_of_buf(payload));
	size_t count = 0;

	while (keys[count] != NULL)
		count++;
	assert_int_equal(cbor_map_is_definite(map), is_definite);
	assert_int_equal(cbor_map_size(map), count);
	for (size_t i = 0; i < count; i++)
		if (!is_key(cbor_map_handle(map)[i].key, keys[i]))
			fail_msg("key %zu is not %s", i, keys[i]);
	cbor_decref(&map);
}

static void
test_edits_replace_leave_out_and_add_pairs(void **state)
{
	static const char *const expected[] = {"module_id", "timestamp", "pcrs",
	    "certificate", "cabundle", "public_key", "user_data", "nonce",
	    "nonce", "other", NULL};
	static const uint8_t one[] = {0x01}, two[] = {0x02};
	static const struct sim_edit edits[] = {
	    {"nonce", {one, 1}},
	    {"digest", {NULL, 0}},
	    {"nonce", {two, 1}},
	    {"other", {one, 1}},
	    {"nothing", {NULL, 0}},
	};
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	struct sim_options options = {.time_s = TIME_S};
	struct sim_document doc;

	(void)state;
	assert_true(sim_pki_make(&options, &pki));
	sim_document_default(&pki, TIME_MS, &doc);
	for (unsigned i = 0; i < 2; i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};
		cbor_item_t *map;

		doc.is_definite = i == 1;
		assert_true(sim_payload_edited(
		    &doc, edits, NITRO_COUNT_OF(edits), &payload));
		assert_keys(&payload, doc.is_definite, expected);
		map = load(nitro_bytes_of_buf(&payload));
		assert_int_equal(
		    cbor_get_int(cbor_map_handle(map)[7].value), 1);
		assert_int_equal(
		    cbor_get_int(cbor_map_handle(map)[8].value), 2);
		cbor_decref(&map);
	}
}

/* RFC 8949 appendix A, and the borders between the forms. */
static void
test_heads_are_the_shortest(void **state)
{
	static const struct {
		uint64_t value;
		unsigned major;
		const char *hex;
	} rows[] = {
	    {0, 0, "00"},
	    {23, 0, "17"},
	    {24, 0, "1818"},
	    {100, 0, "1864"},
	    {255, 2, "58ff"},
	    {256, 2, "590100"},
	    {1000, 0, "1903e8"},
	    {65535, 3, "79ffff"},
	    {65536, 3, "7a00010000"},
	    {1000000, 0, "1a000f4240"},
	    {4294967295, 4, "9affffffff"},
	    {4294967296, 5, "bb0000000100000000"},
	    {1000000000000, 0, "1b000000e8d4a51000"},
	    {18446744073709551615u, 1, "3bffffffffffffffff"},
	};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf long_form = {0};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf made = {0};
		NITRO_DROP(nitro_buf_drop) struct nitro_buf expected = {0};

		unit_hex(rows[i].hex, &expected);
		assert_true(sim_cbor_head(&made, rows[i].major, rows[i].value));
		wrong += unit_bytes_differ(rows[i].hex,
		    nitro_bytes_of_buf(&made), nitro_bytes_of_buf(&expected));
	}
	assert_int_equal(wrong, 0);
	assert_true(sim_cbor_long_head(&long_form, 2, 1, 2));
	assert_true(nitro_bytes_equal(
	    nitro_bytes_of_buf(&long_form), UNIT_BYTES("\x59\x00\x01")));
	assert_false(sim_cbor_long_head(&long_form, 2, 256, 1));
	assert_false(sim_cbor_long_head(&long_form, 2, 1, 3));
	assert_false(sim_cbor_head(&long_form, 8, 1));
	assert_int_equal(long_form.len, 3);
}

/* The words that a login's verifier asks for. */
static void
fill_login(struct sim_document *doc, void *context)
{
	(void)context;
	doc->nonce = nitro_bytes_of_text("0123456789abcdef0123456789abcdef");
	doc->user_data = nitro_bytes_of_text("audience");
	doc->public_key = nitro_bytes_of_text("key blob");
}

static nitro_err
judge(struct nitro_bytes evidence, const struct nitro_trust_anchors *anchors)
{
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	struct nitro_evidence_facts facts;
	struct sim_document doc;
	struct nitro_expectation expectation = {
	    .age = NITRO_CHECK_REQUIRED,
	    .now_ms = (int64_t)TIME_MS + 100,
	    .max_age_ms = 60000,
	    .clock_skew_ms = 5000,
	};

	fill_login(&doc, NULL);
	expectation.nonce = (struct nitro_expected){
	    NITRO_CHECK_REQUIRED, doc.nonce};
	expectation.audience = (struct nitro_expected){
	    NITRO_CHECK_REQUIRED, doc.user_data};
	expectation.public_key = (struct nitro_expected){
	    NITRO_CHECK_REQUIRED, doc.public_key};
	return nitro_evidence_verify(
	    evidence, &expectation, anchors, &facts, &verified);
}

/*
 * Every named defect, and nothing but it, is what the verifier finds.
 * C11 C25 D13 F06 G07 S05 X02 X05 X08
 */
static void
test_each_defect_is_found_for_its_own_reason(void **state)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
	struct nitro_trust_anchors *anchors = NULL;
	struct sim_options options = {.time_s = TIME_S};
	size_t count;
	const struct sim_defect *defect = sim_defects(&count);
	unsigned wrong = 0;

	(void)state;
	assert_true(sim_pki_make(&options, &pki));
	assert_true(sim_pki_root_pem(&pki, &pem));
	assert_err(
	    nitro_trust_anchors_parse(nitro_bytes_of_buf(&pem), &anchors),
	    NITRO_OK);
	options.same_root = &pki;
	for (size_t i = 0; i < 2 * (count + 1); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
		const struct sim_defect *one = i / 2 == count ? NULL
							      : &defect[i / 2];

		options.kind = i % 2 == 0 ? NITRO_KIND_ENCLAVE
					  : NITRO_KIND_NITROTPM;
		assert_true(sim_attest_defect(
		    one, &options, fill_login, NULL, &evidence));
		wrong += unit_differs(one == NULL ? "none" : one->name,
		    judge(nitro_bytes_of_buf(&evidence), anchors),
		    one == NULL ? NITRO_OK : one->reason);
	}
	nitro_trust_anchors_free(anchors);
	assert_int_equal(wrong, 0);
}

static void
test_defects_are_found_by_their_names(void **state)
{
	size_t count;
	const struct sim_defect *defect = sim_defects(&count);

	(void)state;
	assert_true(count >= 24);
	for (size_t i = 0; i < count; i++)
		assert_ptr_equal(sim_defect_find(defect[i].name), &defect[i]);
	assert_null(sim_defect_find("no-such-defect"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_every_real_document_is_written_again_byte_for_byte),
	    cmocka_unit_test(test_default_document_has_the_form_of_real_ones),
	    cmocka_unit_test(test_debug_document_has_the_form_of_a_real_one),
	    cmocka_unit_test(test_certificates_say_what_real_ones_say),
	    cmocka_unit_test(test_libcrypto_verifies_the_chain),
	    cmocka_unit_test(test_libcrypto_verifies_the_signature),
	    cmocka_unit_test(test_options_change_a_certificate),
	    cmocka_unit_test(test_every_kind_of_key_can_be_had),
	    cmocka_unit_test(test_what_cannot_be_made_is_refused),
	    cmocka_unit_test(test_edits_replace_leave_out_and_add_pairs),
	    cmocka_unit_test(test_heads_are_the_shortest),
	    cmocka_unit_test(test_each_defect_is_found_for_its_own_reason),
	    cmocka_unit_test(test_defects_are_found_by_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
