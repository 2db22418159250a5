/* The administrator's file of roots. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/cert_chain.h"
#include "unit/certs.h"
#include "unit/chain.h"
#include "unit/unit.h"
#include "unit/vectors.h"

/* As whoever judges a file, whose fault it is not what went wrong before. */
static nitro_err
parse(struct nitro_bytes pem, size_t *count)
{
	NITRO_DROP(nitro_trust_anchors_drop)
	struct nitro_trust_anchors *made = NULL;
	nitro_err err;

	ERR_raise(ERR_LIB_X509, ERR_R_MALLOC_FAILURE);
	err = nitro_trust_anchors_parse(pem, &made);
	assert_int_equal(made != NULL, err == NITRO_OK);
	assert_int_equal(ERR_peek_error(), 0);
	*count = made == NULL ? 0 : nitro_trust_anchors_count(made);
	if (err == NITRO_OK) {
		ERR_raise(ERR_LIB_X509, ERR_R_MALLOC_FAILURE);
		err = nitro_trust_anchors_check_signatures(made);
	}
	assert_int_equal(ERR_peek_error(), 0);
	return err;
}

static void
put_root(struct nitro_buf *pem, const struct sim_pki *pki)
{
	assert_true(sim_pki_root_pem(pki, pem));
}

static void
test_the_shipped_roots_are_those_that_aws_publishes(void **state)
{
	static const struct {
		const char *path, *sha256;
	} roots[] = {
	    {"conf/aws-nitro-root.pem", "641a0321a3e244efe456463195d606317ed7cd"
					"cc3c1756e09893f3c68f79bb5b"},
	    {"conf/aws-us-gov-nitro-root.pem",
		"20bcd30a3e168ea03789e1c45912bc123c4de3c977b8a6e1c125c7929d668b"
		"3b"},
	};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(roots); i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf pem = {0}, want = {0};
		NITRO_DROP(nitro_trust_anchors_drop)
		struct nitro_trust_anchors *made = NULL;
		uint8_t got[NITRO_SHA256_LEN];

		if (!vectors_load(roots[i].path, &pem))
			fail_msg("cannot read %s", roots[i].path);
		unit_hex(roots[i].sha256, &want);
		assert_err(
		    nitro_trust_anchors_parse(nitro_bytes_of_buf(&pem), &made),
		    NITRO_OK);
		assert_int_equal(nitro_trust_anchors_count(made), 1);
		assert_true(nitro_trust_anchors_fingerprint(made, 0, got));
		assert_memory_equal(got, want.ptr, sizeof got);
		assert_false(nitro_trust_anchors_fingerprint(made, 1, got));
		assert_false(
		    nitro_trust_anchors_fingerprint(made, SIZE_MAX, got));
	}
}

/* X34: an anchor counts when the administrator has listed it, wherever in the list. */
static void
test_every_listed_root_and_no_other_is_an_anchor(void **state)
{
	struct sim_pki pki[4] = {{0}};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_true(sim_pki_make(
		    &(struct sim_options){.time_s = CHAIN_TIME_S}, &pki[i]));
	for (size_t listed = 1; listed <= 3; listed++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
		NITRO_DROP(nitro_trust_anchors_drop)
		struct nitro_trust_anchors *made = NULL;

		for (size_t i = 0; i < listed; i++)
			put_root(&pem, &pki[i]);
		assert_err(
		    nitro_trust_anchors_parse(nitro_bytes_of_buf(&pem), &made),
		    NITRO_OK);
		assert_int_equal(nitro_trust_anchors_count(made), listed);
		for (size_t i = 0; i < 4; i++) {
			struct nitro_document doc = chain_document(&pki[i]);
			EVP_PKEY *key = NULL;

			assert_err(nitro_cert_chain_verify(
				       made, &doc, CHAIN_TIME_S, &key),
			    i < listed ? NITRO_OK : NITRO_E_ROOT);
			EVP_PKEY_free(key);
		}
	}
	for (size_t i = 0; i < 4; i++)
		sim_pki_drop(&pki[i]);
}

