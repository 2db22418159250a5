/*
 * Enclave images: the PCRs of what is taken are those that the sections of
 * the image give, computed here by libcrypto alone. First byte: what is made
 * right before, as an attacker would.
 */
#include <openssl/evp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "admin/image/eif.h"
#include "fuzz/fuzz.h"
#include "fuzz/world.h"

#define HEADER_LEN 548
#define COUNT_AT 26
#define OFFSETS_AT 28
#define LENGTHS_AT 284
#define CRC_AT 544
#define SECTION_HEADER_LEN 12

enum { KERNEL = 1, CMDLINE, RAMDISK, SIGNATURE, METADATA };

enum {
	MEND_TABLE = 1, /* where the sections are */
	MEND_CRC = 2,
	SIGN = 4,       /* a signature section over the image's PCR0 ... */
	SIGN_OTHER = 8, /* ... or over another value */
	SIGN_ANY = SIGN | SIGN_OTHER
};

static void
put(struct nitro_buf *image, size_t at, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		image->ptr[at + i] = (uint8_t)(value >> (8 * (width - 1 - i)));
}

static uint64_t
get(struct nitro_bytes in, size_t at, size_t width)
{
	uint64_t value = 0;

	for (size_t i = 0; i < width; i++)
		value = value << 8 | in.ptr[at + i];
	return value;
}

/*
 * Where the sections are, as their own headers say it. False where they do
 * not end with the image, or are too many.
 */
static bool
mend_table(struct nitro_buf *image)
{
	size_t at = HEADER_LEN, count = 0;

	while (image->len - at >= SECTION_HEADER_LEN && count < 32) {
		uint64_t len = get(nitro_bytes_of_buf(image), at + 4, 8);
		const size_t room = image->len - at - SECTION_HEADER_LEN;

		if (len > room)
			put(image, at + 4, len = room, 8);
		put(image, OFFSETS_AT + 8 * count, at, 8);
		put(image, LENGTHS_AT + 8 * count, len, 8);
		at += SECTION_HEADER_LEN + len;
		count++;
	}
	put(image, COUNT_AT, count, 2);
	return at == image->len;
}

static void
drop_md(EVP_MD_CTX **md)
{
	EVP_MD_CTX_free(*md);
}

/* SHA-384(48 zeros || SHA-384(contents)) of the sections of the types. */
static void
measure(struct nitro_bytes image, bool has_kernel, unsigned first_ramdisk,
    unsigned last_ramdisk, uint8_t pcr[NITRO_SHA384_LEN])
{
	NITRO_DROP(drop_md) EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t input[2 * NITRO_SHA384_LEN] = {0};
	unsigned ramdisk = 0;
	size_t at = HEADER_LEN;

	FUZZ_CHECK(EVP_DigestInit_ex(md, EVP_sha384(), NULL) == 1);
	while (at < image.len) {
		const uint64_t type = get(image, at, 2);
		const size_t len = get(image, at + 4, 8);
		bool is_in = has_kernel && (type == KERNEL || type == CMDLINE);

		if (type == RAMDISK) {
			is_in = ramdisk >= first_ramdisk &&
				ramdisk <= last_ramdisk;
			ramdisk++;
		}
		at += SECTION_HEADER_LEN;
		if (is_in)
			FUZZ_CHECK(
			    EVP_DigestUpdate(md, image.ptr + at, len) == 1);
		at += len;
	}
	FUZZ_CHECK(EVP_DigestFinal_ex(md, input + NITRO_SHA384_LEN, NULL) == 1);
	FUZZ_CHECK(EVP_Q_digest(NULL, "SHA384", NULL, input, sizeof input, pcr,
		       NULL) == 1);
}

static void
put_numbers(struct nitro_buf *out, struct nitro_bytes in)
{
	FUZZ_CHECK(sim_cbor_head(out, 4, in.len));
	for (size_t i = 0; i < in.len; i++)
		FUZZ_CHECK(sim_cbor_head(out, 0, in.ptr[i]));
}

