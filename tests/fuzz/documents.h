/* Payloads to begin with: good ones, and all that tests/sim can do wrong. */
#ifndef FUZZ_DOCUMENTS_H
#define FUZZ_DOCUMENTS_H

#include "base/bytes.h"

/* Calls each with the payload of every document, certificates short. */
void fuzz_each_payload(void (*each)(struct nitro_bytes payload));

#endif
