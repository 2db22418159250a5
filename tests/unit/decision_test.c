/* policy/decision.c, over documents that the simulated NSM signed and the verifier verified. */
#include "policy/decision.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "sim/sim.h"
#include "unit/policy_text.h"
#include "unit/unit.h"
#include "unit/vectors.h"

#define NOW_S INT64_C(1800000000) /* 2027-01-15T08:00:00Z */
#define NOW_MS (NOW_S * 1000)

/* What sim_document_default() says. */
#define E0 POLICY_HEX("a0")
#define E1 POLICY_HEX("a1")
#define E2 POLICY_HEX("a2")
#define T4 POLICY_HEX("b4")
#define T7 POLICY_HEX("b7")
#define OTHER POLICY_HEX("0e")
#define INSTANCE "i-0123456789abcdef0"

#define ENTRY(workload, version, kind, pins) \
	"{ workload = \"" workload "\"; version = \"" version \
	"\"; kind = \"" kind "\"; " pins " }"
#define ENCLAVE(version, pins) ENTRY("billing", version, "enclave", pins)
#define NITROTPM(version, pins) ENTRY("billing", version, "nitrotpm", pins)
#define PIN(pcr, value) "pcr" pcr " = \"" value "\"; "
#define ENTRIES(text) "measurements = ( " text " );\n"
#define REVOKED(text) "revoked = ( " text " );\n"

static struct sim_pki pkis[2]; /* enclave, NitroTPM */
static struct nitro_trust_anchors *anchors;

static int
make_pkis(void **state)
{
	struct sim_options options = {
	    .kind = NITRO_KIND_ENCLAVE, .time_s = NOW_S};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};

	(void)state;
	if (!sim_pki_make(&options, &pkis[0]))
		return -1;
	options.kind = NITRO_KIND_NITROTPM;
	options.same_root = &pkis[0];
	if (!sim_pki_make(&options, &pkis[1]) ||
	    !sim_pki_root_pem(&pkis[0], &pem))
		return -1;
	return nitro_trust_anchors_parse(nitro_bytes_of_buf(&pem), &anchors) ==
		       NITRO_OK
		   ? 0
		   : -1;
}

static int
drop_pkis(void **state)
{
	(void)state;
	nitro_trust_anchors_drop(&anchors);
	sim_pki_drop(&pkis[0]);
	sim_pki_drop(&pkis[1]);
	return 0;
}

static void
document(enum nitro_kind kind, struct sim_document *doc)
{
	sim_document_default(&pkis[kind == NITRO_KIND_NITROTPM], NOW_MS, doc);
}

static struct nitro_verified *
verify(const struct sim_document *doc)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	const struct nitro_expectation expectation = vectors_expectation(
	    NOW_MS);
	struct nitro_evidence_facts facts = {0};
	struct nitro_verified *verified = NULL;

	assert_true(sim_attest(
	    &pkis[doc->kind == NITRO_KIND_NITROTPM], doc, &evidence));
	assert_err(nitro_evidence_verify(nitro_bytes_of_buf(&evidence),
		       &expectation, anchors, &facts, &verified),
	    NITRO_OK);
	return verified;
}

/* Everything that a decision is about, and the decision. */
struct trial {
	struct nitro_settings settings;
	struct nitro_measurements measurements;
	struct nitro_login login;
	struct nitro_decision decision;
};

static void
drop_trial(struct trial *trial)
{
	nitro_settings_drop(&trial->settings);
	nitro_measurements_drop(&trial->measurements);
}

#define USERS \
	"users = ( { user = \"deploy\"; workloads = [\"billing\"]; }," \
	" { group = \"both\"; workloads = [\"billing\", \"ledger\"]; }," \
	" { user = \"idle\"; workloads = [\"mail\"]; } );"

static void
make_trial(const char *measurements, struct trial *trial)
{
	*trial = (struct trial){.login = {.user = "deploy", .now_ms = NOW_MS}};
	policy_settings(USERS, &trial->settings);
	policy_measurements(measurements, &trial->measurements);
}

static nitro_err
decide(struct trial *trial, const struct nitro_verified *verified)
{
	nitro_err err;

	err = nitro_decide(verified, &trial->settings, &trial->measurements,
	    &trial->login, &trial->decision);
	assert_err(trial->decision.err, err);
	/* An entry is named where it admits and nowhere else. */
	assert_true((err == NITRO_OK) == (trial->decision.entry != NULL));
	assert_true(err != NITRO_OK || (trial->decision.nearest == NULL &&
					   trial->decision.differs_mask == 0));
	assert_true(
	    (err == NITRO_E_REVOKED) == (trial->decision.revoked_by != NULL));
	return err;
}

static nitro_err
decide_document(const char *measurements, const struct sim_document *doc)
{
	NITRO_DROP(drop_trial) struct trial trial;
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;

	make_trial(measurements, &trial);
	verified = verify(doc);
	return decide(&trial, verified);
}

