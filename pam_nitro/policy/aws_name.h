/* Names that AWS gives, by their form alone: whether they exist is not asked. */
#ifndef NITRO_POLICY_AWS_NAME_H
#define NITRO_POLICY_AWS_NAME_H

#include "base/bytes.h"

/* arn:<partition>:iam::<12 digits>:role/<path and name>, as PCR3 is computed from. */
bool nitro_is_iam_role(const char *arn);

/* "i-" and 17 hex digits, or 8 as on the oldest instances, as PCR4 is computed from. */
bool nitro_is_instance_id(const char *id);

#endif
