#include "admin/image/eif.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "admin/image/eif_signature.h"

#define MAGIC ".eif"
#define HEADER_LEN 548 /* with the CRC, which is its last field */
#define CRC_AT 544
#define SECTION_HEADER_LEN 12
#define VERSION_MIN 2
#define VERSION_MAX 4
#define FLAG_AARCH64 1
#define CHUNK (256u * 1024) /* bytes per read(2) */

enum section_type {
	SECTION_KERNEL = 1,
	SECTION_CMDLINE = 2,
	SECTION_RAMDISK = 3,
	SECTION_SIGNATURE = 4,
	SECTION_METADATA = 5
};

struct reader {
	int fd;
	const char *path;
	struct nitro_fault *fault;
	uint64_t size, done;
	nitro_eif_progress *progress;
	void *context;
	struct nitro_buf chunk;
	uLong crc, expected_crc;
	unsigned section_count;
	uint64_t offset[NITRO_EIF_SECTIONS_MAX], length[NITRO_EIF_SECTIONS_MAX];
	/*
	 * PCR0 and PCR1 begin alike, so one hash serves both up to the second
	 * ramdisk, where boot is copied off it.
	 */
	EVP_MD_CTX *image, *boot, *app;
	bool has_kernel, has_cmdline, has_metadata, has_boot;
	struct nitro_buf signature;
	struct nitro_eif eif;
};

void
nitro_eif_drop(struct nitro_eif *eif)
{
	nitro_buf_drop(&eif->cmdline);
	nitro_buf_drop(&eif->metadata);
	nitro_buf_drop(&eif->certificate);
}

static void
drop_reader(struct reader *r)
{
	EVP_MD_CTX_free(r->image);
	EVP_MD_CTX_free(r->boot);
	EVP_MD_CTX_free(r->app);
	nitro_buf_drop(&r->chunk);
	nitro_buf_drop(&r->signature);
	nitro_eif_drop(&r->eif);
}

#define REFUSE(r, ...) \
	nitro_fault_set( \
	    (r)->fault, NITRO_E_FILE_READ, (r)->path, 0, __VA_ARGS__)

static uint64_t
big_endian(struct nitro_bytes in, size_t at, size_t width)
{
	struct nitro_bytes digits = nitro_bytes_slice(in, at, width);
	uint64_t value = 0;

	for (size_t i = 0; i < digits.len; i++)
		value = value << 8 | digits.ptr[i];
	return value;
}

/* Exactly n bytes, n <= CHUNK, into r->chunk. */
static nitro_err
read_exactly(struct reader *r, size_t n, struct nitro_bytes *out)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = read(r->fd, &r->chunk.ptr[have], n - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return REFUSE(r, "cannot be read: %s", strerror(errno));
		if (got == 0)
			return REFUSE(r,
			    "ends at byte %llu, in the middle of a section",
			    (unsigned long long)(r->done + have));
		have += (size_t)got;
	}
	r->done += n;
	if (r->progress != NULL)
		r->progress(r->done, r->size, r->context);
	*out = (struct nitro_bytes){r->chunk.ptr, n};
	return NITRO_OK;
}

static void
add_to_crc(struct reader *r, struct nitro_bytes in)
{
	r->crc = crc32(r->crc, in.ptr, (uInt)in.len);
}

static nitro_err
read_section_table(struct reader *r, struct nitro_bytes header)
{
	uint64_t expected = HEADER_LEN;

	r->section_count = (unsigned)big_endian(header, 26, 2);
	if (r->section_count < 1 || r->section_count > NITRO_EIF_SECTIONS_MAX)
		return REFUSE(r,
		    "says that it has %u sections; 1 to %d are possible",
		    r->section_count, NITRO_EIF_SECTIONS_MAX);
	for (unsigned i = 0; i < r->section_count; i++) {
		r->offset[i] = big_endian(header, 28 + 8 * (size_t)i, 8);
		r->length[i] = big_endian(header, 284 + 8 * (size_t)i, 8);
		if (r->offset[i] != expected)
			return REFUSE(r,
			    "section %u begins at byte %llu, expected %llu: "
			    "readers disagree on such an image",
			    i + 1, (unsigned long long)r->offset[i],
			    (unsigned long long)expected);
		if (r->length[i] > r->size - expected ||
		    r->size - expected - r->length[i] < SECTION_HEADER_LEN)
			return REFUSE(r,
			    "section %u has %llu bytes, more than are left of "
			    "the file: it was cut off, or is damaged",
			    i + 1, (unsigned long long)r->length[i]);
		expected += SECTION_HEADER_LEN + r->length[i];
	}
	if (expected != r->size)
		return REFUSE(r, "%llu bytes follow the last section",
		    (unsigned long long)(r->size - expected));
	return NITRO_OK;
}

