/* Enclave images: what they measure, who signed them, and what is refused. */
#include "unit/unit.h"

#include <fcntl.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "admin/image/candidate_report.h"
#include "admin/image/eif.h"
#include "base/hex.h"
#include "unit/eif_images.h"
#include "unit/vectors.h"

#define TEXT(literal) \
	{ \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}
#define KERNEL \
	{ \
		EIF_KERNEL, TEXT("the kernel") \
	}
#define CMDLINE \
	{ \
		EIF_CMDLINE, TEXT("console=ttyS0") \
	}
#define RAMDISK(literal) \
	{ \
		EIF_RAMDISK, TEXT(literal) \
	}
#define METADATA \
	{ \
		EIF_METADATA, TEXT("{\"ImageName\":\"n\"}") \
	}

static const struct eif_section sound[] = {
    KERNEL, CMDLINE, METADATA, RAMDISK("init"), RAMDISK("app"), RAMDISK("x")};

static nitro_err
read_image(
    struct nitro_bytes image, struct nitro_eif *eif, struct nitro_fault *fault)
{
	int fd = eif_open(image);
	nitro_err err = nitro_eif_read(fd, "x.eif", NULL, NULL, eif, fault);

	assert_int_equal(close(fd), 0);
	return err;
}

/* 1 after a line that names the row where the image is not refused so. */
static unsigned
is_not_refused(const char *row, struct nitro_bytes image, const char *why)
{
	NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
	struct nitro_fault fault = {0};
	unsigned wrong;

	wrong = unit_differs(
	    row, read_image(image, &eif, &fault), NITRO_E_FILE_READ);
	if (strstr(fault.text, why) == NULL) {
		print_message(
		    "# row '%s': '%s' lacks '%s'\n", row, fault.text, why);
		wrong++;
	}
	return wrong +
	       unit_is_not(row, eif.version == 0 && eif.size == 0, true);
}

/* SHA-384(48 zeros || SHA-384(in)), in libcrypto's one-shot form. */
static void
extend(struct nitro_bytes in, uint8_t out[NITRO_SHA384_LEN])
{
	uint8_t both[2 * NITRO_SHA384_LEN] = {0};

	assert_int_equal(EVP_Digest(in.ptr, in.len, both + NITRO_SHA384_LEN,
			     NULL, EVP_sha384(), NULL),
	    1);
	assert_int_equal(
	    EVP_Digest(both, sizeof both, out, NULL, EVP_sha384(), NULL), 1);
}

static unsigned
pcr_differs(const char *row, const uint8_t pcr[NITRO_SHA384_LEN],
    struct nitro_bytes content)
{
	uint8_t expected[NITRO_SHA384_LEN];

	extend(content, expected);
	return unit_bytes_differ(row,
	    (struct nitro_bytes){pcr, NITRO_SHA384_LEN},
	    (struct nitro_bytes){expected, sizeof expected});
}

static void
every_version_and_architecture_measures_alike(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (unsigned version = 2; version <= 4; version++)
		for (unsigned flags = 0; flags < 2; flags++) {
			NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};
			NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
			struct nitro_fault fault = {0};

			eif_make(version, sound, NITRO_COUNT_OF(sound), &image);
			eif_put(&image, 6, flags, 2);
			eif_seal(&image);
			assert_err(read_image(nitro_bytes_of_buf(&image), &eif,
				       &fault),
			    NITRO_OK);
			assert_int_equal(eif.version, version);
			assert_int_equal(eif.is_aarch64, flags);
			assert_int_equal(eif.ramdisk_count, 3);
			assert_int_equal(eif.size, image.len);
			assert_int_equal(eif.signature, NITRO_EIF_UNSIGNED);
			assert_true(nitro_bytes_equal_text(
			    nitro_bytes_of_buf(&eif.cmdline), "console=ttyS0"));
			assert_true(nitro_bytes_equal_text(
			    nitro_bytes_of_buf(&eif.metadata),
			    "{\"ImageName\":\"n\"}"));
			wrong += pcr_differs("PCR0", eif.pcr0,
			    UNIT_BYTES("the kernelconsole=ttyS0initappx"));
			wrong += pcr_differs("PCR1", eif.pcr1,
			    UNIT_BYTES("the kernelconsole=ttyS0init"));
			wrong += pcr_differs(
			    "PCR2", eif.pcr2, UNIT_BYTES("appx"));
		}
	assert_int_equal(wrong, 0);
}

