#include "policy/measurements.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "evidence/cert_facts.h"
#include "unit/policy_text.h"
#include "unit/unit.h"
#include "unit/vectors.h"

#define A POLICY_HEX("a1")
#define B POLICY_HEX("b2")
#define C POLICY_HEX("C3") /* upper case */
#define ZERO POLICY_HEX("00")

/* What pins computed by hashlib of Python have. */
#define ROLE "arn:aws:iam::123456789012:role/billing"
#define ROLE_PCR3 \
	"5b673a5145e806d4f1c102557cf19ed99bb8966d4ea1f28c5d2adb950fed8bde" \
	"659044f0e04f057ba42f6f1fd369c585"
#define INSTANCE "i-0123456789abcdef0"
#define INSTANCE_PCR4 \
	"d6432900ac1c343cb40286898792c55e962aef0cc35c4910c0c286145b51af19" \
	"e782cb21cc31a042671d7dfbd398251c"
/* SHA-384(48 zeros || SHA-384("certificate A")), and of "certificate B" */
#define CERT_A_PCR8 \
	"9354265271dcded75c298bbe6178edf45ea7d267e793e72ffb4057bf4c0bcc29" \
	"78b30bfd553d0d4cb9b214216d429bd2"
#define CERT_B_PCR8 \
	"453f917d8943d13578e0e6b26624cc8b5f6f99332c1299f0173893bf2c79e46b" \
	"387abb2e5112d9f8a4eecedf2d5d1f83"

#define ENTRIES(text) "measurements = (\n" text "\n);\n"
#define ENCLAVE(text) \
	ENTRIES("{ workload = \"w\"; kind = \"enclave\"; " text " }")
#define NITROTPM(text) \
	ENTRIES("{ workload = \"w\"; kind = \"nitrotpm\"; " text " }")
#define REVOKED(text) ENTRIES(GOOD) "revoked = ( { " text " } );"
#define GOOD "{ workload = \"g\"; kind = \"enclave\"; pcr0 = \"" A "\"; }"
#define PIN(n) "pcr" n " = \"" A "\"; "
#define FIVE(n, a, b, c, d, e) PIN(n a) PIN(n b) PIN(n c) PIN(n d) PIN(n e)
#define TENS(n) \
	FIVE(n, "0", "1", "2", "3", "4") FIVE(n, "5", "6", "7", "8", "9")
#define PCR0 "pcr0 = \"" A "\"; "

#define TEN(text) text text text text text text text text text text
#define BYTES_1000 TEN(TEN(TEN("n")))

