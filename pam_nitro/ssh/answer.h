/*
 * The text of an answer: the base64 of a document in one piece, or parts of
 * it (pam_nitro-protocol(7)). Collected by the module, cut by nitro-ssh.
 */
#ifndef NITRO_SSH_ANSWER_H
#define NITRO_SSH_ANSWER_H

#include "base/bytes.h"
#include "ssh/challenge.h"

#define NITRO_ANSWER_WHOLE_MAX 22000 /* characters of an answer in one piece */
#define NITRO_ANSWER_LINE_MAX 1000   /* characters of one part */

/* What has been collected of one answer; start with {0}, end with nitro_answer_drop(). */
struct nitro_answer {
	struct nitro_buf base64;
	unsigned
	    part_count;     /* n of <k>/<n>; 0 before part 1, 1 for one piece */
	unsigned next_part; /* parts taken so far */
	bool is_masked;     /* sshd replaced what the client said */
	size_t masked_line_len;
};

/*
 * Take the answer to prompt number answer->next_part + 1.
 *
 * line          what the client answered, untrusted; one CR, LF or CR LF at
 *               its end is dropped.
 * *is_complete  true where no further part is to be asked for.
 *
 * An answer that sshd masked is collected like any other, as long as its
 * lines look like parts, so that the number of prompts is that of a valid
 * user; the last call then returns NITRO_E_MASKED.
 *
 * NITRO_E_NO_ANSWER, NITRO_E_MASKED, NITRO_E_ANSWER_FRAMING,
 * NITRO_E_ANSWER_SIZE, NITRO_E_MEMORY: the answer is refused.
 */
NITRO_MUST_CHECK nitro_err nitro_answer_add(
    struct nitro_answer *answer, struct nitro_bytes line, bool *is_complete);

/*
 * Decode a complete answer, strictly, and append 1..16,384 bytes to evidence.
 * NITRO_E_BASE64, NITRO_E_EVIDENCE_SIZE, NITRO_E_INTERNAL (not complete),
 * NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_answer_decode(
    const struct nitro_answer *answer, struct nitro_buf *evidence);

void nitro_answer_drop(struct nitro_answer *answer);

/*
 * The client's side: how many parts a base64 text of that length needs, 1..32.
 * The last line is shorter than the others, so that a server that cannot
 * read a masked answer sees where it ends. 0 where it does not fit.
 */
unsigned nitro_answer_part_count(size_t base64_len);

/*
 * Append line number part (from 1) of nitro_answer_part_count(base64.len).
 * NITRO_E_ANSWER_SIZE, NITRO_E_INTERNAL (no such part), NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_answer_part(
    struct nitro_bytes base64, unsigned part, struct nitro_buf *line);

#endif
