/* The socket behind syslog(3). */
#ifndef NITRO_MODULE_LOG_DEVICE_H
#define NITRO_MODULE_LOG_DEVICE_H

#include <stdbool.h>

/*
 * False where a line would wait for a reader that does not come: syslog(3)
 * has no limit of its own, and waits for ever in send(2) while the queue of
 * /dev/log is full. Asks for half a second at most. True where there is no
 * such socket, or one of another type, as nobody waits there.
 */
bool nitro_log_device_takes_a_line(void);

#endif
