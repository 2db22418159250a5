/*
 * Enclave images made in memory, sound ones and others, with signatures by
 * keys made on the spot. Everything fails the test where it cannot be made.
 */
#ifndef UNIT_EIF_IMAGES_H
#define UNIT_EIF_IMAGES_H

#include <openssl/evp.h>

#include "base/bytes.h"

#define EIF_HEADER_LEN 548
#define EIF_COUNT_AT 26
#define EIF_OFFSETS_AT 28
#define EIF_LENGTHS_AT 284
#define EIF_CRC_AT 544
#define EIF_SECTION_HEADER_LEN 12

enum { EIF_KERNEL = 1, EIF_CMDLINE, EIF_RAMDISK, EIF_SIGNATURE, EIF_METADATA };

struct eif_section {
	unsigned type;
	struct nitro_bytes content;
};

/* An image of that version with the sections in their order, CRC right. */
void eif_make(unsigned version, const struct eif_section *sections,
    size_t count, struct nitro_buf *out);

/* One more section at the end; the CRC is then to be sealed. */
void eif_append(struct nitro_buf *image, const struct eif_section *section);

/* Write a number of width bytes, big-endian. */
void eif_put(struct nitro_buf *image, size_t at, uint64_t value, size_t width);

/* Compute the CRC anew over what the image has now. */
void eif_seal(struct nitro_buf *image);

/* A regular file in memory that has the bytes, at its begin. */
int eif_open(struct nitro_bytes image);

struct eif_signer {
	EVP_PKEY *key;
	struct nitro_buf pem, der; /* its self-signed certificate */
};

/* curve  "P-256", "P-384", "P-521", or "RSA". */
void eif_signer_make(const char *curve, struct eif_signer *signer);
void eif_signer_drop(struct eif_signer *signer);

/* What a signature says and how it is made; {0} is what nitro-cli writes. */
struct eif_signing {
	const struct eif_signer *signer;
	const char *protected_header; /* NULL: by the curve */
	const char *digest;           /* likewise */
	uint64_t register_index;
	struct nitro_bytes pcr0;        /* 48 bytes */
	struct nitro_bytes certificate; /* PEM; len 0: the signer's */
	bool has_tag, has_unprotected, is_twice, is_flipped, is_long, has_rest;
};

/* The content of the signature section. */
void eif_sign(const struct eif_signing *signing, struct nitro_buf *section);

#endif