static const struct policy_row rows[] = {
    {"one entry", ENTRIES(GOOD), 0, NULL},
    /* L02 P01 */
    {"an empty file", "", 0, "no entry in measurements yet"},
    {"only a comment", "/* nothing */\n# nothing", 0, "no entry"},
    {"no entry", "\nmeasurements = ();", 2, "no entry in measurements yet"},
    {"no entry, but one revoked",
	"measurements = ();\nrevoked = ( { pcr0 = \"" A "\"; } );", 1,
	"no entry"},
    {"revoked alone, as one file of a folder", "revoked = ();", 0, NULL},
    /* P02 P13 P14 P17 P21 */
    {"no pin", ENCLAVE(""), 2, "must pin pcr0, or pcr8"},
    {"pcr0", ENCLAVE(PCR0), 0, NULL},
    {"pcr8", ENCLAVE("pcr8 = \"" A "\";"), 0, NULL},
    {"a signer", ENCLAVE("signing_certificate = \"/c/a\";"), 0, NULL},
    {"pcr1 alone", ENCLAVE("pcr1 = \"" A "\";"), 2, "must pin pcr0"},
    {"pcr2 alone", ENCLAVE("pcr2 = \"" A "\";"), 2, "must pin pcr0"},
    {"pcr1 and pcr2", ENCLAVE("pcr1 = \"" A "\"; pcr2 = \"" B "\";"), 2,
	"must pin pcr0"},
    {"pcr3 and pcr4",
	ENCLAVE("iam_role = \"" ROLE "\"; instance_id = \"" INSTANCE "\";"), 2,
	"must pin pcr0"},
    {"pcr7 alone", ENCLAVE("pcr7 = \"" A "\";"), 2, "must pin pcr0"},
    {"pcr16 alone", ENCLAVE("pcr16 = \"" A "\";"), 2, "must pin pcr0"},
    {"pcr0 and pcr16", ENCLAVE(PCR0 "pcr16 = \"" A "\";"), 0, NULL},
    {"pcr0 and pcr31", ENCLAVE(PCR0 "pcr31 = \"" A "\";"), 0, NULL},
    {"pcr0 to pcr31", ENCLAVE(TENS("") TENS("1") TENS("2") PIN("30") PIN("31")),
	0, NULL},
    {"nitrotpm pcr4", NITROTPM("pcr4 = \"" A "\";"), 0, NULL},
    {"nitrotpm pcr7", NITROTPM("pcr7 = \"" A "\";"), 0, NULL},
    {"nitrotpm pcr0", NITROTPM(PCR0), 2, "must pin pcr4 or pcr7"},
    {"nitrotpm pcr0 and pcr1", NITROTPM(PCR0 "pcr1 = \"" B "\";"), 2,
	"must pin pcr4 or pcr7"},
    {"nitrotpm pcr8", NITROTPM("pcr8 = \"" A "\";"), 2, "pcr4 or pcr7"},
    {"nitrotpm pcr16", NITROTPM("pcr16 = \"" A "\";"), 2, "pcr4 or pcr7"},
    {"nitrotpm pcr23", NITROTPM("pcr23 = \"" A "\";"), 2, "pcr4 or pcr7"},
    {"nitrotpm without a pin", NITROTPM(""), 2, "pcr4 or pcr7"},
    {"every option unset", ENTRIES("{ }"), 2, "must have a workload"},
    {"no workload", ENTRIES("{ kind = \"enclave\"; " PCR0 "}"), 2,
	"must have a workload"},
    {"no kind", ENTRIES("{ workload = \"w\"; " PCR0 "}"), 2, "must have kind"},
    {"another kind", ENTRIES("{ workload = \"w\"; kind = \"sgx\"; " PCR0 "}"),
	2, "kind is \"sgx\""},
    /* P04 P05 P10 P11 */
    {"an empty value", ENCLAVE("pcr0 = \"\";"), 2,
	"pcr0 has 0 characters; it must be 96 hex digits"},
    {"all zero", ENCLAVE("pcr0 = \"" ZERO "\";"), 2, "pcr0 is all zero"},
    {"one of a list all zero", ENCLAVE("pcr0 = [\"" A "\", \"" ZERO "\"];"), 2,
	"all zero"},
    {"another PCR all zero", ENCLAVE(PCR0 "pcr8 = \"" ZERO "\";"), 2,
	"pcr8 is all zero"},
    /* Zero there is what nitro-tpm-pcr-compute gives: GHSA-xrv8-2pf5-f3q7. */
    {"nitrotpm pcr12 zero", NITROTPM("pcr4 = \"" A "\"; pcr12 = \"" ZERO "\";"),
	0, NULL},
    {"nitrotpm pcr12 zero or a value",
	NITROTPM("pcr4 = \"" A "\"; pcr12 = [\"" ZERO "\", \"" B "\"];"), 0,
	NULL},
    {"nitrotpm pcr12 zero alone", NITROTPM("pcr12 = \"" ZERO "\";"), 2,
	"must pin pcr4 or pcr7"},
    {"nitrotpm pcr4 zero", NITROTPM("pcr4 = \"" ZERO "\";"), 2,
	"pcr4 is all zero"},
    {"nitrotpm pcr11 zero", NITROTPM("pcr4 = \"" A "\"; pcr11 = \"" ZERO "\";"),
	2, "pcr11 is all zero"},
    {"enclave pcr12 zero", ENCLAVE(PCR0 "pcr12 = \"" ZERO "\";"), 2,
	"pcr12 is all zero"},
    {"lower, upper and mixed case",
	ENCLAVE("pcr0 = [\"" A "\", \"" C "\", "
		"\"" POLICY_HEX("aB") "\"];"),
	0, NULL},
    {"4 bytes", ENCLAVE("pcr0 = \"" POLICY_HEX4("a1") "\";"), 2,
	"has 8 characters"},
    {"95 digits",
	ENCLAVE("pcr0 = \"1234567" POLICY_HEX4(POLICY_HEX4("a1"))
		POLICY_HEX4(POLICY_HEX4("a1")) POLICY_HEX4("a1")
		    POLICY_HEX4("a1") POLICY_HEX4("a1") "\";"),
	2, "has 95 characters"},
    {"98 digits", ENCLAVE("pcr0 = \"" A "a1\";"), 2, "has 98 characters"},
    {"SHA-256",
	ENCLAVE("pcr0 = \"" POLICY_HEX4(POLICY_HEX4("a1"))
		POLICY_HEX4(POLICY_HEX4("a1")) "\";"),
	2, "has 64 characters"},
    {"0x", ENCLAVE("pcr0 = \"0x" A "\";"), 2, "has 98 characters"},
    {"0x in the length",
	ENCLAVE("pcr0 = \"0x" POLICY_HEX4(POLICY_HEX4("a1"))
		POLICY_HEX4(POLICY_HEX4("a1")) POLICY_HEX4("a1")
		    POLICY_HEX4("a1") POLICY_HEX4("a1") "a1a1a1\";"),
	2, "no hex digit"},
    {"a blank in front", ENCLAVE("pcr0 = \" " A "\";"), 2, "97 characters"},
    {"colons",
	ENCLAVE("pcr0 = \"" POLICY_HEX4(POLICY_HEX4("a1:"))
		POLICY_HEX4(POLICY_HEX4("a1:")) "\";"),
	2, "no hex digit"},
    {"a number", ENCLAVE("pcr0 = 12;"), 2, "must be text in quotes"},
    {"an empty list", ENCLAVE("pcr0 = [];"), 2, "1 to 1000 elements"},
    {"a list with a number", ENCLAVE("pcr0 = (\"" A "\", 1);"), 2,
	" of pcr0 must be text"},
    {"a list in a list", ENCLAVE("pcr0 = ((\"" A "\"));"), 2,
	" of pcr0 must be text"},
    {"a list side by side", ENCLAVE("pcr0 = [\"" A "\" \"" B "\"];"), 2,
	"side by side"},
    {"a value twice", ENCLAVE("pcr0 = [\"" A "\", \"" B "\", \"" A "\"];"), 2,
	"pcr0 has the same value twice"},
    {"a value twice, and another PCR",
	ENCLAVE("pcr0 = [\"" A "\", \"" A "\"]; pcr1 = \"" B "\";"), 2,
	"pcr0 has the same value twice"},
    {"in two cases", ENCLAVE("pcr0 = [\"" C "\", \"" POLICY_HEX("c3") "\"];"),
	2, "same value twice"},
    /* P12 L14 */
    {"pcr00", ENCLAVE(PCR0 "pcr00 = \"" A "\";"), 2, "\"pcr0\""},
    {"PCR0", ENCLAVE("PCR0 = \"" A "\";"), 2, "\"pcr0\""},
    {"pcr-0", ENCLAVE(PCR0 "pcr-0 = \"" A "\";"), 2, "\"pcr0\""},
    {"pcr_0", ENCLAVE(PCR0 "pcr_0 = \"" A "\";"), 2, "\"pcr0\""},
    {"pcr32", ENCLAVE(PCR0 "pcr32 = \"" A "\";"), 2,
	"unknown setting \"pcr32\""},
    {"pcr", ENCLAVE(PCR0 "pcr = \"" A "\";"), 2, "unknown setting"},
    {"a slip in a key", ENCLAVE(PCR0 "not_befor = \"x\";"), 2,
	"\"not_before\""},
    {"reason in an entry", ENCLAVE(PCR0 "reason = \"x\";"), 2,
	"unknown setting \"reason\""},
    {"a key beside the lists", ENTRIES(GOOD) "revoke = ();", 4, "\"revoked\""},
    {"an entry beside the list", "workload = \"w\";", 1, "\"workload\""},
    /* P20 */
    {"a PCR twice", ENCLAVE(PCR0 PCR0), 2, "duplicate"},
    {"iam_role and pcr3",
	ENCLAVE(PCR0 "pcr3 = \"" A "\"; iam_role = \"" ROLE "\";"), 2,
	"iam_role is the value of pcr3"},
    {"instance_id and pcr4",
	ENCLAVE(PCR0 "pcr4 = \"" A "\"; instance_id = \"" INSTANCE "\";"), 2,
	"instance_id is the value of pcr4"},
    {"signing_certificate and pcr8",
	ENCLAVE("signing_certificate = \"/c/a\";"
		"pcr8 = \"" A "\";"),
	2, "signing_certificate is the value of pcr8"},
    {"one entry twice", ENTRIES(GOOD ",\n" GOOD), 3,
	"g is the same entry as in /test/measurements.conf line 2"},
    {"with the values in another order",
	ENTRIES("{ workload = \"w\"; version = \"1\"; kind = \"enclave\"; "
		"pcr0 = [\"" A "\", \"" B "\"]; },\n" GOOD ",\n"
		"{ pcr0 = [\"" B "\", \"" A "\"]; kind = \"enclave\"; "
		"version = \"1\"; workload = \"w\"; note = \"again\"; }"),
	4, "w/1 is the same entry as in /test/measurements.conf line 2"},
    {"another version",
	ENTRIES(GOOD ", { workload = \"g\"; version = \"2\"; "
		     "kind = \"enclave\"; " PCR0 "}"),
	0, NULL},
    {"another kind of the same name",
	ENTRIES("{ workload = \"g\"; kind = \"nitrotpm\"; pcr4 = \"" A "\"; }, "
		"{ workload = \"g\"; kind = \"enclave\"; pcr0 = \"" B
		"\"; pcr4 = \"" A "\"; }"),
	0, NULL},
    {"two of another kind",
	ENTRIES("{ workload = \"g\"; kind = \"nitrotpm\"; " PCR0 "pcr4 = \"" A
		"\"; }, "
		"{ workload = \"g\"; kind = \"enclave\"; " PCR0 "pcr4 = \"" A
		"\"; }"),
	0, NULL},
    {"another value",
	ENTRIES(GOOD ", { workload = \"g\"; kind = \"enclave\"; "
		     "pcr0 = \"" B "\"; }"),
	0, NULL},
    {"another workload",
	ENTRIES(GOOD ", { workload = \"h\"; "
		     "kind = \"enclave\"; " PCR0 "}"),
	0, NULL},
    {"one pin more",
	ENTRIES(GOOD ", { workload = \"g\"; kind = \"enclave\"; " PCR0
		     "pcr1 = \"" A "\"; }"),
	0, NULL},
    /* L15: names and texts */
    {"a workload with a slash", ENTRIES("{ workload = \"a/b\"; }"), 2,
	"workload must be a name"},
    {"an empty version", ENCLAVE(PCR0 "version = \"\";"), 2,
	"version must be a name"},
    {"a version with a blank", ENCLAVE(PCR0 "version = \"1 2\";"), 2,
	"version must be a name"},
    {"an empty note", ENCLAVE(PCR0 "note = \"\";"), 2, "note is empty"},
    {"a note of 1,000 bytes", ENCLAVE(PCR0 "note = \"" BYTES_1000 "\";"), 0,
	NULL},
    {"a note of 1,001 bytes", ENCLAVE(PCR0 "note = \"" BYTES_1000 "x\";"), 2,
	"note has more than 1000 bytes"},
    {"a workload that is a number", ENTRIES("{ workload = 5; }"), 2,
	"workload must be text"},
    {"a version that is a number", ENCLAVE(PCR0 "version = 1;"), 2,
	"version must be text"},
    {"a kind that is a number", ENTRIES("{ workload = \"w\"; kind = 1; }"), 2,
	"kind must be text"},
    {"a source that is a number", ENCLAVE(PCR0 "source = 1;"), 2,
	"source must be text"},
    {"a builder that is a list", ENCLAVE(PCR0 "builder = [\"a\"];"), 2,
	"builder must be text"},
    {"a role that is a number", ENCLAVE(PCR0 "iam_role = 1;"), 2,
	"iam_role must be text"},
    {"an instance that is a number", ENCLAVE(PCR0 "instance_id = 1;"), 2,
	"instance_id must be text"},
    {"a signer that is a number", ENCLAVE(PCR0 "signing_certificate = 1;"), 2,
	"signing_certificate must be text"},
    {"a time that is a number", ENCLAVE(PCR0 "not_before = 5;"), 2,
	"not_before must be text"},
    {"another time that is a number", ENCLAVE(PCR0 "not_after = 5;"), 2,
	"not_after must be text"},
    {"a note that is a number", ENCLAVE(PCR0 "note = 1;"), 2, "text in quotes"},
    {"source, builder and note",
	ENCLAVE(PCR0
	    "source = \"git+https://a/b@c\";"
	    "builder = \"ci\"; note = \"the first, by A. B. (\\\"x\\\")\";"),
	0, NULL},
    /* roles, instances, signers */
    {"a role", ENCLAVE(PCR0 "iam_role = \"" ROLE "\";"), 0, NULL},
    {"a role with a path",
	ENCLAVE(
	    PCR0 "iam_role = \"arn:aws-us-gov:iam::123456789012:role/a/b/c\";"),
	0, NULL},
    {"the name of a role", ENCLAVE(PCR0 "iam_role = \"billing\";"), 2,
	"must be an ARN"},
    {"an instance profile",
	ENCLAVE(PCR0
	    "iam_role = \"arn:aws:iam::123456789012:instance-profile/a\";"),
	2, "must be an ARN"},
    {"an account of 11 digits",
	ENCLAVE(PCR0 "iam_role = \"arn:aws:iam::12345678901:role/a\";"), 2,
	"an ARN"},
    {"a role without a name",
	ENCLAVE(PCR0 "iam_role = \"arn:aws:iam::123456789012:role/\";"), 2,
	"an ARN"},
    {"a session",
	ENCLAVE(
	    PCR0 "iam_role = \"arn:aws:sts::123456789012:assumed-role/a/b\";"),
	2, "an ARN"},
    {"an instance", ENCLAVE(PCR0 "instance_id = \"" INSTANCE "\";"), 0, NULL},
    {"an old instance", ENCLAVE(PCR0 "instance_id = \"i-01234567\";"), 0, NULL},
    {"an instance with a digit too many",
	ENCLAVE(PCR0 "instance_id = \"" INSTANCE "1\";"), 2,
	"instance_id must be"},
    {"an instance in upper case",
	ENCLAVE(PCR0 "instance_id = \"i-0123456789ABCDEF0\";"), 2,
	"instance_id must be"},
    {"a module id",
	ENCLAVE(PCR0 "instance_id = \"" INSTANCE "-enc0123456789abcdef\";"), 2,
	"instance_id must be"},
    {"an empty instance", ENCLAVE(PCR0 "instance_id = \"\";"), 2, "empty"},
    {"a relative certificate", ENCLAVE("signing_certificate = \"a.pem\";"), 2,
	"absolute path"},
    /* P15: what AWS's hardware fills for enclaves alone */
    {"nitrotpm with a role",
	NITROTPM("pcr7 = \"" A "\"; iam_role = \"" ROLE "\";"), 2,
	"iam_role goes with kind"},
    {"nitrotpm with an instance",
	NITROTPM("pcr7 = \"" A "\"; "
		 "instance_id = \"" INSTANCE "\";"),
	2, "instance_id goes with kind"},
    {"nitrotpm with an instance alone",
	NITROTPM("instance_id = \"" INSTANCE "\";"), 2,
	"instance_id goes with kind"},
    {"nitrotpm with a signer",
	NITROTPM("pcr7 = \"" A "\"; "
		 "signing_certificate = \"/c/a\";"),
	2, "signing_certificate goes"},
    /* times */
    {"from and to",
	ENCLAVE(PCR0 "not_before = \"2026-11-01T00:00:00Z\"; "
		     "not_after = \"2027-05-01T00:00:00Z\";"),
	0, NULL},
    {"a day that does not exist",
	ENCLAVE(PCR0 "not_before = \"2026-02-29T00:00:00Z\";"), 2,
	"not_before must be"},
    {"a time with an offset",
	ENCLAVE(PCR0 "not_after = \"2026-11-01T00:00:00+01:00\";"), 2,
	"not_after must be"},
    {"a number of seconds", ENCLAVE(PCR0 "not_after = 1793491200;"), 2,
	"9 decimal digits"},
    {"from after to",
	ENCLAVE(PCR0 "not_before = \"2027-11-01T00:00:00Z\"; "
		     "not_after = \"2027-05-01T00:00:00Z\";"),
	2, "must lie before"},
    {"from and to the same",
	ENCLAVE(PCR0 "not_before = \"2027-05-01T00:00:00Z\"; "
		     "not_after = \"2027-05-01T00:00:00Z\";"),
	2, "must lie before"},
    {"from and to a millisecond later",
	ENCLAVE(PCR0 "not_before = \"2027-05-01T00:00:00Z\"; "
		     "not_after = \"2027-05-01T00:00:00.001Z\";"),
	0, NULL},
    /* revoked */
    {"a revoked workload that is a number", REVOKED("workload = 5;"), 4,
	"workload must be text"},
    {"a reason that is a number", REVOKED(PCR0 "reason = 5;"), 4,
	"reason must be text"},
    {"a revoked item that is text", ENTRIES(GOOD) "revoked = ( \"billing\" );",
	4, "a group {"},
    {"revoked that is a group", ENTRIES(GOOD) "revoked = { };", 4,
	"a list of groups"},
    {"a signer of a nitrotpm",
	REVOKED("signing_certificate = \"/c/a\"; kind = \"nitrotpm\";"), 4,
	"signing_certificate goes with kind"},
    {"a revoked value", REVOKED(PCR0), 0, NULL},
    {"with a reason", REVOKED(PCR0 "reason = \"CVE\";"), 0, NULL},
    {"a revoked list", REVOKED("pcr0 = [\"" A "\", \"" B "\"];"), 0, NULL},
    {"a revoked instance", REVOKED("instance_id = \"" INSTANCE "\";"), 0, NULL},
    {"of a nitrotpm",
	REVOKED("instance_id = \"" INSTANCE "\"; "
		"kind = \"nitrotpm\";"),
	0, NULL},
    {"a revoked role",
	REVOKED("iam_role = \"" ROLE "\"; "
		"workload = \"w\"; version = \"1\";"),
	0, NULL},
    {"a revoked signer", REVOKED("signing_certificate = \"/c/a\";"), 0, NULL},
    {"no pin in revoked", REVOKED("workload = \"w\"; reason = \"x\";"), 4,
	"must name what is revoked"},
    {"nothing in revoked", REVOKED(""), 4, "must name what is revoked"},
    {"a revoked zero", REVOKED("pcr0 = \"" ZERO "\";"), 4, "all zero"},
    {"a revoked slip", REVOKED("instanceid = \"" INSTANCE "\";"), 4,
	"\"instance_id\""},
    {"an entry's key in revoked", REVOKED(PCR0 "note = \"x\";"), 4,
	"unknown setting \"note\""},
    {"a role of a nitrotpm",
	REVOKED("iam_role = \"" ROLE "\"; "
		"kind = \"nitrotpm\";"),
	4, "iam_role goes with kind"},
    /* shapes */
    {"an entry that is text", ENTRIES("\"billing\""), 1, "a group {"},
    {"an entry that is a list", ENTRIES("( )"), 2, "a group {"},
    {"measurements that is a group", "measurements = { };", 1,
	"a list of groups"},
    {"measurements that is an array", "measurements = [];", 1,
	"a list of groups"},
    {"a missing comma", ENTRIES(GOOD "\n" GOOD), 3, "syntax error"},
    {"a missing quote", ENTRIES("{ workload = \"w; }"), 2,
	"does not end on its line"},
};

