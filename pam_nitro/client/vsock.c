#include "client/vsock.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* It wants sa_family_t of the header before. */
#include <linux/vm_sockets.h>

#include "client/relay.h"

bool
nitro_vsock_parse(const char *text, struct nitro_vsock_address *address,
    struct nitro_complaint *why)
{
	struct nitro_bytes port = nitro_bytes_of_text(text), cid;
	struct nitro_vsock_address found;
	char shown[NITRO_ESCAPED_MAX];

	if (nitro_bytes_take_until(&port, ':', &cid) &&
	    nitro_bytes_to_number(cid, &found.cid) &&
	    nitro_bytes_to_number(port, &found.port)) {
		*address = found;
		return true;
	}
	nitro_text_escape(nitro_bytes_of_text(text), shown, sizeof shown);
	return nitro_client_complain(why,
	    "--vsock %s: not CID:PORT, two numbers; an enclave reaches its "
	    "parent instance as CID 3, as in --vsock 3:8022",
	    shown);
}

void
nitro_vsock_explain(const struct nitro_vsock_address *address, int error,
    struct nitro_complaint *why)
{
	const char *advice = "";

	switch (error) {
	case ECONNRESET:
	case ECONNREFUSED:
		advice = ": nothing listens there; start vsock-proxy or socat "
			 "on the parent instance";
		break;
	case ETIMEDOUT:
	case ENETUNREACH:
	case EHOSTUNREACH:
		advice = ": nobody has this CID; the parent instance of an "
			 "enclave is 3";
		break;
	case EAFNOSUPPORT:
	case ENODEV:
		advice = ": this kernel has no vsock, so this is no Nitro "
			 "Enclave (or its module is not loaded)";
		break;
	default: /* errno has many more, and no advice for them */
		break;
	}
	(void)nitro_client_complain(why, "cannot connect to vsock %u:%u: %s%s",
	    address->cid, address->port, strerror(error), advice);
}

static bool
vsock_connect(const struct nitro_vsock_address *address, int *fd,
    struct nitro_complaint *why)
{
	union {
		struct sockaddr any;
		struct sockaddr_vm vm;
	} peer = {.vm = {.svm_family = AF_VSOCK,
		      .svm_cid = address->cid,
		      .svm_port = address->port}};

	*fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd >= 0 && connect(*fd, &peer.any, sizeof peer.vm) == 0)
		return true;
	nitro_vsock_explain(address, errno, why);
	if (*fd >= 0)
		(void)close(*fd);
	return false;
}

bool
nitro_vsock_run(
    const struct nitro_vsock_address *address, struct nitro_complaint *why)
{
	bool is_done;
	int fd;

	if (!vsock_connect(address, &fd, why))
		return false;
	is_done = nitro_relay(STDIN_FILENO, STDOUT_FILENO, fd);
	if (!is_done)
		(void)nitro_client_complain(why, "vsock %u:%u: %s",
		    address->cid, address->port, strerror(errno));
	(void)close(fd);
	return is_done;
}