static void
sections_are_hashed_in_the_order_of_the_file(void **state)
{
	static const struct eif_section shuffled[] = {
	    RAMDISK("init"), CMDLINE, RAMDISK("app"), KERNEL, RAMDISK("x")};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};
	NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
	struct nitro_fault fault = {0};
	unsigned wrong = 0;

	(void)state;
	eif_make(4, shuffled, NITRO_COUNT_OF(shuffled), &image);
	assert_err(
	    read_image(nitro_bytes_of_buf(&image), &eif, &fault), NITRO_OK);
	wrong += pcr_differs(
	    "PCR0", eif.pcr0, UNIT_BYTES("initconsole=ttyS0appthe kernelx"));
	wrong += pcr_differs(
	    "PCR1", eif.pcr1, UNIT_BYTES("initconsole=ttyS0the kernel"));
	wrong += pcr_differs("PCR2", eif.pcr2, UNIT_BYTES("appx"));
	assert_int_equal(wrong, 0);
}

static void
no_second_ramdisk_is_the_known_weak_PCR2(void **state)
{
	static const struct eif_section one[] = {
	    KERNEL, CMDLINE, RAMDISK("init")};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};
	NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
	struct nitro_fault fault = {0};

	(void)state;
	eif_make(4, one, NITRO_COUNT_OF(one), &image);
	assert_err(
	    read_image(nitro_bytes_of_buf(&image), &eif, &fault), NITRO_OK);
	assert_int_equal(
	    pcr_differs("PCR2", eif.pcr2, (struct nitro_bytes){0}), 0);
	assert_memory_equal(eif.pcr0, eif.pcr1, NITRO_SHA384_LEN);
	assert_non_null(nitro_pcr_weakness(NITRO_KIND_ENCLAVE, 2, eif.pcr2));
	assert_null(nitro_pcr_weakness(NITRO_KIND_ENCLAVE, 0, eif.pcr2));
	assert_null(nitro_pcr_weakness(NITRO_KIND_NITROTPM, 2, eif.pcr2));
	assert_null(nitro_pcr_weakness(NITRO_KIND_ENCLAVE, 1, eif.pcr1));
}

/* Reads are of 256 KiB: sections that end there, before and behind. */
static void
sections_of_any_length_are_measured_whole(void **state)
{
	static const size_t chunk = (size_t)256 * 1024;
	const size_t lengths[] = {0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(lengths); i++) {
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf content = {0}, image = {0}, all = {0};
		NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
		struct nitro_fault fault = {0};

		unit_fill(&content, 0x5a, lengths[i]);
		const struct eif_section sections[] = {
		    {EIF_KERNEL, nitro_bytes_of_buf(&content)}, CMDLINE,
		    {EIF_RAMDISK, nitro_bytes_of_buf(&content)},
		    {EIF_RAMDISK, nitro_bytes_of_buf(&content)}};

		eif_make(4, sections, NITRO_COUNT_OF(sections), &image);
		assert_err(read_image(nitro_bytes_of_buf(&image), &eif, &fault),
		    NITRO_OK);
		wrong += pcr_differs(
		    "PCR2", eif.pcr2, nitro_bytes_of_buf(&content));
		unit_append(&all, nitro_bytes_of_buf(&content));
		unit_append(&all, UNIT_BYTES("console=ttyS0"));
		unit_append(&all, nitro_bytes_of_buf(&content));
		wrong += pcr_differs(
		    "PCR1", eif.pcr1, nitro_bytes_of_buf(&all));
		unit_append(&all, nitro_bytes_of_buf(&content));
		wrong += pcr_differs(
		    "PCR0", eif.pcr0, nitro_bytes_of_buf(&all));
	}
	assert_int_equal(wrong, 0);
}

struct order {
	const char *rule;
	struct eif_section section[5];
	const char *why; /* NULL: taken */
};

