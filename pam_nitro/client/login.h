/* One call of nitro-ssh: everything around the stock ssh. */
#ifndef NITRO_CLIENT_LOGIN_H
#define NITRO_CLIENT_LOGIN_H

#include "client/complaint.h"

#define NITRO_STATUS_OWN_FAILURE \
	255 /* as ssh itself says "not ssh's command" */

struct nitro_login {
	const char *const *arguments; /* for ssh; ends in NULL */
	const char *source;           /* text of the document source, or NULL */
	const char
	    *vsock; /* "CID:PORT" to go through; NULL for ssh's own way */
	bool wants_ephemeral_key; /* even where there are other keys */
};

/*
 * Run ssh with an askpass program that attests this client. Arguments that
 * only ask ssh for something go to it as they are.
 *
 * The exit status: ssh's own, 128 + signal where one ended it, or
 * NITRO_STATUS_OWN_FAILURE with one line on standard error. Nothing is left
 * in the file system.
 */
int nitro_login_run(const struct nitro_login *login);

#endif
