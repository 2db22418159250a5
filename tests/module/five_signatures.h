/*
 * The unit of what a verdict costs: five P-384 verifications, of a chain and
 * its document, by libcrypto with keys that are there already. A slower
 * machine, or one that others use too, takes longer for them as well.
 */
#ifndef MODULE_FIVE_SIGNATURES_H
#define MODULE_FIVE_SIGNATURES_H

void verify_five_signatures(void);

#endif