/* A section as nitro-cli makes it, with the world's root as the signer. */
static void
sign(struct nitro_buf *image, unsigned how)
{
	NITRO_DROP(nitro_buf_drop)
	struct nitro_buf payload = {0}, cose = {0}, section = {0};
	uint8_t pcr0[NITRO_SHA384_LEN];
	size_t at = image->len;

	measure(nitro_bytes_of_buf(image), true, 0, 99, pcr0);
	pcr0[7] ^= (how & SIGN_OTHER) != 0;
	FUZZ_CHECK(sim_cbor_head(&payload, 5, 2));
	FUZZ_CHECK(sim_cbor_text(&payload, "register_index"));
	FUZZ_CHECK(sim_cbor_head(&payload, 0, 0));
	FUZZ_CHECK(sim_cbor_text(&payload, "register_value"));
	put_numbers(&payload, (struct nitro_bytes){pcr0, sizeof pcr0});
	FUZZ_CHECK(sim_sign(nitro_bytes_of_buf(&payload),
	    fuzz_world()->pki.cert[SIM_ROOT].key, &cose));
	FUZZ_CHECK(sim_cbor_head(&section, 4, 1));
	FUZZ_CHECK(sim_cbor_head(&section, 5, 2));
	FUZZ_CHECK(sim_cbor_text(&section, "signing_certificate"));
	put_numbers(&section, nitro_bytes_of_buf(&fuzz_world()->root_pem));
	FUZZ_CHECK(sim_cbor_text(&section, "signature"));
	put_numbers(&section, nitro_bytes_of_buf(&cose));

	for (size_t i = 0; i < SECTION_HEADER_LEN; i++)
		fuzz_append_byte(image, 0);
	put(image, at, SIGNATURE, 2);
	put(image, at + 4, section.len, 8);
	fuzz_append(image, nitro_bytes_of_buf(&section));
}

static void
mend_crc(struct nitro_buf *image)
{
	uLong crc;

	crc = crc32(0, image->ptr, CRC_AT);
	if (image->len > HEADER_LEN)
		crc = crc32(crc, image->ptr + HEADER_LEN,
		    (uInt)(image->len - HEADER_LEN));
	put(image, CRC_AT, crc, 4);
}

static void
mend(struct nitro_buf *image, unsigned how)
{
	if (image->len < HEADER_LEN)
		return;
	if ((how & (MEND_TABLE | SIGN_ANY)) != 0 && !mend_table(image))
		return;
	if ((how & SIGN_ANY) != 0) {
		sign(image, how);
		(void)mend_table(image);
	}
	if ((how & MEND_CRC) != 0)
		mend_crc(image);
}

static void
check_pcrs(struct nitro_bytes image, const struct nitro_eif *eif)
{
	uint8_t pcr[NITRO_SHA384_LEN];

	measure(image, true, 0, 99, pcr);
	FUZZ_CHECK(memcmp(pcr, eif->pcr0, sizeof pcr) == 0);
	measure(image, true, 0, 0, pcr);
	FUZZ_CHECK(memcmp(pcr, eif->pcr1, sizeof pcr) == 0);
	measure(image, false, 1, 99, pcr);
	FUZZ_CHECK(memcmp(pcr, eif->pcr2, sizeof pcr) == 0);
}