static nitro_err
parse(const char *text, struct nitro_measurements *measurements,
    struct nitro_fault *fault)
{
	return nitro_measurements_parse(nitro_bytes_of_text(text),
	    "/test/measurements.conf", policy_certificate, NULL, measurements,
	    fault);
}

static void
test_every_entry_is_walked(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_measurements_drop)
		struct nitro_measurements measurements = {0};
		struct nitro_fault fault = {0};
		nitro_err err = parse(rows[i].text, &measurements, &fault);

		wrong += policy_row_differs(
		    &rows[i], err, NITRO_E_MEASUREMENTS, &fault);
		if (err != NITRO_OK)
			wrong += unit_is_not(rows[i].name,
			    strcmp(fault.file, "/test/measurements.conf") == 0,
			    true);
	}
	assert_int_equal(wrong, 0);
}

static void
assert_pin(const struct nitro_pin *pin, unsigned pcr, const char *hex)
{
	char text[2 * NITRO_PCR_LEN + 1];

	nitro_hex_encode(
	    (struct nitro_bytes){pin->value, NITRO_PCR_LEN}, text, sizeof text);
	assert_int_equal(pin->pcr, pcr);
	assert_string_equal(text, hex);
}

static void
test_an_entry_says_what_was_written(void **state)
{
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements measurements = {0};
	const struct nitro_entry *entry;

	(void)state;
	policy_measurements(
	    "measurements = (\n"
	    "{ workload = \"billing\"; version = \"1.4.2\";\n"
	    "kind = \"enclave\"; pcr2 = \"" B "\";\n"
	    "pcr0 = [\"" B "\", \"" A "\"];\n"
	    "not_before = \"2026-11-01T00:00:00Z\";\n"
	    "not_after = \"2027-05-01T00:00:00Z\";\n"
	    "source = \"s\"; builder = \"b\"; note = \"n\"; },\n"
	    "{ workload = \"tpm\"; kind = \"nitrotpm\";"
	    " pcr4 = \"" A "\"; } );\n"
	    "revoked = ( { pcr1 = \"" A "\"; reason = \"r\";\n"
	    "workload = \"w\"; version = \"2\"; } );",
	    &measurements);
	assert_int_equal(measurements.entry_count, 2);
	assert_int_equal(measurements.revoked_count, 1);

	entry = &measurements.entries[0];
	assert_string_equal(entry->workload, "billing");
	assert_string_equal(entry->version, "1.4.2");
	assert_int_equal(entry->kind, NITRO_KIND_ENCLAVE);
	assert_int_equal(entry->pin_count, 3);
	assert_pin(&entry->pins[0], 0, A);
	assert_pin(&entry->pins[1], 0, B);
	assert_pin(&entry->pins[2], 2, B);
	assert_int_equal(entry->pinned_mask, 5);
	assert_true(entry->not_before_ms == 1793491200000);
	assert_true(entry->not_after_ms == 1809129600000);
	assert_string_equal(entry->source, "s");
	assert_string_equal(entry->builder, "b");
	assert_string_equal(entry->note, "n");
	assert_string_equal(entry->file, "/test/measurements.conf");
	assert_int_equal(entry->line, 2);
	assert_null(entry->reason);

	entry = &measurements.entries[1];
	assert_null(entry->version);
	assert_int_equal(entry->kind, NITRO_KIND_NITROTPM);
	assert_true(entry->not_before_ms == INT64_MIN);
	assert_true(entry->not_after_ms == INT64_MAX);
	assert_int_equal(entry->line, 8);

	entry = &measurements.revoked[0];
	assert_int_equal(entry->kind, NITRO_KIND_NONE);
	assert_string_equal(entry->reason, "r");
	assert_string_equal(entry->workload, "w");
	assert_string_equal(entry->version, "2");
	assert_pin(&entry->pins[0], 1, A);
}

