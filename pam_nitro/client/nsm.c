#include "client/nsm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

/* NSM_IOCTL_RAW, the number that the header of the kernel gives. */
#define NSM_RAW _IOWR(0x0A, 0x0, struct nitro_nsm_raw)

_Static_assert(
    sizeof(struct nitro_nsm_raw) == 32, "struct nsm_raw has 32 bytes");

int
nitro_nsm_system_call(int fd, unsigned long request, struct nitro_nsm_raw *raw)
{
	return ioctl(fd, request, raw);
}

bool
nitro_nsm_open(const char *path, int *fd, struct nitro_complaint *why)
{
	*fd = open(path, O_RDWR | O_CLOEXEC);
	if (*fd >= 0)
		return true;
	if (errno == ENOENT || errno == ENXIO || errno == ENODEV)
		return nitro_client_complain(why,
		    "no NSM: %s is not there, so this is no Nitro Enclave (or "
		    "its "
		    "kernel lacks the nsm driver); on an EC2 instance with "
		    "NitroTPM set NITRO_SSH_SOURCE=exec:nitro-tpm-attest",
		    path);
	return nitro_client_complain(why,
	    "cannot open the NSM %s: %s; nitro-ssh must be able to read and "
	    "write it",
	    path, strerror(errno));
}

static bool
complain_of_errno(const char *path, int error, struct nitro_complaint *why)
{
	if (error == ENOTTY || error == EINVAL)
		return nitro_client_complain(why,
		    "%s is no NSM device: it does not know its ioctl (%s)",
		    path, strerror(error));
	if (error == EMSGSIZE)
		return nitro_client_complain(why,
		    "NSM error InputTooLarge from %s: %s", path,
		    nitro_nsm_error_advice(
			nitro_bytes_of_text("InputTooLarge")));
	return nitro_client_complain(
	    why, "the NSM %s did not answer: %s", path, strerror(error));
}

static bool
complain_of_error(
    const char *path, struct nitro_bytes error, struct nitro_complaint *why)
{
	const char *advice = nitro_nsm_error_advice(error);
	char name[64];

	nitro_text_escape(error, name, sizeof name);
	return nitro_client_complain(why, "NSM error %s from %s%s%s", name,
	    path, advice[0] != '\0' ? ": " : "", advice);
}

/* One exchange, again after EINTR; the driver says how much it wrote. */
static bool
exchange(int fd, nitro_nsm_call *call, struct nitro_bytes request,
    struct nitro_buf *response)
{
	struct nitro_nsm_raw raw;
	int result;

	do {
		raw = (struct nitro_nsm_raw){
		    {(uintptr_t)request.ptr, request.len},
		    {(uintptr_t)response->ptr, NITRO_NSM_RESPONSE_MAX}};
		result = call(fd, NSM_RAW, &raw);
	} while (result != 0 && errno == EINTR);
	if (result != 0)
		return false;
	if (raw.response.len > NITRO_NSM_RESPONSE_MAX) {
		errno = EPROTO;
		return false;
	}
	response->len = (size_t)raw.response.len;
	return true;
}

bool
nitro_nsm_attest(int fd, const char *path, nitro_nsm_call *call,
    const struct nitro_document_request *request, struct nitro_buf *document,
    struct nitro_complaint *why)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf message = {0}, answer = {0};
	struct nitro_nsm_response response = {0};

	if (nitro_nsm_request_encode(request, &message) != NITRO_OK ||
	    nitro_buf_reserve(&answer, NITRO_NSM_RESPONSE_MAX) != NITRO_OK)
		return nitro_client_complain(why, "memory ran out");
	memset(answer.ptr, 0, NITRO_NSM_RESPONSE_MAX);
	if (message.len > NITRO_NSM_REQUEST_MAX)
		return complain_of_errno(path, EMSGSIZE, why);
	if (!exchange(fd, call, nitro_bytes_of_buf(&message), &answer))
		return complain_of_errno(path, errno, why);
	if (!nitro_nsm_response_decode(nitro_bytes_of_buf(&answer), &response))
		return nitro_client_complain(why,
		    "the NSM %s answered %zu bytes that are no attestation "
		    "response",
		    path, answer.len);
	if (response.error.len > 0)
		return complain_of_error(path, response.error, why);
	if (nitro_buf_append(document, response.document) != NITRO_OK)
		return nitro_client_complain(why, "memory ran out");
	return true;
}
