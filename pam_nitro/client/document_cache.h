/*
 * The base64 of a document between the prompts of one login. ssh starts an
 * askpass process for each prompt, and two documents of the same NSM differ,
 * so all parts must come from one.
 */
#ifndef NITRO_CLIENT_DOCUMENT_CACHE_H
#define NITRO_CLIENT_DOCUMENT_CACHE_H

#include "client/private_folder.h"
#include "ssh/challenge.h"

/* Append the text kept for this challenge; false where there is none. */
NITRO_MUST_CHECK bool nitro_document_cache_get(
    const struct nitro_private_folder *folder,
    const struct nitro_challenge *challenge, struct nitro_buf *base64);

/* Keep the text under nonce and audience; once only. */
NITRO_MUST_CHECK bool nitro_document_cache_put(
    const struct nitro_private_folder *folder,
    const struct nitro_challenge *challenge, struct nitro_bytes base64,
    struct nitro_complaint *why);

void nitro_document_cache_forget(const struct nitro_private_folder *folder,
    const struct nitro_challenge *challenge);

#endif