/* X35 */
static void
test_eight_roots_pass_and_nine_do_not(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
	size_t count;

	(void)state;
	for (size_t i = 1; i <= 9; i++) {
		NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};

		assert_true(sim_pki_make(
		    &(struct sim_options){.time_s = CHAIN_TIME_S}, &pki));
		put_root(&pem, &pki);
		assert_err(parse(nitro_bytes_of_buf(&pem), &count),
		    i <= NITRO_TRUST_ANCHORS_MAX ? NITRO_OK
						 : NITRO_E_TRUST_ANCHORS);
		assert_int_equal(count, i <= NITRO_TRUST_ANCHORS_MAX ? i : 0);
	}
}

/* X35: one file: text or a label around the trusted root's DER. */
static const struct {
	const char *name, *before, *label, *after;
	nitro_err want;
} files[] = {
    {"one root", "", "CERTIFICATE", "", NITRO_OK},
    {"text around it", "AWS Nitro Enclaves G1\nfrom the manual\n",
	"CERTIFICATE", "\nthe end\n", NITRO_OK},
    {"blank lines", "\n\n", "CERTIFICATE", "\n\n", NITRO_OK},
    {"X35 a key", "", "PRIVATE KEY", "", NITRO_E_TRUST_ANCHORS},
    {"X35 a request", "", "CERTIFICATE REQUEST", "", NITRO_E_TRUST_ANCHORS},
    {"X35 a trusted certificate", "", "TRUSTED CERTIFICATE", "",
	NITRO_E_TRUST_ANCHORS},
    {"X35 PKCS7", "", "PKCS7", "", NITRO_E_TRUST_ANCHORS},
    {"X35 a key behind it", "", "CERTIFICATE",
	"-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n",
	NITRO_E_TRUST_ANCHORS},
    {"X35 a key before it",
	"-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n",
	"CERTIFICATE", "", NITRO_E_TRUST_ANCHORS},
    {"X35 a second one that is cut", "", "CERTIFICATE",
	"-----BEGIN CERTIFICATE-----\nQUJD\n", NITRO_E_TRUST_ANCHORS},
    {"X35 a second one that is no certificate", "", "CERTIFICATE",
	"-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n",
	NITRO_E_TRUST_ANCHORS},
    {"X35 a second one that is not base64", "", "CERTIFICATE",
	"-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----\n",
	NITRO_E_TRUST_ANCHORS},
};

static void
test_the_file_has_certificates_in_pem_and_text(void **state)
{
	unsigned wrong = 0;
	size_t count;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(files); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};

		unit_append(&pem, nitro_bytes_of_text(files[i].before));
		certs_put_pem(
		    &pem, files[i].label, chain_der(&chain_trusted, SIM_ROOT));
		unit_append(&pem, nitro_bytes_of_text(files[i].after));
		wrong += unit_differs(files[i].name,
		    parse(nitro_bytes_of_buf(&pem), &count), files[i].want);
	}
	assert_int_equal(wrong, 0);
}

/* X04: nothing is an anchor where there is none. */
static void
test_a_file_without_a_root_is_refused(void **state)
{
	static const char *const texts[] = {"", "\n", "no certificate here\n",
	    "-----BEGIN CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf zeros = {0};
	size_t count;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++)
		assert_err(parse(nitro_bytes_of_text(texts[i]), &count),
		    NITRO_E_TRUST_ANCHORS);
	assert_err(
	    parse((struct nitro_bytes){0}, &count), NITRO_E_TRUST_ANCHORS);
	unit_fill(&zeros, 0, 4096);
	assert_err(
	    parse(nitro_bytes_of_buf(&zeros), &count), NITRO_E_TRUST_ANCHORS);
	/* The DER alone is no PEM. */
	assert_err(parse(chain_der(&chain_trusted, SIM_ROOT), &count),
	    NITRO_E_TRUST_ANCHORS);
}

/* RFC 1421: an encrypted block says so in its header. */
static void
test_a_block_with_a_header_is_refused(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
	size_t count;

	(void)state;
	certs_put_pem_with_header(
	    &pem, "Comment: none\n", chain_der(&chain_trusted, SIM_ROOT));
	assert_err(
	    parse(nitro_bytes_of_buf(&pem), &count), NITRO_E_TRUST_ANCHORS);
}

