/*
 * What the stock ssh would do with these arguments, told by ssh itself
 * (ssh -G), so that nitro-ssh has no idea of its own of ssh_config(5).
 */
#ifndef NITRO_CLIENT_SSH_CONFIG_H
#define NITRO_CLIENT_SSH_CONFIG_H

#include <limits.h>

#include "client/complaint.h"

#define NITRO_IDENTITY_FILES_MAX 64

struct nitro_ssh_config {
	/* Absolute or as given, "~" and % tokens expanded; ends in NULL. */
	char *identity_files[NITRO_IDENTITY_FILES_MAX + 1];
	size_t identity_file_count;
	char *identity_agent; /* socket; NULL where ssh takes $SSH_AUTH_SOCK */
	bool has_no_agent;    /* IdentityAgent none */
	bool is_identities_only;
	bool has_preferred_authentications;      /* the user set them */
	char user[256], hostname[1025], port[8]; /* for the % tokens */
};

/*
 * True where the arguments only ask ssh for something (-G, -V, -Q, -O): no
 * login, so nothing to attest. Knows ssh's option letters just so far as to
 * tell an option from another one's argument.
 */
bool nitro_ssh_arguments_are_query(const char *const arguments[]);

/*
 * Run "program -G arguments" and keep what matters here.
 *
 * config  start with {0}; released by nitro_ssh_config_drop().
 * False where ssh refuses the arguments; it is then the one to tell why.
 */
NITRO_MUST_CHECK bool nitro_ssh_config_read(const char *program,
    const char *const arguments[], struct nitro_ssh_config *config);

/* Parse what ssh -G prints; the part of the above that needs no ssh. */
NITRO_MUST_CHECK bool nitro_ssh_config_parse(
    struct nitro_bytes text, struct nitro_ssh_config *config);

void nitro_ssh_config_drop(struct nitro_ssh_config *config);

/*
 * Does this ssh know SSH_ASKPASS_REQUIRE (OpenSSH 8.4)? False also where
 * ssh -V says nothing that is understood.
 */
bool nitro_ssh_knows_askpass_require(const char *program);

/* The same from the text of ssh -V: "OpenSSH_9.2p1 ...". */
bool nitro_ssh_version_knows_askpass_require(struct nitro_bytes text);

#endif