struct row {
	const char *name;
	enum nitro_kind kind;
	const char *measurements;
	nitro_err want;
};

#define ENC NITRO_KIND_ENCLAVE
#define TPM NITRO_KIND_NITROTPM
#define MISMATCH NITRO_E_PCR

/* Against the default document of the kind. */
static const struct row rows[] = {
    {"PCR0", ENC, ENTRIES(ENCLAVE("1", PIN("0", E0))), NITRO_OK},
    {"another PCR0", ENC, ENTRIES(ENCLAVE("1", PIN("0", OTHER))), MISMATCH},
    /* P08 */
    {"PCR0 and PCR2", ENC, ENTRIES(ENCLAVE("1", PIN("0", E0) PIN("2", E2))),
	NITRO_OK},
    {"PCR0 without PCR2", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0) PIN("2", OTHER))), MISMATCH},
    {"PCR2 without PCR0", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", OTHER) PIN("2", E2))), MISMATCH},
    /* P09 */
    {"PCR0 of one entry, PCR1 of another", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0) PIN("1", OTHER)) ", " ENCLAVE(
	    "2", PIN("0", OTHER) PIN("1", E1))),
	MISMATCH},
    {"a value of another PCR", ENC, ENTRIES(ENCLAVE("1", PIN("0", E1))),
	MISMATCH},
    /* P10 */
    {"the first digit", ENC,
	ENTRIES(ENCLAVE("1",
	    PIN("0", "b0" POLICY_HEX4(POLICY_HEX4("a0"))
			 POLICY_HEX4(POLICY_HEX4("a0")) POLICY_HEX4("a0")
			     POLICY_HEX4("a0") POLICY_HEX4("a0") "a0a0a0"))),
	MISMATCH},
    {"the last digit", ENC,
	ENTRIES(ENCLAVE(
	    "1", PIN("0", "a0a0a0" POLICY_HEX4(POLICY_HEX4("a0"))
			      POLICY_HEX4(POLICY_HEX4("a0")) POLICY_HEX4("a0")
				  POLICY_HEX4("a0") POLICY_HEX4("a0") "a1"))),
	MISMATCH},
    /* P11 */
    {"upper case in the file", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", POLICY_HEX("A0")))), NITRO_OK},
    /* alternatives, rolling upgrades */
    {"one of a list", ENC,
	ENTRIES(ENCLAVE("1", "pcr0 = [\"" OTHER "\", \"" E0 "\"];")), NITRO_OK},
    {"none of a list", ENC,
	ENTRIES(ENCLAVE("1", "pcr0 = [\"" OTHER "\", \"" E1 "\"];")), MISMATCH},
    {"the second entry", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", OTHER)) ", " ENCLAVE("2", PIN("0", E0))),
	NITRO_OK},
    {"another workload's entry", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", OTHER)) ", " ENTRY(
	    "ledger", "1", "enclave", PIN("0", E0))),
	MISMATCH},
    /* computed pins */
    {"the instance", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0) "instance_id = \"" INSTANCE "\";")),
	NITRO_OK},
    {"another instance", ENC,
	ENTRIES(ENCLAVE(
	    "1", PIN("0", E0) "instance_id = \"i-0123456789abcdef1\";")),
	MISMATCH},
    {"a role that it does not have", ENC,
	ENTRIES(ENCLAVE("1",
	    PIN("0", E0) "iam_role = \"arn:aws:iam::123456789012:role/a\";")),
	MISMATCH},
    /* P03 P07: PCR8 of the default document is zero */
    {"a signer it does not have", ENC, ENTRIES(ENCLAVE("1", PIN("8", OTHER))),
	MISMATCH},
    /* P15 D19 */
    {"an enclave where NitroTPM is allowed", ENC,
	ENTRIES(NITROTPM("1", PIN("4", E0))), NITRO_E_KIND_NOT_ALLOWED},
    {"NitroTPM where an enclave is allowed", TPM,
	ENTRIES(ENCLAVE("1", PIN("0", POLICY_HEX("b0")))),
	NITRO_E_KIND_NOT_ALLOWED},
    {"NitroTPM with the PCR4 of an enclave entry", TPM,
	ENTRIES(ENCLAVE("1", PIN("0", POLICY_HEX("b0")) PIN("4", T4))),
	NITRO_E_KIND_NOT_ALLOWED},
    {"of another workload alone", ENC,
	ENTRIES(ENTRY("ledger", "1", "enclave", PIN("0", E0))),
	NITRO_E_KIND_NOT_ALLOWED},
    {"NitroTPM PCR4", TPM, ENTRIES(NITROTPM("1", PIN("4", T4))), NITRO_OK},
    {"NitroTPM another PCR4", TPM, ENTRIES(NITROTPM("1", PIN("4", OTHER))),
	MISMATCH},
    {"NitroTPM PCR4 and PCR7", TPM,
	ENTRIES(NITROTPM("1", PIN("4", T4) PIN("7", T7))), NITRO_OK},
    {"NitroTPM, no command line added", TPM,
	ENTRIES(NITROTPM("1", PIN("4", T4) PIN("12", POLICY_HEX("00")))),
	NITRO_OK},
    {"NitroTPM, another command line", TPM,
	ENTRIES(NITROTPM("1", PIN("4", T4) PIN("12", OTHER))), MISMATCH},
    {"NitroTPM PCR7 alone", TPM, ENTRIES(NITROTPM("1", PIN("7", T7))),
	NITRO_OK},
    {"NitroTPM PCR4 without PCR7", TPM,
	ENTRIES(NITROTPM("1", PIN("4", T4) PIN("7", OTHER))), MISMATCH},
    /* P17 */
    {"a PCR of the enclave's own, unset", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0) PIN("15", OTHER))), MISMATCH},
    {"a PCR that is not there", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0) PIN("16", OTHER))), MISMATCH},
    /* time */
    {"valid from now on", ENC,
	ENTRIES(ENCLAVE(
	    "1", PIN("0", E0) "not_before = \"2027-01-15T08:00:00Z\";")),
	NITRO_OK},
    {"a millisecond later", ENC,
	ENTRIES(ENCLAVE(
	    "1", PIN("0", E0) "not_before = \"2027-01-15T08:00:00.001Z\";")),
	NITRO_E_NOT_YET_VALID},
    {"valid until now", ENC,
	ENTRIES(
	    ENCLAVE("1", PIN("0", E0) "not_after = \"2027-01-15T08:00:00Z\";")),
	NITRO_OK},
    {"a millisecond less", ENC,
	ENTRIES(ENCLAVE(
	    "1", PIN("0", E0) "not_after = \"2027-01-15T07:59:59.999Z\";")),
	NITRO_E_EXPIRED},
    {"expired, and one that is valid", ENC,
	ENTRIES(ENCLAVE("1",
	    PIN("0",
		E0) "not_after = \"2027-01-01T00:00:00Z\";") ", " ENCLAVE("2",
	    PIN("0", E0))),
	NITRO_OK},
    {"valid, and one that expired", ENC,
	ENTRIES(ENCLAVE("2", PIN("0", E0)) ", " ENCLAVE(
	    "1", PIN("0", E0) "not_after = \"2027-01-01T00:00:00Z\";")),
	NITRO_OK},
    {"expired, and other code that is valid", ENC,
	ENTRIES(ENCLAVE("1",
	    PIN("0",
		E0) "not_after = \"2027-01-01T00:00:00Z\";") ", " ENCLAVE("2",
	    PIN("0", OTHER))),
	NITRO_E_EXPIRED},
    {"other code that has expired", ENC,
	ENTRIES(ENCLAVE(
	    "1", PIN("0", OTHER) "not_after = \"2027-01-01T00:00:00Z\";")),
	MISMATCH},
    /* revocation */
    {"revoked by value", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0))) REVOKED("{ " PIN("0", E0) "}"),
	NITRO_E_REVOKED},
    {"another value revoked", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0))) REVOKED("{ " PIN("0", OTHER) "}"),
	NITRO_OK},
    {"nothing revoked", ENC, ENTRIES(ENCLAVE("1", PIN("0", E0))) REVOKED(""),
	NITRO_OK},
    {"by one of a list", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0)))
	    REVOKED("{ pcr0 = [\"" OTHER "\", \"" E0 "\"]; }"),
	NITRO_E_REVOKED},
    {"by the second item", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0)))
	    REVOKED("{ " PIN("0", OTHER) "}, { " PIN("1", E1) "}"),
	NITRO_E_REVOKED},
    {"by two values", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0)))
	    REVOKED("{ " PIN("0", E0) PIN("1", E1) "}"),
	NITRO_E_REVOKED},
    {"by one of two values only", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0)))
	    REVOKED("{ " PIN("0", E0) PIN("1", OTHER) "}"),
	NITRO_OK},
    {"revoked wins over valid entries behind it", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0)) ", " ENCLAVE(
	    "2", PIN("1", E1) PIN("0", E0)))
	    REVOKED("{ version = \"2\"; " PIN("0", E0) "}"),
	NITRO_E_REVOKED},
    {"revoked also where nothing matches", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", OTHER))) REVOKED("{ " PIN("0", E0) "}"),
	NITRO_E_REVOKED},
    {"revoked as enclave", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0)))
	    REVOKED("{ kind = \"enclave\"; " PIN("0", E0) "}"),
	NITRO_E_REVOKED},
    {"revoked as nitrotpm", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0)))
	    REVOKED("{ kind = \"nitrotpm\"; " PIN("0", E0) "}"),
	NITRO_OK},
    {"revoked under its name", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0))) REVOKED(
	    "{ workload = \"billing\"; version = \"1\"; " PIN("0", E0) "}"),
	NITRO_E_REVOKED},
    {"under another workload", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0)))
	    REVOKED("{ workload = \"ledger\"; " PIN("0", E0) "}"),
	NITRO_OK},
    {"under another version", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0))) REVOKED(
	    "{ workload = \"billing\"; version = \"2\"; " PIN("0", E0) "}"),
	NITRO_OK},
    {"a version revoked, an entry without one", ENC,
	ENTRIES("{ workload = \"billing\"; kind = \"enclave\"; " PIN(
	    "0", E0) "}") REVOKED("{ version = \"1\"; " PIN("0", E0) "}"),
	NITRO_OK},
    {"an instance of enclaves", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0)))
	    REVOKED("{ instance_id = \"" INSTANCE "\"; }"),
	NITRO_E_REVOKED},
    {"another instance revoked", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0)))
	    REVOKED("{ instance_id = \"i-0123456789abcdef1\"; }"),
	NITRO_OK},
    {"an instance whose id begins alike", ENC,
	ENTRIES(ENCLAVE("1", PIN("0", E0)))
	    REVOKED("{ instance_id = \"i-01234567\"; }"),
	NITRO_OK},
    {"an instance with NitroTPM", TPM,
	ENTRIES(NITROTPM("1", PIN("4", T4)))
	    REVOKED("{ instance_id = \"" INSTANCE "\"; }"),
	NITRO_E_REVOKED},
    {"another with NitroTPM", TPM,
	ENTRIES(NITROTPM("1", PIN("4", T4)))
	    REVOKED("{ instance_id = \"i-0123456789abcdef1\"; }"),
	NITRO_OK},
    {"one that begins alike, with NitroTPM", TPM,
	ENTRIES(NITROTPM("1", PIN("4", T4)))
	    REVOKED("{ instance_id = \"i-01234567\"; }"),
	NITRO_OK},
    {"an instance, but as enclave", TPM,
	ENTRIES(NITROTPM("1", PIN("4", T4)))
	    REVOKED("{ instance_id = \"" INSTANCE "\"; kind = \"enclave\"; }"),
	NITRO_OK},
    {"an instance and other code", TPM,
	ENTRIES(NITROTPM("1", PIN("4", T4)))
	    REVOKED("{ instance_id = \"" INSTANCE "\"; " PIN("7", OTHER) "}"),
	NITRO_OK},
};

