/* The certificates of a document, told to people and in JSON. Unverified. */
#ifndef NITRO_ADMIN_CERT_TEXT_H
#define NITRO_ADMIN_CERT_TEXT_H

#include "admin/json_text.h"
#include "evidence/document.h"

/* Print the chain as a tree, root first, the signing certificate last. */
void nitro_print_certs(const struct nitro_document *doc);

/* One certificate as an object; "error" in it where it cannot be read. NULL without memory. */
json_t *nitro_cert_json(struct nitro_bytes der);

#endif
