#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "fuzz/fuzz.h"

#define DIGEST_LEN 20 /* SHA-1, for its name alone */

static const char *seed_folder; /* NULL: they are run, not written */
static unsigned seed_count;

void
fuzz_write_seeds(const char *folder)
{
	seed_folder = folder;
	fuzz_seeds();
}

unsigned
fuzz_run_seeds(void)
{
	seed_folder = NULL;
	seed_count = 0;
	fuzz_seeds();
	return seed_count;
}

/* In a block of its own size, so that one byte too far is noticed. */
void
fuzz_run(struct nitro_bytes in)
{
	uint8_t *exact = malloc(in.len > 0 ? in.len : 1);

	FUZZ_CHECK(exact != NULL);
	if (in.len > 0)
		memcpy(exact, in.ptr, in.len);
	(void)LLVMFuzzerTestOneInput(exact, in.len);
	free(exact);
}

/* The name is the content's, as libFuzzer has it: no two files are the same. */
static void
write_seed(struct nitro_bytes bytes)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char name[2 * DIGEST_LEN + 1], path[4096];
	FILE *file;

	FUZZ_CHECK(EVP_Q_digest(NULL, "SHA1", NULL, bytes.ptr, bytes.len,
		       digest, NULL) == 1);
	nitro_hex_encode(
	    (struct nitro_bytes){digest, DIGEST_LEN}, name, sizeof name);
	(void)snprintf(path, sizeof path, "%s/%s", seed_folder, name);
	file = fopen(path, "wb");
	if (file == NULL ||
	    fwrite(bytes.ptr, 1, bytes.len, file) != bytes.len ||
	    fclose(file) != 0) {
		perror(path);
		exit(2);
	}
}

void
fuzz_seed(struct nitro_bytes bytes)
{
	seed_count++;
	if (seed_folder != NULL)
		write_seed(bytes);
	else
		fuzz_run(bytes);
}

void
fuzz_seed_text(const char *text)
{
	fuzz_seed(nitro_bytes_of_text(text));
}