static void
test_every_pin_of_one_entry_must_hold(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		struct sim_document doc;

		document(rows[i].kind, &doc);
		wrong += unit_differs(rows[i].name,
		    decide_document(rows[i].measurements, &doc), rows[i].want);
	}
	assert_int_equal(wrong, 0);
}

/* P03: the document is older or stranger than the entry. */
static void
test_a_pcr_that_the_document_lacks_is_a_mismatch(void **state)
{
	NITRO_DROP(drop_trial) struct trial trial;
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	struct sim_document doc;

	(void)state;
	make_trial(ENTRIES(ENCLAVE("1", PIN("8", OTHER))), &trial);
	document(ENC, &doc);
	doc.pcr_count = 8;
	verified = verify(&doc);
	assert_err(decide(&trial, verified), NITRO_E_PCR);
	assert_int_equal(trial.decision.differs_mask, 1 << 8);
}

/* P16: what a signer pin means. */
static void
test_a_signer_admits_whatever_it_signed(void **state)
{
	struct sim_document doc;

	(void)state;
	document(ENC, &doc);
	memset(doc.pcr[8], 0x0e, NITRO_PCR_LEN);
	assert_err(
	    decide_document(ENTRIES(ENCLAVE("1", PIN("8", OTHER))), &doc),
	    NITRO_OK);
	memset(doc.pcr[0], 0x77, NITRO_PCR_LEN);
	assert_err(
	    decide_document(ENTRIES(ENCLAVE("1", PIN("8", OTHER))), &doc),
	    NITRO_OK);
	memset(doc.pcr[8], 0x0f, NITRO_PCR_LEN);
	assert_err(
	    decide_document(ENTRIES(ENCLAVE("1", PIN("8", OTHER))), &doc),
	    NITRO_E_PCR);
}