static const struct order orders[] = {
    {"metadata last", {KERNEL, CMDLINE, RAMDISK("i"), METADATA}, NULL},
    {"metadata first", {METADATA, KERNEL, CMDLINE, RAMDISK("i")}, NULL},
    {"no metadata", {KERNEL, CMDLINE, RAMDISK("i")}, NULL},
    {"second kernel", {KERNEL, KERNEL, CMDLINE, RAMDISK("i")},
	"a second kernel"},
    {"kernel at the end", {CMDLINE, RAMDISK("i"), KERNEL}, NULL},
    {"kernel behind the ramdisk", {KERNEL, CMDLINE, RAMDISK("i"), KERNEL},
	"a second kernel"},
    {"second command line", {KERNEL, CMDLINE, CMDLINE, RAMDISK("i")},
	"a second command line"},
    {"ramdisk first", {RAMDISK("i"), KERNEL, CMDLINE}, NULL},
    {"ramdisk before the command line", {KERNEL, RAMDISK("i"), CMDLINE}, NULL},
    {"no kernel", {CMDLINE, RAMDISK("i")}, "lacks"},
    {"no command line", {KERNEL, RAMDISK("i")}, "lacks"},
    {"no ramdisk", {KERNEL, CMDLINE}, "lacks"},
    {"metadata alone", {METADATA}, "lacks"},
    {"second metadata", {KERNEL, CMDLINE, METADATA, METADATA, RAMDISK("i")},
	"metadata section twice"},
    {"an empty signature",
	{KERNEL, CMDLINE, RAMDISK("i"), {EIF_SIGNATURE, {NULL, 0}}},
	"signature section"},
    {"a signature that is no CBOR",
	{KERNEL, CMDLINE, RAMDISK("i"), {EIF_SIGNATURE, TEXT("\xff\xff")}},
	"cannot be read"},
    {"unknown section 6", {KERNEL, CMDLINE, RAMDISK("i"), {6, TEXT("?")}},
	"unknown type 6"},
    {"unknown section 65535",
	{KERNEL, CMDLINE, RAMDISK("i"), {65535, TEXT("?")}},
	"unknown type 65535"},
    {"unknown section 0 with content",
	{KERNEL, CMDLINE, RAMDISK("i"), {0, TEXT("?")}}, "unknown type 0"},
};

static void
sections_come_once_in_any_order(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(orders); i++) {
		const struct order *row = &orders[i];
		NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};
		NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
		struct nitro_fault fault = {0};
		size_t count = 0;

		while (count < 5 && (row->section[count].type != 0 ||
					row->section[count].content.len > 0))
			count++;
		eif_make(4, row->section, count, &image);
		if (row->why != NULL)
			wrong += is_not_refused(
			    row->rule, nitro_bytes_of_buf(&image), row->why);
		else
			wrong += unit_differs(row->rule,
			    read_image(
				nitro_bytes_of_buf(&image), &eif, &fault),
			    NITRO_OK);
	}
	assert_int_equal(wrong, 0);
}

/* One number of the header changed, with the CRC right again. */
struct change {
	const char *rule;
	size_t at;
	uint64_t value;
	size_t width;
	const char *why;
};

#define OFFSET(i) (EIF_OFFSETS_AT + 8 * (i))
#define LENGTH(i) (EIF_LENGTHS_AT + 8 * (i))
#define FIRST EIF_HEADER_LEN
#define SECOND (FIRST + EIF_SECTION_HEADER_LEN + sizeof "the kernel" - 1)

static const struct change changes[] = {
    {"another magic", 0, 0x2e656c66, 4, "no enclave image"},
    {"version 0", 4, 0, 2, "version 0"},
    {"version 1", 4, 1, 2, "version 1"},
    {"version 5", 4, 5, 2, "version 5"},
    {"version 65535", 4, 65535, 2, "version 65535"},
    {"no sections", EIF_COUNT_AT, 0, 2, "0 sections"},
    {"33 sections", EIF_COUNT_AT, 33, 2, "33 sections"},
    {"10,000 sections", EIF_COUNT_AT, 10000, 2, "10000 sections"},
    {"65535 sections", EIF_COUNT_AT, 65535, 2, "65535 sections"},
    {"a section less", EIF_COUNT_AT, 5, 2, "follow the last section"},
    {"a section more", EIF_COUNT_AT, 7, 2, "section 7 begins at byte 0"},
    {"a gap before the first", OFFSET(0), FIRST + 1, 8, "readers disagree"},
    {"the first inside of the header", OFFSET(0), FIRST - 1, 8,
	"readers disagree"},
    {"the first at 0", OFFSET(0), 0, 8, "readers disagree"},
    {"a gap before the second", OFFSET(1), SECOND + 1, 8, "readers disagree"},
    {"the second overlaps", OFFSET(1), SECOND - 1, 8, "readers disagree"},
    {"the second is the first again", OFFSET(1), FIRST, 8, "readers disagree"},
    {"an offset of 2^64 - 1", OFFSET(1), UINT64_MAX, 8, "readers disagree"},
    {"the first a byte longer", LENGTH(0), sizeof "the kernel", 8,
	"readers disagree"},
    {"the first a byte shorter", LENGTH(0), sizeof "the kernel" - 2, 8,
	"readers disagree"},
    {"a length of 2^64 - 1", LENGTH(0), UINT64_MAX, 8, "more than are left"},
    {"a length that wraps around", LENGTH(0), UINT64_MAX - FIRST - 11, 8,
	"more than are left"},
    {"a length of 2^63", LENGTH(0), UINT64_C(1) << 63, 8, "more than are left"},
    {"the last a byte longer", LENGTH(5), 2, 8, "more than are left"},
    {"the last a byte shorter", LENGTH(5), 0, 8, "1 bytes follow"},
    {"the section's own length longer", FIRST + 4, sizeof "the kernel", 8,
	"two lengths"},
    {"the section's own length absurd", FIRST + 4, UINT64_MAX, 8,
	"two lengths"},
};

