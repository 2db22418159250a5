/*
 * Signatures by pinned keys: SSHSIG of ssh-keygen, minisign, DSSE and plain
 * ones, each with the twin that must be refused.
 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "unit/provenance.h"

#define MEASUREMENTS "pinned/pcr_measurements.json"

struct row {
	const char *name, *bundle, *key, *namespace, *step; /* NULL: accepted */
};

static const struct row rows[] = {
    {"ed25519", ".ed25519.pam-nitro-provenance.sshsig", "ssh-ed25519.pub",
	NITRO_SSHSIG_NAMESPACE, NULL},
    {"ed25519, by SHA-256", ".ed25519.sha256.sshsig", "ssh-ed25519.pub",
	NITRO_SSHSIG_NAMESPACE, NULL},
    {"ecdsa-256", ".ecdsa-256.pam-nitro-provenance.sshsig", "ssh-ecdsa-256.pub",
	NITRO_SSHSIG_NAMESPACE, NULL},
    {"ecdsa-384", ".ecdsa-384.pam-nitro-provenance.sshsig", "ssh-ecdsa-384.pub",
	NITRO_SSHSIG_NAMESPACE, NULL},
    {"rsa-3072", ".rsa-3072.pam-nitro-provenance.sshsig", "ssh-rsa-3072.pub",
	NITRO_SSHSIG_NAMESPACE, NULL},
    {"another namespace", ".ed25519.file.sshsig", "ssh-ed25519.pub",
	NITRO_SSHSIG_NAMESPACE, "signature"},
    {"that namespace, asked for", ".ed25519.file.sshsig", "ssh-ed25519.pub",
	"file", NULL},
    {"that namespace, ecdsa", ".ecdsa-384.file.sshsig", "ssh-ecdsa-384.pub",
	"file", NULL},
    {"that namespace, rsa", ".rsa-3072.file.sshsig", "ssh-rsa-3072.pub", "file",
	NULL},
    {"another key", ".ed25519.pam-nitro-provenance.sshsig", "ssh-ecdsa-256.pub",
	NITRO_SSHSIG_NAMESPACE, "signature"},
    {"a PEM key", ".ed25519.pam-nitro-provenance.sshsig", "dsse-ed25519.pub",
	NITRO_SSHSIG_NAMESPACE, "signature"},
    {"minisign", ".minisig", "minisign.pub", NULL, NULL},
    {"minisign, legacy", ".legacy.minisig", "minisign.pub", NULL, "signature"},
    {"minisign, a PEM key", ".minisig", "dsse-ed25519.pub", NULL, "signature"},
    {"minisign, an SSH key", ".minisig", "ssh-ed25519.pub", NULL, "signature"},
};

static void
load(const char *bundle, const char *key, struct provenance_case *asked)
{
	char path[256];

	*asked = (struct provenance_case){.namespace = NULL};
	provenance_load(bundle, &asked->bundle);
	(void)snprintf(path, sizeof path, "pinned/%s", key);
	provenance_load(path, &asked->key);
	provenance_load(MEASUREMENTS, &asked->artifact);
}

static unsigned
judge(const char *name, const struct provenance_case *asked, const char *step)
{
	if (step != NULL)
		return provenance_is_not_refused(name, asked, step);
	return unit_is_not(name, provenance_accepts(asked, NULL), true);
}

static void
signatures_of_the_file(void **state)
{
	struct provenance_case asked;
	char path[256];
	unsigned wrong = 0;

	(void)state;
	provenance_need();
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		(void)snprintf(
		    path, sizeof path, "%s%s", MEASUREMENTS, rows[i].bundle);
		load(path, rows[i].key, &asked);
		asked.namespace = rows[i].namespace;
		wrong += judge(rows[i].name, &asked, rows[i].step);
		if (rows[i].step == NULL) {
			asked.artifact.ptr[0] ^= 1;
			wrong += provenance_is_not_refused(
			    rows[i].name, &asked, "signature");
		}
		provenance_case_drop(&asked);
	}
	assert_int_equal(wrong, 0);
}