#define PERMISSIVE \
	ENTRIES(ENCLAVE("1", PIN("8", OTHER)) ", " NITROTPM( \
	    "1", PIN("4", T4)) ", " NITROTPM("2", PIN("7", T7)))

/* P06 P07 */
static void
test_debug_mode_is_refused_whatever_the_entries_say(void **state)
{
	struct sim_document doc;

	(void)state;
	/* The control: this entry does admit the enclave outside debug mode. */
	document(ENC, &doc);
	memset(doc.pcr[8], 0x0e, NITRO_PCR_LEN);
	assert_err(decide_document(PERMISSIVE, &doc), NITRO_OK);
	for (unsigned pcr = 0; pcr <= 2; pcr++) {
		struct sim_document zeroed = doc;

		memset(zeroed.pcr[pcr], 0, NITRO_PCR_LEN);
		assert_err(decide_document(PERMISSIVE, &zeroed), NITRO_E_DEBUG);
		zeroed.pcr[pcr][NITRO_PCR_LEN - 1] = 1;
		assert_err(decide_document(PERMISSIVE, &zeroed), NITRO_OK);
	}
	sim_document_debug(&doc);
	assert_err(decide_document(PERMISSIVE, &doc), NITRO_E_DEBUG);
	/* Even where PCR8 were left. */
	memset(doc.pcr[8], 0x0e, NITRO_PCR_LEN);
	assert_err(decide_document(PERMISSIVE, &doc), NITRO_E_DEBUG);
	for (unsigned count = 1; count <= 2; count++) {
		document(ENC, &doc);
		doc.pcr_count = count;
		assert_err(decide_document(PERMISSIVE, &doc), NITRO_E_DEBUG);
	}
}

