/* A verdict on its way into the evidence store. */
#ifndef NITRO_MODULE_KEEP_H
#define NITRO_MODULE_KEEP_H

#include "module/attempt.h"

/*
 * Record the attempt, where the settings have a store and its document
 * verified; anything else is nobody's evidence, and is not kept.
 *
 * verdict  what nitro_attempt_login() gave.
 *
 * The verdict itself, or NITRO_E_EVIDENCE_NOT_KEPT in place of NITRO_OK where
 * the record could not be kept and the settings require it.
 * attempt->is_evidence_lost says that it could not, and attempt->fault why.
 */
NITRO_MUST_CHECK nitro_err nitro_keep_evidence(
    struct nitro_attempt *attempt, nitro_err verdict);

#endif