/* The text with a byte changed, for each of its bytes, from that one on. */
static void
no_byte_of(const char *bundle, const char *key, size_t from)
{
	struct provenance_case asked;
	unsigned accepted = 0;

	load(bundle, key, &asked);
	asked.namespace = NITRO_SSHSIG_NAMESPACE;
	assert_true(provenance_accepts(&asked, NULL));
	for (size_t i = from; i < asked.bundle.len; i++) {
		asked.bundle.ptr[i] ^= 2;
		if (provenance_accepts(&asked, NULL)) {
			print_message("%s: byte %zu may change\n", bundle, i);
			accepted++;
		}
		asked.bundle.ptr[i] ^= 2;
	}
	assert_int_equal(accepted, 0);
	provenance_case_drop(&asked);
}

/* Of minisign, the first line is untrusted by its own word. */
static void
no_byte_may_change(void **state)
{
	static const char comment[] =
	    "untrusted comment: signature from minisign secret key\n";

	(void)state;
	provenance_need();
	no_byte_of(MEASUREMENTS ".ed25519.pam-nitro-provenance.sshsig",
	    "ssh-ed25519.pub", 0);
	no_byte_of(MEASUREMENTS ".ecdsa-256.pam-nitro-provenance.sshsig",
	    "ssh-ecdsa-256.pub", 0);
	no_byte_of(MEASUREMENTS ".rsa-3072.pam-nitro-provenance.sshsig",
	    "ssh-rsa-3072.pub", 0);
	no_byte_of(MEASUREMENTS ".minisig", "minisign.pub", strlen(comment));
}

static void
dsse_of_a_pinned_key(void **state)
{
	static const struct {
		const char *bundle, *key, *step;
	} dsse[] = {
	    {"provenance-p256.dsse.json", "dsse-p256.pub", NULL},
	    {"provenance-p384.dsse.json", "dsse-p384.pub", NULL},
	    {"provenance-ed25519.dsse.json", "dsse-ed25519.pub", NULL},
	    {"provenance-p256.dsse.json", "dsse-p384.pub", "signature"},
	    {"provenance-p256.tampered_fail.dsse.json", "dsse-p256.pub",
		"signature"},
	    {"provenance-p384.tampered_fail.dsse.json", "dsse-p384.pub",
		"signature"},
	    {"provenance-ed25519.tampered_fail.dsse.json", "dsse-ed25519.pub",
		"signature"},
	    {"provenance-p256.payloadtype_fail.dsse.json", "dsse-p256.pub",
		"signature"},
	    {"provenance-p384.payloadtype_fail.dsse.json", "dsse-p384.pub",
		"signature"},
	    {"provenance-ed25519.payloadtype_fail.dsse.json",
		"dsse-ed25519.pub", "signature"},
	    {"provenance-nopae_fail.dsse.json", "dsse-nopae_fail.pub",
		"signature"},
	    {"provenance-p256.dsse.json", "minisign.pub", "key"},
	};
	struct provenance_case asked;
	char path[256];
	unsigned wrong = 0;

	(void)state;
	provenance_need();
	for (size_t i = 0; i < NITRO_COUNT_OF(dsse); i++) {
		(void)snprintf(path, sizeof path, "pinned/%s", dsse[i].bundle);
		load(path, dsse[i].key, &asked);
		wrong += judge(dsse[i].bundle, &asked, dsse[i].step);
		if (dsse[i].step == NULL) {
			asked.artifact.ptr[0] ^= 1;
			wrong += provenance_is_not_refused(
			    dsse[i].bundle, &asked, "artifact");
		}
		provenance_case_drop(&asked);
	}
	assert_int_equal(wrong, 0);
}

