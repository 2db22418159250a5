#include "fuzz/documents.h"

#include "evidence/cose_sign1.h"
#include "fuzz/fuzz.h"
#include "fuzz/world.h"

static void
give_payload(struct nitro_bytes payload, void (*each)(struct nitro_bytes))
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf brief = {0};

	fuzz_payload_shorten(payload, &brief);
	each(nitro_bytes_of_buf(&brief));
}

/* The two forms of AWS, debug mode, and no more than must be there. */
static void
give_good(void (*each)(struct nitro_bytes))
{
	struct sim_document docs[4];

	for (unsigned i = 0; i < NITRO_COUNT_OF(docs); i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf payload = {0};

		fuzz_world_document(&docs[i]);
		docs[i].is_definite = i == 1;
		docs[i].has_indefinite_pcrs = i == 2;
		docs[i].has_indefinite_cabundle = i == 2;
		if (i == 2)
			docs[i].kind = NITRO_KIND_NITROTPM;
		if (i == 3)
			sim_document_debug(&docs[i]);
		FUZZ_CHECK(sim_payload(&docs[i], &payload));
		give_payload(nitro_bytes_of_buf(&payload), each);
	}
}

void
fuzz_each_payload(void (*each)(struct nitro_bytes payload))
{
	const struct fuzz_world *world = fuzz_world();
	const struct sim_defect *defects;
	size_t count = 0;

	give_good(each);
	defects = sim_defects(&count);
	for (size_t i = 0; i < count; i++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
		struct nitro_cose_sign1 msg = {0};
		struct sim_document doc;

		if (defects[i].attest == NULL)
			continue;
		fuzz_world_document(&doc);
		FUZZ_CHECK(defects[i].attest(&world->pki, &doc, &evidence));
		if (nitro_cose_parse(nitro_bytes_of_buf(&evidence), &msg) ==
		    NITRO_OK)
			give_payload(msg.payload, each);
	}
}