static void
test_computed_pins_are_what_hashlib_computes(void **state)
{
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements measurements = {0};
	const struct nitro_entry *entry;

	(void)state;
	policy_measurements(
	    ENCLAVE("iam_role = \"" ROLE "\"; instance_id = \"" INSTANCE "\";"
		    " signing_certificate = \"/c/certificate A\";"),
	    &measurements);
	entry = &measurements.entries[0];
	assert_int_equal(entry->pin_count, 3);
	assert_pin(&entry->pins[0], 3, ROLE_PCR3);
	assert_pin(&entry->pins[1], 4, INSTANCE_PCR4);
	assert_pin(&entry->pins[2], 8, CERT_A_PCR8);
	assert_int_equal(entry->pinned_mask, 1 << 3 | 1 << 4 | 1 << 8);
	assert_string_equal(entry->iam_role, ROLE);
	assert_string_equal(entry->instance_id, INSTANCE);
	assert_string_equal(entry->signing_certificate, "/c/certificate A");
}

/* One reading for entries that share a certificate, and never the wrong one. */
static void
test_each_entry_has_the_pin_of_its_own_certificate(void **state)
{
	static const char text[] =
	    "measurements = ("
	    "{ workload = \"a\"; kind = \"enclave\";"
	    " signing_certificate = \"/c/certificate A\"; },"
	    "{ workload = \"b\"; kind = \"enclave\";"
	    " signing_certificate = \"/c/certificate A\"; },"
	    "{ workload = \"c\"; kind = \"enclave\";"
	    " signing_certificate = \"/c/certificate B\"; },"
	    "{ workload = \"d\"; kind = \"enclave\";"
	    " signing_certificate = \"/c/certificate A\"; } );";
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements measurements = {0};
	struct nitro_fault fault = {0};
	unsigned count = 0;

	(void)state;
	assert_err(nitro_measurements_parse(nitro_bytes_of_text(text), "/a",
		       policy_certificate, &count, &measurements, &fault),
	    NITRO_OK);
	assert_pin(&measurements.entries[0].pins[0], 8, CERT_A_PCR8);
	assert_pin(&measurements.entries[1].pins[0], 8, CERT_A_PCR8);
	assert_pin(&measurements.entries[2].pins[0], 8, CERT_B_PCR8);
	assert_pin(&measurements.entries[3].pins[0], 8, CERT_A_PCR8);
	assert_int_equal(count, 3);
}

