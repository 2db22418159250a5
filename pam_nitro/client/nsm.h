/*
 * The Nitro Security Module's device (drivers/misc/nsm.c and
 * include/uapi/linux/nsm.h of Linux 6.8; AWS's own module before that has the
 * same interface).
 */
#ifndef NITRO_CLIENT_NSM_H
#define NITRO_CLIENT_NSM_H

#include "client/complaint.h"
#include "client/nsm_message.h"

#define NITRO_NSM_PATH "/dev/nsm"
#define NITRO_NSM_REQUEST_MAX 0x1000  /* bytes, NSM_REQUEST_MAX_SIZE */
#define NITRO_NSM_RESPONSE_MAX 0x3000 /* bytes, NSM_RESPONSE_MAX_SIZE */

/* struct nsm_raw: where the request stands, where the response may go. */
struct nitro_nsm_raw {
	struct {
		uint64_t address;
		uint64_t len;
	} request, response;
};

/* As ioctl(2): 0, or -1 with errno. It is called again after EINTR. */
typedef int nitro_nsm_call(
    int fd, unsigned long request, struct nitro_nsm_raw *raw);

/*
 * Ask for one document and append it.
 *
 * path  names the device in complaints.
 * call  the system's ioctl(2), or a test's.
 */
NITRO_MUST_CHECK bool nitro_nsm_attest(int fd, const char *path,
    nitro_nsm_call *call, const struct nitro_document_request *request,
    struct nitro_buf *document, struct nitro_complaint *why);

/* Open the device. False, with what is missing and what to do, where it fails. */
NITRO_MUST_CHECK bool nitro_nsm_open(
    const char *path, int *fd, struct nitro_complaint *why);

/* The system's ioctl(2). */
int nitro_nsm_system_call(
    int fd, unsigned long request, struct nitro_nsm_raw *raw);

#endif
