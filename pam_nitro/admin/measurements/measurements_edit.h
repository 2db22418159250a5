/*
 * A measurements file changed as text: elements are added at the end of a
 * list, and every byte that was there stays, comments and order with it.
 */
#ifndef NITRO_ADMIN_MEASUREMENTS_EDIT_H
#define NITRO_ADMIN_MEASUREMENTS_EDIT_H

#include "base/bytes.h"
#include "policy/measurements.h"

enum nitro_edit_list {
	NITRO_EDIT_MEASUREMENTS, /* "measurements" */
	NITRO_EDIT_REVOKED       /* "revoked" */
};

/*
 * Append text with elements at the end of a list of it to out. Where there is
 * no such list, one is added at the end of the text.
 *
 * text      the whole file, as the administrator wrote it.
 * elements  what nitro_edit_append_element() made, one or more.
 *
 * Lines end as those of text do. Where the place cannot be told for sure,
 * because the text is not well-formed or has the list twice, it is refused; the
 * result is for nitro_measurements_parse() to judge.
 *
 * NITRO_E_MEASUREMENTS with the line, NITRO_E_MEMORY; out is then as it was.
 */
NITRO_MUST_CHECK nitro_err nitro_edit_insert(struct nitro_bytes text,
    enum nitro_edit_list list, struct nitro_bytes elements,
    struct nitro_buf *out, struct nitro_fault *fault);

/* How many lines begin with what an entry begins with: "{ workload". */
size_t nitro_edit_count_elements(struct nitro_bytes text);

/*
 * Cut the one element out of what measure or import printed for people, or out
 * of a file that has nothing else.
 *
 * element  from its opening to its closing brace, a view into text.
 *
 * NITRO_E_MEASUREMENTS where there is none, or more than one.
 */
NITRO_MUST_CHECK nitro_err nitro_edit_find_element(struct nitro_bytes text,
    struct nitro_bytes *element, struct nitro_fault *fault);

/*
 * Append an entry, or an item of revoked, as an element in the form of
 * pam_nitro_measurements(5): indented, with a line end, and with ",\n" before
 * it where out is not empty. PCRs that iam_role, instance_id and
 * signing_certificate stand for are left to those.
 *
 * NITRO_E_MEASUREMENTS where a text is not printable ASCII; NITRO_E_MEMORY.
 * out is then of no use.
 */
NITRO_MUST_CHECK nitro_err nitro_edit_append_element(
    const struct nitro_entry *entry, struct nitro_buf *out);

#endif
