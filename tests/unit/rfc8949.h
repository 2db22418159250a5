/* The examples of RFC 8949 appendix A, in its order, and one of RFC 7049. */
#ifndef UNIT_RFC8949_H
#define UNIT_RFC8949_H

#include "base/error.h"

#define RFC8949_EXAMPLES 82

struct rfc8949_example {
	const char *name, *hex;
	nitro_err want; /* of a reader that takes no tags, no other simple
	                 * values than four, and no strings in chunks */
};

extern const struct rfc8949_example rfc8949_examples[RFC8949_EXAMPLES];

#endif
