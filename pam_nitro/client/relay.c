#include "client/relay.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK 32768
/* What poll(2) says can be written to a pipe without waiting: PIPE_BUF. */
#define PIPE_CHUNK 4096

struct way {
	uint8_t bytes[CHUNK];
	size_t from, to; /* bytes[from..to) are still to be written */
	bool is_at_end;  /* nothing more comes */
};

static bool
is_passing(int error)
{
	return error == EINTR || error == EAGAIN || error == EWOULDBLOCK;
}

/* Only when the buffer is empty. False where the descriptor failed. */
static bool
fill(struct way *way, int fd)
{
	ssize_t n = read(fd, way->bytes, sizeof way->bytes);

	if (n < 0)
		return is_passing(errno);
	way->from = 0;
	way->to = (size_t)n;
	way->is_at_end = n == 0;
	return true;
}

static bool
drain(struct way *way, int fd, bool is_socket)
{
	struct nitro_bytes left = nitro_bytes_slice(
	    (struct nitro_bytes){way->bytes, way->to}, way->from,
	    is_socket ? CHUNK : PIPE_CHUNK);
	ssize_t n = is_socket ? send(fd, left.ptr, left.len,
				    MSG_DONTWAIT | MSG_NOSIGNAL)
			      : write(fd, left.ptr, left.len);

	if (n < 0)
		return is_passing(errno);
	way->from += (size_t)n;
	return true;
}

static bool
is_empty(const struct way *way)
{
	return way->from == way->to;
}

struct relay {
	int in, out, remote;
	struct way there, back;
	bool is_end_told; /* to remote, that in is at its end */
	bool is_unread;   /* nobody reads out any more */
};

/* poll(2) reports a descriptor's end for ever: not where nothing is wanted. */
static struct pollfd
ready_for(int fd, bool to_read, bool to_write)
{
	short events = (short)((to_read ? POLLIN : 0) |
			       (to_write ? POLLOUT : 0));

	return (struct pollfd){events != 0 ? fd : -1, events, 0};
}

/* From in to remote. A remote that takes no more may still have to say. */
static bool
move_there(struct relay *relay, short in_events, short remote_events)
{
	struct way *way = &relay->there;

	if (in_events != 0 && !fill(way, relay->in))
		return false;
	if ((remote_events & POLLOUT) != 0 && !is_empty(way) &&
	    !drain(way, relay->remote, true)) {
		if (errno != EPIPE)
			return false;
		*way = (struct way){.is_at_end = true};
	}
	if (way->is_at_end && is_empty(way) && !relay->is_end_told) {
		(void)shutdown(relay->remote, SHUT_WR);
		relay->is_end_told = true;
	}
	return true;
}

/* From remote to out. */
static bool
move_back(struct relay *relay, short out_events, short remote_events)
{
	struct way *way = &relay->back;

	if ((out_events & ~POLLOUT) != 0) {
		relay->is_unread = true;
		return true;
	}
	if ((out_events & POLLOUT) != 0 && !drain(way, relay->out, false)) {
		relay->is_unread = errno == EPIPE;
		return relay->is_unread;
	}
	return (remote_events & ~POLLOUT) == 0 || !is_empty(way) ||
	       fill(way, relay->remote);
}

static bool
move(struct relay *relay)
{
	struct way *there = &relay->there, *back = &relay->back;
	struct pollfd in = ready_for(relay->in,
			  is_empty(there) && !there->is_at_end, false),
		      remote = ready_for(relay->remote,
			  is_empty(back) && !back->is_at_end, !is_empty(there));
	struct pollfd fds[] = {in, remote,
	    /* Always: its reader may leave while nothing is to be written. */
	    {relay->out, is_empty(back) ? 0 : POLLOUT, 0}};

	if (poll(fds, 3, -1) < 0)
		return errno == EINTR;
	return move_there(relay, fds[0].revents, fds[1].revents) &&
	       move_back(relay, fds[2].revents, fds[1].revents);
}

bool
nitro_relay(int in, int out, int remote)
{
	struct relay relay = {.in = in, .out = out, .remote = remote};

	while (!relay.is_unread &&
	       (!relay.back.is_at_end || !is_empty(&relay.back)))
		if (!move(&relay))
			return false;
	return true;
}
