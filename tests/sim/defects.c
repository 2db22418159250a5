#include <string.h>

#include <openssl/x509v3.h>

#include "sim/internal.h"

#define HOUR 3600

/* The PKI. */

static void
forge_root(struct sim_options *options)
{
	options->same_root = NULL;
}

static void
self_sign_leaf(struct sim_options *options)
{
	options->cert[SIM_LEAF].signed_by = 1 + SIM_LEAF;
}

static void
expire_leaf(struct sim_options *options)
{
	options->cert[SIM_LEAF].not_before_s = options->time_s - 4 * HOUR;
	options->cert[SIM_LEAF].not_after_s = options->time_s - HOUR;
}

static void
delay_leaf(struct sim_options *options)
{
	options->cert[SIM_LEAF].not_before_s = options->time_s + HOUR;
}

static void
expire_zonal(struct sim_options *options)
{
	options->cert[SIM_ZONAL].not_after_s = options->time_s - HOUR;
}

static void
be_ca(X509 *cert, void *context)
{
	(void)context;
	sim_cert_extend(cert, NID_basic_constraints, "critical,CA:TRUE");
	sim_cert_extend(cert, NID_key_usage, "digitalSignature,keyCertSign");
}

static void
make_leaf_ca(struct sim_options *options)
{
	options->cert[SIM_LEAF].edit = be_ca;
}

static void
be_bare(X509 *cert, void *context)
{
	(void)context;
	sim_cert_remove(cert, NID_basic_constraints);
	sim_cert_remove(cert, NID_key_usage);
}

static void
make_leaf_bare(struct sim_options *options)
{
	options->cert[SIM_LEAF].edit = be_bare;
}

static void
be_plain_instance(X509 *cert, void *context)
{
	(void)context;
	sim_cert_extend(cert, NID_basic_constraints, "critical,CA:FALSE");
}

static void
make_instance_plain(struct sim_options *options)
{
	options->cert[SIM_INSTANCE].edit = be_plain_instance;
}

static void
make_leaf_p256(struct sim_options *options)
{
	options->cert[SIM_LEAF].key = "P-256";
}

static void
sign_leaf_sha256(struct sim_options *options)
{
	options->cert[SIM_LEAF].digest = "SHA256";
}

/* The document, field by field. */

/* A field that is almost what was asked for: its last bit differs. */
static bool
attest_other(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_bytes *field, struct nitro_buf *evidence)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf other = {0};

	if (field->len == 0
		? nitro_buf_append_text(&other, "something else") != NITRO_OK
		: nitro_buf_append(&other, *field) != NITRO_OK)
		return false;
	other.ptr[other.len - 1] ^= 1;
	*field = nitro_bytes_of_buf(&other);
	return sim_attest(pki, doc, evidence);
}

static bool
attest_other_nonce(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	return attest_other(pki, doc, &doc->nonce, evidence);
}

static bool
attest_other_user_data(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	return attest_other(pki, doc, &doc->user_data, evidence);
}

static bool
attest_other_public_key(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	return attest_other(pki, doc, &doc->public_key, evidence);
}

static bool
attest_no_nonce(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	doc->nonce = (struct nitro_bytes){0};
	return sim_attest(pki, doc, evidence);
}

static bool
attest_no_user_data(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	doc->user_data = (struct nitro_bytes){0};
	return sim_attest(pki, doc, evidence);
}

static bool
attest_no_public_key(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	doc->public_key = (struct nitro_bytes){0};
	return sim_attest(pki, doc, evidence);
}

static bool
attest_seconds(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	doc->timestamp_ms /= 1000;
	return sim_attest(pki, doc, evidence);
}

static bool
attest_shuffled(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	struct nitro_bytes regional = doc->cabundle[SIM_REGIONAL];

	doc->cabundle[SIM_REGIONAL] = doc->cabundle[SIM_ZONAL];
	doc->cabundle[SIM_ZONAL] = regional;
	return sim_attest(pki, doc, evidence);
}