static void
sections_lie_side_by_side_up_to_the_end(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(changes); i++) {
		const struct change *row = &changes[i];
		NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};

		eif_make(4, sound, NITRO_COUNT_OF(sound), &image);
		eif_put(&image, row->at, row->value, row->width);
		eif_seal(&image);
		wrong += is_not_refused(
		    row->rule, nitro_bytes_of_buf(&image), row->why);
	}
	assert_int_equal(wrong, 0);
}

/* Offsets that are right each, but in another order than the sections. */
static void
sections_that_descend_are_refused(void **state)
{
	static const struct eif_section equal[] = {
	    KERNEL, CMDLINE, RAMDISK("aa"), RAMDISK("bb")};
	const size_t third = SECOND + EIF_SECTION_HEADER_LEN +
			     sizeof "console=ttyS0" - 1;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};

	(void)state;
	eif_make(4, equal, NITRO_COUNT_OF(equal), &image);
	eif_put(&image, OFFSET(2), third + EIF_SECTION_HEADER_LEN + 2, 8);
	eif_put(&image, OFFSET(3), third, 8);
	eif_seal(&image);
	assert_int_equal(is_not_refused("descending",
			     nitro_bytes_of_buf(&image), "readers disagree"),
	    0);
}

static void
up_to_32_sections_are_read(void **state)
{
	static const struct eif_section ramdisk = RAMDISK("r");
	NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};
	NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
	struct nitro_fault fault = {0};

	(void)state;
	eif_make(4, sound, NITRO_COUNT_OF(sound), &image);
	for (size_t i = NITRO_COUNT_OF(sound); i < 32; i++)
		eif_append(&image, &ramdisk);
	eif_seal(&image);
	assert_err(
	    read_image(nitro_bytes_of_buf(&image), &eif, &fault), NITRO_OK);
	assert_int_equal(eif.ramdisk_count, 29);
	for (size_t i = 32; i < 10000; i++)
		eif_append(&image, &ramdisk);
	eif_seal(&image);
	assert_int_equal(is_not_refused("10,000 sections",
			     nitro_bytes_of_buf(&image), "10000 sections"),
	    0);
}

static void
bytes_behind_the_last_section_are_refused(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};

	(void)state;
	eif_make(4, sound, NITRO_COUNT_OF(sound), &image);
	unit_fill(&image, 0, 1);
	assert_int_equal(is_not_refused("one byte", nitro_bytes_of_buf(&image),
			     "1 bytes follow"),
	    0);
	eif_seal(&image);
	assert_int_equal(is_not_refused("one byte that the CRC counts",
			     nitro_bytes_of_buf(&image), "1 bytes follow"),
	    0);
}

/* Every section border and every byte of the header is among them. */
static void
every_truncation_is_refused(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};
	unsigned wrong = 0;

	(void)state;
	eif_make(4, sound, NITRO_COUNT_OF(sound), &image);
	for (size_t n = 0; n < image.len; n++)
		wrong += is_not_refused(
		    "cut", (struct nitro_bytes){image.ptr, n}, "");
	assert_int_equal(wrong, 0);
}

static void
every_single_bit_flip_is_refused(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};
	unsigned wrong = 0;

	(void)state;
	eif_make(4, sound, NITRO_COUNT_OF(sound), &image);
	for (size_t i = 0; i < 8 * image.len; i++) {
		image.ptr[i / 8] ^= (uint8_t)(1u << i % 8);
		wrong += is_not_refused("flip", nitro_bytes_of_buf(&image), "");
		image.ptr[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(wrong, 0);
}

/* Of a header whose CRC is right, what is not judged changes no value. */
static void
every_byte_of_a_sealed_header_is_judged_or_without_effect(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};
	NITRO_DROP(nitro_eif_drop) struct nitro_eif right = {0};
	struct nitro_fault fault = {0};
	unsigned refused = 0;

	(void)state;
	eif_make(4, sound, NITRO_COUNT_OF(sound), &image);
	assert_err(
	    read_image(nitro_bytes_of_buf(&image), &right, &fault), NITRO_OK);
	for (size_t i = 0; i < EIF_CRC_AT; i++) {
		NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};

		image.ptr[i] ^= 0x80;
		eif_seal(&image);
		if (read_image(nitro_bytes_of_buf(&image), &eif, &fault) ==
		    NITRO_OK) {
			assert_memory_equal(
			    eif.pcr0, right.pcr0, NITRO_SHA384_LEN);
			assert_memory_equal(
			    eif.pcr2, right.pcr2, NITRO_SHA384_LEN);
		} else
			refused++;
		image.ptr[i] ^= 0x80;
	}
	/* magic, version, number of sections, offsets and lengths of six */
	assert_int_equal(refused, 4 + 2 + 2 + 2 * 6 * 8);
}