/* libcrypto takes lengths as int, and a negative one for "up to the NUL". */
static void
test_a_length_that_no_int_holds_is_refused(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
	size_t count;

	(void)state;
	put_root(&pem, &chain_trusted);
	unit_fill(&pem, '\0', 1);
	assert_err(
	    parse((struct nitro_bytes){pem.ptr, (size_t)INT32_MAX + 1}, &count),
	    NITRO_E_TRUST_ANCHORS);
}

static void
test_a_file_that_is_cut_is_refused(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
	size_t count;

	(void)state;
	put_root(&pem, &chain_trusted);
	for (size_t n = 0; n + 2 < pem.len; n++)
		assert_err(parse((struct nitro_bytes){pem.ptr, n}, &count),
		    NITRO_E_TRUST_ANCHORS);
	assert_err(parse(nitro_bytes_of_buf(&pem), &count), NITRO_OK);
}

static void
test_the_same_root_twice_is_refused(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
	size_t count;

	(void)state;
	put_root(&pem, &chain_trusted);
	put_root(&pem, &chain_trusted);
	assert_err(
	    parse(nitro_bytes_of_buf(&pem), &count), NITRO_E_TRUST_ANCHORS);
}

/* X35: what else the chain has is signed by another key than its own. */
static void
test_a_certificate_that_is_not_self_signed_is_no_root(void **state)
{
	size_t count;

	(void)state;
	for (unsigned at = SIM_ROOT; at <= SIM_LEAF; at++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};

		certs_put_pem(
		    &pem, "CERTIFICATE", chain_der(&chain_trusted, at));
		assert_err(parse(nitro_bytes_of_buf(&pem), &count),
		    at == SIM_ROOT ? NITRO_OK : NITRO_E_TRUST_ANCHORS);
	}
}

/* X35 */
static void
test_a_root_that_names_itself_but_is_signed_by_another_is_no_root(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf der = {0}, pem = {0};
	size_t count;

	(void)state;
	unit_append(&der, chain_der(&chain_trusted, SIM_ROOT));
	certs_sign_anew(&der, chain_trusted.cert[SIM_ZONAL].key);
	certs_put_pem(&pem, "CERTIFICATE", nitro_bytes_of_buf(&der));
	assert_err(
	    parse(nitro_bytes_of_buf(&pem), &count), NITRO_E_TRUST_ANCHORS);
	der.len = pem.len = 0;
	unit_append(&der, chain_der(&chain_trusted, SIM_ROOT));
	certs_sign_anew(&der, chain_trusted.cert[SIM_ROOT].key);
	certs_put_pem(&pem, "CERTIFICATE", nitro_bytes_of_buf(&der));
	assert_err(parse(nitro_bytes_of_buf(&pem), &count), NITRO_OK);
}

static void
test_bytes_behind_a_roots_der_are_refused(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf der = {0}, pem = {0};
	size_t count;

	(void)state;
	unit_append(&der, chain_der(&chain_trusted, SIM_ROOT));
	unit_fill(&der, 0, 1);
	certs_put_pem(&pem, "CERTIFICATE", nitro_bytes_of_buf(&der));
	assert_err(
	    parse(nitro_bytes_of_buf(&pem), &count), NITRO_E_TRUST_ANCHORS);
}