static bool
attest_rootless(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	for (size_t i = 1; i < doc->cabundle_count; i++)
		doc->cabundle[i - 1] = doc->cabundle[i];
	doc->cabundle_count--;
	return sim_attest(pki, doc, evidence);
}

static bool
attest_gap(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	doc->cabundle[SIM_ZONAL] = doc->cabundle[SIM_INSTANCE];
	doc->cabundle_count--;
	return sim_attest(pki, doc, evidence);
}

static bool
attest_trailing_der(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf der = {0};

	if (nitro_buf_append(&der, doc->certificate) != NITRO_OK ||
	    nitro_buf_append_byte(&der, 0) != NITRO_OK)
		return false;
	doc->certificate = nitro_bytes_of_buf(&der);
	return sim_attest(pki, doc, evidence);
}

static bool
attest_indefinite(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	doc->has_indefinite_pcrs = true;
	doc->has_indefinite_cabundle = true;
	return sim_attest(pki, doc, evidence);
}

/* The payload as CBOR. */

static bool
attest_edited(const struct sim_pki *pki, const struct sim_document *doc,
    const struct sim_edit edits[2], struct nitro_buf *evidence)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};

	return sim_payload_edited(
		   doc, edits, edits[1].key == NULL ? 1 : 2, &payload) &&
	       sim_sign(nitro_bytes_of_buf(&payload), pki->cert[SIM_LEAF].key,
		   evidence);
}

static bool
attest_both_kinds(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pcrs = {0};
	struct sim_edit edits[2] = {{0}};

	if (!sim_cbor_pcrs(&pcrs, doc))
		return false;
	edits[0].key = doc->kind == NITRO_KIND_NITROTPM ? "pcrs"
							: "nitrotpm_pcrs";
	edits[0].value = nitro_bytes_of_buf(&pcrs);
	return attest_edited(pki, doc, edits, evidence);
}

static bool
attest_duplicate(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf first = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf second = {0};
	const char *key = doc->kind == NITRO_KIND_NITROTPM ? "nitrotpm_pcrs"
							   : "pcrs";
	struct sim_edit edits[2] = {{.key = key}, {.key = key}};

	if (!sim_cbor_pcrs(&first, doc))
		return false;
	memset(doc->pcr[0], 0xee, NITRO_PCR_LEN);
	if (!sim_cbor_pcrs(&second, doc))
		return false;
	edits[0].value = nitro_bytes_of_buf(&first);
	edits[1].value = nitro_bytes_of_buf(&second);
	return attest_edited(pki, doc, edits, evidence);
}

static bool
attest_short_pcr(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pcrs = {0};
	struct sim_edit edits[2] = {{0}};
	size_t len;

	if (!sim_cbor_head(&pcrs, 5, doc->pcr_count))
		return false;
	for (unsigned i = 0; i < doc->pcr_count; i++) {
		len = i == 0 ? NITRO_PCR_LEN - 1 : NITRO_PCR_LEN;
		if (!sim_cbor_head(&pcrs, 0, i) ||
		    !sim_cbor_bytes(
			&pcrs, (struct nitro_bytes){doc->pcr[i], len}))
			return false;
	}
	edits[0].key = doc->kind == NITRO_KIND_NITROTPM ? "nitrotpm_pcrs"
							: "pcrs";
	edits[0].value = nitro_bytes_of_buf(&pcrs);
	return attest_edited(pki, doc, edits, evidence);
}

/* One pair with a value that is always the same. */
static bool
attest_with(const struct sim_pki *pki, const struct sim_document *doc,
    struct sim_edit edit, struct nitro_buf *evidence)
{
	struct sim_edit edits[2] = {edit, {0}};

	return attest_edited(pki, doc, edits, evidence);
}