static void
a_wrong_CRC_is_told(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};

	(void)state;
	eif_make(4, sound, NITRO_COUNT_OF(sound), &image);
	eif_put(&image, EIF_CRC_AT, 0, 4);
	assert_int_equal(
	    is_not_refused("CRC 0", nitro_bytes_of_buf(&image), "CRC"), 0);
}

static void
text_sections_have_a_limit(void **state)
{
	static const struct {
		unsigned type;
		size_t limit;
	} rows[] = {{EIF_CMDLINE, NITRO_EIF_TEXT_MAX},
	    {EIF_METADATA, NITRO_EIF_TEXT_MAX}};

	(void)state;
	for (size_t i = 0; i < 2 * NITRO_COUNT_OF(rows); i++) {
		const bool is_over = i % 2 == 1, is_cmdline = i / 2 == 0;
		NITRO_DROP(nitro_buf_drop)
		struct nitro_buf text = {0}, image = {0};
		NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
		struct nitro_fault fault = {0};

		unit_fill(&text, 'x', rows[i / 2].limit + is_over);
		const struct eif_section sections[] = {KERNEL,
		    {EIF_CMDLINE, is_cmdline ? nitro_bytes_of_buf(&text)
					     : UNIT_BYTES("c")},
		    {EIF_METADATA, is_cmdline ? UNIT_BYTES("{}")
					      : nitro_bytes_of_buf(&text)},
		    RAMDISK("i")};

		eif_make(4, sections, NITRO_COUNT_OF(sections), &image);
		assert_err(read_image(nitro_bytes_of_buf(&image), &eif, &fault),
		    is_over ? NITRO_E_FILE_READ : NITRO_OK);
	}
}

static void
only_a_regular_file_is_an_image(void **state)
{
	static const char *const paths[] = {"/dev/null", "/dev/zero", "/"};
	NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
	struct nitro_fault fault = {0};
	int ends[2];

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(paths); i++) {
		int fd = open(paths[i], O_RDONLY | O_CLOEXEC);

		assert_true(fd >= 0);
		assert_err(
		    nitro_eif_read(fd, paths[i], NULL, NULL, &eif, &fault),
		    NITRO_E_FILE_READ);
		assert_int_equal(close(fd), 0);
	}
	assert_int_equal(pipe(ends), 0);
	assert_err(nitro_eif_read(ends[0], "pipe", NULL, NULL, &eif, &fault),
	    NITRO_E_FILE_READ);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(close(ends[1]), 0);
}

/* What happens to the file at the first word of progress. */
struct meddler {
	int fd;
	off_t new_len;
	uint64_t last, calls;
};

static void
meddle(uint64_t done, uint64_t total, void *context)
{
	struct meddler *meddler = context;

	assert_true(done >= meddler->last && done <= total);
	if (meddler->calls++ == 0 && meddler->new_len > 0)
		assert_int_equal(ftruncate(meddler->fd, meddler->new_len), 0);
	meddler->last = done;
}

static void
a_file_that_changes_its_size_meanwhile_is_refused(void **state)
{
	static const struct {
		int change;
		nitro_err err;
	} rows[] = {
	    {0, NITRO_OK}, {1, NITRO_E_FILE_READ}, {-1, NITRO_E_FILE_READ}};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};

	(void)state;
	eif_make(4, sound, NITRO_COUNT_OF(sound), &image);
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
		struct nitro_fault fault = {0};
		struct meddler meddler = {
		    .fd = eif_open(nitro_bytes_of_buf(&image)),
		    .new_len = rows[i].change == 0
				   ? 0
				   : (off_t)image.len + rows[i].change};

		assert_err(nitro_eif_read(meddler.fd, "x.eif", meddle, &meddler,
			       &eif, &fault),
		    rows[i].err);
		if (rows[i].err == NITRO_OK)
			assert_int_equal(meddler.last, image.len);
		assert_int_equal(close(meddler.fd), 0);
	}
}