static void
test_a_certificate_that_cannot_be_read_refuses_the_file(void **state)
{
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements measurements = {0};
	struct nitro_fault fault = {0};

	(void)state;
	assert_err(parse(ENCLAVE("signing_certificate = \"/c/missing.pem\";"),
		       &measurements, &fault),
	    NITRO_E_FILE_MISSING);
	assert_string_equal(fault.file, "/c/missing.pem");
}

static nitro_err
real_certificate(const char *path, struct nitro_buf *der,
    struct nitro_fault *fault, void *context)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};

	(void)path;
	(void)fault;
	(void)context;
	vectors_load_from("eif", UNIT_BYTES("sign-cert.pem"), &pem);
	return nitro_cert_from_pem(nitro_bytes_of_buf(&pem), der);
}

/* PCR8 as the tools that signed the image computed it. */
static void
test_the_signer_of_a_real_image_gives_its_pcr8(void **state)
{
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements measurements = {0};
	struct nitro_fault fault = {0};

	(void)state;
	if (!vectors_are_here()) {
		print_message("# no real documents here\n");
		skip();
	}
	assert_err(nitro_measurements_parse(
		       nitro_bytes_of_text(ENCLAVE(
			   "signing_certificate = \"/sign-cert.pem\";")),
		       "/a", real_certificate, NULL, &measurements, &fault),
	    NITRO_OK);
	assert_pin(&measurements.entries[0].pins[0], 8,
	    "2a57dabf141748fd869bb28f886a5da27fe49a18d975a9dbd71037302f4d2ad1"
	    "14ce4d4509f8c3f6f08371daa607adda");
}