static bool
attest_unknown_key(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	static const uint8_t value[] = {0x82, 0x01, 0xa1, 0x61, 'a', 0xf5};

	return attest_with(pki, doc,
	    (struct sim_edit){"a_later_key", {value, sizeof(value)}}, evidence);
}

static bool
attest_deep(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	uint8_t value[64];

	memset(value, 0x81, sizeof(value) - 1);
	value[sizeof(value) - 1] = 0;
	return attest_with(pki, doc,
	    (struct sim_edit){"a_later_key", {value, sizeof(value)}}, evidence);
}

static bool
attest_not_shortest(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	static const uint8_t value[] = {0x78, 6, 'S', 'H', 'A', '3', '8', '4'};

	return attest_with(pki, doc,
	    (struct sim_edit){"digest", {value, sizeof(value)}}, evidence);
}

static bool
attest_chunked_text(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	static const uint8_t value[] = {
	    0x7f, 0x66, 'S', 'H', 'A', '3', '8', '4', 0xff};

	return attest_with(pki, doc,
	    (struct sim_edit){"digest", {value, sizeof(value)}}, evidence);
}

static bool
attest_sha256_name(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	static const uint8_t value[] = {0x66, 'S', 'H', 'A', '2', '5', '6'};

	return attest_with(pki, doc,
	    (struct sim_edit){"digest", {value, sizeof(value)}}, evidence);
}

static bool
attest_no_module_id(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	return attest_with(
	    pki, doc, (struct sim_edit){"module_id", {0}}, evidence);
}

static bool
attest_payload_tail(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};

	return sim_payload(doc, &payload) && sim_cbor_byte(&payload, 0xf6) &&
	       sim_sign(nitro_bytes_of_buf(&payload), pki->cert[SIM_LEAF].key,
		   evidence);
}

/* The envelope. */

static bool
attest_enveloped(const struct sim_pki *pki, const struct sim_document *doc,
    const struct sim_envelope *envelope, struct nitro_buf *evidence)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};

	return sim_payload(doc, &payload) &&
	       sim_seal(envelope, nitro_bytes_of_buf(&payload),
		   pki->cert[SIM_LEAF].key, evidence);
}

static bool
attest_tag18(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	static const uint8_t tag[] = {0xd2};
	struct sim_envelope envelope = {.before = {tag, sizeof(tag)}};

	return attest_enveloped(pki, doc, &envelope, evidence);
}

static bool
attest_tag17(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	static const uint8_t tag[] = {0xd1};
	struct sim_envelope envelope = {.before = {tag, sizeof(tag)}};

	return attest_enveloped(pki, doc, &envelope, evidence);
}

static bool
attest_es256(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	static const uint8_t header[] = {0xa1, 0x01, 0x26};
	struct sim_envelope envelope = {
	    .protected_header = {header, sizeof(header)},
	};

	return attest_enveloped(pki, doc, &envelope, evidence);
}

static bool
attest_unprotected_alg(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	static const uint8_t header[] = {0xa1, 0x01, 0x38, 0x22};
	struct sim_envelope envelope = {
	    .protected_header = nitro_bytes_of_text(""),
	    .unprotected = {header, sizeof(header)},
	};

	return attest_enveloped(pki, doc, &envelope, evidence);
}

static bool
attest_trailing_byte(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	static const uint8_t byte[] = {0};
	struct sim_envelope envelope = {.after = {byte, sizeof(byte)}};

	return attest_enveloped(pki, doc, &envelope, evidence);
}

static bool
attest_zero_signature(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	static const uint8_t zero[96] = {0};
	struct sim_envelope envelope = {.signature = {zero, sizeof(zero)}};

	return attest_enveloped(pki, doc, &envelope, evidence);
}

static bool
attest_other_context(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	struct sim_envelope envelope = {.context = "CounterSignature"};

	return attest_enveloped(pki, doc, &envelope, evidence);
}

static bool
attest_sha256_signature(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	struct sim_envelope envelope = {.digest = "SHA256"};

	return attest_enveloped(pki, doc, &envelope, evidence);
}