static nitro_err
read_header(struct reader *r)
{
	struct nitro_bytes header = {0};
	nitro_err err;

	if (r->size < HEADER_LEN)
		return REFUSE(r,
		    "has %llu bytes; an enclave image has %d at the least",
		    (unsigned long long)r->size, HEADER_LEN);
	if ((err = read_exactly(r, HEADER_LEN, &header)) != NITRO_OK)
		return err;
	if (!nitro_bytes_has_prefix(header, MAGIC))
		return REFUSE(
		    r, "is no enclave image: it does not begin with .eif");
	r->eif.version = (unsigned)big_endian(header, 4, 2);
	if (r->eif.version < VERSION_MIN || r->eif.version > VERSION_MAX)
		return REFUSE(r,
		    "is an enclave image of version %u; known are %d to %d",
		    r->eif.version, VERSION_MIN, VERSION_MAX);
	r->eif.is_aarch64 = (big_endian(header, 6, 2) & FLAG_AARCH64) != 0;
	r->eif.size = r->size;
	r->expected_crc = (uLong)big_endian(header, CRC_AT, 4);
	add_to_crc(r, nitro_bytes_slice(header, 0, CRC_AT));
	return read_section_table(r, header);
}

/* What becomes of the bytes of one section. */
struct sink {
	EVP_MD_CTX *md[2];
	struct nitro_buf *keep;
};

static nitro_err
stream(struct reader *r, uint64_t len, const struct sink *sink)
{
	struct nitro_bytes part = {0};
	nitro_err err;

	while (len > 0) {
		err = read_exactly(r, len < CHUNK ? (size_t)len : CHUNK, &part);
		if (err != NITRO_OK)
			return err;
		add_to_crc(r, part);
		for (size_t i = 0; i < 2; i++)
			if (sink->md[i] != NULL && EVP_DigestUpdate(sink->md[i],
						       part.ptr, part.len) != 1)
				return NITRO_E_CRYPTO;
		if (sink->keep != NULL &&
		    (err = nitro_buf_append(sink->keep, part)) != NITRO_OK)
			return err;
		len -= part.len;
	}
	return NITRO_OK;
}

/* Once a second ramdisk comes, PCR1 goes a way of its own. */
static nitro_err
split_boot(struct reader *r)
{
	if (r->has_boot)
		return NITRO_OK;
	r->has_boot = true;
	return EVP_MD_CTX_copy_ex(r->boot, r->image) == 1 ? NITRO_OK
							  : NITRO_E_CRYPTO;
}

static nitro_err
read_kernel(struct reader *r, uint64_t len)
{
	const struct sink sink = {
	    .md = {r->image, r->has_boot ? r->boot : NULL}};

	if (r->has_kernel)
		return REFUSE(r, "has a second kernel");
	r->has_kernel = true;
	r->eif.kernel_len = len;
	return stream(r, len, &sink);
}

static nitro_err
read_cmdline(struct reader *r, uint64_t len)
{
	const struct sink sink = {
	    .md = {r->image, r->has_boot ? r->boot : NULL},
	    .keep = &r->eif.cmdline};

	if (r->has_cmdline)
		return REFUSE(r, "has a second command line");
	if (len > NITRO_EIF_TEXT_MAX)
		return REFUSE(r, "has a command line of %llu bytes",
		    (unsigned long long)len);
	r->has_cmdline = true;
	return stream(r, len, &sink);
}

static nitro_err
read_ramdisk(struct reader *r, uint64_t len)
{
	const bool is_first = r->eif.ramdisk_count == 0;
	const struct sink sink = {.md = {r->image, is_first ? NULL : r->app}};
	nitro_err err;

	if (!is_first && (err = split_boot(r)) != NITRO_OK)
		return err;
	r->eif.ramdisk_count++;
	r->eif.ramdisk_len += len;
	return stream(r, len, &sink);
}

static nitro_err
read_signature(struct reader *r, uint64_t len)
{
	const struct sink sink = {.keep = &r->signature};

	if (r->signature.len > 0 || len == 0 || len > NITRO_EIF_SIGNATURE_MAX)
		return REFUSE(r,
		    "has a signature section twice, or of %llu bytes",
		    (unsigned long long)len);
	return stream(r, len, &sink);
}

static nitro_err
read_metadata(struct reader *r, uint64_t len)
{
	const struct sink sink = {.keep = &r->eif.metadata};

	if (r->has_metadata || len > NITRO_EIF_TEXT_MAX)
		return REFUSE(r,
		    "has a metadata section twice, or of %llu bytes",
		    (unsigned long long)len);
	r->has_metadata = true;
	return stream(r, len, &sink);
}