static void
test_several_files_add_up_and_share_the_rule_of_duplicates(void **state)
{
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements measurements = {0};
	struct nitro_fault fault = {0};

	(void)state;
	policy_measurements(ENTRIES(GOOD), &measurements);
	policy_measurements(
	    "revoked = ( { pcr0 = \"" B "\"; } );", &measurements);
	policy_measurements(ENCLAVE(PCR0), &measurements);
	assert_int_equal(measurements.entry_count, 2);
	assert_int_equal(measurements.revoked_count, 1);
	assert_string_equal(measurements.entries[1].workload, "w");

	assert_err(
	    nitro_measurements_parse(
		nitro_bytes_of_text("\n\n" ENTRIES("\n" GOOD)), "/test/b.conf",
		policy_certificate, NULL, &measurements, &fault),
	    NITRO_E_MEASUREMENTS);
	assert_string_equal(fault.file, "/test/b.conf");
	assert_int_equal(fault.line, 5);
	assert_non_null(strstr(
	    fault.text, "the same entry as in /test/measurements.conf line 2"));
}

/* The first in the order of names, and those of one file before others. */
static void
test_of_several_duplicates_one_is_named(void **state)
{
#define OF(name) "{ workload = \"" name "\"; kind = \"enclave\"; " PCR0 "}"
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements measurements = {0};
	struct nitro_fault fault = {0};

	(void)state;
	policy_measurements(ENTRIES(OF("c") ",\n" OF("d")), &measurements);
	assert_err(nitro_measurements_parse(
		       nitro_bytes_of_text(ENTRIES(OF("b") "," OF("c") "," OF(
			   "b") "," OF("a") "," OF("a"))),
		       "/test/b.conf", policy_certificate, NULL, &measurements,
		       &fault),
	    NITRO_E_MEASUREMENTS);
	assert_string_equal(
	    fault.text, "a is the same entry as in /test/b.conf line 2");
	nitro_measurements_drop(&measurements);
	policy_measurements(ENTRIES(OF("c") ",\n" OF("d")), &measurements);
	assert_err(nitro_measurements_parse(
		       nitro_bytes_of_text(ENTRIES(OF("d") "," OF("c"))),
		       "/test/b.conf", policy_certificate, NULL, &measurements,
		       &fault),
	    NITRO_E_MEASUREMENTS);
	assert_string_equal(fault.text,
	    "c is the same entry as in /test/measurements.conf line 2");
}

