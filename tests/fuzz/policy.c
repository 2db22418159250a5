#include "fuzz/policy.h"

#include "fuzz/fuzz.h"
#include "fuzz/world.h"
#include "policy/decision.h"

#define A0 "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0"
#define RULE \
	"users = ( { user = \"deploy\"; workloads = [\"billing\"]; } );\n" \
	"server_name = \"" FUZZ_SERVER "\";\n"

static const char *const settings_texts[FUZZ_POLICIES] = {
    [FUZZ_POLICY_STRICT] = RULE,
    [FUZZ_POLICY_UNBOUND] = RULE "binding = \"none\";\naudience = false;\n",
    [FUZZ_POLICY_OBSERVE] = RULE "mode = \"observe\";\n",
};

static const char measurements_text[] =
    "measurements = (\n"
    "{ workload = \"billing\"; version = \"1.4.2\"; kind = \"enclave\";\n"
    "  pcr0 = \"" A0 A0 "\"; } );\n";

static nitro_err
no_certificate(const char *path, struct nitro_buf *der,
    struct nitro_fault *fault, void *context)
{
	(void)der, (void)context;
	return nitro_fault_set(fault, NITRO_E_FILE_MISSING, path, 0, "none");
}

void
fuzz_settings_make(enum fuzz_policy which, struct nitro_settings *settings)
{
	struct nitro_fault fault;

	FUZZ_CHECK(
	    nitro_settings_parse(nitro_bytes_of_text(settings_texts[which]),
		"/fuzz/pam_nitro.conf", settings, &fault) == NITRO_OK);
}

void
fuzz_policy_make(enum fuzz_policy which, struct nitro_policy *policy)
{
	struct nitro_fault fault;

	fuzz_settings_make(which, &policy->settings);
	FUZZ_CHECK(
	    nitro_measurements_parse(nitro_bytes_of_text(measurements_text),
		"/fuzz/measurements.conf", no_certificate, NULL,
		&policy->measurements, &fault) == NITRO_OK);
	FUZZ_CHECK(nitro_trust_anchors_parse(
		       nitro_bytes_of_buf(&fuzz_world()->root_pem),
		       &policy->anchors) == NITRO_OK);
}

bool
fuzz_policy_allows(struct nitro_bytes pcr0)
{
	for (size_t i = 0; i < pcr0.len; i++)
		if (pcr0.ptr[i] != 0xa0)
			return false;
	return pcr0.len == NITRO_PCR_LEN;
}

void
fuzz_check_decision(const struct nitro_verified *verified)
{
	static struct nitro_policy policy;
	const struct nitro_login login = {
	    .user = FUZZ_USER, .now_ms = FUZZ_NOW_MS};
	struct nitro_decision decision;
	nitro_err err;

	if (policy.anchors == NULL)
		fuzz_policy_make(FUZZ_POLICY_STRICT, &policy);
	err = nitro_decide(verified, &policy.settings, &policy.measurements,
	    &login, &decision);
	FUZZ_CHECK(err == decision.err);
	FUZZ_CHECK((err == NITRO_OK) == (decision.entry != NULL));
	FUZZ_CHECK(
	    err == NITRO_OK || nitro_err_class(err) == NITRO_CLASS_POLICY);
	if (err != NITRO_OK)
		return;
	FUZZ_CHECK(fuzz_policy_allows(nitro_verified_pcr(verified, 0)));
	FUZZ_CHECK(nitro_verified_kind(verified) == NITRO_KIND_ENCLAVE);
}
