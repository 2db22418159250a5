/*
 * The SHA-384 passes that an image's PCRs need, and nothing else:
 * PCR0 over all of it, PCR1 and PCR2 over its parts.
 *
 * usage: digests FILE
 */
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define PASSES 2

int
main(int argc, char **argv)
{
	static uint8_t buffer[1 << 20];
	EVP_MD_CTX *md[PASSES];
	const int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	ssize_t n;

	for (size_t i = 0; i < PASSES; i++)
		if ((md[i] = EVP_MD_CTX_new()) == NULL ||
		    EVP_DigestInit_ex(md[i], EVP_sha384(), NULL) != 1)
			return EXIT_FAILURE;
	while ((n = read(fd, buffer, sizeof buffer)) > 0)
		for (size_t i = 0; i < PASSES; i++)
			if (EVP_DigestUpdate(md[i], buffer, (size_t)n) != 1)
				return EXIT_FAILURE;
	for (size_t i = 0; i < PASSES; i++) {
		uint8_t digest[EVP_MAX_MD_SIZE];

		if (EVP_DigestFinal_ex(md[i], digest, NULL) != 1)
			return EXIT_FAILURE;
		EVP_MD_CTX_free(md[i]);
	}
	return n == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