/* X35: one root made otherwise than AWS makes it. */
static const struct {
	const char *name;
	struct sim_cert_options options;
	nitro_err want;
} roots[] = {
    {"as AWS has it", {0}, NITRO_OK},
    {"pathlen 3", STEPS({NID_basic_constraints, "critical,CA:TRUE,pathlen:3"}),
	NITRO_OK},
    {"X35 P-256", {.key = "P-256"}, NITRO_E_TRUST_ANCHORS},
    {"X35 P-521", {.key = "P-521"}, NITRO_E_TRUST_ANCHORS},
    {"X35 brainpoolP384r1", {.key = "brainpoolP384r1"}, NITRO_E_TRUST_ANCHORS},
    {"X35 RSA", {.key = "RSA-2048"}, NITRO_E_TRUST_ANCHORS},
    {"X35 Ed25519", {.key = "Ed25519"}, NITRO_E_TRUST_ANCHORS},
    {"X35 SHA-256", {.digest = "SHA256"}, NITRO_E_TRUST_ANCHORS},
    {"X35 SHA-1", {.digest = "SHA1"}, NITRO_E_TRUST_ANCHORS},
    {"X35 CA:FALSE", STEPS({NID_basic_constraints, "critical,CA:FALSE"}),
	NITRO_E_TRUST_ANCHORS},
    {"X35 no basicConstraints", STEPS({NID_basic_constraints, NULL}),
	NITRO_E_TRUST_ANCHORS},
    {"X35 no keyUsage", STEPS({NID_key_usage, NULL}), NITRO_E_TRUST_ANCHORS},
    {"X35 no keyCertSign", STEPS({NID_key_usage, "critical,digitalSignature"}),
	NITRO_E_TRUST_ANCHORS},
};

static void
test_a_root_is_a_self_signed_p384_authority(void **state)
{
	unsigned wrong = 0;
	size_t count;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(roots); i++) {
		NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
		NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
		struct sim_options options = {.time_s = CHAIN_TIME_S};

		options.cert[SIM_ROOT] = roots[i].options;
		assert_true(sim_pki_make(&options, &pki));
		put_root(&pem, &pki);
		wrong += unit_differs(roots[i].name,
		    parse(nitro_bytes_of_buf(&pem), &count), roots[i].want);
	}
	assert_int_equal(wrong, 0);
}

static void
test_fingerprints_are_sha256_over_the_der(void **state)
{
	const struct nitro_bytes der = chain_der(&chain_trusted, SIM_ROOT);
	uint8_t want[NITRO_SHA256_LEN], got[NITRO_SHA256_LEN];

	(void)state;
	assert_int_equal(
	    EVP_Q_digest(NULL, "SHA256", NULL, der.ptr, der.len, want, NULL),
	    1);
	assert_true(nitro_trust_anchors_fingerprint(chain_anchors, 0, got));
	assert_memory_equal(got, want, sizeof got);
}

static void
test_the_library_context_is_the_anchors_own(void **state)
{
	NITRO_DROP(nitro_trust_anchors_drop)
	struct nitro_trust_anchors *other = NULL;

	(void)state;
	other = chain_anchors_of(&chain_trusted);
	assert_non_null(nitro_trust_anchors_lib(chain_anchors));
	assert_non_null(nitro_trust_anchors_lib(other));
	assert_ptr_not_equal(nitro_trust_anchors_lib(other),
	    nitro_trust_anchors_lib(chain_anchors));
	nitro_trust_anchors_free(NULL);
	nitro_trust_anchors_drop(&other);
	assert_null(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_the_shipped_roots_are_those_that_aws_publishes),
	    cmocka_unit_test(test_every_listed_root_and_no_other_is_an_anchor),
	    cmocka_unit_test(test_eight_roots_pass_and_nine_do_not),
	    cmocka_unit_test(test_the_file_has_certificates_in_pem_and_text),
	    cmocka_unit_test(test_a_file_without_a_root_is_refused),
	    cmocka_unit_test(test_a_block_with_a_header_is_refused),
	    cmocka_unit_test(test_a_length_that_no_int_holds_is_refused),
	    cmocka_unit_test(test_a_file_that_is_cut_is_refused),
	    cmocka_unit_test(test_the_same_root_twice_is_refused),
	    cmocka_unit_test(
		test_a_certificate_that_is_not_self_signed_is_no_root),
	    cmocka_unit_test(
		test_a_root_that_names_itself_but_is_signed_by_another_is_no_root),
	    cmocka_unit_test(test_bytes_behind_a_roots_der_are_refused),
	    cmocka_unit_test(test_a_root_is_a_self_signed_p384_authority),
	    cmocka_unit_test(test_fingerprints_are_sha256_over_the_der),
	    cmocka_unit_test(test_the_library_context_is_the_anchors_own),
	};

	return cmocka_run_group_tests(tests, chain_make, chain_drop);
}
