/* The one limit that both ends of a login need: nitro-ssh has no cose_sign1.h. */
#ifndef NITRO_EVIDENCE_LIMITS_H
#define NITRO_EVIDENCE_LIMITS_H

#define NITRO_EVIDENCE_MAX 16384 /* bytes of one whole document */

#endif
