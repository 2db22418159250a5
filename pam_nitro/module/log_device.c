#include "module/log_device.h"

#include <paths.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#define WAIT_MS 500

bool
nitro_log_device_takes_a_line(void)
{
	const struct sockaddr_un address = {
	    .sun_family = AF_UNIX, .sun_path = _PATH_LOG};
	struct pollfd device = {.events = POLLOUT};
	bool is_stuck = false;

	device.fd = socket(
	    AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (device.fd < 0)
		return true;
	if (connect(device.fd, (const struct sockaddr *)&address,
		sizeof address) == 0)
		is_stuck = poll(&device, 1, WAIT_MS) == 0;
	(void)close(device.fd);
	return !is_stuck;
}
