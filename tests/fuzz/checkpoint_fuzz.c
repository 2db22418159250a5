/*
 * A checkpoint of a log: accepted only with the text that the log's key
 * signed, whatever lines stand around its signature.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/provenance/log.h"
#include "base/base64.h"
#include "fuzz/fuzz.h"
#include "fuzz/provenance_signer.h"

#define SIGNED "log.example\n2\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"

static void
judge(const char *text, const char *version)
{
	static const char head[] = SIGNED "\n";
	struct nitro_log_entry entry = {.kind = "hashedrekord",
	    .version = version,
	    .tree_size = 2,
	    .checkpoint = text};
	struct nitro_trusted_log log = {.key = provenance_signer(),
	    .name = "log.example",
	    .period = {0, INT64_MAX}};
	struct nitro_trail trail = {.count = 0};

	if (nitro_log_checkpoint(&entry, &log, &trail))
		FUZZ_CHECK(strncmp(text, head, strlen(head)) == 0);
	else
		FUZZ_CHECK(trail.refused_at != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	NITRO_DROP(nitro_text_drop)
	char *text = nitro_text_copy((struct nitro_bytes){data, size});

	if (text == NULL)
		return 0;
	judge(text, "0.0.1");
	judge(text, "0.0.2");
	return 0;
}

void
fuzz_seeds(void)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	uint8_t blob[4 + PROVENANCE_SIGNATURE_LEN] = {0};

	provenance_sign(nitro_bytes_of_text(SIGNED), blob + 4);
	if (nitro_buf_append_text(&out, SIGNED "\n\xe2\x80\x94 log.example ") !=
		NITRO_OK ||
	    nitro_base64_encode(
		(struct nitro_bytes){blob, sizeof blob}, &out) != NITRO_OK ||
	    nitro_buf_append_text(&out, "\n\xe2\x80\x94 witness AAAA\n") !=
		NITRO_OK ||
	    nitro_buf_append_byte(&out, '\0') != NITRO_OK)
		abort();
	fuzz_seed_text((const char *)out.ptr);
	fuzz_seed_text("\n\n");
	fuzz_seed_text("");
}
