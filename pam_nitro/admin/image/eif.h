/*
 * Enclave Image Format: what an image is and what it will measure.
 *
 * An EIF is a header of 548 bytes and up to 32 sections, each with a header
 * of 12 bytes, all numbers big-endian (aws-nitro-enclaves-image-format,
 * src/defs). A PCR is SHA-384(48 zero bytes || SHA-384(contents)), contents
 * being, without section headers and padding,
 *   PCR0  kernel, command line, every ramdisk
 *   PCR1  kernel, command line, first ramdisk
 *   PCR2  every ramdisk but the first
 *   PCR8  the signing certificate in DER
 * each in the order in which the sections stand in the file, as nitro-cli and
 * QEMU's nitro-enclave machine have it
 * ("Where to get an enclave's measurements", AWS Nitro Enclaves user guide).
 */
#ifndef NITRO_ADMIN_EIF_H
#define NITRO_ADMIN_EIF_H

#include "base/bytes.h"
#include "evidence/digest.h"

#define NITRO_EIF_SECTIONS_MAX 32
#define NITRO_EIF_TEXT_MAX (1024u * 1024)     /* metadata, command line */
#define NITRO_EIF_SIGNATURE_MAX (128u * 1024) /* signature section */

/* How the signature section stands to PCR0. */
enum nitro_eif_signature {
	NITRO_EIF_UNSIGNED,
	NITRO_EIF_SIGNED, /* verifies over PCR0 with its certificate */
	NITRO_EIF_SIGNATURE_INVALID /* Nitro does not start such an image */
};

struct nitro_eif {
	unsigned version; /* 2..4 */
	bool is_aarch64;
	uint64_t size; /* bytes of the file */
	uint64_t kernel_len;
	unsigned ramdisk_count;
	uint64_t ramdisk_len; /* all of them */
	struct nitro_buf cmdline;
	struct nitro_buf
	    metadata; /* JSON as it stands in the file; empty if none */
	uint8_t pcr0[NITRO_SHA384_LEN];
	uint8_t pcr1[NITRO_SHA384_LEN];
	uint8_t pcr2[NITRO_SHA384_LEN];
	enum nitro_eif_signature signature;
	const char
	    *signature_fault; /* what is wrong with it; NULL if nothing */
	struct nitro_buf
	    certificate; /* DER, where there is a signature section */
	uint8_t pcr8[NITRO_SHA384_LEN]; /* likewise */
};

/* Told from time to time how many bytes of how many have been read. */
typedef void nitro_eif_progress(uint64_t done, uint64_t total, void *context);

/*
 * Read an image once, front to back, in constant memory.
 *
 * fd    a regular file at its begin; path is for messages only.
 * eif   filled on success, released by nitro_eif_drop(); untouched on error.
 *
 * Refused: another magic or version, more than 32 sections, sections that
 * are not contiguous and in order from the header to the end of the file,
 * no or two kernels or command lines, no ramdisk, an unknown section,
 * a signature section that cannot be read, a wrong CRC, a file that changes
 * its size meanwhile. A signature that can be read and is wrong is no error.
 *
 * NITRO_E_FILE_READ with a fault that says what and where, NITRO_E_MEMORY,
 * NITRO_E_CRYPTO.
 */
NITRO_MUST_CHECK nitro_err nitro_eif_read(int fd, const char *path,
    nitro_eif_progress *progress, void *context, struct nitro_eif *eif,
    struct nitro_fault *fault);

void nitro_eif_drop(struct nitro_eif *eif);

#endif
