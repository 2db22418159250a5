/* What the files of libfault.so share. */
#ifndef FAULT_INTERNAL_H
#define FAULT_INTERNAL_H

#define OPENSSL_SUPPRESS_DEPRECATED

#include <cbor.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libconfig.h>
#include <linux/seccomp.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <seccomp.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fault/fault.h"
#include "fault/functions.h"

#define SHOWN __attribute__((visibility("default")))
#define CALLER __builtin_return_address(0)

/* Every function has a number; those that only allocate come last. */
#define NUMBER(name) FUNCTION_##name
#define NUMBER_FN(type, name, params, args, ...) NUMBER(name),
#define NUMBER_HAND(name, ...) NUMBER(name),
#define NUMBER_VD(name, params, args) NUMBER(name),
#define NOTHING(...)

#define FAULT_TABLES(FN, VD) \
	FAULT_CRYPTO(FN, VD) \
	FAULT_CONFIG(FN, VD) \
	FAULT_PAM(FN, VD) \
	FAULT_SYSTEM(FN, VD)

enum function {
	FAULT_TABLES(NUMBER_FN, NOTHING) FAULT_BY_HAND(NUMBER_HAND)
	    FUNCTIONS_THAT_FAIL,
	FUNCTION_none = FUNCTIONS_THAT_FAIL, /* the module itself */
	FAULT_TABLES(NOTHING, NUMBER_VD) NUMBER(pam_syslog),
	FUNCTIONS
};

/*
 * Around each call: begin gives the way in which it is to fail, or NULL, and
 * says whether the module made it; end then has to follow.
 */
const struct fault_mode *fault_enter(
    enum function function, const void *caller, bool *is_ours);
void fault_leave(bool is_ours);

/* The real one. */
void *fault_real(const char *name);

/* An allocation: is it in the course of a module's call, and is it to fail? */
bool fault_is_ours(const void *caller);
bool fault_is_of_module(void);
bool fault_is_child(void);
bool fault_memory_fails(void);

void fault_forget_blocks(void);
void fault_child_begins(void);

#endif