static void
test_a_pcr_has_1000_values_at_most(void **state)
{
	(void)state;
	for (unsigned count = 1000; count <= 1001; count++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
		NITRO_DROP(nitro_measurements_drop)
		struct nitro_measurements measurements = {0};
		struct nitro_fault fault = {0};
		char value[200];

		unit_append(&text, UNIT_BYTES("measurements = ( { workload = "
					      "\"w\"; kind = \"enclave\"; "
					      "pcr0 = [ "));
		for (unsigned i = 0; i < count; i++) {
			(void)snprintf(value, sizeof value, "%s\"%08x%.88s\"",
			    i == 0 ? "" : ",", i, A);
			unit_append(&text, nitro_bytes_of_text(value));
		}
		unit_append(&text, UNIT_BYTES(" ]; } );"));
		assert_err(
		    nitro_measurements_parse(nitro_bytes_of_buf(&text), "/a",
			policy_certificate, NULL, &measurements, &fault),
		    count <= 1000 ? NITRO_OK : NITRO_E_MEASUREMENTS);
		if (count <= 1000)
			assert_int_equal(
			    measurements.entries[0].pin_count, count);
	}
}

/* L09 L17 */
static void
test_hostile_text_ends_in_a_refusal(void **state)
{
	static const char nul[] = ENTRIES(GOOD) "\0";
	NITRO_DROP(nitro_buf_drop) struct nitro_buf deep = {0};
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements measurements = {0};
	struct nitro_fault fault = {0};

	(void)state;
	assert_err(nitro_measurements_parse(UNIT_BYTES(nul), "/a",
		       policy_certificate, NULL, &measurements, &fault),
	    NITRO_E_MEASUREMENTS);
	unit_append(&deep, UNIT_BYTES("measurements = "));
	unit_fill(&deep, '(', 10000);
	unit_fill(&deep, ')', 10000);
	assert_err(nitro_measurements_parse(nitro_bytes_of_buf(&deep), "/a",
		       policy_certificate, NULL, &measurements, &fault),
	    NITRO_E_MEASUREMENTS);
	assert_int_equal(measurements.entry_count, 0);
}