/* What a signature of a file cannot say, nobody may ask of it. */
static void
a_key_names_no_source(void **state)
{
	struct provenance_case asked;
	unsigned wrong = 0;

	(void)state;
	provenance_need();
	load(MEASUREMENTS ".ed25519.pam-nitro-provenance.sshsig",
	    "ssh-ed25519.pub", &asked);
	asked.namespace = NITRO_SSHSIG_NAMESPACE;
	asked.source_repository = "https://github.com/o/r";
	wrong += provenance_is_not_refused(
	    "source", &asked, "source repository");
	asked.source_repository = NULL;
	(void)snprintf(asked.predicate, sizeof asked.predicate,
	    "https://slsa.dev/provenance/v1");
	wrong += provenance_is_not_refused(
	    "predicate", &asked, "predicate type");
	asked.predicate[0] = '\0';
	provenance_load("trusted_roots/public-good.json", &asked.root);
	wrong += provenance_is_not_refused("root", &asked, "trusted root");
	asked.key.len = 0;
	wrong += provenance_is_not_refused("no key", &asked, "bundle");
	provenance_case_drop(&asked);
	assert_int_equal(wrong, 0);
}

/* By its digest alone, where the signature is over that digest. */
static void
a_digest_is_enough_for_sshsig(void **state)
{
	struct provenance_case asked;

	(void)state;
	provenance_need();
	load(MEASUREMENTS ".ed25519.sha256.sshsig", "ssh-ed25519.pub", &asked);
	asked.namespace = NITRO_SSHSIG_NAMESPACE;
	assert_true(provenance_accepts_digest(&asked, NULL));
	provenance_case_drop(&asked);
	load(MEASUREMENTS ".ed25519.pam-nitro-provenance.sshsig",
	    "ssh-ed25519.pub", &asked);
	asked.namespace = NITRO_SSHSIG_NAMESPACE;
	assert_false(provenance_accepts_digest(&asked, NULL));
	provenance_case_drop(&asked);
	load(MEASUREMENTS ".minisig", "minisign.pub", &asked);
	assert_false(provenance_accepts_digest(&asked, NULL));
	provenance_case_drop(&asked);
}

static void
files_that_are_no_key(void **state)
{
	static const char *const texts[] = {"", "ssh-ed25519",
	    "ssh-ed25519 AAAA\n", "untrusted comment: x\nRWQ=\n",
	    "untrusted comment: x\n", "-----BEGIN PUBLIC KEY-----\n",
	    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQE=\n",
	    "sk-ssh-ed25519@openssh.com AAAA\n"};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++) {
		NITRO_DROP(nitro_pinned_key_drop)
		struct nitro_pinned_key key = {0};
		struct nitro_trail trail = {.count = 0};

		if (nitro_pinned_key_parse(
			nitro_bytes_of_text(texts[i]), &key, &trail))
			fail_msg("accepted: %s", texts[i]);
		assert_string_equal(trail.refused_at, "key");
	}
}

/* RFC 8032 section 7.1 test 2: the key, the message and its signature in base64. */
static void
a_plain_signature(void **state)
{
	static const char pem[] =
	    "-----BEGIN PUBLIC KEY-----\n"
	    "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaM"
	    "wM1V8Sr0Zgw=\n-----END PUBLIC KEY-----\n";
	static const char signature[] =
	    "kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2M"
	    "OHsurrQwKu6wDSkWErsMAA==\n";
	struct provenance_case asked = {.namespace = NULL};

	(void)state;
	unit_append(&asked.key, nitro_bytes_of_text(pem));
	unit_append(&asked.bundle, nitro_bytes_of_text(signature));
	unit_fill(&asked.artifact, 0x72, 1);
	assert_true(provenance_accepts(&asked, NULL));
	assert_false(provenance_accepts_digest(&asked, NULL));
	asked.artifact.ptr[0] ^= 1;
	assert_int_equal(
	    provenance_is_not_refused("message", &asked, "signature"), 0);
	unit_fill(&asked.bundle, 'A', 1);
	assert_int_equal(
	    provenance_is_not_refused("a second line", &asked, "bundle"), 0);
	provenance_case_drop(&asked);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(signatures_of_the_file),
	    cmocka_unit_test(no_byte_may_change),
	    cmocka_unit_test(dsse_of_a_pinned_key),
	    cmocka_unit_test(a_key_names_no_source),
	    cmocka_unit_test(a_digest_is_enough_for_sshsig),
	    cmocka_unit_test(files_that_are_no_key),
	    cmocka_unit_test(a_plain_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