/* P07 */
static void
test_an_unused_pcr_may_be_zero(void **state)
{
	struct sim_document doc;

	(void)state;
	document(ENC, &doc);
	memset(doc.pcr[3], 0, NITRO_PCR_LEN);
	memset(doc.pcr[4], 0, NITRO_PCR_LEN);
	memset(doc.pcr[8], 0, NITRO_PCR_LEN);
	assert_err(decide_document(ENTRIES(ENCLAVE("1", PIN("0", E0))), &doc),
	    NITRO_OK);
}

/* P06 */
static void
test_a_nitrotpm_without_firmware_measurement_is_refused(void **state)
{
	struct sim_document doc;

	(void)state;
	document(TPM, &doc);
	memset(doc.pcr[1], 0, NITRO_PCR_LEN);
	memset(doc.pcr[2], 0, NITRO_PCR_LEN);
	assert_err(decide_document(PERMISSIVE, &doc), NITRO_OK);
	memset(doc.pcr[0], 0, NITRO_PCR_LEN);
	assert_err(decide_document(PERMISSIVE, &doc), NITRO_E_DEBUG);
}

/* A command line that somebody added on the instance itself. */
static void
test_a_zero_pcr12_that_is_pinned_must_be_zero_and_there(void **state)
{
	struct sim_document doc;
	const char *measurements = ENTRIES(
	    NITROTPM("1", PIN("4", T4) PIN("12", POLICY_HEX("00"))));

	(void)state;
	document(TPM, &doc);
	assert_err(decide_document(measurements, &doc), NITRO_OK);
	doc.pcr[12][0] = 1;
	assert_err(decide_document(measurements, &doc), NITRO_E_PCR);
	document(TPM, &doc);
	doc.pcr_count = 12;
	assert_err(decide_document(measurements, &doc), NITRO_E_PCR);
}

/* P18 L20 */
static void
test_a_workload_logs_in_as_the_listed_users_only(void **state)
{
	static const char *const strangers[] = {"bob", "Deploy", "deploy ",
	    "deploy\n", "deplo", "", "both", "root", NULL};
	static const char *const both[] = {"staff", "both"};
	NITRO_DROP(drop_trial) struct trial trial;
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	struct sim_document doc;

	(void)state;
	make_trial(ENTRIES(ENTRY("ledger", "1", "enclave",
		       PIN("0", E0)) ", " ENCLAVE("2", PIN("0", E0))),
	    &trial);
	document(ENC, &doc);
	verified = verify(&doc);

	assert_err(decide(&trial, verified), NITRO_OK);
	assert_string_equal(trial.decision.entry->workload, "billing");
	for (size_t i = 0; i < NITRO_COUNT_OF(strangers); i++) {
		trial.login.user = strangers[i];
		assert_err(decide(&trial, verified), NITRO_E_USER);
	}
	trial.login.groups = both;
	trial.login.group_count = 1;
	trial.login.user = "bob";
	assert_err(decide(&trial, verified), NITRO_E_USER);
	trial.login.group_count = 2;
	assert_err(decide(&trial, verified), NITRO_OK);
	assert_string_equal(trial.decision.entry->workload, "ledger");
	trial.login = (struct nitro_login){.user = "idle", .now_ms = NOW_MS};
	assert_err(decide(&trial, verified), NITRO_E_KIND_NOT_ALLOWED);
	assert_null(trial.decision.nearest);
}

/* AWS adds issuers; one that names the instance alone is on it too. */
static void
test_a_module_that_is_named_as_its_instance_is_on_it(void **state)
{
	static const struct {
		const char *module_id;
		nitro_err want;
	} rows_of_names[] = {
	    {INSTANCE, NITRO_E_REVOKED},
	    {INSTANCE "-tpm", NITRO_E_REVOKED},
	    {INSTANCE "0", NITRO_OK},
	    {"i-0123456789abcdef", NITRO_OK},
	};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows_of_names); i++) {
		struct sim_document doc;

		document(TPM, &doc);
		doc.module_id = nitro_bytes_of_text(rows_of_names[i].module_id);
		assert_err(decide_document(
			       ENTRIES(NITROTPM("1", PIN("4", T4))) REVOKED(
				   "{ instance_id = \"" INSTANCE "\"; }"),
			       &doc),
		    rows_of_names[i].want);
	}
}

