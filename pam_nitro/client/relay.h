/* Carry bytes both ways between two descriptors and a stream socket. */
#ifndef NITRO_CLIENT_RELAY_H
#define NITRO_CLIENT_RELAY_H

#include "base/bytes.h"

/*
 * From in to remote and from remote to out, until remote is at its end and
 * all of it has been written, or until nobody reads out any more. The end of in is
 * passed on (shutdown(2) for writing) and is not the end of the relay.
 *
 * None of the three needs to be, nor becomes, non-blocking; neither
 * direction ever waits for the other. SIGPIPE must be ignored.
 *
 * False, with errno, where a descriptor failed.
 */
NITRO_MUST_CHECK bool nitro_relay(int in, int out, int remote);

#endif