static nitro_err
read_section(struct reader *r, unsigned i)
{
	const uint64_t len = r->length[i];
	struct nitro_bytes header = {0};
	nitro_err err;

	if ((err = read_exactly(r, SECTION_HEADER_LEN, &header)) != NITRO_OK)
		return err;
	add_to_crc(r, header);
	if (big_endian(header, 4, 8) != len)
		return REFUSE(r, "section %u has two lengths, %llu and %llu",
		    i + 1, (unsigned long long)len,
		    (unsigned long long)big_endian(header, 4, 8));
	switch (big_endian(header, 0, 2)) {
	case SECTION_KERNEL:
		return read_kernel(r, len);
	case SECTION_CMDLINE:
		return read_cmdline(r, len);
	case SECTION_RAMDISK:
		return read_ramdisk(r, len);
	case SECTION_SIGNATURE:
		return read_signature(r, len);
	case SECTION_METADATA:
		return read_metadata(r, len);
	default:
		return REFUSE(r, "section %u is of the unknown type %u", i + 1,
		    (unsigned)big_endian(header, 0, 2));
	}
}

static nitro_err
finish_pcr(EVP_MD_CTX *md, uint8_t pcr[NITRO_SHA384_LEN])
{
	uint8_t digest[NITRO_SHA384_LEN];
	unsigned len = 0;

	if (EVP_DigestFinal_ex(md, digest, &len) != 1 || len != sizeof digest)
		return NITRO_E_CRYPTO;
	return nitro_pcr_of((struct nitro_bytes){digest, sizeof digest}, pcr);
}

/* A byte that was appended meanwhile is in no PCR, but in the file. */
static nitro_err
demand_end(struct reader *r)
{
	ssize_t got;

	do
		got = read(r->fd, r->chunk.ptr, 1);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return REFUSE(r, "cannot be read: %s", strerror(errno));
	if (got > 0)
		return REFUSE(r, "grew while it was being read");
	return NITRO_OK;
}

static nitro_err
finish(struct reader *r)
{
	nitro_err err;

	if ((err = demand_end(r)) != NITRO_OK)
		return err;
	if (r->crc != r->expected_crc)
		return REFUSE(r, "is damaged: its CRC is %08lx, expected %08lx",
		    r->crc, r->expected_crc);
	if (!r->has_kernel || !r->has_cmdline || r->eif.ramdisk_count == 0)
		return REFUSE(r, "lacks a kernel, a command line or a ramdisk");
	if ((err = split_boot(r)) != NITRO_OK ||
	    (err = finish_pcr(r->image, r->eif.pcr0)) != NITRO_OK ||
	    (err = finish_pcr(r->boot, r->eif.pcr1)) != NITRO_OK ||
	    (err = finish_pcr(r->app, r->eif.pcr2)) != NITRO_OK)
		return err;
	if (r->signature.len == 0)
		return NITRO_OK;
	err = nitro_eif_signature_judge(
	    nitro_bytes_of_buf(&r->signature), &r->eif);
	if (err == NITRO_OK || err == NITRO_E_MEMORY || err == NITRO_E_CRYPTO)
		return err;
	return REFUSE(r, "has a signature section that cannot be read: %s",
	    nitro_err_sentence(err));
}

static nitro_err
begin(struct reader *r)
{
	struct stat st;

	if (fstat(r->fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0)
		return REFUSE(r, "is no regular file");
	r->size = (uint64_t)st.st_size;
	r->crc = crc32(0, NULL, 0);
	if ((r->image = EVP_MD_CTX_new()) == NULL ||
	    (r->boot = EVP_MD_CTX_new()) == NULL ||
	    (r->app = EVP_MD_CTX_new()) == NULL)
		return NITRO_E_MEMORY;
	if (EVP_DigestInit_ex(r->image, EVP_sha384(), NULL) != 1 ||
	    EVP_DigestInit_ex(r->app, EVP_sha384(), NULL) != 1)
		return NITRO_E_CRYPTO;
	return nitro_buf_reserve(&r->chunk, CHUNK);
}

nitro_err
nitro_eif_read(int fd, const char *path, nitro_eif_progress *progress,
    void *context, struct nitro_eif *eif, struct nitro_fault *fault)
{
	NITRO_DROP(drop_reader)
	struct reader r = {.fd = fd,
	    .path = path,
	    .fault = fault,
	    .progress = progress,
	    .context = context};
	nitro_err err;

	if ((err = begin(&r)) != NITRO_OK ||
	    (err = read_header(&r)) != NITRO_OK)
		return err;
	for (unsigned i = 0; i < r.section_count; i++)
		if ((err = read_section(&r, i)) != NITRO_OK)
			return err;
	if ((err = finish(&r)) != NITRO_OK)
		return err;
	*eif = r.eif;
	r.eif = (struct nitro_eif){0};
	return NITRO_OK;
}
