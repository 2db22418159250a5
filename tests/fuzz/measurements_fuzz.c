/*
 * measurements.conf: every entry that is taken pins what identifies code,
 * nothing that is all zero, and is read the same twice; what is not taken
 * says why, and where. A login that reaches one workload reads the same
 * entries of it. P01-P05 P11-P17 P20 L02 L08-L17
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "policy/measurements.h"
#include "policy/reach.h"

#define PATH "/fuzz/measurements.conf"

/* One certificate is there, the others are missing. */
static nitro_err
certificate_at(const char *path, struct nitro_buf *der,
    struct nitro_fault *fault, void *context)
{
	(void)context;
	if (strcmp(path, "/c/missing.pem") == 0)
		return nitro_fault_set(
		    fault, NITRO_E_FILE_MISSING, path, 0, "there is none");
	return nitro_buf_append_text(der, path);
}

static nitro_err
parse(struct nitro_bytes text, struct nitro_measurements *measurements,
    struct nitro_fault *fault)
{
	return nitro_measurements_parse(
	    text, PATH, certificate_at, NULL, measurements, fault);
}

static void
check_pins(const struct nitro_entry *entry)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < entry->pin_count; i++) {
		const struct nitro_pin *pin = &entry->pins[i];

		FUZZ_CHECK(pin->pcr < NITRO_PCR_COUNT_MAX);
		mask |= UINT32_C(1) << pin->pcr;
		FUZZ_CHECK(
		    !nitro_bytes_is_zero(
			(struct nitro_bytes){pin->value, sizeof pin->value}) ||
		    (pin->pcr == 12 && entry->kind != NITRO_KIND_ENCLAVE));
	}
	FUZZ_CHECK(mask == entry->pinned_mask);
}

static void
check_entry(const struct nitro_entry *entry)
{
	const uint32_t wanted = entry->kind == NITRO_KIND_ENCLAVE
				    ? 1u << 0 | 1u << 8
				    : 1u << 4 | 1u << 7;

	FUZZ_CHECK(entry->workload != NULL && entry->workload[0] != '\0');
	FUZZ_CHECK(entry->kind != NITRO_KIND_NONE);
	FUZZ_CHECK((entry->pinned_mask & wanted) != 0);
	FUZZ_CHECK(entry->line >= 1);
	FUZZ_CHECK(strcmp(entry->file, PATH) == 0);
	check_pins(entry);
}

/* What is revoked must name something, or it would revoke all or nothing. */
static void
check_revoked(const struct nitro_entry *entry)
{
	FUZZ_CHECK(entry->pin_count > 0 || entry->workload != NULL ||
		   entry->version != NULL || entry->instance_id != NULL);
	check_pins(entry);
}

static void
check_same_text(const char *a, const char *b)
{
	FUZZ_CHECK((a == NULL) == (b == NULL));
	FUZZ_CHECK(a == NULL || strcmp(a, b) == 0);
}

static void
check_same(const struct nitro_entry *a, const struct nitro_entry *b)
{
	check_same_text(a->workload, b->workload);
	check_same_text(a->version, b->version);
	check_same_text(a->iam_role, b->iam_role);
	check_same_text(a->instance_id, b->instance_id);
	check_same_text(a->signing_certificate, b->signing_certificate);
	check_same_text(a->reason, b->reason);
	FUZZ_CHECK(a->kind == b->kind && a->line == b->line);
	FUZZ_CHECK(a->not_before_ms == b->not_before_ms);
	FUZZ_CHECK(a->not_after_ms == b->not_after_ms);
	FUZZ_CHECK(a->pin_count == b->pin_count);
	for (size_t i = 0; i < a->pin_count; i++)
		FUZZ_CHECK(a->pins[i].pcr == b->pins[i].pcr &&
			   memcmp(a->pins[i].value, b->pins[i].value,
			       NITRO_PCR_LEN) == 0);
}

static void
check_all(const struct nitro_measurements *first,
    const struct nitro_measurements *second)
{
	FUZZ_CHECK(first->entry_count == second->entry_count);
	FUZZ_CHECK(first->revoked_count == second->revoked_count);
	for (size_t i = 0; i < first->entry_count; i++) {
		check_entry(&first->entries[i]);
		check_same(&first->entries[i], &second->entries[i]);
	}
	for (size_t i = 0; i < first->revoked_count; i++) {
		check_revoked(&first->revoked[i]);
		check_same(&first->revoked[i], &second->revoked[i]);
	}
}

