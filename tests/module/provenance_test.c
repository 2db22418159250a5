/* A workload that is pinned by its builder: what the module makes of it. */
#include <stdio.h>

#include "module/login.h"
#include "unit/unit.h"

#define KEY \
	"sha256:" \
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER \
	"sha256:" \
	"ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define DIGEST \
	"a0a1a2a3a4a5a6a7a8a9aaabacadaeafa0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
#define WHO \
	"https://github.com/o/billing/.github/workflows/r.yml@refs/heads/main"
#define ISSUER "https://token.actions.githubusercontent.com"
#define SOURCE "https://github.com/o/billing"

#define PCR0 \
	"a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0" \
	"a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0"

#define BY_KEY "key = \"" KEY "\";"
#define BY_BUILDER \
	"identity = \"" WHO "\"; issuer = \"" ISSUER \
	"\"; source_repository = \"" SOURCE "\";"

/* How an entry says where it comes from. */
#define FILES \
	"provenance = { binding = \"eif\"; artifact_sha256 = \"" DIGEST \
	"\"; bundle_sha256 = \"" DIGEST "\"; "
#define KEYED(key) \
	FILES "key = \"" key "\"; key_file_sha256 = \"" DIGEST "\"; };"
#define BUILT(who, issuer, source) \
	FILES "identity = \"" who "\"; issuer = \"" issuer \
	      "\"; trusted_root_sha256 = \"" DIGEST \
	      "\"; source_repository = \"" source "\"; };"

static const struct {
	const char *name, *required, *provenance;
	nitro_err want;
} rows[] = {
    {"nothing required, none", NULL, "", NITRO_OK},
    {"nothing required, some", NULL, KEYED(KEY), NITRO_OK},
    {"key, none", BY_KEY, "", NITRO_E_PROVENANCE},
    {"key, that key", BY_KEY, KEYED(KEY), NITRO_OK},
    {"key, another key", BY_KEY, KEYED(OTHER), NITRO_E_PROVENANCE},
    {"key, a builder", BY_KEY, BUILT(WHO, ISSUER, SOURCE), NITRO_E_PROVENANCE},
    {"builder, none", BY_BUILDER, "", NITRO_E_PROVENANCE},
    {"builder, that builder", BY_BUILDER, BUILT(WHO, ISSUER, SOURCE), NITRO_OK},
    {"builder, a key", BY_BUILDER, KEYED(KEY), NITRO_E_PROVENANCE},
    {"builder, another workflow", BY_BUILDER, BUILT(WHO "2", ISSUER, SOURCE),
	NITRO_E_PROVENANCE},
    {"builder, another issuer", BY_BUILDER, BUILT(WHO, ISSUER "/", SOURCE),
	NITRO_E_PROVENANCE},
    {"builder, another source", BY_BUILDER, BUILT(WHO, ISSUER, SOURCE "s"),
	NITRO_E_PROVENANCE},
};

static void
test_only_what_its_builder_made_is_admitted(void **state)
{
	struct stack *stack = stack_need(state);
	unsigned wrong = 0;

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		struct login login = {0};
		char text[2048] = "";

		if (rows[i].required != NULL)
			(void)snprintf(text, sizeof text,
			    "require_provenance = ( { workload = \"billing\"; "
			    "%s } );\n",
			    rows[i].required);
		stack_settings(stack, text);
		(void)snprintf(text, sizeof text,
		    "measurements = ( { workload = \"billing\"; version = "
		    "\"1.4.2\"; kind = \"enclave\"; pcr0 = \"%s\"; %s },\n"
		    "{ workload = \"ledger\"; kind = \"enclave\"; pcr0 = "
		    "\"b0%s\"; } );\n",
		    PCR0, rows[i].provenance, &(PCR0)[2]);
		stack_write(stack, "measurements.conf", text);
		wrong += unit_is_not(rows[i].name,
		    login_once(&login, stack, "deploy", rows[i].want) == 0,
		    true);
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STACK_TEST(test_only_what_its_builder_made_is_admitted),
	};

	return stack_run(tests);
}