/* A ramdisk of zeros that is in no memory: a hole in the file. */
static void
memory_does_not_grow_with_the_image(void **state)
{
	static const size_t hole = (size_t)192 * 1024 * 1024;
	static const uint8_t zeros[65536];
	NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};
	NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
	static const struct eif_section sections[] = {
	    KERNEL, CMDLINE, RAMDISK("i"), RAMDISK("")};
	struct nitro_fault fault = {0};
	uLong crc = crc32(0, NULL, 0);
	long before;
	int fd;

	(void)state;
	eif_make(4, sections, NITRO_COUNT_OF(sections), &image);
	eif_put(&image, LENGTH(3), hole, 8);
	eif_put(&image, image.len - 8, hole, 8);
	crc = crc32(crc, image.ptr, EIF_CRC_AT);
	crc = crc32(crc, image.ptr + EIF_HEADER_LEN,
	    (uInt)(image.len - EIF_HEADER_LEN));
	for (size_t i = 0; i < hole / sizeof zeros; i++)
		crc = crc32(crc, zeros, sizeof zeros);
	eif_put(&image, EIF_CRC_AT, crc, 4);
	fd = eif_open(nitro_bytes_of_buf(&image));
	assert_int_equal(ftruncate(fd, (off_t)(image.len + hole)), 0);
	before = unit_peak_kib();
	assert_err(
	    nitro_eif_read(fd, "x.eif", NULL, NULL, &eif, &fault), NITRO_OK);
	assert_int_equal(eif.ramdisk_len, hole + 1);
	assert_true(unit_peak_kib() - before < 8192);
	assert_int_equal(close(fd), 0);
}

/* An image as sound as the others, with that signature section. */
static nitro_err
read_signed(const struct eif_signing *signing, struct nitro_eif *eif,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0}, section = {0};

	eif_sign(signing, &section);
	eif_make(4, sound, NITRO_COUNT_OF(sound), &image);
	eif_append(&image,
	    &(struct eif_section){EIF_SIGNATURE, nitro_bytes_of_buf(&section)});
	eif_seal(&image);
	return read_image(nitro_bytes_of_buf(&image), eif, fault);
}

static void
pcr0_of_sound(uint8_t pcr0[NITRO_SHA384_LEN])
{
	extend(UNIT_BYTES("the kernelconsole=ttyS0initappx"), pcr0);
}

static void
signatures_of_three_curves_verify(void **state)
{
	static const char *const curves[] = {"P-256", "P-384", "P-521"};
	uint8_t pcr0[NITRO_SHA384_LEN];

	(void)state;
	pcr0_of_sound(pcr0);
	for (size_t i = 0; i < 2 * NITRO_COUNT_OF(curves); i++) {
		NITRO_DROP(eif_signer_drop) struct eif_signer signer = {0};
		NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
		struct nitro_fault fault = {0};

		eif_signer_make(curves[i / 2], &signer);
		const struct eif_signing signing = {.signer = &signer,
		    .pcr0 = {pcr0, sizeof pcr0},
		    .has_tag = i % 2 == 1};

		assert_err(read_signed(&signing, &eif, &fault), NITRO_OK);
		assert_int_equal(eif.signature, NITRO_EIF_SIGNED);
		assert_null(eif.signature_fault);
		assert_memory_equal(eif.pcr0, pcr0, sizeof pcr0);
		assert_true(
		    nitro_bytes_equal(nitro_bytes_of_buf(&eif.certificate),
			nitro_bytes_of_buf(&signer.der)));
		assert_int_equal(pcr_differs("PCR8", eif.pcr8,
				     nitro_bytes_of_buf(&signer.der)),
		    0);
	}
}

#define ES256 "\xa1\x01\x26"
#define ES384 "\xa1\x01\x38\x22"

struct wrong_signing {
	const char *rule, *why;
	struct eif_signing signing;
};

/* How many of them are not told to be wrong, for that reason. */
static unsigned
count_taken(const struct wrong_signing *rows, size_t count)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < count; i++) {
		NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
		struct nitro_fault fault = {0};

		wrong += unit_differs(rows[i].rule,
		    read_signed(&rows[i].signing, &eif, &fault), NITRO_OK);
		wrong += unit_is_not(rows[i].rule,
		    eif.signature == NITRO_EIF_SIGNATURE_INVALID &&
			eif.signature_fault != NULL &&
			strstr(eif.signature_fault, rows[i].why) != NULL,
		    true);
	}
	return wrong;
}