static void
check_image(struct nitro_bytes image, unsigned how, const struct nitro_eif *eif)
{
	FUZZ_CHECK(eif->version >= 2 && eif->version <= 4);
	FUZZ_CHECK(eif->size == image.len);
	FUZZ_CHECK(eif->ramdisk_count >= 1);
	/* Nobody else here has the key of a signer. */
	FUZZ_CHECK(
	    (eif->signature == NITRO_EIF_SIGNED) == ((how & SIGN_ANY) == SIGN));
	FUZZ_CHECK((eif->signature == NITRO_EIF_UNSIGNED) ==
		   (eif->certificate.len == 0));
	FUZZ_CHECK((eif->signature == NITRO_EIF_SIGNATURE_INVALID) ==
		   (eif->signature_fault != NULL));
	check_pcrs(image, eif);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};
	struct nitro_bytes in = {data, size};
	struct nitro_fault fault = {.err = NITRO_OK};
	struct nitro_eif eif = {0};
	unsigned how = fuzz_take_byte(&in);
	nitro_err err;
	int fd;

	fuzz_append(&image, in);
	mend(&image, how);
	fd = memfd_create("image", MFD_CLOEXEC);
	FUZZ_CHECK(fd >= 0);
	FUZZ_CHECK(write(fd, image.ptr, image.len) == (ssize_t)image.len);
	FUZZ_CHECK(lseek(fd, 0, SEEK_SET) == 0);
	err = nitro_eif_read(fd, "/fuzz/image", NULL, NULL, &eif, &fault);
	FUZZ_CHECK(close(fd) == 0);
	if (err != NITRO_OK) {
		FUZZ_CHECK(err == NITRO_E_FILE_READ);
		fuzz_check_fault(&fault, err);
		FUZZ_CHECK(eif.cmdline.ptr == NULL && eif.size == 0);
		return 0;
	}
	check_image(nitro_bytes_of_buf(&image), how, &eif);
	nitro_eif_drop(&eif);
	return 0;
}

struct section {
	unsigned type;
	const char *content;
};

static void
seed_image(
    uint8_t how, unsigned version, const struct section *sections, size_t count)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};

	for (size_t i = 0; i < HEADER_LEN; i++)
		fuzz_append_byte(&image, 0);
	memcpy(image.ptr, ".eif", 4);
	put(&image, 4, version, 2);
	for (size_t i = 0; i < count; i++) {
		const size_t at = image.len;
		struct nitro_bytes content = nitro_bytes_of_text(
		    sections[i].content);

		for (size_t k = 0; k < SECTION_HEADER_LEN; k++)
			fuzz_append_byte(&image, 0);
		put(&image, at, sections[i].type, 2);
		put(&image, at + 4, content.len, 8);
		fuzz_append(&image, content);
	}
	mend(&image, MEND_TABLE | MEND_CRC);
	fuzz_append_byte(&out, how);
	fuzz_append(&out, nitro_bytes_of_buf(&image));
	fuzz_seed(nitro_bytes_of_buf(&out));
}

/* An array of one map of two arrays of numbers, as nitro-cli writes it. */
#define SIGNED \
	"\x81\xa2\x73signing_certificate\x83\x01\x18\x2d\x00" \
	"isignature\x83\x18\x84\x01\x02"

void
fuzz_seeds(void)
{
	static const struct section plain[] = {{KERNEL, "kernel"},
	    {CMDLINE, "console=ttyS0"}, {METADATA, "{\"a\": 1}"},
	    {RAMDISK, "one"}, {RAMDISK, "two"}};
	static const struct section with_signature[] = {{KERNEL, "kernel"},
	    {CMDLINE, "x"}, {RAMDISK, "one"}, {SIGNATURE, SIGNED}};
	static const struct section wrong[] = {
	    {KERNEL, "a"}, {KERNEL, "b"}, {RAMDISK, ""}};

	for (uint8_t how = 0; how < 16; how++)
		seed_image(how, 4, plain, NITRO_COUNT_OF(plain));
	seed_image(3, 2, plain, 4);
	seed_image(3, 3, plain, 2);
	seed_image(3, 4, with_signature, NITRO_COUNT_OF(with_signature));
	seed_image(3, 4, wrong, NITRO_COUNT_OF(wrong));
	seed_image(3, 5, plain, NITRO_COUNT_OF(plain));
	fuzz_seed_text("\x03.eif");
}