/* The order in which rules and their workloads stand decides nothing. */
static void
test_workloads_are_found_in_any_order(void **state)
{
	static const char *const names[] = {
	    "zeta", "beta", "mail", "alpha", "omega"};
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	struct sim_document doc;

	(void)state;
	document(ENC, &doc);
	verified = verify(&doc);
	for (size_t i = 0; i < NITRO_COUNT_OF(names); i++) {
		NITRO_DROP(drop_trial) struct trial trial;
		char text[512];

		(void)snprintf(text, sizeof text,
		    "measurements = ( { workload = \"%s\"; kind = \"enclave\"; "
		    "pcr0 = \"" E0 "\"; } );",
		    names[i]);
		make_trial(text, &trial);
		nitro_settings_drop(&trial.settings);
		policy_settings("users = ( { user = \"deploy\"; workloads = "
				"[\"zeta\", \"beta\", \"mail\", \"alpha\", "
				"\"omega\"]; } );",
		    &trial.settings);
		assert_err(decide(&trial, verified), NITRO_OK);
	}
}

/* Debug, then user, then revocation, then entries. */
static void
test_the_first_reason_in_this_order_is_given(void **state)
{
	NITRO_DROP(drop_trial) struct trial trial;
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *debug = NULL;
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *normal = NULL;
	struct sim_document doc;

	(void)state;
	make_trial(ENTRIES(ENCLAVE("1", PIN("0", OTHER)))
		       REVOKED("{ instance_id = \"" INSTANCE "\"; }"),
	    &trial);
	document(ENC, &doc);
	normal = verify(&doc);
	sim_document_debug(&doc);
	debug = verify(&doc);

	trial.login.user = "bob";
	assert_err(decide(&trial, debug), NITRO_E_DEBUG);
	assert_err(decide(&trial, normal), NITRO_E_USER);
	trial.login.user = "deploy";
	assert_err(decide(&trial, debug), NITRO_E_DEBUG);
	assert_err(decide(&trial, normal), NITRO_E_REVOKED);
	nitro_measurements_drop(&trial.measurements);
	policy_measurements(
	    ENTRIES(ENCLAVE("1", PIN("0", OTHER))), &trial.measurements);
	assert_err(decide(&trial, normal), NITRO_E_PCR);
}

/* P01 P21: nothing in hand is nothing allowed. */
static void
test_no_entry_no_rule_and_no_document_admit_nobody(void **state)
{
	NITRO_DROP(drop_trial) struct trial trial;
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	struct sim_document doc;

	(void)state;
	make_trial(ENTRIES(ENCLAVE("1", PIN("0", E0))), &trial);
	document(ENC, &doc);
	verified = verify(&doc);
	assert_err(decide(&trial, verified), NITRO_OK);
	assert_err(decide(&trial, NULL), NITRO_E_INTERNAL);

	/* An entry without pins, which no parser lets through, matches nothing. */
	trial.measurements.entries[0].pin_count = 0;
	trial.measurements.entries[0].pinned_mask = 0;
	assert_err(decide(&trial, verified), NITRO_E_KIND_NOT_ALLOWED);
	nitro_measurements_drop(&trial.measurements);
	assert_err(decide(&trial, verified), NITRO_E_KIND_NOT_ALLOWED);
	nitro_settings_drop(&trial.settings);
	assert_err(decide(&trial, verified), NITRO_E_USER);
}

static void
test_nearest_is_the_entry_with_the_fewest_differences(void **state)
{
	NITRO_DROP(drop_trial) struct trial trial;
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	struct sim_document doc;

	(void)state;
	make_trial(
	    ENTRIES(NITROTPM("0", PIN("4", OTHER)) ", " ENCLAVE("1",
		PIN("0", OTHER) PIN("1", OTHER) PIN("2", E2)) ", " ENCLAVE("2",
		PIN("0", E0) PIN("1", E1) PIN("2", OTHER)) ", " ENCLAVE("3",
		PIN("0", OTHER)) ", " ENTRY("ledger", "4", "enclave",
		PIN("0", E0))),
	    &trial);
	document(ENC, &doc);
	verified = verify(&doc);
	assert_err(decide(&trial, verified), NITRO_E_PCR);
	assert_string_equal(trial.decision.nearest->version, "2");
	assert_int_equal(trial.decision.differs_mask, 1 << 2);
}

