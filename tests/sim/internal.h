/* Shared by the files of tests/sim, not for tests. */
#ifndef NITRO_SIM_INTERNAL_H
#define NITRO_SIM_INTERNAL_H

#include "sim/sim.h"

/*
 * A library context of its own: what a test does to the process's default
 * one (openssl.cnf, providers, FIPS) must not change the simulation.
 * NULL where there is none to be had.
 */
OSSL_LIB_CTX *sim_library(void);

/* "i-0123456789abcdef0" of "i-0123456789abcdef0-enc0123456789abcdef". */
struct nitro_bytes sim_instance_id(struct nitro_bytes module_id);

/* The sixteen hex digits behind "-enc", as a number; 0 if there are none. */
uint64_t sim_enclave_number(struct nitro_bytes module_id);

/* One certificate in DER, to be freed; NULL where it is none. */
X509 *sim_cert_parse(struct nitro_bytes der);

/*
 * Make key and certificate at that position; those above are there already.
 * False leaves both to sim_pki_drop().
 */
NITRO_MUST_CHECK bool sim_cert_make(const struct sim_options *options,
    struct sim_pki *pki, enum sim_position at);

/* The root of a folder that sim_folder_init() made, in root->cert[SIM_ROOT];
 * the other positions stay empty. On failure *why says what is wrong. */
NITRO_MUST_CHECK bool sim_folder_open(
    const char *folder, struct sim_pki *root, const char **why);

/* Make the folder, if need be, with root.key (0600) and root.pem (0644). */
NITRO_MUST_CHECK bool sim_folder_init(
    const char *folder, int64_t now_s, const char **why);

#endif