static void
a_signature_is_by_the_key_of_the_certificate_over_PCR0(void **state)
{
	static uint8_t other_pcr0[NITRO_SHA384_LEN];
	uint8_t pcr0[NITRO_SHA384_LEN];
	NITRO_DROP(eif_signer_drop) struct eif_signer p256 = {0}, p384 = {0};
	NITRO_DROP(eif_signer_drop) struct eif_signer other = {0};

	(void)state;
	pcr0_of_sound(pcr0);
	eif_signer_make("P-256", &p256);
	eif_signer_make("P-384", &p384);
	eif_signer_make("P-384", &other);
	const struct nitro_bytes right = {pcr0, sizeof pcr0};
	const struct wrong_signing rows[] = {
	    {"a bit of the signature", "not by the certificate's key",
		{&p384, .pcr0 = right, .is_flipped = true}},
	    {"a bit of an ES256 signature", "not by the certificate's key",
		{&p256, .pcr0 = right, .is_flipped = true}},
	    {"another certificate", "not by the certificate's key",
		{&p384, .pcr0 = right,
		    .certificate = nitro_bytes_of_buf(&other.pem)}},
	    {"another digest", "not by the certificate's key",
		{&p384, .pcr0 = right, .digest = "SHA256"}},
	    {"another PCR0", "another PCR0",
		{&p384, .pcr0 = {other_pcr0, sizeof other_pcr0}}},
	    {"a PCR0 cut short", "another PCR0",
		{&p384, .pcr0 = {pcr0, sizeof pcr0 - 1}}},
	    {"another register", "another PCR0",
		{&p384, .pcr0 = right, .register_index = 1}},
	};

	assert_int_equal(count_taken(rows, NITRO_COUNT_OF(rows)), 0);
}

static void
a_signature_is_of_one_of_three_forms(void **state)
{
	uint8_t pcr0[NITRO_SHA384_LEN];
	NITRO_DROP(eif_signer_drop) struct eif_signer p256 = {0}, p384 = {0};
	NITRO_DROP(eif_signer_drop) struct eif_signer rsa = {0};

	(void)state;
	pcr0_of_sound(pcr0);
	eif_signer_make("P-256", &p256);
	eif_signer_make("P-384", &p384);
	eif_signer_make("RSA", &rsa);
	const struct nitro_bytes right = {pcr0, sizeof pcr0};
	const struct wrong_signing rows[] = {
	    {"ES256 by P-384", "no COSE_Sign1",
		{&p384, .protected_header = ES256, .pcr0 = right}},
	    {"ES384 by P-256", "no COSE_Sign1",
		{&p256, .protected_header = ES384, .pcr0 = right}},
	    {"ES384 with a P-256 certificate", "its algorithm",
		{&p384, .pcr0 = right,
		    .certificate = nitro_bytes_of_buf(&p256.pem)}},
	    {"ES384 by RSA", "its algorithm",
		{&rsa, .protected_header = ES384, .pcr0 = right}},
	    {"PS384", "its algorithm",
		{&p384, .protected_header = "\xa1\x01\x38\x25", .pcr0 = right}},
	    {"an empty protected header", "its algorithm",
		{&p384, .protected_header = "", .pcr0 = right}},
	    {"a content type beside the algorithm", "its algorithm",
		{&p384, .protected_header = "\xa2\x01\x38\x22\x03\x18\x2a",
		    .pcr0 = right}},
	    {"an unprotected header", "no COSE_Sign1",
		{&p384, .pcr0 = right, .has_unprotected = true}},
	    {"a signature too long", "no COSE_Sign1",
		{&p384, .pcr0 = right, .is_long = true}},
	    {"a byte behind the message", "no COSE_Sign1",
		{&p384, .pcr0 = right, .has_rest = true}},
	};

	assert_int_equal(count_taken(rows, NITRO_COUNT_OF(rows)), 0);
}

static void
a_signature_section_has_one_signature_and_one_certificate(void **state)
{
	uint8_t pcr0[NITRO_SHA384_LEN];
	NITRO_DROP(eif_signer_drop) struct eif_signer signer = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf two = {0};
	unsigned wrong = 0;

	(void)state;
	pcr0_of_sound(pcr0);
	eif_signer_make("P-384", &signer);
	unit_append(&two, nitro_bytes_of_buf(&signer.pem));
	unit_append(&two, nitro_bytes_of_buf(&signer.pem));
	const struct nitro_bytes right = {pcr0, sizeof pcr0};
	const struct {
		const char *rule;
		struct eif_signing signing;
	} rows[] = {
	    {"two signatures", {&signer, .pcr0 = right, .is_twice = true}},
	    {"two certificates", {&signer, .pcr0 = right,
				     .certificate = nitro_bytes_of_buf(&two)}},
	    {"no certificate",
		{&signer, .pcr0 = right, .certificate = UNIT_BYTES("no PEM")}},
	    {"DER", {&signer, .pcr0 = right,
			.certificate = nitro_bytes_of_buf(&signer.der)}},
	};

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
		struct nitro_fault fault = {0};

		wrong += unit_differs(rows[i].rule,
		    read_signed(&rows[i].signing, &eif, &fault),
		    NITRO_E_FILE_READ);
		wrong += unit_is_not(rows[i].rule,
		    strstr(fault.text, "signature section") != NULL, true);
	}
	assert_int_equal(wrong, 0);
}