static void
test_nearest_of_early_expired_and_revoked_is_the_one_that_matches(void **state)
{
	NITRO_DROP(drop_trial) struct trial trial;
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	struct sim_document doc;

	(void)state;
	make_trial(
	    ENTRIES(ENCLAVE("1", PIN("0", OTHER)) ", " ENCLAVE("2",
		PIN("0", E0) "not_before = "
			     "\"2030-01-01T00:00:00Z\";") ", " ENCLAVE("3",
		PIN("0", OTHER) PIN("1", E1))),
	    &trial);
	document(ENC, &doc);
	verified = verify(&doc);
	assert_err(decide(&trial, verified), NITRO_E_NOT_YET_VALID);
	assert_string_equal(trial.decision.nearest->version, "2");
	assert_int_equal(trial.decision.differs_mask, 0);
	trial.login.now_ms += INT64_C(4) * 365 * 86400 * 1000;
	assert_err(decide(&trial, verified), NITRO_OK);
	trial.login.now_ms = NOW_MS;
	/* Of two that match the first is told, with its reason. */
	policy_measurements(
	    ENTRIES(ENCLAVE(
		"4", PIN("0", E0) "not_after = \"2020-01-01T00:00:00Z\";")),
	    &trial.measurements);
	assert_err(decide(&trial, verified), NITRO_E_NOT_YET_VALID);
	assert_string_equal(trial.decision.nearest->version, "2");

	policy_measurements(
	    REVOKED("{ version = \"2\"; " PIN("1", E1) "reason = \"why\"; }"),
	    &trial.measurements);
	assert_err(decide(&trial, verified), NITRO_E_REVOKED);
	assert_string_equal(trial.decision.nearest->version, "2");
	assert_int_equal(trial.decision.differs_mask, 0);
	assert_string_equal(trial.decision.revoked_by->reason, "why");
}

/* Each has a PCR0 of its own; the document's stands at number match. */
static void
put_many(struct nitro_buf *text, unsigned count, unsigned match, bool is_spread)
{
	char entry[400];

	unit_append(text, UNIT_BYTES("measurements = (\n"));
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(entry, sizeof entry,
		    "%s{ workload = \"w%u\"; version = \"%u\"; "
		    "kind = \"enclave\"; pcr1 = \"" E1
		    "\"; pcr0 = \"%08x" POLICY_HEX4("a0") POLICY_HEX4("a0")
			POLICY_HEX4("a0") POLICY_HEX4(POLICY_HEX4("a0"))
			    POLICY_HEX4(POLICY_HEX4("a0")) "\"; }\n",
		    i == 0 ? "" : ",", is_spread ? i : 0, i,
		    i == match ? 0xa0a0a0a0 : i);
		unit_append(text, nitro_bytes_of_text(entry));
	}
	unit_append(text, UNIT_BYTES(");\n"));
	unit_append(text, UNIT_BYTES("\0"));
}

static void
put_rules(struct nitro_buf *text, unsigned count)
{
	char rule[100];

	unit_append(text, UNIT_BYTES("users = ("));
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(rule, sizeof rule,
		    "%s{ group = \"g%u\"; workloads = [\"w%u\"]; }",
		    i == 0 ? "" : ",", i, i);
		unit_append(text, nitro_bytes_of_text(rule));
	}
	unit_append(text, UNIT_BYTES(");"));
	unit_append(text, UNIT_BYTES("\0"));
}

static long
least_us(
    struct trial *trial, const struct nitro_verified *verified, nitro_err want)
{
	long least = -1;

	for (int i = 0; i < 3; i++) {
		clock_t start = clock();
		long us;

		assert_err(decide(trial, verified), want);
		us = (long)((clock() - start) * 1000000 / CLOCKS_PER_SEC);
		if (least < 0 || us < least)
			least = us;
	}
	return least;
}

/* P19, with as many rules as entries, and a user in ten groups. */
static void
test_ten_thousand_entries_are_decided_in_25_ms(void **state)
{
	static const char *const groups[] = {
	    "g0", "g9999", "a", "b", "c", "d", "e", "f", "g", "h"};
	static const struct {
		unsigned match;
		bool is_spread; /* each entry has a workload of its own */
		nitro_err want;
	} trials[] = {{0, true, NITRO_OK}, {9999, true, NITRO_OK},
	    {5000, true, NITRO_E_PCR}, {UINT32_MAX, true, NITRO_E_PCR},
	    {0, false, NITRO_OK}, {9999, false, NITRO_OK},
	    {UINT32_MAX, false, NITRO_E_PCR}};
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	struct sim_document doc;

	(void)state;
	document(ENC, &doc);
	verified = verify(&doc);
	for (size_t i = 0; i < NITRO_COUNT_OF(trials); i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf text = {0}, users = {0};
		NITRO_DROP(drop_trial)
		struct trial trial = {
		    .login = {"u", groups, NITRO_COUNT_OF(groups), NOW_MS}};
		long us;

		put_many(&text, 10000, trials[i].match, trials[i].is_spread);
		put_rules(&users, 10000);
		policy_measurements(
		    (const char *)text.ptr, &trial.measurements);
		policy_settings((const char *)users.ptr, &trial.settings);
		us = least_us(&trial, verified, trials[i].want);
		print_message("# match %u: %ld us\n", trials[i].match, us);
		if (!UNIT_IS_SANITIZED)
			assert_int_in_range(us, 0, 25000);
	}
}