/* Every cut of a good text is refused or says less, and nothing else. */
static void
test_no_cut_of_a_text_is_taken_for_the_whole(void **state)
{
	static const char text[] = ENTRIES(GOOD) "revoked = ( { " PCR0 "} );";
	size_t whole = strlen(ENTRIES(GOOD)) - 2;

	(void)state;
	for (size_t len = 0; len < sizeof text - 1; len++) {
		NITRO_DROP(nitro_measurements_drop)
		struct nitro_measurements measurements = {0};
		struct nitro_fault fault = {0};
		nitro_err err;

		err = nitro_measurements_parse(
		    (struct nitro_bytes){(const uint8_t *)text, len}, "/a",
		    policy_certificate, NULL, &measurements, &fault);
		if (err != NITRO_OK)
			continue;
		assert_true(len >= whole);
		assert_int_equal(measurements.entry_count, 1);
		/* The revoked list is there, or not begun at all. */
		if (len > strlen(ENTRIES(GOOD)))
			assert_int_equal(measurements.revoked_count, 1);
	}
}

/* P19: no step compares each with each. */
static void
test_ten_thousand_entries_are_read_in_reasonable_time(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements measurements = {0};
	struct nitro_fault fault = {0};
	char entry[400];
	clock_t start;

	(void)state;
	unit_append(&text, UNIT_BYTES("measurements = (\n"));
	for (unsigned i = 0; i < 10000; i++) {
		(void)snprintf(entry, sizeof entry,
		    "%s{ workload = \"w%u\"; version = \"%u\"; "
		    "kind = \"enclave\";\n  pcr0 = \"%08x"
		    "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
		    "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1\"; }\n",
		    i == 0 ? "" : ",", i % 100, i, i);
		unit_append(&text, nitro_bytes_of_text(entry));
	}
	unit_append(&text, UNIT_BYTES(");\n"));
	start = clock();
	assert_err(nitro_measurements_parse(nitro_bytes_of_buf(&text), "/a",
		       policy_certificate, NULL, &measurements, &fault),
	    NITRO_OK);
	print_message("# 10,000 entries in %ld ms\n",
	    (long)((clock() - start) * 1000 / CLOCKS_PER_SEC));
	assert_int_equal(measurements.entry_count, 10000);
	assert_string_equal(measurements.entries[9999].version, "9999");
	assert_int_equal(measurements.entries[9999].line, 20000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_entry_is_walked),
	    cmocka_unit_test(test_an_entry_says_what_was_written),
	    cmocka_unit_test(test_computed_pins_are_what_hashlib_computes),
	    cmocka_unit_test(
		test_each_entry_has_the_pin_of_its_own_certificate),
	    cmocka_unit_test(
		test_a_certificate_that_cannot_be_read_refuses_the_file),
	    cmocka_unit_test(test_the_signer_of_a_real_image_gives_its_pcr8),
	    cmocka_unit_test(
		test_several_files_add_up_and_share_the_rule_of_duplicates),
	    cmocka_unit_test(test_of_several_duplicates_one_is_named),
	    cmocka_unit_test(test_a_pcr_has_1000_values_at_most),
	    cmocka_unit_test(test_hostile_text_ends_in_a_refusal),
	    cmocka_unit_test(test_no_cut_of_a_text_is_taken_for_the_whole),
	    cmocka_unit_test(
		test_ten_thousand_entries_are_read_in_reasonable_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
