/*
 * One login as the evidence store keeps it: the document, what it was held
 * against, and the decision. Enough to judge the document again years later.
 *
 * The form is lines of printable ASCII, "key=value", always the same keys in
 * the same order; "time" stands for when, "document" for the document in
 * base64. A byte of a value that is not printable, and the backslash, is
 * written \xNN. pam-nitro(1) describes the keys.
 */
#ifndef NITRO_POLICY_EVIDENCE_RECORD_H
#define NITRO_POLICY_EVIDENCE_RECORD_H

#include "evidence/document.h"
#include "policy/settings.h"
#include "ssh/challenge.h"

#define NITRO_EVIDENCE_RECORD_MAX 65536 /* bytes of one record as text */
#define NITRO_EVIDENCE_TEXT_MAX 255     /* bytes of rhost, file and why */

struct nitro_evidence_record {
	int64_t time_ms; /* of the verdict */
	nitro_err err;   /* NITRO_OK: admitted */
	enum nitro_mode mode;
	char user[NITRO_USER_ENCODED_MAX + 1]; /* as PAM had it */
	char rhost[NITRO_EVIDENCE_TEXT_MAX + 1];
	/* The settings in force. */
	bool binds_ssh_key, wants_audience;
	int64_t max_age_ms, clock_skew_ms;
	/* What the document said; it had verified. */
	enum nitro_kind kind;
	char module_id[NITRO_MODULE_ID_MAX + 1]; /* up to a NUL in it */
	int64_t age_ms;
	/* The entry that admitted, or the nearest one; "" and 0 for none. */
	char workload[NITRO_NAME_MAX + 1], version[NITRO_NAME_MAX + 1];
	char entry_file[NITRO_EVIDENCE_TEXT_MAX + 1];
	int64_t entry_line;
	uint32_t differs_mask;                     /* PCRs of the nearest one */
	char revoked[NITRO_EVIDENCE_TEXT_MAX + 1]; /* the reason beside it */
	/* What the document was held against. */
	uint8_t nonce[NITRO_NONCE_LEN];
	char key[NITRO_KEY_FINGERPRINT_LEN + 1]; /* fingerprint, or "-" */
	char audience[NITRO_AUDIENCE_MAX + 1];
	struct nitro_buf key_blob; /* plain; empty where key is "-" */
	struct nitro_buf document;
};

/*
 * Append the record as text.
 * NITRO_E_MEMORY; out is then as it was.
 */
NITRO_MUST_CHECK nitro_err nitro_evidence_record_format(
    const struct nitro_evidence_record *record, struct nitro_buf *out);

/*
 * Read a whole record.
 *
 * path    for messages only.
 * record  filled on success, released by nitro_evidence_record_drop();
 *         untouched on error.
 *
 * Refused: any other key, order, value or length, a byte that is missing or
 * too many, and anything that nitro_evidence_record_format() would write in
 * another way. NITRO_E_FILE_READ with the line, NITRO_E_MEMORY.
 */
NITRO_MUST_CHECK nitro_err nitro_evidence_record_parse(struct nitro_bytes text,
    const char *path, struct nitro_evidence_record *record,
    struct nitro_fault *fault);

void nitro_evidence_record_drop(struct nitro_evidence_record *record);

/* Copy into one of the arrays of a record; cut to fit, and at a NUL. */
void nitro_evidence_record_set(
    char *field, size_t field_size, struct nitro_bytes value);

#endif
