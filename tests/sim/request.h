/* What the options of nitro-sim attest ask for. */
#ifndef NITRO_SIM_REQUEST_H
#define NITRO_SIM_REQUEST_H

#include "sim/internal.h"

/* Bytes that the NSM takes for each of nonce, user_data, public_key. */
#define SIM_FIELD_MAX 1024

#define EXIT_OK 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2

/* {0}, then filled; released by sim_request_drop(). */
struct sim_request {
	const char *folder, *defect;
	struct sim_options options;
	int64_t age_s;
	int64_t pcr_count; /* 0: as many as there are */
	bool is_debug, is_definite;
	bool has_pcr[NITRO_PCR_COUNT_MAX];
	uint8_t pcr[NITRO_PCR_COUNT_MAX][NITRO_PCR_LEN];
	bool has_nonce, has_user_data, has_public_key;
	struct nitro_buf nonce, user_data, public_key;
	uint64_t timestamp_ms;
};

void sim_request_drop(struct sim_request *request);

/* Say it on standard error; gives the status. */
int sim_fail(int status, const char *what, const char *why);

/* From the words of a command line; EXIT_OK, or what sim_fail() gave. */
int sim_request_read(int argc, char **argv, struct sim_request *request);

/* Set timestamp_ms and options.time_s to now, less age_s. */
NITRO_MUST_CHECK bool sim_request_set_time(struct sim_request *request);

/* For sim_attest_defect(): context is a struct sim_request. */
void sim_request_fill(struct sim_document *doc, void *context);

/*
 * Answer each line of standard input, "NONCE USER-DATA PUBLIC-KEY" in hex or
 * "-" for null, by a line of base64: a document made at that moment. The chain
 * is made once, so that an answer costs one signature; its leaf lives 3 h.
 */
int sim_serve(const struct sim_pki *root, struct sim_request *request);

#endif
