#include "policy/aws_name.h"

#include <string.h>

static bool
is_all_of(struct nitro_bytes text, const char *set)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr(set, text.ptr[i]) == NULL)
			return false;
	return true;
}

/* What a path and a name may be made of is AWS's to say; blanks never are in it. */
static bool
is_visible(struct nitro_bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
			return false;
	return true;
}

bool
nitro_is_iam_role(const char *arn)
{
	static const char lower[] = "abcdefghijklmnopqrstuvwxyz-";
	struct nitro_bytes left = nitro_bytes_of_text(arn), part = {0};

	if (!nitro_bytes_take_until(&left, ':', &part) ||
	    !nitro_bytes_equal_text(part, "arn"))
		return false;
	if (!nitro_bytes_take_until(&left, ':', &part) ||
	    !nitro_bytes_has_prefix(part, "aws") || !is_all_of(part, lower))
		return false;
	if (!nitro_bytes_has_prefix(left, "iam::") ||
	    !nitro_bytes_take(&left, strlen("iam::"), &part))
		return false;
	if (!nitro_bytes_take_until(&left, ':', &part) || part.len != 12 ||
	    !is_all_of(part, "0123456789"))
		return false;
	return nitro_bytes_has_prefix(left, "role/") && is_visible(left) &&
	       left.ptr[left.len - 1] != '/';
}

bool
nitro_is_instance_id(const char *id)
{
	struct nitro_bytes left = nitro_bytes_of_text(id), part;

	return nitro_bytes_has_prefix(left, "i-") &&
	       nitro_bytes_take(&left, 2, &part) &&
	       (left.len == 17 || left.len == 8) &&
	       is_all_of(left, "0123456789abcdef");
}
