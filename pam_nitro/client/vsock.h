/*
 * vsock: the only way out of an enclave. Its parent instance is CID 3; what
 * listens there passes the bytes on (vsock(7), nitro-ssh(1)).
 */
#ifndef NITRO_CLIENT_VSOCK_H
#define NITRO_CLIENT_VSOCK_H

#include "client/complaint.h"

struct nitro_vsock_address {
	unsigned cid, port;
};

/* Read "CID:PORT", two decimal numbers of up to nine digits. */
NITRO_MUST_CHECK bool nitro_vsock_parse(const char *text,
    struct nitro_vsock_address *address, struct nitro_complaint *why);

/* What can be done about an errno of connect(2) to that address. */
void nitro_vsock_explain(const struct nitro_vsock_address *address, int error,
    struct nitro_complaint *why);

/*
 * Connect, and carry standard input there and what comes back to standard
 * output, until the other side has said all: ssh's ProxyCommand.
 */
NITRO_MUST_CHECK bool nitro_vsock_run(
    const struct nitro_vsock_address *address, struct nitro_complaint *why);

#endif