static void
check_real(const struct vectors_table *table, const char *measurements,
    nitro_err want, const struct nitro_trust_anchors *aws)
{
	NITRO_DROP(drop_trial) struct trial trial;
	NITRO_DROP(nitro_verified_drop) struct nitro_verified *verified = NULL;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	struct nitro_evidence_facts facts = {0};
	struct nitro_expectation expectation = vectors_expectation(
	    (int64_t)vectors_number(vectors_column(table, "timestamp_ms")));
	nitro_err err;

	make_trial(measurements, &trial);
	vectors_load_from(
	    "documents", vectors_column(table, "file"), &evidence);
	assert_err(nitro_evidence_verify(nitro_bytes_of_buf(&evidence),
		       &expectation, aws, &facts, &verified),
	    NITRO_OK);
	err = decide(&trial, verified);
	if (err != want)
		fail_msg("%.*s: %s", (int)vectors_column(table, "file").len,
		    (const char *)vectors_column(table, "file").ptr,
		    nitro_err_token(err));
}

/* P06 P15 D19: an entry made from the table that came with the documents. */
static void
test_real_documents_match_their_own_entry_unless_in_debug_mode(void **state)
{
	NITRO_DROP(nitro_trust_anchors_drop)
	struct nitro_trust_anchors *aws = NULL;
	struct vectors_table table = {0};
	unsigned debug = 0;

	(void)state;
	if (!vectors_are_here()) {
		print_message("# no real documents here\n");
		skip();
	}
	aws = vectors_aws_anchors();
	vectors_table_open(&table, "documents.tsv");
	while (vectors_table_next(&table)) {
		struct nitro_bytes module = vectors_column(&table, "module_id");
		bool is_tpm = nitro_bytes_equal_text(
		    vectors_column(&table, "kind"), "nitrotpm");
		bool is_debug = nitro_bytes_equal_text(
		    vectors_column(&table, "pcr0_all_zero"), "yes");
		struct nitro_bytes pcr = vectors_column(
		    &table, is_tpm ? "pcr4" : "pcr0");
		char text[600];

		/* In debug mode there is no value to pin; any will do. */
		if (is_debug)
			pcr = UNIT_BYTES(E0);
		debug += is_debug;
		(void)snprintf(text, sizeof text,
		    ENTRIES("{ workload = \"billing\"; kind = \"%s\"; "
			    "%s = \"%.*s\"; %s%.*s%s }"),
		    is_tpm ? "nitrotpm" : "enclave", is_tpm ? "pcr4" : "pcr0",
		    (int)pcr.len, (const char *)pcr.ptr,
		    is_tpm ? "" : "instance_id = \"",
		    is_tpm ? 0 : (int)strlen(INSTANCE),
		    (const char *)module.ptr, is_tpm ? "" : "\";");
		check_real(
		    &table, text, is_debug ? NITRO_E_DEBUG : NITRO_OK, aws);
		if (!is_debug)
			check_real(&table,
			    is_tpm ? ENTRIES(ENCLAVE("1", PIN("0", E0)))
				   : ENTRIES(NITROTPM("1", PIN("4", T4))),
			    NITRO_E_KIND_NOT_ALLOWED, aws);
	}
	assert_true(table.row_count > 0);
	assert_true(debug > 0);
	vectors_table_drop(&table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_pin_of_one_entry_must_hold),
	    cmocka_unit_test(test_a_pcr_that_the_document_lacks_is_a_mismatch),
	    cmocka_unit_test(test_a_signer_admits_whatever_it_signed),
	    cmocka_unit_test(
		test_debug_mode_is_refused_whatever_the_entries_say),
	    cmocka_unit_test(test_an_unused_pcr_may_be_zero),
	    cmocka_unit_test(
		test_a_nitrotpm_without_firmware_measurement_is_refused),
	    cmocka_unit_test(
		test_a_zero_pcr12_that_is_pinned_must_be_zero_and_there),
	    cmocka_unit_test(
		test_a_module_that_is_named_as_its_instance_is_on_it),
	    cmocka_unit_test(test_workloads_are_found_in_any_order),
	    cmocka_unit_test(test_a_workload_logs_in_as_the_listed_users_only),
	    cmocka_unit_test(test_the_first_reason_in_this_order_is_given),
	    cmocka_unit_test(
		test_no_entry_no_rule_and_no_document_admit_nobody),
	    cmocka_unit_test(
		test_nearest_is_the_entry_with_the_fewest_differences),
	    cmocka_unit_test(
		test_nearest_of_early_expired_and_revoked_is_the_one_that_matches),
	    cmocka_unit_test(test_ten_thousand_entries_are_decided_in_25_ms),
	    cmocka_unit_test(
		test_real_documents_match_their_own_entry_unless_in_debug_mode),
	};

	return cmocka_run_group_tests(tests, make_pkis, drop_pkis);
}