/* Nothing of the workload is missing, and nothing else is there. */
static void
check_reachable(struct nitro_bytes text, const struct nitro_measurements *all)
{
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements found = {0};
	char user[] = "u";
	struct nitro_user_rule rule = {.user = user,
	    .workloads = &all->entries[all->entry_count / 2].workload,
	    .workload_count = 1};
	const struct nitro_settings settings = {
	    .rules = &rule, .rule_count = 1};
	const struct nitro_login login = {.user = user};
	NITRO_DROP(nitro_reach_drop) struct nitro_reach reach = {0};
	struct nitro_fault fault;
	size_t n = 0;

	FUZZ_CHECK(nitro_reach_make(&settings, &login, &reach) == NITRO_OK);
	FUZZ_CHECK(
	    nitro_measurements_parse_reachable(text, PATH, certificate_at, NULL,
		&reach, &found, &fault) == NITRO_OK);
	/* A list of odd form is read as a whole. */
	for (size_t i = 0; i < all->entry_count; i++)
		if (n < found.entry_count &&
		    all->entries[i].line == found.entries[n].line &&
		    strcmp(all->entries[i].workload,
			found.entries[n].workload) == 0)
			check_same(&all->entries[i], &found.entries[n++]);
		else
			FUZZ_CHECK(strcmp(all->entries[i].workload,
				       rule.workloads[0]) != 0);
	FUZZ_CHECK(n == found.entry_count);
	FUZZ_CHECK(nitro_reach_missing(&reach) == NULL || n > 0);
	FUZZ_CHECK(found.revoked_count == all->revoked_count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	NITRO_DROP(nitro_measurements_drop)
	struct nitro_measurements first = {0}, second = {0};
	struct nitro_bytes text = {data, size};
	struct nitro_fault fault = {.err = NITRO_OK}, again = {.err = NITRO_OK};
	nitro_err err;

	err = parse(text, &first, &fault);
	FUZZ_CHECK(parse(text, &second, &again) == err);
	if (err != NITRO_OK) {
		FUZZ_CHECK(nitro_err_class(err) == NITRO_CLASS_CONFIGURATION);
		fuzz_check_fault(&fault, err);
		FUZZ_CHECK(fault.line == again.line);
		check_same_text(fault.text, again.text);
		return 0;
	}
	check_all(&first, &second);
	if (first.entry_count > 0)
		check_reachable(text, &first);
	return 0;
}

#define A4 "a1b2c3d4a1b2c3d4a1b2c3d4"
#define A "\"" A4 A4 A4 A4 "\""
#define ZERO4 "000000000000000000000000"
#define ZERO "\"" ZERO4 ZERO4 ZERO4 ZERO4 "\""
#define LIST(text) "measurements = ( " text " );\n"
#define ENCLAVE(text) "{ workload = \"w\"; kind = \"enclave\"; " text " }"
#define TPM(text) "{ workload = \"w\"; kind = \"nitrotpm\"; " text " }"
#define GOOD ENCLAVE("pcr0 = " A ";")

void
fuzz_seeds(void)
{
	static const char *const texts[] = {"", LIST(""), LIST(GOOD),
	    LIST(ENCLAVE("version = \"1.4.2\"; pcr0 = [" A "]; pcr1 = " A ";")),
	    LIST(ENCLAVE("signing_certificate = \"/c/a.pem\"; "
			 "iam_role = \"arn:aws:iam::123456789012:role/b\"; "
			 "instance_id = \"i-0123456789abcdef0\";")),
	    LIST(ENCLAVE("signing_certificate = \"/c/missing.pem\";")),
	    LIST(
		ENCLAVE("pcr0 = " A "; not_before = \"2026-11-01T00:00:00Z\"; "
			"not_after = \"2027-05-01T00:00:00Z\"; source = \"s\"; "
			"builder = \"b\"; note = \"n\";")),
	    LIST(TPM("pcr4 = " A "; pcr7 = " A "; pcr12 = " ZERO ";")),
	    LIST(TPM("pcr0 = " A ";")), LIST(ENCLAVE("pcr1 = " A ";")),
	    LIST(ENCLAVE("pcr0 = " ZERO ";")), LIST(ENCLAVE("pcr32 = " A ";")),
	    LIST(ENCLAVE("pcr00 = " A ";")), LIST(ENCLAVE("pcr0 = \"a1\";")),
	    LIST(GOOD ", " GOOD),
	    LIST("{ workload = \"v\", kind : \"nitrotpm\" pcr4 = " A
		 " } /**/,\n" GOOD ", { workload = \"x\"; kind = \"enclave\"; "
		 "pcr0 = [" A "]; provenance = {}; }"),
	    LIST(GOOD) "revoked = ( { pcr0 = " A
		       "; reason = \"r\"; }, { instance_id = "
		       "\"i-0123456789abcdef0\"; "
		       "reason = \"r\"; }, { workload = \"w\"; version = "
		       "\"1\"; pcr8 = " A "; reason = \"x\"; } );",
	    "revoked = ( { reason = \"r\"; } );", "revoked = ();",
	    LIST("{ workload = \"w\"; kind = \"both\"; pcr0 = " A "; }"),
	    LIST(ENCLAVE(
		"pcr0 = " A "; not_after = \"2026-02-30T00:00:00Z\";"))};

	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++)
		fuzz_seed_text(texts[i]);
}