/* A good signature, by the key that is one position above the leaf's. */
static bool
attest_wrong_signature(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};

	return sim_payload(doc, &payload) &&
	       sim_sign(nitro_bytes_of_buf(&payload),
		   pki->cert[SIM_INSTANCE].key, evidence);
}

/* The last bit of PCR0 differs from what was signed. */
static bool
attest_payload_bit(const struct sim_pki *pki, struct sim_document *doc,
    struct nitro_buf *evidence)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf good = {0};
	struct sim_envelope envelope = {0};

	if (!sim_attest(pki, doc, &good))
		return false;
	envelope.signature = nitro_bytes_slice(
	    nitro_bytes_of_buf(&good), good.len - 96, 96);
	doc->pcr[0][NITRO_PCR_LEN - 1] ^= 1;
	return attest_enveloped(pki, doc, &envelope, evidence);
}

static const struct sim_defect defects[] = {
    {"tag18", "tag 18 (COSE_Sign1) in front", NITRO_OK, NULL, attest_tag18},
    {"tag17", "tag 17 (COSE_Mac0) in front", NITRO_E_CBOR_TYPE, NULL,
	attest_tag17},
    {"alg-es256", "protected header says ES256", NITRO_E_COSE_ALG, NULL,
	attest_es256},
    {"unprotected-alg", "algorithm in the unprotected header only",
	NITRO_E_COSE_UNPROTECTED, NULL, attest_unprotected_alg},
    {"trailing-byte", "a byte after the COSE_Sign1 array",
	NITRO_E_CBOR_TRAILING, NULL, attest_trailing_byte},
    {"payload-tail", "an item after the payload's map, signed",
	NITRO_E_CBOR_TRAILING, NULL, attest_payload_tail},
    {"not-shortest", "a head of the payload in a longer form",
	NITRO_E_CBOR_NOT_SHORTEST, NULL, attest_not_shortest},
    {"chunked-text", "digest as a text string of indefinite length",
	NITRO_E_CBOR_TYPE, NULL, attest_chunked_text},
    {"indefinite", "pcrs and cabundle of indefinite length", NITRO_OK, NULL,
	attest_indefinite},
    {"deep", "an unknown key with 63 nested arrays", NITRO_E_CBOR_DEPTH, NULL,
	attest_deep},
    {"unknown-key", "a key that AWS may add one day", NITRO_OK, NULL,
	attest_unknown_key},
    {"duplicate-key", "pcrs twice, with another PCR0", NITRO_E_CBOR_DUPLICATE,
	NULL, attest_duplicate},
    {"both-kinds", "pcrs and nitrotpm_pcrs in one document", NITRO_E_KIND, NULL,
	attest_both_kinds},
    {"pcr-47-bytes", "PCR0 is a byte short", NITRO_E_PCR_LENGTH, NULL,
	attest_short_pcr},
    {"no-module-id", "module_id left out", NITRO_E_FIELD_MISSING, NULL,
	attest_no_module_id},
    {"digest-sha256", "digest says SHA256", NITRO_E_DIGEST, NULL,
	attest_sha256_name},
    {"no-nonce", "nonce is null", NITRO_E_NONCE, NULL, attest_no_nonce},
    {"wrong-nonce", "last bit of the nonce differs", NITRO_E_NONCE, NULL,
	attest_other_nonce},
    {"no-user-data", "user_data is null", NITRO_E_AUDIENCE, NULL,
	attest_no_user_data},
    {"wrong-user-data", "last bit of user_data differs", NITRO_E_AUDIENCE, NULL,
	attest_other_user_data},
    {"no-public-key", "public_key is null", NITRO_E_KEY, NULL,
	attest_no_public_key},
    {"wrong-public-key", "last bit of public_key differs", NITRO_E_KEY, NULL,
	attest_other_public_key},
    {"timestamp-seconds", "timestamp in seconds, not milliseconds",
	NITRO_E_TOO_OLD, NULL, attest_seconds},
    {"forged-root", "another root with the same name signs it all",
	NITRO_E_ROOT, forge_root, NULL},
    {"root-missing", "cabundle without its root", NITRO_E_ROOT, NULL,
	attest_rootless},
    {"shuffled-bundle", "regional and zonal certificate swapped",
	NITRO_E_CERT_CHAIN, NULL, attest_shuffled},
    {"bundle-gap", "cabundle without the zonal certificate", NITRO_E_CERT_CHAIN,
	NULL, attest_gap},
    {"trailing-der", "a byte after the leaf's DER, signed", NITRO_E_CERT, NULL,
	attest_trailing_der},
    {"self-signed-leaf", "the leaf signs itself", NITRO_E_CERT_CHAIN,
	self_sign_leaf, NULL},
    {"expired-leaf", "the leaf ended an hour before the document",
	NITRO_E_CERT_TIME, expire_leaf, NULL},
    {"early-leaf", "the leaf begins an hour after the document",
	NITRO_E_CERT_TIME, delay_leaf, NULL},
    {"expired-zonal", "the zonal certificate ended an hour before",
	NITRO_E_CERT_TIME, expire_zonal, NULL},
    {"leaf-is-ca", "the leaf is a CA", NITRO_E_CERT_LEAF, make_leaf_ca, NULL},
    {"leaf-is-bare", "the leaf has no basicConstraints and no keyUsage",
	NITRO_E_CERT_LEAF, make_leaf_bare, NULL},
    {"leaf-p256", "the leaf's key is P-256", NITRO_E_CERT_ALG, make_leaf_p256,
	NULL},
    {"leaf-by-sha256", "the leaf is signed with SHA-256", NITRO_E_CERT_ALG,
	sign_leaf_sha256, NULL},
    {"instance-no-ca", "the leaf's issuer is no CA", NITRO_E_CERT_CA,
	make_instance_plain, NULL},
    {"wrong-signature", "signed by the instance's key, not the leaf's",
	NITRO_E_COSE_SIG, NULL, attest_wrong_signature},
    {"zero-signature", "r and s are zero", NITRO_E_COSE_SIG, NULL,
	attest_zero_signature},
    {"sha256-signature", "signed over SHA-256 of the Sig_structure",
	NITRO_E_COSE_SIG, NULL, attest_sha256_signature},
    {"other-context", "signed as \"CounterSignature\"", NITRO_E_COSE_SIG, NULL,
	attest_other_context},
    {"payload-bit", "last bit of PCR0 changed after signing", NITRO_E_COSE_SIG,
	NULL, attest_payload_bit},
};

const struct sim_defect *
sim_defects(size_t *count)
{
	*count = NITRO_COUNT_OF(defects);
	return defects;
}

const struct sim_defect *
sim_defect_find(const char *name)
{
	for (size_t i = 0; i < NITRO_COUNT_OF(defects); i++)
		if (strcmp(defects[i].name, name) == 0)
			return &defects[i];
	return NULL;
}

bool
sim_attest_defect(const struct sim_defect *defect,
    const struct sim_options *options,
    void (*fill)(struct sim_document *doc, void *context), void *context,
    struct nitro_buf *evidence)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	struct sim_options changed = *options;
	struct sim_document doc;

	if (options->same_root == NULL)
		return false;
	if (defect != NULL && defect->options != NULL)
		defect->options(&changed);
	if (!sim_pki_make(&changed, &pki))
		return false;
	sim_document_default(
	    &pki, (uint64_t)options->time_s * 1000 + 250, &doc);
	if (fill != NULL)
		fill(&doc, context);
	if (defect != NULL && defect->attest != NULL)
		return defect->attest(&pki, &doc, evidence);
	return sim_attest(&pki, &doc, evidence);
}