/* Every truncation of the section, in an image that is sound. */
static void
a_signature_section_that_is_cut_short_is_refused(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf section = {0};
	NITRO_DROP(eif_signer_drop) struct eif_signer signer = {0};
	uint8_t pcr0[NITRO_SHA384_LEN];
	unsigned taken = 0;

	(void)state;
	pcr0_of_sound(pcr0);
	eif_signer_make("P-256", &signer);
	const struct eif_signing signing = {
	    .signer = &signer, .pcr0 = {pcr0, sizeof pcr0}};

	eif_sign(&signing, &section);
	for (size_t n = 1; n < section.len; n++) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};
		NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
		struct nitro_fault fault = {0};

		eif_make(4, sound, NITRO_COUNT_OF(sound), &image);
		eif_append(&image,
		    &(struct eif_section){EIF_SIGNATURE, {section.ptr, n}});
		eif_seal(&image);
		if (read_image(nitro_bytes_of_buf(&image), &eif, &fault) ==
		    NITRO_OK)
			taken++;
	}
	assert_int_equal(taken, 0);
}

/* Values by another program than ours: tiny.json. */
static void
known_images_have_their_known_values(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	json_t *table, *row, *values, *value;
	const char *name, *pcr;
	unsigned seen = 0;

	(void)state;
	if (!vectors_are_here())
		skip();
	vectors_load_from("eif", nitro_bytes_of_text("tiny.json"), &text);
	table = json_loadb((const char *)text.ptr, text.len, 0, NULL);
	assert_non_null(table);
	json_object_foreach(table, name, row)
	{
		NITRO_DROP(nitro_buf_drop) struct nitro_buf image = {0};
		NITRO_DROP(nitro_eif_drop) struct nitro_eif eif = {0};
		struct nitro_fault fault = {0};
		char hex[2 * NITRO_SHA384_LEN + 1];

		vectors_load_from("eif", nitro_bytes_of_text(name), &image);
		assert_err(read_image(nitro_bytes_of_buf(&image), &eif, &fault),
		    NITRO_OK);
		values = json_object_get(row, "measurements");
		json_object_foreach(values, pcr, value)
		{
			const uint8_t *actual = pcr[3] == '0'   ? eif.pcr0
						: pcr[3] == '1' ? eif.pcr1
						: pcr[3] == '2' ? eif.pcr2
								: eif.pcr8;

			nitro_hex_encode(
			    (struct nitro_bytes){actual, NITRO_SHA384_LEN}, hex,
			    sizeof hex);
			assert_string_equal(hex, json_string_value(value));
			seen++;
		}
		assert_int_equal(
		    eif.signature, json_object_get(values, "PCR8") != NULL
				       ? NITRO_EIF_SIGNED
				       : NITRO_EIF_UNSIGNED);
	}
	assert_int_equal(seen, 3 * 3 + 1);
	json_decref(table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_version_and_architecture_measures_alike),
	    cmocka_unit_test(no_second_ramdisk_is_the_known_weak_PCR2),
	    cmocka_unit_test(sections_of_any_length_are_measured_whole),
	    cmocka_unit_test(sections_come_once_in_any_order),
	    cmocka_unit_test(sections_are_hashed_in_the_order_of_the_file),
	    cmocka_unit_test(sections_lie_side_by_side_up_to_the_end),
	    cmocka_unit_test(sections_that_descend_are_refused),
	    cmocka_unit_test(up_to_32_sections_are_read),
	    cmocka_unit_test(bytes_behind_the_last_section_are_refused),
	    cmocka_unit_test(every_truncation_is_refused),
	    cmocka_unit_test(every_single_bit_flip_is_refused),
	    cmocka_unit_test(
		every_byte_of_a_sealed_header_is_judged_or_without_effect),
	    cmocka_unit_test(a_wrong_CRC_is_told),
	    cmocka_unit_test(text_sections_have_a_limit),
	    cmocka_unit_test(only_a_regular_file_is_an_image),
	    cmocka_unit_test(a_file_that_changes_its_size_meanwhile_is_refused),
	    cmocka_unit_test(memory_does_not_grow_with_the_image),
	    cmocka_unit_test(signatures_of_three_curves_verify),
	    cmocka_unit_test(
		a_signature_is_by_the_key_of_the_certificate_over_PCR0),
	    cmocka_unit_test(a_signature_is_of_one_of_three_forms),
	    cmocka_unit_test(
		a_signature_section_has_one_signature_and_one_certificate),
	    cmocka_unit_test(a_signature_section_that_is_cut_short_is_refused),
	    cmocka_unit_test(known_images_have_their_known_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
